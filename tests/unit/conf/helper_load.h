/* helper_load.h: configurations in a folder of their own. */
#ifndef TESTS_CONF_HELPER_LOAD_H
#define TESTS_CONF_HELPER_LOAD_H

#include <sluice/base/buf.h>
#include <sluice/conf/settings.h>

extern char load_dir[64];
int load_make_dir(void **state); /* for cmocka_run_group_tests() */
int load_remove_dir(void **state);
void load_put(const char *name, const char *text);
/* settings_load() of a file there; what was said goes to *said, which is initialized here. */
struct settings *load(const char *name, struct buf *said);

#endif
