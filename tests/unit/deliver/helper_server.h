/* helper_server.h: a mail server that does what a table says, for tests.
 *
 *     static const struct step busy[] = {S("421 4.3.2 try later\r\n"), HANGUP, END};
 *     struct server *s = server_start("127.0.0.1", (const struct step *[]){busy, NULL});
 *
 * Connection n follows the n-th script, further ones the last. At its END a script reads
 * whatever comes until the client hangs up. A step that does not find what it expects is kept in
 * `trouble`, and the connection is closed. */
#ifndef TEST_DELIVER_SERVER_H
#define TEST_DELIVER_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum step_kind {
    STEP_END,
    STEP_SEND,
    STEP_EXPECT, /* a line that begins so */
    STEP_TEXT,   /* a message up to the lone dot; kept in text[] without dot-stuffing */
    STEP_HANGUP, /* orderly: what was sent arrives */
    STEP_RESET,  /* RST */
    STEP_TLS,    /* handshake as the server */
    STEP_NO_TLS, /* answers the ClientHello with something else */
    STEP_SERVE,  /* accepts everything until the client leaves */
    STEP_AWAIT,  /* server_go() */
    STEP_FILL,   /* sends `n` times 'x' */
    STEP_DRIP,   /* `n` ms of waiting, then sends: only for servers that are slow on purpose */
    STEP_SOME    /* reads `n` bytes of a text, and leaves the rest */
};
struct step {
    enum step_kind kind;
    const char *line;
    size_t n;
};
#define S(text)                                                                                    \
    {                                                                                              \
        STEP_SEND, text, 0                                                                         \
    }
#define C(text)                                                                                    \
    {                                                                                              \
        STEP_EXPECT, text, 0                                                                       \
    }
#define TEXT                                                                                       \
    {                                                                                              \
        STEP_TEXT, NULL, 0                                                                         \
    }
#define HANGUP                                                                                     \
    {                                                                                              \
        STEP_HANGUP, NULL, 0                                                                       \
    }
#define RESET                                                                                      \
    {                                                                                              \
        STEP_RESET, NULL, 0                                                                        \
    }
#define TLS                                                                                        \
    {                                                                                              \
        STEP_TLS, NULL, 0                                                                          \
    }
#define NO_TLS                                                                                     \
    {                                                                                              \
        STEP_NO_TLS, NULL, 0                                                                       \
    }
#define SERVE                                                                                      \
    {                                                                                              \
        STEP_SERVE, NULL, 0                                                                        \
    }
#define AWAIT                                                                                      \
    {                                                                                              \
        STEP_AWAIT, NULL, 0                                                                        \
    }
#define FILL(count)                                                                                \
    {                                                                                              \
        STEP_FILL, NULL, count                                                                     \
    }
#define SOME(count)                                                                                \
    {                                                                                              \
        STEP_SOME, NULL, count                                                                     \
    }
#define END                                                                                        \
    {                                                                                              \
        STEP_END, NULL, 0                                                                          \
    }

#define SERVER_TEXTS 4
#define SERVER_CONNECTIONS 64

struct server;
struct server *server_start(const char *ip, const struct step *const *scripts);
void server_stop(struct server *s); /* ends its connections, joins its threads; keeps what it saw */
void server_free(struct server *s);
struct sockaddr_storage server_address(const struct server *s, socklen_t *length);
void server_wait(struct server *s);     /* until a script has come to an AWAIT */
void server_wait_end(struct server *s); /* until a script has ended and its connection is closed */
void server_go(struct server *s);       /* lets one AWAIT pass */
/* After server_stop(). */
const char *server_trouble(const struct server *s); /* "" when all went by the script */
const char *
server_lines(const struct server *s); /* all that clients said but texts, LF between lines */
unsigned server_connections(const struct server *s);
unsigned server_accepted(const struct server *s); /* texts taken by SERVE and TEXT */
const char *server_text(const struct server *s, unsigned i, size_t *n);
const char *server_peer(const struct server *s); /* the address of the last client */
const char *server_sni(const struct server *s);  /* "" none */

#endif
