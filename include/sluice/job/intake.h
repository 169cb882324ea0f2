/* intake.h: the drop directory: jobs in, standing jobs' files in, and what is wrong said. (S)
 *
 * Two lanes, so that a trigger never waits behind an import: `jobs` imports one job after the
 * other; `triggers` appends the files of standing jobs at once. Both watch the directory (inotify,
 * and a rescan every two seconds) and have a spool of their own.
 *
 *   drop/NAME.job + its recipients file
 *       accepted    ACCEPTED/NAME/, and OUT/ID/rejected.csv when rows were bad or double
 *       refused     FAILED/NAME/ with NAME.error, and rejected.csv when rows were bad
 *   drop/JOBID.anything.ndjson
 *       accepted    ACCEPTED/JOBID/anything.ndjson; bad rows behind those in OUT/JOBID/rejected.csv
 *       refused     FAILED/JOBID.anything/ with JOBID.anything.error
 *
 * A name that is already taken there gets -2, -3 ... behind it. What fails because of this machine
 * (a full disk, a spool that cannot be written) refuses nothing: the files stay, `paused_because`
 * says why, and it is tried again. Everything is safe to be killed at any instant: the next start
 * finds either the dropped files untouched or the job in the spool (spool_import_begin's `source`),
 * and then only moves the files (see src/job/filing.c).
 *
 *     struct intake_options o = {.settings = s, .to = &box, .kind_job = 1, .kind_append = 2};
 *     if (!intake_start(&o, &intake, &e)) ...
 */
#ifndef SLUICE_JOB_INTAKE_H
#define SLUICE_JOB_INTAKE_H

#include <sluice/base/err.h>
#include <sluice/conf/settings.h>
#include <sluice/os/mailbox.h>
#include <sluice/spool/spool.h>

/* What the planner's shell hears; it frees them with free(). */
struct intake_job {
    struct letter letter; /* kind_job: a job is in the spool, ready to be opened */
    struct job_row row;
};
struct intake_append {
    struct letter letter; /* kind_append: rows were added to a standing job, durably */
    uint32_t job_key;
    unsigned count; /* of the domains below */
    struct {
        uint32_t domain_id;
        char domain[256];
        uint64_t added;
        int64_t due_ms; /* the earliest */
    } item[];
};
struct intake_options {
    const struct settings *settings;
    struct mailbox *to;
    int kind_job, kind_append;
    /* Gives each sendable contact of `list` to each() (which returns false to stop): the recipients of jobs with
     * `from_list`. vars: a JSON object. Called in the thread of the jobs lane only. False on error. NULL: such jobs
     * are refused. */
    bool (*each_contact)(void *arg, const char *list,
                         bool (*each)(void *each_arg, const char *email, const char *vars),
                         void *each_arg, struct err *e);
    /* The settings as they are now: what a reload changes (the clients' messages, time zone, calendars) counts for
     * the next job. They stay valid until let_go(arg, *held). NULL: `settings` do for all. Folders and most caps are
     * those of `settings` in any case. */
    const struct settings *(*hold_settings)(void *arg, void **held);
    void (*let_go)(void *arg, void *held);
    void *arg;
};
/* For status: what is being imported now. */
struct intake_status {
    bool is_importing;
    char name[200];
    uint64_t rows, read_bytes, file_bytes;
    uint64_t jobs_accepted, jobs_failed, trigger_rows;
    unsigned waiting_files;
    char paused_because[160]; /* "": not paused; disk full */
};
struct intake;
bool intake_start(const struct intake_options *o, struct intake **out, struct err *e);
void intake_status(struct intake *i, struct intake_status *out); /* thread-safe */
bool intake_is_idle(struct intake *i); /* nothing in the drop directory that could be worked on,
                                          nothing being imported: for --drain */
void intake_stop(
    struct intake *i); /* aborts a running import (its input stays); joins; NULL is fine */

#endif
