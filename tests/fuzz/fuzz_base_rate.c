#include <sluice/base/must.h>
#include <sluice/base/rate.h>

#include <stdint.h>
#include <stdlib.h>

/* The first line is a rate; the rest is a saved state for it and for its opposite. */
static void specs(struct str s, struct rate_spec *spec)
{
    struct rate_spec again;
    char text[RATE_TEXT];

    if (!rate_spec_parse(s, spec)) {
        *spec = (struct rate_spec){100, INT64_C(3600000000), 0};
        return;
    }
    rate_spec_format(spec, text);
    MUST(rate_spec_parse(str_of(text), &again) && rate_spec_equal(spec, &again));
}

/* Whatever was loaded: it can be taken from, and what it saves can be loaded to the same effect. */
static void states(struct str s, const struct rate_spec *spec)
{
    const int64_t wall_us = INT64_C(1790000000000000);
    char text[RATE_STATE], again[RATE_STATE];
    struct rate r, other;
    int64_t now = 0;

    rate_init(&r, spec);
    rate_init(&other, spec);
    if (rate_load(&r, s, now, wall_us)) {
        rate_save_within(&r, now, wall_us, 0, UINT64_MAX, text);
        MUST(rate_load(&other, str_of(text), now, wall_us));
        rate_save_within(&other, now, wall_us, 0, UINT64_MAX, again);
        MUST(strcmp(text, again) == 0);
        MUST(rate_when(&r, now) == rate_when(&other, now));
    } else {
        MUST(rate_when(&r, now) == now);
    }
    for (int i = 0; i < 20; i++) {
        now = rate_when(&r, now);
        rate_take(&r, now);
    }
    rate_save_within(&r, now, wall_us, 1000000, UINT64_MAX, text);
    MUST(rate_load(&other, str_of(text), now, wall_us));
    MUST(rate_when(&other, now) >= rate_when(&r, now));
    rate_done(&r);
    rate_done(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = str_n((const char *)data, size), line = {NULL, 0};
    struct rate_spec spec;

    str_cut(&rest, '\n', &line);
    specs(line, &spec);
    states(rest, &spec);
    spec.burst = spec.burst == 0 ? 1 : 0;
    states(rest, &spec);
    return 0;
}
