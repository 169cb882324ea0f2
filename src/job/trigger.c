/* trigger.c: one file for a standing job: read as a whole, added in one transaction, told at once.
 *
 * Every row is one mail, also when an address stands there twice: two orders are two confirmations. Only a
 * row that is the same to the last byte is taken for a mistake. */
#include "intake_private.h"

#include <stdlib.h>
#include <string.h>
#include <sluice/base/map.h>
#include <sluice/base/must.h>
#include <sluice/job/recipients.h>
#include <sluice/os/clock.h>
#include <sluice/os/file.h>
#include <sluice/os/log.h>

#define BAD_ROWS_SHOWN 50

struct batch {
    struct lane *lane;
    const struct drop_entry *file;
    struct job_row job;
    uint64_t max_bad_rows;
    struct problems problems;
    struct rejected rejected;
    struct buf text;       /* addresses and variables, each with a NUL behind it */
    struct spool_row *row; /* email and vars are offsets into text + 1 until they are settled */
    size_t rows, room;
    struct map seen;
    uint64_t bad, doubled;
};

static bool take_row(struct batch *b, const struct recipient_row *in)
{
    struct spool_row *row;

    if (b->rows == b->room) {
        b->room = b->room ? b->room * 2 : 64;
        b->row = mem_grow(b->row, b->room, sizeof *b->row);
    }
    row = &b->row[b->rows++];
    *row = (struct spool_row){.vars_len = in->vars_len, .line = in->line};
    buf_put(&b->text, in->address.text, strlen(in->address.text) + 1);
    buf_put(&b->text, in->vars, in->vars_len + 1);
    return !buf_is_full(&b->text);
}

/* The text does not move any more. */
static void settle(struct batch *b)
{
    const char *at = b->text.data;

    for (size_t i = 0; i < b->rows; i++) {
        b->row[i].email = at;
        at += strlen(at) + 1;
        b->row[i].vars = at;
        at += b->row[i].vars_len + 1;
    }
}

static bool note(struct batch *b, const struct recipient_row *row, const char *why, const char *raw,
                 struct err *e)
{
    return rejected_add(&b->rejected, row->line, why, raw, b->file->name, e);
}

static bool take(struct batch *b, const struct recipient_row *row, enum row_kind kind,
                 struct err *e)
{
    if (kind == ROW_BAD) {
        if (++b->bad <= BAD_ROWS_SHOWN)
            problems_warn(&b->problems, b->file->name, (unsigned)row->line, "%s", row->why);
        return note(b, row, row->why, row->raw, e);
    }
    if (map_set(&b->seen, str_n(row->vars, row->vars_len), b)) {
        b->doubled++;
        return note(b, row, "the same row stands in this file already", row->address.text, e);
    }
    return take_row(b, row) || err_set(e, "too much for one file");
}

/* False: *e has to do with this machine. Problems are in b->problems. */
static bool read_rows(struct batch *b, struct err *e)
{
    const struct settings *set = b->lane->intake->o.settings;
    const struct recipients_options o = {.max_bytes = (uint64_t)set->caps.trigger_file_bytes,
                                         .max_row_bytes = (size_t)set->caps.row_bytes,
                                         .max_columns = (unsigned)set->caps.columns,
                                         .max_depth = 32};
    struct recipients *r = recipients_open(b->file->path, &o, NULL, e);
    struct recipient_row row;
    enum row_kind kind = r ? ROW_OK : ROW_ERROR;
    bool ok = true;

    while (r && ok && (kind = recipients_next(r, &row, e)) < ROW_END) {
        ok = take(b, &row, kind, e);
        if (b->bad > b->max_bad_rows)
            break;
    }
    if (ok && kind == ROW_ERROR)
        problems_add(&b->problems, b->file->name, 0, "%s", e->text);
    else if (ok && b->bad > b->max_bad_rows)
        problems_add(&b->problems, b->file->name, 0, "more than %llu bad rows (max_bad_rows)",
                     (unsigned long long)b->max_bad_rows);
    else if (ok && b->rows == 0)
        problems_add(&b->problems, b->file->name, 0, "there is not a single usable row in it");
    recipients_close(r);
    return ok;
}

/* One entry per domain, in the order of first appearance. */
static struct intake_append *tell(const struct batch *b, struct wall now)
{
    struct intake_append *a = NULL;
    struct map at;
    size_t size = offsetof(struct intake_append, item);

    map_init(&at);
    a = mem_new(size + b->rows * sizeof a->item[0]);
    for (size_t i = 0; i < b->rows; i++) {
        const struct spool_row *row = &b->row[i];
        const char *domain = strrchr(row->email, '@') + 1;
        size_t n = (size_t)(uintptr_t)map_get(&at, str_of(domain));

        if (n == 0) {
            n = ++a->count;
            map_set(&at, str_of(domain), (void *)(uintptr_t)n);
            a->item[n - 1].domain_id = row->domain_id;
            a->item[n - 1].due_ms = now.ms;
            str_copy(a->item[n - 1].domain, sizeof a->item[n - 1].domain, str_of(domain));
        }
        a->item[n - 1].added++;
    }
    map_done(&at);
    return a;
}

static void post(const struct batch *b, struct wall now)
{
    const struct intake_options *o = &b->lane->intake->o;
    struct intake_append *a = tell(b, now);

    a->letter.kind = o->kind_append;
    a->job_key = b->job.key;
    mailbox_send(o->to, &a->letter);
    pthread_mutex_lock(&b->lane->intake->lock);
    b->lane->intake->status.trigger_rows += b->rows;
    pthread_mutex_unlock(&b->lane->intake->lock);
    log_line(LOG_AT_INFO, "intake", "added=%s rows=%zu bad_rows=%llu duplicates=%llu", b->job.id,
             b->rows, (unsigned long long)b->bad, (unsigned long long)b->doubled);
}

/* ACCEPTED/JOBID/anything.ndjson, or anything-2.ndjson ... */
static bool put_away(const struct batch *b, struct err *e)
{
    const struct settings *set = b->lane->intake->o.settings;
    char *dir = mem_printf("%s/%s", set->accepted_dir, b->job.id);
    char *stem = drop_stem(b->file->name + strlen(b->job.id) + 1, ".ndjson");
    bool ok = file_make_dirs(dir, e), is_moved = false;

    for (unsigned number = 1; ok && !is_moved && number < 1000000; number++) {
        char *to = number == 1 ? mem_printf("%s/%s.ndjson", dir, stem)
                               : mem_printf("%s/%s-%u.ndjson", dir, stem, number);

        if (!file_exists(to)) {
            ok = file_move(b->file->path, to, e);
            is_moved = ok;
        }
        free(to);
    }
    free(stem);
    free(dir);
    return ok && file_sync_dir(set->drop_dir, e);
}

/* Bad rows are noted before the good ones are added: after a crash in between they are noted twice, and
 * not lost. */
static enum fate add(struct batch *b)
{
    char *name = mem_printf("%s %s", b->file->name, b->file->identity);
    struct wall now = clock_wall();
    struct err e;
    bool is_new = false, ok;

    settle(b);
    ok = rejected_publish(&b->rejected, &e) &&
         spool_append(b->lane->spool, b->job.key, name, b->row, b->rows, now, &is_new, &e);
    if (ok && is_new)
        post(b, now);
    ok = ok && put_away(b, &e);
    if (!ok)
        lane_fails(b->lane, "cannot take in a file of a standing job", &e);
    free(name);
    return ok ? FATE_DONE : FATE_LATER;
}

static enum fate turn_away(struct batch *b)
{
    char *stem = drop_stem(b->file->name, ".ndjson");
    bool has_rows = b->rejected.rows > 0;
    enum fate fate = FATE_LATER;
    struct err e;

    if (has_rows && !rejected_flush(&b->rejected, &e))
        lane_fails(b->lane, "cannot note bad rows", &e);
    else
        fate =
            refuse(b->lane, stem, b->file, NULL, has_rows ? b->rejected.temp : NULL, &b->problems);
    free(stem);
    return fate;
}

static enum fate work(struct batch *b)
{
    struct err e;

    if (b->job.state != JOB_ACTIVE && b->job.state != JOB_PAUSED) {
        problems_add(&b->problems, b->file->name, 0,
                     "the standing job '%s' is %s: nothing is added to it", b->job.id,
                     job_state_name(b->job.state));
        return turn_away(b);
    }
    if (!lane_has_space(b->lane))
        return FATE_LATER;
    rejected_reset(&b->rejected);
    if (!read_rows(b, &e)) {
        lane_fails(b->lane, "cannot take in a file of a standing job", &e);
        return FATE_LATER;
    }
    return b->problems.errors ? turn_away(b) : add(b);
}

/* The limit of the job; it is in its snapshot. */
static bool load_limit(struct batch *b, struct err *e)
{
    struct lane *l = b->lane;
    struct job_spec *spec = NULL;
    struct part_files parts = {0};
    char *columns = NULL;
    bool ok =
        l->limit_key == b->job.key || spool_load(l->spool, b->job.key, &spec, &parts, &columns, e);

    if (ok && spec) {
        l->limit_key = b->job.key;
        l->limit = spec->max_bad_rows;
    }
    b->max_bad_rows = l->limit;
    job_spec_free(spec);
    part_files_done(&parts);
    free(columns);
    return ok;
}

static void batch_done(struct batch *b)
{
    rejected_discard(&b->rejected);
    rejected_done(&b->rejected);
    problems_done(&b->problems);
    buf_done(&b->text);
    map_done(&b->seen);
    free(b->row);
}

/* The job, if the file belongs to one that stands. */
static bool find_job(struct batch *b, const char *id, bool *is_ours)
{
    struct err e = {0};

    *is_ours = false;
    if (!spool_find(b->lane->spool, id, &b->job, &e)) {
        if (e.text[0])
            lane_fails(b->lane, "cannot read the spool", &e);
        *is_ours = e.text[0] != '\0'; /* it may be */
        return false;
    }
    if (!b->job.is_standing || b->job.state == JOB_IMPORTING)
        return false;
    *is_ours = true;
    if (load_limit(b, &e))
        return true;
    lane_fails(b->lane, "cannot read the spool", &e);
    return false;
}

enum fate trigger(struct lane *l, const struct drop_entry *file, const char *id, bool *is_ours)
{
    const struct settings *set = l->intake->o.settings;
    struct batch b = {.lane = l, .file = file};
    char *stem = drop_stem(file->name, ".ndjson");
    enum fate fate = FATE_LATER;
    bool found = false;

    problems_init(&b.problems);
    rejected_init(&b.rejected, set->out_dir, id, "adding");
    buf_init(&b.text, (size_t)set->caps.trigger_file_bytes * 2 + 1024);
    map_init(&b.seen);
    if (find_job(&b, id, is_ours)) {
        fate = refuse_resume(l, set->failed_dir, stem, file, &found);
        if (!found)
            fate = drop_is_being_written(file->path) ? FATE_LATER : work(&b);
    }
    batch_done(&b);
    free(stem);
    return fate;
}
