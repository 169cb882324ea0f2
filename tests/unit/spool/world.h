/* world.h: a spool in a folder of its own, a made-up list, and outcomes by the handful. */
#ifndef TEST_SPOOL_WORLD_H
#define TEST_SPOOL_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sluice/base/must.h>
#include <sluice/os/file.h>
#include <sluice/spool/spool.h>
#include <sluice/db/db.h>

#define OK(x)                                                                                      \
    do {                                                                                           \
        if (!(x))                                                                                  \
            fail_msg("%s: %s", #x, w->e.text);                                                     \
    } while (0)

#define NOW 1000000 /* ms: of every import here */

struct world {
    char dir[64];
    struct spool *s;
    struct err e;
};

struct row {
    const char *email, *vars;
};

static inline void world_init(struct world *w)
{
    memset(w, 0, sizeof *w);
    strcpy(w->dir, "/tmp/sluice-spool-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    OK(spool_open(w->dir, &w->s, &w->e));
}

static inline void world_reopen(struct world *w)
{
    spool_close(w->s);
    OK(spool_open(w->dir, &w->s, &w->e));
}

static inline void world_done(struct world *w)
{
    spool_close(w->s);
    OK(file_remove_tree(w->dir, &w->e));
}

static inline struct job_spec *spec_of(const char *id)
{
    struct job_spec *s = mem_array(1, sizeof *s);

    s->id = mem_str(id);
    s->client = mem_str("shop");
    s->from_address = mem_str("shop@example.com");
    s->subject = mem_str("{{name}}");
    s->variables = mem_str("{}");
    s->expires_ms = 86400000;
    return s;
}

static inline bool begin(struct world *w, const char *id, struct spool_import **i)
{
    char name[] = "text.txt", text[] = "hello";
    struct part_file file = {name, text, 5};
    struct part_files parts = {&file, 1};
    struct job_spec *spec = spec_of(id);
    bool ok = spool_import_begin(w->s, spec, &parts, "source", (struct wall){NOW}, i, &w->e);

    job_spec_free(spec);
    return ok;
}

static inline void put_rows(struct world *w, struct spool_import *i, const struct row *row,
                            size_t rows)
{
    for (size_t n = 0; n < rows; n++)
        OK(spool_import_row(i, row[n].email, row[n].vars, strlen(row[n].vars), n + 2, &w->e));
}

static inline uint32_t import(struct world *w, const char *id, const struct row *row, size_t rows)
{
    struct spool_import *i;
    struct job_row job;

    OK(begin(w, id, &i));
    put_rows(w, i, row, rows);
    OK(spool_import_finish(i, 0, NULL, NULL, &job, &w->e));
    return job.key;
}

/* `n` recipients r1@a.example, r2@a.example, ... */
static inline uint32_t import_many(struct world *w, const char *id, unsigned n)
{
    struct spool_import *i;
    struct job_row job;
    char email[64];

    OK(begin(w, id, &i));
    for (unsigned k = 1; k <= n; k++) {
        snprintf(email, sizeof email, "r%u@a.example", k);
        OK(spool_import_row(i, email, "[]", 2, k + 1, &w->e));
    }
    OK(spool_import_finish(i, 0, NULL, NULL, &job, &w->e));
    return job.key;
}

struct lease {
    struct delivery *chain;
    unsigned count;
    struct todo_key last;
    int64_t next_due_ms;
};

static inline bool lease_from(struct world *w, uint32_t job, uint32_t domain, struct todo_key after,
                              int64_t until, unsigned limit, struct lease *l)
{
    return spool_lease(w->s, job, domain, after, until, limit, &l->chain, &l->count, &l->last,
                       &l->next_due_ms, &w->e);
}

static inline bool lease(struct world *w, uint32_t job, uint32_t domain, int64_t until,
                         unsigned limit, struct lease *l)
{
    return lease_from(w, job, domain, (struct todo_key){0, 0}, until, limit, l);
}

static inline void free_chain(struct delivery *d)
{
    for (struct delivery *next; d; d = next) {
        next = d->next;
        delivery_free(d);
    }
}

static inline struct outcome ended(const struct delivery *d, enum state state)
{
    struct outcome o;

    outcome_for(&o, d);
    o.phase = PHASE_DOT;
    o.state = state;
    o.category = state == STATE_DELIVERED ? CAT_OK : CAT_MAILBOX_FULL;
    o.reply.code = state == STATE_DELIVERED ? 250 : 452;
    strcpy(o.reply.enhanced, "2.0.0");
    strcpy(o.reply.text, "the words of the server");
    strcpy(o.mx_host, "mx.a.example");
    strcpy(o.mx_ip, "192.0.2.1");
    strcpy(o.provider, "a");
    strcpy(o.rule, "full");
    strcpy(o.message_id, "1@example.com");
    o.scope = SCOPE_RECIPIENT;
    o.tls = true;
    o.at.ms = NOW + 5000;
    o.queued_ms = 1;
    o.connect_ms = 2;
    o.send_ms = 3;
    o.bytes = 4096;
    if (state == STATE_DEFERRED)
        o.next_due_ms = NOW + 60000;
    return o;
}

/* Runs `child` in a process of its own, which dies by SIGKILL wherever it stands at the end. */
static inline void killed(void (*child)(void *arg), void *arg)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        child(arg);
        kill(getpid(), SIGKILL);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* Runs SQL on a database of the spool, behind the room's back. */
static inline void sql(struct world *w, const char *file, const char *text)
{
    char *path = mem_printf("%s/%s", w->dir, file);
    struct db db;

    OK(db_open(&db, path, DB_WRITE, &w->e));
    OK(db_exec(&db, text, &w->e));
    db_close(&db);
    free(path);
}

static inline int64_t sql_number(struct world *w, const char *file, const char *text)
{
    char *path = mem_printf("%s/%s", w->dir, file);
    struct db db;
    int64_t n = -1;

    OK(db_open(&db, path, DB_READ, &w->e));
    OK(db_number(&db, text, &n, &w->e));
    db_close(&db);
    free(path);
    return n;
}

static inline bool there(struct world *w, const char *file)
{
    char *path = mem_printf("%s/%s", w->dir, file);
    bool is = file_exists(path);

    free(path);
    return is;
}

/* The state of every recipient in the order of the list, one letter each: w d D b c ... */
struct letters {
    char text[64];
    size_t n;
};

static inline bool add_letter(void *arg, const struct result_row *row)
{
    static const char letter[] = "wdDbesic-q";
    struct letters *l = arg;

    assert_true(l->n + 1 < sizeof l->text);
    l->text[l->n++] = letter[row->state];
    l->text[l->n] = '\0';
    return true;
}

static inline const char *states(struct world *w, uint32_t job)
{
    static struct letters l;

    memset(&l, 0, sizeof l);
    OK(spool_each_result(w->s, job, add_letter, &l, &w->e));
    return l.text;
}

#endif
