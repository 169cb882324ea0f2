#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper_render.h"

#define PNG "\x89PNG\r\n\x1a\n-"

/* The types of a message in the order in which they stand, with the ends of multiparts as ")". */
static void shape(const struct buf *message, char *out, size_t size)
{
    struct str rest = str_n(message->data, message->len), line;
    size_t n = 0;

    while (str_cut(&rest, '\n', &line)) {
        const char *type = "Content-Type: ";

        line = str_trim(line);
        if (str_starts(line, type)) {
            struct str value = str_n(line.p + strlen(type), line.n - strlen(type)), name;

            str_cut(&value, ';', &name);
            n += (size_t)snprintf(out + n, size - n, "%.*s ", (int)name.n, name.p);
        } else if (str_starts(line, "--=_") && str_ends_nocase(line, "--")) {
            n += (size_t)snprintf(out + n, size - n, ") ");
        }
    }
}

static void the_tree_has_what_is_needed(void **state)
{
    static const struct {
        const char *files[13];
        const char *want;
    } rows[] = {
        {{"text.txt", "t"}, "text/plain "},
        {{"html.html", "<p>h</p>"}, "text/html "},
        {{"text.txt", "t", "html.html", "<p>h</p>"},
         "multipart/alternative text/plain text/html ) "},
        {{"html.html", "<img src=\"images/a.png\">", "images/a.png", PNG},
         "multipart/related text/html image/png ) "},
        {{"html.html", "<img src='images/a.png'>", "images/a.png", PNG, "text.txt", "t"},
         "multipart/alternative text/plain multipart/related text/html image/png ) ) "},
        {{"text.txt", "t", "attachments/a.pdf", "%PDF"},
         "multipart/mixed text/plain application/pdf ) "},
        {{"text.txt", "t", "html.html", "<td background=images/b.jpg>", "images/b.jpg", "J",
          "attachments/a.bin", "x", "attachments/c.hwp", "y"},
         "multipart/mixed multipart/alternative text/plain multipart/related text/html image/jpeg "
         ") ) "
         "application/octet-stream application/x-hwp ) "},
        /* an image that nothing shows is not sent */
        {{"html.html", "<p>h</p>", "images/a.png", PNG}, "text/html "},
        {{"html.html", "<img src=\"cid:a.GIF\">", "images/a.GIF", "G"},
         "multipart/related text/html image/gif ) "},
        /* in a partial */
        {{"html.html", "{{> foot}}", "foot.mustache", "<img src=\"images/a.webp\">",
          "images/a.webp", "W"},
         "multipart/related text/html image/webp ) "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct job_spec spec = helper_spec();
        struct mailing *m;
        struct buf out;
        struct err e;
        char got[400] = "";

        spec.subject = TEXT("s");
        m = helper_make_good(&spec, rows[i].files, "[]");
        buf_init(&out, 100000);
        assert_true(helper_render(m, "{}", NULL, &out, &e));
        shape(&out, got, sizeof got);
        assert_string_equal(got, rows[i].want);
        buf_done(&out);
        mailing_release(m);
    }
}

static void images_are_named_by_an_id_of_the_job(void **state)
{
    static const char *const files[] = {
        "subject.txt",
        "s",
        "html.html",
        "<img src=\"images/a.png\" alt=\"\"><td background='./images/a.png'><img src=images/b.png>",
        "images/a.png",
        PNG,
        "images/b.png",
        "B",
        NULL};
    struct job_spec spec = helper_spec();
    struct mailing *m = helper_make_good(&spec, files, "[]");
    struct buf out, body;
    struct err e;

    (void)state;
    buf_init(&out, 100000);
    assert_true(helper_render(m, "{}", NULL, &out, &e));
    assert_true(helper_body(&out, "text/html", &body));
    assert_string_equal(body.data, "<img src=\"cid:1.00c0ffee00c0ffee@shop.example\" alt=\"\">"
                                   "<td background='cid:1.00c0ffee00c0ffee@shop.example'>"
                                   "<img src=cid:2.00c0ffee00c0ffee@shop.example>");
    assert_non_null(strstr(out.data, "\r\nContent-ID: <1.00c0ffee00c0ffee@shop.example>\r\n"));
    assert_non_null(strstr(out.data, "\r\nContent-ID: <2.00c0ffee00c0ffee@shop.example>\r\n"));
    assert_non_null(strstr(out.data, "\r\nContent-Disposition: inline; filename=\"a.png\"\r\n") ||
                            strstr(out.data, "\r\nContent-Disposition: inline; filename=a.png\r\n")
                        ? out.data
                        : NULL);
    buf_done(&body);
    assert_true(helper_body(&out, "image/png", &body));
    assert_memory_equal(body.data, PNG, sizeof PNG - 1);
    buf_done(&body);
    buf_done(&out);
    mailing_release(m);
}

static void says_what_is_wrong_with_images(void **state)
{
    static const struct {
        const char *files[9];
        bool is_error;
        const char *file;
        unsigned line;
        const char *want;
    } rows[] = {
        {{"html.html", "<p>\n<img src=\"images/b.png\">", "images/a.png", "x"},
         true,
         "spring/html.html",
         2,
         "there is no image images/b.png in the template"},
        {{"html.html", "<img src=\"cid:logo\">"},
         true,
         "spring/html.html",
         1,
         "there is no image images/logo in the template"},
        {{"html.html", "\n{{> f}}", "f.mustache", "\n\n<img src='images/b.png'>"},
         true,
         "spring/f.mustache",
         3,
         "there is no image images/b.png in the template"},
        {{"html.html", "<img src=\"images/{{x}}.png\">"},
         true,
         "spring/html.html",
         1,
         "cannot hold a tag"},
        {{"html.html", "<p>", "images/a.png", "x"},
         false,
         "spring/images/a.png",
         0,
         "no src or background of the HTML refers to it"},
        {{"text.txt", "t", "preheader.txt", "x"},
         false,
         "spring/preheader.txt",
         0,
         "not used: only an HTML part can hold it"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct job_spec spec = helper_spec();
        struct problems p;
        struct mailing *m;

        spec.subject = TEXT("s");
        m = helper_make(&spec, rows[i].files, "[]", &p);
        assert_int_equal(m == NULL, rows[i].is_error);
        assert_true(p.count >= 1);
        assert_string_equal(p.item[0].file, rows[i].file);
        assert_int_equal(p.item[0].line, rows[i].line);
        assert_int_equal(p.item[0].is_warning, !rows[i].is_error);
        if (!strstr(p.item[0].text, rows[i].want))
            fail_msg("%s", p.item[0].text);
        mailing_release(m);
        problems_done(&p);
    }
}

static void too_large_attachments_are_refused(void **state)
{
    size_t n = 9 * 1024 * 1024;
    char *big = malloc(n + 1);
    const char *files[] = {"subject.txt", "s", "text.txt", "t", "attachments/a.bin", big, NULL};
    struct job_spec spec = helper_spec();
    struct problems p;

    (void)state;
    memset(big, 'x', n);
    big[n] = '\0';
    assert_null(helper_make(&spec, files, "[]", &p));
    assert_true(helper_says(&p, "larger than 10 MiB"));
    problems_done(&p);
    free(big);
}

static void korean_file_names_arrive(void **state)
{
    static const char *const files[] = {
        "subject.txt", "s", "text.txt", "t", "attachments/봄 세일 안내.pdf", "%PDF", NULL};
    struct job_spec spec = helper_spec();
    struct mailing *m = helper_make_good(&spec, files, "[]");
    struct buf out;
    struct err e;

    (void)state;
    buf_init(&out, 100000);
    assert_true(helper_render(m, "{}", NULL, &out, &e));
    assert_non_null(strstr(out.data, "filename*"));
    assert_non_null(strstr(out.data, "UTF-8''%EB%B4%84%20%EC%84%B8"));
    buf_done(&out);
    mailing_release(m);
}

static void text_is_made_of_the_html(void **state)
{
    static const char *const files[] = {
        "subject.txt",
        "s",
        "html.html",
        "<html><body><h1>Hello {{name}}</h1><p>See <a href=\"https://shop.example/a\">here</a></p>"
        "{{> f}}</body></html>",
        "f.mustache",
        "<p>Bye, <b>{{shop}}</b></p>",
        NULL};
    struct job_spec spec = helper_spec();
    struct buf body;

    (void)state;
    spec.message.text_from_html = true;
    helper_show(&spec, files, "{\"name\":\"<Kim>\",\"shop\":\"B&B\"}", NULL, "text/plain", &body);
    assert_non_null(strstr(body.data, "Hello <Kim>\r\n"));
    assert_non_null(strstr(body.data, "here (https://shop.example/a)"));
    assert_non_null(strstr(body.data, "Bye, B&B"));
    assert_null(strchr(body.data, '{'));
    assert_null(strstr(body.data, "<p>"));
    buf_done(&body);
}

/* A text of its own goes before one that would be made. */
static void an_own_text_stays(void **state)
{
    static const char *const files[] = {"subject.txt", "s",    "html.html", "<p>html</p>",
                                        "text.txt",    "mine", NULL};
    struct job_spec spec = helper_spec();
    struct buf body;

    (void)state;
    spec.message.text_from_html = true;
    helper_show(&spec, files, "{}", NULL, "text/plain", &body);
    assert_string_equal(body.data, "mine");
    buf_done(&body);
}

static void the_charset_in_the_html_is_the_messages(void **state)
{
    static const struct {
        const char *html, *want;
    } rows[] = {
        {"<meta charset=\"euc-kr\">x", "<meta charset=\"utf-8\">x"},
        {"<meta charset=UTF-8>x", "<meta charset=UTF-8>x"},
        {"<meta http-equiv=\"Content-Type\" content=\"text/html; charset=ks_c_5601-1987\">",
         "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *files[] = {"subject.txt", "s", "html.html", rows[i].html, NULL};
        struct job_spec spec = helper_spec();
        struct buf body;

        helper_show(&spec, files, "{}", NULL, "text/html", &body);
        assert_true(str_starts(str_of(body.data), rows[i].want));
        buf_done(&body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tree_has_what_is_needed),
        cmocka_unit_test(images_are_named_by_an_id_of_the_job),
        cmocka_unit_test(says_what_is_wrong_with_images),
        cmocka_unit_test(too_large_attachments_are_refused),
        cmocka_unit_test(korean_file_names_arrive),
        cmocka_unit_test(text_is_made_of_the_html),
        cmocka_unit_test(an_own_text_stays),
        cmocka_unit_test(the_charset_in_the_html_is_the_messages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
