#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <string.h>

#include <sluice/os/thread.h>

struct seen {
    bool blocks_term;
    size_t stack_bytes;
};

static void *look(void *arg)
{
    struct seen *seen = arg;
    pthread_attr_t attr;
    sigset_t mask;

    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    seen->blocks_term = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGINT) == 1;
    pthread_getattr_np(pthread_self(), &attr);
    pthread_attr_getstacksize(&attr, &seen->stack_bytes);
    pthread_attr_destroy(&attr);
    return arg;
}

static void threads_block_signals(void **state)
{
    static const size_t stacks[] = {0, 1, 100001, 512 * 1024};
    sigset_t mask;

    (void)state;
    for (size_t i = 0; i < sizeof stacks / sizeof *stacks; i++) {
        struct seen seen = {0};
        void *result;
        pthread_t t;
        struct err e;

        assert_true(thread_start(&t, "a-very-long-thread-name", stacks[i], look, &seen, &e));
        assert_int_equal(pthread_join(t, &result), 0);
        assert_ptr_equal(result, &seen);
        assert_true(seen.blocks_term);
        assert_true(seen.stack_bytes >= stacks[i]);
    }
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    assert_int_equal(sigismember(&mask, SIGTERM), 0); /* the starter's own mask is as before */
}

static void too_much_stack_is_an_error(void **state)
{
    pthread_t t;
    struct err e = {0};

    (void)state;
    assert_false(thread_start(&t, "huge", (size_t)1 << 60, look, NULL, &e));
    assert_non_null(strstr(e.text, "cannot start the thread huge: "));
    assert_int_not_equal(e.code, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_block_signals),
        cmocka_unit_test(too_much_stack_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
