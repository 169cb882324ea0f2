#include "eml_private.h"

#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>

#include "decode.h"

#define DEPTH_MAX 20
#define NAME_MAX_BYTES 4000

struct place {
    unsigned depth;
    bool is_alternative; /* directly within multipart/alternative */
    bool is_root;        /* the message is nothing but this part */
};
static void take(struct reading *r, GMimeObject *object, struct place at);

/* ---- what a part says about itself */

static bool is_type(GMimeObject *object, const char *type, const char *subtype)
{
    return g_mime_content_type_is_type(g_mime_object_get_content_type(object), type, subtype);
}

static bool is_attachment(GMimeObject *object)
{
    struct str value = eml_header(object, "Content-Disposition"), kind = {0};

    str_cut(&value, ';', &kind);
    return str_eq_nocase(str_trim(kind), str_of("attachment"));
}

static char *name_of(GMimeObject *object)
{
    struct buf name;
    bool is_named;

    buf_init(&name, NAME_MAX_BYTES);
    is_named = decode_param(eml_header(object, "Content-Disposition"), "filename", &name) ||
               decode_param(eml_header(object, "Content-Type"), "name", &name);
    if (is_named && name.len)
        return buf_take(&name);
    buf_done(&name);
    return NULL;
}

static char *cid_of(GMimeObject *object)
{
    struct str id = str_trim(eml_header(object, "Content-ID"));

    if (id.n > 2 && id.p[0] == '<' && id.p[id.n - 1] == '>')
        id = str_n(id.p + 1, id.n - 2);
    return id.n ? mem_strn(id.p, id.n) : NULL;
}

static const char *ending_of(GMimeObject *object)
{
    static const struct {
        const char *type, *subtype, *ending;
    } known[] = {
        {"image", "png", ".png"},       {"image", "jpeg", ".jpg"},
        {"image", "jpg", ".jpg"},       {"image", "gif", ".gif"},
        {"image", "webp", ".webp"},     {"image", "svg+xml", ".svg"},
        {"application", "pdf", ".pdf"}, {"application", "zip", ".zip"},
        {"text", "plain", ".txt"},      {"text", "html", ".html"},
        {"text", "csv", ".csv"},        {"text", "calendar", ".ics"},
        {"text", "vcard", ".vcf"},      {"message", "rfc822", ".eml"},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (is_type(object, known[i].type, known[i].subtype))
            return known[i].ending;
    }
    return "";
}

/* ---- taking it */

static void write_to(GMimeStream *stream, struct buf *out)
{
    GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));

    buf_put(out, bytes->data, bytes->len);
    g_object_unref(stream);
}

/* A message within the message: with the line ends that a message has. */
static void write_message(GMimeMessage *message, GMimeStream *stream)
{
    GMimeFormatOptions *options = g_mime_format_options_new();

    g_mime_format_options_set_newline_format(options, GMIME_NEWLINE_FORMAT_DOS);
    g_mime_object_write_to_stream(GMIME_OBJECT(message), options, stream);
    g_mime_format_options_free(options);
}

/* The content, without its transfer encoding. */
static void take_content(GMimeObject *object, struct buf *out)
{
    GMimeStream *stream = g_mime_stream_mem_new();

    if (GMIME_IS_MESSAGE_PART(object)) {
        GMimeMessage *inner = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));

        if (inner)
            write_message(inner, stream);
    } else if (GMIME_IS_PART(object)) {
        GMimeDataWrapper *content = g_mime_part_get_content(GMIME_PART(object));

        if (content)
            g_mime_data_wrapper_write_to_stream(content, stream);
    }
    write_to(stream, out);
}

static void take_file(struct reading *r, GMimeObject *object)
{
    struct found *f;

    r->found = mem_grow(r->found, r->founds + 1, sizeof *r->found);
    f = &r->found[r->founds++];
    *f =
        (struct found){.cid = cid_of(object), .name = name_of(object), .ending = ending_of(object)};
    if (!f->name && GMIME_IS_MESSAGE_PART(object))
        f->name = mem_str("message.eml");
    buf_init(&f->bytes, 2 * EML_MAX_BYTES);
    take_content(object, &f->bytes);
}

static void take_body(struct reading *r, GMimeObject *object, struct buf *out, bool *has)
{
    struct buf bytes;

    if (*has) {
        problems_warn(r->problems, r->file, eml_line_of(r, object),
                      "a second %s text in the message is left out",
                      is_type(object, "text", "html") ? "HTML" : "plain");
        return;
    }
    buf_init(&bytes, 2 * EML_MAX_BYTES);
    take_content(object, &bytes);
    *has = true;
    eml_body(r, object, str_n(bytes.data, bytes.len), out);
    buf_done(&bytes);
}

/* What only makes sense in the message that it was made for. */
static bool is_ignored(struct reading *r, GMimeObject *object, struct place at)
{
    const char *why = NULL;
    bool is_text = is_type(object, "text", "plain") || is_type(object, "text", "html");

    if (is_type(object, "application", "pgp-signature") ||
        is_type(object, "application", "pkcs7-signature") ||
        is_type(object, "application", "x-pkcs7-signature"))
        why = "the signature of a message does not hold for another; it is left out";
    else if (is_type(object, "application", "ms-tnef"))
        why = "Outlook's winmail.dat is left out: it is for Outlook only";
    else if (is_type(object, "text", "calendar") && !is_attachment(object))
        why = "an invitation (text/calendar) is left out";
    else if (at.is_alternative && !is_text && !is_attachment(object) && !GMIME_IS_MULTIPART(object))
        why = "a third form of the text is left out: only text/plain and text/html are sent";
    if (why)
        problems_warn(r->problems, r->file, eml_line_of(r, object), "%s", why);
    return why;
}

static void take_leaf(struct reading *r, GMimeObject *object, struct place at)
{
    char *name = name_of(object);
    bool is_body = !is_attachment(object) && (!name || at.is_alternative || at.is_root);

    free(name);
    if (is_type(object, "application", "pkcs7-mime") ||
        is_type(object, "application", "x-pkcs7-mime"))
        eml_fail(r, eml_line_of(r, object),
                 "it is encrypted or signed as a whole (S/MIME); save it without that");
    else if (is_ignored(r, object, at))
        return;
    else if (is_body && is_type(object, "text", "plain"))
        take_body(r, object, &r->text, &r->has_text);
    else if (is_body && is_type(object, "text", "html"))
        take_body(r, object, &r->html, &r->has_html);
    else
        take_file(r, object);
}

static void take_children(struct reading *r, GMimeObject *object, struct place at)
{
    GMimeMultipart *multipart = GMIME_MULTIPART(object);
    int n = g_mime_multipart_get_count(multipart);
    struct place inside = {.depth = at.depth + 1,
                           .is_alternative = is_type(object, "multipart", "alternative")};

    if (is_type(object, "multipart", "encrypted")) {
        eml_fail(r, eml_line_of(r, object), "it is encrypted; save it without that");
        return;
    }
    for (int i = 0; i < n && r->is_fine; i++)
        take(r, g_mime_multipart_get_part(multipart, i), inside);
}

static void take(struct reading *r, GMimeObject *object, struct place at)
{
    if (at.depth > DEPTH_MAX)
        eml_fail(r, eml_line_of(r, object), "its parts lie more than %d deep in each other",
                 DEPTH_MAX);
    else if (++r->parts > EML_PARTS_MAX)
        eml_fail(r, eml_line_of(r, object), "it has more than %d parts", EML_PARTS_MAX);
    else if (GMIME_IS_MULTIPART(object))
        take_children(r, object, at);
    else
        take_leaf(r, object, at);
}

void eml_take_parts(struct reading *r, GMimeObject *root)
{
    take(r, root, (struct place){.is_root = true});
}
