#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/base/must.h>
#include <sluice/base/rng.h>
#include <sluice/render/mailing.h>

#include "helper_render.h"

static const struct job_spec spring = {
    .id = "spring-1",
    .client = "bomnal",
    .msg_class = MSG_TRANSACTIONAL,
    .from_name = "봄날상회",
    .from_address = "news@shop.example",
    .reply_to = "help@shop.example",
    .envelope_domain = "bounce.shop.example",
    .template_name = "spring",
    .token = "00c0ffee00c0ffee",
    .variables = "{\"shop\":\"Bomnal\",\"name\":\"customer\"}",
    .expires_ms = 1,
};

static bool render(const struct mailing *m, const char *email, const char *vars, struct buf *out,
                   struct err *e)
{
    char id[128];
    struct render_input in = {.email = email,
                              .vars = vars,
                              .vars_len = strlen(vars),
                              .rid = 42,
                              .now = {1795313130000},
                              .utc_offset_min = 540,
                              .message_id = id};

    mailing_message_id(m, in.rid, id, sizeof id);
    return mailing_render(m, &in, out, e);
}

static void one_message_to_the_byte(void **state)
{
    static const char *const files[] = {"subject.txt", "Hello {{name}}\n", "text.txt",
                                        "Dear {{name}},\nyour code is {{code}}.\n", NULL};
    struct mailing *m = helper_make_good(&spring, files, "[\"name\",\"code\"]");
    struct buf out, want;
    char id[128];
    struct err e;

    (void)state;
    buf_init(&out, 100000);
    buf_init(&want, 100000);
    mailing_message_id(m, 42, id, sizeof id);
    assert_true(render(m, "kim@mail.example", "[\"Kim\",\"A=1\"]", &out, &e));
    buf_printf(&want,
               "Date: Sun, 22 Nov 2026 11:05:30 +0900\r\n"
               "From: =?UTF-8?B?67SE64Kg7IOB7ZqM?= <news@shop.example>\r\n"
               "To: kim@mail.example\r\n"
               "Reply-To: help@shop.example\r\n"
               "Subject: Hello Kim\r\n"
               "Message-ID: <%s>\r\n"
               "MIME-Version: 1.0\r\n"
               "Content-Type: text/plain; charset=utf-8\r\n"
               "Content-Transfer-Encoding: quoted-printable\r\n"
               "\r\n"
               "Dear Kim,\r\n"
               "your code is A=3D1.\r\n",
               id);
    assert_string_equal(out.data, want.data);
    assert_string_equal(mailing_envelope_sender(m), "bounce@bounce.shop.example");
    assert_string_equal(mailing_spec(m)->id, "spring-1");
    assert_memory_equal(id, "42.spring-1.", 12);
    assert_string_equal(strchr(id, '@'), "@bounce.shop.example");
    buf_done(&out);
    buf_done(&want);
    mailing_release(mailing_ref(m));
    mailing_release(m);
}

static void chooses_the_encoding(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"plain text\n", "7bit"},
        {"plain {{x}}\n", "quoted-printable"}, /* a value may hold anything */
        {"mostly plain text, with one word 한글\n", "quoted-printable"},
        {"거의 다 한글로 쓰인 본문입니다\n", "base64"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *files[] = {"subject.txt", "s", "text.txt", rows[i].text, NULL};
        struct mailing *m = helper_make_good(&spring, files, "[]");
        struct buf out;
        struct err e;
        char want[80];

        buf_init(&out, 100000);
        assert_true(render(m, "kim@mail.example", "{}", &out, &e));
        snprintf(want, sizeof want, "Content-Transfer-Encoding: %s\r\n\r\n", rows[i].want);
        assert_non_null(strstr(out.data, want));
        buf_done(&out);
        mailing_release(m);
    }
}

static void long_plain_lines_are_encoded(void **state)
{
    char text[1200];
    const char *files[] = {"subject.txt", "s", "text.txt", text, NULL};
    struct mailing *m;
    struct buf out;
    struct err e;

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    m = helper_make_good(&spring, files, "[]");
    buf_init(&out, 100000);
    assert_true(render(m, "kim@mail.example", "{}", &out, &e));
    assert_null(strstr(out.data, "7bit"));
    buf_done(&out);
    mailing_release(m);
}

static void alternatives_have_a_boundary(void **state)
{
    static const char *const files[] = {"subject.txt", "s",
                                        "text.txt",    "one {{name}}\n",
                                        "html.html",   "<p>{{name}}{{>f}}",
                                        "f.mustache",  " {{email}}</p>",
                                        NULL};
    struct mailing *m = helper_make_good(&spring, files, "[\"name\"]");
    struct buf out;
    struct err e;
    const char *at, *end;
    char boundary[100];
    size_t count = 0;

    (void)state;
    buf_init(&out, 100000);
    assert_true(render(m, "o'kim@mail.example", "[\"<Kim>\"]", &out, &e));
    at = strstr(out.data, "boundary=\"");
    assert_non_null(at);
    end = strchr(at + 10, '"');
    snprintf(boundary, sizeof boundary, "\r\n--%.*s", (int)(end - at - 10), at + 10);
    for (at = out.data; (at = strstr(at, boundary)); at++)
        count++;
    assert_int_equal(count, 3);
    strcat(boundary, "--\r\n");
    assert_true(str_ends_nocase(str_n(out.data, out.len), boundary));
    assert_non_null(strstr(out.data, "one <Kim>\r\n"));
    assert_non_null(strstr(out.data, "<p>&lt;Kim&gt; o&#39;kim@mail.example</p>\r\n"));
    buf_done(&out);
    mailing_release(m);
}

static void variables_come_from_where_they_should(void **state)
{
    static const struct {
        const char *columns, *vars, *want; /* of {{name}}|{{shop}}|{{email}}|{{o.k}} */
    } rows[] = {
        {"[\"name\"]", "[\"Kim\"]", "Kim|Bomnal|kim@mail.example|"},
        {"[\"x\",\"shop\",\"name\"]", "[\"1\",\"2\",\"3\"]", "3|2|kim@mail.example|"},
        {"[\"x\"]", "[\"1\"]", "customer|Bomnal|kim@mail.example|"},
        {"[\"name\"]", "[\"\"]", "|Bomnal|kim@mail.example|"}, /* an empty cell is a value */
        {"[\"name\"]", "[]", "customer|Bomnal|kim@mail.example|"},
        {"[]", "{\"name\":\"Lee\",\"o\":{\"k\":1}}", "Lee|Bomnal|kim@mail.example|1"},
        {"[]", "{\"email\":\"other@mail.example\"}", "customer|Bomnal|kim@mail.example|"},
        {"[]", "{\"na\\u006de\":\"Lee\"}", "Lee|Bomnal|kim@mail.example|"},
        {"[]", "{\"name\":null}", "|Bomnal|kim@mail.example|"},
        {"[]", "damaged", "customer|Bomnal|kim@mail.example|"},
    };
    static const char *const files[] = {"subject.txt", "s", "text.txt",
                                        "{{name}}|{{shop}}|{{email}}|{{o.k}}", NULL};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mailing *m = helper_make_good(&spring, files, rows[i].columns);
        struct buf out;
        struct err e;
        char want[100];

        buf_init(&out, 100000);
        assert_true(render(m, "kim@mail.example", rows[i].vars, &out, &e));
        snprintf(want, sizeof want, "\r\n\r\n%s\r\n", rows[i].want);
        assert_string_equal(strstr(out.data, "\r\n\r\n"), want);
        buf_done(&out);
        mailing_release(m);
    }
}

/* What a hostile or broken list can put into a variable. */
static const char *const hostile[] = {
    "x\\r\\nBcc: victim@mail.example",
    "x\\nSubject: other",
    "\\r\\n\\r\\nbody",
    "\\u0000",
    "x\\u0000\\r\\n.\\r\\n",
    "\\r\\n.\\r\\nMAIL FROM:<a@b.example>",
    ".",
    "..",
    "{{name}}",
    "{{{x}}}",
    "<script>",
    "\\u2028",
    "\\\"",
    "=?UTF-8?B?aGk=?=",
    "--=_0",
    "\\ud800",
    "\xff\xfe",
    "Content-Type: text/evil",
    "\\t\\t",
    " ",
};

/* Headers end at the first empty line; before it each line is one of ours or a continuation. */
static void check_message(const struct buf *out)
{
    static const char *const ours[] = {
        "Date: ",         "From: ",         "To: ",
        "Reply-To: ",     "Subject: ",      "Message-ID: ",
        "MIME-Version: ", "Content-Type: ", "Content-Transfer-Encoding: "};
    bool in_headers = true;
    struct str rest = str_n(out->data, out->len), line;
    unsigned seen = 0;

    while (str_cut(&rest, '\n', &line)) {
        assert_true(line.n && line.p[line.n - 1] == '\r');
        line.n--;
        assert_null(memchr(line.p, '\r', line.n));
        assert_null(memchr(line.p, 0, line.n));
        assert_true(line.n <= 998);
        if (line.n == 0)
            in_headers = false;
        if (!in_headers || line.p[0] == ' ')
            continue;
        for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
            if (!str_starts(line, ours[i]))
                continue;
            assert_int_equal(seen & 1u << i, 0); /* each once */
            seen |= 1u << i;
            goto known;
        }
        fail_msg("a header that is not ours: %.*s", (int)line.n, line.p);
    known:;
    }
    assert_int_equal(seen & 0x7f, 0x7f);
    assert_true(out->len >= 2 && memcmp(out->data + out->len - 2, "\r\n", 2) == 0);
}

static void hostile_variables_stay_values(void **state)
{
    static const char *const files[] = {
        "subject.txt", "{{name}} {{code}}",         "text.txt", "{{name}}\n{{code}}",
        "html.html",   "<p>{{name}}</p>{{{code}}}", NULL};
    struct mailing *m = helper_make_good(&spring, files, "[\"name\",\"code\"]");
    struct rng rng = rng_seed(3);
    struct buf out, vars;
    struct err e;

    (void)state;
    buf_init(&out, 1 << 20);
    buf_init(&vars, 1 << 20);
    for (int round = 0; round < 5000; round++) {
        buf_clear(&vars);
        for (int v = 0; v < 2; v++) {
            buf_puts(&vars, v ? "\",\"" : "[\"");
            for (uint64_t k = rng_below(&rng, 4); k > 0; k--)
                buf_puts(&vars, hostile[rng_below(&rng, sizeof hostile / sizeof *hostile)]);
        }
        buf_puts(&vars, "\"]");
        buf_clear(&out);
        assert_true(render(m, "kim@mail.example", vars.data, &out, &e));
        check_message(&out);
    }
    buf_done(&out);
    buf_done(&vars);
    mailing_release(m);
}

static void refuses_recipients_it_cannot_write(void **state)
{
    static const struct {
        const char *email, *vars, *why;
    } rows[] = {
        {"김@mail.example", "[\"\"]", "the local part is not ASCII: it needs SMTPUTF8"},
        {"kim\r\nBcc: x@mail.example", "[\"\"]", "the local part is not one of RFC 5321"},
        {"kim", "[\"\"]", "an address without @"},
    };
    static const char *const files[] = {"subject.txt", "{{name}}", "text.txt", "x", NULL};
    struct mailing *m = helper_make_good(&spring, files, "[\"name\"]");
    struct buf out, vars;
    struct err e;

    (void)state;
    buf_init(&out, 100000);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_false(render(m, rows[i].email, rows[i].vars, &out, &e));
        assert_string_equal(e.text, rows[i].why);
        buf_clear(&out);
    }
    buf_init(&vars, 100000);
    buf_puts(&vars, "[\"");
    for (int i = 0; i < 3000; i++)
        buf_putc(&vars, 'x');
    buf_puts(&vars, "\"]");
    assert_false(render(m, "kim@mail.example", vars.data, &out, &e));
    assert_string_equal(e.text, "the subject is 3000 bytes long (at most 2000)");
    buf_done(&out);
    buf_init(&out, 300); /* too small for the headers */
    assert_false(render(m, "kim@mail.example", "[\"x\"]", &out, &e));
    assert_non_null(strstr(e.text, "large"));
    buf_done(&vars);
    buf_done(&out);
    mailing_release(m);
}

static void says_what_is_wrong(void **state)
{
    static const struct {
        const char *files[7];
        const char *file, *want;
    } rows[] = {
        {{"text.txt", "x"}, "spring", "no subject: neither in the job nor as subject.txt"},
        {{"subject.txt", "x"}, "spring", "no body: neither text.txt nor html.html"},
        {{"subject.txt", "x", "text.txt", "{{#a}}"},
         "spring/text.txt",
         "column 1: the section 'a' is never ended"},
        {{"subject.txt", "{{", "text.txt", "x"},
         "spring/subject.txt",
         "column 1: the tag that begins here is never closed by '}}'"},
        {{"subject.txt", "x", "text.txt", "{{>f}}", "f.mustache", "{{/b}}"},
         "spring/f.mustache",
         "column 1: '/b' ends a section that was not opened"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct problems p;

        assert_null(helper_make(&spring, rows[i].files, "[]", &p));
        assert_int_equal(p.count, 1);
        assert_string_equal(p.item[0].file, rows[i].file);
        assert_string_equal(p.item[0].text, rows[i].want);
        problems_done(&p);
    }
}

static void warns_of_names_that_nothing_fills(void **state)
{
    static const char *const files[] = {"subject.txt", "{{nmae}} {{name}} {{shop}} {{email}}",
                                        "text.txt", "x", NULL};
    struct problems p;
    struct mailing *m = helper_make(&spring, files, "[\"code\"]", &p);

    (void)state;
    assert_non_null(m);
    assert_int_equal(p.errors, 0);
    assert_int_equal(p.count, 1);
    assert_non_null(strstr(p.item[0].text, "'nmae'"));
    problems_done(&p);
    mailing_release(m);
}

static void warns_of_what_becomes_of_it(void **state)
{
    static const struct {
        const char *text, *feedback_id;
        enum missing_policy missing;
        const char *file, *want; /* NULL: nothing */
    } rows[] = {
        {"{{nmae}}", NULL, MISSING_EMPTY, "spring", "is named 'nmae': it stays empty"},
        {"{{nmae}}", NULL, MISSING_SKIP, "spring", "who would see it is skipped"},
        {"{{nmae|you}}", NULL, MISSING_EMPTY, NULL, NULL},
        {"{{#nmae}}a{{/nmae}}", NULL, MISSING_EMPTY, "spring", "'nmae': its section never appears"},
        {"{{#nmae}}{{nmae}}{{/nmae}}", NULL, MISSING_EMPTY, "spring", "never appears"},
        {"{{^nmae}}a{{/nmae}}", NULL, MISSING_EMPTY, "spring", "its section always appears"},
        {"{{#nmae == \"a\"}}a{{/nmae}}", NULL, MISSING_EMPTY, "spring", "compared as an empty"},
        {"{{#nmae}}a{{/nmae}}{{nmae}}", NULL, MISSING_EMPTY, "spring", "it stays empty"},
        {"x", "{{nmae}}:b", MISSING_EMPTY, NULL, "feedback_id: no column and no common variable"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const files[] = {"subject.txt", "s", "text.txt", rows[i].text, NULL};
        struct job_spec spec = helper_spec();
        struct problems p;

        spec.message.missing = rows[i].missing;
        spec.message.feedback_id = TEXT(rows[i].feedback_id);
        mailing_release(helper_make(&spec, files, "[\"code\"]", &p));
        if (p.errors || p.count != (rows[i].want != NULL) ||
            (rows[i].want && !helper_says(&p, rows[i].want))) {
            helper_print(&p);
            fail_msg("%s", rows[i].text);
        }
        if (rows[i].file)
            assert_string_equal(p.item[0].file, rows[i].file);
        problems_done(&p);
    }
}

static void warns_of_values_that_nothing_protects(void **state)
{
    static const struct {
        const char *html;
        unsigned line;
        const char *want; /* NULL: nothing */
    } rows[] = {
        {"<p>\n<td width={{w}}>", 2, "in width= without quotes"},
        {"<a href = {{w}}>", 1, "in href= without quotes"},
        {"<a href=\"{{w}}\" title='{{w}}' {{#w}}class=a{{/w}}>{{w}}", 0, NULL},
        {"<td class=a{{#w}}b{{/w}}>", 0, NULL},
        {"\n\n<a onclick=\"go('{{w}}')\">", 3, "in onclick="},
        {"<p one=\"{{! no }}\">", 0, NULL},
        {"<p style=\"background:URL('{{w}}')\">", 1, "in url(...) of a style"},
        {"<p style=\"background:url('a.png');color:{{w}}\">", 0, NULL},
        {"<style>\nb{background:url({{w}})}</style>", 1, "in url(...) of a style"},
        {"<meta http-equiv=\"Refresh\" content=\"0; url={{w}}\">", 1, "<meta http-equiv"},
        {"{{=<% %>=}}<td width=<% w %>>{{w}}", 1, "in width= without quotes"},
        {"{{=<% %>=}}<td width={{w}}>", 0, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const files[] = {"subject.txt", "s", "html.html", rows[i].html, NULL};
        struct job_spec spec = helper_spec();
        struct problems p;

        spec.token = NULL;
        mailing_release(helper_make(&spec, files, "[]", &p));
        if (p.errors || p.count != (rows[i].want != NULL) ||
            (rows[i].want && (!helper_says(&p, rows[i].want) || p.item[0].line != rows[i].line))) {
            helper_print(&p);
            fail_msg("%s", rows[i].html);
        }
        problems_done(&p);
    }
}

static void note_empty(void *arg, const char *name)
{
    struct buf *said = arg;

    buf_printf(said, "%s ", name);
}

static void tells_what_stays_empty(void **state)
{
    static const char *const files[] = {
        "subject.txt", "{{name}}", "text.txt",
        "{{name}} {{code}} {{#items}}{{q}}{{/items}}{{#vip}}{{grade}}{{/vip}}"
        "{{^nick}}you{{/nick}}{{a.b}}",
        NULL};
    static const struct {
        const char *vars, *empty;
    } row[] = {
        {"{\"code\":1,\"a\":{\"b\":2}}", ""}, /* the name is the job's */
        {"{\"name\":\"\",\"code\":null,\"a\":{}}", "name name code a.b "},
        {"{\"code\":0,\"items\":[{\"q\":1},{}],\"a\":{\"b\":2}}", "q "},
        {"{\"code\":false,\"vip\":true,\"nick\":\"K\",\"a\":{\"b\":2}}", "grade "},
        {"no json", "code a.b "},
    };
    struct mailing *m = helper_make_good(&spring, files, "[]");
    struct buf said;

    (void)state;
    buf_init(&said, 1000);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct render_input in = {
            .email = "kim@naver.com", .vars = row[i].vars, .vars_len = strlen(row[i].vars)};

        buf_clear(&said);
        mailing_each_empty(m, &in, note_empty, &said);
        assert_string_equal(said.data ? said.data : "", row[i].empty);
    }
    buf_done(&said);
    mailing_release(m);
}

static void tells_what_stays_empty_anywhere(void **state)
{
    static const char *const files[] = {"subject.txt",
                                        "{{unsubscribe_url}}",
                                        "to.txt",
                                        "{{to}}",
                                        "preheader.txt",
                                        "{{pre}}",
                                        "html.html",
                                        "<a href=\"https://a.example/{{path}}\">",
                                        NULL};
    struct job_spec spec = spring;
    struct mailing *m;
    struct render_input in = {.email = "kim@naver.com", .vars = "{}", .vars_len = 2};
    struct buf said;

    (void)state;
    spec.message.unsubscribe_url = (char *)(uintptr_t) "https://shop.example/{{key}}";
    m = helper_make_good(&spec, files, "[]");
    buf_init(&said, 1000);
    mailing_each_empty(m, &in, note_empty, &said);
    assert_string_equal(said.data, "key to pre path ");
    buf_done(&said);
    mailing_release(m);
}

static void the_job_may_bring_the_subject(void **state)
{
    static const char *const files[] = {"subject.txt", "not this", "text.txt", "x", NULL};
    struct job_spec spec = spring;
    struct mailing *m;
    struct buf out;
    struct err e;

    (void)state;
    spec.subject = "for {{name}}";
    spec.reply_to = NULL;
    m = helper_make_good(&spec, files, "[\"name\"]");
    buf_init(&out, 10000);
    assert_true(render(m, "kim@mail.example", "[\"Kim\"]", &out, &e));
    assert_non_null(strstr(out.data, "\r\nSubject: for Kim\r\n"));
    assert_null(strstr(out.data, "Reply-To"));
    buf_done(&out);
    mailing_release(m);
}

/* An outcome keeps 127 bytes. */
static void message_ids_fit(void **state)
{
    static const char *const files[] = {"subject.txt", "s", "text.txt", "x", NULL};
    static const char *const domains[] = {
        "b.example",
        "a-rather-long-name.of-a-department.of-a-shop.example",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
        "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
        "bbbbbbbbbbbbbbbbb.cccccccccccccccccccccccccccccccccccccccccccccccccc.example",
    };
    static char long_id[] = "0123456789012345678901234567890123456789012345678901234567890123";

    (void)state;
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++) {
        struct job_spec spec = spring;
        struct mailing *m;
        char first[256], last[256];

        spec.envelope_domain = (char *)(uintptr_t)domains[i];
        spec.id = long_id;
        m = helper_make_good(&spec, files, "[]");
        mailing_message_id(m, 1, first, sizeof first);
        mailing_message_id(m, UINT64_MAX, last, sizeof last);
        assert_true(strlen(last) <= 127);
        assert_string_not_equal(first, last);
        assert_non_null(strchr(last, '@'));
        assert_true(str_ends_nocase(str_of(last), ".example"));
        mailing_release(m);
    }
}

/* The same job of another machine or another year: other ids, though every byte of it is the same.
 */
static void the_token_is_in_the_message_id(void **state)
{
    static const char *const files[] = {"subject.txt", "s", "text.txt", "x", NULL};
    struct job_spec other = spring;
    struct mailing *one = helper_make_good(&spring, files, "[]"), *two;
    char id[128];

    (void)state;
    other.token = (char *)(uintptr_t) "0000000000000001";
    two = helper_make_good(&other, files, "[]");
    mailing_message_id(one, 7, id, sizeof id);
    assert_string_equal(id, "7.spring-1.00c0ffee00c0ffee@bounce.shop.example");
    mailing_message_id(two, 7, id, sizeof id);
    assert_string_equal(id, "7.spring-1.0000000000000001@bounce.shop.example");
    mailing_release(one);
    mailing_release(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_message_to_the_byte),
        cmocka_unit_test(chooses_the_encoding),
        cmocka_unit_test(long_plain_lines_are_encoded),
        cmocka_unit_test(alternatives_have_a_boundary),
        cmocka_unit_test(variables_come_from_where_they_should),
        cmocka_unit_test(hostile_variables_stay_values),
        cmocka_unit_test(refuses_recipients_it_cannot_write),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(warns_of_names_that_nothing_fills),
        cmocka_unit_test(warns_of_what_becomes_of_it),
        cmocka_unit_test(warns_of_values_that_nothing_protects),
        cmocka_unit_test(tells_what_stays_empty),
        cmocka_unit_test(tells_what_stays_empty_anywhere),
        cmocka_unit_test(the_job_may_bring_the_subject),
        cmocka_unit_test(message_ids_fit),
        cmocka_unit_test(the_token_is_in_the_message_id),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
