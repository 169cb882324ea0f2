/* A sender in the DNS: which names matter, and whether SPF and DKIM speak for From's domain (RFC
 * 7489 and 9989, alignment). */
#include "sender.h"

#include <stdlib.h>

#include <sluice/base/must.h>

/* ---- names */

#define FIXED_NAMES 4

static char *candidate(const struct lint_sender *s, size_t i)
{
    switch (i) {
    case 0:
        return mem_str(s->envelope_domain);
    case 1:
        return mem_str(s->from_domain);
    case 2:
        return mem_printf("_dmarc.%s", s->from_domain);
    case 3:
        return mem_printf("_dmarc.%s", lint_organisation(s->from_domain));
    default:
        return mem_printf("%s._domainkey.%s", s->key[i - FIXED_NAMES].selector,
                          s->key[i - FIXED_NAMES].domain);
    }
}

static bool is_repeated(const struct lint_sender *s, size_t i, const char *name)
{
    for (size_t k = 0; k < i; k++) {
        char *other = candidate(s, k);
        bool is_same = str_eq_nocase(str_of(name), str_of(other));

        free(other);
        if (is_same)
            return true;
    }
    return false;
}

char *lint_wanted(const struct lint_sender *s, size_t i)
{
    for (size_t k = 0; k < FIXED_NAMES + s->keys; k++) {
        char *name = candidate(s, k);

        if (!is_repeated(s, k, name) && i-- == 0)
            return name;
        free(name);
    }
    return NULL;
}

const struct lint_txt *sender_txt(const struct sender_work *w, const char *name)
{
    for (size_t i = 0; i < w->count; i++) {
        if (str_eq_nocase(str_of(w->txt[i].name), str_of(name)))
            return &w->txt[i];
    }
    return NULL;
}

const char *sender_record(const struct lint_txt *t, bool (*is)(struct str txt), unsigned *found)
{
    const char *record = NULL;

    *found = 0;
    for (size_t i = 0; t->answer == DNS_FOUND && i < t->count; i++) {
        if (is(str_of(t->txt[i]))) {
            record = t->txt[i];
            ++*found;
        }
    }
    return *found == 1 ? record : NULL;
}

bool sender_is_unknown(const struct sender_work *w, const struct lint_txt *t, const char *check,
                       const char *name)
{
    if (t && t->answer != DNS_NOT_ASKED && t->answer != DNS_FAILED)
        return false;
    lint_add(w->findings, LINT_NOTE, check, "%s %s: nothing can be said of it",
             t && t->answer == DNS_FAILED ? "the DNS gave no answer for"
                                          : "the DNS was not asked for",
             name);
    return true;
}

/* ---- alignment */

static bool is_aligned(const char *domain, const char *from, enum alignment how)
{
    return how == ALIGN_STRICT ? str_eq_nocase(str_of(domain), str_of(from))
                               : lint_same_organisation(domain, from);
}

static bool is_dkim_aligned(const struct lint_sender *s, enum alignment how)
{
    for (size_t i = 0; i < s->keys; i++) {
        if (is_aligned(s->key[i].domain, s->from_domain, how))
            return true;
    }
    return false;
}

static const char *how_name(enum alignment how)
{
    return how == ALIGN_STRICT ? "strict: the very domain" : "relaxed: the same organisation";
}

static void check_alignment(const struct sender_work *w, const struct dmarc *d)
{
    const struct lint_sender *s = w->sender;
    bool spf = is_aligned(s->envelope_domain, s->from_domain, d->spf);
    bool dkim = is_dkim_aligned(s, d->dkim);

    if (!spf)
        lint_add(w->findings, dkim ? LINT_NOTE : LINT_WARNING, "spf-alignment",
                 "the envelope's domain %s is not From's %s (%s): SPF does not speak for From; set "
                 "envelope_domain to one of From's organisation",
                 s->envelope_domain, s->from_domain, how_name(d->spf));
    if (!dkim && s->keys == 0)
        lint_add(
            w->findings, LINT_WARNING, "dkim-alignment",
            "no DKIM key for %s: the message is not signed, and Gmail, Naver and Microsoft ask "
            "senders of bulk mail for it; make one with sluice key new",
            s->from_domain);
    else if (!dkim)
        lint_add(w->findings, LINT_WARNING, "dkim-alignment",
                 "no signature is by From's domain %s (%s), only by %s: make a key for it",
                 s->from_domain, how_name(d->dkim), s->key[0].domain);
    if (!spf && !dkim && d->is_enforced)
        lint_add(
            w->findings, LINT_ERROR, "dmarc",
            "neither SPF nor DKIM is aligned with %s, whose DMARC policy is %s: receivers will "
            "%s every message",
            s->from_domain, d->policy, strcmp(d->policy, "reject") == 0 ? "refuse" : "put aside");
}

void lint_check_sender(const struct lint_sender *s, const struct lint_txt *txt, size_t count,
                       struct lint *l)
{
    struct sender_work w = {.sender = s, .txt = txt, .count = count, .findings = l};
    struct dmarc d;

    check_spf(&w);
    check_dkim_records(&w);
    check_dmarc(&w, &d);
    check_alignment(&w, &d);
}
