#include "spf.h"

#include <arpa/inet.h>

#include <sluice/base/must.h>

static const struct {
    const char *name;
    enum spf_kind kind;
    bool asks; /* counts towards the ten look-ups (section 4.6.4) */
} mechanisms[] = {{"all", SPF_ALL, false}, {"include", SPF_INCLUDE, true}, {"a", SPF_A, true},
                  {"mx", SPF_MX, true},    {"ptr", SPF_PTR, true},         {"ip4", SPF_IP4, false},
                  {"ip6", SPF_IP6, false}, {"exists", SPF_EXISTS, true}};

bool spf_is(struct str txt)
{
    return txt.n >= 6 && str_eq_nocase(str_n(txt.p, 6), str_of("v=spf1")) &&
           (txt.n == 6 || txt.p[6] == ' ');
}

/* ---- domains (section 7.1) */

/* "%{ir}", "%{l1r+-}", "%%", "%_", "%-" at p: its length, or 0. */
static size_t macro(struct str s)
{
    size_t i = 3;

    if (s.n >= 2 && memchr("%_-", s.p[1], 3))
        return 2;
    if (s.n < 4 || s.p[1] != '{' || !memchr("slodiphcrtvSLODIPHCRTV", s.p[2], 22))
        return 0;
    while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
        i++;
    if (i < s.n && (s.p[i] | 0x20) == 'r')
        i++;
    while (i < s.n && memchr(".-+,/_=", s.p[i], 7))
        i++;
    return i < s.n && s.p[i] == '}' ? i + 1 : 0;
}

/* What ends a domain: letters, digits and hyphens, not digits alone. */
static bool is_top_label(struct str label)
{
    bool has_letter = false;

    for (size_t i = 0; i < label.n; i++) {
        char c = label.p[i];
        bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';

        has_letter |= is_letter;
        if (!is_letter && c != '-' && (c < '0' || c > '9'))
            return false;
    }
    return has_letter;
}

/* A comma is allowed in theory; in fact it is somebody's idea of how terms are separated. */
static bool is_domain(struct str s)
{
    size_t label = 0, i = 0;
    bool has_dot = false, ends_in_macro = false;

    if (s.n && s.p[s.n - 1] == '.')
        s.n--;
    while (i < s.n) {
        size_t n = s.p[i] == '%' ? macro(str_n(s.p + i, s.n - i)) : 1;

        if (n == 0 || s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == ',')
            return false;
        ends_in_macro = s.p[i] == '%';
        if (s.p[i] == '.') {
            has_dot = true;
            label = i + 1;
        }
        i += n;
    }
    return ends_in_macro || (has_dot && is_top_label(str_n(s.p + label, s.n - label)));
}

/* ---- addresses */

static bool number(struct str s, unsigned most, unsigned *out)
{
    uint64_t v;

    if (s.n > 3 || !str_to_u64(s, &v) || v > most || (s.n > 1 && s.p[0] == '0'))
        return false;
    *out = (unsigned)v;
    return true;
}

static bool read_network(struct spf_term *t)
{
    bool is_6 = t->kind == SPF_IP6;
    struct str rest = t->argument, address;
    char text[INET6_ADDRSTRLEN + 1];

    t->prefix = is_6 ? 128 : 32;
    if (!str_cut(&rest, '/', &address) || address.n == 0 || address.n >= sizeof text)
        return false;
    if (address.n < t->argument.n && !number(rest, t->prefix, &t->prefix))
        return false;
    str_copy(text, sizeof text, address);
    return inet_pton(is_6 ? AF_INET6 : AF_INET, text, t->address) == 1;
}

/* "a:mail.a.example/24//64": the prefixes of a and mx. */
static bool cut_prefixes(struct str *argument)
{
    unsigned ignored;
    struct str rest;
    const char *slash = argument->n ? memchr(argument->p, '/', argument->n) : NULL;

    if (!slash)
        return true;
    rest = str_n(slash + 1, (size_t)(argument->p + argument->n - slash) - 1);
    argument->n = (size_t)(slash - argument->p);
    if (!rest.n || rest.p[0] != '/') {
        struct str four;

        if (!str_cut(&rest, '/', &four) || !number(four, 32, &ignored))
            return false;
        if (rest.n == 0)
            return true;
    }
    return rest.p[0] == '/' && number(str_n(rest.p + 1, rest.n - 1), 128, &ignored);
}

/* ---- terms */

static const char *check_argument(struct spf_term *t, bool has_colon)
{
    struct str domain = t->argument;

    switch (t->kind) {
    case SPF_ALL:
        return has_colon || domain.n ? "'all' takes no argument" : NULL;
    case SPF_IP4:
    case SPF_IP6:
        return has_colon && read_network(t) ? NULL : "that is no address or network";
    case SPF_A:
    case SPF_MX:
        if (!cut_prefixes(&domain))
            return "that is no length of a network";
        return has_colon && !is_domain(domain) ? "that is no domain" : NULL;
    case SPF_PTR:
        return has_colon && !is_domain(domain) ? "that is no domain" : NULL;
    default:
        return has_colon && is_domain(domain) ? NULL : "it needs a domain";
    }
}

static bool is_name_char(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' ||
           c == '_' || c == '.';
}

static const char *read_modifier(struct spf_term *t, struct str name)
{
    t->kind = SPF_UNKNOWN;
    if (str_eq_nocase(name, str_of("redirect")))
        t->kind = SPF_REDIRECT;
    else if (str_eq_nocase(name, str_of("exp")))
        t->kind = SPF_EXP;
    if (t->kind != SPF_UNKNOWN && !is_domain(t->argument))
        return "it needs a domain";
    return (name.p[0] | 0x20) >= 'a' && (name.p[0] | 0x20) <= 'z' ? NULL : "that is no term of SPF";
}

/* NULL when the term is good. */
static const char *read_term(struct str text, struct spf_term *t, bool *asks)
{
    struct str name = text, rest;
    bool has_colon;
    size_t n = 0;

    *t = (struct spf_term){.text = text, .qualifier = '+'};
    *asks = false;
    if (memchr("+-~?", text.p[0], 4)) {
        t->qualifier = text.p[0];
        name = str_n(text.p + 1, text.n - 1);
    }
    while (n < name.n && is_name_char(name.p[n]))
        n++;
    rest = str_n(name.p + n, name.n - n);
    name.n = n;
    if (rest.n && rest.p[0] == '=' && n && name.p == text.p) {
        t->argument = str_n(rest.p + 1, rest.n - 1);
        *asks = str_eq_nocase(name, str_of("redirect"));
        return read_modifier(t, name);
    }
    has_colon = rest.n && rest.p[0] == ':';
    t->argument = has_colon ? str_n(rest.p + 1, rest.n - 1) : rest;
    if (rest.n && !has_colon && rest.p[0] != '/')
        return "that is no term of SPF";
    for (size_t i = 0; i < sizeof mechanisms / sizeof *mechanisms; i++) {
        if (str_eq_nocase(name, str_of(mechanisms[i].name))) {
            t->kind = mechanisms[i].kind;
            *asks = mechanisms[i].asks;
            return check_argument(t, has_colon);
        }
    }
    return "there is no such mechanism";
}

/* Section 6: these two may stand once. */
static bool stands_twice(const struct spf *s)
{
    enum spf_kind last = s->term[s->terms - 1].kind;

    for (size_t i = 0; i + 1 < s->terms; i++) {
        if ((last == SPF_REDIRECT || last == SPF_EXP) && s->term[i].kind == last)
            return true;
    }
    return false;
}

void spf_parse(struct str txt, struct spf *out)
{
    struct str rest = txt, one;
    bool asks;

    *out = (struct spf){.terms = 0};
    str_cut(&rest, ' ', &one); /* v=spf1 */
    while (str_cut(&rest, ' ', &one)) {
        const char *why;

        if (one.n == 0)
            continue;
        if (out->terms == SPF_TERMS_MAX) {
            out->bad = one;
            out->why = "there are more terms than any receiver reads";
            return;
        }
        why = read_term(one, &out->term[out->terms++], &asks);
        if (!why && stands_twice(out))
            why = "it stands there twice";
        if (why) {
            out->bad = one;
            out->why = why;
            return;
        }
        out->lookups += asks;
    }
}

/* ---- matching */

static enum spf_result result_of(char qualifier)
{
    switch (qualifier) {
    case '-':
        return SPF_FAIL;
    case '~':
        return SPF_SOFTFAIL;
    case '?':
        return SPF_NEUTRAL;
    default:
        return SPF_PASS;
    }
}

static bool is_within(const struct spf_term *t, const uint8_t address[16])
{
    unsigned whole = t->prefix / 8, bits = t->prefix % 8;

    if (memcmp(t->address, address, whole) != 0)
        return false;
    return bits == 0 || (t->address[whole] ^ address[whole]) >> (8 - bits) == 0;
}

enum spf_result spf_match(const struct spf *s, const char *address)
{
    uint8_t bytes[16] = {0};
    bool is_6 = strchr(address, ':') != NULL, is_open = false;
    enum spf_result result = SPF_NEUTRAL;

    if (inet_pton(is_6 ? AF_INET6 : AF_INET, address, bytes) != 1)
        return SPF_CANNOT_TELL;
    for (size_t i = 0; i < s->terms; i++) {
        const struct spf_term *t = &s->term[i];
        bool is_match = t->kind == SPF_ALL;

        if (t->kind == (is_6 ? SPF_IP6 : SPF_IP4))
            is_match = is_within(t, bytes);
        else if (t->kind != SPF_ALL && t->kind != SPF_IP4 && t->kind != SPF_IP6 &&
                 t->kind != SPF_EXP && t->kind != SPF_UNKNOWN)
            is_open = true;
        if (is_match) {
            result = result_of(t->qualifier);
            break;
        }
    }
    /* A term before it that asks for other names could have matched first. */
    return is_open && result != SPF_PASS ? SPF_CANNOT_TELL : result;
}
