/* rng.h: seeded randomness for decisions (jitter, shuffling). xoshiro256**; never for secrets.
 *
 *     struct rng r = rng_seed(42);
 *     uint64_t i = rng_below(&r, n);
 */
#ifndef SLUICE_BASE_RNG_H
#define SLUICE_BASE_RNG_H

#include <stdint.h>

struct rng {
    uint64_t s[4];
};
struct rng rng_seed(uint64_t seed);
uint64_t rng_next(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t n); /* 0..n-1 without bias; n > 0 */
double rng_unit(struct rng *r);                /* [0, 1) */

#endif
