/* world_run.c: the virtual clock, the loop around the planner, and what must be true after each
 * round. */
#include "world.h"
#include <stdarg.h>

_Noreturn void world_broken(const struct world *w, const char *file, int line, const char *rule,
                            const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s:%d: seed %llu at %lld ms: %s", file, line, (unsigned long long)w->seed,
            (long long)w->now.mono.ms, rule);
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    abort();
}

unsigned dice(struct world *w, unsigned n)
{
    return (unsigned)rng_below(&w->rng, n);
}

bool mille(struct world *w, unsigned share)
{
    return share && dice(w, 1000) < share;
}

/* Events of the same millisecond happen in the order in which they were planned. */
struct ev *ev_at(struct world *w, int64_t mono_ms, enum ev_kind kind)
{
    struct ev *e = mem_array(1, sizeof *e);
    e->kind = kind;
    heap_put(&w->events, &e->node, (mono_ms << 24) | (int64_t)(w->next_event++ & 0xffffff));
    return e;
}

static int64_t time_of(const struct heap_node *n)
{
    return n->key >> 24;
}

void world_at(struct world *w, int64_t mono_ms, void (*deed)(struct world *w, unsigned arg),
              unsigned arg)
{
    struct ev *e = ev_at(w, mono_ms, EV_DEED);
    e->deed = deed;
    e->number = arg;
}

/* ---- building ---- */

void world_init(struct world *w, uint64_t seed)
{
    memset(w, 0, sizeof *w);
    w->seed = seed;
    w->rng = rng_seed(seed);
    w->now.mono.ms = 5000;
    w->now.wall.ms = INT64_C(1800000000000);
    w->keeper_ms = 5;
    w->options = (struct plan_options){
        .max_connections = 100, .max_asking = 50, .max_leased = 2000, .seed = seed};
    w->profiles.fallback = world_limits();
}

struct limits world_limits(void)
{
    return (struct limits){.connection_limit = 10,
                           .max_deliveries_per_connection = 100,
                           .retry_interval_ms = 5 * MINUTE,
                           .max_retry_interval_ms = 30 * MINUTE,
                           .consecutive_connection_failures_before_delay = 100,
                           .idle_ms = 10 * SECOND,
                           .smtp_port = 25,
                           .enable_tls = TLS_OPPORTUNISTIC};
}

unsigned world_provider(struct world *w, const struct limits *l, const struct behaviour *b)
{
    unsigned i = w->providers++;
    struct w_provider *v = &w->provider[i];
    MUST(i < W_PROVIDERS);
    v->is = *b;
    if (!v->is.dial_ms)
        v->is.dial_ms = 40;
    if (!v->is.message_ms)
        v->is.message_ms = 20;
    v->limits = l ? *l : w->profiles.fallback;
    v->hosts = W_HOSTS + 1;
    for (unsigned h = 0; h < v->hosts; h++) {
        snprintf(v->host[h].name, sizeof v->host[h].name, "mx%u.p%u.example", h, i);
        v->host[h].preference = h < W_HOSTS ? 10 : 20;
        v->host[h].addresses = 1;
        v->host[h].address[0] = (struct mx_address){AF_INET, {10, 0, (uint8_t)i, (uint8_t)h}};
    }
    snprintf(v->suffix, sizeof v->suffix, ".p%u.example", i);
    v->has_profile = l != NULL;
    if (!l)
        return i;
    size_t n = w->profiles.count++;
    w->profiles.item = mem_grow(w->profiles.item, n + 1, sizeof *w->profiles.item);
    struct profile *f = &w->profiles.item[n];
    *f = (struct profile){.name = mem_printf("p%u", i), .mx_suffixes = 1, .limits = *l};
    f->mx_suffix = mem_array(1, sizeof(char *));
    f->mx_suffix[0] = mem_str(v->suffix);
    return i;
}

unsigned world_domain(struct world *w, unsigned provider)
{
    unsigned i = w->domains++;
    MUST(i < W_DOMAINS);
    struct w_domain *d = &w->domain[i];
    *d = (struct w_domain){.provider = provider, .ttl_sec = 300, .dns_ms = 20};
    snprintf(d->name, sizeof d->name, "d%u.example", i);
    return i;
}

unsigned world_job(struct world *w, enum priority prio)
{
    unsigned i = w->jobs++;
    MUST(i < W_JOBS);
    w->job[i].info = (struct plan_job){
        .key = i + 1, .priority = prio, .in_doubt = DOUBT_HOLD, .expires_ms = HOUR};
    return i;
}

/* The planner's life begins, or begins again after a stop: the spool says what waits. */
void world_start(struct world *w)
{
    w->options.profiles = &w->profiles;
    w->plan = plan_new(&w->options);
    w->is_stopping = false;
    memset(w->leased_until_ms, 0, sizeof w->leased_until_ms);
    for (unsigned i = 0; i < w->providers; i++) /* rates do not survive a restart yet */
        w->provider[i].message_tat_us = w->provider[i].connection_tat_us = 0;
    for (unsigned j = 0; j < w->jobs; j++) {
        if (w->job[j].is_done || w->job[j].was_cancelled)
            continue;
        w->job[j].info.is_paused = w->job[j].was_paused;
        plan_job_open(w->plan, &w->job[j].info);
        for (unsigned d = 0; d < w->domains; d++) {
            const struct todo *t = &w->todo[j][d];
            if (t->count)
                plan_job_add(w->plan, j + 1, d, w->domain[d].name, t->count,
                             w->row[t->rid[0] - 1].due_ms);
        }
        plan_job_loaded(w->plan, j + 1);
        w->job[j].is_open = true;
    }
    world_carry_out(w);
}

static void free_chain(struct delivery *d)
{
    while (d) {
        struct delivery *next = d->next;
        delivery_free(d);
        d = next;
    }
}

void world_done(struct world *w)
{
    struct heap_node *n;
    plan_free(w->plan);
    for (unsigned i = 0; i < W_CONNS; i++) { /* a run may end in the middle */
        free_chain(w->conn[i].first);
        free_chain(w->conn[i].late);
    }
    while ((n = heap_first(&w->events))) {
        struct ev *e = container_of_ev(n);
        heap_remove(&w->events, n);
        free_chain(e->chain);
        if (e->kind == EV_KEEPER) {
            free_chain(e->act.chain);
            free(e->act.outcome);
        }
        free(e);
    }
    heap_done(&w->events);
    for (size_t i = 0; i < w->profiles.count; i++) {
        free(w->profiles.item[i].name);
        free(w->profiles.item[i].mx_suffix[0]);
        free(w->profiles.item[i].mx_suffix);
    }
    free(w->profiles.item);
    todo_free(w);
}

/* ---- what the planner says ---- */

static void note_outcome(struct world *w, const struct outcome *o)
{
    struct row *r = &w->row[o->rid - 1];
    struct w_job *j = &w->job[r->job];
    RULE(w, !r->is_said, "rid %llu ends twice", (unsigned long long)o->rid);
    RULE(w, o->category != CAT_OK || o->state == STATE_DELIVERED);
    RULE(w, !r->is_suppressed || o->state == STATE_SUPPRESSED || o->state == STATE_CANCELLED);
    if (o->state == STATE_DEFERRED) {
        RULE(w, o->next_due_ms > w->now.wall.ms && !j->was_cancelled);
        r->retry_from_ms = w->now.mono.ms + (o->next_due_ms - w->now.wall.ms);
        return;
    }
    r->is_said = true;
    bool may_be_double = r->doubted && j->info.in_doubt == DOUBT_RETRY;
    RULE(w, r->accepted <= 1 || may_be_double, "delivered twice");
    RULE(w, o->state != STATE_DELIVERED || r->accepted || r->doubted);
    RULE(w, r->accepted == 0 || o->state == STATE_DELIVERED || r->doubted, "%s",
         state_name(o->state));
    RULE(w, o->state != STATE_CANCELLED || j->was_cancelled);
    RULE(w, o->state != STATE_EXPIRED || w->clock_jumped ||
                w->now.mono.ms - r->added_mono_ms + 2 * HOUR >= j->info.expires_ms);
}

static void note_end(struct world *w, unsigned job)
{
    struct w_job *j = &w->job[job];
    RULE(w, j->is_open && !j->is_done, "ended twice");
    RULE(w, j->out == 0 && (!j->info.is_standing || j->was_cancelled));
    for (size_t i = 0; i < w->rows; i++)
        RULE(w, w->row[i].job != job || w->row[i].is_said || j->was_cancelled,
             "job %u ends before rid %zu", job, i + 1);
    j->is_done = true;
    j->is_open = false;
}

static void carry_out(struct world *w, const struct plan_action *a)
{
    unsigned job = a->job_key - 1;
    switch (a->act) {
    case ACT_RESOLVE:
        net_ask(w, a->domain);
        return;
    case ACT_OPEN:
        net_open(w, a);
        return;
    case ACT_MORE:
        net_more(w, a);
        return;
    case ACT_CLOSE:
        net_close(w, a);
        return;
    case ACT_LEASE:
        RULE(w, a->limit > 0 && a->until_ms == w->now.wall.ms && !w->is_stopping);
        RULE(w, !w->job[job].was_paused && !w->job[job].was_cancelled);
        w->asked_rows += a->limit;
        w->leases_out++;
        break;
    case ACT_RECORD:
        note_outcome(w, a->outcome);
        w->job[job].out--;
        w->held_rows--;
        break;
    case ACT_RETURN:
        w->job[job].out--;
        w->held_rows--;
        break;
    case ACT_CANCEL_ROWS:
        break;
    case ACT_JOB_DONE:
        note_end(w, job);
        break;
    }
    spool_ask(w, a);
}

void world_carry_out(struct world *w)
{
    struct plan_action a;
    unsigned n = 0;
    while (plan_next(w->plan, w->now, &a)) {
        carry_out(w, &a);
        RULE(w, ++n < 1000000, "it never stops");
    }
    w->rounds++;
    w->actions += n;
    w->vain_wakes += n == 0 && w->is_woken;
    w->is_woken = false;
    RULE(w, w->asked_rows + w->held_rows <= w->options.max_leased, "max_leased");
    RULE(w, w->connections <= w->options.max_connections, "max_connections");
    struct plan_counts c;
    plan_counts(w->plan, 0, &c);
    RULE(w, c.leased == w->held_rows && c.connections == w->connections);
    int64_t wake = plan_wake(w->plan).ms;
    RULE(w, wake > w->now.mono.ms, "it would spin: wake %lld", (long long)wake);
}

/* ---- the loop ---- */

static void happen(struct world *w, struct ev *e)
{
    bool is_current = w->conn[e->number % W_CONNS].generation == e->generation;
    switch (e->kind) {
    case EV_KEEPER:
        on_keeper(w, e);
        break;
    case EV_LEASED:
        on_leased(w, e);
        break;
    case EV_DNS:
        on_dns(w, e);
        break;
    case EV_DIALLED:
        on_dialled(w, e);
        break;
    case EV_SENT:
        on_sent(w, e);
        break;
    case EV_DROP:
        if (is_current)
            on_drop(w, e);
        break;
    case EV_CLOSED:
        on_closed(w, e);
        break;
    case EV_DEED:
        e->deed(w, e->number);
        break;
    }
    w->event_number++;
}

static void move_clock(struct world *w, int64_t mono_ms)
{
    int64_t by = mono_ms - w->now.mono.ms;
    w->now.mono.ms += by;
    w->now.wall.ms += by;
}

/* Between events and before its own wake-up the planner has nothing to say: else it oversleeps. */
static void poke(struct world *w, int64_t until_ms)
{
    struct plan_action a;
    int64_t ms = until_ms - w->now.mono.ms;
    if (ms < 2 || dice(w, 4))
        return;
    move_clock(w, w->now.mono.ms + 1 + (int64_t)rng_below(&w->rng, (uint64_t)ms - 1));
    RULE(w, !plan_next(w->plan, w->now, &a), "it overslept: action %d", (int)a.act);
}

static bool step(struct world *w, int64_t until_ms)
{
    struct heap_node *n = heap_first(&w->events);
    int64_t wake = plan_wake(w->plan).ms, event = n ? time_of(n) : WHEN_NEVER;
    int64_t at = wake < event ? wake : event;
    if (at >= until_ms)
        return false;
    if (at < w->now.mono.ms)
        at = w->now.mono.ms;
    poke(w, at);
    move_clock(w, at);
    while ((n = heap_first(&w->events)) && time_of(n) <= at) {
        struct ev *e = container_of_ev(n);
        heap_remove(&w->events, n);
        happen(w, e);
        free(e);
        if (dice(w, 3) == 0)
            world_carry_out(w);
    }
    w->is_woken = wake < event;
    world_carry_out(w);
    return true;
}

void world_run(struct world *w, int64_t until_ms)
{
    while (step(w, until_ms))
        ;
    if (w->now.mono.ms < until_ms)
        move_clock(w, until_ms);
    /* Each event may bring a few wake-ups (rates, rests, retries), never a flood of them. */
    RULE(w, w->vain_wakes <= w->event_number / 2 + 100, "%llu vain wake-ups, %llu events",
         (unsigned long long)w->vain_wakes, (unsigned long long)w->event_number);
}

void world_check_counts(struct world *w)
{
    for (unsigned j = 0; j < w->jobs; j++) {
        struct plan_counts c;
        uint64_t waiting = 0;
        for (unsigned d = 0; d < w->domains; d++)
            waiting += w->todo[j][d].count;
        plan_counts(w->plan, j + 1, &c);
        RULE(w, c.leased == 0 && (!w->job[j].is_open || c.waiting == waiting),
             "job %u: %llu, not %llu", j, (unsigned long long)c.waiting,
             (unsigned long long)waiting);
    }
}

static bool is_all_done(const struct world *w)
{
    for (unsigned j = 0; j < w->jobs; j++)
        if (w->job[j].is_open)
            return false;
    return true;
}

static void tell_one(void *arg, const char *what, uint64_t recipients, const char *why,
                     struct wall until)
{
    const struct world *w = arg;
    fprintf(stderr, "%llu of %s: %s, for %lld ms\n", (unsigned long long)recipients, what, why,
            (long long)(until.ms ? until.ms - w->now.wall.ms : 0));
}

static void tell_waits(struct world *w)
{
    for (unsigned j = 0; j < w->jobs; j++) {
        struct plan_counts c;
        plan_counts(w->plan, j + 1, &c);
        fprintf(stderr, "job %u: open %d, waiting %llu, leased %llu\n", j, w->job[j].is_open,
                (unsigned long long)c.waiting, (unsigned long long)c.leased);
        plan_each_wait(w->plan, j + 1, w->now, tell_one, w);
    }
}

void world_finish(struct world *w, int64_t until_ms)
{
    while (!is_all_done(w) && step(w, until_ms))
        ;
    if (!is_all_done(w))
        tell_waits(w);
    RULE(w, is_all_done(w), "somebody starves");
    world_run(w, w->now.mono.ms + 10 * MINUTE); /* idle connections close, the keeper catches up */
    for (size_t i = 0; i < w->rows; i++)
        RULE(w, w->row[i].state == ROW_FINAL, "rid %zu never ended", i + 1);
    RULE(w, w->connections == 0 && plan_is_quiet(w->plan) && !plan_has_unfinished(w->plan));
    world_check_counts(w);
}
