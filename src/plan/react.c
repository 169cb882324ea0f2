/* react.c: what replies and outcomes change for the provider: rules over replies, back-off, and the
 * outage guard. Rules never see what we made up ourselves: that would suspend for ever. */
#include <stdlib.h>
#include <string.h>
#include <inttypes.h>
#include "parts.h"

#define RETURN_STEPS 8 /* of a rule's duration: so fast its limits double back */
#define RETURN_STEP_MAX_MS (10 * 60 * 1000)

static void notice(struct plan *p, char *text)
{
    plan_say(p, ACT_NOTICE)->text = text;
}

/* ---- thresholds ---- */

static struct hits *hits_of(struct provider *v, size_t rule)
{
    for (struct hits *h = v->hits; h; h = h->next)
        if (h->rule == rule)
            return h;
    struct hits *h = mem_array(1, sizeof *h);
    h->rule = rule;
    h->next = v->hits;
    v->hits = h;
    return h;
}

/* One more match; true when the rule's threshold is reached within its period. The count begins
 * again then. */
static bool is_reached(struct provider *v, size_t number, const struct automation_rule *r,
                       struct now now)
{
    if (r->trigger.count <= 1)
        return true;
    struct hits *h = hits_of(v, number);
    int64_t slot_ms = r->trigger.period_us / 1000 / 8;
    if (slot_ms < 1)
        slot_ms = 1;
    for (int moved = 0; now.mono.ms - h->slot_ms >= slot_ms; moved++) {
        if (moved == 8) {
            h->slot_ms = now.mono.ms;
            break;
        }
        memmove(h->count + 1, h->count, 7 * sizeof h->count[0]);
        h->count[0] = 0;
        h->slot_ms += slot_ms;
    }
    h->count[0]++;
    uint64_t sum = 0;
    for (int i = 0; i < 8; i++)
        sum += h->count[i];
    if (sum < r->trigger.count)
        return false;
    memset(h->count, 0, sizeof h->count);
    return true;
}

/* ---- actions ---- */

static struct rates half_of(const struct rates *r)
{
    struct rates out = *r;
    for (unsigned i = 0; i < out.count; i++)
        out.item[i].count = out.item[i].count > 1 ? out.item[i].count / 2 : 1;
    return out;
}

static void set_backoff(struct hold *h, const struct limits *l)
{
    int64_t half = l->connection_limit > 1 ? l->connection_limit / 2 : 1;
    h->connection_limit = l->backoff_connection_limit ? l->backoff_connection_limit : half;
    h->message_rates = l->backoff_max_message_rate.count ? l->backoff_max_message_rate
                                                         : half_of(&l->max_message_rate);
    h->dial_rates = l->backoff_max_connection_rate.count ? l->backoff_max_connection_rate
                                                         : half_of(&l->max_connection_rate);
}

static int64_t step_of(const struct provider *v, int64_t duration_ms)
{
    if (v->limits->ramp_up_ms <= 0)
        return 0; /* ramps are off: back at once */
    int64_t step = duration_ms / RETURN_STEPS;
    if (step > RETURN_STEP_MAX_MS)
        step = RETURN_STEP_MAX_MS;
    return step > v->limits->ramp_up_ms ? step : v->limits->ramp_up_ms;
}

static void act(struct plan *p, struct provider *v, const struct automation_rule *r,
                const struct outcome *o, const char *source, struct now now)
{
    struct hold h = {.at = r->at};
    int64_t duration = r->duration_ms;
    if (duration <= 0)
        duration = v->limits->backoff_to_normal_after_ms;
    h.until_ms = now.wall.ms + duration;
    h.step_ms = step_of(v, duration);
    h.is_suspension = r->action == AUTO_SUSPEND || r->action == AUTO_SUSPEND_CAMPAIGN ||
                      r->action == AUTO_SUSPEND_SOURCE;
    if (r->action == AUTO_SUSPEND_CAMPAIGN)
        h.job_key = o->job_key;
    if (r->action == AUTO_SUSPEND_SOURCE)
        str_copy(h.source, sizeof h.source, str_of(source));
    if (r->action == AUTO_BACKOFF) {
        set_backoff(&h, v->limits);
    } else if (r->action == AUTO_SET_LIMITS) {
        h.connection_limit = r->connection_limit;
        h.message_rates = r->max_message_rate;
        h.dial_rates = r->max_connection_rate;
    }
    str_copy(h.rule, sizeof h.rule, str_of(r->name ? r->name : r->match));
    char *why = mem_printf("rule \"%s\" (%s): %d %s", h.rule, automation_action_name(r->action),
                           o->reply.code, o->reply.text);
    str_copy(h.why, sizeof h.why, str_of(why));
    hold_put(p, v->standing, &h);
    notice(p, mem_printf("provider=%s action=%s for_s=%" PRId64 " %s", v->name,
                         automation_action_name(r->action), duration / 1000, why));
    free(why);
    plan_touch(p, v);
}

struct match {
    struct plan *p;
    struct provider *v;
    const struct outcome *o;
    const char *source;
    struct now now;
};

static void on_match(void *arg, size_t number)
{
    struct match *m = arg;
    const struct automation_rule *r = &m->p->shaping->rules.item[number];
    if (r->action == AUTO_SUSPEND_CAMPAIGN && !m->o->job_key)
        return; /* the reply to a connection is nobody's in particular */
    if (is_reached(m->v, number, r, m->now))
        act(m->p, m->v, r, m->o, m->source, m->now);
}

void react_to_reply(struct plan *p, struct provider *v, const struct outcome *o, const char *source,
                    struct now now)
{
    struct match m = {p, v, o, source, now};
    if (o->reply.code / 100 != 4 && o->reply.code / 100 != 5)
        return;
    if (v->kind == PROVIDER_REAL && p->shaping->rules.count)
        automation_match(&p->shaping->rules, v->name, &o->reply, on_match, &m);
}

/* ---- the outage guard ---- */

static void trip(struct plan *p, struct provider *v, struct now now)
{
    struct standing *s = v->standing;
    int64_t since = guard_since_ms(&v->guard);
    if (!s->is_outage) {
        s->outage_ms = since;
        struct plan_action *a = plan_say(p, ACT_QUARANTINE);
        a->domain = s->name;
        a->due_ms = since;
    }
    s->is_outage = true;
    s->outage_rest_ms = now.wall.ms + v->limits->outage_rest_ms;
    notice(p, mem_printf("provider=%s refuses nearly everything: it rests for %" PRId64
                         " s, its permanent refusals are quarantined; settle them by "
                         "`sluice provider %s release` or `confirm`",
                         v->name, v->limits->outage_rest_ms / 1000, v->name));
    plan_touch(p, v);
}

/* More than half is accepted again: what is refused from now on is meant. */
static void see_recovery(struct plan *p, struct provider *v)
{
    const struct guard *g = &v->guard;
    if (!v->standing->is_outage || g->size == 0 || g->count < g->size / 2 + 1 ||
        g->refused * 2 >= g->count)
        return;
    v->standing->is_outage = false;
    notice(p, mem_printf("provider=%s accepts mail again; quarantined recipients wait for "
                         "`sluice provider %s release` or `confirm`",
                         v->name, v->name));
}

/* True: a permanent refusal in this outcome is quarantined. */
bool react_to_outcome(struct plan *p, struct provider *v, const struct outcome *o, struct now now)
{
    bool is_refused;
    if (v->kind != PROVIDER_REAL || v->limits->outage_sample == 0 || !guard_counts(o, &is_refused))
        return false;
    if (v->standing->believed_until_ms > now.wall.ms)
        return false;
    if (guard_note(&v->guard, v->limits, is_refused, v->profile != NULL, now.wall.ms))
        trip(p, v, now);
    else
        see_recovery(p, v);
    return v->standing->is_outage && is_refused;
}
