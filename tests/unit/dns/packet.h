/* packet.h: DNS packets out of readable scripts, for tests.
 *
 * A script is a list of statements separated by ';'. A record belongs to the name that was asked,
 * or to the one before
 * '>'. TTL holds for what follows it (300 at first).
 *
 *     "MX 10 mx1.ok.test; MX 20 mx2.ok.test"
 *     "CNAME real.test; real.test> TTL 60; real.test> A 192.0.2.1"
 *     "RCODE 3; SOA 900 300"          TTL of the record, MINIMUM
 *     "TXT one string|another"         of one record
 *     "TXTHEX 05616263" (RDATA), "TXTBYTES 5000" (one record with so many bytes of text)
 *     "NS ns.other.test" "TC" "AA" "SHORTMX" "SHORTA" "TAIL" (bytes behind the end)
 */
#ifndef SLUICE_TEST_DNS_PACKET_H
#define SLUICE_TEST_DNS_PACKET_H

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/base/str.h>

struct packet {
    unsigned char b[65535];
    size_t n;
    uint32_t ttl;
    char question[1024];
};

static inline void packet_put(struct packet *p, const void *data, size_t n)
{
    MUST(p->n + n <= sizeof p->b);
    memcpy(p->b + p->n, data, n);
    p->n += n;
}

static inline void packet_u16(struct packet *p, unsigned v)
{
    packet_put(p, (unsigned char[]){(unsigned char)(v >> 8), (unsigned char)v}, 2);
}

static inline void packet_u32(struct packet *p, uint32_t v)
{
    packet_u16(p, v >> 16);
    packet_u16(p, v & 0xffff);
}

static inline void packet_name(struct packet *p, const char *name)
{
    struct str rest = str_of(name), label;

    while (strcmp(name, ".") != 0 && str_cut(&rest, '.', &label)) {
        MUST(label.n < 64);
        packet_put(p, &(unsigned char){(unsigned char)label.n}, 1);
        packet_put(p, label.p, label.n);
    }
    packet_put(p, "", 1);
}

static inline void packet_begin(struct packet *p, unsigned id, const char *name, int type)
{
    p->n = 0;
    p->ttl = 300;
    snprintf(p->question, sizeof p->question, "%s", name);
    packet_u16(p, id);
    packet_u16(p, 0x8180); /* QR, RD, RA */
    packet_u16(p, 1);
    packet_u16(p, 0);
    packet_u32(p, 0);
    packet_name(p, name);
    packet_u16(p, (unsigned)type);
    packet_u16(p, ns_c_in);
}

/* section: 1 answer, 2 authority. Returns where RDLENGTH stands, for packet_end_rr. */
static inline size_t packet_rr(struct packet *p, unsigned section, const char *owner, int type,
                               uint32_t ttl)
{
    unsigned char *count = p->b + 4 + 2 * section;

    if (++count[1] == 0)
        count[0]++;
    packet_name(p, owner);
    packet_u16(p, (unsigned)type);
    packet_u16(p, ns_c_in);
    packet_u32(p, ttl);
    packet_u16(p, 0);
    return p->n - 2;
}

static inline void packet_end_rr(struct packet *p, size_t at)
{
    size_t n = p->n - at - 2;

    p->b[at] = (unsigned char)(n >> 8);
    p->b[at + 1] = (unsigned char)n;
}

static inline void packet_txt(struct packet *p, const char *owner, const char *verb,
                              const char *text)
{
    size_t at = packet_rr(p, 1, owner, ns_t_txt, p->ttl);
    struct str rest = str_of(text), one;

    if (strcmp(verb, "TXTBYTES") == 0) {
        static const char some[255] = {'x'};
        for (size_t n = strtoul(text, NULL, 10), step; n > 0; n -= step) {
            step = n < sizeof some ? n : sizeof some;
            packet_put(p, &(unsigned char){(unsigned char)step}, 1);
            packet_put(p, some, step);
        }
    } else if (strcmp(verb, "TXTHEX") == 0) {
        for (unsigned byte; sscanf(text, "%2x", &byte) == 1; text += 2)
            packet_put(p, &(unsigned char){(unsigned char)byte}, 1);
    } else {
        while (str_cut(&rest, '|', &one)) {
            packet_put(p, &(unsigned char){(unsigned char)one.n}, 1);
            packet_put(p, one.p, one.n);
        }
    }
    packet_end_rr(p, at);
}

static inline bool packet_record(struct packet *p, const char *owner, const char *verb,
                                 unsigned number, const char *text)
{
    unsigned char address[16];
    size_t at;

    if (strcmp(verb, "MX") == 0) {
        at = packet_rr(p, 1, owner, ns_t_mx, p->ttl);
        packet_u16(p, number);
        packet_name(p, text);
    } else if (strcmp(verb, "A") == 0 || strcmp(verb, "AAAA") == 0) {
        bool is_v4 = verb[1] == 0;

        at = packet_rr(p, 1, owner, is_v4 ? ns_t_a : ns_t_aaaa, p->ttl);
        MUST(inet_pton(is_v4 ? AF_INET : AF_INET6, text, address) == 1);
        packet_put(p, address, is_v4 ? 4 : 16);
    } else if (strcmp(verb, "CNAME") == 0) {
        at = packet_rr(p, 1, owner, ns_t_cname, p->ttl);
        packet_name(p, text);
    } else if (strcmp(verb, "NS") == 0) {
        at = packet_rr(p, 2, owner, ns_t_ns, p->ttl);
        packet_name(p, text);
    } else if (strcmp(verb, "SOA") == 0) {
        at = packet_rr(p, 2, owner, ns_t_soa, number);
        packet_name(p, "ns.test");
        packet_name(p, "admin.test");
        for (unsigned i = 0; i < 4; i++)
            packet_u32(p, 1);
        packet_u32(p, (uint32_t)strtoul(text, NULL, 10));
    } else {
        return false;
    }
    packet_end_rr(p, at);
    return true;
}

static inline void packet_statement(struct packet *p, char *s)
{
    char *owner = p->question, *arrow = strchr(s, '>');
    char verb[16] = "", one[512] = "", two[512] = "";

    if (arrow) {
        *arrow = 0;
        owner = s + strspn(s, " ");
        s = arrow + 1;
    }
    if (sscanf(s, " %15s %511s %511s", verb, one, two) < 1)
        return;
    if (strcmp(verb, "TTL") == 0)
        p->ttl = (uint32_t)strtoul(one, NULL, 10);
    else if (strcmp(verb, "RCODE") == 0)
        p->b[3] = (unsigned char)((p->b[3] & 0xf0) | atoi(one));
    else if (strcmp(verb, "TC") == 0)
        p->b[2] |= 2;
    else if (strcmp(verb, "AA") == 0)
        p->b[2] |= 4;
    else if (strcmp(verb, "QUERY") == 0)
        p->b[2] &= 0x7f;
    else if (strcmp(verb, "TAIL") == 0)
        packet_put(p, "tail", 4);
    else if (strcmp(verb, "SHORTMX") == 0)
        packet_end_rr(p, packet_rr(p, 1, owner, ns_t_mx, p->ttl));
    else if (strcmp(verb, "SHORTA") == 0)
        packet_end_rr(p, packet_rr(p, 1, owner, ns_t_a, p->ttl));
    else if (strncmp(verb, "TXT", 3) == 0)
        packet_txt(p, owner, verb, strstr(s, verb) + strlen(verb) + (strchr(s, ' ') != NULL));
    else
        MUST(packet_record(p, owner, verb, (unsigned)strtoul(one, NULL, 10), two[0] ? two : one));
}

static inline void packet_script(struct packet *p, unsigned id, const char *name, int type,
                                 const char *script)
{
    char *copy = mem_str(script), *rest = copy, *s;

    packet_begin(p, id, name, type);
    while ((s = strsep(&rest, ";")))
        packet_statement(p, s);
    free(copy);
}

#endif
