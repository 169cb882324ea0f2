/* list_bench.c: how fast outcomes are written back into a list, and how fast suppression is asked
 * for.
 *
 *     bench-list [contacts [directory]]        default: 1,000,000 contacts, /tmp
 *
 * Imports the contacts in one transaction, folds one outcome each into them (90 % delivered, 5 %
 * mailbox full, 5 % unknown user) in batches of 1,000, in the order of domains as the spool gives
 * them, each batch synced; then asks for every address whether it is suppressed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sluice/base/must.h>
#include <sluice/list/store.h>
#include <sluice/os/clock.h>
#include <sluice/os/file.h>

#define BATCH 1000u
#define DOMAINS 500u

static struct err failure;

static void need(bool ok)
{
    if (ok)
        return;
    fprintf(stderr, "bench-list: %s\n", failure.text);
    exit(1);
}

static void say(const char *what, uint64_t n, int64_t start_us)
{
    double sec = (double)(clock_mono_us() - start_us) / 1e6;

    printf("%-16s %10" PRIu64 "  %8.2f s  %10.0f /s\n", what, n, sec, (double)n / sec);
    fflush(stdout);
}

/* The i-th contact when `rows` are ordered by domain. */
static void address_of(uint64_t i, uint64_t rows, char out[96])
{
    snprintf(out, 96, "recipient.%" PRIu64 "@mail%u.example.co.kr", i * 7919 % rows,
             (unsigned)(i * DOMAINS / rows));
}

static void import(struct list_store *l, uint64_t rows)
{
    int64_t start = clock_mono_us();
    char address[96];

    need(list_begin(l, &failure));
    for (uint64_t i = 0; i < rows; i++) {
        const struct contact c = {.list = "bench",
                                  .address = address,
                                  .provenance = "bench.csv",
                                  .vars = "{\"grade\":\"gold\"}",
                                  .first_seen = {1}};

        address_of(i, rows, address);
        need(list_import(l, &c, NULL, &failure));
    }
    need(list_commit(l, &failure));
    say("import", rows, start);
}

static void outcome_of(struct outcome *o, uint64_t i, uint64_t rows)
{
    unsigned kind = (unsigned)(i % 20);

    address_of(i, rows, o->email);
    o->state = kind > 1 ? STATE_DELIVERED : kind ? STATE_EXPIRED : STATE_BOUNCED;
    o->category = kind > 1 ? CAT_OK : kind ? CAT_MAILBOX_FULL : CAT_USER_UNKNOWN;
    o->reply.code = kind > 1 ? 250 : 550;
    o->at.ms = 1700000000000 + (int64_t)i;
    strcpy(o->reply.text, "the words of the server");
    strcpy(o->rule, "bench");
}

static void fold(struct list_store *l, uint64_t rows)
{
    struct outcome *o = mem_array(BATCH, sizeof *o);
    int64_t start = clock_mono_us();

    for (uint64_t i = 0; i < rows;) {
        unsigned n = 0;

        for (; n < BATCH && i < rows; n++, i++)
            outcome_of(&o[n], i, rows);
        need(list_fold(l, "bench-job", "bench", MSG_AD, "bench", o, n, i, &failure));
    }
    say("fold", rows, start);
    free(o);
}

static void ask(struct list_store *l, uint64_t rows)
{
    int64_t start = clock_mono_us();
    uint64_t suppressed = 0;
    char address[96], why[48];

    for (uint64_t i = 0; i < rows; i++) {
        address_of(i, rows, address);
        suppressed += list_is_suppressed(l, "bench", MSG_AD, address, why, &failure);
        need(failure.text[0] == '\0');
    }
    say("is suppressed?", rows, start);
    printf("  suppressed: %" PRIu64 "\n", suppressed);
}

int main(int argc, char **argv)
{
    uint64_t rows = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    char *dir =
        mem_printf("%s/bench-list.%08x", argc > 2 ? argv[2] : "/tmp", (unsigned)clock_entropy());
    char *path = mem_printf("%s/lists.db", dir);
    struct list_store *l = NULL;
    struct stat st;

    if (rows == 0) {
        fprintf(stderr, "usage: bench-list [contacts [directory]]\n");
        return 2;
    }
    need(file_make_dirs(dir, &failure));
    need(list_open(path, &l, &failure));
    import(l, rows);
    fold(l, rows);
    ask(l, rows);
    list_close(l);
    if (stat(path, &st) == 0)
        printf("  lists.db %.1f MB\n", (double)st.st_size / 1e6);
    need(file_remove_tree(dir, &failure));
    free(path);
    free(dir);
    return 0;
}
