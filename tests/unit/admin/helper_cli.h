/* helper_cli.h: the command line against a fake daemon in a folder of its own, which is the working
 * directory meanwhile. */
#ifndef SLUICE_TESTS_HELPER_CLI_H
#define SLUICE_TESTS_HELPER_CLI_H

#include <sluice/admin/control.h>

struct world {
    char dir[64], path[100], drop[100], old_folder[4096];
    struct control *control;
    char *request; /* the last one, compact */
    int asked;     /* "submitted" so often */
};

/* Setup and teardown of cmocka; world_make's handler gets the world and notes what it is asked with
 * world_note(). */
int world_make(void **state, control_handler *handler);
int world_end(void **state);
void world_note(struct world *w, const json_t *request);
void world_write(const char *path, const char *text);

/* Runs `sluice LINE`: words apart by one space, no quoting; with -s SOCKET unless it is NULL. Fails
 * unless the exit code is `code`, and `out` and `err` are parts of what was printed ("" for err:
 * nothing was). Escape characters never are. */
void cli_check(const char *socket, const char *line, int code, const char *out, const char *err);

#endif
