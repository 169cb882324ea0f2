/* guard.h: sees when a provider suddenly refuses nearly everything, which is an outage of theirs
 * (or a block of ours) and says nothing about the recipients. (P)
 *
 * Daum answered 5xx to everything for days in October 2022; a list must not be emptied by that.
 * The last `outage_sample` answers at RCPT and later are kept; it trips when `outage_refused_percent`
 * of them are refusals and all of them came within `outage_window`. A provider without a profile
 * must have accepted something before in this life: a dead host that refuses everybody from the
 * first day is no outage.
 *
 *     if (guard_note(&g, l, is_refusal, has_profile, now_wall_ms)) the provider rests
 */
#ifndef SLUICE_SHAPE_GUARD_H
#define SLUICE_SHAPE_GUARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sluice/model/outcome.h>
#include <sluice/shape/provider.h>

#define GUARD_SAMPLE_MAX 256
struct guard {
    uint64_t refused_bits[GUARD_SAMPLE_MAX / 64];
    int64_t *at_ms; /* ring of `outage_sample` times; NULL until the first note */
    uint32_t size, count, next, refused;
    uint64_t accepted; /* ever, in this life */
    int64_t since_ms;  /* wall: the oldest answer of the sample that tripped last */
};
void guard_done(struct guard *g);
void guard_clear(struct guard *g); /* forgets the sample, keeps `accepted` */
/* One answer about a recipient or a message. True: it trips now (the sample is forgotten, so it
 * trips again only after another full one). */
bool guard_note(struct guard *g, const struct limits *l, bool is_refused, bool has_profile,
                int64_t now_wall_ms);
/* Since when the sample's refusals came: the wall time of its oldest answer. Call before the note
 * that may trip, or after it: it stays known. */
int64_t guard_since_ms(const struct guard *g);
/* Does this outcome count, and as what? Greylisting, full mailboxes, our own decisions, lost
 * connections and refusals of our message's content do not count at all. */
bool guard_counts(const struct outcome *o, bool *is_refused);

#endif
