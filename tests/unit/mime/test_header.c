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

/* Reads one field back as RFC 5322 and 2047 say. */
static void read_back(struct str field, struct buf *out)
{
    struct buf value;

    buf_init(&value, 100000);
    unfold(field, "Subject", 76, &value);
    decode_words(str_n(value.data, value.len), out);
    buf_done(&value);
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
        for (enum mail_charset c = MAIL_UTF8; c < MAIL_CHARSETS; c++) {
            struct buf out, got;

            buf_init(&out, 10000);
            buf_init(&got, 10000);
            header_text(&out, "Subject", str_of(rows[i].text), c);
            if (*rows[i].text)
                read_back(str_n(out.data, out.len), &got);
            assert_string_equal(got.data, rows[i].want ? rows[i].want : rows[i].text);
            buf_done(&out);
            buf_done(&got);
        }
    }
}

/* Every length once, so that every place where a word can end is tried. */
static void syllables_stay_whole(void **state)
{
    (void)state;
    for (size_t n = 1; n < 600; n++) {
        struct buf text, out, got;

        buf_init(&text, 10000);
        buf_init(&out, 10000);
        buf_init(&got, 10000);
        for (size_t i = 0; i < n / 3; i++)
            buf_puts(&text, i % 5 == 0 ? "a" : i % 7 == 0 ? "각" : "가");
        header_text(&out, "Subject", str_n(text.data, text.len), (enum mail_charset)(n % 3));
        if (n >= 3)
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
        header_text(&out, "Subject", str_n(text, n), (enum mail_charset)(round / 3 % 3));
        assert_memory_equal(out.data, "From: a@b.example\r\nSubject: ", 28);
        if (out.len > 19 + 11)
            read_back(str_n(out.data + 19, out.len - 19), &got);
        assert_int_equal(utf8_bad_at(got.data, got.len), got.len);
        buf_done(&out);
        buf_done(&got);
    }
}

/* What Python's email.header makes of the texts; RFC 1557 wants EUC-KR in the headers of a message
 * in ISO-2022-KR. */
static void words_have_the_charset_if_they_can(void **state)
{
    static const struct {
        enum mail_charset charset;
        const char *text, *want;
    } rows[] = {
        {MAIL_EUC_KR, "봄날", "Subject: =?EUC-KR?B?ur2zrw==?=\r\n"},
        {MAIL_ISO_2022_KR, "봄날", "Subject: =?EUC-KR?B?ur2zrw==?=\r\n"},
        {MAIL_EUC_KR, "봄날 😀", "Subject: =?UTF-8?B?67SE64KgIPCfmIA=?=\r\n"},
        {MAIL_ISO_2022_KR, "뷁", "Subject: =?UTF-8?B?67eB?=\r\n"},
        {MAIL_EUC_KR, "plain", "Subject: plain\r\n"},
        {MAIL_ISO_2022_KR, "plain", "Subject: plain\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;

        buf_init(&out, 1000);
        header_text(&out, "Subject", str_of(rows[i].text), rows[i].charset);
        assert_string_equal(out.data, rows[i].want);
        buf_done(&out);
    }
}

/* Some readers take neighbours in one charset for one piece of base64, and stop at its padding. */
static void padding_ends_the_last_word_only(void **state)
{
    static const char *const texts[] = {
        "(광고) 홍길동님, 봄맞이 세일이 시작되었습니다. 오늘부터 일주일 동안, 모든 상품을 반값에!",
        "[봄날] 6월 1일 (토) 밤 10시부터 6월 2일 (일) 아침 6시까지 서비스 점검이 있습니다.",
        "가나다라마바사아자차카타파하가나다라마바사아자차카타파하가나다라마바사아자차카타파하",
        "(광고) 김하늘님, 이번 주말까지만 진행되는 특별한정판매이벤트안내드립니다 놓치지 마세요",
        "a가나다라마바사아자차카타파하가나다라마바사아자차카타파하가나다라마바사아자차카타파하",
        "[안내] 개인정보처리방침및이용약관변경사항을알려드립니다꼭확인하여주시기바랍니다고객님께",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        for (enum mail_charset c = MAIL_UTF8; c < MAIL_CHARSETS; c++) {
            struct buf out;

            buf_init(&out, 10000);
            header_text(&out, "Subject", str_of(texts[i]), c);
            assert_non_null(strstr(out.data, "?=\r\n ="));
            assert_null(strstr(out.data, "=?=\r\n ="));
            buf_done(&out);
        }
    }
}

/* Every word alone: whole characters in its charset (decode_words asserts it), no marks at its
 * beginning, no padding but at the very end. */
static void check_each_word(struct str field)
{
    struct buf value;
    struct str rest, word;

    buf_init(&value, 100000);
    unfold(field, "Subject", 76, &value);
    rest = str_n(value.data, value.len);
    while (str_cut(&rest, ' ', &word)) {
        struct buf text;
        uint32_t cp;

        buf_init(&text, 1000);
        decode_words(word, &text);
        assert_true(text.len > 0);
        assert_true(rest.n == 0 || !str_ends_nocase(word, "=?="));
        utf8_next(text.data, text.len, &cp);
        assert_false(cp == 0x200d || cp == 0x301 || (cp >= 0x1160 && cp <= 0x11ff));
        buf_done(&text);
    }
    buf_done(&value);
}

/* Long runs of Hangul behind whatever shifts them; names of fields move the first word. */
static void mixed_texts_come_back_word_by_word(void **state)
{
    static const char *const pieces[] = {"가",
                                         "나다라마바사아자차카타파하",
                                         "특별한정판",
                                         "a",
                                         " ",
                                         "(광고) ",
                                         "!",
                                         "e\xcc\x81",
                                         "😀",
                                         "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8",
                                         "👨\xe2\x80\x8d👩",
                                         "é"};
    struct rng rng = rng_seed(17);

    (void)state;
    for (int round = 0; round < 20000; round++) {
        size_t most = round % 3 ? 7 : 12; /* without the last five, EUC-KR has all of it */
        struct buf text, out, got;

        buf_init(&text, HEADER_TEXT_MAX);
        buf_init(&out, 100000);
        buf_init(&got, 100000);
        buf_puts(&text, "봄");
        for (size_t n = 1 + rng_below(&rng, 40); n; n--)
            buf_puts(&text, pieces[rng_below(&rng, rng_below(&rng, 3) ? most : 2)]);
        buf_puts(&text, "끝");
        header_text(&out, "Subject", str_n(text.data, text.len), (enum mail_charset)(round % 2));
        read_back(str_n(out.data, out.len), &got);
        if (!strstr(text.data, "  "))
            assert_string_equal(got.data, text.data);
        check_each_word(str_n(out.data, out.len));
        buf_done(&text);
        buf_done(&out);
        buf_done(&got);
    }
}

static void text_is_replaced_in_place(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 1000);
    buf_puts(&out, "To: a@b.example\r\n봄날\r\n");
    header_text_in_place(&out, "Subject", 17, MAIL_UTF8);
    assert_string_equal(out.data, "To: a@b.example\r\nSubject: =?UTF-8?B?67SE64Kg?=\r\n");
    buf_done(&out);
    buf_init(&out, 20);
    buf_puts(&out, "To: a@b.example\r\nabc");
    header_text_in_place(&out, "Subject", 17, MAIL_UTF8);
    assert_true(buf_is_full(&out));
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_come_back),
        cmocka_unit_test(syllables_stay_whole),
        cmocka_unit_test(random_bytes_make_one_header),
        cmocka_unit_test(words_have_the_charset_if_they_can),
        cmocka_unit_test(padding_ends_the_last_word_only),
        cmocka_unit_test(mixed_texts_come_back_word_by_word),
        cmocka_unit_test(text_is_replaced_in_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
