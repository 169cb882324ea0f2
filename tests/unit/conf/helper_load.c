#include "helper_load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/os/file.h>

char load_dir[64];

int load_make_dir(void **state)
{
    (void)state;
    strcpy(load_dir, "/tmp/sluice-conf-XXXXXX");
    return mkdtemp(load_dir) ? 0 : -1;
}

int load_remove_dir(void **state)
{
    struct err e;

    (void)state;
    return file_remove_tree(load_dir, &e) ? 0 : -1;
}

void load_put(const char *name, const char *text)
{
    char *path = mem_printf("%s/%s", load_dir, name);
    struct err e;

    assert_true(file_write_atomic(path, text, strlen(text), &e));
    free(path);
}

struct settings *load(const char *name, struct buf *said)
{
    char *path = mem_printf("%s/%s", load_dir, name);
    struct problems p;
    struct settings *s;

    problems_init(&p);
    s = settings_load(path, &p);
    buf_init(said, 100000);
    problems_format(&p, said);
    assert_true((s == NULL) == (p.errors > 0));
    problems_done(&p);
    free(path);
    return s;
}
