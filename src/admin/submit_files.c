/* submit_files.c: reads a job file and drops it with its recipients. */
#include "submit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sluice/base/must.h>
#include <sluice/conf/tree.h>
#include <sluice/os/file.h>

enum { JOB_MAX = 1024 * 1024, NAMES_MAX = 1000 };

/* ---- reading ---- */

static char *string_of(const struct conf_tree *t, const char *name)
{
    const struct conf_node *n = conf_find(&t->root, name);
    return n && n->kind == CONF_STRING ? mem_str(n->s) : NULL;
}

static bool read_name(const char *path, struct submission *s, struct problems *p)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *why;
    struct str base = str_of(name);
    if (!str_ends_nocase(base, ".job")) {
        problems_add(p, path, 0, "a job file's name ends in .job");
        return false;
    }
    if (!file_name_is_safe(name, &why)) {
        problems_add(p, path, 0, "not a good name for a job file: %s", why);
        return false;
    }
    s->base = mem_strn(name, base.n - 4);
    return true;
}

static bool read_recipients(const char *path, struct submission *s, struct problems *p)
{
    const char *slash = strrchr(path, '/'), *why;
    if (!s->recipients)
        return true;
    if (!file_name_is_safe(s->recipients, &why)) {
        problems_add(p, path, 0, "recipients: \"%s\" is not the name of a file beside the job: %s",
                     s->recipients, why);
        return false;
    }
    int folder = slash ? (int)(slash + 1 - path) : 0;
    s->recipients_path = mem_printf("%.*s%s", folder, path, s->recipients);
    return true;
}

bool submission_read(const char *path, struct submission *s, struct problems *p)
{
    struct err e;
    *s = (struct submission){0};
    buf_init(&s->text, JOB_MAX);
    if (!read_name(path, s, p))
        return false;
    if (!file_read(path, &s->text, &e)) {
        problems_add(p, path, 0, "%s", e.text);
        return false;
    }
    struct conf_tree *t = conf_load(path, JOB_MAX, CONF_NO_INCLUDES, p);
    if (!t)
        return false;
    s->id = string_of(t, "id");
    s->recipients = string_of(t, "recipients");
    conf_tree_free(t);
    return read_recipients(path, s, p);
}

void submission_done(struct submission *s)
{
    buf_done(&s->text);
    free(s->id);
    free(s->base);
    free(s->recipients);
    free(s->recipients_path);
}

/* ---- dropping ---- */

static bool copy_bytes(int from, int to, const char *path, struct err *e)
{
    for (;;) {
        char piece[64 * 1024];
        ssize_t n = read(from, piece, sizeof piece);
        if (n == 0)
            return fsync(to) == 0 || err_sys(e, "%s", path);
        if (n < 0)
            return err_sys(e, "%s", path);
        for (ssize_t done = 0; done < n;) {
            ssize_t w = write(to, piece + done, (size_t)(n - done));
            if (w < 0)
                return err_sys(e, "copying %s into the drop directory", path);
            done += w;
        }
    }
}

/* The daemon is another user of the same group, whatever the umask of this one. */
static void let_daemon_read(const char *path)
{
    chmod(path, 0640);
}

/* Into a file whose name intake ignores. */
static bool copy_file(const char *from, const char *to, struct err *e)
{
    struct stat st;
    int in = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK), out = -1;
    bool ok = in >= 0 && fstat(in, &st) == 0;
    if (!ok)
        err_sys(e, "%s", from);
    else if (!S_ISREG(st.st_mode))
        ok = err_set(e, "%s is not a regular file", from);
    else if ((out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640)) < 0)
        ok = err_sys(e, "%s", to);
    else
        ok = copy_bytes(in, out, from, e);
    if (in >= 0)
        close(in);
    if (out >= 0 && close(out) != 0 && ok)
        ok = err_sys(e, "%s", to);
    if (ok)
        let_daemon_read(to);
    else if (out >= 0)
        unlink(to);
    return ok;
}

/* Moves a finished copy to the first free one of NAME, NAME-2, ...; the number stands before the
 * first dot, because the ends (.csv.gz) say what the file is. */
static char *place(const char *part, const char *dir, const char *name, struct err *e)
{
    const char *dot = strchrnul(name, '.');
    for (int i = 1; i <= NAMES_MAX; i++) {
        char *as =
            i == 1 ? mem_str(name) : mem_printf("%.*s-%d%s", (int)(dot - name), name, i, dot);
        char *path = mem_printf("%s/%s", dir, as);
        bool ok = file_move(part, path, e);
        free(path);
        if (ok)
            return as;
        free(as);
        if (e->code != EEXIST)
            return NULL;
    }
    return NULL;
}

/* What the job will say is what we think it says. */
static bool says(const char *path, const char *recipients)
{
    struct problems p;
    problems_init(&p);
    struct conf_tree *t = conf_load(path, JOB_MAX, CONF_NO_INCLUDES, &p);
    char *found = t ? string_of(t, "recipients") : NULL;
    bool ok = found && strcmp(found, recipients) == 0;
    free(found);
    conf_tree_free(t);
    problems_done(&p);
    return ok;
}

static bool write_job(const struct submission *s, const char *part, const char *recipients,
                      struct err *e)
{
    if (!recipients || strcmp(recipients, s->recipients) == 0)
        return file_write_atomic(part, s->text.data, s->text.len, e);
    struct buf renamed;
    buf_init(&renamed, JOB_MAX + 4096);
    bool could = submission_rename(str_n(s->text.data, s->text.len), recipients, &renamed);
    bool ok = !could || file_write_atomic(part, renamed.data, renamed.len, e);
    if (ok && (!could || !says(part, recipients)))
        ok = err_set(e,
                     "the drop directory still holds a file %s of another job: wait until it is "
                     "taken in, or give this one another name",
                     s->recipients);
    buf_done(&renamed);
    return ok;
}

bool submission_drop(const struct submission *s, const char *drop_dir, const char *name,
                     struct err *e)
{
    long pid = (long)getpid();
    char *list_part = mem_printf("%s/.%ld.%s.list.part", drop_dir, pid, name);
    char *job_part = mem_printf("%s/.%ld.%s.job.part", drop_dir, pid, name);
    char *job = mem_printf("%s/%s.job", drop_dir, name), *list = NULL;
    bool ok = true;
    if (s->recipients_path) {
        ok = copy_file(s->recipients_path, list_part, e) &&
             (list = place(list_part, drop_dir, s->recipients, e));
    }
    ok = ok && write_job(s, job_part, list, e);
    let_daemon_read(job_part);
    ok = ok && file_move(job_part, job, e);
    if (!ok) {
        char *path = mem_printf("%s/%s", drop_dir, list ? list : "");
        unlink(list_part);
        unlink(job_part);
        if (list)
            unlink(path);
        free(path);
    }
    free(list_part);
    free(job_part);
    free(job);
    free(list);
    return ok;
}
