#include <sluice/base/must.h>
#include <sluice/os/clock.h>
#include <sluice/os/mailbox.h>

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* A Treiber stack. The receiver only ever takes all of it with one exchange, so there is no ABA
 * problem: no letter is popped while another thread looks at its `next`.
 *
 * No wake-up is lost, with the futex: the receiver stores `sleeping` and then looks at `head`; the
 * sender changes `head` and then looks at `sleeping`. All four are sequentially consistent, so at
 * least one of the two sees the other (weaker orders would allow both to miss: each store may wait
 * in a store buffer while the load behind it runs).
 *
 * With the eventfd: who makes the box non-empty writes; the receiver drains the eventfd before it
 * empties the box. A write that comes after the emptying only wakes it once in vain. */

bool mailbox_init(struct mailbox *m, bool wants_fd)
{
    atomic_init(&m->head, NULL);
    atomic_init(&m->sleeping, 0);
    m->fd = wants_fd ? eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC) : -1;
    return !wants_fd || m->fd >= 0;
}

void mailbox_done(struct mailbox *m)
{
    MUST(atomic_load(&m->head) == NULL);
    if (m->fd >= 0)
        close(m->fd);
    m->fd = -1;
}

static void ring(struct mailbox *m)
{
    static const uint64_t one = 1;

    /* EAGAIN means that the counter is at its maximum: readable it is. */
    while (write(m->fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

static void silence(struct mailbox *m)
{
    uint64_t ignored;

    while (read(m->fd, &ignored, sizeof ignored) < 0 && errno == EINTR)
        ;
}

static void wake(struct mailbox *m)
{
    /* The exchange lets one of many senders make the system call. */
    if (atomic_load(&m->sleeping) && atomic_exchange(&m->sleeping, 0))
        syscall(SYS_futex, &m->sleeping, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

void mailbox_send(struct mailbox *m, struct letter *l)
{
    struct letter *before = atomic_load_explicit(&m->head, memory_order_relaxed);

    do
        l->next = before;
    while (!atomic_compare_exchange_weak(&m->head, &before, l));
    /* From here on *l belongs to the receiver. */
    if (m->fd < 0)
        wake(m);
    else if (!before)
        ring(m);
}

static struct letter *take_all(struct mailbox *m)
{
    struct letter *l = atomic_exchange(&m->head, NULL);
    struct letter *oldest = NULL;

    while (l) {
        struct letter *next = l->next;

        l->next = oldest;
        oldest = l;
        l = next;
    }
    return oldest;
}

static void sleep_on_futex(struct mailbox *m, struct mono until)
{
    struct timespec t = {.tv_sec = until.ms / 1000, .tv_nsec = until.ms % 1000 * 1000000};
    const struct timespec *limit = until.ms == WHEN_NEVER ? NULL : &t;

    atomic_store(&m->sleeping, 1);
    /* FUTEX_WAIT_BITSET rather than FUTEX_WAIT: its time-out is a point in (monotonic) time, so
     * nothing is lost between looking at the clock and falling asleep. */
    if (!atomic_load(&m->head))
        syscall(SYS_futex, &m->sleeping, FUTEX_WAIT_BITSET_PRIVATE, 1, limit, NULL,
                FUTEX_BITSET_MATCH_ANY);
    atomic_store(&m->sleeping, 0);
}

static void sleep_on_fd(struct mailbox *m, struct mono until, struct mono now)
{
    struct pollfd p = {.fd = m->fd, .events = POLLIN};
    int timeout_ms = -1;

    if (until.ms != WHEN_NEVER)
        timeout_ms = until.ms - now.ms < INT_MAX ? (int)(until.ms - now.ms) : INT_MAX;
    poll(&p, 1, timeout_ms);
    silence(m);
}

struct letter *mailbox_take(struct mailbox *m, struct mono until)
{
    struct letter *l;
    struct mono now;

    if (m->fd >= 0)
        silence(m);
    l = take_all(m);
    if (l)
        return l;
    now = clock_mono();
    if (until.ms <= now.ms)
        return NULL;
    if (m->fd >= 0)
        sleep_on_fd(m, until, now);
    else
        sleep_on_futex(m, until);
    return take_all(m);
}
