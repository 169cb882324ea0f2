/* world.h: a list database in a folder of its own, what it says as short texts, and folds. */
#ifndef TEST_LIST_WORLD_H
#define TEST_LIST_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sluice/base/must.h>
#include <sluice/list/store.h>
#include <sluice/os/file.h>
#include <sluice/os/thread.h>
#include <sluice/db/db.h>

#define OK(x)                                                                                      \
    do {                                                                                           \
        if (!(x))                                                                                  \
            fail_msg("%s: %s", #x, w->e.text);                                                     \
    } while (0)

#define DAY 86400000LL
#define NOW (1000 * DAY)

struct world {
    char dir[64];
    char path[80];
    struct list_store *l;
    struct err e;
    char said[2048];
};

static inline void world_init(struct world *w)
{
    memset(w, 0, sizeof *w);
    strcpy(w->dir, "/tmp/sluice-list-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    snprintf(w->path, sizeof w->path, "%s/lists.db", w->dir);
    OK(list_open(w->path, &w->l, &w->e));
}

static inline void world_reopen(struct world *w)
{
    list_close(w->l);
    OK(list_open(w->path, &w->l, &w->e));
}

static inline void world_done(struct world *w)
{
    list_close(w->l);
    OK(file_remove_tree(w->dir, &w->e));
}

/* ---- telling ---- */

static inline void say(struct world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static inline void say(struct world *w, const char *format, ...)
{
    size_t n = strlen(w->said);
    va_list args;

    va_start(args, format);
    vsnprintf(w->said + n, sizeof w->said - n, format, args);
    va_end(args);
}

static inline bool say_contact(void *arg, const struct contact *c)
{
    say(arg, "%s %s %s s%d d%d h%d f%d o%d [%s];", c->list, c->address, c->status, (int)c->sent,
        (int)c->delivered, (int)c->hard, (int)c->soft, (int)c->our_side, c->last_class);
    return true;
}

static inline bool say_event(void *arg, const struct list_event *ev)
{
    say(arg, "%s/%s: %s by %s;", ev->list, ev->address, ev->what, ev->cause);
    return true;
}

static inline bool say_suppression(void *arg, const struct suppression *s)
{
    say(arg, "%s %s %s: %s by %s;", s->address, s->client, s->msg_class, s->reason, s->by);
    return true;
}

static inline bool say_list(void *arg, const char *list, uint64_t contacts, uint64_t active,
                            uint64_t suppressed)
{
    say(arg, "%s %d %d %d;", list, (int)contacts, (int)active, (int)suppressed);
    return true;
}

static inline const char *contact(struct world *w, const char *address)
{
    w->said[0] = '\0';
    OK(list_find_contact(w->l, NULL, address, say_contact, w, &w->e));
    return w->said;
}

static inline const char *events(struct world *w, const char *address)
{
    w->said[0] = '\0';
    OK(list_each_event(w->l, address, say_event, w, &w->e));
    return w->said;
}

static inline void suppress(struct world *w, const char *address, const char *client,
                            const char *msg_class)
{
    const struct suppression s = {.address = address,
                                  .client = client,
                                  .msg_class = msg_class,
                                  .reason = "operator",
                                  .by = "kim",
                                  .since = {NOW}};

    OK(list_suppress(w->l, &s, &w->e));
}

static inline struct outcome ended(const char *email, enum state state, enum category c, int code,
                                   const char *rule, int64_t at)
{
    struct outcome o = {.state = state, .category = c, .at = {at}};

    strcpy(o.email, email);
    strcpy(o.rule, rule);
    strcpy(o.reply.text, "no");
    o.reply.code = code;
    return o;
}

static inline void fold(struct world *w, const char *job, const struct outcome *o, unsigned n,
                        uint64_t seq)
{
    OK(list_fold(w->l, job, "shop", MSG_NOTICE, "shop", o, n, seq, &w->e));
}

#endif
