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

#include "decode.h"

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
