/* tzif.c: see tzif.h. (P) */
#include "tzif.h"

#include <stdlib.h>
#include <sluice/base/must.h>

#include "civil.h"

/* Sizes of the version 1 block and of the 64-bit one behind it. */
struct counts {
    uint32_t isut, isstd, leap, time, type, chars;
};
/* No zone's table goes on for longer than a few decades from now. */
#define LAST_SEC (INT64_C(300) * 366 * DAY_SEC)

struct out {
    struct zone_change *change;
    size_t count;
};

static int64_t big_endian(const char *p, size_t n)
{
    uint64_t v = (p[0] & 0x80) ? UINT64_MAX : 0;

    for (size_t i = 0; i < n; i++)
        v = v << 8 | (unsigned char)p[i];
    return (int64_t)v;
}

static bool read_header(struct str *s, struct counts *c)
{
    uint32_t *field[] = {&c->isut, &c->isstd, &c->leap, &c->time, &c->type, &c->chars};

    if (s->n < 44 || memcmp(s->p, "TZif", 4) != 0 || s->p[4] < '2')
        return false;
    for (size_t i = 0; i < 6; i++) {
        *field[i] = (uint32_t)big_endian(s->p + 20 + 4 * i, 4);
        if (*field[i] > 10000)
            return false;
    }
    *s = str_n(s->p + 44, s->n - 44);
    return c->type > 0 && c->type <= 256 && c->chars > 0;
}

static size_t block_bytes(const struct counts *c, size_t time_bytes)
{
    return c->time * (time_bytes + 1) + c->type * 6 + c->chars + c->leap * (time_bytes + 4) +
           c->isstd + c->isut;
}

static void add(struct out *out, int64_t at_sec, int32_t offset_sec, struct str abbr)
{
    struct zone_change *c;

    /* A rule's first years repeat what the table already holds. */
    if (out->count > 0 && at_sec <= out->change[out->count - 1].at_sec)
        return;
    out->change = mem_grow(out->change, out->count + 1, sizeof *out->change);
    c = &out->change[out->count++];
    *c = (struct zone_change){.at_sec = at_sec, .offset_sec = offset_sec};
    str_copy(c->abbr, sizeof c->abbr, abbr);
}

static bool read_block(struct str s, const struct counts *c, struct out *out)
{
    const char *index = s.p + c->time * 8, *type = index + c->time, *chars = type + c->type * 6;

    for (uint32_t i = 0; i <= c->time; i++) {
        /* Before the first change, type 0 holds. */
        unsigned t = i == 0 ? 0 : (unsigned char)index[i - 1];
        int64_t at = i == 0 ? INT64_MIN / 4 : big_endian(s.p + (i - 1) * 8, 8);
        const char *entry = type + t * 6;
        unsigned abbr;

        if (at > LAST_SEC || t >= c->type || (abbr = (unsigned char)entry[5]) >= c->chars)
            return false;
        add(out, at, (int32_t)big_endian(entry, 4),
            str_n(chars + abbr, strnlen(chars + abbr, c->chars - abbr)));
    }
    return true;
}

/* ---- the rule at the end: POSIX TZ, with RFC 8536's hours from -167 to 167 ---- */

struct day_rule {
    char kind; /* 'M', 'J', or 'n': counted from 0, with 29 February */
    int month, week, day;
    int sec;
};

static bool take_number(struct str *s, int max, int *out)
{
    size_t n = 0;
    int v = 0;

    while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9' && v <= max)
        v = v * 10 + (s->p[n++] - '0');
    *s = str_n(s->p + n, s->n - n);
    *out = v;
    return n > 0 && v <= max;
}

static bool take_char(struct str *s, char c)
{
    if (s->n == 0 || s->p[0] != c)
        return false;
    *s = str_n(s->p + 1, s->n - 1);
    return true;
}

static bool take_time(struct str *s, int *sec)
{
    bool is_negative = take_char(s, '-');
    int hour, min = 0, rest = 0;

    if (!is_negative)
        take_char(s, '+');
    if (!take_number(s, 167, &hour))
        return false;
    if (take_char(s, ':') &&
        (!take_number(s, 59, &min) || (take_char(s, ':') && !take_number(s, 59, &rest))))
        return false;
    *sec = (hour * 3600 + min * 60 + rest) * (is_negative ? -1 : 1);
    return true;
}

static bool take_name(struct str *s, struct str *name)
{
    bool is_quoted = take_char(s, '<');
    size_t n = 0;

    while (n < s->n &&
           (is_quoted ? s->p[n] != '>' : (s->p[n] | 0x20) >= 'a' && (s->p[n] | 0x20) <= 'z'))
        n++;
    *name = str_n(s->p, n);
    *s = str_n(s->p + n, s->n - n);
    return n > 0 && (!is_quoted || take_char(s, '>'));
}

static bool take_day(struct str *s, struct day_rule *r)
{
    *r = (struct day_rule){.kind = 'n', .sec = 2 * 3600};
    if (!take_char(s, ','))
        return false;
    if (take_char(s, 'M')) {
        r->kind = 'M';
        if (!take_number(s, 12, &r->month) || !take_char(s, '.') || !take_number(s, 5, &r->week) ||
            !take_char(s, '.') || !take_number(s, 6, &r->day) || r->month < 1 || r->week < 1)
            return false;
    } else {
        if (take_char(s, 'J'))
            r->kind = 'J';
        if (!take_number(s, 365, &r->day))
            return false;
    }
    return !take_char(s, '/') || take_time(s, &r->sec);
}

/* Local, by the clock that holds until then. */
static int64_t day_rule_sec(const struct day_rule *r, int year)
{
    int64_t first;
    int day;

    if (r->kind != 'M') {
        bool is_leap = civil_month_days(year, 2) == 29;

        day = r->kind == 'n' ? r->day : r->day - 1 + (is_leap && r->day > 59);
        return civil_sec(year, 1, 1, r->sec) + day * DAY_SEC;
    }
    first = civil_days(year, r->month, 1);
    day = (r->day + 6 - civil_weekday(first) + 7) % 7 + (r->week - 1) * 7; /* its 0 is Sunday */
    if (day >= civil_month_days(year, r->month))
        day -= 7;
    return (first + day) * DAY_SEC + r->sec;
}

static bool read_rule(struct str s, struct out *out)
{
    const struct zone_change *last = &out->change[out->count - 1];
    int64_t from_sec = out->count > 1 && last->at_sec > 0 ? last->at_sec : 0;
    int from_year = civil_of(civil_day_of(from_sec)).year;
    struct str std_name, dst_name;
    struct day_rule begin, end;
    int std, dst;

    if (!take_name(&s, &std_name) || !take_time(&s, &std))
        return false;
    if (s.n == 0)
        return true; /* the table's last line goes on for ever */
    dst = std - 3600;
    if (!take_name(&s, &dst_name) || (s.n > 0 && s.p[0] != ',' && !take_time(&s, &dst)) ||
        !take_day(&s, &begin) || !take_day(&s, &end) || s.n > 0)
        return false;
    for (int year = from_year; year < CIVIL_LAST_YEAR; year++) {
        int64_t to_dst = day_rule_sec(&begin, year) + std, to_std = day_rule_sec(&end, year) + dst;

        if (to_dst < to_std)
            add(out, to_dst, -dst, dst_name);
        add(out, to_std, -std, std_name);
        if (to_dst > to_std)
            add(out, to_dst, -dst, dst_name);
    }
    return true;
}

bool tzif_parse(const char *data, size_t n, struct zone_change **change, size_t *count)
{
    struct str s = str_n(data, n);
    struct out out = {0};
    struct counts c;
    size_t bytes;

    if (!read_header(&s, &c) || s.n < block_bytes(&c, 4))
        return false;
    s = str_n(s.p + block_bytes(&c, 4), s.n - block_bytes(&c, 4));
    /* Leap seconds ("right/...") would shift every time. */
    if (!read_header(&s, &c) || c.leap > 0 || s.n < (bytes = block_bytes(&c, 8)))
        return false;
    if (!read_block(s, &c, &out) ||
        (s.n > bytes && !read_rule(str_trim(str_n(s.p + bytes, s.n - bytes)), &out))) {
        free(out.change);
        return false;
    }
    *change = out.change;
    *count = out.count;
    return true;
}
