/* The MIME tree (RFC 2045, 2046, 2387): mixed(alternative(text, related(html, images)),
 * attachments), and of that only what the mailing needs. What stands behind the last body is the
 * same in every message: it is one text, encoded once. */
#include "making.h"

#include <sluice/base/must.h>
#include <sluice/base/utf8.h>
#include <sluice/mime/charset.h>

#include <stdlib.h>

#define HEAD_MAX 8192

/* Levels of the tree; each has a boundary of its own, none of them the beginning of another. */
enum level { MIXED = 1, ALTERNATIVE, RELATED };

static const struct {
    const char *ending, *type;
} types[] = {
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"svg", "image/svg+xml"},
    {"bmp", "image/bmp"},
    {"pdf", "application/pdf"},
    {"ics", "text/calendar"},
    {"csv", "text/csv"},
    {"txt", "text/plain"},
    {"html", "text/html"},
    {"vcf", "text/vcard"},
    {"zip", "application/zip"},
    {"xml", "application/xml"},
    {"json", "application/json"},
    {"doc", "application/msword"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"xls", "application/vnd.ms-excel"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"hwp", "application/x-hwp"},
    {"hwpx", "application/hwp+zip"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
};

static const char *type_of(const struct part_file *f)
{
    const char *ending = strrchr(f->name, '.');

    for (size_t i = 0; ending && i < sizeof types / sizeof *types; i++) {
        if (str_eq_nocase(str_of(ending + 1), str_of(types[i].ending)))
            return types[i].type;
    }
    return "application/octet-stream";
}

/* "=_" occurs neither in base64 nor in quoted-printable, so only plain bodies could hold the
 * boundary: those are the same for everybody, and were written before the token was drawn. (Where a
 * plain body holds values, see charset.c.) */
static void put_boundary(const struct making *k, struct buf *out, enum level level)
{
    const char *token = k->m->spec->token;

    buf_printf(out, "=_%s.%d", token ? token : "0000000000000000", level);
}

static void put_delimiter(const struct making *k, struct buf *out, enum level level)
{
    buf_puts(out, "--");
    put_boundary(k, out, level);
    buf_puts(out, "\r\n");
}

static void put_close(const struct making *k, struct buf *out, enum level level)
{
    buf_puts(out, "--");
    put_boundary(k, out, level);
    buf_puts(out, "--\r\n");
}

static void open_level(const struct making *k, struct buf *out, enum level level)
{
    static const char *const type[] = {
        [MIXED] = "mixed", [ALTERNATIVE] = "alternative", [RELATED] = "related"};

    buf_printf(out, "Content-Type: multipart/%s;\r\n", type[level]);
    if (level == RELATED)
        buf_puts(out, " type=\"text/html\";\r\n");
    buf_puts(out, " boundary=\"");
    put_boundary(k, out, level);
    buf_puts(out, "\"\r\n\r\n");
    put_delimiter(k, out, level);
}

/* ---- bodies */

static void choose_encoding(struct part *p)
{
    size_t qp, base64;
    bool is_plain;

    template_measure(p->template, &qp, &base64, &is_plain);
    p->encoding = is_plain ? BODY_RAW : qp <= base64 ? BODY_QP : BODY_BASE64;
    template_encode(p->template, p->encoding);
}

static void put_leaf(struct mailing *m, enum part_kind kind, const struct buf *before)
{
    struct part *p = &m->part[kind];
    const char *type = kind == PART_HTML ? "text/html" : "text/plain";

    choose_encoding(p);
    buf_put(&p->head, before->data, before->len);
    buf_printf(&p->head, "Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n",
               type, body_encoding_name(p->encoding));
    buf_put(&p->other_head, before->data, before->len);
    buf_printf(&p->other_head, "Content-Type: %s; charset=%s\r\nContent-Transfer-Encoding: ", type,
               charset_mime_name(m->charset));
}

/* ---- files */

static bool is_text(const struct part_file *f, const char *type)
{
    return str_starts(str_of(type), "text/") && utf8_bad_at(f->text, f->n) == f->n;
}

static void put_file(const struct making *k, const struct carried *c, struct buf *out)
{
    static const struct header_param utf8 = {"charset", {"utf-8", 5}};
    const char *type = type_of(c->file);
    bool has_charset = is_text(c->file, type);

    header_content_type(out, type, &utf8, has_charset ? 1 : 0, str_of(c->name), k->m->charset);
    buf_puts(out, "Content-Transfer-Encoding: base64\r\n");
    if (c->content_id)
        buf_printf(out, "Content-ID: <%s>\r\n", c->content_id + strlen("cid:"));
    header_disposition(out, c->content_id ? "inline" : "attachment", str_of(c->name));
    buf_puts(out, "\r\n");
    body_encode(out, BODY_BASE64, str_n(c->file->text, c->file->n));
}

static bool has_images(const struct making *k)
{
    for (size_t i = 0; i < k->images; i++) {
        if (k->image[i].is_used)
            return true;
    }
    return false;
}

static void put_images(const struct making *k, struct buf *out)
{
    for (size_t i = 0; i < k->images; i++) {
        if (!k->image[i].is_used)
            continue;
        put_delimiter(k, out, RELATED);
        put_file(k, &k->image[i], out);
    }
    put_close(k, out, RELATED);
}

static void put_attachments(const struct making *k, struct buf *out)
{
    for (size_t i = 0; i < k->attachments; i++) {
        put_delimiter(k, out, MIXED);
        put_file(k, &k->attachment[i], out);
    }
    put_close(k, out, MIXED);
}

/* ---- the whole */

static void make_bodies(struct making *k, bool is_multi, bool is_related)
{
    struct mailing *m = k->m;
    struct buf before;

    buf_init(&before, HEAD_MAX);
    buf_puts(&before, "MIME-Version: 1.0\r\n");
    if (k->attachments)
        open_level(k, &before, MIXED);
    if (is_multi)
        open_level(k, &before, ALTERNATIVE);
    if (m->part[PART_TEXT].template) {
        put_leaf(m, PART_TEXT, &before);
        buf_clear(&before);
        if (is_multi)
            put_delimiter(k, &before, ALTERNATIVE);
    }
    if (is_related)
        open_level(k, &before, RELATED);
    if (m->part[PART_HTML].template)
        put_leaf(m, PART_HTML, &before);
    buf_done(&before);
}

void frame_make(struct making *k)
{
    struct mailing *m = k->m;
    bool is_multi = m->part[PART_TEXT].template && m->part[PART_HTML].template;
    bool is_related = m->part[PART_HTML].template && has_images(k);

    make_bodies(k, is_multi, is_related);
    if (is_related)
        put_images(k, &m->end);
    if (is_multi)
        put_close(k, &m->end, ALTERNATIVE);
    if (k->attachments)
        put_attachments(k, &m->end);
    if (buf_is_full(&m->end))
        problems_add(k->problems, m->spec->template_name, 0,
                     "images and attachments make the message larger than %u MiB",
                     MAILING_MAX_BYTES >> 20);
}
