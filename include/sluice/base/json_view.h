/* json_view.h: reads values inside JSON text in place, without allocating.
 *
 * For text that this program wrote itself (a recipient's variables in the spool, see
 * job/recipients.h): it was validated and is compact. Damaged text gives "missing", never a crash.
 * Render is the hot path that this exists for; anything that arrives from outside is parsed by
 * jansson.
 *
 *     struct json_view v = json_view_of(text, n);      // {"name":"홍길동","items":[{"q":1}]}
 *     struct json_view name;
 *     if (json_view_key(v, str_of("name"), &name)) json_view_text(name, &out);
 */
#ifndef SLUICE_BASE_JSON_VIEW_H
#define SLUICE_BASE_JSON_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <sluice/base/str.h>

/* Deeper nesting is "missing". */
#define JSON_VIEW_DEPTH_MAX 256

enum json_kind {
    JSON_VIEW_NONE,
    JSON_VIEW_NULL,
    JSON_VIEW_FALSE,
    JSON_VIEW_TRUE,
    JSON_VIEW_NUMBER,
    JSON_VIEW_STRING,
    JSON_VIEW_ARRAY,
    JSON_VIEW_OBJECT
};
struct json_view {
    const char *p; /* first byte of the value */
    size_t n;      /* bytes of the value, quotes and brackets included */
    enum json_kind kind;
};
struct buf;

/* The value that begins at p (after white space); kind NONE if there is none. */
struct json_view json_view_of(const char *p, size_t n);
/* The first value under the key (unescaped). False, and *out of kind NONE, when there is none. */
bool json_view_key(struct json_view object, struct str key, struct json_view *out);
/* Elements one after the other: *at starts at 0; false after the last. For arrays, and for objects
 * (then *key is the raw text between the key's quotes; key may be NULL). */
bool json_view_each(struct json_view container, size_t *at, struct str *key, struct json_view *out);
/* Appends a string's unescaped text, or the raw text of another scalar; containers append nothing.
 * \u0000 and halves of surrogate pairs become U+FFFD. */
void json_view_text(struct json_view v, struct buf *out);
/* Appends `s` as a quoted JSON string. Invalid UTF-8 bytes become U+FFFD. */
void json_put_string(struct buf *out, struct str s);

#endif
