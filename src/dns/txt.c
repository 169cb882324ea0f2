/* txt.c: see dns/txt.h. (P) */
#include <sluice/dns/txt.h>

#include <string.h>

static bool is_well_formed(const unsigned char *rdata, size_t n)
{
    size_t at = 0;

    while (at < n)
        at += (size_t)rdata[at] + 1;
    return n > 0 && at == n;
}

bool txt_add(struct txt_records *t, const unsigned char *rdata, size_t n)
{
    uint32_t before = t->used;

    if (!is_well_formed(rdata, n))
        return false;
    /* Without the length bytes it needs less; who sends that much is told no more. */
    if (t->count == TXT_RECORDS_MAX || n > sizeof t->text - t->used) {
        t->is_cut = true;
        return true;
    }
    for (size_t at = 0; at < n; at += (size_t)rdata[at] + 1) {
        memcpy(t->text + t->used, rdata + at + 1, rdata[at]);
        t->used += rdata[at];
    }
    t->at[t->count] = (uint16_t)before;
    t->length[t->count++] = (uint16_t)(t->used - before);
    return true;
}
