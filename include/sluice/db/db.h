/* db.h: SQLite as the rooms with a database use it: errors that name the file and what to do, prepared statements,
 * and schema versions.
 *
 *     struct db db;
 *     if (!db_open(&db, path, DB_CREATE, &e) || !db_migrate(&db, &schema, &e)) ...
 *     sqlite3_stmt *st = db_prepare(&db, "SELECT ...", &e);
 *     if (!db_run(&db, st, &e)) ...          // steps to the end and resets
 *     db_close(&db);                         // statements first
 */
#ifndef SLUICE_DB_DB_H
#define SLUICE_DB_DB_H

#include <stdbool.h>
#include <stdint.h>
#include <sqlite3.h>
#include <sluice/base/err.h>
#include <sluice/base/str.h>

struct db {
    sqlite3 *h; /* NULL: not open */
    char *path; /* owned */
};

enum db_mode {
    DB_CREATE, /* read and write, made when absent */
    DB_WRITE,  /* read and write, MUST exist */
    DB_READ    /* MUST exist; nothing is written but SQLite's own shared-memory index */
};

/* Tests put a faulty file layer here; NULL: SQLite's own. */
extern const char *db_vfs_name;

bool db_open(struct db *db, const char *path, enum db_mode mode, struct err *e);
void db_close(struct db *db); /* a closed or zeroed one is fine */
bool db_exec(struct db *db, const char *sql, struct err *e);
/* For statements that live long; sqlite3_finalize them before db_close. NULL on error. */
sqlite3_stmt *db_prepare(struct db *db, const char *sql, struct err *e);
/* Steps a statement that gives no rows, and resets it. */
bool db_run(struct db *db, sqlite3_stmt *st, struct err *e);
/* One step: true with *row telling whether there is a row; at the end or on failure it is reset. */
bool db_step(struct db *db, sqlite3_stmt *st, bool *row, struct err *e);
/* The first column of the first row of a query; untouched when there is no row. */
bool db_number(struct db *db, const char *sql, int64_t *out, struct err *e);
/* Says what the database just complained about and returns false. e->code: ENOSPC for a full disk,
 * EUCLEAN for damage, EBUSY, or the system's own errno. */
bool db_fail(struct db *db, struct err *e);
/* The last failure was damage inside the file, not its surroundings. */
bool db_is_damaged(const struct db *db);
/* WAL, synchronous=FULL: a commit is on the disk when it returns. */
bool db_make_durable(struct db *db, struct err *e);

void db_bind_str(sqlite3_stmt *st, int at, struct str s);   /* not copied; "" for the empty one */
void db_bind_text(sqlite3_stmt *st, int at, const char *s); /* not copied; NULL is SQL's NULL */
struct str db_column(sqlite3_stmt *st, int at);             /* valid until the next step */
const char *db_column_text(sqlite3_stmt *st, int at);       /* "" for NULL */

/* A schema is a list of steps: step[n] brings version n to n + 1; version 0 is the empty file. Each
 * step runs in a transaction of its own with the new number, so that a crash leaves one version or
 * the next. */
struct db_schema {
    const char *what;        /* "job database", for messages */
    uint32_t application_id; /* tells our files from others' */
    unsigned version;        /* how many steps */
    bool (*const *step)(struct db *db, struct err *e);
};
/* Brings an older file up to date; refuses a newer one and one that is not ours. */
bool db_migrate(struct db *db, const struct db_schema *schema, struct err *e);

#endif
