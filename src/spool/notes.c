/* notes.c: small texts of the engine, in the catalog. */
#include <string.h>
#include "inside.h"

static bool put_one(struct db *db, sqlite3_stmt *put, sqlite3_stmt *drop,
                    const struct spool_note *n, struct err *e)
{
    sqlite3_stmt *st = n->value ? put : drop;

    db_bind_text(st, 1, n->key);
    if (n->value)
        db_bind_text(st, 2, n->value);
    return db_run(db, st, e);
}

bool spool_put_notes(struct spool *s, const struct spool_note *note, size_t count, struct err *e)
{
    struct db *db = &s->catalog;
    sqlite3_stmt *put = db_prepare(db,
                                   "INSERT INTO note(key, value) VALUES(?1, ?2)"
                                   " ON CONFLICT DO UPDATE SET value = ?2",
                                   e);
    sqlite3_stmt *drop = put ? db_prepare(db, "DELETE FROM note WHERE key = ?1", e) : NULL;
    bool ok = drop && db_exec(db, "BEGIN IMMEDIATE", e);

    for (size_t i = 0; ok && i < count; i++)
        ok = put_one(db, put, drop, &note[i], e);
    ok = ok && db_exec(db, "COMMIT", e);
    sqlite3_finalize(put);
    sqlite3_finalize(drop);
    if (!ok && !sqlite3_get_autocommit(db->h))
        db_exec(db, "ROLLBACK", NULL);
    return ok;
}

bool spool_each_note(struct spool *s, bool (*each)(void *arg, const char *key, const char *value),
                     void *arg, struct err *e)
{
    struct db *db = &s->catalog;
    sqlite3_stmt *st = db_prepare(db, "SELECT key, value FROM note ORDER BY key", e);
    bool row, ok = st;

    while (ok && (ok = db_step(db, st, &row, e)) && row)
        if (!each(arg, db_column_text(st, 0), db_column_text(st, 1)))
            break;
    sqlite3_finalize(st);
    return ok;
}
