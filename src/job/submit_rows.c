/* submit_rows.c: the recipients of a job, one row after the other, into the spool. */
#include <string.h>
#include <sluice/base/json_view.h>
#include <sluice/job/recipients.h>

#include "submission.h"

/* How many bad rows NAME.error shows; all of them are in rejected.csv. */
#define BAD_ROWS_SHOWN 50
#define PROGRESS_ROWS 4096
#define SPACE_ROWS 65536

static bool must_stop(const struct submission *s)
{
    return atomic_load_explicit(&s->lane->intake->stop, memory_order_relaxed);
}

/* Every few thousand rows. */
static enum go look_around(struct submission *s)
{
    uint64_t read_bytes = 0, file_bytes = 0;

    if (must_stop(s))
        return GO_LATER;
    if (s->rows)
        recipients_progress(s->rows, &read_bytes, &file_bytes);
    intake_progress(s->lane->intake, s->seen, read_bytes, file_bytes);
    if (s->seen % SPACE_ROWS == 0 && !lane_has_space(s->lane))
        return GO_LATER;
    return GO_ON;
}

static enum go trouble(struct submission *s, const char *doing, const struct err *e)
{
    lane_fails(s->lane, doing, e);
    return GO_LATER;
}

static enum go bad_row(struct submission *s, const struct recipient_row *row)
{
    const struct job_spec *spec = s->file.spec;
    const char *name = spec->recipients ? spec->recipients : spec->from_list;
    struct err e;

    s->bad++;
    if (!rejected_add(&s->rejected, row->line, row->why, row->raw, name, &e))
        return trouble(s, "cannot note a bad row", &e);
    if (s->bad <= BAD_ROWS_SHOWN)
        problems_warn(&s->problems, name, (unsigned)row->line, "%s", row->why);
    if (s->bad <= spec->max_bad_rows)
        return GO_ON;
    problems_add(&s->problems, name, 0,
                 "more than %llu bad rows (max_bad_rows); rejected.csv has those found up to here",
                 (unsigned long long)spec->max_bad_rows);
    return GO_REFUSE;
}

static enum go good_row(struct submission *s, const char *email, const char *vars, size_t n,
                        uint64_t line)
{
    struct err e;

    s->good++;
    if (!spool_import_row(s->import, email, vars, n, line, &e))
        return trouble(s, "cannot import", &e);
    return GO_ON;
}

static enum go import_file(struct submission *s)
{
    struct recipient_row row;
    enum go go = GO_ON;

    while (go == GO_ON) {
        struct err e;
        enum row_kind kind = recipients_next(s->rows, &row, &e);

        if (kind == ROW_END)
            break;
        if (kind == ROW_ERROR) {
            problems_add(&s->problems, s->file.spec->recipients, 0, "%s", e.text);
            return GO_REFUSE;
        }
        go = kind == ROW_OK ? good_row(s, row.address.text, row.vars, row.vars_len, row.line)
                            : bad_row(s, &row);
        if (++s->seen % PROGRESS_ROWS == 0 && go == GO_ON)
            go = look_around(s);
    }
    return go;
}

/* A contact's columns, with its address among them as in an NDJSON row. */
static void put_contact_vars(struct buf *out, const char *email, const char *vars)
{
    struct json_view object = json_view_of(vars ? vars : "{}", vars ? strlen(vars) : 2), has;

    buf_clear(out);
    if (object.kind == JSON_VIEW_OBJECT && json_view_key(object, str_of("email"), &has)) {
        buf_put(out, object.p, object.n);
        return;
    }
    buf_puts(out, "{\"email\":");
    json_put_string(out, str_of(email));
    if (object.kind == JSON_VIEW_OBJECT && object.n > 2) {
        buf_putc(out, ',');
        buf_put(out, object.p + 1, object.n - 1);
    } else {
        buf_putc(out, '}');
    }
}

static bool import_contact(void *arg, const char *email, const char *vars)
{
    struct submission *s = arg;
    struct recipient_row row = {.line = s->seen + 1, .raw = email};

    put_contact_vars(&s->vars, email, vars);
    if (!address_check(str_of(email), &row.address, row.why, sizeof row.why))
        s->go = bad_row(s, &row);
    else
        s->go = good_row(s, row.address.text, s->vars.data, s->vars.len, row.line);
    if (++s->seen % PROGRESS_ROWS == 0 && s->go == GO_ON)
        s->go = look_around(s);
    return s->go == GO_ON;
}

static enum go import_list(struct submission *s)
{
    const struct intake_options *o = &s->lane->intake->o;
    struct err e;
    bool ok;

    buf_init(&s->vars, (size_t)o->settings->caps.row_bytes + 1024);
    s->go = GO_ON;
    ok = o->each_contact(o->arg, s->file.spec->from_list, import_contact, s, &e);
    buf_done(&s->vars);
    if (s->go == GO_ON && !ok)
        return trouble(s, "cannot read the list", &e);
    return s->go;
}

enum go submission_import(struct submission *s)
{
    const struct job_spec *spec = s->file.spec;
    enum go go = GO_ON;
    struct err e;

    if (!spool_import_columns(s->import, s->rows ? recipients_columns(s->rows) : "[]", &e))
        return trouble(s, "cannot import", &e);
    if (s->rows)
        go = import_file(s);
    else if (spec->from_list)
        go = import_list(s);
    if (go != GO_ON || s->good || (spec->is_standing && s->seen == 0))
        return go;
    problems_add(&s->problems, spec->recipients ? spec->recipients : s->job->path, 0,
                 spec->recipients ? "there is not a single usable row in it"
                                  : "the list has no contact that can be mailed");
    return GO_REFUSE;
}
