/* inside.h: what the files of this room share. Private. */
#ifndef SLUICE_SPOOL_INSIDE_H
#define SLUICE_SPOOL_INSIDE_H

#include <stdbool.h>
#include <stdint.h>
#include <sluice/base/map.h>
#include <sluice/spool/spool.h>
#include <sluice/db/db.h>
#include "gate.h"
#include "ridset.h"

/* Job databases that one handle keeps open; each costs a few file descriptors and up to 4 MB of
 * cache. */
#define OPEN_JOBS_MAX 64

/* rids and outcome numbers are packed into 64 bits where they are sorted. */
#define RID_MAX UINT32_MAX

/* Statements that a job database keeps prepared; their SQL is in jobfile.c. */
enum job_stmt {
    ST_LEASE_ROWS,
    ST_LEASE_PUT,
    ST_LEASE_DROP,
    ST_TODO_TAKE,
    ST_TODO_PUT,
    ST_TODO_MOVE,
    ST_TODO_ALL,
    ST_TODO_RANGE,
    ST_RECIPIENT_OF,
    ST_OUTCOME_PUT,
    ST_OUTCOME_COPY,
    ST_OUTCOMES_BELOW,
    ST_QUARANTINE_PUT,
    ST_QUARANTINE_MOVE,
    ST_QUARANTINE_DROP,
    ST_QUARANTINE_ALL,
    ST_WORD_FIND,
    ST_WORD_PUT,
    ST_DOMAIN_FIND,
    ST_DOMAIN_PUT,
    ST_RECIPIENT_LAST,
    ST_RECIPIENT_PUT,
    ST_DROPPED_FIND,
    ST_DROPPED_PUT,
    JOB_STMTS
};

/* What must be taken back in memory when a transaction is rolled back. */
struct undo {
    uint64_t rid, lease;
    bool was_leased; /* by this transaction; else: its lease ended in it */
};

/* A walk back over the outcomes, in steps; begun anew after a rollback. */
struct walk {
    char *provider;
    int64_t since_ms;
    uint64_t below;     /* outcomes with numbers from here on are done */
    struct ridset seen; /* recipients that were in quarantine later on */
};

struct job_file {
    uint32_t key;
    char *dir;
    int64_t start_ms;     /* of the job: nothing is due before */
    int64_t added_ms;     /* of the recipients of the import */
    int64_t first_due_ms; /* the later of them: what a due time of 0 means */
    bool has_quarantine;  /* false: the table is empty, outcomes need not look */
    struct walk walk;
    struct ridset moved; /* domains in which a quarantine moved rows, see spool_each_moved */
    uint64_t used;       /* the spool's tick at the last use */

    struct db db;
    sqlite3_stmt *st[JOB_STMTS];
    struct db reader; /* a second connection: sees what is committed, and only that */
    struct gate *gate;

    /* the open transaction */
    bool is_working; /* a transaction is open and the gate is held */
    struct job_file *next_working;
    struct undo *undo;
    size_t undos, undo_cap;

    struct map words;     /* text -> its number in table word */
    uint32_t *kind_words; /* numbers of the kinds' names, see words.c; NULL: not looked up yet */

    struct ridset leased; /* handed out by this handle and not yet recorded or returned */
    uint64_t next_lease;
    uint64_t *void_lease; /* committed, but their rows were never given to anybody; to be removed */
    size_t void_leases;
};

struct spool {
    char *dir;
    char boot[37]; /* of the machine: leases of another life of it are in doubt */
    struct db catalog;
    struct map jobs;          /* job key (4 bytes) -> struct job_file */
    struct job_file *working; /* those with an open transaction */
    unsigned open_jobs;
    uint64_t tick;
    uint32_t failed_job;
};

extern const struct db_schema catalog_schema, job_schema; /* schema.c */

/* ---- catalog.c ---- */

#define IMPORTING_SUFFIX ".importing"
char *spool_job_dir(const struct spool *s, const char *id, const char *suffix);
/* One process and thread at a time begins, finishes or cleans up imports. -1 on failure; close()
 * unlocks. */
int spool_lock(const char *dir, struct err *e);
/* Locks a job's folder while its import lives: -1 and e->code EWOULDBLOCK when another import holds
 * it. */
int spool_lock_job(const char *path, struct err *e);
bool catalog_add(struct spool *s, struct job_row *row, struct err *e); /* fills row->key */
/* Ends an interrupted import: its job becomes active, or vanishes. One that lives is left alone.
 * MUST hold spool_lock(); e MUST NOT be NULL. */
bool catalog_settle(struct spool *s, struct job_row *row, struct err *e);
bool catalog_find_key(struct spool *s, uint32_t key, struct job_row *out, struct err *e);
/* The row of a finished import: counts and the state that it gets. */
bool catalog_finish(struct spool *s, const struct job_row *row, struct err *e);
bool catalog_remove(struct spool *s, uint32_t key, struct err *e);
bool catalog_set_recipients(struct spool *s, uint32_t key, uint64_t recipients, struct err *e);

/* ---- jobfile.c ---- */

/* The job's database, open and in use until the next call of this function. NULL on failure. */
struct job_file *job_file(struct spool *s, uint32_t job_key, struct err *e);
/* The same with an open transaction, which spool_flush ends. */
struct job_file *job_working(struct spool *s, uint32_t job_key, struct err *e);
struct db *job_reader(struct spool *s, uint32_t job_key, struct err *e);
sqlite3_stmt *job_stmt(struct job_file *j, enum job_stmt which, struct err *e);
void job_note_leased(struct job_file *j, uint64_t rid, uint64_t lease);
void job_note_ended(struct job_file *j, uint64_t rid);
void job_files_done(struct spool *s);
/* A step of a transaction failed: rolls everything back that was not flushed, remembers the job;
 * false. */
bool spool_give_up(struct spool *s, uint32_t job_key);
/* A number kept in meta; *out stays when there is none. */
bool meta_number(struct db *db, const char *name, int64_t *out, struct err *e);
char *meta_text(struct db *db, const char *name,
                struct err *e); /* owned; NULL: none (e->code 0) or failure */
bool meta_put_text(struct db *db, const char *name, struct str value, struct err *e);
bool meta_put_number(struct db *db, const char *name, int64_t value, struct err *e);

/* ---- words.c ---- */

/* Short texts that repeat in every outcome (hosts, providers, rules, the names of kinds) are stored
 * once. */
bool word_number(struct job_file *j, const char *text, uint32_t *out, struct err *e); /* "" is 0 */
struct kind_words {
    uint32_t state, category, phase, scope;
};
bool word_kinds(struct job_file *j, const struct outcome *o, struct kind_words *out, struct err *e);

struct word_reader; /* the way back, with a small cache */
struct word_reader *word_reader_new(struct db *db, struct err *e);
void word_reader_free(struct word_reader *w);
const char *word_text(struct word_reader *w,
                      uint32_t number); /* valid until the next call; "" for 0 */
struct kinds {
    enum state state;
    enum category category;
    enum phase phase;
    enum scope scope;
};
void word_to_kinds(struct word_reader *w, const struct kind_words *in, struct kinds *out);

/* ---- record.c ---- */

/* Appends to `outcome` and replaces or removes the todo row, inside the job's open transaction. */
bool record_one(struct job_file *j, const struct outcome *o, bool *was_new, struct err *e);
/* Puts a recipient that stays in todo under a new due time, in the open transaction. */
struct todo_row {
    uint32_t domain_id;
    int64_t due_ms;
    uint64_t rid;
    uint32_t attempts;
};
bool todo_move(struct job_file *j, const struct todo_row *t, int64_t due_ms, struct err *e);
bool todo_put(struct job_file *j, const struct todo_row *t, struct err *e);
bool todo_take(struct job_file *j, const struct todo_row *t, bool *was_there, struct err *e);
/* The last recorded outcome has put this row into quarantine. */
bool quarantine_put(struct job_file *j, const struct todo_row *t, const char *provider,
                    struct err *e);
bool quarantine_drop(struct job_file *j, uint64_t rid, struct err *e);
bool quarantine_move(struct job_file *j, uint64_t rid, int64_t due_ms, struct err *e);
void walk_done(struct walk *w);
/* A due time behind everything that was leased, see lease.c. */
int64_t due_behind(const struct job_file *j, int64_t due_ms);

#endif
