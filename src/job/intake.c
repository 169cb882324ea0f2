#include "intake_private.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>
#include <sluice/base/map.h>
#include <sluice/base/must.h>
#include <sluice/os/clock.h>
#include <sluice/os/file.h>
#include <sluice/os/log.h>
#include <sluice/os/thread.h>

/* Also without inotify (network file systems) things go on, and what waits for a full disk is tried again. */
#define RESCAN_MS 2000
/* A file for a standing job that does not exist is complained of after that long. */
#define UNCLAIMED_MS (10 * 60 * 1000)

/* ---- what both lanes say ---- */

void lane_pause(struct lane *l, const char *because)
{
    char text[sizeof l->paused];
    bool is_news;

    str_copy(text, sizeof text, str_of(because ? because : ""));
    l->had_trouble = l->had_trouble || *text;
    pthread_mutex_lock(&l->intake->lock);
    is_news = strcmp(text, l->paused) != 0;
    memcpy(l->paused, text, sizeof text);
    pthread_mutex_unlock(&l->intake->lock);
    if (is_news && *text)
        log_line(LOG_AT_ERROR, "intake", "paused: %s", text);
    else if (is_news)
        log_line(LOG_AT_INFO, "intake", "goes on");
}

void lane_fails(struct lane *l, const char *doing, const struct err *e)
{
    struct buf text;

    buf_init(&text, 1024);
    if (e->code == ENOSPC || e->code == EDQUOT)
        buf_printf(&text, "the disk is full: %s", e->text);
    else
        buf_printf(&text, "%s: %s", doing, e->text);
    lane_pause(l, text.data);
    buf_done(&text);
}

bool lane_has_space(struct lane *l)
{
    const struct settings *s = l->intake->o.settings;
    const char *const dir[] = {s->spool_dir, s->out_dir};
    struct err e;

    for (size_t i = 0; i < sizeof dir / sizeof *dir; i++) {
        if (!file_space_is_at_least(dir[i], (uint64_t)s->caps.min_free_bytes, NULL, &e)) {
            e.text[sizeof l->paused - 1] = '\0';
            lane_pause(l, e.text);
            return false;
        }
    }
    return true;
}

void intake_progress(struct intake *i, uint64_t rows, uint64_t read_bytes, uint64_t file_bytes)
{
    pthread_mutex_lock(&i->lock);
    i->status.rows = rows;
    i->status.read_bytes = read_bytes;
    i->status.file_bytes = file_bytes;
    pthread_mutex_unlock(&i->lock);
}

/* ---- one look ---- */

static void scan_begins(struct lane *l)
{
    pthread_mutex_lock(&l->intake->lock);
    l->is_busy = true;
    l->is_wanted = false;
    pthread_mutex_unlock(&l->intake->lock);
    l->had_trouble = false;
}

static void scan_ends(struct lane *l, unsigned left, unsigned unclaimed)
{
    bool is_news;

    pthread_mutex_lock(&l->intake->lock);
    is_news = unclaimed > l->unclaimed;
    l->is_busy = false;
    l->left = left;
    l->unclaimed = unclaimed;
    pthread_mutex_unlock(&l->intake->lock);
    if (is_news)
        log_line(
            LOG_AT_WARNING, "intake",
            "unclaimed=%u files named JOBID.*.ndjson lie in the drop directory without such a job",
            unclaimed);
    if (!l->had_trouble)
        lane_pause(l, NULL);
}

/* Which ids are standing jobs, as far as this scan has asked. */
struct asked {
    struct lane *lane;
    struct map known;
    unsigned unclaimed;
};
static char yes, no;

/* The recipients of a job lie there for a moment before the job does. */
static bool is_old(const struct lane *l, const char *name)
{
    struct drop_entry d;
    bool is;

    if (!drop_look(l->intake->o.settings->drop_dir, name, &d))
        return false;
    is = clock_wall().ms - (int64_t)d.st.st_mtim.tv_sec * 1000 > UNCLAIMED_MS;
    drop_entry_done(&d);
    return is;
}

/* Files of other names may be the recipients of a job that is still to come: they are left alone, and do
 * not crowd out those that can be worked on. */
static bool is_for_standing_job(void *arg, const char *name)
{
    struct asked *a = arg;
    struct job_row row;
    struct err e = {0};
    const char *answer;
    char id[65];

    drop_trigger_id(name, id);
    answer = map_get(&a->known, str_of(id));
    if (!answer) {
        /* An error of the spool counts as yes: trigger() asks again and says so. */
        answer = spool_find(a->lane->spool, id, &row, &e) ? (row.is_standing ? &yes : &no)
                 : e.text[0]                              ? &yes
                                                          : &no;
        map_set(&a->known, str_of(id), (void *)answer);
    }
    a->unclaimed += answer == &no && is_old(a->lane, name);
    return answer == &yes;
}

static enum fate work_on(struct lane *l, enum drop_kind kind, const struct drop_entry *d,
                         bool *is_ours)
{
    char id[65];

    *is_ours = true;
    if (kind == DROP_JOBS)
        return submit(l, d);
    drop_trigger_id(d->name, id);
    return trigger(l, d, id, is_ours);
}

/* A lane that gets stuck on one file goes on to the next: only a full disk stops all, and each of them
 * finds that out for itself. */
static void scan(struct lane *l, enum drop_kind kind)
{
    struct asked asked = {.lane = l};
    struct drop_list list;
    unsigned left = 0;
    struct err e;

    scan_begins(l);
    map_init(&asked.known);
    if (!drop_read(l->intake->o.settings->drop_dir, kind,
                   kind == DROP_TRIGGERS ? is_for_standing_job : NULL, &asked, &list, &e)) {
        lane_fails(l, "cannot look for jobs", &e);
        left = 1;
    }
    for (size_t i = 0; i < list.count; i++) {
        bool is_ours = true;

        if (atomic_load(&l->intake->stop) ||
            (work_on(l, kind, &list.item[i], &is_ours) == FATE_LATER && is_ours))
            left++;
    }
    drop_done(&list);
    map_done(&asked.known);
    scan_ends(l, left, asked.unclaimed);
}

void intake_scan_jobs(struct intake *i)
{
    scan(&i->lane[LANE_JOBS], DROP_JOBS);
}

void intake_scan_triggers(struct intake *i)
{
    scan(&i->lane[LANE_TRIGGERS], DROP_TRIGGERS);
}

/* ---- waiting ---- */

void lane_wake(struct lane *l)
{
    const uint64_t one = 1;

    pthread_mutex_lock(&l->intake->lock);
    l->is_wanted = true;
    pthread_mutex_unlock(&l->intake->lock);
    if (write(l->wake, &one, sizeof one) < 0)
        return; /* it is full: a wake-up waits already */
}

/* The directory may be moved away and made again; each round sees to it. */
static void watch(struct lane *l)
{
    const char *dir = l->intake->o.settings->drop_dir;

    if (l->notify >= 0)
        l->watch = inotify_add_watch(l->notify, dir,
                                     IN_MOVED_TO | IN_CLOSE_WRITE | IN_CREATE | IN_ONLYDIR);
}

static void drain(int fd)
{
    char events[4096] __attribute__((aligned(8)));

    if (fd < 0)
        return;
    while (read(fd, events, sizeof events) > 0)
        ;
}

static void wait_for_more(struct lane *l)
{
    struct pollfd fd[2] = {{l->notify, POLLIN, 0}, {l->wake, POLLIN, 0}};

    poll(fd, 2, RESCAN_MS);
    /* Before the scan: what comes while it runs wakes us again. */
    drain(l->notify);
    drain(l->wake);
}

static void *run_jobs(void *arg)
{
    struct lane *l = arg;

    while (!atomic_load(&l->intake->stop)) {
        watch(l);
        intake_scan_jobs(l->intake);
        wait_for_more(l);
    }
    return NULL;
}

static void *run_triggers(void *arg)
{
    struct lane *l = arg;

    while (!atomic_load(&l->intake->stop)) {
        watch(l);
        intake_scan_triggers(l->intake);
        wait_for_more(l);
    }
    return NULL;
}

/* ---- life ---- */

static bool make_dirs(const struct settings *s, struct err *e)
{
    return file_make_dirs(s->drop_dir, e) && file_make_dirs(s->accepted_dir, e) &&
           file_make_dirs(s->failed_dir, e) && file_make_dirs(s->out_dir, e) &&
           file_make_dirs(s->spool_dir, e);
}

static bool lane_open(struct lane *l, struct intake *i, struct err *e)
{
    l->intake = i;
    l->notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC); /* -1: the rescans do it */
    l->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    l->is_wanted = true;
    if (l->wake < 0)
        return err_sys(e, "cannot make an eventfd");
    return spool_open(i->o.settings->spool_dir, &l->spool, e);
}

bool intake_open(const struct intake_options *o, struct intake **out, struct err *e)
{
    struct intake *i = mem_new(sizeof *i);
    bool ok = make_dirs(o->settings, e);

    i->o = *o;
    pthread_mutex_init(&i->lock, NULL);
    for (int n = 0; n < LANES; n++)
        i->lane[n].notify = i->lane[n].wake = -1;
    for (int n = 0; ok && n < LANES; n++)
        ok = lane_open(&i->lane[n], i, e);
    *out = i;
    if (ok)
        return true;
    intake_close(i);
    *out = NULL;
    return false;
}

void intake_close(struct intake *i)
{
    if (!i)
        return;
    for (int n = 0; n < LANES; n++) {
        struct lane *l = &i->lane[n];

        if (l->notify >= 0)
            close(l->notify);
        if (l->wake >= 0)
            close(l->wake);
        spool_close(l->spool);
    }
    pthread_mutex_destroy(&i->lock);
    free(i);
}

bool intake_start(const struct intake_options *o, struct intake **out, struct err *e)
{
    static void *(*const run[LANES])(void *) = {run_jobs, run_triggers};
    static const char *const name[LANES] = {"intake-jobs", "intake-triggers"};

    if (!intake_open(o, out, e))
        return false;
    for (int n = 0; n < LANES; n++) {
        struct lane *l = &(*out)->lane[n];

        l->is_running = thread_start(&l->thread, name[n], 0, run[n], l, e);
        if (!l->is_running) {
            intake_stop(*out);
            *out = NULL;
            return false;
        }
    }
    return true;
}

void intake_stop(struct intake *i)
{
    if (!i)
        return;
    atomic_store(&i->stop, true);
    for (int n = 0; n < LANES; n++) {
        if (i->lane[n].is_running)
            lane_wake(&i->lane[n]);
    }
    for (int n = 0; n < LANES; n++) {
        if (i->lane[n].is_running)
            pthread_join(i->lane[n].thread, NULL);
    }
    intake_close(i);
}

void intake_status(struct intake *i, struct intake_status *out)
{
    pthread_mutex_lock(&i->lock);
    *out = i->status;
    out->waiting_files =
        i->lane[LANE_JOBS].left + i->lane[LANE_TRIGGERS].left + i->lane[LANE_TRIGGERS].unclaimed;
    for (int n = LANES - 1; n >= 0; n--) {
        if (i->lane[n].paused[0])
            memcpy(out->paused_because, i->lane[n].paused, sizeof out->paused_because);
    }
    pthread_mutex_unlock(&i->lock);
}

bool intake_is_idle(struct intake *i)
{
    bool is_idle = true;

    pthread_mutex_lock(&i->lock);
    for (int n = 0; n < LANES; n++) {
        const struct lane *l = &i->lane[n];

        is_idle = is_idle && !l->is_busy && !l->is_wanted && l->left == 0;
    }
    pthread_mutex_unlock(&i->lock);
    return is_idle;
}
