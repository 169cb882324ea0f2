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

static int digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* Each word must be whole UTF-8 by itself: RFC 2047, section 5 (3). */
static void decode_word(struct str digits, struct buf *out)
{
    unsigned bits = 0, value = 0;
    size_t start = out->len;

    for (size_t i = 0; i < digits.n && digits.p[i] != '='; i++) {
        assert_true(digit(digits.p[i]) >= 0);
        value = value << 6 | (unsigned)digit(digits.p[i]);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            buf_putc(out, (char)(value >> bits & 255));
        }
    }
    assert_int_equal(utf8_bad_at(out->data + start, out->len - start), out->len - start);
}

/* Reads one header back as RFC 5322 and 2047 say, checking lines and words on the way. */
static void read_back(struct str header, struct buf *out)
{
    struct str line;
    bool is_first = true;
    bool was_word = false;

    assert_true(header.n >= 2 && memcmp(header.p + header.n - 2, "\r\n", 2) == 0);
    while (str_cut(&header, '\n', &line)) {
        assert_true(line.n && line.p[line.n - 1] == '\r');
        line.n--;
        assert_true(line.n <= 76);
        assert_null(memchr(line.p, '\r', line.n));
        if (is_first) {
            assert_true(str_starts(line, "Subject: "));
            line = str_n(line.p + 9, line.n - 9);
        } else {
            assert_true(line.n > 1 && line.p[0] == ' ' &&
                        line.p[1] != ' '); /* no empty line inside */
            line = str_n(line.p + 1, line.n - 1);
        }
        if (str_starts(line, "=?UTF-8?B?")) {
            assert_true(line.n <= 75);
            assert_true(str_ends_nocase(line, "?="));
            decode_word(str_n(line.p + 10, line.n - 12), out);
            was_word = true;
        } else {
            assert_false(was_word);
            if (!is_first)
                buf_putc(out, ' ');
            for (size_t i = 0; i < line.n; i++)
                assert_true(line.p[i] >= ' ' && line.p[i] < 0x7f);
            buf_put(out, line.p, line.n);
        }
        is_first = false;
    }
}

static void texts_come_back(void **state)
{
    static const struct {
        const char *text, *want; /* NULL: the same */
    } rows[] = {
        {"", NULL},
        {"Hello", NULL},
        {"(광고) 홍길동님, 봄맞이 세일이 시작되었습니다", NULL},
        {"a  b\t c", "a b c"},
        {"  a  ", "a"},
        {"a\r\nBcc: victim@mail.example", "a Bcc: victim@mail.example"},
        {"a\nb\rc", "a b c"},
        {"a\x01"
         "b\x7f"
         "c",
         "a b c"},
        {"a\xff"
         "b",
         "a\xef\xbf\xbd"
         "b"},
        {"=?UTF-8?B?aGk=?=", NULL}, /* text that looks like an encoded word is text */
        {"a line of plain words that is much too long for one line and is therefore folded at its "
         "blanks, "
         "again and again",
         NULL},
        {"oneverylongwordwithoutanyblankoneverylongwordwithoutanyblankoneverylongwordwithoutanyblan"
         "k",
         NULL},
        {"a\xe2\x80\xa8"
         "b",
         "a b"}, /* LINE SEPARATOR */
        {"😀👨‍👩‍👧‍👦 families and 각 in conjoining jamo", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out, got;

        buf_init(&out, 10000);
        buf_init(&got, 10000);
        header_text(&out, "Subject", str_of(rows[i].text));
        if (*rows[i].text)
            read_back(str_n(out.data, out.len), &got);
        assert_string_equal(got.data, rows[i].want ? rows[i].want : rows[i].text);
        buf_done(&out);
        buf_done(&got);
    }
}

/* Every length once, so that every place where a word can end is tried. */
static void syllables_stay_whole(void **state)
{
    (void)state;
    for (size_t n = 1; n < 200; n++) {
        struct buf text, out, got;

        buf_init(&text, 10000);
        buf_init(&out, 10000);
        buf_init(&got, 10000);
        for (size_t i = 0; i < n; i++)
            buf_puts(&text, i % 5 == 0 ? "a" : i % 7 == 0 ? "각" : "가");
        header_text(&out, "Subject", str_n(text.data, text.len));
        read_back(str_n(out.data, out.len), &got);
        assert_string_equal(got.data, text.data);
        buf_done(&text);
        buf_done(&out);
        buf_done(&got);
    }
}

/* Whatever bytes come: one header, its lines short, nothing lost from the good ones. */
static void random_bytes_make_one_header(void **state)
{
    struct rng rng = rng_seed(11);

    (void)state;
    for (int round = 0; round < 3000; round++) {
        char text[400];
        size_t n = rng_below(&rng, sizeof text);
        struct buf out, got;

        for (size_t i = 0; i < n; i++)
            text[i] = (char)(round % 3 ? rng_below(&rng, 256) : 9 + rng_below(&rng, 40));
        buf_init(&out, 100000);
        buf_init(&got, 100000);
        buf_puts(&out, "From: a@b.example\r\n");
        header_text(&out, "Subject", str_n(text, n));
        assert_memory_equal(out.data, "From: a@b.example\r\nSubject: ", 28);
        if (out.len > 19 + 11)
            read_back(str_n(out.data + 19, out.len - 19), &got);
        assert_int_equal(utf8_bad_at(got.data, got.len), got.len);
        buf_done(&out);
        buf_done(&got);
    }
}

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
        header_mailbox(&out, "From", str_of(rows[i].display), str_of("a@b.example"));
        assert_string_equal(out.data, rows[i].want);
        buf_done(&out);
    }
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
        cmocka_unit_test(texts_come_back),
        cmocka_unit_test(syllables_stay_whole),
        cmocka_unit_test(random_bytes_make_one_header),
        cmocka_unit_test(mailboxes),
        cmocka_unit_test(addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
