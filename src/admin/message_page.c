/* message_page.c: a message as a page for a browser.
 *
 * What a list or a template says must do nothing here: the HTML part stands in a frame without any rights
 * (sandbox), and the policy of the page, which the frame inherits, forbids scripts and everything from the
 * network. So nobody counts the look at it as an open. */
#include <sluice/admin/message.h>

#include <stdlib.h>

static const char HEAD[] =
    "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
    "style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<style>\n"
    "body { margin: 0 auto; max-width: 60rem; padding: 1rem; font-family: sans-serif; "
    "background: #eee; color: #111; }\n"
    "table { border-collapse: collapse; width: 100%; background: #fff; }\n"
    "th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border: 1px solid #ccc; "
    "overflow-wrap: anywhere; }\n"
    "th { width: 6rem; font-weight: normal; color: #555; }\n"
    "iframe { width: 100%; height: 80vh; border: 1px solid #ccc; background: #fff; resize: both; "
    "}\n"
    "pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #fff; padding: .6rem; "
    "border: 1px solid #ccc; }\n"
    "h2 { font-size: 1rem; font-weight: normal; color: #555; margin: 1.2rem 0 .4rem; }\n"
    "</style>\n";

static void put_escaped(struct buf *out, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '&')
            buf_puts(out, "&amp;");
        else if (s[i] == '<')
            buf_puts(out, "&lt;");
        else if (s[i] == '>')
            buf_puts(out, "&gt;");
        else if (s[i] == '"')
            buf_puts(out, "&quot;");
        else if (s[i] != '\r')
            buf_putc(out, s[i]);
    }
}

static void put_row(struct buf *out, const char *name, const char *value)
{
    if (!*value)
        return;
    buf_printf(out, "<tr><th>%s</th><td>", name);
    put_escaped(out, value, strlen(value));
    buf_puts(out, "</td></tr>\n");
}

/* ---- the HTML part with its images ---- */

static bool is_image(const char *type)
{
    return strncmp(type, "image/", 6) == 0 &&
           type[strspn(type, "abcdefghijklmnopqrstuvwxyz0123456789/+.-")] == '\0';
}

static void put_data_uri(struct buf *out, const struct message_part *p)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *d = (const unsigned char *)p->data;
    buf_printf(out, "data:%s;base64,", p->type);
    for (size_t i = 0; i < p->n; i += 3) {
        unsigned b = (unsigned)d[i] << 16 | (i + 1 < p->n ? (unsigned)d[i + 1] << 8 : 0) |
                     (i + 2 < p->n ? d[i + 2] : 0);
        buf_putc(out, digits[b >> 18 & 63]);
        buf_putc(out, digits[b >> 12 & 63]);
        buf_putc(out, i + 1 < p->n ? digits[b >> 6 & 63] : '=');
        buf_putc(out, i + 2 < p->n ? digits[b & 63] : '=');
    }
}

/* The image that "cid:..." at s names; *n: how long that is. */
static const struct message_part *image_at(const struct message *m, const char *s, size_t *n)
{
    for (size_t i = 0; i < m->parts; i++) {
        const struct message_part *p = &m->part[i];
        size_t length = p->cid ? strlen(p->cid) : 0;
        if (length == 0 || !is_image(p->type) || strncmp(s + 4, p->cid, length) != 0)
            continue;
        if (!strchr("\"' )>", s[4 + length])) /* a longer one; the end of the text is in it, too */
            continue;
        *n = 4 + length;
        return p;
    }
    return NULL;
}

static void put_html(struct buf *out, const struct message *m)
{
    for (const char *at = m->html; *at && !buf_is_full(out);) {
        const char *cid = strstr(at, "cid:");
        size_t n = cid ? (size_t)(cid - at) : strlen(at);
        put_escaped(out, at, n);
        if (!cid)
            return;
        const struct message_part *p = image_at(m, cid, &n);
        if (p) {
            put_data_uri(out, p);
        } else {
            n = 4;
            buf_puts(out, "cid:");
        }
        at = cid + n;
    }
}

/* ---- the whole ---- */

static void put_title(struct buf *out, const struct message *m)
{
    buf_puts(out, "<title>");
    put_escaped(out, m->subject, strlen(m->subject));
    buf_puts(out, "</title>\n</head>\n<body>\n");
}

static void put_attachments(struct buf *out, const struct message *m)
{
    bool any = false;
    for (size_t i = 0; i < m->parts; i++) {
        const struct message_part *p = &m->part[i];
        const char *name = p->name ? p->name : p->type;
        if (p->cid && is_image(p->type))
            continue;
        buf_puts(out, any ? "" : "<h2>Attachments</h2>\n<table>\n");
        any = true;
        buf_puts(out, "<tr><td>");
        put_escaped(out, name, strlen(name));
        buf_printf(out, "</td><td>%zu bytes</td></tr>\n", p->n);
    }
    buf_puts(out, any ? "</table>\n" : "");
}

void message_page(const struct message *m, struct buf *out)
{
    buf_puts(out, HEAD);
    put_title(out, m);
    buf_puts(out, "<table>\n");
    put_row(out, "From", m->from);
    put_row(out, "To", m->to);
    put_row(out, "Subject", m->subject);
    put_row(out, "Preheader", m->preheader);
    put_row(out, "Date", m->date);
    buf_puts(out, "</table>\n");
    if (m->html) {
        buf_puts(out, "<h2>HTML</h2>\n<iframe sandbox=\"\" title=\"HTML\" srcdoc=\"");
        put_html(out, m);
        buf_puts(out, "\"></iframe>\n");
    }
    if (m->text) {
        buf_puts(out, "<h2>Text</h2>\n<pre>");
        put_escaped(out, m->text, strlen(m->text));
        buf_puts(out, "</pre>\n");
    }
    put_attachments(out, m);
    buf_puts(out, "</body>\n</html>\n");
}
