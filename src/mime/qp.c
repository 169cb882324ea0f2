#include "qp.h"

#include <sluice/mime/sink.h>

static const char hex_digit[] = "0123456789ABCDEF";

size_t qp_escape(char *to, const char *p, size_t n, bool is_line_end)
{
    char *at = to;

    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        bool is_blank = c == ' ' || c == '\t';

        if ((c > ' ' && c < 0x7f && c != '=') || (is_blank && !(is_line_end && i + 1 == n))) {
            *at++ = (char)c;
            continue;
        }
        *at++ = '=';
        *at++ = hex_digit[c >> 4];
        *at++ = hex_digit[c & 15];
    }
    return (size_t)(at - to);
}

char *qp_copy(char *to, const char *p, size_t n, unsigned *column)
{
    while (n > BODY_LINE - 1 - *column) {
        size_t k = BODY_LINE - 1 - *column;

        if (k >= 1 && p[k - 1] == '=')
            k -= 1;
        else if (k >= 2 && p[k - 2] == '=')
            k -= 2;
        memcpy(to, p, k);
        to += k;
        memcpy(to, "=\r\n", 3);
        to += 3;
        p += k;
        n -= k;
        *column = 0;
    }
    memcpy(to, p, n);
    *column += (unsigned)n;
    return to + n;
}

/* Each line that is broken holds at least 73 characters, but for the first. */
size_t qp_room(size_t n)
{
    return n + 3 * (n / (BODY_LINE - 3) + 2);
}

size_t qp_size(struct str raw)
{
    size_t n = 0;

    for (size_t i = 0; i < raw.n; i++) {
        unsigned char c = (unsigned char)raw.p[i];

        n += c == '=' || c > 0x7e || (c < ' ' && !strchr("\t\r\n", c)) ? 3 : 1;
    }
    return n + 3 * (n / BODY_LINE);
}
