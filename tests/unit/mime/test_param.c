#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <sluice/base/rng.h>
#include <sluice/base/utf8.h>

#include <sluice/mime/header.h>

#include "decode.h"

static void types_and_their_parameters(void **state)
{
    static const struct {
        const char *type, *name, *value, *file_name, *want;
    } rows[] = {
        {"text/plain", "charset", "utf-8", "", "Content-Type: text/plain; charset=utf-8\r\n"},
        {"multipart/mixed", "boundary", "=_x", "",
         "Content-Type: multipart/mixed; boundary=\"=_x\"\r\n"},
        {"a/b", "x", "a\"\\\r\nb", "", "Content-Type: a/b; x=\"a\\\"\\\\b\"\r\n"},
        {"a/b", "x", "", "", "Content-Type: a/b; x=\"\"\r\n"},
        {"image/png", NULL, "", "logo.png", "Content-Type: image/png; name=\"logo.png\"\r\n"},
        {"application/pdf", NULL, "", "price list.pdf",
         "Content-Type: application/pdf; name=\"price list.pdf\"\r\n"},
        {"application/pdf", NULL, "", "안내.pdf",
         "Content-Type: application/pdf;\r\n name=\"=?UTF-8?B?7JWI64K0LnBkZg==?=\"\r\n"},
        {"application/pdf", NULL, "", "=?x?=.pdf",
         "Content-Type: application/pdf;\r\n name=\"=?UTF-8?B?PT94Pz0ucGRm?=\"\r\n"},
        {"application/octet-stream", "x-a-parameter-whose-name-is-long", "and-its-value-too", "",
         "Content-Type: application/octet-stream;\r\n"
         " x-a-parameter-whose-name-is-long=and-its-value-too\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct header_param param = {rows[i].name, str_of(rows[i].value)};
        struct buf out;

        buf_init(&out, 1000);
        header_content_type(&out, rows[i].type, &param, rows[i].name ? 1 : 0,
                            str_of(rows[i].file_name), MAIL_UTF8);
        assert_string_equal(out.data, rows[i].want);
        buf_done(&out);
    }
}

static void file_names_are_only_names(void **state)
{
    static const struct {
        const char *name, *want;
    } rows[] = {
        {"안내.pdf", "안내.pdf"},
        {"a b.pdf", "a b.pdf"},
        {"../../etc/passwd", "passwd"},
        {"C:\\Users\\Kim\\표.xlsx", "표.xlsx"},
        {"...hidden", "hidden"},
        {" . x", "x"},
        {"a\r\nb\t.pdf", "ab.pdf"},
        {"invoice\u202Efdp.exe", "invoicefdp.exe"},
        {"", "file"},
        {"folder/", "file"},
        {"..", "file"},
        {"a\xff.pdf", "a\xef\xbf\xbd.pdf"},
        {"\u1112\u1161\u11ab\u1100\u1173\u11af.pdf", "한글.pdf"}, /* as macOS writes it */
        {"\u1100\u1161\u11a8\u11a8", "각\u11a8"},
        {"trailing  ", "trailing"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;

        buf_init(&out, 1000);
        header_file_name(&out, str_of(rows[i].name));
        assert_string_equal(out.data, rows[i].want);
        buf_done(&out);
    }
}

static void long_file_names_keep_their_ending(void **state)
{
    struct buf name, out;

    (void)state;
    for (size_t n = 50; n < 2000; n = n * 3 / 2) {
        buf_init(&name, 10000);
        buf_init(&out, 10000);
        for (size_t i = 0; i < n; i++)
            buf_puts(&name, "가");
        buf_puts(&name, ".xlsx");
        header_file_name(&out, str_n(name.data, name.len));
        assert_true(out.len <= HEADER_FILE_NAME_MAX);
        assert_int_equal(utf8_bad_at(out.data, out.len), out.len);
        if (n < 600)
            assert_true(str_ends_nocase(str_n(out.data, out.len), ".xlsx"));
        buf_done(&name);
        buf_done(&out);
    }
}

static int hex(char c)
{
    assert_true((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'));
    return c <= '9' ? c - '0' : c - 'A' + 10;
}

static void undo_percent(struct str s, struct buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '%') {
            buf_putc(out, s.p[i]);
            continue;
        }
        assert_true(i + 2 < s.n);
        buf_putc(out, (char)(hex(s.p[i + 1]) << 4 | hex(s.p[i + 2])));
        i += 2;
    }
}

/* `attachment; filename="x"`, `; filename*=UTF-8''x` or the sections of RFC 2231. */
static void decode_file_name(struct str value, struct buf *out)
{
    struct str param;
    unsigned section = 0;

    assert_true(str_cut(&value, ';', &param));
    assert_true(str_is(param, "attachment"));
    if (str_starts(value, " filename=\"")) {
        for (size_t i = 11; i + 1 < value.n; i++) {
            i += value.p[i] == '\\';
            buf_putc(out, value.p[i]);
        }
        assert_int_equal(value.p[value.n - 1], '"');
        return;
    }
    while (str_cut(&value, ';', &param)) {
        char start[40];

        snprintf(start, sizeof start, section ? " filename*%u*=" : " filename*%u*=UTF-8''",
                 section);
        if (section == 0 && str_starts(param, " filename*="))
            strcpy(start, " filename*=UTF-8''");
        assert_true(str_starts(param, start));
        undo_percent(str_n(param.p + strlen(start), param.n - strlen(start)), out);
        assert_int_equal(utf8_bad_at(out->data, out->len), out->len);
        section++;
    }
}

static void check_disposition(const char *name)
{
    struct buf field, value, got, want;

    buf_init(&field, 10000);
    buf_init(&value, 10000);
    buf_init(&got, 10000);
    buf_init(&want, 10000);
    header_file_name(&want, str_of(name));
    header_disposition(&field, "attachment", str_of(name));
    unfold(str_n(field.data, field.len), "Content-Disposition", 76, &value);
    decode_file_name(str_n(value.data, value.len), &got);
    assert_string_equal(got.data, want.data);
    buf_done(&field);
    buf_done(&value);
    buf_done(&got);
    buf_done(&want);
}

static void dispositions(void **state)
{
    static const char *const names[] = {
        "a.pdf",
        "price list.pdf",
        "a\"b;c=d.pdf",
        "안내.pdf",
        "100%.pdf",
        "봄맞이 세일 안내문 (최종) 진짜 최종.pdf",
        "=?UTF-8?B?aGk=?=.pdf",
        "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"",
        "an ASCII name so long that it does not go into one line in one piece, by far.pdf",
        "😀😀😀😀😀😀😀😀.png",
    };
    struct rng rng = rng_seed(9);

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        check_disposition(names[i]);
    for (int round = 0; round < 3000; round++) {
        static const char *const pieces[] = {"가", "a", ".", " ", "%", "😀", "\"", "\xff", "'", "*"};
        char name[400] = "";

        for (size_t n = 1 + rng_below(&rng, 90); n; n--)
            strcat(name, pieces[rng_below(&rng, sizeof pieces / sizeof *pieces)]);
        check_disposition(name);
    }
}

static void names_in_types_come_back(void **state)
{
    static const char *const names[] = {
        "안내.pdf",
        "봄맞이 세일 안내문 (최종) 진짜 최종 정말로 마지막 그리고 또 한 번 고친 것.pdf",
        "an ASCII name so long that it does not go into one line in one piece, by far.pdf",
        "뷁.pdf",
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        for (enum mail_charset c = MAIL_UTF8; c < MAIL_CHARSETS; c++) {
            struct buf field, value, got;
            const char *start = "a/b; name=\"";

            buf_init(&field, 10000);
            buf_init(&value, 10000);
            buf_init(&got, 10000);
            header_content_type(&field, "a/b", NULL, 0, str_of(names[i]), c);
            unfold(str_n(field.data, field.len), "Content-Type", 76, &value);
            assert_true(str_starts(str_n(value.data, value.len), start));
            assert_int_equal(value.data[value.len - 1], '"');
            decode_words(str_n(value.data + strlen(start), value.len - strlen(start) - 1), &got);
            assert_string_equal(got.data, names[i]);
            buf_done(&field);
            buf_done(&value);
            buf_done(&got);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_and_their_parameters),
        cmocka_unit_test(file_names_are_only_names),
        cmocka_unit_test(long_file_names_keep_their_ending),
        cmocka_unit_test(dispositions),
        cmocka_unit_test(names_in_types_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
