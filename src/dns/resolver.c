/* resolver.c: see dns/resolver.h. (S) */
#include "tasks.h"
#include "wire.h"

#include <sluice/base/must.h>
#include <sluice/dns/resolver.h>
#include <sluice/os/clock.h>
#include <sluice/os/thread.h>

#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { LETTER_ASK, LETTER_TXT, LETTER_FLUSH, LETTER_STOP };

/* Written by the thread once a round, read by anybody. */
struct shared_stats {
    _Atomic uint64_t asked, cache_hits, queries, temporary_failures, negative;
    _Atomic size_t cached, in_flight;
};
struct resolver {
    struct resolver_options o;
    struct mailbox box;
    struct dns_wire *wire;
    struct dns_tasks tasks;
    bool is_stopping;
    pthread_t thread;
    struct shared_stats stats;
};

/* --- the thread */

static void read_box(struct resolver *r)
{
    struct letter *next;

    for (struct letter *l = mailbox_take(&r->box, (struct mono){0}); l; l = next) {
        struct dns_ask *a = (struct dns_ask *)l;

        next = l->next;
        if (l->kind == LETTER_ASK) {
            dns_tasks_ask(&r->tasks, a);
            continue;
        }
        if (l->kind == LETTER_TXT) {
            dns_tasks_txt(&r->tasks, a);
            continue;
        }
        if (l->kind == LETTER_FLUSH)
            dns_tasks_flush(&r->tasks, a->is_for_all ? NULL : a->domain);
        else
            r->is_stopping = true;
        free(a);
    }
}

#define PUBLISH(name, value) atomic_store_explicit(&r->stats.name, value, memory_order_relaxed)

static void publish(struct resolver *r)
{
    PUBLISH(asked, r->tasks.asked);
    PUBLISH(cache_hits, r->tasks.cache_hits);
    PUBLISH(temporary_failures, r->tasks.temporary_failures);
    PUBLISH(negative, r->tasks.negative);
    PUBLISH(queries, dns_wire_sent(r->wire));
    PUBLISH(in_flight, dns_wire_in_flight(r->wire));
    PUBLISH(cached, dns_cache_count(&r->tasks.domains));
}

static void sleep_until_due(struct resolver *r)
{
    struct pollfd fd[2] = {{.fd = r->box.fd, .events = POLLIN},
                           {.fd = dns_wire_fd(r->wire), .events = POLLIN}};
    struct mono due = dns_wire_deadline(r->wire);
    int64_t left_ms = due.ms - clock_mono().ms;
    int timeout_ms = -1;

    if (due.ms != WHEN_NEVER)
        timeout_ms = left_ms < 0 ? 0 : left_ms > INT_MAX ? INT_MAX : (int)left_ms;
    poll(fd, 2, timeout_ms);
}

static void *run(void *arg)
{
    struct resolver *r = arg;

    while (!r->is_stopping) {
        sleep_until_due(r);
        r->tasks.now = clock_mono();
        read_box(r);
        dns_wire_run(r->wire, r->tasks.now);
        publish(r);
    }
    return NULL;
}

/* --- from other threads */

static struct dns_ask *ask_new(const char *domain, int letter_kind)
{
    size_t n = strlen(domain);
    struct dns_ask *a = mem_array(1, sizeof *a + n + 1);

    a->letter.kind = letter_kind;
    memcpy(a->domain, domain, n + 1);
    return a;
}

static void send_ask(struct resolver *r, struct dns_ask *a, struct mailbox *to, int kind)
{
    a->to = to;
    a->kind = kind;
    mailbox_send(&r->box, &a->letter);
}

void resolver_ask(struct resolver *r, const char *domain, struct mailbox *to, int kind)
{
    send_ask(r, ask_new(domain, LETTER_ASK), to, kind);
}

void resolver_txt(struct resolver *r, const char *name, struct mailbox *to, int kind)
{
    send_ask(r, ask_new(name, LETTER_TXT), to, kind);
}

void resolver_flush(struct resolver *r, const char *domain)
{
    struct dns_ask *a = ask_new(domain ? domain : "", LETTER_FLUSH);

    a->is_for_all = !domain;
    mailbox_send(&r->box, &a->letter);
}

void resolver_stats(struct resolver *r, struct resolver_stats *out)
{
    struct shared_stats *s = &r->stats;

    out->asked = atomic_load_explicit(&s->asked, memory_order_relaxed);
    out->cache_hits = atomic_load_explicit(&s->cache_hits, memory_order_relaxed);
    out->queries = atomic_load_explicit(&s->queries, memory_order_relaxed);
    out->temporary_failures = atomic_load_explicit(&s->temporary_failures, memory_order_relaxed);
    out->negative = atomic_load_explicit(&s->negative, memory_order_relaxed);
    out->cached = atomic_load_explicit(&s->cached, memory_order_relaxed);
    out->in_flight = atomic_load_explicit(&s->in_flight, memory_order_relaxed);
}

static void set_defaults(struct resolver_options *o)
{
    if (o->timeout_ms <= 0)
        o->timeout_ms = 5000;
    if (o->timeout_ms > 60000)
        o->timeout_ms = 60000;
    if (o->tries <= 0)
        o->tries = 3;
    if (o->cache_max == 0)
        o->cache_max = 100000;
    if (o->in_flight_max == 0)
        o->in_flight_max = 2000;
    if (o->ttl_max_sec == 0)
        o->ttl_max_sec = 86400;
    if (o->ttl_min_sec == 0)
        o->ttl_min_sec = 60;
    if (o->ttl_min_sec > o->ttl_max_sec)
        o->ttl_min_sec = o->ttl_max_sec;
    if (o->servfail_ms <= 0)
        o->servfail_ms = 30000;
    if (!o->use_ipv4 && !o->use_ipv6)
        o->use_ipv4 = o->use_ipv6 = true;
    if (o->seed == 0)
        o->seed = clock_entropy();
}

bool resolver_start(const struct resolver_options *o, struct resolver **out, struct err *e)
{
    struct resolver *r = mem_array(1, sizeof *r);

    r->o = *o;
    set_defaults(&r->o);
    if (!dns_wire_open(&r->o, &r->wire, e))
        goto no_wire;
    if (!mailbox_init(&r->box, true)) {
        err_sys(e, "eventfd");
        goto no_box;
    }
    dns_tasks_init(&r->tasks, &r->o, r->wire);
    if (!thread_start(&r->thread, "dns", 0, run, r, e))
        goto no_thread;
    *out = r;
    return true;
no_thread:
    dns_tasks_done(&r->tasks);
    mailbox_done(&r->box);
no_box:
    dns_wire_close(r->wire);
no_wire:
    free(r);
    return false;
}

/* Questions that came after the order to stop. */
static void empty_box(struct resolver *r)
{
    struct mx_answer answer;
    struct letter *next;

    dns_stopping(&answer);
    for (struct letter *l = mailbox_take(&r->box, (struct mono){0}); l; l = next) {
        next = l->next;
        if (l->kind == LETTER_ASK)
            dns_reply((struct dns_ask *)l, &answer);
        else if (l->kind == LETTER_TXT)
            dns_txt_stopping((struct dns_ask *)l);
        else
            free(l);
    }
}

void resolver_stop(struct resolver *r)
{
    if (!r)
        return;
    mailbox_send(&r->box, &ask_new("", LETTER_STOP)->letter);
    pthread_join(r->thread, NULL);
    dns_wire_close(r->wire);
    dns_tasks_done(&r->tasks);
    empty_box(r);
    mailbox_done(&r->box);
    free(r);
}
