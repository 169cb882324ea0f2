/* notes.c: what the planner remembers lies in the catalog's notes. Each note is written as if all
 * that may be granted before the next one had been granted (WARDEN_RESERVE_MS), so that a crash
 * never lets a limit be exceeded. */
#include <stdlib.h>
#include <string.h>
#include "warden.h"

#define PLAN_NOTE "plan:"

/* ---- what waits to be written: a value, or NOTHING to remove the note ---- */

static char NOTHING[1];

static void forget(char *value)
{
    if (value != NOTHING)
        free(value);
}

static void put_pending(struct warden *w, const char *key, char *value)
{
    char *former = map_set(&w->pending, str_of(key), value ? value : NOTHING);
    if (former)
        forget(former);
}

void notes_put(struct warden *w, const char *key, char *value)
{
    pthread_mutex_lock(&w->memory_lock);
    put_pending(w, key, value);
    pthread_mutex_unlock(&w->memory_lock);
}

static void take_memory(void *arg, const char *key, const char *value)
{
    char *note = mem_printf(PLAN_NOTE "%s", key);
    put_pending(arg, note, mem_str(value));
    free(note);
}

static void clear_pending(struct warden *w)
{
    const struct map_entry *m;
    for (size_t i = 0; (m = map_next(&w->pending, &i));)
        forget(m->value);
    map_done(&w->pending);
    map_init(&w->pending);
}

/* ---- writing ---- */

static void ask_plan(struct engine *e, void *arg)
{
    struct warden *w = arg;
    plan_each_memory(e->plan, w->is_all_due, false, WARDEN_RESERVE_MS, clock_now(), take_memory, w);
    w->is_all_due = false;
}

static bool put_notes(struct warden *w, struct err *err)
{
    struct spool_note *note = mem_array(w->pending.count + 1, sizeof *note);
    const struct map_entry *m;
    size_t n = 0;
    for (size_t i = 0; (m = map_next(&w->pending, &i)); n++)
        note[n] = (struct spool_note){m->key, m->value == NOTHING ? NULL : m->value};
    bool ok = n == 0 || spool_put_notes(w->spool, note, n, err);
    free(note);
    if (ok)
        clear_pending(w);
    return ok;
}

/* Said once; and once more when the last note is so old that a crash could let limits be exceeded. */
static void note_refusal(struct warden *w, const struct err *err)
{
    if (!w->is_refused)
        log_line(LOG_AT_ERROR, "memory",
                 "what limits have granted cannot be written down, trying again: %s", err->text);
    w->is_refused = true;
    if (w->is_said_late || clock_mono().ms - w->written_at.ms <= WARDEN_RESERVE_MS / 2)
        return;
    log_line(LOG_AT_ERROR, "memory",
             "nothing was written down for %lld s: after a crash now, limits may be exceeded by "
             "what was granted since",
             (long long)(clock_mono().ms - w->written_at.ms) / 1000);
    w->is_said_late = true;
}

static bool write_pending(struct warden *w, struct err *err)
{
    if (!put_notes(w, err)) {
        note_refusal(w, err);
        return false;
    }
    if (w->is_refused)
        log_line(LOG_AT_INFO, "memory", "what limits have granted is written down again");
    w->is_refused = w->is_said_late = false;
    w->written_at = clock_mono();
    return true;
}

/* Before anything is granted: what an orderly stop wrote is exact, and says nothing of what this life
 * will have granted when it dies in its first seconds. */
void notes_begin(struct warden *w)
{
    struct err err;
    ask_plan(w->e, w);
    write_pending(w, &err);
}

bool notes_write(struct warden *w, struct err *err)
{
    pthread_mutex_lock(&w->memory_lock);
    engine_call(w->e, &w->e->brain_box, ask_plan, w);
    bool ok = write_pending(w, err);
    pthread_mutex_unlock(&w->memory_lock);
    return ok;
}

void notes_save(struct warden *w)
{
    struct err err;
    struct now now = clock_now();
    plan_each_memory(w->e->plan, false, false, 0, now, take_memory,
                     w); /* what is to be forgotten */
    plan_each_memory(w->e->plan, true, true, 0, now, take_memory, w);
    write_pending(w, &err);
}

void notes_done(struct warden *w)
{
    clear_pending(w);
    map_done(&w->pending);
}

/* ---- reading ---- */

static bool read_note(void *arg, const char *key, const char *value)
{
    struct warden *w = arg;
    size_t n = strlen(PLAN_NOTE);
    bool is_known = strncmp(key, PLAN_NOTE, n) == 0
                        ? plan_remember(w->e->plan, key + n, value, clock_now())
                        : strncmp(key, SUSPENSION_NOTE, strlen(SUSPENSION_NOTE)) != 0 ||
                              suspension_read(w, key, value);
    if (!is_known)
        put_pending(w, key, NULL); /* of another version: nobody will ask for it again */
    return true;
}

bool notes_read(struct warden *w, struct err *err)
{
    return spool_each_note(w->spool, read_note, w, err);
}

/* ---- for others ---- */

struct listener {
    struct warden *w;
    void (*each)(void *arg, const char *key, const char *value);
    void *arg;
};

static void pass_on(void *arg, const char *key, const char *value)
{
    struct listener *l = arg;
    if (value)
        l->each(l->arg, key, value);
    else
        take_memory(l->w, key, value);
}

static void tell_exactly(struct engine *e, void *arg)
{
    struct listener *l = arg;
    plan_each_memory(e->plan, true, true, 0, clock_now(), pass_on, l);
}

void engine_each_memory(struct engine *e,
                        void (*each)(void *arg, const char *key, const char *value), void *arg)
{
    struct listener l = {e->warden, each, arg};
    pthread_mutex_lock(&e->warden->memory_lock);
    e->warden->is_all_due = true; /* the planner believes that the notes say what it just said */
    engine_call(e, &e->brain_box, tell_exactly, &l);
    pthread_mutex_unlock(&e->warden->memory_lock);
}
