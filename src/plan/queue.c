/* queue.c: the two things that all providers share, rows under lease and connections. When one is
 * used up, whoever needs it takes a ticket; tickets come up by priority, then in turn. Polling was
 * the alternative: with a million small providers every tick would look at all of them. */
#include "state.h"

/* Priority, then (for connections) those that have none at all, then the ticket. */
static int64_t queue_key(struct plan *p, enum priority prio, bool has_some)
{
    return ((int64_t)prio << 58) | ((int64_t)has_some << 57) | p->tickets++;
}

static enum priority key_prio(int64_t key)
{
    return (enum priority)(key >> 58);
}

static bool key_has_some(int64_t key)
{
    return (key >> 57) & 1;
}

static void queue_up(struct heap *h, struct heap_node *n, int64_t key)
{
    if (n->at == 0 || key >> 57 < n->key >> 57)
        heap_put(h, n, key);
}

void queue_for_lease(struct plan *p, struct provider *v, enum priority prio)
{
    queue_up(&p->wants_lease, &v->wants_lease, queue_key(p, prio, false));
}

void queue_for_conn(struct plan *p, struct provider *v, enum priority prio)
{
    queue_up(&p->wants_conn, &v->wants_conn, queue_key(p, prio, v->connections > 0));
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

static bool has_before(const struct heap *h, const struct heap_node *own, enum priority prio)
{
    const struct heap_node *n = heap_first(h);
    return n && n != own && key_prio(n->key) <= prio;
}

bool lease_must_queue(const struct plan *p, const struct provider *v, enum priority prio)
{
    return p->leased >= most_leased(p, prio) ||
           (!v->is_served && has_before(&p->wants_lease, &v->wants_lease, prio));
}

bool conn_must_queue(const struct plan *p, const struct provider *v, enum priority prio)
{
    return p->free_conns <= conns_kept(p, prio) ||
           (!v->is_served && has_before(&p->wants_conn, &v->wants_conn, prio));
}

bool conn_should_yield(const struct plan *p, const struct conn *c, enum priority prio,
                       struct now now)
{
    const struct heap_node *n = heap_first(&p->wants_conn);
    if (!n || n == &c->site->provider->wants_conn || p->closing >= p->wants_conn.count)
        return false;
    if (key_prio(n->key) < prio)
        return true;
    return key_prio(n->key) == prio && !key_has_some(n->key) &&
           now.mono.ms - c->opened_ms >= SLICE_MS;
}

/* A twentieth is free before bulk is served again: else every row that ends would be one lease. */
static bool lease_is_free(const struct plan *p, enum priority prio)
{
    unsigned most = most_leased(p, prio);
    unsigned step = prio == PRIO_URGENT ? 0 : most / 20;
    return p->leased < most - step;
}

struct provider *queue_next(struct plan *p)
{
    struct heap_node *n = heap_first(&p->wants_conn);
    if (n && p->free_conns > conns_kept(p, key_prio(n->key))) {
        heap_remove(&p->wants_conn, n);
        return container_of(n, struct provider, wants_conn);
    }
    n = heap_first(&p->wants_lease);
    if (n && lease_is_free(p, key_prio(n->key))) {
        heap_remove(&p->wants_lease, n);
        return container_of(n, struct provider, wants_lease);
    }
    return NULL;
}
