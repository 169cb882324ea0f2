/* bench-deliver [-a IP] [-p PORT] [-c CONNECTIONS] [-m MESSAGES] [-n PER_CONNECTION] [-b BATCH]
 * [-k KILOBYTES] [-t]
 *
 * What the room deliver can do: renders personalised messages and delivers them to one receiver
 * that accepts everything, such as smtp-sink of Debian's postfix package (apt-get download
 * postfix; dpkg -x):
 *
 *     smtp-sink -c 127.0.0.1:2525 1000 &
 *     bench-deliver -p 2525 -c 50 -m 300000
 *
 * and beside it the bare limit: smtp-source -d -s 50 -m 300000 -l 4096 127.0.0.1:2525. -t: with
 * STARTTLS. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <sluice/base/must.h>
#include <sluice/base/str.h>
#include <sluice/deliver/pool.h>
#include <sluice/os/clock.h>
#include <sluice/render/mailing.h>

enum { OUTCOME, READY, CLOSED, UNTRIED };

struct lane {
    unsigned ordered; /* on the present connection */
};
struct bench {
    const char *ip;
    unsigned port, connections, per_connection, batch;
    uint64_t messages, kilobytes;
    bool with_tls;
    /* */
    struct pool *pool;
    struct mailbox reports;
    struct mailing *mailing;
    struct lane *lane;
    uint64_t made, accepted, refused, opened;
    unsigned open, complaints;
};

static struct mailing *make_mailing(size_t kilobytes)
{
    struct job_spec spec = {.id = mem_str("bench"),
                            .client = mem_str("bench"),
                            .from_name = mem_str("벤치"),
                            .from_address = mem_str("news@shop.example"),
                            .subject = mem_str("{{name}}님께 드리는 소식"),
                            .variables = mem_str("{}"),
                            .template_name = mem_str("bench"),
                            .list = mem_str("bench")};
    struct part_file text = {.name = mem_str("text.txt")};
    struct part_files parts = {.item = &text, .count = 1};
    struct mailing *m;
    struct problems p;
    struct buf b;

    buf_init(&b, 1 << 24);
    buf_puts(&b, "Dear {{name}},\n\nyou have {{points}} points.\n");
    while (b.len < kilobytes * 1024)
        buf_puts(&b, "The quick brown fox jumps over the lazy dog, and {{name}} sees it.\n");
    text.text = b.data;
    text.n = b.len;
    problems_init(&p);
    m = mailing_new(&spec, &parts, "[\"name\",\"points\"]", &p);
    if (!m) {
        struct buf say;

        buf_init(&say, 1 << 16);
        problems_format(&p, &say);
        fputs(say.data, stderr);
        exit(1);
    }
    return m;
}

static struct delivery *make_chain(struct bench *b, struct lane *lane)
{
    struct delivery *chain = NULL;

    for (unsigned i = 0; i < b->batch && b->made < b->messages && lane->ordered < b->per_connection;
         i++) {
        struct delivery *d = mem_array(1, sizeof *d);

        lane->ordered++;
        d->rid = ++b->made;
        d->attempt = 1;
        d->mailing = b->mailing;
        d->email = mem_printf("user%" PRIu64 "@example.com", d->rid);
        d->vars = mem_printf("[\"홍길동 %" PRIu64 "\",\"%" PRIu64 "\"]", d->rid, d->rid % 1000);
        d->vars_len = strlen(d->vars);
        d->next = chain;
        chain = d;
    }
    return chain;
}

static struct dial_target *make_target(const struct bench *b)
{
    struct dial_target *t = mem_array(1, sizeof *t);
    struct sockaddr_in *in = (void *)&t->address[0].to;

    str_copy(t->mx_host, sizeof t->mx_host, str_of("mx.example.com"));
    in->sin_family = AF_INET;
    in->sin_port = htons((uint16_t)b->port);
    MUST(inet_pton(AF_INET, b->ip, &in->sin_addr) == 1);
    t->address[0].length = sizeof *in;
    t->addresses = 1;
    t->use_starttls = b->with_tls;
    return t;
}

static void send_order(struct bench *b, uint32_t number, enum order_kind kind,
                       struct delivery *chain)
{
    struct order *o = mem_array(1, sizeof *o);

    o->kind = kind;
    o->connection = number;
    o->chain = chain;
    o->target = kind == ORDER_OPEN ? make_target(b) : NULL;
    pool_order(b->pool, o);
}

static void open_lane(struct bench *b, uint32_t number)
{
    struct delivery *chain;

    b->lane[number].ordered = 0;
    chain = make_chain(b, &b->lane[number]);
    if (!chain)
        return;
    b->open++;
    b->opened++;
    send_order(b, number, ORDER_OPEN, chain);
}

static void on_outcome(struct bench *b, struct pool_report *r)
{
    bool is_accepted = r->outcome.phase == PHASE_DOT && r->outcome.reply.code / 100 == 2;

    b->accepted += is_accepted;
    b->refused += !is_accepted;
    if (!is_accepted && b->refused == 1)
        fprintf(stderr, "refused: %s: %d %s\n", phase_name(r->outcome.phase), r->outcome.reply.code,
                r->outcome.reply.text);
    pool_committed(b->pool, r->outcome.slot);
    delivery_free(r->done);
}

static void on_closed(struct bench *b, struct pool_report *r)
{
    if (r->outcome.reply.text[0] && b->complaints++ < 5)
        fprintf(stderr, "closed: %s: %s\n", phase_name(r->outcome.phase), r->outcome.reply.text);
    for (struct delivery *d = r->left, *next; d; d = next) {
        next = d->next;
        b->refused++;
        delivery_free(d);
    }
    b->open--;
    open_lane(b, r->connection);
}

static void take_reports(struct bench *b)
{
    struct mono for_ever = {WHEN_NEVER};

    for (struct letter *l = mailbox_take(&b->reports, for_ever), *next; l; l = next) {
        struct pool_report *r = (struct pool_report *)l;

        next = l->next;
        if (l->kind == OUTCOME) {
            on_outcome(b, r);
        } else if (l->kind == READY) {
            struct delivery *chain = make_chain(b, &b->lane[r->connection]);

            send_order(b, r->connection, chain ? ORDER_MORE : ORDER_CLOSE, chain);
        } else {
            on_closed(b, r);
        }
        free(r);
    }
}

static void print_figures(const struct bench *b, double seconds)
{
    struct rusage u;
    double cpu;

    getrusage(RUSAGE_SELF, &u);
    cpu = (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec +
          (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
    printf("%" PRIu64 " accepted, %" PRIu64 " not, %" PRIu64
           " connections in %.2f s: %.0f messages/s, "
           "%.1f us CPU per message, %ld MB at most\n",
           b->accepted, b->refused, b->opened, seconds, (double)b->accepted / seconds,
           cpu * 1e6 / (double)(b->accepted + b->refused), u.ru_maxrss / 1024);
}

static void read_options(struct bench *b, int argc, char **argv)
{
    int c;

    *b = (struct bench){.ip = "127.0.0.1",
                        .port = 2525,
                        .connections = 50,
                        .per_connection = 100,
                        .batch = 20,
                        .messages = 100000,
                        .kilobytes = 4};
    while ((c = getopt(argc, argv, "a:p:c:m:n:b:k:t")) != -1) {
        uint64_t value = c == 'a' || c == 't' || c == '?' ? 0 : strtoull(optarg, NULL, 10);

        switch (c) {
        case 'a':
            b->ip = optarg;
            break;
        case 'p':
            b->port = (unsigned)value;
            break;
        case 'c':
            b->connections = (unsigned)value;
            break;
        case 'm':
            b->messages = value;
            break;
        case 'n':
            b->per_connection = (unsigned)value;
            break;
        case 'b':
            b->batch = (unsigned)value;
            break;
        case 'k':
            b->kilobytes = value;
            break;
        case 't':
            b->with_tls = true;
            break;
        default:
            fprintf(stderr, "see the head of deliver_bench.c\n");
            exit(2);
        }
    }
}

int main(int argc, char **argv)
{
    struct pool_options o = {.ehlo_name = "bench.example",
                             .kind_outcome = OUTCOME,
                             .kind_ready = READY,
                             .kind_closed = CLOSED,
                             .kind_untried = UNTRIED};
    char path[] = "/tmp/bench-deliver.XXXXXX";
    struct handover *handover;
    struct bench b;
    struct err e;
    bool same_boot;
    int64_t began;

    read_options(&b, argc, argv);
    signal(SIGPIPE, SIG_IGN);
    MUST(mkdtemp(path) && chdir(path) == 0);
    b.mailing = make_mailing(b.kilobytes);
    b.lane = mem_array(b.connections, sizeof *b.lane);
    MUST(mailbox_init(&b.reports, false));
    o.max_connections = b.connections;
    o.reports = &b.reports;
    if (!handover_open("handover", b.connections, &handover, &same_boot, &e) ||
        (o.handover = handover, !pool_start(&o, &b.pool, &e))) {
        fprintf(stderr, "%s\n", e.text);
        return 1;
    }
    began = clock_mono_us();
    for (uint32_t i = 0; i < b.connections; i++)
        open_lane(&b, i);
    while (b.open > 0)
        take_reports(&b);
    print_figures(&b, (double)(clock_mono_us() - began) / 1e6);
    pool_free(b.pool);
    handover_close(handover);
    unlink("handover");
    rmdir(path);
    return b.accepted == b.messages ? 0 : 1;
}
