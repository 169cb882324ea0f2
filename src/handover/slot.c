/* slot.c: one slot: written in an order that makes every instant tell the truth.
 *
 * kill -9 stops a thread between two stores; what it stored before is in the page cache. So each
 * part is complete, checksum included, before the state says that it is there (release order), and
 * a state never goes ahead of what happened: DOT_OUT is written before the first byte of the final
 * dot is given to the kernel, ENDED after the reply was read. Checksums are for what the order
 * cannot guard against: a file that was copied, cut or overwritten.
 */
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/base/str.h>
#include "layout.h"

/* FNV-1a: parts are 50-900 bytes, and nobody attacks a file of ours. */
static uint32_t sum_of(uint32_t seed, const void *data, size_t n)
{
    const unsigned char *p = data;
    uint32_t h = seed ^ 0x811c9dc5u;

    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * 0x01000193u;
    return h ? h : 1; /* 0 is what an empty file holds */
}

static size_t identity_text(const struct handover_slot *s)
{
    return (size_t)s->identity.email_len + s->identity.host_len + s->identity.ip_len;
}

static uint32_t identity_sum(const struct handover_slot *s)
{
    return sum_of(sum_of(0, &s->identity, sizeof s->identity), s->text, identity_text(s));
}

static uint32_t id_sum(const struct handover_slot *s)
{
    return sum_of(s->sum[0], s->text + identity_text(s), s->id_len);
}

/* Chained to the other two, so that parts of different messages never fit together. */
static uint32_t result_sum(const struct handover_slot *s)
{
    return sum_of(sum_of(s->sum[1], &s->result, sizeof s->result),
                  s->text + identity_text(s) + s->id_len, s->result.text_len);
}

static void set_state(struct handover_slot *s, enum handover_state state)
{
    atomic_store_explicit(&s->state, (uint32_t)state, memory_order_release);
}

static enum handover_state state_of(const struct handover_slot *s)
{
    return (enum handover_state)atomic_load_explicit(&s->state, memory_order_acquire);
}

bool handover_is_free(const struct handover_slot *s)
{
    return state_of(s) == HANDOVER_FREE;
}

void handover_clear(struct handover_slot *s)
{
    set_state(s, HANDOVER_FREE);
}

/* Appends at *at what fits into `max` bytes and the slot. */
static uint16_t put_text(struct handover_slot *s, size_t *at, const char *text, size_t max)
{
    size_t n = strnlen(text, max), room = sizeof s->text - *at;

    if (n > room)
        n = room;
    memcpy(s->text + *at, text, n);
    *at += n;
    return (uint16_t)n;
}

void handover_begin(struct handover_slot *s, const struct delivery *d, const char *mx_host,
                    const char *mx_ip)
{
    size_t at = 0;

    MUST(handover_is_free(s));
    memset(&s->identity, 0, sizeof s->identity); /* padding counts in the sum */
    s->identity.job_key = d->job_key;
    s->identity.domain_id = d->domain_id;
    s->identity.attempt = d->attempt;
    s->identity.rid = d->rid;
    s->identity.lease = d->lease;
    s->identity.due_ms = d->due_ms;
    s->identity.added_ms = d->added.ms;
    s->identity.email_len = put_text(s, &at, d->email, ADDRESS_MAX);
    s->identity.host_len = put_text(s, &at, mx_host, HOST_MAX - 1);
    s->identity.ip_len = put_text(s, &at, mx_ip, IP_MAX - 1);
    s->id_len = 0;
    s->sum[0] = identity_sum(s);
    s->sum[1] = s->sum[2] = 0;
    set_state(s, HANDOVER_SENDING);
}

static void put_id(struct handover_slot *s, const char *message_id)
{
    size_t at = identity_text(s);

    s->id_len = put_text(s, &at, message_id, sizeof((struct outcome *)0)->message_id - 1);
    s->sum[1] = id_sum(s);
}

void handover_dot(struct handover_slot *s, const char *message_id)
{
    MUST(state_of(s) == HANDOVER_SENDING);
    put_id(s, message_id);
    set_state(s, HANDOVER_DOT_OUT);
}

void handover_end(struct handover_slot *s, const struct outcome *o)
{
    enum handover_state before = state_of(s);
    size_t at;

    MUST(before == HANDOVER_SENDING || before == HANDOVER_DOT_OUT);
    if (before ==
        HANDOVER_SENDING) /* refused before the dot; after it the id is evidence: untouched */
        put_id(s, o->message_id);
    at = identity_text(s) + s->id_len;
    memset(&s->result, 0, sizeof s->result);
    s->result.at_ms = o->at.ms;
    s->result.queued_ms = o->queued_ms;
    s->result.connect_ms = o->connect_ms;
    s->result.send_ms = o->send_ms;
    s->result.bytes = o->bytes;
    s->result.code = (uint16_t)o->reply.code;
    s->result.phase = (uint8_t)o->phase;
    s->result.dot_unanswered = o->dot_unanswered;
    s->result.tls = o->tls;
    memcpy(s->result.enhanced, o->reply.enhanced, sizeof s->result.enhanced);
    s->result.text_len = put_text(s, &at, o->reply.text, REPLY_TEXT_MAX - 1);
    s->sum[2] = result_sum(s);
    set_state(s, HANDOVER_ENDED);
}

/* ---- reading ---- */

static bool identity_is_whole(const struct handover_slot *s)
{
    return s->identity.email_len <= ADDRESS_MAX && s->identity.host_len < HOST_MAX &&
           s->identity.ip_len < IP_MAX && identity_text(s) <= sizeof s->text &&
           s->sum[0] == identity_sum(s);
}

static bool id_is_whole(const struct handover_slot *s)
{
    return s->id_len < sizeof((struct outcome *)0)->message_id &&
           identity_text(s) + s->id_len <= sizeof s->text && s->sum[1] == id_sum(s);
}

static bool result_is_whole(const struct handover_slot *s)
{
    return id_is_whole(s) && s->result.text_len < REPLY_TEXT_MAX &&
           identity_text(s) + s->id_len + s->result.text_len <= sizeof s->text &&
           s->sum[2] == result_sum(s) && s->result.phase < PHASES;
}

static void read_identity(const struct handover_slot *s, struct outcome *o)
{
    const struct slot_identity *i = &s->identity;

    o->job_key = i->job_key;
    o->domain_id = i->domain_id;
    o->attempt = i->attempt;
    o->rid = i->rid;
    o->lease = i->lease;
    o->due_ms = i->due_ms;
    o->added.ms = i->added_ms;
    str_copy(o->email, sizeof o->email, str_n(s->text, i->email_len));
    str_copy(o->mx_host, sizeof o->mx_host, str_n(s->text + i->email_len, i->host_len));
    str_copy(o->mx_ip, sizeof o->mx_ip, str_n(s->text + i->email_len + i->host_len, i->ip_len));
}

static void read_result(const struct handover_slot *s, struct outcome *o)
{
    const struct slot_result *r = &s->result;

    o->phase = (enum phase)r->phase;
    o->dot_unanswered = r->dot_unanswered;
    o->tls = r->tls;
    o->at.ms = r->at_ms;
    o->queued_ms = r->queued_ms;
    o->connect_ms = r->connect_ms;
    o->send_ms = r->send_ms;
    o->bytes = r->bytes;
    o->reply.code = r->code;
    memcpy(o->reply.enhanced, r->enhanced, sizeof o->reply.enhanced);
    o->reply.enhanced[sizeof o->reply.enhanced - 1] = '\0';
    str_copy(o->reply.text, sizeof o->reply.text,
             str_n(s->text + identity_text(s) + s->id_len, r->text_len));
}

enum handover_state slot_read(const struct handover_slot *s, struct outcome *o)
{
    enum handover_state state = state_of(s);

    memset(o, 0, sizeof *o);
    o->slot = NO_SLOT;
    if (state == HANDOVER_FREE || !identity_is_whole(s))
        return HANDOVER_FREE;
    read_identity(s, o);
    if (state == HANDOVER_SENDING) {
        o->phase = PHASE_MAIL;
        return state;
    }
    if (id_is_whole(s))
        str_copy(o->message_id, sizeof o->message_id, str_n(s->text + identity_text(s), s->id_len));
    if (state == HANDOVER_ENDED && result_is_whole(s)) {
        read_result(s, o);
        return state;
    }
    /* The dot was out, or the slot is damaged behind the recipient's name: then "perhaps" is the
     * truth. */
    o->phase = PHASE_DOT;
    o->dot_unanswered = true;
    str_copy(o->reply.text, sizeof o->reply.text,
             str_of("the program was killed before the reply was read"));
    return HANDOVER_DOT_OUT;
}
