/* address.c: is this something that can be mailed? (P)
 *
 * Millions of rows go through here, nearly all of them plain ASCII: those take one pass over the
 * local part and one over the domain, without allocating. libidn2 sees only domains with other
 * letters. */
#include <idn2.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/base/utf8.h>
#include <sluice/job/address.h>

#define LOCAL_MAX 64   /* RFC 5321 4.5.3.1.1 */
#define DOMAIN_MAX 255 /* RFC 5321 4.5.3.1.2 */
#define LABEL_MAX 63   /* RFC 1035 2.3.4 */

/* atext of RFC 5322 3.2.3. */
static const bool is_atext[256] = {
    ['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true, ['!'] = true,  ['#'] = true,
    ['$'] = true,         ['%'] = true,         ['&'] = true,         ['\''] = true, ['*'] = true,
    ['+'] = true,         ['-'] = true,         ['/'] = true,         ['='] = true,  ['?'] = true,
    ['^'] = true,         ['_'] = true,         ['`'] = true,         ['{'] = true,  ['|'] = true,
    ['}'] = true,         ['~'] = true,
};

/* A byte of a host name in lower case; 0: not one (the dot is none). */
static const char host_byte[256] = {
    ['-'] = '-', ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4', ['5'] = '5',
    ['6'] = '6', ['7'] = '7', ['8'] = '8', ['9'] = '9', ['a'] = 'a', ['b'] = 'b', ['c'] = 'c',
    ['d'] = 'd', ['e'] = 'e', ['f'] = 'f', ['g'] = 'g', ['h'] = 'h', ['i'] = 'i', ['j'] = 'j',
    ['k'] = 'k', ['l'] = 'l', ['m'] = 'm', ['n'] = 'n', ['o'] = 'o', ['p'] = 'p', ['q'] = 'q',
    ['r'] = 'r', ['s'] = 's', ['t'] = 't', ['u'] = 'u', ['v'] = 'v', ['w'] = 'w', ['x'] = 'x',
    ['y'] = 'y', ['z'] = 'z', ['A'] = 'a', ['B'] = 'b', ['C'] = 'c', ['D'] = 'd', ['E'] = 'e',
    ['F'] = 'f', ['G'] = 'g', ['H'] = 'h', ['I'] = 'i', ['J'] = 'j', ['K'] = 'k', ['L'] = 'l',
    ['M'] = 'm', ['N'] = 'n', ['O'] = 'o', ['P'] = 'p', ['Q'] = 'q', ['R'] = 'r', ['S'] = 's',
    ['T'] = 't', ['U'] = 'u', ['V'] = 'v', ['W'] = 'w', ['X'] = 'x', ['Y'] = 'y', ['Z'] = 'z',
};

struct reason {
    char *text;
    size_t size;
};

static bool no(struct reason r, const char *text)
{
    str_copy(r.text, r.size, str_of(text));
    return false;
}

/* What spreadsheets leave around a cell: no-break, ideographic and zero-width spaces. */
static struct str trim_wide(struct str s)
{
    static const char *const space[] = {"\xc2\xa0", "\xe3\x80\x80", "\xe2\x80\x8b", "\xef\xbb\xbf"};
    bool again = true;

    while (again && s.n) {
        again = false;
        for (size_t i = 0; i < sizeof space / sizeof *space; i++) {
            size_t n = strlen(space[i]);

            if (str_starts(s, space[i])) {
                s = str_trim(str_n(s.p + n, s.n - n));
                again = true;
            } else if (str_ends_nocase(s, space[i])) {
                s = str_trim(str_n(s.p, s.n - n));
                again = true;
            }
        }
    }
    return s;
}

static struct str trim(struct str s)
{
    s = str_trim(s);
    if (s.n && ((unsigned char)s.p[0] >= 0x80 || (unsigned char)s.p[s.n - 1] >= 0x80))
        s = trim_wide(s);
    return s;
}

/* Returns the length of the quoted string at s with its quotes, or 0. */
static size_t quoted_length(struct str s)
{
    for (size_t i = 1; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c == '"')
            return i + 1;
        if (c == '\\' && ++i < s.n)
            c = (unsigned char)s.p[i];
        if (c < ' ' || c >= 0x7f)
            return 0;
    }
    return 0;
}

static bool check_utf8_local(struct str local, struct reason r)
{
    for (size_t i = 0; i < local.n;) {
        uint32_t cp;
        size_t n = utf8_next(local.p + i, local.n - i, &cp);

        if (cp == 0xfffd)
            return no(r, "the part before the @ is not readable text");
        if (cp >= 0x80 && (cp < 0xa0 || cp == 0x3000 || (cp >= 0x2000 && cp <= 0x200f)))
            return no(r, "there is an invisible character before the @");
        i += n;
    }
    return true;
}

static bool say_bad_local(unsigned char c, struct reason r)
{
    char text[] = "'?' is not allowed before the @";

    if (c == ' ' || c == '\t')
        return no(r, "there is a space in the address");
    if (c == '<' || c == '>')
        return no(r, "only the address itself is wanted, without a name and < >");
    if (c == ',' || c == ';')
        return no(r, "there is more than one address");
    if (c < ' ' || c == 0x7f)
        return no(r, "there is a control character in the address");
    text[1] = (char)c;
    return no(r, text);
}

/* dot-string of RFC 5321 4.1.2. *at is set to the position of the @. */
static bool check_local(struct str s, size_t *at, bool *is_ascii, struct reason r)
{
    bool after_dot = true;
    size_t i;

    *is_ascii = true;
    for (i = 0; i < s.n && s.p[i] != '@'; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (is_atext[c]) {
            after_dot = false;
        } else if (c == '.' && !after_dot) {
            after_dot = true;
        } else if (c == '.') {
            return no(r, i ? "there are two dots in a row before the @" : "it begins with a dot");
        } else if (c >= 0x80) {
            *is_ascii = false;
            after_dot = false;
        } else {
            return say_bad_local(c, r);
        }
    }
    *at = i;
    if (i == s.n)
        return no(r, "there is no @");
    if (i == 0)
        return no(r, "there is nothing before the @");
    if (after_dot)
        return no(r, "there is a dot just before the @");
    return *is_ascii || check_utf8_local(str_n(s.p, i), r);
}

static bool check_quoted(struct str s, size_t *at, bool *is_ascii, struct reason r)
{
    size_t n = quoted_length(s);

    *is_ascii = true;
    if (n == 0)
        return no(r, "the quoted part before the @ is broken");
    if (n == s.n || s.p[n] != '@')
        return no(r, "there is no @ behind the quoted part");
    *at = n;
    return true;
}

static bool end_of_label(size_t length, char last, struct reason r)
{
    if (length == 0)
        return no(r, "there is an empty part in the domain (two dots, or a dot at an end)");
    if (length > LABEL_MAX)
        return no(r, "a part of the domain is longer than 63 letters");
    return last != '-' || no(r, "a part of the domain ends with a hyphen");
}

static bool say_bad_domain(unsigned char c, struct reason r)
{
    char text[] = "'?' is not allowed in a domain";

    if (c == '@')
        return no(r, "there are two @");
    if (c == '[')
        return no(r, "addresses like user@[192.0.2.1] are not taken");
    if (c == ' ' || c == '\t')
        return no(r, "there is a space in the domain");
    if (c == '>' || c == '<')
        return no(r, "only the address itself is wanted, without a name and < >");
    if (c == ',' || c == ';')
        return no(r, "there is more than one address");
    if (c < ' ' || c == 0x7f)
        return no(r, "there is a control character in the address");
    text[1] = (char)c;
    return no(r, text);
}

/* Checks an ASCII domain and writes it to `to` in lower case. */
static bool check_ascii_domain(struct str s, char *to, struct reason r)
{
    size_t label = 0, labels = 1;
    bool has_letter = false; /* in the last label */

    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        char low = host_byte[c];

        if (low) {
            if (low == '-' && label == 0)
                return no(r, "a part of the domain begins with a hyphen");
            has_letter = has_letter || low > '9';
            label++;
            to[i] = low;
        } else if (c == '.') {
            if (!end_of_label(label, i ? s.p[i - 1] : '.', r))
                return false;
            to[i] = '.';
            label = 0;
            labels++;
            has_letter = false;
        } else {
            return say_bad_domain(c, r);
        }
    }
    to[s.n] = '\0';
    if (s.n == 0)
        return no(r, "there is nothing behind the @");
    if (!end_of_label(label, s.p[s.n - 1], r))
        return false;
    if (labels < 2)
        return no(r, "the domain has no dot");
    return has_letter || no(r, "the domain ends with a number");
}

/* A domain in other letters is kept as people write it (U-labels), in the normal form of UTS 46, so
 * that one domain has one spelling. */
static bool check_idn(struct str s, char *to, size_t size, struct reason r)
{
    char utf8[DOMAIN_MAX + 1], lower[DOMAIN_MAX + 1], *ascii = NULL, *unicode = NULL;
    const int flags = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL | IDN2_USE_STD3_ASCII_RULES;
    bool ok;

    if (utf8_bad_at(s.p, s.n) != s.n)
        return no(r, "the domain is not readable text");
    str_copy(utf8, sizeof utf8, s);
    if (idn2_to_ascii_8z(utf8, &ascii, flags) != IDN2_OK)
        return no(r, "the domain cannot be an internationalized name (IDNA2008)");
    ok = strlen(ascii) <= DOMAIN_MAX && check_ascii_domain(str_of(ascii), lower, r);
    if (ok && (idn2_to_unicode_8z8z(lower, &unicode, 0) != IDN2_OK || strlen(unicode) >= size ||
               strlen(unicode) > DOMAIN_MAX))
        ok = no(r, "the domain cannot be an internationalized name (IDNA2008)");
    if (ok)
        strcpy(to, unicode);
    idn2_free(ascii);
    idn2_free(unicode);
    return ok;
}

static bool has_high_byte(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] >= 0x80)
            return true;
    }
    return false;
}

bool address_check(struct str s, struct address *out, char *why, size_t why_size)
{
    struct reason r = {why, why_size};
    struct str domain;
    size_t at = 0;
    bool ok;

    s = trim(s);
    if (s.n == 0)
        return no(r, "there is no address");
    ok = s.p[0] == '"' ? check_quoted(s, &at, &out->local_is_ascii, r)
                       : check_local(s, &at, &out->local_is_ascii, r);
    if (!ok)
        return false;
    domain = str_n(s.p + at + 1, s.n - at - 1);
    if (at > LOCAL_MAX)
        return no(r, "the part before the @ is longer than 64 bytes");
    if (domain.n > DOMAIN_MAX)
        return no(r, "the domain is longer than 255 bytes");
    memcpy(out->text, s.p, at);
    out->text[at] = '@';
    out->at = at;
    if (has_high_byte(domain))
        return check_idn(domain, out->text + at + 1, sizeof out->text - at - 1, r);
    return check_ascii_domain(domain, out->text + at + 1, r);
}
