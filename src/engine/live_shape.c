/* live_shape.c: providers as the planner sees them, and who is meant by a name. */
#include <stdlib.h>
#include <string.h>
#include "answers_parts.h"
#include "live_parts.h"
#include "setup.h"
#include "warden.h"

/* ---- who is meant ---- */

struct find {
    enum plan_party party;
    const char *name;
    char *out; /* LIVE_NAME bytes; "" until found */
    struct nearest near;
};

static void found(struct find *f, const char *name)
{
    str_copy(f->out, LIVE_NAME, str_of(name));
}

static void offer_provider(void *arg, const char *name, uint32_t connections, uint64_t ready)
{
    (void)connections, (void)ready;
    nearest_offer(&((struct find *)arg)->near, name);
}

static void find_provider(struct engine *e, void *arg)
{
    struct find *f = arg;
    const struct profiles *profiles = &engine_shaping(e)->profiles;
    struct plan_provider_view *view = mem_new(sizeof *view);
    char domain[LIVE_NAME];
    str_copy(domain, sizeof domain, str_of(f->name));
    str_lower(domain, strlen(domain));
    const char *by_route = plan_provider_of_domain(e->plan, domain);
    const struct profile *by_domain = profiles_match(profiles, domain, NULL, 0);
    if (plan_provider_view(e->plan, domain, clock_now(), view))
        found(f, domain);
    else if (by_route)
        found(f, by_route);
    else if (by_domain)
        found(f, by_domain->name);
    free(view);
    if (f->out[0])
        return;
    plan_each_provider(e->plan, offer_provider, f);
    for (size_t i = 0; i < profiles->count; i++)
        nearest_offer(&f->near, profiles->item[i].name);
}

static void find_source(struct find *f, const struct shaping *s)
{
    for (size_t i = 0; i < s->sources && !f->out[0]; i++) {
        const struct source *source = &s->source[i];
        nearest_offer(&f->near, source->name);
        if (strcmp(source->name, f->name) == 0 ||
            (source->address && strcmp(source->address, f->name) == 0))
            found(f, source->name);
    }
}

/* On the keeper's thread: who has a job open. */
static void find_client(struct engine *e, void *arg)
{
    struct find *f = arg;
    const struct shaping *s = engine_shaping(e);
    for (size_t i = 0; i < s->clients; i++) {
        nearest_offer(&f->near, s->client[i].name);
        if (strcmp(s->client[i].name, f->name) == 0)
            found(f, f->name);
    }
    for (const struct keeper_job *j = e->jobs; j; j = j->next) {
        nearest_offer(&f->near, j->row.client);
        if (strcmp(j->row.client, f->name) == 0)
            found(f, f->name);
    }
}

bool live_find(struct engine *e, enum plan_party party, const char *name, char out[LIVE_NAME],
               struct err *err)
{
    struct find f = {.party = party, .name = name, .out = out};
    char hint[120];
    out[0] = 0;
    nearest_start(&f.near, name);
    if (party == PARTY_PROVIDER) {
        engine_call(e, &e->brain_box, find_provider, &f);
    } else if (party == PARTY_CLIENT) {
        engine_call(e, &e->keeper_box, find_client, &f);
    } else {
        struct setup *s = engine_hold(e);
        find_source(&f, &setup_settings(s)->shaping);
        engine_let_go(e, s);
    }
    if (!out[0] && suspensions_have(e->warden, party, name)) /* suspended, and gone since */
        str_copy(out, LIVE_NAME, str_of(name));
    return out[0] || err_set(err, "no %s '%.100s'%s", plan_party_name(party), name,
                             nearest_hint(&f.near, hint));
}

/* ---- the state of one ---- */

static json_t *holds_json(const struct plan_provider_view *v)
{
    json_t *out = json_array();
    for (unsigned i = 0; i < v->holds; i++) {
        json_t *o = json_pack("{s:o,s:o}", "text", live_text(v->hold[i].text), "until",
                              live_time(v->hold[i].until));
        live_put_origin(o, v->hold[i].at);
        json_array_append_new(out, o);
    }
    return out;
}

static json_t *state_json(const struct plan_provider_view *v)
{
    return json_pack("{s:I,s:I,s:I,s:I,s:b,s:o}", "connections", (json_int_t)v->connections,
                     "connections_now_at_most", (json_int_t)v->connections_now_at_most, "ready",
                     (json_int_t)v->ready, "waiting", (json_int_t)v->waiting, "outage",
                     v->is_outage, "holds", holds_json(v));
}

/* ---- all of them ---- */

struct listing {
    struct engine *e;
    struct plan_provider_view *view;
    struct now now;
    struct map seen;
    json_t *out;
};

static void list_provider(struct listing *l, const char *name)
{
    if (map_get(&l->seen, str_of(name)) || !plan_provider_view(l->e->plan, name, l->now, l->view))
        return;
    map_set(&l->seen, str_of(name), l);
    json_t *o = state_json(l->view);
    json_object_set_new(o, "name", live_text(name));
    json_object_set_new(o, "profile", json_boolean(l->view->profile != NULL));
    json_array_append_new(l->out, o);
}

static void list_known(void *arg, const char *name, uint32_t connections, uint64_t ready)
{
    (void)connections, (void)ready;
    list_provider(arg, name);
}

static void list_providers(struct engine *e, void *arg)
{
    struct listing *l = arg;
    const struct profiles *profiles = &engine_shaping(e)->profiles;
    l->now = clock_now();
    plan_each_provider(e->plan, list_known, l);
    for (size_t i = 0; i < profiles->count; i++)
        list_provider(l, profiles->item[i].name);
}

static json_int_t weight(const json_t *o)
{
    return json_integer_value(json_object_get(o, "connections")) * 1000000 +
           json_integer_value(json_object_get(o, "ready")) +
           json_integer_value(json_object_get(o, "waiting"));
}

static int by_weight(const void *a, const void *b)
{
    const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
    if (weight(x) != weight(y))
        return weight(x) < weight(y) ? 1 : -1;
    return strcmp(json_string_value(json_object_get(x, "name")),
                  json_string_value(json_object_get(y, "name")));
}

json_t *live_providers(struct engine *e)
{
    struct listing l = {.e = e, .view = mem_new(sizeof *l.view), .out = json_array()};
    map_init(&l.seen);
    engine_call(e, &e->brain_box, list_providers, &l);
    map_done(&l.seen);
    free(l.view);
    size_t n = json_array_size(l.out);
    json_t **item = mem_array(n + 1, sizeof *item), *sorted = json_array();
    for (size_t i = 0; i < n; i++)
        item[i] = json_array_get(l.out, i);
    qsort(item, n, sizeof *item, by_weight);
    for (size_t i = 0; i < n; i++)
        json_array_append(sorted, item[i]);
    free(item);
    json_decref(l.out);
    return sorted;
}

/* ---- one in full ---- */

static json_t *value_json(const struct shaping *s, const struct limits *l, enum limit_field f)
{
    struct buf names;
    char value[RATES_TEXT + 64];
    buf_init(&names, 4000);
    limit_format(l, f, value, sizeof value);
    for (unsigned i = 0; f == LIMIT_ADDITIONAL_LIMITS && i < l->additionals; i++)
        buf_printf(&names, "%s%s", i ? ", " : "", s->limit[l->additional[i]].name);
    json_t *o = json_pack("{s:s,s:o}", "name", limit_name(f), "value",
                          live_text(names.len ? names.data : value));
    live_put_origin(o, l->origin[f]);
    buf_done(&names);
    return o;
}

static json_t *texts_json(char *const *text, size_t count)
{
    json_t *out = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(out, live_text(text[i]));
    return out;
}

static json_t *windows_json(const struct windows *w)
{
    json_t *out = json_array();
    char text[400];
    for (size_t i = 0; i < w->count; i++) {
        window_format(&w->item[i], text, sizeof text);
        json_t *o = json_pack("{s:o}", "text", live_text(text));
        live_put_origin(o, w->item[i].at);
        json_array_append_new(out, o);
    }
    return out;
}

static void put_profile(json_t *o, const struct profile *f)
{
    live_put_origin(o, (struct origin){f->file, f->line});
    json_object_set_new(o, "mx_suffix", texts_json(f->mx_suffix, f->mx_suffixes));
    json_object_set_new(o, "domains", texts_json(f->domain, f->domains));
    json_object_set_new(o, "maintenance", windows_json(&f->maintenance));
    json_object_set_new(o, "send_windows", windows_json(&f->send_windows));
}

static json_t *view_json(const struct shaping *s, const struct plan_provider_view *v,
                         const char *name)
{
    json_t *values = json_array(), *state = state_json(v);
    for (int f = 0; f < LIMIT_FIELDS; f++)
        json_array_append_new(values, value_json(s, v->limits, (enum limit_field)f));
    json_object_set_new(state, "message_ms", json_real(v->message_ms));
    json_object_set_new(state, "dial_ms", json_real(v->dial_ms));
    json_t *o = json_pack("{s:b,s:o,s:b,s:o,s:o}", "ok", 1, "name", live_text(name), "profile",
                          v->profile != NULL, "values", values, "state", state);
    static const struct profile none = {0};
    put_profile(o, v->profile ? v->profile : &none);
    return o;
}

struct one {
    const char *name;
    json_t *out;
};

static void look_at(struct engine *e, void *arg)
{
    struct one *one = arg;
    struct plan_provider_view *view = mem_new(sizeof *view);
    if (plan_provider_view(e->plan, one->name, clock_now(), view))
        one->out = view_json(engine_shaping(e), view, one->name);
    free(view);
}

json_t *live_provider(struct engine *e, const char *name)
{
    struct one one = {.name = name};
    engine_call(e, &e->brain_box, look_at, &one);
    return one.out;
}
