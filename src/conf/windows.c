#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/calendar/calendar.h>
#include <sluice/conf/windows.h>
#include <sluice/os/file.h>
#include <unistd.h>

#include "window_text.h"

#define DAY_MS (86400LL * 1000)
#define DEFAULT_TIMEZONE "Asia/Seoul"

/* A window as it is written. */
struct draft {
    char *days, *hours, *rrule, *start, *from, *until, *timezone, *note;
    int64_t duration_ms;
};

#define TEXT(field, longest)                                                                       \
    {                                                                                              \
#field, CONF_T_STRING, offsetof(struct draft, field), .min = 1, .max = longest             \
    }

static const struct conf_field fields[] = {
    TEXT(days, 200),
    TEXT(hours, 40),
    TEXT(rrule, 1000),
    TEXT(start, 40),
    {"duration", CONF_T_DURATION, offsetof(struct draft, duration_ms), .min = 1000,
     .max = 366 * DAY_MS},
    TEXT(from, 40),
    TEXT(until, 40),
    TEXT(timezone, 64),
    TEXT(note, 200),
    {0},
};

struct reading {
    const struct conf_node *group;
    const char *path;
    struct draft d;
    struct window w;
    struct problems *problems;
};

static void draft_done(struct draft *d)
{
    char *const text[] = {d->days, d->hours, d->rrule,    d->start,
                          d->from, d->until, d->timezone, d->note};

    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        free(text[i]);
}

static void wrong(struct reading *r, const char *name, const char *got, const char *what)
{
    const struct conf_node *n = conf_find(r->group, name);
    char path[CONF_PATH];

    conf_path(path, r->path, name);
    conf_say(r->problems, n ? n : r->group, path, got ? "%s (got \"%.60s\")" : "%s", what, got);
}

static void wrong_text(struct reading *r, const char *name, const char *got, const char *what,
                       const char *allowed)
{
    char path[CONF_PATH];

    conf_path(path, r->path, name);
    conf_say(r->problems, conf_find(r->group, name), path, "%s (got \"%.60s\", allowed: %s)", what,
             got, allowed);
}

/* Settings of one kind of window have no meaning in another. */
static bool is_of_one_kind(struct reading *r)
{
    static const struct {
        const char *name;
        enum window_kind kind;
    } owner[] = {{"days", WINDOW_WEEKLY}, {"hours", WINDOW_WEEKLY},  {"rrule", WINDOW_RULE},
                 {"start", WINDOW_RULE},  {"duration", WINDOW_RULE}, {"from", WINDOW_ONCE},
                 {"until", WINDOW_ONCE}};
    const char *first = NULL;

    for (size_t i = 0; i < sizeof owner / sizeof *owner; i++) {
        if (!conf_find(r->group, owner[i].name))
            continue;
        if (first && owner[i].kind != r->w.kind) {
            char what[80] = "does not go together with ";

            strcat(what, first);
            wrong(r, owner[i].name, NULL, what);
            return false;
        }
        first = first ? first : owner[i].name;
        r->w.kind = owner[i].kind;
    }
    if (first)
        return true;
    conf_say(r->problems, r->group, r->path,
             "no time is given (allowed: days and hours; rrule, start and duration; from and "
             "until)");
    return false;
}

static bool take_weekly(struct reading *r)
{
    bool ok = true;

    r->w.days = 0x7f;
    r->w.until_min = 1440;
    if (r->d.days && !days_parse(str_of(r->d.days), &r->w.days)) {
        wrong_text(r, "days", r->d.days, "not days of the week",
                   "such as \"Mon-Fri\", \"Sat,Sun\", \"월-금\" or \"daily\"");
        ok = false;
    }
    if (r->d.hours && !hours_parse(str_of(r->d.hours), &r->w.from_min, &r->w.until_min)) {
        wrong_text(r, "hours", r->d.hours, "not hours of a day",
                   "such as \"08:00-20:00\", \"22:00-02:00\" or \"00:00-24:00\"");
        ok = false;
    }
    return ok;
}

/* A time without a zone, as if it were one in UTC; seconds optional, a space for the T. */
static bool parse_local(const char *text, struct wall *out)
{
    char *zoned = mem_printf("%sZ", text);
    bool ok = wall_parse(str_of(zoned), out);

    free(zoned);
    return ok;
}

static bool take_rule(struct reading *r)
{
    struct wall any;
    char *space;

    if (!r->d.rrule || !r->d.start || r->d.duration_ms == 0) {
        /* A value that was refused has been spoken of already. */
        const char *missing = !conf_find(r->group, "rrule")      ? "rrule"
                              : !conf_find(r->group, "start")    ? "start"
                              : !conf_find(r->group, "duration") ? "duration"
                                                                 : NULL;

        if (missing)
            wrong(r, missing, NULL, "missing: a rule needs rrule, start and duration");
        return false;
    }
    if (!parse_local(r->d.start, &any)) {
        wrong_text(r, "start", r->d.start, "not a local time",
                   "a time without a zone such as \"2026-01-11T02:00\"; the zone is timezone");
        return false;
    }
    space = strchr(r->d.start, ' ');
    if (space)
        *space = 'T';
    r->w.rrule = mem_str(r->d.rrule);
    r->w.start = mem_str(r->d.start);
    r->w.duration_ms = r->d.duration_ms;
    return true;
}

/* What a local time is in that zone (it MUST be known), asked of the calendar as a window of a
 * minute. */
static bool local_time(struct reading *r, const char *text, struct wall about, struct wall *out)
{
    struct window once = {.kind = WINDOW_RULE,
                          .rrule = "FREQ=DAILY;COUNT=1",
                          .duration_ms = 60000,
                          .timezone = r->w.timezone,
                          .start = mem_str(text),
                          .at = r->w.at};
    struct windows windows = {&once, 1, NULL};
    struct calendar_range range = {{about.ms - 2 * DAY_MS}, {about.ms + 2 * DAY_MS}};
    struct spans spans = {0};
    char *space = strchr(once.start, ' ');
    bool ok = false;

    if (space)
        *space = 'T';
    calendar_maintenance(&windows, "", range, &spans);
    ok = spans.count > 0;
    if (ok)
        out->ms = spans.item[0].from_ms;
    spans_done(&spans);
    free(once.start);
    return ok;
}

static bool take_time(struct reading *r, const char *name, const char *text, struct wall *out)
{
    struct wall about;

    if (wall_parse(str_of(text), out))
        return true;
    if (!parse_local(text, &about)) {
        wrong_text(
            r, name, text, "not a time",
            "such as \"2026-11-25T01:00:00+09:00\", or without a zone, then local to timezone");
        return false;
    }
    return local_time(r, text, about, out);
}

/* calendar_check() looks at the zone of what recurs only. */
static bool zone_is_known(struct reading *r)
{
    const struct window daily = {.kind = WINDOW_WEEKLY,
                                 .timezone = r->w.timezone,
                                 .days = 0x7f,
                                 .until_min = 1440,
                                 .at = r->w.at};

    return calendar_check(&daily, r->path, r->problems);
}

static bool take_once(struct reading *r)
{
    bool ok;

    if (!r->d.from) {
        if (!conf_find(r->group, "from"))
            wrong(r, "from", NULL, "missing: until needs a from");
        return false;
    }
    if (!zone_is_known(r))
        return false;
    r->w.until.ms = WHEN_NEVER;
    ok = take_time(r, "from", r->d.from, &r->w.from);
    if (r->d.until)
        ok = take_time(r, "until", r->d.until, &r->w.until) && ok;
    else if (conf_find(r->group, "until"))
        ok = false;
    if (ok && r->w.until.ms <= r->w.from.ms) {
        wrong(r, "until", r->d.until, "not later than from");
        ok = false;
    }
    return ok;
}

static void window_done(struct window *w)
{
    struct windows one = {mem_array(1, sizeof *w), 1, NULL};

    one.item[0] = *w;
    windows_done(&one);
}

static void read_window(const struct conf_node *group, const char *path, const char *timezone,
                        struct windows *out, struct problems *p)
{
    static bool (*const take[])(struct reading *) = {
        [WINDOW_WEEKLY] = take_weekly, [WINDOW_RULE] = take_rule, [WINDOW_ONCE] = take_once};
    struct reading r = {.group = group, .path = path, .problems = p};
    size_t errors = p->errors;

    r.w.at = (struct origin){group->file, group->line};
    conf_read(group, path, fields, &r.d, p);
    r.w.timezone = mem_str(r.d.timezone ? r.d.timezone : timezone);
    r.w.note = mem_str(r.d.note);
    if (group->kind == CONF_GROUP && is_of_one_kind(&r) && take[r.w.kind](&r) &&
        calendar_check(&r.w, path, p) && p->errors == errors) {
        out->item = mem_grow(out->item, out->count + 1, sizeof *out->item);
        out->item[out->count++] = r.w;
    } else {
        window_done(&r.w);
    }
    draft_done(&r.d);
}

static const char *timezone_of(const struct settings *s)
{
    return s->timezone ? s->timezone : DEFAULT_TIMEZONE;
}

void windows_read(const struct conf_node *group, const char *name, const char *path,
                  const struct settings *s, struct windows *out, struct problems *p)
{
    const struct conf_node *list = conf_find(group, name);
    char own[CONF_PATH], item[CONF_PATH];

    if (!list || list->kind != CONF_LIST)
        return;
    conf_path(own, path, name);
    if (list->count > WINDOWS_MAX) {
        conf_say(p, list, own, "too many windows (got %zu, allowed: %d)", list->count, WINDOWS_MAX);
        return;
    }
    for (size_t i = 0; i < list->count; i++) {
        conf_path_index(item, own, i);
        read_window(&list->child[i], item, timezone_of(s), out, p);
    }
}

static bool holidays_exist(const char *dir, const char *name)
{
    char *path = mem_printf("%s/%s.ics", dir, name);
    bool exist = access(path, R_OK) == 0;

    free(path);
    return exist;
}

static void check_holidays(const struct conf_node *n, const char *path, const struct settings *s,
                           const char *name, struct problems *p)
{
    const char *why;

    if (!file_name_is_safe(name, &why))
        conf_say(p, n, path, "not a plain name: %s (got \"%.60s\")", why, name);
    else if (!s->holiday_dir || !holidays_exist(s->holiday_dir, name))
        conf_say(p, n, path, "no such calendar (got \"%.60s\", allowed: NAME of a NAME.ics in %s)",
                 name, s->holiday_dir ? s->holiday_dir : "holiday_dir");
}

void send_windows_read(const struct conf_node *group, const char *path, const struct settings *s,
                       struct windows *out, struct problems *p)
{
    const struct conf_node *holidays = conf_find(group, "holidays");
    const struct conf_node *windows = conf_find(group, "send_windows");
    char own[CONF_PATH];

    windows_read(group, "send_windows", path, s, out, p);
    if (!holidays || !out->holidays)
        return;
    conf_path(own, path, "holidays");
    check_holidays(holidays, own, s, out->holidays, p);
    if (out->count || (windows && windows->count))
        return;
    out->item = mem_array(1, sizeof *out->item);
    out->count = 1;
    out->item[0] = (struct window){.kind = WINDOW_WEEKLY,
                                   .timezone = mem_str(timezone_of(s)),
                                   .days = 0x7f,
                                   .until_min = 1440,
                                   .at = {holidays->file, holidays->line}};
}
