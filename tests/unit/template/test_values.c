/* Fallbacks, filters and comparisons in templates, and what is told of values that stay empty. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "helper_render.h"

static void writes_values_through_filters(void **state)
{
    static const struct {
        const char *text, *data, *want;
    } rows[] = {
        {"{{name|고객}}님", "{\"name\":\"지민\"}", "지민님"},
        {"{{name|고객}}님", "{}", "고객님"},
        {"{{name|고객}}님", "{\"name\":null}", "고객님"},
        {"{{name|고객}}님", "{\"name\":\"\"}", "고객님"},
        {"{{name|고객}}님", "{\"name\":[1]}", "고객님"},
        {"{{ name | upper | default:\"a<b\" }}", "{}", "a&lt;b"},
        {"{{name|upper}}", "{\"name\":\"a<\\u0062\"}", "A&lt;B"},
        {"{{{name|upper}}}{{&name|upper}}", "{\"name\":\"<a\"}", "<A<A"},
        {"{{n|won}}", "{\"n\":1234567}", "1,234,567원"},
        {"{{#l}}{{n|number}};{{/l}}", "{\"l\":[{\"n\":1000},{\"n\":2000}]}", "1,000;2,000;"},
        {"{{a.b|x}}", "{\"a\":{\"b\":\"c\"}}", "c"},
        {"{{.|x}}", "\"v\"", "v"},
        {"{{=| |=}}|a|x", "{\"a\":1}", "1x"}, /* then '|' is a delimiter and no filter */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        renders_as(rows[i].text, NULL, rows[i].data, rows[i].want);
}

static void compares_in_sections(void **state)
{
    static const struct {
        const char *text, *data, *want;
    } rows[] = {
        {"{{#n >= 1000}}yes{{/n}}", "{\"n\":1000}", "yes"},
        {"{{#n >= 1000}}yes{{/n >= 1000}}", "{\"n\":\"1,000\"}", "yes"},
        {"{{#n>=1000}}yes{{/ n  >=  1000 }}", "{\"n\":999}", ""},
        {"{{^n >= 1000}}no{{/n}}", "{\"n\":999}", "no"},
        {"{{^n >= 1000}}no{{/n}}", "{}", "no"},
        {"{{#g == \"VIP\"}}yes{{/g}}", "{\"g\":\"VIP\"}", "yes"},
        {"{{#g == \"VIP\"}}yes{{/g}}", "{\"g\":\"V\\u0049P\"}", "yes"},
        {"{{^g == \"VIP\"}}no{{/g}}", "{\"g\":\"vip\"}", "no"},
        {"{{#g != \"VIP\"}}no{{/g}}", "{\"g\":\"x\"}", "no"},
        {"{{#a == b}}same{{/a}}", "{\"a\":1,\"b\":\"1.0\"}", "same"},
        {"{{#a < b.c}}less{{/a}}", "{\"a\":9,\"b\":{\"c\":10}}", "less"},
        {"{{#a == b}}same{{/a}}", "{\"a\":1}", ""},
        {"{{#a == \"x\"}}1{{#b == \"y\"}}2{{/b}}3{{/a}}", "{\"a\":\"x\",\"b\":\"y\"}", "123"},
        /* no context is pushed */
        {"{{#o.n == 1}}{{n}}{{.}}{{/o.n}}", "{\"o\":{\"n\":1},\"n\":2}", "2"},
        {"{{#l}}{{#n > 1}}{{n}}{{/n}}{{/l}}", "{\"l\":[{\"n\":1},{\"n\":2}]}", "2"},
        /* alone on a line */
        {"a\n{{#n > 1}}\nb\n{{/n}}\nc", "{\"n\":2}", "a\nb\nc"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        renders_as(rows[i].text, NULL, rows[i].data, rows[i].want);
}

static void refuses_other_ends(void **state)
{
    (void)state;
    is_refused("{{#n >= 1}}{{/n >= 2}}", NULL, 1,
               "column 12: '/n >= 2' stands where the section 'n >= 1' of line 1 must end");
    is_refused("{{#n >= 1}}{{/m}}", NULL, 1, "column 12: '/m' stands where");
    is_refused("{{#n >= a..b}}{{/n}}", NULL, 1, "column 1: 'a..b' has an empty part");
}

static void note(void *arg, const char *name)
{
    buf_printf(arg, "%s ", name);
}

/* Compiles, gives each name the slot's value from `data`, runs without a sink. */
static void told_of(const char *text, const char *const *partials, const char *data,
                    struct buf *told, const char **missing, struct names *names)
{
    struct json_view slot[NAMES_MAX];
    struct problems p;
    struct template *t;
    struct run run = {.slot = slot, .empty = note, .arg = told};

    names_init(names);
    problems_init(&p);
    t = compile(text, partials, names, &p);
    assert_non_null(t);
    for (size_t i = 0; i < names->count; i++)
        json_view_key(json_view_of(data, strlen(data)), names->name[i], &slot[i]);
    buf_clear(told);
    assert_true(template_run(t, &run));
    *missing = NULL;
    for (size_t i = 0; run.missing && i < names->count; i++) {
        if (str_is(names->name[i], run.missing))
            *missing = names->name[i].p;
    }
    template_free(t);
    problems_done(&p);
}

static void tells_of_what_stays_empty(void **state)
{
    static const char *const partials[] = {"p", "{{x}}", NULL};
    static const struct {
        const char *text, *data, *told, *missing;
    } rows[] = {
        {"{{a}}{{b}}", "{\"a\":\"1\",\"b\":2}", "", NULL},
        {"{{a}}{{b}}{{a}}", "{\"b\":2}", "a a ", "a"},
        {"{{a}}{{b}}", "{\"a\":\"\",\"b\":null}", "a b ", "a"},
        {"{{b}}{{a}}", "{\"b\":\"x\",\"a\":\"\"}", "a ", "a"},
        {"{{a|x}}{{a|upper}}", "{}", "a ", "a"},
        {"{{a|default:\"\"}}", "{}", "", NULL}, /* said to be fine */
        {"{{a|x}}", "{\"a\":\"\"}", "", NULL},
        {"{{#a}}{{b}}{{/a}}{{#c == 1}}{{b}}{{/c}}", "{}", "", NULL},
        {"{{^a}}{{b}}{{/a}}", "{}", "b ", "b"},
        {"{{>*a}}", "{\"x\":1}", "a ", "a"},
        {"{{>*a}}", "{\"a\":\"other\",\"x\":1}", "a ", "a"},
        {"{{>*a}}", "{\"a\":\"p\",\"x\":1}", "", NULL},
        {"{{>*a}}", "{\"a\":\"p\"}", "x ", "x"},
        {"{{<p}}{{$none}}{{y}}{{/none}}{{/p}}", "{}", "x ", "x"},
    };
    struct buf told;

    (void)state;
    buf_init(&told, 1000);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *missing;
        struct names names;

        told_of(rows[i].text, partials, rows[i].data, &told, &missing, &names);
        assert_string_equal(told.data, rows[i].told);
        if (rows[i].missing)
            assert_string_equal(missing, rows[i].missing);
        else
            assert_null(missing);
        names_done(&names);
    }
    buf_done(&told);
}

static void gives_slots_to_names_in_comparisons(void **state)
{
    struct names names;
    struct problems p;
    struct template *t;

    (void)state;
    names_init(&names);
    problems_init(&p);
    t = compile("{{#a >= b.c}}{{d|x}}{{/a}}{{#e == \"f\"}}{{/e}}{{>*g}}", NULL, &names, &p);
    assert_non_null(t);
    assert_int_equal(names.count, 5);
    assert_true(str_is(names.name[1], "b"));
    template_free(t);
    problems_done(&p);
    names_done(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_values_through_filters),
        cmocka_unit_test(compares_in_sections),
        cmocka_unit_test(refuses_other_ends),
        cmocka_unit_test(tells_of_what_stays_empty),
        cmocka_unit_test(gives_slots_to_names_in_comparisons),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
