/* variables.c: the group `variables` of a job file as JSON. (P) */
#include "jobfile_private.h"

#include <inttypes.h>
#include <sluice/base/json_view.h>
#include <sluice/base/map.h>

static void put_value(const struct conf_node *n, const char *path, struct buf *out,
                      struct problems *p);

static void put_list(const struct conf_node *n, const char *path, struct buf *out,
                     struct problems *p)
{
    char item[CONF_PATH];

    buf_putc(out, '[');
    for (size_t i = 0; i < n->count; i++) {
        if (i)
            buf_putc(out, ',');
        conf_path_index(item, path, i);
        put_value(&n->child[i], item, out, p);
    }
    buf_putc(out, ']');
}

/* Recursion is bounded by the depth that conf_load() allows. */
static void put_value(const struct conf_node *n, const char *path, struct buf *out,
                      struct problems *p)
{
    switch (n->kind) {
    case CONF_GROUP:
        variables_format(n, path, out, p);
        break;
    case CONF_LIST:
    case CONF_ARRAY:
        put_list(n, path, out, p);
        break;
    case CONF_INT:
        buf_printf(out, "%" PRId64, n->i);
        break;
    case CONF_FLOAT:
        /* 15 digits: 0.1 stays 0.1, and nobody mails a price with more. */
        buf_printf(out, "%.15g", n->f);
        break;
    case CONF_BOOL:
        buf_puts(out, n->i ? "true" : "false");
        break;
    case CONF_STRING:
        json_put_string(out, str_of(n->s));
        break;
    }
}

void variables_format(const struct conf_node *group, const char *path, struct buf *out,
                      struct problems *p)
{
    char item[CONF_PATH];
    struct map seen;

    map_init(&seen);
    buf_putc(out, '{');
    for (size_t i = 0; i < group->count; i++) {
        const struct conf_node *n = &group->child[i];
        const struct conf_node *before = map_set(&seen, str_of(n->name), (void *)n);

        conf_path(item, path, n->name);
        if (before)
            conf_say(p, n, item, "given twice; it stands in line %u already", before->line);
        if (i)
            buf_putc(out, ',');
        json_put_string(out, str_of(n->name));
        buf_putc(out, ':');
        put_value(n, item, out, p);
    }
    buf_putc(out, '}');
    map_done(&seen);
}
