/* live_lever.c: pause, resume, cancel. */
#include <stdlib.h>
#include <string.h>
#include <sluice/engine/live.h>
#include "engine.h"

/* The keeper decides and makes it durable, because it knows in which state a job is; then the
 * planner hears of it. A crash between both leaves the job in the state that was asked for. */
struct lever {
    const char *name, *job;
    enum job_state state;
    uint32_t key; /* of the open job; 0: none, or it could not be pulled */
    bool is_done; /* without the planner */
    bool stays;   /* resumed, and not approved yet */
    struct err *err;
};

static bool may_pull(const struct lever *l, const struct job_row *row)
{
    if (row->state == JOB_ACTIVE || row->state == JOB_PAUSED)
        return true;
    if (row->state == JOB_IMPORTING)
        return err_set(l->err, "job '%s' is still being imported; try again when that is through",
                       row->id);
    return err_set(l->err, "job '%s' is %s: there is nothing to %s", row->id,
                   job_state_name(row->state), l->name);
}

static void pull_open(struct engine *e, struct lever *l, struct keeper_job *j)
{
    if (!may_pull(l, &j->row))
        return;
    if (l->state == JOB_ACTIVE && j->trouble[0]) {
        err_set(l->err, "job '%s' cannot go on: %s", j->row.id, j->trouble);
        return;
    }
    /* A cancelled job without an end is one whose rows are still to be cancelled: see recover.c. */
    if (!spool_set_state(e->spool, j->row.key, l->state, (struct wall){0}, l->err))
        return;
    j->row.state = l->state;
    l->stays = j->waits_approval;
    l->key = j->row.key;
}

/* All that can be done for a job that cannot be opened: never to open it again. */
static bool pull_unopened(struct engine *e, struct lever *l)
{
    for (struct unopened **at = &e->unopened, *u; (u = *at); at = &u->next) {
        if (strcmp(u->row.id, l->job) != 0)
            continue;
        if (l->state != JOB_CANCELLED) {
            err_set(l->err, "job '%s' cannot be opened: %s", l->job, u->trouble);
        } else if (spool_set_state(e->spool, u->row.key, JOB_CANCELLED, clock_wall(), l->err)) {
            l->is_done = true;
            *at = u->next;
            free(u);
        }
        return true;
    }
    return false;
}

static bool is_ending(struct engine *e, const struct lever *l)
{
    pthread_mutex_lock(&e->lock);
    const struct keeper_job *j = e->endings;
    while (j && strcmp(j->row.id, l->job) != 0)
        j = j->next;
    if (j && j->trouble[0])
        err_set(l->err, "job '%s' is through, but its results cannot be written: %s", l->job,
                j->trouble);
    else if (j)
        err_set(l->err, "job '%s' is through, its results are being written", l->job);
    pthread_mutex_unlock(&e->lock);
    return j != NULL;
}

static void pull_closed(struct engine *e, struct lever *l)
{
    struct job_row row;
    l->err->text[0] = 0;
    if (is_ending(e, l))
        return;
    if (!spool_find(e->spool, l->job, &row, l->err)) {
        if (!l->err->text[0])
            err_set(l->err, "no job '%s'", l->job);
    } else if (may_pull(l, &row))
        err_set(l->err, "job '%s' is just being opened; try again in a moment", l->job);
}

static void pull(struct engine *e, void *arg)
{
    struct lever *l = arg;
    struct keeper_job *j = e->jobs;
    while (j && strcmp(j->row.id, l->job) != 0)
        j = j->next;
    if (j)
        pull_open(e, l, j);
    else if (!pull_unopened(e, l))
        pull_closed(e, l);
}

static void tell_plan(struct engine *e, void *arg)
{
    struct lever *l = arg;
    struct now now = clock_now();
    if (l->state == JOB_PAUSED)
        l->is_done = plan_job_pause(e->plan, l->key, now);
    else if (l->state == JOB_ACTIVE)
        l->is_done = l->stays || plan_job_resume(e->plan, l->key, now);
    else
        l->is_done = plan_job_cancel(e->plan, l->key, now);
}

bool live_lever(struct engine *e, const char *lever, const char *job, struct err *err)
{
    static const struct {
        const char *name;
        enum job_state state;
    } LEVERS[] = {{"pause", JOB_PAUSED}, {"resume", JOB_ACTIVE}, {"cancel", JOB_CANCELLED}};
    struct lever l = {.name = lever, .job = job, .state = JOB_STATES, .err = err};
    for (size_t i = 0; i < sizeof LEVERS / sizeof *LEVERS; i++)
        if (strcmp(lever, LEVERS[i].name) == 0)
            l.state = LEVERS[i].state;
    if (l.state == JOB_STATES)
        return err_set(err, "no lever '%s': pause, resume, cancel", lever);
    pthread_mutex_lock(&e->lever_lock);
    engine_call(e, &e->keeper_box, pull, &l);
    if (l.key)
        engine_call(e, &e->brain_box, tell_plan, &l);
    pthread_mutex_unlock(&e->lever_lock);
    if (!l.key)
        return l.is_done;
    return l.is_done || err_set(err, "job '%s' is just ending", job);
}
