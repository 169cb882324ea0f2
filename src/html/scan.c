/* The states of WHATWG's tokenizer (HTML, section 13.2.5) that matter for a mail: each token in one
 * function, from left to right, no byte looked at twice. */
#include <sluice/html/html.h>

#include "mustache.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool stands(const struct html_scan *s, size_t at, const char *what)
{
    return str_starts(str_n(s->text.p + at, s->text.n - at), what);
}

void html_begin(struct html_scan *s, struct str text)
{
    *s = (struct html_scan){.text = text, .open = str_of("{{"), .close = str_of("}}")};
}

bool html_is(const struct html_token *t, const char *name)
{
    return str_eq_nocase(t->name, str_of(name));
}

const struct html_attr *html_attr(const struct html_token *t, const char *name)
{
    for (size_t i = 0; i < t->attrs; i++) {
        if (str_eq_nocase(t->attr[i].name, str_of(name)))
            return &t->attr[i];
    }
    return NULL;
}

/* ---- comments */

static size_t comment_end(struct html_scan *s, size_t at)
{
    if (stands(s, at, ">"))
        return at + 1;
    if (stands(s, at, "->"))
        return at + 2;
    while (at < s->text.n) {
        if (s->text.p[at] == '-') {
            if (stands(s, at, "-->"))
                return at + 3;
            if (stands(s, at, "--!>"))
                return at + 4;
        }
        at = mustache_step(s, at);
    }
    return at;
}

/* <!DOCTYPE ...>, <?...>, <![if !mso]>, </1>: up to the next '>'. */
static size_t bogus_end(struct html_scan *s, size_t at)
{
    while (at < s->text.n && s->text.p[at] != '>')
        at = mustache_step(s, at);
    return at < s->text.n ? at + 1 : at;
}

/* ---- tags */

/* A structural tag of Mustache at the edge of a name is no part of it: {{#x}}selected{{/x}}. */
static size_t read_attr_name(struct html_scan *s, size_t at, struct str *name)
{
    size_t from = at, end = at;

    while (at < s->text.n) {
        char c = s->text.p[at];
        struct mustache tag;

        if (mustache_at(s, at, &tag)) {
            at += tag.all.n;
            if (mustache_is_structure(tag.kind)) {
                from = end == from ? at : from;
                end = end < from ? from : end;
            } else {
                end = at;
            }
            continue;
        }
        if (is_blank(c) || c == '/' || c == '>' || (c == '=' && at > from))
            break;
        end = ++at;
    }
    *name = str_n(s->text.p + from, end - from);
    return at;
}

/* `at`: behind the '='. */
static size_t read_attr_value(struct html_scan *s, size_t at, struct str *value)
{
    size_t from;
    char quote = 0;

    while (at < s->text.n && is_blank(s->text.p[at]))
        at++;
    if (at < s->text.n && (s->text.p[at] == '"' || s->text.p[at] == '\''))
        quote = s->text.p[at++];
    from = at;
    while (at < s->text.n) {
        char c = s->text.p[at];

        if (quote ? c == quote : is_blank(c) || c == '>')
            break;
        at = mustache_step(s, at);
    }
    *value = str_n(s->text.p + from, at - from);
    return quote && at < s->text.n ? at + 1 : at;
}

static size_t read_attr(struct html_scan *s, size_t at, struct html_token *t)
{
    struct html_attr a = {{NULL, 0}, {NULL, 0}};
    size_t next;

    at = read_attr_name(s, at, &a.name);
    next = at;
    while (next < s->text.n && is_blank(s->text.p[next]))
        next++;
    if (next < s->text.n && s->text.p[next] == '=')
        at = read_attr_value(s, next + 1, &a.value);
    if (a.name.n && t->attrs < HTML_ATTRS_MAX)
        t->attr[t->attrs++] = a;
    return at;
}

/* `at`: the first letter of the name. A tag that never ends is no tag (WHATWG: eof-in-tag). */
static size_t read_tag(struct html_scan *s, size_t at, enum html_kind kind, struct html_token *t)
{
    size_t from = at;

    while (at < s->text.n && !is_blank(s->text.p[at]) && s->text.p[at] != '/' &&
           s->text.p[at] != '>')
        at = mustache_step(s, at);
    t->name = str_n(s->text.p + from, at - from);
    while (at < s->text.n && s->text.p[at] != '>') {
        if (is_blank(s->text.p[at]) || s->text.p[at] == '/')
            at++;
        else
            at = read_attr(s, at, t);
    }
    if (at < s->text.n) {
        t->kind = kind;
        return at + 1;
    }
    t->kind = HTML_COMMENT;
    t->name = (struct str){NULL, 0};
    t->attrs = 0;
    return at;
}

/* What begins with '<' at `at`: its end, or 0 when it is but a character. */
static size_t read_markup(struct html_scan *s, size_t at, struct html_token *t)
{
    char c = at + 1 < s->text.n ? s->text.p[at + 1] : 0;

    if (is_letter(c))
        return read_tag(s, at + 1, HTML_OPEN, t);
    if (c == '/' && at + 2 < s->text.n) {
        if (is_letter(s->text.p[at + 2]))
            return read_tag(s, at + 2, HTML_CLOSE, t);
        t->kind = HTML_COMMENT;
        return bogus_end(s, at + 2);
    }
    if (c != '!' && c != '?')
        return 0;
    t->kind = HTML_COMMENT;
    return stands(s, at, "<!--") ? comment_end(s, at + 4) : bogus_end(s, at + 2);
}

static bool may_be_markup(const struct html_scan *s, size_t at)
{
    char c = at + 1 < s->text.n ? s->text.p[at + 1] : 0;

    return s->text.p[at] == '<' && (is_letter(c) || c == '/' || c == '!' || c == '?');
}

/* ---- text */

static size_t text_end(const struct html_scan *s, size_t at)
{
    for (at++; at < s->text.n; at++) {
        if (may_be_markup(s, at) || mustache_may_begin(s, at))
            break;
    }
    return at;
}

static bool is_raw(const struct html_token *t)
{
    static const char *const names[] = {"script",  "style",    "title", "textarea", "iframe",
                                        "noembed", "noframes", "xmp",   "plaintext"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (html_is(t, names[i]))
            return true;
    }
    return false;
}

static bool ends_raw(const struct html_scan *s, size_t at)
{
    size_t end = at + 2 + s->raw.n;

    return stands(s, at, "</") && end <= s->text.n &&
           str_eq_nocase(str_n(s->text.p + at + 2, s->raw.n), s->raw) &&
           (end == s->text.n || is_blank(s->text.p[end]) || s->text.p[end] == '/' ||
            s->text.p[end] == '>');
}

static size_t raw_end(struct html_scan *s, size_t at)
{
    while (at < s->text.n && !ends_raw(s, at))
        at = mustache_step(s, at);
    return at;
}

static size_t read_token(struct html_scan *s, size_t at, struct html_token *t)
{
    struct mustache tag;
    size_t end;

    if (s->raw.n) {
        end = raw_end(s, at);
        t->kind = HTML_RAW;
        t->name = s->raw;
        s->raw = (struct str){NULL, 0};
        if (end > at)
            return end;
        t->name = s->raw;
    }
    if (mustache_at(s, at, &tag)) {
        t->kind = HTML_MUSTACHE;
        return at + tag.all.n;
    }
    if (s->text.p[at] == '<') {
        end = read_markup(s, at, t);
        if (end) {
            if (t->kind == HTML_OPEN && is_raw(t))
                s->raw = t->name;
            return end;
        }
    }
    t->kind = HTML_TEXT;
    return text_end(s, at);
}

bool html_next(struct html_scan *s, struct html_token *t)
{
    size_t from = s->pos;

    t->attrs = 0;
    t->name = (struct str){NULL, 0};
    if (from >= s->text.n)
        return false;
    s->pos = read_token(s, from, t);
    t->all = str_n(s->text.p + from, s->pos - from);
    return true;
}
