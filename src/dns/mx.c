/* mx.c: see dns/mx.h and build.h. (P) */
#include "build.h"

#include <sluice/base/must.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

const char *mx_status_name(enum mx_status s)
{
    static const char *const name[] = {"ok",      "no-domain", "no-hosts",
                                       "null-mx", "bad-name",  "temporary"};

    MUST((size_t)s < sizeof name / sizeof *name);
    return name[s];
}

void mx_address_format(const struct mx_address *a, char out[46])
{
    out[0] = 0;
    inet_ntop(a->family, a->bytes, out, 46);
}

void mx_refuse(struct mx_answer *a, enum mx_status status, const char *why)
{
    *a = (struct mx_answer){.status = status};
    str_copy(a->why, sizeof a->why, str_of(why));
}

static void say(struct mx_answer *a, enum mx_status status, const char *domain, const char *what,
                const char *host)
{
    struct buf b;

    buf_init(&b, sizeof a->why - 1);
    buf_printf(&b, "MX lookup of %.80s: %s%s%.40s", domain, what, host ? " " : "",
               host ? host : "");
    str_copy(a->why, sizeof a->why, str_of(b.data));
    buf_done(&b);
    a->status = status;
}

/* --- step 1: hosts */

static int by_preference_and_name(const void *x, const void *y)
{
    const struct mx_host *a = x, *b = y;

    if (a->preference != b->preference)
        return a->preference < b->preference ? -1 : 1;
    return strcmp(a->name, b->name);
}

static bool has_host(const struct mx_answer *a, const char *name)
{
    for (unsigned i = 0; i < a->hosts; i++)
        if (strcmp(a->host[i].name, name) == 0)
            return true;
    return false;
}

/* RFC 5321 5.1 wants a name here, and administrators write addresses: the packet then carries the
 * labels 192, 0, 2, 1. Postfix dials it; so do we: the mailbox is there, and a list that loses its
 * addresses over a formality helps nobody. Prohibited networks still apply. */
static void take_literal(struct mx_host *h)
{
    struct mx_address a = {.family = AF_INET};

    if (inet_pton(AF_INET, h->name, a.bytes) == 1) {
        h->address[0] = a;
        h->addresses = 1;
    }
}

static void add_host(struct mx_answer *a, const struct dns_mx *mx)
{
    struct mx_host *h;

    /* A twin with a worse preference is behind its better one: records come sorted. */
    if (a->hosts == MX_HOSTS_MAX || !mx->exchange[0] || strcmp(mx->exchange, ".") == 0 ||
        has_host(a, mx->exchange))
        return;
    h = &a->host[a->hosts++];
    *h = (struct mx_host){.preference = mx->preference};
    str_copy(h->name, sizeof h->name, str_of(mx->exchange));
    take_literal(h);
}

static void take_records(struct mx_answer *a, const char *domain, const struct dns_answer *mx)
{
    unsigned roots = 0;

    for (unsigned i = 0; i < mx->count; i++) {
        roots += strcmp(mx->mx[i].exchange, ".") == 0;
        add_host(a, &mx->mx[i]);
    }
    /* RFC 7505 3: "." stands alone and has preference 0. Among others it says nothing: they count.
     * Alone with another preference it means the same. */
    if (roots > 0 && roots == mx->count)
        say(a, MX_NULL, domain, "the domain takes no mail (null MX)", NULL);
    else if (a->hosts == 0)
        say(a, MX_NO_HOSTS, domain, "no MX names a host", NULL);
    qsort(a->host, a->hosts, sizeof *a->host, by_preference_and_name);
}

void mx_begin(struct mx_answer *a, const char *domain, const struct dns_answer *mx)
{
    *a = (struct mx_answer){.status = MX_OK};
    switch (mx->kind) {
    case DNS_RECORDS:
        take_records(a, domain, mx);
        break;
    case DNS_NODATA:
        a->is_implicit = true;
        a->hosts = 1;
        str_copy(a->host[0].name, sizeof a->host[0].name, str_of(domain));
        break;
    case DNS_NXDOMAIN:
        say(a, MX_NO_DOMAIN, domain, "no such domain", NULL);
        break;
    case DNS_ELSEWHERE:
    case DNS_FAILED:
        say(a, MX_TEMPORARY, domain, mx->failure ? mx->failure : "unfinished", NULL);
        break;
    }
}

/* --- step 2: addresses */

void mx_one_family(struct host_addresses *out, const struct dns_answer *a)
{
    *out = (struct host_addresses){0};
    if (a->kind == DNS_RECORDS) {
        out->count = (uint8_t)a->count;
        memcpy(out->address, a->address, a->count * sizeof *a->address);
    } else if (a->kind == DNS_FAILED || a->kind == DNS_ELSEWHERE) {
        out->is_temporary = true;
        out->failure = a->failure;
    }
}

void mx_join(struct host_addresses *out, const struct host_addresses *v4,
             const struct host_addresses *v6)
{
    *out = (struct host_addresses){0};
    for (uint8_t i = 0; i < v4->count || i < v6->count; i++) {
        if (i < v4->count && out->count < MX_ADDRESSES_MAX)
            out->address[out->count++] = v4->address[i];
        if (i < v6->count && out->count < MX_ADDRESSES_MAX)
            out->address[out->count++] = v6->address[i];
    }
    if (out->count == 0 && (v4->is_temporary || v6->is_temporary)) {
        out->is_temporary = true;
        out->failure = v4->is_temporary ? v4->failure : v6->failure;
    }
}

void mx_host_set(struct mx_host *h, const struct host_addresses *from)
{
    h->addresses = from->count;
    h->is_temporary = from->is_temporary;
    memcpy(h->address, from->address, sizeof h->address);
}

bool mx_host_is_settled(const struct mx_host *h)
{
    return h->addresses > 0 || !dns_name_is_host(h->name) || dns_name_is_local(h->name);
}

/* --- step 3: the verdict */

/* Returns how many were taken out. */
static unsigned drop_prohibited(struct mx_host *h, const struct prohibited *p)
{
    uint8_t kept = 0;
    unsigned dropped;

    for (uint8_t i = 0; i < h->addresses; i++)
        if (!p || !prohibited_has(p, &h->address[i]))
            h->address[kept++] = h->address[i];
    dropped = h->addresses - kept;
    memset(&h->address[kept], 0, (MX_ADDRESSES_MAX - kept) * sizeof *h->address);
    h->addresses = kept;
    return dropped;
}

static void blame(struct mx_answer *a, const char *domain, unsigned temporary, unsigned prohibited)
{
    const struct mx_host *first = &a->host[0];

    if (temporary)
        say(a, MX_TEMPORARY, domain, "no address for now of", first->name);
    else if (prohibited)
        say(a, MX_NO_HOSTS, domain, "only prohibited addresses at", first->name);
    else if (a->is_implicit)
        say(a, MX_NO_HOSTS, domain, "neither MX nor address", NULL);
    else
        say(a, MX_NO_HOSTS, domain, "no address of", first->name);
}

void mx_finish(struct mx_answer *a, const char *domain, const struct prohibited *p)
{
    unsigned usable = 0, temporary = 0, dropped = 0;

    if (a->status != MX_OK)
        return;
    for (unsigned i = 0; i < a->hosts; i++) {
        dropped += drop_prohibited(&a->host[i], p);
        usable += a->host[i].addresses > 0;
        temporary += a->host[i].is_temporary;
    }
    /* One host that fails for a while is enough to wait: it may be the only one that exists. */
    if (usable == 0)
        blame(a, domain, temporary, dropped);
}

/* --- order */

/* The k-th (from 0) address of the family among the first n. */
static unsigned nth_of_family(const struct mx_host *h, unsigned n, uint8_t family, uint64_t k)
{
    unsigned i = 0;

    for (; i < n; i++)
        if (h->address[i].family == family && k-- == 0)
            break;
    return i;
}

/* Among equals of one family only: which family comes first is decided elsewhere. */
static void shuffle_addresses(struct mx_host *h, struct rng *r)
{
    for (unsigned i = h->addresses; i-- > 0;) {
        struct mx_address t = h->address[i];
        uint64_t equals = 0;
        unsigned j;

        for (unsigned k = 0; k <= i; k++)
            equals += h->address[k].family == t.family;
        j = nth_of_family(h, i + 1, t.family, rng_below(r, equals));
        h->address[i] = h->address[j];
        h->address[j] = t;
    }
}

void mx_shuffle(struct mx_answer *a, struct rng *r)
{
    qsort(a->host, a->hosts, sizeof *a->host, by_preference_and_name);
    for (unsigned start = 0, end; start < a->hosts; start = end) {
        for (end = start + 1; end < a->hosts; end++)
            if (a->host[end].preference != a->host[start].preference)
                break;
        for (unsigned i = end; i > start + 1; i--) {
            unsigned j = start + (unsigned)rng_below(r, i - start);
            struct mx_host t = a->host[i - 1];

            a->host[i - 1] = a->host[j];
            a->host[j] = t;
        }
    }
    for (unsigned i = 0; i < a->hosts; i++)
        shuffle_addresses(&a->host[i], r);
}

/* --- cache form: status, is_implicit, hosts, why NUL, then per host preference (2), name NUL */

void mx_pack(const struct mx_answer *a, struct buf *out)
{
    buf_putc(out, (char)a->status);
    buf_putc(out, (char)a->is_implicit);
    buf_putc(out, (char)a->hosts);
    buf_put(out, a->why, strlen(a->why) + 1);
    for (unsigned i = 0; i < a->hosts; i++) {
        buf_put(out, &a->host[i].preference, sizeof a->host[i].preference);
        buf_put(out, a->host[i].name, strlen(a->host[i].name) + 1);
    }
}

static struct str take_text(struct str *rest)
{
    struct str s = {rest->p, strnlen(rest->p, rest->n)};

    MUST(s.n < rest->n);
    rest->p += s.n + 1;
    rest->n -= s.n + 1;
    return s;
}

void mx_unpack(struct mx_answer *a, struct str from)
{
    MUST(from.n > 3);
    *a = (struct mx_answer){.status = (enum mx_status)from.p[0], .is_implicit = from.p[1] != 0};
    a->hosts = (unsigned)from.p[2];
    MUST(a->hosts <= MX_HOSTS_MAX);
    from.p += 3;
    from.n -= 3;
    str_copy(a->why, sizeof a->why, take_text(&from));
    for (unsigned i = 0; i < a->hosts; i++) {
        struct mx_host *h = &a->host[i];

        MUST(from.n > sizeof h->preference);
        memcpy(&h->preference, from.p, sizeof h->preference);
        from.p += sizeof h->preference;
        from.n -= sizeof h->preference;
        str_copy(h->name, sizeof h->name, take_text(&from));
        take_literal(h);
    }
}
