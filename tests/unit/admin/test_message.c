/* A message taken apart, and the page that is made of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/admin/message.h>
#include <sluice/base/utf8.h>

static struct message parse(const char *text)
{
    struct message m;
    struct err e;
    if (!message_parse(str_of(text), &m, &e))
        fail_msg("%s\n%s", e.text, text);
    return m;
}

/* ---- headers ---- */

static void test_headers(void **state)
{
    static const struct {
        const char *header, *subject;
    } rows[] = {
        {"Subject: plain", "plain"},
        {"SUBJECT:plain", "plain"},
        {"X: 1\r\nSubject: two\r\n lines", "two lines"},
        {"Subject: =?UTF-8?B?7ZWc6riA?=", "한글"},
        {"Subject: =?utf-8?q?a_b=3dc?=", "a b=c"},
        {"Subject: =?utf-8?B?7ZWc?=\r\n =?utf-8?B?6riA?= =?utf-8?Q?!?=", "한글!"},
        {"Subject: (=?utf-8?B?7ZWc?=) x", "(=?utf-8?B?7ZWc?=) x"},
        {"Subject: a =?utf-8?B?7ZWc?= b", "a 한 b"},
        {"Subject: =?euc-kr?B?x9Gx2yA=?=", "한글 "},
        {"Subject: =?iso-2022-kr?B?GyQpQw5HUTFbDw==?=", "한글"},
        {"Subject: =?nonsense?B?7ZWc?=", "한"},
        {"Subject: =?utf-8?X?abc?=", "=?utf-8?X?abc?="},
        {"Subject: =?utf-8?B?DQpCY2M6IHg=?=", "  Bcc: x"}, /* a line end stays inside */
        {"Subject: =?utf-8?Q?=FF=00=41?=", "\xEF\xBF\xBD"
                                           "A"},
        {"Subject: =?utf-8?Q?unended", "=?utf-8?Q?unended"},
        {"Subjects: other", ""},
        {"Subject:", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[1000];
        snprintf(text, sizeof text, "%s\r\nFrom: a@b.example\r\n\r\nbody\r\n", rows[i].header);
        struct message m = parse(text);
        if (strcmp(m.subject, rows[i].subject) != 0)
            fail_msg("%s: \"%s\", want \"%s\"", rows[i].header, m.subject, rows[i].subject);
        assert_string_equal(m.from_domain, "b.example");
        message_done(&m);
    }
}

static void test_from(void **state)
{
    static const struct {
        const char *from, *domain;
    } rows[] = {
        {"a@b.example", "b.example"},
        {"\"a@x\" <a@B.Example>", "b.example"},
        {"=?utf-8?B?7ZWc?= <news@xn--3e0b707e.example>", "xn--3e0b707e.example"},
        {"nobody", ""},
        {"a@", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[1000];
        snprintf(text, sizeof text, "From: %s\r\n\r\nx", rows[i].from);
        struct message m = parse(text);
        assert_string_equal(m.from_domain, rows[i].domain);
        message_done(&m);
    }
}

/* ---- parts ---- */

#define PNG "iVBORw0KGgo="
static const char WHOLE[] =
    "From: =?utf-8?B?67SE64Kg?= <news@b.example>\r\nTo: \"Kim <b>\" <kim@x.example>\r\n"
    "Subject: s & <t>\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed;\r\n\tboundary=\"one\"\r\n\r\n"
    "before\r\n--one\r\nContent-Type: multipart/related; boundary=two; "
    "type=\"multipart/alternative\"\r\n"
    "\r\n--two\r\nContent-Type: multipart/alternative; boundary=\"three\"\r\n\r\n"
    "--three\r\nContent-Type: text/plain; charset=euc-kr\r\nContent-Transfer-Encoding: "
    "base64\r\n\r\n"
    "x9Gx2w==\r\n"
    "--three\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: "
    "quoted-printable\r\n\r\n"
    "<body><div style=3D\"Display: none\">pre &amp; <b>header</b>&#847;&zwnj;&nbsp;</div>=\r\n"
    "<img src=3D\"cid:a@b\"><img src=3D\"cid:a@bc\"><script>alert(1)</script>\r\n"
    "--three--\r\n"
    "--two\r\nContent-Type: image/png; name=\"leaf.png\"\r\nContent-ID: <a@b>\r\n"
    "Content-Transfer-Encoding: base64\r\nContent-Disposition: inline\r\n\r\n" PNG "\r\n"
    "--two--\r\n"
    "--one\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
    "Content-Disposition: attachment;\r\n filename*0*=utf-8''%ED%95%9C;\r\n "
    "filename*1*=%EA%B8%80;\r\n"
    " filename*2=.pdf\r\n\r\nQUJD\r\n"
    "--one--\r\nafter\r\n";

static void test_parts(void **state)
{
    (void)state;
    struct message m = parse(WHOLE);
    assert_string_equal(m.from, "봄날 <news@b.example>");
    assert_string_equal(m.text, "한글");
    assert_non_null(strstr(m.html, "</div><img src=\"cid:a@b\">"));
    assert_string_equal(m.preheader, "pre & header");
    assert_int_equal(m.parts, 2);
    assert_string_equal(m.part[0].type, "image/png");
    assert_string_equal(m.part[0].cid, "a@b");
    assert_string_equal(m.part[0].name, "leaf.png");
    assert_int_equal(m.part[0].n, 8);
    assert_string_equal(m.part[1].name, "한글.pdf");
    assert_string_equal(m.part[1].data, "ABC");
    message_done(&m);
}

static void test_page(void **state)
{
    static const char *const has[] = {
        "<td>s &amp; &lt;t&gt;</td>",
        "<title>s &amp; &lt;t&gt;</title>",
        "<iframe sandbox=\"\" ",
        "default-src 'none'; img-src data:;",
        "<td>pre &amp; header</td>",
        "src=&quot;data:image/png;base64," PNG "&quot;&gt;",
        "cid:a@bc&quot;", /* no such part */
        "&lt;script&gt;alert(1)",
        "<pre>한글</pre>",
        "<td>한글.pdf</td><td>3 bytes</td>",
    };
    struct buf page;
    (void)state;
    struct message m = parse(WHOLE);
    buf_init(&page, MESSAGE_PAGE_MAX);
    message_page(&m, &page);
    for (size_t i = 0; i < sizeof has / sizeof *has; i++)
        if (!strstr(page.data, has[i]))
            fail_msg("no %s in:\n%s", has[i], page.data);
    assert_null(strstr(page.data, "<script"));
    assert_null(strstr(page.data, "leaf.png")); /* it is seen */
    buf_done(&page);
    message_done(&m);
}

static void test_odd_messages(void **state)
{
    static const struct {
        const char *text, *body; /* NULL: refused */
    } rows[] = {
        {"no header at all", NULL},
        {"", NULL},
        {"From: a\n\nbare line ends\n", "bare line ends\n"},
        {"From: a\r\n\r\n", ""},
        {"From: a\r\nContent-Type: multipart/mixed\r\n\r\n--x\r\n\r\nno boundary named\r\n", NULL},
        {"From: a\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nnever ended\r\n",
         "never ended"},
        {"From: a\r\nContent-Type: text/plain; charset=\"utf-8\r\n\r\nquote never ended\r\n",
         "quote never ended\r\n"},
        {"From: a\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=4", "=4"},
        {"From: a\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=\r\nb=  \nc=zz",
         "abc=zz"},
        {"From: a\r\nContent-Transfer-Encoding: base64\r\n\r\nQ U*J\r\nD=ignored", "ABC"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct message m;
        struct err e;
        bool ok = message_parse(str_of(rows[i].text), &m, &e);
        if (!ok && rows[i].body)
            fail_msg("%s: %s", rows[i].text, e.text);
        if (ok && rows[i].body && (!m.text || strcmp(m.text, rows[i].body) != 0))
            fail_msg("%s: \"%s\"", rows[i].text, m.text);
        if (ok)
            message_done(&m);
    }
}

/* Parts within parts within parts, and very many. */
static void test_bombs(void **state)
{
    struct buf b;
    struct message m;
    struct err e;
    (void)state;
    buf_init(&b, 1 << 20);
    buf_puts(&b, "From: a\r\n");
    for (int i = 0; i < 20; i++)
        buf_printf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i);
    assert_false(message_parse(str_n(b.data, b.len), &m, &e));
    buf_clear(&b);
    buf_puts(&b, "From: a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n");
    for (int i = 0; i < 1000; i++)
        buf_puts(&b, "--b\r\nContent-Type: image/png\r\n\r\nx\r\n");
    assert_false(message_parse(str_n(b.data, b.len), &m, &e));
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),      cmocka_unit_test(test_from),
        cmocka_unit_test(test_parts),        cmocka_unit_test(test_page),
        cmocka_unit_test(test_odd_messages), cmocka_unit_test(test_bombs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
