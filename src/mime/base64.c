#include "base64.h"

#include <stdint.h>
#include <string.h>

static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_group(char to[4], const unsigned char p[3])
{
    uint32_t v = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];

    to[0] = digit[v >> 18];
    to[1] = digit[v >> 12 & 63];
    to[2] = digit[v >> 6 & 63];
    to[3] = digit[v & 63];
}

char *base64_all(char *to, const char *p, size_t n)
{
    unsigned char last[3] = {0};

    for (; n >= 3; p += 3, n -= 3, to += 4)
        base64_group(to, (const unsigned char *)p);
    if (n == 0)
        return to;
    memcpy(last, p, n);
    base64_group(to, last);
    memset(to + 1 + n, '=', 3 - n);
    return to + 4;
}
