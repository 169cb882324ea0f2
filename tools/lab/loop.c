/* loop.c: see loop.h. */
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <sluice/os/clock.h>
#include "loop.h"

static void read_clock(struct loop *l)
{
    l->now_us = clock_mono_us();
    l->now_ms = l->now_us / 1000;
    l->wall_ms = clock_wall().ms;
}

bool loop_init(struct loop *l, struct err *e)
{
    *l = (struct loop){.epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
    if (l->epoll_fd < 0)
        return err_sys(e, "epoll_create1");
    heap_init(&l->timers);
    read_clock(l);
    l->start_ms = l->now_ms;
    return true;
}

static void empty_graveyard(struct loop *l)
{
    while (l->graveyard) {
        struct watcher *w = l->graveyard;
        l->graveyard = w->next_dead;
        w->bury(w);
    }
}

void loop_done(struct loop *l)
{
    empty_graveyard(l);
    heap_done(&l->timers);
    close(l->epoll_fd);
}

bool loop_watch(struct loop *l, struct watcher *w, uint32_t events)
{
    struct epoll_event ev = {.events = events, .data.ptr = w};
    w->events = events;
    return epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, w->fd, &ev) == 0;
}

void loop_want(struct loop *l, struct watcher *w, uint32_t events)
{
    if (w->dead || w->events == events)
        return;
    struct epoll_event ev = {.events = events, .data.ptr = w};
    w->events = events;
    (void)epoll_ctl(l->epoll_fd, EPOLL_CTL_MOD, w->fd, &ev);
}

void loop_bury(struct loop *l, struct watcher *w)
{
    if (w->dead)
        return;
    w->dead = true;
    close(w->fd);
    w->fd = -1;
    w->next_dead = l->graveyard;
    l->graveyard = w;
}

void loop_timer(struct loop *l, struct timer *t, int64_t due_ms)
{
    heap_put(&l->timers, &t->node, due_ms);
}

void loop_timer_off(struct loop *l, struct timer *t)
{
    heap_remove(&l->timers, &t->node);
}

static int wait_ms(const struct loop *l)
{
    struct heap_node *first = heap_first(&l->timers);
    if (!first)
        return 1000;
    int64_t ms = first->key - l->now_ms;
    return ms < 0 ? 0 : ms > 1000 ? 1000 : (int)ms;
}

void loop_drain(struct loop *l)
{
    struct heap_node *n;
    while ((n = heap_first(&l->timers))) {
        heap_remove(&l->timers, n);
        struct timer *t = (struct timer *)((char *)n - offsetof(struct timer, node));
        t->on(t);
    }
}

static void run_timers(struct loop *l)
{
    for (;;) {
        struct heap_node *n = heap_first(&l->timers);
        if (!n || n->key > l->now_ms)
            return;
        heap_remove(&l->timers, n);
        struct timer *t = (struct timer *)((char *)n - offsetof(struct timer, node));
        t->on(t);
    }
}

void loop_run(struct loop *l)
{
    struct epoll_event ev[256];
    while (!l->stopping) {
        int n = epoll_wait(l->epoll_fd, ev, 256, wait_ms(l));
        if (n < 0 && errno != EINTR)
            return;
        read_clock(l);
        for (int i = 0; i < n; i++) {
            struct watcher *w = ev[i].data.ptr;
            if (!w->dead)
                w->on(w, ev[i].events);
        }
        run_timers(l);
        empty_graveyard(l);
    }
}
