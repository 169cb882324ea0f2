/* catalog.c: every job that was ever seen, and what an interrupted import left behind.
 *
 * An import touches two places, the catalog and the job's folder; docs/spool.md lists every
 * combination that a crash can leave and what clean_up() makes of it. Two locks keep that right
 * while several threads have the spool open:
 *
 *   SPOOL/lock            held for moments: while an import begins or becomes visible, and while
 *                         leftovers are removed
 *   flock on a job folder held as long as its import lives: who can lock a folder "ID.importing"
 *                         knows that nobody works on it any more
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <sluice/base/must.h>
#include <sluice/os/file.h>
#include "inside.h"

static const char *const state_names[JOB_STATES] = {
    "importing", "active", "paused", "done", "cancelled", "failed",
};

const char *job_state_name(enum job_state s)
{
    MUST(s < JOB_STATES);
    return state_names[s];
}

char *spool_job_dir(const struct spool *s, const char *id, const char *suffix)
{
    return mem_printf("%s/jobs/%s%s", s->dir, id, suffix);
}

int spool_lock(const char *dir, struct err *e)
{
    char *path = mem_printf("%s/lock", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);

    while (fd >= 0 && flock(fd, LOCK_EX) != 0) {
        if (errno == EINTR)
            continue;
        err_sys(e, "cannot lock %s", path);
        close(fd);
        free(path);
        return -1;
    }
    if (fd < 0)
        err_sys(e, "cannot open %s", path);
    free(path);
    return fd;
}

int spool_lock_job(const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        err_sys(e, "cannot open %s", path);
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        err_sys(e, "%s is in use", path);
        close(fd);
        return -1;
    }
    return fd;
}

/* ---- rows ---- */

#define JOB_COLUMNS                                                                                \
    "key, id, client, state, priority, class, standing, created, finished, recipients,"            \
    " duplicates, bad_rows, source"

static bool read_row(struct db *db, sqlite3_stmt *st, struct job_row *out, struct err *e)
{
    struct str state = db_column(st, 3);
    unsigned at = 0;

    *out = (struct job_row){.key = (uint32_t)sqlite3_column_int64(st, 0)};
    str_copy(out->id, sizeof out->id, db_column(st, 1));
    str_copy(out->client, sizeof out->client, db_column(st, 2));
    while (at < JOB_STATES && !str_is(state, state_names[at]))
        at++;
    if (at == JOB_STATES || !priority_from_name(db_column(st, 4), &out->priority) ||
        !msg_class_from_name(db_column(st, 5), &out->msg_class))
        return err_set(e, "%s: the row of job %s holds an unknown state, priority or class",
                       db->path, out->id);
    out->state = (enum job_state)at;
    out->is_standing = sqlite3_column_int(st, 6);
    out->created.ms = sqlite3_column_int64(st, 7);
    out->finished.ms = sqlite3_column_int64(st, 8);
    out->recipients = (uint64_t)sqlite3_column_int64(st, 9);
    out->duplicates = (uint64_t)sqlite3_column_int64(st, 10);
    out->bad_rows = (uint64_t)sqlite3_column_int64(st, 11);
    str_copy(out->source, sizeof out->source, db_column(st, 12));
    return true;
}

static bool find_by(struct spool *s, const char *sql, const char *id, uint32_t key,
                    struct job_row *out, struct err *e)
{
    sqlite3_stmt *st = db_prepare(&s->catalog, sql, e);
    bool row, ok = false;

    if (!st)
        return false;
    if (id)
        db_bind_text(st, 1, id);
    else
        sqlite3_bind_int64(st, 1, key);
    if (db_step(&s->catalog, st, &row, e)) {
        if (row)
            ok = read_row(&s->catalog, st, out, e);
        else if (e)
            *e = (struct err){0};
    }
    sqlite3_finalize(st);
    return ok;
}

bool spool_find(struct spool *s, const char *id, struct job_row *out, struct err *e)
{
    return find_by(s, "SELECT " JOB_COLUMNS " FROM job WHERE id = ?", id, 0, out, e);
}

bool catalog_find_key(struct spool *s, uint32_t key, struct job_row *out, struct err *e)
{
    struct err why = {0};

    if (find_by(s, "SELECT " JOB_COLUMNS " FROM job WHERE key = ?", NULL, key, out, &why))
        return true;
    if (why.text[0] == '\0')
        return err_set(e, "there is no job with number %u in %s", key, s->catalog.path);
    if (e)
        *e = why;
    return false;
}

bool spool_each_job(struct spool *s, bool (*each)(void *arg, const struct job_row *row), void *arg,
                    struct err *e)
{
    sqlite3_stmt *st = db_prepare(&s->catalog, "SELECT " JOB_COLUMNS " FROM job ORDER BY key", e);
    struct job_row row;
    bool more, ok = true;

    if (!st)
        return false;
    while ((ok = db_step(&s->catalog, st, &more, e)) && more) {
        ok = read_row(&s->catalog, st, &row, e);
        if (!ok || !each(arg, &row))
            break;
    }
    sqlite3_finalize(st);
    return ok;
}

/* One statement with a text as ?1 (NULL: it has none) and numbers from ?2 on; a transaction of its
 * own. */
static bool change(struct spool *s, const char *sql, const char *text, const int64_t *number,
                   int numbers, struct err *e)
{
    sqlite3_stmt *st = db_prepare(&s->catalog, sql, e);
    bool ok;

    if (!st)
        return false;
    db_bind_text(st, 1, text);
    for (int i = 0; i < numbers; i++)
        sqlite3_bind_int64(st, 2 + i, number[i]);
    ok = db_run(&s->catalog, st, e);
    sqlite3_finalize(st);
    if (ok && sqlite3_changes(s->catalog.h) == 0)
        return err_set(e, "there is no such job in %s", s->catalog.path);
    return ok;
}

bool spool_set_state(struct spool *s, uint32_t job_key, enum job_state state, struct wall at,
                     struct err *e)
{
    bool is_over = state == JOB_DONE || state == JOB_CANCELLED || state == JOB_FAILED;
    const int64_t number[] = {is_over ? at.ms : 0, job_key};

    return change(s, "UPDATE job SET state = ?1, finished = ?2 WHERE key = ?3",
                  job_state_name(state), number, 2, e);
}

bool catalog_add(struct spool *s, struct job_row *row, struct err *e)
{
    sqlite3_stmt *st = db_prepare(&s->catalog,
                                  "INSERT INTO job(id, client, state, priority, class, standing,"
                                  " created, source) VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
                                  e);
    bool ok;

    if (!st)
        return false;
    db_bind_text(st, 1, row->id);
    db_bind_text(st, 2, row->client);
    db_bind_text(st, 3, job_state_name(row->state));
    db_bind_text(st, 4, priority_name(row->priority));
    db_bind_text(st, 5, msg_class_name(row->msg_class));
    sqlite3_bind_int(st, 6, row->is_standing);
    sqlite3_bind_int64(st, 7, row->created.ms);
    db_bind_text(st, 8, row->source);
    ok = db_run(&s->catalog, st, e);
    sqlite3_finalize(st);
    row->key = (uint32_t)sqlite3_last_insert_rowid(s->catalog.h);
    return ok;
}

bool catalog_finish(struct spool *s, const struct job_row *row, struct err *e)
{
    const int64_t number[] = {(int64_t)row->recipients, (int64_t)row->duplicates,
                              (int64_t)row->bad_rows, row->key};

    return change(s,
                  "UPDATE job SET state = ?1, recipients = ?2, duplicates = ?3, bad_rows = ?4"
                  " WHERE key = ?5",
                  job_state_name(row->state), number, 4, e);
}

bool catalog_remove(struct spool *s, uint32_t key, struct err *e)
{
    const int64_t number[] = {key};

    return change(s, "DELETE FROM job WHERE state = ?1 AND key = ?2", state_names[JOB_IMPORTING],
                  number, 1, e);
}

bool catalog_set_recipients(struct spool *s, uint32_t key, uint64_t recipients, struct err *e)
{
    const int64_t number[] = {(int64_t)recipients, key};
    bool ok;

    /* Without a sync: the job's own database knows the number, spool_load() brings it here again.
     */
    if (!db_exec(&s->catalog, "PRAGMA synchronous=NORMAL", e))
        return false;
    ok = change(s, "UPDATE job SET recipients = ?2 WHERE key = ?3", NULL, number, 2, e);
    return db_exec(&s->catalog, "PRAGMA synchronous=FULL", ok ? e : NULL) && ok;
}

/* ---- after a crash ---- */

/* The folder was renamed, the catalog does not know it yet: the counts are in the job's own
 * database. */
static bool finish_renamed(struct spool *s, struct job_row *row, const char *dir, struct err *e)
{
    char *path = mem_printf("%s/job.db", dir);
    struct db db;
    int64_t recipients = 0, duplicates = 0, bad_rows = 0;
    bool ok = db_open(&db, path, DB_WRITE, e);

    free(path);
    if (!ok)
        return false;
    ok = meta_number(&db, "recipients", &recipients, e) &&
         meta_number(&db, "duplicates", &duplicates, e) &&
         meta_number(&db, "bad_rows", &bad_rows, e);
    db_close(&db);
    row->state = JOB_ACTIVE;
    row->recipients = (uint64_t)recipients;
    row->duplicates = (uint64_t)duplicates;
    row->bad_rows = (uint64_t)bad_rows;
    return ok && catalog_finish(s, row, e);
}

bool catalog_settle(struct spool *s, struct job_row *row, struct err *e)
{
    char *final = spool_job_dir(s, row->id, "");
    char *unfinished = spool_job_dir(s, row->id, IMPORTING_SUFFIX);
    const char *there = file_exists(final) ? final : file_exists(unfinished) ? unfinished : NULL;
    int lock = -1;
    bool ok = true;

    if (there && (lock = spool_lock_job(there, e)) < 0)
        ok = e->code == EWOULDBLOCK; /* it lives */
    else if (there == final)
        ok = finish_renamed(s, row, final, e);
    else
        ok = (!there || file_remove_tree(unfinished, e)) && catalog_remove(s, row->key, e);
    if (lock >= 0)
        close(lock);
    free(final);
    free(unfinished);
    return ok;
}

struct unsettled {
    struct job_row *row;
    size_t count;
};

static bool collect_importing(void *arg, const struct job_row *row)
{
    struct unsettled *u = arg;

    if (row->state == JOB_IMPORTING) {
        u->row = mem_grow(u->row, u->count + 1, sizeof *u->row);
        u->row[u->count++] = *row;
    }
    return true;
}

/* Folders whose begin was interrupted before the catalog had a row, or whose removal was. */
static bool remove_orphans(struct spool *s, struct err *e)
{
    char *jobs = mem_printf("%s/jobs", s->dir);
    DIR *d = opendir(jobs);
    struct dirent *entry;
    bool ok = d || err_sys(e, "cannot read %s", jobs);

    while (ok && d && (entry = readdir(d))) {
        char *path = mem_printf("%s/%s", jobs, entry->d_name);

        if (str_ends_nocase(str_of(entry->d_name), IMPORTING_SUFFIX)) {
            int lock = spool_lock_job(path, e);

            if (lock >= 0) {
                ok = file_remove_tree(path, e);
                close(lock);
            } else {
                ok = e->code == EWOULDBLOCK;
            }
        }
        free(path);
    }
    if (d)
        closedir(d);
    free(jobs);
    return ok;
}

static bool clean_up(struct spool *s, struct err *e)
{
    struct unsettled u = {0};
    struct err why = {0};
    int lock = spool_lock(s->dir, e);
    bool ok = lock >= 0 && db_migrate(&s->catalog, &catalog_schema, e) &&
              spool_each_job(s, collect_importing, &u, e);

    for (size_t i = 0; ok && i < u.count; i++)
        if (!catalog_settle(s, &u.row[i], &why))
            ok = err_set(e, "job %s, whose import was interrupted: %s", u.row[i].id, why.text);
    if (ok && !(ok = remove_orphans(s, &why)))
        err_set(e, "%s", why.text);
    free(u.row);
    if (lock >= 0)
        close(lock);
    return ok;
}

bool spool_open(const char *dir, struct spool **out, struct err *e)
{
    struct spool *s = mem_array(1, sizeof *s);
    char *jobs = mem_printf("%s/jobs", dir);
    char *path = mem_printf("%s/catalog.db", dir);
    bool ok;

    s->dir = mem_str(dir);
    map_init(&s->jobs);
    ok = file_boot_id(s->boot, e) && file_make_dirs(jobs, e) &&
         db_open(&s->catalog, path, DB_CREATE, e) && db_make_durable(&s->catalog, e) &&
         clean_up(s, e) && file_sync_dir(dir, e);
    free(jobs);
    free(path);
    if (!ok) {
        spool_close(s);
        s = NULL;
    }
    *out = s;
    return ok;
}

void spool_close(struct spool *s)
{
    if (!s)
        return;
    spool_give_up(s, 0); /* what was not flushed was promised to nobody */
    job_files_done(s);
    db_close(&s->catalog);
    free(s->dir);
    free(s);
}
