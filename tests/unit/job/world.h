/* world.h: a drop directory and all that belongs to it, in a temporary folder, for the tests of the intake. Scans run
 * in the test's own thread: nothing waits, nothing races. */
#ifndef WORLD_H
#define WORLD_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sluice/base/must.h>
#include <sluice/os/file.h>
#include <sluice/os/log.h>

#include "intake_private.h"

enum { KIND_JOB = 7, KIND_APPEND = 8 };

struct world {
    char dir[64];
    struct settings *settings;
    struct mailbox box;
    struct intake *intake;
    struct intake_options options;
    struct buf text; /* of the last world_read() */
};

static inline char *world_path(const struct world *w, const char *name)
{
    static char path[4][800];
    static int next;

    next = (next + 1) % 4;
    snprintf(path[next], sizeof path[next], "%s/%s", w->dir, name);
    return path[next];
}

static inline void world_put_n(struct world *w, const char *name, const void *data, size_t n)
{
    FILE *f = fopen(world_path(w, name), "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static inline void world_put(struct world *w, const char *name, const char *text)
{
    world_put_n(w, name, text, strlen(text));
}

static inline bool world_has(struct world *w, const char *name)
{
    struct stat st;

    return lstat(world_path(w, name), &st) == 0;
}

/* "" for a file that is not there. */
static inline const char *world_read(struct world *w, const char *name)
{
    file_read(world_path(w, name), &w->text, NULL);
    return w->text.data;
}

static inline unsigned world_files(struct world *w, const char *name)
{
    DIR *d = opendir(world_path(w, name));
    unsigned n = 0;
    struct dirent *e;

    while (d && (e = readdir(d)) != NULL)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    if (d)
        closedir(d);
    return n;
}

static inline void world_open_intake(struct world *w)
{
    struct err e;

    if (!intake_open(&w->options, &w->intake, &e))
        fail_msg("%s", e.text);
}

/* As if the program had been killed and started again. */
static inline void world_restart(struct world *w)
{
    intake_close(w->intake);
    world_open_intake(w);
}

static inline void world_init(struct world *w)
{
    static const char conf[] =
        "drop_dir = \"drop\"; accepted_dir = \"accepted\"; failed_dir = \"failed\";\n"
        "out_dir = \"out\"; spool_dir = \"spool\"; list_db = \"lists.db\";\n"
        "template_dir = \"templates\"; control_socket = \"s\";\n"
        "caps = { min_free_bytes = 1; row_bytes = 4096; job_file_bytes = 20000; };\n";
    struct problems p;

    memset(w, 0, sizeof *w);
    strcpy(w->dir, "/tmp/sluice-job-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    buf_init(&w->text, 1 << 20);
    world_put(w, "sluice.conf", conf);
    mkdir(world_path(w, "templates"), 0755);
    mkdir(world_path(w, "templates/hello"), 0755);
    world_put(w, "templates/hello/subject.txt", "Hello {{name}}\n");
    world_put(w, "templates/hello/text.txt", "Dear {{name}}\n");
    problems_init(&p);
    w->settings = settings_load(world_path(w, "sluice.conf"), &p);
    assert_non_null(w->settings);
    problems_done(&p);
    assert_true(mailbox_init(&w->box, false));
    w->options = (struct intake_options){
        .settings = w->settings, .to = &w->box, .kind_job = KIND_JOB, .kind_append = KIND_APPEND};
    world_open_intake(w);
}

static inline struct letter *world_letters(struct world *w)
{
    return mailbox_take(&w->box, (struct mono){0});
}

static inline unsigned world_forget_letters(struct world *w)
{
    unsigned n = 0;

    for (struct letter *l = world_letters(w), *next; l; l = next, n++) {
        next = l->next;
        free(l);
    }
    return n;
}

static inline void world_done(struct world *w)
{
    struct err e;

    intake_close(w->intake);
    world_forget_letters(w);
    mailbox_done(&w->box);
    settings_free(w->settings);
    buf_done(&w->text);
    if (!file_remove_tree(w->dir, &e))
        fail_msg("%s", e.text);
}

#endif
