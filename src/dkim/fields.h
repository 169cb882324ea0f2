/* fields.h: which header fields of a message are signed, and in what order. (P)
 *
 *     struct fields f;
 *     size_t body_at = fields_find(&f, message);
 *     for (size_t i = 0; i < f.count; i++) ...   // f.item[i].value.p NULL: signed as absent
 */
#ifndef DKIM_FIELDS_H
#define DKIM_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <sluice/base/str.h>

#define FIELDS_MAX 128 /* signed of one message */

struct field {
    struct str listed; /* the name as it stands in h= */
    struct str name;   /* as it stands in the message, without white space behind it */
    struct str value;  /* behind the colon, without the last CRLF; p NULL: it is not there */
};
struct fields {
    struct field item[FIELDS_MAX]; /* as in h=; a name's from the bottom up (RFC 6376 5.4.2) */
    size_t count;
    bool is_over; /* there were more */
};

/* Returns where the body begins: behind the first empty line, or at the end. */
size_t fields_find(struct fields *f, struct str message);

#endif
