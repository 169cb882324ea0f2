/* brain.c: the planner's thread: letters become events of the plan, the plan's actions become
 * letters. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "engine.h"
#include "setup.h"

void engine_call(struct engine *e, struct mailbox *box, void (*run)(struct engine *, void *),
                 void *arg)
{
    (void)e;
    struct call c = {.letter.kind = 0, .run = run, .arg = arg};
    sem_init(&c.done, 0, 0);
    mailbox_send(box, &c.letter);
    while (sem_wait(&c.done) != 0)
        ;
    sem_destroy(&c.done);
}

/* ---- letters in ---- */

static void on_appended(struct engine *e, struct intake_append *a)
{
    for (unsigned i = 0; i < a->count; i++)
        plan_job_add(e->plan, a->job_key, a->item[i].domain_id, a->item[i].domain, a->item[i].added,
                     a->item[i].due_ms);
    free(a);
}

/* Rows may be appended while the job is still on its way through the keeper: their letter waits for
 * it. */
static void append(struct engine *e, struct intake_append *a)
{
    if (plan_job_is_open(e->plan, a->job_key) || e->opening == 0) {
        on_appended(e, a);
        return;
    }
    a->letter.next = (struct letter *)e->orphans;
    e->orphans = a;
}

static void adopt_orphans(struct engine *e)
{
    struct intake_append *a = e->orphans, *next;
    e->orphans = NULL;
    for (; a; a = next) {
        next = (struct intake_append *)a->letter.next;
        append(e, a);
    }
}

static void take_opened(struct engine *e, const struct opened *o, struct now now)
{
    plan_job_open(e->plan, &o->job);
    plan_job_calendar(e->plan, o->job.key, &o->closed, now);
    for (unsigned i = 0; i < o->count; i++)
        plan_job_add(e->plan, o->job.key, o->item[i].domain_id, o->item[i].domain,
                     o->item[i].waiting, o->item[i].due_ms);
    plan_job_loaded(e->plan, o->job.key);
}

static void on_opened(struct engine *e, struct opened *o, struct now now)
{
    if (!o->is_again)
        e->opening--;
    if (o->job.key) /* 0: it could not be opened */
        take_opened(e, o, now);
    opened_free(o);
    adopt_orphans(e);
}

static void on_leased(struct engine *e, struct lease_letter *l, struct now now)
{
    if (l->failed)
        plan_lease_failed(e->plan, l->job_key, l->domain_id, 1000, now);
    else
        plan_leased(e->plan, l->job_key, l->domain_id, l->chain, l->count, l->last.due_ms,
                    l->last.rid, l->next_due_ms, now);
    free(l);
}

static void on_outcome(struct engine *e, struct pool_report *r, struct now now)
{
    struct outcome *o = mem_new(sizeof *o);
    *o = r->outcome;
    plan_outcome(e->plan, r->connection, o, r->done, now);
    free(r);
}

static void on_closed(struct engine *e, struct pool_report *r, struct now now)
{
    if (r->is_late)
        plan_late(e->plan, r->left, now);
    else
        plan_closed(e->plan, r->connection, &r->outcome, r->tls_failed, r->left, now);
    free(r);
}

static void on_recount(struct engine *e, struct recount_letter *l, struct now now)
{
    for (unsigned i = 0; i < l->count && plan_job_is_open(e->plan, l->job_key); i++)
        plan_job_recount(e->plan, l->job_key, l->item[i].domain_id, l->item[i].domain,
                         l->item[i].waiting, l->item[i].due_ms, now);
    recount_free(l);
}

/* False: it was the last one. */
static bool on_letter(struct engine *e, struct letter *l, struct now now)
{
    switch (l->kind) {
    case TO_BRAIN_CALL: {
        struct call *c = (struct call *)l;
        c->run(e, c->arg);
        sem_post(&c->done);
        break;
    }
    case TO_BRAIN_JOB:
        e->opening++;
        l->kind = TO_KEEPER_OPEN;
        mailbox_send(&e->keeper_box, l);
        break;
    case TO_BRAIN_APPEND:
        append(e, (struct intake_append *)l);
        break;
    case TO_BRAIN_OPENED:
        on_opened(e, (struct opened *)l, now);
        break;
    case TO_BRAIN_LEASED:
        on_leased(e, (struct lease_letter *)l, now);
        break;
    case TO_BRAIN_RESOLVED: {
        struct resolved *r = (struct resolved *)l;
        plan_resolved(e->plan, r->domain, &r->answer, now);
        free(r);
        break;
    }
    case TO_BRAIN_OUTCOME:
        on_outcome(e, (struct pool_report *)l, now);
        break;
    case TO_BRAIN_READY:
        plan_ready(e->plan, ((struct pool_report *)l)->connection, now);
        free(l);
        break;
    case TO_BRAIN_CLOSED:
        on_closed(e, (struct pool_report *)l, now);
        break;
    case TO_BRAIN_UNTRIED: {
        struct pool_report *r = (struct pool_report *)l;
        plan_untried(e->plan, r->connection, r->left, now);
        free(r);
        break;
    }
    case TO_BRAIN_RECOUNT:
        on_recount(e, (struct recount_letter *)l, now);
        break;
    case TO_BRAIN_HOLD:
        plan_job_pause(e->plan, ((struct job_letter *)l)->job_key, now);
        free(l);
        break;
    case TO_BRAIN_STOP:
        free(l);
        return false;
    default:
        must_fail(__FILE__, __LINE__, "a letter that the brain knows");
    }
    return true;
}

/* ---- actions out ---- */

static void say_lease(struct engine *e, const struct plan_action *a)
{
    struct lease_letter *l = mem_array(1, sizeof *l);
    l->letter.kind = TO_KEEPER_LEASE;
    l->job_key = a->job_key;
    l->domain_id = a->domain_id;
    l->after = (struct todo_key){a->after_due_ms, a->after_rid};
    l->until_ms = a->until_ms;
    l->limit = a->limit;
    mailbox_send(&e->keeper_box, &l->letter);
}

static void say_record(struct engine *e, int kind, const struct plan_action *a)
{
    struct record_letter *r = mem_array(1, sizeof *r);
    r->letter.kind = kind;
    r->outcome = a->outcome;
    r->delivery = a->chain;
    r->due_ms = a->due_ms;
    mailbox_send(&e->keeper_box, &r->letter);
}

static void say_job(struct engine *e, int kind, uint32_t job_key)
{
    struct job_letter *l = mem_array(1, sizeof *l);
    l->letter.kind = kind;
    l->job_key = job_key;
    mailbox_send(&e->keeper_box, &l->letter);
}

/* The refusal of a dial that cannot be made, as a connection would report it: so the planner goes on
 * to the next host or source. */
static void report_unreachable(struct engine *e, const struct plan_action *a,
                               const struct source *source)
{
    struct pool_report *r = mem_array(1, sizeof *r);
    r->letter.kind = TO_BRAIN_CLOSED;
    r->connection = a->connection;
    r->left = a->chain;
    r->outcome.phase = PHASE_CONNECT;
    str_copy(r->outcome.mx_host, sizeof r->outcome.mx_host, str_of(a->host->name));
    snprintf(r->outcome.reply.text, sizeof r->outcome.reply.text,
             "no address of %.200s that source %.64s may dial", a->host->name, source->name);
    mailbox_send(&e->brain_box, &r->letter);
}

static void say_open(struct engine *e, const struct plan_action *a)
{
    struct setup *setup = atomic_load(&e->setup);
    const struct source *source = &setup->settings->shaping.source[a->source];
    struct dial_target *t = mem_array(1, sizeof *t);
    sources_target(&setup->sources, a->source, a->ip_lookup, a->host, a->smtp_port, t);
    if (t->addresses == 0) {
        if (!setup->sources.is_said[a->source])
            log_line(LOG_AT_WARNING, "source", "source=\"%s\" has no address that reaches %s",
                     source->name, a->host->name);
        setup->sources.is_said[a->source] = true;
        report_unreachable(e, a, source);
        free(t);
        return;
    }
    str_copy(t->mx_host, sizeof t->mx_host, str_of(a->host->name));
    str_copy(t->ehlo_name, sizeof t->ehlo_name, str_of(source->ehlo_name));
    t->use_starttls = a->use_tls;
    struct order *o = mem_array(1, sizeof *o);
    o->kind = ORDER_OPEN;
    o->connection = a->connection;
    o->chain = a->chain;
    o->target = t;
    pool_order(e->pool, o);
}

static void say_more(struct engine *e, enum order_kind kind, const struct plan_action *a)
{
    struct order *o = mem_array(1, sizeof *o);
    o->kind = kind;
    o->connection = a->connection;
    o->chain = a->chain;
    pool_order(e->pool, o);
}

static void say_notice(const struct plan_action *a)
{
    log_line(LOG_AT_WARNING, "shaping", "%s", a->text);
    free(a->text);
}

static void say_quarantine(struct engine *e, const struct plan_action *a)
{
    struct quarantine_letter *l = mem_array(1, sizeof *l);
    l->letter.kind = TO_KEEPER_QUARANTINE;
    str_copy(l->provider, sizeof l->provider, str_of(a->domain));
    l->since.ms = a->due_ms;
    mailbox_send(&e->keeper_box, &l->letter);
}

static void carry_out(struct engine *e, const struct plan_action *a)
{
    switch (a->act) {
    case ACT_RESOLVE:
        resolver_ask(e->resolver, a->domain, &e->brain_box, TO_BRAIN_RESOLVED);
        break;
    case ACT_LEASE:
        say_lease(e, a);
        break;
    case ACT_OPEN:
        say_open(e, a);
        break;
    case ACT_MORE:
        say_more(e, ORDER_MORE, a);
        break;
    case ACT_CLOSE:
        say_more(e, ORDER_CLOSE, a);
        break;
    case ACT_RECORD:
        say_record(e, TO_KEEPER_RECORD, a);
        break;
    case ACT_RETURN:
        say_record(e, TO_KEEPER_RETURN, a);
        break;
    case ACT_CANCEL_ROWS:
        say_job(e, TO_KEEPER_CANCEL, a->job_key);
        break;
    case ACT_JOB_DONE:
        atomic_fetch_add(&e->ending, 1);
        say_job(e, TO_KEEPER_DONE, a->job_key);
        break;
    case ACT_NOTICE:
        say_notice(a);
        break;
    case ACT_QUARANTINE:
        say_quarantine(e, a);
        break;
    }
}

/* ---- the thread ---- */

/* When the next round begins at the latest: a lost wake-up or a clock that jumps costs a second, not
 * a campaign. */
static struct mono next_round(const struct engine *e)
{
    struct mono until = plan_wake(e->plan);
    int64_t soon = clock_mono().ms + 1000;
    return until.ms < soon ? until : (struct mono){soon};
}

void *brain_run(void *arg)
{
    struct engine *e = arg;
    bool goes_on = true, told_to_stop = false;
    while (goes_on) {
        struct letter *l = mailbox_take(&e->brain_box, next_round(e)), *next;
        struct now now = clock_now();
        for (; l; l = next) {
            next = l->next;
            goes_on = on_letter(e, l, now) && goes_on;
        }
        if (atomic_load(&e->is_stopping) && !told_to_stop) {
            plan_stop(e->plan, now);
            told_to_stop = true;
        }
        struct plan_action a;
        while (plan_next(e->plan, now, &a))
            carry_out(e, &a);
        atomic_store(&e->brain_is_quiet, told_to_stop && plan_is_quiet(e->plan) && e->opening == 0);
    }
    return NULL;
}

static bool prepare_setup(struct engine *e, struct err *err)
{
    struct problems p;
    problems_init(&p);
    atomic_store(&e->setup, setup_new(e->settings, false, &p));
    if (p.errors && p.item[0].file)
        err_set(err, "%s: %s", p.item[0].file, p.item[0].text);
    else if (p.errors)
        err_set(err, "%s", p.item[0].text);
    problems_done(&p);
    return atomic_load(&e->setup) != NULL;
}

bool brain_prepare(struct engine *e, struct err *err)
{
    const struct settings *s = e->settings;
    for (size_t i = 0; i < s->prohibited_hosts.count; i++)
        if (!prohibited_add(&e->prohibited, s->prohibited_hosts.item[i]))
            return err_set(err,
                           "prohibited_hosts: '%s' is no network such as \"10.0.0.0/8\" (or there "
                           "are more than 32)",
                           s->prohibited_hosts.item[i]);
    if (!prepare_setup(e, err))
        return false;
    struct plan_options o = {.max_connections = (uint32_t)s->max_connections,
                             .max_asking = (unsigned)(s->dns.in_flight_max / 2 + 1),
                             .max_leased = ENGINE_MAX_LEASED,
                             .shaping = &s->shaping,
                             .seed = clock_entropy()};
    e->plan = plan_new(&o);
    return true;
}
