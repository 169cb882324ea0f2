/* pattern.h: a reply's text as plain words, and patterns over them that people can read.
 *
 * A text becomes lower-case words with one blank between: punctuation goes, "e-mail" is "email",
 * "doesn't" "doesnt", an address is "@", an IP address "#", a host name stays one word; reply codes
 * and enhanced codes in mid-sentence vanish, since multi-line replies repeat them anywhere.
 *
 * A pattern is words, and
 *     a|b      one or the other              no such user|unknown user
 *     (a|b)    a group; (a |) may be missing  (mailbox|user) (is |)full
 *     {mailbox} a group of words that mean the same, see pattern.c
 *     *        any characters                 spam* (a word that begins so), *spamhaus* (anywhere)
 *     ~        a gap of up to four words      mailbox~full
 * It matches where words begin and end, unless a `*` says otherwise. (Hangul, kana and Chinese
 * have no such places: their patterns begin and end with `*`.)
 *
 *     words_of(&w, str_of("550 5.1.1 <a@b.c>: No such user!"), 550);       // "@ no such user"
 *     if (pattern_matches("no such user|unknown user", w.text)) ...
 */
#ifndef SLUICE_REPLY_PATTERN_H
#define SLUICE_REPLY_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <sluice/base/str.h>

#define WORDS_MAX 640 /* a reply's text and some */

struct words {
    char text[WORDS_MAX]; /* NUL-terminated */
    size_t n;
};
void words_of(struct words *w, struct str text, int code);

/* The next alternative of a pattern, outside of groups; it may be empty. False after the last:
 * *rest is {NULL, 0} then. */
bool pattern_next(struct str *rest, struct str *alternative);
/* Cuts a group or set off the front of *pattern; *inner are its alternatives. False when none
 * stands there. */
bool pattern_cut_group(struct str *pattern, struct str *inner);
/* Whether `first` with `rest` behind it matches at `at`, which must be the beginning of a word. */
bool pattern_matches_at(struct str first, struct str rest, const char *at);
/* Whether any alternative matches anywhere. */
bool pattern_matches(const char *pattern, const char *words);

#endif
