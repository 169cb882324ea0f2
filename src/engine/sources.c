/* sources.c: which addresses of a host are dialled, and from where. */
#include "sources.h"

#include <arpa/inet.h>
#include <string.h>
#include <sluice/base/str.h>

static bool parse_address(const char *text, struct sockaddr_storage *out)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1)
        out->ss_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1)
        out->ss_family = AF_INET6;
    return out->ss_family != 0;
}

bool sources_parse(const struct shaping *s, struct sources *out, struct problems *p)
{
    size_t errors = p->errors;
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < s->sources && i < SOURCES_MAX; i++) {
        const struct source *source = &s->source[i];
        if (source->address && !parse_address(source->address, &out->address[i]))
            problems_add(p, source->at.file, source->at.line, "source '%s': '%s' is no IP address",
                         source->name, source->address);
    }
    return p->errors == errors;
}

static void set_address(struct dial_target *t, const struct mx_address *a, uint16_t port)
{
    unsigned i = t->addresses++;
    struct sockaddr_storage *to = &t->address[i].to;
    if (a->family == AF_INET) {
        struct sockaddr_in *in = (struct sockaddr_in *)to;
        in->sin_family = AF_INET;
        in->sin_port = htons(port);
        memcpy(&in->sin_addr, a->bytes, 4);
        t->address[i].length = sizeof *in;
    } else {
        struct sockaddr_in6 *in = (struct sockaddr_in6 *)to;
        in->sin6_family = AF_INET6;
        in->sin6_port = htons(port);
        memcpy(&in->sin6_addr, a->bytes, 16);
        t->address[i].length = sizeof *in;
    }
}

static bool may_dial(const struct sockaddr_storage *from, enum ip_lookup lookup, uint8_t family)
{
    if (lookup == IP_V4_ONLY && family != AF_INET)
        return false;
    if (lookup == IP_V6_ONLY && family != AF_INET6)
        return false;
    return from->ss_family == 0 || from->ss_family == family;
}

void sources_target(const struct sources *s, unsigned source, enum ip_lookup lookup,
                    const struct mx_host *host, uint16_t port, struct dial_target *t)
{
    const unsigned most = sizeof t->address / sizeof *t->address;
    t->source = s->address[source];
    for (unsigned i = 0; i < host->addresses && t->addresses < most; i++)
        if (may_dial(&t->source, lookup, host->address[i].family))
            set_address(t, &host->address[i], port);
}
