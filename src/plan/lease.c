/* lease.c: which waiting rows are fetched next, for whom there is room, and where they go. */
#include <stdlib.h>
#include "parts.h"

static uint64_t room_within(const struct provider *v, int64_t now_us, int64_t until_us)
{
    uint64_t least = throttle_room(&v->messages, now_us, until_us), room;
    if ((room = throttle_room(&v->soft_rate, now_us, until_us)) < least)
        least = room;
    for (const struct hold *h = v->standing ? v->standing->holds : NULL; h; h = h->next)
        if ((room = throttle_room(&h->messages, now_us, until_us)) < least)
            least = room;
    for (unsigned i = 0; i < v->gates; i++)
        if ((room = throttle_room(&v->gate[i]->messages, now_us, until_us)) < least)
            least = room;
    return least;
}

/* How many rows of one priority may lie ready: about half a second of what the provider takes, and
 * at first a little for each. More would only take from others what all share, and put more in
 * doubt after a power cut. */
static unsigned ready_target(const struct plan *p, const struct provider *v, struct now now)
{
    int64_t now_us = now.mono.ms * 1000;
    unsigned free = p->leased < p->options.max_leased ? p->options.max_leased - p->leased : 0;
    uint64_t n = free / 64 < 2 * BATCH_MAX ? free / 64 : 2 * BATCH_MAX;
    uint64_t most = (uint64_t)v->limits->connection_limit * 2 * BATCH_MAX;
    if (v->taken_per_sec / 2 > (double)n)
        n = (uint64_t)(v->taken_per_sec / 2);
    uint64_t room = room_within(v, now_us, now_us + 2000000);
    if (room < most)
        most = room;
    if (most > READY_MAX)
        most = READY_MAX;
    if (n > most)
        n = most;
    return n < 4 ? 4 : (unsigned)n;
}

static void say_lease(struct plan *p, struct flow *f, struct bucket *b, unsigned limit,
                      struct now now)
{
    struct plan_action *a = plan_say(p, ACT_LEASE);
    a->job_key = b->job->info.key;
    a->domain_id = b->domain_id;
    a->after_due_ms = b->after_due_ms;
    a->after_rid = b->after_rid;
    a->until_ms = now.wall.ms;
    a->limit = limit;
    b->is_leasing = true;
    b->grew_while_leasing = false;
    b->lease_limit = limit;
    b->lease_flow = f;
    f->leases_out++; /* before its last bucket leaves */
    bucket_leave(b);
    b->job->leases_out++;
    f->provider->asked[b->job->info.priority] += limit;
    f->asked += limit;
    if (job_is_capped(b->job)) {
        b->lease_capped = limit;
        f->capped += limit;
        f->provider->capped[b->job->info.priority] += limit;
    }
    p->leased += limit;
    p->leases_out++;
    flow_served(f, limit);
}

/* A job with a cap gets as much (but no more than the provider wants ready) as that grants within two seconds, less what lies ready of it here. */
static uint64_t cap_limit(const struct flow *f, uint64_t limit, unsigned target, struct now now)
{
    struct gate *gate[2];
    int64_t now_us = now.mono.ms * 1000;
    uint64_t ready = f->asked;
    const struct lane *l = f->job->lanes;
    if (l)
        do
            if (l->line->site->provider == f->provider)
                ready += l->ready;
        while ((l = l->of_job.next) != f->job->lanes);
    if (ready >= target || (ready > 0 && target - ready < target / 4))
        return 0;
    if (limit > target - ready)
        limit = target - ready;
    for (unsigned n = job_gates(f->job, gate); n > 0; n--) {
        uint64_t room = throttle_room(&gate[n - 1]->messages, now_us, now_us + 2000000);
        if (room < UINT64_MAX && room < limit + ready)
            limit = room > ready ? room - ready : 0;
    }
    return limit;
}

static void lease_priority(struct plan *p, struct provider *v, enum priority prio, struct now now)
{
    for (;;) {
        unsigned target = ready_target(p, v, now);
        /* What caps of jobs hold up must not stand in the way of the other jobs. */
        unsigned have = v->ready[prio] + v->asked[prio] - v->capped[prio];
        /* Small top-ups would cost a lease each: wait until a quarter is free. */
        if (have >= target || (have > 0 && target - have < target / 4))
            return;
        struct bucket *b;
        struct flow *f = flow_turn(p, v, prio, &b, now);
        if (!f)
            return;
        if (lease_must_queue(p, v, prio)) {
            queue_for_lease(p, v, prio);
            return;
        }
        uint64_t limit = target - have < LEASE_MAX ? target - have : LEASE_MAX;
        if (limit > most_leased(p, prio) - p->leased)
            limit = most_leased(p, prio) - p->leased;
        if (limit > b->waiting)
            limit = b->waiting;
        if (job_is_capped(b->job) && !(limit = cap_limit(f, limit, target, now))) {
            flow_wait(p, f, now);
            continue;
        }
        say_lease(p, f, b, (unsigned)limit, now);
    }
}

void provider_lease(struct plan *p, struct provider *v, struct now now)
{
    flows_wake(p, v, now);
    for (int prio = 0; prio < PRIORITIES; prio++)
        lease_priority(p, v, (enum priority)prio, now);
}

/* ---- the answer ---- */

/* Time behind a closed gate does not count, nor does waiting for an approval. */
struct wall delivery_expires(struct plan *p, struct job *j, const struct provider *v,
                             struct wall added)
{
    int64_t from = added.ms > j->info.start.ms ? added.ms : j->info.start.ms;
    if (from < j->info.approved.ms)
        from = j->info.approved.ms;
    return (struct wall){spans_after_open_ms(closed_for(p, j, v), from, j->info.expires_ms)};
}

static const char *dead_code(enum mx_status s)
{
    return s == MX_NULL ? "5.1.10" : s == MX_NO_HOSTS ? "5.4.4" : "5.1.2";
}

/* What a leased row becomes: something ready in a lane (true), or at once an outcome of our own.
 * While a route is asked for again the old one serves. */
static bool place(struct plan *p, struct bucket *b, struct delivery *d, struct now now)
{
    struct domain *dom = b->domain;
    struct job *j = b->job;
    if (j->is_cancelled) {
        delivery_cancel(p, d, now);
    } else if (d->suppressed_as != CAT_OK) {
        plan_own_outcome(p, d, PHASE_POLICY, d->suppressed_as, "", d->suppressed_why, true, "",
                         now);
    } else if (now.wall.ms >= delivery_expires(p, j, dom->provider, d->added).ms) {
        plan_own_outcome(p, d, PHASE_POLICY, CAT_EXPIRED, "4.4.7", "expired before this attempt",
                         true, "", now);
    } else if (dom->state == DOMAIN_DEAD) {
        plan_own_outcome(p, d, PHASE_RESOLVE, CAT_HOST_UNKNOWN, dead_code(dom->status), dom->why,
                         true, p->dead->name, now);
    } else if (dom->state == DOMAIN_BROKEN) {
        plan_own_outcome(p, d, PHASE_RESOLVE, CAT_NETWORK, "4.4.3", dom->why, false,
                         p->broken->name, now);
    } else if (dom->site && j->opens_ms <= now.wall.ms && !p->is_stopping) {
        lane_put(p, dom->site, d, false);
        return true;
    } else { /* no route any more, or nothing may start now */
        lane_return(p, d, now.wall.ms, now);
    }
    return false;
}

static struct flow *lease_is_back(struct plan *p, struct bucket *b)
{
    struct flow *f = b->lease_flow;
    MUST(b->is_leasing && p->leases_out > 0 && p->leased >= b->lease_limit);
    b->is_leasing = false;
    b->lease_flow = NULL;
    b->job->leases_out--;
    p->leases_out--;
    p->leased -= b->lease_limit;
    f->provider->asked[b->job->info.priority] -= b->lease_limit;
    f->asked -= b->lease_limit;
    unsigned *capped = &f->provider->capped[b->job->info.priority];
    *capped -= b->lease_capped < *capped ? b->lease_capped : *capped;
    f->capped -= b->lease_capped;
    b->lease_capped = 0;
    plan_touch(p, f->provider);
    return f;
}

/* The spool's answer corrects the counts, but for rows that came while it was on its way. */
static void set_waiting(struct bucket *b, uint64_t taken, int64_t next_due_ms)
{
    uint64_t left = b->waiting > taken ? b->waiting - taken : 0;
    int64_t due = next_due_ms;
    if (b->grew_while_leasing && b->grew_due_ms < due)
        due = b->grew_due_ms;
    if (due == WHEN_NEVER)
        left = 0;
    else if (left == 0)
        left = 1; /* more than we were told of: look again */
    b->job->waiting = b->job->waiting - b->waiting + left;
    b->waiting = left;
    b->due_ms = due;
}

/* Where the next lease begins; rows that came meanwhile may lie in front of it. */
static void set_cursor(struct bucket *b, int64_t due_ms, uint64_t rid)
{
    bool is_behind = b->grew_while_leasing && b->grew_due_ms <= due_ms;
    b->after_due_ms = is_behind ? b->grew_due_ms - 1 : due_ms;
    b->after_rid = is_behind ? INT64_MAX : rid;
}

void plan_leased(struct plan *p, uint32_t job_key, uint32_t domain_id, struct delivery *chain,
                 unsigned count, int64_t last_due_ms, uint64_t last_rid, int64_t next_due_ms,
                 struct now now)
{
    struct job *j = plan_job_find(p, job_key);
    MUST(j); /* a job with a lease out is never dropped */
    struct bucket *b = job_bucket(j, domain_id);
    int64_t asked = b->lease_limit, placed = 0;
    struct flow *f = lease_is_back(p, b);
    set_cursor(b, last_due_ms, last_rid);
    if (j->is_cancelled) {
        next_due_ms = WHEN_NEVER;
        b->grew_while_leasing = false;
    }
    set_waiting(b, count, next_due_ms);
    j->leased += count;
    p->leased += count;
    b->leased += count;
    for (struct delivery *d = chain, *next; d; d = next) {
        next = d->next;
        d->next = NULL;
        placed += place(p, b, d, now);
    }
    flow_served(f, placed - asked); /* what never reaches the provider is nobody's share of it */
    domain_wants(p, b->domain);
    flow_unpin(f);
    job_check_done(p, j);
}

void plan_lease_failed(struct plan *p, uint32_t job_key, uint32_t domain_id, int64_t retry_ms,
                       struct now now)
{
    struct job *j = plan_job_find(p, job_key);
    MUST(j);
    struct bucket *b = job_bucket(j, domain_id);
    int64_t asked = b->lease_limit;
    struct flow *f = lease_is_back(p, b);
    if (b->waiting > 0)
        b->due_ms = now.wall.ms + retry_ms;
    flow_served(f, -asked);
    domain_wants(p, b->domain);
    flow_unpin(f);
    job_check_done(p, j);
}
