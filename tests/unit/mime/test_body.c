#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <sluice/base/rng.h>

#include <sluice/mime/sink.h>

#include "decode.h"

static void encodes(enum body_encoding e, struct str raw, const char *want)
{
    struct buf out;

    buf_init(&out, 1 << 20);
    body_encode(&out, e, raw);
    assert_string_equal(out.data, want);
    buf_done(&out);
}

static void bodies(void **state)
{
    (void)state;
    encodes(BODY_RAW, str_of(""), "");
    encodes(BODY_QP, str_of(""), "");
    encodes(BODY_BASE64, str_of(""), "");
    encodes(BODY_RAW, str_of("a"), "a\r\n");
    encodes(BODY_RAW, str_of("a\r\n"), "a\r\n");
    encodes(BODY_QP, str_of("\xb0\xa1 = a \r\n.\r\n\r\nb"), "=B0=A1 =3D a=20\r\n.\r\n\r\nb\r\n");
    encodes(BODY_QP, str_of("a\nb\rc\t"), "a=0Ab=0Dc=09\r\n");
    encodes(BODY_BASE64, str_of("\xb0\xa1"), "sKE=\r\n");
    encodes(BODY_BASE64, str_n("\0\0\0", 3), "AAAA\r\n");
    encodes(BODY_BASE64, str_of("12345678901234567890123456789012345678901234567890123456x"),
            "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTZ4\r\n");
}

static void any_bytes_come_back(void **state)
{
    struct rng rng = rng_seed(13);

    (void)state;
    for (int round = 0; round < 2000; round++) {
        enum body_encoding e = round % 2 ? BODY_QP : BODY_BASE64;
        char raw[2000];
        size_t n = rng_below(&rng, round < 1000 ? 200 : sizeof raw);
        struct buf out, got;

        for (size_t i = 0; i < n; i++)
            raw[i] = round % 3 ? (char)rng_below(&rng, 256) : "ab \t\r\n=."[rng_below(&rng, 8)];
        buf_init(&out, 1 << 16);
        buf_init(&got, 1 << 16);
        body_encode(&out, e, str_n(raw, n));
        check_lines(str_n(out.data, out.len));
        (e == BODY_QP ? decode_qp : decode_base64)(str_n(out.data, out.len), &got);
        /* The line that quoted-printable ends with is the encoding's, unless the text has it. */
        if (e == BODY_QP && got.len == n + 2)
            buf_cut(&got, n);
        assert_int_equal(got.len, n);
        assert_memory_equal(got.data, raw, n);
        buf_done(&out);
        buf_done(&got);
    }
}

static void the_best_encoding(void **state)
{
    static const struct {
        const char *raw;
        enum body_encoding want;
    } rows[] = {
        {"", BODY_RAW},
        {"plain\r\ntext", BODY_RAW},
        {"\x1b$)C\x0eGQ1[\x0f\r\n", BODY_RAW}, /* ISO-2022-KR */
        {"caf\xc3\xa9 and much more text in ASCII\r\n", BODY_QP},
        {"한글 문장", BODY_BASE64},
        {"bare\nline ends", BODY_BASE64},
        {"bare\rline ends", BODY_BASE64},
        {"ends in CR\r", BODY_BASE64},
        {"\x7f", BODY_BASE64},
        {"\x89PNG\r\n\x1a\n", BODY_BASE64},
    };
    char line[1000];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(body_encoding_best(str_of(rows[i].raw)), rows[i].want);
    assert_int_equal(body_encoding_best(str_n("a\0b", 3)), BODY_BASE64);
    memset(line, 'x', sizeof line);
    assert_int_equal(body_encoding_best(str_n(line, 998)), BODY_RAW);
    assert_int_equal(body_encoding_best(str_n(line, 999)), BODY_QP);
}

/* A buffer that is too small turns full and gets no half line beyond its maximum. */
static void full_buffers(void **state)
{
    (void)state;
    for (enum body_encoding e = BODY_RAW; e <= BODY_BASE64; e++) {
        struct buf out;

        buf_init(&out, 20);
        body_encode(&out, e, str_of("a text that does not go into it"));
        assert_true(buf_is_full(&out));
        assert_true(out.len <= 20);
        buf_done(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies),
        cmocka_unit_test(any_bytes_come_back),
        cmocka_unit_test(the_best_encoding),
        cmocka_unit_test(full_buffers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
