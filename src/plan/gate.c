/* gate.c: caps that several providers share: of a source, a client, a job, a named limit.
 *
 * A provider that is held up by its rate looks again by itself, one after the other, LOOK_APART_MS
 * apart. (A queue of waiting providers per gate was the alternative: whoever comes up may have
 * nothing ready any more, and then nobody looks.) Because grants are booked up to RATE_HORIZON_US
 * ahead, nothing is lost as long as one of them looks in that time. */
#include <stdlib.h>
#include "parts.h"

#define TURN_MS 200
#define LOOK_APART_MS (RATE_HORIZON_US / 1000 * 2 / 3)

void gate_init(struct gate *g, const char *kind, const char *name, const struct cap *cap)
{
    *g = (struct gate){.name = mem_printf("%s %s", kind, name),
                       .at = cap->at,
                       .connection_limit = cap->connection_limit};
    throttle_init(&g->messages, &cap->max_message_rate);
    throttle_init(&g->dials, &cap->max_connection_rate);
}

void gate_change(struct gate *g, const struct cap *cap)
{
    g->at = cap->at;
    g->connection_limit = cap->connection_limit;
    throttle_change(&g->messages, &cap->max_message_rate);
    throttle_change(&g->dials, &cap->max_connection_rate);
}

void gate_done(struct gate *g)
{
    throttle_done(&g->messages);
    throttle_done(&g->dials);
    free(g->place);
    free(g->name);
    g->name = NULL;
}

bool gate_has_place(const struct gate *g)
{
    return g->connection_limit == 0 || g->connections < (uint64_t)g->connection_limit;
}

static struct place *place_of(struct gate *g, struct provider *v, bool make)
{
    for (size_t i = 0; i < g->places; i++)
        if (g->place[i].v == v)
            return &g->place[i];
    if (!make)
        return NULL;
    if ((g->places & (g->places + 1)) == 0) /* full at 0, 1, 3, 7, ... */
        g->place = mem_grow(g->place, 2 * g->places + 1, sizeof *g->place);
    g->place[g->places] = (struct place){.v = v};
    return &g->place[g->places++];
}

static void drop_if_unused(struct gate *g, struct place *l)
{
    if (l->held == 0 && !l->waits)
        *l = g->place[--g->places];
}

void gate_wait(struct plan *p, struct gate *g, struct provider *v, struct now now)
{
    g->wanted_until_ms = now.mono.ms + GATE_WAIT_MS;
    plan_look_at(p, v, now.mono.ms + GATE_WAIT_MS);
    place_of(g, v, true)->waits = true;
}

/* Who holds least of those that wait comes first, and has the place kept for a moment: else the
 * provider whose connection ended would always take it again. */
static void give_turn(struct plan *p, struct gate *g)
{
    struct place *least = NULL;
    for (size_t i = 0; i < g->places; i++)
        if (g->place[i].waits && (!least || g->place[i].held < least->held))
            least = &g->place[i];
    if (!least)
        return;
    g->turn = least->v;
    g->turn_until_ms = p->seen.mono.ms + TURN_MS;
    plan_touch(p, least->v);
    least->waits = false;
    drop_if_unused(g, least);
}

void gate_leave(struct plan *p, struct gate *g, struct provider *v)
{
    struct place *l = place_of(g, v, false);
    MUST(g->connections > 0);
    g->connections--;
    if (l && l->held > 0) {
        l->held--;
        drop_if_unused(g, l);
    }
    give_turn(p, g);
}

void gate_enter(struct gate *g, struct provider *v)
{
    g->connections++;
    if (g->turn == v)
        g->turn = NULL;
    if (g->connection_limit)
        place_of(g, v, true)->held++;
}

bool gate_has_place_for(const struct plan *p, const struct gate *g, const struct provider *v)
{
    bool is_kept = g->turn && g->turn != v && p->seen.mono.ms < g->turn_until_ms;
    return g->connection_limit == 0 ||
           g->connections + (is_kept ? 1 : 0) < (uint64_t)g->connection_limit;
}

bool gate_is_wanted(const struct gate *g, const struct provider *but, struct now now)
{
    if (g->wanted_until_ms <= now.mono.ms)
        return false;
    for (size_t i = 0; i < g->places; i++)
        if (g->place[i].waits && g->place[i].v != but)
            return true;
    return false;
}

static void forget(struct gate *g, const struct provider *v)
{
    if (g->turn == v)
        g->turn = NULL;
    for (size_t i = 0; i < g->places; i++)
        if (g->place[i].v == v)
            g->place[i--] = g->place[--g->places];
}

/* It goes: nobody shall look at it. */
void gates_forget(struct plan *p, const struct provider *v)
{
    const struct map_entry *e;
    for (size_t i = 0; (e = map_next(&p->gates, &i));)
        forget(e->value, v);
    for (size_t i = 0; (e = map_next(&p->clients, &i));)
        forget(&((struct client_state *)e->value)->party.gate, v);
    for (unsigned i = 0; i < p->sources; i++)
        forget(&p->source[i]->party.gate, v);
    for (unsigned i = 0; i < p->gones; i++)
        forget(&p->gone[i]->party.gate, v);
    for (struct job *j = p->jobs; j; j = j->next)
        if (j->gate)
            forget(j->gate, v);
}

int64_t gate_retry_ms(struct gate *g, struct provider *v, int64_t at_ms, struct now now)
{
    struct look *look = &v->look[((uintptr_t)g >> 6) % LOOKS];
    if (look->at == g && look->ms > now.mono.ms && look->ms >= at_ms)
        return look->ms; /* it has its turn */
    if (at_ms < g->next_look_ms)
        at_ms = g->next_look_ms;
    if (at_ms <= now.mono.ms)
        at_ms = now.mono.ms + 1;
    g->next_look_ms = at_ms + LOOK_APART_MS;
    *look = (struct look){g, at_ms};
    return at_ms;
}

unsigned job_gates(const struct job *j, struct gate *out[2])
{
    unsigned n = 0;
    if (j->gate)
        out[n++] = j->gate;
    if (j->client)
        out[n++] = &j->client->party.gate;
    return n;
}

static bool bounds(const struct gate *g)
{
    return g->connection_limit || g->messages.count || g->dials.count;
}

bool job_is_capped(const struct job *j)
{
    return (j->gate && bounds(j->gate)) || (j->client && bounds(&j->client->party.gate));
}

/* ---- named limits ---- */

void gates_change(struct plan *p)
{
    for (size_t i = 0; i < p->shaping->limits; i++) {
        const struct named_limit *l = &p->shaping->limit[i];
        struct gate *g = map_get(&p->gates, str_of(l->name));
        if (g) {
            gate_change(g, &l->cap);
            continue;
        }
        g = mem_array(1, sizeof *g);
        gate_init(g, "limit", l->name, &l->cap);
        memory_load_gate(p, g);
        map_set(&p->gates, str_of(l->name), g);
    }
}

void gates_done(struct plan *p)
{
    const struct map_entry *e;
    for (size_t i = 0; (e = map_next(&p->gates, &i));) {
        gate_done(e->value);
        free(e->value);
    }
    map_done(&p->gates);
}

void provider_gates(struct plan *p, struct provider *v)
{
    free(v->gate);
    v->gate = mem_array(v->limits->additionals + 1, sizeof *v->gate);
    v->gates = 0;
    for (unsigned i = 0; i < v->limits->additionals; i++) {
        uint32_t number = v->limits->additional[i];
        if (number < p->shaping->limits)
            v->gate[v->gates++] = map_get(&p->gates, str_of(p->shaping->limit[number].name));
    }
}
