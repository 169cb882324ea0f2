/* txt_ask.h: what stands in the DNS as TXT, for `sluice lint` and `sluice key check`. Private to the room; for the
 * control socket's threads.
 *
 *     struct txt_question t = {.name = "s1._domainkey.hanbit.example"};
 *     if (live_txt(q, &t, 1, TXT_WAIT_MS)) ... t.answer->status
 *     txt_done(&t, 1);
 */
#ifndef SLUICE_ENGINE_TXT_ASK_H
#define SLUICE_ENGINE_TXT_ASK_H

#include <sluice/dns/resolver.h>
#include "answers_parts.h"

enum { TXT_WAIT_MS = 10000, TXT_QUESTIONS_MAX = 200 };

struct txt_question {
    const char *name;
    struct resolved_txt *answer; /* owned; NULL: none came in time */
};
/* All at once; one client after the other. False: the client is gone. */
bool live_txt(struct ask *q, struct txt_question *t, size_t count, int64_t wait_ms);
void txt_done(struct txt_question *t, size_t count);

#endif
