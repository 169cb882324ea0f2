/* reload.c: another configuration takes the place of the running one, with nothing dropped; or it is
 * refused with all that is wrong with it, and the old one stays. */
#include "reload.h"

#include <stdlib.h>
#include <string.h>
#include "live_parts.h"
#include "warden.h"

struct reload {
    struct problems problems;
    const char *restart[RESTART_MAX];
    unsigned restarts;
    bool ok;
};

/* ---- the change ---- */

static void change_plan(struct engine *e, const struct setup *to, void *arg)
{
    plan_reconfigure(e->plan, &to->settings->shaping, clock_now());
    pool_set_keys(e->pool, to->keys);
    calendars_give(e, arg);
}

static bool is_same_log(const struct settings *a, const struct settings *b)
{
    bool same_file = a->log_file && b->log_file ? strcmp(a->log_file, b->log_file) == 0
                                                : a->log_file == b->log_file;
    return same_file && a->log_level == b->log_level;
}

static void change_log(const struct settings *from, const struct settings *to, struct problems *p)
{
    struct err err;
    if (!is_same_log(from, to) && !log_open(to->log_file, (enum log_level)to->log_level, &err))
        problems_warn(p, to->tree->root.file, 0, "log_file: %s; the old one stays", err.text);
}

static void change_to(struct engine *e, struct setup *to, struct reload *r)
{
    struct new_calendars n;
    struct setup *former = atomic_load(&e->setup);
    change_log(former->settings, to->settings, &r->problems);
    e->warden->stamp = calendars_stamp(to->settings);
    calendars_prepare(e, to, &n);
    setup_change(e, to, change_plan, &n);
    calendars_warn(&n.said, &r->problems);
    calendars_let_go(&n);
}

static bool load(struct engine *e, struct reload *r)
{
    struct settings *s = settings_load(e->settings->tree->root.file, &r->problems);
    struct setup *to = s ? setup_new(s, true, &r->problems) : NULL;
    if (!to) {
        settings_free(s);
        return false;
    }
    r->restarts = settings_need_restart(e->settings, s, r->restart);
    change_to(e, to, r);
    return true;
}

/* ---- what is said about it ---- */

static char *problem_text(const struct problem *p)
{
    return p->line   ? mem_printf("%s:%u: %s", p->file, p->line, p->text)
           : p->file ? mem_printf("%s: %s", p->file, p->text)
                     : mem_str(p->text);
}

static void say(const struct reload *r)
{
    char quoted[900];
    for (size_t i = 0; i < r->problems.count; i++) {
        const struct problem *p = &r->problems.item[i];
        char *text = problem_text(p);
        log_line(p->is_warning ? LOG_AT_WARNING : LOG_AT_ERROR, "reload", "%s",
                 log_quote(str_of(text), quoted, sizeof quoted));
        free(text);
    }
    for (unsigned i = 0; i < r->restarts; i++)
        log_line(LOG_AT_WARNING, "reload", "%s counts after a restart only", r->restart[i]);
    if (r->ok)
        log_line(LOG_AT_INFO, "reload", "the new configuration counts");
    else
        log_line(LOG_AT_ERROR, "reload", "the old configuration stays: errors=%zu",
                 r->problems.errors);
}

static void run(struct engine *e, struct reload *r)
{
    *r = (struct reload){0};
    problems_init(&r->problems);
    pthread_mutex_lock(&e->reload_lock);
    r->ok = load(e, r);
    pthread_mutex_unlock(&e->reload_lock);
    say(r);
}

void engine_reload(struct engine *e)
{
    struct reload r;
    run(e, &r);
    problems_done(&r.problems);
}

static json_t *problems_json(const struct problems *p, bool warnings)
{
    json_t *out = json_array();
    for (size_t i = 0; i < p->count; i++) {
        if (p->item[i].is_warning != warnings)
            continue;
        char *text = problem_text(&p->item[i]);
        json_array_append_new(out, live_text(text));
        free(text);
    }
    if (p->left_out) {
        char *text = mem_printf("and %zu more", p->left_out);
        json_array_append_new(out, live_text(text));
        free(text);
    }
    return out;
}

json_t *live_reload(struct engine *e)
{
    struct reload r;
    json_t *answer;
    run(e, &r);
    if (r.ok) {
        json_t *names = json_array();
        for (unsigned i = 0; i < r.restarts; i++)
            json_array_append_new(names, live_text(r.restart[i]));
        answer = json_pack("{s:b,s:o,s:o}", "ok", 1, "warnings", problems_json(&r.problems, true),
                           "needs_restart", names);
    } else {
        answer = control_error("the old configuration stays: %zu error%s", r.problems.errors,
                               r.problems.errors == 1 ? "" : "s");
        json_object_set_new(answer, "problems", problems_json(&r.problems, false));
    }
    problems_done(&r.problems);
    return answer;
}
