/* answers_submit.c: what `sluice submit` has to know: where to drop, and what became of it. */
#include "answers_parts.h"
#include "approval.h"
#include "engine.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sluice/base/must.h>
#include <sluice/os/file.h>

enum { NAMES_MAX = 10000, ERROR_MAX = 1024 * 1024 };

static bool exists(const char *dir, const char *name, const char *end)
{
    char *path = mem_printf("%s/%s%s", dir, name, end);
    bool found = file_exists(path);
    free(path);
    return found;
}

static bool ask_name(struct ask *q, const char **name)
{
    const char *why;
    *name = ask_text(q, "name");
    return !*name || file_name_is_safe(*name, &why) ||
           ask_fail(q, "'%.200s' is not a good name for a job file: %s", *name, why);
}

/* A name that nobody has in the drop directory and behind it: intake then moves the job under this
 * very name, and what stands there later is this job's. */
static void put_free_name(json_t *answer, const struct settings *s, const char *base)
{
    char *name = NULL;
    for (int i = 1; i <= NAMES_MAX; i++) {
        free(name);
        name = i == 1 ? mem_str(base) : mem_printf("%s-%d", base, i);
        if (!exists(s->drop_dir, name, ".job") && !exists(s->accepted_dir, name, "") &&
            !exists(s->failed_dir, name, ""))
            break;
    }
    answer_put_text(answer, "name", name);
    free(name);
}

json_t *answer_hello(struct ask *q)
{
    const struct settings *s = q->settings;
    const char *name;
    if (!ask_name(q, &name))
        return q->failed;
    struct setup *now = engine_hold(q->engine);
    json_t *answer = answer_ok();
    answer_put_text(answer, "version", SLUICE_VERSION);
    answer_put_count(answer, "pid", (uint64_t)getpid());
    answer_put_text(answer, "drop_dir", s->drop_dir);
    answer_put_text(answer, "accepted_dir", s->accepted_dir);
    answer_put_text(answer, "failed_dir", s->failed_dir);
    answer_put_text(answer, "out_dir", s->out_dir);
    answer_put_text(answer, "template_dir", setup_settings(now)->template_dir);
    engine_let_go(q->engine, now);
    if (name)
        put_free_name(answer, s, name);
    return answer;
}

/* ---- submitted ---- */

/* The whole of a file that the intake wrote; false: there is none. */
static bool put_file(json_t *answer, const char *key, const char *path)
{
    struct buf text;
    struct err e;
    bool found = file_exists(path);
    buf_init(&text, ERROR_MAX);
    if (found && !file_read(path, &text, &e))
        buf_puts(&text, e.text);
    if (found)
        answer_put_text(answer, key, text.data);
    buf_done(&text);
    return found;
}

static bool was_refused(const struct settings *s, const char *name, json_t *answer)
{
    char *dir = mem_printf("%s/%s", s->failed_dir, name);
    char *path = mem_printf("%s/%s.error", dir, name);
    bool found = put_file(answer, "problems", path);
    if (found) {
        answer_put_text(answer, "state", "refused");
        answer_put_text(answer, "dir", dir);
    }
    free(path);
    free(dir);
    return found;
}

static void put_held(struct ask *q, json_t *answer, const struct job_row *row)
{
    struct job_spec *spec = NULL;
    struct part_files parts = {0};
    char *columns = NULL, hint[APPROVAL_HINT];
    struct err e;
    if (answer_job_is_open(row) && spool_load(q->spool, row->key, &spec, &parts, &columns, &e) &&
        approval_is_awaited(q->spool, spec, NULL)) {
        approval_hint(row->id, hint);
        answer_put_text(answer, "held", hint);
    }
    job_spec_free(spec);
    part_files_done(&parts);
    free(columns);
}

static bool was_accepted(struct ask *q, const char *name, json_t *answer)
{
    const char *id = ask_text(q, "id");
    struct job_row row;
    struct err e = {0};
    if (!exists(q->settings->accepted_dir, name, ""))
        return false;
    answer_put_text(answer, "state", "accepted");
    char *warnings = mem_printf("%s/%s/%s.warnings", q->settings->accepted_dir, name, name);
    put_file(answer, "warnings", warnings);
    free(warnings);
    if (!id || !spool_find(q->spool, id, &row, &e))
        return true;
    answer_put_text(answer, "id", row.id);
    answer_put_count(answer, "recipients", row.recipients);
    answer_put_count(answer, "duplicates", row.duplicates);
    answer_put_count(answer, "bad_rows", row.bad_rows);
    put_held(q, answer, &row);
    char *path = mem_printf("%s/%s/rejected.csv", q->settings->out_dir, row.id);
    if (file_exists(path))
        answer_put_text(answer, "rejected", path);
    free(path);
    return true;
}

static bool is_importing(struct ask *q, const char *name, json_t *answer)
{
    json_t *status = live_status(q->engine, NULL);
    const json_t *intake = json_object_get(status, "intake");
    const char *importing = json_string_value(json_object_get(intake, "importing"));
    size_t n = strlen(name);
    bool is_this = importing && strncmp(importing, name, n) == 0 &&
                   (importing[n] == '\0' || strcmp(importing + n, ".job") == 0);
    if (is_this) {
        answer_put_text(answer, "state", "importing");
        answer_put_count(answer, "rows",
                         (uint64_t)json_integer_value(json_object_get(intake, "rows")));
    }
    json_decref(status);
    return is_this;
}

json_t *answer_submitted(struct ask *q)
{
    const char *name;
    if (!ask_name(q, &name))
        return q->failed;
    json_t *answer = answer_ok();
    answer_put_text(answer, "name", name);
    if (was_refused(q->settings, name, answer) || was_accepted(q, name, answer) ||
        is_importing(q, name, answer))
        return answer;
    answer_put_text(answer, "state",
                    exists(q->settings->drop_dir, name, ".job") ? "waiting" : "on its way");
    return answer;
}
