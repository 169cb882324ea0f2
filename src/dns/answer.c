/* answer.c: see answer.h. (P) */
#include "answer.h"

#include <sluice/base/must.h>

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <resolv.h>
#include <stdlib.h>
#include <strings.h>

/* glibc's ns_* functions check every length and pointer; they stop at compression loops because a
 * name's expansion is bounded. What is bounded here is the work on top of them: a 64 KiB packet
 * holds 5,000 records, and each is looked at twice. */

struct cname {
    char owner[DNS_NAME_SIZE], target[DNS_NAME_SIZE];
    uint32_t ttl_sec;
};
struct reading {
    ns_msg msg;
    int type;
    struct cname cname[DNS_CHAIN_MAX];
    unsigned cnames;
    bool has_misfits; /* records of the type that are none */
    struct dns_answer *out;
};

void dns_answer_failed(struct dns_answer *out, const char *failure)
{
    *out = (struct dns_answer){.kind = DNS_FAILED, .failure = failure};
}

void dns_answer_done(struct dns_answer *a, int type)
{
    if (type != ns_t_txt || a->count == 0)
        return;
    free(a->txt);
    a->txt = NULL;
    a->count = 0;
}

static void fail_rcode(struct dns_answer *out, const char *failure)
{
    dns_answer_failed(out, failure);
    out->is_rcode = true;
}

static const char *rcode_text(int rcode)
{
    static const char *const text[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
                                       "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
                                       "NXRRSET", "NOTAUTH", "NOTZONE"};

    return rcode >= 0 && rcode < (int)(sizeof text / sizeof *text) ? text[rcode] : "unknown RCODE";
}

/* RFC 2181 8: a TTL with the highest bit set counts as zero. */
static uint32_t sane_ttl(uint32_t ttl)
{
    return ttl > INT32_MAX ? 0 : ttl;
}

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Expands the name at p inside the packet. "." for the root, "" for what cannot be a host. Returns
 * the bytes that it takes at p, or -1 when it is malformed. */
static int read_name(const ns_msg *msg, const unsigned char *p, const unsigned char *end,
                     char out[DNS_NAME_SIZE])
{
    char text[NS_MAXDNAME];
    int used = ns_name_uncompress(ns_msg_base(*msg), ns_msg_end(*msg), p, text, sizeof text);
    size_t n;

    if (used < 0 || used > end - p)
        return -1;
    n = strlen(text);
    out[0] = 0;
    if (n == 0 || (n == 1 && text[0] == '.')) {
        str_copy(out, DNS_NAME_SIZE, str_of("."));
        return used;
    }
    /* Odd bytes come out as escapes, which make it longer than any name and no host either way. */
    if (n >= DNS_NAME_SIZE)
        return used;
    str_lower(text, n);
    if (dns_name_is_host(text))
        str_copy(out, DNS_NAME_SIZE, str_n(text, n));
    else {
        struct in_addr v4;

        /* An address in place of a name: mx.c decides what it is good for. */
        if (inet_pton(AF_INET, text, &v4) == 1)
            str_copy(out, DNS_NAME_SIZE, str_n(text, n));
    }
    return used;
}

static void keep_cname(struct reading *r, const ns_rr *rr)
{
    struct cname *c = &r->cname[r->cnames];
    const unsigned char *data = ns_rr_rdata(*rr);

    if (r->cnames == DNS_CHAIN_MAX)
        return;
    if (read_name(&r->msg, data, data + ns_rr_rdlen(*rr), c->target) < 0)
        return;
    str_copy(c->owner, sizeof c->owner, str_of(ns_rr_name(*rr)));
    c->ttl_sec = sane_ttl(ns_rr_ttl(*rr));
    r->cnames++;
}

static bool read_rr(struct reading *r, ns_sect section, int i, ns_rr *rr)
{
    return ns_parserr(&r->msg, section, i, rr) == 0;
}

/* False: a record is malformed. */
static bool collect_cnames(struct reading *r)
{
    ns_rr rr;

    for (int i = 0; i < ns_msg_count(r->msg, ns_s_an); i++) {
        if (!read_rr(r, ns_s_an, i, &rr))
            return false;
        if (ns_rr_type(rr) == ns_t_cname && ns_rr_class(rr) == ns_c_in)
            keep_cname(r, &rr);
    }
    return true;
}

static const struct cname *cname_of(const struct reading *r, const char *name)
{
    for (unsigned i = 0; i < r->cnames; i++)
        if (strcasecmp(r->cname[i].owner, name) == 0)
            return &r->cname[i];
    return NULL;
}

/* Follows the chain from `name`; false when it never ends or ends in no name. */
static bool follow(struct reading *r, const char **name)
{
    const struct cname *c;

    for (unsigned hops = 0; (c = cname_of(r, *name)); hops++) {
        if (hops == DNS_CHAIN_MAX || !dns_name_is_host(c->target))
            return false;
        r->out->ttl_sec = min_u32(r->out->ttl_sec, c->ttl_sec);
        *name = c->target;
    }
    return true;
}

/* Keeps the most preferred ones, sorted; of equal ones the first. */
static void keep_mx(struct dns_answer *a, const struct dns_mx *mx)
{
    unsigned at = a->count;

    while (at > 0 && a->mx[at - 1].preference > mx->preference)
        at--;
    if (at == DNS_MX_MAX)
        return;
    if (a->count < DNS_MX_MAX)
        a->count++;
    for (unsigned i = a->count - 1; i > at; i--)
        a->mx[i] = a->mx[i - 1];
    a->mx[at] = *mx;
}

static bool keep_txt(struct dns_answer *a, const unsigned char *data, size_t n)
{
    struct txt_records *t = a->count > 0 ? a->txt : mem_array(1, sizeof *t);
    bool is_record = txt_add(t, data, n) && t->count > 0;

    if (!is_record && a->count == 0) {
        free(t);
        return false;
    }
    a->txt = t;
    a->count = t->count;
    return is_record;
}

static void keep_record(struct reading *r, const ns_rr *rr)
{
    const unsigned char *data = ns_rr_rdata(*rr);
    size_t n = ns_rr_rdlen(*rr);
    struct dns_answer *a = r->out;

    if (r->type == ns_t_txt) {
        if (!keep_txt(a, data, n)) {
            r->has_misfits = true;
            return;
        }
    } else if (r->type == ns_t_mx) {
        struct dns_mx mx = {0};

        if (n < 3 || read_name(&r->msg, data + 2, data + n, mx.exchange) < 0) {
            r->has_misfits = true;
            return;
        }
        mx.preference = (uint16_t)ns_get16(data);
        keep_mx(a, &mx);
    } else {
        bool is_v4 = r->type == ns_t_a;

        if (n != (is_v4 ? 4 : 16))
            r->has_misfits = true;
        if (n != (is_v4 ? 4 : 16) || a->count == MX_ADDRESSES_MAX)
            return;
        a->address[a->count] = (struct mx_address){.family = is_v4 ? AF_INET : AF_INET6};
        memcpy(a->address[a->count++].bytes, data, n);
    }
    a->ttl_sec = min_u32(a->ttl_sec, sane_ttl(ns_rr_ttl(*rr)));
}

static void collect_records(struct reading *r, const char *owner)
{
    ns_rr rr;

    for (int i = 0; i < ns_msg_count(r->msg, ns_s_an); i++)
        if (read_rr(r, ns_s_an, i, &rr) && (int)ns_rr_type(rr) == r->type &&
            ns_rr_class(rr) == ns_c_in && strcasecmp(ns_rr_name(rr), owner) == 0)
            keep_record(r, &rr);
}

/* RFC 2308 5: how long "no" holds is the smaller one of the SOA's TTL and its MINIMUM, its last
 * field. */
static bool soa_ttl(const struct reading *r, const ns_rr *rr, uint32_t *ttl)
{
    const unsigned char *p = ns_rr_rdata(*rr), *end = p + ns_rr_rdlen(*rr);
    char name[DNS_NAME_SIZE];

    for (int names = 0; names < 2; names++) {
        int used = read_name(&r->msg, p, end, name);

        if (used < 0)
            return false;
        p += used;
    }
    if (end - p != 20)
        return false;
    *ttl = min_u32(sane_ttl(ns_rr_ttl(*rr)), sane_ttl((uint32_t)ns_get32(p + 16)));
    return true;
}

enum authority { AUTHORITY_EMPTY, AUTHORITY_SOA, AUTHORITY_NS };

static enum authority look_at_authority(struct reading *r, uint32_t *ttl)
{
    enum authority found = AUTHORITY_EMPTY;
    ns_rr rr;

    for (int i = 0; i < ns_msg_count(r->msg, ns_s_ns); i++) {
        if (!read_rr(r, ns_s_ns, i, &rr))
            break;
        if (ns_rr_type(rr) == ns_t_soa && soa_ttl(r, &rr, ttl))
            return AUTHORITY_SOA;
        if (ns_rr_type(rr) == ns_t_ns)
            found = AUTHORITY_NS;
    }
    return found;
}

static void answer_no(struct reading *r, bool is_nxdomain, bool is_alias)
{
    struct dns_answer *a = r->out;
    uint32_t ttl = 0;
    enum authority authority = look_at_authority(r, &ttl);

    if (!is_nxdomain && authority != AUTHORITY_SOA) {
        /* A chain that ends without a word about its end: the server does not follow for us. */
        if (is_alias) {
            a->kind = DNS_ELSEWHERE;
            return;
        }
        if (authority == AUTHORITY_NS && !ns_msg_getflag(r->msg, ns_f_aa)) {
            dns_answer_failed(a, "referral instead of an answer");
            return;
        }
    }
    a->kind = is_nxdomain ? DNS_NXDOMAIN : DNS_NODATA;
    a->ttl_sec = min_u32(a->ttl_sec, ttl);
}

/* The question in the packet must be ours. */
static bool is_about(struct reading *r, const char *name, char asked[DNS_NAME_SIZE])
{
    ns_rr rr;

    if (ns_msg_count(r->msg, ns_s_qd) != 1 || !read_rr(r, ns_s_qd, 0, &rr))
        return false;
    if ((int)ns_rr_type(rr) != r->type || ns_rr_class(rr) != ns_c_in)
        return false;
    if (name && strcasecmp(ns_rr_name(rr), name) != 0)
        return false;
    if (strlen(ns_rr_name(rr)) >= DNS_NAME_SIZE)
        return false;
    str_copy(asked, DNS_NAME_SIZE, str_of(ns_rr_name(rr)));
    return true;
}

void dns_answer_parse(const unsigned char *packet, size_t n, const char *name, int type,
                      struct dns_answer *out)
{
    struct reading r = {.type = type, .out = out};
    char asked[DNS_NAME_SIZE];
    const char *end = asked;
    int rcode;

    *out = (struct dns_answer){.ttl_sec = INT32_MAX};
    if (n > NS_MAXMSG || ns_initparse(packet, (int)n, &r.msg) < 0 ||
        !ns_msg_getflag(r.msg, ns_f_qr)) {
        dns_answer_failed(out, "malformed answer");
        return;
    }
    rcode = ns_msg_getflag(r.msg, ns_f_rcode);
    if (rcode != ns_r_noerror && rcode != ns_r_nxdomain) {
        fail_rcode(out, rcode_text(rcode));
        return;
    }
    if (!is_about(&r, name, asked) || !collect_cnames(&r)) {
        dns_answer_failed(out, "malformed answer");
        return;
    }
    if (!follow(&r, &end)) {
        dns_answer_failed(out, "CNAME chain that leads nowhere");
        return;
    }
    if (end != asked)
        str_copy(out->target, sizeof out->target, str_of(end));
    if (rcode == ns_r_noerror)
        collect_records(&r, end);
    /* "There is an MX, and I cannot read it" must not become "there is none". */
    if (out->count == 0 && r.has_misfits)
        dns_answer_failed(out, "malformed answer");
    else if (out->count == 0)
        answer_no(&r, rcode == ns_r_nxdomain, end != asked);
}
