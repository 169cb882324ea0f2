/* plan.h: the planner: (state, now) -> next actions. It owns all delivery state of the running
 * engine. (P)
 *
 * The shell feeds events in (a job was opened, rows were leased, a domain was resolved, a reply
 * came) and carries out the actions that come out, all of them before it feeds the next events. No clock, no threads, no I/O: tests run a week
 * in a second.
 *
 *     plan_leased(p, ..., now);
 *     while (plan_next(p, now, &action)) carry_out(&action);
 *     sleep until plan_wake(p) or the next event
 *
 * How it thinks: a recipient waits in a *bucket* (job x domain; only counted here, its rows are in
 * the spool). Once its domain is resolved the bucket stands in a *flow* (job x provider). When a
 * provider has room, rows are leased from its flows (urgent before normal before bulk; jobs of
 * equal priority take turns) and lie ready in *lanes* (job x site; a site is one set of MX hosts).
 * Connections to the site's hosts take small batches from the lanes, so that an urgent mail never
 * waits longer than one batch (BATCH_MS).
 */
#ifndef SLUICE_PLAN_PLAN_H
#define SLUICE_PLAN_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <sluice/base/when.h>
#include <sluice/dns/mx.h>
#include <sluice/model/outcome.h>
#include <sluice/shape/shaping.h>
#include <sluice/shape/spans.h>

struct plan;

struct plan_options {
    uint32_t max_connections;      /* over all providers; connection numbers are below it */
    unsigned max_asking;           /* DNS questions out at once */
    unsigned max_leased;           /* recipients leased at once, over all providers */
    const struct shaping *shaping; /* borrowed, until plan_reconfigure() or plan_free() */
    uint64_t seed;                 /* jitter and shuffling */
};
struct plan *plan_new(const struct plan_options *o);
void plan_free(struct plan *p); /* frees what is queued, too; NULL is fine */
/* A new configuration: limits change at once, what was granted and what rests stays known, routes
 * are looked up again (another profile may match), connections go on. The former shaping is not
 * looked at any more when this returns. */
void plan_reconfigure(struct plan *p, const struct shaping *s, struct now now);

/* ---- calendars and levers: effective with the next plan_next() ---- */

enum plan_party { PARTY_PROVIDER, PARTY_SOURCE, PARTY_CLIENT };
const char *plan_party_name(enum plan_party party); /* "provider", "source", "client" */
/* When a provider (a profile) or a client is closed; copied; NULL or empty: never. */
void plan_calendar(struct plan *p, enum plan_party party, const char *name,
                   const struct spans *closed, struct now now);
void plan_job_calendar(struct plan *p, uint32_t job_key, const struct spans *closed,
                       struct now now);
/* Nothing of it is begun until then (wall; ms 0: until resumed). `by` and `reason` are for `why`.
 * A provider is named as `status` names it: a profile, or a set of hosts that is known now. It need
 * not be in use. Suspending again replaces the former. */
void plan_suspend(struct plan *p, enum plan_party party, const char *name, struct wall until,
                  const char *reason, struct now now);
/* Takes away suspensions by people; for a provider also what automation and rests hold against it:
 * the operator knows better. It comes back by ramp_up. False: there was none. */
bool plan_unsuspend(struct plan *p, enum plan_party party, const char *name, struct now now);
/* The operator settled the provider's quarantine: the outage is over. Confirmed: its refusals are
 * believed for outage_rest, whatever their share. */
void plan_guard_settled(struct plan *p, const char *provider, bool is_confirmed, struct now now);

/* ---- what survives a restart ---- */

/* Rates, restrictions, suspensions, ramps, warm-up, outages: as keys with values, both printable
 * text without newlines. `exactly`: at an orderly stop; else everything that may be granted within
 * the next `reserve_ms` counts as granted, so that a crash never lets a limit be exceeded. Only what
 * changed since the last call (all: everything); value NULL: to be forgotten. */
void plan_each_memory(struct plan *p, bool all, bool exactly, int64_t reserve_ms, struct now now,
                      void (*each)(void *arg, const char *key, const char *value), void *arg);
/* Before jobs are opened. False: not understood (an older version's); it is dropped then. */
bool plan_remember(struct plan *p, const char *key, const char *value, struct now now);

/* ---- jobs ---- */

struct plan_job {
    uint32_t key;
    enum priority priority;
    enum in_doubt_policy in_doubt;
    struct wall start;    /* nothing is attempted before; expiry counts from here at the earliest */
    int64_t expires_ms;   /* after a recipient was added, and after the two times around this */
    struct wall approved; /* 0: needs no approval, or has none yet */
    bool is_standing;     /* never done by itself */
    bool is_paused;
    bool ignores_client_hours; /* its calendar only: its cap and its suspensions hold */
    const char *id;            /* for people; copied */
    const char *client;        /* copied; NULL: none */
    struct cap cap;            /* the job's own, over all providers; zeroed: none */
};
void plan_job_open(struct plan *p, const struct plan_job *j);
/* `count` more recipients of `domain` wait, the first due at due_ms (wall). domain_id: the job's
 * own number for it. */
void plan_job_add(struct plan *p, uint32_t job_key, uint32_t domain_id, const char *domain,
                  uint64_t count, int64_t due_ms);
/* So many of a domain wait now, whatever was believed before, the first due at due_ms: after the spool
 * moved rows by itself (a quarantine that was made or settled). As the spool counts: what is leased is among
 * them. */
void plan_job_recount(struct plan *p, uint32_t job_key, uint32_t domain_id, const char *domain,
                      uint64_t waiting, int64_t due_ms, struct now now);
/* All plan_job_add calls of the first load are made: from here on the job is done when nothing
 * waits. */
void plan_job_loaded(struct plan *p, uint32_t job_key);
/* Effective at once for everything that no connection holds yet; what one holds (at most a batch)
 * ends by itself. Pausing gives ready recipients back to the spool. Cancelling records them as
 * cancelled; the rest of its rows are the spool's to cancel: ACT_CANCEL_ROWS is emitted. False for
 * an unknown job. */
bool plan_job_pause(struct plan *p, uint32_t job_key, struct now now);
bool plan_job_resume(struct plan *p, uint32_t job_key, struct now now);
bool plan_job_cancel(struct plan *p, uint32_t job_key, struct now now);
/* Waiting for an approval that came at `at` is not charged to expiry. */
bool plan_job_approved(struct plan *p, uint32_t job_key, struct wall at);

/* ---- events ---- */

void plan_resolved(struct plan *p, const char *domain, const struct mx_answer *a, struct now now);
/* Answer to ACT_LEASE: the rows (the plan's now), the key of the last one, the due time of the row
 * behind it (WHEN_NEVER: no more). plan_job_add's counts were a promise; a lease that finds less
 * corrects it. Rows that were added meanwhile may lie in front of the last key: then the next lease
 * goes back, and what is out already must not be handed out again. */
void plan_leased(struct plan *p, uint32_t job_key, uint32_t domain_id, struct delivery *chain,
                 unsigned count, int64_t last_due_ms, uint64_t last_rid, int64_t next_due_ms,
                 struct now now);
/* The spool could not (disk full): the same lease is asked for again after `retry_ms`. */
void plan_lease_failed(struct plan *p, uint32_t job_key, uint32_t domain_id, int64_t retry_ms,
                       struct now now);
/* A raw outcome of connection `c`: classified and decided here, comes back as ACT_RECORD. Takes
 * both. */
void plan_outcome(struct plan *p, uint32_t c, struct outcome *o, struct delivery *d,
                  struct now now);
/* Deliveries that the connection did not begin because their not_after had passed; it goes on with
 * others or says ready. They go back to the spool unattempted. Takes them. */
void plan_untried(struct plan *p, uint32_t c, struct delivery *left, struct now now);
void plan_ready(struct plan *p, uint32_t c, struct now now);
/* `o`: why it is gone (borrowed). Takes `left`. */
void plan_closed(struct plan *p, uint32_t c, const struct outcome *o, bool tls_failed,
                 struct delivery *left, struct now now);
/* Deliveries of an ACT_MORE that came too late: the connection had just ended. They go back to the
 * spool unattempted. Takes them. */
void plan_late(struct plan *p, struct delivery *left, struct now now);
/* An outcome that another life left in the hand-over file, or a lease of before a power cut:
 * decided like a fresh one. The job must be open, but not yet filled. Fills category, scope, rule,
 * provider "", state, next_due_ms. */
void plan_judge_recovered(struct plan *p, struct outcome *o, struct now now);
/* No new leases, no new connections; ready rows go back to the spool; idle connections close: all
 * said by the next plan_next(). */
void plan_stop(struct plan *p, struct now now);
bool plan_is_quiet(
    const struct plan *p); /* no connection, no lease outstanding, no question out, nothing ready */

/* ---- actions ---- */

enum plan_act {
    ACT_RESOLVE,     /* domain */
    ACT_LEASE,       /* job_key, domain_id, after_*, until_ms, limit */
    ACT_OPEN,        /* connection, site (hosts), host, use_tls, smtp_port, chain */
    ACT_MORE,        /* connection, chain */
    ACT_CLOSE,       /* connection */
    ACT_RECORD,      /* outcome: decided; to be made durable */
    ACT_RETURN,      /* chain (one delivery), due_ms: not attempted, back into the spool */
    ACT_CANCEL_ROWS, /* job_key */
    ACT_JOB_DONE,    /* job_key: nothing waits, nothing is under way; after all its records */
    ACT_NOTICE,      /* text: something that an operator wants to read in the log */
    ACT_QUARANTINE /* domain: the provider's name; due_ms: since when (wall). The permanent refusals
                      * that it gave since then are no bounces until an operator says so */
};
struct plan_action {
    enum plan_act act;
    uint32_t job_key, domain_id, connection;
    const char *domain; /* borrowed until the next call */
    int64_t after_due_ms, until_ms, due_ms;
    uint64_t after_rid;
    unsigned limit;
    const struct mx_host *host; /* borrowed until the next call */
    bool use_tls;
    uint16_t smtp_port;
    unsigned source; /* index into shaping.source */
    enum ip_lookup ip_lookup;
    struct delivery *chain;  /* the shell's now */
    struct outcome *outcome; /* the shell's now; free() */
    char *text;              /* NOTICE: the shell's now; free() */
};
bool plan_next(struct plan *p, struct now now, struct plan_action *out);
/* When plan_next may have something new although nothing happened: WHEN_NEVER if only an event can
 * bring it. */
struct mono plan_wake(const struct plan *p);

/* ---- asking ---- */

bool plan_job_is_open(const struct plan *p, uint32_t job_key);
bool plan_has_unfinished(const struct plan *p); /* a job that is not standing is open */

struct plan_counts {
    uint32_t connections;
    uint64_t waiting; /* recipients that no lease holds */
    uint64_t leased;  /* ready or on a connection */
};
void plan_counts(const struct plan *p, uint32_t job_key,
                 struct plan_counts *out); /* key 0: all jobs; then with connections */
/* One thing that waits, and why: the exact rule, window or limit, where it is written, when it moves. */
struct plan_wait {
    uint32_t job_key;
    const char *what;     /* "job", "domain x.example", "domain x.example at naver" */
    const char *domain;   /* "" for what concerns the whole job */
    const char *provider; /* "": not known yet */
    uint64_t recipients;
    const char *why;   /* "max_message_rate 10/s of naver is used up for the moment" */
    struct origin at;  /* file NULL: built in, or by an operator */
    struct wall until; /* ms 0: unknown, or until somebody acts */
};
struct plan_question { /* 0 and NULL: any */
    uint32_t job_key;
    const char *domain, *provider;
};
/* Everything that waits and fits the question. Pointers are valid during the call. Largest first is
 * the caller's business. */
void plan_each_wait(const struct plan *p, const struct plan_question *q, struct now now,
                    void (*each)(void *arg, const struct plan_wait *w), void *arg);
/* The state of one provider, as lines for people: rests, restrictions, ramps, outage, windows, what
 * is open. */
struct plan_provider_view {
    const char *name;
    const struct limits *limits;   /* effective when nothing restricts it */
    const struct profile *profile; /* NULL: a set of hosts, the defaults count */
    uint32_t connections, connections_now_at_most;
    uint64_t ready, waiting;
    double message_ms, dial_ms; /* running means; 0: not measured yet */
    bool is_outage;             /* the guard has tripped and nobody has settled it */
    struct plan_hold {          /* what holds or restricts it now */
        char text[256];
        struct origin at;
        struct wall until; /* ms 0: unknown, or until somebody acts */
    } hold[16];
    unsigned holds;
};
/* False: no profile and no set of hosts of that name is known. */
bool plan_provider_view(const struct plan *p, const char *name, struct now now,
                        struct plan_provider_view *out);
/* The provider that a domain is routed to, or NULL. */
const char *plan_provider_of_domain(const struct plan *p, const char *domain);
/* Every bucket that has something waiting: for a forecast. `answer` is built for the call, NULL while
 * the domain has no route. */
void plan_each_bucket(const struct plan *p,
                      void (*each)(void *arg, uint32_t job_key, const char *domain,
                                   uint64_t waiting, int64_t due_ms,
                                   const struct mx_answer *answer),
                      void *arg);
void plan_each_provider(const struct plan *p,
                        void (*each)(void *arg, const char *name, uint32_t connections,
                                     uint64_t ready),
                        void *arg);

#endif
