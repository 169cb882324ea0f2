/* What the planner is told. */
#include "conn.h"

#include <sluice/base/must.h>
#include <sluice/base/str.h>
#include <sluice/os/clock.h>

#include <stdarg.h>
#include <stdio.h>

void reply_say(struct reply *r, const char *format, ...)
{
    va_list args;

    *r = (struct reply){0};
    va_start(args, format);
    vsnprintf(r->text, sizeof r->text, format, args);
    va_end(args);
}

static struct pool_report *report_new(uint32_t number, int kind)
{
    struct pool_report *r = mem_array(1, sizeof *r);

    r->letter.kind = kind;
    r->connection = number;
    r->outcome.slot = NO_SLOT;
    return r;
}

static uint32_t span_ms(int64_t from, int64_t to)
{
    int64_t ms = to - from;

    return ms < 0 ? 0 : ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

static void fill_where(struct conn *c, struct outcome *o)
{
    str_copy(o->mx_host, sizeof o->mx_host, str_of(c->target->mx_host));
    str_copy(o->mx_ip, sizeof o->mx_ip, str_of(c->dial.ip));
    o->tls = c->is_tls;
    o->at = clock_wall();
}

static void fill_message(struct conn *c, struct outcome *o)
{
    const struct message *m = &c->msg;

    str_copy(o->message_id, sizeof o->message_id, str_of(m->id));
    if (!m->is_begun)
        return;
    o->slot = m->slot;
    o->bytes = (uint32_t)m->text.len;
    o->queued_ms =
        span_ms(m->d->due_ms > m->d->added.ms ? m->d->due_ms : m->d->added.ms, m->begun_wall.ms);
    o->send_ms = span_ms(m->begun_at.ms, clock_mono().ms);
    if (!c->is_connect_charged)
        o->connect_ms = c->connect_ms;
    c->is_connect_charged = true;
}

void report_outcome(struct conn *c, enum phase phase, const struct reply *r, bool dot_unanswered)
{
    struct pool *p = c->pool;
    struct pool_report *report = report_new(c->number, p->o.kind_outcome);
    struct outcome *o = &report->outcome;

    outcome_for(o, c->msg.d);
    fill_where(c, o);
    fill_message(c, o);
    o->phase = phase;
    o->reply = *r;
    o->dot_unanswered = dot_unanswered;
    /* At once: until this is written, kill -9 makes a message in doubt whose fate we know. */
    if (c->msg.is_begun)
        handover_end(handover_slot(p->o.handover, c->msg.slot), o);
    report->done = c->msg.d;
    c->msg.d = NULL;
    mailbox_send(p->o.reports, &report->letter);
}

void report_untried(struct conn *c, struct delivery *untried)
{
    struct pool_report *r = report_new(c->number, c->pool->o.kind_untried);

    r->left = untried;
    mailbox_send(c->pool->o.reports, &r->letter);
}

void report_ready(struct conn *c)
{
    mailbox_send(c->pool->o.reports, &report_new(c->number, c->pool->o.kind_ready)->letter);
}

static void send_closed(struct pool *p, struct pool_report *r)
{
    /* Both under the lock: an idle pool has sent everything, and who has taken the last letter
     * finds the pool idle. */
    pthread_mutex_lock(&p->open_lock);
    mailbox_send(p->o.reports, &r->letter);
    p->open--;
    pthread_mutex_unlock(&p->open_lock);
}

void report_closed(struct conn *c)
{
    struct pool_report *r = report_new(c->number, c->pool->o.kind_closed);

    fill_where(c, &r->outcome);
    r->outcome.phase = c->failure.is_set ? c->failure.phase : PHASE_QUIT;
    if (c->failure.is_set)
        r->outcome.reply = c->failure.reply;
    r->outcome.connect_ms = c->connect_ms;
    r->tls_failed = c->is_tls_broken;
    r->left = c->first;
    c->first = NULL;
    c->last = &c->first;
    send_closed(c->pool, r);
}

void report_late(struct pool *p, uint32_t number, struct delivery *left)
{
    struct pool_report *r = report_new(number, p->o.kind_closed);

    r->is_late = true;
    r->left = left;
    mailbox_send(p->o.reports, &r->letter);
}
