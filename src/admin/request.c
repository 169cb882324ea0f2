/* request.c: a request's line, checked before any handler sees it. Pure: the fuzz target
 * fuzz_admin_request feeds it. */
#include <sluice/admin/control.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sluice/base/utf8.h>

static bool is_verb(const char *s)
{
    size_t n = strlen(s);
    return n >= 1 && n <= 32 && strspn(s, "abcdefghijklmnopqrstuvwxyz-") == n;
}

json_t *control_request_parse(const char *line, size_t n, const char **verb, struct err *e)
{
    *verb = NULL;
    if (n > CONTROL_REQUEST_MAX) {
        err_set(e, "the request is longer than %zu bytes", CONTROL_REQUEST_MAX);
        return NULL;
    }
    /* NUL stays refused (no JSON_ALLOW_NUL): handlers may take every string as a C string. */
    json_error_t why;
    json_t *request = json_loadb(line, n, JSON_REJECT_DUPLICATES, &why);
    if (!request) {
        err_set(e, "the request is no JSON object: %s", why.text);
        return NULL;
    }
    const char *word = json_string_value(json_object_get(request, "do"));
    if (!json_is_object(request))
        err_set(e, "the request is no JSON object: {\"do\": \"status\"} is one");
    else if (!word)
        err_set(e, "the request does not say what to do: {\"do\": \"status\"}");
    else if (!is_verb(word))
        err_set(e, "\"do\" takes 1 to 32 of a-z and '-'");
    else {
        *verb = word;
        return request;
    }
    json_decref(request);
    return NULL;
}

json_t *control_error(const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    /* A text that was cut inside a character, or that quotes bytes of a stranger, is no UTF-8. */
    size_t n = strlen(text);
    for (size_t at = 0; (at += utf8_bad_at(text + at, n - at)) < n;)
        text[at] = '?';
    return json_pack("{s:b, s:s}", "ok", 0, "error", text);
}
