#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <sluice/base/must.h>
#include <sluice/model/job.h>

/* No two members alike: one in another's place shows. */
static const struct message_spec full = {
    .missing = MISSING_SKIP,
    .charset = MAIL_ISO_2022_KR,
    .charset_fallback = CHARSET_FALLBACK_REPLACE,
    .text_from_html = true,
    .ad_policy = AD_REPAIR,
    .sender = {(char *)"봄날", (char *)"help@b.example", (char *)"02-1234-5678", (char *)"서울"},
    .list_id = (char *)"소식 <news.b.example>",
    .unsubscribe_url = (char *)"https://b.example/u/{{id}}",
    .unsubscribe_mailto = (char *)"stop@b.example?subject=stop",
    .feedback_id = (char *)"a:b:c:d",
    .cfbl_address = (char *)"cfbl@b.example",
    .is_auto_submitted = true,
    .tracks_opens = true,
    .tracks_clicks = true,
    .tracking_url = (char *)"https://t.example",
    .untracked = (char *[]){(char *)"https://a.example/", (char *)"https://c.example/"},
    .untrackeds = 2,
};

static void is_full(const struct message_spec *m)
{
    assert_int_equal(m->missing, MISSING_SKIP);
    assert_int_equal(m->charset, MAIL_ISO_2022_KR);
    assert_int_equal(m->charset_fallback, CHARSET_FALLBACK_REPLACE);
    assert_int_equal(m->ad_policy, AD_REPAIR);
    assert_true(m->text_from_html && m->is_auto_submitted && m->tracks_opens && m->tracks_clicks);
    assert_string_equal(m->sender.name, full.sender.name);
    assert_string_equal(m->sender.email, full.sender.email);
    assert_string_equal(m->sender.telephone, full.sender.telephone);
    assert_string_equal(m->sender.address, full.sender.address);
    assert_string_equal(m->list_id, full.list_id);
    assert_string_equal(m->unsubscribe_url, full.unsubscribe_url);
    assert_string_equal(m->unsubscribe_mailto, full.unsubscribe_mailto);
    assert_string_equal(m->feedback_id, full.feedback_id);
    assert_string_equal(m->cfbl_address, full.cfbl_address);
    assert_string_equal(m->tracking_url, full.tracking_url);
    assert_int_equal(m->untrackeds, 2);
    assert_string_equal(m->untracked[0], "https://a.example/");
    assert_string_equal(m->untracked[1], "https://c.example/");
}

static void is_empty(const struct message_spec *m)
{
    static const struct message_spec empty;

    assert_null(m->sender.name);
    assert_null(m->sender.email);
    assert_null(m->sender.telephone);
    assert_null(m->sender.address);
    assert_null(m->list_id);
    assert_null(m->unsubscribe_url);
    assert_null(m->unsubscribe_mailto);
    assert_null(m->feedback_id);
    assert_null(m->cfbl_address);
    assert_null(m->tracking_url);
    assert_int_equal(m->untrackeds, 0);
    assert_int_equal(m->missing, empty.missing);
    assert_int_equal(m->charset, empty.charset);
    assert_int_equal(m->charset_fallback, empty.charset_fallback);
    assert_false(m->text_from_html || m->is_auto_submitted || m->tracks_opens || m->tracks_clicks);
}

static void a_copy_is_the_same_and_its_own(void **state)
{
    struct message_spec a, b;

    (void)state;
    message_spec_copy(&a, &full);
    message_spec_copy(&b, &a);
    message_spec_done(&a);
    is_empty(&a);
    is_full(&b);
    message_spec_copy(&a, &(struct message_spec){0});
    is_empty(&a);
    message_spec_done(&a);
    message_spec_done(&b);
    message_spec_done(&b);
}

static struct job_spec *through_snapshot(struct job_spec s)
{
    struct job_spec *back;
    struct buf text;
    struct err e;

    s.id = s.client = s.variables = (char *)"x";
    s.from_address = (char *)"a@b.kr";
    buf_init(&text, 10000);
    job_spec_format(&s, &text);
    back = job_spec_parse(str_n(text.data, text.len), &e);
    assert_non_null(back);
    buf_done(&text);
    return back;
}

static void a_snapshot_keeps_every_member(void **state)
{
    struct job_spec *back = through_snapshot((struct job_spec){
        .message = full, .needs_approval = true, .test_of = (char *)"spring-2026"});

    (void)state;
    is_full(&back->message);
    assert_true(back->needs_approval);
    assert_string_equal(back->test_of, "spring-2026");
    job_spec_free(back);
}

/* Each switch alone: none stands for another. */
static void a_snapshot_keeps_each_switch(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct job_spec *back = through_snapshot((struct job_spec){
            .message = {.text_from_html = i == 0,
                        .is_auto_submitted = i == 1,
                        .tracks_opens = i == 2,
                        .tracks_clicks = i == 3},
        });

        assert_int_equal(back->message.text_from_html, i == 0);
        assert_int_equal(back->message.is_auto_submitted, i == 1);
        assert_int_equal(back->message.tracks_opens, i == 2);
        assert_int_equal(back->message.tracks_clicks, i == 3);
        assert_false(back->needs_approval);
        assert_null(back->test_of);
        job_spec_free(back);
    }
}

static void a_snapshot_of_nothing_is_nothing(void **state)
{
    struct job_spec *back = through_snapshot((struct job_spec){.message = {.list_id = NULL}});

    (void)state;
    is_empty(&back->message);
    assert_int_equal(back->message.ad_policy, AD_REFUSE);
    job_spec_free(back);
}

#define OLD                                                                                        \
    "{\"version\":1,\"id\":\"a\",\"client\":\"c\",\"from_address\":\"a@b.kr\","                    \
    "\"variables\":\"{}\",\"class\":\"ad\",\"priority\":\"bulk\",\"in_doubt\":\"hold\","           \
    "\"standing\":false,\"start\":0,\"finish_by\":0,\"expires_ms\":1,\"max_bad_rows\":0"

/* Nobody looked at its words when it was taken in, and it goes on. */
static void an_old_job_goes_on_without_the_advertising_check(void **state)
{
    struct err e;
    struct job_spec *s = job_spec_parse(str_of(OLD "}"), &e);

    (void)state;
    assert_non_null(s);
    is_empty(&s->message);
    assert_int_equal(s->message.ad_policy, AD_WARN);
    assert_false(s->needs_approval);
    assert_null(s->test_of);
    job_spec_free(s);
}

#define SWITCHES                                                                                   \
    "\"text_from_html\":false,\"auto_submitted\":false,\"tracks_opens\":false,"                    \
    "\"tracks_clicks\":false"
#define KINDS                                                                                      \
    "\"missing\":\"skip\",\"charset\":\"utf-8\",\"charset_fallback\":\"utf-8\","                   \
    "\"advertising\":\"warn\""
#define GOOD KINDS "," SWITCHES

static void damage_is_refused(void **state)
{
    static const struct {
        const char *text, *want; /* NULL: accepted */
    } rows[] = {
        {"\"message\":{" GOOD "}", NULL},
        {"\"message\":5", "\"message\" is no group"},
        {"\"message\":null", "\"message\" is no group"},
        {"\"message\":{}", "\"message.missing\""},
        {"\"message\":{\"missing\":\"no\"}", "\"message.missing\""},
        {"\"message\":{\"missing\":\"skip\",\"charset\":\"latin1\"}", "\"message.charset\""},
        {"\"message\":{\"missing\":\"skip\",\"charset\":\"utf-8\",\"charset_fallback\":1}",
         "\"message.charset_fallback\""},
        {"\"message\":{\"missing\":\"skip\",\"charset\":\"utf-8\",\"charset_fallback\":\"utf-8\"}",
         "\"message.advertising\""},
        {"\"message\":{" KINDS "}", "\"message.text_from_html\""},
        {"\"message\":{" KINDS ",\"text_from_html\":1}", "\"message.text_from_html\""},
        {"\"message\":{" GOOD ",\"list_id\":5}", "\"message.list_id\""},
        {"\"message\":{" GOOD ",\"sender_name\":null}", "\"message.sender_name\""},
        {"\"message\":{" GOOD ",\"untracked\":\"x\"}", "\"message.untracked\" is no list"},
        {"\"message\":{" GOOD ",\"untracked\":[\"x\",5]}", "something that is no text"},
        {"\"needs_approval\":\"true\"", "\"needs_approval\""},
        {"\"test_of\":true", "\"test_of\""},
        {"\"test_of\":\"../x\"", "\"test_of\" is not a job id"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *text = mem_printf(OLD ",%s}", rows[i].text);
        struct err e = {0};
        struct job_spec *s = job_spec_parse(str_of(text), &e);

        if (rows[i].want ? s || !strstr(e.text, rows[i].want) : !s)
            fail_msg("%s: \"%s\"", rows[i].text, e.text);
        job_spec_free(s);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_is_the_same_and_its_own),
        cmocka_unit_test(a_snapshot_keeps_every_member),
        cmocka_unit_test(a_snapshot_keeps_each_switch),
        cmocka_unit_test(a_snapshot_of_nothing_is_nothing),
        cmocka_unit_test(an_old_job_goes_on_without_the_advertising_check),
        cmocka_unit_test(damage_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
