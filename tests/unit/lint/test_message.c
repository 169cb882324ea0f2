#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <sluice/base/buf.h>
#include <sluice/lint/lint.h>

#include "helper_findings.h"

#define LONG_TEXT                                                                                  \
    "A text that is long enough to be called a text by anybody who looks at it, with some words "  \
    "to spare."
#define PREHEADER "<div style=\"display:none\">what the inbox shows</div>"
#define GOOD_HEADERS                                                                               \
    "Subject: An ordinary subject\r\nList-Unsubscribe: <https://a.example/u>\r\n"                  \
    "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\n"

static void expect(const struct lint_message *m, const char *check, const char *want,
                   const char *about)
{
    struct lint l = {0};
    struct buf out;

    buf_init(&out, 4096);
    lint_check_message(m, &l);
    findings_of(&l, check, &out);
    if (strcmp(out.data, want) != 0) {
        print_error("%s: %.200s\n", check ? check : "all", about);
        findings_print(&l);
    }
    assert_string_equal(out.data, want);
    for (size_t i = 0; i < l.count; i++)
        assert_true(strlen(l.item[i].text) > 10);
    buf_done(&out);
    lint_done(&l);
    assert_int_equal(l.count, 0);
}

static void html(void **state)
{
    static const struct {
        const char *check, *html, *want;
    } rows[] = {
        {NULL, "<body>" PREHEADER "<p style=\"color:red\">" LONG_TEXT "</p></body>", ""},
        /* images */
        {"alt-text", "<img src=a.png>", "warning"},
        {"alt-text", "<img src=a.png><img src=b.png>", "warning"},
        {"alt-text", "<img src=a.png alt=\"sale\"><img src=b.png alt=\"\"><img src=c alt>", ""},
        {"alt-text", "<img src=a width=1 height=1><img src=b style=\"width:1px;height:0\">", ""},
        {"alt-text", "<img src=a style=\"display:none\"><!-- <img src=b> -->", ""},
        {"image-only", "<img src=a alt=x>" PREHEADER, "warning"},
        {"image-only", "<img src=a alt=x>few words", "warning"},
        {"image-only", "<img src=a alt=x>" LONG_TEXT, ""},
        {"image-only", "few words", ""},
        /* stripped */
        {"stripped-tags", "<script>x</script>", "error"},
        {"stripped-tags", "<iframe src=x></iframe><embed><object>", "error"},
        {"stripped-tags", "<body onload=x><a href=\"javascript:x\">y</a>", "warning"},
        {"stripped-tags", "<form><input><select></select></form>", "warning"},
        {"stripped-tags", "<head><style>a{}</style></head><body>", ""},
        {"stripped-tags", "<body><style>a{}</style></body>", "warning"},
        {"stripped-tags", "<!--[if mso]><style></style><object></object><![endif]-->", ""},
        {"stripped-tags", "<p one=1 on=2>", ""},
        {"css", "<style>.a{}</style><p class=a>x</p>", "warning"},
        {"css", "<style>.a{}</style><p class=a style=\"color:red\">x</p>", ""},
        {"css", "<p>x</p>", ""},
        /* hidden */
        {"hidden-text", PREHEADER LONG_TEXT "<div hidden>" LONG_TEXT "</div>", ""},
        {"hidden-text",
         PREHEADER "x<div hidden>" LONG_TEXT LONG_TEXT "<div>" LONG_TEXT "</div></div>", "warning"},
        {"hidden-text", "x<p style=\"font-size:0px\">" LONG_TEXT "</p>", "warning"},
        {"hidden-text", "x<p style=\"color:#fff;background:#FFF\">" LONG_TEXT "</p>", "warning"},
        {"hidden-text", "x<td style=\"font-size:0px\"><p style=\"font-size:16px\">" LONG_TEXT, ""},
        {"hidden-text", "x<td style=\"font-size:0px\">&nbsp;</td>", ""},
        {"preheader", LONG_TEXT, "note"},
        {"preheader", PREHEADER LONG_TEXT, ""},
        {"preheader", "\n<span style=\"display:none\">a&zwnj;</span>" LONG_TEXT, ""},
        {"preheader", "<div hidden>&nbsp;</div>" LONG_TEXT, "note"},
        {"preheader", "<img src=a alt=x>", ""},
        /* links */
        {"empty-link", "<a href=\"\">x</a><a href=\"#\">y</a>", "warning"},
        {"empty-link", "<a name=x>y</a><a href=\"#top\">z</a>", ""},
        {"link-http", "<a href=\"http://a.example/\">x</a>", "warning"},
        {"link-http", "<img alt=x src=\"HTTP://a.example/x.png\">", "warning"},
        {"link-http", "<html xmlns=\"http://www.w3.org/1999/xhtml\"><a href=https://a.example>",
         ""},
        {"link-shortener", "<a href=\"https://bit.ly/x\">x</a>", "warning"},
        {"link-shortener", "<a href=\"https://a.example/bit.ly\">x</a>", ""},
        {"link-domain", "<a href=\"https://shop.a.example/x\">x</a>", ""},
        {"link-domain", "<a href=\"https://b.example/x\">x</a><a href=//c.example>y</a>", "note"},
        {"link-domain", "<a href=\"mailto:x@b.example\">x</a><a href=\"tel:1\">x</a>", ""},
        {"link-domain", "<a href=\"https://a.example/x\">https://www.a.example</a>", ""},
        {"link-domain", "<a href=\"https://a.example/x\">https://b.example</a>", "warning"},
        {"link-domain", "<a href=\"https://a.example/x\"><b>www.b.example</b>/y</a>", "warning"},
        {"link-domain", "<a href=\"https://a.example/x\">b.example is it</a>", ""},
        {"link-domain", "<a href=\"https://a.example@b.example/\">x</a>", "note"},
        /* placeholders */
        {"placeholder", "Dear {{name}}", "error"},
        {"placeholder", "<a href=\"https://a.example/{{id}}\">x</a>", "error"},
        {"placeholder", "Lorem Ipsum dolor", "error"},
        {"placeholder", "null님 안녕하세요", "error"},
        {"placeholder", "Hello undefined,", "warning"},
        {"placeholder", "<script>if (x === undefined) '{{'</script><!-- {{ -->", ""},
        {"placeholder", "undefinedly, nullnim, {a}", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lint_message m = {.message = str_of(GOOD_HEADERS),
                                 .html = str_of(rows[i].html),
                                 .text = str_of("text"),
                                 .from_domain = "a.example",
                                 .is_ad = true};

        expect(&m, rows[i].check, rows[i].want, rows[i].html);
    }
}

static void headers(void **state)
{
    static const struct {
        const char *check, *headers, *want;
    } rows[] = {
        {"subject", "Subject: \r\n\r\n", "error"},
        {"subject", "To: x\r\n\r\nSubject: in the body\r\n", "error"},
        {"subject", "subject: fine\r\n\r\n", ""},
        {"subject", "Subject: RE: our talk\r\n\r\n", "warning"},
        {"subject", "Subject: Re: our talk\r\nIn-Reply-To: <x@y>\r\n\r\n", ""},
        {"subject", "Subject: Regarding: it\r\n\r\n", ""},
        {"subject", "Subject: BUY NOW TODAY\r\n\r\n", "warning"},
        {"subject", "Subject: NASA Buy\r\n\r\n", ""},
        {"subject", "Subject: SALE\r\n\r\n", ""},
        {"subject", "Subject: Really!!!\r\n\r\n", "warning"},
        {"subject", "Subject: Really?! Yes!! ...\r\n\r\n", ""},
        {"subject", "Subject: =?utf-8?B?4piF4piF4piF?=\r\n\r\n", "warning"},
        {"subject", "Subject: =?UTF-8?Q?=EB=8B=B5=EC=9E=A5:_x?=\r\n\r\n", "warning"},
        {"subject", "Subject: =?utf-8?Q?!!?=\r\n =?utf-8?Q?!?=\r\n\r\n", "warning"},
        {"subject", "Subject: =?euc-kr?B?xNGw7SEhIQ==?=\r\n\r\n", ""},
        {"subject", "Subject: =?utf-8?Q?=zz?=\r\n\r\n", ""},
        {"subject",
         "Subject: a subject that goes on and on until nobody in the world\r\n would ever like to "
         "read it to its end\r\n\r\n",
         "note"},
        {"unsubscribe", "Subject: x\r\n\r\n", "error"},
        {"unsubscribe", "List-Unsubscribe: <mailto:u@a.example>\r\n\r\n", "warning"},
        {"unsubscribe", "List-Unsubscribe: <https://a.example/u>\r\n\r\n", "warning"},
        {"unsubscribe",
         "List-Unsubscribe: <mailto:u@a.example>,\r\n <https://a.example/u>\r\n"
         "LIST-Unsubscribe-post:  list-unsubscribe=One-Click \r\n\r\n",
         ""},
        {"placeholder", "Subject: Dear {{name}}\r\n\r\n", "error"},
        {"placeholder", "Subject: =?utf-8?Q?=7B=7Bname}}?=\r\n\r\n", "error"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lint_message m = {.message = str_of(rows[i].headers),
                                 .text = str_of("text"),
                                 .from_domain = "a.example",
                                 .is_ad = true};

        expect(&m, rows[i].check, rows[i].want, rows[i].headers);
        m.is_ad = false;
        if (strcmp(rows[i].check, "unsubscribe") == 0)
            expect(&m, rows[i].check, "", rows[i].headers);
    }
}

/* In whatever charset it is: the caller has decoded it. */
static void decoded_subjects(void **state)
{
    static const struct {
        const char *check, *header, *subject, *want;
    } rows[] = {
        {"subject", "Subject: =?EUC-KR?B?xNGw7SEhIQ==?=\r\n\r\n", "켰고!!!", "warning"},
        {"subject", "Subject: =?EUC-KR?B?tOTA5Tp4?=\r\n\r\n", "답장:x", "warning"},
        {"subject", "Subject: =?ISO-2022-KR?B?GyQpQw46PTMvDw==?=\r\n\r\n", "봄날", ""},
        {"subject", "From: x\r\n\r\n", "", "error"},
        {"placeholder", "Subject: =?EUC-KR?B?e3thfX0=?=\r\n\r\n", "{{a}}", "error"},
        {"placeholder", "Subject: =?EUC-KR?B?ur2zrw==?=\r\n\r\n", "봄날", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lint_message m = {.message = str_of(rows[i].header),
                                 .text = str_of("text"),
                                 .subject = str_of(rows[i].subject),
                                 .from_domain = "a.example"};

        expect(&m, rows[i].check, rows[i].want, rows[i].subject);
    }
}

static void texts(void **state)
{
    static const struct {
        const char *check, *html, *text, *want;
    } rows[] = {
        {NULL, "", "a text with https://a.example/x", ""},
        {"one-part", "<p>x</p>", "", "warning"},
        {"one-part", "", "x", ""},
        {"link-http", "", "see http://a.example/x", "warning"},
        {"link-domain", "", "see https://b.example/x", "note"},
        {"link-shortener", "", "a\nsee https://han.gl/x에서", "warning"},
        {"placeholder", "", "{{name}}님", "error"},
        {"placeholder", "<p>{{name}}</p>", "{{name}}", "error"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lint_message m = {.message = str_of(GOOD_HEADERS),
                                 .html = str_of(rows[i].html),
                                 .text = str_of(rows[i].text),
                                 .from_domain = "news.a.example"};

        expect(&m, rows[i].check, rows[i].want, rows[i].text);
    }
}

static void sizes(void **state)
{
    static const struct {
        size_t html, message;
        const char *check, *want;
    } rows[] = {
        {1000, 1000, "html-size", ""},
        {90 * 1024, 1000, "html-size", ""},
        {100 * 1024, 1000, "html-size", "note"},
        {100 * 1024 + 1, 1000, "html-size", "warning"},
        {1000, 2 * 1024 * 1024, "message-size", ""},
        {1000, 2 * 1024 * 1024 + 1, "message-size", "warning"},
    };
    struct buf big;

    (void)state;
    buf_init(&big, 3u << 20);
    buf_puts(&big, GOOD_HEADERS);
    while (big.len < 2 * 1024 * 1024 + 10)
        buf_puts(&big, "x ");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lint_message m = {.message = str_n(big.data, rows[i].message),
                                 .html = str_n(big.data, rows[i].html),
                                 .text = str_of("x"),
                                 .from_domain = "a.example"};

        expect(&m, rows[i].check, rows[i].want, "size");
    }
    buf_done(&big);
}

/* Where: people look for the line. */
static void says_where(void **state)
{
    struct lint_message m = {.message = str_of(GOOD_HEADERS),
                             .html = str_of("<p>\n\n<img\nsrc=a.png>\n<img src=b.png><img alt=c>"),
                             .text = str_of("x"),
                             .from_domain = "a.example"};
    struct lint l = {0};

    (void)state;
    lint_check_message(&m, &l);
    for (size_t i = 0; i < l.count; i++) {
        if (strcmp(l.item[i].check, "alt-text") == 0) {
            assert_non_null(strstr(l.item[i].text, "2 of 3"));
            assert_non_null(strstr(l.item[i].text, "line 3"));
            assert_non_null(strstr(l.item[i].text, "a.png"));
        }
    }
    lint_done(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(html),  cmocka_unit_test(headers), cmocka_unit_test(decoded_subjects),
        cmocka_unit_test(texts), cmocka_unit_test(sizes),   cmocka_unit_test(says_where),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
