/* retract.c: a bounce that the outage guard took back: the contact becomes what it was. Its event
 * stays to be seen, under another name, so that no later campaign counts it. */
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/list/policy.h>
#include "inside.h"

struct bounce {
    int64_t id;
    enum category category;
    char *before; /* JSON */
};

/* The job's last bounce of the address; *found false: none was folded. */
static bool find_bounce(struct fold *f, const char *folded, struct bounce *b, bool *found,
                        struct err *e)
{
    struct db *db = &f->store->db;
    sqlite3_stmt *st = list_stmt(f->store, LS_BOUNCE_LAST, e);

    if (!st)
        return false;
    db_bind_text(st, 1, folded);
    sqlite3_bind_int64(st, 2, f->list);
    db_bind_text(st, 3, f->job_id);
    if (!db_step(db, st, found, e))
        return false;
    if (!*found)
        return true;
    b->id = sqlite3_column_int64(st, 0);
    *found = category_from_name(db_column(st, 1), &b->category);
    if (*found)
        b->before = mem_strn(db_column(st, 2).p, db_column(st, 2).n);
    sqlite3_reset(st);
    return true;
}

static bool void_bounce(struct fold *f, const struct bounce *b, struct err *e)
{
    sqlite3_stmt *st = list_stmt(f->store, LS_BOUNCE_VOID, e);

    if (!st)
        return false;
    sqlite3_bind_int64(st, 1, b->id);
    return db_run(&f->store->db, st, e);
}

/* Hands what the contact was to the next bounce, of another job; *done false: there is none. */
static bool inherit(struct fold *f, const struct bounce *b, const char *folded, bool *done,
                    struct err *e)
{
    sqlite3_stmt *st = list_stmt(f->store, LS_BOUNCE_INHERIT, e);

    if (!st)
        return false;
    db_bind_text(st, 1, folded);
    sqlite3_bind_int64(st, 2, f->list);
    sqlite3_bind_int64(st, 3, b->id);
    db_bind_text(st, 4, b->before);
    if (!db_run(&f->store->db, st, e))
        return false;
    *done = sqlite3_changes(f->store->db.h) > 0;
    return true;
}

static bool unsuppress(struct fold *f, const char *folded, struct err *e)
{
    sqlite3_stmt *st = list_stmt(f->store, LS_SUPPRESS_BACK, e);

    if (!st)
        return false;
    db_bind_text(st, 1, folded);
    db_bind_text(st, 2, f->client);
    db_bind_text(st, 3, f->job_id);
    return db_run(&f->store->db, st, e);
}

/* `before` NULL: only the counters. */
static bool restore(struct fold *f, const struct outcome *o, const struct bounce *b,
                    const char *before, const char *folded, struct err *e)
{
    const struct list_counts none = {0};
    struct list_change ch =
        list_policy(&none, b->category, STATE_BOUNCED, o->reply.code, list_evidence(o->rule));
    sqlite3_stmt *st = list_stmt(f->store, LS_CONTACT_BACK, e);

    if (!st)
        return false;
    sqlite3_bind_int64(st, 1, f->list);
    list_bind_address(st, 2, folded);
    sqlite3_bind_int(st, 4, ch.counts_sent);
    sqlite3_bind_int(st, 5, ch.counts_hard);
    sqlite3_bind_int(st, 6, ch.counts_soft);
    sqlite3_bind_int(st, 7, ch.counts_our_side);
    db_bind_text(st, 8, before);
    db_bind_text(st, 9, folded);
    db_bind_text(st, 10, f->client);
    return db_run(&f->store->db, st, e);
}

bool fold_take_back(struct fold *f, const struct outcome *o, const char *folded, struct err *e)
{
    struct bounce b = {0};
    bool found = false, is_inherited = false, ok;
    char what[120];

    /* One that was quarantined at once was never a bounce; only the guard's copies are of this
     * phase. */
    if (o->phase != PHASE_POLICY)
        return true;
    ok = find_bounce(f, folded, &b, &found, e);
    if (ok && found) {
        sqlite3_snprintf(sizeof what, what, "bounce taken back: outage of %s", o->provider);
        ok = inherit(f, &b, folded, &is_inherited, e) && void_bounce(f, &b, e) &&
             unsuppress(f, folded, e) &&
             restore(f, o, &b, is_inherited ? NULL : b.before, folded, e) &&
             list_put_event(f->store, o->at, f->list, folded, what, f->job_id, e);
    }
    free(b.before);
    return ok;
}
