/* calendar_watch.c: the planner always has the calendars of now: after a start, a reload, a day, and
 * whenever a calendar file appears, changes or goes. */
#include <stdlib.h>
#include <string.h>
#include "warden.h"

#define DAY_MS (INT64_C(86400) * 1000)

/* ---- jobs' own windows ---- */

/* A copy: the job may end while its windows are looked at. */
struct job_windows {
    uint32_t job_key;
    char id[65];
    struct windows windows;
};
struct windows_list {
    uint32_t only; /* this job; 0: all */
    bool is_found;
    struct job_windows *item;
    size_t count;
};

static void list_windows(struct engine *e, void *arg)
{
    struct windows_list *l = arg;
    for (const struct keeper_job *j = e->jobs; j; j = j->next) {
        if (l->only && j->row.key != l->only)
            continue;
        l->is_found = true;
        if (j->spec->send_windows.count == 0)
            continue;
        l->item = mem_grow(l->item, l->count + 1, sizeof *l->item);
        struct job_windows *to = &l->item[l->count++];
        to->job_key = j->row.key;
        memcpy(to->id, j->row.id, sizeof to->id);
        windows_copy(&to->windows, &j->spec->send_windows);
    }
}

static void windows_list_done(struct windows_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        windows_done(&l->item[i].windows);
    free(l->item);
}

static void add_job(struct calendar_maker *m, const char *id, const struct windows *w,
                    struct spans *out)
{
    char *what = mem_printf("send windows of job %s", id);
    calendar_add_sending(m, w, what, out);
    free(what);
}

static void add_for_now(struct engine *e, const char *id, const struct windows *w,
                        struct spans *out)
{
    struct calendar_maker m;
    struct setup *s = engine_hold(e);
    calendar_maker_init(&m, setup_settings(s), calendars_range(clock_wall()));
    add_job(&m, id, w, out);
    calendar_maker_done(&m);
    engine_let_go(e, s);
}

void engine_spec_calendar(struct engine *e, const struct job_spec *spec, struct spans *out)
{
    if (spec->send_windows.count)
        add_for_now(e, spec->id, &spec->send_windows, out);
}

bool engine_job_calendar(struct engine *e, uint32_t job_key, struct spans *out)
{
    struct windows_list l = {.only = job_key};
    engine_call(e, &e->keeper_box, list_windows, &l);
    if (l.count)
        add_for_now(e, l.item[0].id, &l.item[0].windows, out);
    windows_list_done(&l);
    return l.is_found;
}

/* ---- all of them ---- */

static json_t *trouble_of(const struct problems *p)
{
    json_t *out = json_array();
    for (size_t i = 0; i < p->count; i++) {
        const struct problem *one = &p->item[i];
        char *text = one->line
                         ? mem_printf("%s:%u: %s", one->file, one->line, one->text)
                         : mem_printf("%s: %s", one->file ? one->file : "calendar", one->text);
        json_t *t = json_string(text);
        json_array_append_new(out, t ? t : json_string("(not UTF-8)"));
        free(text);
    }
    if (p->left_out)
        json_array_append_new(out, json_sprintf("calendar: %zu more problems", p->left_out));
    return out;
}

void calendars_prepare(struct engine *e, const struct setup *s, struct new_calendars *out)
{
    struct calendar_maker m;
    struct windows_list l = {0};
    *out = (struct new_calendars){0};
    calendar_maker_init(&m, s->settings, calendars_range(clock_wall()));
    calendars_make(&m, &out->calendars);
    if (e->has_keeper)
        engine_call(e, &e->keeper_box, list_windows, &l);
    out->job = mem_array(l.count + 1, sizeof *out->job);
    for (; out->jobs < l.count; out->jobs++) {
        struct job_closed *j = &out->job[out->jobs];
        j->job_key = l.item[out->jobs].job_key;
        add_job(&m, l.item[out->jobs].id, &l.item[out->jobs].windows, &j->closed);
    }
    problems_init(&out->said);
    calendars_warn(&m.problems, &out->said);
    out->trouble = trouble_of(&out->said);
    windows_list_done(&l);
    calendar_maker_done(&m);
}

/* The warden's calendars are what the planner has: changed on its thread, with it. */
void calendars_give(struct engine *e, struct new_calendars *n)
{
    struct warden *w = e->warden;
    struct now now = clock_now();
    pthread_mutex_lock(&w->lock);
    struct calendars former = w->calendars;
    for (size_t i = 0; i < former.count; i++)
        if (!calendars_find(&n->calendars, former.item[i].party, former.item[i].name))
            plan_calendar(e->plan, former.item[i].party, former.item[i].name, NULL, now);
    w->calendars = n->calendars;
    w->calendars_at = now.wall;
    for (size_t i = 0; i < w->calendars.count; i++) {
        const struct party_calendar *p = &w->calendars.item[i];
        plan_calendar(e->plan, p->party, p->name, &p->closed, now);
    }
    json_t *trouble = w->trouble;
    w->trouble = n->trouble;
    pthread_mutex_unlock(&w->lock);
    for (size_t i = 0; i < n->jobs; i++)
        plan_job_calendar(e->plan, n->job[i].job_key, &n->job[i].closed, now);
    n->calendars = former;
    n->trouble = trouble;
}

static bool has_text(const json_t *list, const json_t *text)
{
    size_t i;
    json_t *t;
    json_array_foreach(list, i, t)
    {
        if (json_equal(t, text))
            return true;
    }
    return false;
}

/* `n` holds what it was before. */
void calendars_say_new(struct engine *e, const struct new_calendars *n)
{
    size_t i;
    json_t *t;
    char quoted[800];
    pthread_mutex_lock(&e->warden->lock);
    json_array_foreach(e->warden->trouble, i, t)
    {
        if (!has_text(n->trouble, t))
            log_line(LOG_AT_WARNING, "calendar", "%s",
                     log_quote(str_of(json_string_value(t)), quoted, sizeof quoted));
    }
    pthread_mutex_unlock(&e->warden->lock);
}

void calendars_let_go(struct new_calendars *n)
{
    for (size_t i = 0; i < n->jobs; i++)
        spans_done(&n->job[i].closed);
    free(n->job);
    calendars_done(&n->calendars);
    json_decref(n->trouble);
    problems_done(&n->said);
}

static void give(struct engine *e, void *arg)
{
    calendars_give(e, arg);
}

void calendars_look(struct warden *w)
{
    struct engine *e = w->e;
    pthread_mutex_lock(&e->reload_lock);
    const struct setup *s = atomic_load(&e->setup);
    uint64_t stamp = calendars_stamp(s->settings);
    int64_t age_ms = clock_wall().ms - w->calendars_at.ms;
    bool is_old = age_ms > DAY_MS || age_ms < -DAY_MS; /* or the clock was set back */
    if (stamp != w->stamp || is_old) {
        struct new_calendars n;
        calendars_prepare(e, s, &n);
        engine_call(e, &e->brain_box, give, &n);
        calendars_say_new(e, &n);
        calendars_let_go(&n);
        if (!is_old)
            log_line(LOG_AT_INFO, "calendar", "the calendar files changed: read again");
    }
    w->stamp = stamp;
    pthread_mutex_unlock(&e->reload_lock);
}

void engine_each_calendar(struct engine *e,
                          void (*each)(void *arg, enum plan_party party, const char *name,
                                       const struct spans *closed),
                          void *arg)
{
    struct warden *w = e->warden;
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < w->calendars.count; i++)
        if (w->calendars.item[i].closed.count)
            each(arg, w->calendars.item[i].party, w->calendars.item[i].name,
                 &w->calendars.item[i].closed);
    pthread_mutex_unlock(&w->lock);
}

json_t *calendar_trouble_json(struct warden *w)
{
    pthread_mutex_lock(&w->lock);
    json_t *out = json_deep_copy(w->trouble);
    pthread_mutex_unlock(&w->lock);
    return out;
}
