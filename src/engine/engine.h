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
#include <sluice/shape/shaping.h>
#include <sluice/shape/spans.h>
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
       TO_BRAIN_UNTRIED,
       TO_BRAIN_HOLD,    /* struct job_letter: the job is paused, its spool is damaged */
       TO_BRAIN_RECOUNT, /* struct recount_letter: plan_job_recount() each, if the job is open */
       TO_BRAIN_STOP,    /* the thread ends */
};
enum { /* letters to the keeper */
       TO_KEEPER_CALL,
       TO_KEEPER_OPEN,       /* struct intake_job, passed on */
       TO_KEEPER_LEASE,      /* struct lease_letter */
       TO_KEEPER_RECORD,     /* struct record_letter */
       TO_KEEPER_RETURN,     /* struct record_letter */
       TO_KEEPER_CANCEL,     /* struct job_letter */
       TO_KEEPER_DONE,       /* struct job_letter */
       TO_KEEPER_WAKE,       /* nothing but that */
       TO_KEEPER_ALONE,      /* the scribe's last word: nobody calls any more */
       TO_KEEPER_QUARANTINE, /* struct quarantine_letter: ACT_QUARANTINE */
       TO_KEEPER_FOLDED,     /* struct folded_letter: the list knows of these ads now */
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
    bool waits_approval;     /* see approval.c */
    struct wall approved;    /* 0: not */
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
    bool is_again; /* the planner thought that it was through with the job, see quarantine.c: the
                    * brain did not count it among `opening` */
    struct plan_job job; /* its id and client lie in the keeper's job, which outlives the letter */
    struct spans closed; /* by the job's own send windows */
    unsigned count;
    struct opened_domain {
        uint32_t domain_id;
        char *domain;
        uint64_t waiting;
        int64_t due_ms;
    } * item;
};

/* ---- the guard's quarantine, see quarantine.c ---- */

struct quarantine_letter {
    struct letter letter;
    char provider[64];
    struct wall since; /* its refusals since then are no bounces */
    /* the keeper's */
    uint32_t job_key;   /* whose turn it is; 0: to begin with */
    uint64_t first_seq; /* outcomes behind it are of this step */
    uint64_t count;     /* recipients of this step */
    uint64_t total;     /* of this job */
};
struct recount_letter {
    struct letter letter;
    uint32_t job_key;
    unsigned count;
    struct opened_domain *item;
};

/* ---- frequency caps, see frequency.c ---- */

struct overlay;
struct folded_letter {
    struct letter letter;
    uint64_t job; /* hash of its id */
    unsigned count;
    struct folded_ad {
        uint64_t address, rid; /* hash of the address */
    } item[];
};

#define ENGINE_MAX_LEASED 20000 /* recipients leased at once */
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
    /* what a reload replaces: see setup.c */
    _Atomic(struct setup *) setup;
    pthread_mutex_t setup_lock, reload_lock;
    pthread_mutex_t
        lever_lock; /* levers of jobs: what the keeper knows and what the planner is told */
    /* calendars, the planner's memory, suspensions: see warden.c */
    struct warden *warden;
    /* brain */
    struct intake_append
        *orphans;     /* appends of jobs that are being opened, chained by letter.next */
    unsigned opening; /* jobs on their way through the keeper */
    struct prohibited prohibited;
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
    struct overlay *ads;       /* advertisements that the list does not know of yet */
    unsigned quarantines;      /* letters of the guard that are being worked on */
    uint64_t delivered_in[RATE_SECONDS];
    int64_t second;
    /* scribe */
    struct spool *scribe_spool;
    struct list_store *scribe_list;
    struct list_store *intake_list; /* the intake's jobs lane */
    /* `sluice plan`: answers of the DNS, for one client at a time, see preview_domains.c */
    struct mailbox preview_box;
    pthread_mutex_t preview_lock;
    /* TXT records, for one client at a time, see txt_ask.c */
    struct mailbox txt_box;
    pthread_mutex_t txt_lock;
    /* between keeper and scribe */
    pthread_mutex_t lock;
    struct keeper_job *endings;
    char list_trouble[200];
};

/* brain.c */
void *brain_run(void *engine);
bool brain_prepare(struct engine *e, struct err *err);
/* setup.c: the configuration of now. The brain and the keeper look at it within one letter: a reload
 * waits for both of them before it frees the former one. */
const struct shaping *engine_shaping(struct engine *e);
/* For all other threads: stays as it is until they let go of it. */
struct setup *engine_hold(struct engine *e);
const struct settings *setup_settings(const struct setup *s);
const struct keys *setup_keys(const struct setup *s);
void engine_let_go(struct engine *e, struct setup *s);
/* calendar_watch.c: closed time of providers and clients as the planner has it (each set is valid during
 * the call), of a job that is open (on its own thread, false: none of that key; `out` is the
 * caller's), of a job by its windows. */
void engine_each_calendar(struct engine *e,
                          void (*each)(void *arg, enum plan_party party, const char *name,
                                       const struct spans *closed),
                          void *arg);
bool engine_job_calendar(struct engine *e, uint32_t job_key, struct spans *out);
void engine_spec_calendar(struct engine *e, const struct job_spec *spec, struct spans *out);
/* notes.c: what the planner remembers, exactly, as of now. */
void engine_each_memory(struct engine *e,
                        void (*each)(void *arg, const char *key, const char *value), void *arg);
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
/* leases.c */
bool keeper_apply_lease(struct engine *e, struct lease_letter *l, struct err *err);
void keeper_answer_lease(struct engine *e, struct lease_letter *l); /* after the flush */
void keeper_refuse_lease(struct engine *e, struct lease_letter *l);
void keeper_lease_back(struct engine *e, struct keeper_job *j, uint64_t lease);
/* letters.c: what nobody took any more */
void letters_free(struct letter *brain, struct letter *keeper, struct letter *scribe);
/* approval.c: of a job that is about to be opened; *approved (may be NULL): when it was, 0: not */
bool approval_is_awaited(struct spool *s, const struct job_spec *spec, struct wall *approved);
/* damage.c: true when the failure is that of one job's damaged database: the job is put aside. */
bool keeper_put_aside(struct engine *e, const struct err *err);
void keeper_drop_damaged(struct engine *e, struct letter **letters);
void keeper_cancelled(struct engine *e, struct keeper_job *j); /* no row is left to cancel */
void keeper_log_outcome(const struct keeper_job *j, const struct outcome *o, enum log_level level,
                        const char *topic);
/* quarantine.c. The keeper's thread: one step, before and after its flush. */
bool keeper_quarantine_apply(struct engine *e, struct quarantine_letter *l, struct err *err);
void keeper_quarantine_held(struct engine *e, struct quarantine_letter *l);
void keeper_quarantine_next(struct engine *e, struct quarantine_letter *l); /* passes a job by */
bool keeper_quarantine_resume(struct engine *e, struct err *err); /* what the last life began */
/* The planner is through with a job: true when recipients of it were put into quarantine meanwhile.
 * Then it is told of them, and the job goes on. */
bool keeper_quarantine_holds(struct engine *e, struct keeper_job *j);
void recount_free(struct recount_letter *l);
/* provider-release, provider-confirm: on the control socket's threads. The planner knows when it
 * returns. *count 0: nothing was in quarantine, which is no failure. */
bool live_quarantine_settle(struct engine *e, const char *provider, bool confirm, uint64_t *count,
                            struct err *err);
/* frequency.c. May the client mail this address one more advertisement? True with *why: no, the cap
 * is reached. By what the list knows alone: for `sluice plan`. A read error counts as no cap, but
 * fills *err. */
bool frequency_is_capped(const struct shaping *s, struct list_store *list, const char *client,
                         const char *address, struct wall now, char why[48], struct err *err);
/* The same for a recipient that is just leased, with what is under way; false: it is noted as under
 * way itself. The keeper's thread, as the next three. */
bool frequency_holds(struct engine *e, const struct keeper_job *j, const struct delivery *d,
                     char why[48], struct err *err);
void frequency_drop(struct engine *e, const struct delivery *d); /* it goes back unattempted */
void frequency_outcome(struct engine *e, const struct keeper_job *j, const struct outcome *o);
void frequency_folded(struct engine *e, const struct folded_letter *l);
/* What the last life did not fold: before anything is leased. */
bool frequency_recover(struct engine *e, struct err *err);
/* The scribe's: of outcomes that were just folded; NULL: no advertisement among them. */
struct folded_letter *frequency_letter(const struct job_row *row, const struct outcome *o,
                                       unsigned count);
void frequency_free(struct engine *e);
/* preview_domains.c: answers that came too late, of both mailboxes */
void preview_free(struct letter *l);
/* descriptors.c: keeps what connections need from jobs that are being opened */
struct descriptors;
struct descriptors *descriptors_reserve(const struct settings *s);
void descriptors_release(struct descriptors *d);
/* recover.c */
bool engine_recover(struct engine *e, bool same_boot, struct err *err);
/* from_list.c: the contacts of a list that jobs with `from_list` mail. */
bool engine_each_mailable(struct list_store *l, const char *list,
                          bool (*each)(void *arg, const char *email, const char *vars), void *arg,
                          struct err *err);
/* The same as an intake_options.each_contact; arg: the engine */
bool engine_each_contact(void *arg, const char *list,
                         bool (*each)(void *each_arg, const char *email, const char *vars),
                         void *each_arg, struct err *err);
/* scribe.c */
void *scribe_run(void *engine);
struct result_line;
void result_line_of(struct result_line *out, const struct result_row *r);

#endif
