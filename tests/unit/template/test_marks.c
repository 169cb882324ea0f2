/* URLs, hooks and replacements within templates. Here href="..." is a link that is told of,
 * src="..." another URL, @ a hook (its number is the digit behind it) and "CHARSET" is replaced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <sluice/base/must.h>

#include "helper_render.h"

static void add(struct mark **mark, size_t *count, struct mark m)
{
    *mark = mem_grow(*mark, *count + 1, sizeof **mark);
    (*mark)[(*count)++] = m;
}

static void find_marks(void *context, struct str text, bool is_main, struct mark **mark,
                       size_t *count)
{
    (void)context;
    (void)is_main;
    for (size_t i = 0; i < text.n; i++) {
        struct str rest = str_n(text.p + i, text.n - i);
        bool is_href = str_starts(rest, "href=\"");

        if (is_href || str_starts(rest, "src=\"")) {
            size_t from = i + (is_href ? 6 : 5);
            const char *end = memchr(text.p + from, '"', text.n - from);

            assert_non_null(end);
            i = (size_t)(end - text.p);
            add(mark, count,
                (struct mark){.kind = is_href ? MARK_TOLD : MARK_URL, .from = from, .to = i});
        } else if (text.p[i] == '@') {
            add(mark, count,
                (struct mark){
                    .kind = MARK_HOOK, .from = i, .to = i, .id = (uint32_t)text.p[i + 1] - '0'});
        } else if (str_starts(rest, "CHARSET")) {
            add(mark, count,
                (struct mark){
                    .kind = MARK_REPLACE, .from = i, .to = i + 7, .text = str_of("utf-8")});
        }
    }
}

/* Links are replaced by [link.turn url], but not those with "keep" in them. */
static bool see_url(void *arg, uint32_t link, uint32_t turn, struct str url, struct buf *out)
{
    buf_printf(arg, "%u.%u=%.*s ", link, turn, (int)url.n, url.p);
    if (memmem(url.p, url.n, "keep", 4))
        return false;
    buf_printf(out, "[%u.%u]", link, turn);
    return true;
}

static void write_hook(void *arg, uint32_t id, struct sink *sink)
{
    char text[16] = {'<', (char)('0' + id), '>'};

    (void)arg;
    sink_value(sink, text, 3, false);
}

struct result {
    struct buf out, told;
    struct names names;
    struct problems problems;
    uint32_t links;
};

static void result_done(struct result *r)
{
    buf_done(&r->out);
    buf_done(&r->told);
    names_done(&r->names);
    problems_done(&r->problems);
}

enum telling { TELL, TELL_WITHOUT_SINK, TELL_IN_CRLF, DO_NOT_TELL };

static void run_marked(const char *text, const char *const *partials, const char *data,
                       enum telling how, struct result *r)
{
    struct template_source s = source_of(text, partials);
    struct template *t;
    struct sink sink;
    struct buf scratch[2];
    uint32_t turn[100] = {0};
    struct run run = {.root = json_view_of(data, strlen(data)),
                      .sink = how == TELL_WITHOUT_SINK ? NULL : &sink,
                      .url = how == DO_NOT_TELL ? NULL : see_url,
                      .hook = how == DO_NOT_TELL ? NULL : write_hook,
                      .arg = &r->told,
                      .turn = turn,
                      .scratch = scratch};

    s.marks = find_marks;
    s.keep_line_ends = how != TELL_IN_CRLF;
    names_init(&r->names);
    problems_init(&r->problems);
    buf_init(&r->out, 10000);
    buf_init(&r->told, 10000);
    buf_init(&scratch[0], 1000);
    buf_init(&scratch[1], 1000);
    t = template_new(&s, &r->names, &r->problems);
    assert_non_null(t);
    template_encode(t, BODY_RAW);
    r->links = template_links(t);
    assert_true(r->links < 100);
    sink_begin(&sink, &r->out, BODY_RAW);
    assert_true(template_run(t, &run));
    buf_done(&scratch[0]);
    buf_done(&scratch[1]);
    template_free(t);
}

static void escapes_for_the_place_in_a_url(void **state)
{
    static const struct {
        const char *text, *data, *want;
    } rows[] = {
        {"src=\"{{u}}\"", "{\"u\":\"https://a.example/x?y=1&z=가\"}",
         "src=\"https://a.example/x?y=1&amp;z=가\""},
        {"src=\"{{{u}}}\"", "{\"u\":\"a&b\"}", "src=\"a&b\""},
        {"src=\"{{&u}}\"", "{\"u\":\"javascript:a\"}", "src=\"javascript:a\""},
        {"src=\"{{u}}\"", "{\"u\":\"javascript:alert(1)\"}", "src=\"#\""},
        {"src=\"{{u}}\"", "{\"u\":\" JavaScript:alert(1)\"}", "src=\"#\""},
        {"src=\"{{u}}\"", "{\"u\":\"java\\nscript:alert(1)\"}", "src=\"#\""},
        {"src=\"{{u}}\"", "{\"u\":\":x\"}", "src=\"#\""},
        {"src=\"{{u}}\"", "{\"u\":\"data:text/html,x\"}", "src=\"#\""},
        {"src=\"{{u}}\"", "{\"u\":\"httpsx:y\"}", "src=\"#\""},
        {"src=\"{{u}}\"", "{\"u\":\"HTTPS://a\"}", "src=\"HTTPS://a\""},
        {"src=\"{{u}}\"", "{\"u\":\"mailto:a@b.example\"}", "src=\"mailto:a@b.example\""},
        {"src=\"{{u}}\"", "{\"u\":\"tel:+82\"}", "src=\"tel:+82\""},
        {"src=\"{{u}}\"", "{\"u\":\"/a:b\"}", "src=\"/a:b\""},
        {"src=\"{{u}}\"", "{\"u\":\"a\\r\\nb\\u0007\"}", "src=\"ab\""},
        {"src=\"{{u}}\"", "{\"u\":\"\"}", "src=\"\""},
        {"src=\" {{u}}\"", "{\"u\":\"https://a\"}", "src=\" https://a\""},
        {"src=\"{{a}}{{u}}\"", "{\"a\":\"java\",\"u\":\"script:x\"}", "src=\"java#\""},
        {"src=\"{{#c}}{{u}}{{/c}}/{{p}}\"", "{\"c\":1,\"u\":\"https://a\",\"p\":\"b c\"}",
         "src=\"https://a/b%20c\""},
        /* path, query, fragment */
        {"src=\"https://a/{{p}}?q={{p}}#{{p}}\"", "{\"p\":\"a/b c&=가~\"}",
         "src=\"https://a/a/b%20c%26%3D%EA%B0%80~?q=a%2Fb%20c%26%3D%EA%B0%80~#a%2Fb%20c%26%3D%EA%"
         "B0%80~\""},
        {"src=\"/{{p}}\"", "{\"p\":\"<\\\"'>\"}", "src=\"/%3C%22%27%3E\""},
        {"src=\"/{{p}}\"", "{\"p\":\"a\\r\\n\\u0000b\"}", "src=\"/a%EF%BF%BDb\""},
        {"src=\"/#{{p}}\"", "{\"p\":12.5}", "src=\"/#12.5\""},
        {"src=\"/?{{#c}}x{{p}}{{/c}}\"", "{\"c\":true,\"p\":\"/\"}", "src=\"/?x%2F\""},
        {"src=\"MailTo:{{p}}?subject={{p}}\"", "{\"p\":\"a+b@c.example/\"}",
         "src=\"MailTo:a+b@c.example%2F?subject=a%2Bb%40c.example%2F\""},
        {"src=\"tel:{{p}}\"", "{\"p\":\"+82 2\"}", "src=\"tel:+82%202\""},
        {"src=\"/mailto:{{p}}\"", "{\"p\":\"a@b\"}", "src=\"/mailto:a%40b\""},
        /* filters, fallbacks, comparisons */
        {"src=\"/?q={{p|upper}}\"", "{\"p\":\"a b\"}", "src=\"/?q=A%20B\""},
        {"src=\"/?q={{p|url}}\"", "{\"p\":\"a b\"}", "src=\"/?q=a%20b\""},
        {"src=\"/{{p|no one}}\"", "{}", "src=\"/no%20one\""},
        {"src=\"/{{#p > 1}}{{p}}{{/p}}\"", "{\"p\":2}", "src=\"/2\""},
        /* outside of it nothing changes */
        {"{{p}} src=\"/{{p}}\" {{p}}", "{\"p\":\"&\"}", "&amp; src=\"/%26\" &amp;"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct result r;

        run_marked(rows[i].text, NULL, rows[i].data, TELL, &r);
        assert_string_equal(r.out.data, rows[i].want);
        assert_string_equal(r.told.data, "");
        assert_int_equal(r.links, 0);
        result_done(&r);
    }
}

static void tells_of_links(void **state)
{
    static const struct {
        const char *text;
        const char *partials[5];
        const char *data, *told, *want;
        uint32_t links;
    } rows[] = {
        {"href=\"https://a/?b&amp;c\"x",
         {NULL},
         "{}",
         "0.0=https://a/?b&amp;c ",
         "href=\"[0.0]\"x",
         1},
        {"href=\"keep\"", {NULL}, "{}", "0.0=keep ", "href=\"keep\"", 1},
        {"href=\"\"", {NULL}, "{}", "", "href=\"\"", 0},
        {"href=\"{{! nothing }}\"", {NULL}, "{}", "", "href=\"\"", 0},
        {"href=\"a\"href=\"b\"", {NULL}, "{}", "0.0=a 1.0=b ", "href=\"[0.0]\"href=\"[1.0]\"", 2},
        {"href=\"{{u}}\"",
         {NULL},
         "{\"u\":\"https://a?b&c\"}",
         "0.0=https://a?b&amp;c ",
         "href=\"[0.0]\"",
         1},
        {"href=\"keep/{{p}}\"",
         {NULL},
         "{\"p\":\"a b\"}",
         "0.0=keep/a%20b ",
         "href=\"keep/a%20b\"",
         1},
        {"href=\"keep/{{{p}}}\"",
         {NULL},
         "{\"p\":\"a\\r\\n\\\"\"}",
         "0.0=keep/a\" ",
         "href=\"keep/a\"\"",
         1},
        {"href=\"a{{p|upper}}\"", {NULL}, "{\"p\":\"x\"}", "0.0=aX ", "href=\"[0.0]\"", 1},
        {"{{#l}}href=\"a/{{.}}\"{{/l}}",
         {NULL},
         "{\"l\":[1,2]}",
         "0.0=a/1 0.1=a/2 ",
         "href=\"[0.0]\"href=\"[0.1]\"",
         1},
        {"{{#l}}href=\"a\"{{/l}}",
         {NULL},
         "{\"l\":[1,2]}",
         "0.0=a 0.1=a ",
         "href=\"[0.0]\"href=\"[0.1]\"",
         1},
        {"href=\"a{{#l}}/{{.}}{{/l}}\"",
         {NULL},
         "{\"l\":[1,2]}",
         "0.0=a/1/2 ",
         "href=\"[0.0]\"",
         1},
        {"href=\"a{{^l}}b{{/l}}{{#n == 1}}c{{/n}}\"",
         {NULL},
         "{\"n\":1}",
         "0.0=abc ",
         "href=\"[0.0]\"",
         1},
        /* partials: each way to use one has its own links */
        {"{{>p}}{{>p}}\n {{>p}}\n",
         {"p", "href=\"a\"\n"},
         "{}",
         "0.0=a 0.1=a 1.0=a ",
         "href=\"[0.0]\"\nhref=\"[0.1]\"\n\n href=\"[1.0]\"\n",
         2},
        {"  {{>p}}\n",
         {"p", "x\n href=\"a/{{p}}\"\n"},
         "{\"p\":\"?\"}",
         "0.0=a/%3F ",
         "  x\n   href=\"[0.0]\"\n",
         1},
        /* and within a URL */
        {"href=\"a/{{>p}}/{{p}}\"",
         {"p", "b?{{p}}"},
         "{\"p\":\"/\"}",
         "0.0=a/b?%2F/%2F ",
         "href=\"[0.0]\"",
         1},
        {"href=\"{{>p}}\"",
         {"p", "src=\"{{p}}\""},
         "{\"p\":\"javascript:\"}",
         "0.0=src=\"javascript%3A\" ",
         "href=\"[0.0]\"",
         1},
        /* inheritance */
        {"{{<p}}{{$b}}\n  href=\"a/{{p}}\"\n{{/b}}{{/p}}",
         {"p", "1\n{{$b}}\n  href=\"old\"\n{{/b}}\n2"},
         "{\"p\":\"&\"}",
         "0.0=a/%26 ",
         "1\n  href=\"[0.0]\"\n2",
         1},
        {"{{>p}}", {"p", "{{$b}}href=\"old\"{{/b}}"}, "{}", "0.0=old ", "href=\"[0.0]\"", 1},
        {"{{<p}}{{$b}}x?{{p}}{{/b}}{{/p}}",
         {"p", "href=\"a/{{$b}}{{p}}{{/b}}&{{p}}\""},
         "{\"p\":\"/\"}",
         "0.0=a/x?%2F&%2F ",
         "href=\"[0.0]\"",
         1},
        {"{{<p}} href=\"lost\" {{$b}}href=\"a\"{{/b}}{{/p}}href=\"c\"",
         {"p", "{{$b}}{{/b}}href=\"b\""},
         "{}",
         "1.0=a 2.0=b 0.0=c ",
         "href=\"[1.0]\"href=\"[2.0]\"href=\"[0.0]\"",
         3},
        /* dynamic names */
        {"{{>*n}}",
         {"p", "href=\"a\"", "q", "href=\"b\""},
         "{\"n\":\"q\"}",
         "1.0=b ",
         "href=\"[1.0]\"",
         2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct result r;

        run_marked(rows[i].text, rows[i].partials, rows[i].data, TELL, &r);
        assert_string_equal(r.told.data, rows[i].told);
        assert_string_equal(r.out.data, rows[i].want);
        assert_int_equal(r.links, rows[i].links);
        result_done(&r);
        run_marked(rows[i].text, rows[i].partials, rows[i].data, TELL_WITHOUT_SINK, &r);
        assert_string_equal(r.told.data, rows[i].told);
        assert_string_equal(r.out.data, "");
        result_done(&r);
    }
}

static void writes_links_when_nobody_is_told(void **state)
{
    struct result r;

    (void)state;
    run_marked("@1 href=\"a\" href=\"b/{{p}}\" CHARSET", NULL, "{\"p\":\" \"}", DO_NOT_TELL, &r);
    assert_string_equal(r.out.data, "@1 href=\"a\" href=\"b/%20\" utf-8");
    assert_int_equal(r.links, 2);
    result_done(&r);
}

static void writes_hooks_and_replacements(void **state)
{
    static const struct {
        const char *text;
        const char *partials[3];
        const char *want;
    } rows[] = {
        {"a@1b", {NULL}, "a<1>@1b"},
        {"{{#l}}@1{{/l}}", {NULL}, "<1>@1<1>@1"},
        {"{{v}}@1{{v}}", {NULL}, "v<1>@1v"},
        {" {{>p}}\n", {"p", "a\n@2\n"}, " a\n <2>@2\n"},
        {"{{<p}}{{$b}}\n @2\n{{/b}}{{/p}}", {"p", "   {{$b}}{{/b}}"}, "   <2>@2\n"},
        {"x CHARSET y{{v}}CHARSET", {NULL}, "x utf-8 yvutf-8"},
        {"  {{>p}}\n", {"p", "CHARSET\nCHARSET\n"}, "  utf-8\n  utf-8\n"},
        {"{{<p}}{{$b}}CHARSET@3{{/b}}{{/p}}", {"p", "{{$b}}@4{{/b}}"}, "utf-8<3>@3"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct result r;

        run_marked(rows[i].text, rows[i].partials, "{\"l\":[1,2],\"v\":\"v\"}", TELL, &r);
        assert_string_equal(r.out.data, rows[i].want);
        result_done(&r);
    }
}

static void finds_marks_in_what_is_compiled(void **state)
{
    static const char *const partials[] = {"p", "1\n{{$b}}\n  old\n{{/b}}\n2 CHARSET", NULL};
    struct result r;

    (void)state;
    run_marked("a\rb\n {{<p}}{{$b}}\n   @1\n   href=\"/{{v}}\"{{v}}\n{{/b}}{{/p}}\nc CHARSET",
               partials, "{\"v\":\"&\"}", TELL_IN_CRLF, &r);
    assert_string_equal(r.out.data, "a\r\nb\r\n 1\r\n   <1>@1\r\n   href=\"[0.0]\"&amp;\r\n"
                                    " 2 utf-8c utf-8");
    assert_string_equal(r.told.data, "0.0=/%26 ");
    result_done(&r);
}

static void drops_marks_that_tags_cross(void **state)
{
    static const struct {
        const char *text;
        unsigned line; /* of the warning; 0: none */
        const char *want;
    } rows[] = {
        {"{{#v}}href=\"a{{/v}}{{p}}\"", 1, "href=\"a&amp;\""},
        {"\nhref=\"a{{#v}}{{p}}\"{{/v}}", 2, "\nhref=\"a&amp;\""},
        {"href=\"a{{$b}}{{p}}\"{{/b}}", 1, "href=\"a&amp;\""},
        {"{{! href=\"a\" }}x", 1, "x"},
        {"{{! @1 }}x", 1, "x"},
        {"href=\"a{{#v}}{{/v}}\"", 0, "href=\"[0.0]\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct result r;

        run_marked(rows[i].text, NULL, "{\"v\":true,\"p\":\"&\"}", TELL, &r);
        assert_string_equal(r.out.data, rows[i].want);
        assert_int_equal(r.problems.count, rows[i].line != 0);
        if (rows[i].line) {
            assert_true(r.problems.item[0].is_warning);
            assert_int_equal(r.problems.item[0].line, rows[i].line);
        }
        result_done(&r);
    }
}

static void refuses_what_it_cannot_know_in_a_url(void **state)
{
    static const char *const partials[] = {"p", "{{>p}}", NULL};
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"href=\"{{>*n}}\"", "column 7: a URL cannot hold a partial that a variable names"},
        {"href=\"{{>p}}\"", "column 1: partials and blocks are nested more than 64 deep"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct template_source s = source_of(rows[i].text, partials);
        struct names names;
        struct problems p;

        s.marks = find_marks;
        names_init(&names);
        problems_init(&p);
        assert_null(template_new(&s, &names, &p));
        assert_string_equal(p.item[0].text, rows[i].want);
        problems_done(&p);
        names_done(&names);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_for_the_place_in_a_url),
        cmocka_unit_test(tells_of_links),
        cmocka_unit_test(writes_links_when_nobody_is_told),
        cmocka_unit_test(writes_hooks_and_replacements),
        cmocka_unit_test(finds_marks_in_what_is_compiled),
        cmocka_unit_test(drops_marks_that_tags_cross),
        cmocka_unit_test(refuses_what_it_cannot_know_in_a_url),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
