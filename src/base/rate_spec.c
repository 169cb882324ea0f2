#include <inttypes.h>
#include <stdio.h>
#include <sluice/base/buf.h>
#include <sluice/base/must.h>
#include <sluice/base/rate.h>
#include <sluice/base/when.h>

/* Nobody means "one every 1.7 seconds" by 50,000/day. */
#define QUOTA_FROM_US INT64_C(3600000000)

/* "1000" or "1,000": commas only where thousands end, so that "1,5" is never read as 15. */
static bool count_parse(struct str s, uint64_t *out)
{
    char digits[24];
    size_t n = 0;
    bool has_comma = s.n && memchr(s.p, ',', s.n) != NULL;

    if (s.n > 20 || (s.n && s.p[0] == ','))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        bool comma_goes_here = has_comma && (s.n - i) % 4 == 0;

        if ((s.p[i] == ',') != comma_goes_here)
            return false;
        if (s.p[i] != ',')
            digits[n++] = s.p[i];
    }
    return str_to_u64(str_n(digits, n), out);
}

static bool unit_parse(struct str s, int64_t *period_us)
{
    static const struct {
        const char *name;
        int64_t sec;
    } unit[] = {{"s", 1},     {"sec", 1},     {"min", 60},  {"h", 3600},
                {"hr", 3600}, {"hour", 3600}, {"d", 86400}, {"day", 86400}};

    for (size_t i = 0; i < sizeof unit / sizeof *unit; i++) {
        if (str_eq_nocase(s, str_of(unit[i].name))) {
            *period_us = unit[i].sec * 1000000;
            return true;
        }
    }
    return false;
}

bool rate_spec_parse(struct str s, struct rate_spec *out)
{
    static const char burst_key[] = "max_burst=";
    struct rate_spec spec = {0};
    struct str rest = str_trim(s), count, unit;
    bool has_burst;

    if (rest.n == 0 || !memchr(rest.p, '/', rest.n))
        return false;
    str_cut(&rest, '/', &count);
    if (rest.n && rest.p[rest.n - 1] == ',')
        return false;
    if (!str_cut(&rest, ',', &unit))
        return false;
    has_burst = rest.n > 0;
    if (has_burst) {
        rest = str_trim(rest);
        if (!str_starts(rest, burst_key))
            return false;
        rest = str_n(rest.p + sizeof burst_key - 1, rest.n - (sizeof burst_key - 1));
        if (!str_to_u64(rest, &spec.burst))
            return false;
    }
    if (!count_parse(str_trim(count), &spec.count) || !unit_parse(str_trim(unit), &spec.period_us))
        return false;
    if (!has_burst)
        spec.burst = spec.period_us < QUOTA_FROM_US ? 1 : 0;
    else if (spec.burst == 0)
        return false;
    if (spec.count == 0 || spec.count > RATE_COUNT_MAX || spec.burst > RATE_COUNT_MAX)
        return false;
    *out = spec;
    return true;
}

bool rate_spec_equal(const struct rate_spec *a, const struct rate_spec *b)
{
    return a->count == b->count &&
           (a->count == 0 || (a->period_us == b->period_us && a->burst == b->burst));
}

static void put_unit(struct buf *out, int64_t period_us)
{
    static const struct {
        const char *name;
        int64_t sec;
    } unit[] = {{"s", 1}, {"min", 60}, {"hour", 3600}, {"day", 86400}};
    char text[16];

    for (size_t i = 0; i < sizeof unit / sizeof *unit; i++) {
        if (unit[i].sec * 1000000 == period_us) {
            buf_puts(out, unit[i].name);
            return;
        }
    }
    duration_format(period_us / 1000, text);
    buf_puts(out, text);
}

void rate_spec_format(const struct rate_spec *s, char out[RATE_TEXT])
{
    bool is_usual = s->burst == (s->period_us < QUOTA_FROM_US ? 1 : 0);
    char count[NUMBER_TEXT];
    struct buf b;

    buf_init(&b, RATE_TEXT - 1);
    if (s->count == 0) {
        buf_puts(&b, "none");
    } else {
        buf_puts(&b, str_number(s->count, count));
        buf_putc(&b, '/');
        put_unit(&b, s->period_us);
        if (!is_usual)
            buf_printf(&b, ",max_burst=%" PRIu64, s->burst);
    }
    str_copy(out, RATE_TEXT, str_n(b.data, b.len));
    buf_done(&b);
}

void rates_format(const struct rates *r, char out[RATES_TEXT])
{
    struct buf b;
    char text[RATE_TEXT];

    MUST(r->count <= RATES_MAX);
    buf_init(&b, RATES_TEXT - 1);
    for (unsigned i = 0; i < r->count; i++) {
        rate_spec_format(&r->item[i], text);
        if (i > 0)
            buf_puts(&b, " and ");
        buf_puts(&b, text);
    }
    str_copy(out, RATES_TEXT, r->count > 0 ? str_n(b.data, b.len) : str_of("none"));
    buf_done(&b);
}
