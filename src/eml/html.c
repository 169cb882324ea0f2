#include "eml_private.h"

#include <string.h>

#include "decode.h"

#define TAG_MAX 1000 /* bytes of a Mustache tag; what is longer is none */
#define HTML_MAX (8 * EML_BODY_MAX)
#define URL_MAX 1000

static struct str from(struct str s, size_t i)
{
    return str_n(s.p + i, s.n - i);
}

static bool starts_nocase(struct str s, const char *with)
{
    size_t n = strlen(with);

    return s.n >= n && str_eq_nocase(str_n(s.p, n), str_of(with));
}

/* ---- tags */

/* Inside a tag an editor's HTML is not meant as HTML: `{{#points &gt;= 1000}}`, or a line end. */
static void put_tag(struct str s, struct buf *out)
{
    static const struct {
        const char *entity;
        char c;
    } known[] = {{"&gt;", '>'},   {"&lt;", '<'},     {"&amp;", '&'},
                 {"&quot;", '"'}, {"&#39;", '\''},   {"&apos;", '\''},
                 {"&nbsp;", ' '}, {"\xc2\xa0", ' '}, {"\n", ' '}};

    for (size_t i = 0; i < s.n;) {
        size_t k = 0;

        while (k < sizeof known / sizeof *known && !str_starts(from(s, i), known[k].entity))
            k++;
        if (k < sizeof known / sizeof *known) {
            buf_putc(out, known[k].c);
            i += strlen(known[k].entity);
        } else {
            buf_putc(out, s.p[i++]);
        }
    }
}

/* The length of `{{...}}` at the beginning of s, or 0. */
static size_t tag_length(struct str s)
{
    const char *end;

    if (!str_starts(s, "{{"))
        return 0;
    s.n = s.n < TAG_MAX ? s.n : TAG_MAX;
    end = memmem(s.p + 2, s.n - 2, "}}", 2);
    return end ? (size_t)(end - s.p) + 2 : 0;
}

/* The same for `%7B%7B...%7D%7D`, which editors make of tags in links. */
static size_t coded_tag_length(struct str s)
{
    if (!starts_nocase(s, "%7B%7B"))
        return 0;
    for (size_t i = 6; i < s.n && i < TAG_MAX && !strchr(" \t\n\"'<>", s.p[i]) && s.p[i]; i++) {
        if (starts_nocase(from(s, i), "%7D%7D"))
            return i + 6;
    }
    return 0;
}

static void restore_tags(struct str s, struct buf *out)
{
    for (size_t i = 0; i < s.n;) {
        size_t tag = tag_length(from(s, i));
        size_t coded = tag ? 0 : coded_tag_length(from(s, i));

        if (tag) {
            put_tag(str_n(s.p + i, tag), out);
        } else if (coded) {
            decode_percent(str_n(s.p + i, coded), out);
        } else {
            const char *next = strpbrk(s.p + i + 1, "{%");

            coded = (next ? (size_t)(next - s.p) : s.n) - i;
            buf_put(out, s.p + i, coded);
        }
        i += tag ? tag : coded;
    }
}

/* ---- <meta charset> */

static size_t label_length(struct str s)
{
    size_t n = 0;

    while (n < s.n && s.p[n] && !strchr("\"'>/; \t\n", s.p[n]))
        n++;
    return n;
}

static void set_meta_charset(struct str s, struct buf *out)
{
    bool is_meta = false;

    for (size_t i = 0; i < s.n; i++) {
        buf_putc(out, s.p[i]);
        if (s.p[i] == '<')
            is_meta = starts_nocase(from(s, i), "<meta");
        else if (s.p[i] == '>')
            is_meta = false;
        if (!is_meta || !starts_nocase(from(s, i), "charset="))
            continue;
        buf_put(out, s.p + i + 1, strlen("charset=") - 1);
        i += strlen("charset=");
        if (i < s.n && (s.p[i] == '"' || s.p[i] == '\''))
            buf_putc(out, s.p[i++]);
        buf_puts(out, "utf-8");
        i += label_length(from(s, i));
        i--;
    }
}

/* ---- images */

/* A Content-ID as the URL says it: up to what ends the attribute, without percent-encoding. */
static size_t take_cid(struct str s, char id[URL_MAX])
{
    size_t n = 0;
    struct buf plain;

    while (n < s.n && n < URL_MAX - 1 && s.p[n] && !strchr("\"'<> )\t\n", s.p[n]) &&
           !str_starts(from(s, n), "&quot;"))
        n++;
    buf_init(&plain, URL_MAX);
    decode_percent(str_n(s.p, n), &plain);
    str_copy(id, URL_MAX, str_n(plain.data, plain.len));
    buf_done(&plain);
    return n;
}

/* Marks the part and gives it its name; NULL: there is no such part. */
static const char *image_of(struct reading *r, const char *cid)
{
    static const struct part_files none;

    for (size_t i = 0; i < r->founds; i++) {
        struct found *f = &r->found[i];

        if (!f->cid || strcmp(f->cid, cid) != 0)
            continue;
        if (!f->image)
            f->image = eml_file_name("images", f, &none, r->found, r->founds);
        return f->image;
    }
    return NULL;
}

/* Behind these a URL can begin. */
static bool begins_url(struct str s, size_t i)
{
    return i > 0 && strchr("\"'(=;", s.p[i - 1]);
}

static void name_images(struct reading *r, struct str s, struct buf *out)
{
    for (size_t i = 0; i < s.n;) {
        char id[URL_MAX];
        const char *image;
        size_t n;

        if ((s.p[i] | 0x20) != 'c' || !starts_nocase(from(s, i), "cid:") || !begins_url(s, i)) {
            buf_putc(out, s.p[i++]);
            continue;
        }
        n = 4 + take_cid(from(s, i + 4), id);
        image = image_of(r, id);
        /* The scheme in small letters: what looks at the HTML later finds it there. */
        if (image)
            buf_puts(out, image);
        else
            buf_puts(out, "cid:");
        if (!image)
            buf_put(out, s.p + i + 4, n - 4);
        if (!image)
            problems_warn(r->problems, r->file, 0, "the HTML shows cid:%s, which is no part of it",
                          id);
        i += n;
    }
}

static void replace(struct buf *html, struct buf *by)
{
    buf_done(html);
    *html = *by;
}

void eml_fix_html(struct reading *r)
{
    struct buf out;

    buf_init(&out, HTML_MAX);
    restore_tags(str_n(r->html.data, r->html.len), &out);
    replace(&r->html, &out);
    buf_init(&out, HTML_MAX);
    set_meta_charset(str_n(r->html.data, r->html.len), &out);
    replace(&r->html, &out);
    buf_init(&out, HTML_MAX);
    name_images(r, str_n(r->html.data, r->html.len), &out);
    replace(&r->html, &out);
    if (buf_is_full(&out))
        eml_fail(r, 0, "the HTML is too large");
}
