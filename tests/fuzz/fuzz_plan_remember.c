/* What a planner remembers comes from a database that may be damaged: each line "KEY=VALUE" is
 * understood or refused, and a planner that understood it works, and tells something that another one
 * understands. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/plan/plan.h>

#define LINES_MAX 64

static struct limits limits(void)
{
    struct limits l;
    limits_default(&l);
    l.max_message_rate.item[0] = (struct rate_spec){10, 1000000, 1};
    l.max_message_rate.item[1] = (struct rate_spec){2000, INT64_C(86400000000), 0};
    l.max_message_rate.count = 2;
    l.per_source_connection_limit = 2;
    l.ramp_up_ms = 1000;
    return l;
}

static struct plan *plan_of(const struct shaping *s)
{
    struct plan_options o = {
        .max_connections = 5, .max_asking = 5, .max_leased = 100, .shaping = s, .seed = 1};
    return plan_new(&o);
}

static void free_chain(struct delivery *d)
{
    while (d) {
        struct delivery *next = d->next;
        delivery_free(d);
        d = next;
    }
}

/* One row's way until the planner wants it dialled, if it does. */
static void use(struct plan *p, struct now now)
{
    struct plan_action a;
    struct mx_answer answer = {.status = MX_OK, .ttl_sec = 3600, .hosts = 1};
    str_copy(answer.host[0].name, sizeof answer.host[0].name, str_of("mx.p.example"));
    answer.host[0].addresses = 1;
    answer.host[0].address[0].family = 2;
    for (unsigned n = 0; plan_next(p, now, &a); n++) {
        MUST(n < 1000);
        free_chain(a.chain);
        free(a.outcome);
        free(a.text);
        if (a.act == ACT_RESOLVE) {
            plan_resolved(p, a.domain, &answer, now);
        } else if (a.act == ACT_LEASE) {
            struct delivery *d = mem_array(1, sizeof *d);
            d->job_key = 1;
            d->rid = d->attempt = 1;
            d->added = now.wall;
            d->email = mem_str("u@d.example");
            plan_leased(p, 1, 0, d, 1, now.wall.ms, 1, WHEN_NEVER, now);
        }
    }
}

static void understood(void *arg, const char *key, const char *value)
{
    static const struct now now = {{9000000}, {INT64_C(1800000009000)}};
    MUST(value && plan_remember(arg, key, value, now));
}

static void recall(struct plan *p, char *text, struct now now)
{
    char *end, *value;
    for (int n = 0; n < LINES_MAX && *text; n++, text = end) {
        end = text + strcspn(text, "\n");
        if (*end)
            *end++ = 0;
        value = strchr(text, '=');
        if (!value)
            continue;
        *value++ = 0;
        plan_remember(p, text, value, now);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static char suffix[] = ".p.example", *suffixes[] = {suffix};
    struct profile f = {
        .name = (char *)"p", .mx_suffix = suffixes, .mx_suffixes = 1, .limits = limits()};
    struct source source = {.name = (char *)"s", .cap = {.connection_limit = 3}};
    struct client client = {.name = (char *)"c", .sources = UINT64_MAX};
    struct shaping s = {.profiles = {.item = &f, .count = 1, .fallback = f.limits},
                        .source = &source,
                        .sources = 1,
                        .client = &client,
                        .clients = 1};
    struct now now = {{1000000}, {INT64_C(1800000000000)}};
    struct plan *p = plan_of(&s), *next = plan_of(&s);
    char *text = mem_strn((const char *)data, n);
    recall(p, text, now);
    plan_job_open(
        p, &(struct plan_job){.key = 1, .expires_ms = 3600000, .is_standing = true, .client = "c"});
    plan_job_loaded(p, 1);
    for (int hour = 0; hour < 30; hour++) {
        plan_job_add(p, 1, 0, "d.example", 1, now.wall.ms);
        use(p, now);
        now.mono.ms += 3600000;
        now.wall.ms += 3600000;
    }
    plan_each_memory(p, true, false, 10000, now, understood, next);
    plan_free(next);
    plan_free(p);
    free(text);
    return 0;
}
