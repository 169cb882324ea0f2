/* civil.c: see civil.h. (P) */
#include "civil.h"

#include <stddef.h>
#include <sluice/base/str.h>

int civil_month_days(int64_t year, int month)
{
    return (int)(civil_days(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1) -
                 civil_days(year, month, 1));
}

int civil_weekday(int64_t days)
{
    return (int)(((days + 3) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
}

int64_t civil_day_of(int64_t sec)
{
    return sec / DAY_SEC - (sec % DAY_SEC < 0);
}

/* Exactly `digits` digits and then `after` (0: the end). */
static bool take(struct str *s, size_t digits, const char *after, int *out)
{
    uint64_t v;

    if (s->n < digits || !str_to_u64(str_n(s->p, digits), &v) || v > 9999)
        return false;
    *s = str_n(s->p + digits, s->n - digits);
    *out = (int)v;
    if (!*after)
        return true;
    if (s->n == 0 || !strchr(after, s->p[0]))
        return false;
    *s = str_n(s->p + 1, s->n - 1);
    return true;
}

bool civil_parse(const char *text, int64_t *local_sec)
{
    struct str s = str_trim(str_of(text));
    int year, month, day, hour, min, sec = 0;

    if (!take(&s, 4, "-", &year) || !take(&s, 2, "-", &month) || !take(&s, 2, "T ", &day) ||
        !take(&s, 2, ":", &hour) || !take(&s, 2, "", &min))
        return false;
    if (s.n > 0 && s.p[0] == ':') {
        s = str_n(s.p + 1, s.n - 1);
        if (!take(&s, 2, "", &sec))
            return false;
    }
    if (s.n > 0 || year < 1900 || year >= CIVIL_LAST_YEAR || month < 1 || month > 12)
        return false;
    if (day < 1 || day > civil_month_days(year, month) || hour > 23 || min > 59 || sec > 59)
        return false;
    *local_sec = civil_sec(year, month, day, hour * 3600 + min * 60 + sec);
    return true;
}
