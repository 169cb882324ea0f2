#include "base64url.h"

static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t base64url_encode(const unsigned char *p, size_t n, char *out)
{
    size_t len = 0;

    for (; n >= 3; p += 3, n -= 3) {
        out[len++] = digit[p[0] >> 2];
        out[len++] = digit[(p[0] & 3) << 4 | p[1] >> 4];
        out[len++] = digit[(p[1] & 15) << 2 | p[2] >> 6];
        out[len++] = digit[p[2] & 63];
    }
    if (n) {
        out[len++] = digit[p[0] >> 2];
        out[len++] = digit[(p[0] & 3) << 4 | (n > 1 ? p[1] >> 4 : 0)];
    }
    if (n > 1)
        out[len++] = digit[(p[1] & 15) << 2];
    return len;
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

size_t base64url_decode(struct str text, unsigned char *out, size_t size)
{
    unsigned bits = 0, count = 0; /* not written yet: fewer than 8 */
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        int value = value_of(text.p[i]);

        if (value < 0)
            return BASE64URL_BAD;
        bits = bits << 6 | (unsigned)value;
        count += 6;
        if (count < 8)
            continue;
        if (n == size)
            return BASE64URL_BAD;
        count -= 8;
        out[n++] = (unsigned char)(bits >> count);
        bits &= (1u << count) - 1;
    }
    return count >= 6 || bits ? BASE64URL_BAD : n;
}
