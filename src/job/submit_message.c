/* submit_message.c: can a message be made of the job and its template? */
#include <string.h>
#include <sluice/base/str.h>
#include <sluice/render/mailing.h>

#include "submission.h"

/* "list_id: not ..." is about the field list_id. */
static unsigned line_told(const struct jobfile *f, const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz_");
    char field[32];

    if (text[n] != ':' || n >= sizeof field)
        return 0;
    str_copy(field, sizeof field, str_n(text, n));
    return jobfile_line(f, field);
}

/* The message knows its job, not the job's file: what it says of a field gets its place there. */
static void take_problem(struct submission *s, const struct problem *q)
{
    void (*say)(struct problems *, const char *, unsigned, const char *, ...) =
        q->is_warning ? problems_warn : problems_add;
    unsigned line = q->file ? jobfile_line(&s->file, q->file) : line_told(&s->file, q->text);

    if (q->file && line)
        say(&s->problems, s->job->path, line, "%s: %s", q->file, q->text);
    else if (q->file)
        say(&s->problems, q->file, q->line, "%s", q->text);
    else
        say(&s->problems, s->job->path, line, "%s", q->text);
}

static void compile(struct submission *s, const struct job_spec *spec)
{
    const char *columns = s->rows ? recipients_columns(s->rows) : "[]";
    struct problems found;
    size_t errors = 0;

    problems_init(&found);
    mailing_release(mailing_new(spec, &s->parts, columns, &found));
    for (size_t i = 0; i < found.count; i++) {
        errors += !found.item[i].is_warning;
        take_problem(s, &found.item[i]);
    }
    if (found.errors > errors)
        problems_add(&s->problems, spec->template_name, 0, "%zu more problems are not shown",
                     found.errors - errors);
    problems_done(&found);
}

void submission_check_message(struct submission *s)
{
    struct job_spec whole = *s->file.spec;

    if (!template_read(s->settings, s->file.spec->template_name, &s->parts, s->job->path,
                       jobfile_line(&s->file, "template"), &s->problems))
        return;
    /* What the job lacks has been said already; the template shall have its say all the same. */
    if (!whole.id)
        whole.id = (char *)"id";
    if (!whole.client)
        whole.client = (char *)"client";
    if (!whole.from_address)
        whole.from_address = (char *)"from@example.com";
    compile(s, &whole);
}
