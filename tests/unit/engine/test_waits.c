/* A hundred thousand domains wait for a handful of reasons: how they are summed up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include "live_parts.h"

static const char NAVER[] = "max_message_rate 10/s of naver is used up for the moment";

static struct plan_wait wait_of(const char *what, const char *provider, const char *why,
                                uint64_t recipients)
{
    return (struct plan_wait){.job_key = 1,
                              .what = what,
                              .domain = "a.example",
                              .provider = provider,
                              .why = why,
                              .recipients = recipients};
}

static const char *text(const json_t *list, size_t i, const char *key)
{
    return json_string_value(json_object_get(json_array_get(list, i), key));
}

static long long number(const json_t *list, size_t i, const char *key)
{
    return json_integer_value(json_object_get(json_array_get(list, i), key));
}

static void test_equal_reasons_are_one(void **state)
{
    struct wait_groups *g = wait_groups_new();
    struct plan_wait a = wait_of("domain a.example at naver", "naver", NAVER, 5);
    struct plan_wait b = wait_of("domain b.example at naver", "naver", NAVER, 7);
    struct plan_wait other = wait_of("domain c.example at daum", "daum", NAVER, 20);
    uint64_t more;
    (void)state;
    a.at = b.at = (struct origin){"naver.conf", 7};
    a.until.ms = 2000;
    b.until.ms = 1000;
    wait_groups_add(g, &a);
    wait_groups_add(g, &b);
    wait_groups_add(g, &other);
    json_t *out = wait_groups_take(g, 10, &more);
    assert_int_equal(json_array_size(out), 2);
    assert_string_equal(text(out, 0, "what"), "domain c.example at daum");
    assert_string_equal(text(out, 1, "what"), "2 domains at naver");
    assert_int_equal(number(out, 1, "recipients"), 12);
    assert_string_equal(text(out, 1, "until"), "1970-01-01T00:00:01.000Z");
    assert_string_equal(text(out, 1, "file"), "naver.conf");
    assert_int_equal(number(out, 1, "line"), 7);
    assert_null(json_object_get(json_array_get(out, 0), "file"));
    assert_int_equal(more, 0);
    json_decref(out);
}

static void test_what_stops_the_job_is_one(void **state)
{
    struct wait_groups *g = wait_groups_new();
    struct plan_wait a = wait_of("job", "naver", "the job is paused", 5);
    struct plan_wait b = wait_of("job", "daum", "the job is paused", 6);
    struct plan_wait c = wait_of("job", "", "the job is paused", 1);
    (void)state;
    c.job_key = 2;
    wait_groups_add(g, &a);
    wait_groups_add(g, &b);
    wait_groups_add(g, &c);
    json_t *out = wait_groups_take(g, 10, NULL);
    assert_int_equal(json_array_size(out), 2);
    assert_string_equal(text(out, 0, "what"), "job");
    assert_int_equal(number(out, 0, "recipients"), 11);
    assert_int_equal(number(out, 1, "key"), 2);
    json_decref(out);
}

static void test_the_largest(void **state)
{
    struct wait_groups *g = wait_groups_new();
    uint64_t more;
    (void)state;
    for (unsigned i = 1; i <= 30; i++) {
        char why[40];
        snprintf(why, sizeof why, "reason %u", i);
        struct plan_wait w = wait_of("domain a.example", "", why, i);
        wait_groups_add(g, &w);
    }
    json_t *out = wait_groups_take(g, 20, &more);
    assert_int_equal(json_array_size(out), 20);
    assert_string_equal(text(out, 0, "why"), "reason 30");
    assert_true(json_is_null(json_object_get(json_array_get(out, 0), "until")));
    assert_int_equal(more, 10);
    json_decref(out);
}

static void test_other_bytes_than_utf8(void **state)
{
    struct wait_groups *g = wait_groups_new();
    struct plan_wait w = wait_of("domain a.example", "", "\xff", 1);
    (void)state;
    wait_groups_add(g, &w);
    json_t *out = wait_groups_take(g, 20, NULL);
    assert_string_equal(text(out, 0, "why"), "(not UTF-8)");
    json_decref(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_reasons_are_one),
        cmocka_unit_test(test_what_stops_the_job_is_one),
        cmocka_unit_test(test_the_largest),
        cmocka_unit_test(test_other_bytes_than_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
