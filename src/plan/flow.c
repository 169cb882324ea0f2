/* flow.c: buckets stand in flows, flows take turns at their provider.
 *
 * Turns are counted in rows and not in leases: one job may have a million rows of one domain, the
 * next one row in each of a thousand domains, and both are to get the same share of the provider. A
 * flow whose next row is not due yet, or whose rows are all under lease, is in no heap of turns: a
 * hundred standing jobs that wait for their triggers cost nothing. */
#include <stdlib.h>
#include "parts.h"

/* A flow that only waits for the spool's answer keeps its turn; others get this many rows ahead of
 * it and no more, or its share would be what room there happens to be when the answer comes. */
#define AHEAD_MAX LEASE_MAX

static void unqueue(struct flow *f)
{
    if (!f->node.at)
        return;
    struct provider *v = f->provider;
    heap_remove(f->is_in_turns ? &v->turns[f->job->info.priority] : &v->later, &f->node);
}

static void come_back(struct flow *f)
{
    heap_remove(&f->provider->away[f->job->info.priority], &f->away);
}

static struct flow *flow_get(struct provider *v, struct job *j)
{
    struct flow *f = v->flows;
    if (f)
        do {
            if (f->job == j)
                return f;
        } while ((f = f->of_provider.next) != v->flows);
    f = mem_array(1, sizeof *f);
    f->provider = v;
    f->job = j;
    RING_PUT(v->flows, f, of_provider);
    RING_PUT(j->flows, f, of_job);
    return f;
}

static void free_if_empty(struct flow *f)
{
    if (f->leases_out || heap_first(&f->buckets))
        return;
    unqueue(f);
    come_back(f);
    RING_REMOVE(f->provider->flows, f, of_provider);
    RING_REMOVE(f->job->flows, f, of_job);
    heap_done(&f->buckets);
    free(f);
}

void flow_unpin(struct flow *f)
{
    if (--f->leases_out == 0)
        come_back(f);
    free_if_empty(f);
}

void flow_place(struct plan *p, struct flow *f)
{
    struct heap_node *n = heap_first(&f->buckets);
    if (!n || (f->node.at && f->is_in_turns) || f->job->opens_ms == WHEN_NEVER)
        return;
    int64_t at = n->key > f->job->info.start.ms ? n->key : f->job->info.start.ms;
    if (f->job->opens_ms > at)
        at = f->job->opens_ms;
    if (f->aside_ms > at)
        at = f->aside_ms;
    if (at == WHEN_NEVER)
        return;
    f->is_in_turns = false;
    heap_put(&f->provider->later, &f->node, at);
    plan_look_at(p, f->provider, plan_mono_of(p, at));
}

void bucket_stand(struct plan *p, struct bucket *b)
{
    if (b->is_leasing || b->job->is_cancelled) /* the lease's answer brings it back */
        return;
    if (!b->flow)
        b->flow = flow_get(b->domain->provider, b->job);
    heap_put(&b->flow->buckets, &b->node, b->due_ms);
    flow_place(p, b->flow);
}

void bucket_leave(struct bucket *b)
{
    struct flow *f = b->flow;
    if (!f)
        return;
    b->flow = NULL;
    heap_remove(&f->buckets, &b->node);
    free_if_empty(f);
}

/* The spool hands out rows behind a cursor and knows what it handed out: so for rows that come in
 * front of the cursor it just goes back. */
static void go_back_for(struct bucket *b, int64_t due_ms)
{
    if (b->after_due_ms < due_ms)
        return;
    b->after_due_ms = due_ms - 1;
    b->after_rid = INT64_MAX;
}

void bucket_moved(struct plan *p, struct bucket *b)
{
    go_back_for(b, b->due_ms);
    if (b->waiting == 0)
        bucket_leave(b);
    else
        domain_wants(p, b->domain);
}

void bucket_add(struct plan *p, struct bucket *b, uint64_t count, int64_t due_ms)
{
    if (b->is_leasing) {
        if (!b->grew_while_leasing || due_ms < b->grew_due_ms)
            b->grew_due_ms = due_ms;
        b->grew_while_leasing = true;
    } else if (b->waiting == 0 || due_ms < b->due_ms) {
        b->due_ms = due_ms;
    }
    go_back_for(b, due_ms);
    b->waiting += count;
    b->job->waiting += count;
    if (!b->is_leasing)
        domain_wants(p, b->domain);
}

void flows_wake(struct plan *p, struct provider *v, struct now now)
{
    struct heap_node *n;
    while ((n = heap_first(&v->later)) && n->key <= now.wall.ms) {
        struct flow *f = container_of(n, struct flow, node);
        enum priority prio = f->job->info.priority;
        heap_remove(&v->later, n);
        if (f->job->opens_ms > now.wall.ms) /* job_review() places it again */
            continue;
        if (!f->keeps_turn && f->served < v->served[prio])
            f->served = v->served[prio];
        f->keeps_turn = false;
        f->aside_ms = 0;
        f->is_in_turns = true;
        come_back(f);
        heap_put(&v->turns[prio], n, f->served);
    }
    if (n)
        plan_look_at(p, v, plan_mono_of(p, n->key));
}

/* The flow's earliest bucket, if it is due, its route is still good and a host takes it; a stale
 * route is asked for again, and while all hosts rest nothing is fetched for them. */
static struct bucket *due_bucket(struct plan *p, struct flow *f, struct now now)
{
    struct heap_node *n;
    while ((n = heap_first(&f->buckets)) && n->key <= now.wall.ms) {
        struct bucket *b = container_of(n, struct bucket, node);
        struct domain *d = b->domain;
        if (d->valid_until_ms <= now.mono.ms) {
            domain_forget_route(p, d);
            continue;
        }
        bool is_open = d->state != DOMAIN_ROUTED || d->site->working > 0;
        int64_t opens = is_open ? now.mono.ms : site_opens_at(d->site, now);
        if (opens <= now.mono.ms)
            return b;
        if (opens > d->valid_until_ms)
            opens = d->valid_until_ms;
        heap_put(&f->buckets, n, opens + p->offset_ms);
    }
    return NULL;
}

/* Out of the turns: nothing of it can be fetched now. */
static void step_aside(struct plan *p, struct flow *f)
{
    struct provider *v = f->provider;
    unqueue(f);
    f->is_in_turns = false;
    f->keeps_turn = f->leases_out > 1; /* one is the pin */
    bool is_alone = f->of_provider.next == f;
    if (f->keeps_turn && !is_alone && f->job->opens_ms != WHEN_NEVER)
        heap_put(&v->away[f->job->info.priority], &f->away, f->served);
    flow_place(p, f);
}

/* The job is open, nothing holds it at this provider, and its caps grant something soon. Else it looks
 * again then. */
static bool may_turn(struct plan *p, struct flow *f, struct now now)
{
    struct job *j = f->job;
    struct gate *gate[2];
    if (j->opens_ms > now.wall.ms)
        return false;
    int64_t held = hold_until(f->provider, j->info.key, NULL, now, NULL);
    int64_t at = held > now.wall.ms ? held : 0;
    for (unsigned n = job_gates(j, gate); n > 0; n--) {
        struct gate *g = gate[n - 1];
        int64_t now_us = now.mono.ms * 1000, us = throttle_when(&g->messages, now_us, NULL);
        if (us <= now_us + FAR_MS * 1000)
            continue;
        int64_t retry =
            gate_retry_ms(g, f->provider, (us - RATE_HORIZON_US) / 1000, now) + p->offset_ms;
        if (retry > at)
            at = retry;
    }
    if (at == 0)
        return true;
    f->aside_ms = at;
    return false;
}

struct flow *flow_turn(struct plan *p, struct provider *v, enum priority prio,
                       struct bucket **bucket, struct now now)
{
    struct heap_node *n, *away;
    while ((n = heap_first(&v->turns[prio]))) {
        if ((away = heap_first(&v->away[prio])) && n->key > away->key + AHEAD_MAX)
            return NULL; /* its answer touches the provider */
        struct flow *f = container_of(n, struct flow, node);
        struct bucket *b = NULL;
        f->leases_out++; /* pinned: forgetting a route may take its last bucket */
        if (may_turn(p, f, now))
            b = due_bucket(p, f, now);
        if (!b)
            step_aside(p, f);
        *bucket = b;
        flow_unpin(f);
        if (b)
            return f;
    }
    return NULL;
}

void flow_wait(struct plan *p, struct flow *f, struct now now)
{
    struct gate *gate[2];
    int64_t now_us = now.mono.ms * 1000;
    f->aside_ms = now.wall.ms + GATE_WAIT_MS;
    for (unsigned n = job_gates(f->job, gate); n > 0; n--) {
        int64_t us = throttle_when(&gate[n - 1]->messages, now_us, NULL);
        int64_t at = gate_retry_ms(gate[n - 1], f->provider, (us - RATE_HORIZON_US) / 1000, now);
        if (us > now_us + RATE_HORIZON_US && at + p->offset_ms < f->aside_ms)
            f->aside_ms = at + p->offset_ms;
    }
    f->leases_out++;
    step_aside(p, f);
    flow_unpin(f);
}

void flow_aside(struct plan *p, struct provider *v, struct job *j, int64_t until_ms)
{
    struct flow *f = j->flows;
    if (!f)
        return;
    do
        if (f->provider == v) {
            f->aside_ms = until_ms;
            unqueue(f);
            f->is_in_turns = false;
            flow_place(p, f);
            return;
        }
    while ((f = f->of_job.next) != j->flows);
}

void flows_bring_back(struct plan *p)
{
    for (struct job *j = p->jobs; j; j = j->next) {
        struct flow *f = j->flows;
        if (f)
            do {
                f->aside_ms = 0;
                flow_place(p, f);
            } while ((f = f->of_job.next) != j->flows);
    }
}

void flow_poke(struct plan *p, struct provider *v, struct job *j)
{
    struct flow *f = j->flows;
    if (!f)
        return;
    do
        if (f->provider == v && !f->is_in_turns && f->aside_ms)
            break;
    while ((f = f->of_job.next) != j->flows);
    if (f->provider == v && !f->is_in_turns && f->aside_ms) {
        f->aside_ms = 0;
        flow_place(p, f);
    }
}

void flow_served(struct flow *f, int64_t rows)
{
    struct provider *v = f->provider;
    enum priority prio = f->job->info.priority;
    if (rows > 0 && f->served > v->served[prio])
        v->served[prio] = f->served;
    f->served += rows;
    if (f->node.at && f->is_in_turns)
        heap_put(&v->turns[prio], &f->node, f->served);
}
