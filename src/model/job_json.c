/* job_json.c (P) */
#include "job_json.h"

#include <string.h>
#include <sluice/base/must.h>

#define WINDOWS_MAX 1000

void job_json_put(json_t *object, const char *key, json_t *value)
{
    MUST(value && json_object_set_new(object, key, value) == 0);
}

void job_rates_put(json_t *o, const char *key, const struct rates *r)
{
    json_t *list;

    if (r->count == 0)
        return;
    list = json_array();
    for (unsigned i = 0; i < r->count; i++) {
        char text[RATE_TEXT];

        rate_spec_format(&r->item[i], text);
        MUST(json_array_append_new(list, json_string(text)) == 0);
    }
    job_json_put(o, key, list);
}

bool job_rates_read(const json_t *o, const char *key, struct rates *r, struct err *e)
{
    const json_t *list = json_object_get(o, key);

    if (!list)
        return true;
    if (!json_is_array(list) || json_array_size(list) > RATES_MAX)
        return err_set(e, "job snapshot: \"%s\" is no list of rates", key);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));

        if (!text || !rate_spec_parse(str_of(text), &r->item[i]))
            return err_set(e, "job snapshot: \"%s\" has something that is no rate", key);
        r->count = (unsigned)i + 1;
    }
    return true;
}

/* ---- windows ---- */

static const char *const kinds[] = {
    [WINDOW_WEEKLY] = "weekly", [WINDOW_RULE] = "rule", [WINDOW_ONCE] = "once"};

static void put_text(json_t *o, const char *key, const char *text)
{
    if (text)
        job_json_put(o, key, json_string(text));
}

static json_t *window_json(const struct window *w)
{
    json_t *o = json_object();

    MUST(o);
    job_json_put(o, "kind", json_string(kinds[w->kind]));
    put_text(o, "timezone", w->timezone);
    put_text(o, "note", w->note);
    job_json_put(o, "line", json_integer(w->at.line));
    switch (w->kind) {
    case WINDOW_WEEKLY:
        job_json_put(o, "days", json_integer(w->days));
        job_json_put(o, "from_min", json_integer(w->from_min));
        job_json_put(o, "until_min", json_integer(w->until_min));
        break;
    case WINDOW_RULE:
        put_text(o, "rrule", w->rrule);
        put_text(o, "start", w->start);
        job_json_put(o, "duration_ms", json_integer(w->duration_ms));
        break;
    case WINDOW_ONCE:
        job_json_put(o, "from", json_integer(w->from.ms));
        job_json_put(o, "until", json_integer(w->until.ms));
        break;
    }
    return o;
}

void job_windows_put(json_t *o, const struct windows *w)
{
    json_t *list;

    put_text(o, "holidays", w->holidays);
    if (w->count == 0)
        return;
    list = json_array();
    for (size_t i = 0; i < w->count; i++)
        MUST(json_array_append_new(list, window_json(&w->item[i])) == 0);
    job_json_put(o, "send_windows", list);
}

static bool read_number(const json_t *o, const char *key, int64_t least, int64_t most, int64_t *to)
{
    const json_t *v = json_object_get(o, key);

    if (!json_is_integer(v) || json_integer_value(v) < least || json_integer_value(v) > most)
        return false;
    *to = json_integer_value(v);
    return true;
}

static bool read_text(const json_t *o, const char *key, bool is_required, char **to)
{
    const json_t *v = json_object_get(o, key);

    if (!v)
        return !is_required;
    *to = mem_str(json_string_value(v));
    return *to != NULL;
}

static bool read_weekly(const json_t *o, struct window *w)
{
    int64_t days, from, until;

    if (!read_number(o, "days", 1, 127, &days) || !read_number(o, "from_min", 0, 1439, &from) ||
        !read_number(o, "until_min", 0, 1440, &until))
        return false;
    w->days = (uint8_t)days;
    w->from_min = (int)from;
    w->until_min = (int)until;
    return w->timezone != NULL;
}

static bool read_kind(const json_t *o, struct window *w)
{
    const char *kind = json_string_value(json_object_get(o, "kind"));
    size_t i = 0;

    while (kind && i < sizeof kinds / sizeof *kinds && strcmp(kinds[i], kind) != 0)
        i++;
    if (!kind || i == sizeof kinds / sizeof *kinds)
        return false;
    w->kind = (enum window_kind)i;
    if (w->kind == WINDOW_WEEKLY)
        return read_weekly(o, w);
    if (w->kind == WINDOW_RULE)
        return w->timezone && read_text(o, "rrule", true, &w->rrule) &&
               read_text(o, "start", true, &w->start) &&
               read_number(o, "duration_ms", 1, INT64_MAX, &w->duration_ms);
    return read_number(o, "from", INT64_MIN, INT64_MAX, &w->from.ms) &&
           read_number(o, "until", INT64_MIN, INT64_MAX, &w->until.ms);
}

static bool read_window(const json_t *o, struct window *w)
{
    int64_t line;

    if (!read_text(o, "timezone", false, &w->timezone) || !read_text(o, "note", false, &w->note) ||
        !read_number(o, "line", 0, UINT32_MAX, &line))
        return false;
    w->at.line = (unsigned)line;
    return read_kind(o, w);
}

bool job_windows_read(const json_t *o, struct windows *w, struct err *e)
{
    const json_t *list = json_object_get(o, "send_windows");

    if (!read_text(o, "holidays", false, &w->holidays))
        return err_set(e, "job snapshot: \"holidays\" is no text");
    if (!list)
        return true;
    if (!json_is_array(list) || json_array_size(list) > WINDOWS_MAX)
        return err_set(e, "job snapshot: \"send_windows\" is no list");
    w->item = mem_array(json_array_size(list), sizeof *w->item);
    for (size_t i = 0; i < json_array_size(list); i++) {
        w->count = i + 1; /* half a window is freed, too */
        if (!read_window(json_array_get(list, i), &w->item[i]))
            return err_set(e, "job snapshot: \"send_windows\" has something that is no window");
    }
    return true;
}
