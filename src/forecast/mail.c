/* mail.c: connections to receivers that take everything: a batch is one event. */
#include <stdlib.h>
#include "state.h"

static int64_t up(double ms)
{
    int64_t whole = (int64_t)ms;
    return (double)whole < ms ? whole + 1 : whole;
}

static struct bucket *bucket_of(const struct forecast *f, uint64_t lease)
{
    MUST(lease > 0 && lease <= f->in->domains);
    return &f->bucket[lease - 1];
}

static struct account *account_of(const struct forecast *f, uint64_t lease)
{
    return &f->account[bucket_of(f, lease)->account];
}

/* One after the other, as a worker does it; `at` is monotonic. */
static void begin(struct forecast *f, struct conn *c, struct delivery *chain, double at)
{
    double message_ms = f->receiver[c->receiver].message_ms;
    int64_t offset_ms = f->now.wall.ms - f->now.mono.ms;
    struct delivery **begun = &c->begun, **untried = &c->untried;
    for (struct delivery *d = chain, *next; d; d = next) {
        next = d->next;
        d->next = NULL;
        double from = at > (double)d->not_before.ms ? at : (double)d->not_before.ms;
        if (d->not_after.ms && from > (double)d->not_after.ms) {
            *untried = d;
            untried = &d->next;
            continue;
        }
        at = from + message_ms;
        account_active(f, account_of(f, d->lease), (int64_t)from + offset_ms, up(at) + offset_ms);
        *begun = d;
        begun = &d->next;
    }
    int64_t end_ms = up(at);
    if (end_ms <= f->now.mono.ms) /* a millisecond at least, so that nobody turns in a circle */
        end_ms = f->now.mono.ms + 1;
    c->state = CONN_BUSY;
    c->ended_ms = end_ms;
    c->early_ms = (double)end_ms - at;
    heap_put(&f->due, &c->node, end_ms);
}

void mail_open(struct forecast *f, const struct plan_action *a)
{
    struct conn *c = &f->conn[a->connection];
    MUST(c->state == CONN_FREE && a->chain);
    c->receiver = f->account[bucket_of(f, a->chain->lease)->account].receiver;
    c->closes = false;
    double dial_ms = f->receiver[c->receiver].dial_ms;
    c->connect_ms = (uint32_t)up(dial_ms);
    begin(f, c, a->chain, (double)f->now.mono.ms + dial_ms);
}

void mail_more(struct forecast *f, const struct plan_action *a)
{
    struct conn *c = &f->conn[a->connection];
    MUST(c->state == CONN_IDLE);
    /* Batches that follow at once lose nothing by the whole milliseconds of the clock. */
    double early_ms = c->ended_ms == f->now.mono.ms && c->early_ms < 1 ? c->early_ms : 0;
    begin(f, c, a->chain, (double)f->now.mono.ms - early_ms);
}

/* QUIT and its answer: one of the round trips of a dial. */
static void quit(struct forecast *f, struct conn *c)
{
    c->state = CONN_CLOSING;
    int64_t ms = (int64_t)(f->receiver[c->receiver].dial_ms / 4);
    heap_put(&f->due, &c->node, f->now.mono.ms + (ms > 0 ? ms : 1));
}

void mail_close(struct forecast *f, const struct plan_action *a)
{
    struct conn *c = &f->conn[a->connection];
    if (c->state == CONN_IDLE)
        quit(f, c);
    else
        c->closes = true;
}

static void tell(struct forecast *f, struct conn *c, struct delivery *d)
{
    struct outcome *o = f->spares ? f->spare[--f->spares] : mem_new(sizeof *o);
    outcome_for(o, d);
    o->phase = PHASE_DOT;
    o->reply.code = 250;
    str_copy(o->reply.enhanced, sizeof o->reply.enhanced, str_of("2.0.0"));
    str_copy(o->reply.text, sizeof o->reply.text, str_of("OK"));
    o->at = f->now.wall;
    o->send_ms = (uint32_t)up(f->receiver[c->receiver].message_ms);
    o->connect_ms = c->connect_ms;
    c->connect_ms = 0;
    plan_outcome(f->plan, (uint32_t)(c - f->conn), o, d, f->now);
}

static void batch_ends(struct forecast *f, struct conn *c)
{
    struct delivery *begun = c->begun, *untried = c->untried;
    c->begun = c->untried = NULL;
    c->state = CONN_IDLE;
    for (struct delivery *d = begun, *next; d; d = next) {
        next = d->next;
        d->next = NULL;
        tell(f, c, d);
    }
    if (untried)
        plan_untried(f->plan, (uint32_t)(c - f->conn), untried, f->now);
    if (c->closes)
        quit(f, c);
    else
        plan_ready(f->plan, (uint32_t)(c - f->conn), f->now);
}

void mail_due(struct forecast *f, struct conn *c)
{
    if (c->state == CONN_BUSY) {
        batch_ends(f, c);
        return;
    }
    MUST(c->state == CONN_CLOSING);
    struct outcome why = {.phase = PHASE_QUIT, .slot = NO_SLOT};
    c->state = CONN_FREE;
    plan_closed(f->plan, (uint32_t)(c - f->conn), &why, false, NULL, f->now);
}

/* ---- how it ends for a row ---- */

static void settle(struct forecast *f, struct account *a, bool is_delivered)
{
    a->delivered += is_delivered;
    a->undeliverable += !is_delivered;
    a->settled_ms = f->now.wall.ms;
    f->settled += f->in->job[a->job].is_subject;
}

void mail_record(struct forecast *f, struct outcome *o)
{
    struct bucket *b = bucket_of(f, o->lease);
    if (o->state == STATE_DEFERRED || o->state == STATE_WAITING)
        rows_put(b, o->next_due_ms, 1);
    else
        settle(f, &f->account[b->account], o->state == STATE_DELIVERED);
    if (f->spares < SPARE_OUTCOMES)
        f->spare[f->spares++] = o;
    else
        free(o);
}

void mail_return(struct forecast *f, struct delivery *d, int64_t due_ms)
{
    rows_put(bucket_of(f, d->lease), due_ms, 1);
    delivery_free(d);
}

static void free_chain(struct delivery *d)
{
    while (d) {
        struct delivery *next = d->next;
        delivery_free(d);
        d = next;
    }
}

void mail_free(struct forecast *f)
{
    for (uint32_t i = 0; i < f->in->options.max_connections; i++) {
        free_chain(f->conn[i].begun);
        free_chain(f->conn[i].untried);
    }
    while (f->spares)
        free(f->spare[--f->spares]);
    free(f->conn);
    heap_done(&f->due);
}
