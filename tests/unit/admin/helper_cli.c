#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "helper_cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sluice/admin/cli.h>
#include <sluice/base/must.h>
#include <sluice/os/file.h>

int world_make(void **state, control_handler *handler)
{
    struct world *w = mem_new(sizeof *w);
    struct err e;
    snprintf(w->dir, sizeof w->dir, "/tmp/sluice-cli-XXXXXX");
    MUST(mkdtemp(w->dir));
    snprintf(w->path, sizeof w->path, "%s/control.sock", w->dir);
    snprintf(w->drop, sizeof w->drop, "%s/drop", w->dir);
    MUST(mkdir(w->drop, 0750) == 0);
    MUST(getcwd(w->old_folder, sizeof w->old_folder));
    MUST(chdir(w->dir) == 0);
    MUST(control_start(w->path, handler, w, &w->control, &e));
    unsetenv("SLUICE_SOCKET");
    unsetenv("SLUICE_CONF");
    *state = w;
    return 0;
}

int world_end(void **state)
{
    struct world *w = *state;
    struct err e;
    control_stop(w->control);
    MUST(chdir(w->old_folder) == 0);
    MUST(file_remove_tree(w->dir, &e));
    free(w->request);
    free(w);
    return 0;
}

void world_note(struct world *w, const json_t *request)
{
    free(w->request);
    w->request = json_dumps(request, JSON_COMPACT | JSON_SORT_KEYS);
}

void world_write(const char *path, const char *text)
{
    struct err e;
    MUST(file_write_atomic(path, text, strlen(text), &e));
}

struct run {
    int code;
    char *out, *err;
};

static struct run run(const char *socket, const char *line)
{
    char copy[1000], *argv[40], *save = NULL;
    int argc = 0;
    argv[argc++] = mem_str("sluice");
    if (socket) {
        argv[argc++] = mem_str("-s");
        argv[argc++] = mem_str(socket);
    }
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
        argv[argc++] = mem_str(word);
    argv[argc] = NULL;
    struct run r = {0};
    size_t n_out, n_err;
    FILE *out = open_memstream(&r.out, &n_out), *err = open_memstream(&r.err, &n_err);
    r.code = cli_run(argc, argv, out, err);
    fclose(out);
    fclose(err);
    for (int i = 0; i < argc; i++)
        free(argv[i]);
    return r;
}

static void run_done(struct run *r)
{
    free(r->out);
    free(r->err);
}

void cli_check(const char *socket, const char *line, int code, const char *out, const char *err)
{
    struct run r = run(socket, line);
    if (r.code != code || !strstr(r.out, out) || !strstr(r.err, err) || (!*err && *r.err))
        fail_msg("sluice %s\nexpected %d, out ...%s..., err ...%s...\ngot %d, out:\n%s\nerr:\n%s",
                 line, code, out, err, r.code, r.out, r.err);
    if (strchr(r.out, '\x1b') || strchr(r.err, '\x1b'))
        fail_msg("sluice %s: an escape character came through", line);
    run_done(&r);
}
