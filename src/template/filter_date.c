/* Dates as people read them in Korea. What comes from a CSV has many forms: each is taken as it is
 * written, a zone changes nothing; only seconds since 1970 need one, and get UTC+9. */
#include <sluice/base/when.h>

#include "filter.h"

#define KOREA_OFFSET_SEC (9 * 3600)
#define DAY_SEC 86400
#define DEFAULT_FORMAT "%Y년 %-m월 %-d일"

struct moment {
    int year, month, day, hour, minute, second;
};

/* ---- reading */

/* Takes `least` to `most` digits off the front. */
static bool take_digits(struct str *s, size_t least, size_t most, int *out)
{
    size_t n = 0;

    *out = 0;
    while (n < s->n && n < most && s->p[n] >= '0' && s->p[n] <= '9')
        *out = *out * 10 + (s->p[n++] - '0');
    *s = str_n(s->p + n, s->n - n);
    return n >= least;
}

static bool take_char(struct str *s, const char *any)
{
    if (s->n == 0 || s->p[0] == '\0' || !strchr(any, s->p[0]))
        return false;
    *s = str_n(s->p + 1, s->n - 1);
    return true;
}

static bool is_possible(const struct moment *m)
{
    struct civil c;

    if (m->year < 1 || m->month < 1 || m->month > 12 || m->day < 1 || m->hour > 23 ||
        m->minute > 59 || m->second > 59)
        return false;
    c = civil_of(civil_days(m->year, m->month, m->day));
    return c.month == m->month && c.day == m->day;
}

/* Z, +09:00, +0900, +09, or nothing. */
static bool take_zone(struct str *s)
{
    int ignored;

    if (s->n == 0 || take_char(s, "Zz"))
        return true;
    if (!take_char(s, "+-") || !take_digits(s, 2, 2, &ignored))
        return false;
    if (s->n == 0)
        return true;
    take_char(s, ":");
    return take_digits(s, 2, 2, &ignored);
}

/* 08:30, 08:30:00, 08:30:00.5, and a zone */
static bool take_time(struct str *s, struct moment *m)
{
    int ignored;

    if (!take_digits(s, 1, 2, &m->hour) || !take_char(s, ":") || !take_digits(s, 2, 2, &m->minute))
        return false;
    if (take_char(s, ":")) {
        if (!take_digits(s, 2, 2, &m->second))
            return false;
        if (take_char(s, ".,") && !take_digits(s, 1, 9, &ignored))
            return false;
    }
    return take_zone(s);
}

static bool read_written(struct str s, struct moment *m)
{
    const char *separator;

    if (!take_digits(&s, 4, 4, &m->year) || s.n == 0)
        return false;
    separator = s.p[0] == '-' ? "-" : s.p[0] == '/' ? "/" : ".";
    if (!take_char(&s, separator) || !take_digits(&s, 1, 2, &m->month) ||
        !take_char(&s, separator) || !take_digits(&s, 1, 2, &m->day))
        return false;
    if (take_char(&s, "Tt ") && !take_time(&s, m))
        return false;
    return s.n == 0 && is_possible(m);
}

/* YYYYMMDD, YYYYMMDDhhmm, YYYYMMDDhhmmss */
static bool read_compact(struct str s, struct moment *m)
{
    take_digits(&s, 4, 4, &m->year);
    take_digits(&s, 2, 2, &m->month);
    take_digits(&s, 2, 2, &m->day);
    take_digits(&s, 2, 2, &m->hour);
    take_digits(&s, 2, 2, &m->minute);
    take_digits(&s, 2, 2, &m->second);
    return is_possible(m);
}

static void of_seconds(int64_t utc_sec, struct moment *m)
{
    int64_t sec = utc_sec + KOREA_OFFSET_SEC;
    struct civil c = civil_of(sec / DAY_SEC);
    int in_day = (int)(sec % DAY_SEC);

    *m = (struct moment){c.year, c.month, c.day, in_day / 3600, in_day / 60 % 60, in_day % 60};
}

/* How many digits there are says what they are: milliseconds of our days have 13, seconds 10. */
static bool read_digits(struct str s, uint64_t number, struct moment *m)
{
    switch (s.n) {
    case 8:
    case 12:
    case 14:
        return read_compact(s, m);
    case 9:
    case 10:
        of_seconds((int64_t)number, m);
        return true;
    case 13:
        of_seconds((int64_t)(number / 1000), m);
        return true;
    default:
        return false;
    }
}

static bool read_moment(struct str s, struct moment *m)
{
    uint64_t number;

    *m = (struct moment){0};
    s = str_trim(s);
    if (str_to_u64(s, &number))
        return read_digits(s, number, m);
    return read_written(s, m);
}

/* ---- writing */

static const char *weekday(const struct moment *m)
{
    static const char *const name[] = {"일", "월", "화", "수", "목", "금", "토"};
    int64_t days = civil_days(m->year, m->month, m->day);

    return name[((days + 4) % 7 + 7) % 7]; /* 1970-01-01 was a Thursday */
}

static void write_number(int number, bool is_short, struct buf *out)
{
    if (number >= 10 || !is_short)
        buf_putc(out, (char)('0' + number / 10));
    buf_putc(out, (char)('0' + number % 10));
}

static void write_part(char letter, bool is_short, const struct moment *m, struct buf *out)
{
    switch (letter) {
    case 'Y':
        write_number(m->year / 100, false, out);
        write_number(m->year % 100, false, out);
        return;
    case 'y':
        write_number(m->year % 100, false, out);
        return;
    case 'm':
        write_number(m->month, is_short, out);
        return;
    case 'd':
        write_number(m->day, is_short, out);
        return;
    case 'H':
        write_number(m->hour, is_short, out);
        return;
    case 'I':
        write_number(m->hour % 12 ? m->hour % 12 : 12, is_short, out);
        return;
    case 'M':
        write_number(m->minute, false, out);
        return;
    case 'S':
        write_number(m->second, false, out);
        return;
    case 'p':
        buf_puts(out, m->hour < 12 ? "오전" : "오후");
        return;
    case 'a':
        buf_puts(out, weekday(m));
        return;
    case 'A':
        buf_puts(out, weekday(m));
        buf_puts(out, "요일");
        return;
    default:
        buf_putc(out, letter); /* %% */
    }
}

/* Takes one conversion behind its '%'; false: there is none like it. */
static bool take_conversion(struct str *rest, char *letter, bool *is_short)
{
    const char *known = "YymdHIMSpaA%";

    *is_short = take_char(rest, "-");
    if (*is_short)
        known = "mdHI";
    if (rest->n == 0)
        return false;
    *letter = rest->p[0];
    return take_char(rest, known);
}

bool date_format_is_good(struct str format, struct str *bad)
{
    struct str plain, rest = format;
    bool is_short;
    char letter;

    while (str_cut(&rest, '%', &plain) && plain.p + plain.n < format.p + format.n) {
        const char *sign = plain.p + plain.n;

        if (take_conversion(&rest, &letter, &is_short))
            continue;
        *bad = str_n(sign, rest.n && (unsigned char)rest.p[0] < 0x80 ? (size_t)(rest.p - sign) + 1
                                                                     : (size_t)(rest.p - sign));
        return false;
    }
    return true;
}

void filter_date(struct str value, struct str format, struct buf *out)
{
    struct str rest = format.n ? format : str_of(DEFAULT_FORMAT);
    struct moment m;
    bool is_short;
    char letter;

    if (!read_moment(value, &m)) {
        buf_put(out, value.p, value.n);
        return;
    }
    while (rest.n) {
        size_t n = 0;

        while (n < rest.n && rest.p[n] != '%')
            n++;
        buf_put(out, rest.p, n);
        rest = str_n(rest.p + n, rest.n - n);
        if (take_char(&rest, "%") && take_conversion(&rest, &letter, &is_short))
            write_part(letter, is_short, &m, out);
    }
}
