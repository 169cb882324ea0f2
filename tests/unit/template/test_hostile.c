/* Templates and variables by somebody who wants to break us: each must end soon, with a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "helper_render.h"

#define MANY 200000u

static void stops_while_it_runs(void **state)
{
    static const struct {
        const char *text;
        const char *partials[5];
        const char *data, *why;
    } rows[] = {
        {"{{<p}}{{$a}}1{{/a}}{{/p}}",
         {"p", "{{$a}}{{/a}}{{<p}}{{$b}}2{{/b}}{{/p}}"},
         "{}",
         "partials call one another too deep"},
        {"{{<p}}{{$a}}{{>p}}{{/a}}{{/p}}",
         {"p", "{{$a}}{{/a}}"},
         "{}",
         "partials call one another too deep"},
        {"{{>p}}",
         {"p", "{{<q}}{{$a}}{{>p}}{{/a}}{{/q}}", "q", "{{$a}}{{/a}}"},
         "{}",
         "partials call one another too deep"},
        {"{{>*n}}", {"p", "{{>*n}}"}, "{\"n\":\"p\"}", "partials call one another too deep"},
        {"{{>*n}}",
         {"p", "{{#m}}{{>*n}}{{/m}}", "q", "{{>p}}"},
         "{\"n\":\"q\",\"m\":1}",
         "partials call one another too deep"},
        {"{{>p}}",
         {"p", "{{^n}}{{^n}}{{^n}}{{^n}}{{^n}}{{^n}}{{^n}}{{^n}}{{^n}}{{^n}}{{^n}}{{^n}}{{>p}}"
               "{{/n}}{{/n}}{{/n}}{{/n}}{{/n}}{{/n}}{{/n}}{{/n}}{{/n}}{{/n}}{{/n}}{{/n}}"},
         "{}",
         "sections are nested too deep"},
        {"{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#b == 1}}{{/b}}"
         "{{/a}}{{/a}}{{/a}}{{/a}}{{/a}}{{/a}}",
         {NULL},
         "{\"a\":[1,2,3,4,5,6,7,8,9,10]}",
         "too much work for one message"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *why;
        char *got = render(rows[i].text, rows[i].partials, rows[i].data, 1000000, &why);

        assert_null(got);
        assert_string_equal(why, rows[i].why);
    }
}

static void counts_what_filters_read(void **state)
{
    struct buf data;
    const char *why;

    (void)state;
    buf_init(&data, 2000000);
    buf_puts(&data, "{\"v\":\"");
    for (unsigned i = 0; i < 500000; i++)
        buf_putc(&data, 'x');
    buf_puts(&data, "\",\"l\":[0");
    for (unsigned i = 0; i < 10000; i++)
        buf_puts(&data, ",0");
    buf_puts(&data, "]}");
    assert_null(render("{{#l}}{{v|upper|truncate:1}}{{/l}}", NULL, data.data, 1000000, &why));
    assert_string_equal(why, "too much work for one message");
    assert_null(render("{{#l}}{{#v == \"x\"}}{{/v}}{{/l}}", NULL, data.data, 1000000, &why));
    assert_string_equal(why, "too much work for one message");
    buf_done(&data);
}

static void repeat(struct buf *out, unsigned n, const char *text)
{
    buf_clear(out);
    for (unsigned i = 0; i < n; i++)
        buf_puts(out, text);
}

static void refuses_too_much(void **state)
{
    static const struct {
        unsigned times;
        const char *text, *end, *want;
    } rows[] = {
        {MANY, "{{a}}", "", "more than 100000 tags and texts"},
        {MANY, "{{!}}", "", "more than 100000 tags and texts"},
        {33, "{{#a}}", "", "sections are nested more than 32 deep"},
        {33, "{{$a}}", "", "sections are nested more than 32 deep"},
        {17, "{{<p}}{{$a}}", "", "sections are nested more than 32 deep"},
        {MANY, "{{a b}}", "", "'a b' is no name of a variable"},
        {MANY, "{{/a}}", "", "'/a' ends a section that was not opened"},
        {MANY / 2, "{{!}} \n", "{{>p}}{{>p}}", "more than 100000 tags and texts"},
    };
    static const char *const partials[] = {"p", "{{a}}{{b}}", NULL};
    struct buf text;

    (void)state;
    buf_init(&text, 4u << 20);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct names names;
        struct problems p;

        repeat(&text, rows[i].times, rows[i].text);
        buf_puts(&text, rows[i].end);
        names_init(&names);
        problems_init(&p);
        assert_null(compile(text.data, partials, &names, &p));
        if (!strstr(p.item[0].text, rows[i].want))
            fail_msg("'%s' is not '%s'", p.item[0].text, rows[i].want);
        problems_done(&p);
        names_done(&names);
    }
    buf_done(&text);
}

/* Each block's replacement holds the next one twice: 2^30 of the last. */
static void refuses_blocks_that_double(void **state)
{
    static const char *const last[] = {"", "x{{v}}"};
    struct buf text;

    (void)state;
    buf_init(&text, 1u << 20);
    for (size_t k = 0; k < 2; k++) {
        const char *const partials[] = {"p", "{{$b0}}{{/b0}}", NULL};

        buf_clear(&text);
        buf_puts(&text, "{{<p}}");
        for (unsigned i = 0; i < 30; i++)
            buf_printf(&text, "{{$b%u}}{{$b%u}}{{/b%u}}{{$b%u}}{{/b%u}}{{/b%u}}", i, i + 1, i + 1,
                       i + 1, i + 1, i);
        buf_printf(&text, "{{$b30}}%s{{/b30}}{{/p}}", last[k]);
        is_refused(text.data, partials, 1, "column ");
    }
    buf_done(&text);
}

/* Each level replaces another block and uses its partial at another indentation. */
static void refuses_too_many_programs(void **state)
{
    struct buf text, partial;
    const char *partials[5] = {"p", NULL, "q", "{{$x}}{{/x}}", NULL};

    (void)state;
    buf_init(&text, 1u << 20);
    buf_init(&partial, 1u << 20);
    for (unsigned i = 0; i < 600; i++)
        buf_printf(&text, "{{<q}}{{$x}}%u{{/x}}{{/q}}", i);
    is_refused(text.data, (const char *const[]){"q", "{{$x}}{{/x}}", NULL}, 1,
               "column 13688: blocks are replaced in more than 512 ways");
    for (unsigned i = 0; i < 65; i++)
        buf_printf(&partial, "{{$b%u}}1{{/b%u}}", i, i);
    buf_clear(&text);
    buf_printf(&text, "{{<q}}%s{{/q}}", partial.data);
    is_refused(text.data, (const char *const[]){"q", "", NULL}, 1,
               "column 1075: more than 64 blocks");
    buf_clear(&partial);
    for (unsigned i = 0; i < 30; i++)
        buf_printf(&partial, "{{<p}}{{$b%u}}%u{{/b%u}}{{/p}}", i, i, i);
    partials[1] = partial.data;
    is_refused("{{>p}}", partials, 1, "column ");
    /* Indented by blank and tab in any order. */
    is_refused("{{>*n}}", (const char *const[]){"p", " {{>*n}}\n", "q", "\t{{>p}}\n", NULL}, 1,
               "column 2: more than 512 partials");
    buf_done(&text);
    buf_done(&partial);
}

static void fill(struct buf *b, const char *before, size_t n)
{
    char *to;

    buf_clear(b);
    buf_puts(b, before);
    to = n ? buf_room(b, n) : NULL;
    if (to)
        memset(to, 'x', n);
    buf_grew(b, n);
}

static void refuses_large_texts(void **state)
{
    static const struct {
        const char *before;   /* in the main template */
        size_t main, partial; /* bytes */
        unsigned line;
        const char *want;
    } rows[] = {
        {"", TEMPLATE_MAX_BYTES + 1, 0, 0, "larger than 4 MiB"},
        {"{{>p}}", 0, TEMPLATE_MAX_BYTES + 1, 0, "larger than 4 MiB"},
        {"{{>p}}{{>q}}", TEMPLATE_MAX_BYTES - 12, TEMPLATE_MAX_BYTES, 0,
         "with its partials larger than 8 MiB"},
        {"{{>p}}\n {{>p}}\n  {{>p}}\n", 0, TEMPLATE_MAX_BYTES, 1,
         "column 1: with its partials larger than 8 MiB"},
    };
    struct buf text, partial;

    (void)state;
    buf_init(&text, 8u << 20);
    buf_init(&partial, 8u << 20);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *partials[5] = {"p", NULL, "q", "q", NULL};

        fill(&text, rows[i].before, rows[i].main);
        fill(&partial, "", rows[i].partial);
        partials[1] = partial.data;
        is_refused(text.data, partials, rows[i].line, rows[i].want);
    }
    buf_done(&text);
    buf_done(&partial);
}

static void refuses_a_nul(void **state)
{
    struct template_source s = source_of("", NULL);
    struct names names;
    struct problems p;

    (void)state;
    s.text = str_n("a\n{{b}}\0c", 9);
    names_init(&names);
    problems_init(&p);
    assert_null(template_new(&s, &names, &p));
    assert_int_equal(p.item[0].line, 2);
    assert_string_equal(p.item[0].text, "a NUL byte");
    problems_done(&p);
    names_done(&names);
}

static void bears_broken_utf8(void **state)
{
    static const char *const data[] = {"{\"v\":\"a\xff\xfe\xea\xb0\"}",
                                       "{\"v\":\"\\ud800\xc0\x80\"}", "{\"v\":\"\xed\xa0\x80\\",
                                       "{\"v\":"};

    (void)state;
    is_refused("a\nb\xea\xb0{{v}}", NULL, 2, "not UTF-8");
    is_refused("{{v\xff}}", NULL, 1, "not UTF-8");
    for (size_t i = 0; i < sizeof data / sizeof *data; i++) {
        const char *why;
        char *got =
            render("{{v}}{{v|upper}}{{#v > \"a\"}}{{/v}}{{>*v}}", NULL, data[i], 1000, &why);

        assert_non_null(got);
        free(got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stops_while_it_runs),
        cmocka_unit_test(counts_what_filters_read),
        cmocka_unit_test(refuses_too_much),
        cmocka_unit_test(refuses_blocks_that_double),
        cmocka_unit_test(refuses_too_many_programs),
        cmocka_unit_test(refuses_large_texts),
        cmocka_unit_test(refuses_a_nul),
        cmocka_unit_test(bears_broken_utf8),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
