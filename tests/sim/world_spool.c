/* world_spool.c: the spool as the planner sees it: a keeper who does one thing after the other, rows
 * by (due, rid), leases behind a cursor, late rows put behind what was leased (spool/record.c). */
#include "world.h"

static struct row *row_of(struct world *w, uint64_t rid)
{
    MUST(rid > 0 && rid <= w->rows);
    return &w->row[rid - 1];
}

static bool is_before(struct world *w, uint64_t a, int64_t due_ms, uint64_t rid)
{
    const struct row *r = row_of(w, a);
    return r->due_ms < due_ms || (r->due_ms == due_ms && a < rid);
}

static size_t todo_find(struct world *w, const struct todo *t, int64_t due_ms, uint64_t rid)
{
    size_t low = 0, high = t->count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (is_before(w, t->rid[mid], due_ms, rid))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static void todo_put(struct world *w, uint64_t rid)
{
    const struct row *r = row_of(w, rid);
    struct todo *t = &w->todo[r->job][r->domain];
    if (t->count == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 16;
        t->rid = mem_grow(t->rid, t->cap, sizeof *t->rid);
    }
    size_t at = todo_find(w, t, r->due_ms, rid);
    memmove(t->rid + at + 1, t->rid + at, (t->count - at) * sizeof *t->rid);
    t->rid[at] = rid;
    t->count++;
}

static void todo_remove(struct world *w, uint64_t rid)
{
    const struct row *r = row_of(w, rid);
    struct todo *t = &w->todo[r->job][r->domain];
    size_t at = todo_find(w, t, r->due_ms, rid);
    MUST(at < t->count && t->rid[at] == rid);
    t->count--;
    memmove(t->rid + at, t->rid + at + 1, (t->count - at) * sizeof *t->rid);
}

void todo_free(struct world *w)
{
    for (unsigned j = 0; j < W_JOBS; j++)
        for (unsigned d = 0; d < w->domains; d++)
            free(w->todo[j][d].rid);
    free(w->row);
}

static uint64_t row_new(struct world *w, unsigned job, unsigned domain, int64_t due_ms)
{
    if (w->rows == w->row_cap) {
        w->row_cap = w->row_cap ? w->row_cap * 2 : 1024;
        w->row = mem_grow(w->row, w->row_cap, sizeof *w->row);
    }
    struct row *r = &w->row[w->rows++];
    *r = (struct row){.job = job,
                      .domain = domain,
                      .due_ms = due_ms,
                      .added_ms = w->now.wall.ms,
                      .added_mono_ms = w->now.mono.ms,
                      .first_try_ms = -1,
                      .is_suppressed = mille(w, 10)};
    todo_put(w, w->rows);
    return w->rows;
}

/* spool/record.c: due_behind() */
static int64_t due_behind(const struct world *w, unsigned job, int64_t due_ms)
{
    int64_t leased = w->leased_until_ms[job];
    return due_ms <= leased && leased - due_ms < 60000 ? leased + 1 : due_ms;
}

void world_rows(struct world *w, unsigned job, unsigned domain, unsigned count)
{
    int64_t start = w->job[job].info.start.ms;
    for (unsigned i = 0; i < count; i++)
        row_new(w, job, domain, start > w->now.wall.ms ? start : w->now.wall.ms);
}

/* As the intake does: into the spool first, then the planner is told, perhaps later. */
void spool_append(struct world *w, unsigned job, unsigned domain, unsigned count)
{
    int64_t due = due_behind(w, job, w->now.wall.ms);
    if (w->job[job].was_cancelled || w->job[job].is_done)
        return;
    for (unsigned i = 0; i < count; i++)
        row_new(w, job, domain, due);
    plan_job_add(w->plan, w->job[job].info.key, domain, w->domain[domain].name, count, due);
}

void spool_ask(struct world *w, const struct plan_action *a)
{
    /* The keeper's mailbox is a queue: nothing overtakes. */
    int64_t at = w->now.mono.ms + dice(w, w->keeper_ms + 1);
    if (at < w->keeper_free_ms)
        at = w->keeper_free_ms;
    w->keeper_free_ms = at;
    ev_at(w, at, EV_KEEPER)->act = *a;
}

static struct delivery *delivery_of(struct world *w, uint64_t rid)
{
    const struct row *r = row_of(w, rid);
    struct delivery *d = mem_array(1, sizeof *d);
    d->job_key = w->job[r->job].info.key;
    d->domain_id = r->domain;
    d->rid = rid;
    d->attempt = r->attempts + 1;
    d->lease = r->lease;
    d->due_ms = r->due_ms;
    d->added.ms = r->added_ms;
    d->email = mem_str("a@b.example");
    d->suppressed_as = r->is_suppressed ? CAT_SUPPRESSED : CAT_OK;
    return d;
}

static void lease_rows(struct world *w, struct ev *e, struct ev *answer)
{
    const struct plan_action *a = &e->act;
    unsigned job = a->job_key - 1;
    struct todo *t = &w->todo[job][a->domain_id];
    struct delivery **last = &answer->chain;
    answer->last_due_ms = a->after_due_ms;
    answer->last_rid = a->after_rid;
    answer->next_due_ms = WHEN_NEVER;
    w->next_lease++;
    for (size_t i = todo_find(w, t, a->after_due_ms, a->after_rid + 1); i < t->count; i++) {
        struct row *r = row_of(w, t->rid[i]);
        bool is_out = r->state == ROW_LEASED;
        if (!is_out && (r->due_ms > a->until_ms || answer->count == a->limit)) {
            answer->next_due_ms = r->due_ms;
            break;
        }
        if (!is_out) {
            r->state = ROW_LEASED;
            r->lease = w->next_lease;
            *last = delivery_of(w, t->rid[i]);
            last = &(*last)->next;
            answer->count++;
            if (r->due_ms > w->leased_until_ms[job])
                w->leased_until_ms[job] = r->due_ms;
        }
        if (r->due_ms <= a->until_ms) {
            answer->last_due_ms = r->due_ms;
            answer->last_rid = t->rid[i];
        }
    }
}

static void lease(struct world *w, struct ev *e)
{
    struct ev *answer = ev_at(w, w->now.mono.ms + dice(w, 5), EV_LEASED);
    answer->act = e->act;
    answer->failed = mille(w, w->lease_fails);
    if (!answer->failed)
        lease_rows(w, e, answer);
}

void on_leased(struct world *w, struct ev *e)
{
    const struct plan_action *a = &e->act;
    unsigned job = a->job_key - 1;
    w->leases_out--;
    w->asked_rows -= a->limit;
    if (e->failed) {
        plan_lease_failed(w->plan, a->job_key, a->domain_id, 1000, w->now);
        return;
    }
    w->job[job].out += e->count;
    w->held_rows += e->count;
    plan_leased(w->plan, a->job_key, a->domain_id, e->chain, e->count, e->last_due_ms, e->last_rid,
                e->next_due_ms, w->now);
}

static void record(struct world *w, struct outcome *o)
{
    struct row *r = row_of(w, o->rid);
    RULE(w, r->state == ROW_LEASED, "rid %llu", (unsigned long long)o->rid);
    RULE(w, o->attempt == r->attempts + 1 && o->lease == r->lease && o->due_ms == r->due_ms);
    RULE(w, w->domain[o->domain_id].name[0] && o->domain_id == r->domain);
    todo_remove(w, o->rid);
    r->attempts = o->attempt;
    r->result = o->state;
    if (o->state == STATE_DEFERRED || o->state == STATE_QUARANTINED) {
        r->state = ROW_TODO;
        r->due_ms = due_behind(w, r->job, o->next_due_ms);
        todo_put(w, o->rid);
    } else {
        RULE(w, state_is_final(o->state));
        r->state = ROW_FINAL;
    }
    if (o->state == STATE_DELIVERED)
        w->done_of_job[r->job]++;
    free(o);
}

static void give_back(struct world *w, struct delivery *d, int64_t due_ms)
{
    struct row *r = row_of(w, d->rid);
    RULE(w, r->state == ROW_LEASED && r->attempts + 1 == d->attempt && r->lease == d->lease);
    todo_remove(w, d->rid);
    r->state = ROW_TODO;
    r->due_ms = due_behind(w, r->job, due_ms);
    todo_put(w, d->rid);
    delivery_free(d);
}

static void cancel_rows(struct world *w, unsigned job)
{
    for (uint64_t rid = 1; rid <= w->rows; rid++) {
        struct row *r = row_of(w, rid);
        if (r->job != job || r->state != ROW_TODO)
            continue;
        todo_remove(w, rid);
        r->state = ROW_FINAL;
        r->result = STATE_CANCELLED;
        r->is_said = true;
    }
}

static void recount(struct world *w, unsigned job, unsigned domain)
{
    const struct todo *t = &w->todo[job][domain];
    uint64_t waiting = 0;
    int64_t due = WHEN_NEVER;
    for (size_t i = 0; i < t->count; i++) {
        const struct row *r = row_of(w, t->rid[i]);
        if (r->state == ROW_LEASED)
            continue;
        due = waiting++ ? due : r->due_ms;
    }
    if (w->job[job].is_open && waiting)
        plan_job_recount(w->plan, job + 1, domain, w->domain[domain].name, waiting, due, w->now);
}

void spool_release(struct world *w)
{
    for (uint64_t rid = 1; rid <= w->rows; rid++) {
        struct row *r = row_of(w, rid);
        if (r->state != ROW_TODO || r->result != STATE_QUARANTINED)
            continue;
        todo_remove(w, rid);
        r->result = STATE_WAITING;
        r->retry_from_ms = 0;
        r->due_ms = due_behind(w, r->job, w->now.wall.ms);
        todo_put(w, rid);
    }
    for (unsigned j = 0; j < w->jobs; j++)
        for (unsigned d = 0; d < w->domains; d++)
            if (w->todo[j][d].count)
                recount(w, j, d);
}

static void end_job(struct world *w, unsigned job)
{
    for (uint64_t rid = 1; rid <= w->rows; rid++) {
        const struct row *r = row_of(w, rid);
        RULE(w, r->job != job || r->state == ROW_FINAL, "job %u ended, rid %llu did not", job,
             (unsigned long long)rid);
    }
}

void on_keeper(struct world *w, struct ev *e)
{
    switch (e->act.act) {
    case ACT_LEASE:
        lease(w, e);
        break;
    case ACT_RECORD:
        record(w, e->act.outcome);
        break;
    case ACT_RETURN:
        give_back(w, e->act.chain, e->act.due_ms);
        break;
    case ACT_CANCEL_ROWS:
        cancel_rows(w, e->act.job_key - 1);
        break;
    default:
        end_job(w, e->act.job_key - 1);
    }
}
