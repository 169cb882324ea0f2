/* forecast.h: when will it be through? The planner itself on a virtual clock, with modelled
 * receivers that take everything. (P)
 *
 * A million recipients over a week of calendar take seconds. The model of a receiver is how long it
 * takes to dial it and to give it a message: as measured where it was, else the defaults below.
 *
 *     forecast_new(&input, &f);
 *     while (!forecast_step(f, 100000)) report_progress();
 *     forecast_result(f, &out);
 */
#ifndef SLUICE_FORECAST_FORECAST_H
#define SLUICE_FORECAST_FORECAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sluice/base/map.h>
#include <sluice/dns/mx.h>
#include <sluice/plan/plan.h>

#define FORECAST_DIAL_MS 200
#define FORECAST_MESSAGE_MS 100

struct forecast_domain {
    const char *name;
    uint32_t job; /* index into `job` */
    uint64_t recipients;
    int64_t due_ms; /* wall: of the earliest */
    /* NULL: not known; then a provider of its own, as for what failed for a while. Nothing behind
     * the `hosts` hosts of it is read: it may be allocated as short as that. */
    const struct mx_answer *answer;
};
struct forecast_job {
    /* key: unique, > 0; strings and spans borrowed. Rows count as added at `start` when it is over
     * (ms 0, or a standing job: now). */
    struct plan_job info;
    const struct spans *closed;
    struct wall finish_by; /* ms 0: none */
    bool is_subject;       /* of whom the result speaks; the others only compete */
};
struct forecast_input {
    struct plan_options options; /* max_connections, max_leased, shaping: as the daemon has them */
    struct now now;
    struct wall until; /* gives up then; at most a year ahead */
    const struct forecast_job *job;
    size_t jobs;
    const struct forecast_domain *domain;
    size_t domains;
    /* Calendars of providers and clients, as the daemon's planner has them. */
    struct forecast_calendar {
        enum plan_party party;
        const char *name;
        const struct spans *closed;
    } const *calendar;
    size_t calendars;
    /* What the planner remembers: rates, restrictions, warm-up (plan_each_memory). */
    struct forecast_memory {
        const char *key, *value;
    } const *memory;
    size_t memories;
    /* Measured: ms per message and per dial, by provider name; 0: the default. May be NULL. */
    void (*measured)(void *arg, const char *provider, double *dial_ms, double *message_ms);
    void *arg;
    uint64_t seed;
};

struct forecast_row { /* one job at one provider */
    uint32_t job;     /* index */
    char provider[64];
    uint64_t recipients, delivered;
    uint64_t undeliverable;    /* dead domains, and what expires before its turn */
    struct wall first, finish; /* ms 0: never */
    double per_s;           /* delivered over the time between first and finish, less the waits */
    int64_t window_wait_ms; /* from now or the job's start on: closed by windows ... */
    int64_t other_wait_ms;  /* ... or nothing moved for another reason for 10 s or more */
    char limit[160];        /* what bounded it for most of the time, and where it is written */
};
struct forecast_out {
    struct forecast_row *row;
    size_t rows;
    struct wall finish; /* of all subject jobs; ms 0: not before `until` */
    uint64_t recipients, delivered, undeliverable, left;
    double simulated_ms, events;
};
struct forecast;
struct forecast *forecast_new(const struct forecast_input *in); /* borrows all of it until free */
/* Goes on for about so many events; true: done. */
bool forecast_step(struct forecast *f, uint64_t events);
/* Share done so far, of the subject's recipients, 0..1. */
double forecast_progress(const struct forecast *f);
/* When it is done, or as far as it came. The rows are the caller's. */
void forecast_result(struct forecast *f, struct forecast_out *out);
void forecast_out_done(struct forecast_out *out);
void forecast_free(struct forecast *f); /* NULL is fine */

#endif
