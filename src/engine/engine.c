/* engine.c: starts the threads in order, stops them in the reverse one. */
#include <stdio.h>
#include <stdlib.h>
#include <sluice/engine/answers.h>
#include <sluice/os/file.h>
#include "engine.h"

static bool make_folders(const struct settings *s, struct err *err)
{
    const char *dir[] = {s->drop_dir, s->accepted_dir, s->failed_dir, s->out_dir, s->spool_dir};
    for (size_t i = 0; i < sizeof dir / sizeof *dir; i++)
        if (!file_make_dirs(dir[i], err))
            return false;
    return true;
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
    return pool_start(&o, &e->pool, err);
}

static bool start_threads(struct engine *e, struct err *err)
{
    struct intake_options io = {.settings = e->settings,
                                .to = &e->brain_box,
                                .kind_job = TO_BRAIN_JOB,
                                .kind_append = TO_BRAIN_APPEND,
                                .each_contact = engine_each_contact,
                                .arg = e};
    atomic_store(&e->has_work, true);
    return thread_start(&e->scribe, "scribe", 0, scribe_run, e, err) &&
           thread_start(&e->keeper, "keeper", 0, keeper_run, e, err) &&
           thread_start(&e->brain, "brain", 0, brain_run, e, err) &&
           intake_start(&io, &e->intake, err) &&
           control_start(e->settings->control_socket, answers_handle, e, &e->control, err);
}

bool engine_start(const struct settings *s, struct engine **out, struct err *err)
{
    struct engine *e = mem_array(1, sizeof *e);
    bool same_boot;
    e->settings = s;
    e->started = clock_wall();
    if (!mailbox_init(&e->brain_box, false) || !mailbox_init(&e->keeper_box, false) ||
        !mailbox_init(&e->scribe_box, false))
        return err_set(err, "no mailbox");
    if (!make_folders(s, err) || !brain_prepare(e, err) || !open_stores(e, &same_boot, err) ||
        !engine_recover(e, same_boot, err) || !start_resolver(e, err) || !start_pool(e, err) ||
        !start_threads(e, err))
        return false; /* the program ends: the state on disk is as it was */
    *out = e;
    return true;
}

bool engine_is_drained(struct engine *e)
{
    return intake_is_idle(e->intake) && !atomic_load(&e->has_work) &&
           !atomic_load(&e->brain_box.head);
}

static void look_up(struct engine *e, void *arg)
{
    (void)e, (void)arg; /* the brain wakes for it and sees is_stopping */
}

static void wait_quiet(struct engine *e, const volatile bool *at_once)
{
    bool cut = false;
    while (!atomic_load(&e->brain_is_quiet)) {
        if (*at_once && !cut) {
            pool_stop(e->pool, true);
            cut = true;
        }
        clock_sleep_until((struct mono){clock_mono().ms + 20});
    }
}

void engine_stop(struct engine *e, const volatile bool *at_once)
{
    control_stop(e->control);
    e->control = NULL;
    intake_stop(e->intake);
    e->intake = NULL;
    atomic_store(&e->brain_is_quiet, false);
    atomic_store(&e->is_stopping, true);
    engine_call(e, &e->brain_box, look_up, NULL);
    pool_stop(e->pool, *at_once);
    wait_quiet(e, at_once);
    atomic_store(&e->brain_ends, true);
    pthread_join(e->brain, NULL);
    atomic_store(&e->keeper_ends, true);
    pthread_join(e->keeper, NULL);
    struct letter *l = mem_array(1, sizeof *l);
    l->kind = TO_SCRIBE_STOP;
    mailbox_send(&e->scribe_box, l);
    pthread_join(e->scribe, NULL);
}

static void drop_letters(struct mailbox *box)
{
    for (struct letter *l = mailbox_take(box, (struct mono){0}), *next; l; l = next) {
        next = l->next;
        free(l);
    }
    mailbox_done(box);
}

void engine_free(struct engine *e)
{
    if (!e)
        return;
    pool_free(e->pool);
    resolver_stop(e->resolver);
    plan_free(e->plan);
    while (e->jobs) {
        struct keeper_job *j = e->jobs;
        keeper_close(e, j);
        keeper_job_free(j);
    }
    spool_close(e->spool);
    spool_close(e->scribe_spool);
    list_close(e->list);
    list_close(e->scribe_list);
    list_close(e->intake_list);
    handover_close(e->handover);
    drop_letters(&e->brain_box);
    drop_letters(&e->keeper_box);
    drop_letters(&e->scribe_box);
    free(e->source);
    free(e);
}
