/* fate.c: see fate.h. */
#include "fate.h"
#include "verdict.h"

#define ATTEMPTS 64 /* what is not through after so many never will be */

static struct fate never(const char *state, const char *rule)
{
    return (struct fate){.state = state, .rule = rule, .category = ""};
}

static bool covers_mx(const struct name *n)
{
    return n->quirk_times == 0 && (n->quirk_types == 0 || (n->quirk_types & SEES_MX));
}

/* True when the DNS decides already. */
static bool by_dns(const struct name *n, const struct receiver *r, struct fate *f)
{
    if (n->quirk != DNS_OK && n->quirk != DNS_SPOOF && n->quirk != DNS_TRUNCATE && covers_mx(n)) {
        bool gone = n->quirk == DNS_NXDOMAIN || n->quirk == DNS_NODATA;
        *f = never(gone ? "bounced" : "expired", quirk_name(n->quirk));
    } else if (!r) { /* a null MX, an MX that leads to nothing */
        *f = never("bounced", "no-receiver");
    } else if (r->reach != REACH_UP) {
        *f = never("expired", "unreachable");
    } else {
        return false;
    }
    return true;
}

struct rehearsal {
    struct ask ask;
    struct str address;
    uint32_t attempt;
    bool was_grey;
    unsigned accepted; /* by the receiver, so far */
    bool in_doubt;
    unsigned doubt_accepted; /* when it first came into doubt */
    const struct rule *doubt_rule;
};
enum step { STEP_ON, STEP_AGAIN, STEP_END };

/* One stage of one attempt. */
static enum step stage(struct rehearsal *h, enum stage at, struct fate *f)
{
    h->ask.at = at;
    const struct rule *u = verdict_find(&h->ask);
    if (!u || u->action == ACT_ACCEPT)
        return STEP_ON;
    f->rule = u->name;
    f->category = u->category ? u->category : "";
    f->state = u->expect;
    if (u->action == ACT_REPLY) {
        f->code = u->reply.code;
        if (f->code >= 200 && f->code < 400)
            return STEP_ON;
        return f->code >= 500 ? STEP_END : STEP_AGAIN;
    }
    f->code = 0;
    /* Lost in the middle of the text: a message that fits the socket's buffers was written whole, dot and all, before
     * the sender can notice. */
    if (at == AT_DOT || at == AT_BODY) {
        bool taken = u->action == ACT_DROP_AFTER_ACCEPT ||
                     (u->action == ACT_DROP_MID_REPLY && u->reply.code / 100 == 2);
        if (!h->in_doubt) {
            h->doubt_rule = u;
            h->doubt_accepted = h->accepted + taken;
        }
        h->in_doubt = true;
        h->accepted += taken;
    }
    return STEP_AGAIN;
}

static enum step attempt(struct rehearsal *h, const struct receiver *r, struct fate *f)
{
    static const enum stage way[] = {AT_RCPT, AT_DATA, AT_BODY, AT_DOT};
    for (int i = 0; i < 4; i++) {
        enum step step = stage(h, way[i], f);
        if (step != STEP_ON)
            return step;
        if (way[i] == AT_RCPT && r->grey.delay_ms && !h->was_grey) {
            h->was_grey = true;
            f->code = r->grey.reply.code;
            return STEP_AGAIN;
        }
    }
    h->accepted++;
    return STEP_ON;
}

static struct fate in_doubt(const struct rehearsal *h)
{
    const struct rule *u = h->doubt_rule;
    return (struct fate){.state = u->expect ? u->expect : "in-doubt",
                         .low = h->doubt_accepted,
                         .high = h->accepted,
                         .rule = u->name,
                         .category = u->category ? u->category : ""};
}

struct fate fate_of(const struct scene *s, const struct name *domain,
                    const struct receiver *receiver, struct str address)
{
    struct fate f = {.rule = "", .category = ""};
    if (domain->expect) {
        bool delivered = strcmp(domain->expect, "delivered") == 0;
        f = (struct fate){
            .state = domain->expect, .low = delivered, .high = delivered, .rule = "domain"};
        f.category = domain->category ? domain->category : "";
        return f;
    }
    if (by_dns(domain, receiver, &f)) {
        f.category = domain->category ? domain->category : "";
        return f;
    }
    struct rehearsal h = {.address = address};
    h.ask = (struct ask){.receiver = receiver,
                         .to = &h.address,
                         .attempts = &h.attempt,
                         .count = 1,
                         .seed = s->seed,
                         .is_rehearsal = true};
    enum step step = STEP_AGAIN;
    for (h.attempt = 1; step == STEP_AGAIN && h.attempt <= ATTEMPTS; h.attempt++)
        step = attempt(&h, receiver, &f);
    if (h.in_doubt)
        return in_doubt(&h);
    if (step == STEP_ON)
        return (struct fate){
            .state = "delivered", .code = 250, .low = 1, .high = 1, .rule = f.rule, .category = ""};
    if (!f.state)
        f.state = step == STEP_END ? "bounced" : "expired";
    return f;
}
