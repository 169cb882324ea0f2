/* cli.h: the command line program `sluice`, whole but for main(). (S)
 *
 *     return cli_run(argc, argv, stdout, stderr);
 */
#ifndef SLUICE_ADMIN_CLI_H
#define SLUICE_ADMIN_CLI_H

#include <stdio.h>

/* Exit codes; scripts rely on them. */
enum cli_exit {
    CLI_OK = 0,
    CLI_REFUSED = 1,    /* the daemon refused, or what was asked for does not exist */
    CLI_USAGE = 2,      /* the command line or the configuration is wrong */
    CLI_UNREACHABLE = 3 /* the daemon does not run, or went away in the middle */
};

/* argv as main() gets it; answers go to `out`, complaints to `err`. Text for people is laid out for
 * the terminal behind `out` (100 columns when it is none). */
int cli_run(int argc, char **argv, FILE *out, FILE *err);

#endif
