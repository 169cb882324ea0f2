/* engine.c: starts the threads in order, stops them in the reverse one. */
#include <fcntl.h>
#include <sys/file.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sluice/engine/answers.h>
#include <sluice/os/file.h>
#include "engine.h"
#include "setup.h"
#include "warden.h"

#define STOP_SAID_MS 10000

/* Made if need be. One that cannot be written is said now, and not when the first job is done. */
static bool prepare_folder(const char *what, const char *dir, struct err *err)
{
    if (!file_make_dirs(dir, err))
        return err_set(err, "%s: %s", what, err->text);
    return access(dir, R_OK | W_OK | X_OK) == 0 ||
           err_sys(err, "%s: cannot read and write in %s", what, dir);
}

static bool prepare_list_folder(const struct settings *s, struct err *err)
{
    char *dir = mem_str(s->list_db), *slash = strrchr(dir, '/');
    bool ok = !slash || slash == dir;
    if (!ok) {
        *slash = 0;
        ok = prepare_folder("the folder of list_db", dir, err);
    }
    free(dir);
    return ok;
}

static bool make_folders(const struct settings *s, struct err *err)
{
    return prepare_folder("drop_dir", s->drop_dir, err) &&
           prepare_folder("accepted_dir", s->accepted_dir, err) &&
           prepare_folder("failed_dir", s->failed_dir, err) &&
           prepare_folder("out_dir", s->out_dir, err) &&
           prepare_folder("spool_dir", s->spool_dir, err) && prepare_list_folder(s, err);
}

static bool lock_drop(struct engine *e, struct err *err)
{
    const char *dir = e->settings->drop_dir;
    e->drop_lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (e->drop_lock < 0)
        return err_sys(err, "drop_dir %s", dir);
    if (flock(e->drop_lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    return err_set(err,
                   "drop_dir %s: another sluiced takes its jobs from there; give each daemon a "
                   "directory of its own",
                   dir);
}

static bool open_stores(struct engine *e, bool *same_boot, struct err *err)
{
    const struct settings *s = e->settings;
    char path[4096];
    snprintf(path, sizeof path, "%s/handover", s->spool_dir);
    return handover_open(path, (uint32_t)s->max_connections, &e->handover, same_boot, err) &&
           spool_open(s->spool_dir, &e->spool, err) &&
           spool_open(s->spool_dir, &e->scribe_spool, err) &&
           list_open(s->list_db, &e->list, err) && list_open(s->list_db, &e->scribe_list, err) &&
           list_open(s->list_db, &e->intake_list, err);
}

static bool start_resolver(struct engine *e, struct err *err)
{
    const struct settings *s = e->settings;
    struct resolver_options o = {.servers = s->dns.servers,
                                 .timeout_ms = s->dns.timeout_ms,
                                 .tries = (int)s->dns.tries,
                                 .cache_max = (size_t)s->dns.cache_max,
                                 .in_flight_max = (unsigned)s->dns.in_flight_max,
                                 .ttl_min_sec = (uint32_t)s->dns.ttl_min_sec,
                                 .ttl_max_sec = (uint32_t)s->dns.ttl_max_sec,
                                 .servfail_ms = s->dns.servfail_ms,
                                 .use_ipv4 = s->dns.use_ipv4,
                                 .use_ipv6 = s->dns.use_ipv6,
                                 .prohibited = e->prohibited,
                                 .seed = clock_entropy()};
    return resolver_start(&o, &e->resolver, err);
}

static bool start_pool(struct engine *e, struct err *err)
{
    const struct settings *s = e->settings;
    struct pool_options o = {.max_connections = (uint32_t)s->max_connections,
                             .ehlo_name = s->ehlo_name,
                             .utc_offset_min = (int)s->utc_offset_min,
                             .reports = &e->brain_box,
                             .kind_outcome = TO_BRAIN_OUTCOME,
                             .kind_ready = TO_BRAIN_READY,
                             .kind_closed = TO_BRAIN_CLOSED,
                             .kind_untried = TO_BRAIN_UNTRIED,
                             .handover = e->handover,
                             .connect_ms = s->timeouts.connect,
                             .banner_ms = s->timeouts.banner,
                             .ehlo_ms = s->timeouts.ehlo,
                             .starttls_ms = s->timeouts.starttls,
                             .mail_ms = s->timeouts.mail_from,
                             .rcpt_ms = s->timeouts.rcpt_to,
                             .data_ms = s->timeouts.data,
                             .data_block_ms = s->timeouts.data_block,
                             .data_dot_ms = s->timeouts.data_dot};
    if (!pool_start(&o, &e->pool, err))
        return false;
    pool_set_keys(e->pool, atomic_load(&e->setup)->keys);
    return true;
}

static const struct settings *hold_settings(void *engine, void **held)
{
    struct setup *s = engine_hold(engine);
    *held = s;
    return setup_settings(s);
}

static void let_go(void *engine, void *held)
{
    engine_let_go(engine, held);
}

static bool start_threads(struct engine *e, struct err *err)
{
    struct intake_options io = {.settings = e->settings,
                                .to = &e->brain_box,
                                .kind_job = TO_BRAIN_JOB,
                                .kind_append = TO_BRAIN_APPEND,
                                .each_contact = engine_each_contact,
                                .hold_settings = hold_settings,
                                .let_go = let_go,
                                .arg = e};
    notes_begin(e->warden);
    e->has_scribe = thread_start(&e->scribe, "scribe", 0, scribe_run, e, err);
    e->has_keeper = e->has_scribe && thread_start(&e->keeper, "keeper", 0, keeper_run, e, err);
    e->has_brain = e->has_keeper && thread_start(&e->brain, "brain", 0, brain_run, e, err);
    return e->has_brain && warden_start(e, err) && intake_start(&io, &e->intake, err) &&
           control_start(e->settings->control_socket, answers_handle, e, &e->control, err);
}

static bool start(struct engine *e, struct err *err)
{
    bool same_boot;
    return make_folders(e->settings, err) && brain_prepare(e, err) &&
           open_stores(e, &same_boot, err) && lock_drop(e, err) && warden_prepare(e, err) &&
           engine_recover(e, same_boot, err) && start_resolver(e, err) && start_pool(e, err) &&
           start_threads(e, err);
}

bool engine_start(const struct settings *s, struct engine **out, struct err *err)
{
    static const atomic_bool at_once = true;
    struct engine *e = mem_array(1, sizeof *e);
    e->settings = s;
    e->drop_lock = -1;
    e->started = clock_wall();
    pthread_mutex_init(&e->lock, NULL);
    pthread_mutex_init(&e->setup_lock, NULL);
    pthread_mutex_init(&e->reload_lock, NULL);
    pthread_mutex_init(&e->lever_lock, NULL);
    pthread_mutex_init(&e->preview_lock, NULL);
    pthread_mutex_init(&e->txt_lock, NULL);
    /* Without an eventfd nothing can fail. */
    MUST(mailbox_init(&e->brain_box, false) && mailbox_init(&e->keeper_box, false) &&
         mailbox_init(&e->scribe_box, false) && mailbox_init(&e->preview_box, false) &&
         mailbox_init(&e->txt_box, false));
    if (start(e, err)) {
        *out = e;
        return true;
    }
    engine_stop(e, &at_once);
    engine_free(e);
    return false;
}

/* ---- drained ---- */

static void ask_for_work(struct engine *e, void *arg)
{
    bool *has_work = arg;
    struct plan_counts c;
    plan_counts(e->plan, 0, &c);
    /* Connections are no work: an idle one may stay open for a minute. */
    *has_work = c.waiting + c.leased > 0 || e->opening > 0 || plan_has_unfinished(e->plan) ||
                atomic_load(&e->ending) > 0;
}

/* In this order: what the intake has let go of stands in the planner's mailbox in front of the
 * question. */
bool engine_is_drained(struct engine *e)
{
    bool has_work = true;
    if (intake_is_idle(e->intake))
        engine_call(e, &e->brain_box, ask_for_work, &has_work);
    return !has_work;
}

/* ---- the end ---- */

static void send_to(struct mailbox *box, int kind)
{
    struct letter *l = mem_array(1, sizeof *l);
    l->kind = kind;
    mailbox_send(box, l);
}

static void look_up(struct engine *e, void *arg)
{
    (void)e, (void)arg; /* the brain wakes for it and sees is_stopping */
}

static void ask_running(struct engine *e, void *arg)
{
    struct plan_counts c;
    plan_counts(e->plan, 0, &c);
    *(uint32_t *)arg = c.connections;
}

/* Who dials begins no message any more, and who has begun one has dialled. Each step once: only a text
 * that the receiver takes in drops lasts longer. */
static int64_t longest_ms(const struct settings *s)
{
    int64_t dial = s->timeouts.connect + s->timeouts.banner + s->timeouts.ehlo +
                   s->timeouts.starttls + s->timeouts.ehlo;
    int64_t message = s->timeouts.mail_from + s->timeouts.rcpt_to + s->timeouts.data +
                      s->timeouts.data_block + s->timeouts.data_dot;
    return dial > message ? dial : message;
}

static void say_running(struct engine *e, struct wall since)
{
    uint32_t connections = 0;
    char latest[WALL_TEXT];
    engine_call(e, &e->brain_box, ask_running, &connections);
    wall_format((struct wall){since.ms + longest_ms(e->settings)}, latest);
    if (connections)
        log_line(LOG_AT_INFO, "stop",
                 "connections=%u are ending, by %s at the latest; a second SIGTERM cuts them",
                 connections, latest);
}

static void wait_quiet(struct engine *e, const atomic_bool *at_once)
{
    bool cut = false;
    struct wall since = clock_wall();
    int64_t say_at_ms = clock_mono().ms;
    while (!atomic_load(&e->brain_is_quiet)) {
        if (clock_mono().ms >= say_at_ms && !cut) {
            say_running(e, since);
            say_at_ms += STOP_SAID_MS;
        }
        if (atomic_load(at_once) && !cut) {
            pool_stop(e->pool, true);
            cut = true;
        }
        clock_sleep_until((struct mono){clock_mono().ms + 20});
    }
}

static void stop_brain(struct engine *e, const atomic_bool *at_once)
{
    atomic_store(&e->is_stopping, true);
    engine_call(e, &e->brain_box, look_up, NULL);
    pool_stop(e->pool, atomic_load(at_once));
    wait_quiet(e, at_once);
    warden_stop(e);
    send_to(&e->brain_box, TO_BRAIN_STOP);
    pthread_join(e->brain, NULL);
    warden_save(e);
}

/* The keeper goes last although it comes before the scribe: the scribe asks it for the open jobs.
 * So it tells the scribe to end when it has recorded everything, and answers until that is gone. */
static void stop_keeper(struct engine *e)
{
    atomic_store(&e->keeper_ends, true);
    send_to(&e->keeper_box, TO_KEEPER_WAKE);
    pthread_join(e->keeper, NULL);
}

bool engine_stop(struct engine *e, const atomic_bool *at_once)
{
    atomic_store(&e->at_once, at_once);
    control_stop(e->control);
    e->control = NULL;
    intake_stop(e->intake);
    e->intake = NULL;
    if (e->has_brain)
        stop_brain(e, at_once);
    if (e->has_keeper)
        stop_keeper(e);
    else if (e->has_scribe)
        send_to(&e->scribe_box, TO_SCRIBE_STOP);
    if (e->has_scribe)
        pthread_join(e->scribe, NULL);
    return !e->unrecorded;
}

static struct letter *leftovers(struct mailbox *box)
{
    struct letter *l = mailbox_take(box, (struct mono){0});
    mailbox_done(box);
    return l;
}

static void free_jobs(struct engine *e)
{
    for (struct keeper_job *j = e->jobs, *next; j; j = next) {
        next = j->next;
        keeper_job_free(j);
    }
    for (struct keeper_job *j = e->endings, *next; j; j = next) {
        next = j->next;
        keeper_job_free(j);
    }
    for (struct unopened *u = e->unopened, *next; u; u = next) {
        next = u->next;
        free(u);
    }
}

void engine_free(struct engine *e)
{
    if (!e)
        return;
    if (e->drop_lock >= 0)
        close(e->drop_lock);
    pool_free(e->pool);
    resolver_stop(e->resolver);
    plan_free(e->plan);
    warden_free(e);
    setup_free(atomic_load(&e->setup));
    letters_free(leftovers(&e->brain_box), leftovers(&e->keeper_box), leftovers(&e->scribe_box));
    letters_free((struct letter *)e->orphans, e->unrecorded, NULL);
    preview_free(leftovers(&e->preview_box));
    preview_free(leftovers(&e->txt_box));
    free_jobs(e);
    frequency_free(e);
    spool_close(e->spool);
    spool_close(e->scribe_spool);
    list_close(e->list);
    list_close(e->scribe_list);
    list_close(e->intake_list);
    handover_close(e->handover);
    pthread_mutex_destroy(&e->lock);
    pthread_mutex_destroy(&e->setup_lock);
    pthread_mutex_destroy(&e->reload_lock);
    pthread_mutex_destroy(&e->lever_lock);
    pthread_mutex_destroy(&e->preview_lock);
    pthread_mutex_destroy(&e->txt_lock);
    free(e->ended_lease);
    free(e);
}
