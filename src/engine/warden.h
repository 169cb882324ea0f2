/* warden.h: the housekeeper: calendars, what the planner remembers, suspensions, reload. Private to
 * the room.
 *
 * One thread looks every WARDEN_TICK_MS: are there calendar files that changed, is a day over, what
 * has the planner to remember. What a lever changes is written down by the lever's own thread.
 */
#ifndef SLUICE_ENGINE_WARDEN_H
#define SLUICE_ENGINE_WARDEN_H

#include <jansson.h>
#include "calendars.h"
#include "engine.h"
#include "setup.h"

#define WARDEN_TICK_MS 2000
/* A note is true for that long: what may be granted meanwhile counts as granted. */
#define WARDEN_RESERVE_MS 10000

/* What somebody suspended, in the order of time. */
struct suspension {
    enum plan_party party;
    char *name, *by, *reason; /* reason: "" when none was given */
    struct wall at, until;    /* until.ms 0: until resumed */
    struct suspension *next;
};

struct warden {
    struct engine *e;
    pthread_t thread;
    bool has_thread;
    struct mailbox box;
    pthread_mutex_t lock; /* these four */
    struct calendars calendars;
    json_t *trouble; /* of calendar files: "file:line: text"; an array */
    struct wall calendars_at;
    struct suspension *suspensions;
    /* under reload_lock */
    uint64_t stamp;
    /* notes.c */
    pthread_mutex_t memory_lock;
    struct spool *spool;
    struct map pending; /* key -> text to be written, or a note to be removed */
    bool is_all_due;
    struct mono written_at;
    bool is_refused, is_said_late;
};

/* warden.c. Prepare runs while there is only one thread: notes are read and the planner has its
 * calendars before it has jobs. Stop ends the thread; save writes exactly what is, when nothing moves
 * any more. */
bool warden_prepare(struct engine *e, struct err *err);
bool warden_start(struct engine *e, struct err *err);
void warden_stop(struct engine *e);
void warden_save(struct engine *e);
void warden_free(struct engine *e);

/* calendar_watch.c: all anew from this setup; reload_lock MUST be held but in prepare. */
struct new_calendars {
    struct calendars calendars;
    struct problems said; /* about the files: warnings */
    json_t *trouble;      /* the same for answers */
    struct job_closed {
        uint32_t job_key;
        struct spans closed;
    } * job;
    size_t jobs;
};
void calendars_prepare(struct engine *e, const struct setup *s, struct new_calendars *out);
/* On the brain's thread, or before there is one. Gives the planner all of them; what it had and is no
 * more becomes empty. The former are in `n` then. */
void calendars_give(struct engine *e, struct new_calendars *n);
void calendars_say_new(struct engine *e, const struct new_calendars *n); /* the log: new trouble */
void calendars_let_go(struct new_calendars *n);
json_t *calendar_trouble_json(struct warden *w);
void calendars_look(struct warden *w); /* anew when files changed or a day is over */

/* notes.c: asks the planner what changed and writes it, durably on return. */
bool notes_write(struct warden *w, struct err *err);
bool notes_read(struct warden *w, struct err *err);
/* One more note for the next write; takes value; NULL removes. Any thread. */
void notes_put(struct warden *w, const char *key, char *value);
void notes_begin(struct warden *w); /* jobs are filled in, and no thread runs yet */
void notes_save(struct warden *w);
void notes_done(struct warden *w);

/* suspensions.c */
#define SUSPENSION_NOTE "suspended:"
bool suspension_read(struct warden *w, const char *key, const char *value);
void suspensions_give(struct warden *w); /* at a start: those that hold still, to the planner */
void suspensions_free(struct warden *w);
json_t *suspensions_json(struct warden *w);
bool suspensions_have(struct warden *w, enum plan_party party, const char *name);

#endif
