#include "headers.h"

static struct str without_cr(struct str line)
{
    if (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    return line;
}

static void put_trimmed(struct buf *out, struct str piece)
{
    piece = str_trim(piece);
    if (out->len && piece.n)
        buf_putc(out, ' ');
    buf_put(out, piece.p, piece.n);
}

bool header_find(struct str message, const char *name, struct buf *out)
{
    struct str rest = message, line, wanted = str_of(name);
    bool is_found = false;

    buf_clear(out);
    while (str_cut(&rest, '\n', &line)) {
        line = without_cr(line);
        if (line.n == 0)
            break;
        if (line.p[0] == ' ' || line.p[0] == '\t') {
            if (is_found)
                put_trimmed(out, line);
            continue;
        }
        if (is_found)
            break;
        if (line.n > wanted.n && line.p[wanted.n] == ':' &&
            str_eq_nocase(str_n(line.p, wanted.n), wanted)) {
            is_found = true;
            put_trimmed(out, str_n(line.p + wanted.n + 1, line.n - wanted.n - 1));
        }
    }
    return is_found;
}

/* ---- RFC 2047 */

static int hex(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = strchr(digits, c | (c >= 'A' ? 0x20 : 0));

    return c && at ? (int)(at - digits) : -1;
}

static bool decode_q(struct str text, struct buf *out)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '=') {
            buf_putc(out, text.p[i] == '_' ? ' ' : text.p[i]);
            continue;
        }
        if (text.n - i < 3 || hex(text.p[i + 1]) < 0 || hex(text.p[i + 2]) < 0)
            return false;
        buf_putc(out, (char)(hex(text.p[i + 1]) << 4 | hex(text.p[i + 2])));
        i += 2;
    }
    return true;
}

static bool decode_b(struct str text, struct buf *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned bits = 0, value = 0;

    for (size_t i = 0; i < text.n && text.p[i] != '='; i++) {
        const char *at = text.p[i] ? strchr(digits, text.p[i]) : NULL;

        if (!at)
            return false;
        value = value << 6 | (unsigned)(at - digits);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            buf_putc(out, (char)(value >> bits & 255));
        }
    }
    return true;
}

/* "=?utf-8?B?...?=" */
static bool decode_word(struct str word, struct buf *out)
{
    struct str rest = str_n(word.p + 2, word.n - 4), charset, how;

    if (!str_cut(&rest, '?', &charset) || !str_cut(&rest, '?', &how) || how.n != 1)
        return false;
    if (!str_eq_nocase(charset, str_of("utf-8")) && !str_eq_nocase(charset, str_of("us-ascii")))
        return false;
    if ((how.p[0] | 0x20) == 'q')
        return decode_q(rest, out);
    return (how.p[0] | 0x20) == 'b' && decode_b(rest, out);
}

static bool is_word(struct str s)
{
    return s.n > 8 && str_starts(s, "=?") && s.p[s.n - 2] == '?' && s.p[s.n - 1] == '=';
}

bool header_decode(struct str value, struct buf *out)
{
    struct str one;
    bool was_word = false;

    while (str_cut(&value, ' ', &one)) {
        bool is = is_word(one);

        if (one.n == 0)
            continue;
        /* the blank between two words is none */
        if (out->len && !(is && was_word))
            buf_putc(out, ' ');
        if (!is)
            buf_put(out, one.p, one.n);
        else if (!decode_word(one, out))
            return false;
        was_word = is;
    }
    return true;
}
