/* Any bytes as a line of NDJSON: what is taken can be read in place, and taking it again changes nothing. */
#include <stdint.h>
#include <string.h>
#include <sluice/base/json_view.h>
#include <sluice/base/must.h>

#include "ndjson.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf vars, email, again, text;
    struct json_view v, found;
    char why[160] = "";

    buf_init(&vars, size + 1);
    buf_init(&email, size + 1);
    buf_init(&again, size + 1);
    buf_init(&text, size * 3 + 1);
    if (!ndjson_take(str_n((const char *)data, size), 16, &vars, &email, why, sizeof why)) {
        MUST(*why);
    } else {
        v = json_view_of(vars.data, vars.len);
        MUST(v.kind == JSON_VIEW_OBJECT && v.n == vars.len);
        MUST(json_view_key(v, str_of("email"), &found) || strstr(vars.data, "\\u"));
        MUST(ndjson_take(str_n(vars.data, vars.len), 16, &again, &text, why, sizeof why));
        MUST(str_eq(str_n(vars.data, vars.len), str_n(again.data, again.len)));
    }
    buf_done(&vars);
    buf_done(&email);
    buf_done(&again);
    buf_done(&text);
    return 0;
}
