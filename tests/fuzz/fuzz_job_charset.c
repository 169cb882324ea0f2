/* Any bytes as CP949: the same text wherever the blocks end, never more of it than there is room for. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>

#include "charset.h"

static size_t convert(const char *in, size_t n, size_t block, char *out)
{
    struct cp949 c = {0};
    size_t to = 0;

    for (size_t i = 0; i < n; i += block) {
        size_t part = n - i < block ? n - i : block;

        to += cp949_to_utf8(&c, in + i, part, false, out + to);
    }
    return to + cp949_to_utf8(&c, in, 0, true, out + to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *in = (const char *)data;
    char *one = mem_new(CP949_ROOM(size)), *other = mem_new(CP949_ROOM(size));
    struct cp949 c = {0};
    struct err e;
    size_t n;

    MUST(cp949_ready(&e));
    n = cp949_to_utf8(&c, in, size, true, one);
    MUST(convert(in, size, 1, other) == n && memcmp(one, other, n) == 0);
    MUST(convert(in, size, 3, other) == n && memcmp(one, other, n) == 0);
    MUST(charset_guess(in, size) <= CHARSET_CP949);
    free(one);
    free(other);
    return 0;
}
