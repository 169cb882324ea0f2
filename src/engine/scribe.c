/* scribe.c: folds committed outcomes into the lists, and writes what upstream reads when a job
 * ends. It reads the spool behind a cursor that the list keeps, so it may be slow, stop, or die
 * without losing or doubling a count. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>
#include <sluice/os/file.h>
#include <sluice/report/results.h>
#include "engine.h"

#define FOLD_MAX 2000u
#define OUT_CHUNK (256u * 1024)

struct fold {
    struct outcome *item;
    unsigned count;
};

static bool collect(void *arg, const struct outcome *o)
{
    struct fold *f = arg;
    f->item[f->count++] = *o;
    return f->count < FOLD_MAX;
}

/* One step; *more: there may be another. */
static bool fold_step(struct engine *e, uint32_t key, const struct job_row *row, const char *list,
                      struct fold *f, bool *more, struct err *err)
{
    uint64_t cursor;
    f->count = 0;
    if (!list_cursor(e->scribe_list, row->id, &cursor, err) ||
        !spool_each_outcome(e->scribe_spool, key, &cursor, FOLD_MAX, collect, f, err))
        return false;
    *more = f->count == FOLD_MAX;
    return f->count == 0 ||
           list_fold(e->scribe_list, row->id, row->client, list, f->item, f->count, cursor, err);
}

static void fold_job(struct engine *e, const struct job_row *row, const char *list)
{
    struct err err;
    struct fold f = {mem_array(FOLD_MAX, sizeof *f.item), 0};
    bool more = true;
    while (more && !atomic_load(&e->scribe_hurries))
        if (!fold_step(e, row->key, row, list, &f, &more, &err)) {
            log_line(LOG_AT_ERROR, "list",
                     "job=%s results are not written into list %s for now: %s", row->id, list,
                     err.text);
            break;
        }
    free(f.item);
}

/* ---- result.csv ---- */

struct result_file {
    int fd;
    struct buf text;
    bool failed;
};

static bool write_out(struct result_file *f)
{
    for (size_t at = 0; at < f->text.len && !f->failed;) {
        ssize_t n = write(f->fd, f->text.data + at, f->text.len - at);
        if (n <= 0)
            f->failed = true;
        else
            at += (size_t)n;
    }
    buf_clear(&f->text);
    return !f->failed;
}

static bool put_result(void *arg, const struct result_row *r)
{
    struct result_file *f = arg;
    struct result_line line;
    result_line_of(&line, r);
    results_csv(&line, &f->text);
    return f->text.len < OUT_CHUNK || write_out(f);
}

static bool write_results(struct engine *e, const struct job_row *row, const char *dir,
                          struct err *err)
{
    char temp[4096], final[4096];
    snprintf(temp, sizeof temp, "%s/.result.csv.tmp", dir);
    snprintf(final, sizeof final, "%s/result.csv", dir);
    struct result_file f = {.fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640)};
    if (f.fd < 0)
        return err_sys(err, "%s", temp);
    buf_init(&f.text, 4 * OUT_CHUNK);
    results_csv_head(&f.text);
    bool ok = spool_each_result(e->scribe_spool, row->key, put_result, &f, err);
    if (ok && (!write_out(&f) || fsync(f.fd) != 0))
        ok = err_sys(err, "%s", temp);
    if (ok && f.failed)
        ok = err_sys(err, "%s", temp);
    buf_done(&f.text);
    close(f.fd);
    if (ok && rename(temp, final) != 0)
        ok = err_sys(err, "%s", final);
    return ok && file_sync_dir(dir, err);
}

static bool write_summary(struct keeper_job *j, const char *dir, struct err *err)
{
    char path[4096];
    struct buf text;
    snprintf(path, sizeof path, "%s/summary.json", dir);
    buf_init(&text, 64u * 1024 * 1024);
    tally_json(&j->tally, j->row.recipients, &text);
    buf_putc(&text, '\n');
    bool ok = file_write_atomic(path, text.data, text.len, err);
    buf_done(&text);
    return ok;
}

/* The job's state changes last: a crash before that does all of it again. */
static void finish(struct engine *e, struct keeper_job *j)
{
    char dir[3072];
    struct err err;
    struct job_row row;
    fold_job(e, &j->row, j->spec->list);
    snprintf(dir, sizeof dir, "%s/%s", e->settings->out_dir, j->row.id);
    bool ok = file_make_dirs(dir, &err) && write_results(e, &j->row, dir, &err) &&
              write_summary(j, dir, &err);
    if (ok) {
        enum job_state s =
            spool_find(e->scribe_spool, j->row.id, &row, &err) && row.state == JOB_CANCELLED
                ? JOB_CANCELLED
                : JOB_DONE;
        ok = spool_set_state(e->scribe_spool, j->row.key, s, clock_wall(), &err);
    }
    if (ok)
        log_line(LOG_AT_INFO, "job", "job=%s done recipients=%llu delivered=%llu", j->row.id,
                 (unsigned long long)j->row.recipients,
                 (unsigned long long)j->tally.all.state[STATE_DELIVERED]);
    else
        log_line(LOG_AT_ERROR, "job",
                 "job=%s is through, but its results cannot be written (tried again at the next "
                 "start): %s",
                 j->row.id, err.text);
    keeper_job_free(j);
}

/* ---- the thread ---- */

struct open_jobs {
    struct job_row row[256];
    char list[256][65];
    unsigned count;
};

static void list_open_jobs(struct engine *e, void *arg)
{
    struct open_jobs *o = arg;
    for (struct keeper_job *j = e->jobs; j && o->count < 256; j = j->next) {
        o->row[o->count] = j->row;
        str_copy(o->list[o->count++], 65, str_of(j->spec->list));
    }
}

/* News of any job: fold all that are open. Called at most a few times a second: many commits become
 * one fold. */
static void fold_all(struct engine *e)
{
    struct open_jobs *o = mem_array(1, sizeof *o);
    engine_call(e, &e->keeper_box, list_open_jobs, o);
    for (unsigned i = 0; i < o->count; i++)
        fold_job(e, &o->row[i], o->list[i]);
    free(o);
}

void *scribe_run(void *arg)
{
    struct engine *e = arg;
    bool news = false, stop = false;
    int64_t next_fold = 0;
    while (!stop) {
        int64_t now = clock_mono().ms;
        int64_t until = news ? (next_fold > now ? next_fold : now) : now + 1000;
        struct letter *l = mailbox_take(&e->scribe_box, (struct mono){until}), *next;
        for (; l; l = next) {
            next = l->next;
            stop |= l->kind == TO_SCRIBE_STOP;
            news |= l->kind == TO_SCRIBE_NEWS;
            if (l->kind == TO_SCRIBE_DONE)
                finish(e, ((struct job_letter *)l)->job);
            free(l);
        }
        if (news && !stop && clock_mono().ms >= next_fold) {
            fold_all(e);
            news = false;
            next_fold = clock_mono().ms + 250;
        }
    }
    return NULL;
}
