/* zone.c: see zone.h. The lab answers as a resolver would: it follows CNAMEs inside the answer. */
#include <stdlib.h>
#include "tls.h"
#include "zone.h"

#define CHAIN_MAX 8
#define RECORDS_MAX 64

static unsigned sees(unsigned type)
{
    switch (type) {
    case TYPE_MX:
        return SEES_MX;
    case TYPE_A:
        return SEES_A;
    case TYPE_AAAA:
        return SEES_AAAA;
    case TYPE_TXT:
        return SEES_TXT;
    case TYPE_CNAME:
        return SEES_CNAME;
    case TYPE_TLSA:
        return SEES_TLSA;
    default:
        return 0;
    }
}

struct mx_writer {
    struct answer *a;
    const char *owner;
    uint32_t ttl;
};

static void write_mx(void *arg, const char *value)
{
    struct mx_writer *w = arg;
    struct str rest = str_of(value);
    struct str number;
    uint64_t preference = 0;
    char host[PATTERN_NAME];
    if (!str_cut(&rest, ' ', &number) || !str_to_u64(number, &preference))
        return;
    str_copy(host, sizeof host, str_trim(rest));
    answer_mx(w->a, w->owner, w->ttl, (unsigned)preference, host);
}

static void write_mxs(const struct scene *s, const struct name *n, uint64_t index,
                      struct mx_writer *w)
{
    for (size_t i = 0; i < n->mxs; i++)
        (void)template_each(str_of(n->mx[i]), &n->pattern, index, RECORDS_MAX, write_mx, w, NULL);
    const struct receiver *r =
        n->mxs == 0 && n->receiver_name ? scene_receiver_of(s, n, index) : NULL;
    for (size_t i = 0; r && i < r->hosts; i++)
        answer_mx(w->a, w->owner, w->ttl, (unsigned)(i + 1) * 10, r->host[i]);
}

static void write_addresses(const struct name *n, uint64_t index, const char *owner, int family,
                            struct answer *a)
{
    for (size_t i = 0; i < n->as; i++) {
        struct sockaddr_storage sa = scene_address(&n->a[i], index);
        if (sa.ss_family != family)
            continue;
        if (family == AF_INET)
            answer_address(a, owner, n->ttl, &((const struct sockaddr_in *)&sa)->sin_addr, 4);
        else
            answer_address(a, owner, n->ttl, &((const struct sockaddr_in6 *)&sa)->sin6_addr, 16);
    }
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* "3 1 1 HEX", or "cert RECEIVER": the digest of that receiver's key as 3 1 1. */
static void write_tlsa(const struct scene *s, const struct name *n, const char *owner,
                       const char *text, struct answer *a)
{
    uint8_t data[128] = {3, 1, 1};
    size_t used = 3;
    if (strncmp(text, "cert ", 5) == 0) {
        const struct receiver *r = scene_receiver(s, str_of(text + 5));
        if (!r || !tls_key_digest(r, data + 3))
            return;
        answer_bytes(a, owner, n->ttl, TYPE_TLSA, data, 35);
        return;
    }
    char *p = (char *)(uintptr_t)text;
    for (int i = 0; i < 3; i++)
        data[i] = (uint8_t)strtoul(p, &p, 10);
    while (*p == ' ')
        p++;
    for (; hex_digit(p[0]) >= 0 && hex_digit(p[1]) >= 0 && used < sizeof data; p += 2)
        data[used++] = (uint8_t)(hex_digit(p[0]) << 4 | hex_digit(p[1]));
    answer_bytes(a, owner, n->ttl, TYPE_TLSA, data, used);
}

static void write_records(const struct scene *s, const struct name *n, uint64_t index,
                          const char *owner, unsigned type, struct answer *a)
{
    struct mx_writer w = {a, owner, n->ttl};
    bool any = type == TYPE_ANY;
    if (type == TYPE_MX || any)
        write_mxs(s, n, index, &w);
    if (type == TYPE_A || any)
        write_addresses(n, index, owner, AF_INET, a);
    if (type == TYPE_AAAA || any)
        write_addresses(n, index, owner, AF_INET6, a);
    if (type == TYPE_TXT || any)
        for (size_t i = 0; i < n->txts; i++)
            answer_txt(a, owner, n->ttl, str_of(n->txt[i]));
    if (type == TYPE_TLSA || any)
        for (size_t i = 0; i < n->tlsas; i++)
            write_tlsa(s, n, owner, n->tlsa[i], a);
}

struct first_value {
    char text[PATTERN_NAME];
};

static void keep_value(void *arg, const char *value)
{
    struct first_value *f = arg;
    str_copy(f->text, sizeof f->text, str_of(value));
}

static void write_own_cname(const struct name *n, uint64_t index, const char *owner,
                            struct answer *a)
{
    struct first_value target = {""};
    (void)template_each(str_of(n->cname), &n->pattern, index, 1, keep_value, &target, NULL);
    answer_cname(a, owner, n->ttl, target.text);
}

/* Follows CNAMEs from `owner`; the entry at the end, or NULL with the rcode set. */
static struct name *follow(const struct scene *s, struct name *n, uint64_t *index,
                           char owner[PATTERN_NAME], struct answer *a)
{
    for (int i = 0; n && n->cname; i++) {
        struct first_value target = {""};
        if (i == CHAIN_MAX) { /* a loop: what a resolver gives up on */
            a->rcode = RCODE_SERVFAIL;
            return NULL;
        }
        (void)template_each(str_of(n->cname), &n->pattern, *index, 1, keep_value, &target, NULL);
        answer_cname(a, owner, n->ttl, target.text);
        str_copy(owner, PATTERN_NAME, str_of(target.text));
        n = scene_name(s, str_of(owner), index);
    }
    if (!n || n->quirk == DNS_NXDOMAIN) {
        a->rcode = RCODE_NXDOMAIN;
        return NULL;
    }
    return n;
}

/* The zone that a negative answer speaks for: the name's last two labels. */
static const char *zone_of(const char *name)
{
    size_t n = strlen(name);
    int dots = 0;
    while (n > 0) {
        if (name[n - 1] == '.' && ++dots == 2)
            return name + n;
        n--;
    }
    return name;
}

static struct zone_say apply_quirk(const struct name *n, const struct question *q, uint64_t asked,
                                   struct answer *a, bool *is_final)
{
    struct zone_say say = {DNS_OK, n->delay_ms};
    unsigned bit = sees(q->type);
    *is_final = false;
    if ((n->quirk_types && !(n->quirk_types & bit)) || (n->quirk_times && asked > n->quirk_times))
        return say;
    static const struct {
        enum quirk quirk;
        int rcode;
    } codes[] = {{DNS_NXDOMAIN, RCODE_NXDOMAIN},
                 {DNS_SERVFAIL, RCODE_SERVFAIL},
                 {DNS_REFUSED, RCODE_REFUSED},
                 {DNS_FORMERR, RCODE_FORMERR},
                 {DNS_NODATA, RCODE_OK}};
    say.quirk = n->quirk;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].quirk == n->quirk) {
            a->rcode = codes[i].rcode;
            *is_final = true;
        }
    return say;
}

struct zone_say zone_answer(const struct scene *s, const struct question *q, uint64_t asked,
                            struct answer *a)
{
    struct zone_say say = {DNS_OK, 0};
    uint64_t index;
    char owner[PATTERN_NAME];
    bool is_final = false;
    uint32_t negative_ttl = 60;
    answer_begin(a, q);
    if (!q->is_query || q->klass != 1) {
        a->rcode = RCODE_NOTIMP;
        return say;
    }
    struct name *n = scene_name(s, str_of(q->name), &index);
    str_copy(owner, sizeof owner, str_of(q->name));
    if (n) {
        say = apply_quirk(n, q, asked, a, &is_final);
        negative_ttl = n->negative_ttl;
        a->authentic = n->ad;
    } else {
        a->rcode = RCODE_NXDOMAIN;
    }
    if (n && !is_final && q->type != TYPE_CNAME)
        n = follow(s, n, &index, owner, a);
    else if (n && !is_final && n->cname)
        write_own_cname(n, index, owner, a);
    size_t before = a->answers;
    if (n && !is_final)
        write_records(s, n, index, owner, q->type, a);
    bool negative = a->rcode == RCODE_NXDOMAIN || (a->rcode == RCODE_OK && a->answers == before);
    if (negative && !(q->type == TYPE_CNAME && a->answers))
        answer_soa(a, zone_of(owner), negative_ttl);
    return say;
}
