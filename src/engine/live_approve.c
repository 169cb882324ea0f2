/* live_approve.c: `sluice approve`, and jobs that the engine puts into its spool itself. */
#include <stdlib.h>
#include <string.h>
#include "approval.h"
#include "engine.h"
#include "live_parts.h"

struct approve {
    const char *job, *by;
    bool untested;
    struct wall at;
    uint32_t key; /* of the open job; 0: it could not be approved */
    bool is_paused;
    struct err *err;
};

static bool put_note(struct engine *e, const struct approve *a)
{
    char *key = mem_printf(APPROVAL_NOTE "%s", a->job);
    json_t *o = json_pack("{s:I,s:o,s:b}", "at", (json_int_t)a->at.ms, "by", live_text(a->by),
                          "untested", a->untested);
    char *value = json_dumps(o, JSON_COMPACT);
    bool ok = spool_put_notes(e->spool, &(struct spool_note){key, value}, 1, a->err);
    json_decref(o);
    free(value);
    free(key);
    return ok;
}

static void approve_now(struct engine *e, void *arg)
{
    struct approve *a = arg;
    struct keeper_job *j = e->jobs;
    while (j && strcmp(j->row.id, a->job) != 0)
        j = j->next;
    if (!j)
        err_set(a->err, "job '%s' is not open: there is nothing to approve", a->job);
    else if (j->row.state == JOB_CANCELLED)
        err_set(a->err, "job '%s' is cancelled: there is nothing to approve", a->job);
    else if (!j->waits_approval)
        err_set(a->err,
                j->spec->needs_approval ? "job '%s' is approved already"
                                        : "job '%s' needs no approval",
                a->job);
    else if (put_note(e, a)) {
        j->waits_approval = false;
        j->approved = a->at;
        a->is_paused = j->row.state == JOB_PAUSED || !j->mailing;
        a->key = j->row.key;
    }
}

static void tell_plan(struct engine *e, void *arg)
{
    struct approve *a = arg;
    plan_job_approved(e->plan, a->key, a->at);
    if (!a->is_paused)
        plan_job_resume(e->plan, a->key, clock_now());
}

bool live_approve(struct engine *e, const char *job, const char *by, bool untested, bool *is_paused,
                  struct err *err)
{
    struct approve a = {.job = job, .by = by, .untested = untested, .at = clock_wall(), .err = err};
    pthread_mutex_lock(&e->lever_lock);
    engine_call(e, &e->keeper_box, approve_now, &a);
    if (a.key)
        engine_call(e, &e->brain_box, tell_plan, &a);
    pthread_mutex_unlock(&e->lever_lock);
    if (!a.key)
        return false;
    *is_paused = a.is_paused;
    log_line(LOG_AT_INFO, "lever", "approve job=%s by=\"%s\" untested=%d paused=%d", job, by,
             untested, a.is_paused);
    return true;
}

void live_open_job(struct engine *e, const struct job_row *row)
{
    struct intake_job *l = mem_array(1, sizeof *l);
    l->letter.kind = TO_BRAIN_JOB;
    l->row = *row;
    mailbox_send(&e->brain_box, &l->letter);
}
