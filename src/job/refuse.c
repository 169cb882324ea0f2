#include "intake_private.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sluice/base/must.h>
#include <sluice/os/file.h>
#include <sluice/os/log.h>

#define ERROR_BYTES (1024 * 1024)

/* "spring.job:3: ...": upstream people know their files, not our directories. */
char *refusal_text(const struct problems *p, const char *drop_dir)
{
    struct buf text, shown;
    char *prefix = mem_printf("%s/", drop_dir);
    const char *at, *found;

    buf_init(&text, ERROR_BYTES);
    buf_init(&shown, ERROR_BYTES);
    problems_format(p, &text);
    for (at = text.data; (found = strstr(at, prefix)) != NULL; at = found + strlen(prefix))
        buf_put(&shown, at, (size_t)(found - at));
    buf_puts(&shown, at);
    buf_done(&text);
    free(prefix);
    return buf_take(&shown);
}

static bool write_error(const struct filing *f, const char *stem, const char *text, struct err *e)
{
    char *path = mem_printf("%s/%s.error", f->dir, stem);
    bool ok = file_write_atomic(path, text, strlen(text), e);

    free(path);
    return ok;
}

static bool keep_rejected(const struct filing *f, const char *rejected, struct err *e)
{
    char *path;
    bool ok;

    if (!rejected || !file_exists(rejected))
        return true;
    path = mem_printf("%s/rejected.csv", f->dir);
    ok = file_move(rejected, path, e);
    free(path);
    return ok;
}

static void log_refusal(const char *name, const char *dir, const struct problems *p)
{
    char shown[256], first[400], where[400];
    struct str line = {NULL, 0};

    for (size_t i = 0; i < p->count && line.n == 0; i++) {
        if (!p->item[i].is_warning)
            line = str_of(p->item[i].text);
    }
    log_line(LOG_AT_WARNING, "intake", "refused=%s because=%s moved_to=%s",
             log_quote(str_of(name), shown, sizeof shown), log_quote(line, first, sizeof first),
             log_quote(str_of(dir), where, sizeof where));
}

enum fate refuse(struct lane *l, const char *stem, const struct drop_entry *leader,
                 const struct drop_entry *companion, const char *rejected, const struct problems *p)
{
    const struct settings *s = l->intake->o.settings;
    char *text = refusal_text(p, s->drop_dir);
    struct filing f = {0};
    struct err e;
    bool ok = filing_begin(&f, s->failed_dir, stem, leader, s->drop_dir, &e) &&
              write_error(&f, stem, text, &e) && keep_rejected(&f, rejected, &e) &&
              filing_move(&f, leader, companion, &e);

    if (ok) {
        log_refusal(leader->name, f.dir, p);
        pthread_mutex_lock(&l->intake->lock);
        l->intake->status.jobs_failed++;
        pthread_mutex_unlock(&l->intake->lock);
    } else {
        lane_fails(l, "cannot put a refused job aside", &e);
    }
    filing_done(&f);
    free(text);
    return ok ? FATE_DONE : FATE_LATER;
}

enum fate refuse_resume(struct lane *l, const char *root, const char *stem,
                        const struct drop_entry *leader, bool *found)
{
    struct filing f = {0};
    struct err e;
    bool ok = true;

    *found = filing_find(&f, root, stem, leader, l->intake->o.settings->drop_dir);
    if (*found)
        ok = filing_resume(&f, &e);
    if (!ok)
        lane_fails(l, "cannot finish moving a job's files", &e);
    filing_done(&f);
    return ok ? FATE_DONE : FATE_LATER;
}
