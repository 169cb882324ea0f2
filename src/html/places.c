#include <sluice/html/html.h>

#include <stdlib.h>

#include "places.h"

#include <sluice/base/must.h>

void places_add(struct places *p, enum html_place_kind kind, size_t from, size_t to,
                bool is_untracked)
{
    if (p->count == p->room) {
        p->room = p->room ? 2 * p->room : 16;
        p->item = mem_grow(p->item, p->room, sizeof *p->item);
    }
    p->item[p->count++] =
        (struct html_place){.kind = kind, .from = from, .to = to, .is_untracked = is_untracked};
}

/* Attributes that hold one URL, whatever the element; href of links is not among them. */
static bool holds_url(struct str name)
{
    static const char *const names[] = {"src",  "background", "href",       "poster",    "action",
                                        "data", "cite",       "formaction", "xlink:href"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (str_eq_nocase(name, str_of(names[i])))
            return true;
    }
    return false;
}

static bool is_untracked(const struct html_token *t)
{
    const struct html_attr *a = html_attr(t, "data-track");

    return a && str_eq_nocase(str_trim(a->value), str_of("off"));
}

static void add_urls(struct places *p, struct str text, const struct html_token *t)
{
    bool is_link = html_is(t, "a") || html_is(t, "area");

    for (size_t i = 0; i < t->attrs; i++) {
        struct str value = str_trim(t->attr[i].value);
        size_t from = value.n ? (size_t)(value.p - text.p) : 0;

        if (value.n == 0 || !holds_url(t->attr[i].name))
            continue;
        if (is_link && str_eq_nocase(t->attr[i].name, str_of("href")))
            places_add(p, HTML_LINK, from, from + value.n, is_untracked(t));
        else
            places_add(p, HTML_URL, from, from + value.n, false);
    }
}

/* "text/html; charset=euc-kr" -> its last word; empty when there is none. */
static struct str charset_of(struct str content)
{
    for (size_t at = 0; content.n - at > 7; at++) {
        struct str rest = str_n(content.p + at, content.n - at), name;

        if (!str_eq_nocase(str_n(rest.p, 7), str_of("charset")))
            continue;
        rest = str_trim(str_n(rest.p + 7, rest.n - 7));
        if (rest.n == 0 || rest.p[0] != '=')
            continue;
        rest = str_trim(str_n(rest.p + 1, rest.n - 1));
        name = str_n(rest.p, 0);
        while (name.n < rest.n && !strchr(" \t\r\n;\"'{", rest.p[name.n]))
            name.n++;
        return name;
    }
    return (struct str){NULL, 0};
}

static void add_charset(struct places *p, struct str text, const struct html_token *t)
{
    const struct html_attr *charset = html_attr(t, "charset"), *content = html_attr(t, "content");
    const struct html_attr *equiv = html_attr(t, "http-equiv");
    struct str name = {NULL, 0};

    if (charset)
        name = str_trim(charset->value);
    else if (content && equiv && str_eq_nocase(str_trim(equiv->value), str_of("content-type")))
        name = charset_of(content->value);
    if (name.n && !memchr(name.p, '{', name.n))
        places_add(p, HTML_CHARSET, (size_t)(name.p - text.p), (size_t)(name.p - text.p) + name.n,
                   false);
}

/* A body's end is known to be the last one only at the end of the text. */
static void insert_body_end(struct places *p, size_t index, size_t at)
{
    struct html_place place;

    places_add(p, HTML_BODY_END, at, at, false);
    place = p->item[p->count - 1];
    memmove(p->item + index + 1, p->item + index, (p->count - 1 - index) * sizeof *p->item);
    p->item[index] = place;
}

struct html_place *html_places(struct str text, size_t *count)
{
    struct places p = {NULL, 0, 0};
    struct html_scan s;
    struct html_token t;
    bool has_body = false, has_end = false;
    size_t end = 0, end_index = 0;

    html_begin(&s, text);
    while (html_next(&s, &t)) {
        if (t.kind == HTML_CLOSE && html_is(&t, "body")) {
            has_end = true;
            end = (size_t)(t.all.p - text.p);
            end_index = p.count;
        }
        if (t.kind != HTML_OPEN)
            continue;
        if (html_is(&t, "meta"))
            add_charset(&p, text, &t);
        else
            add_urls(&p, text, &t);
        if (html_is(&t, "body") && !has_body) {
            has_body = true;
            places_add(&p, HTML_BODY, s.pos, s.pos, false);
        }
    }
    if (has_end)
        insert_body_end(&p, end_index, end);
    *count = p.count;
    return p.item;
}
