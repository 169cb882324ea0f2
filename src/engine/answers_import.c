/* answers_import.c: `sluice list import`: a file of contacts into a list.
 *
 * In transactions of a thousand rows, so that the daemon's own write-back never waits long; a file
 * that breaks off in the middle leaves the rows before it, and the same import again completes it.
 */
#include "answers_parts.h"

#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/base/utf8.h>
#include <sluice/job/recipients.h>
#include <sluice/os/clock.h>

enum { ROWS_PER_COMMIT = 1000, BAD_SHOWN = 100, DEPTH_MAX = 32 };

struct import {
    struct ask *q;
    const char *list, *file;
    const char *provenance, *consent;
    struct wall consent_at, now;
    json_t *columns; /* of a CSV */
    json_t *bad;
    uint64_t added, known, bad_rows;
    bool someone_has_no_provenance;
};

/* ---- one row ---- */

/* The row's variables as an object without `email`: a CSV has an array beside its columns. */
static json_t *vars_of(const struct import *m, const struct recipient_row *row)
{
    json_t *vars = json_loadb(row->vars, row->vars_len, 0, NULL);
    if (!json_is_array(vars)) {
        json_object_del(vars, "email");
        return json_is_object(vars) ? vars : json_object();
    }
    json_t *o = json_object();
    for (size_t i = 0; i < json_array_size(vars); i++) {
        const char *name = json_string_value(json_array_get(m->columns, i));
        json_t *value = json_array_get(vars, i);
        if (name && json_string_length(value) > 0) /* an empty cell says nothing */
            json_object_set(o, name, value);
    }
    json_decref(vars);
    return o;
}

/* Takes a member out of the object: the row's own word counts more than the option. */
static char *take(json_t *vars, const char *key, const char *otherwise)
{
    const char *own = json_string_value(json_object_get(vars, key));
    char *s = mem_str(own && *own ? own : otherwise ? otherwise : "");
    json_object_del(vars, key);
    return s;
}

static void note_bad(struct import *m, uint64_t line, const char *why, const char *raw)
{
    if (m->bad_rows++ >= BAD_SHOWN)
        return;
    json_t *o = json_object();
    answer_put_count(o, "line", line);
    answer_put_text(o, "why", why);
    answer_put_text(o, "row", raw);
    json_array_append_new(m->bad, o);
}

static bool import_row(struct import *m, const struct recipient_row *row, struct err *e)
{
    json_t *vars = vars_of(m, row);
    char *provenance = take(vars, "provenance", m->provenance);
    char *consent = take(vars, "consent", m->consent);
    char *consent_at = take(vars, "consent_at", NULL);
    char *text = json_dumps(vars, JSON_COMPACT);
    struct contact c = {.list = m->list,
                        .address = row->address.text,
                        .status = "active",
                        .last_class = "",
                        .last_reply = "",
                        .provenance = provenance,
                        .consent = consent,
                        .vars = text && strcmp(text, "{}") != 0 ? text : "", /* says nothing */
                        .consent_at = m->consent_at,
                        .first_seen = m->now};
    bool ok = true, is_new = false;
    if (*consent_at && !wall_parse(str_of(consent_at), &c.consent_at)) {
        note_bad(m, row->line, "consent_at is no time with a zone, such as 2026-11-22T10:20+09:00",
                 row->address.text);
    } else {
        ok = list_import(m->q->list, &c, &is_new, e);
        m->added += ok && is_new;
        m->known += ok && !is_new;
        m->someone_has_no_provenance |= !*provenance;
    }
    free(provenance);
    free(consent);
    free(consent_at);
    free(text);
    json_decref(vars);
    return ok;
}

/* ---- the file ---- */

/* Commits, says that it lives, and begins again. */
static bool next_transaction(struct import *m, struct err *e)
{
    if (!list_commit(m->q->list, e))
        return false;
    if (!control_data(m->q->answer, "", 0))
        return err_set(e, "the client went away");
    return list_begin(m->q->list, e);
}

static bool import_rows(struct import *m, struct recipients *r, struct err *e)
{
    struct recipient_row row;
    enum row_kind kind;
    unsigned in_transaction = 0;
    if (!list_begin(m->q->list, e))
        return false;
    while ((kind = recipients_next(r, &row, e)) != ROW_END) {
        if (kind == ROW_ERROR) {
            struct err ignored;
            list_commit(m->q->list, &ignored); /* what was good so far stays; *e is the reason */
            return err_set(e, "%s: %s", m->file, e->text);
        }
        if (kind == ROW_BAD)
            note_bad(m, row.line, row.why, row.raw);
        else if (!import_row(m, &row, e))
            return false;
        if (++in_transaction == ROWS_PER_COMMIT) {
            in_transaction = 0;
            if (!next_transaction(m, e))
                return false;
        }
    }
    return list_commit(m->q->list, e);
}

static bool import_file(struct import *m, struct err *e)
{
    const struct settings *s = m->q->settings;
    struct recipients_options o = {.charset = ask_text(m->q, "charset"),
                                   .max_bytes = (uint64_t)s->caps.recipients_bytes,
                                   .max_row_bytes = (size_t)s->caps.row_bytes,
                                   .max_columns = (unsigned)s->caps.columns,
                                   .max_depth = DEPTH_MAX};
    unsigned line = 0;
    struct recipients *r = recipients_open(m->file, &o, &line, e);
    if (!r && line)
        return err_set(e, "%s:%u: %s", m->file, line, e->text);
    if (!r)
        return err_set(e, "%s: %s", m->file, e->text);
    m->columns = json_loads(recipients_columns(r), 0, NULL);
    bool ok = import_rows(m, r, e);
    recipients_close(r);
    json_decref(m->columns);
    return ok;
}

/* ---- the request ---- */

static bool check_request(struct import *m)
{
    struct ask *q = m->q;
    const char *at = ask_text(q, "consent_at"), *charset = ask_text(q, "charset");
    size_t n = strlen(m->list);
    if (n < 1 || n > 64 ||
        strspn(m->list, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") != n)
        return ask_fail(q, "a list's name has 1 to 64 of A-Z a-z 0-9 _ -");
    if (m->file[0] != '/')
        return ask_fail(q, "the file must be an absolute path, not '%.200s'", m->file);
    if (at && !wall_parse(str_of(at), &m->consent_at))
        return ask_fail(q,
                        "consent_at is a time with a zone, such as 2026-11-22T10:20:30+09:00, "
                        "not '%.60s'",
                        at);
    if (charset && strcmp(charset, "utf-8") != 0 && strcmp(charset, "cp949") != 0)
        return ask_fail(q, "charset is utf-8 or cp949, not '%.40s'", charset);
    return true;
}

json_t *answer_list_import(struct ask *q)
{
    struct import m = {.q = q,
                       .list = ask_text(q, "list"),
                       .file = ask_text(q, "file"),
                       .provenance = ask_text(q, "provenance"),
                       .consent = ask_text(q, "consent"),
                       .now = clock_wall()};
    struct err e = {0};
    if (!check_request(&m))
        return q->failed;
    m.bad = json_array();
    if (!import_file(&m, &e)) {
        json_decref(m.bad);
        return m.added + m.known == 0
                   ? control_error("%s", e.text)
                   : control_error("%s (up to %llu contacts before that are in the list; importing "
                                   "the file again does no harm)",
                                   e.text, (unsigned long long)(m.added + m.known));
    }
    json_t *answer = answer_ok();
    answer_put_text(answer, "list", m.list);
    answer_put_count(answer, "new", m.added);
    answer_put_count(answer, "known", m.known);
    answer_put_count(answer, "bad_rows", m.bad_rows);
    json_object_set_new(answer, "bad", m.bad);
    if (m.someone_has_no_provenance)
        answer_put_text(answer, "warning",
                        "contacts without provenance: say where they come from (--provenance)");
    return answer;
}
