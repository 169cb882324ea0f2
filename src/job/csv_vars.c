/* csv_vars.c: a row's fields as JSON. (P) */
#include "recipients_private.h"

#include <sluice/base/must.h>

/* json_put_string() of base also repairs broken UTF-8; here the row was checked as a whole, and
 * this is the innermost loop of an import. */
static char *put(char *to, struct str s)
{
    static const char hex[] = "0123456789abcdef";

    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c >= ' ' && c != '"' && c != '\\') {
            *to++ = (char)c;
            continue;
        }
        *to++ = '\\';
        if (c == '"' || c == '\\') {
            *to++ = (char)c;
        } else if (c == '\n') {
            *to++ = 'n';
        } else if (c == '\r') {
            *to++ = 'r';
        } else if (c == '\t') {
            *to++ = 't';
        } else {
            *to++ = 'u';
            *to++ = '0';
            *to++ = '0';
            *to++ = hex[c >> 4];
            *to++ = hex[c & 15];
        }
    }
    return to;
}

void csv_put_vars(const struct csv *c, unsigned except, struct buf *out)
{
    char *begin, *to;

    buf_clear(out);
    begin = to = buf_room(out, c->raw.n * 6 + c->fields * 3 + 2);
    MUST(begin != NULL); /* the buffer was made for the longest row */
    *to++ = '[';
    for (unsigned i = 0; i < c->fields; i++) {
        if (i == except)
            continue;
        if (to[-1] != '[')
            *to++ = ',';
        *to++ = '"';
        to = put(to, c->field[i]);
        *to++ = '"';
    }
    *to++ = ']';
    buf_grew(out, (size_t)(to - begin));
}
