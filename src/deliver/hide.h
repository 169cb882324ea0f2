/* hide.h: extensions that libESMTP is better off not knowing about. (P)
 *
 * The monitor callback shows libESMTP's own read buffer before its parser sees it. In the lines
 * of an EHLO reply the first letter of each keyword below is replaced there, so that the library
 * never uses it:
 *
 *   ENHANCEDSTATUSCODES   makes it drop connections over lines whose enhanced codes differ; we parse
 *                         them ourselves
 *   CHUNKING, BINARYMIME  with BDAT it switches the monitor off and never on again (cmd_bdat() of its
 *                         smtp-bdat.c): replies could no longer be read as sent. DATA costs no more
 *                         round trips (session.c)
 *   XEXCH50               makes it append an empty line to a BDAT message
 *   XUSR                  one more command and round trip for each message
 *   AUTH, ETRN            nothing of a mailer between MX hosts, and plug-in loading
 *
 * Should another version of the library copy the buffer first, nothing breaks: its parser is
 * then strict again, and the dialogue still knows what was said.
 *
 *     hide_begin(&h);                 // EHLO is sent
 *     hide_in(&h, bytes, n);          // each piece of the reply
 */
#ifndef SLUICE_DELIVER_HIDE_H
#define SLUICE_DELIVER_HIDE_H

#include <stdbool.h>
#include <stddef.h>

struct hide {
    size_t column;       /* of the next byte in its line */
    bool has_pipelining; /* the keyword was there (whole, in one piece) */
};
void hide_begin(struct hide *h);
void hide_in(struct hide *h, char *bytes, size_t n);

#endif
