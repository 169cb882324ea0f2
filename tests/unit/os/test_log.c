#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sluice/base/buf.h>
#include <sluice/base/utf8.h>
#include <sluice/os/file.h>
#include <sluice/os/log.h>
#include <sluice/os/thread.h>

static char folder[] = "/tmp/sluice-log-XXXXXX";
static char path[64], rotated[64];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/log", folder);
    snprintf(rotated, sizeof rotated, "%s/log.1", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    log_open(NULL, LOG_AT_INFO, NULL);
    return file_remove_tree(folder, NULL) ? 0 : -1;
}

static void quotes(void **state)
{
    static const struct {
        const char *value;
        size_t n, size;
        const char *want;
    } rows[] = {
        {"250", 3, 64, "250"},
        {"", 0, 64, "\"\""},
        {"a b", 3, 64, "\"a b\""},
        {"a=b", 3, 64, "\"a=b\""},
        {"a\"b\\", 4, 64, "\"a\\\"b\\\\\""},
        {"a\r\nb\t", 5, 64, "\"a\\r\\nb\\t\""},
        {"\0\x1b\x7f", 3, 64, "\"\\x00\\x1b\\x7f\""},
        {"한글", 6, 64, "한글"},
        {"\xff한", 4, 64, "\"\\xff한\""},
        {"\xc2\x85", 2, 64, "\"\\x85\""},       /* C1: next line */
        {"\xe2\x80\xa8", 3, 64, "\"\\u2028\""}, /* line separator */
        {"\xe2\x80\xae"
         "x",
         4, 64, "\"\\u202ex\""}, /* turns the direction of text */
        {"1234567", 7, 8, "1234567"},
        {"12345678", 8, 8, "\"12...\""},
        {"1 34567", 7, 8, "\"1 ...\""},
        {"1 3456", 6, 8, "\"1 ...\""},
        {"1 345", 5, 8, "\"1 345\""},
        {"\n\n\n\n", 4, 8, "\"\\n...\""},
        {"\xff\xff\xff", 3, 8, "\"...\""},
        {"한한한", 9, 8, "\"...\""},
        {"한한한", 9, 9, "\"한...\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char out[65];

        memset(out, '!', sizeof out);
        assert_ptr_equal(log_quote(str_n(rows[i].value, rows[i].n), out, rows[i].size), out);
        assert_string_equal(out, rows[i].want);
        assert_int_equal(out[rows[i].size], '!');
    }
    {
        char out[16];

        assert_string_equal(log_quote(str_n(NULL, 0), out, sizeof out), "\"\"");
    }
}

/* Whatever value, whatever size: one line, terminated, well-formed. */
static void quoted_values_never_make_a_line(void **state)
{
    char value[256], out[64];

    (void)state;
    for (size_t i = 0; i < sizeof value; i++)
        value[i] = (char)(i * 167 + 13);
    for (size_t from = 0; from < 200; from++) {
        for (size_t size = 8; size <= sizeof out; size++) {
            size_t n;

            log_quote(str_n(value + from, sizeof value - from), out, size);
            n = strnlen(out, size);
            assert_true(n < size);
            assert_int_equal(utf8_bad_at(out, n), n);
            for (size_t i = 0; i < n; i++)
                assert_true((unsigned char)out[i] >= ' ' && out[i] != 0x7f);
        }
    }
}

static void lines_go_to_the_file(void **state)
{
    struct buf text;
    struct err e;

    (void)state;
    assert_true(log_open(path, LOG_AT_INFO, &e));
    errno = EDOM;
    log_line(LOG_AT_INFO, "delivery", "job=%s state=%s", "a", "delivered\nforged");
    assert_int_equal(errno, EDOM);
    log_line(LOG_AT_DEBUG, "delivery", "unwanted");
    assert_true(log_wants(LOG_AT_WARNING));
    assert_false(log_wants(LOG_AT_DEBUG));
    buf_init(&text, 10000);
    assert_true(file_read(path, &text, &e));
    assert_int_equal(text.data[23], 'Z');
    assert_string_equal(text.data + 24, " info delivery job=a state=delivered?forged\n");
    buf_done(&text);
}

static void long_lines_are_cut(void **state)
{
    static char value[10000];
    struct buf text;
    struct err e;

    (void)state;
    memset(value, 'x', sizeof value - 1);
    assert_true(log_open(path, LOG_AT_INFO, &e));
    assert_int_equal(truncate(path, 0), 0);
    log_line(LOG_AT_ERROR, "topic", "%s", value);
    buf_init(&text, 10000);
    assert_true(file_read(path, &text, &e));
    assert_int_equal(text.len, 4096);
    assert_string_equal(text.data + text.len - 5, "x...\n");
    buf_done(&text);
}

static void *write_many(void *arg)
{
    for (int i = 0; i < 500; i++)
        log_line(LOG_AT_INFO, "thread", "id=%d end", *(int *)arg);
    return NULL;
}

static size_t whole_lines(const char *file)
{
    struct buf text;
    struct str rest, line;
    size_t count = 0;

    buf_init(&text, 1 << 20);
    assert_true(file_read(file, &text, NULL));
    rest = str_n(text.data, text.len);
    while (str_cut(&rest, '\n', &line)) {
        assert_true(str_ends_nocase(line, " end"));
        assert_true(line.n == strlen("2026-11-22T10:20:30.123Z info thread id=1 end"));
        count++;
    }
    buf_done(&text);
    return count;
}

/* Rotation in the middle: no line is lost or torn. */
static void rotation_under_load(void **state)
{
    int id[3] = {1, 2, 3};
    pthread_t t[3];
    struct err e;

    (void)state;
    assert_true(log_open(path, LOG_AT_INFO, &e));
    assert_int_equal(truncate(path, 0), 0);
    for (int i = 0; i < 3; i++)
        assert_true(thread_start(&t[i], "writer", 0, write_many, &id[i], &e));
    assert_int_equal(rename(path, rotated), 0);
    assert_true(log_reopen(&e));
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    assert_int_equal(whole_lines(path) + whole_lines(rotated), 1500);
}

static void a_bad_path_changes_nothing(void **state)
{
    struct err e = {0};

    (void)state;
    assert_true(log_open(path, LOG_AT_INFO, &e));
    assert_false(log_open("/nonexistent/log", LOG_AT_DEBUG, &e));
    assert_string_equal(e.text, "cannot open the log /nonexistent/log: No such file or directory");
    assert_false(log_wants(LOG_AT_DEBUG));
    assert_true(log_reopen(&e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes),
        cmocka_unit_test(quoted_values_never_make_a_line),
        cmocka_unit_test(lines_go_to_the_file),
        cmocka_unit_test(long_lines_are_cut),
        cmocka_unit_test(rotation_under_load),
        cmocka_unit_test(a_bad_path_changes_nothing),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
