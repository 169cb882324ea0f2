#include <sluice/mime/header.h>

#include <sluice/base/utf8.h>

#include "chars.h"
#include "clean.h"
#include "words.h"

#define NAME_IN_ONE_PIECE 60 /* longer ASCII names are folded as those that are not ASCII */
#define RAW_NAME_MAX 2000
#define ENDING_MAX 20 /* ".xlsx" and the like; more behind the last dot is no ending */

/* ---- file names */

/* Hangul as macOS writes it in file names, in conjoining jamo, is a row of loose letters on Windows:
 * it is composed (Unicode, section 3.12). True: *cp grew by `next`. */
static bool compose(uint32_t *cp, uint32_t next)
{
    bool is_lead = *cp >= 0x1100 && *cp < 0x1113;
    bool is_open = *cp >= 0xac00 && *cp < 0xd7a4 && (*cp - 0xac00) % 28 == 0;

    if (is_lead && next >= 0x1161 && next < 0x1176)
        *cp = 0xac00 + ((*cp - 0x1100) * 21 + (next - 0x1161)) * 28;
    else if (is_open && next > 0x11a7 && next < 0x11c3)
        *cp += next - 0x11a7;
    else
        return false;
    return true;
}

static bool is_unwanted(uint32_t cp)
{
    bool turns_writing = cp == 0x200e || cp == 0x200f || (cp >= 0x202a && cp <= 0x202e) ||
                         (cp >= 0x2066 && cp <= 0x2069);

    return (cp != ' ' && clean_is_space(cp)) || turns_writing || cp == 0xfeff;
}

static size_t put_utf8(char *to, uint32_t cp)
{
    size_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};

    for (size_t i = n; i-- > 1; cp >>= 6)
        to[i] = (char)(0x80 | (cp & 0x3f));
    to[0] = (char)(lead[n] | cp);
    return n;
}

/* `to` has room for three bytes for each one of the name. */
static size_t clean_name(char *to, struct str name)
{
    size_t n = 0;
    uint32_t last = 0;

    for (size_t i = 0; i < name.n;) {
        uint32_t cp;

        i += utf8_next(name.p + i, name.n - i, &cp);
        if (is_unwanted(cp) || (n == 0 && last == 0 && (cp == '.' || cp == ' ')))
            continue;
        if (compose(&last, cp))
            continue;
        n += last ? put_utf8(to + n, last) : 0;
        last = cp;
    }
    n += last ? put_utf8(to + n, last) : 0;
    while (n && to[n - 1] == ' ')
        n--;
    return n;
}

void header_file_name(struct buf *out, struct str name)
{
    char clean[3 * RAW_NAME_MAX];
    struct str ending = {0};
    size_t n;

    for (size_t i = name.n; i-- > 0;) {
        if (name.p[i] == '/' || name.p[i] == '\\') {
            name = str_n(name.p + i + 1, name.n - i - 1);
            break;
        }
    }
    n = clean_name(clean, clean_cut(name, RAW_NAME_MAX));
    if (n > HEADER_FILE_NAME_MAX) {
        for (size_t i = n; i-- > n - ENDING_MAX && !ending.n;) {
            if (clean[i] == '.')
                ending = str_n(clean + i, n - i);
        }
        n = clean_cut(str_n(clean, n), HEADER_FILE_NAME_MAX - ending.n).n;
    }
    buf_put(out, clean, n);
    buf_put(out, ending.p, ending.n);
    if (n == 0)
        buf_puts(out, "file");
}

/* ---- parameters */

static bool is_short_ascii(struct str s)
{
    size_t quoted = s.n;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < ' ' || s.p[i] > 0x7e)
            return false;
        quoted += s.p[i] == '"' || s.p[i] == '\\';
    }
    return quoted <= NAME_IN_ONE_PIECE && !memmem(s.p, s.n, "=?", 2);
}

/* What is no printable ASCII is left out. */
static void put_value(struct buf *out, struct str value, bool is_quoted)
{
    is_quoted = is_quoted || value.n == 0;

    for (size_t i = 0; i < value.n && !is_quoted; i++)
        is_quoted = !is_token(value.p[i]);
    if (is_quoted)
        buf_putc(out, '"');
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] < ' ' || value.p[i] > 0x7e)
            continue;
        if (value.p[i] == '"' || value.p[i] == '\\')
            buf_putc(out, '\\');
        buf_putc(out, value.p[i]);
    }
    if (is_quoted)
        buf_putc(out, '"');
}

/* `; name=value`, on a line of its own when this one would get too long. Quoted: even if it need not
 * be. */
static void put_param(struct buf *out, size_t *column, const char *name, struct str value,
                      bool is_quoted)
{
    size_t longest = strlen(name) + 2 * value.n + 6;
    size_t from;
    bool is_folded = *column + longest > HEADER_LINE;

    buf_puts(out, is_folded ? ";\r\n " : "; ");
    from = out->len;
    buf_puts(out, name);
    buf_putc(out, '=');
    put_value(out, value, is_quoted);
    *column = (is_folded ? 1 : *column + 2) + out->len - from;
}

void header_content_type(struct buf *out, const char *type, const struct header_param *param,
                         size_t n, struct str file_name, enum mail_charset charset)
{
    size_t column = strlen("Content-Type: ") + strlen(type);
    struct buf clean;
    struct str name;

    buf_puts(out, "Content-Type: ");
    buf_puts(out, type);
    for (size_t i = 0; i < n; i++)
        put_param(out, &column, param[i].name, param[i].value, false);
    if (file_name.n) {
        buf_init(&clean, HEADER_FILE_NAME_MAX);
        header_file_name(&clean, file_name);
        name = str_n(clean.data, clean.len);
        if (is_short_ascii(name)) {
            put_param(out, &column, "name", name, true);
        } else {
            buf_puts(out, ";\r\n name=\"");
            words_put(out, name, strlen(" name=\""), 1, charset);
            buf_putc(out, '"');
        }
        buf_done(&clean);
    }
    buf_puts(out, "\r\n");
}

/* ---- RFC 2231 */

/* Percent-encoded unless it is one of the plain characters of section 7's attribute-char. */
static size_t percent(char to[3], char c)
{
    static const char hex[] = "0123456789ABCDEF";

    to[0] = c;
    if (is_alnum(c) || c == '.' || c == '-' || c == '_')
        return 1;
    to[0] = '%';
    to[1] = hex[(unsigned char)c >> 4];
    to[2] = hex[(unsigned char)c & 15];
    return 3;
}

static size_t percent_size(struct str s)
{
    char coded[3];
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += percent(coded, s.p[i]);
    return n;
}

static void put_percent(struct buf *out, struct str s)
{
    char coded[3];

    for (size_t i = 0; i < s.n; i++)
        buf_put(out, coded, percent(coded, s.p[i]));
}

/* Lines of ` filename*0*=UTF-8''...`, one after the other. No character is torn: the sections are to
 * be decoded together, but not everybody does. */
static void put_sections(struct buf *out, struct str name)
{
    size_t i = 0;

    if (strlen(" filename*=UTF-8''") + percent_size(name) <= HEADER_LINE) {
        buf_puts(out, ";\r\n filename*=UTF-8''");
        put_percent(out, name);
        return;
    }
    for (unsigned section = 0; i < name.n; section++) {
        size_t start, column;

        buf_puts(out, ";\r\n ");
        start = out->len;
        buf_printf(out, "filename*%u*=%s", section, section ? "" : "UTF-8''");
        column = 1 + out->len - start;
        while (i < name.n) {
            uint32_t cp;
            struct str c = {name.p + i, utf8_next(name.p + i, name.n - i, &cp)};

            if (column + percent_size(c) + 1 > HEADER_LINE)
                break;
            put_percent(out, c);
            column += percent_size(c);
            i += c.n;
        }
    }
}

void header_disposition(struct buf *out, const char *kind, struct str file_name)
{
    size_t column = strlen("Content-Disposition: ") + strlen(kind);
    struct buf clean;
    struct str name;

    buf_puts(out, "Content-Disposition: ");
    buf_puts(out, kind);
    if (file_name.n) {
        buf_init(&clean, HEADER_FILE_NAME_MAX);
        header_file_name(&clean, file_name);
        name = str_n(clean.data, clean.len);
        if (is_short_ascii(name))
            put_param(out, &column, "filename", name, true);
        else
            put_sections(out, name);
        buf_done(&clean);
    }
    buf_puts(out, "\r\n");
}
