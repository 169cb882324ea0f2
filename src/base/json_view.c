#include <sluice/base/buf.h>
#include <sluice/base/json_view.h>
#include <sluice/base/utf8.h>

#include <stdint.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static size_t skip_space(const char *p, size_t n, size_t i)
{
    while (i < n && (p[i] == ' ' || p[i] == '\t' || p[i] == '\n' || p[i] == '\r'))
        i++;
    return i;
}

/* The scan_ functions return the length of the value at p, or 0 when there is none. */

static size_t scan_string(const char *p, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (p[i] == '"')
            return i + 1;
        if ((unsigned char)p[i] < ' ')
            return 0;
        if (p[i] == '\\')
            i++;
    }
    return 0;
}

static size_t scan_digits(const char *p, size_t n, size_t i)
{
    while (i < n && p[i] >= '0' && p[i] <= '9')
        i++;
    return i;
}

/* RFC 8259, section 6. */
static size_t scan_number(const char *p, size_t n)
{
    size_t start = p[0] == '-' ? 1 : 0;
    size_t i = scan_digits(p, n, start), mark;

    if (i == start || (p[start] == '0' && i > start + 1))
        return 0;
    if (i < n && p[i] == '.') {
        mark = i + 1;
        i = scan_digits(p, n, mark);
        if (i == mark)
            return 0;
    }
    if (i < n && (p[i] == 'e' || p[i] == 'E')) {
        mark = i + 1;
        if (mark < n && (p[mark] == '+' || p[mark] == '-'))
            mark++;
        i = scan_digits(p, n, mark);
        if (i == mark)
            return 0;
    }
    return i;
}

static size_t scan_word(const char *p, size_t n, const char *word)
{
    size_t length = strlen(word);

    return n >= length && memcmp(p, word, length) == 0 ? length : 0;
}

/* Only strings and brackets are looked at; what lies between is checked when somebody walks in. */
static size_t scan_container(const char *p, size_t n)
{
    char close[JSON_VIEW_DEPTH_MAX];
    size_t depth = 0;

    for (size_t i = 0; i < n; i++) {
        switch (p[i]) {
        case '"': {
            size_t length = scan_string(p + i, n - i);

            if (length == 0)
                return 0;
            i += length - 1;
            break;
        }
        case '{':
        case '[':
            if (depth == JSON_VIEW_DEPTH_MAX)
                return 0;
            close[depth++] = p[i] == '{' ? '}' : ']';
            break;
        case '}':
        case ']':
            if (close[--depth] != p[i])
                return 0;
            if (depth == 0)
                return i + 1;
            break;
        default:
            break;
        }
    }
    return 0;
}

/* A number or word ends at the end of the text or before one of these. */
static bool ends_at(const char *p, size_t n, size_t i)
{
    return i == n || memchr(" \t\r\n,]}:", p[i], 8) != NULL;
}

static enum json_kind scan(const char *p, size_t n, size_t *length)
{
    enum json_kind kind = JSON_VIEW_NUMBER;

    switch (p[0]) {
    case '"':
        *length = scan_string(p, n);
        return JSON_VIEW_STRING;
    case '{':
        *length = scan_container(p, n);
        return JSON_VIEW_OBJECT;
    case '[':
        *length = scan_container(p, n);
        return JSON_VIEW_ARRAY;
    case 'n':
        *length = scan_word(p, n, "null");
        kind = JSON_VIEW_NULL;
        break;
    case 'f':
        *length = scan_word(p, n, "false");
        kind = JSON_VIEW_FALSE;
        break;
    case 't':
        *length = scan_word(p, n, "true");
        kind = JSON_VIEW_TRUE;
        break;
    default:
        *length = scan_number(p, n);
    }
    if (!ends_at(p, n, *length))
        *length = 0;
    return kind;
}

struct json_view json_view_of(const char *p, size_t n)
{
    struct json_view v = {NULL, 0, JSON_VIEW_NONE};
    size_t at = skip_space(p, n, 0), length;
    enum json_kind kind;

    if (at == n)
        return v;
    kind = scan(p + at, n - at, &length);
    if (length)
        v = (struct json_view){p + at, length, kind};
    return v;
}

/* Steps over `"key":` at i; false if that is not what stands there. */
static bool read_key(const char *p, size_t n, size_t *i, struct str *key)
{
    size_t length;

    if (*i == n || p[*i] != '"')
        return false;
    length = scan_string(p + *i, n - *i);
    if (length == 0)
        return false;
    *key = str_n(p + *i + 1, length - 2);
    *i = skip_space(p, n, *i + length);
    if (*i == n || p[*i] != ':')
        return false;
    ++*i;
    return true;
}

/* The element at `i`, just behind the opening bracket or the element before. */
static bool read_element(struct json_view c, size_t *at, struct str *key, struct json_view *out)
{
    size_t n = c.n - 1; /* without the closing bracket */
    size_t i = skip_space(c.p, n, *at ? *at : 1);
    struct str ignored;

    if (*at) {
        if (i == n || c.p[i] != ',')
            return false;
        i = skip_space(c.p, n, i + 1);
    }
    if (c.kind == JSON_VIEW_OBJECT && !read_key(c.p, n, &i, key ? key : &ignored))
        return false;
    *out = json_view_of(c.p + i, n - i);
    if (out->kind == JSON_VIEW_NONE)
        return false;
    *at = (size_t)(out->p - c.p) + out->n;
    return true;
}

bool json_view_each(struct json_view container, size_t *at, struct str *key, struct json_view *out)
{
    struct str found_key = {NULL, 0};
    struct json_view found;

    if (container.kind != JSON_VIEW_ARRAY && container.kind != JSON_VIEW_OBJECT)
        return false;
    if (*at >= container.n || !read_element(container, at, &found_key, &found)) {
        *at = container.n; /* the end, or damage: nothing comes after */
        return false;
    }
    *out = found;
    if (key)
        *key = found_key;
    return true;
}

static bool hex4(const char *p, size_t n, uint32_t *out)
{
    uint32_t value = 0;

    if (n < 4)
        return false;
    for (size_t i = 0; i < 4; i++) {
        char c = p[i];

        if (c >= '0' && c <= '9')
            value = value << 4 | (uint32_t)(c - '0');
        else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
            value = value << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
        else
            return false;
    }
    *out = value;
    return true;
}

static size_t encode(uint32_t cp, char out[4])
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xc0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3f));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xe0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
        out[2] = (char)(0x80 | (cp & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
    out[3] = (char)(0x80 | (cp & 0x3f));
    return 4;
}

/* Decodes \uXXXX (and a second half behind it) at p; returns the bytes read. */
static size_t unescape_u(const char *p, size_t n, uint32_t *cp)
{
    uint32_t high, low;

    *cp = 0xfffd;
    if (!hex4(p + 2, n - 2, &high))
        return 2;
    if (high == 0 || (high >= 0xdc00 && high <= 0xdfff))
        return 6;
    if (high < 0xd800 || high > 0xdbff) {
        *cp = high;
        return 6;
    }
    if (n < 12 || p[6] != '\\' || p[7] != 'u' || !hex4(p + 8, n - 8, &low) || low < 0xdc00 ||
        low > 0xdfff)
        return 6;
    *cp = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return 12;
}

/* Decodes the escape at p (p[0] is the backslash) into `out`; returns the bytes read. */
static size_t unescape(const char *p, size_t n, char out[4], size_t *out_n)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *found;
    uint32_t cp = 0xfffd;
    size_t used = n < 2 ? 1 : 2;

    if (n >= 2 && p[1] == 'u') {
        used = unescape_u(p, n, &cp);
    } else if (n >= 2) {
        found = memchr(from, p[1], sizeof from - 1);
        if (found)
            cp = (unsigned char)to[found - from];
    }
    *out_n = encode(cp, out);
    return used;
}

static bool key_is(struct str raw, struct str key)
{
    size_t k = 0;

    if (raw.n == 0 || !memchr(raw.p, '\\', raw.n))
        return str_eq(raw, key);
    for (size_t i = 0; i < raw.n;) {
        char unit[4] = {raw.p[i]};
        size_t length = 1;

        if (raw.p[i] == '\\')
            i += unescape(raw.p + i, raw.n - i, unit, &length);
        else
            i++;
        if (key.n - k < length || memcmp(key.p + k, unit, length) != 0)
            return false;
        k += length;
    }
    return k == key.n;
}

bool json_view_key(struct json_view object, struct str key, struct json_view *out)
{
    size_t at = 0;
    struct str raw;

    if (object.kind == JSON_VIEW_OBJECT) {
        while (json_view_each(object, &at, &raw, out)) {
            if (key_is(raw, key))
                return true;
        }
    }
    *out = (struct json_view){NULL, 0, JSON_VIEW_NONE};
    return false;
}

static void text_of_string(struct str raw, struct buf *out)
{
    while (raw.n) {
        const char *slash = memchr(raw.p, '\\', raw.n);
        size_t plain = slash ? (size_t)(slash - raw.p) : raw.n;
        char unit[4];
        size_t used, length;

        buf_put(out, raw.p, plain);
        raw = str_n(raw.p + plain, raw.n - plain);
        if (raw.n == 0)
            return;
        used = unescape(raw.p, raw.n, unit, &length);
        buf_put(out, unit, length);
        raw = str_n(raw.p + used, raw.n - used);
    }
}

void json_view_text(struct json_view v, struct buf *out)
{
    switch (v.kind) {
    case JSON_VIEW_STRING:
        text_of_string(str_n(v.p + 1, v.n - 2), out);
        break;
    case JSON_VIEW_NULL:
    case JSON_VIEW_FALSE:
    case JSON_VIEW_TRUE:
    case JSON_VIEW_NUMBER:
        buf_put(out, v.p, v.n);
        break;
    case JSON_VIEW_NONE:
    case JSON_VIEW_ARRAY:
    case JSON_VIEW_OBJECT:
        break;
    }
}

static void put_escaped(struct buf *out, char c)
{
    static const char from[] = "\"\\\n\r\t\b\f", to[] = "\"\\nrtbf";
    const char *found = memchr(from, c, sizeof from - 1);

    if (found)
        buf_printf(out, "\\%c", to[found - from]);
    else
        buf_printf(out, "\\u%04x", (unsigned)(unsigned char)c);
}

void json_put_string(struct buf *out, struct str s)
{
    size_t done = 0, i = 0;

    buf_putc(out, '"');
    while (i < s.n) {
        unsigned char c = (unsigned char)s.p[i];
        uint32_t cp;
        size_t length = c < 0x80 ? 1 : utf8_next(s.p + i, s.n - i, &cp);

        if (c >= ' ' && c != '"' && c != '\\' && (c < 0x80 || length > 1)) {
            i += length;
            continue;
        }
        if (i > done)
            buf_put(out, s.p + done, i - done);
        if (c < 0x80)
            put_escaped(out, (char)c);
        else
            buf_puts(out, REPLACEMENT);
        done = ++i;
    }
    if (i > done)
        buf_put(out, s.p + done, i - done);
    buf_putc(out, '"');
}
