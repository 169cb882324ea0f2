/* store.h: the lists: contacts, suppression, events; one SQLite database for all of them.
 *
 *   contact(list, domain, local, status, last_class, counters, first_seen, last_seen, ...)
 *   suppression(address or @domain, client or '*', class or '*', reason, since, by)
 *   event(id, at, list, address, what, cause): every change and every bounce, with its cause
 *   ad(domain, local, at, job, rid): advertisements that reached somebody, for frequency caps
 *   cursor(job, seq): up to where a job's outcomes were folded in; written in the same transaction
 *                     as the fold, so that a crash neither loses nor doubles a count
 *
 * Addresses are compared in lower case (ASCII), local part too. WAL mode, synchronous=FULL, schema
 * in user_version, migrated at open. One handle per thread; writers of several handles wait for one
 * another (at most 10 s). Errors as in spool/spool.h: code ENOSPC, EUCLEAN; what failed was rolled
 * back.
 *
 *     list_open("lists.db", &l, &e);
 *     list_is_suppressed(l, "client", MSG_AD, "kim@naver.com", why, &e);
 */
#ifndef SLUICE_LIST_STORE_H
#define SLUICE_LIST_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <sluice/base/err.h>
#include <sluice/base/when.h>
#include <sluice/model/outcome.h>

struct list_store;
bool list_open(const char *path, struct list_store **out, struct err *e);
void list_close(struct list_store *l); /* NULL is fine */

/* ---- suppression ---- */

/* True with the reason in *why (48 bytes) when `client` must not send a message of this class to
 * the address. A suppression counts when its client is '*' or this one, and its class is '*' or
 * this one; "@domain" suppresses a whole domain. A read error counts as not suppressed but fills *e
 * (may be NULL; its text is empty otherwise). Fast: one or two index look-ups. */
bool list_is_suppressed(struct list_store *l, const char *client, enum msg_class c,
                        const char *address, char why[48], struct err *e);
struct suppression {
    const char *address;   /* or "@domain" */
    const char *client;    /* "*": all */
    const char *msg_class; /* "ad", "notice", "transactional" or "*" */
    const char *reason;    /* a category's name, "unsubscribed", "operator", ... */
    const char *by;        /* a job id, "operator", "import" */
    struct wall since;
};
/* One that is there already stays as it is, but one that a job made becomes this one: it would go
 * when the job's bounce is taken back. "*@domain" is refused: "@domain" is meant. With class "*"
 * the contact's status becomes suppressed in the lists that the client means: the one of its name,
 * or all. */
bool list_suppress(struct list_store *l, const struct suppression *s, struct err *e);
/* Takes away every suppression that matches (client and msg_class may be NULL: any); *count says
 * how many. The contact becomes active again, in the list of that name or in all. */
bool list_release(struct list_store *l, const char *address, const char *client,
                  const char *msg_class, const char *by, struct wall now, uint64_t *count,
                  struct err *e);

/* Does anything here belong to this client: a list of its name, an advertisement, a suppression? A
 * new client may be known to the configuration alone. "*" is known. */
bool list_knows_client(struct list_store *l, const char *client, bool *known, struct err *e);

/* ---- contacts ---- */

struct contact {
    const char *list, *address;
    const char *status;     /* active, bouncing, invalid, suppressed, dormant, in-doubt */
    const char *last_class; /* category of the last failure, or "" */
    const char *last_reply;
    const char *provenance; /* where the address came from */
    const char *consent;    /* what consent there is, "" unknown */
    const char *vars;       /* JSON object of further columns of an import */
    uint64_t sent, delivered, hard, soft, our_side;
    struct wall first_seen, last_seen, last_delivered, consent_at;
};
/* Inserts or updates (provenance, consent, vars where given, neither NULL nor ""; counters and
 * status stay). *was_new may be NULL. Many of them go between list_begin and list_commit: one
 * transaction; when one of them fails, all of it is rolled back and list_commit says so. */
bool list_begin(struct list_store *l, struct err *e);
bool list_commit(struct list_store *l, struct err *e);
bool list_import(struct list_store *l, const struct contact *c, bool *was_new, struct err *e);
bool list_each_contact(struct list_store *l, const char *list,
                       bool (*each)(void *arg, const struct contact *c), void *arg, struct err *e);
bool list_each_list(struct list_store *l,
                    bool (*each)(void *arg, const char *list, uint64_t contacts, uint64_t active,
                                 uint64_t suppressed),
                    void *arg, struct err *e);
bool list_each_suppression(struct list_store *l, const char *address, /* NULL: all */
                           bool (*each)(void *arg, const struct suppression *s), void *arg,
                           struct err *e);
struct list_event {
    struct wall at;
    const char *list, *address, *what, *cause;
};
bool list_each_event(struct list_store *l, const char *address,
                     bool (*each)(void *arg, const struct list_event *ev), void *arg,
                     struct err *e);
/* In one list, or in all (list NULL). */
bool list_find_contact(struct list_store *l, const char *list, const char *address,
                       bool (*each)(void *arg, const struct contact *c), void *arg, struct err *e);

/* ---- how often somebody is mailed ---- */

/* Advertisements that reached the address (delivered or in doubt) at or after `since`, by any job
 * of `client` (NULL: of any client), as the write-back knows them: each() gets the job and the
 * recipient's number in it, so that a caller who also knows what is under way counts nobody twice.
 * Kept for LIST_ADS_KEPT_MS. */
#define LIST_ADS_KEPT_MS (INT64_C(92) * 86400000)
bool list_each_ad(struct list_store *l, const char *client, const char *address, struct wall since,
                  void (*each)(void *arg, const char *job_id, uint64_t rid, struct wall at),
                  void *arg, struct err *e);

/* ---- write-back ---- */

/* Where job `job_id` stands; 0 for a job never folded. */
bool list_cursor(struct list_store *l, const char *job_id, uint64_t *seq, struct err *e);
/* One transaction: folds `count` outcomes (in seq order, as spool_each_outcome gives them after
 * list_cursor) into the contacts of `list` by list_policy (list/policy.h), and sets the cursor to
 * `seq`. When the cursor is there already, nothing is done: repeating is harmless. An outcome of
 * state quarantined and phase policy takes back what the bounce of the same job did to the contact
 * (status, counters, the suppression that this job made), with an event. */
bool list_fold(struct list_store *l, const char *job_id, const char *client,
               enum msg_class msg_class, const char *list, const struct outcome *outcomes,
               unsigned count, uint64_t seq, struct err *e);

#endif
