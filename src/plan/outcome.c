/* outcome.c: what ended on a connection, and what that means for it, the host and the provider. */
#include <stdlib.h>
#include <string.h>
#include <sluice/reply/reply.h>
#include "parts.h"

/* The connection works, or worked. */
static void answered(struct conn *c)
{
    c->answered++;
    c->site->provider->failures = 0;
    c->site->host[c->host].failures = 0;
}

static double mean(double so_far, double ms)
{
    if (ms < 0.1) /* clocks tick in milliseconds, and 0 means "not known" */
        ms = 0.1;
    return so_far > 0 ? so_far * 0.8 + ms * 0.2 : ms;
}

/* Until an operator says what the refusal was worth, or the recipient expires. */
static void quarantine(struct plan *p, struct job *j, const struct provider *v, struct outcome *o)
{
    o->state = STATE_QUARANTINED;
    o->next_due_ms = delivery_expires(p, j, v, o->added).ms;
}

void plan_outcome(struct plan *p, uint32_t number, struct outcome *o, struct delivery *d,
                  struct now now)
{
    struct conn *c = &p->conn[number];
    MUST(c->state != CONN_FREE && c->pending > 0);
    c->pending--;
    c->site->provider->pending--;
    c->done++;
    struct provider *v = c->site->provider;
    struct job *j = plan_job_find(p, o->job_key);
    bool is_permanent;
    if (o->reply.code)
        answered(c);
    else if (o->phase != PHASE_RENDER && o->phase != PHASE_POLICY)
        c->unheard++;
    outcome_classify(o, v->name, &is_permanent);
    str_copy(o->source, sizeof o->source, str_of(c->source->party.name));
    outcome_decide(p, j, v, o, is_permanent, now);
    react_to_reply(p, v, o, c->source->party.name, now);
    if (react_to_outcome(p, v, o, now) && o->state == STATE_BOUNCED)
        quarantine(p, j, v, o);
    if (o->state == STATE_DELIVERED) {
        v->ramp_done++;
        v->accepted++;
    }
    if (o->connect_ms)
        v->dial_ms = mean(v->dial_ms, o->connect_ms);
    c->message_ms = mean(c->message_ms, o->send_ms);
    v->message_ms = mean(v->message_ms, o->send_ms);
    if (o->category == CAT_RATE_LIMITED && o->scope != SCOPE_RECIPIENT)
        soften_by_message(v, &o->reply, now);
    delivery_free(d);
    outcome_settle(p, j, o);
    plan_touch(p, v); /* its row no longer counts as leased: there may be room */
}

void plan_judge_recovered(struct plan *p, struct outcome *o, struct now now)
{
    struct job *j = plan_job_find(p, o->job_key);
    MUST(j);
    bool is_permanent = false;
    const char *host = o->mx_host;
    const struct profile *f = NULL;
    char name[64] = "";
    if (host[0]) { /* the route is not known any more, the host is: enough for the provider's name and rules */
        f = profiles_match(&p->shaping->profiles, "", &host, 1);
        provider_name(&host, 1, name);
    }
    outcome_classify(o, f ? f->name : name, &is_permanent);
    outcome_decide(p, j, NULL, o, is_permanent, now);
}

static void host_failed(struct plan *p, const struct conn *c, struct now now)
{
    struct provider *v = c->site->provider;
    struct host *h = &c->site->host[c->host];
    /* Who wants retries sooner than that wants the host back sooner, too. */
    int64_t rest =
        v->limits->retry_interval_ms < HOST_REST_MS ? v->limits->retry_interval_ms : HOST_REST_MS;
    for (unsigned i = 0; i < h->failures && rest < HOST_REST_MAX_MS; i++)
        rest *= 2;
    /* Connections that were dialled together fail together: that is one failure of the host. */
    if (h->rest_until_ms <= now.mono.ms) {
        h->failures++;
        h->rest_until_ms = now.mono.ms + (rest < HOST_REST_MAX_MS ? rest : HOST_REST_MAX_MS);
    }
    int64_t most = v->limits->consecutive_connection_failures_before_delay;
    if (most > 0 && ++v->failures >= most) {
        v->rest_until_ms = now.mono.ms + v->limits->retry_interval_ms;
        v->failures = 0;
        plan_touch(p, v);
    }
}

/* What a lost connection had not begun: back to the lane if somebody else can take it, else it
 * failed with it. */
static void place_left(struct plan *p, struct site *s, const struct outcome *why,
                       struct delivery *left, bool failed, struct now now)
{
    bool try_on = !failed || s->provider->connections > 0 || site_opens_at(s, now) <= now.mono.ms;
    struct delivery *back = NULL; /* reversed, so that putting them in front keeps their order */
    for (struct delivery *d = left, *next; d; d = next) {
        next = d->next;
        d->next = NULL;
        const struct job *j = plan_job_find(p, d->job_key);
        if (j->is_cancelled || p->is_stopping || j->opens_ms > now.wall.ms) {
            lane_return(p, d, now.wall.ms, now);
        } else if (try_on) {
            d->next = back;
            back = d;
        } else {
            plan_connection_outcome(p, d, why, s->provider, now);
        }
    }
    for (struct delivery *d = back, *next; d; d = next) {
        next = d->next;
        lane_put(p, s, d, true);
    }
}

static void leave(struct plan *p, struct conn *c)
{
    struct provider *v = c->site->provider;
    if (c->state == CONN_IDLE) {
        RING_REMOVE(v->idle, c, of_provider);
        RING_REMOVE(p->idle, c, of_plan);
        c->site->idle--;
    } else if (c->state == CONN_CLOSING) {
        v->closing--;
        p->closing--;
    }
    if (c->was_ready && c->state != CONN_CLOSING)
        c->site->working--;
    c->state = CONN_FREE;
    v->connections--;
    v->pending -= c->pending;
    c->site->connections--;
    conn_leave_gates(p, c);
    p->free_conn[p->free_conns++] = (uint32_t)(c - p->conn);
}

/* Whatever it says: one over which no server said anything about any message is a failure, else we
 * would dial it for ever. (What could not be rendered is nobody's fault.) */
static bool has_failed(const struct plan *p, const struct conn *c)
{
    return !p->is_stopping && !c->was_ready && c->answered == 0 &&
           (c->done == 0 || c->unheard > 0) && !c->was_untried;
}

/* What the connection itself was told ("421 too many connections"), of no recipient in particular. */
static void react_to_closing(struct plan *p, struct provider *v, const struct outcome *o,
                             const struct conn *c, struct now now)
{
    struct outcome nobody = *o;
    nobody.job_key = 0;
    react_to_reply(p, v, &nobody, c->source->party.name, now);
}

void plan_closed(struct plan *p, uint32_t number, const struct outcome *o, bool tls_failed,
                 struct delivery *left, struct now now)
{
    struct conn *c = &p->conn[number];
    MUST(c->state != CONN_FREE);
    struct site *s = c->site;
    struct provider *v = s->provider;
    leave(p, c);
    bool failed = has_failed(p, c);
    if (o->reply.code && !p->is_stopping)
        react_to_closing(p, v, o, c, now);
    if (tls_failed && c->use_tls) { /* the same host again, in clear text */
        s->host[c->host].tls_broken_until_ms = now.mono.ms + v->limits->remember_broken_tls_ms;
        failed = false;
    } else if (failed && o->reply.code / 100 == 4 && v->connections > 0) {
        /* The others stand (or are refused in their turn), this one was one too many. */
        soften(v, v->connections, now);
    } else if (failed) {
        host_failed(p, c, now);
    }
    place_left(p, s, o, left, failed, now);
    site_unused(p, s, 0);
    plan_touch(p, v);
}

void plan_late(struct plan *p, struct delivery *left, struct now now)
{
    for (struct delivery *d = left, *next; d; d = next) {
        next = d->next;
        d->next = NULL;
        lane_return(p, d, now.wall.ms, now);
    }
}

void plan_untried(struct plan *p, uint32_t number, struct delivery *left, struct now now)
{
    struct conn *c = &p->conn[number];
    c->was_untried = true;
    for (struct delivery *d = left; d; d = d->next) {
        MUST(c->pending > 0);
        c->pending--;
        c->site->provider->pending--;
        c->sent--;
    }
    plan_late(p, left, now);
}
