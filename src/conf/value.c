/* value.c (P) */
#include "value.h"

bool conf_bytes_parse(struct str s, int64_t *bytes)
{
    static const struct {
        const char *name;
        int shift;
    } unit[] = {{"", 0}, {"B", 0}, {"KB", 10}, {"MB", 20}, {"GB", 30}, {"TB", 40}};
    struct str word, number = s = str_trim(s);
    uint64_t n;

    for (number.n = 0; number.n < s.n && s.p[number.n] >= '0' && s.p[number.n] <= '9'; number.n++)
        ;
    word = str_trim(str_n(s.p + number.n, s.n - number.n));
    if (!str_to_u64(number, &n))
        return false;
    for (size_t i = 0; i < sizeof unit / sizeof *unit; i++) {
        if (!str_eq_nocase(word, str_of(unit[i].name)))
            continue;
        if (n > (uint64_t)INT64_MAX >> unit[i].shift)
            return false;
        *bytes = (int64_t)(n << unit[i].shift);
        return true;
    }
    return false;
}
