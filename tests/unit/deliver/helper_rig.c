#include "helper_rig.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sluice/base/must.h>
#include <sluice/base/str.h>
#include <sluice/os/clock.h>

/* --- render/mailing.h */

bool mailing_render(const struct mailing *m, const struct render_input *in, struct buf *out,
                    struct err *e)
{
    if (in->rid < RIG_KEPT)
        ((struct mailing *)(uintptr_t)m)->keys[in->rid] = in->keys;
    if (m->fails_for == in->rid)
        return err_set(e, "the variable \"name\" is missing");
    if (m->text)
        buf_put(out, m->text, m->text_len);
    else
        buf_printf(
            out,
            "From: news@shop.example\r\nTo: %s\r\nDate: Sun, 22 Nov 2026 10:20:30 +0900\r\n"
            "Message-ID: <%s>\r\nSubject: hello\r\n\r\nHello %llu\r\n.dots\r\n..\r\n.\r\nbye\r\n",
            in->email, in->message_id, (unsigned long long)in->rid);
    return true;
}

const char *mailing_envelope_sender(const struct mailing *m)
{
    (void)m;
    return "bounce@shop.example";
}

void mailing_message_id(const struct mailing *m, uint64_t rid, char *out, size_t size)
{
    (void)m;
    snprintf(out, size, "%llu.job@shop.example", (unsigned long long)rid);
}

/* --- handover/handover.h */

static pthread_mutex_t handover_lock = PTHREAD_MUTEX_INITIALIZER;

struct handover_slot *handover_slot(struct handover *h, uint32_t index)
{
    MUST(index < RIG_SLOTS);
    return &h->slot[index];
}

uint32_t handover_count(const struct handover *h)
{
    (void)h;
    return RIG_SLOTS;
}

static void note(struct handover_slot *s, const char *what, bool is_free)
{
    size_t n;

    pthread_mutex_lock(&handover_lock);
    n = s->is_free ? 0 : strlen(s->history);
    snprintf(s->history + n, sizeof s->history - n, "%s%s", n ? " " : "", what);
    s->is_free = is_free;
    pthread_mutex_unlock(&handover_lock);
}

void handover_begin(struct handover_slot *s, const struct delivery *d, const char *mx_host,
                    const char *mx_ip)
{
    MUST(s->is_free && d->rid && mx_host[0] && mx_ip[0]);
    note(s, "begin", false);
}

void handover_dot(struct handover_slot *s, const char *message_id)
{
    MUST(message_id[0]);
    note(s, "dot", false);
}

void handover_end(struct handover_slot *s, const struct outcome *o)
{
    note(s, o->dot_unanswered ? "doubt" : "end", false);
}

void handover_clear(struct handover_slot *s)
{
    note(s, "clear", true);
}

bool handover_is_free(const struct handover_slot *s)
{
    return s->is_free;
}

/* --- the planner */

void rig_start(struct rig *r, const struct pool_options *o)
{
    struct err e;

    memset(r, 0, sizeof *r);
    signal(SIGPIPE, SIG_IGN);
    MUST(mailbox_init(&r->reports, false));
    r->handover = mem_array(1, sizeof *r->handover);
    for (unsigned i = 0; i < RIG_SLOTS; i++)
        r->handover->slot[i].is_free = true;
    if (o)
        r->options = *o;
    if (!r->options.max_connections)
        r->options.max_connections = 1;
    r->options.ehlo_name = "sender.example";
    r->options.reports = &r->reports;
    r->options.handover = r->handover;
    r->options.kind_outcome = RIG_OUTCOME;
    r->options.kind_ready = RIG_READY;
    r->options.kind_closed = RIG_CLOSED;
    r->options.kind_untried = RIG_UNTRIED;
    r->untried_end = &r->untried;
    if (!pool_start(&r->options, &r->pool, &e)) {
        fprintf(stderr, "pool_start: %s\n", e.text);
        abort();
    }
}

static void free_chain(struct delivery *d)
{
    while (d) {
        struct delivery *next = d->next;

        delivery_free(d);
        d = next;
    }
}

void rig_stop(struct rig *r)
{
    pool_free(r->pool);
    for (unsigned i = 0; i < r->outcomes; i++) {
        free_chain(r->outcome[i]->done);
        free(r->outcome[i]);
    }
    for (unsigned i = 0; i < r->closings; i++) {
        free_chain(r->closed[i]->left);
        free(r->closed[i]);
    }
    free_chain(r->untried);
    mailbox_done(&r->reports);
    free(r->handover);
}

struct delivery *rig_delivery(struct rig *r, uint64_t rid, const char *email)
{
    struct delivery *d = mem_array(1, sizeof *d);

    d->rid = rid;
    d->attempt = 1;
    d->mailing = &r->mailing;
    d->email = mem_str(email);
    d->vars = mem_str("{}");
    d->vars_len = 2;
    d->due_ms = clock_wall().ms;
    return d;
}

struct delivery *rig_chain(struct rig *r, uint64_t first, unsigned count)
{
    struct delivery *chain = NULL;

    while (count-- > 0) {
        char email[64];
        struct delivery *d;

        snprintf(email, sizeof email, "user%llu@example.com", (unsigned long long)(first + count));
        d = rig_delivery(r, first + count, email);
        d->next = chain;
        chain = d;
    }
    return chain;
}

void rig_add_address(struct dial_target *t, struct sockaddr_storage a, socklen_t length)
{
    t->address[t->addresses].to = a;
    t->address[t->addresses].length = length;
    t->addresses++;
}

struct dial_target *rig_target(const struct server *s)
{
    struct dial_target *t = mem_array(1, sizeof *t);
    socklen_t length;

    str_copy(t->mx_host, sizeof t->mx_host, str_of("mx1.example.com."));
    if (s) {
        struct sockaddr_storage a = server_address(s, &length);
        rig_add_address(t, a, length);
    }
    return t;
}

static struct order *order_new(enum order_kind kind, uint32_t number)
{
    struct order *o = mem_array(1, sizeof *o);

    o->kind = kind;
    o->connection = number;
    return o;
}

void rig_open(struct rig *r, uint32_t number, struct dial_target *t, struct delivery *chain)
{
    struct order *o = order_new(ORDER_OPEN, number);

    o->target = t;
    o->chain = chain;
    r->open++;
    pool_order(r->pool, o);
}

void rig_more(struct rig *r, uint32_t number, struct delivery *chain)
{
    struct order *o = order_new(ORDER_MORE, number);

    o->chain = chain;
    pool_order(r->pool, o);
}

void rig_close(struct rig *r, uint32_t number)
{
    pool_order(r->pool, order_new(ORDER_CLOSE, number));
}

static void on_ready(struct rig *r, uint32_t number)
{
    r->readies++;
    if (r->holds_ready)
        return;
    if (r->more)
        rig_more(r, number, r->more);
    else
        rig_close(r, number);
    r->more = NULL;
}

static void on_report(struct rig *r, struct pool_report *report)
{
    switch (report->letter.kind) {
    case RIG_OUTCOME:
        MUST(r->outcomes < RIG_REPORTS && report->done);
        if (report->outcome.slot != NO_SLOT)
            str_copy(r->history[r->outcomes], sizeof r->history[0],
                     str_of(r->handover->slot[report->outcome.slot].history));
        r->outcome[r->outcomes++] = report;
        if (!r->holds_commits)
            pool_committed(r->pool, report->outcome.slot);
        break;
    case RIG_READY:
        on_ready(r, report->connection);
        free(report);
        break;
    case RIG_UNTRIED:
        MUST(report->left);
        for (*r->untried_end = report->left; *r->untried_end; r->untrieds++)
            r->untried_end = &(*r->untried_end)->next;
        free(report);
        break;
    default:
        MUST(report->letter.kind == RIG_CLOSED && r->closings < 64);
        r->closed[r->closings++] = report;
        if (!report->is_late)
            r->open--;
        break;
    }
}

void rig_until(struct rig *r, unsigned outcomes, unsigned readies, unsigned closings)
{
    struct mono for_ever = {WHEN_NEVER};

    while (r->outcomes < outcomes && r->readies < readies && r->closings < closings)
        for (struct letter *l = mailbox_take(&r->reports, for_ever), *next; l; l = next) {
            next = l->next;
            on_report(r, (struct pool_report *)l);
        }
}

void rig_run(struct rig *r)
{
    while (r->open > 0)
        rig_until(r, UINT32_MAX, UINT32_MAX, r->closings + 1);
    MUST(pool_is_idle(r->pool));
}

unsigned rig_left(const struct rig *r, unsigned closing)
{
    unsigned n = 0;

    for (struct delivery *d = r->closed[closing]->left; d; d = d->next)
        n++;
    return n;
}

struct sockaddr_storage rig_dead_address(int *fd, socklen_t *length)
{
    struct sockaddr_storage a = {0};
    struct sockaddr_in *in = (void *)&a;

    in->sin_family = AF_INET;
    in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *length = sizeof *in;
    /* Bound and not listening: connecting is refused, and nobody else gets the port. */
    *fd = socket(AF_INET, SOCK_STREAM, 0);
    MUST(bind(*fd, (void *)&a, *length) == 0);
    MUST(getsockname(*fd, (void *)&a, length) == 0);
    return a;
}
