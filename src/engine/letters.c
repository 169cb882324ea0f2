/* letters.c: letters that nobody took any more when the engine went down, and what they own. */
#include <stdlib.h>
#include "engine.h"

static void free_chain(struct delivery *d)
{
    for (struct delivery *next; d; d = next) {
        next = d->next;
        delivery_free(d);
    }
}

static void free_report(struct pool_report *r)
{
    free_chain(r->left);
    delivery_free(r->done);
    free(r);
}

static void free_to_brain(struct letter *l)
{
    switch (l->kind) {
    case TO_BRAIN_OPENED:
        opened_free((struct opened *)l);
        break;
    case TO_BRAIN_LEASED:
        free_chain(((struct lease_letter *)l)->chain);
        free(l);
        break;
    case TO_BRAIN_OUTCOME:
    case TO_BRAIN_READY:
    case TO_BRAIN_CLOSED:
    case TO_BRAIN_UNTRIED:
        free_report((struct pool_report *)l);
        break;
    case TO_BRAIN_RECOUNT:
        recount_free((struct recount_letter *)l);
        break;
    default:
        free(l);
    }
}

static void free_to_keeper(struct letter *l)
{
    if (l->kind == TO_KEEPER_RECORD || l->kind == TO_KEEPER_RETURN) {
        struct record_letter *r = (struct record_letter *)l;
        free(r->outcome);
        delivery_free(r->delivery);
    }
    free(l);
}

void letters_free(struct letter *brain, struct letter *keeper, struct letter *scribe)
{
    for (struct letter *next; brain; brain = next) {
        next = brain->next;
        free_to_brain(brain);
    }
    for (struct letter *next; keeper; keeper = next) {
        next = keeper->next;
        free_to_keeper(keeper);
    }
    for (struct letter *next; scribe; scribe = next) {
        next = scribe->next;
        free(scribe);
    }
}
