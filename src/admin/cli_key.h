/* cli_key.h: where keys are, for `sluice key`. */
#ifndef SLUICE_ADMIN_CLI_KEY_H
#define SLUICE_ADMIN_CLI_KEY_H

#include "cli_parts.h"

/* The folder of a key's file, 0700 if it is made. False after a complaint. */
bool cli_key_folder(struct cli *c, const char *file);
/* What root must see to. */
void cli_key_owner(struct cli *c, const char *path);

#endif
