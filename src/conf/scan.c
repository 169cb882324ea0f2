#include "scan.h"

#include <stdlib.h>
#include <sluice/base/map.h>
#include <sluice/base/must.h>
#include <sluice/base/utf8.h>

#include "grammar.h"

/* An open bracket, and the names that were given in it so far. */
struct level {
    char open;
    unsigned line;
    struct map names;
};

struct walk {
    struct scan *scan;
    struct buf *out;
    const char *p, *end;
    unsigned line;
    bool ok;
    struct level level[CONF_DEPTH_MAX + 1];
    size_t depth;
    size_t names, separators;
    struct grammar grammar;
    /* The last token, if it was a name: it is a setting when = or : follows. */
    bool name_pending;
    size_t name_at; /* in out */
    struct str name;
    unsigned name_line;
};

static void refuse(struct walk *w, unsigned line, const char *text)
{
    problems_add(w->scan->problems, w->scan->file, line, "%s", text);
    w->ok = false;
}

/* At most that many bytes of n go into a message, and never half a character. */
static int shown(const struct walk *w, size_t n)
{
    n = n < 40 ? n : 40;
    while (w->p + n < w->end && ((unsigned char)w->p[n] & 0xc0) == 0x80)
        n++;
    return (int)n;
}

/* Tells the grammar of a token of n bytes. After the first surprise the rest would only be noise. */
static bool expect(struct walk *w, enum token t, size_t n)
{
    if (grammar_take(&w->grammar, t, *w->p))
        return true;
    problems_add(w->scan->problems, w->scan->file, w->line,
                 "syntax error at '%.*s': expected is %s", shown(w, n), w->p,
                 grammar_wanted(&w->grammar));
    w->ok = false;
    w->p = w->end;
    return false;
}

/* Takes n bytes over, counting lines. */
static void pass(struct walk *w, size_t n)
{
    MUST(n <= (size_t)(w->end - w->p));
    for (size_t i = 0; i < n; i++)
        w->line += w->p[i] == '\n';
    buf_put(w->out, w->p, n);
    w->p += n;
}

static bool at(const struct walk *w, const char *s)
{
    return str_starts(str_n(w->p, (size_t)(w->end - w->p)), s);
}

static size_t until_line_end(const struct walk *w)
{
    size_t left = (size_t)(w->end - w->p);
    const char *nl = memchr(w->p, '\n', left);

    return nl ? (size_t)(nl - w->p) : left;
}

static void block_comment(struct walk *w)
{
    size_t left = (size_t)(w->end - w->p);
    const char *close = left > 2 ? memmem(w->p + 2, left - 2, "*/", 2) : NULL;

    if (!close) {
        refuse(w, w->line, "the comment that begins here with /* is never closed");
        pass(w, left);
        return;
    }
    pass(w, (size_t)(close - w->p) + 2);
}

static void string(struct walk *w)
{
    const char *q = w->p + 1;
    unsigned line = w->line;

    while (q < w->end && *q != '"') {
        if (w->end - q >= 4 && (memcmp(q, "\\x00", 4) == 0 || memcmp(q, "\\X00", 4) == 0))
            refuse(w, line, "a string must not contain \\x00");
        q += *q == '\\' && q + 1 < w->end ? 2 : 1;
    }
    if (q >= w->end) {
        refuse(w, line, "the string that begins here is never closed with \"");
        pass(w, (size_t)(w->end - w->p));
        return;
    }
    if (expect(w, TOKEN_STRING, (size_t)(q - w->p) + 1))
        pass(w, (size_t)(q - w->p) + 1);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '*';
}

static bool is_name_char(char c)
{
    return is_name_start(c) || is_digit(c) || c == '-' || c == '_';
}

static size_t digits(struct str s, size_t at)
{
    size_t n = 0;

    while (at + n < s.n && is_digit(s.p[at + n]))
        n++;
    return n;
}

/* [+-] digits [L|LL], or a float with a digit in front of or behind its point. */
static bool is_number(struct str s)
{
    size_t i = s.n && (*s.p == '-' || *s.p == '+'), whole = digits(s, i), part = 0, power = 0;

    i += whole;
    if (whole && (str_is(str_n(s.p + i, s.n - i), "L") || str_is(str_n(s.p + i, s.n - i), "LL")))
        return true;
    if (i < s.n && s.p[i] == '.') {
        part = digits(s, ++i);
        i += part;
    }
    if (whole + part == 0)
        return false;
    if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
        i += 1 + (i + 1 < s.n && (s.p[i + 1] == '-' || s.p[i + 1] == '+'));
        power = digits(s, i);
        if (power == 0)
            return false;
        i += power;
    }
    return i == s.n;
}

/* A whole number becomes one of 64 bits, so that too large a one is told by its value. libconfig opens an
 * included file by itself: there only the L that was written counts. */
static void lengthen(struct walk *w, struct str s)
{
    int64_t value;

    if (s.p[0] == '+')
        s = str_n(s.p + 1, s.n - 1);
    if (!w->ok || !str_to_i64(s, &value))
        return;
    if (!w->scan->is_included)
        buf_putc(w->out, 'L');
    else if (value < INT32_MIN || value > INT32_MAX)
        problems_add(w->scan->problems, w->scan->file, w->line,
                     "in an included file a number as large as this one needs an L behind it (got "
                     "%lld, allowed: %lldL)",
                     (long long)value, (long long)value);
}

/* A number is as long as it could be; "5 days" without quotes is best told at once. libconfig's atoi() and
 * atoll() would turn one that does not fit into another one, silently. */
static void number(struct walk *w)
{
    size_t n = 1, count = is_digit(*w->p);
    struct str s;

    while (w->p + n < w->end && (is_name_char(w->p[n]) || w->p[n] == '.' || w->p[n] == '+') &&
           w->p[n] != '*')
        count += is_digit(w->p[n++]);
    s = str_n(w->p, n);
    if (!expect(w, TOKEN_NUMBER, n))
        return;
    if (str_starts(s, "0x") || str_starts(s, "0X"))
        refuse(w, w->line, "write numbers in decimal, not as 0x...");
    else if (!is_number(s))
        problems_add(w->scan->problems, w->scan->file, w->line,
                     "'%.*s' is not a number; a text stands in quotes", shown(w, n), s.p);
    else if (count > 18)
        refuse(w, w->line, "this number is too large");
    w->ok = w->ok && is_number(s);
    pass(w, n);
    lengthen(w, s);
}

static void name(struct walk *w)
{
    size_t n = 0;

    while (w->p + n < w->end && is_name_char(w->p[n]))
        n++;
    w->name = str_n(w->p, n);
    if (str_eq_nocase(w->name, str_of("true")) || str_eq_nocase(w->name, str_of("false"))) {
        if (expect(w, TOKEN_BOOL, n))
            pass(w, n);
        return;
    }
    if (!expect(w, TOKEN_NAME, n))
        return;
    if (*w->p == '*')
        refuse(w, w->line, "a name begins with a letter");
    w->name_pending = true;
    w->name_at = w->out->len;
    w->name_line = w->line;
    pass(w, n);
}

/* "*17*subject": what conf_scan_name takes off again. */
static void mark_repeated(struct walk *w)
{
    struct buf tail;

    buf_init(&tail, w->out->max);
    buf_put(&tail, w->out->data + w->name_at, w->out->len - w->name_at);
    buf_cut(w->out, w->name_at);
    buf_printf(w->out, "*%zu*", w->names);
    buf_put(w->out, tail.data, tail.len);
    buf_done(&tail);
}

const char *conf_scan_name(const char *name)
{
    const char *second = name && *name == '*' ? strchr(name + 1, '*') : NULL;

    return second ? second + 1 : name;
}

static void setting(struct walk *w)
{
    struct map *names = &w->level[w->depth].names;

    w->name_pending = false;
    if (++w->names == CONF_NAMES_MAX)
        refuse(w, w->line, "this file has too many settings");
    if (w->names >= CONF_NAMES_MAX)
        return;
    if (map_set(names, w->name, w))
        mark_repeated(w);
}

static bool open_bracket(struct walk *w)
{
    if (w->depth == CONF_DEPTH_MAX) {
        refuse(w, w->line, "brackets are nested too deeply");
        w->p = w->end;
        return false;
    }
    w->depth++;
    w->level[w->depth].open = *w->p;
    w->level[w->depth].line = w->line;
    map_init(&w->level[w->depth].names);
    return true;
}

static void close_bracket(struct walk *w)
{
    char open = *w->p == ')' ? '(' : *w->p == ']' ? '[' : '{';
    const struct level *top = &w->level[w->depth];

    if (w->depth == 0 || top->open != open) {
        if (w->depth == 0)
            problems_add(w->scan->problems, w->scan->file, w->line, "'%c' closes nothing", *w->p);
        else
            problems_add(w->scan->problems, w->scan->file, w->line,
                         "'%c' does not fit the '%c' that was opened in line %u", *w->p, top->open,
                         top->line);
        /* After the first misfit the rest would only be noise. */
        w->ok = false;
        w->p = w->end;
        return;
    }
    map_done(&w->level[w->depth--].names);
}

static void punctuation(struct walk *w)
{
    static const char chars[] = "=:([{)]},;";
    static const enum token tokens[] = {TOKEN_EQUALS, TOKEN_EQUALS,   TOKEN_OPEN,  TOKEN_OPEN,
                                        TOKEN_OPEN,   TOKEN_CLOSE,    TOKEN_CLOSE, TOKEN_CLOSE,
                                        TOKEN_COMMA,  TOKEN_SEMICOLON};
    enum token t = tokens[strchr(chars, *w->p) - chars];

    /* Brackets first: that they do not fit says more than what is expected instead. */
    if (t == TOKEN_CLOSE)
        close_bracket(w);
    if (w->p == w->end || (t == TOKEN_OPEN && !open_bracket(w)) || !expect(w, t, 1))
        return;
    if (t == TOKEN_EQUALS && w->name_pending)
        setting(w);
    if (t == TOKEN_COMMA && ++w->separators == CONF_SEPARATORS_MAX)
        refuse(w, w->line, "this file has too many list elements");
    w->name_pending = false;
    pass(w, 1);
}

static void found_include(struct walk *w)
{
    struct scan *s = w->scan;
    const char *open = memchr(w->p, '"', until_line_end(w));
    const char *close = open ? memchr(open + 1, '"', (size_t)(w->end - open - 1)) : NULL;

    if (close) {
        s->include = mem_grow(s->include, s->include_count + 1, sizeof *s->include);
        s->include[s->include_count++] =
            (struct scan_include){mem_strn(open + 1, (size_t)(close - open - 1)), w->line};
        pass(w, (size_t)(close - w->p) + 1);
    } else {
        refuse(w, w->line, "@include needs a file name in quotes");
        pass(w, until_line_end(w));
    }
}

static void token(struct walk *w)
{
    char c = *w->p;

    if (strchr(" \t\r\n\f", c)) {
        pass(w, 1);
    } else if (c == '#' || at(w, "//")) {
        pass(w, until_line_end(w));
    } else if (at(w, "/*")) {
        block_comment(w);
    } else if (is_name_start(c)) {
        name(w);
    } else if (strchr("=:([{)]},;", c)) {
        punctuation(w);
    } else {
        w->name_pending = false;
        if (c == '"')
            string(w);
        else if (is_digit(c) || c == '-' || c == '+' || c == '.')
            number(w);
        else if (at(w, "@include"))
            found_include(w);
        else
            expect(w, TOKEN_OTHER, 1);
    }
}

/* Whatever state libconfig's lexer is in, it opens a file only for @include behind nothing but
 * blanks at the beginning of a line. So this does not depend on our reading of strings and
 * comments. */
static bool has_include(struct walk *w)
{
    struct str rest = str_n(w->p, (size_t)(w->end - w->p)), line;
    unsigned number = 1;
    bool found = false;

    for (; str_cut(&rest, '\n', &line); number++) {
        size_t i = 0;

        while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
            i++;
        if (str_starts(str_n(line.p + i, line.n - i), "@include")) {
            refuse(w, number,
                   "@include is not allowed here, not even inside a comment or a string");
            found = true;
        }
    }
    return found;
}

/* What the whole file must be before anybody reads it token by token. */
static bool is_text(struct walk *w)
{
    size_t n = (size_t)(w->end - w->p), bad = utf8_bad_at(w->p, n);
    const char *nul = n ? memchr(w->p, 0, n) : NULL;
    unsigned line = 1;

    if (nul)
        bad = (size_t)(nul - w->p);
    if (bad == n)
        return true;
    for (size_t i = 0; i < bad; i++)
        line += w->p[i] == '\n';
    refuse(w, line,
           nul ? "this is a binary file (it contains a zero byte)"
               : "this is not UTF-8 text; save the file as UTF-8 (not as CP949 or EUC-KR)");
    return false;
}

static void all_tokens(struct walk *w)
{
    while (w->p < w->end)
        token(w);
    if (w->ok && w->depth == 0 && !grammar_may_end(&w->grammar)) {
        problems_add(w->scan->problems, w->scan->file, w->line,
                     "the file ends where %s is expected", grammar_wanted(&w->grammar));
        w->ok = false;
    }
    while (w->depth > 0) {
        if (w->ok)
            problems_add(w->scan->problems, w->scan->file, w->level[w->depth].line,
                         "the '%c' that was opened here is never closed", w->level[w->depth].open);
        w->ok = false;
        map_done(&w->level[w->depth--].names);
    }
}

bool conf_scan(struct scan *s, struct str text, struct buf *out)
{
    static const char bom[] = "\xef\xbb\xbf";
    struct walk *w = mem_new(sizeof *w);
    bool ok;

    if (str_starts(text, bom))
        text = str_n(text.p + 3, text.n - 3);
    *w = (struct walk){
        .scan = s, .out = out, .p = text.p, .end = text.p + text.n, .line = 1, .ok = true};
    map_init(&w->level[0].names);
    if (is_text(w) && (s->includes == CONF_INCLUDES || !has_include(w)))
        all_tokens(w);
    /* flex takes a comment in the last line only with a line end behind it. */
    buf_putc(out, '\n');
    if (buf_is_full(out))
        refuse(w, 0, "this file is too long");
    map_done(&w->level[0].names);
    ok = w->ok;
    free(w);
    return ok;
}

void conf_scan_done(struct scan *s)
{
    for (size_t i = 0; i < s->include_count; i++)
        free(s->include[i].name);
    free(s->include);
    s->include = NULL;
    s->include_count = 0;
}
