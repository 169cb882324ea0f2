/* suspensions.c: who suspended what: kept as notes of their own, which are given to the planner at
 * each start, whatever it remembers by itself. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "live_parts.h"
#include "warden.h"

static void suspension_free(struct suspension *s)
{
    free(s->name);
    free(s->by);
    free(s->reason);
    free(s);
}

void suspensions_free(struct warden *w)
{
    for (struct suspension *s = w->suspensions, *next; s; s = next) {
        next = s->next;
        suspension_free(s);
    }
    w->suspensions = NULL;
}

static bool is_over(const struct suspension *s, struct wall now)
{
    return s->until.ms && s->until.ms <= now.ms;
}

/* ---- notes ---- */

static char *note_key(enum plan_party party, const char *name)
{
    return mem_printf(SUSPENSION_NOTE "%s:%s", plan_party_name(party), name);
}

static char *note_value(const struct suspension *s)
{
    json_t *o = json_pack("{s:I,s:I,s:s,s:s}", "at", (json_int_t)s->at.ms, "until",
                          (json_int_t)s->until.ms, "by", s->by, "reason", s->reason);
    char *text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    MUST(text); /* both texts were checked to be UTF-8 */
    return text;
}

static bool party_of(const char *key, enum plan_party *party, const char **name)
{
    for (int i = PARTY_PROVIDER; i <= PARTY_CLIENT; i++) {
        const char *word = plan_party_name((enum plan_party)i);
        size_t n = strlen(word);
        if (strncmp(key, word, n) != 0 || key[n] != ':' || !key[n + 1])
            continue;
        *party = (enum plan_party)i;
        *name = key + n + 1;
        return true;
    }
    return false;
}

static void put(struct warden *w, struct suspension *s)
{
    struct suspension **at = &w->suspensions;
    while (*at)
        at = &(*at)->next;
    *at = s;
}

bool suspension_read(struct warden *w, const char *key, const char *value)
{
    enum plan_party party;
    const char *name, *by, *reason;
    json_int_t at, until;
    json_t *o = json_loads(value, 0, NULL);
    bool ok = party_of(key + strlen(SUSPENSION_NOTE), &party, &name) &&
              json_unpack(o, "{s:I,s:I,s:s,s:s}", "at", &at, "until", &until, "by", &by, "reason",
                          &reason) == 0;
    if (ok) {
        struct suspension *s = mem_array(1, sizeof *s);
        *s = (struct suspension){.party = party,
                                 .name = mem_str(name),
                                 .by = mem_str(by),
                                 .reason = mem_str(reason),
                                 .at = {at},
                                 .until = {until}};
        put(w, s);
    }
    json_decref(o);
    return ok;
}

/* ---- to the planner ---- */

static void tell_plan(struct engine *e, const struct suspension *s)
{
    char text[400];
    snprintf(text, sizeof text, "%s%s%s", s->by, s->reason[0] ? ": " : "", s->reason);
    plan_suspend(e->plan, s->party, s->name, s->until, text, clock_now());
}

static struct suspension *take(struct warden *w, enum plan_party party, const char *name)
{
    for (struct suspension **at = &w->suspensions; *at; at = &(*at)->next) {
        struct suspension *s = *at;
        if (s->party != party || strcmp(s->name, name) != 0)
            continue;
        *at = s->next;
        return s;
    }
    return NULL;
}

/* Those whose time is over leave a note behind until they are met here. */
void suspensions_give(struct warden *w)
{
    struct wall now = clock_wall();
    for (struct suspension **at = &w->suspensions, *s; (s = *at);) {
        if (!is_over(s, now)) {
            tell_plan(w->e, s);
            at = &s->next;
            continue;
        }
        char *key = note_key(s->party, s->name);
        notes_put(w, key, NULL);
        free(key);
        *at = s->next;
        suspension_free(s);
    }
}

/* ---- levers ---- */

static void suspend_now(struct engine *e, void *arg)
{
    tell_plan(e, arg);
}

bool live_suspend(struct engine *e, const struct suspend_order *o, struct err *err)
{
    struct warden *w = e->warden;
    struct suspension *s = mem_array(1, sizeof *s);
    *s = (struct suspension){.party = o->party,
                             .name = mem_str(o->name),
                             .by = mem_str(o->by),
                             .reason = mem_str(o->reason ? o->reason : ""),
                             .at = clock_wall(),
                             .until = o->until};
    char *key = note_key(s->party, s->name);
    pthread_mutex_lock(&e->reload_lock); /* levers one after the other */
    notes_put(w, key, note_value(s));
    engine_call(e, &e->brain_box, suspend_now, s);
    pthread_mutex_lock(&w->lock);
    struct suspension *former = take(w, s->party, s->name);
    put(w, s);
    pthread_mutex_unlock(&w->lock);
    bool ok = notes_write(w, err);
    pthread_mutex_unlock(&e->reload_lock);
    if (former)
        suspension_free(former);
    free(key);
    log_line(LOG_AT_INFO, "lever", "suspend %s=\"%s\" by=\"%s\" durable=%d",
             plan_party_name(o->party), o->name, o->by, ok);
    return ok || err_set(err, "%s is suspended, but a restart now would not know it: %s", o->name,
                         err->text);
}

struct resumption {
    enum plan_party party;
    const char *name;
    bool was_held;
};

static void resume_now(struct engine *e, void *arg)
{
    struct resumption *r = arg;
    r->was_held = plan_unsuspend(e->plan, r->party, r->name, clock_now());
}

bool live_unsuspend(struct engine *e, enum plan_party party, const char *name, const char *by,
                    struct err *err)
{
    struct warden *w = e->warden;
    struct resumption r = {party, name, false};
    char *key = note_key(party, name);
    pthread_mutex_lock(&e->reload_lock);
    notes_put(w, key, NULL);
    engine_call(e, &e->brain_box, resume_now, &r);
    pthread_mutex_lock(&w->lock);
    struct suspension *former = take(w, party, name);
    pthread_mutex_unlock(&w->lock);
    bool ok = notes_write(w, err),
         was_held = r.was_held || (former && !is_over(former, clock_wall()));
    pthread_mutex_unlock(&e->reload_lock);
    if (former)
        suspension_free(former);
    free(key);
    log_line(LOG_AT_INFO, "lever", "resume %s=\"%s\" by=\"%s\" was_held=%d durable=%d",
             plan_party_name(party), name, by, was_held, ok);
    if (!was_held)
        return err_set(err, "%s '%s' is not suspended", plan_party_name(party), name);
    return ok ||
           err_set(err, "%s goes on, but a restart now would not know it: %s", name, err->text);
}

json_t *suspensions_json(struct warden *w)
{
    json_t *out = json_array();
    struct wall now = clock_wall();
    pthread_mutex_lock(&w->lock);
    for (const struct suspension *s = w->suspensions; s; s = s->next)
        if (!is_over(s, now))
            json_array_append_new(
                out, json_pack("{s:s,s:o,s:o,s:o,s:o,s:o}", "kind", plan_party_name(s->party),
                               "name", live_text(s->name), "since", live_time(s->at), "until",
                               live_time(s->until), "by", live_text(s->by), "reason",
                               s->reason[0] ? live_text(s->reason) : json_null()));
    pthread_mutex_unlock(&w->lock);
    return out;
}

bool suspensions_have(struct warden *w, enum plan_party party, const char *name)
{
    bool has = false;
    pthread_mutex_lock(&w->lock);
    for (const struct suspension *s = w->suspensions; s; s = s->next)
        has |= s->party == party && strcmp(s->name, name) == 0;
    pthread_mutex_unlock(&w->lock);
    return has;
}
