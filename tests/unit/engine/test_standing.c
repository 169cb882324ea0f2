/* A later outcome takes the earlier deferral back out of the counters: so it must be known which. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include "standing.h"

static void expect(const struct standing *s, uint64_t rid, enum category want, const char *provider)
{
    enum category c;
    const char *p;
    standing_get(s, rid, &c, &p);
    assert_int_equal(c, want);
    assert_string_equal(p, provider);
}

static void what_was_set_is_got(void **state)
{
    struct standing s;
    (void)state;
    standing_init(&s);
    expect(&s, 0, CAT_OK, "");
    expect(&s, 1000000, CAT_OK, "");
    standing_set(&s, 7, CAT_GREYLISTED, "naver");
    standing_set(&s, 100000, CAT_MAILBOX_FULL, "daum");
    expect(&s, 7, CAT_GREYLISTED, "naver");
    expect(&s, 100000, CAT_MAILBOX_FULL, "daum");
    expect(&s, 8, CAT_OK, "");
    expect(&s, 99999, CAT_OK, "");
    standing_set(&s, 7, CAT_NETWORK, "daum");
    expect(&s, 7, CAT_NETWORK, "daum");
    standing_done(&s);
}

/* More providers than fit into one byte, each of them still told apart. */
static void many_providers_keep_their_names(void **state)
{
    struct standing s;
    char name[64];
    (void)state;
    standing_init(&s);
    for (int round = 0; round < 2; round++)
        for (uint64_t i = 0; i < 3000; i++) {
            snprintf(name, sizeof name, "provider %u", (unsigned)i);
            standing_set(&s, i * 3, CAT_NETWORK, name);
        }
    assert_int_equal(s.providers, 3000);
    for (uint64_t i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "provider %u", (unsigned)i);
        expect(&s, i * 3, CAT_NETWORK, name);
        expect(&s, i * 3 + 1, CAT_OK, "");
    }
    standing_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_set_is_got),
        cmocka_unit_test(many_providers_keep_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
