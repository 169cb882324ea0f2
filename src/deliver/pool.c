/* The pool: connection numbers, their threads, hand-over slots and the stop. */
#include "conn.h"
#include "tls.h"

#include <sluice/base/must.h>
#include <sluice/base/str.h>
#include <sluice/os/clock.h>
#include <sluice/os/thread.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>

/* libESMTP and OpenSSL need some 40 KB; a page that is not touched costs nothing. */
#define STACK_BYTES (256u * 1024)

/* RFC 5321 4.5.3.2, and KumoMTA's 60 s for connecting and 2 minutes for STARTTLS. */
#define SECOND_MS 1000
#define MINUTE_MS (60 * SECOND_MS)
/* For an answer that is still awaited when libESMTP has given up and written QUIT. */
#define LAST_WORDS_MS (10 * SECOND_MS)

static int64_t limit(int64_t chosen_ms, int64_t default_ms)
{
    return chosen_ms > 0 ? chosen_ms : default_ms;
}

static void set_limits(struct pool *p)
{
    const struct pool_options *o = &p->o;
    int64_t shortest = LAST_WORDS_MS;

    p->connect_ms = limit(o->connect_ms, MINUTE_MS);
    p->limit_ms[CONN_GREETING] = limit(o->banner_ms, 5 * MINUTE_MS);
    p->limit_ms[CONN_HELLO] = limit(o->ehlo_ms, 5 * MINUTE_MS);
    p->limit_ms[CONN_STARTTLS] = limit(o->starttls_ms, 2 * MINUTE_MS);
    p->limit_ms[CONN_HANDSHAKE] = p->limit_ms[CONN_STARTTLS];
    p->limit_ms[CONN_MAIL] = limit(o->mail_ms, 5 * MINUTE_MS);
    p->limit_ms[CONN_RCPT] = limit(o->rcpt_ms, 5 * MINUTE_MS);
    p->limit_ms[CONN_DATA] = limit(o->data_ms, 2 * MINUTE_MS);
    p->limit_ms[CONN_BODY] = limit(o->data_block_ms, 3 * MINUTE_MS);
    p->limit_ms[CONN_DOT] = limit(o->data_dot_ms, 10 * MINUTE_MS);
    p->limit_ms[CONN_QUITTING] = LAST_WORDS_MS;
    for (int s = 0; s < CONN_STATES; s++)
        if (p->limit_ms[s] && p->limit_ms[s] < shortest)
            shortest = p->limit_ms[s];
    /* Limits are kept to an eighth, or a second. */
    p->watch_tick_ms = shortest / 8 < 10 ? 10 : shortest / 8 > SECOND_MS ? SECOND_MS : shortest / 8;
}

static struct pool *pool_new(const struct pool_options *o)
{
    struct pool *p = mem_array(1, sizeof *p);
    size_t slots = (size_t)o->max_connections * HANDOVER_RING;

    p->o = *o;
    p->ehlo_name = mem_str(o->ehlo_name);
    p->conn = mem_array(o->max_connections, sizeof *p->conn);
    p->is_slot_busy = mem_array(slots, sizeof *p->is_slot_busy);
    /* What the last life left in doubt is not ours to overwrite: it is free when the spool has
     * settled it. */
    for (uint32_t i = 0; i < slots; i++)
        atomic_init(&p->is_slot_busy[i], !handover_is_free(handover_slot(o->handover, i)));
    pthread_mutex_init(&p->open_lock, NULL);
    pthread_mutex_init(&p->keys_lock, NULL);
    mailbox_init(&p->watch_box, false);
    set_limits(p);
    return p;
}

static void pool_done(struct pool *p)
{
    SSL_CTX_free(p->tls);
    mailbox_done(&p->watch_box);
    pthread_mutex_destroy(&p->open_lock);
    pthread_mutex_destroy(&p->keys_lock);
    keys_release(p->keys);
    free(p->ehlo_name);
    free(p->is_slot_busy);
    free((void *)p->conn);
    free(p);
}

bool pool_start(const struct pool_options *o, struct pool **out, struct err *e)
{
    struct pool *p;

    MUST(o->max_connections > 0 && o->ehlo_name && o->reports && o->handover);
    MUST(o->kind_untried); /* who forgot it would take it for its letter of kind 0 */
    MUST(handover_count(o->handover) >= o->max_connections * HANDOVER_RING);
    if (!dial_is_possible(e))
        return false;
    p = pool_new(o);
    p->tls = tls_new(e);
    if (!p->tls || !thread_start(&p->watch, "watch", 0, watch_main, p, e)) {
        pool_done(p);
        return false;
    }
    *out = p;
    return true;
}

static struct conn *conn_new(struct pool *p, uint32_t number)
{
    struct conn *c = mem_array(1, sizeof *c);

    c->pool = p;
    c->number = number;
    c->fd = -1;
    c->last = &c->first;
    c->wake.kind = LETTER_WAKE;
    atomic_init(&c->deadline_ms, WHEN_NEVER);
    pthread_mutex_init(&c->lock, NULL);
    mailbox_init(&c->box, false);
    buf_init(&c->msg.text, MAILING_MAX_BYTES);
    return c;
}

static void conn_free(struct conn *c)
{
    buf_done(&c->msg.text);
    mailbox_done(&c->box);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* The connection with its thread; NULL when the system has no thread left. */
static struct conn *conn_started(struct pool *p, uint32_t number, struct err *e)
{
    size_t stack = p->o.stack_bytes ? p->o.stack_bytes : STACK_BYTES;
    struct conn *c = atomic_load(&p->conn[number]);

    if (c)
        return c;
    c = conn_new(p, number);
    if (!thread_start(&c->thread, "smtp", stack, worker_main, c, e)) {
        conn_free(c);
        return NULL;
    }
    atomic_store(&p->conn[number], c);
    return c;
}

static void open_failed(struct pool *p, struct order *o, const struct err *e)
{
    struct conn c = {.pool = p, .number = o->connection, .target = o->target, .first = o->chain};

    conn_fail_text(&c, PHASE_CONNECT, "%s", e->text);
    report_closed(&c);
    free(o->target);
    free(o);
}

void pool_order(struct pool *p, struct order *o)
{
    struct conn *c;
    struct err e;

    MUST(o->connection < p->o.max_connections);
    MUST(o->kind != ORDER_OPEN || o->target);
    o->letter.kind = LETTER_ORDER;
    if (o->kind == ORDER_OPEN) {
        pthread_mutex_lock(&p->open_lock);
        p->open++;
        pthread_mutex_unlock(&p->open_lock);
    }
    c = o->kind == ORDER_OPEN ? conn_started(p, o->connection, &e)
                              : atomic_load(&p->conn[o->connection]);
    MUST(c || o->kind == ORDER_OPEN);
    if (c)
        mailbox_send(&c->box, &o->letter);
    else
        open_failed(p, o, &e);
}

void pool_committed(struct pool *p, uint32_t slot)
{
    struct conn *c;

    if (slot == NO_SLOT)
        return;
    MUST(slot < p->o.max_connections * HANDOVER_RING);
    handover_clear(handover_slot(p->o.handover, slot));
    atomic_store(&p->is_slot_busy[slot], false);
    c = atomic_load(&p->conn[slot / HANDOVER_RING]);
    if (c && atomic_load(&c->wants_slot))
        conn_wake(c);
}

void pool_stop(struct pool *p, bool at_once)
{
    atomic_store(&p->stop, at_once ? STOP_AT_ONCE : STOP_GRACEFULLY);
    for (uint32_t i = 0; i < p->o.max_connections; i++) {
        struct conn *c = atomic_load(&p->conn[i]);
        enum conn_state s;

        if (!c)
            continue;
        /* Under the lock: see message_begin(). Before its first MAIL a connection has nothing to
         * end in good order. */
        pthread_mutex_lock(&c->lock);
        s = conn_state(c);
        if (c->fd >= 0 && (at_once || (s >= CONN_DIALLING && s <= CONN_HANDSHAKE)))
            shutdown(c->fd, SHUT_RDWR);
        pthread_mutex_unlock(&c->lock);
        conn_wake(c);
    }
}

bool pool_is_idle(struct pool *p)
{
    bool is_idle;

    pthread_mutex_lock(&p->open_lock);
    is_idle = p->open == 0;
    pthread_mutex_unlock(&p->open_lock);
    return is_idle;
}

static void drop_letters(struct mailbox *m)
{
    struct mono no_wait = {0};

    for (struct letter *l = mailbox_take(m, no_wait), *next; l; l = next) {
        next = l->next;
        if (l->kind == LETTER_ORDER)
            free(l); /* a close that crossed our `closed` */
    }
}

void pool_free(struct pool *p)
{
    struct letter leave = {.kind = LETTER_EXIT};

    if (!p)
        return;
    MUST(pool_is_idle(p));
    mailbox_send(&p->watch_box, &leave);
    pthread_join(p->watch, NULL);
    for (uint32_t i = 0; i < p->o.max_connections; i++) {
        struct conn *c = atomic_load(&p->conn[i]);

        if (!c)
            continue;
        mailbox_send(&c->box, &leave);
        pthread_join(c->thread, NULL);
        drop_letters(&c->box);
        conn_free(c);
    }
    pool_done(p);
}
