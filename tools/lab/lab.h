/* lab.h: the running lab: one loop and everything that lives in it. */
#ifndef LAB_LAB_H
#define LAB_LAB_H

#include <sluice/base/buf.h>
#include "book.h"
#include "loop.h"
#include "scene.h"

#define SCRATCH_BYTES (64U << 10) /* one read */
#define CARRY_BYTES (36U << 10)   /* what an unfinished line may leave for the next read */

struct dns_server;
struct session;
struct door;
struct desk;
struct watchman;

struct lab {
    struct loop loop;
    struct scene *scene;
    struct book book;
    struct dns_server *dns;
    struct door *doors;
    size_t door_count;
    struct desk *desk;
    struct watchman *watchmen; /* of maintenance windows, one per receiver */
    char *scratch;             /* CARRY_BYTES + SCRATCH_BYTES; one read at a time uses it */
    struct session *first;     /* open sessions, newest first */
    struct session *spare;     /* closed ones, kept for reuse */
    size_t open_sessions;
    struct timer sweep;
    struct buf log; /* transactions not yet written */
    int log_fd;     /* -1: none */
    int dns_port, smtp_port;
};

#endif
