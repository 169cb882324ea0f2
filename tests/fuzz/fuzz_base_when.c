#include <sluice/base/must.h>
#include <sluice/base/rate.h>
#include <sluice/base/when.h>

#include <stdint.h>

static void wall(struct str s)
{
    char text[WALL_TEXT], mail[WALL_RFC5322];
    struct wall w, again;

    if (!wall_parse(s, &w))
        return;
    wall_format(w, text);
    MUST(strlen(text) == WALL_TEXT - 1);
    wall_format_rfc5322(w, 540, mail);
    MUST(strlen(mail) == WALL_RFC5322 - 1);
    /* At the ends a zone may lead out of the years that can be written. */
    if (w.ms > INT64_C(-62167219200000) && w.ms < INT64_C(253402300799999))
        MUST(wall_parse(str_of(text), &again) && again.ms == w.ms);
}

static void any_number(const uint8_t *data, size_t size)
{
    char text[WALL_TEXT], mail[WALL_RFC5322], span[16];
    int64_t ms;

    if (size < sizeof ms)
        return;
    memcpy(&ms, data, sizeof ms);
    wall_format((struct wall){ms}, text);
    MUST(strlen(text) == WALL_TEXT - 1);
    wall_format_rfc5322((struct wall){ms}, data[0] - 128, mail);
    MUST(strlen(mail) == WALL_RFC5322 - 1);
    duration_format(ms, span);
    MUST(strlen(span) <= 15);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str s = str_n((const char *)data, size);
    struct rate_spec spec;
    int64_t ms;

    wall(s);
    any_number(data, size);
    if (duration_parse(s, &ms))
        MUST(ms >= 0 && ms <= DURATION_MAX_MS);
    if (rate_spec_parse(s, &spec)) {
        struct rate r = rate_make(spec.count, spec.period_us, spec.burst);

        rate_take(&r, 0);
        MUST(rate_when(&r, 0) >= 0);
    }
    return 0;
}
