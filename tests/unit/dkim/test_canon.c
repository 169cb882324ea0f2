#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <sluice/base/rng.h>

#include "canon.h"
#include "fields.h"
#include "helper_verify.h"

static void hash_text(struct str s, unsigned char out[32])
{
    assert_int_equal(EVP_Digest(s.p, s.n, out, NULL, EVP_sha256(), NULL), 1);
}

static void assert_body(struct str body, struct str want)
{
    unsigned char got[32], wanted[32];
    struct digest d;

    digest_begin(&d);
    canon_body(&d, body);
    digest_result(&d, got);
    digest_end(&d);
    hash_text(want, wanted);
    if (memcmp(got, wanted, 32) != 0)
        fail_msg("the body '%.*s' does not become '%.*s'", (int)body.n, body.p, (int)want.n,
                 want.p);
}

static void bodies(void **state)
{
    static const struct {
        const char *body, *want;
    } rows[] = {
        {"", ""},
        {"\r\n", ""},
        {"\r\n\r\n\r\n", ""},
        {" \t\r\n \r\n\t", ""},
        {" ", ""},
        {"a", "a\r\n"},
        {"a\r\n", "a\r\n"},
        {"a \t", "a\r\n"},
        {"a \t\r\n", "a\r\n"},
        {"a\r\n\r\n\r\n", "a\r\n"},
        {"a\r\n \r\n\t\t\r\n", "a\r\n"},
        {"a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n"},
        {"a\r\n \t\r\nb", "a\r\n\r\nb\r\n"},
        {" C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n"}, /* RFC 6376 3.4.5 */
        {"\ta\tb  c\r\n", " a b c\r\n"},
        {"  a\r\n", " a\r\n"},
        {"a b c\r\n", "a b c\r\n"},
        {"a\rb \rc\r\n", "a\rb \rc\r\n"}, /* a CR alone ends no line */
        {"a \nb\n", "a \nb\n\r\n"},
        {"\r", "\r\r\n"},
        {"\n", "\n\r\n"},
        {"a \r", "a \r\r\n"},
        {"..\r\n.\r\n", "..\r\n.\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_body(str_of(rows[i].body), str_of(rows[i].want));
}

/* All that can be made of the bytes that matter, up to 7 of them, and behind a long line of
 * others. */
static void all_short_bodies(void **state)
{
    static const char byte[] = " \t\r\na";
    char body[7 + 60];
    struct buf want;

    (void)state;
    buf_init(&want, 1000);
    memset(body, 'x', sizeof body);
    for (size_t n = 0; n <= 7; n++) {
        size_t all = 1;

        for (size_t i = 0; i < n; i++)
            all *= 5;
        for (size_t code = 0; code < all; code++) {
            size_t rest = code;

            for (size_t i = 0; i < n; i++, rest /= 5)
                body[60 + i] = byte[rest % 5];
            for (size_t from = 0; from <= 60; from += 60) {
                buf_clear(&want);
                relaxed_body(str_n(body + from, 60 + n - from), &want);
                assert_body(str_n(body + from, 60 + n - from), str_n(want.data, want.len));
            }
        }
    }
    buf_done(&want);
}

/* Blanks at every place within and around the blocks that are looked at as a whole. */
static void long_bodies(void **state)
{
    static const char *const part[] = {" ",        "  ",   "\t",     " \r\n",     "\r\n",
                                       "\r\n\r\n", "word", "longer", "=EC=95=88", "\r"};
    struct rng r = rng_seed(7);
    struct buf body, want;

    (void)state;
    buf_init(&body, 100000);
    buf_init(&want, 200000);
    for (int round = 0; round < 3000; round++) {
        size_t parts = rng_below(&r, 400);

        buf_clear(&body);
        buf_clear(&want);
        for (size_t i = 0; i < parts; i++)
            buf_puts(&body,
                     rng_below(&r, 5) ? part[6 + rng_below(&r, 3)] : part[rng_below(&r, 10)]);
        relaxed_body(str_n(body.data, body.len), &want);
        assert_body(str_n(body.data, body.len), str_n(want.data, want.len));
    }
    buf_done(&body);
    buf_done(&want);
}

static void header_fields(void **state)
{
    static const struct {
        const char *name, *value, *want;
    } rows[] = {
        {"A", " X", "a:X"}, /* RFC 6376 3.4.5 */
        {"B", " Y\t\r\n\tZ  ", "b:Y Z"},
        {"SUBJect", "", "subject:"},
        {"Subject", "   ", "subject:"},
        {"Subject", " \r\n ", "subject:"},
        {"Subject", "\r\n\ta", "subject:a"},
        {"Subject", " a\r\n \r\n\tb \t c", "subject:a b c"},
        {"Subject", "a:b : c", "subject:a:b : c"},
        {"X-\xc3\x84", " \xec\x95\x88\xeb\x85\x95", "x-\xc3\x84:\xec\x95\x88\xeb\x85\x95"},
        {"List-Unsubscribe", " <https://t.example/u/a>,\r\n <mailto:u@t.example>",
         "list-unsubscribe:<https://t.example/u/a>, <mailto:u@t.example>"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int is_last = 0; is_last < 2; is_last++) {
            unsigned char got[32], want[32];
            struct digest d;
            char text[200];

            digest_begin(&d);
            (is_last ? canon_last_field : canon_field)(&d, str_of(rows[i].name),
                                                       str_of(rows[i].value));
            digest_result(&d, got);
            digest_end(&d);
            strcat(strcpy(text, rows[i].want), is_last ? "" : "\r\n");
            hash_text(str_of(text), want);
            assert_memory_equal(got, want, 32);
        }
    }
}

/* "Name=value|": value "-" for one that is signed as absent. */
static void list_fields(struct fields *f, struct buf *out)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct field *one = &f->item[i];
        struct str value = one->value.p ? str_trim(one->value) : str_of("-");

        buf_printf(out, "%.*s=%.*s|", (int)one->listed.n, one->listed.p, (int)value.n, value.p);
    }
}

#define MIME_ABSENT "MIME-Version=-|Content-Type=-|Content-Transfer-Encoding=-|"

static void fields_of_messages(void **state)
{
    static const struct {
        const char *message, *want, *body;
    } rows[] = {
        {"", "From=-|Reply-To=-|Subject=-|Date=-|Message-ID=-|To=-|Cc=-|" MIME_ABSENT, ""},
        {"\r\nbody", "From=-|Reply-To=-|Subject=-|Date=-|Message-ID=-|To=-|Cc=-|" MIME_ABSENT,
         "body"},
        {"From: a\r\n",
         "From=a|From=-|Reply-To=-|Subject=-|Date=-|Message-ID=-|To=-|Cc=-|" MIME_ABSENT, ""},
        {"From: a", "From=a|From=-|Reply-To=-|Subject=-|Date=-|Message-ID=-|To=-|Cc=-|" MIME_ABSENT,
         ""},
        {"from : a\r\nX-Own: b\r\nCC: c\r\n\r\nSubject: none\r\n",
         "From=a|From=-|Reply-To=-|Subject=-|Date=-|Message-ID=-|To=-|Cc=c|Cc=-|" MIME_ABSENT,
         "Subject: none\r\n"},
        {"List-Id: 1\r\nFrom: a\r\nList-ID: 2\r\nFrom: b\r\n\r\n",
         "From=b|From=a|From=-|Reply-To=-|Subject=-|Date=-|Message-ID=-|To=-|Cc=-|" MIME_ABSENT
         "List-Id=2|List-Id=1|List-Id=-|",
         ""},
        {"no colon\r\nFeedback-ID:\r\n: no name\r\n\r\n",
         "From=-|Reply-To=-|Subject=-|Date=-|Message-ID=-|To=-|Cc=-|" MIME_ABSENT
         "Feedback-ID=|Feedback-ID=-|",
         ""},
        {"To: a,\r\n b\r\n\tc\r\nDate: d\r\n\r\n",
         "From=-|Reply-To=-|Subject=-|Date=d|Date=-|Message-ID=-|To=a,\r\n "
         "b\r\n\tc|To=-|Cc=-|" MIME_ABSENT,
         ""},
        {"To: a\nSubject: b\r\n\r\n",
         "From=-|Reply-To=-|Subject=-|Date=-|Message-ID=-|To=a\nSubject: b|To=-|Cc=-|" MIME_ABSENT,
         ""},
        {"To: a\r\n \r\n\r\nx",
         "From=-|Reply-To=-|Subject=-|Date=-|Message-ID=-|To=a|To=-|Cc=-|" MIME_ABSENT, "x"},
    };
    struct buf got;

    (void)state;
    buf_init(&got, 1000);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fields f;
        size_t at = fields_find(&f, str_of(rows[i].message));

        buf_clear(&got);
        list_fields(&f, &got);
        assert_string_equal(got.data, rows[i].want);
        assert_string_equal(rows[i].message + at, rows[i].body);
        assert_false(f.is_over);
    }
    buf_done(&got);
}

static void too_many_fields_are_told(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 10000);
    for (size_t i = 0; i <= FIELDS_MAX; i++) {
        struct fields f;

        fields_find(&f, str_n(b.data, b.len));
        assert_int_equal(f.is_over, i + 10 > FIELDS_MAX); /* ten are signed once more */
        buf_puts(&b, "Cc: a\r\n");
    }
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies),
        cmocka_unit_test(all_short_bodies),
        cmocka_unit_test(long_bodies),
        cmocka_unit_test(header_fields),
        cmocka_unit_test(fields_of_messages),
        cmocka_unit_test(too_many_fields_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
