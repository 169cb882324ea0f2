/* The encoded forms are what Python's codecs and email package make of the texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "decode.h"

static void texts(void **state)
{
    static const struct {
        const char *charset, *text, *want; /* NULL: broken */
    } rows[] = {
        {"utf-8", "한글", "한글"},
        {"UTF-8", "\xff", NULL},
        {"utf-8", "\xc7\xd1\xb1\xdb", NULL},
        {"", "", ""},
        {"", "plain", "plain"},
        {"", "한글", "한글"},
        {"", "\xc7\xd1\xb1\xdb", "한글"},
        {"us-ascii", "\x94\xee", "뷁"},
        {"", "\xff\xff", NULL},
        {"EUC-KR", "\xc7\xd1\xb1\xdb", "한글"},
        {"ks_c_5601-1987", "\x8c\x63\x94\xee", "똠뷁"},
        {"cp949", "\x8c\x63", "똠"},
        {"euc-kr", "\xc7", NULL},
        {"euc-kr", "\xed\x99\x8d\xea\xb8\xb8", "홍길"}, /* UTF-8 under the wrong label */
        {"iso-2022-kr", "\x1b$)C\x0eGQ1[\x0f", "한글"},
        {"iso-8859-1", "caf\xe9", "café"},
        {"windows-1252", "\x80", "€"},
        {"shift_jis", "\x82\xa0", "あ"},
        {"utf-7", "plain", "plain"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;

        buf_init(&out, 100);
        assert_int_equal(decode_text(str_of(rows[i].charset), str_of(rows[i].text), &out),
                         rows[i].want ? DECODED : TEXT_BROKEN);
        assert_string_equal(out.data, rows[i].want ? rows[i].want : "");
        buf_done(&out);
    }
}

static void unknown_charsets(void **state)
{
    static const char *const names[] = {"utf-7", "x-nonsense", "IBM1390", "UTF-8//TRANSLIT",
                                        "../x"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct buf out;

        buf_init(&out, 100);
        assert_int_equal(decode_text(str_of(names[i]), str_of("\xc7\xd1"), &out), CHARSET_UNKNOWN);
        assert_int_equal(out.len, 0);
        buf_done(&out);
    }
}

static void long_texts(void **state)
{
    struct buf text, out;

    (void)state;
    buf_init(&text, 1 << 20);
    buf_init(&out, 1 << 20);
    for (int i = 0; i < 20001; i++)
        buf_puts(&text, i % 3 ? "\xb0\xa1" : "a");
    assert_int_equal(decode_text(str_of("euc-kr"), str_n(text.data, text.len), &out), DECODED);
    assert_int_equal(out.len, 20001 / 3 * 7);
    assert_memory_equal(out.data, "a가가a가가", 14);
    buf_done(&text);
    buf_done(&out);
}

static void words(void **state)
{
    static const struct {
        const char *value, *want;
        bool is_whole;
    } rows[] = {
        {"plain", "plain", true},
        {"", "", true},
        {"=?utf-8?B?7ZWc6riA?=", "한글", true},
        {"=?UTF-8*ko?b?7ZWc6riA?=", "한글", true},
        {"=?utf-8?Q?=ED=95=9C_x=3F?=", "한 x?", true},
        {"=?euc-kr?B?x9Gx2w==?= and =?utf-8?q?b?=", "한글 and b", true},
        {"=?euc-kr?B?x9E=?= =?euc-kr?B?sds=?=", "한글", true},
        {"=?euc-kr?B?x9E=?=\r\n\t=?EUC-KR?B?sds=?=", "한글", true},
        {"=?euc-kr?B?x9E=?==?utf-8?B?6riA?=", "한글", true},
        {"=?utf-8?B?7Q==?= =?utf-8?B?lZw=?=", "한", true}, /* a character in two words */
        {"=?utf-8?B?7Q==?= x", "\xef\xbf\xbd x", false},
        {"=?x-nonsense?B?x9E=?=", "\xef\xbf\xbd", false},
        {"=?ks_c_5601-1987?B?lO4=?=", "뷁", true},
        {"\xc7\xd1\xb1\xdb", "한글", true},
        {"a\r\n b", "a b", true},
        {"=?utf-8?B?broken", "=?utf-8?B?broken", true},
        {"=?utf-8?X?abc?=", "=?utf-8?X?abc?=", true},
        {"=?", "=?", true},
        {"=??B?YQ==?=", "=??B?YQ==?=", true},
        {"{{=?= =?=}}", "{{=?= =?=}}", true},
        {"=?utf-8?B?e3tuYW1lfX0=?= {{#a}}", "{{name}} {{#a}}", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;

        buf_init(&out, 1000);
        assert_int_equal(decode_words(str_of(rows[i].value), &out), rows[i].is_whole);
        assert_string_equal(out.data, rows[i].want);
        buf_done(&out);
    }
}

static void params(void **state)
{
    static const struct {
        const char *value, *want; /* NULL: there is none */
    } rows[] = {
        {"attachment", NULL},
        {"attachment;", NULL},
        {"attachment; filename", NULL},
        {"attachment; filename=a.pdf", "a.pdf"},
        {"attachment; FileName=\"a b.pdf\"; size=3", "a b.pdf"},
        {"attachment; x=\"filename=no;\"; filename=yes", "yes"},
        {"attachment; filename=\"a\\\"b\\\\c\"", "a\"b\\c"},
        {"attachment; filename=\"C:\\dir\\a.pdf\"", "C:\\dir\\a.pdf"},
        {"attachment; filename=\"unclosed", "unclosed"},
        {"attachment; filename=\"=?euc-kr?B?x9E=?=\r\n =?euc-kr?B?sds=?=\"", "한글"},
        {"attachment; filename==?utf-8?B?7ZWc?=", "한"},
        {"attachment; filename=\"\xc7\xd1.pdf\"", "한.pdf"},
        {"attachment; filename*=UTF-8''%ED%95%9C%20x", "한 x"},
        {"attachment; filename*=utf-8'ko'%ED%95%9C", "한"},
        {"attachment; filename*=euc-kr''%94%EE", "뷁"},
        {"attachment; filename=\"x\"; filename*=UTF-8''%ED%95%9C", "한"},
        {"attachment; filename*0*=UTF-8''%ED%95; filename*1*=%9C; filename*2=\".p;d\"", "한.p;d"},
        {"attachment; filename*1=b; filename*0=a", "ab"},
        {"attachment; filename*0=a; filename*2=c", "a"},
        {"attachment; filename*1=b", NULL},
        {"attachment; filename*99999999999999999999=b", NULL},
        {"attachment; filename*x=b; filenames=c", NULL},
        {"attachment; filename*=x%4", "x%4"},
        {"attachment; filename*=utf-8'x", "utf-8'x"},
        {"attachment; filename*=UTF-8''%", "%"},
        {"attachment; filename*=UTF-8''%ff%ff", "\xef\xbf\xbd"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;

        buf_init(&out, 1000);
        assert_int_equal(decode_param(str_of(rows[i].value), "filename", &out),
                         rows[i].want != NULL);
        if (rows[i].want && strcmp(out.data, rows[i].want) != 0)
            print_message("%s\n", rows[i].value);
        assert_string_equal(out.data, rows[i].want ? rows[i].want : "");
        buf_done(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts), cmocka_unit_test(unknown_charsets), cmocka_unit_test(long_texts),
        cmocka_unit_test(words), cmocka_unit_test(params),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
