/* live_parts.c: values of ours as JSON. */
#include "live_parts.h"

json_t *live_number(uint64_t n)
{
    return json_integer((json_int_t)n);
}

json_t *live_text(const char *s)
{
    json_t *t = json_string(s);
    return t ? t : json_string("(not UTF-8)");
}

json_t *live_time(struct wall w)
{
    char out[WALL_TEXT];
    if (w.ms <= 0 || w.ms == WHEN_NEVER)
        return json_null();
    wall_format(w, out);
    return json_string(out);
}

void live_put_origin(json_t *o, struct origin at)
{
    if (!at.file)
        return;
    json_object_set_new(o, "file", live_text(at.file));
    if (at.line)
        json_object_set_new(o, "line", live_number(at.line));
}
