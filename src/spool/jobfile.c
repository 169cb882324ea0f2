/* jobfile.c: open job databases, their statements, and the transactions between two flushes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/os/clock.h>
#include "inside.h"

static const char *const stmt_sql[JOB_STMTS] = {
    [ST_LEASE_ROWS] = "SELECT t.due, t.rid, t.attempts, r.email, r.vars, r.added FROM todo t"
                      " JOIN recipient r ON r.rid = t.rid"
                      " WHERE t.domain = ?1 AND (t.due, t.rid) > (?2, ?3) ORDER BY t.due, t.rid",
    [ST_LEASE_PUT] = "INSERT INTO lease(id, domain, from_due, from_rid, to_due, to_rid, boot)"
                     " VALUES(?, ?, ?, ?, ?, ?, ?)",
    [ST_LEASE_DROP] = "DELETE FROM lease WHERE id = ?",
    [ST_TODO_TAKE] = "DELETE FROM todo WHERE domain = ? AND due = ? AND rid = ? AND attempts = ?",
    [ST_TODO_PUT] = "INSERT INTO todo(domain, due, rid, attempts) VALUES(?, ?, ?, ?)",
    [ST_TODO_MOVE] = "UPDATE todo SET due = ?5"
                     " WHERE domain = ?1 AND due = ?2 AND rid = ?3 AND attempts = ?4",
    [ST_TODO_ALL] = "SELECT domain, due, rid, attempts FROM todo",
    [ST_TODO_RANGE] = "SELECT domain, due, rid, attempts FROM todo WHERE domain = ?1"
                      " AND (due, rid) >= (?2, ?3) AND (due, rid) <= (?4, ?5)",
    [ST_RECIPIENT_OF] = "SELECT email, added FROM recipient WHERE rid = ?",
    [ST_OUTCOME_PUT] =
        "INSERT INTO outcome(rid, attempt, at, domain, state, category, phase, scope, flags, code,"
        " enhanced, text, provider, mx_host, mx_ip, rule, message_id, queued_ms, connect_ms,"
        " send_ms, bytes, next_due, source)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [ST_OUTCOME_COPY] =
        "INSERT INTO outcome(rid, attempt, at, domain, state, category, phase, scope, flags, code,"
        " enhanced, text, provider, mx_host, mx_ip, rule, message_id, queued_ms, connect_ms,"
        " send_ms, bytes, next_due, source)"
        " SELECT rid, ?2, ?3, domain, ?4, category, ?5, scope, flags, code, enhanced, text,"
        " provider, mx_host, mx_ip, rule, message_id, 0, 0, 0, 0, ?6, source"
        " FROM outcome WHERE seq = ?1",
    [ST_OUTCOMES_BELOW] = "SELECT seq, rid, at, state, provider, phase, code, domain, attempt"
                          " FROM outcome WHERE seq < ?1 ORDER BY seq DESC",
    [ST_QUARANTINE_PUT] =
        "INSERT OR REPLACE INTO quarantine(rid, domain, due, attempts, provider, seq)"
        " VALUES(?, ?, ?, ?, ?, ?)",
    [ST_QUARANTINE_MOVE] = "UPDATE quarantine SET due = ?2 WHERE rid = ?1",
    [ST_QUARANTINE_DROP] = "DELETE FROM quarantine WHERE rid = ?",
    [ST_QUARANTINE_ALL] = "SELECT rid, domain, due, attempts, seq FROM quarantine"
                          " WHERE ?1 = 0 OR provider = ?1",
    [ST_WORD_FIND] = "SELECT id FROM word WHERE text = ?",
    [ST_WORD_PUT] = "INSERT INTO word(text) VALUES(?)",
    [ST_DOMAIN_FIND] = "SELECT id FROM domain WHERE name = ?",
    [ST_DOMAIN_PUT] = "INSERT INTO domain(name) VALUES(?)",
    [ST_RECIPIENT_LAST] = "SELECT coalesce(max(rid), 0) FROM recipient",
    [ST_RECIPIENT_PUT] =
        "INSERT INTO recipient(rid, email, vars, skew, added) VALUES(?, ?, ?, ?, ?)",
    [ST_DROPPED_FIND] = "SELECT 1 FROM dropped WHERE name = ?",
    [ST_DROPPED_PUT] = "INSERT INTO dropped(name, at, rows) VALUES(?, ?, ?)",
};

sqlite3_stmt *job_stmt(struct job_file *j, enum job_stmt which, struct err *e)
{
    if (!j->st[which])
        j->st[which] = db_prepare(&j->db, stmt_sql[which], e);
    return j->st[which];
}

/* ---- opening and closing ---- */

static void close_connections(struct spool *s, struct job_file *j)
{
    MUST(!j->is_working);
    if (j->db.h) {
        for (int i = 0; i < JOB_STMTS; i++)
            sqlite3_finalize(j->st[i]);
        memset(j->st, 0, sizeof j->st);
        db_close(&j->db);
        s->open_jobs--;
    }
    db_close(&j->reader);
    map_done(&j->words);
    free(j->kind_words);
    j->kind_words = NULL;
}

static struct str key_of(const uint32_t *job_key)
{
    return str_n((const char *)job_key, sizeof *job_key);
}

static void job_file_free(struct spool *s, struct job_file *j)
{
    close_connections(s, j);
    map_remove(&s->jobs, key_of(&j->key));
    spool_gate_release(j->gate);
    ridset_done(&j->leased);
    ridset_done(&j->moved);
    walk_done(&j->walk);
    free(j->undo);
    free(j->void_lease);
    free(j->dir);
    free(j);
}

void job_files_done(struct spool *s)
{
    const struct map_entry *entry;
    size_t i = 0;

    while ((entry = map_next(&s->jobs, &i))) {
        job_file_free(s, entry->value);
        i = 0; /* the map moved */
    }
    map_done(&s->jobs);
}

/* The job that was used least recently goes, but none with work in it. What it leased is
 * remembered: a job_file without connections is less than a kilobyte and stays as long as the
 * handle. */
static void close_the_oldest(struct spool *s)
{
    const struct map_entry *entry;
    struct job_file *oldest = NULL;

    for (size_t i = 0; (entry = map_next(&s->jobs, &i));) {
        struct job_file *j = entry->value;

        if (j->db.h && !j->is_working && (!oldest || j->used < oldest->used))
            oldest = j;
    }
    if (oldest)
        close_connections(s, oldest);
}

static bool load_numbers(struct job_file *j, struct err *e)
{
    int64_t last = 0, quarantined = 0;

    if (!meta_number(&j->db, "start", &j->start_ms, e) ||
        !meta_number(&j->db, "added", &j->added_ms, e) ||
        !db_number(&j->db, "SELECT EXISTS(SELECT 1 FROM quarantine)", &quarantined, e) ||
        !db_number(&j->db, "SELECT coalesce(max(id), 0) FROM lease", &last, e))
        return false;
    j->first_due_ms = j->start_ms > j->added_ms ? j->start_ms : j->added_ms;
    j->has_quarantine = quarantined > 0;
    /* Numbers of leases are never used twice, also after the lease is gone: they begin with the
     * time. */
    if (j->next_lease == 0) {
        int64_t by_time = clock_wall().ms * 1000;

        j->next_lease = (uint64_t)(by_time > last ? by_time : last + 1);
    }
    return true;
}

static bool open_connection(struct spool *s, struct job_file *j, struct err *e)
{
    char *path = mem_printf("%s/job.db", j->dir);
    bool ok;

    while (s->open_jobs >= OPEN_JOBS_MAX) {
        unsigned before = s->open_jobs;

        close_the_oldest(s);
        if (s->open_jobs == before)
            break; /* all of them work: a flush will end that */
    }
    ok = db_open(&j->db, path, DB_WRITE, e);
    if (ok) {
        s->open_jobs++;
        ok = db_make_durable(&j->db, e) && db_exec(&j->db, "PRAGMA cache_size=-4096", e) &&
             db_migrate(&j->db, &job_schema, e) && load_numbers(j, e);
    }
    free(path);
    return ok;
}

static struct job_file *job_file_new(struct spool *s, uint32_t job_key, struct err *e)
{
    struct job_file *j;
    struct job_row row;

    if (!catalog_find_key(s, job_key, &row, e))
        return NULL;
    j = mem_array(1, sizeof *j);
    j->key = job_key;
    j->dir = spool_job_dir(s, row.id, "");
    j->gate = spool_gate_of(j->dir);
    map_set(&s->jobs, key_of(&j->key), j);
    return j;
}

struct job_file *job_file(struct spool *s, uint32_t job_key, struct err *e)
{
    struct job_file *j = map_get(&s->jobs, key_of(&job_key));

    if (!j && !(j = job_file_new(s, job_key, e)))
        return NULL;
    if (!j->db.h && !open_connection(s, j, e)) {
        s->failed_job = job_key;
        close_connections(s, j);
        return NULL;
    }
    j->used = ++s->tick;
    return j;
}

struct db *job_reader(struct spool *s, uint32_t job_key, struct err *e)
{
    struct job_file *j = job_file(s, job_key, e);

    if (!j)
        return NULL;
    if (!j->reader.h && !db_open(&j->reader, j->db.path, DB_READ, e))
        return NULL;
    return &j->reader;
}

/* ---- transactions ---- */

static void leave_work(struct job_file *j)
{
    j->is_working = false;
    spool_gate_leave(j->gate);
}

/* Leases of a flush that failed elsewhere: committed here, their rows given to nobody. */
static bool drop_void_leases(struct job_file *j, struct err *e)
{
    sqlite3_stmt *st = job_stmt(j, ST_LEASE_DROP, e);

    if (!st)
        return false;
    for (size_t i = 0; i < j->void_leases; i++) {
        sqlite3_bind_int64(st, 1, (int64_t)j->void_lease[i]);
        if (!db_run(&j->db, st, e))
            return false;
    }
    j->void_leases = 0; /* should this be rolled back, they stay until the next start: harmless */
    return true;
}

struct job_file *job_working(struct spool *s, uint32_t job_key, struct err *e)
{
    struct job_file *j = job_file(s, job_key, e);

    if (!j || j->is_working)
        return j;
    spool_gate_enter(j->gate);
    if (!db_exec(&j->db, "BEGIN IMMEDIATE", e)) {
        spool_gate_leave(j->gate);
        s->failed_job = job_key;
        return NULL;
    }
    j->is_working = true;
    j->next_working = s->working;
    s->working = j;
    if (j->void_leases > 0 && !drop_void_leases(j, e))
        return NULL;
    return j;
}

static void note(struct job_file *j, struct undo u)
{
    if (j->undos == j->undo_cap) {
        j->undo_cap = j->undo_cap ? j->undo_cap * 2 : 64;
        j->undo = mem_grow(j->undo, j->undo_cap, sizeof *j->undo);
    }
    j->undo[j->undos++] = u;
}

void job_note_leased(struct job_file *j, uint64_t rid, uint64_t lease)
{
    ridset_put(&j->leased, rid);
    note(j, (struct undo){.rid = rid, .lease = lease, .was_leased = true});
}

void job_note_ended(struct job_file *j, uint64_t rid)
{
    if (ridset_remove(&j->leased, rid))
        note(j, (struct undo){.rid = rid});
}

static void roll_back(struct job_file *j)
{
    /* Reset first: a statement in the middle of its rows would keep the transaction open. */
    for (int i = 0; i < JOB_STMTS; i++)
        sqlite3_reset(j->st[i]);
    if (!sqlite3_get_autocommit(j->db.h)) /* a full disk makes SQLite roll back by itself */
        db_exec(&j->db, "ROLLBACK", NULL);
    while (j->undos > 0) {
        struct undo u = j->undo[--j->undos];

        if (u.was_leased)
            ridset_remove(&j->leased, u.rid);
        else
            ridset_put(&j->leased, u.rid);
    }
    walk_done(&j->walk);
    map_done(&j->words); /* some of them may be gone with the transaction */
    free(j->kind_words);
    j->kind_words = NULL;
    leave_work(j);
}

/* This job's transaction is on the disk, but the flush as a whole failed: its records count
 * (recording them again is harmless), its leases never reached anybody. */
static void void_leases(struct job_file *j)
{
    for (size_t i = 0; i < j->undos; i++) {
        struct undo u = j->undo[i];

        if (!u.was_leased)
            continue;
        ridset_remove(&j->leased, u.rid);
        if (j->void_leases > 0 && j->void_lease[j->void_leases - 1] == u.lease)
            continue;
        j->void_lease = mem_grow(j->void_lease, j->void_leases + 1, sizeof *j->void_lease);
        j->void_lease[j->void_leases++] = u.lease;
    }
}

bool spool_give_up(struct spool *s, uint32_t job_key)
{
    s->failed_job = job_key;
    while (s->working) {
        struct job_file *j = s->working;

        s->working = j->next_working;
        roll_back(j);
    }
    return false;
}

bool spool_flush(struct spool *s, struct err *e)
{
    struct job_file *done = NULL, *j;
    bool ok = true;

    while (ok && (j = s->working)) {
        if (db_exec(&j->db, "COMMIT", e)) {
            s->working = j->next_working;
            j->next_working = done;
            done = j;
            leave_work(j);
        } else {
            ok = spool_give_up(s, j->key);
        }
    }
    for (; (j = done); done = j->next_working) {
        if (!ok)
            void_leases(j);
        j->undos = 0;
    }
    return ok;
}

uint32_t spool_failed_job(const struct spool *s)
{
    return s->failed_job;
}

/* ---- meta ---- */

static bool meta_get(struct db *db, const char *name, sqlite3_stmt **st, bool *row, struct err *e)
{
    *st = db_prepare(db, "SELECT value FROM meta WHERE name = ?", e);
    if (!*st)
        return false;
    db_bind_text(*st, 1, name);
    return db_step(db, *st, row, e);
}

bool meta_number(struct db *db, const char *name, int64_t *out, struct err *e)
{
    sqlite3_stmt *st;
    bool row = false, ok = meta_get(db, name, &st, &row, e);

    if (row)
        *out = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return ok;
}

char *meta_text(struct db *db, const char *name, struct err *e)
{
    sqlite3_stmt *st;
    char *text = NULL;
    bool row = false;

    if (meta_get(db, name, &st, &row, e)) {
        if (row)
            text = mem_strn(db_column(st, 0).p, db_column(st, 0).n);
        else
            err_set(e, "%s: there is no \"%s\" in table meta: the file is damaged", db->path, name);
    }
    sqlite3_finalize(st);
    return text;
}

static bool meta_put(struct db *db, const char *name, const struct str *text, int64_t number,
                     struct err *e)
{
    sqlite3_stmt *st = db_prepare(db, "INSERT OR REPLACE INTO meta(name, value) VALUES(?, ?)", e);
    bool ok;

    if (!st)
        return false;
    db_bind_text(st, 1, name);
    if (text)
        db_bind_str(st, 2, *text);
    else
        sqlite3_bind_int64(st, 2, number);
    ok = db_run(db, st, e);
    sqlite3_finalize(st);
    return ok;
}

bool meta_put_text(struct db *db, const char *name, struct str value, struct err *e)
{
    return meta_put(db, name, &value, 0, e);
}

bool meta_put_number(struct db *db, const char *name, int64_t value, struct err *e)
{
    return meta_put(db, name, NULL, value, e);
}
