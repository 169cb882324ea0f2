/* world.c: who there is: places (domains), receivers (providers), and an account for each job at
 * each receiver. */
#include <stdlib.h>
#include <string.h>
#include "state.h"

#define ROUTE_TTL_SEC (400u * 86400) /* as DNS is now, it stays */

/* ---- indexes behind names; a map has no 0 ---- */

static void *stored(size_t index)
{
    return (void *)(uintptr_t)(index + 1);
}

static bool found(void *value, size_t *index)
{
    *index = (uintptr_t)value - 1;
    return value != NULL;
}

static struct str key_of(const uint32_t *key)
{
    return str_n((const char *)key, sizeof *key);
}

int world_job(const struct forecast *f, uint32_t job_key)
{
    size_t i;
    return found(map_get(&f->job_by_key, key_of(&job_key)), &i) ? (int)i : -1;
}

struct place *world_place(const struct forecast *f, const char *name)
{
    size_t i;
    return found(map_get(&f->place_by_name, str_of(name)), &i) ? &f->place[i] : NULL;
}

struct pair {
    uint32_t job, receiver;
};

struct account *world_account(const struct forecast *f, uint32_t job, uint32_t receiver)
{
    struct pair pair = {job, receiver};
    size_t i;
    return found(map_get(&f->account_by_pair, str_n((const char *)&pair, sizeof pair)), &i)
               ? &f->account[i]
               : NULL;
}

/* ---- routes ---- */

static bool can_dial(const struct mx_answer *a)
{
    for (unsigned i = 0; i < a->hosts; i++)
        if (a->host[i].addresses)
            return true;
    return false;
}

static void make_up(struct mx_answer *a, const char *domain)
{
    memset(a, 0, offsetof(struct mx_answer, host) + sizeof a->host[0]);
    a->status = MX_OK;
    a->hosts = 1;
    str_copy(a->host[0].name, sizeof a->host[0].name, str_of(domain));
    a->host[0].addresses = 1;
    a->host[0].address[0] = (struct mx_address){AF_INET, {192, 0, 2, 1}};
}

/* What only fails for a while is believed to be mended when its turn comes. */
const struct mx_answer *world_answer(struct forecast *f, const struct place *p)
{
    struct mx_answer *a = &f->answer;
    size_t head = offsetof(struct mx_answer, host);
    bool is_known = p->answer != NULL;
    if (is_known) {
        memcpy(a, p->answer, head);
        MUST(a->hosts <= MX_HOSTS_MAX);
        memcpy(a->host, (const char *)p->answer + head, a->hosts * sizeof a->host[0]);
        is_known = a->status == MX_OK ? can_dial(a) : a->status != MX_TEMPORARY;
    }
    if (!is_known)
        make_up(a, p->name);
    a->ttl_sec = ROUTE_TTL_SEC;
    return a;
}

/* The planner's names. */
static void name_receiver(struct forecast *f, const struct place *p, char out[64])
{
    const struct mx_answer *a = world_answer(f, p);
    const char *host[MX_HOSTS_MAX];
    if (a->status != MX_OK) {
        str_copy(out, 64, str_of("(no mail host)"));
        return;
    }
    for (unsigned i = 0; i < a->hosts; i++)
        host[i] = a->host[i].name;
    const struct profile *known =
        profiles_match(&f->in->options.shaping->profiles, p->name, host, a->hosts);
    if (known)
        str_copy(out, 64, str_of(known->name));
    else
        provider_name(host, a->hosts, out);
}

/* ---- making them ---- */

static const struct spans *calendar_of(const struct forecast *f, enum plan_party party,
                                       const char *name)
{
    for (size_t i = 0; name && i < f->in->calendars; i++)
        if (f->in->calendar[i].party == party && strcmp(f->in->calendar[i].name, name) == 0)
            return f->in->calendar[i].closed;
    return NULL;
}

static uint32_t receiver_get(struct forecast *f, const struct place *p)
{
    char name[64];
    size_t i;
    name_receiver(f, p, name);
    if (found(map_get(&f->receiver_by_name, str_of(name)), &i))
        return (uint32_t)i;
    if (f->receivers == f->receiver_cap) {
        f->receiver_cap = f->receiver_cap ? 2 * f->receiver_cap : 64;
        f->receiver = mem_grow(f->receiver, f->receiver_cap, sizeof *f->receiver);
    }
    struct receiver *r = &f->receiver[f->receivers];
    *r = (struct receiver){.closed = calendar_of(f, PARTY_PROVIDER, name)};
    memcpy(r->name, name, sizeof r->name);
    if (f->in->measured)
        f->in->measured(f->in->arg, name, &r->dial_ms, &r->message_ms);
    if (r->dial_ms <= 0)
        r->dial_ms = FORECAST_DIAL_MS;
    if (r->message_ms <= 0)
        r->message_ms = FORECAST_MESSAGE_MS;
    map_set(&f->receiver_by_name, str_of(name), stored(f->receivers));
    return (uint32_t)f->receivers++;
}

static uint32_t place_get(struct forecast *f, const struct forecast_domain *d)
{
    size_t i;
    if (found(map_get(&f->place_by_name, str_of(d->name)), &i))
        return (uint32_t)i;
    if (f->places == f->place_cap) {
        f->place_cap = f->place_cap ? 2 * f->place_cap : 64;
        f->place = mem_grow(f->place, f->place_cap, sizeof *f->place);
    }
    struct place *p = &f->place[f->places];
    *p = (struct place){.name = d->name, .answer = d->answer};
    p->receiver = receiver_get(f, p);
    map_set(&f->place_by_name, str_of(d->name), stored(f->places));
    return (uint32_t)f->places++;
}

static uint32_t account_get(struct forecast *f, uint32_t job, uint32_t receiver)
{
    struct pair pair = {job, receiver};
    struct account *known = world_account(f, job, receiver);
    if (known)
        return (uint32_t)(known - f->account);
    if (f->accounts == f->account_cap) {
        f->account_cap = f->account_cap ? 2 * f->account_cap : 64;
        f->account = mem_grow(f->account, f->account_cap, sizeof *f->account);
    }
    f->account[f->accounts] =
        (struct account){.job = job, .receiver = receiver, .last_ms = f->subject[job].begins_ms};
    map_set(&f->account_by_pair, str_n((const char *)&pair, sizeof pair), stored(f->accounts));
    return (uint32_t)f->accounts++;
}

static void make_bucket(struct forecast *f, uint32_t index)
{
    const struct forecast_domain *d = &f->in->domain[index];
    struct bucket *b = &f->bucket[index];
    struct subject *s = &f->subject[d->job];
    MUST(d->job < f->in->jobs);
    b->job = d->job;
    b->place = place_get(f, d);
    b->account = account_get(f, d->job, f->place[b->place].receiver);
    b->domain_id = s->buckets;
    if ((s->buckets & (s->buckets + 1)) == 0) /* full at 0, 1, 3, 7, ... */
        s->bucket = mem_grow(s->bucket, 2 * (size_t)s->buckets + 1, sizeof *s->bucket);
    s->bucket[s->buckets++] = index;
    rows_put(b, d->due_ms, d->recipients);
    f->account[b->account].recipients += d->recipients;
    if (f->in->job[d->job].is_subject)
        f->recipients += d->recipients;
}

static void make_subject(struct forecast *f, uint32_t index)
{
    const struct forecast_job *j = &f->in->job[index];
    struct subject *s = &f->subject[index];
    int64_t now_ms = f->start.wall.ms, start_ms = j->info.start.ms;
    MUST(j->info.key > 0);
    s->begins_ms = start_ms > now_ms ? start_ms : now_ms;
    /* A campaign's rows are as old as its start; those of a standing job keep coming. */
    s->added_ms = start_ms > 0 && start_ms < now_ms && !j->info.is_standing ? start_ms : now_ms;
    const char *client = j->info.ignores_client_hours ? NULL : j->info.client;
    spans_join(&s->closed, calendar_of(f, PARTY_CLIENT, client), j->closed);
    MUST(!map_set(&f->job_by_key, key_of(&j->info.key), stored(index)));
}

void world_make(struct forecast *f)
{
    MUST(f->in->jobs < UINT32_MAX && f->in->domains < UINT32_MAX);
    f->subject = mem_array(f->in->jobs + 1, sizeof *f->subject);
    f->bucket = mem_array(f->in->domains + 1, sizeof *f->bucket);
    f->sample_from_ms = WHEN_NEVER;
    for (size_t i = 0; i < f->in->jobs; i++) {
        make_subject(f, (uint32_t)i);
        if (f->in->job[i].is_subject && f->subject[i].begins_ms < f->sample_from_ms)
            f->sample_from_ms = f->subject[i].begins_ms;
    }
    for (size_t i = 0; i < f->in->domains; i++)
        make_bucket(f, (uint32_t)i);
}

void world_free(struct forecast *f)
{
    for (size_t i = 0; i < f->in->jobs; i++) {
        free(f->subject[i].bucket);
        spans_done(&f->subject[i].closed);
        free(f->subject[i].reasons.item);
    }
    for (size_t i = 0; i < f->in->domains; i++)
        free(f->bucket[i].lot);
    for (size_t i = 0; i < f->accounts; i++) {
        spans_done(&f->account[i].closed);
        free(f->account[i].reasons.item);
    }
    map_done(&f->job_by_key);
    map_done(&f->place_by_name);
    map_done(&f->receiver_by_name);
    map_done(&f->account_by_pair);
    free(f->subject);
    free(f->bucket);
    free(f->account);
    free(f->receiver);
    free(f->place);
}
