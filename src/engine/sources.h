/* sources.h: the local addresses of a shaping, ready to dial from; and which addresses of a host
 * may be dialled. Private to the room. */
#ifndef SLUICE_ENGINE_SOURCES_H
#define SLUICE_ENGINE_SOURCES_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sluice/base/err.h>
#include <sluice/deliver/pool.h>
#include <sluice/dns/mx.h>
#include <sluice/shape/shaping.h>

struct sources {
    struct sockaddr_storage address[SOURCES_MAX]; /* by index in shaping.source; family 0: any */
    bool is_said[SOURCES_MAX]; /* that it has no address of a host's family: once is enough */
};
/* One problem for each address that is none, with the place of its source. */
bool sources_parse(const struct shaping *s, struct sources *out, struct problems *p);
/* Fills the addresses of `t`: those of the families that the strategy and the source's own address
 * allow. None may be left. */
void sources_target(const struct sources *s, unsigned source, enum ip_lookup lookup,
                    const struct mx_host *host, uint16_t port, struct dial_target *t);

#endif
