/* spool_bench.c: how fast the spool is by itself, with full syncs.
 *
 *     bench-spool [rows [domains [directory]]]        default: 1,000,000 rows, 1,000 domains, /tmp
 *
 * Imports a made-up list (every tenth row of a small domain, the rest in ten large ones, 0.1 %
 * duplicates), then leases and records everything in a cycle with a flush every 200 recipients,
 * then reads the results. Prints rows per second, the peak of resident memory, and the size of the
 * files beside that of the list.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sluice/base/must.h>
#include <sluice/os/clock.h>
#include <sluice/os/file.h>
#include <sluice/spool/spool.h>

#define LARGE_DOMAINS 10u
#define LEASE 100u
#define FLUSH_EVERY 200u

struct bench {
    uint64_t rows;
    unsigned domains;
    char *dir;
    struct spool *spool;
    uint32_t job_key;
    uint64_t list_bytes;
};

static struct err failure;

static void need(bool ok)
{
    if (ok)
        return;
    fprintf(stderr, "bench-spool: %s\n", failure.text);
    exit(1);
}

static double seconds_since(int64_t start_us)
{
    return (double)(clock_mono_us() - start_us) / 1e6;
}

static long peak_mb(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss / 1024;
}

static void say(const char *what, uint64_t n, double sec)
{
    printf("%-24s %10" PRIu64 "  %8.2f s  %10.0f /s  peak %ld MB\n", what, n, sec, (double)n / sec,
           peak_mb());
    fflush(stdout);
}

/* ---- import ---- */

static void make_row(const struct bench *b, uint64_t i, char email[128], char vars[256])
{
    uint64_t who = i % 1000 == 999 ? i - 1 : i; /* 0.1 % occur twice */
    uint64_t mixed = who * 0x9e3779b97f4a7c15u >> 16;
    unsigned domain =
        (unsigned)(mixed % 10 == 0 ? mixed / 10 % b->domains : mixed / 10 % LARGE_DOMAINS);

    snprintf(email, 128, "recipient.%" PRIu64 "@mail%u.example.co.kr", who, domain);
    snprintf(vars, 256,
             "[\"\xed\x99\x8d\xea\xb8\xb8\xeb\x8f\x99 %" PRIu64 "\",\"gold\",\"%" PRIu64
             "\",\"2026-11-22\"]",
             who, mixed % 100000);
}

static void import(struct bench *b)
{
    char empty[] = "", id[] = "bench", object[] = "{}", from[] = "a@example.com";
    struct job_spec spec = {.id = id,
                            .client = id,
                            .from_address = from,
                            .subject = empty,
                            .variables = object,
                            .expires_ms = 86400000};
    struct part_files parts = {0};
    struct spool_import *i;
    struct job_row row;
    char email[128], vars[256];
    int64_t start = clock_mono_us();

    need(spool_import_begin(b->spool, &spec, &parts, "bench", clock_wall(), &i, &failure));
    for (uint64_t n = 0; n < b->rows; n++) {
        make_row(b, n, email, vars);
        b->list_bytes +=
            strlen(email) + strlen(vars) - 4; /* as CSV: no brackets, no quotes to speak of */
        need(spool_import_row(i, email, vars, strlen(vars), n + 2, &failure));
    }
    say("rows in", b->rows, seconds_since(start));
    need(spool_import_finish(i, 0, NULL, NULL, &row, &failure));
    say("import, all of it", b->rows, seconds_since(start));
    b->job_key = row.key;
    printf("  recipients %" PRIu64 ", duplicates %" PRIu64 "\n", row.recipients, row.duplicates);
}

static void say_size(const struct bench *b)
{
    char *path = mem_printf("%s/jobs/bench/job.db", b->dir);
    struct stat st;

    if (stat(path, &st) == 0)
        printf("  list %.1f MB, job.db %.1f MB, factor %.2f\n", (double)b->list_bytes / 1e6,
               (double)st.st_size / 1e6, (double)st.st_size / (double)b->list_bytes);
    free(path);
}

/* ---- lease and record ---- */

struct walk {
    struct bench *b;
    uint64_t done;
    unsigned since_flush;
    double worst_ms;
};

static void flush(struct walk *w)
{
    int64_t start = clock_mono_us();
    double ms;

    need(spool_flush(w->b->spool, &failure));
    ms = seconds_since(start) * 1e3;
    if (ms > w->worst_ms)
        w->worst_ms = ms;
    w->since_flush = 0;
}

static void deliver(struct walk *w, struct delivery *d)
{
    struct outcome o;
    bool was_new;

    outcome_for(&o, d);
    o.phase = PHASE_DOT;
    o.state = STATE_DELIVERED;
    o.category = CAT_OK;
    o.at = clock_wall();
    o.reply.code = 250;
    str_copy(o.reply.enhanced, sizeof o.reply.enhanced, str_of("2.0.0"));
    snprintf(o.reply.text, sizeof o.reply.text, "Ok: queued as %" PRIX64, d->rid * 2654435761u);
    snprintf(o.message_id, sizeof o.message_id, "%" PRIu64 ".bench.0123456789abcdef@example.com",
             d->rid);
    snprintf(o.mx_host, sizeof o.mx_host, "mx1.mail%u.example.co.kr", d->domain_id);
    str_copy(o.mx_ip, sizeof o.mx_ip, str_of("192.0.2.1"));
    str_copy(o.provider, sizeof o.provider, str_of("mail.example.co.kr"));
    o.bytes = 4096;
    need(spool_record(w->b->spool, &o, &was_new, &failure));
    MUST(was_new);
    w->done++;
    if (++w->since_flush >= FLUSH_EVERY)
        flush(w);
}

static void deliver_chain(struct walk *w, struct delivery *chain, uint64_t lease)
{
    for (struct delivery *next; chain; chain = next) {
        next = chain->next;
        deliver(w, chain);
        delivery_free(chain);
    }
    need(spool_lease_end(w->b->spool, w->b->job_key, lease, &failure));
}

struct domain_list {
    uint32_t *id;
    size_t count;
};

static bool collect_domain(void *arg, uint32_t domain_id, const char *domain, uint64_t waiting,
                           int64_t due_ms)
{
    struct domain_list *l = arg;

    (void)domain, (void)waiting, (void)due_ms;
    l->id = mem_grow(l->id, l->count + 1, sizeof *l->id);
    l->id[l->count++] = domain_id;
    return true;
}

static void cycle(struct bench *b)
{
    struct domain_list l = {0};
    struct walk w = {.b = b};
    int64_t start = clock_mono_us(), now = clock_wall().ms;

    need(spool_each_domain(b->spool, b->job_key, collect_domain, &l, &failure));
    say("domains counted", l.count, seconds_since(start));
    start = clock_mono_us();
    for (size_t i = 0; i < l.count; i++) {
        struct todo_key at = {0, 0};

        for (;;) {
            struct delivery *chain;
            unsigned count;
            int64_t next;

            need(spool_lease(b->spool, b->job_key, l.id[i], at, now, LEASE, &chain, &count, &at,
                             &next, &failure));
            if (count == 0)
                break;
            if (w.since_flush == 0)
                flush(&w);
            deliver_chain(&w, chain, chain->lease);
        }
    }
    flush(&w);
    say("lease and record", w.done, seconds_since(start));
    printf("  worst flush %.1f ms\n", w.worst_ms);
    free(l.id);
}

/* ---- results ---- */

static bool count_result(void *arg, const struct result_row *row)
{
    uint64_t *n = arg;

    *n += row->state == STATE_DELIVERED;
    return true;
}

static bool count_outcome(void *arg, const struct outcome *o)
{
    uint64_t *n = arg;

    *n += o->state == STATE_DELIVERED;
    return true;
}

static bool count_attempt(void *arg, const struct result_row *row)
{
    (void)row;
    ++*(uint64_t *)arg;
    return true;
}

static void read_back(struct bench *b)
{
    int64_t start = clock_mono_us();
    uint64_t n = 0, cursor = 0, before;
    char email[128], vars[256];

    need(spool_each_result(b->spool, b->job_key, count_result, &n, &failure));
    say("results", n, seconds_since(start));
    start = clock_mono_us();
    n = 0;
    do {
        before = cursor;
        need(spool_each_outcome(b->spool, b->job_key, &cursor, 1000, count_outcome, &n, &failure));
    } while (cursor != before);
    say("outcomes", n, seconds_since(start));
    make_row(b, b->rows / 2, email, vars);
    start = clock_mono_us();
    n = 0;
    need(spool_each_attempt(b->spool, b->job_key, email, count_attempt, &n, &failure));
    say("one address", n, seconds_since(start));
}

int main(int argc, char **argv)
{
    struct bench b = {.rows = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000,
                      .domains = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1000};

    if (b.rows == 0 || b.domains == 0) {
        fprintf(stderr, "usage: bench-spool [rows [domains [directory]]]\n");
        return 2;
    }
    b.dir =
        mem_printf("%s/bench-spool.%08x", argc > 3 ? argv[3] : "/tmp", (unsigned)clock_entropy());
    need(spool_open(b.dir, &b.spool, &failure));
    import(&b);
    say_size(&b);
    cycle(&b);
    read_back(&b);
    spool_close(b.spool);
    need(file_remove_tree(b.dir, &failure));
    free(b.dir);
    return 0;
}
