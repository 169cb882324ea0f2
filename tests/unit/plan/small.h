/* small.h: for tests of the planner event by event: one profile "p", two sources, a client, a named
 * limit, a rule; and the shortest way to an open connection. Everything has an origin, so that reasons
 * can be told apart. */
#ifndef SLUICE_TESTS_UNIT_PLAN_SMALL_H
#define SLUICE_TESTS_UNIT_PLAN_SMALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "parts.h"

#define HOUR_MS INT64_C(3600000)
#define WALL_START INT64_C(1800000000000)
/* Lines of "x.conf": of setting f of the profile it is 100 + f. */
enum { LINE_SOURCE = 10, LINE_WARMUP = 20, LINE_CLIENT = 30, LINE_LIMIT = 40, LINE_JOB = 50 };
enum { LINE_RULE = 60, LINE_WINDOW = 70, LINE_FIELD = 100 };

static struct small {
    struct shaping shaping;
    struct profile profile;
    struct source source[2];
    struct client client;
    struct named_limit limit;
    struct automation_rule rule;
    struct plan_job job;
    struct plan *p;
    struct now now;
    struct plan_action a; /* the last one that was looked for */
    uint64_t rid;
} t;

static inline struct origin at_line(unsigned line)
{
    return (struct origin){"x.conf", line};
}

static inline struct rates rates_of(const char *text)
{
    struct rates r = {.count = 1};
    assert_true(rate_spec_parse(str_of(text), &r.item[0]));
    return r;
}

static inline void small_limits(struct limits *l)
{
    *l = (struct limits){.connection_limit = 4,
                         .max_deliveries_per_connection = 10,
                         .retry_interval_ms = 1200000,
                         .max_retry_interval_ms = 4 * HOUR_MS,
                         .consecutive_connection_failures_before_delay = 3,
                         .idle_ms = 60000,
                         .smtp_port = 25,
                         .backoff_to_normal_after_ms = HOUR_MS};
    for (unsigned f = 0; f < LIMIT_FIELDS; f++)
        l->origin[f] = at_line(LINE_FIELD + f);
}

/* What the configuration says; tests change it before small_open(). */
static inline void small_init(void)
{
    static char suffix[] = ".mx.example", *suffixes[] = {suffix};
    static char *names[] = {(char *)"p", (char *)"s0", (char *)"s1", (char *)"c", (char *)"l"};
    memset(&t, 0, sizeof t);
    t.now = (struct now){{1000000}, {WALL_START}};
    t.profile = (struct profile){.name = names[0], .mx_suffix = suffixes, .mx_suffixes = 1};
    small_limits(&t.profile.limits);
    small_limits(&t.shaping.profiles.fallback);
    for (unsigned i = 0; i < 2; i++) {
        t.source[i] = (struct source){.name = names[1 + i], .at = at_line(LINE_SOURCE + i)};
        t.source[i].cap.at = at_line(LINE_SOURCE + i);
    }
    t.client =
        (struct client){.name = names[3], .sources = UINT64_MAX, .cap.at = at_line(LINE_CLIENT)};
    t.limit = (struct named_limit){.name = names[4], .cap.at = at_line(LINE_LIMIT)};
    t.shaping.profiles.item = &t.profile;
    t.shaping.profiles.count = 1;
    t.shaping.source = t.source;
    t.shaping.sources = 2;
    t.shaping.client = &t.client;
    t.shaping.clients = 1;
    t.shaping.limit = &t.limit;
    t.shaping.limits = 1;
    t.job = (struct plan_job){
        .key = 1, .expires_ms = 24 * HOUR_MS, .is_standing = true, .id = "j", .client = "c"};
    t.job.cap.at = at_line(LINE_JOB);
}

static inline struct plan *small_plan(void)
{
    struct plan_options o = {.max_connections = 20,
                             .max_asking = 5,
                             .max_leased = 500,
                             .shaping = &t.shaping,
                             .seed = 1};
    return plan_new(&o);
}

static inline void small_open(void)
{
    t.p = small_plan();
    plan_job_open(t.p, &t.job);
    plan_job_loaded(t.p, 1);
}

static inline void small_done(void)
{
    plan_free(t.p);
    t.p = NULL;
}

static inline void wait_ms(int64_t ms)
{
    t.now.mono.ms += ms;
    t.now.wall.ms += ms;
}

static inline void free_chain(struct delivery *d)
{
    while (d) {
        struct delivery *next = d->next;
        delivery_free(d);
        d = next;
    }
}

/* The next action of this kind; others are thrown away. */
static inline bool next(enum plan_act act)
{
    while (plan_next(t.p, t.now, &t.a)) {
        if (t.a.act == act)
            return true;
        free_chain(t.a.chain);
        free(t.a.outcome);
        free(t.a.text);
    }
    return false;
}

static inline struct mx_answer answer_of(const char *host)
{
    struct mx_answer answer = {.status = MX_OK, .ttl_sec = 86400, .hosts = 1};
    str_copy(answer.host[0].name, sizeof answer.host[0].name, str_of(host));
    answer.host[0].addresses = 1;
    answer.host[0].address[0].family = 2;
    return answer;
}

static inline void resolve(const char *host)
{
    struct mx_answer answer = answer_of(host);
    assert_true(next(ACT_RESOLVE));
    plan_resolved(t.p, "d.example", &answer, t.now);
}

static inline void lease(unsigned count, int64_t next_due_ms)
{
    struct delivery *chain = NULL;
    for (unsigned i = 0; i < count; i++) {
        struct delivery *d = mem_array(1, sizeof *d);
        d->job_key = 1;
        d->rid = ++t.rid;
        d->attempt = 1;
        d->due_ms = t.now.wall.ms;
        d->added = t.now.wall;
        d->email = mem_str("u@d.example");
        d->next = chain;
        chain = d;
    }
    plan_leased(t.p, 1, 0, chain, count, t.now.wall.ms, t.rid, next_due_ms, t.now);
}

/* `count` rows wait at the provider; nothing is leased yet. */
static inline void route(unsigned count)
{
    plan_job_add(t.p, 1, 0, "d.example", count, t.now.wall.ms);
    resolve("a.mx.example");
}

/* ... and a first connection is opened: t.a is its action, its chain is returned. */
static inline struct delivery *start(unsigned count)
{
    route(count);
    assert_true(next(ACT_LEASE));
    lease(count, WHEN_NEVER);
    assert_true(next(ACT_OPEN));
    return t.a.chain;
}

/* The connection sent everything of the chain, and is ready. */
static inline void sends(uint32_t number, struct delivery *chain)
{
    for (struct delivery *d = chain, *after; d; d = after) {
        struct outcome *o = mem_array(1, sizeof *o);
        after = d->next;
        d->next = NULL;
        outcome_for(o, d);
        o->phase = PHASE_DOT;
        o->reply.code = 250;
        o->send_ms = 5;
        o->at = t.now.wall;
        plan_outcome(t.p, number, o, d, t.now);
    }
    plan_ready(t.p, number, t.now);
}

static inline unsigned chain_length(const struct delivery *d)
{
    unsigned n = 0;
    for (; d; d = d->next)
        n++;
    return n;
}

#endif
