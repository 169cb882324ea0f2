/* setup.c: the configuration of now, and how another takes its place. */
#include "setup.h"

#include <stdlib.h>

/* All that is wrong with both kinds. NULL: something is. */
static struct keys *load_keys(const struct settings *s, struct problems *p)
{
    size_t before = p->errors;
    struct dkim_ring *dkim = dkim_ring_load(s->dkim, s->dkims, p);
    struct token_ring *tokens = s->token_key_file ? token_ring_load(s->token_key_file, p) : NULL;
    if (p->errors == before)
        return keys_new(dkim, tokens);
    dkim_ring_release(dkim);
    token_ring_release(tokens);
    return NULL;
}

void engine_check_keys(const struct settings *s, struct problems *p)
{
    keys_release(load_keys(s, p));
}

struct setup *setup_new(const struct settings *s, bool is_owned, struct problems *p)
{
    struct setup *to = mem_array(1, sizeof *to);
    bool ok = sources_parse(&s->shaping, &to->sources, p);
    to->keys = load_keys(s, p);
    if (!ok || !to->keys) {
        keys_release(to->keys);
        free(to);
        return NULL;
    }
    to->settings = s;
    to->is_owned = is_owned;
    to->holders = 1;
    return to;
}

void setup_free(struct setup *s)
{
    if (!s)
        return;
    if (s->is_owned)
        settings_free((struct settings *)s->settings);
    keys_release(s->keys);
    free(s);
}

const struct settings *setup_settings(const struct setup *s)
{
    return s->settings;
}

const struct keys *setup_keys(const struct setup *s)
{
    return s->keys;
}

const struct shaping *engine_shaping(struct engine *e)
{
    return &atomic_load(&e->setup)->settings->shaping;
}

struct setup *engine_hold(struct engine *e)
{
    pthread_mutex_lock(&e->setup_lock);
    struct setup *s = atomic_load(&e->setup);
    s->holders++;
    pthread_mutex_unlock(&e->setup_lock);
    return s;
}

void engine_let_go(struct engine *e, struct setup *s)
{
    pthread_mutex_lock(&e->setup_lock);
    bool is_last = --s->holders == 0;
    pthread_mutex_unlock(&e->setup_lock);
    if (is_last)
        setup_free(s);
}

/* ---- the change ---- */

struct change {
    struct setup *to;
    void (*change)(struct engine *, const struct setup *to, void *arg);
    void *arg;
};

static void change_now(struct engine *e, void *arg)
{
    struct change *c = arg;
    c->change(e, c->to, c->arg);
    pthread_mutex_lock(&e->setup_lock);
    atomic_store(&e->setup, c->to);
    pthread_mutex_unlock(&e->setup_lock);
}

static void look_up(struct engine *e, void *arg)
{
    (void)e, (void)arg; /* who answers has nothing of the former letter in hand */
}

void setup_change(struct engine *e, struct setup *to,
                  void (*change)(struct engine *, const struct setup *to, void *arg), void *arg)
{
    struct setup *former = atomic_load(&e->setup);
    struct change c = {to, change, arg};
    engine_call(e, &e->brain_box, change_now, &c);
    engine_call(e, &e->keeper_box, look_up, NULL);
    engine_let_go(e, former);
}
