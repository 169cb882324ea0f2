/* append.c: recipients that come later, for standing jobs: a shop's cart reminders. */
#include <string.h>
#include <sluice/base/must.h>
#include "inside.h"

static bool is_known(struct job_file *j, const char *drop_name, bool *known, struct err *e)
{
    sqlite3_stmt *st = job_stmt(j, ST_DROPPED_FIND, e);

    if (!st)
        return false;
    db_bind_text(st, 1, drop_name);
    if (!db_step(&j->db, st, known, e))
        return false;
    if (*known)
        sqlite3_reset(st);
    return true;
}

static bool domain_id(struct job_file *j, const char *name, uint32_t *out, struct err *e)
{
    sqlite3_stmt *find = job_stmt(j, ST_DOMAIN_FIND, e);
    sqlite3_stmt *put = job_stmt(j, ST_DOMAIN_PUT, e);
    bool row;

    if (!find || !put)
        return false;
    db_bind_text(find, 1, name);
    if (!db_step(&j->db, find, &row, e))
        return false;
    if (row) {
        *out = (uint32_t)sqlite3_column_int64(find, 0);
        sqlite3_reset(find);
        return true;
    }
    db_bind_text(put, 1, name);
    if (!db_run(&j->db, put, e))
        return false;
    *out = (uint32_t)sqlite3_last_insert_rowid(j->db.h);
    return true;
}

static bool put_row(struct job_file *j, struct spool_row *r, int64_t due_ms, struct wall now,
                    struct err *e)
{
    sqlite3_stmt *recipient = job_stmt(j, ST_RECIPIENT_PUT, e);
    sqlite3_stmt *todo = job_stmt(j, ST_TODO_PUT, e);
    const char *at = strrchr(r->email, '@');

    if (!at)
        return err_set(e, "line %llu: not an address", (unsigned long long)r->line);
    if (!recipient || !todo || !domain_id(j, at + 1, &r->domain_id, e))
        return false;
    sqlite3_bind_int64(recipient, 1, (int64_t)r->rid);
    db_bind_text(recipient, 2, r->email);
    db_bind_str(recipient, 3, str_n(r->vars, r->vars_len));
    sqlite3_bind_int64(recipient, 4, (int64_t)(r->line - r->rid));
    sqlite3_bind_int64(recipient, 5, now.ms);
    sqlite3_bind_int64(todo, 1, r->domain_id);
    sqlite3_bind_int64(todo, 2, due_ms);
    sqlite3_bind_int64(todo, 3, (int64_t)r->rid);
    sqlite3_bind_int64(todo, 4, 0);
    return db_run(&j->db, recipient, e) && db_run(&j->db, todo, e);
}

static bool last_rid(struct job_file *j, uint64_t *out, struct err *e)
{
    sqlite3_stmt *st = job_stmt(j, ST_RECIPIENT_LAST, e);
    bool row;

    if (!st || !db_step(&j->db, st, &row, e))
        return false;
    *out = (uint64_t)sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return true;
}

static bool put_rows(struct job_file *j, const char *drop_name, struct spool_row *rows,
                     size_t count, struct wall now, int64_t *recipients, struct err *e)
{
    sqlite3_stmt *dropped = job_stmt(j, ST_DROPPED_PUT, e);
    int64_t due_ms = due_behind(j, now.ms > j->start_ms ? now.ms : j->start_ms);
    uint64_t rid;

    if (!dropped || !last_rid(j, &rid, e))
        return false;
    if (rid + count > RID_MAX)
        return err_set(e, "more than %u recipients in one job", RID_MAX);
    for (size_t i = 0; i < count; i++) {
        rows[i].rid = ++rid;
        if (!put_row(j, &rows[i], due_ms, now, e))
            return false;
    }
    db_bind_text(dropped, 1, drop_name);
    sqlite3_bind_int64(dropped, 2, now.ms);
    sqlite3_bind_int64(dropped, 3, (int64_t)count);
    if (!db_run(&j->db, dropped, e) || !meta_number(&j->db, "recipients", recipients, e))
        return false;
    *recipients += (int64_t)count;
    return meta_put_number(&j->db, "recipients", *recipients, e);
}

bool spool_append(struct spool *s, uint32_t job_key, const char *drop_name, struct spool_row *rows,
                  size_t count, struct wall now, bool *is_new, struct err *e)
{
    struct job_file *j;
    int64_t recipients = 0;
    bool known = true;

    *is_new = false;
    if (s->working && !spool_flush(s, e)) /* its own transaction, also on a handle that leases */
        return false;
    j = job_working(s, job_key, e);
    if (!j || !is_known(j, drop_name, &known, e) ||
        (!known && !put_rows(j, drop_name, rows, count, now, &recipients, e)))
        return spool_give_up(s, job_key);
    if (!spool_flush(s, e))
        return false;
    *is_new = !known;
    /* The rows are safe; a catalog that lags behind is mended by spool_load(). */
    if (!known)
        catalog_set_recipients(s, job_key, (uint64_t)recipients, NULL);
    return true;
}
