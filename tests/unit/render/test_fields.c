#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper_render.h"

static const char *const plain[] = {"subject.txt", "s", "text.txt", "t", NULL};

/* Renders plain files for the spec; the field, or why there is no message. */
static void field_of(const struct job_spec *spec, const char *const *files, const char *vars,
                     const struct keys *keys, const char *name, char *out, size_t size)
{
    struct mailing *m = helper_make_good(spec, files, "[]");
    struct buf message;
    struct err e;

    buf_init(&message, 100000);
    if (helper_render(m, vars, keys, &message, &e))
        snprintf(out, size, "%s", helper_field(&message, name));
    else
        snprintf(out, size, "! %s", e.text);
    buf_done(&message);
    mailing_release(m);
}

static void unsubscribing(void **state)
{
    static const struct {
        const char *url, *mailto, *vars, *want;
        bool has_post;
    } rows[] = {
        {NULL, NULL, "{}", "", false},
        {"https://shop.example/u/{{id}}", NULL, "{\"id\":\"a b/c\"}",
         "<https://shop.example/u/a%20b/c>", true},
        {"https://shop.example/u/{{id}}", NULL, "{}",
         "! unsubscribe_url: variable 'id' has no value", false},
        {"https://shop.example/u/{{id|all}}", NULL, "{}", "<https://shop.example/u/all>", true},
        {NULL, "off@shop.example?subject={{id}}", "{\"id\":\"\"}",
         "! unsubscribe_mailto: variable 'id' has no value", false},
        {"https://shop.example/u?e={{email}}\n", NULL, "{}",
         "<https://shop.example/u?e=kim%40mail.example>", true},
        {NULL, "off@shop.example", "{}", "<mailto:off@shop.example>", false},
        {NULL, "mailto:off@shop.example?subject={{id}}", "{\"id\":\"x&cc=y\"}",
         "<mailto:off@shop.example?subject=x%26cc%3Dy>", false},
        {"https://shop.example/u", "off@shop.example", "{}",
         "<https://shop.example/u>, <mailto:off@shop.example>", true},
        {"{{url}}", NULL, "{\"url\":\"https://other.example/u?a=1&b=2\"}",
         "<https://other.example/u?a=1&b=2>", true},
        {"{{url}}", NULL, "{\"url\":\"http://other.example/u\"}",
         "! unsubscribe_url: not an https URI of at most 900 bytes: http://other.example/u", false},
        {"{{url}}", NULL, "{\"url\":\"javascript:alert(1)\"}",
         "! unsubscribe_url: not an https URI of at most 900 bytes: #", false},
        {"https://쇼핑.example/u", NULL, "{}",
         "! unsubscribe_url: not an https URI of at most 900 bytes: https://쇼핑.example/u", false},
        {"{{url}}", NULL, "{\"url\":\"https://x.example/>,<mailto:a@b.example\"}",
         "! unsubscribe_url: not an https URI of at most 900 bytes: "
         "https://x.example/>,<mailto:a@b.example",
         false},
        {"https://shop.example/{{{x}}}", NULL, "{\"x\":\"a\\r\\nBcc: b@c.example\"}",
         "! unsubscribe_url: not an https URI of at most 900 bytes: "
         "https://shop.example/a  Bcc: b@c.example",
         false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct job_spec spec = helper_spec();
        char got[600];

        spec.message.unsubscribe_url = TEXT(rows[i].url);
        spec.message.unsubscribe_mailto = TEXT(rows[i].mailto);
        field_of(&spec, plain, rows[i].vars, NULL, "List-Unsubscribe", got, sizeof got);
        assert_string_equal(got, rows[i].want);
        field_of(&spec, plain, rows[i].vars, NULL, "List-Unsubscribe-Post", got, sizeof got);
        if (got[0] != '!')
            assert_string_equal(got, rows[i].has_post ? "List-Unsubscribe=One-Click" : "");
    }
}

static void fields_of_the_job(void **state)
{
    static const struct {
        struct message_spec message;
        enum msg_class msg_class;
        const char *list, *name, *want;
    } rows[] = {
        {{.list_id = TEXT("news.shop.example")},
         MSG_NOTICE,
         NULL,
         "List-Id",
         "<news.shop.example>"},
        {{.list_id = TEXT("Spring News <news.shop.example>")},
         MSG_NOTICE,
         NULL,
         "List-Id",
         "Spring News <news.shop.example>"},
        {{.list_id = TEXT("봄날 소식 <news.shop.example>")},
         MSG_NOTICE,
         NULL,
         "List-Id",
         "=?UTF-8?B?67SE64KgIOyGjOyLnQ==?= <news.shop.example>"},
        {{0}, MSG_NOTICE, NULL, "List-Id", ""},
        {{0}, MSG_AD, NULL, "List-Id", "<bomnal.shop.example>"},
        {{0}, MSG_AD, "VIP_2 봄", "List-Id", "<vip-2.shop.example>"},
        {{0}, MSG_AD, "봄", "List-Id", "<list.shop.example>"},
        {{.feedback_id = TEXT("{{campaign}}:bomnal:ad:sluice")},
         MSG_NOTICE,
         NULL,
         "Feedback-ID",
         "spring:bomnal:ad:sluice"},
        {{.cfbl_address = TEXT("fbl@shop.example")},
         MSG_NOTICE,
         NULL,
         "CFBL-Address",
         "fbl@shop.example; report=arf"},
        {{.cfbl_address = TEXT("fbl@shop.example; report=xarf")},
         MSG_NOTICE,
         NULL,
         "CFBL-Address",
         "fbl@shop.example; report=xarf"},
        {{.cfbl_address = TEXT("fbl@shop.example")},
         MSG_NOTICE,
         NULL,
         "CFBL-Feedback-ID",
         "42.spring-1.00c0ffee00c0ffee"},
        {{.is_auto_submitted = true}, MSG_NOTICE, NULL, "Auto-Submitted", "auto-generated"},
        {{0}, MSG_NOTICE, NULL, "Auto-Submitted", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct job_spec spec = helper_spec();
        char got[600];

        spec.message = rows[i].message;
        spec.msg_class = rows[i].msg_class;
        spec.list = TEXT(rows[i].list);
        field_of(&spec, plain, "{\"campaign\":\"spring\"}", NULL, rows[i].name, got, sizeof got);
        assert_string_equal(got, rows[i].want);
    }
}

static void refuses_fields_that_are_none(void **state)
{
    static const struct {
        struct message_spec message;
        const char *want;
    } rows[] = {
        {{.list_id = TEXT("no list")}, "list_id:"},
        {{.cfbl_address = TEXT("nobody")}, "cfbl_address: an address without @"},
        {{.tracks_clicks = true}, "there is no tracking_url"},
        {{.tracking_url = TEXT("ftp://x.example")}, "tracking_url: not the beginning"},
        {{.tracking_url = TEXT("https://x.example/\"><script>")},
         "tracking_url: not the beginning"},
        {{.unsubscribe_url = TEXT("https://x.example/{{")}, "never closed"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct job_spec spec = helper_spec();
        struct problems p;

        spec.message = rows[i].message;
        assert_null(helper_make(&spec, plain, "[]", &p));
        if (!helper_says(&p, rows[i].want))
            helper_print(&p);
        assert_true(helper_says(&p, rows[i].want));
        problems_done(&p);
    }
}

/* At submission: what would be wrong in every message. */
static void refuses_new_jobs(void **state)
{
    static const struct {
        struct message_spec message;
        const char *from_name, *want;
    } rows[] = {
        {{.unsubscribe_url = TEXT("http://shop.example")}, NULL, "unsubscribe_url: an https URI"},
        {{.unsubscribe_url = TEXT("http://shop.example/{{x}}")}, NULL, "unsubscribe_url: an https"},
        {{.unsubscribe_url = TEXT("https://쇼핑.example")}, NULL, "unsubscribe_url: an https URI"},
        {{.unsubscribe_mailto = TEXT("nobody")}, NULL, "unsubscribe_mailto: an address"},
        {{.list_id = TEXT("{{x}} <a.example>")}, NULL, "list_id: tags do nothing here"},
        {{.sender = {.name = TEXT("{{x}}")}}, NULL, "sender.name: tags do nothing here"},
        {{0}, "{{shop}}", "from: tags do nothing here"},
        {{.unsubscribe_url = TEXT("{{url}}"), .unsubscribe_mailto = TEXT("{{to}}")}, NULL, NULL},
        {{.unsubscribe_url = TEXT("https://shop.example/{{x}}")}, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct job_spec spec = helper_spec();
        struct problems p;
        struct mailing *m;

        spec.token = NULL;
        spec.message = rows[i].message;
        spec.from_name = TEXT(rows[i].from_name);
        m = helper_make(&spec, plain, "[]", &p);
        assert_int_equal(m == NULL, rows[i].want != NULL);
        assert_true(!rows[i].want || helper_says(&p, rows[i].want));
        mailing_release(m);
        problems_done(&p);
    }
}

static void the_recipient_may_have_a_name(void **state)
{
    static const struct {
        const char *vars, *want;
    } rows[] = {
        {"{\"name\":\"Kim\"}", "Kim <kim@mail.example>"},
        {"{\"name\":\"Kim, <x@y.example>\"}", "\"Kim, <x@y.example>\" <kim@mail.example>"},
        {"{\"name\":\"홍길동\"}", "=?UTF-8?B?7ZmN6ri464+Z?= <kim@mail.example>"},
        {"{\"name\":\"a\\r\\nBcc: b@c.example\"}", "\"a Bcc: b@c.example\" <kim@mail.example>"},
        {"{}", "kim@mail.example"},
    };
    static const char *const files[] = {"subject.txt", "s",          "text.txt", "t",
                                        "to.txt",      "{{name}}\n", NULL};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct job_spec spec = helper_spec();
        char got[600];

        field_of(&spec, files, rows[i].vars, NULL, "To", got, sizeof got);
        assert_string_equal(got, rows[i].want);
    }
}

/* Whatever place a variable without a value stands in. */
static void without_a_value_there_is_no_message(void **state)
{
    static const struct {
        const char *files[9];
        const char *feedback;
        bool is_made;
    } rows[] = {
        {{"subject.txt", "s {{x}}", "text.txt", "t"}, NULL, false},
        {{"subject.txt", "s", "text.txt", "t {{x}}"}, NULL, false},
        {{"subject.txt", "s", "html.html", "t {{x}}"}, NULL, false},
        {{"subject.txt", "s", "html.html", "<a href=\"https://a.example/{{x}}\">"}, NULL, false},
        {{"subject.txt", "s", "text.txt", "t", "to.txt", "{{x}}"}, NULL, false},
        {{"subject.txt", "s", "html.html", "t", "preheader.txt", "{{x}}"}, NULL, false},
        {{"subject.txt", "s", "text.txt", "t"}, "a:{{x}}", false},
        {{"subject.txt", "s", "text.txt", "t {{#x}}{{x}}{{/x}}"}, NULL, true},
        {{"subject.txt", "s", "text.txt", "t {{x|you}}"}, NULL, true},
        {{"subject.txt", "s", "text.txt", "t {{email}}"}, NULL, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int empty = 0; empty < 2; empty++) {
            struct job_spec spec = helper_spec();
            char got[600];

            spec.message.missing = empty ? MISSING_EMPTY : MISSING_SKIP;
            spec.message.feedback_id = TEXT(rows[i].feedback);
            field_of(&spec, rows[i].files, "{\"x\":\"\"}", NULL, "Subject", got, sizeof got);
            assert_string_equal(got[0] == '!' ? got : "",
                                rows[i].is_made || empty ? "" : "! variable 'x' has no value");
        }
    }
}

static void the_senders_data_are_variables(void **state)
{
    static const char *const files[] = {
        "subject.txt", "s", "text.txt",
        "{{sender.name}}|{{sender.email}}|{{sender.telephone}}|{{sender.address}}", NULL};
    struct job_spec spec = helper_spec();
    struct buf body;

    (void)state;
    spec.message.sender = (struct sender_data){TEXT("(주)\"봄날\""), TEXT("help@shop.example"),
                                               TEXT("02-555-0100"), TEXT("서울 중구 봄날로 12")};
    helper_show(&spec, files, "{}", NULL, "text/plain", &body);
    assert_string_equal(body.data,
                        "(주)\"봄날\"|help@shop.example|02-555-0100|서울 중구 봄날로 12");
    buf_done(&body);
    spec.variables = TEXT("{\"sender\":{\"name\":\"mine\"}}");
    helper_show(&spec, files, "{}", NULL, "text/plain", &body);
    assert_string_equal(body.data, "mine|||");
    buf_done(&body);
}

/* What no recipient's message could carry is said before the first. */
static void refuses_what_is_wrong_for_everybody(void **state)
{
    enum { FINE, WARNED, REFUSED };
    static const struct {
        struct message_spec message;
        const char *columns;
        int want;
    } rows[] = {
        {{.feedback_id = TEXT("{{good}}:bomnal")}, "[]", FINE},
        {{.feedback_id = TEXT("{{bad}}:bomnal")}, "[\"name\"]", REFUSED},
        {{.feedback_id = TEXT("{{bad}}:bomnal")}, "[\"bad\"]", FINE},
        {{.feedback_id = TEXT("{{bad}}:bomnal")}, "[]", WARNED},
        {{.feedback_id = TEXT("{{bad}}:{{name}}")}, "[]", FINE},
        {{.feedback_id = TEXT("봄:bomnal")}, "[]", REFUSED},
        {{.unsubscribe_url = TEXT("{{good}}")}, "[\"name\"]", REFUSED},
        {{.unsubscribe_url = TEXT("https://b.example/{{bad}}")}, "[\"name\"]", FINE},
        {{.unsubscribe_url = TEXT("https://b.example/{{{bad}}}")}, "[\"name\"]", REFUSED},
        {{.unsubscribe_url = TEXT("https://b.example/{{email}}")}, "[\"name\"]", FINE},
        {{.unsubscribe_mailto = TEXT("a@b.example?subject={{{bad}}}")}, "[\"name\"]", REFUSED},
        {{.unsubscribe_mailto = TEXT("a@b.example?subject={{bad}}")}, "[\"name\"]", FINE},
    };
    static const char *const files[] = {"subject.txt", "s", "text.txt", "x", NULL};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct job_spec spec = helper_spec();
        struct mailing *m;
        struct problems p;

        spec.token = NULL;
        spec.message = rows[i].message;
        spec.variables = TEXT("{\"good\":\"spring\",\"bad\":\"봄\"}");
        m = helper_make(&spec, files, rows[i].columns, &p);
        if ((m == NULL) != (rows[i].want == REFUSED) || (p.count > 0) != (rows[i].want != FINE)) {
            helper_print(&p);
            fail_msg("row %zu", i);
        }
        mailing_release(m);
        problems_done(&p);
    }
}

static void refuses_tags_where_they_do_nothing(void **state)
{
    static const struct {
        const char *from, *reply_to, *file, *want; /* NULL: fine */
    } rows[] = {
        {"news@shop.example", NULL, "attachments/a.pdf", NULL},
        {"{{name}}@shop.example", NULL, "attachments/a.pdf", "from: tags do nothing"},
        {"news@shop.example", "{{name}}@shop.example", "attachments/a.pdf", "reply_to: tags do"},
        {"news@shop.example", NULL, "attachments/{{name}}.pdf", "in a file's name"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const files[] = {"subject.txt", "s", "text.txt", "x", rows[i].file, "y", NULL};
        struct job_spec spec = helper_spec();
        struct mailing *m;
        struct problems p;

        spec.token = NULL;
        spec.from_address = TEXT(rows[i].from);
        spec.reply_to = TEXT(rows[i].reply_to);
        m = helper_make(&spec, files, "[]", &p);
        assert_int_equal(m == NULL, rows[i].want != NULL);
        if (rows[i].want)
            assert_true(helper_says(&p, rows[i].want));
        mailing_release(m);
        problems_done(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unsubscribing),
        cmocka_unit_test(fields_of_the_job),
        cmocka_unit_test(refuses_fields_that_are_none),
        cmocka_unit_test(refuses_new_jobs),
        cmocka_unit_test(the_recipient_may_have_a_name),
        cmocka_unit_test(without_a_value_there_is_no_message),
        cmocka_unit_test(the_senders_data_are_variables),
        cmocka_unit_test(refuses_what_is_wrong_for_everybody),
        cmocka_unit_test(refuses_tags_where_they_do_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
