#include "canon.h"

#include <stdbool.h>
#include <stdint.h>

static bool is_wsp(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_crlf(const char *p)
{
    return p[0] == '\r' && p[1] == '\n';
}

/* Where the body ends without the empty lines at its end, lines of blanks included, and without
 * the last line's own end: RFC 6376 3.4.4. */
static size_t end_of_text(struct str body)
{
    size_t n = body.n;

    for (;;) {
        while (n && is_wsp(body.p[n - 1]))
            n--;
        if (n < 2 || !is_crlf(body.p + n - 2))
            return n;
        n -= 2;
    }
}

#define BLOCK 64 /* bytes, looked at as a whole; one more is read behind them */

/* Does anything in the block change? One blank between words does not. Written without branches
 * so that the compiler looks at 16 bytes at a time. */
static bool has_change(const char *p)
{
    unsigned char found = 0;

    for (size_t i = 0; i < BLOCK; i++) {
        unsigned char blank = p[i] == ' ';
        unsigned char then = (p[i + 1] == ' ') | (p[i + 1] == '\t') | (p[i + 1] == '\r');

        found |= (unsigned char)((p[i] == '\t') | (blank & then));
    }
    return found != 0;
}

/* The body up to n, from *from on, is hashed in as long runs as it can be: *from is where the
 * run began that is not hashed yet. Returns where to go on; the blanks at `at` are judged. */
static size_t take_blanks(struct digest *d, struct str body, size_t n, size_t at, size_t *from)
{
    size_t end = at + 1;

    while (end < n && is_wsp(body.p[end]))
        end++;
    if (end == at + 1 && body.p[at] == ' ' && !(end + 1 < n && is_crlf(body.p + end)))
        return end;
    digest_put(d, body.p + *from, at - *from);
    if (!(end + 1 < n && is_crlf(body.p + end)))
        digest_put(d, " ", 1);
    *from = end;
    return end;
}

void canon_body(struct digest *d, struct str body)
{
    size_t n = end_of_text(body), at = 0, from = 0;

    if (n == 0)
        return;
    while (at < n) {
        size_t stop = n - at > BLOCK ? at + BLOCK : n;

        if (n - at > BLOCK && !has_change(body.p + at)) {
            at = stop;
            continue;
        }
        while (at < stop)
            at = is_wsp(body.p[at]) ? take_blanks(d, body, n, at, &from) : at + 1;
    }
    if (body.n - n >= 2 && is_crlf(body.p + n)) {
        digest_put(d, body.p + from, n + 2 - from);
    } else {
        digest_put(d, body.p + from, n - from);
        digest_put(d, "\r\n", 2);
    }
}

static void put_name(struct digest *d, struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        digest_put(d, &c, 1);
    }
    digest_put(d, ":", 1);
}

/* A fold is CRLF and a blank; what is left of it when the CRLF is gone is a blank. */
static bool is_gap(struct str s, size_t i)
{
    return is_wsp(s.p[i]) || (i + 1 < s.n && is_crlf(s.p + i)) || (i && is_crlf(s.p + i - 1));
}

static void put_value(struct digest *d, struct str value)
{
    size_t i = 0;
    bool has_text = false;

    for (;;) {
        size_t from;

        while (i < value.n && is_gap(value, i))
            i++;
        if (i == value.n)
            return;
        if (has_text)
            digest_put(d, " ", 1);
        /* The first comparison is all that most bytes need. */
        for (from = i; i < value.n && ((unsigned char)value.p[i] > ' ' || !is_gap(value, i));)
            i++;
        digest_put(d, value.p + from, i - from);
        has_text = true;
    }
}

void canon_last_field(struct digest *d, struct str name, struct str value)
{
    put_name(d, name);
    put_value(d, value);
}

void canon_field(struct digest *d, struct str name, struct str value)
{
    canon_last_field(d, name, value);
    digest_put(d, "\r\n", 2);
}
