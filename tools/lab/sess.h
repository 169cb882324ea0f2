/* sess.h: one SMTP connection. Private to the files of the SMTP side:
 *
 * sess.c   bytes: reading, writing, TLS, delays, closing
 * talk.c   commands that are not about a message, and what rules do to a reply
 * deal.c   the mail transaction: MAIL, RCPT, DATA, BDAT, the final dot
 * door.c   listening and accepting
 */
#ifndef LAB_SESS_H
#define LAB_SESS_H

#include <openssl/ssl.h>
#include <sluice/base/buf.h>
#include "body.h"
#include "lab.h"

#define PATH_BYTES 512
#define OUT_MAX (8U << 20)

struct door {
    struct watcher watcher;
    struct lab *lab;
    struct address *address;
    int fillers[4]; /* connections that fill the backlog of reach = "timeout"; -1: none */
};

enum sess_state { SESS_COMMAND, SESS_DATA, SESS_CHUNK };

struct session {
    struct watcher watcher;
    struct timer wake; /* end of a delay */
    struct lab *lab;
    struct receiver *receiver;
    struct session *next, *prev;
    char host[PATTERN_NAME]; /* the name that this side has */
    char ip[64];             /* the client's address */
    SSL *tls;
    bool handshaking, tls_broken;
    enum sess_state state;
    struct buf in;    /* bytes that wait: an unfinished line, or input behind a delay */
    struct buf out;   /* replies not yet written */
    size_t hold_from; /* while holding: only out[0..hold_from) may be written */
    bool holding, holding_banner, stalled, closing, resetting, is_gone;
    bool overlong;    /* the rest of a command line that is too long is thrown away */
    int64_t delay_ms; /* for the next reply */
    int64_t last_ms;
    int64_t
        arrived_us;  /* Unix: when the kernel got what was read last; kept while there is a log */
    int64_t mail_us; /* the same of the last MAIL */
    uint64_t serial;
    uint64_t messages;
    unsigned mistakes;
    char helo[PATTERN_NAME];

    bool has_from;
    char from[PATH_BYTES];
    size_t from_n;
    struct record **record; /* recipients taken so far, and the same as verdict.h wants them */
    struct str *to;
    uint32_t *attempts;
    size_t tos, tos_cap;
    bool saw_rcpt;
    bool wants_utf8;
    struct body body;
    uint64_t chunk_left;
    bool chunk_is_last, in_chunks, body_failed, data_judged;
    const struct rule *cut; /* a rule at "body" that strikes after cut->after_bytes */
    struct buf keep;        /* the message, or its head */
    bool keeps, keeps_all;
};

/* --- sess.c --- */
struct session *sess_new(struct lab *lab, int fd, struct door *door, const char *ip);
void sess_begin(struct session *s);
void sess_close(struct session *s);
void sess_close_all(struct lab *lab, const struct receiver *only);
void sess_free_spares(struct lab *lab);
/* Times out idle sessions; called every second. */
void sess_sweep(struct lab *lab);
/* Appends to the output; starts the delay that is due before it. */
void sess_put(struct session *s, const void *bytes, size_t n);
void sess_puts(struct session *s, const char *line);
void sess_start_tls(struct session *s);

/* --- talk.c --- */
enum effect {
    EFFECT_NONE,    /* no rule spoke: the usual reply is due */
    EFFECT_OK,      /* a rule said a positive reply in place of the usual one */
    EFFECT_REFUSED, /* a negative one */
    EFFECT_GONE,    /* dropped or stalled */
    EFFECT_TAKEN    /* dropped after accepting */
};
struct said {
    enum effect effect;
    int code;
    const char *text;
    bool is_own_text; /* points into a short-lived buffer */
};
/* Lets the receiver's rules speak at a stage. At AT_RCPT the newest recipient is asked about. */
struct said talk_rules(struct session *s, enum stage at);
/* The rule that would speak, without any effect. */
struct rule *talk_find(struct session *s, enum stage at);
/* Says a reply of the scenario, variables filled in. */
struct said talk_reply(struct session *s, const struct reply *r, bool closes);
/* One command line without its CRLF. */
void talk_line(struct session *s, struct str line, bool more_behind);
void talk_banner(struct session *s);
void talk_mistake(struct session *s, const char *reply);

/* --- deal.c --- */
void deal_reset(struct session *s);
void deal_mail(struct session *s, struct str args);
void deal_rcpt(struct session *s, struct str args);
void deal_data(struct session *s, bool more_behind);
void deal_bdat(struct session *s, struct str args);
/* Consumes message bytes in the states DATA and CHUNK; returns how many. */
size_t deal_body(struct session *s, const char *p, size_t n);

/* --- keep.c --- */
void keep_message(struct session *s);
uint64_t keep_message_id(const struct session *s);
void log_deal(struct session *s, const struct record *r, enum stage at, int code, const char *text,
              bool accepted);
void log_flush(struct lab *lab);

#endif
