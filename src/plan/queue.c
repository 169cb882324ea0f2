/* queue.c: the two things that all providers share, rows under lease and connections. When one is
 * used up, whoever needs it takes a ticket; tickets come up by priority, then in turn. Polling was
 * the alternative: with a million small providers every tick would look at all of them. */
#include "parts.h"

/* Priority, then how many connections one has already, then the ticket. */
#define CLASS_SHIFT 48
#define CONNS_MAX 1023
#define CROWD 1000u

static int64_t class_of(enum priority prio, unsigned conns)
{
    return ((int64_t)prio << 10) | (conns < CONNS_MAX ? conns : CONNS_MAX);
}

static enum priority class_prio(int64_t class)
{
    return (enum priority)(class >> 10);
}

static void queue_up(struct plan *p, struct heap *h, struct heap_node *n, int64_t class)
{
    if (n->at == 0 || class < n->key >> CLASS_SHIFT)
        heap_put(h, n, class << CLASS_SHIFT | p->tickets++);
}

void queue_for_lease(struct plan *p, struct provider *v, enum priority prio)
{
    queue_up(p, &p->wants_lease, &v->wants_lease, class_of(prio, 0));
}

void queue_for_conn(struct plan *p, struct provider *v, enum priority prio)
{
    queue_up(p, &p->wants_conn, &v->wants_conn, class_of(prio, v->connections));
}

unsigned most_leased(const struct plan *p, enum priority prio)
{
    unsigned most = p->options.max_leased;
    return prio == PRIO_URGENT ? most : most - most / 10;
}

uint32_t conns_kept(const struct plan *p, enum priority prio)
{
    return prio == PRIO_URGENT ? 0 : p->options.max_connections / 10;
}

static bool has_before(const struct heap *h, const struct heap_node *own, int64_t class)
{
    const struct heap_node *n = heap_first(h);
    return n && n != own && n->key >> CLASS_SHIFT <= class;
}

bool lease_must_queue(const struct plan *p, const struct provider *v, enum priority prio)
{
    return p->leased >= most_leased(p, prio) ||
           (!v->is_served && has_before(&p->wants_lease, &v->wants_lease, class_of(prio, 0)));
}

/* A connection whose messages take long comes back late, so slow receivers (and those that nobody
 * knows yet) may only have as many as are left for others: some are always left for who comes next.
 * Fast ones may have all: they give way between two batches. */
static bool has_enough(const struct plan *p, const struct provider *v, enum priority prio)
{
    uint32_t kept = conns_kept(p, prio);
    if (p->free_conns <= kept)
        return true;
    bool is_slow = v->message_ms <= 0 || v->message_ms > BATCH_MS;
    return is_slow && v->connections > 0 && v->connections >= p->free_conns - kept;
}

bool conn_must_queue(const struct plan *p, const struct provider *v, enum priority prio)
{
    return has_enough(p, v, prio) || (!v->is_served && has_before(&p->wants_conn, &v->wants_conn,
                                                                  class_of(prio, v->connections)));
}

bool conn_should_yield(const struct plan *p, const struct conn *c, enum priority prio,
                       struct now now)
{
    const struct heap_node *n = heap_first(&p->wants_conn);
    if (!n || n == &c->site->provider->wants_conn || p->closing >= p->wants_conn.count)
        return false;
    int64_t class = n->key >> CLASS_SHIFT;
    if (class_prio(class) != prio)
        return class_prio(class) < prio;
    /* Two less, so that it does not go to and fro. */
    bool has_less =
        class == class_of(prio, 0) || class + 2 <= class_of(prio, c->site->provider->connections);
    return has_less && now.mono.ms - c->opened_ms >= SLICE_MS;
}

/* A twentieth is free before bulk is served again: else every row that ends would be one lease. */
static bool lease_is_free(const struct plan *p, enum priority prio)
{
    unsigned most = most_leased(p, prio);
    unsigned step = prio == PRIO_URGENT ? 0 : most / 20;
    return p->leased < most - step;
}

static bool is_long(const struct heap *h, enum priority prio)
{
    return h->count >= CROWD && class_prio(heap_first(h)->key >> CLASS_SHIFT) <= prio;
}

bool queue_is_long(const struct plan *p, enum priority prio)
{
    return is_long(&p->wants_conn, prio) || is_long(&p->wants_lease, prio);
}

struct provider *queue_next(struct plan *p)
{
    struct heap_node *n = heap_first(&p->wants_conn);
    if (n) {
        struct provider *v = container_of(n, struct provider, wants_conn);
        if (!has_enough(p, v, class_prio(n->key >> CLASS_SHIFT))) {
            heap_remove(&p->wants_conn, n);
            return v;
        }
    }
    n = heap_first(&p->wants_lease);
    if (n && lease_is_free(p, class_prio(n->key >> CLASS_SHIFT))) {
        heap_remove(&p->wants_lease, n);
        return container_of(n, struct provider, wants_lease);
    }
    return NULL;
}
