/* jobs.c: jobs come, get recipients, are paused, resumed, cancelled, and end. */
#include <stdlib.h>
#include <string.h>
#include "parts.h"

static struct str key_of(const uint32_t *key)
{
    return str_n((const char *)key, sizeof *key);
}

struct job *plan_job_find(const struct plan *p, uint32_t key)
{
    return map_get(&p->jobs_by_key, key_of(&key));
}

static struct gate *own_gate(struct plan *p, const struct plan_job *info)
{
    struct gate *g = mem_array(1, sizeof *g);
    gate_init(g, "job", info->id ? info->id : "", &info->cap);
    memory_load_gate(p, g);
    return g;
}

void plan_job_open(struct plan *p, const struct plan_job *info)
{
    MUST(!plan_job_find(p, info->key));
    memory_is_told(p);
    struct job *j = mem_array(1, sizeof *j);
    j->info = *info;
    j->info.id = j->info.client = NULL; /* the caller's */
    j->opens_ms = info->is_paused ? WHEN_NEVER : INT64_MIN;
    j->closes_ms = WHEN_NEVER;
    if (info->client)
        j->client = client_get(p, info->client);
    if (info->cap.connection_limit || info->cap.max_message_rate.count ||
        info->cap.max_connection_rate.count)
        j->gate = own_gate(p, info);
    job_read_client(p, j);
    j->next = p->jobs;
    p->jobs = j;
    map_set(&p->jobs_by_key, key_of(&info->key), j);
}

struct bucket *job_bucket(const struct job *j, uint32_t domain_id)
{
    return domain_id < j->buckets ? j->bucket[domain_id] : NULL;
}

static struct bucket *bucket_make(struct plan *p, struct job *j, uint32_t domain_id,
                                  const char *domain)
{
    if (domain_id >= j->buckets) {
        size_t size = j->buckets ? j->buckets : 64;
        while (size <= domain_id)
            size *= 2;
        j->bucket = mem_grow(j->bucket, size, sizeof *j->bucket);
        memset(j->bucket + j->buckets, 0, (size - j->buckets) * sizeof *j->bucket);
        j->buckets = size;
    }
    struct bucket *b = mem_array(1, sizeof *b);
    b->job = j;
    b->domain_id = domain_id;
    b->domain = domain_get(p, domain);
    b->next_of_domain = b->domain->buckets;
    b->domain->buckets = b;
    b->after_due_ms = INT64_MIN;
    j->bucket[domain_id] = b;
    return b;
}

void plan_job_add(struct plan *p, uint32_t job_key, uint32_t domain_id, const char *domain,
                  uint64_t count, int64_t due_ms)
{
    struct job *j = plan_job_find(p, job_key);
    if (!j || j->is_cancelled || count == 0)
        return;
    struct bucket *b = job_bucket(j, domain_id);
    if (!b)
        b = bucket_make(p, j, domain_id, domain);
    bucket_add(p, b, count, due_ms);
}

void plan_job_loaded(struct plan *p, uint32_t job_key)
{
    struct job *j = plan_job_find(p, job_key);
    if (!j)
        return;
    j->is_loaded = true;
    job_check_done(p, j);
}

bool plan_job_pause(struct plan *p, uint32_t job_key, struct now now)
{
    struct job *j = plan_job_find(p, job_key);
    if (!j || j->is_cancelled)
        return false;
    j->info.is_paused = true;
    job_review(p, j, now);
    return true;
}

bool plan_job_resume(struct plan *p, uint32_t job_key, struct now now)
{
    struct job *j = plan_job_find(p, job_key);
    if (!j || j->is_cancelled)
        return false;
    j->info.is_paused = false;
    job_review(p, j, now);
    return true;
}

bool plan_job_approved(struct plan *p, uint32_t job_key, struct wall at)
{
    struct job *j = plan_job_find(p, job_key);
    if (!j)
        return false;
    j->info.approved = at;
    return true;
}

bool plan_job_cancel(struct plan *p, uint32_t job_key, struct now now)
{
    struct job *j = plan_job_find(p, job_key);
    if (!j || j->is_cancelled)
        return false;
    j->is_cancelled = true;
    j->info.is_standing = false;
    j->is_loaded = true;
    for (size_t i = 0; i < j->buckets; i++)
        if (j->bucket[i]) {
            bucket_leave(j->bucket[i]);
            j->bucket[i]->waiting = 0;
        }
    j->waiting = 0;
    job_return_all(p, j, now);
    plan_say(p, ACT_CANCEL_ROWS)->job_key = job_key;
    job_check_done(p, j);
    return true;
}

void plan_job_recount(struct plan *p, uint32_t job_key, uint32_t domain_id, const char *domain,
                      uint64_t waiting, int64_t due_ms, struct now now)
{
    (void)now;
    struct job *j = plan_job_find(p, job_key);
    struct bucket *b = j ? job_bucket(j, domain_id) : NULL;
    if (!j || j->is_cancelled)
        return;
    if (b) /* the spool counts what is under a lease, too */
        waiting = waiting > b->leased ? waiting - b->leased : 0;
    if (!b || b->is_leasing || waiting > b->waiting) {
        /* Under lease its answer corrects the count; more rows are as if they had been added. */
        uint64_t before = b ? b->waiting : 0;
        plan_job_add(p, job_key, domain_id, domain, waiting > before ? waiting - before : 0,
                     due_ms);
        return;
    }
    j->waiting -= b->waiting - waiting;
    b->waiting = waiting;
    b->due_ms = due_ms;
    bucket_moved(p, b);
    job_check_done(p, j);
}

/* A connection counts for the caps of its batch until it is through, although the job's part of it is. */
static void forget_held(struct plan *p, const struct gate *g)
{
    for (uint32_t i = 0; g->connections > 0 && i < p->options.max_connections; i++)
        for (unsigned k = 0; k < GATES_HELD; k++)
            if (p->conn[i].held[k] == g)
                p->conn[i].held[k] = NULL;
}

/* What a job has beside its buckets. */
void job_forget(struct plan *p, struct job *j)
{
    heap_remove(&p->jobs_due, &j->node);
    if (j->gate)
        forget_held(p, j->gate);
    if (j->gate)
        gate_done(j->gate);
    free(j->gate);
    spans_done(&j->own);
    spans_done(&j->closed);
    job_forget_joined(j);
    map_done(&j->joined);
}

static void domain_drop_bucket(struct plan *p, struct bucket *b)
{
    struct bucket **at = &b->domain->buckets;
    while (*at != b)
        at = &(*at)->next_of_domain;
    *at = b->next_of_domain;
    if (!b->domain->buckets)
        domain_drop(p, b->domain);
}

static void job_drop(struct plan *p, struct job *j)
{
    for (size_t i = 0; i < j->buckets; i++)
        if (j->bucket[i]) {
            bucket_leave(j->bucket[i]);
            domain_drop_bucket(p, j->bucket[i]);
            free(j->bucket[i]);
        }
    MUST(!j->flows && !j->lanes);
    free(j->bucket);
    job_forget(p, j);
    struct job **at = &p->jobs;
    while (*at != j)
        at = &(*at)->next;
    *at = j->next;
    map_remove(&p->jobs_by_key, key_of(&j->info.key));
    free(j);
}

void job_check_done(struct plan *p, struct job *j)
{
    if (!j->is_loaded || j->waiting || j->leased || (j->info.is_standing && !j->is_cancelled))
        return;
    j->may_be_done = p->some_may_be_done = true;
}

static bool job_is_done(const struct job *j)
{
    return j->may_be_done && j->waiting == 0 && j->leased == 0 && j->leases_out == 0;
}

void jobs_finish(struct plan *p)
{
    if (!p->some_may_be_done)
        return;
    p->some_may_be_done = false;
    struct job *next;
    for (struct job *j = p->jobs; j; j = next) {
        next = j->next;
        if (job_is_done(j)) {
            plan_say(p, ACT_JOB_DONE)->job_key = j->info.key;
            job_drop(p, j);
        } else {
            j->may_be_done = false;
        }
    }
}

void plan_counts(const struct plan *p, uint32_t job_key, struct plan_counts *out)
{
    *out = (struct plan_counts){0};
    for (const struct job *j = p->jobs; j; j = j->next)
        if (job_key == 0 || j->info.key == job_key) {
            out->waiting += j->waiting;
            out->leased += j->leased;
        }
    if (job_key == 0)
        out->connections = p->options.max_connections - p->free_conns;
}

bool plan_job_is_open(const struct plan *p, uint32_t job_key)
{
    return plan_job_find(p, job_key) != NULL;
}

bool plan_has_unfinished(const struct plan *p)
{
    for (const struct job *j = p->jobs; j; j = j->next)
        if (!j->info.is_standing)
            return true;
    return false;
}
