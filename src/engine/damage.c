/* damage.c: a job whose database is damaged must not stop all the others.
 *
 * The spool rolls back everything when one job fails, so a file that is damaged would be a full disk
 * for ever. Such a job is put aside: the planner pauses it, its leases are refused, and what still
 * comes back from connections goes into the log instead of the spool. Its database stays as it is,
 * for `sqlite3 .recover` and the next start (docs/spool.md). */
#include <errno.h>
#include <stdlib.h>
#include "engine.h"

static void forget_ended_leases(struct engine *e, uint32_t job_key)
{
    size_t kept = 0;
    for (size_t i = 0; i < e->ended_leases; i++)
        if (e->ended_lease[i].job_key != job_key)
            e->ended_lease[kept++] = e->ended_lease[i];
    e->ended_leases = kept;
}

bool keeper_put_aside(struct engine *e, const struct err *err)
{
    uint32_t key = err->code == EUCLEAN ? spool_failed_job(e->spool) : 0;
    struct keeper_job *j = key ? keeper_find(e, key) : NULL;
    if (!j || j->is_damaged)
        return false;
    log_line(LOG_AT_ERROR, "spool", "job=%s is put aside: %s", j->row.id, err->text);
    str_copy(j->trouble, sizeof j->trouble, str_of(err->text));
    j->is_damaged = e->has_damaged = true;
    forget_ended_leases(e, key);
    struct job_letter *l = mem_array(1, sizeof *l);
    l->letter.kind = TO_BRAIN_HOLD;
    l->job_key = key;
    mailbox_send(&e->brain_box, &l->letter);
    return true;
}

static uint32_t job_of(const struct letter *l)
{
    const struct record_letter *r = (const struct record_letter *)l;
    switch (l->kind) {
    case TO_KEEPER_LEASE:
        return ((const struct lease_letter *)l)->job_key;
    case TO_KEEPER_RECORD:
    case TO_KEEPER_RETURN:
        return r->outcome ? r->outcome->job_key : r->delivery->job_key;
    case TO_KEEPER_CANCEL:
        return ((const struct job_letter *)l)->job_key;
    case TO_KEEPER_QUARANTINE:
        return ((const struct quarantine_letter *)l)->job_key;
    default:
        return 0;
    }
}

static void drop_record(struct engine *e, struct keeper_job *j, struct record_letter *r)
{
    struct outcome *o = r->outcome;
    if (o) {
        keeper_log_outcome(j, o, LOG_AT_ERROR, "unrecorded");
        frequency_outcome(e, j, o);
        pool_committed(e->pool, o->slot);
    } else {
        frequency_drop(e, r->delivery);
    }
    keeper_lease_back(e, j, o ? o->lease : r->delivery->lease);
    delivery_free(r->delivery);
    free(o);
    free(r);
}

static void drop(struct engine *e, struct keeper_job *j, struct letter *l)
{
    switch (l->kind) {
    case TO_KEEPER_LEASE:
        keeper_refuse_lease(e, (struct lease_letter *)l);
        break;
    case TO_KEEPER_CANCEL:
        free(l);
        keeper_cancelled(e, j);
        break;
    case TO_KEEPER_QUARANTINE:
        keeper_quarantine_next(e, (struct quarantine_letter *)l);
        break;
    default:
        drop_record(e, j, (struct record_letter *)l);
    }
}

void keeper_drop_damaged(struct engine *e, struct letter **letters)
{
    if (!e->has_damaged)
        return;
    while (*letters) {
        struct letter *l = *letters;
        uint32_t key = job_of(l);
        struct keeper_job *j = key ? keeper_find(e, key) : NULL;
        if (!j || !j->is_damaged) {
            letters = &l->next;
            continue;
        }
        *letters = l->next;
        drop(e, j, l);
    }
}
