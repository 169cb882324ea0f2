/* conn.h: one connection as its worker thread sees it; private to this room.
 *
 * Only the worker touches a struct conn, but for what stands under "shared": the pool's owner
 * (stop), the watch thread (time limits) and whoever commits outcomes reach the worker by its
 * mailbox and by shutting its socket down.
 *
 * Life of a connection, by file:
 *   worker.c    takes orders, chooses the next delivery, waits
 *   message.c   makes the message of a delivery and hands it to libESMTP, up to the final dot
 *   session.c   runs libESMTP
 *   traffic.c   pairs replies with commands, ends messages by them
 *   report.c    what the planner is told
 *   conn.c      the state and its time limits
 */
#ifndef SLUICE_DELIVER_CONN_H
#define SLUICE_DELIVER_CONN_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <libesmtp.h>
#include <openssl/ssl.h>
#include <sluice/base/buf.h>
#include <sluice/base/pace.h>
#include <sluice/deliver/pool.h>
#include <sluice/render/mailing.h>

#include "dial.h"
#include "dialogue.h"
#include "hide.h"

/* In the order of life; see the table in conn.c for what may follow what. */
enum conn_state {
    CONN_IDLE,     /* no connection; the thread waits for ORDER_OPEN */
    CONN_CHOOSING, /* between messages (also before the first): next delivery, or waiting */
    CONN_DIALLING,
    CONN_GREETING, /* the banner is awaited */
    CONN_HELLO,    /* EHLO or HELO */
    CONN_STARTTLS,
    CONN_HANDSHAKE,
    CONN_MAIL,
    CONN_RCPT,
    CONN_DATA,
    CONN_BODY,
    CONN_DOT,
    CONN_QUITTING,
    CONN_STATES
};

enum stop { STOP_NO, STOP_GRACEFULLY, STOP_AT_ONCE };

/* The delivery that is being sent. */
struct message {
    struct delivery *d; /* NULL: none */
    bool is_begun;      /* MAIL was written: it ends as an outcome, never in `left` */
    bool is_given;      /* libESMTP has read the text */
    bool is_dot_out;    /* the final dot may have reached the kernel */
    bool is_cut;        /* we made sure that the dot never gets there */
    struct buf text;
    char id[128];
    char rcpt[ADDRESS_MAX + 1]; /* with A-labels */
    uint32_t slot;
    struct mono begun_at;
    struct wall begun_wall;
};

/* What the connection itself suffered; the first one stands. */
struct failure {
    bool is_set;
    enum phase phase;
    struct reply reply;
};

struct conn {
    struct pool *pool;
    uint32_t number;

    /* shared */
    struct mailbox box;
    struct letter wake; /* kind LETTER_WAKE; in the box while is_waking */
    atomic_bool is_waking;
    atomic_bool wants_slot; /* the worker waits for pool_committed() */
    _Atomic int state;
    _Atomic int64_t deadline_ms; /* monotonic; WHEN_NEVER: none */
    _Atomic uint32_t
        progress; /* lines of a message's text that went out: the body's deadline moves along */
    atomic_bool is_timed_out;  /* the watch shut the socket down */
    pthread_mutex_t lock;      /* guards fd */
    int fd;                    /* our duplicate of the socket; -1: none */
    uint32_t watched_progress; /* the watch's own */
    pthread_t thread;          /* pool_free's */

    /* the worker's own */
    struct keys *keys; /* those of keys_generation; of an open connection only */
    unsigned keys_generation;
    struct dial_target *target;
    struct letter *letters;         /* taken from the box, not looked at yet */
    struct delivery *first, **last; /* not begun yet */
    bool is_closing;                /* ORDER_CLOSE */
    bool is_ending;                 /* worker_next() said so: QUIT is in order */
    bool is_ready_said;
    bool has_waited;        /* since the last reply: the server may have gone meanwhile */
    bool is_deaf;           /* replies and commands no longer match: ignore what is read */
    bool is_spent;          /* no further message may go over this connection */
    struct pace_queue pace; /* of the next message */
    bool has_begun_one;     /* a MAIL went out */
    bool has_chosen_early;  /* see on_data_refused() */
    bool has_server_left;   /* between messages, while we waited */
    bool has_untried;       /* some were given back untried */
    bool is_tls;
    bool is_tls_broken;
    bool waits_for_rcpt; /* require_all_recipients: DATA is not sent along with RCPT */
    enum phase phase_before_quit;
    uint32_t lines_sent;
    struct mono dialled_at;
    uint32_t connect_ms;
    bool is_connect_charged; /* to the first message */
    struct dial dial;
    struct dialogue dialogue;
    struct hide hide;
    struct message msg;
    struct failure failure;
    smtp_session_t smtp;
    unsigned next_slot; /* in our ring */
};

enum { LETTER_ORDER, LETTER_WAKE, LETTER_EXIT };

struct pool {
    struct pool_options o;
    char *ehlo_name;
    SSL_CTX *tls;
    _Atomic int stop; /* enum stop */
    pthread_mutex_t open_lock;
    uint32_t open;                 /* under open_lock: connections that owe a `closed` */
    _Atomic(struct conn *) *conn;  /* max_connections; NULL until first used */
    atomic_bool *is_slot_busy;     /* max_connections * HANDOVER_RING: until pool_committed */
    pthread_mutex_t keys_lock;     /* guards keys */
    struct keys *keys;             /* for messages of now */
    atomic_uint keys_generation;   /* grows with each pool_set_keys() */
    int64_t connect_ms;            /* per address */
    int64_t limit_ms[CONN_STATES]; /* 0: none */
    pthread_t watch;
    struct mailbox watch_box;
    int64_t watch_tick_ms;
};

/* conn.c */
/* The only setter of c->state: checks the transition, traces it and starts its time limit. */
void conn_set_state(struct conn *c, enum conn_state s);
const char *conn_state_name(enum conn_state s);
static inline enum conn_state conn_state(const struct conn *c)
{
    return (enum conn_state)atomic_load_explicit(&c->state, memory_order_relaxed);
}
/* Starts the time limit for the oldest command that waits for its reply, or else for the state. */
void conn_rearm(struct conn *c);
/* Makes the socket unusable: SHUT_RD, SHUT_WR or SHUT_RDWR. Thread-safe; nothing happens without
 * one. */
void conn_shut(struct conn *c, int how);
/* True when the peer closed or reset the connection, or (if `or_speaks`) sent something unasked. */
bool conn_is_gone(struct conn *c, bool or_speaks);
void conn_fail(struct conn *c, enum phase phase, const struct reply *r);
void conn_fail_text(struct conn *c, enum phase phase, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static inline enum stop conn_stop(const struct conn *c)
{
    return (enum stop)atomic_load(&c->pool->stop);
}

/* keys.c: those of now. A lock is taken only when they have changed. */
const struct keys *conn_keys(struct conn *c);
void conn_drop_keys(struct conn *c);

/* worker.c */
void *worker_main(void *conn);
void conn_wake(struct conn *c); /* thread-safe */
/* Waits for and makes the next message that can be sent: c->msg.d. False: the connection ends. */
bool worker_next(struct conn *c);

/* message.c */
enum prepared { PREPARED, PREPARED_NOT };
/* Takes the delivery. On failure its outcome is reported already. */
enum prepared message_prepare(struct conn *c, struct delivery *d);
void message_add(struct conn *c); /* to the libESMTP session */
/* Its not_after has passed, or will have when its not_before comes. */
bool message_is_too_late(const struct delivery *d);
/* The first message's time passed while its connection was dialled: this ends in good order. */
bool message_came_too_late(const struct conn *c);
/* MAIL is about to be written. False: a stop, or its time, came first; it must not be. */
bool message_begin(struct conn *c);
/* A message without an answer to its final dot, or otherwise begun, ends with this reply. */
void message_end(struct conn *c, enum phase phase, const struct reply *r);

/* session.c */
void session_run(struct conn *c);

/* traffic.c */
/* libESMTP's monitor callback. */
void session_traffic(const char *bytes, int n, int direction, void *conn);
/* libESMTP is done with a message and looks for the next when its callback returns. */
void session_message_over(struct conn *c);
/* The phase of what is awaited, or else of the state. */
enum phase session_phase(struct conn *c);
/* Why a connection ends that nobody wanted to end. */
void session_lost(struct conn *c, struct reply *r);
/* At the end: a reply that broke off counts as far as it got, its first code says all. */
void session_take_broken_reply(struct conn *c);

/* report.c */
void report_outcome(struct conn *c, enum phase phase, const struct reply *r, bool dot_unanswered);
void report_untried(struct conn *c, struct delivery *untried);
void report_ready(struct conn *c);
void report_closed(struct conn *c); /* with everything that is left */
void report_late(struct pool *p, uint32_t number, struct delivery *left);
void reply_say(struct reply *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* watch.c */
void *watch_main(void *pool);

#endif
