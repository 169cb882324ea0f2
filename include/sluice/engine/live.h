/* live.h: what the running engine tells about itself; asked from the control socket's threads. (S)
 *
 * Each call is a letter to the planner's thread and waits for its answer (bounded by one planner
 * round, milliseconds).
 */
#ifndef SLUICE_ENGINE_LIVE_H
#define SLUICE_ENGINE_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>
#include <sluice/base/err.h>
#include <sluice/base/when.h>
#include <sluice/conf/settings.h>
#include <sluice/plan/plan.h>
#include <sluice/spool/spool.h>

struct engine;

/* {"version", "pid", "started", "uptime_s", "connections", "in_flight", "messages_per_s",
 * "delivered", "disk_free", "intake": {"importing", "rows", "read_bytes", "file_bytes", "paused",
 * "waiting_files"}, "dns": {"asked", "cache_hits", "queries", "temporary_failures", "cached",
 * "in_flight"}, "suspended": [{"kind", "name", "since", "until", "by", "reason"}],
 * "calendar_trouble": ["file:line: ..."], "jobs": [{"id", "client", "class", "priority", "state",
 * "standing", "created", "finished", "recipients", "duplicates", "bad_rows", "counts": {"waiting":
 * 5, "deferred": ..., "delivered": ..., every state}, "categories": {"user-unknown": 3, ...},
 * "in_flight", "messages_per_s", "next_at", "held": why nothing of it is sent before somebody acts}]} job NULL: all open jobs and the newest finished ones;
 * with a job also "providers": [{"provider", "counts": {...}, "categories": {...}, "attempts",
 * "connections"}] "waits": [{"what", "recipients", "why", "until", "file", "line"}]   the largest 50 */
json_t *live_status(struct engine *e, const char *job);
/* pause, resume, cancel: true when done and persisted. */
bool live_lever(struct engine *e, const char *lever, const char *job, struct err *err);
/* Releases a job that waits for approval: durable and effective when true. *is_paused: it is paused besides, and
 * stays so. untested: that nobody had got a test of it is noted. */
bool live_approve(struct engine *e, const char *job, const char *by, bool untested, bool *is_paused,
                  struct err *err);
/* A job that was put into the spool beside the intake: opens it. */
void live_open_job(struct engine *e, const struct job_row *row);
/* As the daemon was started; what a reload changes is not in it. */
const struct settings *live_settings(struct engine *e);

/* ---- waits ---- */

/* What waits and fits the question, equal reasons summed up, the largest first: "job", "what",
 * "recipients", "why", "until", "file", "line". *more: groups that were left out. */
json_t *live_waits(struct engine *e, const struct plan_question *q, size_t most, uint64_t *more);

/* ---- providers, sources, clients ---- */

#define LIVE_NAME 256
/* Who is meant: a profile, a set of hosts, or the provider of a domain; a source or its address; a
 * client of the configuration or of an open job. False: nobody, with "did you mean". */
bool live_find(struct engine *e, enum plan_party party, const char *name, char out[LIVE_NAME],
               struct err *err);
/* Those in use and all profiles, the busiest first: "name", "profile", "connections",
 * "connections_now_at_most", "ready", "waiting", "outage", "holds". */
json_t *live_providers(struct engine *e);
/* One, by its own name: every value with its origin, its windows, its state; "quarantined" is the
 * caller's to add. NULL: unknown. */
json_t *live_provider(struct engine *e, const char *name);

struct suspend_order {
    enum plan_party party;
    const char *name;   /* as live_find() gives it */
    const char *by;     /* who says so */
    const char *reason; /* NULL: none; UTF-8, one line */
    struct wall until;  /* ms 0: until resumed */
};
/* Effective and durable when true; when false it may be effective and not durable: *err says so. */
bool live_suspend(struct engine *e, const struct suspend_order *o, struct err *err);
/* For a provider that takes away what automation holds against it, too. False also when nothing did. */
bool live_unsuspend(struct engine *e, enum plan_party party, const char *name, const char *by,
                    struct err *err);

/* {"ok": true, "warnings": [...], "needs_restart": [...]} or {"ok": false, "error", "problems"}. */
json_t *live_reload(struct engine *e);

#endif
