#include "decode.h"

#include <sluice/base/must.h>
#include <sluice/base/utf8.h>

#include <iconv.h>
#include <stdlib.h>

#define LABEL_MAX 40

/* What labels mean here. Only these reach the C library: its rarer converters are not for bytes from
 * outside. Korean programs write CP949 under any of the Korean names. */
static const struct {
    const char *label, *iconv_name;
} known[] = {
    {"utf-8", "UTF-8"},
    {"utf8", "UTF-8"},
    {"euc-kr", "CP949"},
    {"euckr", "CP949"},
    {"ks_c_5601-1987", "CP949"},
    {"ks_c_5601-1989", "CP949"},
    {"ks_c_5601", "CP949"},
    {"ksc5601", "CP949"},
    {"ksc_5601", "CP949"},
    {"korean", "CP949"},
    {"cp949", "CP949"},
    {"ms949", "CP949"},
    {"windows-949", "CP949"},
    {"x-windows-949", "CP949"},
    {"uhc", "CP949"},
    {"iso-2022-kr", "ISO-2022-KR"},
    {"iso-2022-jp", "ISO-2022-JP"},
    {"shift_jis", "CP932"},
    {"windows-31j", "CP932"},
    {"euc-jp", "EUC-JP"},
    {"gb2312", "GB18030"},
    {"gbk", "GB18030"},
    {"gb18030", "GB18030"},
    {"big5", "BIG5"},
    {"iso-8859-1", "CP1252"},
    {"latin1", "CP1252"},
    {"windows-1252", "CP1252"},
    {"iso-8859-2", "ISO-8859-2"},
    {"windows-1250", "CP1250"},
    {"windows-1251", "CP1251"},
    {"iso-8859-15", "ISO-8859-15"},
    {"koi8-r", "KOI8-R"},
};

static const char *find_charset(struct str label)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (str_eq_nocase(label, str_of(known[i].label)))
            return known[i].iconv_name;
    }
    return NULL;
}

static bool is_ascii(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if ((unsigned char)text.p[i] >= 0x80)
            return false;
    }
    return true;
}

static bool convert(const char *from, struct str text, struct buf *out)
{
    iconv_t cd = iconv_open("UTF-8", from);
    size_t start = out->len;
    char *in = (char *)text.p;
    bool is_whole = cd != (iconv_t)-1;

    while (is_whole && text.n) {
        char chunk[4096];
        char *to = chunk;
        size_t room = sizeof chunk;
        size_t before = text.n;
        size_t rc = iconv(cd, &in, &text.n, &to, &room);

        buf_put(out, chunk, sizeof chunk - room);
        is_whole = rc != (size_t)-1 || (text.n < before && room < 16);
    }
    if (cd != (iconv_t)-1)
        iconv_close(cd);
    if (!is_whole)
        buf_cut(out, start);
    return is_whole;
}

static enum decoded decode_unlabelled(struct str text, struct buf *out)
{
    if (utf8_bad_at(text.p, text.n) != text.n)
        return convert("CP949", text, out) ? DECODED : TEXT_BROKEN;
    buf_put(out, text.p, text.n);
    return DECODED;
}

enum decoded decode_text(struct str charset, struct str text, struct buf *out)
{
    bool says_nothing = charset.n == 0 || str_eq_nocase(charset, str_of("us-ascii")) ||
                        str_eq_nocase(charset, str_of("ascii")) ||
                        str_eq_nocase(charset, str_of("unknown-8bit"));
    const char *name = find_charset(charset);

    if (says_nothing)
        return decode_unlabelled(text, out);
    if (!name)
        return is_ascii(text) ? decode_unlabelled(text, out) : CHARSET_UNKNOWN;
    if (strcmp(name, "UTF-8") == 0) {
        if (utf8_bad_at(text.p, text.n) != text.n)
            return TEXT_BROKEN;
        buf_put(out, text.p, text.n);
        return DECODED;
    }
    if (convert(name, text, out))
        return DECODED;
    /* A program that converted the text and forgot the label. */
    if (is_ascii(text) || utf8_bad_at(text.p, text.n) != text.n)
        return TEXT_BROKEN;
    buf_put(out, text.p, text.n);
    return DECODED;
}
