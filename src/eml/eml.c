#include "eml_private.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>

#include "decode.h"

#define SUBJECT_MAX 4000

void eml_fail(struct reading *r, unsigned line, const char *format, ...)
{
    struct buf text;
    va_list args;

    buf_init(&text, 2000);
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    problems_add(r->problems, r->file, line, "%s", text.data);
    buf_done(&text);
    r->is_fine = false;
}

struct str eml_header(GMimeObject *object, const char *name)
{
    GMimeHeader *header =
        g_mime_header_list_get_header(g_mime_object_get_header_list(object), name);
    const char *raw = header ? g_mime_header_get_raw_value(header) : NULL;
    struct str value = str_trim(str_of(raw ? raw : ""));

    if (value.n > HEADER_VALUE_MAX)
        value.n = HEADER_VALUE_MAX;
    return value;
}

unsigned eml_line_of(const struct reading *r, GMimeObject *object)
{
    GMimeHeaderList *list = g_mime_object_get_header_list(object);
    GMimeHeader *first =
        g_mime_header_list_get_count(list) > 0 ? g_mime_header_list_get_header_at(list, 0) : NULL;
    gint64 offset = first ? g_mime_header_get_offset(first) : -1;
    unsigned line = r->first_line + 1;

    if (offset < 0 || (uint64_t)offset > r->bytes.n)
        return 0;
    for (gint64 i = 0; i < offset; i++)
        line += r->bytes.p[i] == '\n';
    return line;
}

/* ---- before GMime sees it */

/* What some programs put in front of a message: a byte order mark, the line of an mbox. */
static void skip_front(struct reading *r)
{
    struct str line, rest;

    if (str_starts(r->bytes, "\xef\xbb\xbf"))
        r->bytes = str_n(r->bytes.p + 3, r->bytes.n - 3);
    rest = r->bytes;
    while (str_cut(&rest, '\n', &line) &&
           (str_trim(line).n == 0 || str_starts(line, "From ") || str_starts(line, ">From "))) {
        r->bytes = rest;
        r->first_line++;
    }
}

static bool looks_like_field(struct str bytes)
{
    size_t i = 0;

    while (i < bytes.n && bytes.p[i] > ' ' && bytes.p[i] < 0x7f && bytes.p[i] != ':')
        i++;
    return i && i < bytes.n && bytes.p[i] == ':';
}

static bool is_message(struct reading *r)
{
    if (r->bytes.n > EML_MAX_BYTES)
        eml_fail(r, 0, "it is larger than %u MB", EML_MAX_BYTES >> 20);
    else if (str_starts(r->bytes, "\xd0\xcf\x11\xe0"))
        eml_fail(r, 0, "this is Outlook's own format (.msg); save the message as .eml");
    else
        skip_front(r);
    if (r->is_fine && !looks_like_field(r->bytes))
        eml_fail(r, r->first_line + 1, "this is no saved message: it begins with no header field");
    return r->is_fine && eml_is_countable(r);
}

static GMimeMessage *parse(const struct reading *r)
{
    static gsize is_ready;
    GMimeParserOptions *options;
    GMimeStream *stream;
    GMimeParser *parser;
    GMimeMessage *message;

    if (g_once_init_enter(&is_ready)) {
        g_mime_init();
        g_once_init_leave(&is_ready, 1);
    }
    options = g_mime_parser_options_new();
    stream = g_mime_stream_mem_new_with_buffer(r->bytes.p, r->bytes.n);
    parser = g_mime_parser_new_with_stream(stream);
    message = g_mime_parser_construct_message(parser, options);
    g_object_unref(parser);
    g_object_unref(stream);
    g_mime_parser_options_free(options);
    return message;
}

/* ---- what comes of it */

/* Takes the bytes. */
static void put_file(struct part_files *out, char *name, struct buf *bytes)
{
    size_t n = bytes->len;

    out->item = mem_grow(out->item, out->count + 1, sizeof *out->item);
    out->item[out->count++] = (struct part_file){name, buf_take(bytes), n};
}

/* One line, whatever the header held. */
static void put_subject(struct reading *r, GMimeObject *message, struct part_files *out)
{
    struct buf subject;
    struct str text;

    buf_init(&subject, SUBJECT_MAX);
    if (!decode_words(eml_header(message, "Subject"), &subject))
        eml_fail(r, eml_line_of(r, message),
                 "the subject cannot be read: its charset is unknown, or "
                 "is not the one that it says");
    else if (buf_is_full(&subject))
        eml_fail(r, 0, "the subject is longer than %d bytes", SUBJECT_MAX);
    for (size_t i = 0; i < subject.len; i++) {
        if ((unsigned char)subject.data[i] < ' ' || subject.data[i] == 0x7f)
            subject.data[i] = ' ';
    }
    text = str_trim(str_n(subject.data, subject.len));
    buf_cut(&subject, (size_t)(text.p - subject.data) + text.n);
    buf_drop(&subject, (size_t)(text.p - subject.data));
    if (r->is_fine && subject.len)
        put_file(out, mem_str("subject.txt"), &subject);
    buf_done(&subject);
}

static void put_files(struct reading *r, struct part_files *out)
{
    if (r->has_text)
        put_file(out, mem_str("text.txt"), &r->text);
    if (r->has_html)
        put_file(out, mem_str("html.html"), &r->html);
    for (size_t i = 0; i < r->founds; i++) {
        struct found *f = &r->found[i];
        char *name = f->image ? mem_str(f->image) : eml_file_name("attachments", f, out, NULL, 0);

        put_file(out, name, &f->bytes);
    }
}

static void read_message(struct reading *r, GMimeMessage *message, struct part_files *out)
{
    GMimeObject *root = g_mime_message_get_mime_part(message);

    if (!root) {
        eml_fail(r, 0, "this is no message that can be read");
        return;
    }
    eml_take_parts(r, root);
    if (r->is_fine && !r->has_text && !r->has_html)
        eml_fail(r, 0, "there is neither a text nor HTML in the message");
    if (r->is_fine && r->has_html)
        eml_fix_html(r);
    put_subject(r, GMIME_OBJECT(message), out);
    if (!r->is_fine)
        return;
    put_files(r, out);
    eml_warn_of_headers(r, GMIME_OBJECT(message));
}

static void done(struct reading *r)
{
    for (size_t i = 0; i < r->founds; i++) {
        free(r->found[i].cid);
        free(r->found[i].name);
        free(r->found[i].image);
        buf_done(&r->found[i].bytes);
    }
    free(r->found);
    buf_done(&r->text);
    buf_done(&r->html);
}

bool eml_read(struct str bytes, const char *file, struct part_files *out, struct problems *p)
{
    struct reading r = {.file = file, .problems = p, .bytes = bytes, .is_fine = true};

    buf_init(&r.text, 4 * EML_BODY_MAX);
    buf_init(&r.html, 4 * EML_BODY_MAX);
    if (is_message(&r)) {
        GMimeMessage *message = parse(&r);

        if (message) {
            read_message(&r, message, out);
            g_object_unref(message);
        } else {
            eml_fail(&r, 0, "this is no message that can be read");
        }
    }
    done(&r);
    return r.is_fine;
}
