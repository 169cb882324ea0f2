/* preview_domains.c: where the recipients of a job file are: dead domains, slips of the pen, and
 * who takes the mail of the others. */
#include <stdlib.h>
#include <string.h>
#include "preview.h"
#include "setup.h"

enum { IN_FLIGHT_MAX = 200, LOOK_MS = 200, TAKES_MS = 60000, JUDGED_MAX = 200000 };

/* ---- slips ---- */

/* Short names are neighbours of one another by nature. */
static unsigned most_distance(const char *name, bool is_dead)
{
    return is_dead && strlen(name) > 7 ? 2 : 1;
}

const char *preview_meant(const struct shaping *s, const char *name, uint64_t recipients,
                          bool is_dead, uint64_t (*recipients_of)(void *arg, const char *domain),
                          void *arg)
{
    const char *best = NULL;
    size_t n = strlen(name);
    unsigned least = most_distance(name, is_dead);
    uint64_t most = 0;
    for (size_t i = 0; i < s->profiles.count; i++)
        for (size_t k = 0; k < s->profiles.item[i].domains; k++) {
            const char *known = s->profiles.item[i].domain[k];
            size_t length = strlen(known);
            if (length > n + 2 || n > length + 2)
                continue;
            unsigned d = str_distance(str_of(name), str_of(known));
            if (d == 0)
                return NULL;
            if (d > least)
                continue;
            uint64_t there = recipients_of(arg, known);
            bool is_rare = recipients <= there / 100;
            if ((is_dead || is_rare) && (!best || d < least || there > most)) {
                best = known;
                least = d;
                most = there;
            }
        }
    return best;
}

static uint64_t recipients_of(void *arg, const char *domain)
{
    const struct preview *p = arg;
    const struct preview_domain *d = map_get(&p->domain_by_name, str_of(domain));
    return d ? d->recipients : 0;
}

static bool judge(struct preview *p)
{
    for (size_t i = 0; i < p->domains && i < JUDGED_MAX; i++) {
        struct preview_domain *d = p->domain[i];
        d->suggestion = preview_meant(&p->settings->shaping, d->name, d->recipients, d->why != NULL,
                                      recipients_of, p);
        if (i % 1024 == 0 && !preview_says(p, "looking for slips", (double)i / (double)p->domains))
            return false;
    }
    return true;
}

/* ---- the DNS ---- */

/* What fails for a while is not known: neither alive nor dead. */
static void take_answer(struct preview *p, struct preview_domain *d, const struct mx_answer *a)
{
    d->resolving = ANSWERED;
    if (a->status == MX_TEMPORARY) {
        p->unresolved++;
        return;
    }
    d->answer = answers_keep(&p->answers, a);
    if (a->status != MX_OK)
        d->why = mem_str(a->why[0] ? a->why : mx_status_name(a->status));
}

/* Answers to who was here before and went away may still come. */
static unsigned take_letters(struct preview *p, struct letter *l)
{
    unsigned taken = 0;
    for (struct letter *next; l; l = next) {
        struct resolved *r = (struct resolved *)l;
        struct preview_domain *d = map_get(&p->domain_by_name, str_of(r->domain));
        next = l->next;
        if (d && d->resolving == ASKED) {
            take_answer(p, d, &r->answer);
            taken++;
        }
        free(r);
    }
    return taken;
}

void preview_free(struct letter *l)
{
    for (struct letter *next; l; l = next) {
        next = l->next;
        free(l);
    }
}

static bool ask_all(struct preview *p)
{
    size_t most = p->domains < PREVIEW_RESOLVED_MAX ? p->domains : PREVIEW_RESOLVED_MAX;
    size_t next = 0, answered = 0;
    int64_t until_ms = clock_mono().ms + TAKES_MS;
    while (answered < most && clock_mono().ms < until_ms) {
        for (; next < most && next - answered < IN_FLIGHT_MAX; next++) {
            p->domain[next]->resolving = ASKED;
            resolver_ask(p->e->resolver, p->domain[next]->name, &p->e->preview_box, 0);
        }
        struct mono until = {clock_mono().ms + LOOK_MS};
        answered += take_letters(p, mailbox_take(&p->e->preview_box, until));
        if (!preview_says(p, "resolving domains", (double)answered / (double)most))
            return false;
    }
    p->unresolved += p->domains - answered;
    return true;
}

/* One asks at a time: the mailbox is the engine's, because answers may come after the client has
 * gone. */
static bool ask_in_turn(struct preview *p)
{
    while (pthread_mutex_trylock(&p->e->preview_lock) != 0) {
        if (!preview_says(p, "waiting for another plan", 0))
            return false;
        clock_sleep_until((struct mono){clock_mono().ms + LOOK_MS});
    }
    bool ok = ask_all(p);
    pthread_mutex_unlock(&p->e->preview_lock);
    return ok;
}

static int by_size(const void *a, const void *b)
{
    const struct preview_domain *x = *(struct preview_domain *const *)a;
    const struct preview_domain *y = *(struct preview_domain *const *)b;
    if (x->recipients != y->recipients)
        return x->recipients > y->recipients ? -1 : 1;
    return strcmp(x->name, y->name);
}

bool preview_resolve(struct preview *p)
{
    const struct map_entry *m;
    p->domain = mem_array(p->domain_by_name.count + 1, sizeof(struct preview_domain *));
    for (size_t i = 0; (m = map_next(&p->domain_by_name, &i));)
        p->domain[p->domains++] = m->value;
    qsort(p->domain, p->domains, sizeof(struct preview_domain *), by_size);
    return ask_in_turn(p) && judge(p);
}
