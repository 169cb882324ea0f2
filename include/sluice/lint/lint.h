/* lint.h: what is wrong with a message although it is well-formed: clipped, blocked, unsigned,
 * unread. (P)
 *
 * Looks at a rendered message and at what the DNS says about its sender; the caller asked the DNS.
 *
 *     struct lint l = {0};
 *     lint_check_message(&message, &l);
 *     for (size_t i = 0; i < l.count; i++) ... l.item[i].text ...
 *     lint_done(&l);
 */
#ifndef SLUICE_LINT_LINT_H
#define SLUICE_LINT_LINT_H

#include <stdbool.h>
#include <stddef.h>
#include <sluice/base/err.h>
#include <sluice/base/str.h>
#include <sluice/model/job.h>

enum lint_level { LINT_ERROR, LINT_WARNING, LINT_NOTE }; /* names: error, warning, note */
const char *lint_level_name(enum lint_level l);
struct lint_finding {
    enum lint_level level;
    const char *check; /* a stable name: "html-size", "alt-text", "spf", ... */
    char *text;        /* what was found, and what to do */
};
struct lint {
    struct lint_finding *item;
    size_t count;
};
void lint_done(struct lint *l);

/* ---- the message itself ---- */

/* `html`, `text`: decoded bodies of one rendered message, empty when it has none; `message`: its
 * bytes; `subject`: decoded, empty: taken out of the message, which is checked when it is in UTF-8.
 * Checks html-size (Gmail clips HTML above 102 KB: 102,400 bytes decoded), message-size,
 * alt-text, link-domain (links whose registrable domain differs from From's), link-http (not
 * https), link-shortener, stripped-tags (script, style in the body, embed, object, iframe, form:
 * Daum and others strip them), css (no inline style but classes), hidden-text, image-only, subject
 * (too long, all capitals, "Re:" that is none, repeated marks), preheader, unsubscribe (an
 * advertisement without List-Unsubscribe, or without one-click), one-part (HTML without text),
 * placeholder (a literal "{{" left, "lorem ipsum", "undefined", "null님"), empty-link. */
struct lint_message {
    struct str message, html, text, subject;
    const char *from_domain; /* A-label */
    bool is_ad;
};
void lint_check_message(const struct lint_message *m, struct lint *l);

/* ---- the sender in the DNS ---- */

enum dns_answer { DNS_NOT_ASKED, DNS_FOUND, DNS_NOTHING, DNS_FAILED };
struct lint_txt {
    char *name; /* asked */
    enum dns_answer answer;
    char **txt; /* each with its strings put together */
    size_t count;
};
/* The names whose TXT records lint_check_sender wants for this sender, one after the other: the
 * envelope domain and From's domain (SPF), _dmarc.DOMAIN and that of the organisational domain,
 * SELECTOR._domainkey.DOMAIN of each key. NULL: no more. Owned by the caller. */
struct lint_sender {
    const char *from_domain, *envelope_domain; /* A-labels */
    const struct lint_key {
        const char *domain, *selector;
        const char *record; /* what should stand there */
    } * key;
    size_t keys;
    char **source; /* IP addresses that we send from; NULL members: the system's choice */
    size_t sources;
};
char *lint_wanted(const struct lint_sender *s, size_t i);
/* Checks spf (no record, several, broken, "+all", more than ten look-ups as far as it shows,
 * ip4/ip6 mechanisms that miss our sources while nothing else could allow them), spf-alignment and
 * dkim-alignment (relaxed: the organisational domain), dkim-record, dmarc (no record, broken,
 * p=none as a note, neither aligned: an error under p=quarantine or reject). */
void lint_check_sender(const struct lint_sender *s, const struct lint_txt *txt, size_t count,
                       struct lint *l);
/* "a.b.co.kr" -> "b.co.kr": by a short list of second-level suffixes (kr, jp, uk, ...), not the
 * whole public suffix list. Points into `domain`. */
const char *lint_organisation(const char *domain);

#endif
