#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advert.h"
#include "helper_render.h"

#define OPTOUTS "수신거부 https://b.example/off Unsubscribe: https://b.example/off"
#define ALL "주식회사 봄날 help@b.example 02-555-0100 서울특별시 중구 봄날로 12 " OPTOUTS

static const struct sender_data bomnal = {TEXT("주식회사 봄날상회"), TEXT("help@bomnal.example"),
                                          TEXT("02-555-0100"),
                                          TEXT("서울특별시 중구 봄날로 12, 3층")};

static void sees_what_a_body_shows(void **state)
{
    enum {
        NAME = ADVERT_NAME,
        EMAIL = ADVERT_EMAIL,
        TEL = ADVERT_TELEPHONE,
        ADDRESS = ADVERT_ADDRESS,
        KO = ADVERT_OPTOUT_KO,
        EN = ADVERT_OPTOUT_EN
    };
    static const struct {
        const char *text;
        unsigned lacks;
    } rows[] = {
        {"", NAME | EMAIL | TEL | ADDRESS | KO | EN},
        {ALL, 0},
        {"(주)봄날 " OPTOUTS " 1588-1234 help@b.example 경기도 성남시 분당구 판교역로 235", 0},
        {"㈜봄날 " OPTOUTS " (031)123-4567 help@b.example 제주특별자치도 제주시 첨단로 242", 0},
        {"봄날상회 " OPTOUTS " 010-1234-5678 help@b.example 부산 해운대구 우동 1234", 0},
        {"봄날 상회 " OPTOUTS " +82-2-555-0100 help@b.example 전남 담양군 담양읍 3", 0},
        {"(주)봄날 " OPTOUTS " 02) 555-0100 help@b.example 서울 강남구 테헤란로152(역삼동)", 0},
        {"(주)봄날 " OPTOUTS " T.02 555 0100 24시간 help@b.example 세종 한누리대로 2130", 0},
        {"(주)봄날 " OPTOUTS " 1588-1234(09~18시) help@b.example 성남시 분당구 판교로 255번길 9-22",
         0},
        {"(주)봄날 " OPTOUTS " 02-555-0100 help@b.example 반드시 카드로 2회 결제하신 분", ADDRESS},
        {"Shop " OPTOUTS " 02.555.0100 help@b.example 서울시 중구 봄날로12", NAME},
        /* numbers that are no telephone */
        {"봄날상회 " OPTOUTS " help@b.example 서울시 중구 봄날로 12", TEL},
        {"봄날상회 " OPTOUTS " 29,900 2026-11-22 123-45-67890 help@b.example 서울시 중구 봄날로 12",
         TEL},
        {"봄날상회 " OPTOUTS " 02-555-010 help@b.example 서울시 중구 봄날로 12", TEL},
        /* words that are no address */
        {"봄날상회 " OPTOUTS " 02-555-0100 help@b.example 다시 시작합니다", ADDRESS},
        {"봄날상회 " OPTOUTS " 02-555-0100 help@b.example 서울시 중구 봄날로", ADDRESS},
        {"봄날상회 " OPTOUTS " 02-555-0100 @b help@b 서울시 중구 봄날로 12", EMAIL},
        /* wording without a way, a way without wording, one language */
        {"봄날상회 02-555-0100 서울시 중구 봄날로 12 help(a)b.example 수신거부 unsubscribe",
         EMAIL | KO | EN},
        {"봄날상회 02-555-0100 서울시 중구 봄날로 12 help@b.example https://b.example", KO | EN},
        {"봄날상회 02-555-0100 서울시 중구 봄날로 12 help@b.example 수신을\n 원하지 않으시면 "
         "https://b.example",
         EN},
        {"봄날상회 02-555-0100 서울시 중구 봄날로 12 help@b.example To OPT-OUT https://b.example",
         KO},
        /* ways of writing the same */
        {"(주)봄날 " OPTOUTS " ０２－５５５－０１００ help@b.example "
         "주소：서울특별시\u3000중구\u3000봄날로\u300012",
         0},
        {"(주)봄날 " OPTOUTS " 02\u2013555\u20130100 he\u00adlp@b.example 서울시 중구 "
         "봄\u200b날로 12",
         0},
        /* Hangul in its letters */
        {"\u1107\u1169\u11b7\u1102\u1161\u11af\u1109\u1161\u11bc\u1112\u116c "
         "\u1109\u116e\u1109\u1175\u11ab\u1100\u1165\u1107\u116e Unsubscribe: "
         "https://b.example/off 02-555-0100 help@b.example "
         "\u1109\u1165\u110b\u116e\u11af\u1109\u1175 \u110c\u116e\u11bc\u1100\u116e "
         "\u1107\u1169\u11b7\u1102\u1161\u11af\u1105\u1169 12",
         0},
        {"(주)봄날 " OPTOUTS " 02-555-0100 help@b.example 12, Bomnal-ro, Jung-gu, Seoul", 0},
        {"(주)봄날 " OPTOUTS " 02-555-0100 help@b.example 3F, Teheran-ro 152, Gangnam-gu, Seoul",
         0},
        {"(주)봄날 " OPTOUTS " 02-555-0100 help@b.example Pro-ro in Seoul since 2012", ADDRESS},
        {"(주)봄날 " OPTOUTS " 02-555-0100 help@b.example 12, Bomnal-ro", ADDRESS},
#define REST " 봄날상회 02-555-0100 서울시 중구 봄날로 12 help@b.example https://b.example "
        {REST "메일 받지 않기 | If you don't want to receive this e-mail anymore, click here", 0},
        {REST "수신을 거부하시려면 | If you don\u2019t wish to receive", 0},
        {REST "메일 수신 해제 | Cancel your subscription", 0},
        {REST "구독 해지 | to be removed from our mailing list", 0},
        {REST "join our mailing list, you don't want to miss it", KO | EN},
        /* denied */
        {REST "수신거부는 불가능합니다. You cannot unsubscribe.", KO | EN},
        {REST "수신거부하실 수 없습니다. You can not opt out.", KO | EN},
        {REST "수신거부는 처리되지 않습니다. Unsubscribing is not possible.", KO | EN},
        {REST "It is not possible to unsubscribe. 수신 거부 불가", KO | EN},
        {REST "수신거부가 되지 않으면 알려 주십시오. It is possible to unsubscribe.", 0},
        {REST
         "회신으로는 수신거부할 수 없습니다. 수신거부 https://b.example/off Replying you cannot "
         "unsubscribe. Unsubscribe here.",
         0},
    };
    static const struct sender_data nothing = {0};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned got = advert_lacks(str_of(rows[i].text), &nothing, "봄날상회");

        if (got != rows[i].lacks)
            fail_msg("%s: %u, not %u", rows[i].text, got, rows[i].lacks);
    }
}

static void wants_the_very_texts_that_are_given(void **state)
{
    static const struct {
        const char *text;
        unsigned lacks;
    } rows[] = {
        {"주식회사 봄날상회 · 서울특별시 중구\n봄날로 12, 3층 · HELP@bomnal.example · "
         "02-555-0100 " OPTOUTS,
         0},
        {ALL, ADVERT_NAME | ADVERT_EMAIL | ADVERT_ADDRESS},
        {"㈜봄날상회 서울시 중구 봄날로 12 3층 help@bomnal.example (02) 555-0100 " OPTOUTS, 0},
        {"(주) 봄날상회 서울 중구 봄날로 12, 3층 help@bomnal.example +82-2-555-0100 " OPTOUTS, 0},
        {"주식회사봄날상회 서울 중구 봄날로 12, 3층 help@bomnal.example +82 (0)2 555 0100 " OPTOUTS,
         0},
        {"㈜봄날상회 부산시 중구 봄날로 12 3층 help@bomnal.example 02-555-0101 " OPTOUTS,
         ADVERT_ADDRESS | ADVERT_TELEPHONE},
        {"㈜봄날상회 서울 중구 봄날로 12 3층 help@bomnal.example 02-555-01002 " OPTOUTS,
         ADVERT_TELEPHONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(advert_lacks(str_of(rows[i].text), &bomnal, "봄날"), rows[i].lacks);
}

static void way_must_be_near(void **state)
{
    static const struct sender_data nothing = {0};
    struct buf text;

    (void)state;
    buf_init(&text, 10000);
    buf_puts(&text, "수신거부 unsubscribe");
    for (int i = 0; i < 500; i++)
        buf_putc(&text, 'x');
    buf_puts(&text, " https://b.example");
    assert_int_equal(advert_lacks(str_n(text.data, text.len), &nothing, NULL) &
                         (ADVERT_OPTOUT_KO | ADVERT_OPTOUT_EN),
                     ADVERT_OPTOUT_KO | ADVERT_OPTOUT_EN);
    buf_done(&text);
}

static struct job_spec ad(enum ad_policy policy)
{
    struct job_spec spec = helper_spec();

    spec.msg_class = MSG_AD;
    spec.token = NULL; /* not taken in yet */
    spec.message.ad_policy = policy;
    spec.message.unsubscribe_url = TEXT("https://b.example/off/{{email}}");
    return spec;
}

static void jobs_are_refused_or_warned_of(void **state)
{
    static const struct {
        const char *files[9];
        const char *file, *want; /* NULL: fine */
    } rows[] = {
        {{"subject.txt", "(광고) s", "text.txt", ALL}, NULL, NULL},
        {{"subject.txt", "(광고)", "html.html", "<p>" ALL}, NULL, NULL},
        {{"subject.txt", "s", "text.txt", ALL}, "spring/subject.txt", "begins with \"(광고)\""},
        {{"subject.txt", " (광고) s", "text.txt", ALL}, "spring/subject.txt", "begins with"},
        {{"subject.txt", "( 광고 ) s", "text.txt", ALL}, "spring/subject.txt", "begins with"},
        {{"subject.txt", "[광고] s", "text.txt", ALL}, "spring/subject.txt", "begins with"},
        {{"subject.txt", "{{mark}} s", "text.txt", ALL}, "spring/subject.txt", "not in a tag"},
        {{"subject.txt", "(광고)\u202e s", "text.txt", ALL}, "spring/subject.txt", "begins with"},
        {{"subject.txt", "(광고) \u200bs", "text.txt", ALL}, "spring/subject.txt", "begins with"},
        {{"subject.txt", "(광고)\b\bs", "text.txt", ALL}, "spring/subject.txt", "begins with"},
        {{"subject.txt", "\u200b(광고) s", "text.txt", ALL}, "spring/subject.txt", "begins with"},
        {{"subject.txt", "(광고) s\r\n", "text.txt", ALL}, NULL, NULL},
        {{"subject.txt", "(광고) s", "text.txt", "x"},
         "spring/text.txt",
         "shows the sender's telephone number; write for example: {{sender.telephone}}"},
        {{"subject.txt", "(광고) s", "text.txt", ALL, "html.html", "<p>x"},
         "spring/html.html",
         "how to refuse further mail, in English"},
        /* what nobody sees does not count */
        {{"subject.txt", "(광고) s", "html.html", "<div style=\"display:none\">" ALL "</div>"},
         "spring/html.html",
         "postal address"},
        {{"subject.txt", "(광고) s", "html.html", "<!-- " ALL " -->"}, "spring/html.html", "name"},
        {{"subject.txt", "(광고) s", "text.txt", "{{#vip}}" ALL "{{/vip}}"},
         "spring/text.txt",
         "name"},
        {{"subject.txt", "(광고) s", "text.txt", "{{> f}}", "f.mustache", ALL}, NULL, NULL},
        {{"subject.txt", "(광고) s", "text.txt", "{{footer}}"}, NULL, NULL}, /* the job's */
        /* what depends on the recipient does not count, either way */
        {{"subject.txt", "(광고) s", "text.txt", "{{^name}}" ALL "{{/name}}"},
         "spring/text.txt",
         "when the recipient has 'name'"},
        {{"subject.txt", "(광고) s", "text.txt", "{{name|\"" ALL "\"}}"},
         "spring/text.txt",
         "when the recipient has 'name'"},
        {{"subject.txt", "(광고) s", "text.txt", "{{#vip}}" ALL "{{/vip}}{{^vip}}x{{/vip}}"},
         "spring/text.txt",
         "when the recipient's variables are empty"},
        {{"subject.txt", "(광고) s", "text.txt", "{{#vip}}" ALL "{{/vip}}{{^vip}}" ALL "{{/vip}}"},
         NULL,
         NULL},
        {{"subject.txt", "(광고) s", "html.html", "<p style=\"font-size:1px\">" ALL "</p>"},
         "spring/html.html",
         "name"},
        {{"subject.txt", "(광고) s", "html.html",
          "<div style=\"font-size:0\"><p style=\"font-size:12px\">" ALL "</p></div>"},
         NULL,
         NULL},
        {{"subject.txt", "(광고) s", "html.html",
          "<p style=\"color:#fff;background:#ffffff\">" ALL "</p>"},
         "spring/html.html",
         "name"},
        {{"subject.txt", "(광고) s", "html.html",
          "(주)봄날 help@b.example 02-555-0100 서울시 중구 봄날로 12 <a "
          "href=\"{{unsubscribe_url}}\">"
          "수신거부</a> <a href=\"{{unsubscribe_url}}\">unsubscribe</a>"},
         NULL,
         NULL},
        /* the recipient's address is not the sender's */
        {{"subject.txt", "(광고) s", "text.txt",
          "(주)봄날 {{email}} 02-555-0100 서울시 중구 봄날로 12 " OPTOUTS},
         "spring/text.txt",
         "e-mail address"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int policy = AD_REFUSE; policy <= AD_WARN; policy += AD_WARN - AD_REFUSE) {
            struct job_spec spec = ad((enum ad_policy)policy);
            struct problems p;
            struct mailing *m;

            spec.variables = TEXT("{\"footer\":\"" ALL "\"}");
            m = helper_make(&spec, rows[i].files, "[]", &p);
            if ((m == NULL) != (rows[i].want && policy == AD_REFUSE))
                helper_print(&p);
            assert_int_equal(m == NULL, rows[i].want && policy == AD_REFUSE);
            assert_int_equal(p.count > 0, rows[i].want != NULL);
            if (rows[i].want) {
                assert_true(helper_says(&p, rows[i].want));
                assert_string_equal(p.item[0].file, rows[i].file);
            }
            mailing_release(m);
            problems_done(&p);
        }
    }
}

/* A column goes before the job's variable of its name. */
static void columns_hide_what_the_job_gives(void **state)
{
    static const char *const files[] = {"subject.txt", "(광고) s", "text.txt", "{{footer}}", NULL};
    struct job_spec spec = ad(AD_REFUSE);
    struct problems p;

    (void)state;
    spec.variables = TEXT("{\"footer\":\"" ALL "\"}");
    assert_null(helper_make(&spec, files, "[\"name\",\"footer\"]", &p));
    assert_true(helper_says(&p, "shows the sender's name"));
    problems_done(&p);
    mailing_release(helper_make_good(&spec, files, "[\"name\"]"));
}

/* What was taken in is sent: it was looked at then, perhaps by a version that did not ask. */
static void only_new_jobs_are_judged(void **state)
{
    static const char *const files[] = {"subject.txt", "s", "text.txt", "x", NULL};
    struct job_spec spec = ad(AD_REFUSE);
    struct problems p;
    struct mailing *m;

    (void)state;
    spec.token = TEXT("00c0ffee00c0ffee");
    m = helper_make(&spec, files, "[]", &p);
    assert_non_null(m);
    assert_int_equal(p.count, 0);
    mailing_release(m);
    problems_done(&p);
}

static void warns_without_one_click(void **state)
{
    static const char *const files[] = {"subject.txt", "(광고) s", "text.txt", ALL, NULL};
    struct job_spec spec = ad(AD_REFUSE);
    struct problems p;
    struct mailing *m;

    (void)state;
    spec.message.unsubscribe_url = NULL;
    m = helper_make(&spec, files, "[]", &p);
    assert_non_null(m);
    assert_int_equal(p.count, 1);
    assert_true(helper_says(&p, "no one-click unsubscribe"));
    mailing_release(m);
    problems_done(&p);
}

static void repairs_what_it_can(void **state)
{
    static const char *const files[] = {
        "subject.txt", "봄 {{name}}",           "text.txt", "{{=<% %>=}}\nno end of line <%name%>",
        "html.html",   "<body><p>a</p></body>", NULL};
    struct job_spec spec = ad(AD_REPAIR);
    struct mailing *m;
    struct buf out, body;
    struct err e;

    (void)state;
    spec.message.sender = bomnal;
    spec.message.sender.name = TEXT("<봄날> & co");
    m = helper_make_good(&spec, files, "[]");
    buf_init(&out, 100000);
    assert_true(helper_render(m, "{\"name\":\"Kim\"}", NULL, &out, &e));
    assert_string_equal(helper_field(&out, "Subject"), "=?UTF-8?B?KOq0keqzoCkg67SEIEtpbQ==?=");
    assert_true(helper_body(&out, "text/plain", &body));
    assert_true(str_starts(str_of(body.data), "no end of line Kim\r\n----"));
    assert_int_equal(advert_lacks(str_n(body.data, body.len), &spec.message.sender, spec.from_name),
                     0);
    assert_non_null(strstr(body.data, "https://b.example/off/kim%40mail.example"));
    buf_done(&body);
    assert_true(helper_body(&out, "text/html", &body));
    assert_non_null(strstr(body.data, "&lt;봄날&gt; &amp; co"));
    assert_non_null(strstr(body.data, "<a href=\"https://b.example/off/kim%40mail.example\""));
    assert_true(str_ends_nocase(str_of(body.data), "</div>\r\n</body>"));
    buf_done(&body);
    buf_done(&out);
    mailing_release(m);
}

static void repairs_nothing_that_is_good(void **state)
{
    static const char *const files[] = {"subject.txt", "(광고)s", "text.txt", ALL, NULL};
    struct job_spec spec = ad(AD_REPAIR);
    struct buf body;

    (void)state;
    helper_show(&spec, files, "{}", NULL, "text/plain", &body);
    assert_string_equal(body.data, ALL);
    buf_done(&body);
}

static void says_what_it_repairs(void **state)
{
    static const char *const files[] = {"subject.txt", "s", "text.txt", "x 02-555-0100", NULL};
    struct job_spec spec = ad(AD_REPAIR);
    struct problems p;
    struct mailing *m;

    (void)state;
    spec.message.sender = bomnal;
    m = helper_make(&spec, files, "[]", &p);
    assert_non_null(m);
    assert_int_equal(p.count, 2);
    assert_string_equal(p.item[0].file, "spring/subject.txt");
    assert_string_equal(p.item[1].file, "spring/text.txt");
    assert_true(helper_says(&p, "a footer is added, for there was missing: the sender's name, the "
                                "sender's e-mail address, the sender's postal address, how to"));
    assert_true(helper_says(&p, "did not begin with \"(광고)\""));
    mailing_release(m);
    problems_done(&p);
    spec.token = TEXT("00c0ffee00c0ffee");
    m = helper_make(&spec, files, "[]", &p);
    assert_non_null(m);
    assert_int_equal(p.count, 0);
    mailing_release(m);
    problems_done(&p);
}

/* A footer that nobody sees is none. */
static void looks_at_what_it_repaired(void **state)
{
    static const struct {
        const char *html, *want; /* NULL: fine */
    } rows[] = {
        {"<p>a</p>", NULL},
        {"<p>a<p><b>b", NULL},
        {"a<!-- open", "a comment or a tag that is not closed: \"<!-- open"},
        {"a<!--[if mso]></body></html>", "a comment or a tag that is not closed: \"<!--[if mso]>"},
        {"a<style>", "inside <style>, which is not closed"},
        {"a<textarea>", "inside <textarea>"},
        {"a<plaintext>", "inside <plaintext>"},
        {"a<a href='", "a comment or a tag that is not closed: \"<a href="},
        {"a<div style='display:none'>", "inside an element that is not shown"},
        {"a<div style='font-size:0'>", NULL}, /* the footer has its own size */
        {"a{{#vip}}{{> end}}{{/vip}}", "where nothing is written for this recipient"},
        {"a{{> end}}", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const files[] = {"subject.txt",  "(광고) s", "html.html", rows[i].html,
                                     "end.mustache", "</body>",  NULL};
        struct job_spec spec = ad(AD_REPAIR);
        struct mailing *m;
        struct problems p;

        spec.message.sender = bomnal;
        m = helper_make(&spec, files, "[]", &p);
        if ((m == NULL) != (rows[i].want != NULL) ||
            (rows[i].want && !helper_says(&p, rows[i].want))) {
            helper_print(&p);
            fail_msg("%s", rows[i].html);
        }
        mailing_release(m);
        problems_done(&p);
    }
}

static void says_what_a_repair_would_need(void **state)
{
    static const char *const files[] = {"subject.txt", "s", "text.txt", "x", NULL};
    struct job_spec spec = ad(AD_REPAIR);
    struct problems p;

    (void)state;
    spec.message.unsubscribe_url = NULL;
    spec.message.sender.name = TEXT("봄날");
    assert_null(helper_make(&spec, files, "[]", &p));
    assert_true(helper_says(&p, "cannot be added without: sender.email, sender.telephone, "
                                "sender.address, unsubscribe_url"));
    problems_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sees_what_a_body_shows),
        cmocka_unit_test(wants_the_very_texts_that_are_given),
        cmocka_unit_test(way_must_be_near),
        cmocka_unit_test(jobs_are_refused_or_warned_of),
        cmocka_unit_test(only_new_jobs_are_judged),
        cmocka_unit_test(warns_without_one_click),
        cmocka_unit_test(repairs_what_it_can),
        cmocka_unit_test(repairs_nothing_that_is_good),
        cmocka_unit_test(columns_hide_what_the_job_gives),
        cmocka_unit_test(says_what_it_repairs),
        cmocka_unit_test(looks_at_what_it_repaired),
        cmocka_unit_test(says_what_a_repair_would_need),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
