/* import.c: a job on its way into the spool.
 *
 * Everything is written into jobs/ID.importing, without journal and without syncs: until it is
 * complete and synced it is worth nothing, and the dropped files it comes from are still there.
 * Then one rename makes it a job. docs/spool.md lists what each crash leaves.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sluice/base/must.h>
#include <sluice/os/clock.h>
#include <sluice/os/file.h>
#include "importing.h"

#define SPEC_MAX_BYTES (16u * 1024 * 1024)

static void import_free(struct spool_import *i)
{
    sqlite3_finalize(i->put_recipient);
    db_close(&i->db);
    sorter_free(i->by_hash);
    sorter_free(i->by_domain);
    domains_done(&i->domains);
    if (i->lock >= 0)
        close(i->lock);
    free(i->dir);
    free(i->final);
    free(i);
}

/* The folder first, then the row: a crash in between leaves a folder that the next start removes.
 * What cannot be removed now is removed then, too. */
void spool_import_abort(struct spool_import *i)
{
    int lock;

    if (!i)
        return;
    sqlite3_finalize(i->put_recipient);
    i->put_recipient = NULL;
    db_close(&i->db);
    lock = spool_lock(i->spool->dir, NULL);
    if (i->lock >= 0 && file_remove_tree(i->dir, NULL) && i->row.key != 0)
        catalog_remove(i->spool, i->row.key, NULL);
    if (lock >= 0)
        close(lock);
    import_free(i);
}

/* ---- begin ---- */

/* The id must be new. One whose import was interrupted is settled first: it is new, or it is a job
 * after all. */
static bool id_is_new(struct spool_import *i, struct err *e)
{
    struct job_row old;
    struct err why = {0};

    if (spool_find(i->spool, i->row.id, &old, &why) && old.state == JOB_IMPORTING) {
        if (!catalog_settle(i->spool, &old, &why))
            return err_set(e, "%s", why.text);
        why = (struct err){0};
    } else if (why.text[0] != '\0') {
        return err_set(e, "%s", why.text);
    }
    if (!spool_find(i->spool, i->row.id, &old, &why)) {
        if (why.text[0] == '\0' && file_exists(i->final))
            return err_set(e, "%s is there, but the catalog knows no such job", i->final);
        return why.text[0] == '\0' || err_set(e, "%s", why.text);
    }
    if (old.state == JOB_IMPORTING)
        err_set(e, "id %s: another job with this id is being imported now", old.id);
    else
        err_set(e, "id %s was used before: each job needs an id of its own", old.id);
    if (e)
        e->code = EEXIST;
    return false;
}

static bool take_id(struct spool_import *i, struct err *e)
{
    int lock = spool_lock(i->spool->dir, e);
    bool ok = lock >= 0 && id_is_new(i, e);

    if (ok && mkdir(i->dir, 0750) != 0)
        ok = err_sys(e, "cannot make %s", i->dir);
    ok = ok && (i->lock = spool_lock_job(i->dir, e)) >= 0 && catalog_add(i->spool, &i->row, e);
    if (lock >= 0)
        close(lock);
    return ok;
}

static bool put_parts(struct db *db, const struct part_files *parts, struct err *e)
{
    sqlite3_stmt *st = db_prepare(db, "INSERT INTO part(name, text) VALUES(?, ?)", e);
    bool ok = st;

    for (size_t i = 0; ok && i < parts->count; i++) {
        const struct part_file *p = &parts->item[i];

        db_bind_text(st, 1, p->name);
        sqlite3_bind_blob64(st, 2, p->text ? p->text : "", p->n, SQLITE_STATIC);
        ok = db_run(db, st, e);
    }
    sqlite3_finalize(st);
    return ok;
}

static bool put_snapshot(struct spool_import *i, const struct job_spec *spec,
                         const struct part_files *parts, struct err *e)
{
    struct buf text;
    bool ok;

    buf_init(&text, SPEC_MAX_BYTES);
    job_spec_format(spec, &text);
    ok = !buf_is_full(&text) || err_set(e, "job %s: its fields are larger than 16 MB", spec->id);
    ok = ok && meta_put_text(&i->db, "spec", str_n(text.data, text.len), e) &&
         meta_put_text(&i->db, "columns", str_of("[]"), e) &&
         meta_put_text(&i->db, "source", str_of(i->row.source), e) &&
         meta_put_number(&i->db, "start", spec->start.ms, e) &&
         meta_put_number(&i->db, "added", i->row.created.ms, e) && put_parts(&i->db, parts, e);
    buf_done(&text);
    return ok;
}

static bool make_database(struct spool_import *i, const struct job_spec *spec,
                          const struct part_files *parts, struct err *e)
{
    char *path = mem_printf("%s/job.db", i->dir);
    bool ok = db_open(&i->db, path, DB_CREATE, e);

    free(path);
    ok = ok &&
         db_exec(&i->db,
                 "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-16384", e) &&
         db_migrate(&i->db, &job_schema, e) && db_exec(&i->db, "BEGIN", e) &&
         put_snapshot(i, spec, parts, e);
    if (ok)
        i->put_recipient = db_prepare(
            &i->db, "INSERT INTO recipient(rid, email, vars, skew) VALUES(?, ?, ?, ?)", e);
    return ok && i->put_recipient;
}

bool spool_import_begin(struct spool *s, const struct job_spec *spec,
                        const struct part_files *parts, const char *source, struct wall now,
                        struct spool_import **out, struct err *e)
{
    struct spool_import *i = mem_array(1, sizeof *i);

    MUST(file_name_is_safe(spec->id, NULL));
    i->spool = s;
    i->lock = -1;
    i->row = (struct job_row){.state = JOB_IMPORTING,
                              .priority = spec->priority,
                              .msg_class = spec->msg_class,
                              .is_standing = spec->is_standing,
                              .created = now};
    str_copy(i->row.id, sizeof i->row.id, str_of(spec->id));
    str_copy(i->row.client, sizeof i->row.client, str_of(spec->client));
    str_copy(i->row.source, sizeof i->row.source, str_of(source));
    i->dir = spool_job_dir(s, spec->id, IMPORTING_SUFFIX);
    i->final = spool_job_dir(s, spec->id, "");
    i->seed = clock_entropy();
    i->by_hash = sorter_new(i->dir, false);
    i->by_domain = sorter_new(i->dir, false);
    if (!take_id(i, e) || !make_database(i, spec, parts, e)) {
        spool_import_abort(i);
        i = NULL;
    }
    *out = i;
    return i;
}

/* ---- rows ---- */

bool spool_import_columns(struct spool_import *i, const char *json_array, struct err *e)
{
    return meta_put_text(&i->db, "columns", str_of(json_array), e);
}

size_t address_fold(const char *email, char *out)
{
    size_t n = strlen(email);

    if (n == 0 || n > ADDRESS_MAX)
        return 0;
    memcpy(out, email, n + 1);
    str_lower(out, n);
    return n;
}

/* Seeded, so that nobody can make a list whose addresses all collide; 32 bits are enough because
 * equal hashes are only candidates. */
static uint32_t address_hash(const char *s, size_t n, uint64_t seed)
{
    uint64_t h = seed ^ n, word;

    for (; n > 0; s += sizeof word) {
        size_t part = n < sizeof word ? n : sizeof word;

        word = 0;
        memcpy(&word, s, part);
        h = (h ^ word) * 0x9e3779b97f4a7c15u;
        h ^= h >> 29;
        n -= part;
    }
    h *= 0xbf58476d1ce4e5b9u;
    return (uint32_t)(h >> 32);
}

bool spool_import_row(struct spool_import *i, const char *email, const char *vars, size_t vars_len,
                      uint64_t line, struct err *e)
{
    char folded[ADDRESS_MAX + 1];
    size_t n = address_fold(email, folded);
    const char *at = n ? strrchr(email, '@') : NULL;
    uint32_t domain;
    uint64_t rid;

    if (!at)
        return err_set(e, "line %llu: not an address", (unsigned long long)line);
    if (i->rows >= RID_MAX)
        return err_set(e, "more than %u recipients in one job", RID_MAX);
    domain = domains_number(&i->domains, str_of(at + 1));
    if (domain == 0)
        return err_set(e, "more than 4 GB of domain names in one job");
    rid = ++i->rows;
    sqlite3_bind_int64(i->put_recipient, 1, (int64_t)rid);
    sqlite3_bind_text64(i->put_recipient, 2, email, n, SQLITE_STATIC, SQLITE_UTF8);
    db_bind_str(i->put_recipient, 3, str_n(vars, vars_len));
    sqlite3_bind_int64(i->put_recipient, 4, (int64_t)(line - rid));
    return db_run(&i->db, i->put_recipient, e) &&
           sorter_put(i->by_hash, (uint64_t)address_hash(folded, n, i->seed) << 32 | rid, 0, e) &&
           sorter_put(i->by_domain, (uint64_t)domain << 32 | rid, 0, e);
}

/* ---- finish ---- */

static bool put_counts(struct spool_import *i, struct err *e)
{
    return meta_put_number(&i->db, "recipients", (int64_t)i->row.recipients, e) &&
           meta_put_number(&i->db, "duplicates", (int64_t)i->row.duplicates, e) &&
           meta_put_number(&i->db, "bad_rows", (int64_t)i->row.bad_rows, e);
}

/* The file was written without a single sync: one now for all of it, and for the names of it. */
static bool sync_all(struct spool_import *i, struct err *e)
{
    char *path = mem_printf("%s/job.db", i->dir);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;

    if (!ok)
        err_sys(e, "cannot sync %s", path);
    if (fd >= 0)
        close(fd);
    free(path);
    return ok && file_sync_dir(i->dir, e);
}

static bool sync_parent(const struct spool_import *i, struct err *e)
{
    char *jobs = mem_printf("%s/jobs", i->spool->dir);
    bool ok = file_sync_dir(jobs, e);

    free(jobs);
    return ok;
}

/* From here on it is a job; a failure takes the name back, so that the caller's "it failed" stays
 * true. */
static bool make_visible(struct spool_import *i, struct err *e)
{
    int lock = spool_lock(i->spool->dir, e);
    bool ok = false;

    if (lock < 0)
        return false;
    if (rename(i->dir, i->final) != 0) {
        err_sys(e, "cannot rename %s to %s", i->dir, i->final);
    } else if (sync_parent(i, e)) {
        i->row.state = JOB_ACTIVE;
        ok = catalog_finish(i->spool, &i->row, e);
    }
    if (!ok && file_exists(i->final))
        rename(i->final, i->dir);
    close(lock);
    return ok;
}

bool spool_import_finish(struct spool_import *i, uint64_t bad_rows,
                         void (*dup)(void *arg, const char *email, uint64_t line,
                                     uint64_t first_line),
                         void *arg, struct job_row *out, struct err *e)
{
    i->row.bad_rows = bad_rows;
    if (!import_sort(i, dup, arg, e) || !put_counts(i, e) || !db_exec(&i->db, "COMMIT", e) ||
        !db_exec(&i->db, "PRAGMA synchronous=FULL; PRAGMA journal_mode=WAL", e))
        goto fail;
    sqlite3_finalize(i->put_recipient);
    i->put_recipient = NULL;
    db_close(&i->db);
    if (!sync_all(i, e) || !make_visible(i, e))
        goto fail;
    *out = i->row;
    import_free(i);
    return true;
fail:
    spool_import_abort(i);
    return false;
}
