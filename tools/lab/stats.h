/* stats.h: the receivers' counters as a table for people or as JSON. */
#ifndef LAB_STATS_H
#define LAB_STATS_H

#include <stdio.h>
#include "lab.h"

void stats_table(const struct lab *lab, FILE *out);
void stats_json(const struct lab *lab, FILE *out);
/* Forgets counters, records, greylists and query counts; open connections stay. */
void stats_reset(struct lab *lab);

#endif
