/* window_text.c (P) */
#include "window_text.h"

static const char *const day_names[7][4] = {
    {"Mon", "Monday", "월", "월요일"},    {"Tue", "Tuesday", "화", "화요일"},
    {"Wed", "Wednesday", "수", "수요일"}, {"Thu", "Thursday", "목", "목요일"},
    {"Fri", "Friday", "금", "금요일"},    {"Sat", "Saturday", "토", "토요일"},
    {"Sun", "Sunday", "일", "일요일"},
};

static bool day_parse(struct str s, unsigned *day)
{
    s = str_trim(s);
    for (unsigned d = 0; d < 7; d++) {
        for (unsigned i = 0; i < 4; i++) {
            if (str_eq_nocase(s, str_of(day_names[d][i]))) {
                *day = d;
                return true;
            }
        }
    }
    return false;
}

bool days_parse(struct str s, uint8_t *days)
{
    struct str part, rest = s;
    uint8_t all = 0;

    if (str_eq_nocase(str_trim(s), str_of("daily")) || str_is(str_trim(s), "매일")) {
        *days = 0x7f;
        return true;
    }
    if (s.n && s.p[s.n - 1] == ',')
        return false;
    while (str_cut(&rest, ',', &part)) {
        struct str first;
        unsigned from, until;

        if (!str_cut(&part, '-', &first) || !day_parse(first, &from))
            return false;
        until = from;
        if (first.p + first.n < s.p + s.n && first.p[first.n] == '-' && !day_parse(part, &until))
            return false;
        for (unsigned d = from;; d = (d + 1) % 7) {
            all = (uint8_t)(all | 1u << d);
            if (d == until)
                break;
        }
    }
    if (!all)
        return false;
    *days = all;
    return true;
}

static bool minute_parse(struct str s, int *minute)
{
    struct str rest = str_trim(s), hour;
    uint64_t h, m;

    if (!str_cut(&rest, ':', &hour) || hour.n == 0 || hour.n > 2 || rest.n != 2)
        return false;
    if (!str_to_u64(hour, &h) || !str_to_u64(rest, &m) || h > 24 || m > 59 || (h == 24 && m))
        return false;
    *minute = (int)(h * 60 + m);
    return true;
}

bool hours_parse(struct str s, int *from_min, int *until_min)
{
    struct str rest = s, first;
    int from, until;

    if (!str_cut(&rest, '-', &first) || !minute_parse(first, &from) || !minute_parse(rest, &until))
        return false;
    if (from == 1440 || from == until)
        return false;
    *from_min = from;
    *until_min = until;
    return true;
}
