#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cache.h"

#include <stdio.h>

static void put(struct dns_cache *c, const char *key, const char *value, int64_t now, int64_t ttl)
{
    dns_cache_put(c, str_of(key), str_of(value), (struct mono){now}, ttl);
}

static bool has(struct dns_cache *c, const char *key, const char *value, int64_t now, int64_t left)
{
    struct str got;
    int64_t left_ms = 0;

    return dns_cache_get(c, str_of(key), (struct mono){now}, &got, &left_ms) &&
           str_is(got, value) && left_ms == left;
}

static void test_ttl(void **state)
{
    struct dns_cache c;
    struct str got;

    (void)state;
    dns_cache_init(&c, 10);
    put(&c, "a", "1", 1000, 500);
    assert_true(has(&c, "a", "1", 1000, 500));
    assert_true(has(&c, "a", "1", 1499, 1));
    assert_false(dns_cache_get(&c, str_of("a"), (struct mono){1500}, &got, NULL));
    assert_int_equal(dns_cache_count(&c), 0);
    put(&c, "a", "1", 0, 0);
    assert_int_equal(dns_cache_count(&c), 0);
    /* replaced, and gone with a TTL of nothing */
    put(&c, "a", "1", 0, 10);
    put(&c, "a", "a longer value", 5, 10);
    assert_true(has(&c, "a", "a longer value", 5, 10));
    assert_int_equal(dns_cache_count(&c), 1);
    put(&c, "a", "1", 0, -1);
    assert_int_equal(dns_cache_count(&c), 0);
    dns_cache_done(&c);
}

static void test_least_recently_used_goes_first(void **state)
{
    struct dns_cache c;

    (void)state;
    dns_cache_init(&c, 3);
    put(&c, "a", "1", 0, 10);
    put(&c, "b", "2", 0, 10);
    put(&c, "c", "3", 0, 10);
    assert_true(has(&c, "a", "1", 0, 10));
    put(&c, "d", "4", 0, 10);
    assert_false(has(&c, "b", "2", 0, 10));
    put(&c, "c", "5", 0, 10); /* writing is use, too */
    put(&c, "e", "6", 0, 10);
    assert_false(has(&c, "a", "1", 0, 10));
    assert_true(has(&c, "c", "5", 0, 10));
    assert_true(has(&c, "d", "4", 0, 10));
    assert_true(has(&c, "e", "6", 0, 10));
    dns_cache_remove(&c, str_of("d"));
    dns_cache_remove(&c, str_of("nobody"));
    assert_int_equal(dns_cache_count(&c), 2);
    dns_cache_clear(&c);
    assert_int_equal(dns_cache_count(&c), 0);
    put(&c, "f", "", 0, 10);
    assert_true(has(&c, "f", "", 0, 10));
    dns_cache_done(&c);
}

static void test_bound(void **state)
{
    struct dns_cache c;
    char key[32];

    (void)state;
    dns_cache_init(&c, 100);
    for (unsigned i = 0; i < 10000; i++) {
        snprintf(key, sizeof key, "d%u.test", i);
        put(&c, key, "x", i, 1000000);
        assert_true(dns_cache_count(&c) <= 100);
    }
    assert_true(has(&c, "d9999.test", "x", 9999, 1000000));
    assert_true(has(&c, "d9900.test", "x", 9999, 1000000 - 99));
    dns_cache_done(&c);
    dns_cache_init(&c, 0);
    put(&c, "a", "1", 0, 10);
    assert_int_equal(dns_cache_count(&c), 0);
    dns_cache_done(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ttl),
        cmocka_unit_test(test_least_recently_used_goes_first),
        cmocka_unit_test(test_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
