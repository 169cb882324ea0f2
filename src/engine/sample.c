/* sample.c: see sample.h. */
#include "sample.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sluice/base/must.h>
#include <sluice/os/clock.h>
#include "preview.h"

/* ---- of a job that was accepted ---- */

struct search {
    struct sample *s;
    const char *address; /* NULL: the first */
};

/* The address as the list has it, not as it was asked for: it stands in the message. */
static bool take_recipient(void *arg, uint64_t rid, const char *email, const char *vars)
{
    const struct search *look = arg;
    struct sample *s = look->s;
    if (look->address && strcasecmp(email, look->address) != 0)
        return true;
    s->rid = rid;
    s->email = mem_str(email);
    s->vars = mem_str(vars);
    return false;
}

/* A standing job that nobody is in yet takes any address, without variables. */
static bool find_recipient(struct sample *s, const struct job_row *row, const char *columns)
{
    struct address a;
    struct search look = {.s = s};
    struct err e = {0};
    if (ask_text(s->q, "address") && !ask_address(s->q, &a))
        return false;
    if (ask_text(s->q, "address"))
        look.address = a.text;
    if (!spool_each_recipient(s->q->spool, row->key, take_recipient, &look, &e))
        return ask_fail(s->q, "%s", e.text);
    if (s->email)
        return true;
    if (!look.address)
        return ask_fail(s->q, "job '%s' has no recipient yet; name an address to render for",
                        row->id);
    if (row->recipients > 0)
        return ask_fail(s->q, "job '%s' has no recipient %s", row->id, a.text);
    s->email = mem_str(a.text);
    s->vars = mem_str(strcmp(columns, "[]") == 0 ? "{}" : "[]");
    s->rid = 1;
    return true;
}

static bool compile(struct sample *s, const struct part_files *parts, const char *columns)
{
    struct problems p;
    problems_init(&p);
    s->mailing = mailing_new(s->snapshot, parts, columns, &p);
    if (!s->mailing)
        ask_fail(s->q, "the template of job '%s' cannot be used: %s", s->snapshot->id,
                 p.count ? p.item[0].text : "");
    problems_done(&p);
    return s->mailing;
}

static bool take_job(struct sample *s)
{
    struct job_row row;
    struct part_files parts = {0};
    char *columns = NULL;
    struct err e = {0};
    if (!ask_job(s->q, &row))
        return false;
    bool ok = spool_load(s->q->spool, row.key, &s->snapshot, &parts, &columns, &e) ||
              ask_fail(s->q, "%s", e.text);
    ok = ok && find_recipient(s, &row, columns) && compile(s, &parts, columns);
    s->spec = s->snapshot;
    part_files_done(&parts);
    free(columns);
    return ok;
}

/* ---- of a job file ---- */

static bool take_file(struct sample *s, const char *path)
{
    struct picked picked;
    struct address a = {0};
    const char *address = ask_text(s->q, "address");
    if (path[0] != '/')
        return ask_fail(s->q, "the job file must be an absolute path, not '%.200s'", path);
    if (address && !ask_address(s->q, &a))
        return false;
    s->preview = mem_array(1, sizeof *s->preview);
    preview_begin(s->preview, s->q, path);
    if (!preview_pick(s->preview, address ? a.text : NULL, &picked)) {
        json_decref(s->q->failed);
        s->q->failed = preview_refusal(s->preview, "the job cannot be used");
        return false;
    }
    s->email = picked.email;
    s->vars = picked.vars;
    s->rid = picked.line;
    s->spec = s->preview->spec;
    s->mailing = mailing_ref(s->preview->mailing);
    return true;
}

/* ---- both ---- */

bool sample_take(struct sample *s, struct ask *q)
{
    const char *job = ask_text(q, "job"), *file = ask_text(q, "file");
    *s = (struct sample){.q = q};
    s->setup = engine_hold(q->engine);
    bool ok = !job == !file ? ask_fail(q, "%s needs 'job' or 'file'", q->verb)
              : job         ? take_job(s)
                            : take_file(s, file);
    if (!ok)
        sample_done(s);
    return ok;
}

bool sample_render(const struct sample *s, bool keeps_links, struct buf *out, struct err *e)
{
    char id[128];
    mailing_message_id(s->mailing, s->rid, id, sizeof id);
    const struct render_input in = {.email = s->email,
                                    .vars = s->vars,
                                    .vars_len = strlen(s->vars),
                                    .rid = s->rid,
                                    .now = clock_wall(),
                                    .utc_offset_min = (int)setup_settings(s->setup)->utc_offset_min,
                                    .message_id = id,
                                    .keeps_links = keeps_links,
                                    .keys = setup_keys(s->setup)};
    if (!mailing_render(s->mailing, &in, out, e))
        return err_set(e, "no message for %s: %s", s->email, e->text);
    return !buf_is_full(out) ||
           err_set(e, "the message for %s is larger than %u bytes", s->email, MAILING_MAX_BYTES);
}

void sample_put_warnings(const struct sample *s, json_t *answer)
{
    json_t *list = s->preview ? preview_texts(&s->preview->problems, true) : NULL;
    if (json_array_size(list) > 0)
        json_object_set(answer, "job_warnings", list);
    json_decref(list);
}

void sample_done(struct sample *s)
{
    mailing_release(s->mailing);
    if (s->preview)
        preview_done(s->preview);
    free(s->preview);
    job_spec_free(s->snapshot);
    free(s->email);
    free(s->vars);
    engine_let_go(s->q->engine, s->setup);
    *s = (struct sample){0};
}
