/* message_text.c: base64, quoted-printable, charsets. */
#include "message_text.h"

#include <iconv.h>
#include <stdlib.h>
#include <sluice/base/utf8.h>

static int base64_value(unsigned char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
}

void unmime_base64(struct str in, struct buf *out)
{
    unsigned bits = 0, have = 0;
    for (size_t i = 0; i < in.n && in.p[i] != '='; i++) {
        int v = base64_value((unsigned char)in.p[i]);
        if (v < 0)
            continue;
        bits = (bits << 6 | (unsigned)v) & 0xffffff;
        have += 6;
        if (have < 8)
            continue;
        have -= 8;
        buf_putc(out, (char)(bits >> have & 0xff));
    }
}

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* How many bytes from '=' on are a soft line break; 0: it is none. */
static size_t soft_break(struct str in, size_t at)
{
    size_t end = at + 1;
    while (end < in.n && (in.p[end] == ' ' || in.p[end] == '\t'))
        end++;
    if (end < in.n && in.p[end] == '\r')
        end++;
    return end < in.n && in.p[end] == '\n' ? end + 1 - at : 0;
}

void unmime_quoted(struct str in, bool is_word, struct buf *out)
{
    for (size_t i = 0; i < in.n; i++) {
        size_t soft = in.p[i] == '=' && !is_word ? soft_break(in, i) : 0;
        int high = i + 2 < in.n ? hex(in.p[i + 1]) : -1, low = i + 2 < in.n ? hex(in.p[i + 2]) : -1;
        if (soft > 0) {
            i += soft - 1;
        } else if (in.p[i] == '=' && high >= 0 && low >= 0) {
            buf_putc(out, (char)(high << 4 | low));
            i += 2;
        } else {
            buf_putc(out, is_word && in.p[i] == '_' ? ' ' : in.p[i]);
        }
    }
}

static void put_clean(const char *s, size_t n, struct buf *out)
{
    while (n > 0) {
        uint32_t c;
        size_t step = utf8_next(s, n, &c);
        if (c == 0xFFFD && step == 1)
            buf_puts(out, "\xEF\xBF\xBD");
        else if (c != 0)
            buf_put(out, s, step);
        s += step;
        n -= step;
    }
}

static iconv_t open_charset(struct str charset)
{
    char name[40];
    if (charset.n == 0 || charset.n >= sizeof name)
        return (iconv_t)-1;
    str_copy(name, sizeof name, charset);
    str_lower(name, charset.n);
    for (size_t i = 0; i < charset.n; i++)
        if (!((name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9') ||
              name[i] == '-' || name[i] == '_'))
            return (iconv_t)-1;
    if (strcmp(name, "utf-8") == 0 || strcmp(name, "us-ascii") == 0)
        return (iconv_t)-1;
    return iconv_open("UTF-8", strcmp(name, "euc-kr") == 0 ? "CP949" : name);
}

/* A byte that the charset does not know becomes U+FFFD, and it goes on behind it. */
static void convert(iconv_t cd, struct str in, struct buf *out)
{
    char *from = (char *)(uintptr_t)in.p, piece[4096];
    size_t left = in.n;
    while (left > 0 && !buf_is_full(out)) {
        char *to = piece;
        size_t room = sizeof piece, before = left;
        size_t result = iconv(cd, &from, &left, &to, &room);
        put_clean(piece, (size_t)(to - piece), out);
        if (result != (size_t)-1 || (left < before && room < sizeof piece))
            continue;
        buf_puts(out, "\xEF\xBF\xBD");
        from++;
        left--;
    }
}

void unmime_utf8(struct str in, struct str charset, struct buf *out)
{
    iconv_t cd = open_charset(charset);
    if (cd == (iconv_t)-1) {
        put_clean(in.p, in.n, out);
        return;
    }
    convert(cd, in, out);
    iconv_close(cd);
}
