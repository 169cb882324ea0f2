/* loop.h: one thread's epoll loop with timers.
 *
 * A watcher lies inside the struct that owns the descriptor; what dies while events are handed out is
 * put into the loop's graveyard and freed after the round, so that a stale event finds `dead` and not
 * freed memory.
 */
#ifndef LAB_LOOP_H
#define LAB_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sluice/base/err.h>
#include <sluice/base/heap.h>

struct watcher {
    void (*on)(struct watcher *w, uint32_t events);
    void (*bury)(struct watcher *w); /* frees the owner */
    int fd;
    uint32_t events; /* asked for now */
    bool dead;
    struct watcher *next_dead;
};
struct timer {
    struct heap_node node;
    void (*on)(struct timer *t);
};
struct loop {
    int epoll_fd;
    struct heap timers;
    int64_t now_ms, now_us; /* monotonic, read once per round */
    int64_t wall_ms;
    int64_t start_ms;
    struct watcher *graveyard;
    bool stopping;
};

bool loop_init(struct loop *l, struct err *e);
void loop_done(struct loop *l);
bool loop_watch(struct loop *l, struct watcher *w, uint32_t events);
void loop_want(struct loop *l, struct watcher *w, uint32_t events);
/* Closes the descriptor and has bury() called after the round. Twice is fine. */
void loop_bury(struct loop *l, struct watcher *w);
void loop_timer(struct loop *l, struct timer *t, int64_t due_ms);
void loop_timer_off(struct loop *l, struct timer *t);
/* Fires every timer that is left: at the end, for owners that exist only through their timers. */
void loop_drain(struct loop *l);
/* Runs until `stopping`. */
void loop_run(struct loop *l);

#endif
