/* scene_read.c: a scenario file from its first byte to the checks over all of it. */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sluice/base/must.h>
#include <sluice/base/when.h>
#include "reader.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void set_port(struct reader *r, void *object, config_setting_t *value)
{
    struct scene *s = object;
    int port = config_setting_get_int(value);
    if (config_setting_type(value) != CONFIG_TYPE_INT || port < 0 || port > 65535)
        reader_bad(r, value, "a port from 0 (any free one) to 65535 is wanted here");
    else
        s->smtp_port = port;
}

static void each_period(struct reader *r, void *object, config_setting_t *at, const char *text)
{
    struct periods *p = object;
    int64_t ms;
    if (!duration_parse(str_of(text), &ms) || ms < 1 || ms > METER_PERIOD_MAX_MS) {
        reader_bad(r, at, "a duration of at most a day is wanted here, such as \"10 s\"");
        return;
    }
    for (size_t i = 0; i < p->count; i++)
        if (p->ms[i] == ms)
            return;
    if (p->count == METER_PERIODS)
        reader_bad(r, at, "more than %d periods", METER_PERIODS);
    else
        p->ms[p->count++] = ms;
}

static void set_measure(struct reader *r, void *object, config_setting_t *value)
{
    struct scene *s = object;
    s->measure.count = 1; /* the second stays */
    reader_texts(r, value, &s->measure, each_period);
}

static const struct key lab_keys[] = {
    {"dns", KEY_STR, offsetof(struct scene, dns), NULL},
    {"smtp_port", KEY_CALL, 0, set_port},
    {"seed", KEY_U64, offsetof(struct scene, seed), NULL},
    {"dump", KEY_STR, offsetof(struct scene, dump), NULL},
    {"log", KEY_STR, offsetof(struct scene, log), NULL},
    {"keep", KEY_STR, offsetof(struct scene, keep), NULL},
    {"keep_limit", KEY_U64, offsetof(struct scene, keep_limit), NULL},
    {"control", KEY_STR, offsetof(struct scene, control), NULL},
    {"ca_file", KEY_STR, offsetof(struct scene, ca_file), NULL},
    {"idle_timeout", KEY_MS, offsetof(struct scene, idle_ms), NULL},
    {"max_records", KEY_U64, offsetof(struct scene, max_records), NULL},
    {"measure", KEY_CALL, 0, set_measure},
    {"message_id", KEY_BOOL, offsetof(struct scene, wants_message_id), NULL},
};

static void read_lab(struct reader *r, config_setting_t *section)
{
    reader_group(r, section, r->scene, lab_keys, COUNT(lab_keys), "lab");
}

static const struct section {
    const char *name;
    void (*read)(struct reader *r, config_setting_t *section);
} sections[] = {
    /* In the order in which they need one another, which the file need not have. */
    {"lab", read_lab},
    {"behaviours", scene_read_behaviours},
    {"receivers", scene_read_receivers},
    {"domains", scene_read_domains},
    {"names", scene_read_names},
};

static void read_sections(struct reader *r, config_t *c)
{
    config_setting_t *root = config_root_setting(c);
    for (int i = 0; i < config_setting_length(root); i++) {
        config_setting_t *one = config_setting_get_elem(root, (unsigned)i);
        const char *names[COUNT(sections)];
        bool known = false;
        for (size_t k = 0; k < COUNT(sections); k++) {
            names[k] = sections[k].name;
            known = known || strcmp(names[k], config_setting_name(one)) == 0;
        }
        const char *best = reader_closest(config_setting_name(one), names, COUNT(names));
        if (!known)
            reader_bad(r, one, "unknown section '%s'; did you mean '%s'?", config_setting_name(one),
                       best ? best : names[0]);
    }
    for (size_t k = 0; k < COUNT(sections); k++) {
        config_setting_t *one = config_setting_get_member(root, sections[k].name);
        if (one)
            sections[k].read(r, one);
    }
}

static void check_receivers_of_domains(struct reader *r)
{
    struct scene *s = r->scene;
    for (size_t i = 0; i < s->names; i++) {
        struct name *n = s->name[i];
        if (!n->receiver_name)
            continue;
        uint64_t many = n->pattern.count < 1000 ? n->pattern.count : 1000;
        for (uint64_t k = 0; k < many; k++) {
            char name[PATTERN_NAME];
            struct err e = {0};
            if (!template_fill(str_of(n->receiver_name), &n->pattern, k, name, &e)) {
                problems_add(r->problems, s->file, n->line, "%s", e.text);
                break;
            }
            if (!scene_receiver(s, str_of(name))) {
                problems_add(r->problems, s->file, n->line, "there is no receiver '%s'", name);
                break;
            }
        }
    }
}

static struct scene *scene_defaults(const char *path)
{
    struct scene *s = mem_array(1, sizeof *s);
    s->file = scene_str(s, str_of(path));
    s->dns = scene_str(s, str_of("127.0.0.1:5353"));
    s->smtp_port = 2525;
    s->seed = 1;
    s->keep_limit = 10;
    s->idle_ms = 300000;
    s->max_records = 20000000;
    s->measure = (struct periods){.ms = {1000, 60000}, .count = 2};
    return s;
}

static bool parse_file(struct scene *s, config_t *c, struct problems *p)
{
    char *copy = mem_str(s->file);
    config_set_include_dir(c, dirname(copy));
    free(copy);
    FILE *f = fopen(s->file, "r");
    if (!f) {
        problems_add(p, s->file, 0, "%s", strerror(errno));
        return false;
    }
    bool ok = config_read(c, f) == CONFIG_TRUE;
    (void)fclose(f);
    if (!ok)
        problems_add(p, config_error_file(c) ? config_error_file(c) : s->file,
                     (unsigned)config_error_line(c), "%s", config_error_text(c));
    return ok;
}

struct scene *scene_read(const char *path, struct problems *p)
{
    struct scene *s = scene_defaults(path);
    struct reader r = {.scene = s, .problems = p};
    size_t before = p->errors;
    config_t c;
    config_init(&c);
    if (parse_file(s, &c, p))
        read_sections(&r, &c);
    config_destroy(&c);
    if (p->errors == before) {
        check_receivers_of_domains(&r);
        if (s->receivers == 0)
            problems_warn(p, s->file, 0, "no receivers: only the DNS will answer");
    }
    if (p->errors == before)
        return s;
    scene_free(s);
    return NULL;
}
