/* scribe.c: folds committed outcomes into the lists, and writes what upstream reads when a job
 * ends. It reads the spool behind a cursor that the list keeps, so it may be slow, stop, or die
 * without losing or doubling a count. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <sluice/os/file.h>
#include <sluice/report/results.h>
#include "engine.h"

#define FOLD_MAX 2000u
#define OUT_CHUNK (256u * 1024)
#define ROUND_STEPS 50u
#define FOLD_EACH_MS 250
#define TRY_AGAIN_MS 2000

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
    if (f->count > 0 && !list_fold(e->scribe_list, row->id, row->client, row->msg_class, list,
                                   f->item, f->count, cursor, err))
        return false;
    struct folded_letter *ads = frequency_letter(row, f->item, f->count);
    if (ads)
        mailbox_send(&e->keeper_box, &ads->letter);
    return true;
}

static bool hurries(struct engine *e)
{
    const atomic_bool *at_once = atomic_load(&e->at_once);
    return at_once && atomic_load(at_once);
}

/* Said once, not at every try. */
static void note_trouble(struct engine *e, char trouble[200], const char *id, const char *what,
                         const struct err *err)
{
    bool is_news;
    pthread_mutex_lock(&e->lock);
    is_news = strncmp(trouble, err->text, 199) != 0;
    str_copy(trouble, 200, str_of(err->text));
    pthread_mutex_unlock(&e->lock);
    if (is_news)
        log_line(LOG_AT_ERROR, "list", "job=%s %s: %s", id, what, err->text);
}

static void lists_are_well(struct engine *e)
{
    pthread_mutex_lock(&e->lock);
    e->list_trouble[0] = 0;
    pthread_mutex_unlock(&e->lock);
}

enum folded { FOLDED_ALL, FOLDED_SOME, FOLD_FAILED };

/* At most so many steps: a job whose outcomes come faster than they can be folded must not keep the
 * others waiting. */
static enum folded fold_job(struct engine *e, const struct job_row *row, const char *list,
                            unsigned steps, struct err *err)
{
    struct fold f = {mem_array(FOLD_MAX, sizeof *f.item), 0};
    enum folded result = FOLDED_SOME;
    bool more;
    while (result == FOLDED_SOME && steps-- > 0 && !hurries(e)) {
        if (!fold_step(e, row->key, row, list, &f, &more, err))
            result = FOLD_FAILED;
        else if (!more)
            result = FOLDED_ALL;
    }
    free(f.item);
    return result;
}

/* ---- result.csv ---- */

struct result_file {
    int fd;
    struct buf text;
    int failed; /* errno */
};

static bool write_out(struct result_file *f)
{
    for (size_t at = 0; at < f->text.len && !f->failed;) {
        ssize_t n = write(f->fd, f->text.data + at, f->text.len - at);
        if (n >= 0)
            at += (size_t)n;
        else if (errno != EINTR)
            f->failed = errno;
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

static bool write_rows(struct engine *e, const struct job_row *row, int fd, const char *path,
                       struct err *err)
{
    struct result_file f = {.fd = fd};
    buf_init(&f.text, 4 * OUT_CHUNK);
    results_csv_head(&f.text);
    bool ok = spool_each_result(e->scribe_spool, row->key, put_result, &f, err);
    if (ok && write_out(&f) && fsync(fd) != 0)
        f.failed = errno;
    buf_done(&f.text);
    errno = f.failed;
    return ok && (!f.failed || err_sys(err, "%s", path));
}

static bool write_results(struct engine *e, const struct job_row *row, const char *dir,
                          struct err *err)
{
    char *temp = mem_printf("%s/.result.csv.tmp", dir), *final = mem_printf("%s/result.csv", dir);
    int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    bool ok = fd >= 0 || err_sys(err, "%s", temp);
    if (fd >= 0) {
        ok = write_rows(e, row, fd, temp, err);
        close(fd);
        ok = ok && (rename(temp, final) == 0 || err_sys(err, "%s", final));
        if (!ok) /* what does not fit must not fill the disk for others */
            unlink(temp);
    }
    free(temp);
    free(final);
    return ok && file_sync_dir(dir, err);
}

static bool write_summary(struct keeper_job *j, const char *dir, struct err *err)
{
    char *path = mem_printf("%s/summary.json", dir);
    struct buf text;
    buf_init(&text, 64u * 1024 * 1024);
    tally_json(&j->tally, j->row.recipients, &text);
    buf_putc(&text, '\n');
    bool ok = file_write_atomic(path, text.data, text.len, err);
    buf_done(&text);
    free(path);
    return ok;
}

/* Its rows became outcomes without passing the keeper's counters. */
static void count_again(struct engine *e, struct keeper_job *j)
{
    struct keeper_job fresh = {.row = j->row};
    tally_init(&fresh.tally);
    standing_init(&fresh.standing);
    keeper_retally(e->scribe_spool, &fresh);
    standing_done(&fresh.standing);
    pthread_mutex_lock(&e->lock);
    struct tally old = j->tally;
    j->tally = fresh.tally;
    pthread_mutex_unlock(&e->lock);
    tally_done(&old);
}

/* Only the catalog knows how many recipients a standing job has got. */
static void count_recipients(struct engine *e, struct keeper_job *j)
{
    struct job_row row;
    struct err err;
    if (!spool_find(e->scribe_spool, j->row.id, &row, &err))
        return;
    pthread_mutex_lock(&e->lock);
    j->row.recipients = row.recipients;
    pthread_mutex_unlock(&e->lock);
}

/* The job's state changes last: a crash before that does all of it again. result.csv comes behind
 * the summary, because upstream systems wait for it. */
static bool finish(struct engine *e, struct keeper_job *j, struct err *err)
{
    char *dir = mem_printf("%s/%s", e->settings->out_dir, j->row.id);
    bool is_cancelled = j->row.state == JOB_CANCELLED;
    enum folded folded =
        j->spec->test_of ? FOLDED_ALL : fold_job(e, &j->row, j->spec->list, UINT_MAX, err);
    if (folded == FOLDED_SOME)
        err_set(err, "left to the next start");
    if (folded == FOLDED_ALL)
        lists_are_well(e);
    if (folded == FOLDED_ALL && is_cancelled)
        count_again(e, j);
    count_recipients(e, j);
    bool ok = folded == FOLDED_ALL && file_make_dirs(dir, err) && write_summary(j, dir, err) &&
              write_results(e, &j->row, dir, err) &&
              spool_set_state(e->scribe_spool, j->row.key, is_cancelled ? JOB_CANCELLED : JOB_DONE,
                              clock_wall(), err);
    free(dir);
    return ok;
}

static void finished(struct engine *e, struct keeper_job *j)
{
    struct keeper_job **at = &e->endings;
    pthread_mutex_lock(&e->lock);
    while (*at != j)
        at = &(*at)->next;
    *at = j->next;
    pthread_mutex_unlock(&e->lock);
    log_line(LOG_AT_INFO, "job", "job=%s %s recipients=%llu delivered=%llu", j->row.id,
             j->row.state == JOB_CANCELLED ? "cancelled" : "done",
             (unsigned long long)j->row.recipients,
             (unsigned long long)j->tally.all.state[STATE_DELIVERED]);
    keeper_job_free(j);
    atomic_fetch_sub(&e->ending, 1);
}

/* The first one that may be tried now; only this thread takes any away. */
static struct keeper_job *next_ending(struct engine *e, int64_t now_ms)
{
    pthread_mutex_lock(&e->lock);
    struct keeper_job *j = e->endings;
    while (j && j->try_at_ms > now_ms)
        j = j->next;
    pthread_mutex_unlock(&e->lock);
    return j;
}

static void finish_all(struct engine *e)
{
    int64_t now_ms = clock_mono().ms;
    for (struct keeper_job *j; !hurries(e) && (j = next_ending(e, now_ms));) {
        struct err err;
        if (finish(e, j, &err)) {
            finished(e, j);
            continue;
        }
        note_trouble(e, j->trouble, j->row.id,
                     "is through, but its results cannot be written, trying again", &err);
        j->try_at_ms = now_ms + TRY_AGAIN_MS;
    }
}

/* ---- the thread ---- */

struct open_jobs {
    struct open_job {
        struct job_row row;
        char list[65];
    } * item;
    size_t count;
};

static void list_open_jobs(struct engine *e, void *arg)
{
    struct open_jobs *o = arg;
    for (struct keeper_job *j = e->jobs; j; j = j->next) {
        if (j->spec->test_of) /* our own people are no contacts, and count as having had no ad */
            continue;
        if ((o->count & (o->count + 1)) == 0) /* full at 0, 1, 3, 7, ... */
            o->item = mem_grow(o->item, 2 * o->count + 1, sizeof *o->item);
        struct open_job *to = &o->item[o->count++];
        to->row = j->row;
        str_copy(to->list, sizeof to->list, str_of(j->spec->list));
    }
}

/* News of any job: fold all that are open. Many commits become one fold. */
static enum folded fold_all(struct engine *e)
{
    struct open_jobs o = {0};
    enum folded worst = FOLDED_ALL;
    engine_call(e, &e->keeper_box, list_open_jobs, &o);
    for (size_t i = 0; i < o.count; i++) {
        struct err err;
        enum folded f = fold_job(e, &o.item[i].row, o.item[i].list, ROUND_STEPS, &err);
        if (f == FOLD_FAILED)
            note_trouble(e, e->list_trouble, o.item[i].row.id,
                         "results are not written into the list for now", &err);
        worst = f > worst ? f : worst;
    }
    free(o.item);
    return worst;
}

/* When the next fold may begin, and whether there is something to fold then. */
static int64_t fold_round(struct engine *e, bool *news)
{
    enum folded f = fold_all(e);
    if (f != FOLD_FAILED)
        lists_are_well(e);
    *news = f != FOLDED_ALL;
    return clock_mono().ms + (f == FOLD_FAILED   ? TRY_AGAIN_MS
                              : f == FOLDED_SOME ? 0
                                                 : FOLD_EACH_MS);
}

/* True: it is the end. */
static bool read_letters(struct engine *e, int64_t until_ms, bool *news)
{
    bool stop = false;
    struct letter *l = mailbox_take(&e->scribe_box, (struct mono){until_ms}), *next;
    for (; l; l = next) {
        next = l->next;
        stop |= l->kind == TO_SCRIBE_STOP;
        *news |= l->kind == TO_SCRIBE_NEWS;
        free(l);
    }
    return stop;
}

void *scribe_run(void *arg)
{
    struct engine *e = arg;
    bool news = true, stop = false; /* what the last life did not fold */
    int64_t next_fold = 0;
    while (!stop) {
        int64_t until = clock_mono().ms + 1000;
        stop = read_letters(e, news && next_fold < until ? next_fold : until, &news);
        finish_all(e);
        if (news && !stop && clock_mono().ms >= next_fold)
            next_fold = fold_round(e, &news);
    }
    struct letter *last = mem_array(1, sizeof *last);
    last->kind = TO_KEEPER_ALONE;
    mailbox_send(&e->keeper_box, last);
    return NULL;
}
