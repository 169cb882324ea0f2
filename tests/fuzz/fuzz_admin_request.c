/* A request's line as it comes from the socket: whatever it is, it is an object with a good "do",
 * or an error in words. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sluice/admin/control.h>
#include <sluice/base/must.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *verb;
    struct err e = {0};
    json_t *request = control_request_parse((const char *)data, n, &verb, &e);
    if (request) {
        MUST(json_is_object(request));
        MUST(strcmp(json_string_value(json_object_get(request, "do")), verb) == 0);
        MUST(strlen(verb) >= 1 && strlen(verb) <= 32);
    } else {
        MUST(verb == NULL && e.text[0]);
        json_t *refusal = control_error("%s", e.text);
        MUST(json_is_false(json_object_get(refusal, "ok")));
        json_decref(refusal);
    }
    json_decref(request);
    return 0;
}
