/* live.h: what the running engine tells about itself; asked from the control socket's threads. (S)
 *
 * Each call is a letter to the planner's thread and waits for its answer (bounded by one planner
 * round, milliseconds).
 */
#ifndef SLUICE_ENGINE_LIVE_H
#define SLUICE_ENGINE_LIVE_H

#include <stdbool.h>
#include <jansson.h>
#include <sluice/base/err.h>
#include <sluice/conf/settings.h>

struct engine;

/* {"version", "pid", "started", "uptime_s", "connections", "in_flight", "messages_per_s",
 * "delivered", "disk_free", "intake": {"importing", "rows", "read_bytes", "file_bytes", "paused",
 * "waiting_files"}, "dns": {"asked", "cache_hits", "queries", "temporary_failures", "cached",
 * "in_flight"}, "jobs": [{"id", "client", "class", "priority", "state", "standing", "created",
 * "finished", "recipients", "duplicates", "bad_rows", "counts": {"waiting": 5, "deferred": ...,
 * "delivered": ..., every state}, "categories": {"user-unknown": 3, ...}, "in_flight",
 * "messages_per_s", "next_at"}]} job NULL: all open jobs and the newest finished ones; with a job
 * also "providers": [{"provider", "counts": {...}, "categories": {...}, "attempts", "connections"}]
 *   "waits": [{"what": "domain x.example" or "provider naver", "recipients", "why", "until"}]   the
 * largest 50 */
json_t *live_status(struct engine *e, const char *job);
/* pause, resume, cancel: true when done and persisted. */
bool live_lever(struct engine *e, const char *lever, const char *job, struct err *err);
const struct settings *live_settings(struct engine *e);

#endif
