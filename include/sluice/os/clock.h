/* clock.h: the only place that asks what time it is. */
#ifndef SLUICE_OS_CLOCK_H
#define SLUICE_OS_CLOCK_H

#include <sluice/base/when.h>

struct now clock_now(void);
struct mono clock_mono(void);
struct wall clock_wall(void);
int64_t clock_mono_us(void);
void clock_sleep_until(struct mono until);
/* 64 random bits from the kernel, for seeds and message ids. */
uint64_t clock_entropy(void);

#endif
