/* What stands in a tag, taken apart. Whoever writes a template is no programmer: each message says
 * what to write instead. */
#include <sluice/template/expr.h>

#include <stdarg.h>

#include "filter.h"

#define TRUNCATE_MAX 10000
#define DECIMALS_MAX 20
#define SHOWN_MAX 41 /* bytes of a template's text in a message */

enum argument { TAKES_NONE, TAKES_TEXT, TAKES_FORMAT, TAKES_NUMBER };
static const struct known {
    const char *name;
    enum argument takes;
    bool needs;
    unsigned least, most; /* TAKES_NUMBER */
    const char *example;
} known[] = {
    [FILTER_DEFAULT] = {"default", TAKES_TEXT, true, 0, 0, "default:\"text\""},
    [FILTER_UPPER] = {"upper", TAKES_NONE, false, 0, 0, "upper"},
    [FILTER_LOWER] = {"lower", TAKES_NONE, false, 0, 0, "lower"},
    [FILTER_TRUNCATE] = {"truncate", TAKES_NUMBER, true, 1, TRUNCATE_MAX, "truncate:20"},
    [FILTER_DATE] = {"date", TAKES_FORMAT, false, 0, 0, "date:\"%Y-%m-%d\""},
    [FILTER_NUMBER] = {"number", TAKES_NUMBER, false, 0, DECIMALS_MAX, "number:2"},
    [FILTER_WON] = {"won", TAKES_NONE, false, 0, 0, "won"},
    [FILTER_URL] = {"url", TAKES_NONE, false, 0, 0, "url"},
};
#define KNOWN (sizeof known / sizeof *known)
#define FILTER_NAMES "default, upper, lower, truncate, date, number, won, url"
#define DATE_PARTS                                                                                 \
    "%%Y %%y %%m %%-m %%d %%-d %%H %%-H %%I %%-I %%M %%S %%p (오전) %%a (월) %%A (월요일) %%%%"
#define ENTITY_QUOTE "an HTML editor has written '&quot;' inside a tag: write '\"'"

/* ---- messages */

static bool wrong(char *why, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool wrong(char *why, const char *format, ...)
{
    struct buf text;
    va_list args;

    buf_init(&text, 1024);
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    str_copy(why, EXPR_WHY, str_n(text.data, text.len));
    buf_done(&text);
    return false;
}

/* A piece of the template for a message: cut, and on one line. */
static const char *shown(struct str s, char out[SHOWN_MAX])
{
    str_copy(out, SHOWN_MAX, s);
    for (char *c = out; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = ' ';
    }
    return out;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word_char(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static struct str behind(struct str s, size_t n)
{
    return str_n(s.p + n, s.n - n);
}

static struct str skip_blanks(struct str s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\r' || s.p[0] == '\n'))
        s = behind(s, 1);
    return s;
}

/* ---- the parts between '|' */

struct segment {
    struct str word; /* an ASCII word that stands alone or before ':'; empty: there is none */
    bool has_argument;
    struct str text; /* the argument; without a word the whole segment */
    bool is_quoted;
};

/* *rest begins with '"': takes the text up to the next one, which must end the segment. */
static bool take_quoted(struct str *rest, struct str *text, char why[EXPR_WHY])
{
    const char *end = memchr(rest->p + 1, '"', rest->n - 1);
    char cut[SHOWN_MAX];

    if (!end)
        return wrong(why, "the text %s is not closed: a '\"' is missing", shown(*rest, cut));
    *text = str_n(rest->p + 1, (size_t)(end - rest->p) - 1);
    *rest = skip_blanks(behind(*rest, text->n + 2));
    if (rest->n && rest->p[0] != '|')
        return wrong(why, "'%s' stands behind the closing '\"'", shown(*rest, cut));
    return true;
}

static void take_plain(struct str *rest, struct str *text)
{
    const char *end = memchr(rest->p, '|', rest->n);
    size_t n = end ? (size_t)(end - rest->p) : rest->n;

    *text = str_trim(str_n(rest->p, n));
    *rest = behind(*rest, n);
}

static bool take_text(struct str *rest, struct segment *s, char why[EXPR_WHY])
{
    *rest = skip_blanks(*rest);
    s->is_quoted = rest->n && rest->p[0] == '"';
    if (s->is_quoted)
        return take_quoted(rest, &s->text, why);
    if (rest->n)
        take_plain(rest, &s->text);
    return !str_starts(s->text, "&quot;") || wrong(why, ENTITY_QUOTE);
}

static struct str leading_word(struct str s)
{
    size_t n = 0;

    while (n < s.n && is_word_char(s.p[n]))
        n++;
    return str_n(s.p, n && is_letter(s.p[0]) ? n : 0);
}

/* *rest begins behind a '|'; afterwards it is empty or begins with the next one. */
static bool take_segment(struct str *rest, struct segment *s, char why[EXPR_WHY])
{
    struct str word, after;

    *s = (struct segment){0};
    *rest = skip_blanks(*rest);
    word = leading_word(*rest);
    after = skip_blanks(behind(*rest, word.n));
    if (word.n && after.n && after.p[0] == ':') {
        s->word = word;
        s->has_argument = true;
        *rest = behind(after, 1);
        return take_text(rest, s, why);
    }
    if (word.n && (after.n == 0 || after.p[0] == '|')) {
        s->word = s->text = word;
        *rest = after;
        return true;
    }
    if (!take_text(rest, s, why))
        return false;
    if (s->text.n == 0 && !s->is_quoted)
        return wrong(why, "nothing stands behind '|': a filter or a fallback is missing (an empty "
                          "one is written \"\")");
    return true;
}

/* ---- filters */

static const struct known *known_of(struct str word)
{
    for (size_t i = 0; i < KNOWN; i++) {
        if (str_is(word, known[i].name))
            return &known[i];
    }
    return NULL;
}

/* Whether somebody who wrote `word` meant the filter. Short words are near to too much: only one
 * wrong letter then. */
static bool is_nearly(struct str word, const char *name)
{
    char low[SHOWN_MAX];
    size_t n = strlen(name);

    str_copy(low, sizeof low, word);
    str_lower(low, strlen(low));
    if (str_distance(str_of(low), str_of(name)) <= (n < 7 ? 1u : 2u))
        return true;
    return (n > 4 && str_starts(str_of(low), name)) ||    /* uppercase */
           (word.n > 3 && str_starts(str_of(name), low)); /* trunc */
}

static const char *nearly(struct str word)
{
    for (size_t i = 0; i < KNOWN; i++) {
        if (is_nearly(word, known[i].name))
            return known[i].name;
    }
    return NULL;
}

static bool set_number(struct filter *f, const struct known *k, struct str text, char why[EXPR_WHY])
{
    char cut[SHOWN_MAX];
    uint64_t number;

    if (!str_to_u64(text, &number) || number < k->least || number > k->most)
        return wrong(why, "'%s:%s': %s takes a number from %u to %u", k->name, shown(text, cut),
                     k->name, k->least, k->most);
    f->number = (unsigned)number;
    return true;
}

static bool set_argument(struct filter *f, const struct known *k, const struct segment *s,
                         char why[EXPR_WHY])
{
    bool is_empty = !s->has_argument || (s->text.n == 0 && !s->is_quoted);
    char cut[SHOWN_MAX];
    struct str bad;

    if (k->takes == TAKES_NONE && s->has_argument)
        return wrong(why, "'%s:%s': %s takes nothing behind it", k->name, shown(s->text, cut),
                     k->name);
    if (is_empty && (k->needs || s->has_argument))
        return wrong(why, "%s is nothing without what stands behind its ':', such as %s", k->name,
                     k->example);
    if (k->takes == TAKES_NUMBER && s->has_argument)
        return set_number(f, k, s->text, why);
    if (k->takes == TAKES_FORMAT && !date_format_is_good(s->text, &bad))
        return wrong(why, "a date has no '%s': there are " DATE_PARTS, shown(bad, cut));
    if (s->has_argument)
        f->text = s->text;
    return true;
}

static bool filter_of(const struct segment *s, struct filter *f, char why[EXPR_WHY])
{
    const struct known *k = known_of(s->word);
    const char *near = s->word.n && !k ? nearly(s->word) : NULL;
    char cut[SHOWN_MAX];

    *f = (struct filter){.kind = FILTER_DEFAULT, .text = s->text};
    if (k) {
        f->kind = (enum filter_kind)(k - known);
        f->text = str_n(NULL, 0);
        return set_argument(f, k, s, why);
    }
    if (near)
        return wrong(why,
                     "there is no filter '%s'; did you mean '%s'? (A text that is meant as one "
                     "stands in \"\")",
                     shown(s->word, cut), near);
    if (s->has_argument)
        return wrong(why,
                     "there is no filter '%s' (there are " FILTER_NAMES "); a text with a "
                     "':' stands in \"\"",
                     shown(s->word, cut));
    return true;
}

bool expr_parse_value(struct str inner, struct expr *out, char why[EXPR_WHY])
{
    struct str rest = inner;
    struct segment s;

    *out = (struct expr){0};
    if (inner.n == 0)
        return true;
    take_plain(&rest, &out->name);
    while (rest.n) {
        rest = behind(rest, 1); /* the '|' */
        if (out->filters == FILTERS_MAX)
            return wrong(why, "more than %d filters in one tag", FILTERS_MAX);
        if (!take_segment(&rest, &s, why) || !filter_of(&s, &out->filter[out->filters], why))
            return false;
        out->filters++;
    }
    return true;
}

/* ---- comparisons */

static const struct sign {
    const char *text;
    enum compare how;
    const char *meant; /* no sign of ours: what it should be */
} sign[] = {
    {"==", COMPARE_EQ, NULL},   {"!=", COMPARE_NE, NULL},    {"<", COMPARE_LT, NULL},
    {"<=", COMPARE_LE, NULL},   {">", COMPARE_GT, NULL},     {">=", COMPARE_GE, NULL},
    {"=", COMPARE_NONE, "=="},  {"===", COMPARE_NONE, "=="}, {"!==", COMPARE_NONE, "!="},
    {"<>", COMPARE_NONE, "!="}, {"=<", COMPARE_NONE, "<="},  {"=>", COMPARE_NONE, ">="},
    {"=!", COMPARE_NONE, "!="},
};

static bool is_sign_char(char c)
{
    return c == '=' || c == '<' || c == '>' || c == '!';
}

/* Where the comparison begins, and how long its sign is; false: there is none. A '!' may be part of
 * a name. */
static bool find_sign(struct str s, size_t *at, size_t *length)
{
    size_t i = 0;

    while (i < s.n && !(s.p[i] == '=' || s.p[i] == '<' || s.p[i] == '>' ||
                        (s.p[i] == '!' && i + 1 < s.n && s.p[i + 1] == '=')))
        i++;
    *at = i;
    while (i < s.n && is_sign_char(s.p[i]))
        i++;
    *length = i - *at;
    return *length > 0;
}

static bool set_sign(struct expr *x, struct str written, char why[EXPR_WHY])
{
    char cut[SHOWN_MAX];

    for (size_t i = 0; i < sizeof sign / sizeof *sign; i++) {
        if (!str_is(written, sign[i].text))
            continue;
        x->compare = sign[i].how;
        return !sign[i].meant ||
               wrong(why, "'%s' compares nothing; did you mean '%s'?", sign[i].text, sign[i].meant);
    }
    return wrong(why, "'%s' compares nothing: there are == != < <= > >=", shown(written, cut));
}

static bool set_left(struct expr *x, struct str left, char why[EXPR_WHY])
{
    struct decimal number;

    if (left.n == 0)
        return wrong(why, "a comparison needs a variable before it, such as points >= 1000");
    if (left.p[0] == '"' || decimal_parse(left, &number))
        return wrong(why, "in a comparison the variable stands first, such as points >= 1000");
    x->name = left;
    return true;
}

static bool is_literal(struct str s)
{
    struct decimal number;

    return decimal_parse(s, &number) || str_is(s, "true") || str_is(s, "false");
}

static bool set_right(struct expr *x, struct str right, char why[EXPR_WHY])
{
    char cut[SHOWN_MAX];

    if (right.n == 0)
        return wrong(why, "a comparison needs something behind it: a number, a text in \"\" or a "
                          "variable");
    if (right.p[0] == '"') {
        if (!take_quoted(&right, &x->right, why))
            return false;
        return right.n == 0 || wrong(why, "a comparison takes no filters");
    }
    if (str_starts(right, "&quot;"))
        return wrong(why, ENTITY_QUOTE);
    for (size_t i = 0; i < right.n; i++) {
        if (strchr(" \t\r\n\"'|=<>&", right.p[i]) || right.p[i] == '\0')
            return wrong(
                why,
                "'%s' is neither a number nor a variable: a text stands in \"\", and a tag "
                "holds one comparison",
                shown(right, cut));
    }
    x->right = right;
    x->right_is_name = !is_literal(right);
    return true;
}

bool expr_parse_section(struct str inner, struct expr *out, char why[EXPR_WHY])
{
    size_t at, length;
    struct str rest = inner, unquoted;

    *out = (struct expr){.name = str_trim(inner)};
    if (!str_cut(&rest, '"', &unquoted))
        return true;
    if (memmem(unquoted.p, unquoted.n, "&gt;", 4) || memmem(unquoted.p, unquoted.n, "&lt;", 4))
        return wrong(why, "an HTML editor has written '&lt;' or '&gt;' inside a tag: write '<' or "
                          "'>'");
    if (!find_sign(inner, &at, &length))
        return !memchr(inner.p, '|', inner.n) ||
               wrong(why, "a section takes no filters: it asks whether there is something");
    return set_sign(out, str_n(inner.p + at, length), why) &&
           set_left(out, str_trim(str_n(inner.p, at)), why) &&
           set_right(out, str_trim(behind(inner, at + length)), why);
}
