/* outcome.h: what is sent, and the one type for every end of an attempt.
 *
 * A `delivery` is one recipient of one job on its way: made by the spool, held by the planner,
 * worked on by a connection. It ends as an `outcome`. Log lines, counters, results, reports and the
 * list are folds over outcomes, so they cannot disagree. Both are values: exactly one thread owns
 * one at a time.
 */
#ifndef SLUICE_MODEL_OUTCOME_H
#define SLUICE_MODEL_OUTCOME_H

#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>
#include <sluice/base/when.h>
#include <sluice/model/kinds.h>

struct mailing; /* render/mailing.h: compiled template and job, shared, reference-counted */

#define PACES_MAX 8
#define ADDRESS_MAX 320 /* octets: RFC 5321 4.5.3.1: 64 + @ + 255 */

struct delivery {
    uint32_t job_key;   /* the catalog's number of the job */
    uint32_t domain_id; /* within the job's database */
    uint64_t rid;       /* recipient: its number within the job */
    uint32_t attempt;   /* this attempt's number, from 1 */
    uint64_t lease;     /* the spool's lease that covers it */
    int64_t due_ms; /* wall clock, 0: since the job started; with domain_id and rid its key in the
                         * spool's todo table */
    struct wall added;            /* when the recipient was added: expiry counts from here */
    struct mono not_before;       /* the connection waits until then */
    struct pace *pace[PACES_MAX]; /* held; booked just before it begins; NULL: no more */
    struct mono not_after;        /* ms 0: none; later it is not begun, but comes back untried */
    /* Borrowed: the engine's job table owns the reference and keeps a job open while deliveries of
     * it exist. So neither the model nor a delivery needs to know how a mailing is released. */
    struct mailing *mailing;
    char *email; /* owned; as in the list; the domain may be a U-label */
    char *vars;  /* owned JSON: array in column order, or object; see job/recipients.h */
    size_t vars_len;
    enum category suppressed_as; /* CAT_SUPPRESSED when the list forbids it; else CAT_OK */
    char suppressed_why[48];
    struct delivery *next; /* chains */
};

#define REPLY_TEXT_MAX 512
#define HOST_MAX 256
#define IP_MAX 46

/* A reply as the server sent it, or none (code 0). */
struct reply {
    int code;                  /* 200-599; 0: there was no reply */
    char enhanced[12];         /* "5.1.1", or "" */
    char text[REPLY_TEXT_MAX]; /* lines joined by one space, codes stripped, printable UTF-8; our
                                * own words when code is 0 ("connection refused") */
};

#define NO_SLOT UINT32_MAX

struct outcome {
    /* whose */
    uint32_t job_key, domain_id;
    uint64_t rid, lease;
    uint32_t attempt;
    int64_t due_ms; /* the todo key that this outcome replaces */
    struct wall added;
    char email[ADDRESS_MAX + 1];
    /* what happened: filled by the worker (or by the planner for what never reached one) */
    enum phase phase;
    bool dot_unanswered; /* the final dot was written and no reply was read */
    struct reply reply;
    char mx_host[HOST_MAX];
    char mx_ip[IP_MAX];
    char message_id[128]; /* without angle brackets; "" before rendering */
    bool tls;
    struct wall at; /* the end of the attempt */
    uint32_t queued_ms, connect_ms,
        send_ms;    /* in the engine; dial to EHLO done; MAIL to the last reply */
    uint32_t bytes; /* of the message */
    uint32_t slot;  /* hand-over slot to free once committed, or NO_SLOT */
    /* what it means: reply_classify() */
    enum category category;
    enum scope scope;
    char rule[48]; /* which rule said so */
    /* what follows: the planner */
    char provider[64];
    char source[64]; /* name of the source address; "": it never reached a connection */
    enum state state;
    int64_t next_due_ms; /* wall clock; for STATE_DEFERRED and STATE_WAITING */
};

/* Frees one delivery, not the chain behind it; leaves the mailing alone. NULL is fine. */
void delivery_free(struct delivery *d);
/* Copies the identity (job, recipient, lease, attempt, address) into an outcome that is zero
 * otherwise, but for slot, which is NO_SLOT. */
void outcome_for(struct outcome *o, const struct delivery *d);

#endif
