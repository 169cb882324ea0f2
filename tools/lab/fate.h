/* fate.h: what must become of a recipient in this scenario, worked out with the receivers' own rules.
 *
 * A careful client is assumed: it tries again after 4xx and broken connections, gives up at 5xx, and
 * treats a connection lost in the text or after the final dot as in doubt.
 */
#ifndef LAB_FATE_H
#define LAB_FATE_H

#include "scene.h"

struct fate {
    const char *state; /* delivered, bounced, expired, in-doubt, or a scenario's own `expect` */
    int code;          /* the reply that decided, 0: none */
    unsigned low,
        high;         /* how often the receiver takes it: in doubt, low if held, high if retried */
    const char *rule; /* the rule that decided; "" */
    const char *category;
};
/* `domain` is the entry and index that stands behind `address`; receiver may be NULL. */
struct fate fate_of(const struct scene *s, const struct name *domain,
                    const struct receiver *receiver, struct str address);

#endif
