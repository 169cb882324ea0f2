/* A template's HTML as plain text: tokens in, lines out. What is dropped (comments, attributes,
 * hidden elements) leaves behind the Mustache tags without which the rest would not compile. */
#include <sluice/html/html.h>

#include <stdlib.h>

#include "element.h"
#include "lines.h"
#include "list.h"
#include "style.h"

#include <sluice/base/must.h>

#define RULE "----------"

struct walk {
    struct html_scan scan;
    struct lines lines;
    struct elements elements;
    struct buf scratch;
    struct mustache *kept; /* of what was dropped: opened and not ended, or ended and not opened */
    size_t kept_count, kept_room;
    bool is_link; /* one is open */
    bool link_has_image;
    struct str href;
    size_t ahead; /* bytes that may still be looked at ahead of where we are */
};

/* ---- what is dropped */

static void keep(struct walk *w, const struct mustache *tag)
{
    char last = w->kept_count ? w->kept[w->kept_count - 1].kind : 0;

    if (tag->kind == '/' && last && last != '/' && last != '=') {
        w->kept_count--;
        return;
    }
    if (w->kept_count == w->kept_room) {
        w->kept_room = w->kept_room ? 2 * w->kept_room : 16;
        w->kept = mem_grow(w->kept, w->kept_room, sizeof *w->kept);
    }
    w->kept[w->kept_count++] = *tag;
}

static void drop(struct walk *w, struct str text, struct str open, struct str close)
{
    struct html_scan s = {.text = text, .open = open, .close = close};
    struct mustache tag;

    for (size_t at = 0; at < text.n;) {
        if (!mustache_at(&s, at, &tag)) {
            at++;
            continue;
        }
        if (mustache_is_structure(tag.kind))
            keep(w, &tag);
        at += tag.all.n;
    }
}

static void write_kept(struct walk *w)
{
    for (size_t i = 0; i < w->kept_count; i++)
        lines_tag(&w->lines, &w->kept[i], false);
    w->kept_count = 0;
}

static bool is_hidden(const struct walk *w)
{
    return elements_top(&w->elements)->is_hidden;
}

/* What stands in it cannot be read; what is within it perhaps can. */
static bool is_unreadable(const struct walk *w)
{
    const struct element *top = elements_top(&w->elements);

    return top->is_tiny || top->is_faint;
}

/* ---- links */

/* "help@a.example?subject=x" -> "help@a.example" */
static void cut_query(struct buf *url)
{
    const char *found = memchr(url->data, '?', url->len);

    if (found)
        buf_cut(url, (size_t)(found - url->data));
}

/* An attribute that is a template, its character references replaced. False: what it holds is no
 * text to be shown: sections that reach out of it, or what would look like a tag. */
static bool unescape_template(const struct walk *w, struct str raw, struct buf *out)
{
    struct html_scan s = {.text = raw, .open = w->lines.open, .close = w->lines.close};
    struct mustache tag;
    size_t from = 0, piece;

    if (!mustache_is_balanced(raw, s.open, s.close))
        return false;
    for (size_t at = 0; at <= raw.n; at++) {
        bool is_tag = at < raw.n && mustache_at(&s, at, &tag);

        if (!is_tag && at < raw.n)
            continue;
        piece = out->len;
        html_unescape(str_n(raw.p + from, at - from), out);
        if (memchr(out->data + piece, w->lines.open.p[0], out->len - piece))
            return false;
        if (is_tag) {
            buf_put(out, tag.all.p, tag.all.n);
            from = at + tag.all.n;
            at = from - 1;
        }
    }
    return true;
}

/* The address as people read it: without "mailto:"; empty when there is nothing to show. */
static void readable_url(struct walk *w, struct buf *url)
{
    static const char *const addresses[] = {"mailto:", "tel:", "sms:"};
    struct str text;

    buf_clear(url);
    if (!unescape_template(w, w->href, url)) {
        buf_clear(url);
        return;
    }
    text = str_n(url->data, url->len);
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        size_t n = strlen(addresses[i]);

        if (text.n >= n && str_eq_nocase(str_n(text.p, n), str_of(addresses[i]))) {
            buf_drop(url, n);
            cut_query(url);
            return;
        }
    }
    if (!str_starts(text, "http://") && !str_starts(text, "https://") &&
        !(text.n > w->lines.open.n && memcmp(text.p, w->lines.open.p, w->lines.open.n) == 0))
        buf_clear(url);
}

static struct str without_scheme(struct str url)
{
    if (str_starts(url, "https://"))
        url = str_n(url.p + 8, url.n - 8);
    else if (str_starts(url, "http://"))
        url = str_n(url.p + 7, url.n - 7);
    if (url.n && url.p[url.n - 1] == '/')
        url.n--;
    return url;
}

static void write_url(struct walk *w, struct str url, bool has_text)
{
    struct lines *l = &w->lines;
    unsigned breaks = l->breaks;
    enum lines_gap gap = l->gap;

    /* blocks within the link have ended their lines already; the URL belongs to the last one */
    l->breaks = 0;
    l->gap = GAP_NONE;
    if (has_text) {
        lines_gap(l, GAP_BLANK);
        lines_put(l, str_of("("), LINES_COLLAPSE);
    }
    lines_put_template(l, url, NULL);
    if (has_text)
        lines_put(l, str_of(")"), LINES_COLLAPSE);
    l->breaks = breaks;
    l->gap = gap;
}

static void end_link(struct walk *w)
{
    struct lines *l = &w->lines;
    bool has_text = l->is_marked;
    struct str url, text = {NULL, 0};

    if (!w->is_link)
        return;
    w->is_link = false;
    l->is_marked = true;
    readable_url(w, &w->scratch);
    url = str_trim(str_n(w->scratch.data, w->scratch.len));
    if (url.n == 0 || l->out->full || (!has_text && !w->link_has_image))
        return;
    if (has_text)
        text = str_trim(str_n(l->out->data + l->mark, l->out->len - l->mark));
    if (has_text && str_eq_nocase(without_scheme(text), without_scheme(url))) {
        if (text.n < url.n) {
            buf_cut(l->out, l->mark);
            l->is_guarded = false;
            write_url(w, url, false);
        }
        return;
    }
    write_url(w, url, has_text);
}

static void begin_link(struct walk *w, const struct html_token *t)
{
    const struct html_attr *href = html_attr(t, "href");

    if (!href || href->value.n == 0 || is_hidden(w))
        return;
    w->is_link = true;
    w->link_has_image = false;
    w->href = str_trim(href->value);
    lines_mark(&w->lines);
}

/* ---- numbered lists */

static void begin_list(struct walk *w, const struct html_token *t)
{
    struct element *top = &w->elements.item[w->elements.count - 1];

    if (top->kind != ELEMENT_LIST || w->elements.deeper)
        return;
    top->is_numbered = html_is(t, "ol") && !list_has_loose_tag(&w->scan, &w->ahead);
    top->number = item_number(t, "start", 1);
}

static void begin_item(struct walk *w, const struct html_token *t)
{
    struct elements *e = &w->elements;
    size_t at = e->count - 1;

    w->lines.has_item = true;
    w->lines.is_numbered = false;
    while (at > 0 && e->item[at].kind != ELEMENT_LIST)
        at--;
    if (at == 0 || !e->item[at].is_numbered)
        return;
    w->lines.is_numbered = true;
    w->lines.number = item_number(t, "value", e->item[at].number);
    e->item[at].number = w->lines.number < LIST_NUMBER_MAX ? w->lines.number + 1 : LIST_NUMBER_MAX;
}

/* ---- elements */

static void separate(struct walk *w, enum element_kind kind, bool is_end)
{
    struct lines *l = &w->lines;

    switch (kind) {
    case ELEMENT_BLOCK:
    case ELEMENT_ITEM:
        lines_break(l, 1);
        break;
    case ELEMENT_LIST:
        lines_break(l, elements_top(&w->elements)->items ? 1 : 2);
        break;
    case ELEMENT_SPACED:
    case ELEMENT_PRE:
    case ELEMENT_RULE:
        lines_break(l, 2);
        break;
    case ELEMENT_CELL:
        lines_gap(l, GAP_CELL);
        break;
    case ELEMENT_BREAK:
        if (!is_end)
            lines_add_break(l);
        break;
    default:
        break;
    }
}

static void on_ended(void *arg, enum element_kind kind)
{
    struct walk *w = arg;

    if (kind == ELEMENT_LINK)
        end_link(w);
    w->lines.depth = elements_top(&w->elements)->items;
    if (!is_hidden(w))
        separate(w, kind, true);
}

static void put_image(struct walk *w, const struct html_token *t)
{
    const struct html_attr *alt = html_attr(t, "alt");
    struct lines *l = &w->lines;

    if (html_is_hidden(t) || style_is_dot(t))
        return;
    w->link_has_image = true;
    if (!alt || alt->value.n == 0 || !mustache_is_balanced(alt->value, l->open, l->close))
        return;
    lines_gap(l, GAP_BLANK);
    lines_put_template(l, alt->value, &w->scratch);
    lines_gap(l, GAP_BLANK);
}

static void on_open(struct walk *w, const struct html_token *t)
{
    enum element_kind kind = element_about(t->name)->kind;

    elements_open(&w->elements, t, on_ended, w);
    w->lines.depth = elements_top(&w->elements)->items;
    if (is_hidden(w))
        return;
    separate(w, kind, false);
    if (kind == ELEMENT_LINK || kind == ELEMENT_IMAGE || kind == ELEMENT_RULE)
        write_kept(w);
    if (kind == ELEMENT_ITEM)
        begin_item(w, t);
    else if (kind == ELEMENT_LIST)
        begin_list(w, t);
    else if (kind == ELEMENT_LINK)
        begin_link(w, t);
    else if (kind == ELEMENT_IMAGE)
        put_image(w, t);
    else if (kind == ELEMENT_RULE)
        lines_put(&w->lines, str_of(RULE), LINES_COLLAPSE);
    if (kind == ELEMENT_RULE)
        lines_break(&w->lines, 2);
}

/* ---- text and tags */

static bool is_blank(struct str text)
{
    return str_trim(text).n == 0;
}

static void on_text(struct walk *w, struct str text)
{
    if (is_blank(text) && is_hidden(w))
        return;
    if (elements_top(&w->elements)->groups & GROUP_HEAD && !is_blank(text))
        elements_close(&w->elements, elements_top(&w->elements)->name, on_ended, w);
    if (is_hidden(w) || (is_unreadable(w) && !is_blank(text)))
        return;
    buf_clear(&w->scratch);
    html_unescape(text, &w->scratch);
    if (!is_blank(text))
        write_kept(w);
    lines_put(&w->lines, str_n(w->scratch.data, w->scratch.len),
              elements_top(&w->elements)->blanks);
}

/* Whether nothing but blanks stands beside it on its line; what prints something never does. */
static bool is_alone(struct str text, const struct mustache *tag)
{
    size_t from = (size_t)(tag->all.p - text.p), to = from + tag->all.n;

    if (mustache_is_value(tag->kind))
        return false;
    while (from > 0 && (text.p[from - 1] == ' ' || text.p[from - 1] == '\t'))
        from--;
    while (to < text.n && (text.p[to] == ' ' || text.p[to] == '\t' || text.p[to] == '\r'))
        to++;
    return (from == 0 || text.p[from - 1] == '\n') && (to == text.n || text.p[to] == '\n');
}

static void on_mustache(struct walk *w, const struct html_token *t, struct str open,
                        struct str close)
{
    struct html_scan s = {.text = t->all, .open = open, .close = close};
    struct mustache tag;

    MUST(mustache_at(&s, 0, &tag));
    if (is_hidden(w)) {
        drop(w, t->all, open, close);
        return;
    }
    if (is_unreadable(w) && mustache_is_value(tag.kind))
        return;
    write_kept(w);
    lines_tag(&w->lines, &tag, is_alone(w->scan.text, &tag));
}

static void walk(struct walk *w)
{
    struct html_token t;
    struct str open = w->scan.open, close = w->scan.close;

    for (; html_next(&w->scan, &t); open = w->scan.open, close = w->scan.close) {
        switch (t.kind) {
        case HTML_TEXT:
            on_text(w, t.all);
            break;
        case HTML_MUSTACHE:
            on_mustache(w, &t, open, close);
            break;
        case HTML_OPEN:
            drop(w, t.all, open, close);
            on_open(w, &t);
            break;
        case HTML_CLOSE:
            drop(w, t.all, open, close);
            elements_close(&w->elements, t.name, on_ended, w);
            break;
        case HTML_COMMENT:
        case HTML_RAW:
            drop(w, t.all, open, close);
        }
    }
}

void html_to_text(struct str html, struct buf *out)
{
    struct walk w = {.ahead = 4 * html.n};

    html_begin(&w.scan, html);
    lines_init(&w.lines, out);
    elements_init(&w.elements);
    buf_init(&w.scratch, html.n + 64);
    walk(&w);
    end_link(&w);
    write_kept(&w);
    lines_end(&w.lines);
    buf_done(&w.scratch);
    free(w.kept);
}
