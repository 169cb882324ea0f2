/* Numbers as decimal text: no floating point touches a price. */
#include "filter.h"

#define NUMBER_DIGITS_MAX 60 /* more is no number that a person reads */

/* The digits at the beginning of s; with separators, when they stand where they must. */
static size_t whole_length(struct str s)
{
    size_t i = 0, group = 0;
    bool is_grouped = false;

    for (; i < s.n; i++) {
        if (s.p[i] == ',') {
            if (group == 0 || group > 3 || (is_grouped && group != 3))
                return 0;
            is_grouped = true;
            group = 0;
        } else if (s.p[i] >= '0' && s.p[i] <= '9') {
            group++;
        } else {
            break;
        }
    }
    return is_grouped && group != 3 ? 0 : i;
}

static size_t digits_length(struct str s)
{
    size_t n = 0;

    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
        n++;
    return n;
}

bool decimal_parse(struct str s, struct decimal *out)
{
    struct decimal d = {0};
    size_t n;

    s = str_trim(s);
    if (s.n && (s.p[0] == '-' || s.p[0] == '+')) {
        d.is_negative = s.p[0] == '-';
        s = str_n(s.p + 1, s.n - 1);
    }
    n = whole_length(s);
    d.whole = str_n(s.p, n);
    s = str_n(s.p + n, s.n - n);
    if (s.n && s.p[0] == '.') {
        d.fraction = str_n(s.p + 1, digits_length(str_n(s.p + 1, s.n - 1)));
        if (d.fraction.n == 0)
            return false;
        s = str_n(s.p + 1 + d.fraction.n, s.n - 1 - d.fraction.n);
    }
    if (s.n || (d.whole.n == 0 && d.fraction.n == 0))
        return false;
    while (d.whole.n && (d.whole.p[0] == '0' || d.whole.p[0] == ','))
        d.whole = str_n(d.whole.p + 1, d.whole.n - 1);
    *out = d;
    return true;
}

/* ---- comparison */

static size_t count_digits(struct str whole)
{
    size_t n = 0;

    for (size_t i = 0; i < whole.n; i++)
        n += whole.p[i] != ',';
    return n;
}

static int compare_whole(struct str a, struct str b)
{
    size_t na = count_digits(a), nb = count_digits(b);

    if (na != nb)
        return na < nb ? -1 : 1;
    for (size_t i = 0, j = 0; i < a.n && j < b.n; i++, j++) {
        i += a.p[i] == ',';
        j += b.p[j] == ',';
        if (a.p[i] != b.p[j])
            return a.p[i] < b.p[j] ? -1 : 1;
    }
    return 0;
}

static int compare_fraction(struct str a, struct str b)
{
    for (size_t i = 0; i < a.n || i < b.n; i++) {
        char ca = i < a.n ? a.p[i] : '0', cb = i < b.n ? b.p[i] : '0';

        if (ca != cb)
            return ca < cb ? -1 : 1;
    }
    return 0;
}

static bool is_zero(const struct decimal *d)
{
    return d->whole.n == 0 && compare_fraction(d->fraction, str_n(NULL, 0)) == 0;
}

int decimal_compare(const struct decimal *a, const struct decimal *b)
{
    bool a_below = a->is_negative && !is_zero(a), b_below = b->is_negative && !is_zero(b);
    int order;

    if (a_below != b_below)
        return a_below ? -1 : 1;
    order = compare_whole(a->whole, b->whole);
    if (order == 0)
        order = compare_fraction(a->fraction, b->fraction);
    return a_below ? -order : order;
}

/* ---- printing */

/* digit[0] is free for a carry; the next `whole` digits stand before the point. */
struct digits {
    char digit[1 + 2 * NUMBER_DIGITS_MAX];
    size_t whole, decimals;
};

static bool digits_fill(struct digits *n, const struct decimal *d, uint32_t decimals)
{
    bool is_up = d->fraction.n > decimals && d->fraction.p[decimals] >= '5';
    size_t at = 1;

    if (count_digits(d->whole) > NUMBER_DIGITS_MAX || decimals > NUMBER_DIGITS_MAX)
        return false;
    n->decimals = decimals;
    n->digit[0] = '0';
    if (d->whole.n == 0)
        n->digit[at++] = '0';
    for (size_t i = 0; i < d->whole.n; i++) {
        if (d->whole.p[i] != ',')
            n->digit[at++] = d->whole.p[i];
    }
    n->whole = at - 1;
    for (size_t i = 0; i < n->decimals; i++)
        n->digit[at++] = i < d->fraction.n ? d->fraction.p[i] : '0';
    for (; is_up && at-- > 0; is_up = n->digit[at] == '0')
        n->digit[at] = n->digit[at] == '9' ? '0' : (char)(n->digit[at] + 1);
    return true;
}

static bool digits_are_zero(const struct digits *n)
{
    for (size_t i = 0; i < 1 + n->whole + n->decimals; i++) {
        if (n->digit[i] != '0')
            return false;
    }
    return true;
}

static bool print(struct str value, uint32_t decimals, struct buf *out)
{
    struct decimal d;
    struct digits n;
    size_t first;

    if (!decimal_parse(value, &d) || !digits_fill(&n, &d, decimals))
        return false;
    if (d.is_negative && !digits_are_zero(&n))
        buf_putc(out, '-');
    first = n.digit[0] == '0' ? 1 : 0;
    for (size_t i = first; i <= n.whole; i++) {
        if (i > first && (n.whole + 1 - i) % 3 == 0)
            buf_putc(out, ',');
        buf_putc(out, n.digit[i]);
    }
    if (n.decimals) {
        buf_putc(out, '.');
        buf_put(out, n.digit + 1 + n.whole, n.decimals);
    }
    return true;
}

void filter_number(struct str value, uint32_t decimals, struct buf *out)
{
    if (!print(value, decimals, out))
        buf_put(out, value.p, value.n);
}

void filter_won(struct str value, struct buf *out)
{
    if (print(value, 0, out))
        buf_puts(out, "원");
    else
        buf_put(out, value.p, value.n);
}
