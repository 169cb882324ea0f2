/* What carries a token: tracked links, the open pixel, the unsubscribe URL. And what else is
 * written into bodies while they are rendered: the hidden preheader, the footer of an
 * advertisement. */
#include "making.h"

#include <sluice/base/must.h>
#include <sluice/html/html.h>
#include <sluice/mime/charset.h>

#include <stdlib.h>

#define TRACKING_MAX 200

/* Hidden in every program that honours at least one of these; `mso-hide` is for Outlook. */
#define PREHEADER_START                                                                            \
    "<div style=\"display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;"  \
    "overflow:hidden;mso-hide:all\">"
/* Programs that show a longer preview than the preheader go on with the text behind it: this is
 * blank, and never wrapped nor trimmed away. */
#define BLANK "&#847;&zwnj;&nbsp;"
#define BLANKS BLANK BLANK BLANK BLANK BLANK BLANK BLANK BLANK BLANK BLANK
#define PREHEADER_END BLANKS BLANKS BLANKS BLANKS BLANKS BLANKS BLANKS BLANKS BLANKS "</div>\r\n"

/* ---- making */

static bool is_good_base(const char *url)
{
    size_t n = strlen(url);

    return n <= TRACKING_MAX &&
           (str_starts(str_of(url), "https://") || str_starts(str_of(url), "http://")) &&
           strspn(url, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/%[]") ==
               n;
}

static enum unsubscribing how_to_unsubscribe(const struct mailing *m)
{
    const struct job_spec *spec = m->spec;
    bool is_named = map_get(&m->names.slot, str_of("unsubscribe_url")) != NULL;

    if (spec->message.unsubscribe_url)
        return UNSUBSCRIBE_TEMPLATE;
    if (m->tracking && str_starts(str_of(m->tracking), "https://") &&
        (spec->msg_class == MSG_AD || is_named))
        return UNSUBSCRIBE_TOKEN;
    return UNSUBSCRIBE_NOT;
}

static void make_tracking(struct making *k)
{
    const struct message_spec *message = &k->m->spec->message;
    const char *url = message->tracking_url;

    if (!url && (message->tracks_clicks || message->tracks_opens))
        problems_add(k->problems, NULL, 0,
                     "opens or clicks shall be tracked, but there is no tracking_url");
    if (!url)
        return;
    if (!is_good_base(url)) {
        problems_add(k->problems, NULL, 0,
                     "tracking_url: not the beginning of a URL, such as https://t.shop.example "
                     "(got \"%s\")",
                     url);
        return;
    }
    k->m->tracking = mem_str(url);
    for (size_t n = strlen(url); n > 0 && url[n - 1] == '/'; n--)
        k->m->tracking[n - 1] = '\0';
}

void links_make(struct making *k)
{
    make_tracking(k);
    k->m->job = k->m->spec->token ? strtoull(k->m->spec->token, NULL, 16) : 0;
}

void links_make_unsubscribing(struct making *k)
{
    k->m->unsubscribing = how_to_unsubscribe(k->m);
}

void links_make_preheader(struct making *k)
{
    struct mailing *m = k->m;
    enum body_encoding encoding = m->part[PART_HTML].encoding;

    fixed_init(&m->preheader_start, encoding, str_of(PREHEADER_START));
    fixed_init(&m->preheader_end, encoding, str_of(PREHEADER_END));
    if (m->part[PART_PREHEADER].template)
        template_encode(m->part[PART_PREHEADER].template, encoding);
}

/* ---- tokens */

/* Bounded by TRACKING_MAX and TOKEN_TEXT. */
static size_t put_url(char *to, const char *base, const char *path, const char *token)
{
    return (size_t)(stpcpy(stpcpy(stpcpy(to, base), path), token) - to);
}

bool links_unsubscribe(const struct rendering *r, char url[HEADER_URI_MAX + 1])
{
    struct token t = {TOKEN_UNSUBSCRIBE, r->m->job, r->in->rid, 0, 0};
    char token[TOKEN_TEXT];

    if (!r->tokens)
        return false;
    token_write(r->tokens, &t, token);
    put_url(url, r->m->tracking, "/u/", token);
    return true;
}

/* ---- links */

static bool starts_nocase(struct str s, const char *prefix)
{
    size_t n = strlen(prefix);

    return s.n >= n && str_eq_nocase(str_n(s.p, n), str_n(prefix, n));
}

static bool is_web(struct str url)
{
    return starts_nocase(url, "http://") || starts_nocase(url, "https://");
}

/* The URL itself, without the HTML's character references; *space is freed by the caller. */
static struct str plain_url(const struct rendering *r, struct str url, struct buf *space)
{
    *space = (struct buf){0};
    if (r->kind != PART_HTML || !url.n || !memchr(url.p, '&', url.n))
        return url;
    buf_init(space, MAILING_MAX_BYTES);
    html_unescape(url, space);
    return str_n(space->data, space->len);
}

static bool is_tracked(const struct rendering *r, struct str url)
{
    const struct message_spec *message = &r->m->spec->message;

    if (!is_web(url) || str_starts(url, r->m->tracking))
        return false;
    if (r->unsubscribe_url_len > 2 &&
        str_eq(url, str_n(r->unsubscribe_url + 1, r->unsubscribe_url_len - 2)))
        return false;
    for (size_t i = 0; i < message->untrackeds; i++) {
        if (str_starts(url, message->untracked[i]))
            return false;
    }
    return true;
}

static bool track(void *arg, uint32_t link, uint32_t turn, struct str url, struct buf *out)
{
    struct rendering *r = arg;
    struct token t = {TOKEN_CLICK, r->m->job, r->in->rid, r->m->part[r->kind].first_link + link,
                      turn};
    char token[TOKEN_TEXT];
    struct buf space;
    bool is_told = is_tracked(r, plain_url(r, url, &space));

    buf_done(&space);
    if (!is_told)
        return false;
    token_write(r->tokens, &t, token);
    buf_puts(out, r->m->tracking);
    buf_puts(out, "/c/");
    buf_puts(out, token);
    return true;
}

/* Line ends and tabs in a URL mean nothing to a browser, and much in a header. */
static void put_destination(struct buf *out, struct str url)
{
    for (size_t i = 0; i < url.n; i++) {
        if ((unsigned char)url.p[i] >= ' ' && url.p[i] != 0x7f)
            buf_putc(out, url.p[i]);
    }
}

/* Of mailing_destination: nothing is replaced. */
static bool look_for(void *arg, uint32_t link, uint32_t turn, struct str url, struct buf *out)
{
    struct rendering *r = arg;
    struct buf space;
    struct str plain;

    (void)out;
    if (r->is_found || r->m->part[r->kind].first_link + link != r->link || turn != r->turn)
        return false;
    plain = plain_url(r, url, &space);
    r->is_found = is_web(plain);
    if (r->is_found)
        put_destination(r->destination, plain);
    buf_done(&space);
    return false;
}

/* ---- hooks */

/* A template within the body that is being written. */
static void run_inside(struct rendering *r, enum part_kind kind, struct sink *sink)
{
    struct run run = {.slot = r->slot, .sink = sink};
    const struct template *t = r->m->part[kind].template;

    if (!t)
        return;
    if (!template_run(t, &run) && !r->run.failed)
        r->run.failed = run.failed;
    if (!r->run.missing)
        r->run.missing = run.missing;
}

static void put_pixel(struct rendering *r, struct sink *sink)
{
    struct token t = {TOKEN_OPEN, r->m->job, r->in->rid, 0, 0};
    char token[TOKEN_TEXT], url[TRACKING_MAX + TOKEN_TEXT + 16];
    static const char before[] = "<img src=\"";
    static const char behind[] =
        ".gif\" width=\"1\" height=\"1\" alt=\"\" style=\"display:block;border:0\">";
    size_t n;

    if (!r->tokens || r->in->keeps_links)
        return;
    token_write(r->tokens, &t, token);
    n = put_url(url, r->m->tracking, "/o/", token);
    sink_value(sink, before, sizeof before - 1, false);
    sink_value(sink, url, n, false);
    sink_value(sink, behind, sizeof behind - 1, false);
}

static void hook(void *arg, uint32_t id, struct sink *sink)
{
    struct rendering *r = arg;
    const char *charset;

    switch ((enum hook)id) {
    case HOOK_PREHEADER:
        sink_fixed(sink, &r->m->preheader_start);
        run_inside(r, PART_PREHEADER, sink);
        sink_fixed(sink, &r->m->preheader_end);
        break;
    case HOOK_FOOTER:
        run_inside(r, r->kind == PART_HTML ? PART_HTML_FOOTER : PART_TEXT_FOOTER, sink);
        break;
    case HOOK_PIXEL:
        put_pixel(r, sink);
        break;
    case HOOK_CHARSET:
        charset = charset_mime_name(r->charset);
        sink_value(sink, charset, strlen(charset), false);
        break;
    }
}

void links_begin(struct rendering *r, enum part_kind kind, uint32_t *turn, uint32_t **more)
{
    uint32_t links = template_links(r->m->part[kind].template);
    bool looks = r->destination != NULL;

    *more = NULL;
    r->kind = kind;
    r->run.hook = looks ? NULL : hook;
    r->run.arg = r;
    r->run.url = NULL;
    if (!links || !(looks || (r->tokens && !r->in->keeps_links)))
        return;
    r->run.url = looks ? look_for : track;
    if (links > RENDER_LINKS)
        turn = *more = mem_array(links, sizeof *turn);
    else
        memset(turn, 0, links * sizeof *turn);
    r->run.turn = turn;
}
