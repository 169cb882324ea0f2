/* The rules of Mustache in our own words and data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper_render.h"

static void renders(void **state)
{
    static const struct {
        const char *text, *data, *want;
    } rows[] = {
        {"", "{}", ""},
        {"plain", "{}", "plain"},
        /* interpolation */
        {"Hi {{name}}!", "{\"name\":\"지민\"}", "Hi 지민!"},
        {"{{이름}}", "{\"이름\":\"지민\"}", "지민"},
        {"{{ name }}", "{\"name\":\"x\"}", "x"},
        {"{{a}}", "{\"a\":\"<b> & \\\"c\\\" 'd'\"}", "&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;"},
        {"{{{a}}}", "{\"a\":\"<&>\"}", "<&>"},
        {"{{&a}}", "{\"a\":\"<&>\"}", "<&>"},
        {"{{& a }}{{{ a }}}", "{\"a\":\"<\"}", "<<"},
        {"{{n}} {{t}} {{f}} {{z}}", "{\"n\":1.50,\"t\":true,\"f\":false,\"z\":null}",
         "1.50 true false "},
        {"[{{missing}}]", "{}", "[]"},
        {"{{a}}", "{\"a\":\"{{b}}\",\"b\":\"no\"}", "{{b}}"}, /* a value is never a template */
        {"{{a}}", "{\"a\":\"line\\nnext \\u00e9\"}", "line\nnext é"},
        {"{{list}}{{object}}", "{\"list\":[1],\"object\":{\"a\":1}}", ""},
        {"{{.}}", "\"root\"", "root"},
        /* dotted names */
        {"{{a.b.c}}", "{\"a\":{\"b\":{\"c\":7}}}", "7"},
        {"[{{a.b.c}}]", "{\"a\":{\"b\":5}}", "[]"},
        {"[{{a.x}}]", "{\"a\":{},\"x\":5}", "[]"}, /* only the first part looks further up */
        {"{{#a}}{{b.c}}{{/a}}", "{\"a\":{\"b\":{}},\"b\":{\"c\":1}}", ""},
        {"{{#a.b}}{{c}}{{/a.b}}", "{\"a\":{\"b\":{\"c\":1}}}", "1"},
        /* sections */
        {"{{#a}}yes{{/a}}", "{\"a\":true}", "yes"},
        {"{{#a}}yes{{/a}}", "{\"a\":false}", ""},
        {"{{#a}}yes{{/a}}", "{\"a\":null}", ""},
        {"{{#a}}yes{{/a}}", "{\"a\":\"\"}", ""},
        {"{{#a}}yes{{/a}}", "{\"a\":\"0\"}", "yes"},
        {"{{#a}}yes{{/a}}", "{\"a\":0}", "yes"},
        {"{{#a}}yes{{/a}}", "{\"a\":[]}", ""},
        {"{{#a}}yes{{/a}}", "{\"a\":{}}", "yes"},
        {"{{#a}}yes{{/a}}", "{}", ""},
        {"{{#a}}{{.}},{{/a}}", "{\"a\":[1,\"b\",2.5]}", "1,b,2.5,"},
        {"{{#a}}{{#.}}{{.}}{{/.}};{{/a}}", "{\"a\":[[1,2],[3]]}", "12;3;"},
        {"{{#a}}{{n}}{{/a}}", "{\"a\":[{\"n\":1},{\"n\":2},{}],\"n\":9}", "129"},
        {"{{#a}}{{.}}{{/a}}", "{\"a\":\"s\"}", "s"},
        {"{{#a}}{{#b}}{{c}}{{d}}{{/b}}{{/a}}", "{\"a\":{\"c\":1},\"b\":{\"d\":2}}", "12"},
        /* inverted sections */
        {"{{^a}}no{{/a}}", "{\"a\":false}", "no"},
        {"{{^a}}no{{/a}}", "{\"a\":[]}", "no"},
        {"{{^a}}no{{/a}}", "{\"a\":\"\"}", "no"},
        {"{{^a}}no{{/a}}", "{\"a\":1}", ""},
        {"{{^a}}no{{/a}}", "{}", "no"},
        /* comments */
        {"a{{! none of this }}b", "{}", "ab"},
        {"a\n{{!\n several\n lines\n}}\nb\n", "{}", "a\nb\n"},
        /* lines of their own */
        {"a\n{{#x}}\nb\n{{/x}}\nc\n", "{\"x\":1}", "a\nb\nc\n"},
        {"a\n  {{#x}}  \n  b\n  {{/x}}\nc", "{\"x\":1}", "a\n  b\nc"},
        {"a\r\n{{#x}}\r\nb\r\n{{/x}}\r\nc", "{\"x\":1}", "a\r\nb\r\nc"},
        {"{{#x}}\n{{/x}}", "{\"x\":1}", ""},
        {"{{#x}} {{/x}}\n", "{\"x\":1}", " \n"}, /* two tags on a line: neither is alone */
        {"- {{#x}}\n- {{/x}}\n", "{\"x\":1}", "- \n- \n"},
        {"  {{a}}\n", "{\"a\":1}", "  1\n"},
        {"a {{! c }}\n", "{}", "a \n"},
        /* delimiters */
        {"{{=<% %>=}}<% a %> {{a}}", "{\"a\":1}", "1 {{a}}"},
        {"{{=| |=}}|#a||b||/a|", "{\"a\":{\"b\":1}}", "1"},
        {"x\n{{= [ ] =}}\n[a]\n", "{\"a\":1}", "x\n1\n"},
        {"{{=<< >>=}}<<={{ }}=>>{{a}}", "{\"a\":1}", "1"},
        {"{{=| |=}}|{a}||&a|", "{\"a\":\"<\"}", "<<"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        renders_as(rows[i].text, NULL, rows[i].data, rows[i].want);
}

static void includes_partials(void **state)
{
    static const struct {
        const char *text;
        const char *partials[5];
        const char *data, *want;
    } rows[] = {
        {"[{{>p}}]", {"p", "in {{a}}"}, "{\"a\":1}", "[in 1]"},
        {"{{> p }}", {"p", "x"}, "{}", "x"},
        {"{{>p}}{{>p}}", {"p", "x"}, "{}", "xx"},
        {"{{>p}}", {"p", ""}, "{}", ""},
        {"{{=| |=}}|>p|", {"p", "{{a}}"}, "{\"a\":1}", "1"},
        {"{{>p}}{{a}}", {"p", "{{=| |=}}"}, "{\"a\":1}", "1"},
        /* alone on a line: its lines are indented, what they print is not */
        {"a\n  {{>p}}\nb\n", {"p", "1\n2\n"}, "{}", "a\n  1\n  2\nb\n"},
        {"  {{>p}}\n", {"p", "{{{a}}}\n"}, "{\"a\":\"x\\ny\"}", "  x\ny\n"},
        {"  {{>p}}\nend", {"p", "x"}, "{}", "  xend"},
        {"- {{>p}}\n", {"p", "1\n2"}, "{}", "- 1\n2\n"},
        {" {{>p}}\n", {"p", "1\n {{>q}}\n", "q", "2\n"}, "{}", " 1\n  2\n"},
        /* a tree */
        {"{{>n}}",
         {"n", "{{v}}({{#k}}{{>n}}{{/k}})"},
         "{\"v\":1,\"k\":[{\"v\":2,\"k\":[]},{\"v\":3,\"k\":[{\"v\":4,\"k\":[]}]}]}",
         "1(2()3(4()))"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        renders_as(rows[i].text, rows[i].partials, rows[i].data, rows[i].want);
}

static void says_what_is_wrong_and_where(void **state)
{
    static const struct {
        const char *text;
        unsigned line;
        const char *want; /* the beginning of the message */
    } rows[] = {
        {"a\nbb {{name", 2, "column 4: the tag that begins here is never closed by '}}'"},
        {"{{{name}}", 1, "column 1: the tag that begins here is never closed by '}}}'"},
        {"{{#a}}", 1, "column 1: the section 'a' is never ended"},
        {"x\n\n{{/a}}", 3, "column 1: '/a' ends a section that was not opened"},
        {"{{#a}}\n{{#b}}\n{{/a}}\n", 3,
         "column 1: '/a' stands where the section 'b' of line 2 must end"},
        {"{{}}", 1, "column 1: a tag without a name"},
        {"{{ }}", 1, "column 1: a tag without a name"},
        {"{{a b}}", 1, "column 1: 'a b' is no name of a variable"},
        {"{{a<b}}", 1, "column 1: 'a<b' is no name of a variable"},
        {"{{#a b}}{{/a b}}", 1, "column 1: 'a b' is no name of a variable"},
        {"x {{a|truncat:3}}", 1, "column 3: "}, /* what filters say is theirs */
        {"{{a..b}}", 1, "column 1: 'a..b' has an empty part"},
        {"{{.a}}", 1, "column 1: '.a' has an empty part"},
        {"{{a.}}", 1, "column 1: 'a.' has an empty part"},
        {"한글 {{>nope}}", 1, "column 4: there is no partial 'nope' (a file nope.mustache)"},
        {"{{=x=}}", 1, "column 1: a change of delimiters needs two of them"},
        {"{{=a b}}", 1, "column 1: a change of delimiters ends in '='"},
        {"{{<parent}}{{/parent}}", 1,
         "column 1: there is no partial 'parent' (a file parent.mustache)"},
        {"a\n\xff", 2, "not UTF-8"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        is_refused(rows[i].text, NULL, rows[i].line, rows[i].want);
}

static void collects_all_mistakes(void **state)
{
    static const char *const partials[] = {"p", "{{#open}}\n{{/other}}\n", NULL};
    struct names names;
    struct problems p;

    (void)state;
    names_init(&names);
    problems_init(&p);
    /* The partial is used at two indentations: its mistakes are said once. */
    assert_null(compile("{{a b}}\n{{/x}}\n{{>p}}\n {{>p}}\n{{>none}}\n", partials, &names, &p));
    assert_int_equal(p.count, 5);
    assert_string_equal(p.item[3].file, "p");
    problems_done(&p);
    names_done(&names);
}

static void stops_at_its_limits(void **state)
{
    static const struct {
        const char *text;
        const char *partials[3];
        const char *data, *why;
    } rows[] = {
        {"{{>p}}", {"p", "x{{>p}}"}, "{}", "partials call one another too deep"},
        {"{{>p}}", {"p", "{{#a}}{{>p}}{{/a}}"}, "{\"a\":1}", "partials call one another too deep"},
        {"{{>p}}", {"p", "{{>p}}{{>p}}"}, "{}", "partials call one another too deep"},
        {" {{>p}}\n", {"p", "x\n {{>p}}\n"}, "{}", "partials call one another too deep"},
        {"{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{/a}}{{/a}}{{/a}}{{/a}}{{/a}}{{/a}}{{/a}}",
         {NULL},
         "{\"a\":[1,2,3,4,5,6,7,8,9,10]}",
         "too much work for one message"},
        {"{{#a}}0123456789{{/a}}",
         {NULL},
         "{\"a\":[1,2,3,4,5,6,7,8,9,10,11,12]}",
         "the message gets too large"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t max = strstr(rows[i].why, "large") ? 100 : 1000000;
        const char *why;
        char *got = render(rows[i].text, rows[i].partials, rows[i].data, max, &why);

        assert_null(got);
        assert_string_equal(why, rows[i].why);
    }
}

static void refuses_what_is_too_much_to_compile(void **state)
{
    struct names names;
    struct problems p;
    struct buf text;

    (void)state;
    names_init(&names);
    problems_init(&p);
    buf_init(&text, 1 << 20);
    for (unsigned i = 0; i <= NAMES_MAX; i++)
        buf_printf(&text, "{{v%u}}", i);
    assert_null(compile(text.data, NULL, &names, &p));
    assert_int_equal(p.count, 1);
    buf_clear(&text);
    names_done(&names);
    names_init(&names);
    for (unsigned i = 0; i < 40; i++)
        buf_puts(&text, "{{#a}}");
    for (unsigned i = 0; i < 40; i++)
        buf_puts(&text, "{{/a}}");
    assert_null(compile(text.data, NULL, &names, &p));
    assert_non_null(strstr(p.item[1].text, "nested more than"));
    buf_done(&text);
    problems_done(&p);
    names_done(&names);
}

static void knows_what_may_go_as_it_is(void **state)
{
    static const struct {
        const char *text;
        bool is_plain;
    } rows[] = {
        {"", true},
        {"plain\r\ntext\r\n", true},
        {"{{! nothing }}plain", true},
        {"plain {{a}}", false},
        {"{{#a}}x{{/a}}", false},
        {"한글", false},
        {"a\fb", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct names names;
        struct problems p;
        struct template *t;
        size_t qp, base64;
        bool is_plain;

        names_init(&names);
        problems_init(&p);
        t = compile(rows[i].text, NULL, &names, &p);
        assert_non_null(t);
        template_measure(t, &qp, &base64, &is_plain);
        assert_int_equal(is_plain, rows[i].is_plain);
        if (strcmp(rows[i].text, "한글") == 0) {
            assert_int_equal(qp, 18);
            assert_in_range(base64, 8, 10);
        }
        template_free(t);
        problems_done(&p);
        names_done(&names);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(renders),
        cmocka_unit_test(includes_partials),
        cmocka_unit_test(says_what_is_wrong_and_where),
        cmocka_unit_test(collects_all_mistakes),
        cmocka_unit_test(stops_at_its_limits),
        cmocka_unit_test(refuses_what_is_too_much_to_compile),
        cmocka_unit_test(knows_what_may_go_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
