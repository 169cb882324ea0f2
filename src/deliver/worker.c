/* The worker thread of a connection number: its orders, its queue, its waiting. It is started by
 * the number's first ORDER_OPEN and stays for the next one. */
#include "conn.h"

#include <sluice/base/must.h>
#include <sluice/base/pace.h>
#include <sluice/os/clock.h>

#include <stdlib.h>

static const struct mono now_or_never = {0}; /* mailbox_take() then does not sleep */
static const struct mono for_ever = {WHEN_NEVER};

void conn_wake(struct conn *c)
{
    /* One letter for all wakers: it must not be sent again before it was taken. */
    if (!atomic_exchange(&c->is_waking, true))
        mailbox_send(&c->box, &c->wake);
}

static void queue_add(struct conn *c, struct delivery *chain)
{
    *c->last = chain;
    while (*c->last)
        c->last = &(*c->last)->next;
}

static struct delivery *queue_take(struct conn *c)
{
    struct delivery *d = c->first;

    c->first = d->next;
    if (!c->first)
        c->last = &c->first;
    d->next = NULL;
    return d;
}

static void queue_put_back(struct conn *c, struct delivery *d)
{
    d->next = c->first;
    if (!c->first)
        c->last = &d->next;
    c->first = d;
}

static void obey(struct conn *c, struct order *o)
{
    MUST(o->kind != ORDER_OPEN); /* a number is opened again after its `closed` only */
    switch (o->kind) {
    case ORDER_OPEN:
        break;
    case ORDER_MORE:
        queue_add(c, o->chain);
        c->is_ready_said = false;
        break;
    case ORDER_CLOSE:
        c->is_closing = true;
        break;
    }
    free(o);
}

/* The next letter, or NULL at that time. */
static struct letter *next_letter(struct conn *c, struct mono until)
{
    struct letter *l;

    if (!c->letters)
        c->letters = mailbox_take(&c->box, until);
    l = c->letters;
    if (l)
        c->letters = l->next;
    if (l && l->kind == LETTER_WAKE)
        atomic_store(&c->is_waking, false); /* from here on it may be sent again */
    return l;
}

/* Takes what has arrived, or waits for it until then. */
static void take_orders(struct conn *c, struct mono until)
{
    struct letter *l = next_letter(c, until);

    if (until.ms != now_or_never.ms)
        c->has_waited = true;
    for (; l; l = next_letter(c, now_or_never))
        if (l->kind != LETTER_WAKE)
            obey(c, (struct order *)l);
}

static bool must_end(struct conn *c)
{
    return c->is_closing || c->is_spent || conn_stop(c) != STOP_NO;
}

static bool has_free_slot(struct conn *c)
{
    atomic_bool *busy = c->pool->is_slot_busy + c->number * HANDOVER_RING;

    for (unsigned i = 0; i < HANDOVER_RING; i++) {
        if (!atomic_load(&busy[c->next_slot])) {
            c->msg.slot = c->number * HANDOVER_RING + c->next_slot;
            return true;
        }
        c->next_slot = (c->next_slot + 1) % HANDOVER_RING;
    }
    return false;
}

/* All our outcomes wait for their commit; pool_committed() wakes whoever wants a slot. The mark
 * comes first and the second look after it, so that a commit in between is not missed. Always
 * false. */
static bool waited_for_slot(struct conn *c)
{
    struct mono not_after = c->first->not_after;

    atomic_store(&c->wants_slot, true);
    if (!has_free_slot(c))
        take_orders(c, not_after.ms ? (struct mono){not_after.ms + 1} : for_ever);
    atomic_store(&c->wants_slot, false);
    return false;
}

static bool is_due(const struct delivery *d)
{
    return d->not_before.ms == 0 || d->not_before.ms <= clock_mono().ms;
}

/* Whose time has passed goes back as it came. */
static void give_back_untried(struct conn *c)
{
    struct delivery *untried = NULL, **end = &untried;

    while (c->first && message_is_too_late(c->first)) {
        *end = queue_take(c);
        end = &(*end)->next;
        c->pace.is_in = false;
    }
    if (!untried)
        return;
    c->has_untried = true;
    report_untried(c, untried);
}

/* The rates' last word, see base/pace.h. A connection's first message has it when its MAIL is written:
 * who knows how long the dialling takes. */
static bool has_pace(struct conn *c)
{
    int64_t now_us = clock_mono_us(), at_us;

    if (!c->has_begun_one)
        return true;
    at_us = pace_queue_step(&c->pace, c->first->pace, PACES_MAX, now_us);
    if (at_us > now_us)
        take_orders(c, (struct mono){(at_us + 999) / 1000});
    return at_us <= now_us;
}

/* One step towards the next message: waits for what is missing. True when the first delivery may
 * go now. */
static bool may_go(struct conn *c)
{
    if (!c->first) {
        if (!c->is_ready_said)
            report_ready(c);
        c->is_ready_said = true;
        take_orders(c, for_ever);
        return false;
    }
    if (!is_due(c->first)) {
        take_orders(c, c->first->not_before);
        return false;
    }
    return (has_free_slot(c) || waited_for_slot(c)) && has_pace(c);
}

/* A server that is tired of waiting says 421 and closes. Whoever noticed only at MAIL would have
 * begun a message in vain. */
static bool server_has_left(struct conn *c)
{
    if (c->fd < 0 || !c->has_waited)
        return false;
    c->has_waited = false;
    return conn_is_gone(c, true);
}

static bool choose(struct conn *c)
{
    for (;;) {
        take_orders(c, now_or_never);
        if (must_end(c))
            return false;
        give_back_untried(c);
        if (!c->first && c->has_untried && !c->smtp)
            return false; /* not dialled: who said `ready` now might dial at a time that is closed */
        if (!may_go(c))
            continue;
        if (server_has_left(c)) {
            c->has_server_left = true; /* QUIT then reads what it said */
            return false;
        }
        if (message_prepare(c, queue_take(c)) == PREPARED)
            return true;
    }
}

bool worker_next(struct conn *c)
{
    conn_set_state(c, CONN_CHOOSING);
    c->is_ending = !choose(c);
    return !c->is_ending;
}

static void open_connection(struct conn *c, struct order *o)
{
    c->target = o->target;
    queue_add(c, o->chain);
    free(o);
    c->is_closing = c->is_ready_said = c->has_waited = c->is_spent = c->has_begun_one = false;
    c->pace.is_in = false;
    c->is_tls = c->is_tls_broken = c->is_connect_charged = c->has_server_left = false;
    c->has_untried = false;
    c->waits_for_rcpt = true;
    c->connect_ms = 0;
    c->failure.is_set = false;
    c->dial.ip[0] = '\0';
    if (worker_next(c))
        session_run(c);
    if (c->msg.d) { /* chosen, but its MAIL was never written */
        queue_put_back(c, c->msg.d);
        c->msg.d = NULL;
    }
    conn_set_state(c, CONN_IDLE);
    conn_drop_keys(c);
    take_orders(c, now_or_never);
    give_back_untried(c);
    report_closed(c);
    free(c->target);
    c->target = NULL;
}

/* An order without a connection: the first, or one that crossed our `closed`. */
static void obey_idle(struct conn *c, struct order *o)
{
    if (o->kind == ORDER_OPEN) {
        open_connection(c, o);
        return;
    }
    if (o->kind == ORDER_MORE && o->chain)
        report_late(c->pool, c->number, o->chain);
    free(o);
}

void *worker_main(void *conn)
{
    struct conn *c = conn;

    for (;;) {
        struct letter *l = next_letter(c, for_ever);

        if (l && l->kind == LETTER_EXIT)
            return NULL;
        if (l && l->kind == LETTER_ORDER)
            obey_idle(c, (struct order *)l);
    }
}
