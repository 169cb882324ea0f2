#include "helper_render.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <sluice/base/must.h>

static bool find_partial(void *context, struct str name, struct str *text, const char **file)
{
    for (const char *const *p = context; p && *p; p += 2) {
        if (str_is(name, p[0])) {
            *text = str_of(p[1]);
            *file = p[0];
            return true;
        }
    }
    return false;
}

static bool name_partial(void *context, size_t i, struct str *name)
{
    const char *const *p = context;

    for (; p && *p && i > 0; i--)
        p += 2;
    if (!p || !*p)
        return false;
    *name = str_of(*p);
    return true;
}

struct template_source source_of(const char *text, const char *const *partials)
{
    return (struct template_source){.file = "t",
                                    .text = str_of(text),
                                    .escape_html = true,
                                    .keep_line_ends = true,
                                    .partial = find_partial,
                                    .partial_name = name_partial,
                                    .context = (void *)(uintptr_t)partials};
}

struct template *compile(const char *text, const char *const *partials, struct names *names,
                         struct problems *p)
{
    struct template_source s = source_of(text, partials);

    return template_new(&s, names, p);
}

char *render(const char *text, const char *const *partials, const char *data, size_t max,
             const char **why)
{
    struct names names;
    struct problems p;
    struct template *t;
    struct sink sink;
    struct buf out;
    struct run run = {.root = json_view_of(data, strlen(data)), .sink = &sink};
    char *result = NULL;

    names_init(&names);
    problems_init(&p);
    t = compile(text, partials, &names, &p);
    if (!t) {
        for (size_t i = 0; i < p.count; i++)
            print_error("%s:%u: %s\n", p.item[i].file, p.item[i].line, p.item[i].text);
        fail_msg("it does not compile: %s", text);
    }
    template_encode(t, BODY_RAW);
    buf_init(&out, max);
    sink_begin(&sink, &out, BODY_RAW);
    if (template_run(t, &run))
        result = mem_str(out.data);
    *why = run.failed;
    buf_done(&out);
    template_free(t);
    problems_done(&p);
    names_done(&names);
    return result;
}

void renders_as(const char *text, const char *const *partials, const char *data, const char *want)
{
    const char *why;
    char *got = render(text, partials, data, 10000, &why);

    if (!got || strcmp(got, want) != 0)
        print_error("%s with %s\n", text, data);
    assert_string_equal(got, want);
    free(got);
}

void is_refused(const char *text, const char *const *partials, unsigned line, const char *want)
{
    struct names names;
    struct problems p;

    names_init(&names);
    problems_init(&p);
    if (compile(text, partials, &names, &p))
        fail_msg("it compiles: %s", text);
    assert_true(p.count >= 1);
    if (p.item[0].line != line || strncmp(p.item[0].text, want, strlen(want)) != 0)
        fail_msg("line %u: '%s' is not line %u: '%s'", p.item[0].line, p.item[0].text, line, want);
    problems_done(&p);
    names_done(&names);
}
