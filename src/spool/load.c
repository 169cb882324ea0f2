/* load.c: what the engine needs when it opens a job. */
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include "inside.h"

static bool load_spec(struct db *db, struct job_spec **out, struct err *e)
{
    char *text = meta_text(db, "spec", e);
    struct err why = {0};

    if (!text)
        return false;
    *out = job_spec_parse(str_of(text), &why);
    free(text);
    return *out || err_set(e, "%s: %s", db->path, why.text);
}

static bool load_parts(struct db *db, struct part_files *out, struct err *e)
{
    sqlite3_stmt *st = db_prepare(db, "SELECT name, text FROM part ORDER BY name", e);
    bool row, ok = st;

    while (ok && (ok = db_step(db, st, &row, e)) && row) {
        const void *text = sqlite3_column_blob(st, 1);
        size_t n = (size_t)sqlite3_column_bytes(st, 1);

        out->item = mem_grow(out->item, out->count + 1, sizeof *out->item);
        out->item[out->count++] = (struct part_file){
            .name = mem_str(db_column_text(st, 0)), .text = mem_strn(n ? text : "", n), .n = n};
    }
    sqlite3_finalize(st);
    return ok;
}

/* A standing job's count grows in its own database; the catalog may have missed the last step. */
static bool mend_count(struct spool *s, struct job_file *j, struct err *e)
{
    struct job_row row;
    int64_t recipients = -1;

    if (!catalog_find_key(s, j->key, &row, e) || !meta_number(&j->db, "recipients", &recipients, e))
        return false;
    return recipients < 0 || row.recipients == (uint64_t)recipients ||
           catalog_set_recipients(s, j->key, (uint64_t)recipients, e);
}

bool spool_load(struct spool *s, uint32_t job_key, struct job_spec **spec, struct part_files *parts,
                char **columns, struct err *e)
{
    struct job_file *j = job_file(s, job_key, e);

    *spec = NULL;
    *parts = (struct part_files){0};
    *columns = NULL;
    if (j && load_spec(&j->db, spec, e) && load_parts(&j->db, parts, e) &&
        (*columns = meta_text(&j->db, "columns", e)) && mend_count(s, j, e))
        return true;
    s->failed_job = job_key;
    job_spec_free(*spec);
    part_files_done(parts);
    free(*columns);
    *spec = NULL;
    *columns = NULL;
    return false;
}

/* Adds the name to what was counted. */
static bool tell_domain(const struct job_file *j, struct db *db, sqlite3_stmt *counts,
                        sqlite3_stmt *name,
                        bool (*each)(void *arg, uint32_t domain_id, const char *domain,
                                     uint64_t waiting, int64_t due_ms),
                        void *arg, bool *go_on, struct err *e)
{
    uint32_t id = (uint32_t)sqlite3_column_int64(counts, 0);
    int64_t due_ms = sqlite3_column_int64(counts, 2);
    bool row;

    sqlite3_bind_int64(name, 1, id);
    if (!db_step(db, name, &row, e))
        return false;
    if (!row)
        return err_set(e, "%s is damaged: domain %u of table todo is not in table domain", db->path,
                       id);
    *go_on = each(arg, id, db_column_text(name, 0), (uint64_t)sqlite3_column_int64(counts, 1),
                  due_ms ? due_ms : j->first_due_ms);
    sqlite3_reset(name);
    return true;
}

bool spool_each_domain(struct spool *s, uint32_t job_key,
                       bool (*each)(void *arg, uint32_t domain_id, const char *domain,
                                    uint64_t waiting, int64_t due_ms),
                       void *arg, struct err *e)
{
    struct db *db = job_reader(s, job_key, e);
    sqlite3_stmt *counts =
        db ? db_prepare(db, "SELECT domain, count(*), min(due) FROM todo GROUP BY domain", e)
           : NULL;
    sqlite3_stmt *name = counts ? db_prepare(db, "SELECT name FROM domain WHERE id = ?", e) : NULL;
    bool row, go_on = true, ok = name;

    while (ok && go_on && (ok = db_step(db, counts, &row, e)) && row)
        ok = tell_domain(job_file(s, job_key, e), db, counts, name, each, arg, &go_on, e);
    sqlite3_finalize(counts);
    sqlite3_finalize(name);
    if (!ok)
        s->failed_job = job_key;
    return ok;
}
