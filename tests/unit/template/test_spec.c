/* The official specification of Mustache (github.com/mustache/spec), whose cases are not ours to
 * keep here: MUSTACHE_SPEC names the folder with its *.json. Lambdas are not supported. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/base/must.h>

#include <sluice/template/template.h>

#define FILE_MAX_BYTES (1u << 20)
#define PARTIALS_MAX 16

struct spec_case {
    struct buf name, text, want;
    struct json_view data;
    struct partial {
        struct buf name, text;
    } partial[PARTIALS_MAX];
    size_t partials;
};

static void read_text(struct json_view object, const char *key, struct buf *out)
{
    struct json_view v;

    buf_init(out, FILE_MAX_BYTES);
    json_view_key(object, str_of(key), &v);
    json_view_text(v, out);
}

static void case_init(struct spec_case *k, struct json_view v)
{
    struct json_view partials, text;
    struct str name;
    size_t at = 0;

    *k = (struct spec_case){0};
    read_text(v, "name", &k->name);
    read_text(v, "template", &k->text);
    read_text(v, "expected", &k->want);
    json_view_key(v, str_of("data"), &k->data);
    json_view_key(v, str_of("partials"), &partials);
    while (json_view_each(partials, &at, &name, &text)) {
        struct partial *p = &k->partial[k->partials++];

        assert_true(k->partials < PARTIALS_MAX);
        buf_init(&p->name, FILE_MAX_BYTES);
        buf_put(&p->name, name.p, name.n);
        buf_init(&p->text, FILE_MAX_BYTES);
        json_view_text(text, &p->text);
    }
}

static void case_done(struct spec_case *k)
{
    buf_done(&k->name);
    buf_done(&k->text);
    buf_done(&k->want);
    for (size_t i = 0; i < k->partials; i++) {
        buf_done(&k->partial[i].name);
        buf_done(&k->partial[i].text);
    }
}

/* With us a partial that is not there is a mistake; the specification wants it empty. */
static bool find_partial(void *context, struct str name, struct str *text, const char **file)
{
    const struct spec_case *k = context;

    *text = str_of("");
    *file = "partial";
    for (size_t i = 0; i < k->partials; i++) {
        if (str_is(name, k->partial[i].name.data))
            *text = str_n(k->partial[i].text.data, k->partial[i].text.len);
    }
    return true;
}

static bool name_partial(void *context, size_t i, struct str *name)
{
    const struct spec_case *k = context;

    if (i >= k->partials)
        return false;
    *name = str_of(k->partial[i].name.data);
    return true;
}

static void render(struct spec_case *k, struct buf *out)
{
    struct template_source s = {.file = "spec",
                                .text = str_n(k->text.data, k->text.len),
                                .escape_html = true,
                                .keep_line_ends = true,
                                .partial = find_partial,
                                .partial_name = name_partial,
                                .context = k};
    struct names names;
    struct problems p;
    struct template *t;
    struct sink sink;
    struct run run = {.root = k->data, .sink = &sink};

    names_init(&names);
    problems_init(&p);
    t = template_new(&s, &names, &p);
    if (t) {
        template_encode(t, BODY_RAW);
        sink_begin(&sink, out, BODY_RAW);
        assert_true(template_run(t, &run));
    } else {
        problems_format(&p, out);
    }
    template_free(t);
    problems_done(&p);
    names_done(&names);
}

static void run_file(const char *folder, const char *name, size_t *cases, size_t *passed)
{
    char *path = mem_printf("%s/%s", folder, name);
    char *text = mem_new(FILE_MAX_BYTES);
    FILE *f = fopen(path, "rb");
    struct json_view tests, v;
    struct spec_case k;
    struct buf out;
    size_t at = 0;

    assert_non_null(f);
    json_view_key(json_view_of(text, fread(text, 1, FILE_MAX_BYTES, f)), str_of("tests"), &tests);
    fclose(f);
    buf_init(&out, FILE_MAX_BYTES);
    while (json_view_each(tests, &at, NULL, &v)) {
        case_init(&k, v);
        buf_clear(&out);
        render(&k, &out);
        ++*cases;
        if (str_eq(str_n(out.data, out.len), str_n(k.want.data, k.want.len)))
            ++*passed;
        else
            print_error("%s, %s: [%s], not [%s]\n", name, k.name.data, out.data, k.want.data);
        case_done(&k);
    }
    buf_done(&out);
    free(text);
    free(path);
}

static void passes_whole(void **state)
{
    const char *folder = getenv("MUSTACHE_SPEC");
    size_t cases = 0, passed = 0;
    struct dirent *d;
    DIR *dir;

    (void)state;
    if (!folder) {
        print_message("MUSTACHE_SPEC names no folder with the specification's *.json: skipped\n");
        skip();
    }
    dir = opendir(folder);
    assert_non_null(dir);
    while ((d = readdir(dir))) {
        if (str_ends_nocase(str_of(d->d_name), ".json") && !strstr(d->d_name, "lambdas"))
            run_file(folder, d->d_name, &cases, &passed);
    }
    closedir(dir);
    print_message("%zu of %zu cases passed\n", passed, cases);
    assert_true(cases > 0);
    assert_int_equal(passed, cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
