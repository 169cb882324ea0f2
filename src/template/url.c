/* Values within URLs (RFC 3986). At the beginning a value decides where the link goes: only schemes
 * that do no harm in a message are let through. */
#include "run.h"

#include <sluice/base/must.h>
#include <sluice/base/utf8.h>

#define SCHEME_MAX 8 /* longer than the longest one that is allowed */

static bool is_control(unsigned char ch)
{
    return ch < ' ' || ch == 0x7f;
}

void url_put_clean(struct sink *s, struct str value, bool escape_html)
{
    size_t bad = utf8_bad_at(value.p, value.n);
    size_t done = 0;

    for (size_t i = 0; i < value.n; i++) {
        if (i != bad && !is_control((unsigned char)value.p[i]))
            continue;
        sink_value(s, value.p + done, i - done, escape_html);
        done = i + 1;
        if (i == bad) {
            sink_value(s, "\xef\xbf\xbd", 3, escape_html);
            bad = done + utf8_bad_at(value.p + done, value.n - done);
        }
    }
    sink_value(s, value.p + done, value.n - done, escape_html);
}

/* As a browser reads it: blanks before it and control characters do not count. */
static bool is_harmless(struct str value)
{
    static const char *const allowed[] = {"http", "https", "mailto", "tel", "sms"};
    char scheme[SCHEME_MAX];
    size_t n = 0;

    for (size_t i = 0; i < value.n; i++) {
        char ch = value.p[i];

        if (is_control((unsigned char)ch) || (ch == ' ' && n == 0))
            continue;
        if (ch == '/' || ch == '?' || ch == '#')
            return true;
        if (ch == ':') {
            for (size_t k = 0; k < sizeof allowed / sizeof *allowed; k++) {
                if (str_eq_nocase(str_n(scheme, n), str_of(allowed[k])))
                    return true;
            }
            return false;
        }
        if (n < SCHEME_MAX)
            scheme[n++] = ch;
    }
    return true;
}

static bool is_unreserved(unsigned char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
           ch == '-' || ch == '.' || ch == '_' || ch == '~';
}

/* What stays as it is besides; in an address '@' and '+' mean themselves (RFC 6068, 3966). */
static const char *kept(enum value_place place, struct str value)
{
    if (place == VALUE_URL_HOST_END && value.n && value.p[0] == '/')
        place = VALUE_URL_PATH;
    return place == VALUE_URL_PATH ? "/" : place == VALUE_URL_ADDRESS ? "@+" : "";
}

/* Well-formed text. */
static void put_encoded(struct sink *s, struct str text, const char *also)
{
    static const char digit[] = "0123456789ABCDEF";
    char out[3 * 128];
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        unsigned char ch = (unsigned char)text.p[i];

        if (is_control(ch))
            continue;
        if (n + 3 > sizeof out) {
            sink_value(s, out, n, false);
            n = 0;
        }
        if (is_unreserved(ch) || strchr(also, ch)) {
            out[n++] = (char)ch;
            continue;
        }
        out[n++] = '%';
        out[n++] = digit[ch >> 4];
        out[n++] = digit[ch & 15];
    }
    sink_value(s, out, n, false);
}

static void put_mended(struct sink *s, struct str value, const char *also)
{
    while (value.n) {
        size_t good = utf8_bad_at(value.p, value.n);

        put_encoded(s, str_n(value.p, good), also);
        if (good == value.n)
            break;
        put_encoded(s, str_of("\xef\xbf\xbd"), also);
        value = str_n(value.p + good + 1, value.n - good - 1);
    }
}

void url_put_value(struct sink *s, struct str value, enum value_place place, bool escape_html)
{
    MUST(place > VALUE_HTML);
    if (place != VALUE_URL)
        put_mended(s, value, kept(place, value));
    else if (is_harmless(value))
        url_put_clean(s, value, escape_html);
    else
        sink_value(s, "#", 1, false);
}
