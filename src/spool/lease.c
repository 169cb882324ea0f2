/* lease.c: recipients out, and what becomes of those that were out when the machine went down.
 *
 * A leased recipient stays in todo. Three things keep it from being handed out twice:
 *   - the caller's cursor (`after`) stands behind it;
 *   - rows that come in later (deferred, returned, appended) get a due time behind the last leased
 *     one, so that the cursor never passes by a row that nobody holds (due_behind);
 *   - and whatever the cursor says, the handle remembers which recipients it handed out.
 * The lease itself is a row with the first and the last key: written once per batch, not once per
 * recipient.
 */
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include "inside.h"

/* One call of spool_cancel keeps the spool thread for about a tenth of a second. */
#define CANCEL_STEP 20000u

struct batch {
    struct job_file *job;
    uint32_t domain_id;
    uint64_t lease;
    unsigned count;
    struct todo_key first, last;
    struct delivery **tail;
};

static void take_row(struct batch *b, sqlite3_stmt *st, struct todo_key key)
{
    struct str email = db_column(st, 3), vars = db_column(st, 4);
    struct delivery *d = mem_array(1, sizeof *d);

    d->job_key = b->job->key;
    d->domain_id = b->domain_id;
    d->rid = key.rid;
    d->attempt = (uint32_t)sqlite3_column_int64(st, 2) + 1;
    d->lease = b->lease;
    d->due_ms = key.due_ms;
    d->added.ms =
        sqlite3_column_type(st, 5) == SQLITE_NULL ? b->job->added_ms : sqlite3_column_int64(st, 5);
    d->email = mem_strn(email.p, email.n);
    d->vars = mem_strn(vars.p, vars.n);
    d->vars_len = vars.n;
    d->suppressed_as = CAT_OK;
    *b->tail = d;
    b->tail = &d->next;
    if (b->count++ == 0)
        b->first = key;
    b->last = key;
    job_note_leased(b->job, d->rid, b->lease);
}

static bool take_rows(struct batch *b, int64_t until_ms, unsigned limit, struct todo_key *last,
                      int64_t *next_due_ms, struct err *e)
{
    struct job_file *j = b->job;
    sqlite3_stmt *st = job_stmt(j, ST_LEASE_ROWS, e);
    bool row = false, ok;

    if (!st)
        return false;
    sqlite3_bind_int64(st, 1, b->domain_id);
    sqlite3_bind_int64(st, 2, last->due_ms);
    sqlite3_bind_int64(st, 3, (int64_t)last->rid);
    while ((ok = db_step(&j->db, st, &row, e)) && row) {
        struct todo_key key = {sqlite3_column_int64(st, 0), (uint64_t)sqlite3_column_int64(st, 1)};
        int64_t due_ms = key.due_ms ? key.due_ms : j->first_due_ms;
        bool is_out = ridset_has(&j->leased, key.rid);

        if (!is_out && (due_ms > until_ms || b->count == limit)) {
            *next_due_ms = due_ms;
            sqlite3_reset(st);
            break;
        }
        if (!is_out)
            take_row(b, st, key);
        if (due_ms <= until_ms)
            *last = key;
    }
    return ok;
}

static bool put_lease(struct spool *s, const struct batch *b, struct err *e)
{
    sqlite3_stmt *st = job_stmt(b->job, ST_LEASE_PUT, e);

    if (!st)
        return false;
    sqlite3_bind_int64(st, 1, (int64_t)b->lease);
    sqlite3_bind_int64(st, 2, b->domain_id);
    sqlite3_bind_int64(st, 3, b->first.due_ms);
    sqlite3_bind_int64(st, 4, (int64_t)b->first.rid);
    sqlite3_bind_int64(st, 5, b->last.due_ms);
    sqlite3_bind_int64(st, 6, (int64_t)b->last.rid);
    db_bind_text(st, 7, s->boot);
    return db_run(&b->job->db, st, e);
}

bool spool_lease(struct spool *s, uint32_t job_key, uint32_t domain_id, struct todo_key after,
                 int64_t until_ms, unsigned limit, struct delivery **chain, unsigned *count,
                 struct todo_key *last, int64_t *next_due_ms, struct err *e)
{
    struct job_file *j = job_working(s, job_key, e);
    struct batch b = {.job = j, .domain_id = domain_id, .tail = chain};

    *chain = NULL;
    *count = 0;
    *last = after;
    *next_due_ms = WHEN_NEVER;
    if (!j)
        return spool_give_up(s, job_key);
    b.lease = j->next_lease++;
    if (!take_rows(&b, until_ms, limit, last, next_due_ms, e) ||
        (b.count > 0 && !put_lease(s, &b, e))) {
        while (*chain) {
            struct delivery *d = *chain;

            *chain = d->next;
            delivery_free(d);
        }
        return spool_give_up(s, job_key);
    }
    if (b.count > 0 && b.last.due_ms > j->gate->leased_until_ms)
        j->gate->leased_until_ms = b.last.due_ms;
    *count = b.count;
    return true;
}

bool spool_return(struct spool *s, const struct delivery *d, int64_t due_ms, struct err *e)
{
    struct job_file *j = job_working(s, d->job_key, e);
    struct todo_row t = {d->domain_id, d->due_ms, d->rid, d->attempt - 1};

    if (!j || !todo_move(j, &t, due_ms, e))
        return spool_give_up(s, d->job_key);
    job_note_ended(j, d->rid);
    return true;
}

bool spool_lease_end(struct spool *s, uint32_t job_key, uint64_t lease, struct err *e)
{
    struct job_file *j = job_working(s, job_key, e);
    sqlite3_stmt *st = j ? job_stmt(j, ST_LEASE_DROP, e) : NULL;

    if (!st)
        return spool_give_up(s, job_key);
    sqlite3_bind_int64(st, 1, (int64_t)lease);
    return db_run(&j->db, st, e) || spool_give_up(s, job_key);
}

/* ---- lists of todo rows ---- */

struct rows {
    struct todo_row *item;
    uint64_t *lease;
    size_t count, cap;
};

static void rows_done(struct rows *r)
{
    free(r->item);
    free(r->lease);
}

/* Collects what a statement over todo gives, up to `limit`, but for what `skip` holds. */
static bool collect(struct job_file *j, sqlite3_stmt *st, const struct ridset *skip, uint64_t lease,
                    size_t limit, struct rows *r, struct err *e)
{
    bool row = false, ok = true;

    while (r->count < limit && (ok = db_step(&j->db, st, &row, e)) && row) {
        struct todo_row t = {(uint32_t)sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1),
                             (uint64_t)sqlite3_column_int64(st, 2),
                             (uint32_t)sqlite3_column_int64(st, 3)};

        if (ridset_has(skip, t.rid))
            continue;
        if (r->count == r->cap) {
            r->cap = r->cap ? r->cap * 2 : 256;
            r->item = mem_grow(r->item, r->cap, sizeof *r->item);
            r->lease = mem_grow(r->lease, r->cap, sizeof *r->lease);
        }
        r->lease[r->count] = lease;
        r->item[r->count++] = t;
    }
    if (row)
        sqlite3_reset(st);
    return ok;
}

/* An outcome of the attempt after those that the row counts. */
static bool outcome_of(struct job_file *j, const struct todo_row *t, struct outcome *o,
                       struct err *e)
{
    sqlite3_stmt *st = job_stmt(j, ST_RECIPIENT_OF, e);
    bool row;

    if (!st)
        return false;
    memset(o, 0, sizeof *o);
    sqlite3_bind_int64(st, 1, (int64_t)t->rid);
    if (!db_step(&j->db, st, &row, e))
        return false;
    if (!row)
        return err_set(e, "%s is damaged: recipient %llu of table todo is not in table recipient",
                       j->db.path, (unsigned long long)t->rid);
    str_copy(o->email, sizeof o->email, db_column(st, 0));
    o->added.ms =
        sqlite3_column_type(st, 1) == SQLITE_NULL ? j->added_ms : sqlite3_column_int64(st, 1);
    sqlite3_reset(st);
    o->job_key = j->key;
    o->domain_id = t->domain_id;
    o->rid = t->rid;
    o->attempt = t->attempts + 1;
    o->due_ms = t->due_ms;
    o->slot = NO_SLOT;
    return true;
}

/* ---- recovery ---- */

/* The rows of every lease that another life of the machine left behind (or all, if the hand-over
 * file proves nothing). Ranges may overlap; a recipient counts once. */
static bool collect_doubtful(struct spool *s, struct job_file *j, bool same_boot, struct rows *r,
                             struct err *e)
{
    sqlite3_stmt *range = job_stmt(j, ST_TODO_RANGE, e), *leases;
    struct ridset seen = {0};
    bool row = false, ok;

    if (!range)
        return false;
    leases = db_prepare(&j->db,
                        "SELECT id, domain, from_due, from_rid, to_due, to_rid FROM lease"
                        " WHERE ?1 = 0 OR boot <> ?2",
                        e);
    if (!leases)
        return false;
    sqlite3_bind_int(leases, 1, same_boot);
    db_bind_text(leases, 2, s->boot);
    while ((ok = db_step(&j->db, leases, &row, e)) && row) {
        size_t from = r->count;

        for (int at = 1; at <= 5; at++)
            sqlite3_bind_int64(range, at, sqlite3_column_int64(leases, at));
        ok = collect(j, range, &seen, (uint64_t)sqlite3_column_int64(leases, 0), SIZE_MAX, r, e);
        if (!ok)
            break;
        for (; from < r->count; from++)
            ridset_put(&seen, r->item[from].rid);
    }
    sqlite3_finalize(leases);
    ridset_done(&seen);
    return ok;
}

bool spool_recover_leases(struct spool *s, uint32_t job_key, bool same_boot,
                          bool (*each)(void *arg, const struct outcome *o), void *arg,
                          uint64_t *count, struct err *e)
{
    struct job_file *j = job_working(s, job_key, e);
    struct rows r = {0};
    struct outcome o;
    bool ok =
        j && collect_doubtful(s, j, same_boot, &r, e) && db_exec(&j->db, "DELETE FROM lease", e);

    *count = r.count;
    for (size_t i = 0; ok && i < r.count; i++) {
        if (!(ok = outcome_of(j, &r.item[i], &o, e)))
            break;
        o.lease = r.lease[i];
        o.phase = PHASE_DOT;
        o.dot_unanswered = true;
        str_copy(o.reply.text, sizeof o.reply.text,
                 str_of("the machine went down while this was under way"));
        if (!each(arg, &o))
            break;
    }
    rows_done(&r);
    return ok || spool_give_up(s, job_key);
}

/* ---- cancelling ---- */

bool spool_cancel(struct spool *s, uint32_t job_key, struct wall now, uint64_t *count,
                  struct err *e)
{
    struct job_file *j = job_working(s, job_key, e);
    sqlite3_stmt *st = j ? job_stmt(j, ST_TODO_ALL, e) : NULL;
    struct rows r = {0};
    struct outcome o;
    bool was_new, ok = st && collect(j, st, &j->leased, 0, CANCEL_STEP, &r, e);

    *count = 0;
    for (size_t i = 0; ok && i < r.count; i++) {
        ok = outcome_of(j, &r.item[i], &o, e);
        o.phase = PHASE_POLICY;
        o.category = CAT_CANCELLED;
        o.state = STATE_CANCELLED;
        o.at = now;
        ok = ok && record_one(j, &o, &was_new, e);
        *count += ok && was_new;
    }
    rows_done(&r);
    return ok || spool_give_up(s, job_key);
}
