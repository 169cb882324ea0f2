/* pattern.c: see pattern.h. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <sluice/base/buf.h>
#include <sluice/base/must.h>
#include "pattern.h"

static bool range_parse(struct str s, struct pattern_range *out)
{
    size_t dots = 0;
    while (dots + 1 < s.n && !(s.p[dots] == '.' && s.p[dots + 1] == '.'))
        dots++;
    if (dots + 1 >= s.n)
        return false;
    struct str low = str_n(s.p, dots);
    struct str high = str_n(s.p + dots + 2, s.n - dots - 2);
    if (low.n > 15 || high.n > 15 || !str_to_u64(low, &out->low) || !str_to_u64(high, &out->high))
        return false;
    bool padded = low.n > 1 && low.p[0] == '0';
    out->width = padded ? (int)low.n : 0;
    return out->low <= out->high && (!padded || low.n == high.n);
}

static bool pattern_check(struct pattern *p, struct err *e)
{
    p->count = 1;
    for (int i = 0; i < p->ranges; i++) {
        uint64_t n = p->range[i].high - p->range[i].low + 1;
        if (p->count > 1000000000 / n)
            return err_set(e, "stands for more than 1,000,000,000 names");
        p->count *= n;
        const char *next = p->lit[i + 1];
        bool digits_follow = isdigit((unsigned char)next[0]) || (!next[0] && i + 1 < p->ranges);
        if (!p->range[i].width && digits_follow)
            return err_set(e, "a range without leading zeros must not be followed by a digit");
    }
    return true;
}

bool pattern_parse(struct str text, struct pattern *out, struct err *e)
{
    *out = (struct pattern){0};
    if (text.n == 0 || text.n >= PATTERN_NAME)
        return err_set(e, "a name has 1 to %d bytes", PATTERN_NAME - 1);
    for (;;) {
        const char *open = memchr(text.p, '{', text.n);
        size_t n = open ? (size_t)(open - text.p) : text.n;
        out->lit[out->ranges] = mem_strn(text.p, n);
        str_lower(out->lit[out->ranges], n);
        if (!open)
            break;
        const char *close = memchr(open, '}', text.n - n);
        struct str inner = str_n(open + 1, close ? (size_t)(close - open) - 1 : 0);
        bool ok = close && out->ranges < PATTERN_RANGES;
        if (!ok || !range_parse(inner, &out->range[out->ranges])) {
            pattern_done(out);
            return err_set(e,
                           "bad range: write {low..high}, both with the same leading zeros, at "
                           "most %d of them",
                           PATTERN_RANGES);
        }
        out->ranges++;
        text = str_n(close + 1, text.n - (size_t)(close + 1 - text.p));
    }
    if (pattern_check(out, e))
        return true;
    pattern_done(out);
    return false;
}

void pattern_done(struct pattern *p)
{
    for (int i = 0; i <= PATTERN_RANGES; i++)
        free(p->lit[i]);
    *p = (struct pattern){0};
}

static bool take_literal(struct str *rest, const char *lit)
{
    size_t n = strlen(lit);
    if (rest->n < n || !str_eq_nocase(str_n(rest->p, n), str_n(lit, n)))
        return false;
    *rest = str_n(rest->p + n, rest->n - n);
    return true;
}

static bool take_number(struct str *rest, const struct pattern_range *r, uint64_t *value)
{
    size_t n = 0;
    size_t most = r->width ? (size_t)r->width : 15;
    while (n < rest->n && n < most && isdigit((unsigned char)rest->p[n]))
        n++;
    if (n == 0 || (r->width && n != most) || (!r->width && n > 1 && rest->p[0] == '0'))
        return false;
    if (!str_to_u64(str_n(rest->p, n), value) || *value < r->low || *value > r->high)
        return false;
    *rest = str_n(rest->p + n, rest->n - n);
    return true;
}

bool pattern_match(const struct pattern *p, struct str name, uint64_t *index)
{
    uint64_t at = 0;
    for (int i = 0; i < p->ranges; i++) {
        uint64_t value;
        if (!take_literal(&name, p->lit[i]) || !take_number(&name, &p->range[i], &value))
            return false;
        at = at * (p->range[i].high - p->range[i].low + 1) + (value - p->range[i].low);
    }
    *index = at;
    return take_literal(&name, p->lit[p->ranges]) && name.n == 0;
}

/* The value of range k in name number `index`. */
static uint64_t range_value(const struct pattern *p, uint64_t index, int k)
{
    uint64_t value = 0;
    for (int i = p->ranges - 1; i >= k; i--) {
        uint64_t n = p->range[i].high - p->range[i].low + 1;
        value = p->range[i].low + index % n;
        index /= n;
    }
    return value;
}

void pattern_nth(const struct pattern *p, uint64_t index, char out[PATTERN_NAME])
{
    struct buf b;
    buf_init(&b, PATTERN_NAME - 1);
    for (int i = 0; i <= p->ranges; i++) {
        buf_puts(&b, p->lit[i]);
        if (i < p->ranges)
            buf_printf(&b, "%0*llu", p->range[i].width,
                       (unsigned long long)range_value(p, index, i));
    }
    str_copy(out, PATTERN_NAME, str_n(b.data, b.len));
    buf_done(&b);
}

/* "{*}", "{2}", "{1%20}", "{1/10}", each with ":WIDTH" behind it if wanted: appends what it stands for. */
static bool put_reference(struct buf *out, struct str inner, const struct pattern *p,
                          uint64_t index)
{
    struct str rest = inner;
    struct str head;
    uint64_t width = 0, by = 0;
    if (!p || !str_cut(&rest, ':', &head) || head.n == 0)
        return false;
    int k = head.p[0] == '*' ? 0 : head.p[0] - '1';
    if (k < 0 || k >= p->ranges)
        return false;
    uint64_t value = range_value(p, index, k);
    if (head.n == 1)
        width = (uint64_t)p->range[k].width;
    else if (!str_to_u64(str_n(head.p + 2, head.n - 2), &by) || by == 0)
        return false;
    else if (head.p[1] == '%')
        value %= by;
    else if (head.p[1] == '/')
        value /= by;
    else
        return false;
    if (head.n < inner.n && (!str_to_u64(rest, &width) || width > 15))
        return false;
    buf_printf(out, "%0*llu", (int)width, (unsigned long long)value);
    return true;
}

static bool is_range_text(struct str inner)
{
    for (size_t i = 0; i + 1 < inner.n; i++)
        if (inner.p[i] == '.' && inner.p[i + 1] == '.')
            return true;
    return false;
}

/* Puts the references in, leaves ranges as they are. */
static bool put_references(struct buf *out, struct str text, const struct pattern *p,
                           uint64_t index)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '*') {
            if (!put_reference(out, str_of("*"), p, index))
                return false;
            continue;
        }
        if (text.p[i] != '{') {
            buf_putc(out, text.p[i]);
            continue;
        }
        const char *close = memchr(text.p + i, '}', text.n - i);
        if (!close)
            return false;
        struct str inner = str_n(text.p + i + 1, (size_t)(close - text.p) - i - 1);
        if (is_range_text(inner))
            buf_put(out, text.p + i, inner.n + 2);
        else if (!put_reference(out, inner, p, index))
            return false;
        i += inner.n + 1;
    }
    return !buf_is_full(out);
}

bool template_fill(struct str text, const struct pattern *p, uint64_t index, char out[PATTERN_NAME],
                   struct err *e)
{
    struct buf b;
    buf_init(&b, PATTERN_NAME - 1);
    bool ok = put_references(&b, text, p, index);
    str_copy(out, PATTERN_NAME, str_n(b.data, b.len));
    buf_done(&b);
    return ok || err_set(e, "bad reference: write *, {*}, {2}, {1%%20} or {1/10} for a range that "
                            "the name has");
}

bool template_each(struct str text, const struct pattern *p, uint64_t index, size_t limit,
                   void (*each)(void *arg, const char *value), void *arg, struct err *e)
{
    char filled[PATTERN_NAME];
    struct pattern values;
    if (!template_fill(text, p, index, filled, e) || !pattern_parse(str_of(filled), &values, e))
        return false;
    for (uint64_t i = 0; i < values.count && i < limit; i++) {
        char one[PATTERN_NAME];
        pattern_nth(&values, i, one);
        each(arg, one);
    }
    pattern_done(&values);
    return true;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool glob_match(const char *glob, struct str text)
{
    if (!glob)
        return true;
    const char *star = NULL;
    size_t i = 0;
    size_t back = 0;
    while (i < text.n) {
        if (*glob == '*') {
            star = glob++;
            back = i;
        } else if (*glob && (*glob == '?' || lower(*glob) == lower(text.p[i]))) {
            glob++;
            i++;
        } else if (star) {
            glob = star + 1;
            i = ++back;
        } else {
            return false;
        }
    }
    while (*glob == '*')
        glob++;
    return *glob == '\0';
}
