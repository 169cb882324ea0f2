#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <sluice/base/must.h>
#include <sluice/model/job.h>

static struct job_spec *parse(const char *text, struct err *e)
{
    return job_spec_parse(str_of(text), e);
}

static void a_snapshot_reads_back(void **state)
{
    struct window windows[] = {
        {.kind = WINDOW_WEEKLY,
         .timezone = "Asia/Seoul",
         .days = 0x1f,
         .from_min = 480,
         .until_min = 1200,
         .note = "낮",
         .at = {NULL, 12}},
        {.kind = WINDOW_RULE,
         .timezone = "UTC",
         .rrule = "FREQ=MONTHLY;BYDAY=2SU",
         .start = "2026-01-11T02:00",
         .duration_ms = 3600000},
        {.kind = WINDOW_ONCE, .from = {5}, .until = {WHEN_NEVER}},
    };
    struct job_spec s = {
        .id = "spring-2026",
        .client = "default",
        .msg_class = MSG_NOTICE,
        .priority = PRIO_BULK,
        .in_doubt = DOUBT_DELIVERED,
        .is_standing = true,
        .from_name = "홍길동 \"봄\"",
        .from_address = "kim@example.kr",
        .subject = "(광고) {{name}}\\",
        .template_name = "spring",
        .token = "0123456789abcdef",
        .start = {INT64_MIN},
        .finish_by = {INT64_MAX},
        .expires_ms = -1,
        .max_bad_rows = UINT64_MAX,
        .connection_limit = 7,
        .max_message_rate = {{{20, 1000000, 1}, {50000, 86400000000, 0}}, 2},
        .send_windows = {windows, 3, "kr"},
        .variables = "{\"a\":[1,\"b\"]}",
    };
    struct job_spec *back;
    struct buf first, second;
    struct err e;

    (void)state;
    buf_init(&first, 10000);
    buf_init(&second, 10000);
    job_spec_format(&s, &first);
    back = job_spec_parse(str_n(first.data, first.len), &e);
    assert_non_null(back);
    assert_string_equal(back->id, s.id);
    assert_string_equal(back->from_name, s.from_name);
    assert_string_equal(back->subject, s.subject);
    assert_string_equal(back->variables, s.variables);
    assert_string_equal(back->token, s.token);
    assert_null(back->reply_to);
    assert_null(back->charset);
    assert_int_equal(back->msg_class, s.msg_class);
    assert_int_equal(back->priority, s.priority);
    assert_int_equal(back->in_doubt, s.in_doubt);
    assert_true(back->is_standing);
    assert_int_equal(back->connection_limit, 7);
    assert_int_equal(back->max_message_rate.count, 2);
    assert_true(rate_spec_equal(&back->max_message_rate.item[1], &s.max_message_rate.item[1]));
    assert_int_equal(back->send_windows.count, 3);
    assert_string_equal(back->send_windows.holidays, "kr");
    assert_int_equal(back->send_windows.item[0].days, 0x1f);
    assert_int_equal(back->send_windows.item[0].at.line, 12);
    assert_string_equal(back->send_windows.item[0].note, "낮");
    assert_string_equal(back->send_windows.item[1].rrule, windows[1].rrule);
    assert_int_equal(back->send_windows.item[1].duration_ms, 3600000);
    assert_true(back->send_windows.item[2].until.ms == WHEN_NEVER);
    assert_true(back->start.ms == INT64_MIN && back->finish_by.ms == INT64_MAX);
    assert_true(back->expires_ms == -1 && back->max_bad_rows == UINT64_MAX);
    /* Whatever is not compared above: the second snapshot is the same text. */
    job_spec_format(back, &second);
    assert_string_equal(first.data, second.data);
    job_spec_free(back);
    job_spec_free(NULL);
    buf_done(&first);
    buf_done(&second);
}

/* Replaces `from` in a good snapshot and expects a refusal that says `want`. */
static void damage_is_refused(void **state)
{
    static const struct {
        const char *from, *to, *want;
    } rows[] = {
        {"\"version\":1", "\"version\":2", "version 2 is not known"},
        {"\"version\":1", "\"version\":\"1\"", "\"version\" is missing"},
        {"\"version\":1,", "", "\"version\" is missing"},
        {"\"id\":\"a\"", "\"id\":null", "\"id\" is missing or no text"},
        {"\"id\":\"a\",", "", "\"id\" is missing or no text"},
        {"\"id\":\"a\"", "\"id\":7", "\"id\" is missing or no text"},
        {"\"id\":\"a\"", "\"id\":\"../a\"", "not a job id"},
        {"\"id\":\"a\"", "\"id\":\"\"", "not a job id"},
        {"\"token\":\"0123456789abcdef\"", "\"token\":\"0123456789abcde\"", "16 hex digits"},
        {"\"token\":\"0123456789abcdef\"", "\"token\":\"0123456789ABCDEF\"", "16 hex digits"},
        {"\"token\":\"0123456789abcdef\"", "\"token\":1", "\"token\" is missing or no text"},
        {"\"class\":\"ad\"", "\"class\":\"spam\"", "\"class\""},
        {"\"priority\":\"urgent\"", "\"priority\":1", "\"priority\""},
        {"\"in_doubt\":\"hold\"", "\"in_doubt\":null", "\"in_doubt\""},
        {"\"standing\":false", "\"standing\":0", "\"standing\""},
        {"\"start\":0", "\"start\":0.5", "\"start\""},
        {"\"expires_ms\":0", "\"expires_ms\":9223372036854775808", "too big"},
        {"}", "", "job snapshot: "},
        {"}", "}x", "job snapshot: "},
    };
    struct job_spec s = {.id = "a",
                         .client = "c",
                         .from_address = "a@b.kr",
                         .token = "0123456789abcdef",
                         .variables = ""};
    struct buf good, bad;

    (void)state;
    buf_init(&good, 10000);
    buf_init(&bad, 10000);
    job_spec_format(&s, &good);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *at = strstr(good.data, rows[i].from);
        struct err e = {0};

        assert_non_null(at);
        buf_clear(&bad);
        buf_put(&bad, good.data, (size_t)(at - good.data));
        buf_puts(&bad, rows[i].to);
        buf_puts(&bad, at + strlen(rows[i].from));
        assert_null(parse(bad.data, &e));
        if (!strstr(e.text, rows[i].want))
            fail_msg("%s: %s", rows[i].to, e.text);
    }
    for (size_t n = 0; n < good.len; n++)
        assert_null(job_spec_parse(str_n(good.data, n), NULL));
    assert_null(parse("[]", NULL));
    assert_null(job_spec_parse(str_n(NULL, 0), NULL));
    buf_done(&good);
    buf_done(&bad);
}

/* What versions before the gates wrote. */
static void an_old_snapshot_reads(void **state)
{
    struct err e;
    struct job_spec *s =
        parse("{\"version\":1,\"id\":\"a\",\"client\":\"c\",\"from_address\":\"a@b.kr\","
              "\"variables\":\"{}\",\"class\":\"ad\",\"priority\":\"bulk\",\"in_doubt\":\"hold\","
              "\"standing\":false,\"start\":0,\"finish_by\":0,\"expires_ms\":1,"
              "\"max_bad_rows\":0}",
              &e);

    (void)state;
    assert_non_null(s);
    assert_int_equal(s->connection_limit, 0);
    assert_int_equal(s->max_message_rate.count, 0);
    assert_int_equal(s->send_windows.count, 0);
    assert_null(s->send_windows.holidays);
    job_spec_free(s);
}

static void damaged_shaping_is_refused(void **state)
{
    static const char *const row[] = {
        "\"connection_limit\":-1",
        "\"connection_limit\":\"5\"",
        "\"max_message_rate\":\"5/s\"",
        "\"max_message_rate\":[\"fast\"]",
        "\"max_message_rate\":[5]",
        "\"max_message_rate\":[\"1/s\",\"1/s\",\"1/s\",\"1/s\",\"1/s\"]",
        "\"holidays\":5",
        "\"send_windows\":{}",
        "\"send_windows\":[5]",
        "\"send_windows\":[{}]",
        "\"send_windows\":[{\"line\":1,\"kind\":\"yearly\"}]",
        "\"send_windows\":[{\"line\":1,\"kind\":\"once\",\"from\":1}]",
        "\"send_windows\":[{\"line\":-1,\"kind\":\"once\",\"from\":1,\"until\":2}]",
        "\"send_windows\":[{\"line\":1,\"kind\":\"weekly\",\"days\":3,\"from_min\":0,"
        "\"until_min\":5}]",
        "\"send_windows\":[{\"line\":1,\"kind\":\"weekly\",\"timezone\":\"UTC\",\"days\":128,"
        "\"from_min\":0,\"until_min\":5}]",
        "\"send_windows\":[{\"line\":1,\"kind\":\"weekly\",\"timezone\":\"UTC\",\"days\":1,"
        "\"from_min\":1440,\"until_min\":5}]",
        "\"send_windows\":[{\"line\":1,\"kind\":\"rule\",\"timezone\":\"UTC\",\"rrule\":\"x\","
        "\"start\":5,\"duration_ms\":5}]",
        "\"send_windows\":[{\"line\":1,\"kind\":\"rule\",\"timezone\":\"UTC\",\"rrule\":\"x\","
        "\"start\":\"y\",\"duration_ms\":0}]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct err e = {0};
        char *text =
            mem_printf("{\"version\":1,\"id\":\"a\",\"client\":\"c\",\"from_address\":\"a@b.kr\","
                       "\"variables\":\"{}\",\"class\":\"ad\",\"priority\":\"bulk\",\"in_doubt\":"
                       "\"hold\",\"standing\":false,\"start\":0,\"finish_by\":0,\"expires_ms\":1,"
                       "\"max_bad_rows\":0,%s}",
                       row[i]);

        if (parse(text, &e) || !strstr(e.text, "job snapshot: "))
            fail_msg("%s: \"%s\"", row[i], e.text);
        free(text);
    }
}

static void parts_are_found_by_name(void **state)
{
    struct part_files p = {.item = mem_array(2, sizeof *p.item), .count = 2};

    (void)state;
    p.item[0] = (struct part_file){mem_str("subject.txt"), mem_str("a"), 1};
    p.item[1] = (struct part_file){mem_str("text.txt"), mem_str("b"), 1};
    assert_ptr_equal(part_files_find(&p, "text.txt"), &p.item[1]);
    assert_null(part_files_find(&p, "text"));
    part_files_done(&p);
    assert_int_equal(p.count, 0);
    assert_null(part_files_find(&p, "text.txt"));
    part_files_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_snapshot_reads_back),   cmocka_unit_test(damage_is_refused),
        cmocka_unit_test(an_old_snapshot_reads),   cmocka_unit_test(damaged_shaping_is_refused),
        cmocka_unit_test(parts_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
