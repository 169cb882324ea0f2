/* The expected bytes are what Python's codecs make of the texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include <sluice/base/rng.h>
#include <sluice/mime/charset.h>

static void converts(enum mail_charset c, const char *text, enum lacking lacking, const char *want)
{
    struct buf out;

    buf_init(&out, 10000);
    buf_puts(&out, "before ");
    assert_int_equal(charset_convert(c, str_of(text), lacking, &out), want != NULL);
    assert_memory_equal(out.data, "before ", 7);
    if (!want)
        want = "";
    if (strcmp(out.data + 7, want) != 0)
        print_message("%s\n", text);
    assert_string_equal(out.data + 7, want);
    buf_done(&out);
}

static void texts_as_python_writes_them(void **state)
{
    static const struct {
        const char *text, *euc_kr, *iso_2022_kr;
    } rows[] = {
        {"", "", ""},
        {"plain ~\\ text\r\n", "plain ~\\ text\r\n", "plain ~\\ text\r\n"},
        {"봄날 세일 (100%)", "\xba\xbd\xb3\xaf \xbc\xbc\xc0\xcf (100%)",
         "\x1b$)C\x0e\x3a\x3d\x33\x2f\x0f \x0e\x3c\x3c\x40\x4f\x0f (100%)"},
        {"a€b®",
         "a\xa2\xe6"
         "b\xa2\xe7",
         "\x1b$)Ca\x0e\x22\x66\x0f"
         "b\x0e\x22\x67\x0f"},
        {"漢字", "\xf9\xd3\xed\xae", "\x1b$)C\x0e\x79\x53\x6d\x2e\x0f"},
        {"￦", "\xa3\xdc", "\x1b$)C\x0e\x23\x5c\x0f"},
        {"₩1,000",
         "\xa3\xdc"
         "1,000",
         "\x1b$)C\x0e\x23\x5c\x0f"
         "1,000"},
        /* The designator stands before the first line, ASCII ends each line (RFC 1557). */
        {"x\r\n한글\r\nab 가\r\n", "x\r\n\xc7\xd1\xb1\xdb\r\nab \xb0\xa1\r\n",
         "\x1b$)Cx\r\n\x0eGQ1[\x0f\r\nab \x0e\x30\x21\x0f\r\n"},
        /* Not in KS X 1001: syllables of CP949 only, emoji, what Windows types as a dash. */
        {"뷁", NULL, NULL},
        {"똠방각하", NULL, NULL},
        {"😀", NULL, NULL},
        {"a — b", NULL, NULL},
        {"㉾", NULL, NULL},
        {"\xc2\x85", NULL, NULL}, /* a C1 control: glibc's EUC-KR has it as one byte */
        {"각", NULL, NULL},   /* the same syllable in conjoining jamo */
        {"bad \xff byte", NULL, NULL},
        {"\xef\xbf\xbf", NULL, NULL},
        /* In ISO-2022-KR these would be read as shifts. */
        {"\x0e", "\x0e", NULL},
        {"\x1b", "\x1b", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        converts(MAIL_EUC_KR, rows[i].text, LACKING_FAILS, rows[i].euc_kr);
        converts(MAIL_ISO_2022_KR, rows[i].text, LACKING_FAILS, rows[i].iso_2022_kr);
        converts(MAIL_UTF8, rows[i].text, LACKING_FAILS, rows[i].text);
        assert_int_equal(charset_has(MAIL_EUC_KR, str_of(rows[i].text)), rows[i].euc_kr != NULL);
    }
}

static void lacking_characters_are_replaced(void **state)
{
    (void)state;
    converts(MAIL_EUC_KR, "뷁 세일 😀", LACKING_QUESTION, "? \xbc\xbc\xc0\xcf ?");
    converts(MAIL_EUC_KR, "뷁 세일 😀", LACKING_REFERENCE, "&#48577; \xbc\xbc\xc0\xcf &#128512;");
    converts(MAIL_ISO_2022_KR, "세뷁", LACKING_REFERENCE, "\x1b$)C\x0e<<\x0f&#48577;");
    converts(MAIL_ISO_2022_KR, "세\x0e\xff", LACKING_QUESTION, "\x1b$)C\x0e<<\x0f??");
    converts(MAIL_EUC_KR, "a\xff", LACKING_REFERENCE, "a&#65533;");
}

static void lacking_characters_have_equivalents(void **state)
{
    static const struct {
        const char *text, *want; /* in UTF-8 */
    } rows[] = {
        {"가\xc2\xa0나\xe2\x80\x89다\xe2\x80\xaf라", "가 나 다 라"},
        {"10–20 — a‐b", "10-20 - a-b"},
        {"• 하나 ‣ 둘 ・ 셋", "· 하나 · 둘 · 셋"},
        {"“가” ‘나’ …", "“가” ‘나’ …"},
        {"© 2026 봄날® ™ €", "(c) 2026 봄날® ™ €"},
        {"가\xe2\x80\x8b나\xef\xbb\xbf다\xe2\x80\x8d라\xe2\x81\xa0마\xef\xb8\x8f", "가나다라마"},
        {"«가» ‹나› „다", "《가》 〈나〉 “다"},
        {"£5 ¥6 3µ −1 〜", "￡5 ￥6 3μ -1 ～"},
        {"é 뷁 ✓ 😀", "? ? ? ?"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf want;

        buf_init(&want, 1000);
        assert_true(charset_convert(MAIL_EUC_KR, str_of(rows[i].want), LACKING_FAILS, &want));
        converts(MAIL_EUC_KR, rows[i].text, LACKING_QUESTION, want.data);
        buf_done(&want);
    }
    converts(MAIL_ISO_2022_KR, "가•나", LACKING_QUESTION,
             "\x1b$)C\x0e\x30\x21\x21\x24\x33\x2a\x0f");
    converts(MAIL_EUC_KR, "a\xc2\xa0•", LACKING_REFERENCE, "a&#160;&#8226;");
    for (uint32_t cp = 0; cp < 0x20000; cp++) {
        const char *text = charset_equivalent(cp);

        assert_true(!text || charset_has(MAIL_ISO_2022_KR, str_of(text)));
    }
}

/* All of KS X 1001 but nothing else: number and checksum of Python's table, walked the same way. */
static void the_table_is_ks_x_1001(void **state)
{
    uint32_t sum = 0;
    unsigned count = 0;

    (void)state;
    for (uint32_t cp = 0x80; cp < 0x10000; cp++) {
        char text[3] = {(char)(0xe0 | cp >> 12), (char)(0x80 | (cp >> 6 & 63)),
                        (char)(0x80 | (cp & 63))};
        char two[2] = {(char)(0xc0 | cp >> 6), (char)(0x80 | (cp & 63))};
        struct buf out;

        if ((cp >= 0xd800 && cp < 0xe000) || cp == 0x20a9)
            continue;
        buf_init(&out, 100);
        if (charset_convert(MAIL_EUC_KR, cp < 0x800 ? str_n(two, 2) : str_n(text, 3), LACKING_FAILS,
                            &out)) {
            assert_int_equal(out.len, 2);
            count++;
            sum = sum * 31 +
                  (cp ^ (uint32_t)((unsigned char)out.data[0] << 8 | (unsigned char)out.data[1])
                            << 16);
        }
        buf_done(&out);
    }
    assert_int_equal(count, 8226);
    assert_int_equal(sum, 0xd0981f1d);
}

/* Decodes ISO-2022-KR into EUC-KR by the letter of RFC 1557's syntax. */
static void undo_shifts(struct str s, struct buf *out)
{
    bool is_shifted = false;
    bool is_designated = s.n >= 4 && memcmp(s.p, "\x1b$)C", 4) == 0;

    for (size_t i = is_designated ? 4 : 0; i < s.n; i++) {
        unsigned char b = (unsigned char)s.p[i];

        assert_true(b < 0x80 && b != 0x1b);
        if (b == 0x0e || b == 0x0f) {
            assert_true(is_designated && is_shifted == (b == 0x0f));
            is_shifted = b == 0x0e;
            continue;
        }
        assert_true(!is_shifted || (b >= 0x21 && b <= 0x7e));
        buf_putc(out, (char)(is_shifted ? b | 0x80 : b));
    }
    assert_false(is_shifted);
}

static void both_charsets_say_the_same(void **state)
{
    static const char *const pieces[] = {"가",   "힣", "a", " ",  "\r\n",
                                         "한글", "漢", "€", "ok", "뷁"};
    struct rng rng = rng_seed(3);

    (void)state;
    for (int round = 0; round < 500; round++) {
        struct buf text, euc, iso, got;

        buf_init(&text, 1 << 16);
        buf_init(&euc, 1 << 16);
        buf_init(&iso, 1 << 16);
        buf_init(&got, 1 << 16);
        for (size_t n = rng_below(&rng, 2000); n; n--)
            buf_puts(&text, pieces[rng_below(&rng, sizeof pieces / sizeof *pieces)]);
        assert_true(
            charset_convert(MAIL_EUC_KR, str_n(text.data, text.len), LACKING_QUESTION, &euc));
        assert_true(
            charset_convert(MAIL_ISO_2022_KR, str_n(text.data, text.len), LACKING_QUESTION, &iso));
        undo_shifts(str_n(iso.data, iso.len), &got);
        assert_string_equal(got.data, euc.data);
        buf_done(&text);
        buf_done(&euc);
        buf_done(&iso);
        buf_done(&got);
    }
}

static void *convert_in_a_thread(void *answer)
{
    bool *is_fine = answer;

    *is_fine =
        charset_has(MAIL_EUC_KR, str_of("봄날상회")) && !charset_has(MAIL_EUC_KR, str_of("뷁"));
    return NULL;
}

/* Before anything else asked: all of them find no table yet. */
static void threads_may_come_first(void **state)
{
    pthread_t thread[4];
    bool is_fine[4] = {false};

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, convert_in_a_thread, &is_fine[i]), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(thread[i], NULL);
        assert_true(is_fine[i]);
    }
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(charset_mime_name(MAIL_UTF8), "utf-8");
    assert_string_equal(charset_mime_name(MAIL_EUC_KR), "euc-kr");
    assert_string_equal(charset_mime_name(MAIL_ISO_2022_KR), "iso-2022-kr");
    assert_true(charset_is_available(MAIL_ISO_2022_KR));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_may_come_first),
        cmocka_unit_test(texts_as_python_writes_them),
        cmocka_unit_test(lacking_characters_are_replaced),
        cmocka_unit_test(lacking_characters_have_equivalents),
        cmocka_unit_test(the_table_is_ks_x_1001),
        cmocka_unit_test(both_charsets_say_the_same),
        cmocka_unit_test(names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
