/* reply.h: SMTP replies: from the lines a server sent to what they mean. (P)
 *
 * RFC 5321 4.2 (syntax), RFC 3463 and 5248 (enhanced codes), RFC 2034 (where they stand). Real
 * servers break all of it: lines whose codes differ, enhanced codes on some lines only, bare LF,
 * control characters, 8-bit text. Parsing never fails on those; it takes what is there.
 *
 *     struct reply_reader r; reply_reader_init(&r);
 *     if (reply_reader_line(&r, line, n)) { reply = r.reply; }     // true at the last line of a
 * reply reply_classify("naver", PHASE_RCPT, &reply, &verdict);
 */
#ifndef SLUICE_REPLY_REPLY_H
#define SLUICE_REPLY_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <sluice/model/outcome.h>

struct reply_reader {
    struct reply reply; /* what has been read so far; the first line's code stands */
    bool is_open;       /* in the middle of a multi-line reply */
    unsigned lines;
};
void reply_reader_init(struct reply_reader *r);
/* One line without its line end (or with it). True when it was the last line of a reply: r->reply
 * holds it until the next call, which starts a new one. A line that is no reply line is text of the
 * open reply, or is dropped. */
bool reply_reader_line(struct reply_reader *r, const char *line, size_t n);

struct verdict {
    enum category category;
    enum scope scope;
    /* Never try this recipient again: a 5xx to MAIL, RCPT, DATA or the message, whatever its words
     * (RFC 5321 4.2.1), but for a demand for TLS. Never a 4xx, nor a 5xx before MAIL. */
    bool is_permanent;
    bool by_code_only; /* no rule knew the text: counts less against an address */
    char rule[48];     /* which rule */
};
/* provider: the profile's name, "" or NULL. Total: every input has a verdict. A 5xx to connect,
 * banner, EHLO or MAIL is never about the recipient. Code 0 (no reply): CAT_NETWORK, at STARTTLS
 * CAT_TLS_FAILED, at RENDER CAT_RENDER_ERROR (permanent). 2xx is CAT_OK. docs/classification.md has
 * the whole. */
void reply_classify(const char *provider, enum phase phase, const struct reply *r,
                    struct verdict *out);

#endif
