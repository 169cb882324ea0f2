/* setup.h: one configuration with what is made of it; a reload replaces it as a whole. Private to
 * the room.
 *
 * The brain and the keeper look at engine_shaping() while they handle one letter. Others hold it:
 *
 *     struct setup *s = engine_hold(e);
 *     ... setup_settings(s)->shaping ...
 *     engine_let_go(e, s);
 */
#ifndef SLUICE_ENGINE_SETUP_H
#define SLUICE_ENGINE_SETUP_H

#include "engine.h"
#include "sources.h"

struct setup {
    const struct settings *settings;
    bool is_owned; /* the first one belongs to who started the engine */
    struct sources sources;
    struct keys *keys;
    unsigned holders; /* under setup_lock; the engine itself is one */
};

/* Reads the key files, too. NULL with problems when one of them, or an address, is none. Takes the settings only
 * when `is_owned` and all is well. */
struct setup *setup_new(const struct settings *s, bool is_owned, struct problems *p);
void setup_free(struct setup *s); /* NULL is fine */
/* The new one counts from here on; the former is let go of when neither brain nor keeper can look at
 * it any more. change() runs on the brain's thread at the moment of the change. */
void setup_change(struct engine *e, struct setup *to,
                  void (*change)(struct engine *, const struct setup *to, void *arg), void *arg);

#endif
