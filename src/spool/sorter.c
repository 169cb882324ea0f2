#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sluice/base/must.h>
#include "sorter.h"

#define READ_AHEAD 4096u /* records per run while merging: 32-64 KB */

/* One sorted run: what of it is in memory, and where the rest is. */
struct run {
    uint64_t *record; /* owned while merging from a file */
    size_t at, count; /* in `record` */
    uint64_t next;    /* the next one in the file, as a record number */
    uint64_t end;
};

struct sorter {
    const char *dir;
    unsigned words; /* per record: 1, or 2 with values */
    uint64_t *record;
    uint64_t *scratch;
    size_t count, cap;
    int fd; /* -1: nothing was written yet */
    struct run *run;
    unsigned runs;
    unsigned *heap; /* of run numbers, the smallest key first */
    unsigned heap_count;
};

struct sorter *sorter_new(const char *dir, bool with_values)
{
    struct sorter *s = mem_array(1, sizeof *s);

    s->dir = dir;
    s->words = with_values ? 2 : 1;
    s->fd = -1;
    return s;
}

void sorter_free(struct sorter *s)
{
    if (!s)
        return;
    for (unsigned i = 0; i < s->runs; i++)
        free(s->run[i].record);
    if (s->fd >= 0)
        close(s->fd);
    free(s->run);
    free(s->heap);
    free(s->record);
    free(s->scratch);
    free(s);
}

/* One pass of a radix sort over byte `shift / 8`; false when all records have the same one there.
 */
static bool radix_pass(const uint64_t *from, uint64_t *to, size_t count, unsigned words,
                       unsigned shift)
{
    size_t at[256] = {0}, sum = 0;

    for (size_t i = 0; i < count; i++)
        at[from[i * words] >> shift & 0xff]++;
    for (unsigned b = 0; b < 256; b++) {
        size_t n = at[b];

        if (n == count)
            return false;
        at[b] = sum;
        sum += n;
    }
    for (size_t i = 0; i < count; i++) {
        size_t place = at[from[i * words] >> shift & 0xff]++;

        to[place * words] = from[i * words];
        if (words == 2)
            to[place * 2 + 1] = from[i * 2 + 1];
    }
    return true;
}

static void sort_run(struct sorter *s)
{
    if (!s->scratch && s->count > 0)
        s->scratch = mem_array(s->cap * s->words, sizeof *s->scratch);
    for (unsigned shift = 0; shift < 64 && s->count > 0; shift += 8)
        if (radix_pass(s->record, s->scratch, s->count, s->words, shift)) {
            uint64_t *sorted = s->scratch;

            s->scratch = s->record;
            s->record = sorted;
        }
}

static bool open_file(struct sorter *s, struct err *e)
{
    char *path = mem_printf("%s/.sort-XXXXXX", s->dir);

    s->fd = mkostemp(path, O_CLOEXEC);
    if (s->fd < 0)
        err_sys(e, "cannot make the temporary file %s", path);
    else
        unlink(path); /* whatever happens to us, it goes away */
    free(path);
    return s->fd >= 0;
}

static bool spill(struct sorter *s, struct err *e)
{
    const char *data;
    size_t left = s->count * s->words * sizeof(uint64_t);
    uint64_t begin = s->runs ? s->run[s->runs - 1].end : 0;

    sort_run(s);
    data = (const char *)s->record;
    if (s->fd < 0 && !open_file(s, e))
        return false;
    while (left > 0) {
        ssize_t n = write(s->fd, data, left);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return err_sys(e, "cannot write a temporary file in %s", s->dir);
        data += n;
        left -= (size_t)n;
    }
    s->run = mem_grow(s->run, s->runs + 1, sizeof *s->run);
    s->run[s->runs++] = (struct run){.next = begin, .end = begin + s->count};
    s->count = 0;
    return true;
}

bool sorter_put(struct sorter *s, uint64_t key, uint64_t value, struct err *e)
{
    if (s->count == SORTER_RUN && !spill(s, e))
        return false;
    if (s->count == s->cap) {
        MUST(!s->scratch);
        s->cap = s->cap ? s->cap * 4 : 1024;
        if (s->cap > SORTER_RUN)
            s->cap = SORTER_RUN;
        s->record = mem_grow(s->record, s->cap * s->words, sizeof *s->record);
    }
    s->record[s->count * s->words] = key;
    if (s->words == 2)
        s->record[s->count * 2 + 1] = value;
    s->count++;
    return true;
}

static bool refill(struct sorter *s, struct run *r, struct err *e)
{
    uint64_t left = r->end - r->next;
    size_t bytes = s->words * sizeof(uint64_t), done = 0;

    r->at = 0;
    r->count = left < READ_AHEAD ? (size_t)left : READ_AHEAD;
    while (done < r->count * bytes) {
        ssize_t n = pread(s->fd, (char *)r->record + done, r->count * bytes - done,
                          (off_t)(r->next * bytes + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            errno = n ? errno : EIO;
            return err_sys(e, "cannot read a temporary file in %s back", s->dir);
        }
        done += (size_t)n;
    }
    r->next += r->count;
    return true;
}

/* By key, then by run: earlier runs hold what went in earlier. */
static bool is_before(const struct sorter *s, unsigned a, unsigned b)
{
    uint64_t x = s->run[a].record[s->run[a].at * s->words];
    uint64_t y = s->run[b].record[s->run[b].at * s->words];

    return x != y ? x < y : a < b;
}

static void sift_down(struct sorter *s, unsigned at)
{
    for (;;) {
        unsigned child = at * 2 + 1, moved = s->heap[at];

        if (child >= s->heap_count)
            return;
        if (child + 1 < s->heap_count && is_before(s, s->heap[child + 1], s->heap[child]))
            child++;
        if (is_before(s, moved, s->heap[child]))
            return;
        s->heap[at] = s->heap[child];
        s->heap[child] = moved;
        at = child;
    }
}

bool sorter_rewind(struct sorter *s, struct err *e)
{
    if (s->runs == 0) { /* all in memory: one run that is already loaded */
        sort_run(s);
        free(s->scratch);
        s->scratch = NULL;
        s->run = mem_array(1, sizeof *s->run);
        s->run[0] = (struct run){.record = s->record, .count = s->count};
        s->record = NULL;
        s->runs = 1;
    } else {
        if (s->count > 0 && !spill(s, e))
            return false;
        free(s->record);
        free(s->scratch);
        s->record = s->scratch = NULL;
        for (unsigned i = 0; i < s->runs; i++) {
            s->run[i].record = mem_array(READ_AHEAD * s->words, sizeof(uint64_t));
            if (!refill(s, &s->run[i], e))
                return false;
        }
    }
    s->heap = mem_array(s->runs, sizeof *s->heap);
    for (unsigned i = 0; i < s->runs; i++)
        if (s->run[i].count > 0)
            s->heap[s->heap_count++] = i;
    for (unsigned i = s->heap_count; i-- > 0;)
        sift_down(s, i);
    return true;
}

bool sorter_next(struct sorter *s, uint64_t *key, uint64_t *value, bool *failed, struct err *e)
{
    struct run *r;

    if (s->heap_count == 0)
        return false;
    r = &s->run[s->heap[0]];
    *key = r->record[r->at * s->words];
    if (value)
        *value = s->words == 2 ? r->record[r->at * 2 + 1] : 0;
    if (++r->at == r->count) {
        if (r->next < r->end) {
            if (!refill(s, r, e)) {
                *failed = true;
                return false;
            }
        } else {
            s->heap[0] = s->heap[--s->heap_count];
        }
    }
    if (s->heap_count > 1)
        sift_down(s, 0);
    return true;
}
