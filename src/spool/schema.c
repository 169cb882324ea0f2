/* schema.c: the tables, and how older files become current ones.
 *
 * Numbers in `outcome` that point into `word` keep a row small: what a campaign writes most is
 * outcomes. The view `attempt` shows them in full to whoever looks in with the sqlite3 shell.
 *
 * No index on outcome(rid): recipients are leased domain by domain, so their numbers are spread
 * over the whole list, and with ten million of them each outcome of a commit would dirty another
 * page of that index: several times the log volume of everything else. Results are read rarely and
 * by the million; they sort (read.c).
 */
#include <string.h>
#include "inside.h"

static bool catalog_1(struct db *db, struct err *e)
{
    return db_exec(db,
                   "CREATE TABLE job("
                   " key INTEGER PRIMARY KEY AUTOINCREMENT,"
                   " id TEXT NOT NULL UNIQUE,"
                   " client TEXT NOT NULL,"
                   " state TEXT NOT NULL,"
                   " priority TEXT NOT NULL,"
                   " class TEXT NOT NULL,"
                   " standing INTEGER NOT NULL,"
                   " created INTEGER NOT NULL,"
                   " finished INTEGER NOT NULL DEFAULT 0,"
                   " recipients INTEGER NOT NULL DEFAULT 0,"
                   " duplicates INTEGER NOT NULL DEFAULT 0,"
                   " bad_rows INTEGER NOT NULL DEFAULT 0,"
                   " source TEXT NOT NULL"
                   ") STRICT;",
                   e);
}

static bool catalog_2(struct db *db, struct err *e)
{
    return db_exec(db,
                   "CREATE TABLE note(key TEXT PRIMARY KEY, value TEXT NOT NULL)"
                   " WITHOUT ROWID, STRICT;",
                   e);
}

static bool (*const catalog_steps[])(struct db *, struct err *) = {catalog_1, catalog_2};
const struct db_schema catalog_schema = {
    .what = "job catalog",
    .application_id = 0x536c4361, /* "SlCa" */
    .version = sizeof catalog_steps / sizeof *catalog_steps,
    .step = catalog_steps,
};

static bool job_tables_1(struct db *db, struct err *e)
{
    return db_exec(
        db,
        "CREATE TABLE meta(name TEXT PRIMARY KEY, value ANY) WITHOUT ROWID, STRICT;"
        "CREATE TABLE part(name TEXT PRIMARY KEY, text BLOB NOT NULL) STRICT;"
        "CREATE TABLE domain(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
        "CREATE TABLE recipient("
        " rid INTEGER PRIMARY KEY,"
        " email TEXT NOT NULL,"
        " vars TEXT NOT NULL,"
        " skew INTEGER NOT NULL," /* line in the list = rid + skew: 0 and 1 take no space */
        " added INTEGER"          /* NULL: meta.added */
        ") STRICT;"
        "CREATE TABLE todo("
        " domain INTEGER NOT NULL,"
        " due INTEGER NOT NULL," /* 0: since the job started (and takes no space) */
        " rid INTEGER NOT NULL,"
        " attempts INTEGER NOT NULL,"
        " PRIMARY KEY(domain, due, rid)"
        ") WITHOUT ROWID, STRICT;"
        "CREATE TABLE lease("
        " id INTEGER PRIMARY KEY,"
        " domain INTEGER NOT NULL,"
        " from_due INTEGER NOT NULL, from_rid INTEGER NOT NULL,"
        " to_due INTEGER NOT NULL, to_rid INTEGER NOT NULL,"
        " boot TEXT NOT NULL"
        ") STRICT;"
        "CREATE TABLE dropped(name TEXT PRIMARY KEY, at INTEGER NOT NULL, rows INTEGER NOT NULL)"
        " WITHOUT ROWID, STRICT;"
        "CREATE TABLE word(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;",
        e);
}

static bool job_outcome_1(struct db *db, struct err *e)
{
    return db_exec(
        db,
        "CREATE TABLE outcome("
        " seq INTEGER PRIMARY KEY,"
        " rid INTEGER NOT NULL,"
        " attempt INTEGER NOT NULL,"
        " at INTEGER NOT NULL,"
        " domain INTEGER NOT NULL,"
        " state INTEGER NOT NULL, category INTEGER NOT NULL," /* words */
        " phase INTEGER NOT NULL, scope INTEGER NOT NULL,"    /* words */
        " flags INTEGER NOT NULL,"                            /* 1: dot unanswered, 2: TLS */
        " code INTEGER NOT NULL,"
        " enhanced TEXT NOT NULL,"
        " text TEXT NOT NULL,"
        " provider INTEGER NOT NULL, mx_host INTEGER NOT NULL," /* words */
        " mx_ip INTEGER NOT NULL, rule INTEGER NOT NULL,"       /* words */
        " message_id TEXT NOT NULL,"
        " queued_ms INTEGER NOT NULL, connect_ms INTEGER NOT NULL,"
        " send_ms INTEGER NOT NULL, bytes INTEGER NOT NULL,"
        " next_due INTEGER NOT NULL" /* 0: final */
        ") STRICT;"
        "CREATE VIEW attempt AS SELECT seq, r.email, attempt,"
        " datetime(at / 1000, 'unixepoch') AS at, s.text AS state, c.text AS category,"
        " ph.text AS phase, code, enhanced, o.text, p.text AS provider, h.text AS mx_host,"
        " i.text AS mx_ip, ru.text AS rule, message_id"
        " FROM outcome o LEFT JOIN recipient r USING(rid)"
        " LEFT JOIN word s ON s.id = o.state LEFT JOIN word c ON c.id = o.category"
        " LEFT JOIN word ph ON ph.id = o.phase LEFT JOIN word p ON p.id = o.provider"
        " LEFT JOIN word h ON h.id = o.mx_host LEFT JOIN word i ON i.id = o.mx_ip"
        " LEFT JOIN word ru ON ru.id = o.rule;",
        e);
}

static bool put_word(struct db *db, sqlite3_stmt *st, const char *text, struct err *e)
{
    db_bind_text(st, 1, text);
    return db_run(db, st, e);
}

static bool preload_words(struct db *db, struct err *e)
{
    sqlite3_stmt *st = db_prepare(db, "INSERT OR IGNORE INTO word(text) VALUES(?)", e);
    bool ok = st;

    for (int i = 0; ok && i < STATES; i++)
        ok = put_word(db, st, state_name((enum state)i), e);
    for (int i = 0; ok && i < CATEGORIES; i++)
        ok = put_word(db, st, category_name((enum category)i), e);
    for (int i = 0; ok && i < PHASES; i++)
        ok = put_word(db, st, phase_name((enum phase)i), e);
    for (int i = 0; ok && i < SCOPES; i++)
        ok = put_word(db, st, scope_name((enum scope)i), e);
    sqlite3_finalize(st);
    return ok;
}

static bool job_1(struct db *db, struct err *e)
{
    return job_tables_1(db, e) && job_outcome_1(db, e) && preload_words(db, e);
}

/* `quarantine` holds the key of the todo row and the outcome with the reply, so that settling looks
 * for nothing. */
static bool job_2(struct db *db, struct err *e)
{
    return db_exec(
               db,
               "CREATE TABLE quarantine("
               " rid INTEGER PRIMARY KEY,"
               " domain INTEGER NOT NULL, due INTEGER NOT NULL, attempts INTEGER NOT NULL,"
               " provider INTEGER NOT NULL," /* word */
               " seq INTEGER NOT NULL"
               ") STRICT;"
               "ALTER TABLE outcome ADD COLUMN source INTEGER NOT NULL DEFAULT 0;" /* word */
               "DROP VIEW attempt;"
               "CREATE VIEW attempt AS SELECT seq, r.email, attempt,"
               " datetime(at / 1000, 'unixepoch') AS at, s.text AS state, c.text AS category,"
               " ph.text AS phase, code, enhanced, o.text, p.text AS provider, h.text AS mx_host,"
               " i.text AS mx_ip, ru.text AS rule, message_id, so.text AS source"
               " FROM outcome o LEFT JOIN recipient r USING(rid)"
               " LEFT JOIN word s ON s.id = o.state LEFT JOIN word c ON c.id = o.category"
               " LEFT JOIN word ph ON ph.id = o.phase LEFT JOIN word p ON p.id = o.provider"
               " LEFT JOIN word h ON h.id = o.mx_host LEFT JOIN word i ON i.id = o.mx_ip"
               " LEFT JOIN word ru ON ru.id = o.rule LEFT JOIN word so ON so.id = o.source;",
               e) &&
           preload_words(db, e); /* the name of the new state */
}

static bool (*const job_steps[])(struct db *, struct err *) = {job_1, job_2};
const struct db_schema job_schema = {
    .what = "job database",
    .application_id = 0x536c4a6f, /* "SlJo" */
    .version = sizeof job_steps / sizeof *job_steps,
    .step = job_steps,
};
