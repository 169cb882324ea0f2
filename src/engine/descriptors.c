/* descriptors.c: jobs take a few descriptors each, as long as they are open. At a start with more of them
 * than the system allows, connections and the control socket come first: what is left over for jobs ends
 * before theirs does. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "engine.h"

/* For stores, resolver, sockets, log, and files of the intake. */
#define OTHERS 128

struct descriptors {
    int *fd;
    size_t count;
};

struct descriptors *descriptors_reserve(const struct settings *s)
{
    struct descriptors *d = mem_array(1, sizeof *d);
    size_t want = (size_t)s->max_connections * 2 + OTHERS;
    d->fd = mem_array(want, sizeof *d->fd);
    for (int fd; d->count < want && (fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;)
        d->fd[d->count++] = fd;
    return d;
}

void descriptors_release(struct descriptors *d)
{
    while (d->count)
        close(d->fd[--d->count]);
    free(d->fd);
    free(d);
}
