/* zone.h: what the lab's DNS answers to a question. Pure: the number of earlier queries is an argument.
 */
#ifndef LAB_ZONE_H
#define LAB_ZONE_H

#include "scene.h"
#include "wire.h"

struct zone_say {
    enum quirk quirk; /* what the server does to the packet; the answer itself is in *a */
    int64_t delay_ms;
};
/* Fills *a (begun and with its rcode, not ended). `asked` counts this query too: from 1. */
struct zone_say zone_answer(const struct scene *s, const struct question *q, uint64_t asked,
                            struct answer *a);

#endif
