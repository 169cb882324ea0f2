#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <sluice/html/html.h>

static const char *const kinds[] = {"text", "open", "close", "comment", "raw", "mustache"};

/* "open:a[href=x] text close:a" */
static void describe(struct str text, struct buf *out)
{
    struct html_scan s;
    struct html_token t;
    const char *expected = text.p;

    html_begin(&s, text);
    while (html_next(&s, &t)) {
        assert_ptr_equal(t.all.p, expected); /* no gap, no overlap */
        assert_true(t.all.n > 0);
        expected += t.all.n;
        buf_printf(out, "%s%s", out->len ? " " : "", kinds[t.kind]);
        if (t.name.n)
            buf_printf(out, ":%.*s", (int)t.name.n, t.name.p);
        for (size_t i = 0; i < t.attrs; i++) {
            buf_printf(out, "[%.*s", (int)t.attr[i].name.n, t.attr[i].name.p);
            if (t.attr[i].value.p)
                buf_printf(out, "=%.*s", (int)t.attr[i].value.n, t.attr[i].value.p);
            buf_puts(out, "]");
        }
    }
    assert_ptr_equal(expected, text.p + text.n);
}

static void tokens(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"", ""},
        {"a < b", "text"},
        {"<3 < <", "text"},
        {"<p>a</p>", "open:p text close:p"},
        {"<BR/>", "open:BR"},
        {"<a href=x/>", "open:a[href=x/]"},
        {"<a href = 'x y' checked>", "open:a[href=x y][checked]"},
        {"<a href=\"a>b\">", "open:a[href=a>b]"},
        {"<a href=\"\" b=>", "open:a[href=][b=]"},
        {"<a =b>", "open:a[=b]"},
        {"<a/b/c>", "open:a[b][c]"},
        {"</p class=\"a>b\">x", "close:p[class=a>b] text"},
        {"</>a</1>", "comment text comment"},
        {"</", "text"},
        /* comments */
        {"<!-- a > b -->c", "comment text"},
        {"<!-->a", "comment text"},
        {"<!--->a", "comment text"},
        {"<!-- a --!>b", "comment text"},
        {"<!-- a", "comment"},
        {"<!DOCTYPE html><p>", "comment open:p"},
        {"<?xml?>a", "comment text"},
        {"<![if !mso]>a<![endif]>", "comment text comment"},
        {"<!--[if mso]><b>a</b><![endif]-->c", "comment text"},
        {"<!--[if !mso]><!-->a<!--<![endif]-->", "comment text comment"},
        /* a tag that does not end is none */
        {"a<p class=\"b>c", "text comment"},
        {"a<p", "text comment"},
        /* raw */
        {"<style>a<b</style>c", "open:style raw:style close:style text"},
        {"<title></title>", "open:title close:title"},
        {"<Title>a</tItle >", "open:Title raw:Title close:tItle"},
        {"<script>a</scripty></script>", "open:script raw:script close:script"},
        {"<plaintext><p>", "open:plaintext raw:plaintext"},
        {"<script>if (a<b)", "open:script raw:script"},
        {"<textarea><p></textarea>", "open:textarea raw:textarea close:textarea"},
        /* Mustache is opaque */
        {"{{a}}", "mustache"},
        {"x{{a > b}}y", "text mustache text"},
        {"{{{a}}}{{&b}}", "mustache mustache"},
        {"<a href=\"{{x|\">\"}}\">", "open:a[href={{x|\">\"}}]"},
        {"<a href={{x y}}/b>", "open:a[href={{x y}}/b]"},
        {"<{{x}}>", "text mustache text"},
        {"<h{{level}} a>", "open:h{{level}}[a]"},
        {"<a {{! > }} b=c>", "open:a[{{! > }}][b=c]"},
        {"<a {{#x}}href=\"u\"{{/x}}>", "open:a[href=u]"},
        {"<a {{#x}}checked{{/x}}>", "open:a[checked]"},
        {"<a {{b}}=\"c>d\">", "open:a[{{b}}=c>d]"},
        {"<!-- {{! --> }} -->a", "comment text"},
        {"<style>{{! </style> }}</style>", "open:style raw:style close:style"},
        {"{{=<% %>=}}<%a%>{{b}}<p c=<%d e%>>", "mustache mustache text open:p[c=<%d e%>]"},
        {"{{=| |=}}|a|", "mustache mustache"},
        {"{{= =}}{{a}}", "mustache mustache"},
        /* a tag that is never closed is text, and nothing behind it is a tag */
        {"{{a<b>{{c}", "text open:b text"},
        {"{{{a}}<i>{{b}}", "text open:i text"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;

        buf_init(&out, 65536);
        describe(str_of(rows[i].text), &out);
        if (strcmp(out.data, rows[i].want) != 0)
            print_error("%s\n", rows[i].text);
        assert_string_equal(out.data, rows[i].want);
        buf_done(&out);
    }
}

static void many_attributes(void **state)
{
    struct buf text;
    struct html_scan s;
    struct html_token t;

    (void)state;
    buf_init(&text, 1 << 20);
    buf_puts(&text, "<a");
    for (unsigned i = 0; i < 10000; i++)
        buf_printf(&text, " a%u=%u", i, i);
    buf_puts(&text, ">b");
    html_begin(&s, str_n(text.data, text.len));
    assert_true(html_next(&s, &t));
    assert_int_equal(t.attrs, HTML_ATTRS_MAX);
    assert_non_null(html_attr(&t, "A63"));
    assert_null(html_attr(&t, "a64"));
    assert_int_equal(t.all.n, text.len - 1);
    buf_done(&text);
}

static void styles(void **state)
{
    static const struct {
        const char *tag;
        bool is_hidden;
    } rows[] = {
        {"<p>", false},
        {"<p hidden>", true},
        {"<p style=\"display:none\">", true},
        {"<p style=\"color:red; DISPLAY : None !important\">", true},
        {"<p style=\"display:none;display:block\">", false},
        {"<p style=\"visibility:hidden\">", true},
        {"<p style=\"opacity:0\">", true},
        {"<p style=\"opacity:0.9\">", false},
        {"<p style=\"max-height:0;overflow:hidden\">", true},
        {"<p style=\"height:0px;overflow:hidden\">", true},
        {"<p style=\"max-height:0\">", false},
        {"<p style=\"max-height:10px;overflow:hidden\">", false},
        {"<p style=\"text-indent:-9999px\">", true},
        {"<p style=\"text-indent:-99em\">", true},
        {"<p style=\"text-indent:-20px\">", false},
        {"<p style=\"position:absolute;left:-9999px\">", true},
        {"<p style=\"position:absolute; top: -2000px\">", true},
        {"<p style=\"position:static;left:-9999px\">", false},
        {"<p style=\"left:-9999px\">", false},
        /* what stands within may have its own: html_to_text() knows */
        {"<p style=\"font-size:0\">", false},
        {"<p style=\"mso-hide:all\">", false},
        {"<p style=\"display:{{d}}\">", false},
        {"<p style>", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct html_scan s;
        struct html_token t;

        html_begin(&s, str_of(rows[i].tag));
        assert_true(html_next(&s, &t));
        if (html_is_hidden(&t) != rows[i].is_hidden)
            print_error("%s\n", rows[i].tag);
        assert_int_equal(html_is_hidden(&t), rows[i].is_hidden);
    }
}

static void references(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"a &amp; b", "a & b"},
        {"&lt;&gt;&quot;&apos;", "<>\"'"},
        {"&nbsp;&copy;&hellip;&middot;", "\xc2\xa0©…·"},
        {"&Agrave;&agrave;", "Àà"},
        {"&rarr;&euro;", "→€"},
        {"&amp;lt;", "&lt;"},
        {"&#65;&#x41;&#X41", "AAA"},
        {"&#xac00;&#xAC00;", "가가"},
        {"&#x1F600;", "😀"},
        {"&#0;&#xd800;&#x110000;&#99999999999;",
         "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"&#128;&#x99;&#x81;", "€™\xc2\x81"},
        /* without a semicolon: the old ones, where nothing goes on */
        {"a&nbsp b&lt", "a\xc2\xa0 b<"},
        {"?a=1&copy=2&lt=3", "?a=1&copy=2&lt=3"},
        {"&copyright &hellip &notit", "&copyright &hellip &notit"},
        /* none */
        {"&", "&"},
        {"&;", "&;"},
        {"&#;&#x;&#xg;", "&#;&#x;&#xg;"},
        {"&nosuch; &&amp;", "&nosuch; &&"},
        {"&verylongnamethatisnone;", "&verylongnamethatisnone;"},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;

        buf_init(&out, 65536);
        html_unescape(str_of(rows[i].text), &out);
        assert_string_equal(out.data, rows[i].want);
        buf_done(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens),
        cmocka_unit_test(many_attributes),
        cmocka_unit_test(styles),
        cmocka_unit_test(references),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
