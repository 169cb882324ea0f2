#include "charset.h"

#include <iconv.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sluice/base/str.h>
#include <sluice/base/utf8.h>

#define NOT_CP949 '\xff'

/* UTF-16 code of lead 0x81-0xfe, any trail; 0: no character. All of CP949 lies in the BMP. */
static uint16_t table[128][256];
static bool table_is_made;
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

bool charset_from_name(const char *name, enum charset *out)
{
    static const struct {
        const char *name;
        enum charset charset;
    } known[] = {{"utf-8", CHARSET_UTF8},  {"utf8", CHARSET_UTF8},
                 {"cp949", CHARSET_CP949}, {"ms949", CHARSET_CP949},
                 {"uhc", CHARSET_CP949},   {"euc-kr", CHARSET_CP949},
                 {"euckr", CHARSET_CP949}, {"ks_c_5601-1987", CHARSET_CP949}};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (str_eq_nocase(str_of(name), str_of(known[i].name))) {
            *out = known[i].charset;
            return true;
        }
    }
    return false;
}

/* Bytes of the UTF-8 sequence that s begins, by its first byte; 1 for what begins none. */
static size_t wanted(unsigned char first)
{
    return first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
}

enum charset charset_guess(const char *p, size_t n)
{
    size_t good = 0, bad = 0;

    for (size_t i = 0; i < n;) {
        uint32_t cp;
        size_t length;

        if ((unsigned char)p[i] < 0x80) {
            i++;
            continue;
        }
        length = utf8_next(p + i, n - i, &cp);
        if (length == 1 && n - i < wanted((unsigned char)p[i]))
            break; /* its end lies behind the block */
        good += length > 1;
        bad += length == 1;
        i += length;
    }
    if (good == 0 && bad == 0)
        return CHARSET_UNKNOWN;
    /* A UTF-8 list with a few broken rows must not turn into gibberish as a whole. */
    return good >= 4 * bad ? CHARSET_UTF8 : CHARSET_CP949;
}

static uint16_t from_iconv(iconv_t cd, unsigned char lead, unsigned char trail)
{
    char in[2] = {(char)lead, (char)trail}, *from = in;
    uint16_t code = 0;
    char *to = (char *)&code;
    size_t in_left = 2, out_left = sizeof code;

    iconv(cd, NULL, NULL, NULL, NULL);
    if (iconv(cd, &from, &in_left, &to, &out_left) != 0 || in_left || out_left)
        return 0;
    return code;
}

static void make_table(void)
{
    const uint16_t probe = 1;
    bool is_little = *(const char *)&probe == 1;
    iconv_t cd = iconv_open(is_little ? "UTF-16LE" : "UTF-16BE", "CP949");

    if (cd == (iconv_t)-1)
        return;
    for (unsigned lead = 0x81; lead < 0xff; lead++) {
        for (unsigned trail = 0x41; trail < 0xff; trail++)
            table[lead - 0x80][trail] = from_iconv(cd, (unsigned char)lead, (unsigned char)trail);
    }
    iconv_close(cd);
    table_is_made = table[0xb0 - 0x80][0xa1] == 0xac00; /* the first syllable of KS X 1001 */
}

bool cp949_ready(struct err *e)
{
    pthread_once(&table_once, make_table);
    return table_is_made || err_set(e, "this system's iconv does not know CP949");
}

static size_t put_code(char *out, uint16_t code)
{
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    out[0] = (char)(0xe0 | code >> 12);
    out[1] = (char)(0x80 | (code >> 6 & 0x3f));
    out[2] = (char)(0x80 | (code & 0x3f));
    return 3;
}

size_t cp949_to_utf8(struct cp949 *c, const char *in, size_t n, bool is_last, char *out)
{
    size_t to = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned char byte = (unsigned char)in[i];

        if (c->lead) {
            uint16_t code = table[c->lead - 0x80][byte];

            c->lead = 0;
            if (code >= 0x80) {
                to += put_code(out + to, code);
                continue;
            }
            /* Only the first half is wrong: a line end behind it stays a line end. */
            out[to++] = NOT_CP949;
        }
        if (byte < 0x80)
            out[to++] = (char)byte;
        else if (byte == 0x80 || byte == 0xff)
            out[to++] = NOT_CP949;
        else
            c->lead = byte;
    }
    if (is_last && c->lead) {
        c->lead = 0;
        out[to++] = NOT_CP949;
    }
    return to;
}
