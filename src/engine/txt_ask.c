/* txt_ask.c: see txt_ask.h. The mailbox is the engine's, because answers may come after the client has gone: so
 * one client asks at a time, and answers to who was here before are known by their names. */
#include "txt_ask.h"

#include <stdlib.h>
#include <string.h>
#include "engine.h"

enum { LOOK_MS = 100 };

static void take_one(struct txt_question *t, size_t count, struct resolved_txt *r, size_t *open)
{
    for (size_t i = 0; i < count; i++) {
        if (t[i].answer || strcmp(t[i].name, r->name) != 0)
            continue;
        t[i].answer = r;
        --*open;
        return;
    }
    free(r);
}

static bool ask_all(struct ask *q, struct txt_question *t, size_t count, int64_t wait_ms)
{
    struct engine *e = q->engine;
    int64_t until_ms = clock_mono().ms + wait_ms;
    size_t open = count;
    for (size_t i = 0; i < count; i++)
        resolver_txt(e->resolver, t[i].name, &e->txt_box, 0);
    while (open > 0 && clock_mono().ms < until_ms) {
        struct letter *l = mailbox_take(&e->txt_box, (struct mono){clock_mono().ms + LOOK_MS}),
                      *next;
        for (; l; l = next) {
            next = l->next;
            take_one(t, count, (struct resolved_txt *)l, &open);
        }
        if (!control_data(q->answer, "", 0))
            return false;
    }
    return true;
}

bool live_txt(struct ask *q, struct txt_question *t, size_t count, int64_t wait_ms)
{
    struct engine *e = q->engine;
    MUST(count <= TXT_QUESTIONS_MAX);
    while (pthread_mutex_trylock(&e->txt_lock) != 0) {
        if (!control_data(q->answer, "", 0))
            return false;
        clock_sleep_until((struct mono){clock_mono().ms + LOOK_MS});
    }
    bool ok = ask_all(q, t, count, wait_ms);
    pthread_mutex_unlock(&e->txt_lock);
    return ok;
}

void txt_done(struct txt_question *t, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(t[i].answer);
}
