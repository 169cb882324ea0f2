/* engine.h: the engine's own state; private to the room. */
#ifndef SLUICE_ENGINE_PRIVATE_H
#define SLUICE_ENGINE_PRIVATE_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sluice/base/map.h>
#include <sluice/base/must.h>
#include <sluice/deliver/pool.h>
#include <sluice/dns/resolver.h>
#include <sluice/engine/engine.h>
#include <sluice/handover/handover.h>
#include <sluice/job/intake.h>
#include <sluice/list/store.h>
#include <sluice/os/clock.h>
#include <sluice/os/log.h>
#include <sluice/os/mailbox.h>
#include <sluice/os/thread.h>
#include <sluice/plan/plan.h>
#include <sluice/render/mailing.h>
#include <sluice/report/tally.h>
#include <sluice/spool/spool.h>
#include <sluice/admin/control.h>
#include "standing.h"

enum { /* letters to the brain */
       TO_BRAIN_CALL,
       TO_BRAIN_JOB,    /* struct intake_job */
       TO_BRAIN_APPEND, /* struct intake_append */
       TO_BRAIN_OPENED, /* struct opened */
       TO_BRAIN_LEASED, /* struct lease_letter */
       TO_BRAIN_RESOLVED,
       TO_BRAIN_OUTCOME, /* struct pool_report, these three */
       TO_BRAIN_READY,
       TO_BRAIN_CLOSED,
       TO_BRAIN_HOLD, /* struct job_letter: the job is paused, its spool is damaged */
       TO_BRAIN_STOP, /* the thread ends */
};
enum { /* letters to the keeper */
       TO_KEEPER_CALL,
       TO_KEEPER_OPEN,   /* struct intake_job, passed on */
       TO_KEEPER_LEASE,  /* struct lease_letter */
       TO_KEEPER_RECORD, /* struct record_letter */
       TO_KEEPER_RETURN, /* struct record_letter */
       TO_KEEPER_CANCEL, /* struct job_letter */
       TO_KEEPER_DONE,   /* struct job_letter */
       TO_KEEPER_WAKE,   /* nothing but that */
       TO_KEEPER_ALONE,  /* the scribe's last word: nobody calls any more */
};
enum { TO_SCRIBE_NEWS, TO_SCRIBE_STOP };

/* A function that runs on another thread while the caller waits. */
struct call {
    struct letter letter;
    void (*run)(struct engine *e, void *arg);
    void *arg;
    sem_t done;
};
void engine_call(struct engine *e, struct mailbox *box, void (*run)(struct engine *, void *),
                 void *arg);

/* ACT_LEASE on its way to the keeper, and its answer back. */
struct lease_letter {
    struct letter letter;
    uint32_t job_key, domain_id;
    struct todo_key after;
    int64_t until_ms;
    unsigned limit;
    /* the answer */
    bool failed;
    bool is_unchecked; /* the list could not tell who is suppressed: all of it goes back */
    struct delivery *chain;
    unsigned count;
    struct todo_key last;
    int64_t next_due_ms;
};
struct record_letter {
    struct letter letter;
    struct outcome *outcome;   /* RECORD */
    struct delivery *delivery; /* RETURN */
    int64_t due_ms;
};
struct job_letter {
    struct letter letter;
    uint32_t job_key;
    char id[65];
    uint64_t count; /* TO_KEEPER_CANCEL: rows of this step */
};

/* A job that the keeper has open. Only the keeper's thread touches it, until the job is through:
 * then it stands among the `endings`, which have a lock. `spec` and `mailing` never change. */
struct keeper_job {
    struct job_row row;
    struct job_spec *spec;
    struct mailing *mailing; /* NULL: the template does not compile any more, the job is paused */
    char trouble[200];       /* for status; "": none */
    bool is_damaged;         /* its database cannot be written any more: see damage.c */
    struct tally tally;
    struct standing standing;
    struct map leases; /* lease -> struct lease_count *: what is out */
    uint64_t in_flight;
    bool is_cancelling; /* rows are being cancelled, step by step ... */
    bool is_through;    /* ... and the planner waits for nothing of the job any more */
    int64_t try_at_ms;  /* among the endings: not before (monotonic) */
    struct keeper_job *next;
};
/* A job that could not be opened: it stays as it is, and status tells why. */
struct unopened {
    struct job_row row;
    char trouble[200];
    struct unopened *next;
};
struct ended_lease {
    uint32_t job_key;
    uint64_t lease;
};
struct lease_count {
    unsigned left;
};
struct opened {
    struct letter letter;
    struct plan_job job;
    unsigned count;
    struct opened_domain {
        uint32_t domain_id;
        char *domain;
        uint64_t waiting;
        int64_t due_ms;
    } * item;
};

#define RATE_SECONDS 8
struct engine {
    const struct settings *settings;
    struct wall started;
    struct handover *handover;
    int drop_lock; /* of the drop directory: two daemons on it would mail everybody twice; -1: none */
    struct plan *plan;
    struct pool *pool;
    struct resolver *resolver;
    struct intake *intake;
    struct control *control;
    struct mailbox brain_box, keeper_box, scribe_box;
    pthread_t brain, keeper, scribe;
    bool has_brain, has_keeper, has_scribe; /* threads that were started */
    atomic_bool is_stopping, keeper_ends;
    atomic_bool brain_is_quiet;           /* only once it knows that it is stopping */
    _Atomic(const atomic_bool *) at_once; /* set by engine_stop */
    atomic_uint
        ending; /* jobs that the planner is through with, and whose results are not written */
    /* brain */
    struct intake_append
        *orphans;     /* appends of jobs that are being opened, chained by letter.next */
    unsigned opening; /* jobs on their way through the keeper */
    struct prohibited prohibited;
    struct sockaddr_storage *source;
    unsigned sources, next_source;
    /* keeper */
    struct spool *spool;
    struct list_store *list;
    struct keeper_job *jobs;
    struct unopened *unopened;
    struct ended_lease *ended_lease; /* to be taken off with the next flush */
    size_t ended_leases, ended_leases_cap;
    struct letter *unrecorded; /* what the disk refused up to the very end */
    bool scribe_is_gone;
    bool has_damaged;          /* a job whose database cannot be written any more */
    char spool_trouble[200];   /* "": fine */
    char look_up_trouble[200]; /* of the list; "": fine */
    uint64_t delivered_in[RATE_SECONDS];
    int64_t second;
    /* scribe */
    struct spool *scribe_spool;
    struct list_store *scribe_list;
    struct list_store *intake_list; /* the intake's jobs lane */
    /* between keeper and scribe */
    pthread_mutex_t lock;
    struct keeper_job *endings;
    char list_trouble[200];
};

/* brain.c */
void *brain_run(void *engine);
bool brain_prepare(struct engine *e, struct err *err);
/* keeper.c */
void *keeper_run(void *engine);
struct keeper_job *keeper_find(struct engine *e, uint32_t job_key);
/* jobs.c */
struct keeper_job *keeper_open(struct engine *e, const struct job_row *row, struct err *err);
struct opened *keeper_domains(struct engine *e, struct keeper_job *j, struct err *err);
/* Counts all outcomes again, from the spool handle of the calling thread. */
void keeper_retally(struct spool *s, struct keeper_job *j);
void keeper_count(struct keeper_job *j, const struct outcome *o); /* one committed outcome */
void keeper_close(struct engine *e, struct keeper_job *j);
void keeper_job_free(struct keeper_job *j);
struct plan_job plan_job_of(const struct keeper_job *j);
void keeper_unopened(struct engine *e, const struct job_row *row, const struct err *err);
void opened_free(struct opened *o);
/* letters.c: what nobody took any more */
void letters_free(struct letter *brain, struct letter *keeper, struct letter *scribe);
/* damage.c: true when the failure is that of one job's damaged database: the job is put aside. */
bool keeper_put_aside(struct engine *e, const struct err *err);
void keeper_drop_damaged(struct engine *e, struct letter **letters);
void keeper_lease_back(struct engine *e, struct keeper_job *j, uint64_t lease);
void keeper_cancelled(struct engine *e, struct keeper_job *j); /* no row is left to cancel */
void keeper_refuse_lease(struct engine *e, struct lease_letter *l);
void keeper_log_outcome(const struct keeper_job *j, const struct outcome *o, enum log_level level,
                        const char *topic);
/* recover.c */
bool engine_recover(struct engine *e, bool same_boot, struct err *err);
/* from_list.c: an intake_options.each_contact; arg: the engine */
bool engine_each_contact(void *arg, const char *list,
                         bool (*each)(void *each_arg, const char *email, const char *vars),
                         void *each_arg, struct err *err);
/* scribe.c */
void *scribe_run(void *engine);
struct result_line;
void result_line_of(struct result_line *out, const struct result_row *r);

#endif
