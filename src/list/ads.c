/* ads.c: who was sent an advertisement, when, and by which job: for the frequency cap. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include "inside.h"

static bool job_number(struct fold *f, struct err *e)
{
    struct list_store *l = f->store;
    sqlite3_stmt *find = list_stmt(l, LS_AD_JOB_FIND, e), *put = list_stmt(l, LS_AD_JOB_PUT, e);
    bool row;

    if (f->ad_job)
        return true;
    if (!find || !put)
        return false;
    db_bind_text(find, 1, f->job_id);
    if (!db_step(&l->db, find, &row, e))
        return false;
    if (row) {
        f->ad_job = sqlite3_column_int64(find, 0);
        sqlite3_reset(find);
        return true;
    }
    db_bind_text(put, 1, f->job_id);
    db_bind_text(put, 2, f->client);
    if (!db_run(&l->db, put, e))
        return false;
    f->ad_job = sqlite3_last_insert_rowid(l->db.h);
    return true;
}

bool fold_ad(struct fold *f, const struct outcome *o, const char *folded, struct err *e)
{
    sqlite3_stmt *st = list_stmt(f->store, LS_AD_PUT, e);

    if (!st || !job_number(f, e))
        return false;
    list_bind_address(st, 1, folded);
    sqlite3_bind_int64(st, 3, o->at.ms);
    sqlite3_bind_int64(st, 4, f->ad_job);
    sqlite3_bind_int64(st, 5, (int64_t)o->rid);
    f->ads++;
    if (o->at.ms > f->newest_ms)
        f->newest_ms = o->at.ms;
    return db_run(&f->store->db, st, e);
}

bool list_each_ad(struct list_store *l, const char *client, const char *address, struct wall since,
                  void (*each)(void *arg, const char *job_id, uint64_t rid, struct wall at),
                  void *arg, struct err *e)
{
    sqlite3_stmt *st = list_stmt(l, LS_AD_EACH, e);
    char folded[FOLDED_MAX];
    bool row, ok = st;

    if (st) {
        list_bind_address(st, 1, list_fold_address(address, folded));
        sqlite3_bind_int64(st, 3, since.ms);
        db_bind_text(st, 4, client);
    }
    while (ok && (ok = db_step(&l->db, st, &row, e)) && row)
        each(arg, db_column_text(st, 0), (uint64_t)sqlite3_column_int64(st, 1),
             (struct wall){sqlite3_column_int64(st, 2)});
    return ok;
}

/* ---- forgetting ---- */

static void bind_key(sqlite3_stmt *st, const struct ad_key *k)
{
    list_bind_address(st, 1, k->address);
    sqlite3_bind_int64(st, 3, k->at_ms);
    sqlite3_bind_int64(st, 4, k->job);
    sqlite3_bind_int64(st, 5, (int64_t)k->rid);
}

static void read_key(sqlite3_stmt *st, struct ad_key *k)
{
    struct str local = db_column(st, 3), domain = db_column(st, 4);

    k->at_ms = sqlite3_column_int64(st, 0);
    k->job = sqlite3_column_int64(st, 1);
    k->rid = (uint64_t)sqlite3_column_int64(st, 2);
    snprintf(k->address, sizeof k->address, "%.*s@%.*s", (int)local.n, local.p, (int)domain.n,
             domain.p);
}

struct old {
    struct ad_key *item;
    size_t count;
};

/* Looks at so many rows behind l->pruned, which it moves: to the start again at the end. */
static bool collect_old(struct list_store *l, unsigned rows, int64_t before_ms, struct old *old,
                        struct err *e)
{
    sqlite3_stmt *st = list_stmt(l, LS_AD_WALK, e);
    struct ad_key from = l->pruned; /* bound by reference */
    bool row = false, ok = st;
    unsigned seen = 0;

    if (st) {
        bind_key(st, &from);
        sqlite3_bind_int64(st, 6, rows);
    }
    while (ok && (ok = db_step(&l->db, st, &row, e)) && row) {
        if (++seen == rows)
            read_key(st, &l->pruned);
        if (sqlite3_column_int64(st, 0) >= before_ms)
            continue;
        if ((old->count & (old->count + 1)) == 0) /* full at 0, 1, 3, 7, ... */
            old->item = mem_grow(old->item, 2 * old->count + 1, sizeof *old->item);
        read_key(st, &old->item[old->count++]);
    }
    if (ok && seen < rows)
        l->pruned = (struct ad_key){0};
    return ok;
}

/* Goes round the table, twice as fast as it grows: a fold never does more than a fixed multiple of
 * its own work, and what is too old is gone after one round. An index on the time would cost each
 * row twice its size. */
bool fold_prune_ads(struct fold *f, struct err *e)
{
    struct list_store *l = f->store;
    struct old old = {0};
    sqlite3_stmt *st;
    bool ok;

    if (f->ads == 0)
        return true;
    ok = collect_old(l, 2 * f->ads, f->newest_ms - LIST_ADS_KEPT_MS, &old, e) &&
         (st = list_stmt(l, LS_AD_DROP, e));
    for (size_t i = 0; ok && i < old.count; i++) {
        bind_key(st, &old.item[i]);
        ok = db_run(&l->db, st, e);
    }
    free(old.item);
    return ok;
}
