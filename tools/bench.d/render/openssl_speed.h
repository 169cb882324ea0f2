/* openssl_speed.h: what `openssl speed` reaches on this machine, as the measure of our own signing.
 *
 *     double per_sec = openssl_speed("rsa2048");
 */
#ifndef SLUICE_BENCH_OPENSSL_SPEED_H
#define SLUICE_BENCH_OPENSSL_SPEED_H

/* Signatures per second of its CPU time; 0: there is no such program, or no such algorithm. */
double openssl_speed(const char *algorithm);

#endif
