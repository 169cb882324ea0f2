/* import_finish.c: from rows in the order of the list to a spool that delivers by domain.
 *
 * Two sorts of 8 bytes per row, in bounded memory (sorter.h). Equal hashes of addresses meet in the
 * first; whether the addresses are really equal is looked up, which happens as often as there are
 * duplicates (and for one pair of ten thousand others by chance). The second gives the rows in the
 * very order of the todo tree, so that it is filled from left to right, every page once and full.
 */
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include "importing.h"

/* The different addresses that share the hash under the cursor: nearly always one. */
struct alike {
    uint32_t hash;
    struct {
        uint32_t rid;
        char *folded; /* NULL: not looked up yet, it was alone until now */
    } * member;
    size_t count, cap;
};

struct dup_search {
    struct spool_import *import;
    sqlite3_stmt *email_of;
    struct alike group;
    uint8_t *is_dup;     /* one bit per rid */
    struct sorter *dups; /* rid of a duplicate -> rid of the first: in the order of the list */
};

static void alike_begin(struct alike *g, uint32_t hash)
{
    for (size_t i = 0; i < g->count; i++)
        free(g->member[i].folded);
    g->count = 0;
    g->hash = hash;
}

static void alike_add(struct alike *g, uint32_t rid, char *folded)
{
    if (g->count == g->cap) {
        g->cap = g->cap ? g->cap * 2 : 8;
        g->member = mem_grow(g->member, g->cap, sizeof *g->member);
    }
    g->member[g->count].rid = rid;
    g->member[g->count++].folded = folded;
}

static char *fetch_folded(struct dup_search *d, uint32_t rid, struct err *e)
{
    struct db *db = &d->import->db;
    char folded[ADDRESS_MAX + 1];
    bool row;

    sqlite3_bind_int64(d->email_of, 1, rid);
    if (!db_step(db, d->email_of, &row, e))
        return NULL;
    if (!row || address_fold(db_column_text(d->email_of, 0), folded) == 0) {
        err_set(e, "%s: recipient %u cannot be read back", db->path, rid);
        return NULL;
    }
    sqlite3_reset(d->email_of);
    return mem_str(folded);
}

static bool meets_others(struct dup_search *d, uint32_t rid, struct err *e)
{
    struct alike *g = &d->group;
    char *folded = fetch_folded(d, rid, e);

    if (!folded)
        return false;
    for (size_t i = 0; i < g->count; i++) {
        if (!g->member[i].folded && !(g->member[i].folded = fetch_folded(d, g->member[i].rid, e))) {
            free(folded);
            return false;
        }
        if (strcmp(g->member[i].folded, folded) == 0) {
            free(folded);
            d->is_dup[rid / 8] |= (uint8_t)(1u << rid % 8);
            d->import->row.duplicates++;
            return sorter_put(d->dups, rid, g->member[i].rid, e);
        }
    }
    alike_add(g, rid, folded);
    return true;
}

static bool find_dups(struct dup_search *d, struct err *e)
{
    struct sorter *s = d->import->by_hash;
    bool failed = false;
    uint64_t key;

    d->email_of = db_prepare(&d->import->db, "SELECT email FROM recipient WHERE rid = ?", e);
    if (!d->email_of || !sorter_rewind(s, e))
        return false;
    while (sorter_next(s, &key, NULL, &failed, e)) {
        uint32_t hash = (uint32_t)(key >> 32), rid = (uint32_t)key;

        if (d->group.count > 0 && d->group.hash == hash) {
            if (!meets_others(d, rid, e))
                return false;
        } else {
            alike_begin(&d->group, hash);
            alike_add(&d->group, rid, NULL);
        }
    }
    return !failed;
}

typedef void dup_report(void *arg, const char *email, uint64_t line, uint64_t first_line);

/* Tells of one duplicate and takes it out of the list. */
static bool remove_dup(struct db *db, sqlite3_stmt *get, sqlite3_stmt *drop, uint64_t rid,
                       uint64_t first, dup_report *dup, void *arg, struct err *e)
{
    bool row;

    sqlite3_bind_int64(get, 1, (int64_t)rid);
    sqlite3_bind_int64(get, 2, (int64_t)first);
    if (!db_step(db, get, &row, e))
        return false;
    if (row && dup)
        dup(arg, db_column_text(get, 0), (uint64_t)sqlite3_column_int64(get, 1),
            (uint64_t)sqlite3_column_int64(get, 2));
    sqlite3_reset(get);
    sqlite3_bind_int64(drop, 1, (int64_t)rid);
    return db_run(db, drop, e);
}

static bool remove_dups(struct dup_search *d, dup_report *dup, void *arg, struct err *e)
{
    struct db *db = &d->import->db;
    sqlite3_stmt *get =
        db_prepare(db,
                   "SELECT a.email, a.rid + a.skew, b.rid + b.skew FROM recipient a, recipient b"
                   " WHERE a.rid = ?1 AND b.rid = ?2",
                   e);
    sqlite3_stmt *drop = get ? db_prepare(db, "DELETE FROM recipient WHERE rid = ?", e) : NULL;
    bool failed = !drop || !sorter_rewind(d->dups, e);
    uint64_t rid, first;

    while (!failed && sorter_next(d->dups, &rid, &first, &failed, e))
        failed = !remove_dup(db, get, drop, rid, first, dup, arg, e);
    sqlite3_finalize(get);
    sqlite3_finalize(drop);
    return !failed;
}

static bool fill_todo(struct dup_search *d, struct err *e)
{
    struct spool_import *i = d->import;
    sqlite3_stmt *put =
        db_prepare(&i->db, "INSERT INTO todo(domain, due, rid, attempts) VALUES(?, 0, ?, 0)", e);
    bool failed = !put || !sorter_rewind(i->by_domain, e);
    uint64_t key;

    while (!failed && sorter_next(i->by_domain, &key, NULL, &failed, e)) {
        uint32_t domain = (uint32_t)(key >> 32), rid = (uint32_t)key;

        if (d->is_dup[rid / 8] >> rid % 8 & 1)
            continue;
        sqlite3_bind_int64(put, 1, domain);
        sqlite3_bind_int64(put, 2, rid);
        failed = !db_run(&i->db, put, e);
    }
    sqlite3_finalize(put);
    return !failed;
}

static bool fill_domains(struct spool_import *i, struct err *e)
{
    sqlite3_stmt *put = db_prepare(&i->db, "INSERT INTO domain(id, name) VALUES(?, ?)", e);
    bool ok = put;

    for (uint32_t id = 1; ok && id <= i->domains.count; id++) {
        sqlite3_bind_int64(put, 1, id);
        db_bind_text(put, 2, domains_name(&i->domains, id));
        ok = db_run(&i->db, put, e);
    }
    sqlite3_finalize(put);
    domains_done(&i->domains);
    return ok;
}

bool import_sort(struct spool_import *i, dup_report *dup, void *arg, struct err *e)
{
    struct dup_search d = {.import = i, .dups = sorter_new(i->dir, true)};
    bool ok;

    d.is_dup = mem_array(i->rows / 8 + 1, 1);
    ok = find_dups(&d, e);
    sorter_free(i->by_hash);
    i->by_hash = NULL;
    alike_begin(&d.group, 0);
    free(d.group.member);
    ok = ok && remove_dups(&d, dup, arg, e) && fill_domains(i, e) && fill_todo(&d, e);
    i->row.recipients = i->rows - i->row.duplicates;
    sqlite3_finalize(d.email_of);
    sorter_free(d.dups);
    free(d.is_dup);
    return ok;
}
