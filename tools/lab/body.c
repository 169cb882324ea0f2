/* body.c: see body.h. */
#include <string.h>
#include "body.h"

#define LINE_MAX_BYTES 998 /* RFC 5322 section 2.1.1 */

/* One line, or the part of it that is there. */
static void take_line(struct body *b, const char *p, size_t n, bool complete, struct buf *keep)
{
    b->bytes += n;
    b->line += n;
    b->in_line = true;
    bool crlf = complete && (n > 1 ? p[n - 2] == '\r' : b->last_cr);
    if (b->line > LINE_MAX_BYTES + (crlf ? 2U : 1U)) /* without its end; 1: a LF, or a CR to come */
        b->has_long_line = true;
    b->last_cr = p[n - 1] == '\r';
    if (keep)
        buf_put(keep, p, n);
    if (complete) {
        b->has_bare_lf = b->has_bare_lf || !crlf;
        b->line = 0;
        b->in_line = !crlf;
    }
}

size_t body_feed(struct body *b, const char *p, size_t n, bool chunked, struct buf *keep, bool *end)
{
    size_t i = 0;
    *end = false;
    while (i < n) {
        if (!chunked && !b->in_line && p[i] == '.') {
            size_t left = n - i;
            if (left < 3 && (left < 2 || p[i + 1] == '\r'))
                return i;
            if (p[i + 1] == '\r' && p[i + 2] == '\n') {
                *end = true;
                return i + 3;
            }
            i++; /* a stuffed dot; what follows is ordinary text, be it another dot */
        }
        const char *lf = memchr(p + i, '\n', n - i);
        size_t take = lf ? (size_t)(lf - (p + i)) + 1 : n - i;
        take_line(b, p + i, take, lf != NULL, keep);
        i += take;
    }
    return i;
}
