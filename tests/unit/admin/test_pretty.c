/* Answers as text: rows of JSON and of what a person must find in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sluice/base/utf8.h>
#include "pretty.h"

static const struct wall NOW = {1795000000000}; /* 2026-11-18T11:06:40Z */

static json_t *parse(const char *text)
{
    json_error_t e;
    json_t *o = json_loads(text, JSON_ALLOW_NUL, &e);
    if (!o)
        fail_msg("%s: %s", text, e.text);
    return o;
}

static void shows(const char *out, const char *part)
{
    if (!strstr(out, part))
        fail_msg("expected ...%s... in:\n%s", part, out);
}

static void shows_not(const char *out, const char *part)
{
    if (strstr(out, part))
        fail_msg("expected no %s in:\n%s", part, out);
}

/* The text up to and with `part` takes the same columns in the line that begins with each. */
static size_t columns_to(const char *out, const char *line, const char *part)
{
    const char *start = strstr(out, line);
    const char *at = start ? strstr(start, part) : NULL;
    const char *end = start ? strchr(start, '\n') : NULL;
    if (!at || !end || at > end)
        fail_msg("no line '%s' with '%s' in:\n%s", line, part, out);
    return utf8_columns(start, (size_t)(at - start) + strlen(part));
}

/* ---- safety ---- */

static void test_control_characters_never_pass(void **state)
{
#define R "\xEF\xBF\xBD"
    static const struct {
        const char *in, *out;
        bool lines;
    } rows[] = {
        {"plain 한글", "plain 한글", false},
        {"\x1b[31mred", R "[31mred", false},
        {"\x1b]0;title\x07", R "]0;title" R, true},
        {"a\nb\tc\r\nd", "a" R "b" R "c" R R "d", false},
        {"a\nb\tc\r\nd", "a\nb\tc\nd", true},
        {"over\rwritten", "over" R "written", true},
        {"\x7f", R, true},
        {"\xc2\x9b"
         "2J",
         R "2J", true}, /* C1: CSI */
        {"\xe2\x80\xae"
         "cod",
         R "cod", true},           /* right-to-left override */
        {"\xe2\x80\xa8", R, true}, /* line separator */
        {"\xff\xfe", R R, true},
        {"\xEF\xBF\xBD", R, true},
        {"", "", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b;
        buf_init(&b, 1000);
        pretty_safe(&b, rows[i].in, strlen(rows[i].in), rows[i].lines);
        assert_string_equal(b.data, rows[i].out);
        buf_done(&b);
    }
}

static void test_members(void **state)
{
    static const struct {
        const char *json, *text;
    } rows[] = {
        {"\"x\\u001b\"", "x" R},
        {"1234567", "1,234,567"},
        {"-5", "-5"},
        {"0", "0"},
        {"true", "yes"},
        {"false", "no"},
        {"2.5", "2.5"},
        {"null", ""},
        {"[1]", ""},
        {"999", "999"},
        {"1000", "1,000"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b;
        char text[100];
        snprintf(text, sizeof text, "[%s]", rows[i].json);
        json_t *o = parse(text);
        buf_init(&b, 1000);
        pretty_put(&b, json_array_get(o, 0));
        assert_string_equal(b.data, rows[i].text);
        buf_done(&b);
        json_decref(o);
    }
}

static void test_times_are_told_from_now(void **state)
{
    static const struct {
        const char *json, *text;
    } rows[] = {
        {"1795000005000", "in 5s"},
        {"1795007199700", "in 2h"},
        {"1795007198700", "in 1h 59m"},
        {"1794999995000", "5s ago"},
        {"1795000000000", "now"},
        {"\"2026-11-18T11:07:40.000Z\"", "in 1m"},
        {"\"2026-11-18T20:07:40+09:00\"", "in 1m"},
        {"0", ""},
        {"null", ""},
        {"\"soon\"", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b;
        char text[100];
        snprintf(text, sizeof text, "[%s]", rows[i].json);
        json_t *o = parse(text);
        buf_init(&b, 1000);
        pretty_put_relative(&b, json_array_get(o, 0), NOW);
        if (strncmp(b.data, rows[i].text, strlen(rows[i].text)) != 0)
            fail_msg("%s: %s", rows[i].json, b.data);
        buf_done(&b);
        json_decref(o);
    }
}

static void test_text_is_cut_by_columns(void **state)
{
    static const struct {
        const char *in;
        size_t width;
        const char *out;
    } rows[] = {{"abc", 3, "abc"}, {"abcd", 3, "abc"},    {"가나", 4, "가나"},
                {"가나", 3, "가"}, {"가나다", 5, "가나"}, {"", 0, ""}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b;
        char expected[100];
        buf_init(&b, 1000);
        buf_puts(&b, "before ");
        size_t from = b.len;
        buf_puts(&b, rows[i].in);
        pretty_cut(&b, from, rows[i].width);
        snprintf(expected, sizeof expected, "before %s", rows[i].out);
        assert_string_equal(b.data, expected);
        buf_done(&b);
    }
}

/* ---- status ---- */

static const char STATUS[] =
    "{\"ok\":true,\"version\":\"0.1.0\",\"uptime_s\":11520,\"connections\":12,\"in_flight\":340,"
    "\"messages_per_s\":2345,\"disk_free\":120000000000,\"spool_trouble\":null,"
    "\"intake\":{\"importing\":\"summer.job\",\"rows\":120000,\"read_bytes\":45,\"file_bytes\":"
    "100,\"paused\":null,\"waiting_files\":2},"
    "\"jobs\":[{\"id\":\"spring\",\"client\":\"한국여행사\",\"class\":\"ad\",\"state\":\"active\","
    "\"counts\":{\"delivered\":12345,\"deferred\":67,\"bounced\":89,\"in-doubt\":1,\"expired\":2,"
    "\"suppressed\":3,\"waiting\":7493},\"in_flight\":340},"
    "{\"id\":\"evil\\u001b[2J\",\"client\":\"shop\",\"class\":\"notice\",\"state\":\"paused\","
    "\"counts\":{\"waiting\":54321}}]}";

static void status(const char *json, size_t width, struct buf *out)
{
    json_t *o = parse(json);
    buf_init(out, 1 << 20);
    pretty_status(o, width, out);
    json_decref(o);
}

static void test_status_of_everything(void **state)
{
    struct buf b;
    (void)state;
    status(STATUS, 0, &b);
    shows(b.data, "sluiced 0.1.0, up 3h 12m: 12 connections, 340 in flight, 2,345 messages/s, "
                  "120 GB of disk free\n");
    shows(b.data, "taking in summer.job: 120,000 rows, 45 %\n");
    shows(b.data, "waiting in the drop directory: 2 file(s)\n");
    shows(b.data, "12,345");
    shows(b.data, "7,493");
    shows_not(b.data, "\x1b");
    shows_not(b.data, "TROUBLE");
    shows_not(b.data, "PAUSED");
    /* Korean names are two columns wide per letter: the numbers still stand below each other. */
    size_t right = columns_to(b.data, "job   ", "waiting");
    assert_int_equal(columns_to(b.data, "spring", "7,493"), right);
    assert_int_equal(columns_to(b.data, "evil", "54,321"), right);
    buf_done(&b);
}

static void test_status_keeps_to_the_terminal(void **state)
{
    struct buf b;
    (void)state;
    status(STATUS, 100, &b);
    const char *table = strstr(b.data, "\njob");
    assert_non_null(table);
    for (const char *line = table + 1; *line; line = strchr(line, '\n') + 1)
        if (utf8_columns(line, strcspn(line, "\n")) > 100)
            fail_msg("too wide:\n%s", b.data);
    buf_done(&b);
}

static void test_status_shows_trouble(void **state)
{
    struct buf b;
    (void)state;
    status("{\"spool_trouble\":\"disk\\nfull\",\"intake\":{\"paused\":\"512 MB are missing\"}}", 0,
           &b);
    shows(b.data, "SPOOL TROUBLE: disk" R "full\n");
    shows(b.data, "INTAKE IS PAUSED: 512 MB are missing\n");
    shows(b.data, "no jobs\n");
    buf_done(&b);
}

/* Open, and yet nothing of it is sent. */
static void test_status_of_a_job_that_is_held(void **state)
{
    static const char JOB[] =
        "{\"jobs\":[{\"id\":\"spring\",\"client\":\"shop\",\"class\":\"ad\",\"state\":\"%s\","
        "\"held\":\"waits for approval; test it: `sluice test spring`; release it: `sluice "
        "approve spring`\"}]}";
    static const struct {
        const char *state, *shown;
    } rows[] = {{"active", " held "}, {"paused", " paused "}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char text[400];
        struct buf b;
        snprintf(text, sizeof text, JOB, rows[i].state);
        status(text, 100, &b);
        shows(b.data, rows[i].shown);
        buf_clear(&b);
        json_t *o = parse(text);
        pretty_status_job(o, NOW, 60, &b);
        json_decref(o);
        shows(b.data, "  held            waits for approval; test it: `sluice test\n");
        shows(b.data, "\n                  spring`; release it: ");
        buf_done(&b);
    }
}

static void test_approved_jobs(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 1 << 20);
    json_t *o = parse("{\"id\":\"spring\",\"approved\":{\"at\":\"2026-11-22T01:00:00.000Z\","
                      "\"by\":\"lee\",\"untested\":true}}");
    pretty_job(o, &b);
    shows(b.data, "\n  approved        2026-11-22T01:00:00.000Z by lee, untested\n");
    json_decref(o);
    buf_done(&b);
}

static void test_old_jobs_are_left_out(void **state)
{
    struct buf json, b;
    (void)state;
    buf_init(&json, 1 << 20);
    buf_puts(&json, "{\"jobs\":[{\"id\":\"first-open\",\"state\":\"active\"}");
    for (int i = 0; i < 25; i++)
        buf_printf(&json, ",{\"id\":\"old-%02d\",\"state\":\"done\"}", i);
    buf_puts(&json, "]}");
    status(json.data, 100, &b);
    shows(b.data, "first-open");
    shows_not(b.data, "old-04");
    shows(b.data, "old-05");
    shows(b.data, "old-24");
    shows(b.data, "and 5 older jobs");
    buf_done(&b);
    buf_done(&json);
}

static void test_status_of_odd_answers(void **state)
{
    static const char *const rows[] = {
        "{}",
        "[]",
        "{\"jobs\":{}}",
        "{\"jobs\":[1,null,\"x\",[],{}]}",
        "{\"jobs\":[{\"id\":5,\"counts\":[1],\"categories\":7,\"providers\":{},\"waits\":3}]}",
        "{\"jobs\":[{\"counts\":{\"delivered\":-1,\"waiting\":1e300,\"bounced\":\"x\"}}]}",
        "{\"jobs\":[{\"providers\":[1,{}],\"waits\":[null,{}]}],\"intake\":5}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *o = parse(rows[i]);
        struct buf b;
        buf_init(&b, 1 << 20);
        pretty_status(o, 100, &b);
        pretty_status_job(o, NOW, 100, &b);
        pretty_live_line(o, 100, &b);
        pretty_is_over(o);
        pretty_job(o, &b);
        pretty_attempts(o, &b);
        pretty_contact(o, 100, &b);
        pretty_lists(o, 100, &b);
        pretty_list_import(o, 100, &b);
        buf_done(&b);
        json_decref(o);
    }
}

static const char ONE_JOB[] =
    "{\"messages_per_s\":99,\"connections_by_provider\":[{\"provider\":\"naver\",\"connections\":5}"
    "],\"jobs\":[{\"id\":\"spring\",\"client\":\"한국여행사\",\"state\":\"active\",\"class\":"
    "\"ad\","
    "\"priority\":\"bulk\",\"standing\":true,\"created\":\"2026-11-18T10:00:00.000Z\","
    "\"finished\":null,\"recipients\":20000,\"duplicates\":12,\"bad_rows\":0,"
    "\"counts\":{\"delivered\":15000,\"bounced\":1000,\"suppressed\":500,\"deferred\":500,"
    "\"in-doubt\":0,\"waiting\":3000},"
    "\"categories\":{\"user-unknown\":900,\"mailbox-full\":100,\"greylisted\":500},"
    "\"providers\":[{\"provider\":\"naver\",\"counts\":{\"delivered\":9000},\"attempts\":9100},"
    "{\"provider\":\"다음\",\"counts\":{\"delivered\":6000,\"bounced\":1000},\"attempts\":7777}],"
    "\"waits\":[{\"what\":\"domain x.example\",\"recipients\":321,\"why\":\"no host answers\","
    "\"file\":\"/etc/sluice/x.conf\",\"line\":9,\"until\":\"2026-11-18T11:11:40Z\"}]}]}";

static void test_status_of_one_job(void **state)
{
    json_t *o = parse(ONE_JOB);
    struct buf b;
    (void)state;
    buf_init(&b, 1 << 20);
    pretty_status_job(o, NOW, 100, &b);
    shows(b.data, "job spring of 한국여행사: active, standing\n");
    shows(b.data, "  recipients      20,000\n");
    shows(b.data, "  duplicates      12\n");
    shows_not(b.data, "bad rows");
    shows_not(b.data, "finished");
    shows(b.data, "75.0 %");
    shows(b.data, "user-unknown");
    shows_not(b.data, "in-doubt");
    shows(b.data, "waiting           until  recipients\n"
                  "domain x.example  in 5m         321\n"
                  "    no host answers (/etc/sluice/x.conf:9)\n");
    shows_not(b.data, "quarantined");
    size_t right = columns_to(b.data, "provider ", "attempts");
    assert_int_equal(columns_to(b.data, "naver", "9,100"), right);
    assert_int_equal(columns_to(b.data, "다음", "7,777"), right);
    right = columns_to(b.data, "provider ", "conns");
    assert_int_equal(columns_to(b.data, "naver", " 5"), right);
    buf_done(&b);
    json_decref(o);
}

/* A column of its own, and only while there is somebody in it. */
static void test_quarantined_recipients_show(void **state)
{
    json_t *o =
        parse("{\"jobs\":[{\"id\":\"spring\",\"state\":\"active\",\"counts\":{\"waiting\":5,"
              "\"quarantined\":1204},\"providers\":[{\"provider\":\"daum\",\"counts\":{"
              "\"quarantined\":1203},\"attempts\":1300}]}]}");
    struct buf b;
    (void)state;
    buf_init(&b, 1 << 20);
    pretty_status(o, 120, &b);
    size_t right = columns_to(b.data, "job ", "quarantined");
    assert_int_equal(columns_to(b.data, "spring", "1,204"), right);
    buf_clear(&b);
    pretty_status_job(o, NOW, 120, &b);
    shows(b.data, "quarantined       1,204");
    right = columns_to(b.data, "provider ", "quarantined");
    assert_int_equal(columns_to(b.data, "daum", "1,203"), right);
    right = columns_to(b.data, "provider ", "attempts");
    assert_int_equal(columns_to(b.data, "daum", "1,300"), right);
    buf_done(&b);
    json_decref(o);
}

static void test_the_live_line(void **state)
{
    struct buf b;
    json_t *one = parse(ONE_JOB), *all = parse(STATUS);
    (void)state;
    buf_init(&b, 1 << 20);
    pretty_live_line(one, 0, &b);
    assert_string_equal(b.data, "spring  16,500 of 20,000 (82.5 %): 15,000 delivered, 1,000 "
                                "bounced, 500 other, 500 deferred, 99/s");
    buf_clear(&b);
    pretty_live_line(one, 30, &b);
    assert_string_equal(b.data, "spring  16,500 of 20,000 (82.5");
    buf_clear(&b);
    pretty_live_line(all, 0, &b);
    assert_string_equal(b.data, "2 jobs  12,440 of 74,321 (16.7 %): 12,345 delivered, 89 bounced, "
                                "6 other, 67 deferred, 2,345/s");
    buf_done(&b);
    json_decref(one);
    json_decref(all);
}

static void test_when_a_job_is_over(void **state)
{
    static const struct {
        const char *state;
        bool over;
    } rows[] = {{"active", false}, {"paused", false},   {"importing", false},
                {"done", true},    {"cancelled", true}, {"failed", true}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *o = json_pack("{s:[{s:s}]}", "jobs", "state", rows[i].state);
        assert_int_equal(pretty_is_over(o), rows[i].over);
        json_decref(o);
    }
}

/* ---- show, list ---- */

static void test_show(void **state)
{
    struct buf b;
    json_t *job =
        parse("{\"id\":\"spring\",\"client\":\"shop\",\"state\":\"done\",\"recipients\":"
              "2,\"columns\":\"[\\\"이름\\\"]\",\"job\":{\"subject\":\"안녕 {{이름}}\","
              "\"reply_to\":null,\"start\":1795000000000,\"finish_by\":0,\"expires_ms\":"
              "345600000,\"max_bad_rows\":100,\"message\":{\"charset\":\"utf-8\","
              "\"tracks_opens\":false,\"tracks_clicks\":true,\"list_id\":\"봄\\u001b <a.b>\","
              "\"untracked\":[\"https://a.example/\",\"https://b.example/"
              "\"]}},\"parts\":[{\"name\":\"text.txt\","
              "\"bytes\":1234}]}");
    json_t *attempts = parse(
        "{\"id\":\"spring\",\"address\":\"kim@naver.com\",\"variables\":\"[\\\"김\\\"]\","
        "\"attempts\":[{\"time\":\"2026-11-18T10:00:00.000Z\",\"state\":\"deferred\",\"class\":"
        "\"greylisted\",\"code\":451,\"enhanced\":\"4.7.1\",\"text\":\"try again\\u001b[0m\","
        "\"mx_host\":\"mx1.naver.com\",\"rule\":\"greylist-1\"}]}");
    (void)state;
    buf_init(&b, 1 << 20);
    pretty_job(job, &b);
    shows(b.data, "job spring of shop: done\n");
    shows(b.data, "  subject         안녕 {{이름}}\n");
    shows(b.data, "  max_bad_rows    100\n");
    shows_not(b.data, "reply_to");
    shows(b.data, "  start           2026-11-18T11:06:40.000Z\n");
    shows(b.data, "  expires after   4d");
    shows_not(b.data, "finish_by");
    shows(b.data, "\n\nmessages are made with:\n  charset         utf-8\n"
                  "  tracks_clicks   yes\n  list_id         봄" R " <a.b>\n"
                  "  untracked       https://a.example/\n  untracked       https://b.example/\n\n");
    shows_not(b.data, "tracks_opens");
    shows(b.data, "  text.txt, 1,234 bytes\n");
    buf_clear(&b);
    pretty_attempts(attempts, &b);
    shows(b.data, "kim@naver.com in job spring\n");
    shows(b.data,
          "2026-11-18T10:00:00.000Z  deferred  greylisted  mx1.naver.com  (rule greylist-1)\n"
          "    451 4.7.1 try again" R "[0m\n");
    buf_done(&b);
    json_decref(job);
    json_decref(attempts);
}

static void test_lists(void **state)
{
    struct buf b;
    json_t *contact = parse(
        "{\"address\":\"kim@naver.com\",\"contacts\":[{\"list\":\"shop\",\"status\":\"bouncing\","
        "\"sent\":5,\"hard\":0,\"vars\":{\"이름\":\"김\"}}],\"suppressions\":[{\"address\":"
        "\"@naver.com\",\"client\":\"*\",\"class\":\"ad\",\"reason\":\"operator\"}],\"events\":["
        "{\"at\":\"2026-11-18T10:00:00.000Z\",\"list\":\"shop\",\"what\":\"imported\"}]}");
    json_t *lists = parse("{\"lists\":[{\"list\":\"shop\",\"contacts\":20000,\"active\":19000,"
                          "\"suppressed\":17}]}");
    json_t *none = parse("{\"lists\":[]}");
    json_t *import = parse("{\"list\":\"shop\",\"new\":1000,\"known\":5,\"bad_rows\":3,\"bad\":[{"
                           "\"line\":17,\"why\":\"no @\",\"row\":\"kim\"}],\"warning\":\"x\"}");
    (void)state;
    buf_init(&b, 1 << 20);
    pretty_contact(contact, 100, &b);
    shows(b.data, "in list shop\n");
    shows(b.data, "{\"이름\":\"김\"}");
    shows(b.data, "suppressed:\n");
    shows(b.data, "@naver.com");
    shows(b.data, "imported");
    buf_clear(&b);
    pretty_lists(lists, 100, &b);
    shows(b.data, "20,000");
    pretty_lists(none, 100, &b);
    shows(b.data, "no lists\n");
    buf_clear(&b);
    pretty_list_import(import, 100, &b);
    shows(b.data, "list shop: 1,000 new, 5 already known, 3 bad\n");
    shows(b.data, "no @");
    shows(b.data, "more bad rows are left out\n");
    shows(b.data, "warning: x\n");
    buf_done(&b);
    json_decref(contact);
    json_decref(lists);
    json_decref(none);
    json_decref(import);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_control_characters_never_pass),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_times_are_told_from_now),
        cmocka_unit_test(test_text_is_cut_by_columns),
        cmocka_unit_test(test_status_of_everything),
        cmocka_unit_test(test_status_keeps_to_the_terminal),
        cmocka_unit_test(test_status_shows_trouble),
        cmocka_unit_test(test_status_of_a_job_that_is_held),
        cmocka_unit_test(test_approved_jobs),
        cmocka_unit_test(test_old_jobs_are_left_out),
        cmocka_unit_test(test_status_of_odd_answers),
        cmocka_unit_test(test_status_of_one_job),
        cmocka_unit_test(test_quarantined_recipients_show),
        cmocka_unit_test(test_the_live_line),
        cmocka_unit_test(test_when_a_job_is_over),
        cmocka_unit_test(test_show),
        cmocka_unit_test(test_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
