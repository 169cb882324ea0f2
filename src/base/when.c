#include <sluice/base/must.h>
#include <sluice/base/when.h>

#include <stdio.h>

#define SEC_MS INT64_C(1000)
#define MIN_MS (60 * SEC_MS)
#define HOUR_MS (60 * MIN_MS)
#define DAY_MS (24 * HOUR_MS)

/* From 0000-01-01T00:00:00.000Z to 9999-12-31T23:59:59.999Z. */
#define WALL_FIRST_MS (INT64_C(-719528) * DAY_MS)
#define WALL_LAST_MS (INT64_C(2932897) * DAY_MS - 1)

struct parts {
    int64_t days; /* since 1970-01-01 */
    int year, month, day, hour, min, sec, ms;
};

/* Howard Hinnant's chrono-compatible date algorithms. Not timegm and gmtime: <time.h> would bring in
 * the process's time zone. */
int64_t civil_days(int64_t year, int month, int day)
{
    int64_t y = year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct civil civil_of(int64_t days)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    struct civil c;

    c.day = (int)(doy - (153 * mp + 2) / 5 + 1);
    c.month = (int)(mp < 10 ? mp + 3 : mp - 9);
    c.year = (int)(yoe + era * 400 + (c.month <= 2));
    return c;
}

static struct parts parts_of(int64_t ms)
{
    struct parts p = {0};
    struct civil date;
    int64_t rest;

    if (ms < WALL_FIRST_MS)
        ms = WALL_FIRST_MS;
    if (ms > WALL_LAST_MS)
        ms = WALL_LAST_MS;
    p.days = ms / DAY_MS - (ms % DAY_MS < 0);
    rest = ms - p.days * DAY_MS;
    date = civil_of(p.days);
    p.year = date.year;
    p.month = date.month;
    p.day = date.day;
    p.hour = (int)(rest / HOUR_MS);
    p.min = (int)(rest % HOUR_MS / MIN_MS);
    p.sec = (int)(rest % MIN_MS / SEC_MS);
    p.ms = (int)(rest % SEC_MS);
    return p;
}

/* Writes `digits` decimal digits of v: snprintf into arrays this tight only earns warnings. */
static char *put_digits(char *out, int v, int digits)
{
    for (int i = digits - 1; i >= 0; i--) {
        out[i] = (char)('0' + v % 10);
        v /= 10;
    }
    return out + digits;
}

static char *put_text(char *out, const char *s, size_t n)
{
    memcpy(out, s, n);
    return out + n;
}

static char *put_time(char *out, const struct parts *p)
{
    out = put_digits(out, p->hour, 2);
    *out++ = ':';
    out = put_digits(out, p->min, 2);
    *out++ = ':';
    return put_digits(out, p->sec, 2);
}

void wall_format(struct wall w, char out[WALL_TEXT])
{
    struct parts p = parts_of(w.ms);

    out = put_digits(out, p.year, 4);
    *out++ = '-';
    out = put_digits(out, p.month, 2);
    *out++ = '-';
    out = put_digits(out, p.day, 2);
    *out++ = 'T';
    out = put_time(out, &p);
    *out++ = '.';
    out = put_digits(out, p.ms, 3);
    put_text(out, "Z", 2);
}

void wall_format_rfc5322(struct wall w, int offset_min, char out[WALL_RFC5322])
{
    static const char day_name[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */
    static const char month_name[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int offset = offset_min < 0 ? -offset_min : offset_min;
    int64_t local;
    struct parts p;

    MUST(offset_min > -24 * 60 && offset_min < 24 * 60);
    if (__builtin_add_overflow(w.ms, offset_min * MIN_MS, &local))
        local = w.ms;
    p = parts_of(local);
    out = put_text(out, day_name + 3 * ((p.days % 7 + 7) % 7), 3);
    out = put_text(out, ", ", 2);
    out = put_digits(out, p.day, 2);
    *out++ = ' ';
    out = put_text(out, month_name + 3 * (p.month - 1), 3);
    *out++ = ' ';
    out = put_digits(out, p.year, 4);
    *out++ = ' ';
    out = put_time(out, &p);
    *out++ = ' ';
    *out++ = offset_min < 0 ? '-' : '+';
    out = put_digits(out, offset / 60, 2);
    out = put_digits(out, offset % 60, 2);
    *out = '\0';
}

/* Takes exactly `digits` digits off the front. */
static bool take_digits(struct str *s, size_t digits, int *out)
{
    int value = 0;

    if (s->n < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (s->p[i] < '0' || s->p[i] > '9')
            return false;
        value = value * 10 + (s->p[i] - '0');
    }
    *s = str_n(s->p + digits, s->n - digits);
    *out = value;
    return true;
}

static bool take_char(struct str *s, const char *one_of)
{
    if (s->n == 0 || s->p[0] == '\0' || !strchr(one_of, s->p[0]))
        return false;
    *s = str_n(s->p + 1, s->n - 1);
    return true;
}

static bool take_date(struct str *s, struct parts *p)
{
    static const int length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap;

    if (!take_digits(s, 4, &p->year) || !take_char(s, "-") || !take_digits(s, 2, &p->month) ||
        !take_char(s, "-") || !take_digits(s, 2, &p->day))
        return false;
    if (p->month < 1 || p->month > 12 || p->day < 1)
        return false;
    leap = p->year % 4 == 0 && (p->year % 100 != 0 || p->year % 400 == 0);
    return p->day <= length[p->month - 1] + (p->month == 2 && leap);
}

/* ".123456": 1 to 9 digits, of which milliseconds stay. */
static bool take_fraction(struct str *s, int *ms)
{
    int digit, scale = 100;
    size_t count = 0;

    while (count < 9 && take_digits(s, 1, &digit)) {
        *ms += digit * scale;
        scale /= 10;
        count++;
    }
    return count > 0;
}

static bool take_time(struct str *s, struct parts *p)
{
    if (!take_digits(s, 2, &p->hour) || !take_char(s, ":") || !take_digits(s, 2, &p->min))
        return false;
    if (take_char(s, ":")) {
        if (!take_digits(s, 2, &p->sec))
            return false;
        if (take_char(s, ".") && !take_fraction(s, &p->ms))
            return false;
    }
    return p->hour < 24 && p->min < 60 && p->sec < 60;
}

/* "Z", "+09:00" or "+0900". */
static bool take_zone(struct str *s, int *offset_min)
{
    bool west = s->n && s->p[0] == '-';
    int hour, min;

    if (take_char(s, "Zz")) {
        *offset_min = 0;
        return true;
    }
    if (!take_char(s, "+-") || !take_digits(s, 2, &hour))
        return false;
    take_char(s, ":");
    if (!take_digits(s, 2, &min) || hour > 23 || min > 59)
        return false;
    *offset_min = (hour * 60 + min) * (west ? -1 : 1);
    return true;
}

bool wall_parse(struct str s, struct wall *out)
{
    struct parts p = {0};
    int offset_min;

    if (!take_date(&s, &p) || !take_char(&s, "Tt ") || !take_time(&s, &p) ||
        !take_zone(&s, &offset_min) || s.n != 0)
        return false;
    out->ms = civil_days(p.year, p.month, p.day) * DAY_MS + p.hour * HOUR_MS +
              (p.min - offset_min) * MIN_MS + p.sec * SEC_MS + p.ms;
    return true;
}

bool duration_parse(struct str s, int64_t *ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } unit[] = {{"ms", 1},           {"s", SEC_MS},        {"sec", SEC_MS},      {"second", SEC_MS},
                {"seconds", SEC_MS}, {"m", MIN_MS},        {"min", MIN_MS},      {"minute", MIN_MS},
                {"minutes", MIN_MS}, {"h", HOUR_MS},       {"hr", HOUR_MS},      {"hour", HOUR_MS},
                {"hours", HOUR_MS},  {"d", DAY_MS},        {"day", DAY_MS},      {"days", DAY_MS},
                {"w", 7 * DAY_MS},   {"week", 7 * DAY_MS}, {"weeks", 7 * DAY_MS}};
    size_t digits = 0;
    uint64_t count;
    struct str name;

    s = str_trim(s);
    while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
        digits++;
    if (!str_to_u64(str_n(s.p, digits), &count))
        return false;
    name = str_trim(str_n(s.p + digits, s.n - digits));
    for (size_t i = 0; i < sizeof unit / sizeof *unit; i++) {
        if (!str_eq_nocase(name, str_of(unit[i].name)))
            continue;
        if (count > (uint64_t)(DURATION_MAX_MS / unit[i].ms))
            return false;
        *ms = (int64_t)count * unit[i].ms;
        return true;
    }
    return false;
}

/* "3d 4h"; the second unit only if there is some of it. */
static void two_units(char *out, size_t size, int64_t big, char big_unit, int64_t small,
                      char small_unit)
{
    if (small)
        snprintf(out, size, "%lld%c %lld%c", (long long)big, big_unit, (long long)small,
                 small_unit);
    else
        snprintf(out, size, "%lld%c", (long long)big, big_unit);
}

/* From 10,000 days on the hours are left out: nobody wants them, and they would not fit. */
static void format_positive(int64_t ms, char *out, size_t size)
{
    if (ms < 100)
        snprintf(out, size, "%dms", (int)ms);
    else if (ms < 10 * SEC_MS && ms % SEC_MS / 100 != 0)
        snprintf(out, size, "%d.%ds", (int)(ms / SEC_MS), (int)(ms % SEC_MS / 100));
    else if (ms < MIN_MS)
        snprintf(out, size, "%ds", (int)(ms / SEC_MS));
    else if (ms < HOUR_MS)
        two_units(out, size, ms / MIN_MS, 'm', ms % MIN_MS / SEC_MS, 's');
    else if (ms < DAY_MS)
        two_units(out, size, ms / HOUR_MS, 'h', ms % HOUR_MS / MIN_MS, 'm');
    else
        two_units(out, size, ms / DAY_MS, 'd', ms < 10000 * DAY_MS ? ms % DAY_MS / HOUR_MS : 0,
                  'h');
}

void duration_format(int64_t ms, char out[16])
{
    char text[64];
    bool negative = ms < 0;

    if (ms == WHEN_NEVER) {
        memcpy(out, "never", sizeof "never");
        return;
    }
    /* Not -INT64_MIN, which does not exist. */
    format_positive(negative ? -(ms + (ms == INT64_MIN)) : ms, text + 1, sizeof text - 1);
    text[0] = '-';
    str_copy(out, 16, str_of(negative ? text : text + 1));
}
