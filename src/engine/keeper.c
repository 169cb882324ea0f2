/* keeper.c: the spool's thread. Everything that waits in its mailbox is applied, then made durable
 * with one flush; only then leases go out, hand-over slots are freed, and counters, log and lists
 * hear of it. When the disk is full nothing is lost: leases are refused for now, records are
 * applied again until they hold. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "engine.h"

struct keeper_job *keeper_find(struct engine *e, uint32_t job_key)
{
    for (struct keeper_job *j = e->jobs; j; j = j->next)
        if (j->row.key == job_key)
            return j;
    return NULL;
}

static struct str key64(const uint64_t *k)
{
    return str_n((const char *)k, sizeof *k);
}

/* ---- leases: who is out ---- */

static void lease_out(struct keeper_job *j, const struct delivery *d)
{
    struct lease_count *c = map_get(&j->leases, key64(&d->lease));
    if (!c) {
        c = mem_array(1, sizeof *c);
        map_set(&j->leases, key64(&d->lease), c);
    }
    c->left++;
    j->in_flight++;
}

static bool lease_back(struct engine *e, struct keeper_job *j, uint64_t lease, struct err *err)
{
    struct lease_count *c = map_get(&j->leases, key64(&lease));
    MUST(c);
    j->in_flight--;
    if (--c->left > 0)
        return true;
    map_remove(&j->leases, key64(&lease));
    free(c);
    return spool_lease_end(e->spool, j->row.key, lease, err);
}

static void look_up_suppression(struct engine *e, struct keeper_job *j, struct delivery *d)
{
    struct err err = {0};
    char why[48];
    d->suppressed_as = CAT_OK;
    if (list_is_suppressed(e->list, j->spec->client, j->spec->msg_class, d->email, why, &err)) {
        d->suppressed_as = CAT_SUPPRESSED;
        memcpy(d->suppressed_why, why, sizeof d->suppressed_why);
    } else if (err.text[0]) {
        log_line(LOG_AT_ERROR, "list", "%s", err.text);
    }
}

static bool apply_lease(struct engine *e, struct lease_letter *l, struct err *err)
{
    struct keeper_job *j = keeper_find(e, l->job_key);
    MUST(j);
    if (!spool_lease(e->spool, l->job_key, l->domain_id, l->after, l->until_ms, l->limit, &l->chain,
                     &l->count, &l->last, &l->next_due_ms, err))
        return false;
    for (struct delivery *d = l->chain; d; d = d->next) {
        d->mailing = j->mailing;
        look_up_suppression(e, j, d);
    }
    return true;
}

static void answer_lease(struct engine *e, struct lease_letter *l, bool ok)
{
    struct keeper_job *j = keeper_find(e, l->job_key);
    if (!ok) {
        for (struct delivery *d = l->chain, *next; d; d = next) {
            next = d->next;
            delivery_free(d);
        }
        l->chain = NULL;
        l->failed = true;
    }
    for (struct delivery *d = l->chain; d; d = d->next)
        lease_out(j, d);
    l->letter.kind = TO_BRAIN_LEASED;
    mailbox_send(&e->brain_box, &l->letter);
}

/* ---- records ---- */

static bool apply_record(struct engine *e, struct record_letter *r, struct err *err)
{
    bool was_new;
    if (r->letter.kind == TO_KEEPER_RETURN)
        return spool_return(e->spool, r->delivery, r->due_ms, err);
    return spool_record(e->spool, r->outcome, &was_new, err);
}

static void count_delivery(struct engine *e, const struct outcome *o)
{
    int64_t second = clock_mono().ms / 1000;
    for (; e->second < second; e->second++) {
        if (second - e->second > RATE_SECONDS)
            e->second = second - RATE_SECONDS;
        e->delivered_in[(e->second + 1) % RATE_SECONDS] = 0;
    }
    if (o->state == STATE_DELIVERED)
        e->delivered_in[second % RATE_SECONDS]++;
}

static void log_outcome(const struct keeper_job *j, const struct outcome *o)
{
    char to[2 * ADDRESS_MAX], text[2 * REPLY_TEXT_MAX];
    if (!log_wants(LOG_AT_INFO))
        return;
    log_line(
        LOG_AT_INFO, "delivery",
        "job=%s rid=%" PRIu64
        " to=%s state=%s class=%s phase=%s attempt=%u provider=\"%s\" mx=%s ip=%s tls=%d code=%d "
        "enhanced=%s delays=%u/%u/%u bytes=%u message_id=%s rule=\"%s\" text=%s",
        j->row.id, o->rid, log_quote(str_of(o->email), to, sizeof to), state_name(o->state),
        category_name(o->category), phase_name(o->phase), o->attempt, o->provider,
        o->mx_host[0] ? o->mx_host : "-", o->mx_ip[0] ? o->mx_ip : "-", o->tls, o->reply.code,
        o->reply.enhanced[0] ? o->reply.enhanced : "-", o->queued_ms, o->connect_ms, o->send_ms,
        o->bytes, o->message_id[0] ? o->message_id : "-", o->rule,
        log_quote(str_of(o->reply.text), text, sizeof text));
}

static void record_held(struct engine *e, struct record_letter *r)
{
    struct outcome *o = r->outcome;
    struct err err;
    uint32_t job_key = o ? o->job_key : r->delivery->job_key;
    struct keeper_job *j = keeper_find(e, job_key);
    if (o) {
        keeper_count(j, o);
        count_delivery(e, o);
        log_outcome(j, o);
        if (o->slot != NO_SLOT)
            pool_committed(e->pool, o->slot);
    }
    if (!lease_back(e, j, o ? o->lease : r->delivery->lease, &err))
        log_line(LOG_AT_WARNING, "spool", "%s",
                 err.text); /* a lease row too many: it goes at the next start */
    delivery_free(r->delivery);
    free(o);
    free(r);
}

/* ---- one round ---- */

static bool apply(struct engine *e, struct letter *l, struct err *err)
{
    switch (l->kind) {
    case TO_KEEPER_LEASE:
        return apply_lease(e, (struct lease_letter *)l, err);
    case TO_KEEPER_RECORD:
    case TO_KEEPER_RETURN:
        return apply_record(e, (struct record_letter *)l, err);
    case TO_KEEPER_CANCEL: {
        struct job_letter *c = (struct job_letter *)l;
        return spool_cancel(e->spool, c->job_key, clock_wall(), &c->count, err);
    }
    default:
        return true;
    }
}

static void open_job(struct engine *e, struct intake_job *l)
{
    struct err err;
    struct opened *o = NULL;
    struct keeper_job *j = keeper_open(e, &l->row, &err);
    if (j)
        o = keeper_domains(e, j, &err);
    if (!o) {
        log_line(LOG_AT_ERROR, "job", "job=%s cannot be opened: %s", l->row.id, err.text);
        o = mem_array(1, sizeof *o);
    }
    o->letter.kind = TO_BRAIN_OPENED;
    mailbox_send(&e->brain_box, &o->letter);
    free(l);
}

static void finish_job(struct engine *e, struct job_letter *l)
{
    struct keeper_job *j = keeper_find(e, l->job_key);
    MUST(j && j->in_flight == 0);
    if (j->is_cancelling) {
        j->ended = l;
        return;
    }
    keeper_close(e, j);
    l->job = j;
    l->letter.kind = TO_SCRIBE_DONE;
    mailbox_send(&e->scribe_box, &l->letter);
}

/* One step of a cancellation is durable; the next goes to the end of the queue, so that others are not kept waiting. */
static void cancel_step(struct engine *e, struct job_letter *l)
{
    struct keeper_job *j = keeper_find(e, l->job_key);
    MUST(j);
    j->is_cancelling = l->count > 0;
    if (j->is_cancelling) {
        mailbox_send(&e->keeper_box, &l->letter);
        return;
    }
    free(l);
    keeper_retally(e, j);
    if (j->ended)
        finish_job(e, j->ended);
}

/* After the flush: what everybody waits for. */
static void held(struct engine *e, struct letter *l, bool *news)
{
    switch (l->kind) {
    case TO_KEEPER_CALL: {
        struct call *c = (struct call *)l;
        c->run(e, c->arg);
        sem_post(&c->done);
        break;
    }
    case TO_KEEPER_OPEN:
        open_job(e, (struct intake_job *)l);
        break;
    case TO_KEEPER_LEASE:
        answer_lease(e, (struct lease_letter *)l, true);
        break;
    case TO_KEEPER_RECORD:
    case TO_KEEPER_RETURN:
        record_held(e, (struct record_letter *)l);
        *news = true;
        break;
    case TO_KEEPER_CANCEL:
        cancel_step(e, (struct job_letter *)l);
        *news = true;
        break;
    case TO_KEEPER_DONE:
        finish_job(e, (struct job_letter *)l);
        break;
    default:
        must_fail(__FILE__, __LINE__, "a letter that the keeper knows");
    }
}

static bool apply_all(struct engine *e, struct letter *first, struct err *err)
{
    for (struct letter *l = first; l; l = l->next)
        if (!apply(e, l, err))
            return false; /* rolled back, all of it */
    return spool_flush(e->spool, err);
}

/* Takes the leases out of the chain and refuses them: the disk does not take them. */
static struct letter *refuse_leases(struct engine *e, struct letter *first)
{
    struct letter *rest = NULL, **last = &rest;
    for (struct letter *l = first, *next; l; l = next) {
        next = l->next;
        if (l->kind == TO_KEEPER_LEASE) {
            answer_lease(e, (struct lease_letter *)l, false);
            continue;
        }
        *last = l;
        last = &l->next;
    }
    *last = NULL;
    return rest;
}

/* Calls are answered whatever happens to the spool: they are how people ask what is wrong. */
static struct letter *answer_calls(struct engine *e, struct letter *first)
{
    struct letter *rest = NULL, **last = &rest;
    bool news;
    for (struct letter *l = first, *next; l; l = next) {
        next = l->next;
        if (l->kind == TO_KEEPER_CALL) {
            held(e, l, &news);
            continue;
        }
        *last = l;
        last = &l->next;
    }
    *last = NULL;
    return rest;
}

static void tell_scribe(struct engine *e)
{
    struct letter *l = mem_array(1, sizeof *l);
    l->kind = TO_SCRIBE_NEWS;
    mailbox_send(&e->scribe_box, l);
}

static struct letter *last_of(struct letter *l)
{
    while (l && l->next)
        l = l->next;
    return l;
}

/* Applies and flushes until it holds; false when the engine ends while the disk still refuses (the
 * hand-over file and the leases remember what was not recorded). */
static bool make_durable(struct engine *e, struct letter **letters)
{
    struct err err;
    while (!apply_all(e, *letters, &err)) {
        if (strcmp(e->spool_trouble, err.text) != 0)
            log_line(LOG_AT_ERROR, "spool",
                     "results cannot be recorded, trying again every second: %s", err.text);
        str_copy(e->spool_trouble, sizeof e->spool_trouble, str_of(err.text));
        *letters = refuse_leases(e, *letters);
        if (atomic_load(&e->keeper_ends))
            return false;
        struct letter *more = mailbox_take(&e->keeper_box, (struct mono){clock_mono().ms + 1000});
        if (more) {
            struct letter *end = last_of(*letters);
            if (end)
                end->next = more;
            else
                *letters = more;
        }
        *letters = answer_calls(e, *letters);
        if (more) /* woken early: still no more than one try a second */
            clock_sleep_until((struct mono){clock_mono().ms + 200});
    }
    if (e->spool_trouble[0])
        log_line(LOG_AT_INFO, "spool", "results are recorded again");
    e->spool_trouble[0] = 0;
    return true;
}

void *keeper_run(void *arg)
{
    struct engine *e = arg;
    while (!atomic_load(&e->keeper_ends) || atomic_load(&e->keeper_box.head)) {
        struct letter *l = mailbox_take(&e->keeper_box, (struct mono){clock_mono().ms + 500}),
                      *next;
        bool news = false;
        if (!l || !make_durable(e, &l))
            continue;
        for (; l; l = next) {
            next = l->next;
            held(e, l, &news);
        }
        if (news)
            tell_scribe(e);
    }
    return NULL;
}
