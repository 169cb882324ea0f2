/* tasks.c: see tasks.h. (S) */
#include "tasks.h"

#include <sluice/base/must.h>

#include <arpa/nameser.h>
#include <stdlib.h>
#include <string.h>

/* Two kinds of tasks, each at most once per name, which is the whole of coalescing: a domain_task
 * asks for MX and waits for its hosts, a host_task asks for A and AAAA and serves all domains that
 * wait for it. Both live from the first question to the answer; what is learned goes into two
 * caches. */

#define NEGATIVE_TTL_MAX_SEC 10800 /* RFC 2308 5: one to three hours work well */

struct domain_task {
    struct dns_tasks *all;
    struct dns_ask *askers; /* newest first */
    struct dns_query mx;
    struct mx_answer *answer; /* from the MX answer on */
    unsigned open;            /* hosts that are waited for */
    int64_t ttl_ms;
    bool is_from_cache;
    char name[DNS_NAME_SIZE];
};
struct waiter {
    struct waiter *next;
    struct domain_task *task;
    unsigned host;
};
struct host_task {
    struct dns_tasks *all;
    struct waiter *waiters;
    struct dns_query query[2]; /* IPv4, IPv6 */
    struct host_addresses got[2];
    unsigned open;
    int64_t ttl_ms, negative_ttl_ms;
    char name[DNS_NAME_SIZE];
};

/* --- time to live */

static int64_t bounded_ttl_ms(const struct dns_tasks *all, uint32_t ttl_sec, bool is_negative)
{
    uint32_t max = all->o->ttl_max_sec;

    if (is_negative && max > NEGATIVE_TTL_MAX_SEC)
        max = NEGATIVE_TTL_MAX_SEC;
    if (ttl_sec > max)
        ttl_sec = max;
    if (ttl_sec < all->o->ttl_min_sec)
        ttl_sec = all->o->ttl_min_sec;
    return (int64_t)ttl_sec * 1000;
}

static void shorten(int64_t *ttl_ms, int64_t to)
{
    if (to < *ttl_ms)
        *ttl_ms = to;
}

/* --- answers to askers */

void dns_reply(struct dns_ask *a, const struct mx_answer *answer)
{
    struct resolved *letter = mem_new(sizeof *letter);

    letter->answer = *answer;
    letter->letter = (struct letter){.kind = a->kind};
    memset(letter->domain, 0, sizeof letter->domain);
    str_copy(letter->domain, sizeof letter->domain, str_of(a->domain));
    mailbox_send(a->to, &letter->letter);
    free(a);
}

static void reply_to_all(struct dns_ask *newest, const struct mx_answer *answer)
{
    struct dns_ask *oldest = NULL, *next;

    for (; newest; newest = next) {
        next = (struct dns_ask *)newest->letter.next;
        newest->letter.next = (struct letter *)oldest;
        oldest = newest;
    }
    for (; oldest; oldest = next) {
        next = (struct dns_ask *)oldest->letter.next;
        dns_reply(oldest, answer);
    }
}

static void count_answer(struct dns_tasks *all, const struct domain_task *t)
{
    if (t->is_from_cache)
        all->cache_hits++;
    if (t->answer->status == MX_TEMPORARY)
        all->temporary_failures++;
    else if (t->answer->status != MX_OK)
        all->negative++;
}

static void domain_finish(struct domain_task *t)
{
    struct dns_tasks *all = t->all;

    mx_finish(t->answer, t->name, &all->o->prohibited);
    t->answer->ttl_sec = t->ttl_ms < 1000 ? 1 : (uint32_t)(t->ttl_ms / 1000);
    count_answer(all, t);
    map_remove(&all->domain_tasks, str_of(t->name));
    reply_to_all(t->askers, t->answer);
    free(t->answer);
    free(t);
}

static void domain_release(struct domain_task *t)
{
    if (--t->open == 0)
        domain_finish(t);
}

void dns_stopping(struct mx_answer *a)
{
    mx_refuse(a, MX_TEMPORARY, "the resolver is stopping");
    a->ttl_sec = 1;
}

/* --- hosts */

static void host_finish(struct host_task *h)
{
    struct dns_tasks *all = h->all;
    struct host_addresses joined;
    struct waiter *next;
    int64_t ttl_ms;

    mx_join(&joined, &h->got[0], &h->got[1]);
    ttl_ms = joined.count > 0 ? h->ttl_ms : h->negative_ttl_ms;
    if (joined.is_temporary)
        ttl_ms = all->o->servfail_ms;
    dns_cache_put(&all->hosts, str_of(h->name), str_n((const char *)&joined, sizeof joined),
                  all->now, ttl_ms);
    map_remove(&all->host_tasks, str_of(h->name));
    for (struct waiter *w = h->waiters; w; w = next) {
        next = w->next;
        mx_host_set(&w->task->answer->host[w->host], &joined);
        shorten(&w->task->ttl_ms, ttl_ms);
        domain_release(w->task);
        free(w);
    }
    free(h);
}

static void on_address(struct dns_query *q, const struct dns_answer *a)
{
    struct host_task *h = q->owner;
    bool is_positive = a->kind == DNS_RECORDS;

    mx_one_family(&h->got[q - h->query], a);
    /* That a host has no AAAA may be known for longer or shorter than its A: only what is there
     * counts, unless there is nothing. */
    shorten(is_positive ? &h->ttl_ms : &h->negative_ttl_ms,
            bounded_ttl_ms(h->all, a->ttl_sec, !is_positive));
    if (--h->open == 0)
        host_finish(h);
}

static void host_ask(struct host_task *h, unsigned family)
{
    struct dns_query *q = &h->query[family];

    q->done = on_address;
    q->owner = h;
    q->type = family == 0 ? ns_t_a : ns_t_aaaa;
    q->is_urgent = true;
    memcpy(q->name, h->name, sizeof q->name);
    h->open++;
    dns_wire_ask(h->all->wire, q);
}

static struct host_task *host_begin(struct dns_tasks *all, const char *name)
{
    struct host_task *h = mem_array(1, sizeof *h);

    h->all = all;
    h->ttl_ms = h->negative_ttl_ms = INT64_MAX;
    str_copy(h->name, sizeof h->name, str_of(name));
    map_set(&all->host_tasks, str_of(name), h);
    if (all->o->use_ipv4)
        host_ask(h, 0);
    if (all->o->use_ipv6)
        host_ask(h, 1);
    return h;
}

static void domain_want_host(struct domain_task *t, unsigned i)
{
    struct dns_tasks *all = t->all;
    struct mx_host *host = &t->answer->host[i];
    struct str cached;
    int64_t left_ms;
    struct host_task *h;
    struct waiter *w;

    if (dns_cache_get(&all->hosts, str_of(host->name), all->now, &cached, &left_ms)) {
        struct host_addresses a;

        memcpy(&a, cached.p, sizeof a);
        mx_host_set(host, &a);
        shorten(&t->ttl_ms, left_ms);
        return;
    }
    h = map_get(&all->host_tasks, str_of(host->name));
    if (!h)
        h = host_begin(all, host->name);
    w = mem_new(sizeof *w);
    *w = (struct waiter){.next = h->waiters, .task = t, .host = i};
    h->waiters = w;
    t->open++;
    t->is_from_cache = false;
}

/* The MX part is known: from here the task waits for hosts, or is finished at once. */
static void domain_want_hosts(struct domain_task *t)
{
    t->open = 1;
    for (unsigned i = 0; i < t->answer->hosts; i++)
        if (!mx_host_is_settled(&t->answer->host[i]))
            domain_want_host(t, i);
    domain_release(t);
}

/* --- domains */

static void on_mx(struct dns_query *q, const struct dns_answer *a)
{
    struct domain_task *t = q->owner;
    struct dns_tasks *all = t->all;

    t->answer = mem_new(sizeof *t->answer);
    mx_begin(t->answer, t->name, a);
    if (t->answer->status == MX_TEMPORARY)
        t->ttl_ms = all->o->servfail_ms;
    else
        t->ttl_ms = bounded_ttl_ms(all, a->ttl_sec, a->kind != DNS_RECORDS);
    buf_clear(&all->scratch);
    mx_pack(t->answer, &all->scratch);
    dns_cache_put(&all->domains, str_of(t->name), str_n(all->scratch.data, all->scratch.len),
                  all->now, t->ttl_ms);
    domain_want_hosts(t);
}

static void domain_begin(struct dns_tasks *all, const char *name, struct dns_ask *a)
{
    struct domain_task *t = mem_array(1, sizeof *t);
    struct str cached;

    t->all = all;
    t->askers = a;
    a->letter.next = NULL;
    str_copy(t->name, sizeof t->name, str_of(name));
    map_set(&all->domain_tasks, str_of(name), t);
    if (dns_cache_get(&all->domains, str_of(name), all->now, &cached, &t->ttl_ms)) {
        t->is_from_cache = true;
        t->answer = mem_new(sizeof *t->answer);
        mx_unpack(t->answer, cached);
        domain_want_hosts(t);
        return;
    }
    t->mx.done = on_mx;
    t->mx.owner = t;
    t->mx.type = ns_t_mx;
    memcpy(t->mx.name, t->name, sizeof t->mx.name);
    dns_wire_ask(all->wire, &t->mx);
}

static void on_refused_name(struct dns_tasks *all, struct dns_ask *a, enum mx_status status,
                            const char *why)
{
    struct mx_answer answer;

    mx_refuse(&answer, status, why);
    answer.ttl_sec = all->o->ttl_max_sec;
    all->negative++;
    dns_reply(a, &answer);
}

void dns_tasks_ask(struct dns_tasks *all, struct dns_ask *a)
{
    char name[DNS_NAME_SIZE];
    const char *why;
    struct domain_task *t;

    all->asked++;
    if (!dns_name_to_ascii(str_of(a->domain), name, &why)) {
        on_refused_name(all, a, MX_BAD_NAME, why);
        return;
    }
    if (dns_name_is_local(name)) {
        on_refused_name(all, a, MX_NO_HOSTS, "localhost is no mail domain");
        return;
    }
    t = map_get(&all->domain_tasks, str_of(name));
    if (!t) {
        domain_begin(all, name, a);
        return;
    }
    a->letter.next = (struct letter *)t->askers;
    t->askers = a;
}

void dns_tasks_flush(struct dns_tasks *all, const char *domain)
{
    char name[DNS_NAME_SIZE];
    const char *why;
    struct str cached;
    struct mx_answer answer;

    if (!domain) {
        dns_cache_clear(&all->domains);
        dns_cache_clear(&all->hosts);
        return;
    }
    if (!dns_name_to_ascii(str_of(domain), name, &why) ||
        !dns_cache_get(&all->domains, str_of(name), all->now, &cached, NULL))
        return;
    mx_unpack(&answer, cached);
    for (unsigned i = 0; i < answer.hosts; i++)
        dns_cache_remove(&all->hosts, str_of(answer.host[i].name));
    dns_cache_remove(&all->domains, str_of(name));
}

void dns_tasks_init(struct dns_tasks *all, const struct resolver_options *o, struct dns_wire *wire)
{
    *all = (struct dns_tasks){.o = o, .wire = wire};
    map_init(&all->domain_tasks);
    map_init(&all->host_tasks);
    dns_cache_init(&all->domains, o->cache_max);
    dns_cache_init(&all->hosts, o->cache_max);
    buf_init(&all->scratch, 16384);
}

static void free_host_task(struct host_task *h)
{
    struct waiter *next;

    for (struct waiter *w = h->waiters; w; w = next) {
        next = w->next;
        free(w);
    }
    free(h);
}

void dns_tasks_done(struct dns_tasks *all)
{
    struct mx_answer answer;
    const struct map_entry *e;

    dns_stopping(&answer);
    for (size_t i = 0; (e = map_next(&all->domain_tasks, &i));) {
        struct domain_task *t = e->value;

        reply_to_all(t->askers, &answer);
        free(t->answer);
        free(t);
    }
    for (size_t i = 0; (e = map_next(&all->host_tasks, &i));)
        free_host_task(e->value);
    dns_tasks_txt_done(all);
    map_done(&all->domain_tasks);
    map_done(&all->host_tasks);
    dns_cache_done(&all->domains);
    dns_cache_done(&all->hosts);
    buf_done(&all->scratch);
}
