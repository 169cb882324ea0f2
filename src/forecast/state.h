/* state.h: the modelled world around the planner; private to the room. */
#ifndef SLUICE_FORECAST_STATE_H
#define SLUICE_FORECAST_STATE_H

#include <sluice/base/buf.h>
#include <sluice/base/heap.h>
#include <sluice/base/map.h>
#include <sluice/base/must.h>
#include <sluice/forecast/forecast.h>

/* Rows are counts: so many of a bucket are due then. */
struct lot {
    int64_t due_ms; /* wall */
    uint64_t count;
};

/* One domain's rows of one job that no lease holds. */
struct bucket {
    uint32_t job, place, account; /* indexes */
    uint32_t domain_id;           /* within the job */
    struct lot *lot;              /* by due time */
    size_t lots, cap;
};

/* A domain, once for all jobs. */
struct place {
    const char *name;
    const struct mx_answer *answer; /* NULL: not known */
    uint32_t receiver;
};

struct receiver { /* a provider, as the planner will name it */
    char name[64];
    double dial_ms, message_ms;
    const struct spans *closed; /* NULL: never */
};

struct reason {
    uint64_t key;
    double weight;  /* ms */
    bool is_closed; /* while a window was closed */
    char text[160];
};
#define REASONS_MAX 8u
struct reasons {
    struct reason *item;
    unsigned count;
};

/* What becomes of one job at one receiver. All times are wall ms. */
struct account {
    uint32_t job, receiver;
    uint64_t recipients, delivered, undeliverable;
    int64_t first_ms;   /* 0: nothing was begun yet */
    int64_t last_ms;    /* its time is accounted for up to here */
    int64_t settled_ms; /* of the last recipient that came to its end */
    int64_t window_ms, other_ms;
    int64_t inside_ms; /* of both, what lies behind first_ms */
    struct spans closed;
    bool has_closed; /* `closed` was made: on the first wait */
    struct reasons reasons;
    uint64_t sample; /* of this sample the reason `sample_key` has the most recipients */
    uint64_t sample_recipients, sample_key;
};

struct subject { /* a job of the input */
    int64_t begins_ms, added_ms;
    uint32_t *bucket; /* by domain_id */
    uint32_t buckets;
    struct spans closed;    /* the job's own calendar and its client's */
    struct reasons reasons; /* what held the whole job */
    uint64_t sample;        /* counted in it already */
};

enum conn_state { CONN_FREE, CONN_BUSY, CONN_IDLE, CONN_CLOSING };
struct conn {
    struct heap_node node; /* in events, by mono ms */
    enum conn_state state;
    uint32_t receiver;
    bool closes;         /* as soon as it is idle */
    uint32_t connect_ms; /* until the first outcome has told it */
    int64_t ended_ms;    /* mono: of the last batch ... */
    double early_ms;     /* ... by so much earlier than the whole millisecond */
    struct delivery *begun, *untried;
};

/* What the planner asked, to be answered when all its actions are carried out. */
struct question {
    uint32_t bucket; /* a lease; UINT32_MAX: a domain's route */
    uint32_t place;
    unsigned limit;
    int64_t until_ms;
};

#define SPARE_OUTCOMES 64u
struct forecast {
    const struct forecast_input *in;
    struct plan *plan;
    struct now now, start;
    int64_t until_ms; /* wall */
    int64_t woken_ms; /* mono: when the planner wanted to look, last */
    bool is_done;
    uint64_t events;
    struct map job_by_key, place_by_name, receiver_by_name, account_by_pair;
    struct subject *subject; /* by index of the job */
    struct place *place;
    size_t places, place_cap;
    struct receiver *receiver;
    size_t receivers, receiver_cap;
    struct account *account;
    size_t accounts, account_cap;
    struct bucket *bucket; /* by index of the input's domain */
    struct conn *conn;
    struct heap due; /* connections */
    struct question *question;
    size_t questions, question_cap;
    uint64_t next_rid;
    struct outcome *spare[SPARE_OUTCOMES];
    unsigned spares;
    uint64_t recipients, settled; /* of the subject jobs */
    /* sampling */
    uint64_t sample;
    int64_t sample_at_ms, sampled_to_ms; /* wall */
    int64_t sample_from_ms;              /* wall: when the first subject begins */
    uint64_t sample_waits;               /* how many the last one was told */
    struct buf text;
    struct mx_answer answer; /* scratch */
};

/* world.c: who there is: places, receivers, accounts, buckets. */
void world_make(struct forecast *f);
void world_free(struct forecast *f);
/* The answer of the input with nothing behind its hosts, or one that is made up; in f->answer. */
const struct mx_answer *world_answer(struct forecast *f, const struct place *p);
int world_job(const struct forecast *f, uint32_t job_key);             /* -1: none */
struct place *world_place(const struct forecast *f, const char *name); /* NULL: none */
struct account *world_account(const struct forecast *f, uint32_t job, uint32_t receiver);

/* rows.c */
void rows_put(struct bucket *b, int64_t due_ms, uint64_t count);
void rows_lease(struct forecast *f, uint32_t bucket, unsigned limit, int64_t until_ms);

/* mail.c: connections and what they bring about. */
void mail_open(struct forecast *f, const struct plan_action *a);
void mail_more(struct forecast *f, const struct plan_action *a);
void mail_close(struct forecast *f, const struct plan_action *a);
void mail_record(struct forecast *f, struct outcome *o);
void mail_return(struct forecast *f, struct delivery *d, int64_t due_ms);
void mail_due(struct forecast *f, struct conn *c);
void mail_free(struct forecast *f);

/* account.c */
/* Something of it is under way from `from_ms` to `until_ms` (wall): before that it waited. */
void account_active(struct forecast *f, struct account *a, int64_t from_ms, int64_t until_ms);
/* When it is closed by its job's, client's or provider's calendar. */
const struct spans *account_closed(struct forecast *f, struct account *a);
void account_row(struct forecast *f, struct account *a, struct forecast_row *out);

/* sample.c */
/* The clock moves on to `to_ms` (wall): what holds the subject jobs until then? */
void sample_before(struct forecast *f, int64_t to_ms);
/* The reason that weighs most, of those in or outside of windows; NULL: none. */
const struct reason *reasons_heaviest(const struct reasons *r, bool is_closed);

#endif
