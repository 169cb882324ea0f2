/* check.c: a group of settings against a table of fields. (P) */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/buf.h>
#include <sluice/base/must.h>
#include <sluice/base/rate.h>
#include <sluice/base/when.h>
#include <sluice/conf/tree.h>

#include "value.h"

#define FIELDS_MAX 64

struct reader {
    const char *what;
    const struct conf_field *field; /* the one that is being stored */
    char *target;
    struct problems *problems;
};

static void *slot(const struct reader *r)
{
    return r->target + r->field->offset;
}

static void put_range(struct buf *out, const struct conf_field *f)
{
    char low[16], high[16];

    if (f->min == 0 && f->max == 0)
        return;
    if (f->type == CONF_T_DURATION) {
        duration_format(f->min, low);
        duration_format(f->max, high);
        buf_printf(out, " from %s to %s", low, high);
    } else if (f->type == CONF_T_STRING) {
        buf_printf(out, " of %" PRId64 " to %" PRId64 " bytes", f->min, f->max);
    } else {
        buf_printf(out, " from %" PRId64 " to %" PRId64, f->min, f->max);
    }
}

/* What is allowed, in words. */
static void put_allowed(struct buf *out, const struct conf_field *f)
{
    static const char *const words[] = {
        [CONF_T_STRING] = "a text in quotes",
        [CONF_T_INT] = "a whole number",
        [CONF_T_BOOL] = "true or false",
        [CONF_T_DURATION] = "a duration with its unit, such as \"20 min\",",
        [CONF_T_RATE] = "a rate such as \"100/s\", \"1,000/min\" or \"50,000/day,max_burst=10\"",
        [CONF_T_BYTES] = "a size such as 1000000 or \"64 MB\"",
        [CONF_T_TIME] = "a time with its zone, such as \"2026-11-22T10:00:00+09:00\"",
        [CONF_T_STRINGS] = "a list of texts, such as ( \"a\", \"b\" )",
        [CONF_T_CHOICE] = "one of",
        [CONF_T_GROUP] = "a group in { }",
        [CONF_T_LIST] = "a list in ( )",
    };

    buf_puts(out, words[f->type]);
    put_range(out, f);
    for (size_t i = 0; f->type == CONF_T_CHOICE && f->choices[i]; i++)
        buf_printf(out, "%s \"%s\"", i ? "," : "", f->choices[i]);
}

static void put_found(struct buf *out, const struct conf_node *n)
{
    switch (n->kind) {
    case CONF_STRING:
        buf_printf(out, "\"%.60s\"", n->s);
        break;
    case CONF_INT:
        buf_printf(out, "%" PRId64, n->i);
        break;
    case CONF_FLOAT:
        buf_printf(out, "%g", n->f);
        break;
    case CONF_BOOL:
        buf_puts(out, n->i ? "true" : "false");
        break;
    case CONF_GROUP:
        buf_puts(out, "a group");
        break;
    case CONF_LIST:
    case CONF_ARRAY:
        buf_puts(out, "a list");
        break;
    }
}

static void say_wrong(const struct reader *r, const struct conf_node *n)
{
    struct buf text;

    buf_init(&text, 400);
    buf_printf(&text, "'%s' must be ", r->field->name);
    put_allowed(&text, r->field);
    buf_puts(&text, ", not ");
    put_found(&text, n);
    problems_add(r->problems, n->file, n->line, "%s", text.data);
    buf_done(&text);
}

static bool is_in_range(const struct conf_field *f, int64_t v)
{
    return (f->min == 0 && f->max == 0) || (v >= f->min && v <= f->max);
}

static bool has_control(const char *s)
{
    for (; *s; s++) {
        if ((unsigned char)*s < ' ' || *s == 0x7f)
            return true;
    }
    return false;
}

static void say_control(const struct reader *r, const struct conf_node *n)
{
    problems_add(r->problems, n->file, n->line,
                 "'%s' must not contain control characters such as tabs or line breaks",
                 r->field->name);
}

static bool store_string(const struct reader *r, const struct conf_node *n)
{
    char **to = slot(r);

    if (n->kind != CONF_STRING || !is_in_range(r->field, (int64_t)strlen(n->s)))
        return false;
    if (has_control(n->s)) {
        say_control(r, n);
        return true;
    }
    free(*to);
    *to = mem_str(n->s);
    return true;
}

static bool store_number(const struct reader *r, const struct conf_node *n)
{
    int64_t value = n->i, *to = slot(r);
    bool ok = n->kind == CONF_INT && r->field->type != CONF_T_DURATION;

    if (n->kind == CONF_STRING && r->field->type == CONF_T_DURATION)
        ok = duration_parse(str_of(n->s), &value);
    else if (n->kind == CONF_STRING && r->field->type == CONF_T_BYTES)
        ok = conf_bytes_parse(str_of(n->s), &value);
    if (!ok || !is_in_range(r->field, value))
        return false;
    *to = value;
    return true;
}

static bool store_bool(const struct reader *r, const struct conf_node *n)
{
    bool *to = slot(r);

    if (n->kind != CONF_BOOL)
        return false;
    *to = n->i != 0;
    return true;
}

static bool store_rate(const struct reader *r, const struct conf_node *n)
{
    struct rate_spec *to = slot(r);

    return n->kind == CONF_STRING && rate_spec_parse(str_of(n->s), to);
}

static bool store_time(const struct reader *r, const struct conf_node *n)
{
    struct wall *to = slot(r);

    return n->kind == CONF_STRING && wall_parse(str_of(n->s), to);
}

static bool store_strings(const struct reader *r, const struct conf_node *n)
{
    struct conf_strings *to = slot(r), list;

    if (n->kind != CONF_LIST && n->kind != CONF_ARRAY)
        return false;
    for (size_t i = 0; i < n->count; i++) {
        if (n->child[i].kind != CONF_STRING)
            return false;
        if (has_control(n->child[i].s)) {
            say_control(r, &n->child[i]);
            return true;
        }
    }
    list = (struct conf_strings){mem_array(n->count, sizeof(char *)), n->count};
    for (size_t i = 0; i < n->count; i++)
        list.item[i] = mem_str(n->child[i].s);
    conf_strings_done(to);
    *to = list;
    return true;
}

static bool store_choice(const struct reader *r, const struct conf_node *n)
{
    int *to = slot(r);

    if (n->kind != CONF_STRING)
        return false;
    for (int i = 0; r->field->choices[i]; i++) {
        if (str_eq_nocase(str_of(n->s), str_of(r->field->choices[i]))) {
            *to = i;
            return true;
        }
    }
    return false;
}

static bool store_group(const struct reader *r, const struct conf_node *n)
{
    (void)r;
    return n->kind == CONF_GROUP;
}

static bool store_list(const struct reader *r, const struct conf_node *n)
{
    (void)r;
    return n->kind == CONF_LIST || (n->kind == CONF_ARRAY && n->count == 0);
}

/* False: the value is not what the field wants, and nobody has said so yet. */
static bool (*const store[])(const struct reader *, const struct conf_node *) = {
    [CONF_T_STRING] = store_string, [CONF_T_INT] = store_number,
    [CONF_T_BOOL] = store_bool,     [CONF_T_DURATION] = store_number,
    [CONF_T_RATE] = store_rate,     [CONF_T_BYTES] = store_number,
    [CONF_T_TIME] = store_time,     [CONF_T_STRINGS] = store_strings,
    [CONF_T_CHOICE] = store_choice, [CONF_T_GROUP] = store_group,
    [CONF_T_LIST] = store_list,
};

/* A default goes the way of a written value: "127.0.0.0/8, ::1" for STRINGS. */
static void store_default(const struct reader *r)
{
    struct conf_node n = {.kind = CONF_STRING, .s = mem_str(r->field->def)};
    struct str rest = str_of(n.s), part;

    if (r->field->type == CONF_T_INT) {
        n.kind = CONF_INT;
        MUST(str_to_i64(str_of(n.s), &n.i));
    } else if (r->field->type == CONF_T_BOOL) {
        n.kind = CONF_BOOL;
        n.i = strcmp(n.s, "true") == 0;
    } else if (r->field->type == CONF_T_STRINGS) {
        n.kind = CONF_LIST;
        while (str_cut(&rest, ',', &part)) {
            part = str_trim(part);
            n.child = mem_grow(n.child, n.count + 1, sizeof *n.child);
            n.child[n.count++] =
                (struct conf_node){.kind = CONF_STRING, .s = mem_strn(part.p, part.n)};
        }
    }
    MUST(store[r->field->type](r, &n));
    for (size_t i = 0; i < n.count; i++)
        free(n.child[i].s);
    free(n.child);
    free(n.s);
}

static void say_unknown(const struct reader *r, const struct conf_field *fields,
                        const struct conf_node *n)
{
    struct str name = str_of(n->name);
    unsigned best = (unsigned)(name.n / 3) + 1;
    const char *meant = NULL;

    for (const struct conf_field *f = fields; f->name; f++) {
        unsigned d = str_distance(name, str_of(f->name));

        if (d <= best && (!meant || d < best)) {
            best = d;
            meant = f->name;
        }
    }
    if (meant)
        problems_add(r->problems, n->file, n->line,
                     "unknown setting '%.64s' in %s; did you mean '%s'?", n->name, r->what, meant);
    else
        problems_add(r->problems, n->file, n->line, "unknown setting '%.64s' in %s", n->name,
                     r->what);
}

static void read_one(struct reader *r, const struct conf_field *fields, const struct conf_node *n,
                     const struct conf_node **seen)
{
    size_t i = 0;

    while (fields[i].name && strcmp(fields[i].name, n->name) != 0)
        i++;
    MUST(i < FIELDS_MAX);
    if (!fields[i].name) {
        say_unknown(r, fields, n);
        return;
    }
    if (seen[i]) {
        problems_add(r->problems, n->file, n->line,
                     "'%s' is given twice; it stands in line %u already", n->name, seen[i]->line);
        return;
    }
    seen[i] = n;
    r->field = &fields[i];
    if (!store[fields[i].type](r, n))
        say_wrong(r, n);
}

void conf_read(const struct conf_node *group, const char *what, const struct conf_field *fields,
               void *target, struct problems *p)
{
    const struct conf_node *seen[FIELDS_MAX] = {0};
    struct reader r = {.what = what, .target = target, .problems = p};

    if (group->kind != CONF_GROUP) {
        problems_add(p, group->file, group->line, "%s must be a group in { }", what);
        return;
    }
    for (size_t i = 0; i < group->count; i++)
        read_one(&r, fields, &group->child[i], seen);
    for (size_t i = 0; fields[i].name; i++) {
        if (seen[i])
            continue;
        r.field = &fields[i];
        if (fields[i].required)
            problems_add(p, group->file, group->line, "'%s' is missing in %s", fields[i].name,
                         what);
        else if (fields[i].def)
            store_default(&r);
    }
}
