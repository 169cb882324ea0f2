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

#include "world_build.c"

static void free_chain(struct delivery *d)
{
    while (d) {
        struct delivery *next = d->next;
        delivery_free(d);
        d = next;
    }
}

/* ---- what the planner remembers ---- */

static void put_note(void *arg, const char *key, const char *value)
{
    struct world *w = arg;
    size_t i = 0;
    while (i < w->notes && strcmp(w->note[i].key, key) != 0)
        i++;
    if (i == w->notes && value) {
        w->note = mem_grow(w->note, w->notes + 1, sizeof *w->note);
        w->note[w->notes++] = (struct w_note){mem_str(key), NULL};
    }
    if (i == w->notes)
        return;
    free(w->note[i].value);
    w->note[i].value = mem_str(value);
    if (value)
        return;
    free(w->note[i].key);
    w->note[i] = w->note[--w->notes];
}

void world_save(struct world *w, bool exactly)
{
    plan_each_memory(w->plan, false, exactly, w->reserve_ms, w->now, put_note, w);
    w->saved_ms = w->now.mono.ms;
}

static void recall(struct world *w)
{
    for (size_t i = 0; i < w->notes; i++)
        RULE(w, plan_remember(w->plan, w->note[i].key, w->note[i].value, w->now), "%s = %s",
             w->note[i].key, w->note[i].value);
    for (unsigned i = 0; i < w->providers; i++)
        if (w->provider[i].closed.count)
            plan_calendar(w->plan, PARTY_PROVIDER, w->provider[i].name, &w->provider[i].closed,
                          w->now);
    for (size_t i = 0; i < w->shaping.clients; i++)
        plan_calendar(w->plan, PARTY_CLIENT, w->client[i].name, &w->client_closed[i], w->now);
}

/* What was leased is to be done again, what was recorded holds: as the hand-over file and the spool
 * know it. */
static void lose(struct world *w, struct ev *e)
{
    free_chain(e->chain);
    if (e->kind == EV_KEEPER)
        on_keeper(w, e);
    free(e);
}

static void lose_all(struct world *w)
{
    struct heap kept = {0};
    struct heap_node *n;
    while ((n = heap_first(&w->events))) {
        struct ev *e = container_of_ev(n);
        int64_t key = n->key;
        heap_remove(&w->events, n);
        if (e->kind == EV_DEED)
            heap_put(&kept, &e->node, key);
        else
            lose(w, e);
    }
    heap_done(&w->events);
    w->events = kept;
}

static void forget_connections(struct world *w)
{
    for (unsigned i = 0; i < W_CONNS; i++) {
        free_chain(w->conn[i].first);
        free_chain(w->conn[i].late);
        w->conn[i] = (struct w_conn){.generation = w->conn[i].generation + 1};
    }
    for (unsigned i = 0; i < w->providers; i++) {
        w->provider[i].connections = w->provider[i].accepted = 0;
        memset(w->provider[i].of_source, 0, sizeof w->provider[i].of_source);
    }
    struct w_cap *caps[] = {w->of_source, w->of_client, w->of_limit};
    size_t count[] = {W_SOURCES, W_CLIENTS, W_LIMITS};
    for (int k = 0; k < 3; k++)
        for (size_t i = 0; i < count[k]; i++) {
            caps[k][i].connections = 0;
            memset(caps[k][i].on, 0, sizeof caps[k][i].on);
        }
    for (unsigned j = 0; j < w->jobs; j++) {
        w->job[j].out = 0;
        w->job[j].cap.connections = 0;
        memset(w->job[j].on, 0, sizeof w->job[j].on);
    }
    w->connections = 0;
}

void world_crash(struct world *w)
{
    lose_all(w);
    forget_connections(w);
    plan_free(w->plan);
    for (size_t i = 0; i < w->rows; i++)
        if (w->row[i].state == ROW_LEASED)
            w->row[i].state = ROW_TODO;
    w->asked_rows = w->held_rows = w->leases_out = 0;
    w->questions = 0;
    w->saves = false;
    w->keeper_free_ms = 0;
    w->now.mono.ms += 300;
    w->now.wall.ms += 300;
    world_start(w);
}

static void open_job(struct world *w, unsigned job)
{
    struct w_job *j = &w->job[job];
    j->info.id = j->id;
    j->info.client = j->client[0] ? j->client : NULL;
    j->info.cap = j->cap.cap;
    plan_job_open(w->plan, &j->info);
    if (j->closed.count)
        plan_job_calendar(w->plan, j->info.key, &j->closed, w->now);
}

/* The planner's life begins, or begins again after a stop: the spool says what waits. */
void world_start(struct world *w)
{
    struct w_config *old = w->config;
    if (w->shaping.sources == 0)
        world_source(w, &(struct cap){0}, NULL);
    w->config = config_new(w);
    w->options.shaping = &w->config->shaping;
    w->plan = plan_new(&w->options);
    config_free(old);
    w->is_stopping = false;
    memset(w->leased_until_ms, 0, sizeof w->leased_until_ms);
    recall(w);
    for (unsigned j = 0; j < w->jobs; j++) {
        if (w->job[j].is_done || w->job[j].was_cancelled)
            continue;
        w->job[j].info.is_paused = w->job[j].was_paused;
        open_job(w, j);
        for (unsigned d = 0; d < w->domains; d++) {
            const struct todo *t = &w->todo[j][d];
            if (t->count)
                plan_job_add(w->plan, j + 1, d, w->domain[d].name, t->count,
                             w->row[t->rid[0] - 1].due_ms);
        }
        plan_job_loaded(w->plan, j + 1);
        w->job[j].is_open = true;
    }
    if (!w->saves)
        w->saved_ms = w->now.mono.ms + 1 - w->save_ms;
    w->saves = true;
    world_carry_out(w);
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
    done_caps(w);
    config_free(w->config);
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
    if (o->state == STATE_DEFERRED || o->state == STATE_QUARANTINED) {
        w->quarantined += o->state == STATE_QUARANTINED;
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
    case ACT_NOTICE:
        free(a->text);
        return;
    case ACT_QUARANTINE:
        w->quarantines++;
        return;
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
    w->is_woken = w->has_jumped = false;
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
    case EV_PACE:
        if (is_current)
            on_pace(w, e);
        break;
    case EV_BEGIN:
        if (is_current)
            on_begin(w, e);
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
    if (ms < 2 || dice(w, 4) || w->has_jumped)
        return;
    move_clock(w, w->now.mono.ms + 1 + (int64_t)rng_below(&w->rng, (uint64_t)ms - 1));
    RULE(w, !plan_next(w->plan, w->now, &a), "it overslept: action %d", (int)a.act);
}

/* While nothing happens there is nothing new to save, but for a last time before it goes on. */
static void save_before(struct world *w, int64_t at_ms)
{
    int64_t at = w->saved_ms + w->save_ms, some = at_ms - (int64_t)dice(w, (unsigned)w->save_ms);
    if (!w->saves || at > at_ms)
        return;
    at = some > at ? some : at;
    move_clock(w, at > w->now.mono.ms ? at : w->now.mono.ms);
    world_save(w, false);
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
    save_before(w, at);
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
    save_before(w, until_ms);
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

static void tell_one(void *arg, const struct plan_wait *wait)
{
    const struct world *w = arg;
    fprintf(stderr, "%llu of %s: %s, for %lld ms\n", (unsigned long long)wait->recipients,
            wait->what, wait->why,
            (long long)(wait->until.ms ? wait->until.ms - w->now.wall.ms : 0));
}

static void tell_waits(struct world *w)
{
    for (unsigned j = 0; j < w->jobs; j++) {
        struct plan_counts c;
        plan_counts(w->plan, j + 1, &c);
        fprintf(stderr, "job %u: open %d, waiting %llu, leased %llu\n", j, w->job[j].is_open,
                (unsigned long long)c.waiting, (unsigned long long)c.leased);
        plan_each_wait(w->plan, &(struct plan_question){.job_key = j + 1}, w->now, tell_one, w);
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
