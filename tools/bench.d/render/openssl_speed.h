/* openssl_speed.h: what `openssl speed` reaches on this machine, as the measure of our own signing.
 *
 *     double per_sec = openssl_speed_sign("rsa2048");
 */
#ifndef SLUICE_BENCH_OPENSSL_SPEED_H
#define SLUICE_BENCH_OPENSSL_SPEED_H

#include <stddef.h>

/* Per second of its CPU time; 0: there is no such program, or no such algorithm. */
double openssl_speed_sign(const char *algorithm);
double openssl_speed_sha256(size_t bytes); /* texts of so many bytes */

#endif
