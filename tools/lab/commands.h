/* commands.h: the subcommands of sluice-lab; each returns the exit status. */
#ifndef LAB_COMMANDS_H
#define LAB_COMMANDS_H

#include "scene.h"

int command_ctl(int argc, char **argv);
int command_check(int argc, char **argv);
int command_make_list(int argc, char **argv);

/* Reads a scenario and prints its problems to stderr; NULL when it has errors. */
struct scene *scene_or_complaints(const char *path);

#endif
