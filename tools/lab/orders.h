/* orders.h: the commands of the control channel. */
#ifndef LAB_ORDERS_H
#define LAB_ORDERS_H

#include <stdio.h>
#include "lab.h"

#define ORDER_WORDS 4 /* the last one takes the rest of the line */

struct order {
    char *word[ORDER_WORDS]; /* "set", "naver", "refuse_all", "451 4.3.2 ..." */
    size_t words;
    /* One of the two. */
    bool (*run)(struct lab *lab, const struct order *o, FILE *out, struct err *e);
    void (*stream)(const struct lab *lab, FILE *out);
};
/* Splits `line` in place. */
bool orders_find(char *line, struct order *o, struct err *e);

#endif
