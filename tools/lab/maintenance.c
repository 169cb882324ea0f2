/* maintenance.c: see maintenance.h. */
#include <stdlib.h>
#include <sluice/base/must.h>
#include "maintenance.h"

#define FOR_EVER INT64_MAX
#define FIRST_MS 1000 /* "the first second after" */

struct watchman { /* one per receiver: wakes when its next window begins */
    struct timer timer;
    struct lab *lab;
    struct receiver *receiver;
};

static int64_t since_start(const struct lab *lab)
{
    return lab->loop.now_ms - lab->loop.start_ms;
}

static const struct stretch *stretch_at(const struct receiver *r, int64_t ms)
{
    for (size_t i = 0; i < r->maintenances; i++)
        if (r->maintenance[i].from_ms <= ms && ms < r->maintenance[i].until_ms)
            return &r->maintenance[i];
    return NULL;
}

bool maintenance_is_on(const struct lab *lab, const struct receiver *r)
{
    return r->maintenances && stretch_at(r, since_start(lab));
}

static void wait_for_next(struct watchman *w)
{
    struct lab *lab = w->lab;
    const struct receiver *r = w->receiver;
    int64_t next = FOR_EVER;
    for (size_t i = 0; i < r->maintenances; i++)
        if (r->maintenance[i].from_ms > since_start(lab) && r->maintenance[i].from_ms < next)
            next = r->maintenance[i].from_ms;
    loop_timer_off(&lab->loop, &w->timer);
    if (next != FOR_EVER)
        loop_timer(&lab->loop, &w->timer, lab->loop.start_ms + next);
}

static void begin(struct receiver *r)
{
    struct inside *t = &r->tally.inside;
    t->windows++;
    t->open_at_begin += r->open;
    r->first_after_ms = 0;
}

static void on_begin(struct timer *t)
{
    struct watchman *w = (struct watchman *)((char *)t - offsetof(struct watchman, timer));
    begin(w->receiver);
    wait_for_next(w);
}

void maintenance_start(struct lab *lab)
{
    struct scene *s = lab->scene;
    lab->watchmen = mem_array(s->receivers ? s->receivers : 1, sizeof *lab->watchmen);
    for (size_t i = 0; i < s->receivers; i++) {
        struct watchman *w = &lab->watchmen[i];
        *w = (struct watchman){.timer.on = on_begin, .lab = lab, .receiver = s->receiver[i]};
        s->receiver[i]->number = i;
        if (maintenance_is_on(lab, s->receiver[i]))
            begin(s->receiver[i]);
        wait_for_next(w);
    }
}

void maintenance_stop(struct lab *lab)
{
    for (size_t i = 0; lab->watchmen && i < lab->scene->receivers; i++)
        loop_timer_off(&lab->loop, &lab->watchmen[i].timer);
    free(lab->watchmen);
    lab->watchmen = NULL;
}

static bool add(struct lab *lab, struct receiver *r, int64_t from_ms, int64_t until_ms,
                struct err *e)
{
    int64_t now = since_start(lab);
    bool was_on = maintenance_is_on(lab, r);
    if (from_ms >= until_ms)
        return err_set(e, "the window ends before it begins");
    if (until_ms <= now)
        return err_set(e, "the window is over already");
    if (r->maintenances == MAINTENANCES_MAX)
        return err_set(e, "more than %d windows", MAINTENANCES_MAX);
    r->maintenance[r->maintenances++] = (struct stretch){from_ms, until_ms};
    if (!was_on && maintenance_is_on(lab, r))
        begin(r);
    wait_for_next(&lab->watchmen[r->number]);
    return true;
}

static void end_all(struct lab *lab, struct receiver *r)
{
    int64_t now = since_start(lab);
    size_t kept = 0;
    for (size_t i = 0; i < r->maintenances; i++) {
        struct stretch s = r->maintenance[i];
        if (s.until_ms > now)
            s.until_ms = now;
        if (s.from_ms < s.until_ms)
            r->maintenance[kept++] = s;
    }
    r->maintenances = kept;
    wait_for_next(&lab->watchmen[r->number]);
}

bool maintenance_set(struct lab *lab, struct receiver *r, const char *value, struct err *e)
{
    struct str rest = str_of(value), word;
    int64_t from, until;
    int64_t start_wall = lab->loop.wall_ms - since_start(lab);
    if (strcmp(value, "off") == 0) {
        end_all(lab, r);
        return true;
    }
    if (strcmp(value, "on") == 0)
        return maintenance_is_on(lab, r) || add(lab, r, since_start(lab), FOR_EVER, e);
    if (!str_cut(&rest, ' ', &word) || !str_to_i64(word, &from) ||
        !str_to_i64(str_trim(rest), &until))
        return err_set(e, "maintenance is on, off, or FROM UNTIL in Unix milliseconds");
    return add(lab, r, from - start_wall, until - start_wall, e);
}

/* The end of the last window that is over; -1: none. */
static int64_t last_end(const struct receiver *r, int64_t now)
{
    int64_t end = -1;
    for (size_t i = 0; i < r->maintenances; i++)
        if (r->maintenance[i].until_ms <= now && r->maintenance[i].until_ms > end)
            end = r->maintenance[i].until_ms;
    return end;
}

void maintenance_connection(struct lab *lab, struct receiver *r)
{
    struct inside *t = &r->tally.inside;
    int64_t now = since_start(lab);
    int64_t end = r->maintenances ? last_end(r, now) : -1;
    if (maintenance_is_on(lab, r)) {
        t->connections++;
        return;
    }
    if (end < 0)
        return;
    if (r->first_after_ms == 0) {
        r->first_after_ms = now;
        t->after_ms = now - end;
        t->after_peak = 0;
    }
    if (now < r->first_after_ms + FIRST_MS && r->open > t->after_peak)
        t->after_peak = r->open;
}
