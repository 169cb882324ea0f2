#include <sluice/base/buf.h>
#include <sluice/base/json_view.h>
#include <sluice/base/must.h>
#include <sluice/base/utf8.h>

#include <stdint.h>

/* Walks everything; each view must lie inside the one around it. */
static void walk(struct json_view v, struct buf *out, int depth)
{
    struct json_view element, found;
    struct str key;
    size_t at = 0;

    json_view_text(v, out);
    if (depth == 12)
        return;
    while (json_view_each(v, &at, &key, &element)) {
        MUST(element.kind != JSON_VIEW_NONE && element.n > 0);
        MUST(element.p > v.p && element.p + element.n < v.p + v.n);
        if (v.kind == JSON_VIEW_OBJECT && !memchr(key.p, '\\', key.n))
            MUST(json_view_key(v, key, &found));
        walk(element, out, depth + 1);
    }
    MUST(at == v.n || (v.kind != JSON_VIEW_ARRAY && v.kind != JSON_VIEW_OBJECT));
}

/* Any bytes, quoted, are one string that reads back; well-formed text reads back as it was. */
static void there_and_back(struct str s)
{
    struct buf quoted, text;
    struct json_view v;

    buf_init(&quoted, 1 << 20);
    buf_init(&text, 1 << 20);
    json_put_string(&quoted, s);
    v = json_view_of(quoted.data, quoted.len);
    MUST(v.kind == JSON_VIEW_STRING && v.n == quoted.len);
    MUST(utf8_bad_at(quoted.data, quoted.len) == quoted.len);
    json_view_text(v, &text);
    if (utf8_bad_at(s.p, s.n) == s.n && (s.n == 0 || !memchr(s.p, '\0', s.n)))
        MUST(str_eq(str_n(text.data, text.len), s));
    buf_done(&quoted);
    buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_view v, found;
    struct buf out;

    if (size > 8192)
        return 0;
    buf_init(&out, 1 << 16);
    v = json_view_of((const char *)data, size);
    json_view_key(v, str_of("name"), &found);
    walk(v, &out, 0);
    buf_done(&out);
    there_and_back(str_n((const char *)data, size));
    return 0;
}
