/* shaping.h: everything that the configuration says about how fast, from where, and when mail may
 * go: one value that a reload replaces as a whole. (P)
 *
 * The planner borrows it; settings own it. docs/configuration.md is the reference.
 *
 *     const struct client *c = shaping_client(s, "hanbit-travel");
 */
#ifndef SLUICE_SHAPE_SHAPING_H
#define SLUICE_SHAPE_SHAPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sluice/base/origin.h>
#include <sluice/base/rate.h>
#include <sluice/model/window.h>
#include <sluice/shape/automation.h>
#include <sluice/shape/provider.h>

/* What a source, a client, a job or a named limit bounds, over all providers. */
struct cap {
    int64_t connection_limit;                           /* 0: none */
    struct rates max_message_rate, max_connection_rate; /* count 0: none */
    struct origin at;
};

#define WARMUP_DAYS_MAX 90
/* A schedule of daily volumes per provider: on day n (n = 0 begins at `start`, days are 24 h) at
 * most volume[n] messages to each provider; after the last day there is no bound. What is more goes
 * over other sources of the pool, or waits for the next day when there is none. */
struct warmup {
    struct wall start; /* ms 0: no warm-up */
    uint32_t volume[WARMUP_DAYS_MAX];
    unsigned days;
    struct origin at;
};
/* Messages allowed per provider now; UINT32_MAX: no bound. *day_end: when that changes (wall). */
uint32_t warmup_volume(const struct warmup *w, struct wall now, struct wall *day_start,
                       struct wall *day_end);

#define SOURCES_MAX 64
struct source {
    char *name;      /* [a-z0-9._-]; the address itself when no name is given */
    char *address;   /* local IP address to dial from; NULL: the system's choice */
    char *ehlo_name; /* NULL: the daemon's */
    struct cap cap;  /* vocabulary: source_connection_limit, ... */
    struct warmup warmup;
    struct origin at;
};
struct client {
    char *name;
    struct cap cap;
    struct windows send_windows;
    uint64_t sources;         /* bit per index in `source`: its source_pool; all bits: any */
    uint32_t frequency_count; /* at most so many ads to one address ... */
    int64_t frequency_ms;     /* ... in so long, by this client's jobs; 0: none */
    struct origin frequency_at, at;
};
struct named_limit { /* additional_limits refer to it by name */
    char *name;
    struct cap cap;
};
struct shaping {
    struct profiles profiles; /* with the fallback */
    struct source *source;    /* at least one: without `sources` in the configuration the one that
                               * lets the system choose, named "default" */
    size_t sources;
    struct client *client;
    size_t clients;
    struct named_limit *limit;
    size_t limits;
    struct automation rules;
    uint32_t frequency_count; /* over all clients' jobs; 0: none */
    int64_t frequency_ms;
    struct origin frequency_at;
};
void shaping_done(struct shaping *s);
const struct client *shaping_client(const struct shaping *s, const char *name);   /* NULL: none */
const struct profile *shaping_profile(const struct shaping *s, const char *name); /* likewise */
int shaping_source(const struct shaping *s, const char *name);                    /* -1: none */

#endif
