#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sluice/base/must.h>
#include <sluice/base/str.h>
#include <sluice/os/file.h>
#include "layout.h"

struct handover {
    int fd; /* holds the lock */
    char *map;
    size_t bytes;
    uint32_t slots;
};

static uint64_t head_sum(const struct file_head *h)
{
    return str_hash(str_n((const char *)h, offsetof(struct file_head, sum)));
}

bool head_is_valid(const struct file_head *h, const char *boot)
{
    return memcmp(h->magic, HANDOVER_MAGIC, sizeof h->magic) == 0 &&
           h->version == HANDOVER_VERSION && h->slot_bytes == SLOT_BYTES && h->slots > 0 &&
           h->sum == head_sum(h) && memcmp(h->boot, boot, sizeof h->boot) == 0;
}

void head_fill(struct file_head *h, const char *boot, uint32_t slots)
{
    memset(h, 0, sizeof *h);
    memcpy(h->magic, HANDOVER_MAGIC, sizeof h->magic);
    h->version = HANDOVER_VERSION;
    h->slot_bytes = SLOT_BYTES;
    h->slots = slots;
    memcpy(h->boot, boot, sizeof h->boot);
    h->sum = head_sum(h);
}

static int open_locked(const char *path, struct err *e)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);

    if (fd < 0) {
        err_sys(e, "cannot open the hand-over file %s", path);
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            err_set(e, "the hand-over file %s is in use: another sluiced runs on this spool", path);
        else
            err_sys(e, "cannot lock the hand-over file %s", path);
        close(fd);
        return -1;
    }
    return fd;
}

/* The number of slots that the file really holds, 0 when it is none of ours or of another boot. */
static uint32_t slots_in(int fd, const char *boot)
{
    struct file_head head;
    struct stat st;
    uint64_t room;

    if (fstat(fd, &st) != 0 || pread(fd, &head, sizeof head, 0) != (ssize_t)sizeof head ||
        !head_is_valid(&head, boot) || st.st_size < (off_t)HEAD_BYTES)
        return 0;
    room = ((uint64_t)st.st_size - HEAD_BYTES) / SLOT_BYTES;
    return room < head.slots ? (uint32_t)room : head.slots;
}

/* Blocks are reserved now: a store into a hole of a full file system would be a SIGBUS in the
 * middle of a delivery. */
static bool reserve(struct handover *h, const char *path, struct err *e)
{
    int code = posix_fallocate(h->fd, 0, (off_t)h->bytes);

    errno = code;
    return code == 0 ||
           err_sys(e, "cannot reserve %zu bytes for the hand-over file %s", h->bytes, path);
}

static bool map_file(struct handover *h, const char *path, struct err *e)
{
    void *map = mmap(NULL, h->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, h->fd, 0);

    if (map == MAP_FAILED)
        return err_sys(e, "cannot map the hand-over file %s", path);
    h->map = map;
    return true;
}

bool handover_open(const char *path, uint32_t connections, struct handover **out, bool *same_boot,
                   struct err *e)
{
    struct handover *h = mem_array(1, sizeof *h);
    char boot[37] = "";
    uint32_t wanted = connections * HANDOVER_RING, old;

    *out = NULL;
    MUST(connections > 0 && connections <= UINT32_MAX / HANDOVER_RING);
    h->fd = open_locked(path, e);
    if (h->fd < 0 || !file_boot_id(boot, e))
        goto fail;
    old = slots_in(h->fd, boot);
    *same_boot = old > 0;
    if (!*same_boot && ftruncate(h->fd, 0) != 0) {
        err_sys(e, "cannot empty the hand-over file %s", path);
        goto fail;
    }
    /* A smaller number of connections than last time keeps the file: its slots are still to be
     * read. */
    h->slots = old > wanted ? old : wanted;
    h->bytes = HEAD_BYTES + (size_t)h->slots * SLOT_BYTES;
    if (!reserve(h, path, e) || !map_file(h, path, e))
        goto fail;
    head_fill((struct file_head *)h->map, boot, h->slots);
    *out = h;
    return true;
fail:
    handover_close(h);
    return false;
}

void handover_close(struct handover *h)
{
    if (!h)
        return;
    if (h->map)
        munmap(h->map, h->bytes);
    if (h->fd >= 0)
        close(h->fd);
    free(h);
}

struct handover_slot *handover_slot(struct handover *h, uint32_t index)
{
    MUST(index < h->slots);
    return (struct handover_slot *)(h->map + HEAD_BYTES + (size_t)index * SLOT_BYTES);
}

uint32_t handover_count(const struct handover *h)
{
    return h->slots;
}

enum handover_state handover_read(struct handover *h, uint32_t index, struct outcome *o)
{
    enum handover_state state = slot_read(handover_slot(h, index), o);

    if (state != HANDOVER_FREE)
        o->slot = index;
    return state;
}
