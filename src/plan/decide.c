/* decide.c: what an outcome means for its recipient: delivered, final, in doubt, or when again. */
#include <stdlib.h>
#include <string.h>
#include <sluice/reply/reply.h>
#include "parts.h"

/* RFC 5321 knows two ends and "try again"; the third is ours: written, not answered. */
void outcome_decide(struct plan *p, struct job *j, const struct provider *v, struct outcome *o,
                    bool is_permanent, struct now now)
{
    const struct limits *l = v ? v->limits : &p->shaping->profiles.fallback;
    o->next_due_ms = 0;
    if (o->category == CAT_OK) {
        o->state = STATE_DELIVERED;
        return;
    }
    if (o->dot_unanswered) {
        o->category = CAT_IN_DOUBT;
        o->scope = SCOPE_CONNECTION;
        str_copy(o->rule, sizeof o->rule, str_of("in-doubt policy"));
        if (j->info.in_doubt != DOUBT_RETRY) {
            o->state = j->info.in_doubt == DOUBT_HOLD ? STATE_IN_DOUBT : STATE_DELIVERED;
            return;
        }
    } else if (is_permanent) {
        o->state = o->category == CAT_SUPPRESSED     ? STATE_SUPPRESSED
                   : o->category == CAT_EXPIRED      ? STATE_EXPIRED
                   : o->category == CAT_CANCELLED    ? STATE_CANCELLED
                   : o->category == CAT_RENDER_ERROR ? STATE_SKIPPED
                                                     : STATE_BOUNCED;
        return;
    }
    /* Without a next attempt: what may have been delivered must not be called cancelled or expired.
     */
    if (j->is_cancelled) {
        o->state = o->dot_unanswered ? STATE_IN_DOUBT : STATE_CANCELLED;
        return;
    }
    int64_t due = now.wall.ms +
                  retry_delay_ms(l, o->attempt, o->category == CAT_GREYLISTED, rng_unit(&p->rng));
    if (due >=
        delivery_expires(p, j, v, o->added).ms) { /* too late; the last reply stays visible */
        o->state = o->dot_unanswered ? STATE_IN_DOUBT : STATE_EXPIRED;
        return;
    }
    o->state = STATE_DEFERRED;
    o->next_due_ms = due;
}

void outcome_classify(struct outcome *o, const char *provider, bool *is_permanent)
{
    struct verdict v;
    str_copy(o->provider, sizeof o->provider, str_of(provider));
    if (o->phase == PHASE_RENDER ||
        o->phase == PHASE_POLICY) { /* ours: nothing was said by a server */
        o->category = o->phase == PHASE_RENDER ? CAT_RENDER_ERROR : CAT_ADDRESS_UNSUPPORTED;
        o->scope = SCOPE_RECIPIENT;
        str_copy(o->rule, sizeof o->rule, str_of("engine"));
        *is_permanent = true;
        return;
    }
    reply_classify(provider, o->phase, &o->reply, &v);
    o->category = v.category;
    o->scope = v.scope;
    str_copy(o->rule, sizeof o->rule, str_of(v.rule));
    *is_permanent = v.is_permanent;
}

/* Books it: the row is the spool's again (deferred) or gone (final), and the outcome goes to be
 * recorded. */
void outcome_settle(struct plan *p, struct job *j, struct outcome *o)
{
    j->leased--;
    p->leased--;
    job_bucket(j, o->domain_id)->leased--;
    if (o->state == STATE_DEFERRED || o->state == STATE_QUARANTINED)
        bucket_add(p, job_bucket(j, o->domain_id), 1, o->next_due_ms);
    struct plan_action *a = plan_say(p, ACT_RECORD);
    a->job_key = o->job_key;
    a->outcome = o;
    job_check_done(p, j);
}

void plan_own_outcome(struct plan *p, struct delivery *d, enum phase phase, enum category c,
                      const char *enhanced, const char *text, bool is_permanent,
                      const char *provider, struct now now)
{
    struct job *j = plan_job_find(p, d->job_key);
    struct outcome *o = mem_array(1, sizeof *o);
    outcome_for(o, d);
    o->phase = phase;
    o->category = c;
    o->scope = SCOPE_RECIPIENT;
    o->at = now.wall;
    o->slot = NO_SLOT;
    str_copy(o->reply.enhanced, sizeof o->reply.enhanced, str_of(enhanced));
    str_copy(o->reply.text, sizeof o->reply.text, str_of(text));
    str_copy(o->provider, sizeof o->provider, str_of(provider));
    str_copy(o->rule, sizeof o->rule, str_of(phase == PHASE_RESOLVE ? "mx lookup" : "engine"));
    outcome_decide(p, j, NULL, o, is_permanent, now);
    delivery_free(d);
    outcome_settle(p, j, o);
}

void delivery_cancel(struct plan *p, struct delivery *d, struct now now)
{
    plan_own_outcome(p, d, PHASE_POLICY, CAT_CANCELLED, "", "the job was cancelled", true, "", now);
}

void plan_connection_outcome(struct plan *p, struct delivery *d, const struct outcome *why,
                             struct provider *v, struct now now)
{
    struct job *j = plan_job_find(p, d->job_key);
    struct outcome *o = mem_array(1, sizeof *o);
    outcome_for(o, d);
    o->phase = why->phase;
    o->reply = why->reply;
    memcpy(o->mx_host, why->mx_host, sizeof o->mx_host);
    memcpy(o->mx_ip, why->mx_ip, sizeof o->mx_ip);
    o->connect_ms = why->connect_ms;
    o->at = now.wall;
    o->slot = NO_SLOT;
    bool is_permanent;
    outcome_classify(o, v->name, &is_permanent);
    outcome_decide(p, j, v, o, false,
                   now); /* a connection's failure is never final for a recipient */
    delivery_free(d);
    outcome_settle(p, j, o);
}
