/* verdict.h: which of a receiver's rules speaks. Pure but for the counters of `every`.
 *
 * The same function decides for a live session and for the expected lists of make-list, so that the two
 * cannot disagree.
 */
#ifndef LAB_VERDICT_H
#define LAB_VERDICT_H

#include "scene.h"

struct ask {
    const struct receiver *receiver;
    enum stage at;
    struct str from;      /* empty before MAIL */
    const struct str *to; /* the recipients of the transaction so far; at RCPT one */
    const uint32_t
        *attempts; /* of each recipient, this one included; before RCPT: of the connection */
    size_t count;
    uint64_t serial;  /* of the connection: decides probabilities where there is no recipient */
    int64_t since_ms; /* start of the lab */
    uint64_t seed;
    bool is_rehearsal; /* make-list asks: rules that depend on time or counts do not speak */
};
/* The first rule that matches, or NULL. */
struct rule *verdict_find(const struct ask *a);

#endif
