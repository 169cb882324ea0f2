/* contacts.c: who is on which list, and what happened to them. */
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include "inside.h"

/* NULL and "" of an import both mean "says nothing": what is known stays. */
static void bind_known(sqlite3_stmt *st, int at, const char *text)
{
    db_bind_text(st, at, text && text[0] ? text : NULL);
}

static bool add(struct list_store *l, int64_t list, const char *folded, const struct contact *c,
                bool *was_new, struct err *e)
{
    sqlite3_stmt *st = list_stmt(l, LS_CONTACT_ADD, e);

    if (!st)
        return false;
    sqlite3_bind_int64(st, 1, list);
    list_bind_address(st, 2, folded);
    db_bind_text(st, 4, strcmp(folded, c->address) == 0 ? "" : c->address);
    bind_known(st, 5, c->status);
    bind_known(st, 6, c->provenance);
    bind_known(st, 7, c->consent);
    bind_known(st, 8, c->vars);
    sqlite3_bind_int64(st, 9, c->first_seen.ms);
    sqlite3_bind_int64(st, 10, c->last_seen.ms ? c->last_seen.ms : c->first_seen.ms);
    sqlite3_bind_int64(st, 11, c->consent_at.ms);
    if (!db_run(&l->db, st, e))
        return false;
    *was_new = sqlite3_changes(l->db.h) > 0;
    return true;
}

static bool update(struct list_store *l, int64_t list, const char *folded, const struct contact *c,
                   struct err *e)
{
    sqlite3_stmt *st = list_stmt(l, LS_CONTACT_UPDATE, e);

    if (!st)
        return false;
    sqlite3_bind_int64(st, 1, list);
    list_bind_address(st, 2, folded);
    bind_known(st, 4, c->provenance);
    bind_known(st, 5, c->consent);
    bind_known(st, 6, c->vars);
    sqlite3_bind_int64(st, 7, c->last_seen.ms);
    sqlite3_bind_int64(st, 8, c->consent_at.ms);
    return db_run(&l->db, st, e);
}

bool list_import(struct list_store *l, const struct contact *c, bool *was_new, struct err *e)
{
    char folded[FOLDED_MAX];
    int64_t list;
    bool outer, is_new = false, ok;

    list_fold_address(c->address, folded);
    if (!list_enter(l, &outer, e))
        return false;
    ok = list_number(l, c->list, &list, e) && add(l, list, folded, c, &is_new, e) &&
         (is_new || update(l, list, folded, c, e));
    if (was_new)
        *was_new = is_new;
    return list_leave(l, outer, ok, e);
}

/* ---- reading ---- */

#define CONTACT_COLUMNS                                                                            \
    "l.name, CASE c.written WHEN '' THEN c.local || '@' || c.domain ELSE c.written END, "          \
    "c.status, c.last_class,"                                                                      \
    " c.last_reply, c.provenance, c.consent, c.vars, c.sent, c.delivered, c.hard, c.soft,"         \
    " c.our_side, c.first_seen, c.last_seen, c.last_delivered, c.consent_at"

static uint64_t count_at(sqlite3_stmt *st, int at)
{
    return (uint64_t)sqlite3_column_int64(st, at);
}

static void read_contact(sqlite3_stmt *st, struct contact *c)
{
    *c = (struct contact){.list = db_column_text(st, 0),
                          .address = db_column_text(st, 1),
                          .status = db_column_text(st, 2),
                          .last_class = db_column_text(st, 3),
                          .last_reply = db_column_text(st, 4),
                          .provenance = db_column_text(st, 5),
                          .consent = db_column_text(st, 6),
                          .vars = db_column_text(st, 7),
                          .sent = count_at(st, 8),
                          .delivered = count_at(st, 9),
                          .hard = count_at(st, 10),
                          .soft = count_at(st, 11),
                          .our_side = count_at(st, 12),
                          .first_seen = {sqlite3_column_int64(st, 13)},
                          .last_seen = {sqlite3_column_int64(st, 14)},
                          .last_delivered = {sqlite3_column_int64(st, 15)},
                          .consent_at = {sqlite3_column_int64(st, 16)}};
}

/* Walks what a query over contacts gives: ?1 is a list, ?2 and ?3 an address, if it has them. */
static bool each_of(struct list_store *l, const char *sql, const char *list, const char *folded,
                    bool (*each)(void *arg, const struct contact *c), void *arg, struct err *e)
{
    sqlite3_stmt *st = db_prepare(&l->db, sql, e);
    struct contact c;
    bool row, ok = st;

    if (st) {
        db_bind_text(st, 1, list);
        list_bind_address(st, 2, folded);
    }
    while (ok && (ok = db_step(&l->db, st, &row, e)) && row) {
        read_contact(st, &c);
        if (!each(arg, &c))
            break;
    }
    sqlite3_finalize(st);
    return ok;
}

bool list_each_contact(struct list_store *l, const char *list,
                       bool (*each)(void *arg, const struct contact *c), void *arg, struct err *e)
{
    return each_of(l,
                   "SELECT " CONTACT_COLUMNS " FROM list l JOIN contact c ON c.list = l.id"
                   " WHERE l.name = ?1 ORDER BY c.domain, c.local",
                   list, "", each, arg, e);
}

bool list_find_contact(struct list_store *l, const char *list, const char *address,
                       bool (*each)(void *arg, const struct contact *c), void *arg, struct err *e)
{
    char folded[FOLDED_MAX];

    /* CROSS JOIN keeps the order: lists are few, contacts are found by list and address. */
    return each_of(
        l,
        "SELECT " CONTACT_COLUMNS " FROM list l CROSS JOIN contact c"
        " WHERE (?1 IS NULL OR l.name = ?1) AND c.list = l.id AND c.domain = ?2 AND c.local = ?3",
        list, list_fold_address(address, folded), each, arg, e);
}

bool list_each_list(struct list_store *l,
                    bool (*each)(void *arg, const char *list, uint64_t contacts, uint64_t active,
                                 uint64_t suppressed),
                    void *arg, struct err *e)
{
    sqlite3_stmt *st = db_prepare(&l->db,
                                  "SELECT l.name, count(c.local),"
                                  " count(*) FILTER (WHERE c.status = 'active'),"
                                  " count(*) FILTER (WHERE c.status = 'suppressed')"
                                  " FROM list l LEFT JOIN contact c ON c.list = l.id"
                                  " GROUP BY l.id ORDER BY l.name",
                                  e);
    bool row, ok = st;

    while (ok && (ok = db_step(&l->db, st, &row, e)) && row)
        if (!each(arg, db_column_text(st, 0), count_at(st, 1), count_at(st, 2), count_at(st, 3)))
            break;
    sqlite3_finalize(st);
    return ok;
}

bool list_each_event(struct list_store *l, const char *address,
                     bool (*each)(void *arg, const struct list_event *ev), void *arg, struct err *e)
{
    sqlite3_stmt *st = db_prepare(&l->db,
                                  "SELECT v.at, coalesce(l.name, ''), v.address, v.what, v.cause"
                                  " FROM event v LEFT JOIN list l ON l.id = v.list"
                                  " WHERE v.address = ?1 ORDER BY v.id",
                                  e);
    char folded[FOLDED_MAX];
    bool row, ok = st;

    if (st)
        db_bind_text(st, 1, list_fold_address(address, folded));
    while (ok && (ok = db_step(&l->db, st, &row, e)) && row) {
        const struct list_event ev = {.at = {sqlite3_column_int64(st, 0)},
                                      .list = db_column_text(st, 1),
                                      .address = db_column_text(st, 2),
                                      .what = db_column_text(st, 3),
                                      .cause = db_column_text(st, 4)};

        if (!each(arg, &ev))
            break;
    }
    sqlite3_finalize(st);
    return ok;
}
