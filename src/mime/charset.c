#include <sluice/mime/charset.h>

#include <sluice/base/must.h>
#include <sluice/base/utf8.h>

#include <iconv.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "ksx1001.h"

/* ---- the table */

/* In KS X 1001 since 2002, but not in what receivers decode with (WHATWG's index, CP949). */
#define POSTAL_CODE_MARK 0xa2e8
#define WON_SIGN 0x20a9
#define WIDE_WON_SIGN 0xffe6

/* Asked character by character, because encoding with the C library would let more than KS X 1001
 * through: EUC-KR there takes 0x80 to 0x9f for one byte each. */
static void fill_table(uint16_t *table)
{
    iconv_t cd = iconv_open("UTF-16LE", "EUC-KR");

    if (cd == (iconv_t)-1)
        return;
    for (unsigned code = 0xa1a1; code <= 0xfefe; code++) {
        char in[2] = {(char)(code >> 8), (char)(code & 0xff)};
        unsigned char unit[4];
        char *from = in, *to = (char *)unit;
        size_t in_left = sizeof in, room = sizeof unit;

        if ((code & 0xff) < 0xa1 || (code & 0xff) > 0xfe || code == POSTAL_CODE_MARK)
            continue;
        iconv(cd, NULL, NULL, NULL, NULL);
        if (iconv(cd, &from, &in_left, &to, &room) == 0 && in_left == 0 && room == 2)
            table[unit[0] | unit[1] << 8] = (uint16_t)code;
    }
    iconv_close(cd);
    table[WON_SIGN] = table[WIDE_WON_SIGN];
}

const uint16_t *ksx1001_table(void)
{
    static _Atomic(uint16_t *) published;
    uint16_t *table = atomic_load_explicit(&published, memory_order_acquire);
    uint16_t *first = NULL;

    if (table)
        return table;
    table = mem_array(KSX1001_TABLE, sizeof *table);
    fill_table(table);
    /* Whoever comes second throws his own away: cheaper than a lock on every call. */
    if (atomic_compare_exchange_strong(&published, &first, table))
        return table;
    free(table);
    return first;
}

/* ---- converting */

struct converting {
    const uint16_t *table;
    enum mail_charset to;
    enum lacking lacking;
    struct buf *out;
    bool is_shifted;
    size_t used;
    char chunk[1024];
};

static void flush(struct converting *c)
{
    buf_put(c->out, c->chunk, c->used);
    c->used = 0;
}

static void put_character(struct converting *c, uint32_t cp)
{
    if (c->used + KSX1001_PUT_MAX > sizeof c->chunk)
        flush(c);
    c->used += ksx1001_put(c->table, c->to, cp, &c->is_shifted, c->chunk + c->used);
}

static void put_equivalent(struct converting *c, uint32_t cp)
{
    const char *text = charset_equivalent(cp);
    struct str s = str_of(text ? text : "?");

    for (size_t i = 0; i < s.n;) {
        i += utf8_next(s.p + i, s.n - i, &cp);
        put_character(c, cp);
    }
}

static void put_reference(struct converting *c, uint32_t cp)
{
    char digits[16];
    size_t at = sizeof digits;

    digits[--at] = ';';
    for (; cp; cp /= 10)
        digits[--at] = (char)('0' + cp % 10);
    digits[--at] = '#';
    digits[--at] = '&';
    while (at < sizeof digits)
        put_character(c, (unsigned char)digits[at++]);
}

static bool is_ascii(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if ((unsigned char)text.p[i] >= 0x80)
            return false;
    }
    return true;
}

bool charset_convert(enum mail_charset to, struct str text, enum lacking lacking, struct buf *out)
{
    struct converting c = {.to = to, .lacking = lacking, .out = out};

    if (to == MAIL_UTF8) {
        buf_put(out, text.p, text.n);
        return true;
    }
    if (lacking == LACKING_FAILS && !charset_has(to, text))
        return false;
    c.table = ksx1001_table();
    if (to == MAIL_ISO_2022_KR && !is_ascii(text))
        buf_puts(out, KSX1001_DESIGNATOR);
    for (size_t i = 0; i < text.n;) {
        uint32_t cp;

        i += utf8_next(text.p + i, text.n - i, &cp);
        if (ksx1001_has(c.table, to, cp))
            put_character(&c, cp);
        else if (lacking == LACKING_REFERENCE)
            put_reference(&c, cp);
        else
            put_equivalent(&c, cp);
    }
    flush(&c);
    if (c.is_shifted)
        buf_putc(out, SHIFT_IN);
    return true;
}

bool charset_has(enum mail_charset to, struct str text)
{
    const uint16_t *table;

    if (to == MAIL_UTF8)
        return true;
    table = ksx1001_table();
    for (size_t i = 0; i < text.n;) {
        uint32_t cp;

        i += utf8_next(text.p + i, text.n - i, &cp);
        if (!ksx1001_has(table, to, cp))
            return false;
    }
    return true;
}

bool charset_is_available(enum mail_charset c)
{
    return c == MAIL_UTF8 || ksx1001_table()[0xac00];
}

const char *charset_mime_name(enum mail_charset c)
{
    static const char *const name[] = {
        [MAIL_UTF8] = "utf-8", [MAIL_EUC_KR] = "euc-kr", [MAIL_ISO_2022_KR] = "iso-2022-kr"};

    return name[c];
}
