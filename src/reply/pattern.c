#include "pattern.h"

#include <sluice/base/must.h>

#include <stdint.h>

#include "enhanced.h"

#define GAP_WORDS 4

/* ---- words */

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (unsigned char)c >= 0x80;
}

/* A run of characters that may stand in an address, a host name or a number. */
static size_t token_end(struct str s, size_t at)
{
    size_t i = at;

    /* Dots that end a sentence ("not allowed...user@example") end the token. */
    while (i < s.n && (is_alnum(s.p[i]) || strchr("@.+-_'", s.p[i])) &&
           !(i + 1 < s.n && s.p[i] == '.' && s.p[i + 1] == '.'))
        i++;
    while (i > at && strchr(".-_'+", s.p[i - 1]))
        i--;
    return i > at ? i : at + 1;
}

static bool is_ip(struct str s)
{
    size_t dots = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '.' && (s.p[i] < '0' || s.p[i] > '9'))
            return false;
        dots += s.p[i] == '.';
    }
    return dots == 3;
}

static void put_word(struct words *w, struct str s)
{
    size_t gap = w->n ? 1 : 0;

    if (s.n == 0 || s.n + gap >= sizeof w->text - w->n)
        return;
    if (gap)
        w->text[w->n++] = ' ';
    memcpy(w->text + w->n, s.p, s.n);
    str_lower(w->text + w->n, s.n);
    w->n += s.n;
    w->text[w->n] = '\0';
    /* "e-mail" and "e mail" are one word, as people write it. */
    if (w->n >= 6 && memcmp(w->text + w->n - 6, "e mail", 6) == 0 &&
        (w->n == 6 || w->text[w->n - 7] == ' ')) {
        memcpy(w->text + w->n - 6, "email", 6);
        w->n--;
    }
}

/* A token's parts: host names stay whole, everything else is split at punctuation; apostrophes only
 * vanish. */
static void put_parts(struct words *w, struct str token)
{
    char part[128];
    size_t n = 0;

    for (size_t i = 0; i <= token.n; i++) {
        char c = i < token.n ? token.p[i] : ' ';
        bool stays = is_alnum(c) || (c == '.' && n > 0);

        if (c == '\'')
            continue;
        if (i + 3 <= token.n && memcmp(token.p + i, "\xe2\x80\x99", 3) == 0) {
            i += 2; /* a typographic apostrophe */
            continue;
        }
        if (!stays || n == sizeof part) {
            while (n && part[n - 1] == '.')
                n--;
            put_word(w, str_n(part, n));
            n = 0;
        }
        if (stays)
            part[n++] = c;
    }
}

/* "550", "5.1.1", "550-5.1.1" in mid-sentence. */
static bool is_code(struct str token, int code)
{
    struct str rest = token, first;
    uint64_t n;

    if (enhanced_parse(token).class)
        return true;
    if (!str_cut(&rest, '-', &first) || first.n != 3 || !str_to_u64(first, &n))
        return false;
    return (rest.n == 0 && (int)n == code) || enhanced_parse(rest).class;
}

void words_of(struct words *w, struct str text, int code)
{
    w->n = 0;
    w->text[0] = '\0';
    for (size_t i = 0; i < text.n;) {
        size_t end;
        struct str token;

        if (!is_alnum(text.p[i]) && text.p[i] != '@') {
            i++;
            continue;
        }
        end = token_end(text, i);
        token = str_n(text.p + i, end - i);
        i = end;
        if (is_code(token, code))
            continue;
        if (memchr(token.p, '@', token.n))
            put_word(w, str_of("@"));
        else if (is_ip(token))
            put_word(w, str_of("#"));
        else
            put_parts(w, token);
    }
}

/* ---- matching */

/* What follows a group: patterns are short and nested little, so this lives on the stack. */
struct then {
    struct str pattern;
    const struct then *next;
};

/* Words that mean the same in most texts. */
static const struct {
    const char *name, *words;
} set[] = {
    {"mailbox",
     "user|users|username|user name|mailbox|mailboxes|mail box|mbox|inbox|recipient|recipients|"
     "account|accounts|address|addresses|addressee|rcpt|alias|email|email address|customer|"
     "subscriber|member|person|local part|destination|destinataire|folder"},
    {"unknown",
     "unknown|invalid|nonexist*|non exist*|not found|notfound|not known|unrecogni*ed|undefined|"
     "bad|illegal|incorrect|not exist*"},
    {"closed", "disabled|inactive|inactivated|suspended|deactivated|locked|frozen|dormant|closed|"
               "discontinued|restricted|terminated|on hold|not active|not activated"},
    {"blocked", "blocked|banned|rejected|denied|deny|refused|forbidden|prohibited|bloquee|filtered|"
                "blacklisted|suspicious|untrusted|not (be |)(allowed|accepted|permitted)"},
    {"host", "host|hosts|ip|ips|ip address|address #|server|mail server|network|host #|ip #|#"},
    {"message",
     "message|messages|mail|mails|email|emails|mesg|data|content|body|attachment|attachments"},
    {"traffic", "connections|connection|messages|message|mails|mail|emails|email|sessions|session|"
                "recipients|requests|attempts|transactions|errors|commands|concurrent*|recent*"},
};

static struct str set_words(struct str name)
{
    for (size_t i = 0; i < sizeof set / sizeof *set; i++) {
        if (str_is(name, set[i].name))
            return str_of(set[i].words);
    }
    must_fail(__FILE__, __LINE__, "a pattern names a set that is there");
}

/* Up to the next `|` outside of groups, or the end. */
static size_t alternative_end(struct str p)
{
    size_t depth = 0;
    size_t i = 0;

    for (; i < p.n; i++) {
        if (p.p[i] == '(')
            depth++;
        else if (p.p[i] == ')' && depth)
            depth--;
        else if (p.p[i] == '|' && depth == 0)
            break;
    }
    return i;
}

static size_t group_end(struct str p)
{
    size_t depth = 0;
    size_t i = 0;

    for (; i < p.n; i++) {
        depth += p.p[i] == '(';
        depth -= p.p[i] == ')';
        if (depth == 0)
            break;
    }
    return i;
}

static size_t set_end(struct str p)
{
    const char *close = memchr(p.p, '}', p.n);

    MUST(close != NULL);
    return (size_t)(close - p.p);
}

static bool match(struct str p, const char *at, const struct then *then);

static bool match_one_of(struct str inner, struct str rest, const char *at, const struct then *then)
{
    struct then behind = {.pattern = rest, .next = then};

    for (;;) {
        size_t n = alternative_end(inner);

        if (match(str_n(inner.p, n), at, &behind))
            return true;
        if (n == inner.n)
            return false;
        inner = str_n(inner.p + n + 1, inner.n - n - 1);
    }
}

static bool match_any(struct str rest, const char *at, const struct then *then)
{
    bool is_letter = rest.n && !strchr("(){}*~", *rest.p);

    for (;; at++) {
        if (is_letter)
            at = strchr(at, *rest.p); /* no need to try where it cannot begin */
        if (!at)
            return false;
        if (match(rest, at, then))
            return true;
        if (!*at)
            return false;
    }
}

static bool match_gap(struct str rest, const char *at, const struct then *then)
{
    for (size_t i = 0; i <= GAP_WORDS && *at == ' '; i++) {
        if (match(rest, at + 1, then))
            return true;
        for (at++; *at && *at != ' '; at++)
            ;
    }
    return false;
}

static bool match(struct str p, const char *at, const struct then *then)
{
    while (p.n) {
        struct str rest = str_n(p.p + 1, p.n - 1);
        struct str inner;

        if (pattern_cut_group(&p, &inner))
            return match_one_of(inner, p, at, then);
        if (*p.p == '*')
            return match_any(rest, at, then);
        if (*p.p == '~')
            return match_gap(rest, at, then);
        if (*p.p != *at)
            return false;
        p = rest;
        at++;
    }
    if (then)
        return match(then->pattern, at, then->next);
    return *at == '\0' || *at == ' ';
}

bool pattern_next(struct str *rest, struct str *alternative)
{
    size_t n = alternative_end(*rest);

    if (!rest->p)
        return false;
    *alternative = str_n(rest->p, n);
    *rest = n < rest->n ? str_n(rest->p + n + 1, rest->n - n - 1) : str_n(NULL, 0);
    return true;
}

bool pattern_matches_at(struct str first, struct str rest, const char *at)
{
    struct then then = {.pattern = rest};

    return match(first, at, &then);
}

/* Cuts a group or set off the front of *pattern into *inner; false when it begins with something
 * else. */
bool pattern_cut_group(struct str *pattern, struct str *inner)
{
    size_t close;

    if (pattern->n == 0 || (*pattern->p != '(' && *pattern->p != '{'))
        return false;
    close = *pattern->p == '{' ? set_end(*pattern) : group_end(*pattern);
    *inner = str_n(pattern->p + 1, close - 1);
    if (*pattern->p == '{')
        *inner = set_words(*inner);
    *pattern = str_n(pattern->p + close + 1, pattern->n - close - 1);
    return true;
}

bool pattern_matches(const char *pattern, const char *words)
{
    struct str rest = str_of(pattern), alternative;

    while (pattern_next(&rest, &alternative)) {
        for (const char *at = words; *at; at++) {
            if ((at == words || at[-1] == ' ') &&
                pattern_matches_at(alternative, str_n(NULL, 0), at))
                return true;
        }
    }
    return false;
}
