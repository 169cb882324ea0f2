/* say.c: the words of problems: where, what is wrong, what was found, what is allowed, what was
 * perhaps meant. (P) */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/buf.h>
#include <sluice/base/must.h>
#include <sluice/base/rate.h>
#include <sluice/base/utf8.h>
#include <sluice/base/when.h>

#include "field.h"

#define NAMES_SHOWN 8
#define NAMES_SHOWN_WITH_A_GUESS 3
#define TEXT_MAX 1000

static void join(char out[CONF_PATH], const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void join(char out[CONF_PATH], const char *path, const char *format, ...)
{
    struct buf b;
    va_list args;

    buf_init(&b, 4096);
    buf_puts(&b, path);
    va_start(args, format);
    buf_vprintf(&b, format, args);
    va_end(args);
    str_copy(out, CONF_PATH, str_n(b.data, b.len));
    buf_done(&b);
}

void conf_path(char out[CONF_PATH], const char *path, const char *name)
{
    join(out, path, "%s%.64s", *path ? "." : "", name);
}

void conf_path_index(char out[CONF_PATH], const char *path, size_t index)
{
    join(out, path, "[%zu]", index);
}

/* What was found is cut short, perhaps inside a character; JSON takes no half ones. */
static void drop_halves(struct buf *b)
{
    for (;;) {
        size_t bad = utf8_bad_at(b->data, b->len);

        if (bad == b->len)
            return;
        memmove(b->data + bad, b->data + bad + 1, b->len - bad);
        b->len--;
    }
}

void conf_say(struct problems *p, const struct conf_node *n, const char *path, const char *format,
              ...)
{
    struct buf text;
    va_list args;

    buf_init(&text, TEXT_MAX);
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    drop_halves(&text);
    problems_add(p, n->file, n->line, "%s%s%s", path, *path ? ": " : "", text.data);
    buf_done(&text);
}

/* ---- names ---- */

struct near {
    const char *name;
    unsigned distance;
    size_t place;
};

static int by_distance(const void *a, const void *b)
{
    const struct near *x = a, *y = b;

    if (x->distance != y->distance)
        return x->distance < y->distance ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

/* "(GOT allowed: all names, or the nearest ones); did you mean ...?" */
static void put_names(struct buf *out, const char *got, const char *word, const char *quote,
                      const char *const *names, size_t count)
{
    struct near *near = mem_array(count + 1, sizeof *near), best = {NULL, 0, 0};
    size_t shown = count;
    bool is_guess;

    for (size_t i = 0; i < count; i++) {
        near[i] = (struct near){names[i], str_distance(str_of(word), str_of(names[i])), i};
        if (i == 0 || near[i].distance < best.distance)
            best = near[i];
    }
    is_guess = best.name && best.distance <= strlen(word) / 3 + 1;
    if (count > NAMES_SHOWN) {
        qsort(near, count, sizeof *near, by_distance);
        shown = is_guess ? NAMES_SHOWN_WITH_A_GUESS : NAMES_SHOWN;
    }
    buf_printf(out, " (%sallowed: ", got);
    for (size_t i = 0; i < shown; i++)
        buf_printf(out, "%s%s%.64s%s", i ? ", " : "", quote, near[i].name, quote);
    buf_puts(out, count == 0 ? "none)" : count > shown ? ", ...)" : ")");
    if (is_guess)
        buf_printf(out, "; did you mean %s%.64s%s?", quote, best.name, quote);
    free(near);
}

void conf_say_unknown(struct problems *p, const struct conf_node *n, const char *path,
                      const char *what, const char *word, const char *const *names, size_t count)
{
    struct buf text;
    char got[CONF_PATH];

    join(got, "", "got \"%.60s\", ", word);
    buf_init(&text, TEXT_MAX);
    put_names(&text, got, word, "\"", names, count);
    conf_say(p, n, path, "no such %s%s", what, text.data);
    buf_done(&text);
}

void say_unknown_setting(const struct reader *r, const struct conf_field *fields,
                         const struct conf_node *n)
{
    const char **names;
    char path[CONF_PATH];
    struct buf text;
    size_t count = 0;

    while (fields[count].name)
        count++;
    names = mem_array(count + 1, sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = fields[i].name;
    conf_path(path, r->path, n->name);
    buf_init(&text, TEXT_MAX);
    put_names(&text, "", n->name, "", names, count);
    conf_say(r->problems, n, path, "unknown setting%s", text.data);
    buf_done(&text);
    free(names);
}

/* ---- values ---- */

static const struct {
    const char * not, *allowed;
} words[] = {
    [CONF_T_STRING] = {"not a text", "a text in quotes"},
    [CONF_T_INT] = {"not a whole number", "a whole number"},
    [CONF_T_BOOL] = {"not a yes or no", "true or false"},
    [CONF_T_DURATION] = {"not a duration", "a duration with its unit, such as \"20 min\""},
    [CONF_T_RATE] = {"not a rate", "a rate such as \"100/s\", \"1,000/min\" or \"50,000/day\""},
    [CONF_T_RATES] = {"not a rate", "a rate such as \"100/s\", \"1,000/min\" or \"50,000/day\", a "
                                    "list of up to 4 of them, or \"none\""},
    [CONF_T_BYTES] = {"not a size", "a size such as 1000000 or \"64 MB\""},
    [CONF_T_TIME] = {"not a time", "a time with its zone, such as \"2026-11-22T10:00:00+09:00\""},
    [CONF_T_STRINGS] = {"not a list of texts", "a list of texts, such as ( \"a\", \"b\" )"},
    [CONF_T_NUMBERS] = {"not a list of numbers", "a list of whole numbers, such as ( 50, 100 )"},
    [CONF_T_CHOICE] = {"not one of the choices", ""},
    [CONF_T_GROUP] = {"not a group", "a group in { }"},
    [CONF_T_LIST] = {"not a list", "a list in ( )"},
    [CONF_T_BOOL_OR_GROUP] = {"not a yes or no", "true, false, or a group in { }"},
    [CONF_T_ELSEWHERE] = {"", ""},
};

static void put_range(struct buf *out, const struct conf_field *f)
{
    char low[16], high[16];

    if (f->min == 0 && f->max == 0)
        return;
    if (f->type == CONF_T_DURATION) {
        duration_format(f->min, low);
        duration_format(f->max, high);
        buf_printf(out, ", %s to %s", low, high);
    } else {
        buf_printf(out,
                   f->type == CONF_T_STRING ? " of %" PRId64 " to %" PRId64 " bytes"
                                            : ", %" PRId64 " to %" PRId64,
                   f->min, f->max);
    }
}

static void put_allowed(struct buf *out, const struct conf_field *f)
{
    buf_puts(out, words[f->type].allowed);
    put_range(out, f);
    for (size_t i = 0; f->type == CONF_T_CHOICE && f->choices[i]; i++)
        buf_printf(out, "%s\"%s\"", i ? ", " : "", f->choices[i]);
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
        buf_puts(out, n->count == 0 ? "an empty list" : "a list");
        break;
    }
}

/* Of a list, the element that is to blame. */
static const struct conf_node *culprit(const struct conf_field *f, const struct conf_node *n,
                                       char path[CONF_PATH])
{
    if (n->kind != CONF_LIST && n->kind != CONF_ARRAY)
        return n;
    for (size_t i = 0; i < n->count; i++) {
        const struct conf_node *c = &n->child[i];
        struct rate_spec rate;
        bool fits = f->type == CONF_T_STRINGS ? c->kind == CONF_STRING
                    : f->type == CONF_T_NUMBERS
                        ? c->kind == CONF_INT && c->i >= f->min && c->i <= f->max
                    : f->type == CONF_T_RATES
                        ? c->kind == CONF_STRING && rate_spec_parse(str_of(c->s), &rate)
                        : true;

        if (!fits) {
            conf_path_index(path, path, i);
            return c;
        }
    }
    return n;
}

void say_misfit(const struct reader *r, const struct conf_node *n, enum field_fit fit)
{
    const char *wrong = fit == FIELD_OUT_OF_RANGE ? "out of range" : words[r->field->type].not ;
    char path[CONF_PATH];
    struct buf text;

    conf_path(path, r->path, r->field->name);
    if (fit == FIELD_CONTROL) {
        conf_say(r->problems, n, path,
                 "must not contain control characters such as tabs or line breaks");
        return;
    }
    if (r->field->type == CONF_T_CHOICE && n->kind == CONF_STRING) {
        size_t count = 0;

        while (r->field->choices[count])
            count++;
        conf_say_unknown(r->problems, n, path, "choice", n->s, r->field->choices, count);
        return;
    }
    n = culprit(r->field, n, path);
    if (fit == FIELD_OUT_OF_RANGE && r->field->type == CONF_T_STRING)
        wrong = n->s[0] ? "too short or too long" : "empty";
    buf_init(&text, TEXT_MAX);
    buf_printf(&text, "%s (got ", wrong);
    put_found(&text, n);
    buf_puts(&text, ", allowed: ");
    put_allowed(&text, r->field);
    buf_putc(&text, ')');
    conf_say(r->problems, n, path, "%s", text.data);
    buf_done(&text);
}

void say_missing(const struct reader *r, const struct conf_node *group)
{
    char path[CONF_PATH];
    struct buf text;

    conf_path(path, r->path, r->field->name);
    buf_init(&text, TEXT_MAX);
    put_allowed(&text, r->field);
    conf_say(r->problems, group, path, "missing (allowed: %s)", text.data);
    buf_done(&text);
}
