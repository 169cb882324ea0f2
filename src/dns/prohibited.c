/* prohibited.c: see dns/mx.h. (P) */
#include <sluice/dns/mx.h>
#include <sluice/base/str.h>

#include <arpa/inet.h>
#include <string.h>

static bool read_address(struct str s, struct mx_address *out)
{
    char text[INET6_ADDRSTRLEN];

    if (s.n >= sizeof text || memchr(s.p, 0, s.n))
        return false;
    str_copy(text, sizeof text, s);
    *out = (struct mx_address){.family = AF_INET};
    if (inet_pton(AF_INET, text, out->bytes) == 1)
        return true;
    *out = (struct mx_address){.family = AF_INET6};
    return inet_pton(AF_INET6, text, out->bytes) == 1;
}

static unsigned width(const struct mx_address *a)
{
    return a->family == AF_INET ? 32 : 128;
}

bool prohibited_add(struct prohibited *p, const char *cidr)
{
    struct str rest = str_of(cidr), address;
    struct mx_address a;
    uint64_t bits;
    bool has_bits = strchr(cidr, '/') != NULL;

    if (p->count == sizeof p->net / sizeof *p->net)
        return false;
    if (!str_cut(&rest, '/', &address) || !read_address(address, &a))
        return false;
    bits = width(&a);
    if (has_bits && (!str_to_u64(rest, &bits) || bits > width(&a)))
        return false;
    p->net[p->count].address = a;
    p->net[p->count].bits = (uint8_t)bits;
    p->count++;
    return true;
}

static bool shares_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned bytes = bits / 8, left = bits % 8;

    if (memcmp(a, b, bytes) != 0)
        return false;
    return left == 0 || (a[bytes] ^ b[bytes]) >> (8 - left) == 0;
}

/* ::ffff:127.0.0.1 reaches 127.0.0.1: it is judged as what it reaches. */
static bool is_mapped(const struct mx_address *a, struct mx_address *v4)
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

    if (a->family != AF_INET6 || memcmp(a->bytes, prefix, sizeof prefix) != 0)
        return false;
    *v4 = (struct mx_address){.family = AF_INET};
    memcpy(v4->bytes, a->bytes + 12, 4);
    return true;
}

bool prohibited_has(const struct prohibited *p, const struct mx_address *a)
{
    struct mx_address v4;

    for (size_t i = 0; i < p->count; i++)
        if (p->net[i].address.family == a->family &&
            shares_bits(p->net[i].address.bytes, a->bytes, p->net[i].bits))
            return true;
    return is_mapped(a, &v4) && prohibited_has(p, &v4);
}
