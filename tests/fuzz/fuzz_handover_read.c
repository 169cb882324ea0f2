/* A hand-over file of any bytes: opening and reading it never crashes, and texts stay inside their
 * arrays. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sluice/base/must.h>
#include <sluice/os/file.h>
#include "layout.h"

static void check(enum handover_state state, const struct outcome *o)
{
    MUST(state <= HANDOVER_ENDED);
    MUST(memchr(o->email, 0, sizeof o->email) && memchr(o->mx_host, 0, sizeof o->mx_host));
    MUST(memchr(o->mx_ip, 0, sizeof o->mx_ip) && memchr(o->message_id, 0, sizeof o->message_id));
    MUST(memchr(o->reply.text, 0, sizeof o->reply.text));
    MUST(memchr(o->reply.enhanced, 0, sizeof o->reply.enhanced) && o->phase < PHASES);
}

/* The head that the bytes lack: a fuzzer does not guess the boot's number and a checksum. */
static void read_slots(const uint8_t *data, size_t size)
{
    struct handover_slot slot;
    struct outcome o;

    for (; size > 0; data += size < SLOT_BYTES ? size : SLOT_BYTES,
                     size -= size < SLOT_BYTES ? size : SLOT_BYTES) {
        memset(&slot, 0, sizeof slot);
        memcpy(&slot, data, size < sizeof slot ? size : sizeof slot);
        check(slot_read(&slot, &o), &o);
    }
}

static void open_file(const uint8_t *data, size_t size)
{
    int fd = memfd_create("handover", MFD_CLOEXEC);
    char path[64];
    struct handover *h;
    struct outcome o;
    struct err e;
    bool same_boot;

    MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (handover_open(path, 1, &h, &same_boot, &e)) {
        for (uint32_t i = 0; i < handover_count(h); i++)
            check(handover_read(h, i, &o), &o);
        handover_close(h);
    }
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_slots(data, size);
    open_file(data, size);
    return 0;
}
