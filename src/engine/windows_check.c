/* windows_check.c: windows that contradict one another. */
#include "windows_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sluice/base/must.h>

#define MINUTE_MS 60000

struct check {
    struct calendar_maker *m;
    struct wall now;
    struct spans *maintenance; /* by profile */
    void (*each)(void *arg, const char *text, struct origin at);
    void *arg;
};

static int64_t open_ms(const struct check *c, const struct spans *closed)
{
    int64_t from = c->m->range.from.ms, until = c->m->range.until.ms;
    return until - from - spans_closed_ms(closed, from, until);
}

/* ---- inside maintenance ---- */

static void check_against(struct check *c, const struct window *w, const char *owner,
                          const struct spans *own, size_t profile)
{
    struct spans both = {0};
    char window[300], text[600];
    if (c->maintenance[profile].count == 0)
        return;
    spans_join(&both, own, &c->maintenance[profile]);
    if (open_ms(c, &both) < MINUTE_MS) {
        window_format(w, window, sizeof window);
        snprintf(text, sizeof text, "send window %s of %s lies wholly inside the maintenance of %s",
                 window, owner, c->m->settings->shaping.profiles.item[profile].name);
        c->each(c->arg, text, w->at);
    }
    spans_done(&both);
}

/* Each window by itself: beside others it would be open all the same, and mean nothing. `only`: the
 * provider that it belongs to; SIZE_MAX: to all. */
static void check_send_windows(struct check *c, const struct windows *all, const char *owner,
                               size_t only)
{
    size_t profiles = c->m->settings->shaping.profiles.count;
    for (size_t i = 0; i < all->count; i++) {
        struct windows one = {.item = &all->item[i], .count = 1, .holidays = all->holidays};
        struct spans own = {0};
        calendar_add_sending(c->m, &one, owner, &own);
        bool is_open = open_ms(c, &own) >= MINUTE_MS;
        for (size_t k = 0; is_open && k < profiles; k++)
            if (only == SIZE_MAX || only == k)
                check_against(c, &all->item[i], owner, &own, k);
        spans_done(&own);
    }
}

/* ---- over ---- */

static void check_over(struct check *c, const struct windows *all, const char *kind,
                       const char *owner)
{
    char window[300], text[600];
    for (size_t i = 0; i < all->count; i++) {
        const struct window *w = &all->item[i];
        if (w->kind != WINDOW_ONCE || w->until.ms > c->now.ms)
            continue;
        window_format(w, window, sizeof window);
        snprintf(text, sizeof text, "%s %s of %s lies in the past", kind, window, owner);
        c->each(c->arg, text, w->at);
    }
}

/* ---- jobs ---- */

static void check_finish(struct check *c, const struct window_job *job)
{
    const struct client *client =
        shaping_client(&c->m->settings->shaping, job->client ? job->client : "");
    struct calendar_maker far;
    struct spans closed = {0};
    char text[400], by[WALL_TEXT], at[WALL_TEXT];
    int64_t from = job->start.ms > c->now.ms ? job->start.ms : c->now.ms;
    if (job->finish_by.ms == 0)
        return;
    calendar_maker_init(&far, c->m->settings, calendars_range(c->now));
    calendar_add_sending(&far, job->windows, "job", &closed);
    if (client)
        calendar_add_sending(&far, &client->send_windows, "client", &closed);
    struct wall opens = {spans_opens_at(&closed, from)};
    if (job->finish_by.ms <= opens.ms) {
        wall_format(job->finish_by, by);
        wall_format(opens, at);
        if (opens.ms == WHEN_NEVER)
            snprintf(text, sizeof text, "job %s shall finish by %s and may never send", job->id,
                     by);
        else
            snprintf(text, sizeof text, "job %s shall finish by %s and may not send before %s",
                     job->id, by, at);
        c->each(c->arg, text, (struct origin){0});
    }
    spans_done(&closed);
    calendar_maker_done(&far);
}

static void check_job(struct check *c, const struct window_job *job)
{
    char *owner = mem_printf("job %s", job->id);
    check_send_windows(c, job->windows, owner, SIZE_MAX);
    check_over(c, job->windows, "the send window", owner);
    check_finish(c, job);
    free(owner);
}

/* ---- all ---- */

static void check_profile(struct check *c, size_t i)
{
    const struct profile *f = &c->m->settings->shaping.profiles.item[i];
    check_send_windows(c, &f->send_windows, f->name, i);
    check_over(c, &f->send_windows, "the send window", f->name);
    check_over(c, &f->maintenance, "the maintenance", f->name);
}

static void check_client(struct check *c, const struct client *client)
{
    char *owner = mem_printf("client %s", client->name);
    check_send_windows(c, &client->send_windows, owner, SIZE_MAX);
    check_over(c, &client->send_windows, "the send window", owner);
    free(owner);
}

void windows_check(struct calendar_maker *m, const struct window_job *job, size_t jobs,
                   struct wall now, void (*each)(void *arg, const char *text, struct origin at),
                   void *arg)
{
    const struct shaping *s = &m->settings->shaping;
    struct check c = {.m = m, .now = now, .each = each, .arg = arg};
    c.maintenance = mem_array(s->profiles.count + 1, sizeof *c.maintenance);
    for (size_t i = 0; i < s->profiles.count; i++)
        calendar_add_maintenance(m, &s->profiles.item[i], &c.maintenance[i]);
    for (size_t i = 0; i < s->profiles.count; i++)
        check_profile(&c, i);
    for (size_t i = 0; i < s->clients; i++)
        check_client(&c, &s->client[i]);
    for (size_t i = 0; i < jobs; i++)
        check_job(&c, &job[i]);
    for (size_t i = 0; i < s->profiles.count; i++)
        spans_done(&c.maintenance[i]);
    free(c.maintenance);
}
