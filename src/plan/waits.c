/* waits.c: why something waits, and until when: what `sluice status` and, later, `sluice why`
 * print. */
#include <inttypes.h>
#include "state.h"

struct reason {
    struct buf what, why;
    struct wall until;
};

static void wall_of(struct reason *r, int64_t mono_ms, struct now now)
{
    r->until.ms = mono_ms == WHEN_NEVER ? 0 : now.wall.ms + (mono_ms - now.mono.ms);
}

static void unresolved(struct reason *r, const struct domain *d)
{
    buf_printf(&r->what, "domain %s", d->name);
    buf_puts(&r->why, d->state == DOMAIN_ASKING ? "its mail hosts are being looked up"
                                                : "its mail hosts are to be looked up");
}

/* Something that stops the whole provider; false: nothing does. */
static bool stopped(struct reason *r, const struct provider *v, struct now now)
{
    int64_t now_us = now.mono.ms * 1000;
    int64_t message_us = rate_when(&v->message_rate, now_us);
    if (v->rest_until_ms > now.mono.ms) {
        buf_printf(&r->why, "the provider rests after %" PRId64 " failed connections",
                   v->limits.consecutive_connection_failures_before_delay);
        wall_of(r, v->rest_until_ms, now);
    } else if (message_us > now_us) {
        buf_puts(&r->why, "max_message_rate is used up for the moment");
        wall_of(r, message_us / 1000, now);
    } else if (v->soft_limit && v->connections >= v->soft_limit) {
        buf_printf(&r->why, "it said \"too many connections\": %u for now", v->soft_limit);
        wall_of(r, v->soft_next_ms, now);
    } else if (v->connections >= (uint64_t)v->limits.connection_limit) {
        buf_printf(&r->why, "connection_limit %" PRId64 " is reached", v->limits.connection_limit);
    } else {
        return false;
    }
    return true;
}

static void at_provider(struct reason *r, const struct plan *p, const struct bucket *b,
                        const struct provider *v, struct now now)
{
    const struct domain *d = b->domain;
    int64_t opens = d->state == DOMAIN_ROUTED && d->site->working == 0 ? site_opens_at(d->site, now)
                                                                       : now.mono.ms;
    int64_t now_us = now.mono.ms * 1000, dial_us = rate_when(&v->connection_rate, now_us);
    if (opens > now.mono.ms) {
        buf_puts(&r->why, "all its mail hosts rest after failed connections");
        wall_of(r, opens, now);
    } else if (stopped(r, v, now)) {
        return;
    } else if (v->wants_conn.at) {
        buf_printf(&r->why, "max_connections %" PRIu32 " is reached over all providers",
                   p->options.max_connections);
    } else if (v->wants_lease.at) {
        buf_printf(&r->why, "%u recipients are under way over all providers, no more at once",
                   p->leased);
    } else if (dial_us > now_us) {
        buf_puts(&r->why, "max_connection_rate is used up for the moment");
        wall_of(r, dial_us / 1000, now);
    } else {
        buf_printf(&r->why, "its turn comes: %" PRIu64 " of this domain wait", b->waiting);
    }
}

static void reason_of(struct reason *r, const struct plan *p, const struct bucket *b,
                      struct now now)
{
    const struct domain *d = b->domain;
    if (b->job->info.is_paused) {
        buf_puts(&r->what, "job");
        buf_puts(&r->why, "the job is paused");
    } else if (b->job->info.start.ms > now.wall.ms) {
        buf_puts(&r->what, "job");
        buf_puts(&r->why, "the job's start has not come");
        r->until = b->job->info.start;
    } else if (b->due_ms > now.wall.ms) {
        buf_printf(&r->what, "domain %s", d->name);
        buf_puts(&r->why, "the next attempt is not due");
        if (d->why) {
            buf_puts(&r->why, ": ");
            buf_puts(&r->why, d->why);
        }
        r->until.ms = b->due_ms;
    } else if (!d->provider) {
        unresolved(r, d);
    } else {
        buf_printf(&r->what, "domain %s at %s", d->name, d->provider->name);
        at_provider(r, p, b, d->provider, now);
    }
}

void plan_each_wait(const struct plan *p, uint32_t job_key, struct now now,
                    void (*each)(void *arg, const char *what, uint64_t recipients, const char *why,
                                 struct wall until),
                    void *arg)
{
    const struct job *j = plan_job_find(p, job_key);
    struct reason r;
    buf_init(&r.what, 1000);
    buf_init(&r.why, 1000);
    for (size_t i = 0; j && i < j->buckets; i++) {
        const struct bucket *b = j->bucket[i];
        if (!b || b->waiting == 0)
            continue;
        buf_clear(&r.what);
        buf_clear(&r.why);
        r.until.ms = 0;
        reason_of(&r, p, b, now);
        each(arg, r.what.data, b->waiting, r.why.data, r.until);
    }
    buf_done(&r.what);
    buf_done(&r.why);
}

void plan_each_provider(const struct plan *p,
                        void (*each)(void *arg, const char *name, uint32_t connections,
                                     uint64_t ready),
                        void *arg)
{
    const struct map_entry *e;
    for (size_t i = 0; (e = map_next(&p->providers, &i));) {
        const struct provider *v = e->value;
        uint64_t ready = 0;
        for (int prio = 0; prio < PRIORITIES; prio++)
            ready += v->ready[prio];
        if (v->connections || ready)
            each(arg, v->name, v->connections, ready);
    }
}
