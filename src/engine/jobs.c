/* jobs.c: jobs come into the keeper's care and leave it. */
#include <stdlib.h>
#include <string.h>
#include "engine.h"

void keeper_count(struct keeper_job *j, const struct outcome *o)
{
    struct tally_before before = standing_before(&j->standing, o->rid);

    tally_add(&j->tally, o, &before);
    standing_set(&j->standing, o);
}

static bool fold_one(void *arg, const struct outcome *o)
{
    keeper_count(arg, o);
    return true;
}

void keeper_retally(struct spool *s, struct keeper_job *j)
{
    struct err err;
    uint64_t cursor = 0, before;
    tally_done(&j->tally);
    tally_init(&j->tally);
    standing_done(&j->standing);
    standing_init(&j->standing);
    do {
        before = cursor;
        if (!spool_each_outcome(s, j->row.key, &cursor, 10000, fold_one, j, &err)) {
            log_line(LOG_AT_ERROR, "spool", "job=%s counters are incomplete: %s", j->row.id,
                     err.text);
            return;
        }
    } while (cursor != before);
}

void keeper_job_free(struct keeper_job *j)
{
    if (!j)
        return;
    const struct map_entry *m;
    for (size_t i = 0; (m = map_next(&j->leases, &i));)
        free(m->value);
    map_done(&j->leases);
    tally_done(&j->tally);
    standing_done(&j->standing);
    mailing_release(j->mailing);
    job_spec_free(j->spec);
    free(j);
}

/* A template that does not compile any more (a newer version is stricter, say) holds the job, but
 * its results are counted, and it can be cancelled. */
static void compile(struct keeper_job *j, const struct part_files *parts, const char *columns)
{
    struct problems p;
    struct buf text;
    problems_init(&p);
    buf_init(&text, 400);
    j->mailing = mailing_new(j->spec, parts, columns, &p);
    if (!j->mailing) {
        struct err err;
        problems_format(&p, &text);
        err_set(&err, "paused, its template does not compile any more: %s", text.data);
        str_copy(j->trouble, sizeof j->trouble, str_of(err.text));
        log_line(LOG_AT_ERROR, "job", "job=%s %s", j->row.id, err.text);
    }
    buf_done(&text);
    problems_done(&p);
}

static bool load(struct engine *e, struct keeper_job *j, struct err *err)
{
    struct part_files parts = {0};
    char *columns = NULL;
    if (!spool_load(e->spool, j->row.key, &j->spec, &parts, &columns, err))
        return false;
    compile(j, &parts, columns);
    part_files_done(&parts);
    free(columns);
    return true;
}

void keeper_unopened(struct engine *e, const struct job_row *row, const struct err *err)
{
    struct unopened *u = mem_array(1, sizeof *u);
    log_line(LOG_AT_ERROR, "job", "job=%s cannot be opened, it stays as it is: %s", row->id,
             err->text);
    u->row = *row;
    str_copy(u->trouble, sizeof u->trouble, str_of(err->text));
    u->next = e->unopened;
    e->unopened = u;
}

struct keeper_job *keeper_open(struct engine *e, const struct job_row *row, struct err *err)
{
    struct keeper_job *j = mem_array(1, sizeof *j);
    j->row = *row;
    tally_init(&j->tally);
    standing_init(&j->standing);
    map_init(&j->leases);
    if (!load(e, j, err)) {
        keeper_job_free(j);
        return NULL;
    }
    j->waits_approval = approval_is_awaited(e->spool, j->spec, &j->approved);
    keeper_retally(e->spool, j);
    j->next = e->jobs;
    e->jobs = j;
    return j;
}

static bool add_domain(void *arg, uint32_t domain_id, const char *domain, uint64_t waiting,
                       int64_t due_ms)
{
    struct opened *o = arg;
    if ((o->count & (o->count + 1)) == 0) /* full at 0, 1, 3, 7, ... */
        o->item = mem_grow(o->item, 2 * (size_t)o->count + 1, sizeof *o->item);
    o->item[o->count++] = (struct opened_domain){domain_id, mem_str(domain), waiting, due_ms};
    return true;
}

struct plan_job plan_job_of(const struct keeper_job *j)
{
    return (struct plan_job){.key = j->row.key,
                             .priority = j->spec->priority,
                             .in_doubt = j->spec->in_doubt,
                             .start = j->spec->start,
                             .expires_ms = j->spec->expires_ms,
                             .approved = j->approved,
                             .is_standing = j->spec->is_standing,
                             .is_paused =
                                 j->row.state == JOB_PAUSED || !j->mailing || j->waits_approval,
                             .ignores_client_hours = j->spec->test_of,
                             .id = j->row.id,
                             .client = j->row.client,
                             .cap = {.connection_limit = j->spec->connection_limit,
                                     .max_message_rate = j->spec->max_message_rate}};
}

struct opened *keeper_domains(struct engine *e, struct keeper_job *j, struct err *err)
{
    struct opened *o = mem_array(1, sizeof *o);
    o->job = plan_job_of(j);
    engine_spec_calendar(e, j->spec, &o->closed);
    if (spool_each_domain(e->spool, j->row.key, add_domain, o, err))
        return o;
    opened_free(o);
    keeper_close(e, j);
    keeper_job_free(j);
    return NULL;
}

void keeper_close(struct engine *e, struct keeper_job *j)
{
    struct keeper_job **at = &e->jobs;
    while (*at != j)
        at = &(*at)->next;
    *at = j->next;
}

void opened_free(struct opened *o)
{
    if (!o)
        return;
    for (unsigned i = 0; i < o->count; i++)
        free(o->item[i].domain);
    free(o->item);
    spans_done(&o->closed);
    free(o);
}
