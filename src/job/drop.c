#include "intake_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sluice/base/must.h>
#include <sluice/base/utf8.h>

#include "jobfile_private.h"

/* More than that many files wait for the next look: a flood does not eat the memory. */
#define ENTRIES_MAX 20000

static bool is_ignored(struct str name)
{
    return str_starts(name, ".") || str_ends_nocase(name, ".tmp") || str_ends_nocase(name, ".part");
}

static bool is_wanted(const char *file, enum drop_kind kind)
{
    struct str name = str_of(file);
    char id[65];

    if (is_ignored(name))
        return false;
    if (kind == DROP_JOBS)
        return name.n > 4 && str_ends_nocase(name, ".job");
    return drop_trigger_id(file, id);
}

bool drop_trigger_id(const char *name, char id[65])
{
    const char *dot = strchr(name, '.');
    struct str s;

    if (!dot || !str_ends_nocase(str_of(dot + 1), ".ndjson"))
        return false;
    s = str_n(name, (size_t)(dot - name));
    if (!job_id_is_valid(s))
        return false;
    str_copy(id, 65, s);
    return true;
}

static void put_identity(struct drop_entry *d)
{
    const struct stat *s = &d->st;

    snprintf(d->identity, sizeof d->identity, "%ju:%ju:%jd:%jd.%09ld", (uintmax_t)s->st_dev,
             (uintmax_t)s->st_ino, (intmax_t)s->st_size, (intmax_t)s->st_mtim.tv_sec,
             s->st_mtim.tv_nsec);
    snprintf(d->identity_with_ctime, sizeof d->identity_with_ctime, "%.110s:%jd.%09ld", d->identity,
             (intmax_t)s->st_ctim.tv_sec, s->st_ctim.tv_nsec);
}

bool drop_look(const char *dir, const char *name, struct drop_entry *out)
{
    *out = (struct drop_entry){.path = mem_printf("%s/%s", dir, name)};
    if (lstat(out->path, &out->st) != 0) {
        drop_entry_done(out);
        return false;
    }
    out->name = mem_str(name);
    put_identity(out);
    return true;
}

void drop_entry_done(struct drop_entry *d)
{
    free(d->name);
    free(d->path);
    *d = (struct drop_entry){0};
}

static int by_age(const void *a, const void *b)
{
    const struct drop_entry *x = a, *y = b;

    if (x->st.st_mtim.tv_sec != y->st.st_mtim.tv_sec)
        return x->st.st_mtim.tv_sec < y->st.st_mtim.tv_sec ? -1 : 1;
    if (x->st.st_mtim.tv_nsec != y->st.st_mtim.tv_nsec)
        return x->st.st_mtim.tv_nsec < y->st.st_mtim.tv_nsec ? -1 : 1;
    return strcmp(x->name, y->name);
}

bool drop_read(const char *dir, enum drop_kind kind, bool (*wants)(void *arg, const char *name),
               void *arg, struct drop_list *out, struct err *e)
{
    DIR *d = opendir(dir);
    const struct dirent *entry;
    size_t room = 0;

    *out = (struct drop_list){0};
    if (!d)
        return err_sys(e, "cannot read the drop directory %s", dir);
    while (out->count < ENTRIES_MAX && (entry = readdir(d)) != NULL) {
        if (!is_wanted(entry->d_name, kind) || (wants && !wants(arg, entry->d_name)))
            continue;
        if (out->count == room) {
            room = room ? room * 2 : 64;
            out->item = mem_grow(out->item, room, sizeof *out->item);
        }
        if (drop_look(dir, entry->d_name, &out->item[out->count]))
            out->count++;
    }
    closedir(d);
    if (out->count)
        qsort(out->item, out->count, sizeof *out->item, by_age);
    return true;
}

void drop_done(struct drop_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        drop_entry_done(&l->item[i]);
    free(l->item);
    *l = (struct drop_list){0};
}

/* A read lease is granted only while nobody has the file open for writing (fcntl(2)). Where leases do not
 * exist or are not ours to take, the checks at the end of the file have to do. */
bool drop_is_being_written(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY);
    bool is_busy;

    if (fd < 0)
        return false;
    is_busy = fcntl(fd, F_SETLEASE, F_RDLCK) != 0 && errno == EAGAIN;
    if (!is_busy)
        fcntl(fd, F_SETLEASE, F_UNLCK);
    close(fd);
    return is_busy;
}

/* Room for "-12345" and ".error" within the 255 bytes of a file name. */
#define STEM_MAX 180

char *drop_stem(const char *name, const char *ending)
{
    struct str s = str_of(name);
    char stem[STEM_MAX + 1];
    size_t to = 0;

    if (str_ends_nocase(s, ending))
        s.n -= strlen(ending);
    for (size_t i = 0; i < s.n && to < STEM_MAX;) {
        uint32_t cp;
        size_t n = utf8_next(s.p + i, s.n - i, &cp);
        bool is_bad = (cp == 0xfffd && n == 1) || cp < ' ' || (cp >= 0x7f && cp <= 0x9f);

        if (!is_bad && to + n > STEM_MAX)
            break;
        if (is_bad)
            stem[to++] = '_';
        else
            memcpy(stem + to, s.p + i, n);
        to += is_bad ? 0 : n;
        i += n;
    }
    stem[to] = '\0';
    return mem_str(*stem && *stem != '.' ? stem : "unnamed");
}
