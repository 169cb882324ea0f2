/* waits.c: a hundred thousand domains wait for a handful of reasons: they are summed up. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/map.h>
#include <sluice/base/must.h>
#include "live_parts.h"

enum { GROUPS_MAX = 20000 };

struct reason_group {
    uint32_t job_key;
    char *what, *provider, *why, *file;
    unsigned line;
    uint64_t recipients, domains;
    struct wall until;
};
struct wait_groups {
    struct map by_reason;
    uint64_t uncounted; /* reasons beyond GROUPS_MAX */
};

struct wait_groups *wait_groups_new(void)
{
    struct wait_groups *g = mem_array(1, sizeof *g);
    map_init(&g->by_reason);
    return g;
}

/* What stops the whole job stops it at every provider. */
static bool is_of_job(const struct plan_wait *w)
{
    return strcmp(w->what, "job") == 0;
}

static const char *provider_of(const struct plan_wait *w)
{
    return w->provider && !is_of_job(w) ? w->provider : "";
}

static struct reason_group *group_new(const struct plan_wait *w)
{
    struct reason_group *n = mem_array(1, sizeof *n);
    *n = (struct reason_group){.job_key = w->job_key,
                               .what = mem_str(w->what),
                               .provider = mem_str(provider_of(w)),
                               .why = mem_str(w->why),
                               .file = mem_str(w->at.file),
                               .line = w->at.line,
                               .until = w->until};
    return n;
}

static void group_free(struct reason_group *g)
{
    free(g->what);
    free(g->provider);
    free(g->why);
    free(g->file);
    free(g);
}

/* The first that moves is what people want to know. */
static void add(struct reason_group *g, const struct plan_wait *w)
{
    g->recipients += w->recipients;
    g->domains += !is_of_job(w);
    if (w->until.ms > 0 && (g->until.ms <= 0 || w->until.ms < g->until.ms))
        g->until = w->until;
}

void wait_groups_add(void *groups, const struct plan_wait *w)
{
    struct wait_groups *g = groups;
    char *key = mem_printf("%" PRIu32 "\n%d\n%s\n%s\n%s:%u", w->job_key, is_of_job(w),
                           provider_of(w), w->why, w->at.file ? w->at.file : "", w->at.line);
    struct reason_group *n = map_get(&g->by_reason, str_of(key));
    if (!n && g->by_reason.count >= GROUPS_MAX) {
        g->uncounted++;
    } else {
        if (!n)
            map_set(&g->by_reason, str_of(key), n = group_new(w));
        add(n, w);
    }
    free(key);
}

static int by_recipients(const void *a, const void *b)
{
    const struct reason_group *x = *(struct reason_group *const *)a,
                              *y = *(struct reason_group *const *)b;
    if (x->recipients != y->recipients)
        return x->recipients < y->recipients ? 1 : -1;
    return strcmp(x->why, y->why);
}

static json_t *group_json(const struct reason_group *g)
{
    char domains[NUMBER_TEXT];
    str_number(g->domains, domains);
    char *sum = g->provider[0] ? mem_printf("%s domains at %s", domains, g->provider)
                               : mem_printf("%s domains", domains);
    json_t *o = json_pack("{s:I,s:o,s:I,s:o,s:o}", "key", (json_int_t)g->job_key, "what",
                          live_text(g->domains > 1 ? sum : g->what), "recipients",
                          (json_int_t)g->recipients, "why", live_text(g->why), "until",
                          live_time(g->until));
    live_put_origin(o, (struct origin){g->file, g->line});
    free(sum);
    return o;
}

json_t *wait_groups_take(struct wait_groups *g, size_t most, uint64_t *more)
{
    struct reason_group **item = mem_array(g->by_reason.count + 1, sizeof *item);
    const struct map_entry *m;
    json_t *out = json_array();
    size_t n = 0;
    for (size_t i = 0; (m = map_next(&g->by_reason, &i));)
        item[n++] = m->value;
    qsort(item, n, sizeof *item, by_recipients);
    for (size_t i = 0; i < n; i++) {
        if (i < most)
            json_array_append_new(out, group_json(item[i]));
        group_free(item[i]);
    }
    if (more)
        *more = (n > most ? n - most : 0) + g->uncounted;
    free(item);
    map_done(&g->by_reason);
    free(g);
    return out;
}
