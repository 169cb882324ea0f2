/* store.c: a value into its place in a struct. (P) */
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/base/rate.h>
#include <sluice/base/when.h>

#include "field.h"
#include "value.h"

static void *slot(const struct reader *r)
{
    return r->target + r->field->offset;
}

static bool is_in_range(const struct conf_field *f, int64_t v)
{
    return (f->min == 0 && f->max == 0) || (v >= f->min && v <= f->max);
}

static bool is_sequence(const struct conf_node *n)
{
    return n->kind == CONF_LIST || n->kind == CONF_ARRAY;
}

static bool has_control(const char *s)
{
    for (; *s; s++) {
        if ((unsigned char)*s < ' ' || *s == 0x7f)
            return true;
    }
    return false;
}

static enum field_fit store_string(const struct reader *r, const struct conf_node *n)
{
    char **to = slot(r);

    if (n->kind != CONF_STRING)
        return FIELD_WRONG_TYPE;
    if (!is_in_range(r->field, (int64_t)strlen(n->s)))
        return FIELD_OUT_OF_RANGE;
    if (has_control(n->s))
        return FIELD_CONTROL;
    free(*to);
    *to = mem_str(n->s);
    return FIELD_STORED;
}

static enum field_fit store_number(const struct reader *r, const struct conf_node *n)
{
    int64_t value = n->i, *to = slot(r);
    bool ok = n->kind == CONF_INT && r->field->type != CONF_T_DURATION;

    if (n->kind == CONF_STRING && r->field->type == CONF_T_DURATION)
        ok = duration_parse(str_of(n->s), &value);
    else if (n->kind == CONF_STRING && r->field->type == CONF_T_BYTES)
        ok = conf_bytes_parse(str_of(n->s), &value);
    if (!ok)
        return FIELD_WRONG_TYPE;
    if (!is_in_range(r->field, value))
        return FIELD_OUT_OF_RANGE;
    *to = value;
    return FIELD_STORED;
}

static enum field_fit store_bool(const struct reader *r, const struct conf_node *n)
{
    bool *to = slot(r);

    if (n->kind != CONF_BOOL)
        return FIELD_WRONG_TYPE;
    *to = n->i != 0;
    return FIELD_STORED;
}

static enum field_fit store_rate(const struct reader *r, const struct conf_node *n)
{
    struct rate_spec *to = slot(r);

    return n->kind == CONF_STRING && rate_spec_parse(str_of(n->s), to) ? FIELD_STORED
                                                                       : FIELD_WRONG_TYPE;
}

static enum field_fit store_rates(const struct reader *r, const struct conf_node *n)
{
    struct rates *to = slot(r), rates = {0};
    const struct conf_node *item = is_sequence(n) ? n->child : n;
    size_t count = is_sequence(n) ? n->count : 1;

    if (n->kind == CONF_STRING && str_eq_nocase(str_of(n->s), str_of("none")))
        count = 0;
    else if (count == 0 || count > RATES_MAX)
        return FIELD_WRONG_TYPE;
    for (size_t i = 0; i < count; i++) {
        if (item[i].kind != CONF_STRING ||
            !rate_spec_parse(str_of(item[i].s), &rates.item[rates.count++]))
            return FIELD_WRONG_TYPE;
    }
    *to = rates;
    return FIELD_STORED;
}

static enum field_fit store_time(const struct reader *r, const struct conf_node *n)
{
    struct wall *to = slot(r);

    return n->kind == CONF_STRING && wall_parse(str_of(n->s), to) ? FIELD_STORED : FIELD_WRONG_TYPE;
}

static enum field_fit store_strings(const struct reader *r, const struct conf_node *n)
{
    struct conf_strings *to = slot(r), list;

    if (!is_sequence(n))
        return FIELD_WRONG_TYPE;
    for (size_t i = 0; i < n->count; i++) {
        if (n->child[i].kind != CONF_STRING)
            return FIELD_WRONG_TYPE;
        if (has_control(n->child[i].s))
            return FIELD_CONTROL;
    }
    list = (struct conf_strings){mem_array(n->count, sizeof(char *)), n->count};
    for (size_t i = 0; i < n->count; i++)
        list.item[i] = mem_str(n->child[i].s);
    conf_strings_done(to);
    *to = list;
    return FIELD_STORED;
}

static enum field_fit store_numbers(const struct reader *r, const struct conf_node *n)
{
    struct conf_numbers *to = slot(r), list;

    if (!is_sequence(n) || n->count == 0 || n->count > CONF_NUMBERS_MAX)
        return FIELD_WRONG_TYPE;
    for (size_t i = 0; i < n->count; i++) {
        if (n->child[i].kind != CONF_INT)
            return FIELD_WRONG_TYPE;
        if (!is_in_range(r->field, n->child[i].i))
            return FIELD_OUT_OF_RANGE;
    }
    list = (struct conf_numbers){mem_array(n->count, sizeof(int64_t)), n->count};
    for (size_t i = 0; i < n->count; i++)
        list.item[i] = n->child[i].i;
    free(to->item);
    *to = list;
    return FIELD_STORED;
}

static enum field_fit store_choice(const struct reader *r, const struct conf_node *n)
{
    int *to = slot(r);

    if (n->kind != CONF_STRING)
        return FIELD_WRONG_TYPE;
    for (int i = 0; r->field->choices[i]; i++) {
        if (str_eq_nocase(str_of(n->s), str_of(r->field->choices[i]))) {
            *to = i;
            return FIELD_STORED;
        }
    }
    return FIELD_WRONG_TYPE;
}

static enum field_fit store_group(const struct reader *r, const struct conf_node *n)
{
    (void)r;
    return n->kind == CONF_GROUP ? FIELD_STORED : FIELD_WRONG_TYPE;
}

static enum field_fit store_list(const struct reader *r, const struct conf_node *n)
{
    (void)r;
    return n->kind == CONF_LIST || (n->kind == CONF_ARRAY && n->count == 0) ? FIELD_STORED
                                                                            : FIELD_WRONG_TYPE;
}

static enum field_fit store_bool_or_group(const struct reader *r, const struct conf_node *n)
{
    (void)r;
    return n->kind == CONF_BOOL || n->kind == CONF_GROUP ? FIELD_STORED : FIELD_WRONG_TYPE;
}

static enum field_fit store_elsewhere(const struct reader *r, const struct conf_node *n)
{
    (void)r;
    (void)n;
    return FIELD_STORED;
}

static enum field_fit (*const store[])(const struct reader *, const struct conf_node *) = {
    [CONF_T_STRING] = store_string,       [CONF_T_INT] = store_number,
    [CONF_T_BOOL] = store_bool,           [CONF_T_DURATION] = store_number,
    [CONF_T_RATE] = store_rate,           [CONF_T_RATES] = store_rates,
    [CONF_T_BYTES] = store_number,        [CONF_T_TIME] = store_time,
    [CONF_T_STRINGS] = store_strings,     [CONF_T_NUMBERS] = store_numbers,
    [CONF_T_CHOICE] = store_choice,       [CONF_T_GROUP] = store_group,
    [CONF_T_LIST] = store_list,           [CONF_T_BOOL_OR_GROUP] = store_bool_or_group,
    [CONF_T_ELSEWHERE] = store_elsewhere,
};

enum field_fit field_store(const struct reader *r, const struct conf_node *n)
{
    enum field_fit fit = store[r->field->type](r, n);

    if (fit == FIELD_STORED && r->field->origin)
        *(struct origin *)(void *)(r->target + r->field->origin - 1) =
            (struct origin){n->file, n->line};
    return fit;
}

/* A default goes the way of a written value: "127.0.0.0/8, ::1" for STRINGS. */
void field_store_default(const struct reader *r)
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
    MUST(store[r->field->type](r, &n) == FIELD_STORED);
    for (size_t i = 0; i < n.count; i++)
        free(n.child[i].s);
    free(n.child);
    free(n.s);
}
