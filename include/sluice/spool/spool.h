/* spool.h: the durable state of jobs on SQLite: a catalog of all jobs and one database per job.
 *
 *   SPOOL/catalog.db         job(key, id UNIQUE, client, state, priority, source, ...):
 *                            every id ever seen; note(key, value)
 *   SPOOL/jobs/ID/job.db     meta, part (template files), domain(id, name),
 *                            recipient(rid, email, vars, skew, added),
 *                            todo(domain, due, rid, attempts), lease,
 *                            outcome(seq, rid, ...), word, quarantine(rid, ...)
 *   SPOOL/jobs/ID.importing/ an import that has not finished; removed at start, its input is
 *                            still in the drop directory
 *
 * Recipients never change. A recipient is in `todo` until it is final; every attempt appends one
 * row to `outcome` (seq grows: readers remember a cursor). A lease is a range of todo keys that was
 * handed out, written durably before anything of it is sent; so after a power cut at most the
 * leased recipients are in doubt. docs/spool.md describes the files, every state that a crash can
 * leave, and what to do with a damaged one.
 *
 * WAL mode, synchronous=FULL. Schema version in PRAGMA user_version, migrated at open; a newer one
 * is refused. Threads: one `struct spool` per thread that uses one (SQLite connections are not
 * shared). One of them, the spool thread's, leases, records and flushes; spool_append() and imports
 * run beside it on other handles. Readers see what was flushed.
 *
 * Between two flushes each job that is worked on has one open transaction. When any of spool_lease,
 * _return, _record, _lease_end, _recover_leases, _cancel, _quarantine, _quarantine_settle, _append
 * or _flush fails (disk full, damage), everything since the last flush is rolled back, for all
 * jobs: leases that were not flushed do not exist, outcomes must be recorded again. The handle
 * works on as soon as its surroundings do. e->code: ENOSPC for a full disk, EUCLEAN for a damaged
 * file (which spool_failed_job names), else errno or 0.
 *
 *     spool_open(dir, &s, &e);
 *     spool_lease(s, job_key, domain_id, after, now, 50, &chain, &n, &last, &next_due, &e);
 *     spool_flush(s, &e);                       // now the chain may be used
 *     ...
 *     spool_record(s, &outcome, &was_new, &e);
 *     spool_flush(s, &e);                       // now the outcome is safe
 */
#ifndef SLUICE_SPOOL_SPOOL_H
#define SLUICE_SPOOL_SPOOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sluice/base/err.h>
#include <sluice/base/when.h>
#include <sluice/model/job.h>
#include <sluice/model/outcome.h>

/* Names: importing, active, paused, done, cancelled, failed. */
enum job_state {
    JOB_IMPORTING,
    JOB_ACTIVE,
    JOB_PAUSED,
    JOB_DONE,
    JOB_CANCELLED,
    JOB_FAILED,
    JOB_STATES
};
const char *job_state_name(enum job_state s);

struct spool;
bool spool_open(const char *dir, struct spool **out,
                struct err *e);    /* makes the folders and the catalog */
void spool_close(struct spool *s); /* what was not flushed is rolled back; NULL is fine */
/* The job whose database made the last failure; 0: none (the catalog, or nothing failed yet). */
uint32_t spool_failed_job(const struct spool *s);

/* ---- catalog ---- */

struct job_row {
    uint32_t key;
    char id[65], client[65];
    enum job_state state;
    enum priority priority;
    enum msg_class msg_class;
    bool is_standing;
    struct wall created, finished; /* finished.ms 0: not yet */
    uint64_t recipients;           /* accepted rows */
    uint64_t duplicates, bad_rows;
    char source[256]; /* identity of the job file it came from, see spool_import_begin */
};
/* False, with an empty error text, when there is none. `recipients` of a standing job counts what
 * was appended, too. */
bool spool_find(struct spool *s, const char *id, struct job_row *out, struct err *e);
/* All jobs, oldest first; each() returning false stops. */
bool spool_each_job(struct spool *s, bool (*each)(void *arg, const struct job_row *row), void *arg,
                    struct err *e);
bool spool_set_state(struct spool *s, uint32_t job_key, enum job_state state, struct wall at,
                     struct err *e);

/* ---- import ---- */

struct spool_import;
/* Takes the id (refused with code EEXIST when it was ever seen, unless that import never finished).
 * `source` is any text that is the same for the same dropped file (device, inode, size, mtime): a
 * crash between finish and the removal of the dropped file is recognised by it. */
bool spool_import_begin(struct spool *s, const struct job_spec *spec,
                        const struct part_files *parts, const char *source, struct wall now,
                        struct spool_import **out, struct err *e);
/* Column names of a CSV (variables in order, without email): kept in meta as a JSON array text. */
bool spool_import_columns(struct spool_import *i, const char *json_array, struct err *e);
/* Streams one accepted row. email: local@domain, already checked, domain lower case. vars: JSON. */
bool spool_import_row(struct spool_import *i, const char *email, const char *vars, size_t vars_len,
                      uint64_t line, struct err *e);
/* Rows that occur twice (local parts compared without case: one person, one mail): the first stays;
 * dup() is told of each later one. Sorts by domain with bounded memory, fills domain and todo (due
 * = max(now, start)), syncs, and makes the job visible under its final name, atomically. Frees the
 * import also on failure, after which nothing of it is left. dup may be NULL. */
bool spool_import_finish(struct spool_import *i, uint64_t bad_rows,
                         void (*dup)(void *arg, const char *email, uint64_t line,
                                     uint64_t first_line),
                         void *arg, struct job_row *out, struct err *e);
void spool_import_abort(
    struct spool_import *i); /* removes everything of it, the id too; NULL is fine */

/* ---- a job's data ---- */

/* The snapshot; *columns (owned by the caller, "[]" when none). */
bool spool_load(struct spool *s, uint32_t job_key, struct job_spec **spec, struct part_files *parts,
                char **columns, struct err *e);
/* Every domain that has rows in todo: how many, the earliest due time. */
bool spool_each_domain(struct spool *s, uint32_t job_key,
                       bool (*each)(void *arg, uint32_t domain_id, const char *domain,
                                    uint64_t waiting, int64_t due_ms),
                       void *arg, struct err *e);

/* Rows for a standing job: one transaction, durable on return; a row that was there before is one
 * more mail, not a duplicate. Waits for the other handle's open transaction on this job, fairly:
 * for one flush at most. rids and domain ids are given back per row, so that the planner can be
 * told. `drop_name` names the file they come from: the same name twice adds nothing (false in
 * *is_new). Due at max(now, start), but behind whatever was leased (see spool_lease). */
struct spool_row {
    const char *email, *vars;
    size_t vars_len;
    uint64_t line;
    uint64_t rid;       /* filled */
    uint32_t domain_id; /* filled */
};
bool spool_append(struct spool *s, uint32_t job_key, const char *drop_name, struct spool_row *rows,
                  size_t count, struct wall now, bool *is_new, struct err *e);

/* ---- leases ---- */

struct todo_key {
    int64_t due_ms;
    uint64_t rid;
};
/* Takes up to `limit` deliveries of one domain with key > after and due <= until_ms, in key order,
 * as a chain (mailing left NULL); *count 0 when there are none. Writes the lease but does not
 * commit: spool_flush() does, once for many. The chain may be used only after the flush (after a
 * failed one: free it). *last: the key to go on from. *next_due_ms: of the row behind them,
 * whatever it is (WHEN_NEVER: none). `after` only saves the walk over what is leased already: this
 * handle knows what it handed out and never hands it out twice, so {0, 0} is always right. Rows
 * that come in later (deferred, returned, appended) are put behind every key leased so far, by up
 * to a minute, so a cursor misses nothing unless the clock jumps; whoever learns of a due time
 * before its cursor sets the cursor back. */
bool spool_lease(struct spool *s, uint32_t job_key, uint32_t domain_id, struct todo_key after,
                 int64_t until_ms, unsigned limit, struct delivery **chain, unsigned *count,
                 struct todo_key *last, int64_t *next_due_ms, struct err *e);
/* Gives one leased recipient back unattempted, under a new due time. The delivery stays the
 * caller's. */
bool spool_return(struct spool *s, const struct delivery *d, int64_t due_ms, struct err *e);

/* Applies an outcome: appends to `outcome`, and moves (deferred) or removes (final) the todo row.
 * One whose todo row is no longer there with attempt - 1 is already applied: skipped (*was_new
 * false), so that recovery may repeat. STATE_WAITING is a bug: that is spool_return. After a failed
 * flush some jobs may have been committed all the same: who counts keeps a `true` of the first try.
 */
bool spool_record(struct spool *s, const struct outcome *o, bool *was_new, struct err *e);
/* A lease is over when every delivery of it was recorded or returned: removed with the next flush.
 */
bool spool_lease_end(struct spool *s, uint32_t job_key, uint64_t lease, struct err *e);
/* Commits all open transactions (fsync). Until it returns true nothing of them is promised; after a
 * failure (disk full) everything since the last flush is rolled back and the caller still owns it:
 * it must be recorded again. */
bool spool_flush(struct spool *s, struct err *e);

/* After a power cut (handover: not the same boot): every recipient under a lease, as outcomes to
 * decide on, phase dot, dot_unanswered; to be recorded before the flush, because that makes the
 * leases forgotten. After a mere kill: only forgets them (but for leases of an earlier life of the
 * machine that no start has settled yet: each lease knows its boot). Leaves no lease behind once
 * flushed. Call before anything of the job is leased. */
bool spool_recover_leases(struct spool *s, uint32_t job_key, bool same_boot,
                          bool (*each)(void *arg, const struct outcome *o), void *arg,
                          uint64_t *count, struct err *e);

/* Cancels: todo rows become outcomes of state cancelled, but for those leased now. At most 20,000
 * per call, so that the spool thread stays free for others: call and flush until *count is 0. */
bool spool_cancel(struct spool *s, uint32_t job_key, struct wall now, uint64_t *count,
                  struct err *e);

/* ---- quarantine ---- */

/* An outcome of state quarantined keeps its todo row, far in the future (next_due_ms says when),
 * and is noted in the table `quarantine`.
 *
 * Takes back bounces: every recipient of the job whose last outcome is `bounced` by a reply of this
 * provider at or after `since` becomes quarantined (one more outcome with the same reply, of phase
 * policy: it was no attempt) and is due when it expires, expires_ms after it was added or the job
 * started. Bounces that an operator confirmed stay bounces. At most 20,000 per call: call and flush
 * until *count is 0. Not yet flushed, as spool_record. */
bool spool_quarantine(struct spool *s, uint32_t job_key, const char *provider, struct wall since,
                      int64_t expires_ms, struct wall now, uint64_t *count, struct err *e);
/* Settles, by one more outcome of phase policy with the same reply: `confirm` makes them bounced,
 * else they are deferred and due now. provider NULL: all. Those leased now (they just expire) are
 * passed by. At most 20,000 per call, as above. */
bool spool_quarantine_settle(struct spool *s, uint32_t job_key, const char *provider, bool confirm,
                             struct wall now, uint64_t *count, struct err *e);
/* What waits now in every domain where the two above moved rows, since the last time this was asked
 * (and held, false asks again): what is leased counts, too, because rows on their way back would
 * else be missed; a lease that finds less corrects it. Call after the flush. */
bool spool_each_moved(struct spool *s, uint32_t job_key,
                      bool (*each)(void *arg, uint32_t domain_id, const char *domain,
                                   uint64_t waiting, int64_t due_ms),
                      void *arg, struct err *e);
/* The number of the last outcome, those of the open transaction counted; 0: none. Fails like the
 * two above. */
bool spool_last_outcome(struct spool *s, uint32_t job_key, uint64_t *seq, struct err *e);
/* How many each provider has in quarantine in this job. */
bool spool_each_quarantine(struct spool *s, uint32_t job_key,
                           bool (*each)(void *arg, const char *provider, uint64_t count), void *arg,
                           struct err *e);

/* ---- notes of the engine ---- */

/* Small texts that survive everything, in the catalog (what the planner remembers). Putting NULL
 * removes. All of one call in one transaction, durable on return. */
struct spool_note {
    const char *key, *value;
};
bool spool_put_notes(struct spool *s, const struct spool_note *note, size_t count, struct err *e);
bool spool_each_note(struct spool *s, bool (*each)(void *arg, const char *key, const char *value),
                     void *arg, struct err *e);

/* ---- reading ---- */

struct result_row {
    uint64_t rid, line;
    const char *email; /* valid during the call only, as all pointers here */
    enum state state;
    enum category category;
    int code;
    const char *enhanced, *text, *provider, *mx_host, *message_id, *rule;
    uint32_t attempts; /* real ones; what we decided ourselves (phase policy or render) is none */
    struct wall at;    /* of the last attempt; ms 0: none */
    struct wall due;   /* of the next attempt for waiting and deferred; else ms 0 */
};
/* Every recipient in the order of the list, with its last outcome. Reads a snapshot; never blocks
 * the writers. Sorts the numbers of all outcomes first: some 30 MB of memory, and 16 bytes of
 * temporary disk per outcome above a million. */
bool spool_each_result(struct spool *s, uint32_t job_key,
                       bool (*each)(void *arg, const struct result_row *row), void *arg,
                       struct err *e);
/* The recipients in the order of the list, until each() returns false; nothing is sorted before the first, so a
 * sample costs nothing. */
bool spool_each_recipient(struct spool *s, uint32_t job_key,
                          bool (*each)(void *arg, uint64_t rid, const char *email,
                                       const char *vars),
                          void *arg, struct err *e);
/* The results of one address: all attempts, oldest first; each() is not called when there was none.
 * Letters' case does not matter. Reads the whole list (there is no index): about a second for ten
 * million. */
bool spool_each_attempt(struct spool *s, uint32_t job_key, const char *email,
                        bool (*each)(void *arg, const struct result_row *row), void *arg,
                        struct err *e);
/* One recipient by address, for rendering it again: rid and vars (owned by the caller); the first,
 * if there are several. */
bool spool_find_recipient(struct spool *s, uint32_t job_key, const char *email, uint64_t *rid,
                          char **vars, struct err *e);
/* Final and deferred outcomes with seq > *cursor, at most `limit`; moves *cursor. The list's write-
 * back reads here. As recorded, but for lease, due_ms and slot. */
bool spool_each_outcome(struct spool *s, uint32_t job_key, uint64_t *cursor, unsigned limit,
                        bool (*each)(void *arg, const struct outcome *o), void *arg, struct err *e);
/* Counts for status: per state and category, per provider. Folded once at start, then kept by
 * report/tally.h. */

#endif
