#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sluice/base/must.h>

static void break_must(void)
{
    MUST(1 + 1 == 3);
}

static void multiply_too_far(void)
{
    free(mem_array(SIZE_MAX / 2, 3));
}

static void grow_too_far(void)
{
    free(mem_grow(NULL, SIZE_MAX / 2 + 1, 2));
}

/* In a child, because it dies. */
static int signal_of(void (*run)(void))
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        const struct rlimit no_core = {0, 0};

        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL); /* not the sanitizer's */
        close(STDERR_FILENO);
        run();
        _exit(0);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void bugs_abort(void **state)
{
    (void)state;
    assert_int_equal(signal_of(break_must), SIGABRT);
    assert_int_equal(signal_of(multiply_too_far), SIGABRT);
    assert_int_equal(signal_of(grow_too_far), SIGABRT);
    MUST(1 + 1 == 2);
}

static void memory_is_never_null(void **state)
{
    char *zeroed = mem_array(3, 5);
    char *nothing = mem_new(0);
    char *text = mem_strn("kim@naver.com", 3);
    char *empty = mem_strn(NULL, 0);
    char *printed = mem_printf("%s-%d", "a", 7);

    (void)state;
    for (int i = 0; i < 15; i++)
        assert_int_equal(zeroed[i], 0);
    assert_non_null(nothing);
    assert_string_equal(text, "kim");
    assert_string_equal(empty, "");
    assert_string_equal(printed, "a-7");
    assert_null(mem_str(NULL));
    zeroed = mem_grow(zeroed, 0, 8);
    assert_non_null(zeroed);
    free(zeroed);
    free(nothing);
    free(text);
    free(empty);
    free(printed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bugs_abort),
        cmocka_unit_test(memory_is_never_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
