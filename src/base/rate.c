#include <sluice/base/must.h>
#include <sluice/base/rate.h>

/* A quarter of the range, so that sums of two such values cannot overflow. */
#define FAR (INT64_MAX / 4)

struct rate rate_make(uint64_t count, int64_t period_us, uint64_t burst)
{
    struct rate r = {0, 0, -FAR};

    MUST(period_us > 0);
    if (count == 0)
        return r;
    /* Rounded up: rather a little slower than ever too fast. */
    r.interval_us = count >= (uint64_t)period_us
                        ? 1
                        : period_us / (int64_t)count + (period_us % (int64_t)count != 0);
    if (r.interval_us > FAR)
        r.interval_us = FAR;
    if (burst > 1) {
        uint64_t most = (uint64_t)(FAR / r.interval_us);

        r.tolerance_us = (int64_t)(burst - 1 < most ? burst - 1 : most) * r.interval_us;
    }
    return r;
}

int64_t rate_when(const struct rate *r, int64_t now_us)
{
    int64_t at;

    if (r->interval_us == 0 || __builtin_sub_overflow(r->tat_us, r->tolerance_us, &at))
        return now_us;
    return at > now_us ? at : now_us;
}

void rate_take(struct rate *r, int64_t now_us)
{
    int64_t from = r->tat_us > now_us ? r->tat_us : now_us;

    MUST(now_us >= rate_when(r, now_us));
    if (r->interval_us == 0)
        return;
    if (__builtin_add_overflow(from, r->interval_us, &r->tat_us))
        r->tat_us = INT64_MAX;
}

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
    struct rate_spec spec = {.burst = 1};
    struct str rest = str_trim(s), count, unit;

    if (rest.n == 0 || !memchr(rest.p, '/', rest.n))
        return false;
    str_cut(&rest, '/', &count);
    if (rest.n && rest.p[rest.n - 1] == ',')
        return false;
    if (!str_cut(&rest, ',', &unit))
        return false;
    if (rest.n) {
        rest = str_trim(rest);
        if (!str_starts(rest, burst_key))
            return false;
        rest = str_n(rest.p + sizeof burst_key - 1, rest.n - (sizeof burst_key - 1));
        if (!str_to_u64(rest, &spec.burst))
            return false;
    }
    if (!count_parse(str_trim(count), &spec.count) || !unit_parse(str_trim(unit), &spec.period_us))
        return false;
    if (spec.count == 0 || spec.count > RATE_COUNT_MAX || spec.burst == 0 ||
        spec.burst > RATE_COUNT_MAX)
        return false;
    *out = spec;
    return true;
}
