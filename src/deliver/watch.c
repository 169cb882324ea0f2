/* The watch: one thread that looks after the time limits of all connections.
 *
 * libESMTP's own limits are for one read(2) each, so a server that sends a byte every four
 * minutes would hold a connection for ever; EHLO and STARTTLS have none of their own; and a peer
 * that stops reading costs one limit for each 2 KB of the text, as write errors are swallowed. A
 * look at an atomic number for each connection a few times in the shortest limit, once a second
 * in practice, does away with all of that; the worker only stores when its time is up. */
#include "conn.h"

#include <sluice/os/clock.h>

#include <sys/socket.h>

/* The text has no deadline as long as it moves: RFC 5321 4.5.3.2.5 means each block. */
static bool text_moves(struct conn *c, int64_t *deadline, int64_t now)
{
    uint32_t progress = atomic_load_explicit(&c->progress, memory_order_relaxed);

    if (conn_state(c) != CONN_BODY || progress == c->watched_progress)
        return false;
    c->watched_progress = progress;
    /* Fails when the worker has moved on, and then its deadline is right. */
    atomic_compare_exchange_strong(&c->deadline_ms, deadline, now + c->pool->limit_ms[CONN_BODY]);
    return true;
}

/* Under the lock, so that it is this socket that is shut and no later one. */
static void end(struct conn *c, int64_t deadline)
{
    pthread_mutex_lock(&c->lock);
    if (atomic_compare_exchange_strong(&c->deadline_ms, &deadline, WHEN_NEVER) && c->fd >= 0) {
        atomic_store(&c->is_timed_out, true);
        shutdown(c->fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&c->lock);
}

static void look_at(struct conn *c, int64_t now)
{
    int64_t deadline = atomic_load_explicit(&c->deadline_ms, memory_order_relaxed);

    if (deadline <= now && !text_moves(c, &deadline, now))
        end(c, deadline);
}

void *watch_main(void *pool)
{
    struct pool *p = pool;

    for (;;) {
        int64_t now = clock_mono().ms;
        struct mono next = {now + p->watch_tick_ms};

        for (uint32_t i = 0; i < p->o.max_connections; i++) {
            struct conn *c = atomic_load(&p->conn[i]);

            if (c)
                look_at(c, now);
        }
        if (mailbox_take(&p->watch_box, next))
            return NULL; /* the only letter is the one to leave */
    }
}
