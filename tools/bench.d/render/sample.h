/* sample.h: a mailing made from a template folder, for programs that need no daemon.
 *
 *     struct mailing *m = sample_mailing("templates/spring-sale", "[\"name\"]");
 */
#ifndef SLUICE_BENCH_SAMPLE_H
#define SLUICE_BENCH_SAMPLE_H

#include <sluice/render/mailing.h>

/* Prints problems to stderr and exits when there are errors. */
struct mailing *sample_mailing(const char *folder, const char *columns);
/* One message into *out; exits when it cannot be made. */
void sample_render(const struct mailing *m, const char *email, const char *vars, uint64_t rid,
                   struct buf *out);

#endif
