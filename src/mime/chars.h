/* chars.h: which ASCII characters go where in a header. (P) */
#ifndef SLUICE_SRC_MIME_CHARS_H
#define SLUICE_SRC_MIME_CHARS_H

#include <stdbool.h>
#include <string.h>

static inline bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* RFC 5322, section 3.2.3. */
static inline bool is_atext(char c)
{
    return is_alnum(c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* RFC 2045, section 5.1: what a parameter's value needs no quotes for. */
static inline bool is_token(char c)
{
    return c > ' ' && c < 0x7f && !strchr("()<>@,;:\\\"/[]?=", c);
}

/* RFC 3986, section 2. */
static inline bool is_uri(char c)
{
    return is_alnum(c) || (c && strchr("-._~:/?#[]@!$&'()*+,;=%", c));
}

#endif
