/* message.h: a message of ours taken apart again, for a browser and for checks. (P)
 *
 * Reads what mailing_render() writes: RFC 5322 and MIME (RFC 2045-2047, 2231, 2387). Everything in it may come
 * from a list, so whatever the bytes are, what comes out is bounded and UTF-8.
 *
 *     if (!message_parse(bytes, &m, &e)) ...
 *     message_page(&m, &page);
 *     message_done(&m);
 */
#ifndef SLUICE_ADMIN_MESSAGE_H
#define SLUICE_ADMIN_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <sluice/base/buf.h>
#include <sluice/base/err.h>
#include <sluice/base/str.h>

#define MESSAGE_PARTS_MAX 200
#define MESSAGE_PAGE_MAX (64u * 1024 * 1024)

struct message_part { /* an inline image or an attachment */
    char *type;       /* "image/png" */
    char *cid;        /* without angle brackets; NULL: none */
    char *name;       /* NULL: none */
    char *data;
    size_t n;
};
struct message {
    char *from, *to, *subject, *date; /* decoded, one line; "" when absent */
    char *from_domain;                /* of the address in From, lower case; "" */
    char *
        preheader; /* hidden at the top of the HTML part, shown by inboxes behind the subject; "" */
    char *html, *text; /* NULL: there is no such part */
    struct message_part *part;
    size_t parts;
};
/* False: it has no header, parts within parts too deep, or too many. */
bool message_parse(struct str bytes, struct message *out, struct err *e);
void message_done(struct message *m);
/* A whole HTML page for a browser: headers, the HTML part in a frame that can do nothing, with its images in it,
 * the text part, the attachments by name. Nothing of it is fetched from anywhere. */
void message_page(const struct message *m, struct buf *out);

#endif
