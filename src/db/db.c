#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/db/db.h>

/* Other processes never write for long; threads of this one queue elsewhere. */
#define BUSY_TIMEOUT_MS 10000

const char *db_vfs_name;

/* Counting every allocation under one process-wide lock costs the threads 5-10 %, and nobody reads
 * it. */
static void without_statistics(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static int system_code(struct db *db, int result)
{
    switch (result & 0xff) {
    case SQLITE_FULL:
        return ENOSPC;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return EUCLEAN;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return EBUSY;
    case SQLITE_READONLY:
        return EROFS;
    default: {
        int system = db->h ? sqlite3_system_errno(db->h) : 0;

        return system ? system : EIO;
    }
    }
}

bool db_is_damaged(const struct db *db)
{
    int result = sqlite3_errcode(db->h) & 0xff;

    return result == SQLITE_CORRUPT || result == SQLITE_NOTADB;
}

static bool fail_with(struct db *db, int result, const char *said, struct err *e)
{
    int code = system_code(db, result);

    if (code == EUCLEAN)
        err_set(e,
                "%s is damaged (%s): stop the daemon, keep a copy, then rebuild it with "
                "`sqlite3 %s .recover` or restore a backup (docs/spool.md)",
                db->path, said, db->path);
    else if (code == ENOSPC)
        err_set(e, "%s: no space left on the disk, or a quota is reached", db->path);
    else if ((result & 0xff) == SQLITE_IOERR || (result & 0xff) == SQLITE_CANTOPEN)
        err_set(e, "%s: %s: %s", db->path, said, strerror(code));
    else
        err_set(e, "%s: %s", db->path, said);
    if (e)
        e->code = code;
    return false;
}

bool db_fail(struct db *db, struct err *e)
{
    return fail_with(db, sqlite3_extended_errcode(db->h), sqlite3_errmsg(db->h), e);
}

bool db_open(struct db *db, const char *path, enum db_mode mode, struct err *e)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    /* One thread per connection: no mutex inside. Read-only ones are opened for writing too,
     * because a reader of a WAL database must be able to make the shared index; query_only keeps it
     * honest. */
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int result;

    pthread_once(&once, without_statistics);
    *db = (struct db){.path = mem_str(path)};
    if (mode == DB_CREATE)
        flags |= SQLITE_OPEN_CREATE;
    result = sqlite3_open_v2(path, &db->h, flags, db_vfs_name);
    MUST(db->h); /* out of memory */
    if (result != SQLITE_OK) {
        fail_with(db, result, sqlite3_errmsg(db->h), e);
        db_close(db);
        return false;
    }
    sqlite3_busy_timeout(db->h, BUSY_TIMEOUT_MS);
    if (mode == DB_READ && !db_exec(db, "PRAGMA query_only=1", e)) {
        db_close(db);
        return false;
    }
    return true;
}

void db_close(struct db *db)
{
    if (db->h)
        MUST(sqlite3_close(db->h) == SQLITE_OK); /* else: a statement was forgotten */
    free(db->path);
    *db = (struct db){0};
}

bool db_exec(struct db *db, const char *sql, struct err *e)
{
    return sqlite3_exec(db->h, sql, NULL, NULL, NULL) == SQLITE_OK || db_fail(db, e);
}

sqlite3_stmt *db_prepare(struct db *db, const char *sql, struct err *e)
{
    sqlite3_stmt *st = NULL;

    if (sqlite3_prepare_v3(db->h, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL) != SQLITE_OK)
        db_fail(db, e);
    return st;
}

bool db_step(struct db *db, sqlite3_stmt *st, bool *row, struct err *e)
{
    int result = sqlite3_step(st);

    *row = result == SQLITE_ROW;
    if (result == SQLITE_ROW)
        return true;
    if (result != SQLITE_DONE)
        db_fail(db, e); /* before the reset, which forgets it */
    sqlite3_reset(st);
    return result == SQLITE_DONE;
}

bool db_run(struct db *db, sqlite3_stmt *st, struct err *e)
{
    bool row;

    if (!db_step(db, st, &row, e))
        return false;
    MUST(!row);
    return true;
}

bool db_number(struct db *db, const char *sql, int64_t *out, struct err *e)
{
    sqlite3_stmt *st = db_prepare(db, sql, e);
    bool row, ok;

    if (!st)
        return false;
    ok = db_step(db, st, &row, e);
    if (ok && row)
        *out = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return ok;
}

bool db_make_durable(struct db *db, struct err *e)
{
    /* 4,000 pages: a checkpoint (which writes pages in place and syncs twice) once per 16 MB of log
     * and not per 4; the limit gives a log that a long reader held open back to the disk. */
    return db_exec(
        db,
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000;"
        "PRAGMA journal_size_limit=67108864; PRAGMA foreign_keys=OFF;",
        e);
}

void db_bind_str(sqlite3_stmt *st, int at, struct str s)
{
    sqlite3_bind_text64(st, at, s.p ? s.p : "", s.n, SQLITE_STATIC, SQLITE_UTF8);
}

void db_bind_text(sqlite3_stmt *st, int at, const char *s)
{
    sqlite3_bind_text(st, at, s, -1, SQLITE_STATIC);
}

struct str db_column(sqlite3_stmt *st, int at)
{
    const char *text = (const char *)sqlite3_column_text(st, at);

    return str_n(text ? text : "", (size_t)sqlite3_column_bytes(st, at));
}

const char *db_column_text(sqlite3_stmt *st, int at)
{
    const char *text = (const char *)sqlite3_column_text(st, at);

    return text ? text : "";
}

/* SQLite's magic is "SQLite format 3"; ours is the application id, set with the first version. */
static bool mark_as_ours(struct db *db, const struct db_schema *schema, struct err *e)
{
    char sql[48];
    int64_t tables = 0;

    if (!db_number(db, "SELECT count(*) FROM sqlite_schema", &tables, e))
        return false;
    if (tables > 0)
        return err_set(e, "%s is not a %s of Sluice: move it away", db->path, schema->what);
    sqlite3_snprintf(sizeof sql, sql, "PRAGMA application_id=%u", schema->application_id);
    return db_exec(db, sql, e);
}

static bool migrate_step(struct db *db, const struct db_schema *schema, unsigned from,
                         struct err *e)
{
    char version[48];
    int64_t now = 0;

    sqlite3_snprintf(sizeof version, version, "PRAGMA user_version=%u", from + 1);
    if (!db_exec(db, "BEGIN IMMEDIATE", e))
        return false;
    /* Two threads may open the same old file: who waited for the lock finds it done. */
    if (db_number(db, "PRAGMA user_version", &now, e) &&
        (now != from || ((from > 0 || mark_as_ours(db, schema, e)) && schema->step[from](db, e) &&
                         db_exec(db, version, e))) &&
        db_exec(db, "COMMIT", e))
        return true;
    if (!sqlite3_get_autocommit(db->h))
        db_exec(db, "ROLLBACK", NULL);
    return false;
}

bool db_migrate(struct db *db, const struct db_schema *schema, struct err *e)
{
    int64_t version = 0, id = 0;

    if (!db_number(db, "PRAGMA user_version", &version, e) ||
        !db_number(db, "PRAGMA application_id", &id, e))
        return false;
    if (version != 0 && id != schema->application_id)
        return err_set(e, "%s is not a %s of Sluice: move it away", db->path, schema->what);
    if (version < 0 || version > schema->version)
        return err_set(e,
                       "%s: its %s is of version %lld, written by a newer Sluice; this one knows "
                       "up to %u: install the newer one again",
                       db->path, schema->what, (long long)version, schema->version);
    for (unsigned v = (unsigned)version; v < schema->version; v++)
        if (!migrate_step(db, schema, v, e))
            return false;
    return true;
}
