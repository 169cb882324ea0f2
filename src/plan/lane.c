/* lane.c: rows that are ready for a connection: a line per site and priority, in it a lane per job;
 * lanes take turns. */
#include <stdlib.h>
#include "parts.h"

static struct lane *lane_get(struct line *line, struct job *j)
{
    struct lane *l = line->lanes;
    if (l)
        do {
            if (l->job == j)
                return l;
        } while ((l = l->of_line.next) != line->lanes);
    l = mem_array(1, sizeof *l);
    l->line = line;
    l->job = j;
    l->last = &l->first;
    RING_PUT(line->lanes, l, of_line);
    RING_PUT(j->lanes, l, of_job);
    return l;
}

static void grew(struct plan *p, struct lane *l)
{
    struct line *line = l->line;
    struct provider *v = line->site->provider;
    l->ready++;
    if (job_is_capped(l->job))
        v->capped[line->prio]++;
    if (line->ready++ == 0) {
        RING_PUT(v->lines[line->prio], line, of_provider);
        v->lines_ready[line->prio]++;
    }
    line->site->ready++;
    v->ready[line->prio]++;
    plan_touch(p, v);
}

static void shrank(struct plan *p, struct lane *l)
{
    struct line *line = l->line;
    struct provider *v = line->site->provider;
    l->ready--;
    if (v->capped[line->prio] && job_is_capped(l->job)) {
        v->capped[line->prio]--;
        if ((l->ready & (l->ready - 1)) == 0) /* now and then, and when the last one goes */
            flow_poke(p, v, l->job);
    }
    if (--line->ready == 0) {
        RING_REMOVE(v->lines[line->prio], line, of_provider);
        v->lines_ready[line->prio]--;
    }
    line->site->ready--;
    v->ready[line->prio]--;
}

void lane_put(struct plan *p, struct site *s, struct delivery *d, bool in_front)
{
    struct job *j = plan_job_find(p, d->job_key);
    struct lane *l = lane_get(&s->line[j->info.priority], j);
    d->next = in_front ? l->first : NULL;
    if (in_front) {
        l->first = d;
        if (!d->next)
            l->last = &d->next;
    } else {
        *l->last = d;
        l->last = &d->next;
    }
    grew(p, l);
}

struct delivery *lane_pop(struct plan *p, struct lane *l)
{
    struct line *line = l->line;
    struct delivery *d = l->first;
    l->first = d->next;
    d->next = NULL;
    shrank(p, l);
    if (l->first) {
        line->lanes = l->of_line.next;
        return d;
    }
    RING_REMOVE(line->lanes, l, of_line);
    RING_REMOVE(l->job->lanes, l, of_job);
    free(l);
    return d;
}

struct delivery *line_pop(struct plan *p, struct line *line)
{
    return line->lanes ? lane_pop(p, line->lanes) : NULL;
}

void lane_return(struct plan *p, struct delivery *d, int64_t due_ms, struct now now)
{
    struct job *j = plan_job_find(p, d->job_key);
    if (j->is_cancelled) { /* ACT_CANCEL_ROWS passed it by while it was leased */
        delivery_cancel(p, d, now);
        return;
    }
    j->leased--;
    p->leased--;
    job_bucket(j, d->domain_id)->leased--;
    bucket_add(p, job_bucket(j, d->domain_id), 1, due_ms);
    struct plan_action *a = plan_say(p, ACT_RETURN);
    a->job_key = d->job_key;
    a->due_ms = due_ms;
    a->chain = d;
}

void lane_return_all(struct plan *p, struct lane *l, struct now now)
{
    struct site *s = l->line->site;
    for (unsigned n = l->ready; n > 0; n--)
        lane_return(p, lane_pop(p, l), now.wall.ms, now);
    plan_touch(p, s->provider);
    site_unused(p, s, 0);
}

void site_return_all(struct plan *p, struct site *s, int64_t due_ms, struct now now)
{
    for (int prio = 0; prio < PRIORITIES; prio++)
        for (struct delivery *d; (d = line_pop(p, &s->line[prio]));)
            lane_return(p, d, due_ms, now);
    plan_touch(p, s->provider); /* there is room for others */
    site_unused(p, s, 0);
}

void provider_return_all(struct plan *p, struct provider *v, int64_t due_ms, struct now now)
{
    for (int prio = 0; prio < PRIORITIES; prio++)
        while (v->lines[prio])
            site_return_all(p, v->lines[prio]->site, due_ms, now);
}

void job_return_all(struct plan *p, struct job *j, struct now now)
{
    while (j->lanes) {
        struct site *s = j->lanes->line->site;
        lane_return(p, lane_pop(p, j->lanes), now.wall.ms, now);
        plan_touch(p, s->provider);
        site_unused(p, s, 0);
    }
}
