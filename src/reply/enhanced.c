#include "enhanced.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* 1-3 digits from *i on; RFC 3463 allows no leading zeros, but senders of "5.01.1" mean 5.1.1. */
static bool number(struct str s, size_t *i, int *out)
{
    size_t from = *i;
    int v = 0;

    while (*i < s.n && *i - from < 3 && is_digit(s.p[*i]))
        v = v * 10 + (s.p[(*i)++] - '0');
    *out = v;
    return *i > from && (*i == s.n || !is_digit(s.p[*i]));
}

/* A code that begins at `at` and does not go on as a longer number: an IPv4 address or a version
 * such as 4.2.1.9 is none, a full stop at the end of a sentence is allowed. Returns its end, or 0.
 */
static size_t code_at(struct str s, size_t at, struct enhanced *out)
{
    struct enhanced e = {0};
    size_t i = at;

    if (at + 5 > s.n || (s.p[at] != '2' && s.p[at] != '4' && s.p[at] != '5') || s.p[at + 1] != '.')
        return 0;
    e.class = s.p[at] - '0';
    i = at + 2;
    if (!number(s, &i, &e.subject) || i >= s.n || s.p[i] != '.')
        return 0;
    i++;
    if (!number(s, &i, &e.detail))
        return 0;
    if (i + 1 < s.n && (s.p[i] == '.' || s.p[i] == '-') && is_digit(s.p[i + 1]))
        return 0;
    if (i < s.n && ((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z'))
        return 0;
    *out = e;
    return i;
}

/* 0-999 */
static char *put_number(char *to, int n)
{
    if (n >= 100)
        *to++ = (char)('0' + n / 100 % 10);
    if (n >= 10)
        *to++ = (char)('0' + n / 10 % 10);
    *to++ = (char)('0' + n % 10);
    return to;
}

void enhanced_format(struct enhanced e, char out[ENHANCED_MAX])
{
    char *at = put_number(out, e.class % 10);

    *at++ = '.';
    at = put_number(at, e.subject);
    *at++ = '.';
    *put_number(at, e.detail) = '\0';
}

size_t enhanced_at_start(struct str text, char out[ENHANCED_MAX])
{
    struct enhanced e;
    size_t i = 0;
    size_t end;

    while (i < text.n && (text.p[i] == '(' || text.p[i] == '[' || text.p[i] == '#'))
        i++;
    if (i > 2)
        return 0;
    end = code_at(text, i, &e);
    if (!end)
        return 0;
    /* What closes it, and what separates it from the text. */
    while (end < text.n && strchr(")]:;,- ", text.p[end]))
        end++;
    enhanced_format(e, out);
    return end;
}

bool enhanced_find(struct str text, struct enhanced *out)
{
    for (size_t i = 0; i + 5 <= text.n; i++) {
        char before = i ? text.p[i - 1] : ' ';

        if (text.p[i + 1] != '.' || is_digit(before) || before == '.' || before == '-')
            continue;
        if ((before | 0x20) >= 'a' && (before | 0x20) <= 'z')
            continue;
        if (code_at(text, i, out))
            return true;
    }
    return false;
}

struct enhanced enhanced_parse(struct str code)
{
    struct enhanced e = {0};

    if (code_at(code, 0, &e) != code.n)
        e.class = 0;
    return e;
}
