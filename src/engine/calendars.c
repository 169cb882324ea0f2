/* calendars.c: from windows and calendar files to closed times. */
#include "calendars.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sluice/base/must.h>
#include <sluice/engine/engine.h>
#include <sluice/os/clock.h>

enum { FILES_MAX = 1000 };
#define DAY_MS (INT64_C(86400) * 1000)

struct calendar_range calendars_range(struct wall now)
{
    return (struct calendar_range){{now.ms - 35 * DAY_MS}, {now.ms + 400 * DAY_MS}};
}

/* ---- folders ---- */

struct folder {
    char **name;
    size_t count;
    int error;    /* it is there and cannot be read */
    bool is_full; /* it has more files */
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_calendar(const char *name)
{
    size_t n = strlen(name);
    return name[0] != '.' && n > 4 && strcmp(name + n - 4, ".ics") == 0;
}

/* A folder that is not there is an empty one. */
static struct folder *folder_read(const char *path)
{
    struct folder *f = mem_array(1, sizeof *f);
    DIR *d = path ? opendir(path) : NULL;
    f->error = d || !path || errno == ENOENT ? 0 : errno;
    f->name = mem_array(FILES_MAX, sizeof *f->name);
    for (struct dirent *e; d && !f->is_full && (e = readdir(d));) {
        if (!is_calendar(e->d_name))
            continue;
        if (f->count < FILES_MAX)
            f->name[f->count++] = mem_str(e->d_name);
        else
            f->is_full = true;
    }
    if (d)
        closedir(d);
    qsort(f->name, f->count, sizeof *f->name, by_name);
    return f;
}

static void folder_free(struct folder *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->name[i]);
    free(f->name);
    free(f);
}

static uint64_t stamp_of(const char *path, uint64_t stamp)
{
    struct folder *f = folder_read(path);
    for (size_t i = 0; i < f->count; i++) {
        struct stat st = {0};
        char *file = mem_printf("%s/%s", path, f->name[i]);
        stat(file, &st);
        char *text = mem_printf("%llx %s %lld %lld.%ld %llu", (unsigned long long)stamp, file,
                                (long long)st.st_size, (long long)st.st_mtim.tv_sec,
                                st.st_mtim.tv_nsec, (unsigned long long)st.st_ino);
        stamp = str_hash(str_of(text));
        free(text);
        free(file);
    }
    folder_free(f);
    return stamp;
}

uint64_t calendars_stamp(const struct settings *s)
{
    return stamp_of(s->holiday_dir, stamp_of(s->maintenance_dir, 0));
}

/* ---- one set ---- */

/* With names of files that are their own: settings go, calendars stay. */
static void own_origins(struct spans *out, const struct spans *from)
{
    for (size_t i = 0; i < from->reasons; i++) {
        const struct span_reason *r = &from->reason[i];
        spans_reason(out, r->text, r->at, r->at.file != NULL);
    }
    for (size_t i = 0; i < from->count; i++)
        spans_add(out, from->item[i].from_ms, from->item[i].until_ms, from->item[i].reason);
}

static void add_own(struct spans *out, struct spans *from)
{
    struct spans own = {0}, joined = {0};
    own_origins(&own, from);
    spans_join(&joined, out, &own);
    spans_done(&own);
    spans_done(from);
    spans_done(out);
    *out = joined;
}

static size_t name_length(const char *file, const char *provider)
{
    size_t n = strlen(provider);
    return strncmp(file, provider, n) == 0 && file[n] == '.' ? n : 0;
}

/* Names of providers have dots, too: the longest one that fits is meant. */
static const struct profile *profile_of_file(const struct shaping *s, const char *file)
{
    const struct profile *best = NULL;
    for (size_t i = 0; i < s->profiles.count; i++) {
        const struct profile *f = &s->profiles.item[i];
        size_t n = name_length(file, f->name);
        if (n > 0 && (!best || n > strlen(best->name)))
            best = f;
    }
    return best;
}

void calendar_add_maintenance(struct calendar_maker *m, const struct profile *f, struct spans *out)
{
    struct spans closed = {0};
    char *what = mem_printf("maintenance of %s", f->name);
    calendar_maintenance(&f->maintenance, what, m->range, &closed);
    for (size_t i = 0; i < m->maintenance->count; i++) {
        const char *name = m->maintenance->name[i];
        if (profile_of_file(&m->settings->shaping, name) != f)
            continue;
        char *path = mem_printf("%s/%s", m->settings->maintenance_dir, name);
        calendar_ics(path, what, m->settings->timezone, m->range, &closed, &m->problems);
        free(path);
    }
    free(what);
    add_own(out, &closed);
}

/* ---- holidays ---- */

struct holidays {
    char *name, *zone;
    struct spans closed;
    struct holidays *next;
};

/* All-day days are those of the windows' own zone. */
static const struct spans *holidays_of(struct calendar_maker *m, const struct windows *w)
{
    const char *zone =
        w->count && w->item[0].timezone ? w->item[0].timezone : m->settings->timezone;
    if (!w->holidays)
        return NULL;
    for (struct holidays *h = m->holidays; h; h = h->next)
        if (strcmp(h->name, w->holidays) == 0 && strcmp(h->zone, zone) == 0)
            return &h->closed;
    struct holidays *h = mem_array(1, sizeof *h);
    char *path = mem_printf("%s/%s.ics", m->settings->holiday_dir, w->holidays);
    char *what = mem_printf("holidays %s", w->holidays);
    h->name = mem_str(w->holidays);
    h->zone = mem_str(zone);
    calendar_ics(path, what, zone, m->range, &h->closed, &m->problems);
    free(what);
    free(path);
    h->next = m->holidays;
    m->holidays = h;
    return &h->closed;
}

void calendar_add_sending(struct calendar_maker *m, const struct windows *w, const char *what,
                          struct spans *out)
{
    struct spans closed = {0};
    if (w->count == 0)
        return;
    calendar_sending(w, holidays_of(m, w), what, m->range, &closed);
    add_own(out, &closed);
}

/* ---- all of them ---- */

void calendar_maker_init(struct calendar_maker *m, const struct settings *s,
                         struct calendar_range r)
{
    *m = (struct calendar_maker){.settings = s, .range = r};
    problems_init(&m->problems);
    m->maintenance = folder_read(s->maintenance_dir);
}

void calendar_maker_done(struct calendar_maker *m)
{
    for (struct holidays *h = m->holidays, *next; h; h = next) {
        next = h->next;
        free(h->name);
        free(h->zone);
        spans_done(&h->closed);
        free(h);
    }
    folder_free(m->maintenance);
    problems_done(&m->problems);
}

static struct spans *add_party(struct calendars *c, enum plan_party party, const char *name)
{
    struct party_calendar *p = &c->item[c->count++];
    p->party = party;
    p->name = mem_str(name);
    return &p->closed;
}

/* A file whose name is mistyped would be a maintenance that nobody heeds. */
static void check_files(struct calendar_maker *m)
{
    const char *dir = m->settings->maintenance_dir;
    if (m->maintenance->error)
        problems_warn(&m->problems, dir, 0, "cannot be read: %s", strerror(m->maintenance->error));
    if (m->maintenance->is_full)
        problems_warn(&m->problems, dir, 0,
                      "too many calendar files (allowed: %d): some do not count", FILES_MAX);
    for (size_t i = 0; i < m->maintenance->count; i++) {
        const char *name = m->maintenance->name[i];
        if (profile_of_file(&m->settings->shaping, name))
            continue;
        char *path = mem_printf("%s/%s", dir, name);
        problems_warn(&m->problems, path, 0,
                      "no provider has this name: a file is called PROVIDER.ics or "
                      "PROVIDER.anything.ics");
        free(path);
    }
}

void calendars_make(struct calendar_maker *m, struct calendars *out)
{
    const struct shaping *s = &m->settings->shaping;
    out->item = mem_array(s->profiles.count + s->clients + 1, sizeof *out->item);
    out->count = 0;
    for (size_t i = 0; i < s->profiles.count; i++) {
        const struct profile *f = &s->profiles.item[i];
        struct spans *closed = add_party(out, PARTY_PROVIDER, f->name);
        char *what = mem_printf("send windows of %s", f->name);
        calendar_add_maintenance(m, f, closed);
        calendar_add_sending(m, &f->send_windows, what, closed);
        free(what);
    }
    for (size_t i = 0; i < s->clients; i++) {
        const struct client *c = &s->client[i];
        char *what = mem_printf("send windows of client %s", c->name);
        calendar_add_sending(m, &c->send_windows, what, add_party(out, PARTY_CLIENT, c->name));
        free(what);
    }
    check_files(m);
}

void calendars_done(struct calendars *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free(c->item[i].name);
        spans_done(&c->item[i].closed);
    }
    free(c->item);
    *c = (struct calendars){0};
}

static bool is_said(const struct problems *p, const struct problem *one)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct problem *old = &p->item[i];
        if (old->line == one->line && strcmp(old->text, one->text) == 0 &&
            strcmp(old->file ? old->file : "", one->file ? one->file : "") == 0)
            return true;
    }
    return false;
}

void calendars_warn(const struct problems *from, struct problems *to)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct problem *one = &from->item[i];
        if (!is_said(to, one))
            problems_warn(to, one->file, one->line, "%s", one->text);
    }
    to->left_out += from->left_out;
}

void engine_check_calendars(const struct settings *s, struct problems *p)
{
    struct calendar_maker m;
    struct calendars c;
    calendar_maker_init(&m, s, calendars_range(clock_wall()));
    calendars_make(&m, &c);
    calendars_warn(&m.problems, p);
    calendars_done(&c);
    calendar_maker_done(&m);
}

const struct spans *calendars_find(const struct calendars *c, enum plan_party party,
                                   const char *name)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->item[i].party == party && strcmp(c->item[i].name, name) == 0)
            return &c->item[i].closed;
    return NULL;
}

void windows_copy(struct windows *out, const struct windows *w)
{
    *out = (struct windows){.count = w->count, .holidays = mem_str(w->holidays)};
    out->item = mem_array(w->count + 1, sizeof *out->item);
    for (size_t i = 0; i < w->count; i++) {
        struct window *to = &out->item[i];
        *to = w->item[i];
        to->timezone = mem_str(w->item[i].timezone);
        to->rrule = mem_str(w->item[i].rrule);
        to->start = mem_str(w->item[i].start);
        to->note = mem_str(w->item[i].note);
        to->at = (struct origin){0}; /* borrowed from what may go first */
    }
}
