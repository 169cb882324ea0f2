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

void keeper_log_outcome(const struct keeper_job *j, const struct outcome *o, enum log_level level,
                        const char *topic)
{
    char to[2 * ADDRESS_MAX], text[2 * REPLY_TEXT_MAX];
    if (!log_wants(level))
        return;
    log_line(
        level, topic,
        "job=%s rid=%" PRIu64
        " to=%s state=%s class=%s phase=%s attempt=%u provider=\"%s\" mx=%s ip=%s tls=%d code=%d "
        "enhanced=%s delays=%u/%u/%u bytes=%u message_id=%s rule=\"%s\" text=%s%s%s",
        j->row.id, o->rid, log_quote(str_of(o->email), to, sizeof to), state_name(o->state),
        category_name(o->category), phase_name(o->phase), o->attempt, o->provider,
        o->mx_host[0] ? o->mx_host : "-", o->mx_ip[0] ? o->mx_ip : "-", o->tls, o->reply.code,
        o->reply.enhanced[0] ? o->reply.enhanced : "-", o->queued_ms, o->connect_ms, o->send_ms,
        o->bytes, o->message_id[0] ? o->message_id : "-", o->rule,
        log_quote(str_of(o->reply.text), text, sizeof text), o->source[0] ? " source=" : "",
        o->source);
}

static void record_held(struct engine *e, struct record_letter *r)
{
    struct outcome *o = r->outcome;
    uint32_t job_key = o ? o->job_key : r->delivery->job_key;
    struct keeper_job *j = keeper_find(e, job_key);
    if (o) {
        keeper_count(j, o);
        frequency_outcome(e, j, o);
        count_delivery(e, o);
        keeper_log_outcome(j, o, LOG_AT_INFO, "delivery");
        if (o->slot != NO_SLOT)
            pool_committed(e->pool, o->slot);
    } else {
        frequency_drop(e, r->delivery);
    }
    keeper_lease_back(e, j, o ? o->lease : r->delivery->lease);
    delivery_free(r->delivery);
    free(o);
    free(r);
}

/* ---- one round ---- */

static bool apply(struct engine *e, struct letter *l, struct err *err)
{
    switch (l->kind) {
    case TO_KEEPER_LEASE:
        return keeper_apply_lease(e, (struct lease_letter *)l, err);
    case TO_KEEPER_RECORD:
    case TO_KEEPER_RETURN:
        return apply_record(e, (struct record_letter *)l, err);
    case TO_KEEPER_CANCEL: {
        struct job_letter *c = (struct job_letter *)l;
        return spool_cancel(e->spool, c->job_key, clock_wall(), &c->count, err);
    }
    case TO_KEEPER_QUARANTINE:
        return keeper_quarantine_apply(e, (struct quarantine_letter *)l, err);
    default:
        return true;
    }
}

static void open_job(struct engine *e, struct intake_job *l)
{
    struct err err = {0};
    struct opened *o = NULL;
    struct keeper_job *j = keeper_open(e, &l->row, &err);
    if (j)
        o = keeper_domains(e, j, &err);
    if (!o) {
        keeper_unopened(e, &l->row, &err);
        o = mem_array(1, sizeof *o);
    }
    o->letter.kind = TO_BRAIN_OPENED;
    mailbox_send(&e->brain_box, &o->letter);
    free(l);
}

/* Nobody has anything of the job any more: it is the scribe's. */
static void finish_job(struct engine *e, struct keeper_job *j)
{
    MUST(j->in_flight == 0);
    keeper_close(e, j);
    pthread_mutex_lock(&e->lock);
    j->next = e->endings;
    e->endings = j;
    pthread_mutex_unlock(&e->lock);
}

void keeper_cancelled(struct engine *e, struct keeper_job *j)
{
    j->is_cancelling = false;
    if (j->is_through)
        finish_job(e, j);
}

/* While the guard goes through the jobs it is not known whether this one is through; the letter
 * comes again. At the end of the engine the next start says it. */
static void job_is_through(struct engine *e, struct job_letter *l)
{
    struct keeper_job *j = keeper_find(e, l->job_key);
    MUST(j);
    bool is_early = e->quarantines > 0 && !j->is_damaged;
    if (is_early && !atomic_load(&e->keeper_ends)) {
        mailbox_send(&e->keeper_box, &l->letter);
        return;
    }
    free(l);
    if (is_early || keeper_quarantine_holds(e, j))
        return;
    j->is_through = true;
    if (!j->is_cancelling)
        finish_job(e, j);
}

/* One step of a cancellation is durable; the next goes to the end of the queue, so that others are
 * not kept waiting. The end of the engine does not wait for the rest: the next start goes on. */
static void cancel_step(struct engine *e, struct job_letter *l)
{
    struct keeper_job *j = keeper_find(e, l->job_key);
    MUST(j);
    j->is_cancelling = l->count > 0;
    if (!j->is_cancelling) {
        keeper_cancelled(e, j);
    } else if (!atomic_load(&e->keeper_ends)) {
        mailbox_send(&e->keeper_box, &l->letter);
        return;
    }
    free(l);
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
        keeper_answer_lease(e, (struct lease_letter *)l);
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
        job_is_through(e, (struct job_letter *)l);
        *news = true;
        break;
    case TO_KEEPER_QUARANTINE:
        keeper_quarantine_held(e, (struct quarantine_letter *)l);
        *news = true;
        break;
    case TO_KEEPER_FOLDED:
        frequency_folded(e, (struct folded_letter *)l);
        free(l);
        break;
    case TO_KEEPER_WAKE:
        free(l);
        break;
    case TO_KEEPER_ALONE:
        e->scribe_is_gone = true;
        free(l);
        break;
    default:
        must_fail(__FILE__, __LINE__, "a letter that the keeper knows");
    }
}

static bool apply_ended_leases(struct engine *e, struct err *err)
{
    for (size_t i = 0; i < e->ended_leases; i++)
        if (!spool_lease_end(e->spool, e->ended_lease[i].job_key, e->ended_lease[i].lease, err))
            return false;
    return true;
}

static bool apply_all(struct engine *e, struct letter *first, struct err *err)
{
    if (!apply_ended_leases(e, err))
        return false;
    for (struct letter *l = first; l; l = l->next)
        if (!apply(e, l, err))
            return false; /* rolled back, all of it */
    if (!spool_flush(e->spool, err))
        return false;
    e->ended_leases = 0;
    return true;
}

/* Takes the leases out of the chain and refuses them: the disk does not take them. */
static struct letter *refuse_leases(struct engine *e, struct letter *first)
{
    struct letter *rest = NULL, **last = &rest;
    for (struct letter *l = first, *next; l; l = next) {
        next = l->next;
        if (l->kind == TO_KEEPER_LEASE) {
            keeper_refuse_lease(e, (struct lease_letter *)l);
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

static void tell_scribe(struct engine *e, int kind)
{
    struct letter *l = mem_array(1, sizeof *l);
    l->kind = kind;
    mailbox_send(&e->scribe_box, l);
}

static void add_letters(struct letter **letters, struct letter *more)
{
    while (*letters)
        letters = &(*letters)->next;
    *letters = more;
}

static void note_trouble(struct engine *e, const struct err *err)
{
    if (strcmp(e->spool_trouble, err->text) != 0)
        log_line(LOG_AT_ERROR, "spool", "results cannot be recorded, trying again every second: %s",
                 err->text);
    str_copy(e->spool_trouble, sizeof e->spool_trouble, str_of(err->text));
}

/* Applies and flushes until it holds; false when the engine ends while the disk still refuses (the
 * hand-over file and the leases remember what was not recorded). */
static bool make_durable(struct engine *e, struct letter **letters)
{
    struct err err = {0};
    keeper_drop_damaged(e, letters);
    while (!apply_all(e, *letters, &err)) {
        *letters = refuse_leases(e, *letters);
        if (keeper_put_aside(e, &err)) {
            keeper_drop_damaged(e, letters);
            continue;
        }
        note_trouble(e, &err);
        *letters = answer_calls(e, *letters);
        if (atomic_load(&e->keeper_ends))
            return false;
        struct mono next = {clock_mono().ms + 1000};
        do { /* whatever comes: no more than one try a second */
            struct letter *more = mailbox_take(&e->keeper_box, next);
            add_letters(letters, answer_calls(e, more));
        } while (clock_mono().ms < next.ms && !atomic_load(&e->keeper_ends));
        keeper_drop_damaged(e, letters);
    }
    if (e->spool_trouble[0])
        log_line(LOG_AT_INFO, "spool", "results are recorded again");
    e->spool_trouble[0] = 0;
    return true;
}

static void one_round(struct engine *e)
{
    struct letter *l = mailbox_take(&e->keeper_box, (struct mono){clock_mono().ms + 500}), *next;
    bool news = false;
    if (!l && e->ended_leases == 0)
        return;
    if (!make_durable(e, &l)) {
        add_letters(&e->unrecorded, l);
        e->ended_leases = 0; /* lease rows too many: they go at the next start */
        return;
    }
    for (; l; l = next) {
        next = l->next;
        held(e, l, &news);
    }
    if (news)
        tell_scribe(e, TO_SCRIBE_NEWS);
}

void *keeper_run(void *arg)
{
    struct engine *e = arg;
    while (!atomic_load(&e->keeper_ends) || atomic_load(&e->keeper_box.head) || e->ended_leases)
        one_round(e);
    tell_scribe(e, TO_SCRIBE_STOP);
    while (!e->scribe_is_gone)
        one_round(e);
    return NULL;
}
