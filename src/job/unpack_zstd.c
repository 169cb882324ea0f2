/* unpack_zstd.c: zstd files (RFC 8878), also several frames one after the other. */
#include "source.h"

#include <stdlib.h>
#include <zstd.h>
#include <sluice/base/must.h>

struct zstd {
    ZSTD_DStream *stream; /* takes windows of up to 128 MB: its own limit */
    ZSTD_inBuffer in;
    size_t hint; /* 0: between two frames */
    bool any, at_end;
};

static void *zstd_open(struct err *e)
{
    struct zstd *z = mem_new(sizeof *z);

    z->stream = ZSTD_createDStream();
    if (z->stream)
        return z;
    err_set(e, "cannot start zstd");
    free(z);
    return NULL;
}

static bool refill(struct zstd *z, struct source *s, struct err *e)
{
    const unsigned char *p;

    if (z->in.pos < z->in.size)
        return true;
    z->in.pos = 0;
    if (!source_packed(s, &p, &z->in.size, e))
        return false;
    z->in.src = p;
    return true;
}

static bool zstd_read(void *self, struct source *s, char *to, size_t room, size_t *n, struct err *e)
{
    struct zstd *z = self;
    ZSTD_outBuffer out = {to, room, 0};

    while (out.pos == 0 && !z->at_end) {
        size_t before;

        if (!refill(z, s, e))
            return false;
        before = z->in.size - z->in.pos;
        if (before == 0 && z->hint == 0 && z->any) {
            z->at_end = true;
            break;
        }
        z->hint = ZSTD_decompressStream(z->stream, &out, &z->in);
        if (ZSTD_isError(z->hint))
            return err_set(e, z->any ? "the zstd data are damaged (%s)" : "not a zstd file (%s)",
                           ZSTD_getErrorName(z->hint));
        z->any = z->any || before > 0;
        /* Without input it may still flush what it holds; when it does not, there is too little. */
        if (before == 0 && out.pos == 0)
            return err_set(e, "the zstd file ends in the middle: it is not complete");
    }
    *n = out.pos;
    return true;
}

static void zstd_close(void *self)
{
    struct zstd *z = self;

    ZSTD_freeDStream(z->stream);
    free(z);
}

const struct unpacker unpack_zstd = {zstd_open, zstd_read, zstd_close};
