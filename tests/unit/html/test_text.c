#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <sluice/html/html.h>

struct row {
    const char *html, *want;
};

static void check(const struct row *row)
{
    struct buf out;

    buf_init(&out, 65536);
    html_to_text(str_of(row->html), &out);
    if (strcmp(out.data, row->want) != 0)
        print_error("%s\n", row->html);
    assert_string_equal(out.data, row->want);
    buf_done(&out);
}

static void blocks(void **state)
{
    static const struct row rows[] = {
        {"", ""},
        {" \n ", ""},
        {"a", "a\n"},
        {"  a \r\n\t b&nbsp;&nbsp;c  ", "a b c\n"},
        {"<div>a</div><div>b</div>c", "a\nb\nc\n"},
        {"<p>a</p><p>b</p>", "a\n\nb\n"},
        {"<p>a<p>b<div>c</div>", "a\n\nb\n\nc\n"},
        {"a<br>b<br/><br>c<br><br><br>d", "a\nb\n\nc\n\nd\n"},
        {"<p>a<br></p><div><br></div>b", "a\n\nb\n"},
        {"<h1>a</h1>b<hr>c", "a\n\nb\n\n----------\n\nc\n"},
        {"a <b>b</b> <i> c</i>d", "a b cd\n"},
        {"&lt;b&gt; &amp;amp; &#xAC00;", "<b> &amp; 가\n"},
        {"soft&shy;hyphen\xe2\x80\x8b&#7;", "softhyphen\n"},
        {"<pre>\n  a\n    b\n</pre>c", "  a\n    b\n\nc\n"},
        {"<td style=\"white-space: pre-line\">a\n\n\n\n b  c</td>", "a\n\nb c\n"},
        {"a</div></div>b", "ab\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check(&rows[i]);
}

static void tables_and_lists(void **state)
{
    static const struct row rows[] = {
        {"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a  b\nc\n"},
        {"<table><tr><td>a<td>b<tr><td>c</table>", "a  b\nc\n"},
        {"<table><tr>\n<td> a </td>\n<td></td>\n<td>&nbsp;</td>\n<th> b</th>\n</tr></table>",
         "a  b\n"},
        /* layout: cells that hold blocks are no columns */
        {"<table role=presentation><tr><td><table><tr><td>a</td></tr></table></td>"
         "<td><div>b</div></td></tr></table>",
         "a\n\nb\n"},
        {"<table><tr><td><table><tr><td><table><tr><td>a</td></tr></table></td></tr></table>"
         "</td></tr></table>b",
         "a\n\nb\n"},
        {"<ul><li>a</li><li>b</li></ul>", "- a\n- b\n"},
        {"<ol><li>a<li>b</ol>c", "1. a\n2. b\n\nc\n"},
        {"<ol start=\"9\"><li>a<li>b<li value=3>c</ol>", "9. a\n10. b\n3. c\n"},
        {"<ol start=x><li>a</ol>", "1. a\n"},
        {"<ol><li>a<ol><li>b<li>c</ol><li>d<ul><li>e</ul></ol>",
         "1. a\n  1. b\n  2. c\n2. d\n  - e\n"},
        {"<ul><li>a<ol><li>b</ol></ul>", "- a\n  1. b\n"},
        /* tags between items: who knows how many there will be */
        {"<ol>{{#i}}<li>{{a}}</li>{{/i}}</ol>", "{{#i}}\n- {{a}}\n{{/i}}\n"},
        {"<ol><li>{{a}}</li><li>{{#b}}c{{/b}}</li></ol>", "1. {{a}}\n2. {{#b}}c{{/b}}\n"},
        {"<ul><li>a<ul><li>b<br>c</ul><li>d</ul>", "- a\n  - b\n    c\n- d\n"},
        {"<ul><li><p>a</p></li><li></li></ul>", "- a\n"},
        {"<ul><li>{{#a}}b{{/a}}{{^a}}c{{/a}}</li></ul>", "- {{#a}}b{{/a}}{{^a}}c{{/a}}\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check(&rows[i]);
}

static void links_and_images(void **state)
{
    static const struct row rows[] = {
        {"<a href=\"https://a.example/x\">go</a>.", "go (https://a.example/x).\n"},
        {"<a href=\"https://a.example/?a=1&amp;b={{b}}\"><b>go</b> </a>now",
         "go (https://a.example/?a=1&b={{b}}) now\n"},
        {"<a href=\"{{url}}\">go</a>", "go ({{url}})\n"},
        {"<a href=\"{{{url}}}\">{{{url}}}</a>", "{{{url}}}\n"},
        {"<a href=\"https://a.example/x\">https://a.example/x</a>", "https://a.example/x\n"},
        {"<a href=\"https://a.example/\">a.example</a>", "https://a.example/\n"},
        {"<a href=\"https://a.example/\">A.example</a> b", "https://a.example/ b\n"},
        {"<a href=\"mailto:h@a.example?subject=x\">help</a>", "help (h@a.example)\n"},
        {"<a href=\"mailto:h@a.example\">h@a.example</a>", "h@a.example\n"},
        {"<a href=\"tel:02-555-0100\">02-555-0100</a>", "02-555-0100\n"},
        {"<a href=\"#top\">up</a><a name=x>y</a><a href=\"javascript:x\">z</a>", "upyz\n"},
        {"<a href=\"https://a.example/\"></a>b", "b\n"},
        {"<a href=\"https://a.example/\"><img src=x></a>", "https://a.example/\n"},
        {"<a href=\"https://a.example/\"><img src=x alt=\"Sale\"></a>",
         "Sale (https://a.example/)\n"},
        {"<a href=\"https://a.example/\"><div>a</div></a>b", "a (https://a.example/)\nb\n"},
        {"<a href=\"https://a.example/\">a<a href=\"https://b.example/\">b</a>",
         "a (https://a.example/)b (https://b.example/)\n"},
        {"<a href=\"https://a.example/\">a", "a (https://a.example/)\n"},
        {"<a href=\"{{#x}}https://a.example/\">a{{/x}}</a>", "{{#x}}\na{{/x}}\n"},
        {"a<img alt=\"b &quot;{{c}}&quot;\">d<img alt=\"\"><img>e", "a b \"{{c}}\" de\n"},
        {"<img alt=a style=\"display:none\">b", "b\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check(&rows[i]);
}

static void hidden(void **state)
{
    static const struct row rows[] = {
        {"<head><title>a</title><style>b</style></head><body>c", "c\n"},
        {"<head><meta charset=x><p>a</p>", "a\n"},
        {"<div style=\"display:none\">a<div>b</div>c</div>d", "d\n"},
        {"<p hidden>a<p>b", "b\n"},
        {"<script>a</script><textarea>b</textarea><select><option>c</select>d", "d\n"},
        {"<!-- a --><!--[if mso]><p>b</p><![endif]-->c", "c\n"},
        {"<!--[if !mso]><!-->a<!--<![endif]-->", "a\n"},
        {"<img style=\"display:none\"><br hidden>a", "a\n"},
        /* text that cannot be read, and what makes it readable again */
        {"<div style=\"font-size:0\">a<p style=\"font-size:14px\">b</p><p>c</p></div>d",
         "b\n\nd\n"},
        {"<p style=\"font-size:2px\">a</p><p style=\"font-size:0.1em\">b</p>c", "c\n"},
        {"<p style=\"font-size:3px\">a</p><p style=\"font-size:.9em\">b</p>", "a\n\nb\n"},
        {"<div style=\"font-size:0\"><p style=\"font-size:2em\">a</p></div>b", "b\n"},
        {"<div style=\"font-size:0\">{{a}}{{#b}}<p style=\"font-size:9pt\">{{b}}</p>{{/b}}</div>",
         "{{#b}}\n{{b}}\n\n{{/b}}\n"},
        {"<div style=\"font-size:0\"><a href=\"https://a.example/\"><img alt=a></a></div>",
         "a (https://a.example/)\n"},
        {"<p style=\"color:#FFF;background-color:white\">a</p>b", "b\n"},
        {"<p style=\"color:#fff;background:#ffffff\">a<b style=\"color:red\">b</b>c</p>", "b\n"},
        {"<p style=\"color:#fff;background:#333\">a</p>", "a\n"},
        {"<p style=\"position:absolute;left:-9999px\">a<b style=\"color:red\">b</b></p>c", "c\n"},
        {"<img alt=a width=1 height=1><img alt=b width=1 height=40>", "b\n"},
        {"a<plaintext>b", "a\n"},
        /* what is hidden takes whole sections with it, and no halves */
        {"<div hidden>{{#a}}{{b}}{{/a}}</div>c", "c\n"},
        {"{{#a}}<div hidden>b{{/a}}</div>c", "{{#a}}\n{{/a}}\nc\n"},
        {"<!-- {{#a}} -->b<!-- {{/a}} -->", "{{#a}}\nb{{/a}}\n"},
        {"<p {{#a}}class=x{{/a}}>b", "b\n"},
        {"<style>{{=<% %>=}}</style><%a%>", "{{=<% %>=}}\n<%a%>\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check(&rows[i]);
}

static void tags(void **state)
{
    static const struct row rows[] = {
        {"{{a}} {{{b}}}&nbsp;{{&c}}", "{{a}} {{{b}}} {{&c}}\n"},
        {"a {{#b}}c{{/b}} d", "a {{#b}}c{{/b}} d\n"},
        {"a{{#b}} (c){{/b}} d", "a{{#b}} (c){{/b}} d\n"},
        {"a {{#b}} c {{/b}} d", "a {{#b}}c{{/b}} d\n"},
        {"<p>a</p>\n{{#b}}\n<p>c</p>\n{{/b}}\n<p>d</p>", "a\n\n{{#b}}\nc\n\n{{/b}}\nd\n"},
        {"<p>a</p>{{#b}}<p>c</p>{{/b}}<p>d</p>", "a\n\n{{#b}}\nc\n\n{{/b}}\nd\n"},
        {"<table>\n{{#i}}\n<tr><td>{{t}}{{#o}} ({{o}}){{/o}}</td>\n<td>{{p}}</td></tr>\n{{/i}}\n"
         "</table>",
         "{{#i}}\n{{t}}{{#o}} ({{o}}){{/o}}  {{p}}\n{{/i}}\n"},
        {"<p>a\n  {{^b}}\r\nc\n{{/b}}\nd</p>", "a\n{{^b}}\nc\n{{/b}}\nd\n"},
        {"<td>\n{{> footer}}\n</td>", "{{> footer}}\n"},
        {"<td>a {{> b}} c</td>", "a {{> b}} c\n"},
        {"{{! a\r\nb }}\nc", "{{! a\nb }}\nc\n"},
        {"{{=<% %>=}}\n<% a %> {{b}}", "{{=<% %>=}}\n<% a %> {{b}}\n"},
        /* text stays text */
        {"{&#123;a}}", "{{=<% %>=}}{<%={{ }}=%>{a}}\n"},
        {"{<b>{{a}}</b>}", "{{=<% %>=}}{<%={{ }}=%>{{a}}}\n"},
        {"{ {&#x7b;", "{ {{=<% %>=}}{<%={{ }}=%>{\n"},
        {"{{=<% %>=}}&lt;% a %>", "{{=<% %>=}}\n<%=[[ ]]=%><[[=<% %>=]]% a %>\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check(&rows[i]);
}

/* Whatever is open is ended, and a buffer that is full is no trouble. */
static void deep_and_full(void **state)
{
    struct buf html, out;

    (void)state;
    buf_init(&html, 1 << 22);
    for (unsigned i = 0; i < 5000; i++)
        buf_puts(&html, "<div><ul><li><a href=\"https://a.example/\">x{{#a}}");
    buf_init(&out, 1 << 22);
    html_to_text(str_n(html.data, html.len), &out);
    assert_false(buf_is_full(&out));
    assert_true(out.len < 32 * html.len);
    buf_done(&out);
    for (size_t max = 0; max < 200; max++) {
        buf_init(&out, max);
        html_to_text(str_n(html.data, html.len), &out);
        assert_true(buf_is_full(&out) && out.len <= max);
        buf_done(&out);
    }
    buf_done(&html);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks),
        cmocka_unit_test(tables_and_lists),
        cmocka_unit_test(links_and_images),
        cmocka_unit_test(hidden),
        cmocka_unit_test(tags),
        cmocka_unit_test(deep_and_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
