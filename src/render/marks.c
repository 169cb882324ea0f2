/* The places of a template where something else goes than what stands there: links that are
 * tracked, URLs whose values need another escaping, images, and what we write into the HTML. */
#include "making.h"

#include <sluice/base/must.h>
#include <sluice/html/html.h>

#include <stdlib.h>

/* Those of one text. */
struct marks {
    struct str text;
    bool changes_delimiters; /* then anything may be a tag */
    struct mark *item;
    size_t count;
};

static struct marks marks_of(struct str text)
{
    return (struct marks){.text = text,
                          .changes_delimiters = text.n && memmem(text.p, text.n, "{{=", 3)};
}

static struct str value_of(const struct marks *m, const struct html_place *p)
{
    return str_n(m->text.p + p->from, p->to - p->from);
}

static struct mark *add(struct marks *m, enum mark_kind kind, size_t from, size_t to)
{
    m->item = mem_grow(m->item, m->count + 1, sizeof *m->item);
    m->item[m->count] = (struct mark){.kind = kind, .from = from, .to = to};
    return &m->item[m->count++];
}

static void add_hook(struct marks *m, enum hook hook, size_t at)
{
    add(m, MARK_HOOK, at, at)->id = hook;
}

bool marks_has_tag(struct str value)
{
    return value.n && memmem(value.p, value.n, "{{", 2);
}

static bool starts_nocase(struct str s, const char *prefix)
{
    size_t n = strlen(prefix);

    return s.n >= n && str_eq_nocase(str_n(s.p, n), str_n(prefix, n));
}

static bool is_web(struct str url)
{
    return starts_nocase(url, "http://") || starts_nocase(url, "https://");
}

/* ---- links */

static bool tracks_clicks(const struct making *k)
{
    return k->m->spec->message.tracks_clicks && k->m->tracking;
}

/* "{{ product_url }}..." -> "product_url". */
static struct str first_name(struct str value)
{
    size_t n = 0;

    while (value.n && strchr("{& ", *value.p))
        value = str_n(value.p + 1, value.n - 1);
    while (n < value.n && !strchr(" |}", value.p[n]))
        n++;
    return str_n(value.p, n);
}

/* What begins with a tag may become a link; links.c looks again when its text is known. Which links
 * are counted must never change: tokens that are out there name them by their number. */
static void add_link(struct making *k, struct marks *m, const struct html_place *p,
                     bool is_untracked)
{
    struct str value = value_of(m, p);
    bool may_be_web = is_web(value) || str_starts(value, "{{") || m->changes_delimiters;

    if (tracks_clicks(k) && may_be_web && !is_untracked &&
        !str_is(first_name(value), "unsubscribe_url"))
        add(m, MARK_TOLD, p->from, p->to);
    else if (m->changes_delimiters || marks_has_tag(value))
        add(m, MARK_URL, p->from, p->to);
}

/* ---- HTML */

static void add_image(struct making *k, struct marks *m, const struct html_place *p)
{
    struct str value = value_of(m, p);
    struct carried *image = NULL;
    struct str name;

    if (image_name(value, &name))
        image = image_find(k, name);
    if (image && image->content_id)
        add(m, MARK_REPLACE, p->from, p->to)->text = str_of(image->content_id);
    else if (m->changes_delimiters || marks_has_tag(value))
        add(m, MARK_URL, p->from, p->to);
}

static void add_charset(struct making *k, struct marks *m, const struct html_place *p)
{
    if (k->m->charset != MAIL_UTF8) {
        add_hook(m, HOOK_CHARSET, p->from);
        add(m, MARK_REPLACE, p->from, p->to)->text = str_of("");
    } else if (!str_eq_nocase(value_of(m, p), str_of("utf-8"))) {
        add(m, MARK_REPLACE, p->from, p->to)->text = str_of("utf-8");
    }
}

static void add_preheader(struct making *k, struct marks *m, size_t at)
{
    if (part_files_find(k->files, "preheader.txt"))
        add_hook(m, HOOK_PREHEADER, at);
}

static void add_end(struct making *k, struct marks *m, size_t at)
{
    if (advertising_is_repaired(k))
        add_hook(m, HOOK_FOOTER, at);
    if (k->m->spec->message.tracks_opens && k->m->tracking)
        add_hook(m, HOOK_PIXEL, at);
}

static void add_place(struct making *k, struct marks *m, bool is_main, const struct html_place *p)
{
    switch (p->kind) {
    case HTML_LINK:
        add_link(k, m, p, p->is_untracked);
        break;
    case HTML_URL:
        add_image(k, m, p);
        break;
    case HTML_BODY:
        if (is_main || !k->has_body)
            add_preheader(k, m, p->from);
        break;
    case HTML_BODY_END:
        if (is_main || !k->has_body_end)
            add_end(k, m, p->from);
        break;
    case HTML_CHARSET:
        add_charset(k, m, p);
        break;
    }
}

struct mark *marks_of_html(struct making *k, struct str text, bool is_main, size_t *count)
{
    struct marks m = marks_of(text);
    size_t places;
    struct html_place *place = html_places(text, &places);

    if (is_main && !k->has_body && !k->has_body_in_partial)
        add_preheader(k, &m, 0);
    for (size_t i = 0; i < places; i++)
        add_place(k, &m, is_main, &place[i]);
    if (is_main && !k->has_body_end && !k->has_body_end_in_partial)
        add_end(k, &m, text.n);
    free(place);
    *count = m.count;
    return m.item;
}

/* ---- text */

/* In plain text a word that begins with a value may be anything, "{{count}}/{{total}}" too, which
 * must not be escaped as a URL: the variable's name has to say that it is one. */
static bool is_text_link(struct str value)
{
    struct str name;

    if (is_web(value))
        return true;
    name = first_name(value);
    return str_ends_nocase(name, "url") || str_ends_nocase(name, "link");
}

struct mark *marks_of_text(struct making *k, struct str text, bool is_main, size_t *count)
{
    struct marks m = marks_of(text);
    size_t places;
    struct html_place *place = html_text_links(text, &places);

    for (size_t i = 0; i < places; i++) {
        struct str value = value_of(&m, &place[i]);

        if (is_text_link(value))
            add_link(k, &m, &place[i], map_get(&k->untracked, value));
    }
    if (is_main && advertising_is_repaired(k))
        add_hook(&m, HOOK_FOOTER, text.n);
    free(place);
    *count = m.count;
    return m.item;
}

/* The preheader is plain text that comes to stand in HTML. What is written in tags is escaped when
 * it is rendered, or not, if it wants that. */
struct mark *marks_of_preheader(struct str text, size_t *count)
{
    static const char special[] = "&<>\"";
    static const char *const entity[] = {"&amp;", "&lt;", "&gt;", "&quot;"};
    struct marks m = marks_of(text);
    const char *end;

    for (size_t i = 0; i < text.n; i++) {
        const char *found = text.p[i] ? strchr(special, text.p[i]) : NULL;

        if (found)
            add(&m, MARK_REPLACE, i, i + 1)->text = str_of(entity[found - special]);
        else if (text.n - i > 2 && memcmp(text.p + i, "{{", 2) == 0 &&
                 (end = memmem(text.p + i, text.n - i, "}}", 2)))
            i = (size_t)(end - text.p) + 1;
    }
    *count = m.count;
    return m.item;
}

struct mark *marks_of_url(struct str text, size_t *count)
{
    struct marks m = marks_of(text);

    /* A line end at the end of it is none of the URL. */
    while (text.n && strchr("\r\n \t", text.p[text.n - 1]))
        text.n--;
    if (text.n)
        add(&m, MARK_URL, 0, text.n);
    *count = m.count;
    return m.item;
}
