/* measure.h: for the programs that measure a world: a figure, and the bounds that it must keep. Included
 * after the world_*.c files. */
#ifndef SLUICE_TESTS_SIM_MEASURE_H
#define SLUICE_TESTS_SIM_MEASURE_H

#include <sys/wait.h>
#include <unistd.h>

static struct world w;

static unsigned misses;

/* Prints the figure, so that a run shows how much room the bounds leave. All that are missed are
 * told; measured() says it at the end. */
static inline void within(const char *what, double is, double low, double high)
{
    bool is_good = is >= low && is <= high;
    misses += !is_good;
    printf("%s %-56s %12.3f  (%g to %g)\n", is_good ? "     " : "MISS:", what, is, low, high);
    fflush(stdout);
}

/* A case of its own process, so that one that breaks a rule does not hide the others. */
static inline void apart(void (*run)(const void *c), const void *c)
{
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    MUST(child >= 0);
    if (child == 0) {
        misses = 0;
        run(c);
        exit(misses > 0);
    }
    MUST(waitpid(child, &status, 0) == child);
    misses += status != 0;
}

/* For main() to return. */
static inline int measured(void)
{
    if (misses)
        fprintf(stderr, "%u cases are not as they should be\n", misses);
    return misses ? 1 : 0;
}

static inline struct rates per_sec(double count)
{
    return (struct rates){.item = {{(uint64_t)count, 1000000, 1}}, .count = 1};
}

static inline struct rates rate_of(const char *text)
{
    struct rates r = {.count = 1};
    MUST(rate_spec_parse(str_of(text), &r.item[0]));
    return r;
}

static inline struct rates both(struct rates a, struct rates b)
{
    a.item[a.count++] = b.item[0];
    return a;
}

/* A bulk job whose recipients live long. */
static inline unsigned bulk_job(void)
{
    unsigned job = world_job(&w, PRIO_BULK);
    w.job[job].info.expires_ms = 30 * DAY;
    return job;
}

/* So many rows at the provider, in a few domains. */
static inline void put_rows(unsigned job, unsigned provider, unsigned rows)
{
    unsigned domains = rows < 4 ? 1 : 4;
    for (unsigned i = 0; i < domains; i++) {
        unsigned d = world_domain(&w, provider);
        w.domain[d].site = i % 3;
        w.domain[d].ttl_sec = 3600;
        world_rows(&w, job, d, rows / domains);
    }
}

static inline uint64_t all_begun(void)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < w.providers; i++)
        n += w.provider[i].begun;
    return n;
}

static inline uint64_t all_delivered(void)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < w.providers; i++)
        n += w.provider[i].delivered;
    return n;
}

/* Runs until so much time has passed since the world began. */
static inline void run_to(int64_t ms)
{
    world_run(&w, 5000 + ms);
}

#endif
