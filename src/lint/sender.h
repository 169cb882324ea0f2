/* sender.h: the checks of a sender, by file, and what they share.
 *
 *     const struct lint_txt *t = sender_txt(&w, "example.com");
 */
#ifndef SLUICE_LINT_SENDER_H
#define SLUICE_LINT_SENDER_H

#include "finding.h"

struct sender_work {
    const struct lint_sender *sender;
    const struct lint_txt *txt;
    size_t count;
    struct lint *findings;
};
/* What the DNS said of a name; NULL: nobody asked. */
const struct lint_txt *sender_txt(const struct sender_work *w, const char *name);
/* The only record of `t` that `is` one; NULL: none or several, *found says how many. */
const char *sender_record(const struct lint_txt *t, bool (*is)(struct str txt), unsigned *found);
/* Whether nothing can be said of a name, and then says so, as a note. */
bool sender_is_unknown(const struct sender_work *w, const struct lint_txt *t, const char *check,
                       const char *name);

void check_spf(const struct sender_work *w);
void check_dkim_records(const struct sender_work *w);

enum alignment { ALIGN_RELAXED, ALIGN_STRICT };
/* What From's DMARC policy asks for. */
struct dmarc {
    bool is_known; /* a good record was found */
    bool is_enforced;
    const char *policy; /* "none", "quarantine", "reject" */
    enum alignment spf, dkim;
};
void check_dmarc(const struct sender_work *w, struct dmarc *out);

#endif
