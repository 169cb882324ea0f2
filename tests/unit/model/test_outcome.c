#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <sluice/base/must.h>
#include <sluice/model/outcome.h>

/* The address sanitizer sees what is left over or touched: the mailing is only borrowed. */
static void freeing_leaves_the_mailing(void **state)
{
    struct delivery *d = mem_new(sizeof *d);

    (void)state;
    delivery_free(NULL);
    delivery_free(mem_new(sizeof *d));
    d->email = mem_str("kim@naver.com");
    d->vars = mem_str("[]");
    d->mailing = (struct mailing *)(void *)d->email;
    delivery_free(d);
}

static void an_outcome_knows_whose_it_is(void **state)
{
    static char email[ADDRESS_MAX + 100];
    struct delivery d = {.job_key = 1,
                         .domain_id = 2,
                         .rid = UINT64_MAX,
                         .attempt = 3,
                         .lease = 4,
                         .due_ms = -5,
                         .added = {6},
                         .email = email};
    struct outcome o;

    (void)state;
    memset(email, 'a', sizeof email - 1);
    memset(&o, 0xff, sizeof o);
    outcome_for(&o, &d);
    assert_int_equal(o.job_key, 1);
    assert_int_equal(o.domain_id, 2);
    assert_true(o.rid == UINT64_MAX);
    assert_int_equal(o.attempt, 3);
    assert_int_equal(o.lease, 4);
    assert_int_equal(o.due_ms, -5);
    assert_int_equal(o.added.ms, 6);
    assert_int_equal(strlen(o.email), ADDRESS_MAX);
    assert_int_equal(o.slot, NO_SLOT);
    assert_int_equal(o.reply.code, 0);
    assert_string_equal(o.message_id, "");
    assert_false(o.dot_unanswered);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(freeing_leaves_the_mailing),
        cmocka_unit_test(an_outcome_knows_whose_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
