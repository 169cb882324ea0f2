/* control.h: how `sluice` talks to `sluiced`: a Unix socket, one JSON object per line. (S)
 *
 * Request:  {"do":"status","job":"spring"}\n                (at most CONTROL_REQUEST_MAX)
 * Answer:   {"ok":true, ...}\n  or  {"ok":false,"error":"no job 'sprng'; did you mean 'spring'?"}\n
 * A streamed answer (results, list export): any number of {"data":"..."} lines before the final
 * one. A connection may carry several requests, one after the other.
 * The socket has mode 0660: who may open it may do everything. docs/control-protocol.md is the
 * reference for other clients.
 *
 * Server side: each client gets a thread (at most CONTROL_CLIENTS_MAX; who asks nothing gives way to
 * one more, else it is told to come back); the handler runs there.
 */
#ifndef SLUICE_ADMIN_CONTROL_H
#define SLUICE_ADMIN_CONTROL_H

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>
#include <sluice/base/buf.h>
#include <sluice/base/err.h>

#define CONTROL_CLIENTS_MAX 16
#define CONTROL_REQUEST_MAX ((size_t)64 * 1024)       /* bytes of a request's line */
#define CONTROL_ANSWER_MAX ((size_t)16 * 1024 * 1024) /* bytes of one line of an answer */
#define CONTROL_PIECE ((size_t)64 * 1024)             /* of text in one {"data": ...} line */

/* Reads a request's line (without its newline): an object whose "do" is 1-32 of [a-z-]. Returns it
 * (json_decref) with *verb inside it, or NULL with *e. Pure. */
json_t *control_request_parse(const char *line, size_t n, const char **verb, struct err *e);

struct control_answer;
/* In handlers: sends text as {"data": ...} lines of at most about CONTROL_PIECE each; n 0 sends an
 * empty one, a sign of life from long work. Bytes that are not UTF-8 become U+FFFD. False when the
 * client is gone or the daemon stops (stop then). */
bool control_data(struct control_answer *a, const char *text, size_t n);
/* Who asks: the login name of the process at the other end, or "uid 1234". */
const char *control_peer(struct control_answer *a);
/* Returns the final object (owned by the caller, which sends it); use control_error for failures.
 * The handler is called from several threads at once. */
typedef json_t *control_handler(void *arg, const char *verb, const json_t *request,
                                struct control_answer *a);
/* {"ok": false, "error": text}. */
json_t *control_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* How long clients may take; what control_start uses is in control_server.c. */
struct control_limits {
    int64_t request_ms; /* from connecting, or from the former answer, to the end of the request */
    int64_t answer_ms;  /* for one line of the answer to be taken */
    int64_t busy_ms;  /* how long one more than `clients` waits for a place before it is refused */
    unsigned clients; /* 1..CONTROL_CLIENTS_MAX */
    int64_t idle_ms;  /* who asks nothing for so long gives its place to one that comes; 0: keeps
                         it */
};

struct control;
/* Replaces the socket of a dead daemon; "another sluiced runs on PATH" when a live one answers
 * there (a lock on PATH.lock, which stays, decides between two that start at once); anything that
 * is no socket is left alone and an error. */
bool control_start(const char *path, control_handler *handler, void *arg, struct control **out,
                   struct err *e);
bool control_start_limited(const char *path, control_handler *handler, void *arg,
                           const struct control_limits *limits, struct control **out,
                           struct err *e);
/* Shuts clients down, joins, removes the socket; NULL is fine. */
void control_stop(struct control *c);

/* Client side: one request; data() gets streamed text (may be NULL; false stops, then *e has the
 * code ECANCELED). Returns the final object (json_decref), also a refusal, or NULL with *e ("the
 * daemon does not run: no socket at ..."). */
json_t *control_ask(const char *path, const json_t *request,
                    bool (*data)(void *arg, const char *text, size_t n), void *arg, struct err *e);

#endif
