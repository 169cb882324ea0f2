/* grammar.h: libconfig's grammar, one token at a time. (P)
 *
 * libconfig says "syntax error" and no more, and forgets to free the texts it had in its hands then. So what it
 * would refuse is refused before, with words.
 *
 *     struct grammar g = {0};
 *     if (!grammar_take(&g, TOKEN_NAME, 0)) say(grammar_wanted(&g));
 */
#ifndef SLUICE_CONF_GRAMMAR_H
#define SLUICE_CONF_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>

#define GRAMMAR_DEPTH_MAX 32

enum token {
    TOKEN_NAME,
    TOKEN_EQUALS,
    TOKEN_BOOL,
    TOKEN_NUMBER,
    TOKEN_STRING,
    TOKEN_OPEN,  /* with the bracket: { ( [ */
    TOKEN_CLOSE, /* that it fits the opening one is seen to elsewhere */
    TOKEN_COMMA,
    TOKEN_SEMICOLON,
    TOKEN_OTHER,
};

/* Zero is the beginning of a file. */
struct grammar {
    struct {
        char open; /* { ( [, 0: the file */
        int want;
        char last; /* kind of the last value: s(tring), n(umber), b(ool), other */
    } level[GRAMMAR_DEPTH_MAX + 2];
    size_t depth;
};

bool grammar_take(struct grammar *g, enum token t, char bracket);
bool grammar_may_end(const struct grammar *g);
/* What should have come instead. */
const char *grammar_wanted(const struct grammar *g);

#endif
