/* reader.c: see reader.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sluice/base/buf.h>
#include <sluice/base/must.h>
#include <sluice/base/when.h>
#include "reader.h"

static void problem(struct reader *r, const config_setting_t *at, bool is_warning,
                    const char *format, va_list args)
{
    char text[400];
    (void)vsnprintf(text, sizeof text, format, args);
    const char *file = at ? config_setting_source_file(at) : NULL;
    unsigned line = at ? config_setting_source_line(at) : 0;
    if (!file)
        file = r->scene->file;
    if (is_warning)
        problems_warn(r->problems, file, line, "%s", text);
    else
        problems_add(r->problems, file, line, "%s", text);
}

void reader_bad(struct reader *r, const config_setting_t *at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    problem(r, at, false, format, args);
    va_end(args);
}

void reader_warn(struct reader *r, const config_setting_t *at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    problem(r, at, true, format, args);
    va_end(args);
}

const char *reader_closest(const char *text, const char *const *words, size_t count)
{
    const char *best = NULL;
    unsigned least = (unsigned)(strlen(text) / 3) + 2;
    for (size_t i = 0; i < count; i++) {
        unsigned d = str_distance(str_of(text), str_of(words[i]));
        if (d < least) {
            least = d;
            best = words[i];
        }
    }
    return best;
}

int reader_word(struct reader *r, const config_setting_t *value, const char *const *words,
                size_t count)
{
    const char *text = reader_text(r, value);
    if (!text)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], text) == 0)
            return (int)i;
    const char *best = reader_closest(text, words, count);
    if (best)
        reader_bad(r, value, "unknown value '%s'; did you mean '%s'?", text, best);
    else
        reader_bad(r, value, "unknown value '%s'; the first possible one is '%s'", text, words[0]);
    return -1;
}

const char *reader_text(struct reader *r, const config_setting_t *value)
{
    const char *text = config_setting_get_string(value);
    if (!text)
        reader_bad(r, value, "a string is wanted here");
    return text;
}

void reader_texts(struct reader *r, config_setting_t *value, void *object,
                  void (*each)(struct reader *, void *, config_setting_t *, const char *))
{
    int type = config_setting_type(value);
    if (type != CONFIG_TYPE_LIST && type != CONFIG_TYPE_ARRAY) {
        const char *text = reader_text(r, value);
        if (text)
            each(r, object, value, text);
        return;
    }
    for (int i = 0; i < config_setting_length(value); i++) {
        config_setting_t *one = config_setting_get_elem(value, (unsigned)i);
        const char *text = reader_text(r, one);
        if (text)
            each(r, object, one, text);
    }
}

static bool number(struct reader *r, const config_setting_t *value, int64_t *out)
{
    int type = config_setting_type(value);
    if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) {
        reader_bad(r, value, "a whole number is wanted here");
        return false;
    }
    *out = config_setting_get_int64(value);
    if (*out >= 0)
        return true;
    reader_bad(r, value, "a negative number makes no sense here");
    return false;
}

static void set_u64(struct reader *r, const config_setting_t *value, uint64_t *out)
{
    int64_t n;
    if (number(r, value, &n))
        *out = (uint64_t)n;
}

static void set_bytes(struct reader *r, const config_setting_t *value, uint64_t *out)
{
    static const struct {
        const char *unit;
        uint64_t by;
    } units[] = {{"kB", 1000},    {"KB", 1000},         {"KiB", 1024},
                 {"MB", 1000000}, {"MiB", 1024 * 1024}, {"B", 1}};
    if (config_setting_type(value) != CONFIG_TYPE_STRING) {
        set_u64(r, value, out);
        return;
    }
    struct str s = str_of(config_setting_get_string(value));
    size_t digits = strspn(s.p, "0123456789");
    uint64_t n;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (str_is(str_trim(str_n(s.p + digits, s.n - digits)), units[i].unit) &&
            str_to_u64(str_n(s.p, digits), &n) && n < UINT64_MAX / units[i].by) {
            *out = n * units[i].by;
            return;
        }
    reader_bad(r, value, "a size is wanted here, such as 65536 or \"10 MB\"");
}

static void set_bool(struct reader *r, const config_setting_t *value, bool *out)
{
    if (config_setting_type(value) == CONFIG_TYPE_BOOL)
        *out = config_setting_get_bool(value) != 0;
    else
        reader_bad(r, value, "true or false is wanted here");
}

static void set_ms(struct reader *r, const config_setting_t *value, int64_t *out)
{
    if (config_setting_type(value) != CONFIG_TYPE_STRING)
        (void)number(r, value, out);
    else if (!duration_parse(str_of(config_setting_get_string(value)), out))
        reader_bad(r, value, "a duration is wanted here, such as \"3 s\", or milliseconds");
}

static void set_double(struct reader *r, const config_setting_t *value, double *out)
{
    if (!config_setting_is_number(value))
        reader_bad(r, value, "a number is wanted here");
    else if (config_setting_type(value) == CONFIG_TYPE_FLOAT)
        *out = config_setting_get_float(value);
    else
        *out = (double)config_setting_get_int64(value);
}

struct lines {
    struct str line[1000];
    size_t count;
};

static void add_line(struct reader *r, void *object, config_setting_t *one, const char *text)
{
    struct lines *l = object;
    if (strpbrk(text, "\r\n"))
        reader_bad(r, one,
                   "a line without line ends is wanted here (raw = \"...\" sends bytes as given)");
    else if (l->count < sizeof l->line / sizeof l->line[0])
        l->line[l->count++] = str_of(text);
}

static void set_reply(struct reader *r, config_setting_t *value, struct reply *out)
{
    struct lines *l = mem_array(1, sizeof *l);
    reader_texts(r, value, l, add_line);
    if (l->count && !reply_set(r->scene, out, l->line, l->count))
        reader_bad(r, value,
                   "a reply begins with a code from 200 to 599; use raw = \"...\" for others");
    free(l);
}

static void set_rate(struct reader *r, const config_setting_t *value, struct rate *out)
{
    struct rate_spec spec;
    const char *text = reader_text(r, value);
    if (!text)
        return;
    if (rate_spec_parse(str_of(text), &spec))
        *out = rate_make(spec.count, spec.period_us, spec.burst);
    else
        reader_bad(r, value,
                   "a rate is wanted here, such as \"100/s\" or \"1,000/min,max_burst=10\"");
}

static void set_text(struct reader *r, const config_setting_t *value, char **out)
{
    const char *text = reader_text(r, value);
    if (text)
        *out = scene_str(r->scene, str_of(text));
}

static void set_stage(struct reader *r, const config_setting_t *value, enum stage *out)
{
    const char *names[STAGES];
    for (int i = 0; i < STAGES; i++)
        names[i] = stage_name((enum stage)i);
    int at = reader_word(r, value, names, STAGES);
    if (at >= 0)
        *out = (enum stage)at;
}

static void set_value(struct reader *r, config_setting_t *value, void *object, const struct key *k)
{
    void *at = (char *)object + k->at;
    switch (k->kind) {
    case KEY_STR:
        set_text(r, value, at);
        break;
    case KEY_U64:
        set_u64(r, value, at);
        break;
    case KEY_BYTES:
        set_bytes(r, value, at);
        break;
    case KEY_BOOL:
        set_bool(r, value, at);
        break;
    case KEY_MS:
        set_ms(r, value, at);
        break;
    case KEY_DOUBLE:
        set_double(r, value, at);
        break;
    case KEY_REPLY:
        set_reply(r, value, at);
        break;
    case KEY_RATE:
        set_rate(r, value, at);
        break;
    case KEY_STAGE:
        set_stage(r, value, at);
        break;
    case KEY_CALL:
        k->call(r, object, value);
        break;
    }
}

static void unknown_key(struct reader *r, const config_setting_t *value, const struct key *keys,
                        size_t count, const char *what)
{
    const char *names[64];
    size_t n = 0;
    for (; n < count && n < 64; n++)
        names[n] = keys[n].name;
    const char *name = config_setting_name(value);
    const char *best = reader_closest(name, names, n);
    if (best)
        reader_bad(r, value, "unknown key '%s' in %s; did you mean '%s'?", name, what, best);
    else
        reader_bad(r, value, "unknown key '%s' in %s", name, what);
}

void reader_group(struct reader *r, config_setting_t *group, void *object, const struct key *keys,
                  size_t count, const char *what)
{
    if (!config_setting_is_group(group)) {
        reader_bad(r, group, "%s is written as a group { key = value; ... }", what);
        return;
    }
    for (int i = 0; i < config_setting_length(group); i++) {
        config_setting_t *value = config_setting_get_elem(group, (unsigned)i);
        size_t k = 0;
        while (k < count && strcmp(keys[k].name, config_setting_name(value)) != 0)
            k++;
        if (k < count)
            set_value(r, value, object, &keys[k]);
        else
            unknown_key(r, value, keys, count, what);
    }
}
