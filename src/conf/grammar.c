/* grammar.c (P)
 *
 *     settings = { NAME ("=" | ":") value [ ";" | "," ] }
 *     value    = scalar | "(" [ value { "," value } ] ")" | "[" [ scalar { "," scalar } ] "]" | "{" settings "}"
 *     scalar   = NUMBER | BOOL | STRING { STRING } */
#include "grammar.h"

#include <sluice/base/must.h>

enum { WANT_NAME, WANT_EQUALS, WANT_VALUE, AFTER_VALUE, WANT_FIRST };

static bool is_list(char open)
{
    return open == '(' || open == '[';
}

/* Elements of an array are of one kind. */
static bool value(struct grammar *g, char kind)
{
    char open = g->level[g->depth].open, last = g->level[g->depth].last;
    int want = g->level[g->depth].want;

    if (want == AFTER_VALUE)
        return kind == 's' && last == 's'; /* "a" "b" is "ab" */
    if (want != WANT_VALUE && want != WANT_FIRST)
        return false;
    if (open == '[' && (kind == 'o' || (last && last != kind)))
        return false;
    g->level[g->depth].want = AFTER_VALUE;
    g->level[g->depth].last = kind;
    return true;
}

static bool open_bracket(struct grammar *g, char bracket)
{
    if (!value(g, 'o'))
        return false;
    MUST(g->depth <= GRAMMAR_DEPTH_MAX);
    g->depth++;
    g->level[g->depth].open = bracket;
    g->level[g->depth].want = is_list(bracket) ? WANT_FIRST : WANT_NAME;
    g->level[g->depth].last = 0;
    return true;
}

static bool close_bracket(struct grammar *g)
{
    int want = g->level[g->depth].want;

    if (g->depth == 0)
        return false;
    if (want != AFTER_VALUE && want != (is_list(g->level[g->depth].open) ? WANT_FIRST : WANT_NAME))
        return false;
    g->depth--;
    return true;
}

static bool separator(struct grammar *g, bool is_comma)
{
    bool in_list = is_list(g->level[g->depth].open);

    if (g->level[g->depth].want != AFTER_VALUE || (in_list && !is_comma))
        return false;
    g->level[g->depth].want = in_list ? WANT_VALUE : WANT_NAME;
    return true;
}

static bool name(struct grammar *g)
{
    int want = g->level[g->depth].want;

    if (is_list(g->level[g->depth].open) || (want != WANT_NAME && want != AFTER_VALUE))
        return false;
    g->level[g->depth].want = WANT_EQUALS;
    return true;
}

static bool equals(struct grammar *g)
{
    if (g->level[g->depth].want != WANT_EQUALS)
        return false;
    g->level[g->depth].want = WANT_VALUE;
    return true;
}

bool grammar_take(struct grammar *g, enum token t, char bracket)
{
    switch (t) {
    case TOKEN_NAME:
        return name(g);
    case TOKEN_EQUALS:
        return equals(g);
    case TOKEN_BOOL:
        return value(g, 'b');
    case TOKEN_NUMBER:
        return value(g, 'n');
    case TOKEN_STRING:
        return value(g, 's');
    case TOKEN_OPEN:
        return open_bracket(g, bracket);
    case TOKEN_CLOSE:
        return close_bracket(g);
    case TOKEN_COMMA:
    case TOKEN_SEMICOLON:
        return separator(g, t == TOKEN_COMMA);
    case TOKEN_OTHER:
        break;
    }
    return false;
}

bool grammar_may_end(const struct grammar *g)
{
    int want = g->level[g->depth].want;

    return want == WANT_NAME || want == AFTER_VALUE;
}

const char *grammar_wanted(const struct grammar *g)
{
    char open = g->level[g->depth].open;

    switch (g->level[g->depth].want) {
    case WANT_NAME:
        return open ? "the name of a setting or '}'" : "the name of a setting";
    case WANT_EQUALS:
        return "'=' behind the name";
    case AFTER_VALUE:
        return is_list(open) ? "',' or the closing bracket" : "';' and the next setting";
    default:
        return open == '[' ? "a text, a number or true or false, of one kind in a list in [ ]"
                           : "a value: a text in quotes, a number, true or false, ( ) or { }";
    }
}
