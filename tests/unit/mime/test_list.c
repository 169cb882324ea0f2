#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <sluice/mime/header.h>

static void list_ids(void **state)
{
    static const struct {
        const char *phrase, *id, *want; /* NULL: refused */
    } rows[] = {
        {"", "news.shop.example", "List-Id: <news.shop.example>\r\n"},
        {"Shop news", "news.shop.example", "List-Id: Shop news <news.shop.example>\r\n"},
        {"봄날", "news.shop.example", "List-Id: =?UTF-8?B?67SE64Kg?= <news.shop.example>\r\n"},
        {"x>\r\nBcc: y", "a.b", "List-Id: \"x> Bcc: y\" <a.b>\r\n"},
        {"x", "", NULL},
        {"x", "news", NULL},
        {"x", "news..example", NULL},
        {"x", ".news.example", NULL},
        {"x", "news.example.", NULL},
        {"x", "new s.example", NULL},
        {"x", "news.example>\r\nBcc: y", NULL},
        {"x", "뉴스.example", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;

        buf_init(&out, 1000);
        assert_int_equal(
            header_list_id(&out, str_of(rows[i].phrase), str_of(rows[i].id), MAIL_UTF8),
            rows[i].want != NULL);
        assert_string_equal(out.data, rows[i].want ? rows[i].want : "");
        buf_done(&out);
    }
}

static void uri_lists(void **state)
{
    static const struct {
        const char *a, *b, *want; /* NULL: refused */
    } rows[] = {
        {"https://t.example/u/x", NULL, "List-Unsubscribe: <https://t.example/u/x>\r\n"},
        {"https://t.example/u/x", "mailto:u@s.example?subject=a%20b",
         "List-Unsubscribe: <https://t.example/u/x>,\r\n <mailto:u@s.example?subject=a%20b>\r\n"},
        {"https://t.example/", "mailto:u@s.example",
         "List-Unsubscribe: <https://t.example/>, <mailto:u@s.example>\r\n"},
        {"", NULL, NULL},
        {"https://t.example/a b", NULL, NULL},
        {"https://t.example/>\r\nBcc: x", NULL, NULL},
        {"https://t.example/\n", NULL, NULL},
        {"https://t.example/한글", NULL, NULL},
        {"https://t.example/", "mailto:<x>", NULL},
        {"https://t.example/\"x\"", NULL, NULL},
    };
    struct buf out;
    char longest[HEADER_URI_MAX + 1];
    struct str one = {longest, HEADER_URI_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str uri[2] = {str_of(rows[i].a), str_of(rows[i].b)};

        buf_init(&out, 1000);
        assert_int_equal(header_uri_list(&out, "List-Unsubscribe", uri, rows[i].b ? 2 : 1),
                         rows[i].want != NULL);
        assert_string_equal(out.data, rows[i].want ? rows[i].want : "");
        buf_done(&out);
    }
    memset(longest, 'x', sizeof longest);
    buf_init(&out, 4000);
    assert_false(header_uri_list(&out, "List-Unsubscribe", NULL, 0));
    assert_true(header_uri_list(&out, "List-Unsubscribe", &one, 1));
    assert_true(out.len - 2 <= 998);
    one.n++;
    assert_false(header_uri_list(&out, "List-Unsubscribe", &one, 1));
    buf_done(&out);
}

static void raw_values(void **state)
{
    static const struct {
        const char *text, *want; /* NULL: refused */
    } rows[] = {
        {"sale:shop:mail:bomnal", "Feedback-ID: sale:shop:mail:bomnal\r\n"},
        {"a  b ", "Feedback-ID: a b\r\n"},
        {"0123456789 0123456789 0123456789 0123456789 0123456789 0123456789",
         "Feedback-ID: 0123456789 0123456789 0123456789 0123456789 0123456789\r\n 0123456789\r\n"},
        {"", NULL},
        {"  ", NULL},
        {"a\r\nb", NULL},
        {"a\tb", NULL},
        {"a\x7f", NULL},
        {"한글", NULL},
    };
    char longest[1000];
    struct buf out;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        buf_init(&out, 1000);
        assert_int_equal(header_raw(&out, "Feedback-ID", str_of(rows[i].text)),
                         rows[i].want != NULL);
        assert_string_equal(out.data, rows[i].want ? rows[i].want : "");
        buf_done(&out);
    }
    memset(longest, 'x', sizeof longest);
    buf_init(&out, 4000);
    assert_true(header_raw(&out, "X", str_n(longest, 995)));
    assert_int_equal(out.len, 1000);
    assert_false(header_raw(&out, "X", str_n(longest, 996)));
    memcpy(longest, "a ", 2);
    assert_true(header_raw(&out, "X", str_n(longest, 999)));
    assert_false(header_raw(&out, "X", str_n(longest, 1000)));
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(list_ids),
        cmocka_unit_test(uri_lists),
        cmocka_unit_test(raw_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
