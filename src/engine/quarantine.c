/* quarantine.c: the outage guard's word about a provider, and the operator's, carried into the
 * spool.
 *
 * The guard's comes as a letter to the keeper. It goes through the open jobs in the order of their
 * keys, one step per round, so that others are not kept waiting; it is applied and made durable
 * with everything else. Until it is through it stands among the notes, so that the next start goes
 * on with it. The operator's comes as calls, one per step, because somebody waits for the answer
 * and shall hear what fails. Either way the planner learns afterwards how many wait in each domain
 * that was touched. Jobs that have ended stay as they are. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "engine.h"
#include "warden.h"

/* ---- shared ---- */

static bool has_any(const struct keeper_job *j, const char *provider, enum state state)
{
    const struct tally_row *row = map_get(&j->tally.providers, str_of(provider));
    return row && row->state[state] > 0 && !j->is_damaged && j->row.state != JOB_CANCELLED;
}

/* The next open job that has recipients of the provider in this state; NULL: none. */
static struct keeper_job *next_job(struct engine *e, uint32_t after, const char *provider,
                                   enum state state)
{
    struct keeper_job *next = NULL;
    for (struct keeper_job *j = e->jobs; j; j = j->next)
        if (j->row.key > after && (!next || j->row.key < next->row.key) &&
            has_any(j, provider, state))
            next = j;
    return next;
}

static bool count_one(void *arg, const struct outcome *o)
{
    bool may_be =
        o->state == STATE_QUARANTINED || o->state == STATE_BOUNCED || o->state == STATE_DEFERRED;
    if (may_be && o->phase == PHASE_POLICY && o->reply.code) /* made by the spool itself */
        keeper_count(arg, o);
    return true;
}

/* What the spool moved by itself has passed no counter. To count one twice changes nothing. */
static void count_behind(struct engine *e, struct keeper_job *j, uint64_t seq)
{
    struct err err;
    for (uint64_t before = seq + 1; before != seq;) {
        before = seq;
        if (!spool_each_outcome(e->spool, j->row.key, &seq, 10000, count_one, j, &err)) {
            log_line(LOG_AT_ERROR, "spool", "job=%s counters are incomplete: %s", j->row.id,
                     err.text);
            return;
        }
    }
}

static bool add_domain(void *arg, uint32_t domain_id, const char *domain, uint64_t waiting,
                       int64_t due_ms)
{
    struct recount_letter *l = arg;
    if ((l->count & (l->count + 1)) == 0) /* full at 0, 1, 3, 7, ... */
        l->item = mem_grow(l->item, 2 * (size_t)l->count + 1, sizeof *l->item);
    l->item[l->count++] = (struct opened_domain){domain_id, mem_str(domain), waiting, due_ms};
    return true;
}

void recount_free(struct recount_letter *l)
{
    for (unsigned i = 0; i < l->count; i++)
        free(l->item[i].domain);
    free(l->item);
    free(l);
}

static void tell_brain(struct engine *e, const struct keeper_job *j)
{
    struct recount_letter *l = mem_array(1, sizeof *l);
    struct err err;
    l->letter.kind = TO_BRAIN_RECOUNT;
    l->job_key = j->row.key;
    if (!spool_each_moved(e->spool, j->row.key, add_domain, l, &err))
        log_line(LOG_AT_ERROR, "spool",
                 "job=%s the planner learns at the next start what moved: %s", j->row.id, err.text);
    mailbox_send(&e->brain_box, &l->letter);
}

/* ---- the guard ---- */

#define GUARD_NOTE "guard:"

/* Without it a crash leaves bounces that nobody takes back: no reason to hold up anything. */
static void note(struct engine *e, const struct quarantine_letter *l, bool is_through)
{
    char *key = mem_printf(GUARD_NOTE "%s", l->provider);
    char *since = mem_printf("%" PRId64, l->since.ms);
    struct spool_note n = {key, is_through ? NULL : since};
    struct err err;
    if (!spool_put_notes(e->spool, &n, 1, &err))
        log_line(LOG_AT_ERROR, "quarantine", "provider=\"%s\" cannot be noted: %s", l->provider,
                 err.text);
    free(key);
    free(since);
}

static bool resume(void *arg, const char *key, const char *value)
{
    struct engine *e = arg;
    size_t n = strlen(GUARD_NOTE);
    int64_t since_ms;
    if (strncmp(key, GUARD_NOTE, n) != 0 || !str_to_i64(str_of(value), &since_ms))
        return true;
    struct quarantine_letter *l = mem_array(1, sizeof *l);
    l->letter.kind = TO_KEEPER_QUARANTINE;
    str_copy(l->provider, sizeof l->provider, str_of(key + n));
    l->since.ms = since_ms;
    mailbox_send(&e->keeper_box, &l->letter);
    return true;
}

bool keeper_quarantine_resume(struct engine *e, struct err *err)
{
    return spool_each_note(e->spool, resume, e, err);
}

static bool is_begun(const struct quarantine_letter *l)
{
    return l->job_key != 0;
}

static void go_on(struct engine *e, struct quarantine_letter *l)
{
    const struct keeper_job *j = next_job(e, l->job_key, l->provider, STATE_BOUNCED);
    l->total = 0;
    if (j) {
        l->job_key = j->row.key;
        mailbox_send(&e->keeper_box, &l->letter);
        return;
    }
    note(e, l, true);
    e->quarantines--;
    free(l);
}

void keeper_quarantine_next(struct engine *e, struct quarantine_letter *l)
{
    go_on(e, l);
}

bool keeper_quarantine_apply(struct engine *e, struct quarantine_letter *l, struct err *err)
{
    if (!is_begun(l)) {
        const struct keeper_job *first = next_job(e, 0, l->provider, STATE_BOUNCED);
        note(e, l, false);
        e->quarantines++;
        l->job_key = first ? first->row.key : UINT32_MAX;
    }
    const struct keeper_job *j = keeper_find(e, l->job_key);
    l->count = 0;
    return !j || j->row.state == JOB_CANCELLED ||
           (spool_last_outcome(e->spool, l->job_key, &l->first_seq, err) &&
            spool_quarantine(e->spool, l->job_key, l->provider, l->since, j->spec->expires_ms,
                             clock_wall(), &l->count, err));
}

void keeper_quarantine_held(struct engine *e, struct quarantine_letter *l)
{
    struct keeper_job *j = keeper_find(e, l->job_key);
    if (j && l->count > 0) {
        count_behind(e, j, l->first_seq);
        l->total += l->count;
        mailbox_send(&e->keeper_box, &l->letter);
        return;
    }
    if (j && l->total > 0) {
        char since[WALL_TEXT];
        wall_format(l->since, since);
        log_line(LOG_AT_WARNING, "quarantine",
                 "provider=\"%s\" since=%s job=%s recipients=%" PRIu64, l->provider, since,
                 j->row.id, l->total);
        tell_brain(e, j);
    }
    go_on(e, l);
}

/* ---- a job that is not through after all ---- */

bool keeper_quarantine_holds(struct engine *e, struct keeper_job *j)
{
    struct job_row row = j->row;
    struct opened *o;
    struct err err;
    if (row.state == JOB_CANCELLED || j->is_damaged || j->tally.all.state[STATE_QUARANTINED] == 0)
        return false;
    o = keeper_domains(e, j, &err);
    if (o) {
        o->is_again = true;
        o->letter.kind = TO_BRAIN_OPENED;
        mailbox_send(&e->brain_box, &o->letter);
    } else {
        keeper_unopened(e, &row, &err);
    }
    atomic_fetch_sub(&e->ending, 1); /* behind the letter: nobody shall think that all is done */
    return true;
}

/* ---- the operator ---- */

struct settle {
    const char *provider;
    bool confirm;
    uint32_t job_key; /* whose turn it is */
    uint64_t of_job, total;
    bool is_through, ok;
    struct err *err;
};

static void tell_scribe(struct engine *e)
{
    struct letter *l = mem_array(1, sizeof *l);
    l->kind = TO_SCRIBE_NEWS;
    mailbox_send(&e->scribe_box, l);
}

static bool settle_step(struct engine *e, struct settle *s, struct keeper_job *j, uint64_t *count)
{
    uint64_t before;
    if (!spool_last_outcome(e->spool, j->row.key, &before, s->err) ||
        !spool_quarantine_settle(e->spool, j->row.key, s->provider, s->confirm, clock_wall(), count,
                                 s->err) ||
        !spool_flush(e->spool, s->err)) {
        keeper_put_aside(e, s->err);
        return false;
    }
    if (*count > 0)
        count_behind(e, j, before);
    s->of_job += *count;
    s->total += *count;
    return true;
}

static void job_settled(struct engine *e, struct settle *s, const struct keeper_job *j)
{
    if (s->of_job > 0) {
        log_line(LOG_AT_WARNING, "quarantine", "provider=\"%s\" %s job=%s recipients=%" PRIu64,
                 s->provider, s->confirm ? "confirmed" : "released", j->row.id, s->of_job);
        tell_brain(e, j);
        tell_scribe(e);
    }
    s->of_job = 0;
}

/* On the keeper's thread, where between two letters nothing is open in the spool. */
static void settle_some(struct engine *e, void *arg)
{
    struct settle *s = arg;
    struct keeper_job *j = s->of_job > 0 ? keeper_find(e, s->job_key) : NULL;
    uint64_t count = 0;
    if (!j)
        j = next_job(e, s->job_key, s->provider, STATE_QUARANTINED);
    s->is_through = !j;
    s->ok = true;
    if (!j)
        return;
    s->job_key = j->row.key;
    s->ok = settle_step(e, s, j, &count);
    if (!s->ok || count == 0)
        job_settled(e, s, j);
}

static void tell_plan(struct engine *e, void *arg)
{
    const struct settle *s = arg;
    plan_guard_settled(e->plan, s->provider, s->confirm, clock_now());
}

bool live_quarantine_settle(struct engine *e, const char *provider, bool confirm, uint64_t *count,
                            struct err *err)
{
    struct settle s = {.provider = provider, .confirm = confirm, .err = err};
    do {
        engine_call(e, &e->keeper_box, settle_some, &s);
    } while (s.ok && !s.is_through);
    *count = s.total;
    if (!s.ok)
        return false;
    engine_call(e, &e->brain_box, tell_plan, &s);
    return !e->warden || notes_write(e->warden, err); /* durable before it is answered */
}
