/* quota.h: at most `count` grants in any stretch of one period. Part of rate.c.
 *
 * Grants are counted in slots. A slot takes what comes within period / QUOTA_SLOTS of its first
 * grant, and falls out as a whole one period after its last one: that is the safe side. Grants may
 * be made for times a little ahead, and asked for at earlier times again; they stay known.
 */
#ifndef SLUICE_BASE_QUOTA_H
#define SLUICE_BASE_QUOTA_H

#include <stdbool.h>
#include <stdint.h>
#include <sluice/base/rate.h>

/* Slots begin at least a QUOTA_SLOTSth of a period apart, so QUOTA_SLOTS + 2 hold all that counts;
 * the others keep what may count again when somebody asks for an earlier time. */
#define QUOTA_RING (QUOTA_SLOTS + 10)
#define QUOTA_PERIOD_MAX_US (INT64_C(92) * 86400 * 1000000) /* RATE_STATE bytes hold the text */

struct quota {
    uint64_t count;
    int64_t period_us;
    struct quota_slot {
        int64_t last_us; /* the latest grant of it */
        uint64_t grants;
    } slot[QUOTA_RING];
    unsigned head, slots;    /* the oldest one; how many are in use */
    uint64_t total;          /* sum of all slots */
    int64_t newest_first_us; /* the first grant of the newest slot */
    int64_t forgotten_us;    /* slots that are gone counted for times before */
};
struct quota *quota_new(uint64_t count, int64_t period_us);
int64_t quota_when(const struct quota *q, int64_t now_us);
void quota_take(struct quota *q, int64_t at_us);
uint64_t quota_room(const struct quota *q, int64_t now_us, int64_t until_us);
void quota_save(const struct quota *q, int64_t now_us, int64_t offset_us, int64_t reserve_us,
                uint64_t most, char out[RATE_STATE]);
bool quota_load(struct quota *q, struct str text, int64_t now_us, int64_t offset_us);

#endif
