/* Any bytes as a CSV: every byte is used up, fields lie where they may, and what comes out does not depend on where the
 * blocks end. */
#include <stdint.h>
#include <stdlib.h>
#include <sluice/base/must.h>

#include "recipients_private.h"

static uint64_t mix(uint64_t h, const void *p, size_t n)
{
    return (h ^ str_hash(str_n(p, n))) * 0x100000001b3u;
}

static uint64_t run(const char *text, size_t n, size_t block)
{
    size_t from = 0, to = 0;
    uint64_t h = 1, line = 0;
    struct buf vars;
    struct csv c;

    buf_init(&vars, 64 * 6 + 8 * 3 + 64);
    csv_init(&c, 64, 8);
    for (;;) {
        size_t used;
        enum csv_step step = csv_next(&c, text + from, to - from, to == n, &used);

        MUST(used <= to - from);
        if (step == CSV_ROW || step == CSV_BAD) {
            MUST(c.line > line);
            line = c.line;
            h = mix(h, &c.line, sizeof c.line);
        }
        if (step == CSV_ROW) {
            for (unsigned i = 0; i < c.fields; i++)
                h = mix(h, c.field[i].p, c.field[i].n);
            csv_put_vars(&c, 0, &vars);
            if (c.expected == 0)
                c.expected = c.fields;
        }
        from += used;
        if (step == CSV_MORE && to == n)
            break;
        if (step == CSV_MORE)
            to += n - to < block ? n - to : block;
        else
            MUST(used > 0);
    }
    MUST(from == n);
    csv_done(&c);
    buf_done(&vars);
    return h;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t whole = run((const char *)data, size, size + 1);

    MUST(run((const char *)data, size, 1) == whole);
    MUST(run((const char *)data, size, 7) == whole);
    return 0;
}
