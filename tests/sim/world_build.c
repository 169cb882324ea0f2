/* world_build.c: what a world is made of, and the copy of its configuration that the planner gets. */
#include "world.h"

void world_init(struct world *w, uint64_t seed)
{
    memset(w, 0, sizeof *w);
    w->seed = seed;
    w->rng = rng_seed(seed);
    w->now.mono.ms = 5000;
    w->now.wall.ms = INT64_C(1800000000000);
    w->keeper_ms = 5;
    w->save_ms = 2 * SECOND;
    w->reserve_ms = 10 * SECOND;
    w->options = (struct plan_options){
        .max_connections = 100, .max_asking = 50, .max_leased = 2000, .seed = seed};
    w->shaping.profiles.fallback = world_limits();
}

struct limits world_limits(void)
{
    return (struct limits){.connection_limit = 10,
                           .max_deliveries_per_connection = 100,
                           .retry_interval_ms = 5 * MINUTE,
                           .max_retry_interval_ms = 30 * MINUTE,
                           .consecutive_connection_failures_before_delay = 100,
                           .idle_ms = 10 * SECOND,
                           .smtp_port = 25,
                           .remember_broken_tls_ms = 72 * HOUR,
                           .drain_ms = 30 * SECOND,
                           .enable_tls = TLS_OPPORTUNISTIC};
}

unsigned world_provider(struct world *w, const struct limits *l, const struct behaviour *b)
{
    unsigned i = w->providers++;
    struct w_provider *v = &w->provider[i];
    MUST(i < W_PROVIDERS);
    v->is = *b;
    if (!v->is.dial_ms)
        v->is.dial_ms = 40;
    if (!v->is.message_ms)
        v->is.message_ms = 20;
    v->limits = l ? *l : w->shaping.profiles.fallback;
    v->hosts = W_HOSTS + 1;
    for (unsigned h = 0; h < v->hosts; h++) {
        snprintf(v->host[h].name, sizeof v->host[h].name, "mx%u.p%u.example", h, i);
        v->host[h].preference = h < W_HOSTS ? 10 : 20;
        v->host[h].addresses = 1;
        v->host[h].address[0] = (struct mx_address){AF_INET, {10, 0, (uint8_t)i, (uint8_t)h}};
    }
    snprintf(v->suffix, sizeof v->suffix, ".p%u.example", i);
    v->has_profile = l != NULL;
    snprintf(v->name, sizeof v->name, "p%u", i);
    meter_init(&v->messages, &v->limits.max_message_rate);
    meter_init(&v->dials, &v->limits.max_connection_rate);
    for (unsigned s = 0; s < W_SOURCES; s++) {
        meter_init(&v->pair[s], &v->limits.per_source_max_message_rate);
        v->pair[s].is_shared = true;
    }
    return i;
}

unsigned world_domain(struct world *w, unsigned provider)
{
    unsigned i = w->domains++;
    MUST(i < W_DOMAINS);
    struct w_domain *d = &w->domain[i];
    *d = (struct w_domain){.provider = provider, .ttl_sec = 300, .dns_ms = 20};
    snprintf(d->name, sizeof d->name, "d%u.example", i);
    return i;
}

unsigned world_job(struct world *w, enum priority prio)
{
    unsigned i = w->jobs++;
    MUST(i < W_JOBS);
    w->job[i].info = (struct plan_job){
        .key = i + 1, .priority = prio, .in_doubt = DOUBT_HOLD, .expires_ms = HOUR};
    snprintf(w->job[i].id, sizeof w->job[i].id, "j%u", i);
    return i;
}

static void cap_init(struct w_cap *c, const struct cap *cap)
{
    c->cap = *cap;
    meter_init(&c->messages, &cap->max_message_rate);
    c->messages.is_shared = true;
    meter_init(&c->dials, &cap->max_connection_rate);
}

static void cap_done(struct w_cap *c)
{
    meter_done(&c->messages);
    meter_done(&c->dials);
}

unsigned world_source(struct world *w, const struct cap *cap, const struct warmup *warm)
{
    unsigned i = (unsigned)w->shaping.sources++;
    MUST(i < W_SOURCES);
    w->source[i] = (struct source){.name = mem_printf("s%u", i), .cap = *cap};
    if (warm)
        w->source[i].warmup = *warm;
    cap_init(&w->of_source[i], cap);
    return i;
}

unsigned world_client(struct world *w, const struct cap *cap, uint64_t sources)
{
    unsigned i = (unsigned)w->shaping.clients++;
    MUST(i < W_CLIENTS);
    w->client[i] = (struct client){.name = mem_printf("c%u", i), .cap = *cap, .sources = sources};
    cap_init(&w->of_client[i], cap);
    return i;
}

unsigned world_limit(struct world *w, const struct cap *cap)
{
    unsigned i = (unsigned)w->shaping.limits++;
    MUST(i < W_LIMITS);
    w->limit[i] = (struct named_limit){.name = mem_printf("l%u", i), .cap = *cap};
    cap_init(&w->of_limit[i], cap);
    return i;
}

void world_cap(struct world *w, unsigned job, const struct cap *cap)
{
    cap_init(&w->job[job].cap, cap);
}

void world_close(struct world *w, struct spans *s, int64_t from_ms, int64_t until_ms)
{
    int64_t offset = w->now.wall.ms - w->now.mono.ms - w->skew_ms;
    uint32_t why = spans_reason(s, "a window", (struct origin){"world.conf", 1}, false);
    spans_add(s, from_ms + offset, until_ms == WHEN_NEVER ? WHEN_NEVER : until_ms + offset, why);
}

static void done_caps(struct world *w)
{
    for (unsigned i = 0; i < w->shaping.sources; i++) {
        free(w->source[i].name);
        cap_done(&w->of_source[i]);
    }
    for (unsigned i = 0; i < w->shaping.clients; i++) {
        free(w->client[i].name);
        cap_done(&w->of_client[i]);
        spans_done(&w->client_closed[i]);
    }
    for (unsigned i = 0; i < w->shaping.limits; i++) {
        free(w->limit[i].name);
        cap_done(&w->of_limit[i]);
    }
    for (unsigned i = 0; i < w->jobs; i++) {
        cap_done(&w->job[i].cap);
        spans_done(&w->job[i].closed);
    }
    for (unsigned i = 0; i < w->providers; i++) {
        meter_done(&w->provider[i].messages);
        meter_done(&w->provider[i].dials);
        for (unsigned s = 0; s < W_SOURCES; s++)
            meter_done(&w->provider[i].pair[s]);
        spans_done(&w->provider[i].closed);
    }
    for (size_t i = 0; i < w->notes; i++) {
        free(w->note[i].key);
        free(w->note[i].value);
    }
    free(w->note);
    for (size_t i = 0; i < w->shaping.rules.count; i++)
        automation_rule_done(&w->rule[i]);
}

struct automation_rule *world_rule(struct world *w, const char *match,
                                   enum automation_action action, unsigned trigger,
                                   int64_t duration_ms)
{
    struct err e = {0};
    size_t i = w->shaping.rules.count++;
    MUST(i < W_RULES);
    struct automation_rule *r = &w->rule[i];
    r->name = mem_printf("r%zu", i);
    r->match = mem_str(match);
    r->trigger = (struct rate_spec){trigger, MINUTE * 1000, 0};
    r->action = action;
    r->duration_ms = duration_ms;
    r->at = (struct origin){"rules.conf", (unsigned)i + 1};
    MUST(automation_compile(r, &e));
    return r;
}

/* ---- the planner's copy ---- */

/* Its own, so that nothing of a former one is looked at after a reload. */
struct w_config {
    struct shaping shaping;
    struct profile profile[W_PROVIDERS];
    char *suffix[W_PROVIDERS];
    struct source source[W_SOURCES];
    struct client client[W_CLIENTS];
    struct named_limit limit[W_LIMITS];
};

static struct w_config *config_new(struct world *w)
{
    struct w_config *c = mem_array(1, sizeof *c);
    size_t n = 0;
    c->shaping = w->shaping;
    c->shaping.rules.item = w->rule;
    c->shaping.profiles.item = c->profile;
    for (unsigned i = 0; i < w->providers; i++) {
        struct w_provider *v = &w->provider[i];
        if (!v->has_profile)
            continue;
        c->suffix[n] = mem_str(v->suffix);
        c->profile[n] = (struct profile){.name = mem_str(v->name),
                                         .mx_suffix = &c->suffix[n],
                                         .mx_suffixes = 1,
                                         .limits = v->limits};
        n++;
    }
    c->shaping.profiles.count = n;
    memcpy(c->source, w->source, sizeof c->source);
    memcpy(c->client, w->client, sizeof c->client);
    memcpy(c->limit, w->limit, sizeof c->limit);
    for (unsigned i = 0; i < w->shaping.sources; i++)
        c->source[i].name = mem_str(c->source[i].name);
    for (unsigned i = 0; i < w->shaping.clients; i++)
        c->client[i].name = mem_str(c->client[i].name);
    for (unsigned i = 0; i < w->shaping.limits; i++)
        c->limit[i].name = mem_str(c->limit[i].name);
    c->shaping.source = c->source;
    c->shaping.client = c->client;
    c->shaping.limit = c->limit;
    return c;
}

static void config_free(struct w_config *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->shaping.profiles.count; i++) {
        free(c->profile[i].name);
        free(c->suffix[i]);
    }
    for (size_t i = 0; i < c->shaping.sources; i++)
        free(c->source[i].name);
    for (size_t i = 0; i < c->shaping.clients; i++)
        free(c->client[i].name);
    for (size_t i = 0; i < c->shaping.limits; i++)
        free(c->limit[i].name);
    free(c);
}

void world_change(struct world *w, unsigned provider, const struct limits *l)
{
    struct w_provider *v = &w->provider[provider];
    MUST(v->has_profile);
    v->limits = *l;
    meter_change(&v->messages, &l->max_message_rate);
    meter_change(&v->dials, &l->max_connection_rate);
    for (unsigned s = 0; s < W_SOURCES; s++)
        meter_change(&v->pair[s], &l->per_source_max_message_rate);
}

void world_reload(struct world *w)
{
    struct w_config *old = w->config;
    w->config = config_new(w);
    plan_reconfigure(w->plan, &w->config->shaping, w->now);
    config_free(old);
}

/* Whoever sleeps for the planner looks at the clock each second. */
static void look_at_the_clock(struct world *w, unsigned unused)
{
    (void)w;
    (void)unused;
}

void world_jump(struct world *w, int64_t by_ms)
{
    w->now.wall.ms += by_ms;
    w->skew_ms += by_ms;
    w->clock_jumped = w->has_jumped = true;
    w->jumped_ms = w->now.mono.ms;
    world_at(w, w->now.mono.ms + SECOND, look_at_the_clock, 0);
}
