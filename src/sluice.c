/* sluice.c: the command line program. Everything is in src/admin. */
#include <sluice/admin/cli.h>

int main(int argc, char **argv)
{
    return cli_run(argc, argv, stdout, stderr);
}
