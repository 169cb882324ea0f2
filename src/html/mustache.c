#include "mustache.h"

#define DELIMITER_MAX 16

bool mustache_may_begin(const struct html_scan *s, size_t at)
{
    return s->open.n && s->text.n - at >= s->open.n && s->text.p[at] == s->open.p[0] &&
           memcmp(s->text.p + at, s->open.p, s->open.n) == 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* "=<% %>=" without its first '='; anything that the compiler would refuse leaves both empty. */
static void read_delimiters(struct str inner, struct mustache *tag)
{
    struct str rest = str_trim(inner), open;

    tag->open = tag->close = (struct str){NULL, 0};
    if (rest.n == 0 || rest.p[rest.n - 1] != '=')
        return;
    rest = str_trim(str_n(rest.p, rest.n - 1));
    open = str_n(rest.p, 0);
    while (open.n < rest.n && !is_blank(rest.p[open.n]))
        open.n++;
    rest = str_trim(str_n(rest.p + open.n, rest.n - open.n));
    if (open.n == 0 || rest.n == 0 || open.n > DELIMITER_MAX || rest.n > DELIMITER_MAX)
        return;
    for (size_t i = 0; i < rest.n; i++) {
        if (is_blank(rest.p[i]) || rest.p[i] == '=')
            return;
    }
    if (memchr(open.p, '=', open.n))
        return;
    tag->open = open;
    tag->close = rest;
}

bool mustache_at(struct html_scan *s, size_t at, struct mustache *tag)
{
    char closing[DELIMITER_MAX + 1];
    size_t from = at + s->open.n, n = 0;
    const char *end;

    if (!mustache_may_begin(s, at))
        return false;
    while (from < s->text.n && is_blank(s->text.p[from]))
        from++;
    tag->kind = 'v';
    if (from < s->text.n && s->text.p[from] && strchr("#^/!>=&{<$", s->text.p[from]))
        tag->kind = s->text.p[from++];
    if (tag->kind == '{')
        closing[n++] = '}';
    memcpy(closing + n, s->close.p, s->close.n);
    n += s->close.n;
    end = from < s->text.n ? memmem(s->text.p + from, s->text.n - from, closing, n) : NULL;
    if (!end) {
        s->open = (struct str){NULL, 0};
        return false;
    }
    tag->all = str_n(s->text.p + at, (size_t)(end - s->text.p) + n - at);
    if (tag->kind == '=') {
        read_delimiters(str_n(s->text.p + from, (size_t)(end - s->text.p) - from), tag);
        if (tag->open.n) {
            s->open = tag->open;
            s->close = tag->close;
        }
    }
    return true;
}

size_t mustache_step(struct html_scan *s, size_t at)
{
    struct mustache tag;

    return mustache_at(s, at, &tag) ? at + tag.all.n : at + 1;
}

bool mustache_is_value(char kind)
{
    return kind == 'v' || kind == '{' || kind == '&';
}

bool mustache_is_structure(char kind)
{
    return kind == '#' || kind == '^' || kind == '/' || kind == '<' || kind == '$' || kind == '=';
}

bool mustache_is_balanced(struct str text, struct str open, struct str close)
{
    struct html_scan s = {.text = text, .open = open, .close = close};
    struct mustache tag;
    size_t depth = 0;

    for (size_t at = 0; at < text.n;) {
        if (!mustache_at(&s, at, &tag)) {
            at++;
            continue;
        }
        at += tag.all.n;
        if (tag.kind == '/' && depth-- == 0)
            return false;
        if (mustache_is_structure(tag.kind) && tag.kind != '/') {
            if (tag.kind == '=')
                return false;
            depth++;
        }
    }
    return depth == 0;
}
