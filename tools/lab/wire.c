/* wire.c: see wire.h. */
#include <stdio.h>
#include "wire.h"

#define HEADER 12

static unsigned get16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

/* The query's name: labels only; a compression pointer in a question is hostile. */
static bool read_name(const uint8_t *p, size_t n, size_t *at, char out[PATTERN_NAME])
{
    size_t used = 0;
    for (;;) {
        if (*at >= n)
            return false;
        size_t label = p[(*at)++];
        if (label == 0)
            break;
        if (label > 63 || *at + label > n || used + label + 2 > 254)
            return false;
        if (used)
            out[used++] = '.';
        for (size_t i = 0; i < label; i++) {
            char c = (char)p[*at + i];
            bool plain = (unsigned char)c > ' ' && (unsigned char)c < 127 && c != '.';
            out[used++] = plain ? c : '?';
        }
        *at += label;
    }
    if (used == 0)
        out[used++] = '.';
    out[used] = '\0';
    str_lower(out, used);
    return true;
}

/* Looks for an OPT record: the answer may then be larger than 512 bytes (RFC 6891). */
static void read_edns(const uint8_t *p, size_t n, size_t at, struct question *q)
{
    char ignored[PATTERN_NAME];
    unsigned records = get16(p + 6) + get16(p + 8) + get16(p + 10);
    for (unsigned i = 0; i < records && i < 16; i++) {
        if (!read_name(p, n, &at, ignored) || at + 10 > n)
            return;
        if (get16(p + at) == TYPE_OPT) {
            q->has_edns = true;
            q->udp_max = get16(p + at + 2);
            q->udp_max = q->udp_max < 512 ? 512 : q->udp_max > 4096 ? 4096 : q->udp_max;
        }
        at += 10 + get16(p + at + 8);
    }
}

bool wire_read(const uint8_t *query, size_t n, struct question *q)
{
    *q = (struct question){.udp_max = 512};
    if (n < HEADER || (query[2] & 0x80))
        return false;
    q->id = (uint16_t)get16(query);
    q->wants_recursion = (query[2] & 1) != 0;
    q->is_query = (query[2] & 0x78) == 0 && get16(query + 4) == 1;
    size_t at = HEADER;
    if (!read_name(query, n, &at, q->name) || at + 4 > n)
        return false;
    q->type = (uint16_t)get16(query + at);
    q->klass = (uint16_t)get16(query + at + 2);
    at += 4;
    q->raw = query + HEADER;
    q->raw_n = at - HEADER;
    read_edns(query, n, at, q);
    return true;
}

static void put(struct answer *a, const void *data, size_t n)
{
    if (a->n + n > WIRE_MAX - 32) { /* room for OPT */
        a->overflow = true;
        return;
    }
    memcpy(a->data + a->n, data, n);
    a->n += n;
}

static void put16(struct answer *a, unsigned v)
{
    put(a, (uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2);
}

static void put32(struct answer *a, uint32_t v)
{
    put16(a, v >> 16);
    put16(a, v & 0xffff);
}

static void put_name(struct answer *a, const char *name)
{
    struct str rest = str_of(name);
    struct str label;
    while (str_cut(&rest, '.', &label)) {
        if (label.n == 0)
            continue;
        if (label.n > 63)
            label.n = 63;
        put(a, (uint8_t[]){(uint8_t)label.n}, 1);
        put(a, label.p, label.n);
    }
    put(a, "", 1);
}

void answer_begin(struct answer *a, const struct question *q)
{
    a->n = HEADER;
    a->answers = a->authorities = 0;
    a->overflow = a->authentic = false;
    a->rcode = RCODE_OK;
    put(a, q->raw, q->raw_n);
}

/* Everything up to the data's length, which record_end() fills in. */
static size_t record_begin(struct answer *a, const char *owner, unsigned type, uint32_t ttl)
{
    put_name(a, owner);
    put16(a, type);
    put16(a, 1);
    put32(a, ttl);
    put16(a, 0);
    return a->n;
}

static void record_end(struct answer *a, size_t from)
{
    if (a->overflow)
        return;
    size_t n = a->n - from;
    a->data[from - 2] = (uint8_t)(n >> 8);
    a->data[from - 1] = (uint8_t)n;
    a->answers++;
}

void answer_bytes(struct answer *a, const char *owner, uint32_t ttl, unsigned type,
                  const uint8_t *data, size_t n)
{
    size_t from = record_begin(a, owner, type, ttl);
    put(a, data, n);
    record_end(a, from);
}

void answer_address(struct answer *a, const char *owner, uint32_t ttl, const void *ip, size_t n)
{
    answer_bytes(a, owner, ttl, n == 4 ? TYPE_A : TYPE_AAAA, ip, n);
}

void answer_mx(struct answer *a, const char *owner, uint32_t ttl, unsigned preference,
               const char *host)
{
    size_t from = record_begin(a, owner, TYPE_MX, ttl);
    put16(a, preference);
    put_name(a, host);
    record_end(a, from);
}

void answer_txt(struct answer *a, const char *owner, uint32_t ttl, struct str text)
{
    size_t from = record_begin(a, owner, TYPE_TXT, ttl);
    do {
        size_t n = text.n > 255 ? 255 : text.n;
        put(a, (uint8_t[]){(uint8_t)n}, 1);
        put(a, text.p, n);
        text = str_n(text.p + n, text.n - n);
    } while (text.n);
    record_end(a, from);
}

void answer_cname(struct answer *a, const char *owner, uint32_t ttl, const char *target)
{
    size_t from = record_begin(a, owner, TYPE_CNAME, ttl);
    put_name(a, target);
    record_end(a, from);
}

void answer_soa(struct answer *a, const char *owner, uint32_t negative_ttl)
{
    size_t from = record_begin(a, owner, TYPE_SOA, negative_ttl);
    put_name(a, "ns.lab.invalid");
    put_name(a, "hostmaster.lab.invalid");
    put32(a, 1);
    put32(a, 3600);
    put32(a, 600);
    put32(a, 86400);
    put32(a, negative_ttl); /* RFC 2308: the smaller of this and the TTL counts */
    record_end(a, from);
    if (!a->overflow) {
        a->answers--;
        a->authorities++;
    }
}

void answer_end(struct answer *a, const struct question *q, bool truncated)
{
    if (truncated) {
        a->n = HEADER + q->raw_n;
        a->answers = a->authorities = 0;
    }
    if (q->has_edns) {
        static const uint8_t opt[11] = {0, 0, TYPE_OPT, 0x10, 0x00, 0, 0, 0, 0, 0, 0};
        memcpy(a->data + a->n, opt, sizeof opt);
        a->n += sizeof opt;
    }
    uint8_t *h = a->data;
    h[0] = (uint8_t)(q->id >> 8);
    h[1] = (uint8_t)q->id;
    h[2] = (uint8_t)(0x80 | (truncated ? 2 : 0) | (q->wants_recursion ? 1 : 0));
    h[3] = (uint8_t)(0x80 | (a->authentic ? 0x20 : 0) | (a->rcode & 15));
    h[4] = 0;
    h[5] = 1;
    h[6] = (uint8_t)(a->answers >> 8);
    h[7] = (uint8_t)a->answers;
    h[8] = 0;
    h[9] = (uint8_t)a->authorities;
    h[10] = 0;
    h[11] = q->has_edns ? 1 : 0;
}

const char *type_name(unsigned type, char out[16])
{
    static const struct {
        unsigned type;
        const char *name;
    } names[] = {{TYPE_A, "A"},     {TYPE_CNAME, "CNAME"}, {TYPE_SOA, "SOA"},   {TYPE_MX, "MX"},
                 {TYPE_TXT, "TXT"}, {TYPE_AAAA, "AAAA"},   {TYPE_TLSA, "TLSA"}, {TYPE_ANY, "ANY"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].type == type)
            return names[i].name;
    (void)snprintf(out, 16, "TYPE%u", type);
    return out;
}
