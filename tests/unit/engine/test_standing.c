/* A later outcome takes the earlier deferral back out of the counters: so it must be known which. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include "standing.h"

static void set(struct standing *s, uint64_t rid, enum state state, enum category c,
                const char *provider)
{
    struct outcome o = {.rid = rid, .state = state, .category = c};
    str_copy(o.provider, sizeof o.provider, str_of(provider));
    standing_set(s, &o);
}

static void expect(const struct standing *s, uint64_t rid, enum state state, enum category want,
                   const char *provider)
{
    struct tally_before b = standing_before(s, rid);
    assert_int_equal(b.state, state);
    assert_int_equal(b.category, want);
    if (provider)
        assert_string_equal(b.provider, provider);
    else
        assert_null(b.provider);
}

static void what_was_set_is_got(void **state)
{
    struct standing s;
    (void)state;
    standing_init(&s);
    expect(&s, 0, STATE_WAITING, CAT_OK, NULL);
    expect(&s, 1000000, STATE_WAITING, CAT_OK, NULL);
    set(&s, 5000000, STATE_DELIVERED, CAT_OK, "naver"); /* costs nothing */
    assert_int_equal(s.size, 0);
    set(&s, 7, STATE_DEFERRED, CAT_GREYLISTED, "naver");
    set(&s, 100000, STATE_BOUNCED, CAT_MAILBOX_FULL, "daum");
    expect(&s, 7, STATE_DEFERRED, CAT_GREYLISTED, "naver");
    expect(&s, 100000, STATE_BOUNCED, CAT_MAILBOX_FULL, "daum");
    expect(&s, 8, STATE_WAITING, CAT_OK, NULL);
    expect(&s, 99999, STATE_WAITING, CAT_OK, NULL);
    set(&s, 7, STATE_QUARANTINED, CAT_NETWORK, "daum");
    expect(&s, 7, STATE_QUARANTINED, CAT_NETWORK, "daum");
    set(&s, 7, STATE_DELIVERED, CAT_OK, "daum");
    expect(&s, 7, STATE_WAITING, CAT_OK, NULL);
    set(&s, 0, STATE_DEFERRED, CATEGORIES - 1, "");
    expect(&s, 0, STATE_DEFERRED, CATEGORIES - 1, "");
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
            set(&s, i * 3, STATE_DEFERRED, CAT_NETWORK, name);
        }
    assert_int_equal(s.providers, 3000);
    for (uint64_t i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "provider %u", (unsigned)i);
        expect(&s, i * 3, STATE_DEFERRED, CAT_NETWORK, name);
        expect(&s, i * 3 + 1, STATE_WAITING, CAT_OK, NULL);
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
