/* One recipient's message. */
#include "mailing_private.h"

#include <sluice/base/must.h>

#include <stdlib.h>

/* ---- variables */

/* The address as a JSON string, so that it is a variable like the others. */
static struct json_view email_view(const char *email, char *to, size_t size)
{
    size_t n = 0;

    to[n++] = '"';
    for (; *email && n + 3 < size; email++) {
        if (*email == '"' || *email == '\\')
            to[n++] = '\\';
        to[n++] = *email;
    }
    to[n++] = '"';
    return (struct json_view){to, n, JSON_VIEW_STRING};
}

static void set_unsubscribe_url(struct rendering *r, const char *url, size_t n)
{
    r->unsubscribe_url[0] = '"';
    memcpy(r->unsubscribe_url + 1, url, n);
    r->unsubscribe_url[n + 1] = '"';
    r->unsubscribe_url[n + 2] = '\0';
    r->unsubscribe_url_len = n + 2;
    if (r->m->unsubscribe_slot >= 0)
        r->slot[r->m->unsubscribe_slot] =
            (struct json_view){r->unsubscribe_url, n + 2, JSON_VIEW_STRING};
}

static bool make_unsubscribe_url(struct rendering *r)
{
    char url[FIELD_MAX + 1];
    struct str trimmed;
    size_t n;

    r->unsubscribe_url_len = 0;
    switch (r->m->unsubscribing) {
    case UNSUBSCRIBE_NOT:
        return true;
    case UNSUBSCRIBE_TOKEN:
        if (links_unsubscribe(r, url))
            set_unsubscribe_url(r, url, strlen(url));
        else if (r->m->unsubscribe_slot >= 0 && !r->destination)
            return err_set(r->e, "unsubscribe_url: there are no keys for tokens");
        return true;
    case UNSUBSCRIBE_TEMPLATE:
        break;
    }
    if (!rendering_field(r, PART_UNSUBSCRIBE_URL, url, &n))
        return false;
    trimmed = str_trim(str_n(url, n));
    if (!fields_is_https(trimmed))
        return err_set(r->e, "unsubscribe_url: not an https URI of at most %d bytes: %.100s",
                       HEADER_URI_MAX, url);
    set_unsubscribe_url(r, trimmed.p, trimmed.n);
    return true;
}

bool rendering_begin(struct rendering *r, struct json_view *slot, char *url)
{
    const struct render_input *in = r->in;

    r->slot = slot;
    r->unsubscribe_url = url;
    r->run.slot = slot;
    r->run.sink = &r->sink;
    r->tokens = r->m->tracking ? keys_tokens(in->keys) : NULL;
    return make_unsubscribe_url(r);
}

/* ---- parts */

bool rendering_run(struct rendering *r, enum part_kind kind, enum body_encoding encoding,
                   struct buf *to)
{
    const struct part *p = &r->m->part[kind];
    uint32_t turn[RENDER_LINKS], *more = NULL;
    const char *missing;
    bool ok;

    sink_begin(&r->sink, to, encoding);
    r->run.missing = NULL;
    r->run.url = NULL;
    r->run.hook = NULL;
    if (part_is_body(kind))
        links_begin(r, kind, turn, &more);
    ok = template_run(p->template, &r->run) && !r->run.failed;
    free(more);
    if (!ok)
        return err_set(r->e, "%s: %s", p->shown, r->run.failed);
    missing = r->run.missing;
    if (!missing || r->destination)
        return true;
    /* A refusal link that does not say who refuses is worse than no message. */
    if (kind == PART_UNSUBSCRIBE_URL || kind == PART_UNSUBSCRIBE_MAILTO)
        return err_set(r->e, "%s: variable '%s' has no value", p->shown, missing);
    return r->m->spec->message.missing != MISSING_SKIP ||
           err_set(r->e, "variable '%s' has no value", missing);
}

bool rendering_field(struct rendering *r, enum part_kind kind, char *to, size_t *n)
{
    struct buf text;
    bool ok;

    buf_init(&text, FIELD_MAX);
    ok = rendering_run(r, kind, BODY_RAW, &text);
    if (ok && (buf_is_full(&text) || (text.len && memchr(text.data, 0, text.len))))
        ok = err_set(r->e, "%s: too long, or no text", r->m->part[kind].shown);
    *n = ok ? text.len : 0;
    memcpy(to, text.data, *n);
    to[*n] = '\0';
    buf_done(&text);
    return ok;
}

static bool put_body(struct rendering *r, enum part_kind kind)
{
    const struct part *p = &r->m->part[kind];

    if (r->charset != MAIL_UTF8)
        return body_put_converted(r, kind);
    buf_put(r->out, p->head.data, p->head.len);
    if (!rendering_run(r, kind, p->encoding, r->out))
        return false;
    sink_end(&r->sink);
    return true;
}

bool rendering_bodies(struct rendering *r)
{
    for (enum part_kind i = PART_TEXT; i < PARTS; i++) {
        if (r->m->part[i].template && !put_body(r, i))
            return false;
    }
    buf_put(r->out, r->m->end.data, r->m->end.len);
    return true;
}

/* ---- the whole */

static bool put_message(struct rendering *r)
{
    struct buf *out = r->out;
    size_t start = out->len;

    r->is_lacking = false;
    if (!fields_put(r) || !rendering_bodies(r))
        return false;
    if (!buf_is_full(out) && !sign_message(r, start))
        return false;
    if (buf_is_full(out) || out->len - start > MAILING_MAX_BYTES)
        return err_set(r->e, "the message is larger than %zu bytes",
                       out->max < MAILING_MAX_BYTES ? out->max : (size_t)MAILING_MAX_BYTES);
    return true;
}

static bool put_in_some_charset(struct rendering *r)
{
    size_t start = r->out->len;
    bool ok;

    r->charset = r->m->charset;
    ok = put_message(r);
    if (ok || !r->is_lacking)
        return ok;
    buf_cut(r->out, start);
    r->charset = MAIL_UTF8;
    return put_message(r);
}

static void fill(const struct mailing *m, const struct render_input *in, char *email,
                 struct json_view *slot)
{
    vars_fill(&m->vars, json_view_of(in->vars, in->vars_len),
              email_view(in->email, email, EMAIL_JSON_MAX), slot);
}

bool mailing_render(const struct mailing *m, const struct render_input *in, struct buf *out,
                    struct err *e)
{
    struct rendering r = {.m = m, .in = in, .out = out, .e = e};
    struct json_view slot[NAMES_MAX];
    char email[EMAIL_JSON_MAX], url[UNSUBSCRIBE_JSON_MAX];

    fill(m, in, email, slot);
    return rendering_begin(&r, slot, url) && put_in_some_charset(&r);
}

/* ---- without a message */

void mailing_each_empty(const struct mailing *m, const struct render_input *in,
                        void (*each)(void *arg, const char *name), void *arg)
{
    static const char made[] = "\"https://made.example/\"";
    struct json_view slot[NAMES_MAX];
    struct run run = {.slot = slot, .empty = each, .arg = arg};
    char email[EMAIL_JSON_MAX];

    fill(m, in, email, slot);
    if (m->part[PART_UNSUBSCRIBE_URL].template)
        template_run(m->part[PART_UNSUBSCRIBE_URL].template, &run);
    if (m->unsubscribing != UNSUBSCRIBE_NOT && m->unsubscribe_slot >= 0)
        slot[m->unsubscribe_slot] = (struct json_view){made, sizeof made - 1, JSON_VIEW_STRING};
    for (enum part_kind i = 0; i < PARTS; i++) {
        if (m->part[i].template && i != PART_UNSUBSCRIBE_URL)
            template_run(m->part[i].template, &run);
    }
}

bool mailing_destination(const struct mailing *m, const struct render_input *in, uint32_t link,
                         uint32_t turn, struct buf *out, struct err *e)
{
    struct rendering r = {.m = m, .in = in, .e = e, .destination = out, .link = link, .turn = turn};
    bool is_html = m->part[PART_HTML].template && link < m->part[PART_TEXT].first_link;
    enum part_kind kind = is_html ? PART_HTML : PART_TEXT;
    struct json_view slot[NAMES_MAX];
    char email[EMAIL_JSON_MAX], url[UNSUBSCRIBE_JSON_MAX];
    struct buf body;
    bool ok;

    buf_init(&body, MAILING_MAX_BYTES);
    fill(m, in, email, slot);
    ok = rendering_begin(&r, slot, url);
    if (ok && m->part[kind].template)
        ok = rendering_run(&r, kind, BODY_RAW, &body);
    buf_done(&body);
    if (ok && buf_is_full(out))
        return err_set(e, "the URL is too long");
    return ok && (r.is_found || err_set(e, "the message has no link %u.%u", link, turn));
}
