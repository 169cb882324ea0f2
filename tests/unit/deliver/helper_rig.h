/* helper_rig.h: a pool with stand-ins for its neighbours (mailing, handover, planner), for tests.
 *
 *     struct rig rig;
 *     rig_start(&rig, NULL);
 *     rig_open(&rig, 0, rig_target(server, NULL), rig_chain(&rig, 1, 3));
 *     rig_run(&rig);                    // answers `ready` with `close`, until all are closed
 *     assert(rig.outcomes == 3);
 *     rig_stop(&rig);
 */
#ifndef TEST_DELIVER_RIG_H
#define TEST_DELIVER_RIG_H

#include <stdbool.h>
#include <sluice/base/buf.h>
#include <sluice/deliver/pool.h>
#include <sluice/render/mailing.h>

#include "helper_server.h"

#define RIG_SLOTS 1024
#define RIG_REPORTS 4096
#define RIG_KEPT 16

enum { RIG_OUTCOME = 1, RIG_READY, RIG_CLOSED, RIG_UNTRIED };

/* The stand-in of a mailing: `text` as it is, or a short message that names the recipient. */
struct mailing {
    const char *text;
    size_t text_len;
    uint64_t fails_for;                /* this rid cannot be rendered */
    const struct keys *keys[RIG_KEPT]; /* by rid: what it was rendered with */
};

/* The stand-in of the hand-over file remembers what was written: "begin dot end clear". */
struct handover_slot {
    char history[40]; /* of its present life */
    bool is_free;
};
struct handover {
    struct handover_slot slot[RIG_SLOTS];
};

struct rig {
    struct pool *pool;
    struct pool_options options;
    struct mailbox reports;
    struct handover *handover;
    struct mailing mailing;
    bool holds_commits;    /* outcomes are committed by the test */
    bool holds_ready;      /* `ready` is not answered */
    struct delivery *more; /* answers the next `ready` instead of `close` */
    /* seen */
    struct pool_report *outcome[RIG_REPORTS];
    char history[RIG_REPORTS][40]; /* of each outcome's slot when it arrived */
    unsigned outcomes;
    struct delivery *untried, **untried_end; /* in the order in which they came back */
    unsigned untrieds;
    struct pool_report *closed[64];
    unsigned closings;
    unsigned readies;
    unsigned open;
};

void rig_start(struct rig *r, const struct pool_options *o); /* NULL: one connection, defaults */
void rig_stop(struct rig *r);                                /* frees all; the pool must be idle */
/* `count` deliveries to userN@example.com, N = rid from `first`. */
struct delivery *rig_chain(struct rig *r, uint64_t first, unsigned count);
struct delivery *rig_delivery(struct rig *r, uint64_t rid, const char *email);
struct dial_target *rig_target(const struct server *s);
void rig_add_address(struct dial_target *t, struct sockaddr_storage a, socklen_t length);
void rig_open(struct rig *r, uint32_t number, struct dial_target *t, struct delivery *chain);
void rig_more(struct rig *r, uint32_t number, struct delivery *chain);
void rig_close(struct rig *r, uint32_t number);
/* Takes reports until there are that many outcomes, readies or closings in all; each may be
 * UINT32_MAX. */
void rig_until(struct rig *r, unsigned outcomes, unsigned readies, unsigned closings);
void rig_run(struct rig *r); /* until every connection is closed */
unsigned rig_left(const struct rig *r, unsigned closing);
/* A port of the loopback interface where nobody listens, and nobody will while the fd is open. */
struct sockaddr_storage rig_dead_address(int *fd, socklen_t *length);

#endif
