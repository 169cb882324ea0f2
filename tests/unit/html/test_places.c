#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <sluice/html/html.h>

static const char *const kinds[] = {"link", "url", "body", "end", "charset"};

static void describe(struct html_place *place, size_t count, struct str text, struct buf *out)
{
    size_t last = 0;

    assert_int_equal(place == NULL, count == 0);
    for (size_t i = 0; i < count; i++) {
        assert_true(place[i].from >= last && place[i].to >= place[i].from);
        assert_true(place[i].to <= text.n);
        last = place[i].to;
        buf_printf(out, "%s%s%s", out->len ? " " : "", kinds[place[i].kind],
                   place[i].is_untracked ? "-" : "");
        if (place[i].from == place[i].to)
            buf_printf(out, "@%zu", place[i].from);
        else
            buf_printf(out, "[%.*s]", (int)(place[i].to - place[i].from), text.p + place[i].from);
    }
    free(place);
}

struct row {
    const char *text, *want;
};

static void check(const struct row *row,
                  struct html_place *(*places)(struct str text, size_t *count))
{
    struct buf out;
    size_t count;
    struct html_place *place = places(str_of(row->text), &count);

    buf_init(&out, 65536);
    describe(place, count, str_of(row->text), &out);
    if (strcmp(out.data, row->want) != 0)
        print_error("%s\n", row->text);
    assert_string_equal(out.data, row->want);
    buf_done(&out);
}

static void in_html(void **state)
{
    static const struct row rows[] = {
        {"", ""},
        {"<p>https://a.example</p>", ""},
        {"<a href=\"https://a.example/{{id}}\">", "link[https://a.example/{{id}}]"},
        {"<A HREF='x'><area href=y>", "link[x] link[y]"},
        {"<a href=\" https://a.example\n\">", "link[https://a.example]"},
        {"<a href=\"\" name=x><a href>", ""},
        {"<a href=x data-track=\"off\">", "link-[x]"},
        {"<a DATA-TRACK=Off href=x>", "link-[x]"},
        {"<a data-track=on href=x>", "link[x]"},
        {"<a {{#x}}href=\"{{u}}\"{{/x}}{{^x}}href=\"v\"{{/x}}>", "link[{{u}}] link[v]"},
        {"<img src=images/a.png alt=x><td background=\"b.png\">", "url[images/a.png] url[b.png]"},
        {"<link href=x rel=y><form action=z>", "url[x] url[z]"},
        {"<!-- <a href=x> --><script>'<a href=x>'</script>", ""},
        {"<a href=\"{{x|\"a\"}}\">", "link[{{x|\"a\"}}]"},
        {"<a href=x", ""},
        /* body */
        {"<body>a</body>", "body@6 end@7"},
        {"<body background=x><body>a", "url[x] body@19"},
        {"<BODY style=\"a>b\">", "body@18"},
        {"<body></body><a href=x></body>", "body@6 link[x] end@23"},
        {"<body></body><a href=x>", "body@6 end@6 link[x]"},
        /* charset */
        {"<meta charset=\"UTF-8\">", "charset[UTF-8]"},
        {"<meta http-equiv=Content-Type content=\"text/html; charset = euc-kr\">",
         "charset[euc-kr]"},
        {"<meta http-equiv=Content-Type content='text/html;charset=\"x\"'>", ""},
        {"<meta http-equiv=Content-Type content=text/html>", ""},
        {"<meta name=x content=\"charset=y\">", ""},
        {"<meta charset={{x}}><meta charset>", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check(&rows[i], html_places);
}

static void in_text(void **state)
{
    static const struct row rows[] = {
        {"", ""},
        {"no link: www.a.example, ftp://a.example", ""},
        {"https://a.example/x?y=1&z=2#q here", "link[https://a.example/x?y=1&z=2#q]"},
        {"HTTP://A.example", "link[HTTP://A.example]"},
        {"xhttps://a.example", ""},
        {"주소:https://a.example", "link[https://a.example]"},
        {"https:// http:// https://", ""},
        /* what does not belong to it */
        {"https://a.example/x. https://a.example/y!?",
         "link[https://a.example/x] link[https://a.example/y]"},
        {"(https://a.example/x)", "link[https://a.example/x]"},
        {"(https://a.example/x_(y))", "link[https://a.example/x_(y)]"},
        {"<https://a.example> \"https://b.example\"",
         "link[https://a.example] link[https://b.example]"},
        {"https://a.example/x,\nhttps://b.example",
         "link[https://a.example/x] link[https://b.example]"},
        /* Korean */
        {"https://a.example/cart에서 보세요", "link[https://a.example/cart]"},
        {"https://a.example/에서 보세요", "link[https://a.example/]"},
        {"https://a.example로.", "link[https://a.example]"},
        {"https://a.example/상품/12?q=봄", "link[https://a.example/상품/12?q=봄]"},
        {"https://a.example/상품。", "link[https://a.example/상품]"},
        {"https://봄날.한국/에서", "link[https://봄날.한국/]"},
        {"주소는 https://로 시작합니다", ""},
        /* tags */
        {"https://a.example/{{id}}?x={{y z}}", "link[https://a.example/{{id}}?x={{y z}}]"},
        {"https://a.example/{{id}}에서", "link[https://a.example/{{id}}]"},
        {"{{#u}}https://a.example/{{id}}{{/u}}", "link[https://a.example/{{id}}]"},
        {"https://a.example/{{#x}}b{{/x}}/c", "link[https://a.example/{{#x}}b{{/x}}/c]"},
        {"https://a.example/b{{#x}} c{{/x}}", "link[https://a.example/b]"},
        {"https://a.example/b{{#x}}c{{#y}}d{{/y}}", "link[https://a.example/b]"},
        {"https://a.example/{{> p}}", "link[https://a.example/]"},
        {"{{=<% %>=}}https://a.example/<%x%>/{{y", "link[https://a.example/<%x%>/{{y]"},
        {"https://a.example/{{x", "link[https://a.example/{{x]"},
        /* values */
        {"{{url}}", "link[{{url}}]"},
        {"보기 ({{{url}}}) {{&u}}/a, ", "link[{{{url}}}] link[{{&u}}/a]"},
        {"{{url}}에서 {{url}}.", "link[{{url}}] link[{{url}}]"},
        {"{{name}}님 {{price}}원", ""},
        {"x{{url}} 가{{url}}", ""},
        {"{{> p}} {{! c }} {{/x}}", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check(&rows[i], html_text_links);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_html),
        cmocka_unit_test(in_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
