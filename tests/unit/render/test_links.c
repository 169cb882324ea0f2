#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper_render.h"

static struct job_spec tracking(void)
{
    static char *untracked[] = {TEXT("https://shop.example/plain")};
    struct job_spec spec = helper_spec();

    spec.message.tracks_clicks = true;
    spec.message.tracking_url = TEXT(TRACKING "/");
    spec.message.untracked = untracked;
    spec.message.untrackeds = 1;
    return spec;
}

/* Puts "[link.turn]" in place of each token's URL, after looking at the token. */
static void show_tokens(const struct keys *keys, const char *text, char *out, size_t size)
{
    static const char *const path[TOKEN_KINDS] = {TRACKING "/c/", TRACKING "/o/", TRACKING "/u/"};
    size_t n = 0;

    while (*text && n + 40 < size) {
        struct token t;
        size_t k = 0, end = 0;

        while (k < TOKEN_KINDS && strncmp(text, path[k], strlen(path[k])) != 0)
            k++;
        if (k == TOKEN_KINDS) {
            out[n++] = *text++;
            continue;
        }
        text += strlen(path[k]);
        end = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
        assert_int_equal(token_read(keys_tokens(keys), str_n(text, end), &t), TOKEN_GOOD);
        assert_int_equal(t.kind, k);
        assert_true(t.job == 0x00c0ffee00c0ffee && t.rid == 42);
        text += end;
        if (k == TOKEN_CLICK)
            n += (size_t)snprintf(out + n, size - n, "[%u.%u]", t.link, t.turn);
        else
            n += (size_t)snprintf(out + n, size - n, k == TOKEN_OPEN ? "[open]" : "[off]");
    }
    out[n] = '\0';
}

static const struct {
    const char *html, *vars, *want;
} html_rows[] = {
    {"<a href=\"https://a.example/?x=1&amp;y=2\">a</a>", "{}", "<a href=\"[0.0]\">a</a>"},
    {"<a href='http://a.example'><a href=https://b.example/>", "{}",
     "<a href='[0.0]'><a href=[1.0]>"},
    {"<area href=\"https://a.example\"><A HREF=\"HTTPS://A.EXAMPLE\">", "{}",
     "<area href=\"[0.0]\"><A HREF=\"[1.0]\">"},
    {"<a href=\"mailto:a@b.example\"><a href=\"tel:02\"><a href=\"#top\"><a href=\"/x\"><a "
     "href=\"\">",
     "{}",
     "<a href=\"mailto:a@b.example\"><a href=\"tel:02\"><a href=\"#top\"><a href=\"/x\"><a "
     "href=\"\">"},
    {"<a href=\"https://a.example\" data-track=\"off\"><a href=\"https://b.example\">", "{}",
     "<a href=\"https://a.example\" data-track=\"off\"><a href=\"[0.0]\">"},
    /* it is counted, but not tracked: whether it is may depend on a value */
    {"<a href=\"https://shop.example/plain/x\"><a href=\"https://b.example\">", "{}",
     "<a href=\"https://shop.example/plain/x\"><a href=\"[1.0]\">"},
    {"<a href=\"" TRACKING "/x\">", "{}", "<a href=\"" TRACKING "/x\">"},
    {"<a href=\"{{u}}\"><a href=\"{{v}}\"><a href=\"{{w}}\">",
     "{\"u\":\"https://u.example/?a=1&b=2\",\"v\":\"mailto:v@v.example\",\"w\":\"javascript:x\"}",
     "<a href=\"[0.0]\"><a href=\"mailto:v@v.example\"><a href=\"#\">"},
    {"{{#l}}<a href=\"https://a.example/{{.}}\">{{/l}}<a href=\"https://b.example\">",
     "{\"l\":[1,2,3]}", "<a href=\"[0.0]\"><a href=\"[0.1]\"><a href=\"[0.2]\"><a href=\"[1.0]\">"},
    {"{{> p}}<a href=\"https://a.example\">{{> p}}", "{}",
     "<i href=x><a href=\"[1.0]\"><a href=\"[0.0]\"><i href=x><a href=\"[1.1]\">"},
    {"https://no.link.example <img src=\"https://a.example/x.png\"><b>", "{}",
     "https://no.link.example <img src=\"https://a.example/x.png\"><b>"},
};

static void links_of_the_html_are_tracked(void **state)
{
    struct keys *keys = helper_keys(false);

    (void)state;
    for (size_t i = 0; i < sizeof html_rows / sizeof *html_rows; i++) {
        const char *files[] = {"subject.txt", "s",
                               "html.html",   html_rows[i].html,
                               "p.mustache",  "<i href=x><a href=\"https://p.example\">",
                               NULL};
        struct job_spec spec = tracking();
        struct buf body;
        char got[2000];

        helper_show(&spec, files, html_rows[i].vars, keys, "text/html", &body);
        show_tokens(keys, body.data, got, sizeof got);
        assert_string_equal(got, html_rows[i].want);
        buf_done(&body);
    }
    keys_release(keys);
}

static void links_of_the_text_are_tracked(void **state)
{
    static const struct {
        const char *text, *vars, *want;
    } rows[] = {
        {"See https://a.example/x, or (http://b.example).", "{}", "See [1.0], or ([2.0])."},
        {"https://shop.example/plain mailto:a@b.example", "{}",
         "https://shop.example/plain mailto:a@b.example"},
        {"{{product_url}} {{o.link}} {{name}}",
         "{\"product_url\":\"https://p.example/?a&b\",\"o\":{\"link\":\"none\"},\"name\":\"a/b\"}",
         "[1.0] none a/b"},
        {"{{n}}/{{m}} {{memo}}", "{\"n\":\"1 of\",\"m\":\"2 x\",\"memo\":\"todo: buy\"}",
         "1 of/2 x todo: buy"},
        /* marked in the HTML */
        {"https://off.example/x https://on.example/x", "{}", "https://off.example/x [1.0]"},
    };
    struct keys *keys = helper_keys(false);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *files[] = {"subject.txt",
                               "s",
                               "html.html",
                               "<a href=\"https://h.example\"><a href=\"https://off.example/x\" "
                               "data-track=\"off\">",
                               "text.txt",
                               rows[i].text,
                               NULL};
        struct job_spec spec = tracking();
        struct buf body;
        char got[2000];

        helper_show(&spec, files, rows[i].vars, keys, "text/plain", &body);
        show_tokens(keys, body.data, got, sizeof got);
        assert_string_equal(got, rows[i].want);
        buf_done(&body);
    }
    keys_release(keys);
}

static void without_keys_links_stay(void **state)
{
    static const char *const files[] = {"subject.txt", "s", "html.html",
                                        "<body><a href=\"https://a.example/{{x}}\">", NULL};
    struct job_spec spec = tracking();
    struct buf body;

    (void)state;
    spec.message.tracks_opens = true;
    helper_show(&spec, files, "{\"x\":\"a b\"}", NULL, "text/html", &body);
    assert_string_equal(body.data, "<body><a href=\"https://a.example/a%20b\">");
    buf_done(&body);
}

/* Also when nothing is tracked. */
static void values_in_urls_are_escaped(void **state)
{
    static const char *const files[] = {"subject.txt",
                                        "s",
                                        "html.html",
                                        "<a href=\"https://a.example/{{x}}?q={{x}}\">{{x}}"
                                        "<img src=\"https://i.example/{{x}}\">",
                                        "text.txt",
                                        "https://a.example/{{x}}?q={{x}} {{x}}",
                                        NULL};
    struct job_spec spec = helper_spec();
    struct buf body;

    (void)state;
    helper_show(&spec, files, "{\"x\":\"a/b&c\"}", NULL, "text/html", &body);
    assert_string_equal(body.data, "<a href=\"https://a.example/a/b%26c?q=a%2Fb%26c\">a/b&amp;c"
                                   "<img src=\"https://i.example/a/b%26c\">");
    buf_done(&body);
    helper_show(&spec, files, "{\"x\":\"a/b&c\"}", NULL, "text/plain", &body);
    assert_string_equal(body.data, "https://a.example/a/b%26c?q=a%2Fb%26c a/b&c");
    buf_done(&body);
}

static void the_pixel_and_the_preheader_find_their_place(void **state)
{
    static const struct {
        const char *html, *head, *want; /* with ~ for the preheader's frame and its blanks */
    } rows[] = {
        {"<html><body class=x><p>a</p></body></html>", "",
         "<html><body class=x>~See &lt;this&gt; Kim~<p>a</p>%</body></html>"},
        {"<p>a</p>", "", "~See &lt;this&gt; Kim~<p>a</p>%"},
        {"<body>{{> head}}<p>a</p></body>", "<body>",
         "<body>~See &lt;this&gt; Kim~<body><p>a</p>%</body>"},
        {"{{> head}}<p>a</p></body>", "<body>", "<body>~See &lt;this&gt; Kim~<p>a</p>%</body>"},
    };
    static const char pixel[] = "<img src=\"[open].gif\" width=\"1\" height=\"1\" alt=\"\" "
                                "style=\"display:block;border:0\">";
    struct keys *keys = helper_keys(false);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *files[] = {"subject.txt",
                               "s",
                               "html.html",
                               rows[i].html,
                               "head.mustache",
                               rows[i].head,
                               "preheader.txt",
                               "See <this> {{name}}",
                               NULL};
        struct job_spec spec = tracking();
        struct buf body;
        char got[8000], short_form[500];
        char *start, *end;

        spec.message.tracks_opens = true;
        helper_show(&spec, files, "{\"name\":\"Kim\"}", keys, "text/html", &body);
        show_tokens(keys, body.data, got, sizeof got);
        start = strstr(got, "<div style=\"display:none;");
        assert_non_null(start);
        end = strstr(start, "&#847;");
        assert_non_null(end);
        snprintf(short_form, sizeof short_form, "%.*s~%.*s~", (int)(start - got), got,
                 (int)(end - strchr(start, '>') - 1), strchr(start, '>') + 1);
        start = strstr(end, "</div>") + 8;
        end = strstr(start, pixel);
        assert_non_null(end);
        snprintf(short_form + strlen(short_form), 200, "%.*s%%%s", (int)(end - start), start,
                 end + sizeof pixel - 1);
        assert_string_equal(short_form, rows[i].want);
        buf_done(&body);
    }
    keys_release(keys);
}

static void the_unsubscribe_url_is_ours_when_there_is_none(void **state)
{
    static const char *const files[] = {
        "subject.txt", "s",
        "html.html",   "<a href=\"{{unsubscribe_url}}\">off</a><a href=\"https://a.example\">",
        "text.txt",    "{{unsubscribe_url}}",
        NULL};
    struct keys *keys = helper_keys(false);
    struct job_spec spec = tracking();
    struct mailing *m = helper_make_good(&spec, files, "[]");
    struct buf out, body;
    struct err e;
    char got[500];

    (void)state;
    buf_init(&out, 100000);
    assert_true(helper_render(m, "{}", keys, &out, &e));
    show_tokens(keys, helper_field(&out, "List-Unsubscribe"), got, sizeof got);
    assert_string_equal(got, "<[off]>");
    assert_true(helper_body(&out, "text/html", &body));
    show_tokens(keys, body.data, got, sizeof got);
    assert_string_equal(got, "<a href=\"[off]\">off</a><a href=\"[0.0]\">");
    buf_done(&body);
    assert_true(helper_body(&out, "text/plain", &body));
    show_tokens(keys, body.data, got, sizeof got);
    assert_string_equal(got, "[off]");
    buf_done(&body);
    buf_clear(&out);
    assert_false(helper_render(m, "{}", NULL, &out, &e));
    assert_string_equal(e.text, "unsubscribe_url: there are no keys for tokens");
    buf_done(&out);
    mailing_release(m);
    keys_release(keys);
}

static void the_jobs_own_unsubscribe_url_is_not_tracked(void **state)
{
    static const char *const files[] = {
        "subject.txt", "s", "html.html",
        "<a href=\"{{unsubscribe_url}}\"><a href=\"https://shop.example/u?e={{email}}&amp;x=1\">",
        NULL};
    struct keys *keys = helper_keys(false);
    struct job_spec spec = tracking();
    struct buf body;

    (void)state;
    spec.message.unsubscribe_url = TEXT("https://shop.example/u?e={{email}}&x=1");
    helper_show(&spec, files, "{}", keys, "text/html", &body);
    assert_string_equal(body.data,
                        "<a href=\"https://shop.example/u?e=kim%40mail.example&amp;x=1\">"
                        "<a href=\"https://shop.example/u?e=kim%40mail.example&amp;x=1\">");
    buf_done(&body);
    keys_release(keys);
}

/* Also when the list brings it. */
static void an_unsubscribe_url_of_the_list_is_not_tracked(void **state)
{
    static const char *const files[] = {
        "subject.txt", "s", "html.html",
        "<a href=\"{{ unsubscribe_url }}\"><a href=\"{{&unsubscribe_url}}\">", NULL};
    struct keys *keys = helper_keys(false);
    struct job_spec spec = tracking();
    struct buf body;

    (void)state;
    spec.variables = TEXT("{\"unsubscribe_url\":\"https://own.example/u\"}");
    helper_show(&spec, files, "{}", keys, "text/html", &body);
    assert_string_equal(body.data,
                        "<a href=\"https://own.example/u\"><a href=\"https://own.example/u\">");
    buf_done(&body);
    keys_release(keys);
}

static void a_template_cannot_name_a_url_that_is_not_there(void **state)
{
    static const struct {
        const char *text, *columns, *variables;
        bool is_error;
    } rows[] = {
        {"{{unsubscribe_url}}", "[]", "{}", true},
        {"{{unsubscribe_url}}", "[\"name\"]", "{}", true},
        {"{{unsubscribe_url}}", "[\"unsubscribe_url\"]", "{}", false},
        {"{{unsubscribe_url}}", "[]", "{\"unsubscribe_url\":\"https://x.example\"}", false},
        {"{{#unsubscribe_url}}{{unsubscribe_url}}{{/unsubscribe_url}}", "[]", "{}", false},
        {"{{unsubscribe_url|\"https://x.example\"}}", "[]", "{}", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *files[] = {"subject.txt", "s", "text.txt", rows[i].text, NULL};
        struct job_spec spec = helper_spec();
        struct problems p;
        struct mailing *m;

        spec.token = NULL;
        spec.variables = TEXT(rows[i].variables);
        m = helper_make(&spec, files, rows[i].columns, &p);
        if ((m == NULL) != rows[i].is_error)
            helper_print(&p);
        assert_int_equal(m == NULL, rows[i].is_error);
        assert_int_equal(helper_says(&p, "the job has no unsubscribe_url"), rows[i].is_error);
        mailing_release(m);
        problems_done(&p);
    }
}

static void a_token_leads_where_the_link_led(void **state)
{
    static const char *const files[] = {
        "subject.txt",
        "s",
        "html.html",
        "<a href=\"https://a.example/?x=1&amp;y={{y}}\">"
        "{{#l}}<a href=\"https://l.example/{{.}}\">{{/l}}<a href=\"{{u}}\">{{missing}}"
        "<a href=\"https://n.example/a\n b&#10;&#9;c\">",
        "text.txt",
        "https://t.example/{{y}}",
        NULL};
    static const struct {
        uint32_t link, turn;
        const char *want;
    } rows[] = {
        {0, 0, "https://a.example/?x=1&y=a%26b"},
        {1, 0, "https://l.example/p"},
        {1, 1, "https://l.example/q"},
        {1, 2, NULL},
        {2, 0, NULL},                     /* mailto */
        {3, 0, "https://n.example/a bc"}, /* as browsers do */
        {4, 0, "https://t.example/a%26b"},
        {5, 0, NULL},
        {0, 1, NULL},
        {UINT32_MAX, 0, NULL},
    };
    static const char vars[] = "{\"y\":\"a&b\",\"l\":[\"p\",\"q\"],\"u\":\"mailto:x@y.example\"}";
    struct job_spec spec = tracking();
    struct mailing *m;
    struct buf out;
    struct err e;

    (void)state;
    spec.message.missing = MISSING_SKIP;
    m = helper_make_good(&spec, files, "[]");
    buf_init(&out, 10000);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct render_input in = {.email = "kim@mail.example",
                                  .vars = vars,
                                  .vars_len = sizeof vars - 1,
                                  .rid = 42,
                                  .message_id = ""};

        buf_clear(&out);
        assert_int_equal(mailing_destination(m, &in, rows[i].link, rows[i].turn, &out, &e),
                         rows[i].want != NULL);
        assert_string_equal(out.data, rows[i].want ? rows[i].want : "");
    }
    buf_done(&out);
    mailing_release(m);
}

static void many_links_have_room(void **state)
{
    enum { LINKS = 1000 };
    struct keys *keys = helper_keys(false);
    struct job_spec spec = tracking();
    struct buf html, body;
    char got[200];

    (void)state;
    buf_init(&html, 100000);
    for (int i = 0; i < LINKS; i++)
        buf_printf(&html, "<a href=\"https://a.example/%d\">", i);
    const char *files[] = {"subject.txt", "s", "html.html", html.data, NULL};
    helper_show(&spec, files, "{}", keys, "text/html", &body);
    show_tokens(keys, strrchr(body.data, '<'), got, sizeof got);
    assert_string_equal(got, "<a href=\"[999.0]\">");
    buf_done(&body);
    buf_done(&html);
    keys_release(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_of_the_html_are_tracked),
        cmocka_unit_test(links_of_the_text_are_tracked),
        cmocka_unit_test(without_keys_links_stay),
        cmocka_unit_test(values_in_urls_are_escaped),
        cmocka_unit_test(the_pixel_and_the_preheader_find_their_place),
        cmocka_unit_test(the_unsubscribe_url_is_ours_when_there_is_none),
        cmocka_unit_test(the_jobs_own_unsubscribe_url_is_not_tracked),
        cmocka_unit_test(an_unsubscribe_url_of_the_list_is_not_tracked),
        cmocka_unit_test(a_template_cannot_name_a_url_that_is_not_there),
        cmocka_unit_test(a_token_leads_where_the_link_led),
        cmocka_unit_test(many_links_have_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
