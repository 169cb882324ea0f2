#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <sluice/base/buf.h>

static void stops_at_its_maximum(void **state)
{
    static const struct {
        size_t max;
        const char *first, *second, *want;
        bool full;
    } rows[] = {
        {0, "", "", "", false},
        {0, "a", "", "", true},
        {3, "abc", "", "abc", false},
        {3, "abcd", "", "", true},
        {3, "ab", "cd", "ab", true},
        {3, "ab", "c", "abc", false},
        {3, "abcd", "a", "", true}, /* once full nothing more goes in */
        {64, "abc", "def", "abcdef", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int printed = 0; printed < 2; printed++) {
            struct buf b;

            buf_init(&b, rows[i].max);
            if (printed) {
                buf_printf(&b, "%s", rows[i].first);
                buf_printf(&b, "%s", rows[i].second);
            } else {
                buf_puts(&b, rows[i].first);
                buf_puts(&b, rows[i].second);
            }
            assert_string_equal(b.data, rows[i].want);
            assert_int_equal(b.len, strlen(rows[i].want));
            assert_int_equal(buf_is_full(&b), rows[i].full);
            buf_done(&b);
        }
    }
}

static void grows_to_the_last_byte(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 1000);
    for (int i = 0; i < 1000; i++) {
        buf_putc(&b, 'x');
        assert_int_equal(b.data[b.len], 0);
    }
    assert_false(buf_is_full(&b));
    assert_true(b.cap <= 1001);
    buf_putc(&b, 'y');
    assert_true(buf_is_full(&b));
    assert_int_equal(b.len, 1000);
    buf_clear(&b);
    assert_false(buf_is_full(&b));
    assert_string_equal(b.data, "");
    buf_putc(&b, 'z');
    assert_string_equal(b.data, "z");
    buf_done(&b);
}

static void cut_and_drop(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 100);
    buf_puts(&b, "MAIL FROM");
    buf_drop(&b, 5);
    assert_string_equal(b.data, "FROM");
    buf_cut(&b, 2);
    assert_string_equal(b.data, "FR");
    buf_drop(&b, 0);
    buf_drop(&b, 2);
    assert_string_equal(b.data, "");
    buf_cut(&b, 0);
    buf_done(&b);
}

static void room_is_counted_when_used(void **state)
{
    struct buf b;
    char *to;

    (void)state;
    buf_init(&b, 200);
    to = buf_room(&b, 200);
    assert_non_null(to);
    memset(to, 'a', 150);
    buf_grew(&b, 150);
    assert_int_equal(b.len, 150);
    assert_int_equal(b.data[150], 0);
    assert_non_null(buf_room(&b, 50));
    assert_null(buf_room(&b, 51));
    assert_true(buf_is_full(&b));
    assert_null(buf_room(&b, SIZE_MAX));
    assert_null(buf_room(&b, 1));
    buf_done(&b);
}

static void taken_and_zeroed_buffers(void **state)
{
    struct buf b, zeroed = {0};
    char *text;

    (void)state;
    buf_init(&b, 10);
    buf_puts(&b, "abc");
    text = buf_take(&b);
    assert_string_equal(text, "abc");
    free(text);
    buf_done(&b);
    buf_done(&b);
    buf_clear(&zeroed);
    buf_put(&zeroed, "", 0);
    buf_printf(&zeroed, "%s", "");
    assert_false(buf_is_full(&zeroed));
    buf_putc(&zeroed, 'a');
    assert_true(buf_is_full(&zeroed));
    text = buf_take(&zeroed);
    assert_string_equal(text, "");
    free(text);
}

static void binary_bytes_stay(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 10);
    buf_put(&b, "a\0b", 3);
    assert_int_equal(b.len, 3);
    assert_memory_equal(b.data, "a\0b", 4);
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stops_at_its_maximum),
        cmocka_unit_test(grows_to_the_last_byte),
        cmocka_unit_test(cut_and_drop),
        cmocka_unit_test(room_is_counted_when_used),
        cmocka_unit_test(taken_and_zeroed_buffers),
        cmocka_unit_test(binary_bytes_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
