/* warden.c: the housekeeper's thread. */
#include "warden.h"

#include <stdlib.h>

enum { WARDEN_STOP = 1 };

static void *warden_run(void *arg)
{
    struct warden *w = arg;
    struct err err;
    for (;;) {
        struct letter *l = mailbox_take(&w->box, (struct mono){clock_mono().ms + WARDEN_TICK_MS});
        bool ends = l && l->kind == WARDEN_STOP;
        free(l);
        if (ends)
            return NULL;
        calendars_look(w);
        notes_write(w, &err);
    }
}

bool warden_prepare(struct engine *e, struct err *err)
{
    struct warden *w = mem_array(1, sizeof *w);
    struct new_calendars n;
    w->e = e;
    e->warden = w;
    MUST(mailbox_init(&w->box, false));
    pthread_mutex_init(&w->lock, NULL);
    pthread_mutex_init(&w->memory_lock, NULL);
    map_init(&w->pending);
    w->trouble = json_array();
    w->written_at = clock_mono();
    if (!spool_open(e->settings->spool_dir, &w->spool, err) || !notes_read(w, err))
        return false;
    suspensions_give(w);
    w->stamp = calendars_stamp(e->settings);
    calendars_prepare(e, atomic_load(&e->setup), &n);
    calendars_give(e, &n);
    calendars_say_new(e, &n);
    calendars_let_go(&n);
    return true;
}

bool warden_start(struct engine *e, struct err *err)
{
    struct warden *w = e->warden;
    return w->has_thread = thread_start(&w->thread, "warden", 0, warden_run, w, err);
}

void warden_stop(struct engine *e)
{
    struct warden *w = e->warden;
    if (!w || !w->has_thread)
        return;
    struct letter *l = mem_array(1, sizeof *l);
    l->kind = WARDEN_STOP;
    mailbox_send(&w->box, l);
    pthread_join(w->thread, NULL);
}

void warden_save(struct engine *e)
{
    if (e->warden && e->warden->has_thread)
        notes_save(e->warden);
}

void warden_free(struct engine *e)
{
    struct warden *w = e->warden;
    if (!w)
        return;
    spool_close(w->spool);
    calendars_done(&w->calendars);
    suspensions_free(w);
    json_decref(w->trouble);
    pthread_mutex_destroy(&w->lock);
    pthread_mutex_destroy(&w->memory_lock);
    notes_done(w);
    mailbox_done(&w->box);
    free(w);
    e->warden = NULL;
}
