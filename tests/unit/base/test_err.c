#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <sluice/base/buf.h>
#include <sluice/base/err.h>
#include <sluice/base/utf8.h>

static void one_line_whatever_comes(void **state)
{
    struct err e;

    (void)state;
    assert_false(err_set(&e, "cannot read %s", "a\nb\x7f"));
    assert_string_equal(e.text, "cannot read a b ");
    assert_int_equal(e.code, 0);
    assert_false(err_set(&e, "job: %s", e.text)); /* its own text inside */
    assert_string_equal(e.text, "job: cannot read a b ");
    assert_false(err_set(NULL, "dropped"));
    errno = ENOENT;
    assert_false(err_sys(&e, "open %s", "x"));
    assert_string_equal(e.text, "open x: No such file or directory");
    assert_int_equal(e.code, ENOENT);
    assert_false(err_sys(NULL, "dropped"));
}

static void long_texts_are_cut_between_characters(void **state)
{
    char name[2001];
    struct err e;

    (void)state;
    for (size_t shift = 0; shift < 3; shift++) {
        memset(name, 'x', shift);
        for (size_t i = shift; i + 3 < sizeof name; i += 3)
            memcpy(name + i, "홍", 4);
        name[sizeof name - 1] = '\0';
        err_set(&e, "%s", name);
        assert_in_range(strlen(e.text), sizeof e.text - 4, sizeof e.text - 1);
        assert_int_equal(utf8_bad_at(e.text, strlen(e.text)), strlen(e.text));
        errno = EACCES;
        err_sys(&e, "%s", name);
        assert_non_null(strstr(e.text, ": Permission denied"));
    }
}

static void problems_are_collected(void **state)
{
    struct problems p;
    struct buf out;

    (void)state;
    problems_init(&p);
    buf_init(&out, 10000);
    problems_format(&p, &out);
    assert_string_equal(out.data, "");
    problems_add(&p, "a.conf", 3, "unknown keyword '%s'", "x\ny");
    problems_warn(&p, "a.conf", 0, "empty");
    problems_add(&p, NULL, 0, "no file");
    problems_format(&p, &out);
    assert_string_equal(out.data, "a.conf:3: unknown keyword 'x y'\n"
                                  "a.conf: warning: empty\n"
                                  "no file\n");
    assert_int_equal(p.count, 3);
    assert_int_equal(p.errors, 2);
    problems_done(&p);
    buf_done(&out);
}

static void problems_have_a_maximum(void **state)
{
    struct problems p;
    struct buf out;

    (void)state;
    problems_init(&p);
    for (unsigned i = 0; i < PROBLEMS_MAX + 5; i++)
        problems_add(&p, "f", i, "bad");
    problems_warn(&p, "f", 1, "odd");
    assert_int_equal(p.count, PROBLEMS_MAX);
    assert_int_equal(p.errors, PROBLEMS_MAX + 5);
    assert_int_equal(p.left_out, 6);
    buf_init(&out, 100000);
    problems_format(&p, &out);
    assert_non_null(strstr(out.data, "\n6 more problems are not shown\n"));
    buf_done(&out);
    problems_done(&p);
    problems_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line_whatever_comes),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(problems_are_collected),
        cmocka_unit_test(problems_have_a_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
