/* filing.c: out of the drop directory into a folder of its own.
 *
 * A crash may come between any two steps, so each can be told from what lies there:
 *
 *     folder empty                    it was only made: taken again by whoever comes next
 *     folder without .moving          what is to be said is being written; the dropped files are untouched,
 *                                     and the file is judged again (into NAME-2, the same words)
 *     folder with .moving             filing_find() knows it by the leader's identity in it; the rest of
 *                                     the moves is made up for
 *     leader moved, .moving still there   only untidy
 *
 * The leader (the job file) goes last: as long as it is in the drop directory, somebody comes back to it. */
#include "intake_private.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sluice/base/must.h>
#include <sluice/os/file.h>

#define MARK ".moving"
#define MARK_BYTES 4096
#define NUMBER_MAX 1000000

static char *numbered(const char *root, const char *stem, unsigned number)
{
    return number == 1 ? mem_printf("%s/%s", root, stem)
                       : mem_printf("%s/%s-%u", root, stem, number);
}

/* First line: the leader's identity. Second, if any: the companion's, a tab, its name. */
static bool read_mark(const char *dir, struct buf *out)
{
    char *path = mem_printf("%s/" MARK, dir);
    bool ok = file_read(path, out, NULL);

    free(path);
    return ok;
}

static bool is_marked_for(const char *dir, const struct drop_entry *leader)
{
    struct buf mark;
    struct str rest, line;
    bool is_it = false;

    buf_init(&mark, MARK_BYTES);
    if (read_mark(dir, &mark)) {
        rest = str_n(mark.data, mark.len);
        is_it = str_cut(&rest, '\n', &line) && str_is(line, leader->identity_with_ctime);
    }
    buf_done(&mark);
    return is_it;
}

bool filing_find(struct filing *f, const char *root, const char *stem,
                 const struct drop_entry *leader, const char *drop_dir)
{
    for (unsigned number = 1; number < NUMBER_MAX; number++) {
        char *dir = numbered(root, stem, number);

        if (!file_exists(dir)) {
            free(dir);
            return false;
        }
        if (is_marked_for(dir, leader)) {
            *f = (struct filing){dir, mem_str(leader->name), drop_dir};
            return true;
        }
        free(dir);
    }
    return false;
}

bool filing_begin(struct filing *f, const char *root, const char *stem,
                  const struct drop_entry *leader, const char *drop_dir, struct err *e)
{
    if (!file_make_dirs(root, e))
        return false;
    for (unsigned number = 1; number < NUMBER_MAX; number++) {
        char *dir = numbered(root, stem, number);

        /* rmdir takes only an empty one: what a crash left. */
        if (mkdir(dir, 0750) == 0 ||
            (errno == EEXIST && rmdir(dir) == 0 && mkdir(dir, 0750) == 0)) {
            *f = (struct filing){dir, mem_str(leader->name), drop_dir};
            return true;
        }
        if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR) {
            err_sys(e, "cannot make the directory %s", dir);
            free(dir);
            return false;
        }
        free(dir);
    }
    return err_set(e, "too many folders named %s in %s", stem, root);
}

static bool write_mark(const struct filing *f, const struct drop_entry *leader,
                       const struct drop_entry *companion, struct err *e)
{
    char *path = mem_printf("%s/" MARK, f->dir);
    struct buf mark;
    bool ok;

    buf_init(&mark, MARK_BYTES);
    buf_printf(&mark, "%s\n", leader->identity_with_ctime);
    if (companion)
        buf_printf(&mark, "%s\t%s\n", companion->identity, companion->name);
    ok = file_write_atomic(path, mark.data, mark.len, e);
    buf_done(&mark);
    free(path);
    return ok;
}

/* Nothing to do when it is gone, or is another file by now (then identity is not NULL). */
static bool move_one(const struct filing *f, const char *name, const char *identity, struct err *e)
{
    struct drop_entry now;
    char *to;
    bool ok;

    if (!drop_look(f->drop_dir, name, &now))
        return true;
    if (identity && strcmp(now.identity, identity) != 0) {
        drop_entry_done(&now);
        return true;
    }
    to = mem_printf("%s/%s", f->dir, name);
    ok = file_move(now.path, to, e);
    free(to);
    drop_entry_done(&now);
    return ok;
}

/* Everything after the mark, from the mark: so a crash in here is mended by doing it again. */
bool filing_resume(struct filing *f, struct err *e)
{
    struct buf mark;
    struct str rest, line, identity;
    bool ok = true;

    buf_init(&mark, MARK_BYTES);
    read_mark(f->dir, &mark);
    rest = str_n(mark.data, mark.len);
    if (str_cut(&rest, '\n', &line) && str_cut(&rest, '\n', &line) &&
        str_cut(&line, '\t', &identity)) {
        char *name = mem_strn(line.p, line.n), *id = mem_strn(identity.p, identity.n);

        ok = move_one(f, name, id, e);
        free(name);
        free(id);
    }
    ok = ok && move_one(f, f->leader, NULL, e) && file_sync_dir(f->drop_dir, e);
    if (ok) {
        char *path = mem_printf("%s/" MARK, f->dir);

        unlink(path);
        free(path);
    }
    buf_done(&mark);
    return ok;
}

bool filing_move(struct filing *f, const struct drop_entry *leader,
                 const struct drop_entry *companion, struct err *e)
{
    return write_mark(f, leader, companion, e) && filing_resume(f, e);
}

void filing_done(struct filing *f)
{
    free(f->dir);
    free(f->leader);
    *f = (struct filing){0};
}

char *filing_search(const char *root, const char *name)
{
    DIR *d = opendir(root);
    const struct dirent *entry;
    char *found = NULL;

    while (d && !found && (entry = readdir(d)) != NULL) {
        char *path;

        if (entry->d_name[0] == '.')
            continue;
        path = mem_printf("%s/%s/%s", root, entry->d_name, name);
        if (file_exists(path))
            found = mem_str(entry->d_name);
        free(path);
    }
    if (d)
        closedir(d);
    return found;
}
