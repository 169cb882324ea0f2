/* world.h: a world for the planner on a virtual clock: a spool, name servers, receivers, and the
 * rules that the planner must never break. Each sim_*.c is a program of its own and includes the
 * world_*.c files; it builds a struct world by hand or from a seed and runs it.
 *
 *     struct world w;
 *     world_init(&w, seed);
 *     ... world_provider(), world_domain(), world_job(), world_rows() ...
 *     world_run(&w, until_ms);
 *     world_done(&w);
 *
 * A broken rule prints the seed and what was broken, and exits.
 */
#ifndef SLUICE_TESTS_SIM_WORLD_H
#define SLUICE_TESTS_SIM_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/heap.h>
#include <sluice/base/must.h>
#include <sluice/base/pace.h>
#include <sluice/base/rng.h>
#include <sluice/plan/plan.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define W_JOBS 24
#define W_PROVIDERS 64
#define W_DOMAINS 2048
#define W_HOSTS 2 /* per provider; W_HOSTS + 1 with the backup */
#define W_CONNS 1024
#define W_SOURCES 8
#define W_CLIENTS 8
#define W_LIMITS 4
#define W_RULES 4

struct world;

#define RULE(w, x, ...)                                                                            \
    ((x) ? (void)0 : world_broken((w), __FILE__, __LINE__, #x, ": " __VA_ARGS__))

/* ---- what was granted ---- */

struct meter {
    struct rates rates;
    bool is_shared; /* our own cap: kept before the provider's rate, see base/pace.h */
    /* Of a cap, not of one provider alone: a message may be up to one interval behind its slot, see
     * throttle_take_by(). (Who carries it out keeps the pace.) */
    bool is_changed;    /* what was granted before goes on in its old pace for a moment: ... */
    int64_t changed_us; /* ... after the first message since */
    int64_t tat_us[RATES_MAX];
    size_t from[RATES_MAX]; /* the first grant that this rate counts */
    int64_t *at_us;         /* all of them */
    size_t count, cap;
};
void meter_init(struct meter *m, const struct rates *r);
/* A reload: rates that stay as they are remember what they granted. */
void meter_change(struct meter *m, const struct rates *r);
void meter_done(struct meter *m);
/* Spacing is measured when a message begins at the receiver; a quota when it is granted. */
enum meter_part { METER_QUOTAS = 1, METER_SPACING = 2, METER_ALL = 3 };
void meter_note(struct world *w, struct meter *m, enum meter_part part, int64_t at_us,
                const char *what);
/* What a source, a client, a job or a named limit bounds. */
struct w_cap {
    struct cap cap;
    struct meter messages, dials;
    unsigned connections, most_seen;
    uint64_t begun;       /* of a source: transactions */
    unsigned on[W_CONNS]; /* of a client: jobs of it on each connection */
};

/* ---- receivers ---- */

/* Shares are per mille. */
struct behaviour {
    int64_t dial_ms, message_ms; /* means; half to one and a half times that */
    unsigned most_connections;   /* above: 421 at the banner; 0: any number */
    unsigned most_per_sec;       /* messages; above: "too fast"; 0: any number */
    unsigned refuse, time_out;   /* connections that never come up */
    unsigned banner_4xx, banner_5xx;
    unsigned temporary, permanent; /* replies to RCPT */
    unsigned drop, drop_at_dot;    /* of messages: lost in the middle, or after the dot */
    unsigned drop_idle;            /* of idle connections, sooner or later */
    bool greylists, tls_broken;
    int64_t down_from_ms, down_until_ms; /* mono: nobody answers */
    int64_t deny_from_ms, deny_until_ms; /* mono: every recipient is refused with ... */
    int deny_code;                       /* ... 550 or 451 */
};
struct w_provider {
    struct behaviour is;
    struct limits limits;
    char suffix[32], name[16];
    bool has_profile;
    unsigned hosts, connections, accepted;
    struct mx_host host[W_HOSTS + 1];
    /* what the rules need */
    struct meter messages, dials, pair[W_SOURCES]; /* pair: by source */
    unsigned most_seen;
    uint64_t begun, delivered, denied, too_fast; /* transactions, and how they ended */
    int64_t second;                              /* of which `in_second` counts */
    unsigned in_second;
    struct spans closed;
    uint32_t warm[W_SOURCES][WARMUP_DAYS_MAX]; /* messages by source and day of its warm-up */
    unsigned of_source[W_SOURCES];             /* connections */
};
struct w_domain {
    char name[48];
    unsigned provider;
    unsigned site; /* 0: all hosts; else only these: 1: the first, 2: all but the first. With a
                    * profile only: without one another set of hosts is another provider */
    enum mx_status status;
    int64_t broken_from_ms, broken_until_ms; /* mono: SERVFAIL */
    uint32_t ttl_sec;
    int64_t dns_ms;
};

/* ---- the spool ---- */

enum row_state { ROW_TODO, ROW_LEASED, ROW_FINAL };
struct row {
    uint32_t job, domain; /* indexes; the domain's is also its id in the job */
    enum row_state state;
    enum state result;
    int64_t due_ms, added_ms; /* wall */
    uint32_t attempts;
    uint64_t lease;
    int64_t retry_from_ms, added_mono_ms, first_try_ms, grey_since_ms; /* mono */
    unsigned accepted;
    bool is_said; /* the planner said what became of it (final); the keeper may not have heard */
    bool is_suppressed, doubted;
};
struct w_job {
    struct plan_job info;
    bool is_open, is_done, was_cancelled, was_paused;
    char id[16], client[16]; /* client "": none */
    struct w_cap cap;
    struct spans closed;
    unsigned on[W_CONNS]; /* its messages on each connection; for its connection_limit */
    uint64_t out;         /* rows that the planner has */
    uint64_t begun;
};
struct todo {
    uint64_t *rid; /* by (due, rid) */
    size_t count, cap;
};

/* ---- events ---- */

enum ev_kind {
    EV_KEEPER,
    EV_PACE,
    EV_LEASED,
    EV_DNS,
    EV_DIALLED,
    EV_BEGIN,
    EV_SENT,
    EV_DROP,
    EV_CLOSED,
    EV_DEED
};
struct ev {
    struct heap_node node;
    enum ev_kind kind;
    struct plan_action act; /* KEEPER: what the spool is to do; LEASED: the question */
    struct delivery *chain;
    unsigned count;
    int64_t last_due_ms, next_due_ms;
    uint64_t last_rid;
    bool failed;
    uint32_t number, generation;
    void (*deed)(struct world *w, unsigned arg);
};
struct w_conn {
    bool is_up, is_gone, is_idle, use_tls, came_up;
    unsigned source;
    uint32_t generation, sent;
    struct pace_queue pace;
    unsigned provider, host;
    struct delivery *first, *late;
    struct outcome why;
    bool tls_failed;
};

struct world {
    uint64_t seed;
    struct rng rng;
    struct now now;
    struct plan *plan;
    struct plan_options options;
    struct shaping shaping;  /* what the configuration says now ... */
    struct w_config *config; /* ... and the copy that the planner has */
    struct source source[W_SOURCES];
    struct client client[W_CLIENTS];
    struct named_limit limit[W_LIMITS];
    struct automation_rule rule[W_RULES];
    struct w_cap of_source[W_SOURCES], of_client[W_CLIENTS], of_limit[W_LIMITS];
    struct spans client_closed[W_CLIENTS];
    struct w_note {
        char *key, *value;
    } * note; /* what the planner wants to know after a crash */
    size_t notes;
    int64_t save_ms, reserve_ms, saved_ms; /* how often, for how long, when last */
    unsigned quarantines, quarantined;     /* outages; recipients */
    struct w_provider provider[W_PROVIDERS];
    struct w_domain domain[W_DOMAINS];
    struct w_job job[W_JOBS];
    unsigned providers, domains, jobs;
    struct row *row; /* by rid - 1 */
    size_t rows, row_cap;
    struct todo todo[W_JOBS][W_DOMAINS];
    int64_t leased_until_ms[W_JOBS];
    uint64_t next_lease, leases_out;
    struct w_conn conn[W_CONNS];
    uint32_t connections;
    struct heap events;
    uint64_t event_number, next_event;
    int64_t keeper_free_ms;
    unsigned keeper_ms;             /* how long it takes at most */
    unsigned lease_fails;           /* per mille */
    uint64_t asked_rows, held_rows; /* what max_leased bounds */
    unsigned questions;
    bool is_stopping, clock_jumped, is_woken, saves;
    bool has_jumped;   /* and the planner does not know yet */
    int64_t jumped_ms; /* mono: world_jump(): windows hold again a moment later */
    int64_t skew_ms;   /* of all jumps */
    uint64_t vain_wakes, rounds, actions, refused;
    uint64_t done_of_job[W_JOBS];                           /* delivered, for fairness */
    void (*on_start)(struct world *w, const struct row *r); /* a transaction begins; may be NULL */
};

_Noreturn void world_broken(const struct world *w, const char *file, int line, const char *rule,
                            const char *format, ...) __attribute__((format(printf, 5, 6)));
void world_init(struct world *w, uint64_t seed);
void world_done(struct world *w);
/* l NULL: no profile, the defaults. */
unsigned world_provider(struct world *w, const struct limits *l, const struct behaviour *b);
unsigned world_domain(struct world *w, unsigned provider);
unsigned world_job(struct world *w, enum priority prio);
void world_rows(struct world *w, unsigned job, unsigned domain, unsigned count);
void world_start(struct world *w); /* makes the plan and opens all jobs */
void world_run(struct world *w, int64_t until_ms);
void world_finish(struct world *w, int64_t until_ms); /* until all is done; a rule that it is */
void world_at(struct world *w, int64_t mono_ms, void (*deed)(struct world *w, unsigned arg),
              unsigned arg);
void world_carry_out(struct world *w);
void world_check_counts(struct world *w);
struct limits world_limits(void);
/* Each adds to the shaping, before world_start(). */
unsigned world_source(struct world *w, const struct cap *cap, const struct warmup *warm);
unsigned world_client(struct world *w, const struct cap *cap, uint64_t sources);
unsigned world_limit(struct world *w, const struct cap *cap);
void world_cap(struct world *w, unsigned job, const struct cap *cap);
void world_close(struct world *w, struct spans *s, int64_t from_ms, int64_t until_ms); /* mono */
/* The clock on the wall moves; what is under way may run into a window. */
void world_jump(struct world *w, int64_t by_ms);
/* A rule over replies; `trigger`: so many in a minute, 0: at once. The caller fills in the rest. */
struct automation_rule *world_rule(struct world *w, const char *match,
                                   enum automation_action action, unsigned trigger,
                                   int64_t duration_ms);
/* Other limits of a provider with a profile; they hold after the next world_reload(). */
void world_change(struct world *w, unsigned provider, const struct limits *l);
void world_reload(struct world *w);
/* The planner dies: without a word (kill -9), or in order. Its next life begins at once. */
void world_crash(struct world *w);
void world_save(struct world *w, bool exactly);

/* The event of a node of w->events. */
static inline struct ev *container_of_ev(struct heap_node *n)
{
    return (struct ev *)(void *)n; /* the node is its first member */
}
unsigned dice(struct world *w, unsigned n); /* 0..n-1 */
bool mille(struct world *w, unsigned share);
struct ev *ev_at(struct world *w, int64_t mono_ms, enum ev_kind kind);

/* world_spool.c */
void spool_ask(struct world *w, const struct plan_action *a); /* LEASE, RECORD, RETURN, CANCEL */
void spool_append(struct world *w, unsigned job, unsigned domain, unsigned count);
/* An operator releases what is quarantined: it is due now. */
void spool_release(struct world *w);
void on_keeper(struct world *w, struct ev *e);
void on_leased(struct world *w, struct ev *e);
void todo_free(struct world *w);
/* world_net.c */
void net_ask(struct world *w, const char *domain);
void net_open(struct world *w, const struct plan_action *a);
void net_more(struct world *w, const struct plan_action *a);
void net_close(struct world *w, const struct plan_action *a);
void on_dns(struct world *w, struct ev *e);
void on_dialled(struct world *w, struct ev *e);
void on_pace(struct world *w, struct ev *e);
void on_begin(struct world *w, struct ev *e);
void on_sent(struct world *w, struct ev *e);
void on_drop(struct world *w, struct ev *e);
void on_closed(struct world *w, struct ev *e);

#endif
