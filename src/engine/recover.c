/* recover.c: what the last life left behind, before anything new starts. Runs while there is only
 * one thread.
 *
 * Same boot (the program died): the hand-over slots are the truth. An ended one is applied, one
 * with its dot out is in doubt, one that was still sending is queued again (its row never left the
 * todo table). Another boot (power cut): the slots prove nothing; every leased recipient is in
 * doubt. Both are idempotent: an outcome whose row is gone is skipped. */
#include <inttypes.h>
#include <stdlib.h>
#include "engine.h"

struct recovery {
    struct engine *e;
    struct keeper_job *job;
    uint64_t applied, in_doubt;
    bool failed;
    struct err *err;
};

static bool apply_recovered(void *arg, const struct outcome *raw)
{
    struct recovery *r = arg;
    struct outcome o = *raw;
    bool was_new;
    o.slot = NO_SLOT;
    if (o.at.ms == 0) /* what nobody saw end ended with that life, before now */
        o.at = clock_wall();
    plan_judge_recovered(r->e->plan, &o, clock_now());
    if (!spool_record(r->e->spool, &o, &was_new, r->err)) {
        r->failed = true;
        return false;
    }
    if (was_new) {
        r->applied++;
        r->in_doubt += o.category == CAT_IN_DOUBT;
    }
    return true;
}

static bool recover_slots(struct recovery *r)
{
    struct engine *e = r->e;
    for (uint32_t i = 0; i < handover_count(e->handover); i++) {
        struct outcome o;
        enum handover_state s = handover_read(e->handover, i, &o);
        if ((s == HANDOVER_ENDED || s == HANDOVER_DOT_OUT) && keeper_find(e, o.job_key) &&
            !apply_recovered(r, &o))
            return false;
    }
    return true;
}

static bool recover_leases(struct recovery *r, bool same_boot)
{
    for (struct keeper_job *j = r->e->jobs; j; j = j->next) {
        uint64_t count;
        if (!spool_recover_leases(r->e->spool, j->row.key, same_boot, apply_recovered, r, &count,
                                  r->err) ||
            r->failed)
            return false;
    }
    return true;
}

static bool open_one(void *arg, const struct job_row *row)
{
    struct recovery *r = arg;
    struct err err;
    bool is_being_cancelled = row->state == JOB_CANCELLED && row->finished.ms == 0;
    if (row->state != JOB_ACTIVE && row->state != JOB_PAUSED && !is_being_cancelled)
        return true;
    struct keeper_job *j = keeper_open(r->e, row, &err);
    if (!j) {
        keeper_unopened(r->e, row, &err);
        return true;
    }
    struct plan_job job = plan_job_of(j);
    struct spans closed = {0};
    plan_job_open(r->e->plan, &job);
    engine_spec_calendar(r->e, j->spec, &closed);
    plan_job_calendar(r->e->plan, row->key, &closed, clock_now());
    spans_done(&closed);
    return true;
}

static bool fill_plan(struct engine *e, struct err *err)
{
    struct keeper_job *next;
    for (struct keeper_job *j = e->jobs; j; j = next) {
        next = j->next;
        struct opened *o = keeper_domains(e, j, err);
        if (!o)
            return false;
        for (unsigned i = 0; i < o->count; i++)
            plan_job_add(e->plan, o->job.key, o->item[i].domain_id, o->item[i].domain,
                         o->item[i].waiting, o->item[i].due_ms);
        if (j->row.state == JOB_CANCELLED)
            plan_job_cancel(e->plan, o->job.key, clock_now());
        plan_job_loaded(e->plan, o->job.key);
        opened_free(o);
    }
    return true;
}

static bool is_unopened(const struct engine *e, uint32_t job_key)
{
    for (const struct unopened *u = e->unopened; u; u = u->next)
        if (u->row.key == job_key)
            return true;
    return false;
}

/* What belongs to a job that cannot be opened now stays, for a start that can (connections pass
 * such slots by); but half of a connection's ring must be free for its work. */
static void clear_slots(struct engine *e)
{
    unsigned kept = 0;
    for (uint32_t i = 0; i < handover_count(e->handover); i++) {
        struct outcome o;
        enum handover_state s = handover_read(e->handover, i, &o);
        kept = i % HANDOVER_RING ? kept : 0;
        bool counts = (s == HANDOVER_ENDED || s == HANDOVER_DOT_OUT) && is_unopened(e, o.job_key);
        if (counts && kept++ < HANDOVER_RING / 2)
            continue;
        if (counts)
            log_line(LOG_AT_ERROR, "recovery",
                     "job_key=%u rid=%" PRIu64 " code=%d dot_unanswered=%d is lost: the job cannot "
                     "be opened, and its mail may be sent again",
                     o.job_key, o.rid, o.reply.code, o.dot_unanswered);
        handover_clear(handover_slot(e->handover, i));
    }
}

bool engine_recover(struct engine *e, bool same_boot, struct err *err)
{
    struct recovery r = {.e = e, .err = err};
    struct descriptors *kept = descriptors_reserve(e->settings);
    bool is_read = spool_each_job(e->spool, open_one, &r, err);
    descriptors_release(kept);
    if (!is_read)
        return false;
    if (same_boot && !recover_slots(&r))
        return false;
    if (!recover_leases(&r, same_boot) || !spool_flush(e->spool, err))
        return false;
    clear_slots(e);
    for (struct keeper_job *j = e->jobs; j && r.applied; j = j->next)
        keeper_retally(e->spool, j);
    if (r.applied)
        log_line(LOG_AT_WARNING, "recovery",
                 "same_boot=%d results_applied=%" PRIu64 " in_doubt=%" PRIu64, same_boot,
                 r.applied - r.in_doubt, r.in_doubt);
    return frequency_recover(e, err) && fill_plan(e, err) && keeper_quarantine_resume(e, err);
}
