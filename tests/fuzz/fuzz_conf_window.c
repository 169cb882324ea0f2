/* Any text as the days or the hours of a window. */
#include <stddef.h>
#include <stdint.h>
#include <sluice/base/must.h>

#include "window_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_n((const char *)data, size);
    int from = -1, until = -1;
    uint8_t days = 0;

    if (days_parse(text, &days))
        MUST(days != 0 && days < 0x80);
    else
        MUST(days == 0);
    if (hours_parse(text, &from, &until))
        MUST(from >= 0 && from < 1440 && until >= 0 && until <= 1440 && from != until);
    else
        MUST(from == -1 && until == -1);
    return 0;
}
