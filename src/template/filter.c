/* Values through filters. */
#include "filter.h"

#include <sluice/base/must.h>
#include <sluice/base/utf8.h>

static bool is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void filter_url(struct str value, struct buf *out)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < value.n && !buf_is_full(out);) {
        unsigned char c = (unsigned char)value.p[i];
        uint32_t cp;
        size_t n = utf8_next(value.p + i, value.n - i, &cp);

        if (is_unreserved(c)) {
            buf_putc(out, (char)c);
        } else if (n == 1 && c >= 0x80) {
            buf_puts(out, "%EF%BF%BD");
        } else {
            for (size_t k = 0; k < n; k++) {
                c = (unsigned char)value.p[i + k];
                buf_put(out, (char[]){'%', hex[c >> 4], hex[c & 15]}, 3);
            }
        }
        i += n;
    }
}

static void apply(const struct filter *f, struct str value, struct buf *out)
{
    switch (f->kind) {
    case FILTER_DEFAULT:
        buf_put(out, value.p, value.n);
        return;
    case FILTER_UPPER:
        filter_upper(value, out);
        return;
    case FILTER_LOWER:
        filter_lower(value, out);
        return;
    case FILTER_TRUNCATE:
        filter_truncate(value, f->number, out);
        return;
    case FILTER_DATE:
        filter_date(value, f->text, out);
        return;
    case FILTER_NUMBER:
        filter_number(value, f->number, out);
        return;
    case FILTER_WON:
        filter_won(value, out);
        return;
    case FILTER_URL:
        filter_url(value, out);
        return;
    }
    MUST(false);
}

/* Behind the last filter that makes something new. */
static size_t changes_end(const struct filter *f, size_t n)
{
    while (n > 0 && f[n - 1].kind == FILTER_DEFAULT)
        n--;
    return n;
}

static struct str apply_aside(const struct filter *f, struct str value, struct buf *aside,
                              struct buf *out)
{
    if (aside->data)
        buf_clear(aside);
    else
        buf_init(aside, FILTER_VALUE_MAX);
    apply(f, value, aside);
    if (buf_is_full(aside))
        out->full = true;
    return str_n(aside->data, aside->len);
}

bool filters_apply(const struct filter *f, size_t n, struct str value, bool has_value,
                   struct buf *out)
{
    struct buf aside[2] = {{0}}; /* what one filter made and the next one reads */
    size_t end = changes_end(f, n);
    unsigned turn = 0;

    has_value = has_value && value.n > 0;
    for (size_t i = 0; i < n; i++) {
        if (f[i].kind == FILTER_DEFAULT && !has_value) {
            value = f[i].text;
            has_value = true;
        } else if (f[i].kind != FILTER_DEFAULT && value.n > 0) {
            if (i + 1 == end) {
                apply(&f[i], value, out);
                value.n = 0;
                break;
            }
            value = apply_aside(&f[i], value, &aside[turn++ % 2], out);
        }
    }
    buf_put(out, value.p, value.n);
    buf_done(&aside[0]);
    buf_done(&aside[1]);
    return has_value;
}
