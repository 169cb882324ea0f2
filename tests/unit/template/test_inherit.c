/* Inheritance and dynamic names, in our own words and data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "helper_render.h"

#define LAYOUT "<b>{{$head}}Shop{{/head}}</b>{{$body}}empty{{/body}}"

static void replaces_blocks(void **state)
{
    static const struct {
        const char *text;
        const char *partials[7];
        const char *data, *want;
    } rows[] = {
        /* a block shows what stands in it */
        {"{{$a}}x{{n}}{{/a}}", {NULL}, "{\"n\":1}", "x1"},
        {"{{$ a }}x{{/ a }}", {NULL}, "{}", "x"},
        {"{{$a}}{{#l}}{{.}};{{/l}}{{^l}}no{{/l}}{{/a}}", {NULL}, "{\"l\":[1,2]}", "1;2;"},
        {"{{$a}}x{{$b}}y{{/b}}z{{/a}}", {NULL}, "{}", "xyz"},
        {"{{<p}}{{/p}}", {"p", LAYOUT}, "{}", "<b>Shop</b>empty"},
        {"{{>p}}", {"p", LAYOUT}, "{}", "<b>Shop</b>empty"},
        /* until it is replaced */
        {"{{<p}}{{$head}}봄{{/head}}{{/p}}", {"p", LAYOUT}, "{}", "<b>봄</b>empty"},
        {"{{<p}}{{$body}}1{{/body}}{{$head}}2{{/head}}{{/p}}", {"p", LAYOUT}, "{}", "<b>2</b>1"},
        {"{{<p}}{{$body}}{{/body}}{{/p}}", {"p", LAYOUT}, "{}", "<b>Shop</b>"},
        {"{{<p}}{{$none}}1{{/none}}{{/p}}", {"p", LAYOUT}, "{}", "<b>Shop</b>empty"},
        {"{{<p}}{{$body}}1{{/body}}{{/p}}+{{<p}}{{$body}}2{{/body}}{{/p}}+{{>p}}",
         {"p", LAYOUT},
         "{}",
         "<b>Shop</b>1+<b>Shop</b>2+<b>Shop</b>empty"},
        {"{{<p}}{{$a}}1{{/a}}{{/p}}", {"p", "{{$a}}{{/a}}{{$a}}{{/a}}"}, "{}", "11"},
        /* names of blocks, variables and partials are three things */
        {"{{<p}}{{$p}}{{p}}{{/p}}{{/p}}", {"p", "{{p}}{{$p}}{{/p}}"}, "{\"p\":7}", "77"},
        /* text between the blocks is for nothing */
        {"{{<p}} a {{! b }} {{$body}}1{{/body}} c {{/p}}", {"p", LAYOUT}, "{}", "<b>Shop</b>1"},
        /* a replacement sees the variables of the place where it is used */
        {"{{<p}}{{$b}}{{v}}{{/b}}{{/p}}",
         {"p", "{{#in}}{{$b}}{{/b}}{{/in}}{{#l}}{{$b}}{{/b}}{{/l}}"},
         "{\"v\":1,\"in\":{\"v\":2},\"l\":[{\"v\":3},{}]}",
         "231"},
        /* from several levels the one furthest out counts */
        {"{{<p}}{{$a}}main{{/a}}{{/p}}",
         {"p", "{{<q}}{{$a}}p{{/a}}{{/q}}", "q", "[{{$a}}q{{/a}}]"},
         "{}",
         "[main]"},
        {"{{<p}}{{/p}}", {"p", "{{<q}}{{$a}}p{{/a}}{{/q}}", "q", "[{{$a}}q{{/a}}]"}, "{}", "[p]"},
        {"{{<p}}{{$b}}!{{/b}}{{/p}}",
         {"p", "{{<q}}{{$a}}p{{$b}}?{{/b}}{{/a}}{{/q}}", "q", "[{{$a}}q{{/a}}]"},
         "{}",
         "[p!]"},
        {"{{<p}}{{$a}}x{{/a}}{{/p}}", {"p", "{{>q}}", "q", "{{$a}}q{{/a}}"}, "{}", "x"},
        /* in its own replacement a block shows what stands in it */
        {"{{<p}}{{$a}}[{{$a}}old{{/a}}]{{/a}}{{/p}}", {"p", "{{$a}}q{{/a}}"}, "{}", "[old]"},
        {"{{<p}}{{$a}}A{{$b}}-{{/b}}{{/a}}{{$b}}B{{$a}}+{{/a}}{{/b}}{{/p}}",
         {"p", "{{$a}}{{/a}} {{$b}}{{/b}}"},
         "{}",
         "AB+ BA-"},
        /* a tree: the block is replaced at every level */
        {"{{<n}}{{$v}}<{{v}}>{{/v}}{{/n}}",
         {"n", "{{$v}}{{/v}}{{#k}}{{>n}}{{/k}}"},
         "{\"v\":1,\"k\":[{\"v\":2,\"k\":[]},{\"v\":3,\"k\":[]}]}",
         "<1><2><3>"},
        /* other delimiters */
        {"{{=| |=}}|<p||$body|1|/body||/p|", {"p", LAYOUT}, "{}", "<b>Shop</b>1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        renders_as(rows[i].text, rows[i].partials, rows[i].data, rows[i].want);
}

static void indents_replacements(void **state)
{
    static const struct {
        const char *text;
        const char *partials[5];
        const char *want;
    } rows[] = {
        /* the two tags of a parent may share a line of their own */
        {"a\n  {{<p}}{{/p}}\nb\n", {"p", "1\n2\n"}, "a\n  1\n  2\nb\n"},
        {"a\n  {{<p}}\n{{$x}}y{{/x}}\n{{/p}}\nb\n",
         {"p", "1{{$x}}{{/x}}\n2\n"},
         "a\n  1y\n  2\nb\n"},
        {"a {{<p}}{{/p}}\nb", {"p", "1\n2\n"}, "a 1\n2\n\nb"},
        /* a replacement loses the blanks of its first line and gets those of the block */
        {"{{<p}}{{$x}}\n    1\n      2\n{{/x}}{{/p}}",
         {"p", "<\n  {{$x}}{{/x}}>\n"},
         "<\n  1\n    2\n>\n"},
        {"{{<p}}\n  {{$x}}\n    1\n    2\n  {{/x}}\n{{/p}}\n",
         {"p", "<\n{{$x}}\n {{/x}}\n>\n"},
         "<\n1\n2\n>\n"},
        {"{{<p}}{{$x}}1\n2{{/x}}{{/p}}", {"p", "- {{$x}}{{/x}}\n"}, "- 1\n2\n"},
        {"{{<p}}{{$x}}\n\t1\n\n 2\n{{/x}}{{/p}}", {"p", "{{$x}}{{/x}}"}, "1\n\n2\n"},
        {"{{<p}}{{$x}}\n  1\n{{/x}}{{/p}}", {"p", "a: {{$x}}{{/x}}"}, "a: 1\n"},
        {"{{<p}}{{$x}}\n{{/x}}{{/p}}", {"p", "a{{$x}}?{{/x}}b"}, "ab"},
        /* a block whose tags stand alone takes them away, and the blanks from what stands in it */
        {"{{<p}}{{$x}}\n1\n2\n{{/x}}{{/p}}",
         {"p", "<\n{{$x}}\n   old\n{{/x}}\n>\n"},
         "<\n   1\n   2\n>\n"},
        {"{{>p}}", {"p", "<\n  {{$x}}\n  old\n  {{/x}}\n>\n"}, "<\n  old\n>\n"},
        /* within one another, and within an indented partial */
        {"  {{<p}}{{$x}}\n1\n2\n{{/x}}{{/p}}\n",
         {"p", "<\n  {{$x}}\n  {{/x}}\n>\n"},
         "  <\n    1\n    2\n  >\n"},
        {" {{>q}}\n",
         {"q", "q\n {{<p}}{{$x}}\n    1\n      2\n{{/x}}{{/p}}\n", "p", "<\n{{$x}}\n{{/x}}\n>\n"},
         " q\n  <\n  1\n    2\n  >\n"},
        {"{{<p}}{{$x}}\n  1\n  {{$y}}\n    2\n  {{/y}}\n{{/x}}{{$y}}\n3\n4\n{{/y}}{{/p}}",
         {"p", " {{$x}}{{/x}}"},
         " 1\n   3\n   4\n"},
        {"{{<p}}{{$x}}\n  {{#t}}\n  1\n  {{/t}}\n  {{v}}\n  {{>q}}\n{{/x}}{{/p}}",
         {"p", " {{$x}}{{/x}}", "q", "2\n3\n"},
         " 1\n v\n 2\n 3\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        renders_as(rows[i].text, rows[i].partials, "{\"t\":true,\"v\":\"v\"}", rows[i].want);
}

static void includes_what_variables_name(void **state)
{
    static const char *const partials[] = {
        "one", "1{{v}}",          "two", "2\n2\n", "tree", "{{v}}{{#k}}{{>*t}}{{/k}}",
        "lay", "[{{$x}}-{{/x}}]", NULL};
    static const struct {
        const char *text, *data, *want;
    } rows[] = {
        {"{{>*n}}", "{\"n\":\"one\",\"v\":\"!\"}", "1!"},
        {"{{> * n }}", "{\"n\":\"one\"}", "1"},
        {"{{#l}}{{>*n}};{{/l}}", "{\"l\":[{\"n\":\"one\",\"v\":7},{\"n\":\"lay\"}]}", "17;[-];"},
        {"{{>*a.b}}", "{\"a\":{\"b\":\"one\",\"v\":1},\"v\":2}", "12"},
        {"[{{>*n}}]", "{}", "[]"},
        {"[{{>*n}}]", "{\"n\":\"three\"}", "[]"},
        {"[{{>*n}}]", "{\"n\":\"o\\u006ee\"}", "[1]"},
        {"[{{>*n}}]", "{\"n\":[\"one\"]}", "[]"},
        {"[{{>*n}}]", "{\"n\":null}", "[]"},
        {"[{{>**n}}]", "{\"n\":\"m\",\"m\":\"one\"}", "[]"},
        {"a\n  {{>*n}}\nb", "{\"n\":\"two\"}", "a\n  2\n  2\nb"},
        {"- {{>*n}}\n", "{\"n\":\"two\"}", "- 2\n2\n\n"},
        {"{{>*t}}", "{\"t\":\"tree\",\"v\":1,\"k\":[{\"v\":2,\"k\":[{\"v\":3,\"k\":[]}]}]}", "123"},
        {"{{<*n}}{{$x}}y{{/x}}{{/*n}}", "{\"n\":\"lay\"}", "[y]"},
        {"{{<*n}}{{$x}}y{{/x}}{{/ * n}}", "{\"n\":\"none\"}", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        renders_as(rows[i].text, partials, rows[i].data, rows[i].want);
}

static void says_what_is_wrong(void **state)
{
    static const char *const partials[] = {"p", "{{$x}}{{/x}}", NULL};
    static const struct {
        const char *text;
        unsigned line;
        const char *want;
    } rows[] = {
        {"{{<p}}", 1, "column 1: the parent 'p' is never ended"},
        {"a\n{{<p}}{{$x}}{{/p}}", 2,
         "column 13: '/p' stands where the block 'x' of line 2 must end"},
        {"{{$x}}", 1, "column 1: the block 'x' is never ended"},
        {"{{$}}{{/}}", 1, "column 1: a tag without a name"},
        {"{{$a b}}{{/a b}}", 1, "column 1: 'a b' is no name of a block"},
        {"{{>a b}}", 1, "column 1: 'a b' is no name of a partial"},
        {"{{>*}}", 1, "column 1: a tag without a name"},
        {"{{<*n}}{{/n}}", 1, "column 8: '/n' stands where the parent 'n' of line 1 must end"},
        {"{{<none}}{{/none}}", 1, "column 1: there is no partial 'none'"},
        {"{{<p}}{{$x}}1{{/x}}\n{{$x}}2{{/x}}{{/p}}", 2,
         "column 1: the block 'x' is replaced twice"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        is_refused(rows[i].text, partials, rows[i].line, rows[i].want);
}

static void warns_of_what_is_for_nothing(void **state)
{
    static const char *const partials[] = {"p", "{{$x}}{{/x}}", NULL};
    struct names names;
    struct problems p;
    struct template *t;

    (void)state;
    names_init(&names);
    problems_init(&p);
    t = compile("{{<p}}\n {{v}}{{$x}}{{w}}{{/x}}{{#s}}{{$x}}{{u}}{{/x}}{{/s}}{{/p}}", partials,
                &names, &p);
    assert_non_null(t);
    assert_int_equal(p.count, 2);
    assert_int_equal(p.item[0].line, 2);
    assert_true(p.item[0].is_warning);
    assert_non_null(strstr(p.item[0].text, "column 2: this tag stands between '<p' and its end"));
    /* Only what is written has a slot. */
    assert_int_equal(names.count, 1);
    template_free(t);
    problems_done(&p);
    names_done(&names);
}

static void refuses_dynamic_names_where_there_are_none(void **state)
{
    struct template_source s = source_of("a\n {{>*n}}", NULL);
    struct names names;
    struct problems p;

    (void)state;
    s.partial_name = NULL;
    names_init(&names);
    problems_init(&p);
    assert_null(template_new(&s, &names, &p));
    assert_int_equal(p.item[0].line, 2);
    assert_string_equal(p.item[0].text, "column 2: a variable cannot name a partial here");
    problems_done(&p);
    names_done(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaces_blocks),
        cmocka_unit_test(indents_replacements),
        cmocka_unit_test(includes_what_variables_name),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(warns_of_what_is_for_nothing),
        cmocka_unit_test(refuses_dynamic_names_where_there_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
