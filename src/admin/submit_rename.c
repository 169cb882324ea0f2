/* submit_rename.c: replaces one string in a job file without disturbing anything else.
 *
 * libconfig could write the file anew, but would drop the comments and move the lines that intake's
 * messages name. So this looks for the one place by itself, and the caller reads the result again
 * with libconfig to see that it was the right one.
 */
#include "submit.h"

#include <string.h>
#include <sluice/base/must.h>

struct reader {
    const char *p, *end;
};

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '*';
}

static bool at(const struct reader *r, const char *s)
{
    size_t n = strlen(s);
    return (size_t)(r->end - r->p) >= n && memcmp(r->p, s, n) == 0;
}

static void skip_to(struct reader *r, const char *s)
{
    while (r->p < r->end && !at(r, s))
        r->p++;
}

/* White space and comments: # and // to the end of the line, and C's. */
static void skip_blank(struct reader *r)
{
    for (;;) {
        while (r->p < r->end && strchr(" \t\r\n\f", *r->p) && *r->p)
            r->p++;
        if (at(r, "#") || at(r, "//")) {
            skip_to(r, "\n");
        } else if (at(r, "/*")) {
            r->p += 2;
            skip_to(r, "*/");
            r->p += at(r, "*/") ? 2 : 0;
        } else {
            return;
        }
    }
}

static void skip_string(struct reader *r)
{
    r->p++;
    while (r->p < r->end && *r->p != '"')
        r->p += *r->p == '\\' && r->end - r->p > 1 ? 2 : 1;
    r->p += r->p < r->end;
}

/* Behind the name: `= "a" "b"`. Fills the range of the strings. */
static bool find_value(struct reader r, struct str *range)
{
    skip_blank(&r);
    if (!at(&r, "=") && !at(&r, ":"))
        return false;
    r.p++;
    skip_blank(&r);
    const char *start = r.p, *stop = r.p;
    while (at(&r, "\"")) {
        skip_string(&r);
        stop = r.p;
        skip_blank(&r);
    }
    *range = str_n(start, (size_t)(stop - start));
    return range->n > 0;
}

static bool find_recipients(struct str text, struct str *range)
{
    struct reader r = {text.p, text.p + text.n};
    int depth = 0;
    for (skip_blank(&r); r.p < r.end; skip_blank(&r)) {
        const char *start = r.p;
        while (r.p < r.end && is_word(*r.p))
            r.p++;
        if (r.p > start) {
            if (depth == 0 && str_is(str_n(start, (size_t)(r.p - start)), "recipients") &&
                find_value(r, range))
                return true;
        } else if (*r.p == '"') {
            skip_string(&r);
        } else {
            depth += strchr("{([", *r.p) && *r.p ? 1 : 0;
            depth -= strchr("})]", *r.p) && *r.p ? 1 : 0;
            r.p++;
        }
    }
    return false;
}

bool submission_rename(struct str text, const char *recipients, struct buf *out)
{
    struct str old;
    if (!find_recipients(text, &old))
        return false;
    buf_put(out, text.p, (size_t)(old.p - text.p));
    buf_putc(out, '"');
    for (const char *s = recipients; *s; s++) {
        if (*s == '"' || *s == '\\')
            buf_putc(out, '\\');
        buf_putc(out, *s);
    }
    buf_putc(out, '"');
    for (size_t i = 0; i < old.n; i++)
        if (old.p[i] == '\n')
            buf_putc(out, '\n');
    const char *rest = old.p + old.n;
    buf_put(out, rest, (size_t)(text.p + text.n - rest));
    return !buf_is_full(out);
}
