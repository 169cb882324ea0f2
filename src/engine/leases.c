/* leases.c: recipients out of the keeper's hands, and back into them; who must not be mailed is
 * asked on the way. */
#include <stdlib.h>
#include <string.h>
#include "engine.h"

/* Until the list is asked again about recipients that it could not tell anything of. */
#define UNCHECKED_MS 30000

static struct str key64(const uint64_t *k)
{
    return str_n((const char *)k, sizeof *k);
}

/* ---- who is out ---- */

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

/* With the next flush: a transaction that is opened for it now would stay open while nothing
 * happens, and make those wait who append to the job. */
static void lease_ends(struct engine *e, uint32_t job_key, uint64_t lease)
{
    if (e->ended_leases == e->ended_leases_cap) {
        e->ended_leases_cap = e->ended_leases_cap ? 2 * e->ended_leases_cap : 64;
        e->ended_lease = mem_grow(e->ended_lease, e->ended_leases_cap, sizeof *e->ended_lease);
    }
    e->ended_lease[e->ended_leases++] = (struct ended_lease){job_key, lease};
}

void keeper_lease_back(struct engine *e, struct keeper_job *j, uint64_t lease)
{
    struct lease_count *c = map_get(&j->leases, key64(&lease));
    MUST(c);
    j->in_flight--;
    if (--c->left > 0)
        return;
    map_remove(&j->leases, key64(&lease));
    free(c);
    if (!j->is_damaged)
        lease_ends(e, j->row.key, lease);
}

/* False when the list cannot tell: then nothing is sent. */
static bool look_up_suppression(struct engine *e, struct keeper_job *j, struct delivery *d)
{
    struct err err = {0};
    char why[48];
    d->suppressed_as = CAT_OK;
    if (list_is_suppressed(e->list, j->spec->client, j->spec->msg_class, d->email, why, &err) ||
        (!err.text[0] && frequency_holds(e, j, d, why, &err))) {
        d->suppressed_as = CAT_SUPPRESSED;
        memcpy(d->suppressed_why, why, sizeof d->suppressed_why);
    }
    if (strcmp(e->look_up_trouble, err.text) == 0)
        return !err.text[0];
    if (err.text[0])
        log_line(LOG_AT_ERROR, "list", "nothing is sent while the list cannot be asked: %s",
                 err.text);
    str_copy(e->look_up_trouble, sizeof e->look_up_trouble, str_of(err.text));
    return !err.text[0];
}

bool keeper_apply_lease(struct engine *e, struct lease_letter *l, struct err *err)
{
    struct keeper_job *j = keeper_find(e, l->job_key);
    MUST(j && j->mailing);
    if (!spool_lease(e->spool, l->job_key, l->domain_id, l->after, l->until_ms, l->limit, &l->chain,
                     &l->count, &l->last, &l->next_due_ms, err))
        return false;
    l->is_unchecked = false;
    for (struct delivery *d = l->chain; d && !l->is_unchecked; d = d->next) {
        d->mailing = j->mailing;
        l->is_unchecked = !look_up_suppression(e, j, d);
    }
    return true;
}

/* The rows are leased already; they go back like any that were not attempted. */
static void give_back(struct engine *e, struct lease_letter *l)
{
    for (struct delivery *d = l->chain, *next; d; d = next) {
        struct record_letter *r = mem_array(1, sizeof *r);
        next = d->next;
        d->next = NULL;
        r->letter.kind = TO_KEEPER_RETURN;
        r->delivery = d;
        r->due_ms = clock_wall().ms + UNCHECKED_MS;
        mailbox_send(&e->keeper_box, &r->letter);
    }
    l->chain = NULL;
    l->failed = true;
}

void keeper_refuse_lease(struct engine *e, struct lease_letter *l)
{
    for (struct delivery *d = l->chain, *next; d; d = next) {
        next = d->next;
        frequency_drop(e, d);
        delivery_free(d);
    }
    l->chain = NULL;
    l->failed = true;
    l->letter.kind = TO_BRAIN_LEASED;
    mailbox_send(&e->brain_box, &l->letter);
}

void keeper_answer_lease(struct engine *e, struct lease_letter *l)
{
    struct keeper_job *j = keeper_find(e, l->job_key);
    for (struct delivery *d = l->chain; d; d = d->next)
        lease_out(j, d);
    if (l->is_unchecked)
        give_back(e, l);
    l->letter.kind = TO_BRAIN_LEASED;
    mailbox_send(&e->brain_box, &l->letter);
}
