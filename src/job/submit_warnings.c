/* submit_warnings.c: what is odd about a job that is taken in all the same: nobody reads the log for it, so it
 * lies beside the job file, too. */
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/os/file.h>
#include <sluice/os/log.h>

#include "submission.h"

#define LOGGED_MAX 5

/* "sale/html.html:12: ..."; files of the drop directory by their names. */
static void log_warning(const struct submission *s, const struct problem *one)
{
    struct problem plain = {one->file, one->line, one->text, false}; /* the key says what it is */
    const struct problems alone = {.item = &plain, .count = 1};
    char *line = refusal_text(&alone, s->lane->intake->o.settings->drop_dir), text[400];

    log_line(LOG_AT_WARNING, "intake", "job=%s warning=%s", s->file.spec->id,
             log_quote(str_trim(str_of(line)), text, sizeof text));
    free(line);
}

void submission_log_warnings(const struct submission *s)
{
    size_t shown = s->warnings < LOGGED_MAX ? s->warnings : LOGGED_MAX;

    for (size_t i = 0; i < shown; i++)
        log_warning(s, &s->problems.item[i]);
    if (s->warnings > shown)
        log_line(LOG_AT_WARNING, "intake", "job=%s more_warnings=%zu in %s.warnings",
                 s->file.spec->id, s->warnings - shown, s->stem);
}

bool submission_write_warnings(const struct submission *s, const char *dir, struct err *e)
{
    const struct problems warnings = {.item = s->problems.item, .count = s->warnings};
    char *text, *path;
    bool ok;

    if (s->warnings == 0)
        return true;
    text = refusal_text(&warnings, s->lane->intake->o.settings->drop_dir);
    path = mem_printf("%s/%s.warnings", dir, s->stem);
    ok = file_write_atomic(path, text, strlen(text), e);
    free(path);
    free(text);
    return ok;
}
