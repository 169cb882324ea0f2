#include <stdlib.h>
#include <string.h>
#include <sluice/base/pace.h>
#include <sluice/base/str.h>
#include <sluice/model/outcome.h>

void delivery_free(struct delivery *d)
{
    if (!d)
        return;
    for (unsigned i = 0; i < PACES_MAX; i++)
        pace_release(d->pace[i]);
    free(d->email);
    free(d->vars);
    free(d);
}

void outcome_for(struct outcome *o, const struct delivery *d)
{
    memset(o, 0, sizeof *o);
    o->job_key = d->job_key;
    o->domain_id = d->domain_id;
    o->rid = d->rid;
    o->lease = d->lease;
    o->attempt = d->attempt;
    o->due_ms = d->due_ms;
    o->added = d->added;
    str_copy(o->email, sizeof o->email, str_of(d->email));
    o->slot = NO_SLOT;
}
