/* rules.h: the table that reply_classify() reads, first row that fits wins. See
 * docs/classification.md.
 *
 * A condition that is NULL (or 0) holds always. All rows are static and checked by
 * tests/unit/reply. */
#ifndef SLUICE_REPLY_RULES_H
#define SLUICE_REPLY_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <sluice/model/kinds.h>

/* Sets of phases. */
#define IN(p) (1u << (p))
#define BEFORE_MAIL (IN(PHASE_CONNECT) | IN(PHASE_BANNER) | IN(PHASE_EHLO) | IN(PHASE_STARTTLS))
#define AT_DATA (IN(PHASE_DATA) | IN(PHASE_DOT))

struct rule {
    const char *name;
    enum category category;
    const char *text;     /* pattern over the words of the text, see pattern.h */
    const char *provider; /* names of profiles, "gmail|daum" */
    const char *code;     /* "550|554", "5" stands for 5xx */
    const char *enhanced; /* "x.7.25|5.1.10"; x stands for 4 and 5 */
    unsigned phases;
    enum scope scope; /* 0 (recipient): as the category says */
};

struct rules {
    const struct rule *row;
    size_t count;
};
/* In the order in which they are asked: receivers, texts, codes. */
extern const struct rules rules_receivers, rules_texts, rules_codes;

#endif
