#include "hide.h"

#include <sluice/base/str.h>

static const char *const hidden[] = {
    "ENHANCEDSTATUSCODES", "CHUNKING", "BINARYMIME", "XEXCH50", "XUSR", "AUTH", "ETRN",
};

#define KEYWORD_COLUMN 4 /* behind "250-" */

void hide_begin(struct hide *h)
{
    *h = (struct hide){0};
}

static struct str keyword_at(const char *p, size_t n, bool *is_whole)
{
    size_t len = 0;

    while (len < n && p[len] != ' ' && p[len] != '\r' && p[len] != '\n' && p[len] != '=')
        len++;
    *is_whole = len < n;
    return str_n(p, len);
}

/* When the piece ends amid the keyword its first letter is gone before the rest comes, so
 * everything that may become a hidden one is hidden: another extension that begins alike is
 * lost, and nothing that we use does. */
static bool must_hide(struct str word, bool is_whole)
{
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        struct str bad = str_of(hidden[i]);

        if (word.n > bad.n || (is_whole && word.n != bad.n))
            continue;
        if (word.n && str_eq_nocase(word, str_n(bad.p, word.n)))
            return true;
    }
    return false;
}

static void judge_keyword(struct hide *h, char *p, size_t n)
{
    bool is_whole;
    struct str word = keyword_at(p, n, &is_whole);

    if (must_hide(word, is_whole))
        *p = 'Z';
    else if (is_whole && str_eq_nocase(word, str_of("PIPELINING")))
        h->has_pipelining = true;
}

void hide_in(struct hide *h, char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (h->column == KEYWORD_COLUMN)
            judge_keyword(h, bytes + i, n - i);
        /* libESMTP looks bytes above 127 up with a negative index. */
        if ((unsigned char)bytes[i] > 0x7e)
            bytes[i] = '?';
        h->column = bytes[i] == '\n' ? 0 : h->column + 1;
    }
}
