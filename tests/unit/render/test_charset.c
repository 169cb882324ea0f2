#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper_render.h"

#include <iconv.h>

static void from_charset(const char *charset, struct buf *text)
{
    char out[8000], *to = out, *from = text->data;
    size_t room = sizeof out - 1, left = text->len;
    iconv_t cd = iconv_open("UTF-8", charset);

    assert_true(cd != (iconv_t)-1);
    assert_int_equal(iconv(cd, &from, &left, &to, &room), 0);
    iconv_close(cd);
    buf_clear(text);
    buf_put(text, out, (size_t)(to - out));
}

static const struct {
    enum mail_charset charset;
    enum charset_fallback fallback;
    const char *name;    /* the value */
    const char *is;      /* the charset of the message */
    const char *subject; /* "" : not looked at */
    const char *text, *html;
} rows[] = {
    {MAIL_EUC_KR, CHARSET_FALLBACK_UTF8, "홍길동", "euc-kr",
     "=?EUC-KR?B?yKux5rW/vrg=?=", "안녕 홍길동", "<meta charset=\"euc-kr\"><p>안녕 홍길동"},
    {MAIL_EUC_KR, CHARSET_FALLBACK_UTF8, "쀍😀", "utf-8", "", "안녕 쀍😀",
     "<meta charset=\"utf-8\"><p>안녕 쀍😀"},
    {MAIL_EUC_KR, CHARSET_FALLBACK_REPLACE, "길😀<", "euc-kr", "", "안녕 길?<",
     "<meta charset=\"euc-kr\"><p>안녕 길&#128512;&lt;"},
    {MAIL_ISO_2022_KR, CHARSET_FALLBACK_UTF8, "홍길동", "iso-2022-kr", "", "안녕 홍길동",
     "<meta charset=\"iso-2022-kr\"><p>안녕 홍길동"},
    {MAIL_EUC_KR, CHARSET_FALLBACK_REPLACE, "a\\r\\nb\\u0001\\nc", "euc-kr", "", "안녕 a\r\nb\r\nc",
     "<meta charset=\"euc-kr\"><p>안녕 a\r\nb\r\nc"},
};

static void check_field(const struct buf *out, const char *want)
{
    if (*want)
        assert_string_equal(helper_field(out, "Subject"), want);
}

static void messages_in_korean_charsets(void **state)
{
    static const char *const files[] = {"subject.txt", "{{name}}씀",
                                        "text.txt",    "안녕 {{name}}",
                                        "html.html",   "<meta charset=\"utf-8\"><p>안녕 {{name}}",
                                        NULL};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct job_spec spec = helper_spec();
        struct mailing *m;
        struct buf out, body;
        struct err e;
        char vars[200], type[80];

        spec.message.charset = rows[i].charset;
        spec.message.charset_fallback = rows[i].fallback;
        m = helper_make_good(&spec, files, "[]");
        buf_init(&out, 100000);
        snprintf(vars, sizeof vars, "{\"name\":\"%s\"}", rows[i].name);
        assert_true(helper_render(m, vars, NULL, &out, &e));
        check_field(&out, rows[i].subject);
        snprintf(type, sizeof type, "text/plain; charset=%s", rows[i].is);
        assert_true(helper_body(&out, type, &body));
        from_charset(rows[i].is, &body);
        assert_string_equal(body.data, rows[i].text);
        buf_done(&body);
        snprintf(type, sizeof type, "text/html; charset=%s", rows[i].is);
        assert_true(helper_body(&out, type, &body));
        from_charset(rows[i].is, &body);
        assert_string_equal(body.data, rows[i].html);
        buf_done(&body);
        buf_done(&out);
        mailing_release(m);
    }
}

/* Header text is cleaned before it is asked what the charset lacks. */
static void names_and_subjects_fit(void **state)
{
    static const struct {
        enum charset_fallback fallback;
        const char *name, *is, *to;
    } row[] = {
        {CHARSET_FALLBACK_UTF8, "홍길동", "euc-kr", "=?EUC-KR?B?yKux5rW/?= <kim@mail.example>"},
        {CHARSET_FALLBACK_UTF8, "Kim\xe2\x80\xa8Lee", "euc-kr", "Kim Lee <kim@mail.example>"},
        {CHARSET_FALLBACK_REPLACE, "Kim\xe2\x80\xa8쀍", "euc-kr", "Kim ? <kim@mail.example>"},
        {CHARSET_FALLBACK_UTF8, "쀍", "utf-8", "=?UTF-8?B?7ICN?= <kim@mail.example>"},
    };
    static const char *const files[] = {"subject.txt", "{{name}}", "text.txt", "t",
                                        "to.txt",      "{{name}}", NULL};

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct job_spec spec = helper_spec();
        struct mailing *m;
        struct buf out;
        struct err e;
        char vars[200], type[80];

        spec.message.charset = MAIL_EUC_KR;
        spec.message.charset_fallback = row[i].fallback;
        m = helper_make_good(&spec, files, "[]");
        buf_init(&out, 100000);
        snprintf(vars, sizeof vars, "{\"name\":\"%s\"}", row[i].name);
        assert_true(helper_render(m, vars, NULL, &out, &e));
        assert_string_equal(helper_field(&out, "To"), row[i].to);
        snprintf(type, sizeof type, "text/plain; charset=%s", row[i].is);
        assert_string_equal(helper_field(&out, "Content-Type"), type);
        buf_done(&out);
        mailing_release(m);
    }
}

/* What all messages share is looked at once. */
static void a_name_that_does_not_fit_changes_the_job(void **state)
{
    static const char *const files[] = {"subject.txt", "s", "text.txt", "한글", NULL};
    struct job_spec spec = helper_spec();
    struct problems p;
    struct mailing *m;
    struct buf out;
    struct err e;

    (void)state;
    spec.message.charset = MAIL_EUC_KR;
    spec.from_name = TEXT("쀍");
    m = helper_make(&spec, files, "[]", &p);
    assert_non_null(m);
    assert_true(helper_says(&p, "euc-kr lacks a character"));
    buf_init(&out, 100000);
    assert_true(helper_render(m, "{}", NULL, &out, &e));
    assert_string_equal(helper_field(&out, "From"), "=?UTF-8?B?7ICN?= <news@shop.example>");
    assert_string_equal(helper_field(&out, "Content-Type"), "text/plain; charset=utf-8");
    buf_done(&out);
    mailing_release(m);
    problems_done(&p);
}

/* A value cannot end a part, in the one encoding in which text goes as it is. */
static void values_are_no_boundaries(void **state)
{
    static const char *const files[] = {"subject.txt", "s",          "text.txt", "{{name}}",
                                        "html.html",   "{{{name}}}", NULL};
    struct job_spec spec = helper_spec();
    struct mailing *m;
    struct buf out;
    struct err e;
    const char *at;
    int count = 0;

    (void)state;
    spec.message.charset = MAIL_ISO_2022_KR;
    m = helper_make_good(&spec, files, "[]");
    buf_init(&out, 100000);
    assert_true(helper_render(
        m, "{\"name\":\"가\\r\\n--=_00c0ffee00c0ffee.2--\\r\\n--=_00c0ffee00c0ffee.2\"}", NULL,
        &out, &e));
    for (at = out.data; (at = strstr(at, "\r\n--=_")); at++)
        count++;
    assert_int_equal(count, 3);
    buf_done(&out);
    mailing_release(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_in_korean_charsets),
        cmocka_unit_test(names_and_subjects_fit),
        cmocka_unit_test(a_name_that_does_not_fit_changes_the_job),
        cmocka_unit_test(values_are_no_boundaries),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
