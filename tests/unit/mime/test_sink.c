/* What goes into a sink comes out of an independent decoder, in lines that every server takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <sluice/base/rng.h>
#include <sluice/base/utf8.h>

#include <sluice/mime/sink.h>

static int digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

static void decode_base64(struct str s, struct buf *out)
{
    unsigned bits = 0, value = 0;

    for (size_t i = 0; i < s.n; i++) {
        int d = digit(s.p[i]);

        if (d < 0) {
            assert_true(strchr("=\r\n", s.p[i]) != NULL);
            continue;
        }
        value = value << 6 | (unsigned)d;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            buf_putc(out, (char)(value >> bits & 255));
        }
    }
}

static int hex(char c)
{
    assert_true((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'));
    return c <= '9' ? c - '0' : c - 'A' + 10;
}

static void decode_qp(struct str s, struct buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '=') {
            /* Blanks at the end of a line are lost on the way. */
            if (s.p[i] == ' ' || s.p[i] == '\t')
                assert_true(i + 1 < s.n && s.p[i + 1] != '\r');
            buf_putc(out, s.p[i]);
            continue;
        }
        assert_true(i + 2 < s.n);
        if (s.p[i + 1] == '\r')
            assert_int_equal(s.p[i + 2], '\n');
        else
            buf_putc(out, (char)(hex(s.p[i + 1]) << 4 | hex(s.p[i + 2])));
        i += 2;
    }
}

/* Lines of at most 76 characters, all of them ASCII, each ended by CRLF and nothing else. */
static void check_lines(struct str s)
{
    size_t line = 0;

    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c == '\r') {
            assert_true(i + 1 < s.n && s.p[i + 1] == '\n');
            assert_true(line <= 76);
            line = 0;
            i++;
            continue;
        }
        assert_true((c >= ' ' && c < 0x7f) || c == '\t');
        line++;
    }
    assert_int_equal(line, 0);
}

static const char *const pieces[] = {
    "",
    " ",
    "\t",
    "a",
    "=",
    ".",
    "..",
    "가",
    "한글 시험",
    "a b",
    "ends in blank ",
    "\r\n",
    "\r\n\r\n",
    "x\r\n",
    "\r\n.",
    "\r\ny",
    "line one\r\nline two \r\n\tline three",
    "a long line without any end that goes beyond what one line of an encoded body may hold, twice "
    "over, so that it must be broken more than once",
    "끝없이 이어지는 한글 문장은 인용 부호화에서 한 글자가 아홉 글자로 늘어나므로 줄을 여러 번 "
    "나누어야 "
    "합니다",
    "====================================================================",
};
#define PIECES (sizeof pieces / sizeof *pieces)

static void bodies_survive_their_encoding(void **state)
{
    struct rng rng = rng_seed(7);

    (void)state;
    for (int round = 0; round < 4000; round++) {
        enum body_encoding e = round % 2 ? BODY_QP : BODY_BASE64;
        struct fixed fixed[16];
        struct sink s;
        struct buf out, want, got;
        size_t n = rng_below(&rng, 16);

        buf_init(&out, 1 << 20);
        buf_init(&want, 1 << 20);
        buf_init(&got, 1 << 20);
        sink_begin(&s, &out, e);
        for (size_t i = 0; i < n; i++) {
            const char *piece = pieces[rng_below(&rng, PIECES)];

            buf_puts(&want, piece);
            fixed_init(&fixed[i], e, str_of(piece));
            if (rng_below(&rng, 2))
                sink_fixed(&s, &fixed[i]);
            else
                sink_value(&s, piece, strlen(piece), false);
        }
        sink_end(&s);
        check_lines(str_n(out.data, out.len));
        (e == BODY_QP ? decode_qp : decode_base64)(str_n(out.data, out.len), &got);
        /* Quoted-printable ends with a line end of its own where the text has none. */
        if (e == BODY_QP && want.len && want.data[want.len - 1] != '\n')
            buf_puts(&want, "\r\n");
        assert_string_equal(got.data, want.data);
        for (size_t i = 0; i < n; i++)
            fixed_done(&fixed[i]);
        buf_done(&out);
        buf_done(&want);
        buf_done(&got);
    }
}

static void values_are_made_harmless(void **state)
{
    static const struct {
        const char *value;
        size_t n; /* 0: strlen */
        bool html;
        const char *want;
    } rows[] = {
        {"a<b>&\"'", 0, true, "a&lt;b&gt;&amp;&quot;&#39;"},
        {"a<b>&\"'", 0, false, "a<b>&\"'"},
        {"a\nb\rc\r\nd", 0, false, "a\r\nb\r\nc\r\nd"},
        {"\r", 0, false, "\r\n"},
        {"\n\n\r\r\n", 0, true, "\r\n\r\n\r\n\r\n"},
        {"a\0b", 3, false, "ab"},
        {"a\x01\x1b\x7f"
         "b\tc",
         0, true, "ab\tc"},
        {"a\xff"
         "b\xc3",
         0, false,
         "a\xef\xbf\xbd"
         "b\xef\xbf\xbd"},
        {"\xed\xa0\x80", 0, false, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* a surrogate */
        {"가<나", 0, true, "가&lt;나"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t n = rows[i].n ? rows[i].n : strlen(rows[i].value);
        struct sink s;
        struct buf out, got;

        buf_init(&out, 1000);
        buf_init(&got, 1000);
        sink_begin(&s, &out, BODY_BASE64);
        sink_value(&s, rows[i].value, n, rows[i].html);
        sink_end(&s);
        decode_base64(str_n(out.data, out.len), &got);
        assert_int_equal(got.len, strlen(rows[i].want));
        assert_string_equal(got.data, rows[i].want);
        buf_done(&out);
        buf_done(&got);
    }
}

static void qp_size_is_close(void **state)
{
    (void)state;
    for (size_t i = 0; i < PIECES; i++) {
        struct fixed f;
        struct sink s;
        struct buf out;
        size_t guess = qp_size(str_of(pieces[i]));

        buf_init(&out, 10000);
        fixed_init(&f, BODY_QP, str_of(pieces[i]));
        sink_begin(&s, &out, BODY_QP);
        sink_fixed(&s, &f);
        assert_true(guess <= out.len + 5 && out.len <= guess + 3 + guess / 16);
        fixed_done(&f);
        buf_done(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_survive_their_encoding),
        cmocka_unit_test(values_are_made_harmless),
        cmocka_unit_test(qp_size_is_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
