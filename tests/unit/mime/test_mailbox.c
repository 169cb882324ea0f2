#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <sluice/base/rng.h>
#include <sluice/base/utf8.h>

#include <sluice/mime/header.h>

#include "decode.h"

static void mailboxes(void **state)
{
    static const struct {
        const char *display, *want;
    } rows[] = {
        {"", "From: a@b.example\r\n"},
        {"Shop", "From: Shop <a@b.example>\r\n"},
        {"Spring Shop", "From: Spring Shop <a@b.example>\r\n"},
        {"Shop, Inc.", "From: \"Shop, Inc.\" <a@b.example>\r\n"},
        {"The \"Shop\" \\", "From: \"The \\\"Shop\\\" \\\\\" <a@b.example>\r\n"},
        {"봄날상회", "From: =?UTF-8?B?67SE64Kg7IOB7ZqM?= <a@b.example>\r\n"},
        {"a\r\nBcc: x", "From: \"a Bcc: x\" <a@b.example>\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;

        buf_init(&out, 1000);
        header_mailbox(&out, "From", str_of(rows[i].display), str_of("a@b.example"), MAIL_UTF8);
        assert_string_equal(out.data, rows[i].want);
        buf_done(&out);
    }
}

static void check_mailbox(struct str display, enum mail_charset c, const char *want)
{
    struct buf out, value, name, address;

    buf_init(&out, 100000);
    buf_init(&value, 100000);
    buf_init(&name, 100000);
    buf_init(&address, 1000);
    header_mailbox(&out, "To", display, str_of("a@b.example"), c);
    unfold(str_n(out.data, out.len), "To", 76, &value);
    decode_mailbox(str_n(value.data, value.len), &name, &address);
    assert_string_equal(address.data, "a@b.example");
    assert_int_equal(utf8_bad_at(name.data, name.len), name.len);
    if (want)
        assert_string_equal(name.data, want);
    buf_done(&out);
    buf_done(&value);
    buf_done(&name);
    buf_done(&address);
}

static void display_names_are_only_names(void **state)
{
    static const struct {
        const char *display, *want; /* NULL: the same */
    } rows[] = {
        {"홍길동", NULL},
        {"\"홍길동\" <evil@mail.example>", NULL},
        {"x\" <evil@mail.example>, \"y", NULL},
        {"x\r\nBcc: evil@mail.example\r\n\r\nbody", "x Bcc: evil@mail.example body"},
        {"\r\n", ""},
        {" \t ", ""},
        {"=?UTF-8?B?aGk=?=", NULL},
        {"\\", NULL},
        {"a\\\"b\\", NULL},
        {"a (comment) b", NULL},
        {"a@b.example", NULL},
        {"Kim <", NULL},
        {"가\xff\xfe나", "가\xef\xbf\xbd\xef\xbf\xbd나"},
        {"a name of plain words, with a comma, that is too long for one line and is folded at its "
         "\"blanks\", again and again",
         NULL},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "a",
         NULL},
    };
    char *longest = malloc(15000);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (enum mail_charset c = MAIL_UTF8; c < MAIL_CHARSETS; c++)
            check_mailbox(str_of(rows[i].display), c,
                          rows[i].want ? rows[i].want : rows[i].display);
    }
    check_mailbox(str_n("a\0b", 3), MAIL_UTF8, "a b");
    for (size_t i = 0; i < 15000; i += 3)
        memcpy(longest + i, "가", 3);
    for (size_t n = HEADER_TEXT_MAX - 8; n < 15000; n += n < 2010 ? 1 : 997) {
        check_mailbox(str_n(longest, n / 3 * 3), MAIL_EUC_KR, NULL);
        check_mailbox(str_n(longest, n), MAIL_UTF8, NULL);
    }
    free(longest);
}

static void random_names_are_only_names(void **state)
{
    static const char alphabet[] = "ab \"\\<>@,;:()=?\r\n\0\xea\xb0\x80\xff.";
    struct rng rng = rng_seed(5);

    (void)state;
    for (int round = 0; round < 5000; round++) {
        char text[300];
        size_t n = rng_below(&rng, sizeof text);

        for (size_t i = 0; i < n; i++)
            text[i] = alphabet[rng_below(&rng, sizeof alphabet)];
        check_mailbox(str_n(text, n), (enum mail_charset)(round % 3), NULL);
    }
}

static void long_addresses_stand_alone(void **state)
{
    char local[65] = {0}, address[300];
    struct buf out;

    (void)state;
    memset(local, 'x', 64);
    memset(address, 0, sizeof address);
    strcpy(address, local);
    strcat(address, "@mail.example");
    buf_init(&out, 1000);
    header_mailbox(&out, "To", str_of("Kim"), str_of(address), MAIL_UTF8);
    assert_memory_equal(out.data, "To: Kim\r\n <xxx", 14);
    buf_done(&out);
}

static void addresses(void **state)
{
    static const struct {
        const char *address, *want; /* NULL: refused */
    } rows[] = {
        {"kim@mail.example", "kim@mail.example"},
        {"kim@한글.example", "kim@xn--bj0bj06e.example"},
        {"\"a b\"@mail.example", "\"a b\"@mail.example"},
        {"\"a\\\"b\"@mail.example", "\"a\\\"b\"@mail.example"},
        {"\"a@b\"@mail.example", "\"a@b\"@mail.example"},
        {"김@mail.example", NULL},
        {"kim", NULL},
        {"@mail.example", NULL},
        {"kim@", NULL},
        {"a b@mail.example", NULL},
        {"\"a\"b\"@mail.example", NULL},
        {"\"a\\\"@mail.example", NULL},
        {"kim\r\nBcc: x@mail.example", NULL},
        {"kim@mail.example\r\nBcc: x", NULL},
        {"kim@mail example", NULL},
        {"kim@mail.example>", NULL},
        {"\"a\r\n\"@mail.example", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;
        struct err e;

        buf_init(&out, 1000);
        assert_int_equal(header_address(&out, str_of(rows[i].address), &e), rows[i].want != NULL);
        if (rows[i].want)
            assert_string_equal(out.data, rows[i].want);
        buf_done(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mailboxes),
        cmocka_unit_test(display_names_are_only_names),
        cmocka_unit_test(random_names_are_only_names),
        cmocka_unit_test(long_addresses_stand_alone),
        cmocka_unit_test(addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
