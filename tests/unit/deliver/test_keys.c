/* What messages are signed with: the keys of the moment in which each is rendered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "helper_rig.h"

#define HELLO S("220 mx\r\n"), C("EHLO"), S("250-mx\r\n250 PIPELINING\r\n")

static const struct step serving[] = {HELLO, SERVE, END};
static const struct step *const serving_twice[] = {serving, serving, NULL};

/* Ours goes at once: the pool has a reference of its own. */
static const struct keys *give_keys(struct rig *rig)
{
    struct keys *k = keys_new(NULL, NULL);

    pool_set_keys(rig->pool, k);
    keys_release(k);
    return k;
}

/* An open connection takes new keys with its next message, one that is opened later has them, too; and none
 * are kept that nobody uses (the leak and the address sanitizer look on). */
static void test_new_keys_count_at_once(void **state)
{
    struct server *s = server_start("127.0.0.1", serving_twice);
    const struct keys *one, *two;
    struct rig rig;

    (void)state;
    rig_start(&rig, NULL);
    rig.holds_ready = true;
    rig_open(&rig, 0, rig_target(s), rig_chain(&rig, 1, 1));
    rig_until(&rig, UINT32_MAX, 1, UINT32_MAX);
    one = give_keys(&rig);
    rig_more(&rig, 0, rig_chain(&rig, 2, 2));
    rig_until(&rig, UINT32_MAX, 2, UINT32_MAX);
    two = give_keys(&rig);
    rig_more(&rig, 0, rig_chain(&rig, 4, 1));
    rig_until(&rig, UINT32_MAX, 3, UINT32_MAX);
    assert_null(rig.mailing.keys[1]);
    assert_ptr_equal(rig.mailing.keys[2], one);
    assert_ptr_equal(rig.mailing.keys[3], one);
    assert_ptr_equal(rig.mailing.keys[4], two);
    rig.holds_ready = false;
    rig_close(&rig, 0);
    rig_until(&rig, UINT32_MAX, UINT32_MAX, 1);
    rig_open(&rig, 0, rig_target(s), rig_chain(&rig, 5, 1));
    rig_run(&rig);
    assert_ptr_equal(rig.mailing.keys[5], two);
    pool_set_keys(rig.pool, NULL);
    assert_int_equal(rig.outcomes, 5);
    server_stop(s);
    assert_string_equal(server_trouble(s), "");
    rig_stop(&rig);
    server_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_keys_count_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
