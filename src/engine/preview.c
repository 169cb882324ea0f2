/* preview.c: reads a job file, its template and its recipients, and counts what the import would
 * find. */
#include "preview.h"

#include <stdlib.h>
#include <string.h>
#include <sluice/job/jobfile.h>
#include <sluice/job/recipients.h>
#include "setup.h"

enum { DEPTH_MAX = 32, SAY_MS = 250, EMPTIES_MAX = 256 };

/* ---- who was seen ---- */

static void seen_put(struct seen *s, uint64_t hash)
{
    uint64_t at = hash & (s->size - 1);
    while (s->slot[at])
        at = (at + 1) & (s->size - 1);
    s->slot[at] = hash;
}

static void seen_grow(struct seen *s)
{
    struct seen larger = {.size = s->size ? 2 * s->size : 1 << 12, .count = s->count};
    larger.slot = mem_array(larger.size, sizeof *larger.slot);
    for (uint64_t i = 0; i < s->size; i++)
        if (s->slot[i])
            seen_put(&larger, s->slot[i]);
    free(s->slot);
    *s = larger;
}

/* One person, one mail: case does not count in front of the @ either. */
bool seen_add(struct seen *s, const char *address)
{
    char lower[ADDRESS_MAX + 1];
    str_copy(lower, sizeof lower, str_of(address));
    str_lower(lower, strlen(lower));
    uint64_t hash = str_hash(str_of(lower)) | 1; /* 0 is an empty slot */
    if (2 * s->count >= s->size && s->size < PREVIEW_SEEN_MAX)
        seen_grow(s);
    for (uint64_t at = hash & (s->size - 1); s->slot[at]; at = (at + 1) & (s->size - 1))
        if (s->slot[at] == hash)
            return false;
    if (4 * (s->count + 1) > 3 * s->size) /* as large as it gets: who comes now is not remembered */
        return true;
    seen_put(s, hash);
    s->count++;
    return true;
}

void seen_done(struct seen *s)
{
    free(s->slot);
    *s = (struct seen){0};
}

/* ---- life ---- */

void preview_begin(struct preview *p, struct ask *q, const char *path)
{
    *p = (struct preview){.q = q, .e = q->engine, .path = path, .now = clock_wall()};
    p->setup = engine_hold(p->e);
    p->settings = setup_settings(p->setup);
    problems_init(&p->problems);
}

void preview_done(struct preview *p)
{
    const struct map_entry *m;
    for (size_t i = 0; (m = map_next(&p->domain_by_name, &i));) {
        free(((struct preview_domain *)m->value)->why);
        free(m->value);
    }
    for (size_t i = 0; (m = map_next(&p->empties, &i));)
        free(m->value);
    map_done(&p->domain_by_name);
    map_done(&p->empties);
    free(p->domain);
    seen_done(&p->seen);
    answers_done(&p->answers);
    mailing_release(p->mailing);
    job_spec_free(p->spec);
    problems_done(&p->problems);
    engine_let_go(p->e, p->setup);
}

bool preview_says(struct preview *p, const char *stage, double done)
{
    int64_t now_ms = clock_mono().ms;
    if (now_ms - p->said_ms < SAY_MS)
        return true;
    p->said_ms = now_ms;
    p->is_gone = !outlook_progress(p->q->answer, stage, done);
    return !p->is_gone;
}

/* ---- one recipient ---- */

bool preview_fails(struct preview *p, const struct err *e)
{
    str_copy(p->failed, sizeof p->failed, str_of(e->text));
    return false;
}

static void count_domain(struct preview *p, const char *name)
{
    struct preview_domain *d = map_get(&p->domain_by_name, str_of(name));
    if (!d && p->domain_by_name.count >= PREVIEW_DOMAINS_MAX) {
        p->further++;
        return;
    }
    if (!d) {
        size_t n = strlen(name) + 1;
        d = mem_new(sizeof *d + n);
        *d = (struct preview_domain){0};
        memcpy(d->name, name, n);
        map_set(&p->domain_by_name, str_of(name), d);
    }
    d->recipients++;
}

struct row_at {
    struct preview *p;
    uint64_t line;
};

static void note_empty(void *arg, const char *name)
{
    struct row_at *at = arg;
    struct preview *p = at->p;
    struct preview_empty *e = map_get(&p->empties, str_of(name));
    if (!e) {
        if (p->empties.count >= EMPTIES_MAX)
            return;
        e = mem_array(1, sizeof *e);
        e->first_line = at->line;
        map_set(&p->empties, str_of(name), e);
    }
    if (e->last_row != p->rows)
        e->rows++;
    e->last_row = p->rows;
}

/* True in *may: nothing stands against a mail to this address. */
static bool ask_list(struct preview *p, const char *address, bool *may)
{
    struct list_store *l = p->q->list;
    const struct job_spec *s = p->spec;
    struct err e = {0};
    char why[48];
    bool is_suppressed = list_is_suppressed(l, s->client, s->msg_class, address, why, &e);
    if (e.text[0])
        return preview_fails(p, &e);
    bool is_capped =
        !is_suppressed && s->msg_class == MSG_AD &&
        frequency_is_capped(&p->settings->shaping, l, s->client, address, p->now, why, &e);
    if (e.text[0])
        return preview_fails(p, &e);
    p->suppressed += is_suppressed;
    p->capped += is_capped;
    *may = !is_suppressed && !is_capped;
    return true;
}

static bool add_recipient(struct preview *p, const struct address *a, const char *vars, size_t n,
                          uint64_t line)
{
    bool may = false;
    if (!seen_add(&p->seen, a->text)) {
        p->duplicates++;
        return true;
    }
    p->recipients++;
    if (!ask_list(p, a->text, &may))
        return false;
    if (!may)
        return true;
    count_domain(p, a->text + a->at + 1);
    struct row_at at = {p, line};
    struct render_input in = {.email = a->text, .vars = vars, .vars_len = n};
    mailing_each_empty(p->mailing, &in, note_empty, &at);
    return true;
}

static bool add_bad(struct preview *p, const char *name, uint64_t line, const char *why)
{
    if (p->bad_rows++ < PREVIEW_BAD_SHOWN)
        problems_warn(&p->problems, name, (unsigned)line, "%s", why);
    if (p->bad_rows <= p->spec->max_bad_rows)
        return true;
    problems_add(&p->problems, name, 0, "more than %llu bad rows (max_bad_rows)",
                 (unsigned long long)p->spec->max_bad_rows);
    return false;
}

/* ---- all of them ---- */

static double share_read(const struct recipients *r)
{
    uint64_t read_bytes, file_bytes;
    recipients_progress(r, &read_bytes, &file_bytes);
    return file_bytes ? (double)read_bytes / (double)file_bytes : 1;
}

static bool read_file(struct preview *p, struct recipients *r)
{
    const char *name = p->spec->recipients;
    struct recipient_row row;
    for (;;) {
        struct err e;
        enum row_kind kind = recipients_next(r, &row, &e);
        p->rows++;
        if (kind == ROW_END)
            return true;
        if (kind == ROW_ERROR) {
            problems_add(&p->problems, name, 0, "%s", e.text);
            return false;
        }
        bool ok = kind == ROW_OK ? add_recipient(p, &row.address, row.vars, row.vars_len, row.line)
                                 : add_bad(p, name, row.line, row.why);
        if (!ok || (p->rows % PREVIEW_LOOK_ROWS == 0 &&
                    !preview_says(p, "reading recipients", share_read(r))))
            return false;
    }
}

static bool add_contact(void *arg, const char *email, const char *vars)
{
    struct preview *p = arg;
    struct address a;
    char why[160];
    p->rows++;
    bool ok = address_check(str_of(email), &a, why, sizeof why)
                  ? add_recipient(p, &a, vars, strlen(vars), p->rows)
                  : add_bad(p, p->spec->from_list, p->rows, why);
    return ok && (p->rows % PREVIEW_LOOK_ROWS || preview_says(p, "reading the list", 0));
}

static bool read_list(struct preview *p)
{
    struct err e = {0};
    if (!engine_each_mailable(p->q->list, p->spec->from_list, add_contact, p, &e))
        return preview_fails(p, &e);
    return !p->is_gone && !p->failed[0] && p->problems.errors == 0;
}

static bool check_not_empty(struct preview *p)
{
    const char *from = p->spec->recipients ? p->spec->recipients : p->path;
    if (p->recipients == 0 && !(p->spec->is_standing && p->bad_rows == 0))
        problems_add(&p->problems, from, 0,
                     p->spec->from_list ? "the list has no contact that can be mailed"
                                        : "there is not a single usable row in it");
    return p->problems.errors == 0;
}

/* ---- the files ---- */

static void check_id(struct preview *p)
{
    struct job_row row;
    struct err e = {0};
    bool is_known = spool_find(p->q->spool, p->spec->id, &row, &e);
    if (is_known && row.state != JOB_IMPORTING)
        problems_add(&p->problems, p->path, 0,
                     "id: used before, by a job that is %s now: each job needs a new one "
                     "(got \"%s\")",
                     job_state_name(row.state), row.id);
    else if (!is_known && e.text[0])
        preview_fails(p, &e);
}

/* Beside the job file, as in the drop directory. */
static struct recipients *open_rows(struct preview *p)
{
    const struct settings *s = p->settings;
    const struct recipients_options o = {.charset = p->spec->charset,
                                         .max_bytes = (uint64_t)s->caps.recipients_bytes,
                                         .max_row_bytes = (size_t)s->caps.row_bytes,
                                         .max_columns = (unsigned)s->caps.columns,
                                         .max_depth = DEPTH_MAX};
    const char *slash = strrchr(p->path, '/');
    char *path = mem_printf("%.*s/%s", (int)(slash - p->path), p->path, p->spec->recipients);
    struct err e;
    unsigned line = 0;
    struct recipients *r = recipients_open(path, &o, &line, &e);
    if (!r)
        problems_add(&p->problems, p->spec->recipients, line, "%s", e.text);
    free(path);
    return r;
}

static void compile(struct preview *p, const char *columns)
{
    struct part_files parts;
    if (template_load(p->settings, p->spec->template_name, &parts, p->path, &p->problems))
        p->mailing = mailing_new(p->spec, &parts, columns, &p->problems);
    part_files_done(&parts);
}

static bool read_rows(struct preview *p, struct recipients *r)
{
    if (r)
        return read_file(p, r) && check_not_empty(p);
    if (p->spec->from_list)
        return read_list(p) && check_not_empty(p);
    return true;
}

bool preview_open(struct preview *p, bool is_new, struct recipients **r)
{
    struct now now = clock_now();
    *r = NULL;
    p->spec = jobfile_load(p->path, p->settings, now, &p->problems);
    if (!p->spec)
        return false;
    *r = p->spec->recipients ? open_rows(p) : NULL;
    if (is_new)
        check_id(p);
    compile(p, *r ? recipients_columns(*r) : "[]");
    return p->problems.errors == 0 && !p->failed[0];
}

bool preview_read(struct preview *p)
{
    struct recipients *r;
    bool ok = preview_open(p, true, &r) && read_rows(p, r);
    recipients_close(r);
    return ok;
}
