/* submit.c: one job file, from the drop directory into the spool. */
#include "intake_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/job/recipients.h>
#include <sluice/os/clock.h>
#include <sluice/os/file.h>
#include <sluice/os/log.h>

#include "jobfile_private.h"
#include "submission.h"

/* ---- checks ---- */

/* The list that a job names is not there: if it can be told who took it, that is the news. */
static void say_list_is_missing(struct submission *s)
{
    const struct settings *set = s->lane->intake->o.settings;
    const char *name = s->file.spec->recipients;
    char *job = filing_search(set->accepted_dir, name);
    const char *where = "accepted";

    if (!job) {
        job = filing_search(set->failed_dir, name);
        where = "failed";
    }
    if (job)
        problems_add(&s->problems, s->job->path, jobfile_line(&s->file, "recipients"),
                     "recipients: not in the drop directory; the job '%s' took it (%s/%s/): each "
                     "job needs a "
                     "file of its own (got \"%s\")",
                     job, where, job, name);
    else
        problems_add(
            &s->problems, s->job->path, jobfile_line(&s->file, "recipients"),
            "recipients: not in the drop directory, where it must be before the job file is "
            "(got \"%s\")",
            name);
    free(job);
}

/* A file for another, standing job would be taken by that one, sooner or later. */
static void check_owner(struct submission *s)
{
    char id[65];
    struct job_row row;
    struct err e = {0};

    if (drop_trigger_id(s->file.spec->recipients, id) && spool_find(s->lane->spool, id, &row, &e) &&
        row.is_standing)
        problems_add(&s->problems, s->job->path, jobfile_line(&s->file, "recipients"),
                     "recipients: a file of the standing job '%s' (got \"%s\")", id,
                     s->file.spec->recipients);
}

static void open_list(struct submission *s)
{
    const struct settings *set = s->lane->intake->o.settings;
    const struct job_spec *spec = s->file.spec;
    const struct recipients_options o = {.charset = spec->charset,
                                         .max_bytes = (uint64_t)set->caps.recipients_bytes,
                                         .max_row_bytes = (size_t)set->caps.row_bytes,
                                         .max_columns = (unsigned)set->caps.columns,
                                         .max_depth = 32};
    struct err e;
    unsigned line;

    check_owner(s);
    if (!drop_look(set->drop_dir, spec->recipients, &s->list)) {
        say_list_is_missing(s);
        return;
    }
    s->rows = recipients_open(s->list.path, &o, &line, &e);
    if (!s->rows)
        problems_add(&s->problems, spec->recipients, line, "%s", e.text);
}

static void check_id(struct submission *s, const struct job_row *before)
{
    char when[WALL_TEXT];

    wall_format(before->created, when);
    problems_add(
        &s->problems, s->job->path, jobfile_line(&s->file, "id"),
        "id: used before, by a job of %s that is %s now: each job needs a new one (got \"%s\")",
        when, job_state_name(before->state), before->id);
}

static void check_all(struct submission *s)
{
    const struct job_spec *spec = s->file.spec;

    if (spec->recipients)
        open_list(s);
    if (spec->from_list && !s->lane->intake->o.each_contact)
        problems_add(&s->problems, s->job->path, jobfile_line(&s->file, "from_list"),
                     "from_list: cannot be used here");
    if (spec->template_name)
        submission_check_message(s);
}

/* ---- the end of an import ---- */

static void note_duplicate(void *arg, const char *email, uint64_t line, uint64_t first_line)
{
    struct submission *s = arg;
    const struct job_spec *spec = s->file.spec;
    struct buf why;
    struct err e;

    buf_init(&why, 100);
    buf_printf(&why, "duplicate of line %llu", (unsigned long long)first_line);
    /* Out of our memory at once: right behind the last of these calls the job is in the spool, and a crash
     * then must not lose them. */
    if (!rejected_add(&s->rejected, line, why.data, email,
                      spec->recipients ? spec->recipients : spec->from_list, &e) ||
        !rejected_flush(&s->rejected, &e))
        log_line(LOG_AT_ERROR, "intake", "job=%s rejected.csv is not complete: %s", spec->id,
                 e.text);
    buf_done(&why);
}

static void post(struct submission *s, const struct job_row *row)
{
    const struct intake_options *o = &s->lane->intake->o;
    struct intake_job *j = mem_new(sizeof *j);

    j->letter.kind = o->kind_job;
    j->row = *row;
    mailbox_send(o->to, &j->letter);
}

static void log_acceptance(const struct job_row *row)
{
    log_line(LOG_AT_INFO, "intake",
             "accepted=%s client=%s recipients=%llu duplicates=%llu bad_rows=%llu", row->id,
             row->client, (unsigned long long)row->recipients, (unsigned long long)row->duplicates,
             (unsigned long long)row->bad_rows);
}

/* The job is in the spool; what remains can be made up for after a crash. */
static enum fate put_away(struct submission *s)
{
    const struct settings *set = s->lane->intake->o.settings;
    struct filing f = {0};
    struct err e;
    bool ok = rejected_publish(&s->rejected, &e) &&
              filing_begin(&f, set->accepted_dir, s->stem, s->job, set->drop_dir, &e) &&
              submission_write_warnings(s, f.dir, &e) &&
              filing_move(&f, s->job, s->list.name ? &s->list : NULL, &e);

    if (!ok)
        lane_fails(s->lane, "cannot put the files of an accepted job away", &e);
    filing_done(&f);
    return ok ? FATE_DONE : FATE_LATER;
}

static enum fate finish(struct submission *s)
{
    struct intake *in = s->lane->intake;
    struct job_row row;
    struct err e;
    bool ok;

    if (!rejected_flush(&s->rejected, &e)) {
        lane_fails(s->lane, "cannot note bad rows", &e);
        spool_import_abort(s->import); /* it holds the job's folder: the next try could not begin */
        s->import = NULL;
        return FATE_LATER;
    }
    ok = spool_import_finish(s->import, s->bad, note_duplicate, s, &row, &e);
    s->import = NULL;
    if (!ok) {
        lane_fails(s->lane, "cannot import", &e);
        return FATE_LATER;
    }
    s->is_in_spool = true;
    log_acceptance(&row);
    submission_log_warnings(s);
    post(s, &row);
    pthread_mutex_lock(&in->lock);
    in->status.jobs_accepted++;
    pthread_mutex_unlock(&in->lock);
    if (row.is_standing)
        lane_wake(&in->lane[LANE_TRIGGERS]);
    return put_away(s);
}

static enum fate refuse_submission(struct submission *s)
{
    const struct drop_entry *list = s->list.name ? &s->list : NULL;
    struct drop_entry now;
    struct err e;
    bool has_rows = s->file.spec && s->rejected.rows > 0;

    if (has_rows && !rejected_flush(&s->rejected, &e)) {
        lane_fails(s->lane, "cannot note bad rows", &e);
        return FATE_LATER;
    }
    /* It may have changed since: that may be the very reason. */
    if (list && drop_look(s->lane->intake->o.settings->drop_dir, list->name, &now)) {
        drop_entry_done(&s->list);
        s->list = now;
    }
    return refuse(s->lane, s->stem, s->job, list, has_rows ? s->rejected.temp : NULL, &s->problems);
}

static void set_importing(struct submission *s, bool is_importing)
{
    struct intake *in = s->lane->intake;

    pthread_mutex_lock(&in->lock);
    in->status.is_importing = is_importing;
    str_copy(in->status.name, sizeof in->status.name, str_of(s->stem));
    in->status.rows = in->status.read_bytes = in->status.file_bytes = 0;
    pthread_mutex_unlock(&in->lock);
}

static enum fate import_job(struct submission *s)
{
    enum go go;
    struct err e = {0};

    if (!lane_has_space(s->lane))
        return FATE_LATER;
    if (!s->file.spec->token)
        s->file.spec->token = mem_printf("%016llx", (unsigned long long)clock_entropy());
    if (!spool_import_begin(s->lane->spool, s->file.spec, &s->parts, s->job->identity_with_ctime,
                            clock_wall(), &s->import, &e)) {
        s->import = NULL;
        /* Only now does the spool know that an import before the crash had been complete. */
        if (e.code == EEXIST && !s->is_second_try) {
            s->is_second_try = true;
            return submission_judge(s);
        }
        lane_fails(s->lane, "cannot import", &e);
        return FATE_LATER;
    }
    rejected_reset(&s->rejected);
    s->warnings = s->problems.count;
    set_importing(s, true);
    go = submission_import(s);
    set_importing(s, false);
    if (go == GO_ON)
        return finish(s);
    spool_import_abort(s->import);
    s->import = NULL;
    return go == GO_REFUSE ? refuse_submission(s) : FATE_LATER;
}

/* The job is in the spool from before a crash: only its files have to go. */
static enum fate was_accepted(struct submission *s)
{
    const char *name = s->file.spec->recipients;

    s->is_in_spool = true;
    if (name && !s->list.name)
        drop_look(s->lane->intake->o.settings->drop_dir, name, &s->list);
    return put_away(s);
}

enum fate submission_judge(struct submission *s)
{
    struct job_row before;
    struct err e = {0};
    bool is_known = s->file.spec->id && spool_find(s->lane->spool, s->file.spec->id, &before, &e);

    if (!is_known && e.text[0]) {
        lane_fails(s->lane, "cannot read the spool", &e);
        return FATE_LATER;
    }
    if (is_known && before.state != JOB_IMPORTING) {
        if (strcmp(before.source, s->job->identity_with_ctime) == 0)
            return was_accepted(s);
        check_id(s, &before);
    }
    if (!s->is_second_try)
        check_all(s);
    return s->problems.errors ? refuse_submission(s) : import_job(s);
}

static void hold_settings(struct submission *s)
{
    const struct intake_options *o = &s->lane->intake->o;

    s->settings = o->hold_settings ? o->hold_settings(o->arg, &s->held) : o->settings;
}

static void submission_done(struct submission *s)
{
    const struct intake_options *o = &s->lane->intake->o;

    /* What a failed or interrupted import noted is noted again by the next. */
    if (s->file.spec && s->file.spec->id) {
        if (!s->is_in_spool)
            rejected_discard(&s->rejected);
        rejected_done(&s->rejected);
    }
    recipients_close(s->rows);
    part_files_done(&s->parts);
    jobfile_done(&s->file);
    drop_entry_done(&s->list);
    problems_done(&s->problems);
    free(s->stem);
    if (o->hold_settings)
        o->let_go(o->arg, s->held);
}

static bool is_there(const struct submission *s)
{
    struct drop_entry now;
    bool is = drop_look(s->lane->intake->o.settings->drop_dir, s->job->name, &now);

    if (is)
        drop_entry_done(&now);
    return is;
}

/* Not even a job that could be read; what it seems to name as its recipients goes with it. */
static enum fate refuse_unreadable(struct submission *s)
{
    const struct settings *set = s->lane->intake->o.settings;
    char *list = NULL;

    if (!is_there(s))
        return FATE_DONE; /* whoever dropped it took it back */
    if (S_ISREG(s->job->st.st_mode))
        list = jobfile_guess_recipients(s->job->path, (size_t)set->caps.job_file_bytes);
    if (list)
        drop_look(set->drop_dir, list, &s->list);
    free(list);
    return refuse_submission(s);
}

static enum fate read_and_judge(struct submission *s)
{
    const struct settings *set = s->lane->intake->o.settings;
    const char *list;
    char *path;
    bool is_busy;

    if (!S_ISREG(s->job->st.st_mode)) {
        problems_add(&s->problems, s->job->path, 0, "not a regular file");
        return refuse_unreadable(s);
    }
    if (!jobfile_read(s->job->path, s->settings, clock_now(), &s->file, &s->problems))
        return refuse_unreadable(s);
    if (s->file.spec->id)
        rejected_init(&s->rejected, set->out_dir, s->file.spec->id, "importing");
    list = s->file.spec->recipients;
    path = mem_printf("%s/%s", set->drop_dir, list ? list : "");
    is_busy = list && drop_is_being_written(path);
    free(path);
    return is_busy ? FATE_LATER : submission_judge(s);
}

enum fate submit(struct lane *l, const struct drop_entry *job)
{
    const struct settings *set = l->intake->o.settings;
    struct submission s = {.lane = l, .job = job};
    enum fate fate;
    bool found = false;

    s.stem = drop_stem(job->name, ".job");
    hold_settings(&s);
    problems_init(&s.problems);
    s.rejected.fd = -1;
    fate = refuse_resume(l, set->failed_dir, s.stem, job, &found);
    if (!found)
        fate = refuse_resume(l, set->accepted_dir, s.stem, job, &found);
    if (!found)
        fate = drop_is_being_written(job->path) ? FATE_LATER : read_and_judge(&s);
    submission_done(&s);
    return fate;
}
