#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <iconv.h>
#include <string.h>

#include <sluice/base/utf8.h>

#include "decode.h"

static int digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

void decode_base64(struct str s, struct buf *out)
{
    unsigned bits = 0, value = 0;
    size_t digits = 0, padding = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (strchr("\r\n", s.p[i]))
            continue;
        digits++;
        if (s.p[i] == '=') {
            padding++;
            continue;
        }
        assert_true(digit(s.p[i]) >= 0 && padding == 0);
        value = value << 6 | (unsigned)digit(s.p[i]);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            buf_putc(out, (char)(value >> bits & 255));
        }
    }
    assert_int_equal(digits % 4, 0);
    assert_true(padding <= 2);
}

static int hex(char c)
{
    assert_true((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'));
    return c <= '9' ? c - '0' : c - 'A' + 10;
}

void decode_qp(struct str s, struct buf *out)
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

void check_lines(struct str s)
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

void unfold(struct str field, const char *name, size_t line_max, struct buf *out)
{
    size_t colon = strlen(name);
    struct str line;
    bool is_first = true;

    assert_true(field.n > colon + 3 && memcmp(field.p + field.n - 2, "\r\n", 2) == 0);
    assert_memory_equal(field.p, name, colon);
    assert_memory_equal(field.p + colon, ": ", 2);
    field = str_n(field.p + colon + 2, field.n - colon - 2);
    while (str_cut(&field, '\n', &line)) {
        assert_true(line.n && line.p[line.n - 1] == '\r');
        line.n--;
        assert_true(line.n + (is_first ? colon + 2 : 0) <= line_max);
        for (size_t i = 0; i < line.n; i++)
            assert_true(line.p[i] >= ' ' && line.p[i] < 0x7f);
        if (!is_first)
            assert_true(line.n > 1 && line.p[0] == ' ' && line.p[1] != ' ');
        buf_put(out, line.p, line.n);
        is_first = false;
    }
}

static void decode_charset(const char *charset, struct str bytes, struct buf *out)
{
    char text[1000];
    char *from = (char *)bytes.p, *to = text;
    size_t from_left = bytes.n, room = sizeof text;
    iconv_t cd = iconv_open("UTF-8", charset);

    assert_true(cd != (iconv_t)-1);
    assert_int_equal(iconv(cd, &from, &from_left, &to, &room), 0);
    assert_int_equal(from_left, 0);
    iconv_close(cd);
    assert_int_equal(utf8_bad_at(text, (size_t)(to - text)), (size_t)(to - text));
    buf_put(out, text, (size_t)(to - text));
}

/* RFC 2047, section 4.2, with what section 5 (3) asks for in a display name. */
static void decode_q(struct str s, struct buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '=') {
            assert_true(i + 2 < s.n);
            buf_putc(out, (char)(hex(s.p[i + 1]) << 4 | hex(s.p[i + 2])));
            i += 2;
            continue;
        }
        assert_true(s.p[i] == '_' || (s.p[i] >= '0' && s.p[i] <= '9') ||
                    ((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z'));
        buf_putc(out, s.p[i] == '_' ? ' ' : s.p[i]);
    }
}

static bool decode_word(struct str word, struct buf *out)
{
    char charset[20];
    const char *b = word.n ? memmem(word.p, word.n, "?B?", 3) : NULL;
    const char *q = word.n ? memmem(word.p, word.n, "?Q?", 3) : NULL;
    struct str coded;
    struct buf bytes;

    if (!str_starts(word, "=?") || !str_ends_nocase(word, "?=") || (!b && !q))
        return false;
    assert_true(word.n <= 75);
    b = b ? b : q;
    str_copy(charset, sizeof charset, str_n(word.p + 2, (size_t)(b - word.p) - 2));
    buf_init(&bytes, 100);
    coded = str_n(b + 3, word.n - 2 - (size_t)(b + 3 - word.p));
    if (q)
        decode_q(coded, &bytes);
    else
        decode_base64(coded, &bytes);
    decode_charset(charset, str_n(bytes.data, bytes.len), out);
    buf_done(&bytes);
    return true;
}

void decode_words(struct str value, struct buf *out)
{
    struct str word;
    bool was_word = false;
    bool is_first = true;

    while (str_cut(&value, ' ', &word)) {
        size_t start = out->len;
        struct buf decoded;
        bool is_word;

        buf_init(&decoded, 1000);
        is_word = decode_word(word, &decoded);
        if (!is_first && !(is_word && was_word))
            buf_putc(out, ' ');
        if (is_word)
            buf_put(out, decoded.data, decoded.len);
        else
            buf_put(out, word.p, word.n);
        assert_true(out->len >= start);
        was_word = is_word;
        is_first = false;
        buf_done(&decoded);
    }
}

void decode_mailbox(struct str value, struct buf *display, struct buf *address)
{
    size_t i = 0;

    if (!memchr(value.p, '<', value.n)) {
        buf_put(address, value.p, value.n);
        return;
    }
    assert_int_equal(value.p[value.n - 1], '>');
    if (value.p[0] == '"') {
        for (i = 1; i < value.n && value.p[i] != '"'; i++) {
            i += value.p[i] == '\\';
            buf_putc(display, value.p[i]);
        }
        i++;
    } else {
        while (value.p[i] != '<') {
            assert_null(strchr("()>@,;:\\\".[]", value.p[i]));
            i++;
        }
        i -= i > 0;
        decode_words(str_n(value.p, i), display);
    }
    assert_true(i + 2 < value.n);
    assert_true((i == 0 && value.p[0] == '<') || memcmp(value.p + i, " <", 2) == 0);
    i += i > 0 || value.p[0] == ' ';
    buf_put(address, value.p + i + 1, value.n - i - 2);
}
