/* Zones against glibc, which reads the same files by code of its own: at each change of their clocks
 * and every ten days, from 1970 to 2100. And tzif.c against what is no zone file. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sluice/base/buf.h>
#include <sluice/base/must.h>
#include <sluice/os/file.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tzif.h"

static void compare(const struct zone *z, time_t utc)
{
    struct tm want;

    localtime_r(&utc, &want);
    if (zone_offset(z, utc) != want.tm_gmtoff)
        print_error("%s at %lld\n", z->name, (long long)utc);
    assert_int_equal(zone_offset(z, utc), want.tm_gmtoff);
    assert_string_equal(zone_abbr(z, utc), want.tm_zone);
}

static void compare_zone(const char *name, time_t step)
{
    const struct zone *z = zone_get(name);

    assert_non_null(z);
    setenv("TZ", name, 1);
    tzset();
    for (time_t utc = 0; utc < 4102444800; utc += step)
        compare(z, utc);
    for (size_t i = 0; i < z->count; i++) {
        if (z->change[i].at_sec < 1 || z->change[i].at_sec >= 4102444800)
            continue;
        compare(z, z->change[i].at_sec - 1);
        compare(z, z->change[i].at_sec);
    }
}

static void test_named(void **state)
{
    static const char *const name[] = {"Asia/Seoul",          "Europe/Berlin", "America/New_York",
                                       "Australia/Lord_Howe", "Pacific/Apia",  "UTC",
                                       "Europe/Dublin",       "America/Nuuk",  "Asia/Gaza",
                                       "Africa/Casablanca",   "Europe/Kyiv",   "Asia/Kathmandu"};

    (void)state;
    for (size_t i = 0; i < sizeof name / sizeof *name; i++)
        compare_zone(name[i], 10 * 86400);
}

static void test_first_and_last(void **state)
{
    const struct zone *z = zone_get("Europe/Berlin");

    (void)state;
    assert_non_null(z);
    assert_int_equal(zone_first(z, 1792895400), 1792888200); /* 2026-10-25 02:30 */
    assert_int_equal(zone_last(z, 1792895400), 1792891800);
    assert_int_equal(zone_first(z, 1774751400), 1774747800); /* 2026-03-29 02:30: 03:30 */
    assert_int_equal(zone_last(z, 1774751400), 1774747800);
}

static void test_not_a_zone_file(void **state)
{
    struct zone_change *change;
    struct buf good;
    struct err e;
    size_t count;

    (void)state;
    buf_init(&good, 65536);
    assert_true(file_read("/usr/share/zoneinfo/Europe/Berlin", &good, &e));
    assert_true(tzif_parse(good.data, good.len, &change, &count));
    free(change);
    for (size_t n = 0; n < good.len; n += 1 + n / 50) {
        char *cut = mem_strn(good.data, n);

        if (tzif_parse(cut, n, &change, &count))
            free(change);
        free(cut);
    }
    for (size_t i = 0; i < good.len; i++) {
        char *broken = mem_strn(good.data, good.len);

        broken[i] = (char)(broken[i] ^ 0x81);
        if (tzif_parse(broken, good.len, &change, &count))
            free(change);
        free(broken);
    }
    assert_false(tzif_parse("TZif", 4, &change, &count));
    buf_done(&good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_named),
        cmocka_unit_test(test_first_and_last),
        cmocka_unit_test(test_not_a_zone_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
