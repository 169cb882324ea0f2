#include <sluice/base/must.h>
#include <sluice/base/str.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* memcmp must not see NULL, not even for 0 bytes. */
static bool same(const char *a, const char *b, size_t n)
{
    return n == 0 || memcmp(a, b, n) == 0;
}

static bool same_nocase(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (lower(a[i]) != lower(b[i]))
            return false;
    }
    return true;
}

bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && same(a.p, b.p, a.n);
}

bool str_eq_nocase(struct str a, struct str b)
{
    return a.n == b.n && same_nocase(a.p, b.p, a.n);
}

bool str_is(struct str a, const char *b)
{
    return str_eq(a, str_of(b));
}

bool str_starts(struct str a, const char *prefix)
{
    struct str b = str_of(prefix);

    return a.n >= b.n && same(a.p, b.p, b.n);
}

bool str_ends_nocase(struct str a, const char *suffix)
{
    struct str b = str_of(suffix);

    return a.n >= b.n && (b.n == 0 || same_nocase(a.p + (a.n - b.n), b.p, b.n));
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str a)
{
    while (a.n && is_blank(a.p[0])) {
        a.p++;
        a.n--;
    }
    while (a.n && is_blank(a.p[a.n - 1]))
        a.n--;
    return a;
}

bool str_cut(struct str *rest, char at, struct str *part)
{
    const char *found;

    if (rest->n == 0)
        return false;
    found = memchr(rest->p, at, rest->n);
    if (!found) {
        *part = *rest;
        *rest = str_n(rest->p + rest->n, 0);
        return true;
    }
    *part = str_n(rest->p, (size_t)(found - rest->p));
    *rest = str_n(found + 1, rest->n - part->n - 1);
    return true;
}

/* Where to cut `from` so that at most `most` bytes stay and no UTF-8 sequence is torn. Bytes that
 * are no UTF-8 anyway are cut anywhere. */
static size_t cut_at(struct str from, size_t most)
{
    size_t i = most;

    if (from.n <= most)
        return from.n;
    while (i > 0 && most - i < 3 && ((unsigned char)from.p[i] & 0xc0) == 0x80)
        i--;
    return ((unsigned char)from.p[i] & 0xc0) == 0xc0 ? i : most;
}

void str_copy(char *to, size_t size, struct str from)
{
    size_t n;

    MUST(size > 0);
    n = cut_at(from, size - 1);
    if (n)
        memmove(to, from.p, n);
    to[n] = '\0';
}

void str_lower(char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        s[i] = lower(s[i]);
}

bool str_to_u64(struct str s, uint64_t *out)
{
    uint64_t value = 0;

    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(s.p[i] - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}

bool str_to_i64(struct str s, int64_t *out)
{
    bool negative = s.n && s.p[0] == '-';
    uint64_t value;

    if (negative)
        s = str_n(s.p + 1, s.n - 1);
    if (!str_to_u64(s, &value) || value > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return false;
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

char *str_number(uint64_t n, char out[NUMBER_TEXT])
{
    char digits[NUMBER_TEXT];
    size_t at = sizeof digits - 1, count = 0;

    digits[at] = '\0';
    do {
        if (count && count % 3 == 0)
            digits[--at] = ',';
        digits[--at] = (char)('0' + n % 10);
        n /= 10;
        count++;
    } while (n);
    memmove(out, digits + at, sizeof digits - at);
    return out;
}

uint64_t str_hash(struct str s)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
    /* FNV leaves the low bits, which choose the place in a map, weak: the finalizer of MurmurHash3.
     */
    h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdu;
    h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53u;
    return h ^ (h >> 33);
}

#define DISTANCE_MAX 64

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
    unsigned ab = a < b ? a : b;

    return ab < c ? ab : c;
}

unsigned str_distance(struct str a, struct str b)
{
    unsigned rows[3][DISTANCE_MAX + 1]; /* this row, the one before and the one before that */
    unsigned *now = rows[0], *before = rows[1], *oldest = rows[2];

    a.n = a.n < DISTANCE_MAX ? a.n : DISTANCE_MAX;
    b.n = b.n < DISTANCE_MAX ? b.n : DISTANCE_MAX;
    for (size_t j = 0; j <= b.n; j++)
        now[j] = (unsigned)j;
    for (size_t i = 1; i <= a.n; i++) {
        unsigned *spare = oldest;

        oldest = before;
        before = now;
        now = spare;
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= b.n; j++) {
            unsigned change = a.p[i - 1] != b.p[j - 1];

            now[j] = smallest(now[j - 1] + 1, before[j] + 1, before[j - 1] + change);
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1] &&
                oldest[j - 2] + 1 < now[j])
                now[j] = oldest[j - 2] + 1;
        }
    }
    return now[b.n];
}
