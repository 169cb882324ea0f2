#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/map.h>
#include <sluice/base/must.h>
#include <sluice/base/str.h>
#include "gate.h"

struct shared_gate {
    struct gate gate; /* first */
    char *path;
    unsigned users;
    uint64_t next_ticket, serving;
    pthread_mutex_t mutex;
    pthread_cond_t moved;
};

/* Process-wide by nature: it stands for files, which are. */
static pthread_mutex_t gates_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct map gates;

struct gate *spool_gate_of(const char *path)
{
    struct shared_gate *g;

    pthread_mutex_lock(&gates_mutex);
    g = map_get(&gates, str_of(path));
    if (!g) {
        g = mem_array(1, sizeof *g);
        g->path = mem_str(path);
        pthread_mutex_init(&g->mutex, NULL);
        pthread_cond_init(&g->moved, NULL);
        map_set(&gates, str_of(path), g);
    }
    g->users++;
    pthread_mutex_unlock(&gates_mutex);
    return &g->gate;
}

void spool_gate_release(struct gate *gate)
{
    struct shared_gate *g = (struct shared_gate *)gate;

    if (!g)
        return;
    pthread_mutex_lock(&gates_mutex);
    if (--g->users == 0) {
        map_remove(&gates, str_of(g->path));
        if (gates.count == 0)
            map_done(&gates);
        pthread_mutex_destroy(&g->mutex);
        pthread_cond_destroy(&g->moved);
        free(g->path);
        free(g);
    }
    pthread_mutex_unlock(&gates_mutex);
}

void spool_gate_enter(struct gate *gate)
{
    struct shared_gate *g = (struct shared_gate *)gate;
    uint64_t ticket;

    pthread_mutex_lock(&g->mutex);
    ticket = g->next_ticket++;
    while (g->serving != ticket)
        pthread_cond_wait(&g->moved, &g->mutex);
    pthread_mutex_unlock(&g->mutex);
}

void spool_gate_leave(struct gate *gate)
{
    struct shared_gate *g = (struct shared_gate *)gate;

    pthread_mutex_lock(&g->mutex);
    g->serving++;
    pthread_cond_broadcast(&g->moved);
    pthread_mutex_unlock(&g->mutex);
}
