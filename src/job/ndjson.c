/* ndjson.c (P) */
#include "ndjson.h"

#include <jansson.h>

static bool no(char *why, size_t size, const char *text)
{
    str_copy(why, size, str_of(text));
    return false;
}

/* Copies without white space between tokens; returns how deep the brackets nest. The line is valid
 * JSON. */
static unsigned compact(struct str line, struct buf *out)
{
    unsigned depth = 0, deepest = 0;
    size_t done = 0;
    bool in_string = false;

    for (size_t i = 0; i < line.n; i++) {
        char c = line.p[i];

        if (in_string) {
            if (c == '\\')
                i++;
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            deepest = ++depth > deepest ? depth : deepest;
        } else if (c == '}' || c == ']') {
            depth--;
        } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            buf_put(out, line.p + done, i - done);
            done = i + 1;
        }
    }
    buf_put(out, line.p + done, line.n - done);
    return deepest;
}

static bool take_email(const json_t *root, struct buf *email, char *why, size_t size)
{
    const json_t *value;

    if (!json_is_object(root))
        return no(why, size, "not a JSON object { ... }");
    value = json_object_get(root, "email");
    if (!value)
        return no(why, size, "there is no \"email\" in it");
    if (!json_is_string(value))
        return no(why, size, "\"email\" is not a string");
    buf_put(email, json_string_value(value), json_string_length(value));
    return true;
}

bool ndjson_take(struct str line, unsigned max_depth, struct buf *vars, struct buf *email,
                 char *why, size_t why_size)
{
    json_error_t error;
    /* Integers as reals: only so a number of twenty digits is no error; its text is what we keep.
     */
    json_t *root =
        json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error);
    bool ok;

    buf_clear(vars);
    buf_clear(email);
    /* jansson passes over a zero byte between tokens. */
    if (root && memchr(line.p, 0, line.n)) {
        json_decref(root);
        return no(why, why_size, "not valid JSON (it contains a zero byte)");
    }
    if (!root) {
        struct buf text;

        buf_init(&text, why_size - 1);
        buf_printf(&text, "not valid JSON (%s, column %d)", error.text, error.column);
        str_copy(why, why_size, str_n(text.data, text.len));
        if (buf_is_full(&text))
            no(why, why_size, "not valid JSON");
        buf_done(&text);
        return false;
    }
    ok = take_email(root, email, why, why_size);
    json_decref(root);
    if (ok && compact(line, vars) > max_depth)
        return no(why, why_size, "its brackets are nested too deeply");
    return ok;
}
