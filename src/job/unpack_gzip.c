/* unpack_gzip.c: gzip files (RFC 1952), also several members one after the other, as `cat a.gz
 * b.gz` and bgzip make them. */
#include "source.h"

#include <stdlib.h>
#include <zlib.h>
#include <sluice/base/must.h>

struct gzip {
    z_stream z;
    bool in_member; /* between a header and its end */
    bool any;       /* at least one member was read */
    bool at_end;
};

static void *gzip_open(struct err *e)
{
    struct gzip *g = mem_new(sizeof *g);

    /* 16: gzip only; 15: the largest window there is. */
    if (inflateInit2(&g->z, 16 + 15) == Z_OK)
        return g;
    err_set(e, "cannot start zlib");
    free(g);
    return NULL;
}

/* More input; *have false at the end of the file. */
static bool refill(struct gzip *g, struct source *s, bool *have, struct err *e)
{
    const unsigned char *p;
    size_t n;

    *have = true;
    if (g->z.avail_in)
        return true;
    if (!source_packed(s, &p, &n, e))
        return false;
    g->z.next_in = (Bytef *)p;
    g->z.avail_in = (uInt)n;
    *have = n > 0;
    return true;
}

static bool step(struct gzip *g, struct err *e)
{
    int code = inflate(&g->z, Z_NO_FLUSH);

    g->in_member = true;
    if (code == Z_STREAM_END) {
        g->in_member = false;
        g->any = true;
        return inflateReset(&g->z) == Z_OK;
    }
    /* Z_BUF_ERROR only says that there was nothing to do yet. */
    if (code == Z_OK || code == Z_BUF_ERROR)
        return true;
    if (!g->any && g->z.total_in < 20)
        return err_set(e, "not a gzip file");
    return err_set(e, "the gzip data are damaged");
}

static bool gzip_read(void *self, struct source *s, char *to, size_t room, size_t *n, struct err *e)
{
    struct gzip *g = self;

    *n = 0;
    g->z.next_out = (Bytef *)to;
    g->z.avail_out = (uInt)room;
    while (g->z.avail_out == room && !g->at_end) {
        bool have;

        if (!refill(g, s, &have, e))
            return false;
        if (have && !step(g, e))
            return false;
        if (have)
            continue;
        if (g->in_member || !g->any)
            return err_set(e, "the gzip file ends in the middle: it is not complete");
        g->at_end = true;
    }
    *n = room - g->z.avail_out;
    return true;
}

static void gzip_close(void *self)
{
    struct gzip *g = self;

    inflateEnd(&g->z);
    free(g);
}

const struct unpacker unpack_gzip = {gzip_open, gzip_read, gzip_close};
