#include <sluice/base/must.h>
#include <sluice/os/clock.h>

#include <errno.h>
#include <sys/random.h>
#include <time.h>

static struct timespec read_clock(clockid_t id)
{
    struct timespec t;

    MUST(clock_gettime(id, &t) == 0);
    return t;
}

static int64_t to_ms(struct timespec t)
{
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct now clock_now(void)
{
    return (struct now){clock_mono(), clock_wall()};
}

struct mono clock_mono(void)
{
    return (struct mono){to_ms(read_clock(CLOCK_MONOTONIC))};
}

struct wall clock_wall(void)
{
    return (struct wall){to_ms(read_clock(CLOCK_REALTIME))};
}

int64_t clock_mono_us(void)
{
    struct timespec t = read_clock(CLOCK_MONOTONIC);

    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void clock_sleep_until(struct mono until)
{
    struct timespec t = {.tv_sec = until.ms / 1000, .tv_nsec = until.ms % 1000 * 1000000};

    if (until.ms <= 0)
        return;
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
        ;
}

uint64_t clock_entropy(void)
{
    uint64_t bits;
    ssize_t n;

    /* Reads of up to 256 bytes are never short; only the wait at boot can be interrupted. */
    do
        n = getrandom(&bits, sizeof bits, 0);
    while (n < 0 && errno == EINTR);
    MUST(n == (ssize_t)sizeof bits);
    return bits;
}
