/* state.h: what the planner knows; private to the room. What its files offer one another: parts.h. */
#ifndef SLUICE_PLAN_STATE_H
#define SLUICE_PLAN_STATE_H

#include <sluice/base/heap.h>
#include <sluice/base/map.h>
#include <sluice/base/must.h>
#include <sluice/base/rng.h>
#include <sluice/plan/plan.h>
#include <sluice/shape/guard.h>

/* Deliveries handed to a connection at once, and about how long they may take: that is what an
 * urgent mail waits for at worst. */
#define BATCH_MAX 20u
#define BATCH_MS 400
#define RATE_HORIZON_US 300000 /* how far ahead a message rate is granted */
#define LEASE_MAX 100u         /* rows per lease */
#define READY_MAX 4000u        /* ready rows per provider and priority */
#define HOST_REST_MS 30000     /* after a failed connection; doubles up to HOST_REST_MAX_MS */
#define HOST_REST_MAX_MS (30 * 60 * 1000)
#define SOFT_MS 30000 /* how long "too many connections" is believed before a few more are tried */
#define SLICE_MS 5000 /* after that a connection goes to whoever has none, although it has work */
#define FAR_MS 10000  /* what a rate grants later than that is not fetched, and goes back */
#define GATE_WAIT_MS 5000 /* who waits for a shared limit looks again, should nobody say */
#define HOLDS_MAX 16      /* restrictions per provider; the one that ends first makes room */
#define ASIDE_MAX_MS (5 * 60 * 1000) /* who was put aside looks again, should nobody say */
#define LOOKS 8
#define GATES_HELD 4 /* caps of jobs and clients that one connection can count for */
#define STALE_MS (24LL * 3600 * 1000) /* an old route serves that long while DNS fails: RFC 8767 */

#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

struct job;
struct domain;
struct site;
struct provider;
struct flow;

/* A cap that several providers share: that of a source, a client, a job, or a named limit. */
struct gate {
    char *name; /* "source a", "client shop", "job spring", "limit kt-idc" */
    struct origin at;
    int64_t connection_limit; /* 0: none */
    unsigned connections;
    struct throttle messages, dials;
    int64_t wanted_until_ms; /* mono: somebody waits for one of its connections: */
    struct place { /* with a connection_limit: who has how many of its places, and who waits */
        struct provider *v;
        unsigned held;
        bool waits;
    } * place;
    size_t places;
    const struct provider *turn; /* for whom a free place is kept ... */
    int64_t turn_until_ms;       /* ... until then (mono) */
    int64_t next_look_ms;        /* mono: when the next one that its rate held up looks again */
};

/* Until when somebody put it aside; by people. */
struct party {
    struct gate gate;
    char *name;
    struct wall until; /* of the suspension: ms 0: none, WHEN_NEVER: until resumed */
    char *reason;
    bool is_gone; /* not in the configuration any more; kept for those who point here */
};
struct source_state {
    struct party party;
    const struct source *conf; /* NULL: gone */
    unsigned index;
    bool is_v4, is_v6; /* of its address; neither: any */
};
struct client_state {
    struct party party;
    struct spans closed;
    uint64_t sources; /* mask of indexes */
};

/* One source at one provider. */
struct pair {
    unsigned connections;
    struct throttle messages;
    int64_t day_start_ms; /* of the warm-up's day that `used` counts */
    uint32_t used;
};

/* What holds or restricts a provider for a while, all of it or one job or source there. */
struct hold {
    struct hold *next;
    bool is_suspension; /* else: limits */
    bool by_operator;
    uint32_t job_key; /* 0: all */
    char source[64];  /* "": all */
    char rule[96];    /* what made it: the name of a rule; by_operator: "operator" */
    char why[200];
    struct origin at;
    int64_t until_ms; /* wall; WHEN_NEVER: until resumed */
    int64_t step_ms;  /* limits: after `until` they double each such time until they mean nothing */
    int64_t connection_limit; /* 0: as usual */
    struct rates message_rates, dial_rates;
    struct throttle messages, dials;
};
struct hits { /* of a rule with a threshold at one provider: counts in eighths of the period */
    size_t rule;
    int64_t slot_ms;
    uint32_t count[8];
    struct hits *next;
};
/* What is remembered of a provider by its name, whether it is in use or not. */
struct standing {
    char *name;
    unsigned users; /* providers that show this name */
    struct hold *holds;
    unsigned count;
    struct spans closed;
    bool is_outage;            /* the guard has tripped, the provider has not recovered */
    int64_t outage_ms;         /* wall: since when */
    int64_t outage_rest_ms;    /* wall: rests until then */
    int64_t believed_until_ms; /* wall: an operator confirmed that it means what it refuses */
};

/* One domain's waiting recipients of one job. The rows are in the spool. */
struct bucket {
    struct heap_node node; /* in flow->buckets, by the wall time at which to look at it */
    struct job *job;
    struct domain *domain;
    struct flow *flow; /* NULL: the domain is not resolved, or nothing waits, or it is leasing */
    struct bucket *next_of_domain;
    uint32_t domain_id;
    bool is_leasing;
    bool grew_while_leasing; /* rows came that the lease's answer may not know of ... */
    unsigned lease_capped;
    unsigned lease_limit;    /* while leasing: how many were asked for ... */
    struct flow *lease_flow; /* ... on whose account */
    int64_t grew_due_ms;     /* ... the earliest due then */
    uint64_t waiting, leased;
    int64_t due_ms;       /* of the earliest row; meaningful while waiting > 0 */
    int64_t after_due_ms; /* rows up to this key were leased */
    uint64_t after_rid;
};

struct job {
    struct plan_job info;
    struct job *next;            /* all jobs */
    struct heap_node node;       /* in plan->jobs_due, by mono ms: when `opens_ms` changes */
    struct gate *gate;           /* its own cap; NULL: none */
    struct client_state *client; /* NULL: none */
    struct spans own, closed;    /* its own calendar; that and its client's */
    struct map joined;           /* provider's name -> struct spans *: closed and the provider's */
    int64_t opens_ms;       /* wall: nothing of it is begun before; WHEN_NEVER: somebody must act */
    int64_t closes_ms;      /* wall: nothing is begun from then on; WHEN_NEVER: open */
    struct bucket **bucket; /* by domain_id */
    size_t buckets;
    struct flow *flows; /* ring */
    struct lane *lanes; /* ring */
    uint64_t waiting, leased;
    unsigned leases_out;
    bool is_loaded, is_cancelled;
    bool may_be_done; /* look at it when the round is over: never free a job in the middle of one */
};

enum domain_state {
    DOMAIN_UNKNOWN, /* in plan->unresolved when something waits */
    DOMAIN_ASKING,  /* never dropped meanwhile: the question borrows its name */
    DOMAIN_ROUTED,  /* site is set; until valid_until */
    DOMAIN_DEAD,    /* permanently undeliverable: status says why */
    DOMAIN_BROKEN   /* temporarily: DNS failed */
};

struct domain {
    struct heap_node node; /* in plan->unresolved[ask_as], by due time (wall) */
    enum priority ask_as;  /* the most urgent of what waits */
    enum domain_state state;
    enum mx_status status;
    struct bucket *buckets;
    struct site *site;         /* ROUTED; and the last known one while it is asked for again */
    struct provider *provider; /* ROUTED, DEAD, BROKEN: in whose flows the buckets stand */
    int64_t valid_until_ms;    /* mono */
    int64_t confirmed_ms;      /* mono: when DNS last gave this site */
    char *why;                 /* DEAD, BROKEN */
    struct {
        struct domain *next, *prev;
    } of_plan; /* ring of those that have an answer and nothing waiting, longest idle first */
    char name[];
};

/* One job's waiting rows at one provider. Lives while it has buckets or leases out. */
struct flow {
    struct heap_node node; /* in provider->turns (is_in_turns) or ->later, or in neither */
    struct heap_node away; /* in provider->away: all its due rows are being leased */
    struct {
        struct flow *next, *prev;
    } of_provider, of_job; /* rings */
    struct provider *provider;
    struct job *job;
    struct heap buckets;
    unsigned leases_out, asked; /* leases, and their rows ... */
    unsigned capped;            /* ... of these counted as the provider's `capped` */
    int64_t served;   /* rows leased so far: whoever had least comes first (start-time fair
                         * queueing: who was away starts at what is being served now) */
    int64_t aside_ms; /* wall: a cap or a suspension holds it at this provider; 0: nothing */
    bool is_in_turns;
    bool keeps_turn; /* was away only for its own lease: no new start */
};

/* Ready rows of one job at one site. */
struct lane {
    struct {
        struct lane *next, *prev;
    } of_line, of_job; /* rings */
    struct line *line;
    struct job *job;
    struct delivery *first, **last;
    unsigned ready;
};

/* Ready rows of one priority at one site: its lanes take turns. */
struct line {
    struct {
        struct line *next, *prev;
    } of_provider; /* ring of the provider's lines that have something */
    struct site *site;
    enum priority prio;
    struct lane *lanes;
    unsigned ready;
};

struct host {
    struct mx_host mx;
    unsigned failures;                          /* consecutive */
    int64_t rest_until_ms, tls_broken_until_ms; /* mono */
};

/* One set of MX hosts. Freed some time after its last user went, see retire.c. */
struct site {
    struct heap_node node; /* in plan->retired, by mono ms */
    char *key;
    struct provider *provider;
    struct line line[PRIORITIES];
    unsigned ready;       /* all lines */
    unsigned domains;     /* that are routed here */
    unsigned connections; /* to its hosts ... */
    unsigned idle;        /* ... of these idle */
    unsigned working;     /* ... and those that said `ready` and are not closing */
    unsigned hosts;
    struct host host[];
};

enum conn_state { CONN_FREE, CONN_OPENING, CONN_BUSY, CONN_IDLE, CONN_CLOSING };

struct conn {
    enum conn_state state;
    struct site *site;
    unsigned host;
    struct source_state *source;
    struct gate *shared[ADDITIONAL_MAX]; /* named limits that it counts for */
    unsigned shares;
    uint32_t pair_index; /* of its source at its provider; UINT32_MAX: nothing is counted */
    struct gate *held[GATES_HELD]; /* caps of jobs and clients that its batch counts for */
    uint32_t sent;                 /* handed to it since it was opened */
    uint32_t pending;              /* of these, without an outcome yet */
    uint32_t done;                 /* outcomes that came of it ... */
    uint32_t answered;             /* ... in which the server said something ... */
    uint32_t unheard;              /* ... in which it should have and did not */
    bool was_ready, use_tls;
    bool was_untried;  /* it gave deliveries back because their time had passed */
    double message_ms; /* running mean */
    int64_t opened_ms, idle_until_ms;
    struct {
        struct conn *next, *prev;
    } of_provider, of_plan; /* IDLE: rings, longest idle first */
};

enum provider_kind { PROVIDER_REAL, PROVIDER_DEAD, PROVIDER_BROKEN };

struct provider {
    struct heap_node node;        /* in plan->providers_due, by mono ms */
    struct heap_node wants_lease; /* in plan->wants_lease: max_leased is used up */
    struct heap_node wants_conn;  /* in plan->wants_conn: max_connections is used up */
    char *key;
    enum provider_kind kind;
    bool is_configured; /* a profile or our own: never retired */
    bool is_served;     /* its turn in one of the two queues has come */
    char name[64];
    const struct limits *limits;
    const struct profile *profile; /* NULL: the defaults */
    struct throttle dials, messages;
    struct gate **gate; /* limits->additional */
    unsigned gates;
    struct standing *standing;
    struct pair *pair; /* by source index; NULL: nothing is bounded per source */
    struct guard guard;
    struct hits *hits;
    struct look { /* whose rates held it up, and when it looks again (a cache) */
        const struct gate *at;
        int64_t ms;
    } look[LOOKS];
    bool was_shut;       /* it comes back by a ramp */
    unsigned ramp_limit; /* 0: none; connections for now */
    int64_t ramp_next_ms;
    unsigned ramp_done; /* successes since the last step */
    struct throttle
        soft_rate; /* messages: what it stands by its own words; count 0: as configured */
    unsigned accepted, complaints; /* "too fast"; since ... */
    int64_t measured_since_ms;
    bool has_reduced;               /* at the last measure */
    double last_share, usual_share; /* of complaints: then; and at whatever rate */
    double dial_ms;
    struct flow *flows;               /* ring: all */
    struct heap turns[PRIORITIES];    /* flows with something due, by served */
    struct heap away[PRIORITIES];     /* flows that only wait for the spool, likewise */
    struct heap later;                /* flows, by wall time of their next row */
    int64_t served[PRIORITIES];       /* of the flow whose turn was last */
    struct line *lines[PRIORITIES];   /* rings of those with something ready */
    unsigned lines_ready[PRIORITIES]; /* how many there are */
    unsigned ready[PRIORITIES], asked[PRIORITIES]; /* rows in lanes; rows asked of the spool */
    unsigned capped[PRIORITIES];   /* of both: of jobs with caps of their own or their client's */
    unsigned pending;              /* handed to connections, without an outcome yet */
    unsigned connections, closing; /* closing ones included */
    struct conn *idle;             /* ring, longest idle first */
    unsigned sites;                /* that point here */
    unsigned failures;             /* consecutive connections that failed */
    int64_t rest_until_ms;         /* mono */
    unsigned soft_limit;           /* 0: none; connections for now */
    int64_t soft_next_ms;          /* when it grows */
    unsigned taken;                /* rows handed to connections since ... */
    int64_t taken_since_ms;
    double taken_per_sec; /* running means */
    double message_ms;
};

struct queued {
    struct plan_action action;
    struct queued *next;
};

struct plan {
    struct plan_options options;
    struct rng rng;
    struct map jobs_by_key, domains, sites, providers;
    struct map standings;         /* by provider name */
    struct map clients;           /* by name: struct client_state */
    struct map gates;             /* named limits, by name: struct gate */
    struct map remembered;        /* key -> text: what nobody has asked for yet */
    struct map told;              /* key -> struct told: what plan_each_memory said last */
    struct source_state **source; /* by index in the shaping */
    unsigned sources, next_source;
    struct source_state **gone; /* sources that a reload took away */
    unsigned gones;
    const struct shaping *shaping;
    struct now seen; /* of the last call that had a time */
    int64_t born_wall_ms;
    bool is_being_told; /* by plan_remember(): what is there already has not been loaded */
    bool was_cut_off;   /* the life before this one ended without its last words */
    struct heap jobs_due;
    struct job *jobs;
    struct heap unresolved[PRIORITIES];  /* domains, by due time (wall) */
    struct heap providers_due;           /* providers, by mono ms */
    struct heap wants_lease, wants_conn; /* providers, most urgent and longest waiting first */
    struct heap retired;                 /* sites that nobody uses, by mono ms */
    int64_t tickets;
    struct provider *dead, *broken;
    struct domain *idle_domains; /* ring */
    unsigned idle_domains_count;
    unsigned asking;
    unsigned leased; /* asked for, in lanes or on connections: what max_leased bounds */
    uint64_t leases_out;
    struct conn *conn;
    uint32_t *free_conn; /* stack */
    uint32_t free_conns;
    struct conn *idle; /* ring of all idle connections, longest idle first */
    unsigned closing;
    struct queued *first, **last;
    int64_t offset_ms;        /* wall - mono */
    int64_t looked_offset_ms; /* the same when all due times were last looked at */
    bool has_offset, is_stopping, some_may_be_done;
};

/* Rings: put at the end of the turn (in front of where `ring` points); remove. `link` names the
 * member with next and prev. */
#define RING_PUT(ring, e, link)                                                                    \
    do {                                                                                           \
        if (!(ring)) {                                                                             \
            (e)->link.next = (e)->link.prev = (e);                                                 \
            (ring) = (e);                                                                          \
        } else {                                                                                   \
            (e)->link.next = (ring);                                                               \
            (e)->link.prev = (ring)->link.prev;                                                    \
            (ring)->link.prev->link.next = (e);                                                    \
            (ring)->link.prev = (e);                                                               \
        }                                                                                          \
    } while (0)
#define RING_REMOVE(ring, e, link)                                                                 \
    do {                                                                                           \
        if ((e)->link.next == (e)) {                                                               \
            (ring) = NULL;                                                                         \
        } else {                                                                                   \
            (e)->link.next->link.prev = (e)->link.prev;                                            \
            (e)->link.prev->link.next = (e)->link.next;                                            \
            if ((ring) == (e))                                                                     \
                (ring) = (e)->link.next;                                                           \
        }                                                                                          \
        (e)->link.next = (e)->link.prev = NULL;                                                    \
    } while (0)

#endif
