#include "eml_private.h"

#include <string.h>

#include "decode.h"

/* Lines end in LF, as those of a template's files do. */
static void put_lines(struct str text, struct buf *out)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '\r')
            buf_putc(out, text.p[i]);
        else if (i + 1 == text.n || text.p[i + 1] != '\n')
            buf_putc(out, '\n');
    }
}

static bool is_param(GMimeObject *part, const char *name, const char *value)
{
    const char *is = g_mime_object_get_content_type_parameter(part, name);

    return is && str_eq_nocase(str_of(is), str_of(value));
}

/* format=flowed (RFC 3676): a line that ends in a blank goes on in the next one; without this a tag
 * that the editor wrapped would stay in two pieces. */
static void put_flowed(struct str text, bool drops_blank, struct buf *out)
{
    struct str line;

    while (str_cut(&text, '\n', &line)) {
        bool is_flowed = line.n && line.p[line.n - 1] == ' ' && !str_is(line, "-- ") &&
                         line.p[0] != '>' && text.n && text.p[0] != '>';

        if (line.n && line.p[0] == ' ')
            line = str_n(line.p + 1, line.n - 1);
        if (is_flowed && drops_blank && line.n)
            line.n--;
        buf_put(out, line.p, line.n);
        if (!is_flowed)
            buf_putc(out, '\n');
    }
}

static bool check(struct reading *r, GMimeObject *part, enum decoded rc, struct str text)
{
    const char *charset = g_mime_object_get_content_type_parameter(part, "charset");
    unsigned line = eml_line_of(r, part);

    if (rc == CHARSET_UNKNOWN)
        eml_fail(r, line, "the charset '%s' is not known; save the message as UTF-8", charset);
    else if (rc == TEXT_BROKEN)
        eml_fail(r, line,
                 charset ? "the text says that it is %s, but it is not, and it is no "
                           "UTF-8 either"
                         : "the text says no charset, and it is neither UTF-8 nor "
                           "CP949%s",
                 charset ? charset : "");
    else if (memchr(text.p, 0, text.n))
        eml_fail(r, line, "a zero byte: this is no text");
    else
        return true;
    return false;
}

bool eml_body(struct reading *r, GMimeObject *part, struct str bytes, struct buf *out)
{
    const char *charset = g_mime_object_get_content_type_parameter(part, "charset");
    struct buf utf8, lines;
    enum decoded rc;
    struct str text;
    bool is_fine;

    if (bytes.n > EML_BODY_MAX) {
        eml_fail(r, eml_line_of(r, part), "a text of more than %u MB", EML_BODY_MAX >> 20);
        return false;
    }
    buf_init(&utf8, 4 * EML_BODY_MAX);
    buf_init(&lines, 4 * EML_BODY_MAX);
    rc = decode_text(str_of(charset ? charset : ""), bytes, &utf8);
    text = str_n(utf8.data, utf8.len);
    is_fine = check(r, part, rc, text);
    if (str_starts(text, "\xef\xbb\xbf"))
        text = str_n(text.p + 3, text.n - 3);
    put_lines(text, &lines);
    text = str_n(lines.data, lines.len);
    if (is_fine && is_param(part, "format", "flowed"))
        put_flowed(text, is_param(part, "delsp", "yes"), out);
    else if (is_fine)
        buf_put(out, text.p, text.n);
    buf_done(&utf8);
    buf_done(&lines);
    return is_fine;
}
