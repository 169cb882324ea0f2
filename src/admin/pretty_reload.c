/* pretty_reload.c: `sluice reload` that went well. */
#include "pretty.h"

void pretty_reload(const json_t *answer, struct wall now, size_t width, struct buf *out)
{
    const json_t *warnings = json_object_get(answer, "warnings"), *w;
    const json_t *restart = json_object_get(answer, "needs_restart"), *name;
    size_t i;
    (void)now;
    (void)width; /* file:line: ... is for programs too, as compilers print it */
    json_array_foreach(warnings, i, w)
    {
        pretty_put(out, w);
        buf_putc(out, '\n');
    }
    buf_puts(out, "the new configuration counts\n");
    if (json_array_size(restart) == 0)
        return;
    buf_puts(out, "changed, and taken up only by a restart: ");
    json_array_foreach(restart, i, name)
    {
        buf_puts(out, i > 0 ? ", " : "");
        pretty_put(out, name);
    }
    buf_putc(out, '\n');
}
