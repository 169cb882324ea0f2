#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <sluice/report/results.h>

static void cells(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"", ""},
        {"a", "a"},
        {"a b", "a b"},
        {"a,b", "\"a,b\""},
        {"a\"b", "\"a\"\"b\""},
        {"a\nb", "\"a\nb\""},
        {"a\rb", "\"a\rb\""},
        {" a", "\" a\""},
        {"a ", "\"a \""},
        {"\"", "\"\"\"\""},
        {"한글", "한글"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;

        buf_init(&out, 1000);
        csv_cell(&out, rows[i].text, strlen(rows[i].text));
        assert_string_equal(out.data, rows[i].want);
        buf_done(&out);
    }
}

static const struct result_line bounced = {
    .email = "+kim@mail.example",
    .enhanced = "5.1.1",
    .text = "no such user, \"kim\"",
    .provider = "naver",
    .mx_host = "mx1.naver.com",
    .message_id = "1.spring.0@shop.example",
    .rule = "no-such-user",
    .state = STATE_BOUNCED,
    .category = CAT_USER_UNKNOWN,
    .code = 550,
    .attempts = 2,
    .at = {1795313130123},
    .line = 17,
};

static void a_row(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 10000);
    results_csv_head(&out);
    results_csv(&bounced, &out);
    assert_string_equal(
        out.data,
        "email,state,class,code,enhanced,text,provider,mx_host,attempts,time,next_attempt,"
        "message_id,rule,line\r\n"
        "+kim@mail.example,bounced,user-unknown,550,5.1.1,\"no such user, \"\"kim\"\"\",naver,"
        "mx1.naver.com,2,2026-11-22T02:05:30.123Z,,1.spring.0@shop.example,no-such-user,17\r\n");
    buf_clear(&out);
    results_ndjson(&bounced, &out);
    assert_string_equal(
        out.data,
        "{\"email\":\"+kim@mail.example\",\"state\":\"bounced\",\"class\":\"user-unknown\","
        "\"code\":550,"
        "\"enhanced\":\"5.1.1\",\"text\":\"no such user, \\\"kim\\\"\",\"provider\":\"naver\","
        "\"mx_host\":\"mx1.naver.com\",\"attempts\":2,\"time\":\"2026-11-22T02:05:30.123Z\","
        "\"next_attempt\":null,\"message_id\":\"1.spring.0@shop.example\",\"rule\":\"no-such-"
        "user\","
        "\"line\":17}\n");
    buf_done(&out);
}

static void nothing_runs_in_a_spreadsheet(void **state)
{
    static const char *const texts[] = {"=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct result_line r = {.text = texts[i]};
        struct buf out;
        char want[100] = ",'";

        buf_init(&out, 1000);
        results_csv(&r, &out);
        strcat(want, texts[i]);
        assert_non_null(strstr(out.data, want));
        buf_done(&out);
    }
}

/* What has not happened yet is empty: NULLs and zeros everywhere. */
static void an_empty_row(void **state)
{
    struct result_line r = {.email = "a@b.example"};
    struct buf out;

    (void)state;
    buf_init(&out, 1000);
    results_csv(&r, &out);
    assert_string_equal(out.data, "a@b.example,waiting,ok,,,,,,0,,,,,\r\n");
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells),
        cmocka_unit_test(a_row),
        cmocka_unit_test(nothing_runs_in_a_spreadsheet),
        cmocka_unit_test(an_empty_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
