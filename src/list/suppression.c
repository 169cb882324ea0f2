/* suppression.c: who must not be mailed. */
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include "inside.h"

bool list_is_suppressed(struct list_store *l, const char *client, enum msg_class c,
                        const char *address, char why[48], struct err *e)
{
    char folded[FOLDED_MAX];
    sqlite3_stmt *st = list_stmt(l, LS_IS_SUPPRESSED, e);
    const char *at;
    bool row = false;

    why[0] = '\0';
    if (e)
        *e = (struct err){0};
    if (!st)
        return false;
    list_fold_address(address, folded);
    at = strrchr(folded, '@');
    db_bind_text(st, 1, folded);
    db_bind_text(st, 2, at ? at : folded);
    db_bind_text(st, 3, client);
    db_bind_text(st, 4, msg_class_name(c));
    if (!db_step(&l->db, st, &row, e) || !row)
        return false;
    str_copy(why, 48, db_column(st, 0));
    sqlite3_reset(st);
    return true;
}

/* Sets the status of the contact in every list that the client means ("*": all), and says so in
 * events. */
static bool set_status(struct list_store *l, const char *address, const char *client,
                       const char *status, const char *what, const char *cause, struct wall at,
                       bool *found, struct err *e)
{
    sqlite3_stmt *lists = list_stmt(l, LS_LIST_EACH, e), *set = list_stmt(l, LS_STATUS_SET, e);
    bool row, ok = lists && set;

    if (lists)
        db_bind_text(lists, 1, client);
    while (ok && (ok = db_step(&l->db, lists, &row, e)) && row) {
        int64_t list = sqlite3_column_int64(lists, 0);

        sqlite3_bind_int64(set, 1, list);
        list_bind_address(set, 2, address);
        db_bind_text(set, 4, status);
        ok = db_run(&l->db, set, e);
        if (ok && sqlite3_changes(l->db.h) > 0) {
            *found = true;
            ok = list_put_event(l, at, list, address, what, cause, e);
        }
    }
    return ok;
}

static bool put(struct list_store *l, sqlite3_stmt *st, const struct suppression *s, bool *was_new,
                struct err *e)
{
    if (!st)
        return false;
    db_bind_text(st, 1, s->address);
    db_bind_text(st, 2, s->client);
    db_bind_text(st, 3, s->msg_class);
    db_bind_text(st, 4, s->reason);
    db_bind_text(st, 5, s->by);
    sqlite3_bind_int64(st, 6, s->since.ms);
    if (!db_run(&l->db, st, e))
        return false;
    *was_new = sqlite3_changes(l->db.h) > 0;
    return true;
}

bool list_put_suppression(struct list_store *l, const struct suppression *s, bool *was_new,
                          struct err *e)
{
    return put(l, list_stmt(l, LS_SUPPRESS, e), s, was_new, e);
}

/* "*@x.example" is an address like any other, of nobody: it would suppress nothing, silently. */
static bool is_pattern(const char *address)
{
    return address[0] == '*' && address[1] == '@';
}

bool list_suppress(struct list_store *l, const struct suppression *given, struct err *e)
{
    char folded[FOLDED_MAX], what[80];
    struct suppression s = *given;
    bool outer, was_new, found = false, ok;

    if (is_pattern(given->address))
        return err_set(e, "'%s' is nobody's address; for everybody at the domain say '%s'",
                       given->address, given->address + 1);
    s.address = list_fold_address(given->address, folded);
    if (!list_enter(l, &outer, e))
        return false;
    sqlite3_snprintf(sizeof what, what, "suppressed: %s", s.reason);
    ok = list_put_suppression(l, &s, &was_new, e) &&
         (was_new || put(l, list_stmt(l, LS_SUPPRESS_OVER, e), &s, &was_new, e));
    /* One for a single message class leaves the contact active for the others. */
    if (ok && was_new && strcmp(s.msg_class, "*") == 0 && folded[0] != '@')
        ok = set_status(l, folded, s.client, "suppressed", what, s.by, s.since, &found, e);
    if (ok && was_new && !found)
        ok = list_put_event(l, s.since, 0, folded, what, s.by, e);
    return list_leave(l, outer, ok, e);
}

static bool remove_rows(struct list_store *l, const char *address, const char *client,
                        const char *msg_class, uint64_t *count, struct err *e)
{
    sqlite3_stmt *st = db_prepare(&l->db,
                                  "DELETE FROM suppression WHERE address = ?1"
                                  " AND (?2 IS NULL OR client = ?2) AND (?3 IS NULL OR class = ?3)",
                                  e);
    bool ok;

    if (!st)
        return false;
    db_bind_text(st, 1, address);
    db_bind_text(st, 2, client);
    db_bind_text(st, 3, msg_class);
    ok = db_run(&l->db, st, e);
    *count = ok ? (uint64_t)sqlite3_changes(l->db.h) : 0;
    sqlite3_finalize(st);
    return ok;
}

bool list_release(struct list_store *l, const char *address, const char *client,
                  const char *msg_class, const char *by, struct wall now, uint64_t *count,
                  struct err *e)
{
    char folded[FOLDED_MAX];
    bool outer, found = false, ok;

    list_fold_address(address, folded);
    *count = 0;
    if (!list_enter(l, &outer, e))
        return false;
    ok = remove_rows(l, folded, client, msg_class, count, e);
    if (ok && *count > 0 && folded[0] != '@')
        ok = set_status(l, folded, client ? client : "*", "active", "released", by, now, &found, e);
    if (ok && *count > 0 && !found)
        ok = list_put_event(l, now, 0, folded, "released", by, e);
    return list_leave(l, outer, ok, e);
}

bool list_each_suppression(struct list_store *l, const char *address,
                           bool (*each)(void *arg, const struct suppression *s), void *arg,
                           struct err *e)
{
    sqlite3_stmt *st = db_prepare(&l->db,
                                  "SELECT address, client, class, reason, by, since"
                                  " FROM suppression WHERE ?1 IS NULL OR address = ?1",
                                  e);
    char folded[FOLDED_MAX];
    bool row, ok = st;

    if (st)
        db_bind_text(st, 1, address ? list_fold_address(address, folded) : NULL);
    while (ok && (ok = db_step(&l->db, st, &row, e)) && row) {
        const struct suppression s = {.address = db_column_text(st, 0),
                                      .client = db_column_text(st, 1),
                                      .msg_class = db_column_text(st, 2),
                                      .reason = db_column_text(st, 3),
                                      .by = db_column_text(st, 4),
                                      .since = {sqlite3_column_int64(st, 5)}};

        if (!each(arg, &s))
            break;
    }
    sqlite3_finalize(st);
    return ok;
}

bool list_knows_client(struct list_store *l, const char *client, bool *known, struct err *e)
{
    sqlite3_stmt *st = db_prepare(&l->db,
                                  "SELECT EXISTS(SELECT 1 FROM list WHERE name = ?1)"
                                  " OR EXISTS(SELECT 1 FROM ad_job WHERE client = ?1)"
                                  " OR EXISTS(SELECT 1 FROM suppression WHERE +client = ?1)",
                                  e);
    bool row = false, ok;

    if (!st)
        return false;
    db_bind_text(st, 1, client);
    ok = db_step(&l->db, st, &row, e);
    *known = strcmp(client, "*") == 0 || (row && sqlite3_column_int(st, 0));
    sqlite3_finalize(st);
    return ok;
}
