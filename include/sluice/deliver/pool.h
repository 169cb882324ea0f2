/* pool.h: connections: one worker thread with one libESMTP session each. (S)
 *
 * The planner orders, workers obey and report; they judge nothing. Per connection the planner sends:
 *   open      dial this host, then send these deliveries one after the other
 *   more      further deliveries on a connection that said `ready`
 *   close     QUIT; deliveries that were not begun come back
 * and gets, in its mailbox:
 *   outcome   one per delivery that was begun: what the server really said, up to which phase
 *   untried   deliveries whose not_after had passed when their turn came (or would have at their
 *             not_before): nothing was said about them, they are the receiver's again
 *   ready     all deliveries are through, the connection is open and asks for more
 *   closed    the connection is gone (also when it never came up: phase and reply say why); `left`
 *             are deliveries that were not begun
 * After `open`, exactly one `closed` follows, last (but see is_late). After `untried` the connection
 * goes on with the next delivery, or says `ready`; but one that was not dialled by then and has
 * nothing else ends: `untried`, then `closed`, orderly (code 0, empty text), so that nobody takes it
 * for a failure, or for an open connection. The same when the first delivery's time passes while it
 * is dialled: dialling ends within a second, the socket is shut down before MAIL.
 *
 * A connection is dialled when it has something to send: a first message that is not due yet, and
 * deliveries that cannot be sent at all (outcomes of phase render or policy), dial nothing. The
 * orders for one connection must come from one thread. Orders and reports are single blocks of
 * malloc(): their receiver frees them.
 *
 * The program must ignore SIGPIPE, allow two file descriptors for each connection, and export
 * connect() (who links sluice_deliver does; see src/deliver/dial.h).
 *
 *     pool_order(p, order);
 */
#ifndef SLUICE_DELIVER_POOL_H
#define SLUICE_DELIVER_POOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <sluice/base/err.h>
#include <sluice/handover/handover.h>
#include <sluice/model/outcome.h>
#include <sluice/os/mailbox.h>
#include <sluice/render/keys.h>

struct pool_options {
    uint32_t max_connections; /* threads at most; hand-over slots are HANDOVER_RING times that */
    const char *ehlo_name;    /* our host name for EHLO */
    int utc_offset_min;       /* of Date: headers */
    size_t stack_bytes;       /* 0: 256 KiB */
    struct mailbox *reports;  /* the planner's mailbox */
    int kind_outcome, kind_ready, kind_closed, kind_untried; /* letter kinds to use; the last
                                                              * one MUST not be 0 */
    struct handover *handover;
    /* time limits, ms (RFC 5321 4.5.3.2; tests shorten them): 0 takes the default of vocabulary.md
     */
    int64_t connect_ms, banner_ms, ehlo_ms, starttls_ms, mail_ms, rcpt_ms, data_ms, data_block_ms,
        data_dot_ms;
};

struct dial_target {
    char mx_host[HOST_MAX]; /* for logs and SNI */
    struct {
        struct sockaddr_storage to;
        socklen_t length;
    } address[8]; /* in the order to try */
    unsigned addresses;
    struct sockaddr_storage source; /* ss_family 0: any */
    char ehlo_name[HOST_MAX];       /* of this source; "": that of the options */
    bool use_starttls;              /* opportunistic: when offered */
};

enum order_kind { ORDER_OPEN, ORDER_MORE, ORDER_CLOSE };
struct order {
    struct letter letter; /* first */
    enum order_kind kind;
    /* The planner's number, 0 .. max_connections-1; free again after `closed`. */
    uint32_t connection;
    struct dial_target *target; /* ORDER_OPEN: owned by the order */
    struct delivery *chain;     /* OPEN and MORE: owned by the order */
};

struct pool_report {
    struct letter letter; /* first; kind as in the options */
    uint32_t connection;
    /* `outcome`: complete but for the classification. queued_ms counts from due_ms to MAIL;
     * connect_ms is 0 but for the first message of a connection. `closed`: phase, reply, mx_host,
     * mx_ip and connect_ms of the connection's own failure; reply.code 0 and empty text: an orderly
     * QUIT. */
    struct outcome outcome;
    /* `closed`: the handshake broke, or STARTTLS was refused (the caller remembers it and dials in
     * clear text). */
    bool tls_failed;
    /* `closed`: no closing, but the answer to a `more` that crossed one (only pool_stop makes that
     * possible): just `left` counts. */
    bool is_late;
    struct delivery *left; /* `closed`, `untried`: not begun; the receiver's now */
    struct delivery *done; /* `outcome`: the delivery itself, the receiver's now */
};

struct pool;
/* Copies *o and its ehlo_name; the mailbox and the hand-over file must outlive the pool. Slots that
 * are not free yet are not used before pool_committed() frees them. */
bool pool_start(const struct pool_options *o, struct pool **out, struct err *e);
/* What messages are signed with that are rendered from here on; takes a reference; NULL: nothing. None at first.
 * Thread-safe; no connection waits for it. */
void pool_set_keys(struct pool *p, struct keys *k);
void pool_order(struct pool *p, struct order *o); /* takes the order; never blocks; thread-safe */
/* An outcome's slot may be used again: clears it, wakes a worker that waits for one; NO_SLOT is
 * fine; thread-safe. */
void pool_committed(struct pool *p, uint32_t slot);
/* Stop: no new message is begun (the rest comes back in `left`), running transactions end, then
 * QUIT. With `at_once` sockets are shut down: what was between the final dot and its reply is
 * reported dot_unanswered. */
void pool_stop(struct pool *p, bool at_once);
bool pool_is_idle(struct pool *p); /* every connection reported `closed` */
void pool_free(struct pool *p);    /* after it is idle; joins the threads; NULL is fine */

#endif
