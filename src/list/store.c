/* store.c: the file, its tables and transactions. */
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include "inside.h"

static bool list_1(struct db *db, struct err *e)
{
    return db_exec(
        db,
        "CREATE TABLE list(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
        "CREATE TABLE contact("
        " list INTEGER NOT NULL,"
        /* Lower case. The domain first: outcomes come domain by domain, so that a fold touches few
         * pages of a large list. */
        " domain TEXT NOT NULL, local TEXT NOT NULL,"
        " written TEXT NOT NULL," /* as it was first seen, '' when that is the same */
        " status TEXT NOT NULL,"
        " last_class TEXT NOT NULL DEFAULT '',"
        " last_reply TEXT NOT NULL DEFAULT '',"
        " provenance TEXT NOT NULL DEFAULT '',"
        " consent TEXT NOT NULL DEFAULT '',"
        " vars TEXT NOT NULL DEFAULT '{}',"
        " sent INTEGER NOT NULL DEFAULT 0,"
        " delivered INTEGER NOT NULL DEFAULT 0,"
        " hard INTEGER NOT NULL DEFAULT 0,"
        " soft INTEGER NOT NULL DEFAULT 0,"
        " our_side INTEGER NOT NULL DEFAULT 0,"
        " first_seen INTEGER NOT NULL,"
        " last_seen INTEGER NOT NULL,"
        " last_delivered INTEGER NOT NULL DEFAULT 0,"
        " consent_at INTEGER NOT NULL DEFAULT 0,"
        " PRIMARY KEY(list, domain, local)"
        ") WITHOUT ROWID, STRICT;"
        "CREATE TABLE suppression("
        " address TEXT NOT NULL," /* or '@domain' */
        " client TEXT NOT NULL, class TEXT NOT NULL,"
        " reason TEXT NOT NULL, by TEXT NOT NULL, since INTEGER NOT NULL,"
        " PRIMARY KEY(address, client, class)"
        ") WITHOUT ROWID, STRICT;"
        "CREATE TABLE event("
        " id INTEGER PRIMARY KEY,"
        " at INTEGER NOT NULL,"
        " list INTEGER NOT NULL," /* 0: of no list */
        " address TEXT NOT NULL,"
        " what TEXT NOT NULL, cause TEXT NOT NULL"
        ") STRICT;"
        "CREATE INDEX event_address ON event(address);"
        "CREATE TABLE cursor(job TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID, STRICT;",
        e);
}

/* `before` of a bounce's event: what the contact was, so that it can be that again ('' elsewhere).
 */
static bool list_2(struct db *db, struct err *e)
{
    return db_exec(db,
                   "ALTER TABLE event ADD COLUMN before TEXT NOT NULL DEFAULT '';"
                   "CREATE TABLE ad_job("
                   " id INTEGER PRIMARY KEY, job TEXT NOT NULL UNIQUE, client TEXT NOT NULL"
                   ") STRICT;"
                   /* By domain, as the contacts: a fold touches the same few pages. */
                   "CREATE TABLE ad("
                   " domain TEXT NOT NULL, local TEXT NOT NULL,"
                   " at INTEGER NOT NULL, job INTEGER NOT NULL, rid INTEGER NOT NULL,"
                   " PRIMARY KEY(domain, local, at, job, rid)"
                   ") WITHOUT ROWID, STRICT;",
                   e);
}

static bool (*const steps[])(struct db *, struct err *) = {list_1, list_2};
const struct db_schema list_schema = {
    .what = "list database",
    .application_id = 0x536c4c69, /* "SlLi" */
    .version = sizeof steps / sizeof *steps,
    .step = steps,
};

static const char *const stmt_sql[LIST_STMTS] = {
    [LS_BEGIN] = "BEGIN IMMEDIATE",
    [LS_COMMIT] = "COMMIT",
    [LS_LIST_FIND] = "SELECT id FROM list WHERE name = ?",
    [LS_LIST_PUT] = "INSERT INTO list(name) VALUES(?)",
    [LS_LIST_EACH] = "SELECT id FROM list WHERE ?1 = '*' OR name = ?1",
    /* The plus signs: two look-ups by address, and not eight by every combination. */
    [LS_IS_SUPPRESSED] = "SELECT reason FROM suppression WHERE address IN (?1, ?2)"
                         " AND +client IN ('*', ?3) AND +class IN ('*', ?4) LIMIT 1",
    [LS_SUPPRESS] = "INSERT INTO suppression(address, client, class, reason, by, since)"
                    " VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    [LS_STATUS_SET] = "UPDATE contact SET status = ?4"
                      " WHERE list = ?1 AND domain = ?2 AND local = ?3",
    [LS_EVENT_PUT] = "INSERT INTO event(at, list, address, what, cause) VALUES(?, ?, ?, ?, ?)",
    [LS_CONTACT_ADD] = "INSERT INTO contact(list, domain, local, written, status, provenance,"
                       " consent, vars, first_seen, last_seen, consent_at)"
                       " VALUES(?1, ?2, ?3, ?4, coalesce(?5, 'active'), coalesce(?6, ''),"
                       " coalesce(?7, ''), coalesce(?8, '{}'), ?9, ?10, ?11)"
                       " ON CONFLICT DO NOTHING",
    [LS_CONTACT_UPDATE] = "UPDATE contact SET provenance = coalesce(?4, provenance),"
                          " consent = coalesce(?5, consent), vars = coalesce(?6, vars),"
                          " last_seen = max(last_seen, ?7),"
                          " consent_at = CASE WHEN ?8 > 0 THEN ?8 ELSE consent_at END"
                          " WHERE list = ?1 AND domain = ?2 AND local = ?3",
    /* A suppressed contact stays so until it is released, whatever else happens to it. */
    [LS_CONTACT_FOLD] =
        "INSERT INTO contact(list, domain, local, written, status, last_class, last_reply, sent,"
        " delivered, hard, soft, our_side, first_seen, last_seen, last_delivered)"
        " VALUES(?1, ?2, ?3, ?4, coalesce(?5, 'active'), coalesce(?6, ''), coalesce(?7, ''), ?8,"
        " ?9, ?10, ?11, ?12, ?13, ?13, ?14)"
        " ON CONFLICT DO UPDATE SET"
        " status = CASE WHEN ?5 IS NULL OR (status = 'suppressed' AND ?5 <> 'invalid')"
        "  THEN status ELSE ?5 END,"
        " last_class = coalesce(?6, last_class), last_reply = coalesce(?7, last_reply),"
        " sent = sent + ?8, delivered = delivered + ?9, hard = hard + ?10, soft = soft + ?11,"
        " our_side = our_side + ?12, last_seen = max(last_seen, ?13),"
        " last_delivered = max(last_delivered, ?14)",
    /* A person's suppression lasts; one that a job made may be taken back. */
    [LS_SUPPRESS_OVER] = "UPDATE suppression SET reason = ?4, by = ?5, since = ?6"
                         " WHERE address = ?1 AND client = ?2 AND class = ?3"
                         " AND by IN (SELECT job FROM cursor)",
    [LS_BOUNCE_PUT] = "INSERT INTO event(at, list, address, what, cause, before)"
                      " VALUES(?1, ?2, ?3, ?4, ?5, coalesce((SELECT json_object('status', status,"
                      " 'class', last_class, 'reply', last_reply) FROM contact"
                      " WHERE list = ?2 AND domain = ?6 AND local = ?7), '{}'))",
    [LS_BOUNCE_LAST] = "SELECT id, what, before FROM event WHERE address = ?1 AND list = ?2"
                       " AND cause = ?3 AND before <> '' ORDER BY id DESC LIMIT 1",
    [LS_BOUNCE_VOID] = "UPDATE event SET what = what || ' (taken back)', before = ''"
                       " WHERE id = ?1",
    /* The bounce behind one that is taken back finds what that one found. */
    [LS_BOUNCE_INHERIT] = "UPDATE event SET before = ?4 WHERE id = (SELECT min(id) FROM event"
                          " WHERE address = ?1 AND list = ?2 AND id > ?3 AND before <> '')",
    [LS_CONTACT_BACK] =
        "UPDATE contact SET sent = max(sent - ?4, 0), hard = max(hard - ?5, 0),"
        " soft = max(soft - ?6, 0), our_side = max(our_side - ?7, 0),"
        " status = CASE WHEN ?8 IS NULL"
        "   OR status NOT IN ('bouncing', 'invalid', 'suppressed', 'dormant') THEN status"
        "  WHEN json_extract(?8, '$.status') IN ('invalid', 'suppressed') THEN json_extract(?8, "
        "'$.status')"
        "  WHEN EXISTS(SELECT 1 FROM suppression WHERE address = ?9 AND +client IN ('*', ?10)"
        "   AND +class = '*') THEN 'suppressed'"
        "  ELSE coalesce(json_extract(?8, '$.status'), 'active') END,"
        " last_class = CASE WHEN ?8 IS NULL THEN last_class"
        "  ELSE coalesce(json_extract(?8, '$.class'), '') END,"
        " last_reply = CASE WHEN ?8 IS NULL THEN last_reply"
        "  ELSE coalesce(json_extract(?8, '$.reply'), '') END"
        " WHERE list = ?1 AND domain = ?2 AND local = ?3",
    [LS_SUPPRESS_BACK] = "DELETE FROM suppression WHERE address = ?1 AND client = ?2"
                         " AND class = '*' AND by = ?3 AND reason <> 'complaint'",
    [LS_AD_JOB_FIND] = "SELECT id FROM ad_job WHERE job = ?",
    [LS_AD_JOB_PUT] = "INSERT INTO ad_job(job, client) VALUES(?, ?)",
    [LS_AD_PUT] = "INSERT INTO ad(domain, local, at, job, rid) VALUES(?, ?, ?, ?, ?)"
                  " ON CONFLICT DO NOTHING",
    [LS_AD_EACH] = "SELECT j.job, a.rid, a.at FROM ad a CROSS JOIN ad_job j ON j.id = a.job"
                   " WHERE a.domain = ?1 AND a.local = ?2 AND a.at >= ?3"
                   " AND (?4 IS NULL OR j.client = ?4)",
    [LS_AD_WALK] = "SELECT at, job, rid, local, domain FROM ad"
                   " WHERE (domain, local, at, job, rid) > (?1, ?2, ?3, ?4, ?5)"
                   " ORDER BY domain, local, at, job, rid LIMIT ?6",
    [LS_AD_DROP] = "DELETE FROM ad WHERE domain = ? AND local = ? AND at = ? AND job = ?"
                   " AND rid = ?",
    [LS_PAST] = "SELECT what, at, cause FROM event WHERE address = ?1 AND list = ?2",
    [LS_CURSOR_GET] = "SELECT seq FROM cursor WHERE job = ?",
    [LS_CURSOR_SET] = "INSERT INTO cursor(job, seq) VALUES(?1, ?2)"
                      " ON CONFLICT DO UPDATE SET seq = ?2",
};

const char *list_fold_address(const char *address, char out[FOLDED_MAX])
{
    str_copy(out, FOLDED_MAX, str_of(address));
    str_lower(out, strlen(out));
    return out;
}

void list_bind_address(sqlite3_stmt *st, int at, const char *folded)
{
    const char *sign = strrchr(folded, '@');
    struct str domain = str_of(sign ? sign + 1 : "");

    db_bind_str(st, at, domain);
    db_bind_str(st, at + 1, sign ? str_n(folded, (size_t)(sign - folded)) : str_of(folded));
}

sqlite3_stmt *list_stmt(struct list_store *l, enum list_stmt which, struct err *e)
{
    if (!l->st[which])
        l->st[which] = db_prepare(&l->db, stmt_sql[which], e);
    return l->st[which];
}

bool list_open(const char *path, struct list_store **out, struct err *e)
{
    struct list_store *l = mem_array(1, sizeof *l);

    map_init(&l->lists);
    *out = l;
    if (db_open(&l->db, path, DB_CREATE, e) && db_make_durable(&l->db, e) &&
        db_exec(&l->db, "PRAGMA cache_size=-65536", e) && db_migrate(&l->db, &list_schema, e))
        return true;
    list_close(l);
    *out = NULL;
    return false;
}

void list_close(struct list_store *l)
{
    if (!l)
        return;
    for (int i = 0; i < LIST_STMTS; i++)
        sqlite3_finalize(l->st[i]);
    db_close(&l->db);
    map_done(&l->lists);
    free(l);
}

/* ---- transactions ---- */

static bool run(struct list_store *l, enum list_stmt which, struct err *e)
{
    sqlite3_stmt *st = list_stmt(l, which, e);

    return st && db_run(&l->db, st, e);
}

static void roll_back(struct list_store *l)
{
    for (int i = 0; i < LIST_STMTS; i++)
        sqlite3_reset(l->st[i]);
    if (!sqlite3_get_autocommit(l->db.h))
        db_exec(&l->db, "ROLLBACK", NULL);
    map_done(&l->lists);
}

bool list_begin(struct list_store *l, struct err *e)
{
    return run(l, LS_BEGIN, e);
}

bool list_commit(struct list_store *l, struct err *e)
{
    if (sqlite3_get_autocommit(l->db.h))
        return err_set(e, "%s: nothing to commit: what was begun failed before", l->db.path);
    if (run(l, LS_COMMIT, e))
        return true;
    roll_back(l);
    return false;
}

bool list_enter(struct list_store *l, bool *outer, struct err *e)
{
    *outer = !sqlite3_get_autocommit(l->db.h);
    return *outer || list_begin(l, e);
}

bool list_leave(struct list_store *l, bool outer, bool ok, struct err *e)
{
    if (ok)
        return outer || list_commit(l, e);
    roll_back(l);
    return false;
}

/* ---- small parts ---- */

bool list_number(struct list_store *l, const char *name, int64_t *out, struct err *e)
{
    sqlite3_stmt *find = list_stmt(l, LS_LIST_FIND, e), *put = list_stmt(l, LS_LIST_PUT, e);
    bool row;

    *out = (int64_t)(uintptr_t)map_get(&l->lists, str_of(name));
    if (*out)
        return true;
    if (!find || !put)
        return false;
    db_bind_text(find, 1, name);
    if (!db_step(&l->db, find, &row, e))
        return false;
    if (row) {
        *out = sqlite3_column_int64(find, 0);
        sqlite3_reset(find);
    } else {
        db_bind_text(put, 1, name);
        if (!db_run(&l->db, put, e))
            return false;
        *out = sqlite3_last_insert_rowid(l->db.h);
    }
    MUST(*out != 0);
    map_set(&l->lists, str_of(name), (void *)(uintptr_t)*out);
    return true;
}

bool list_put_event(struct list_store *l, struct wall at, int64_t list, const char *address,
                    const char *what, const char *cause, struct err *e)
{
    sqlite3_stmt *st = list_stmt(l, LS_EVENT_PUT, e);

    if (!st)
        return false;
    sqlite3_bind_int64(st, 1, at.ms);
    sqlite3_bind_int64(st, 2, list);
    db_bind_text(st, 3, address);
    db_bind_text(st, 4, what);
    db_bind_text(st, 5, cause);
    return db_run(&l->db, st, e);
}
