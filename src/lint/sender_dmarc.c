/* From's DMARC policy: its own record, else that of its organisation (RFC 7489, section 6.6.3; RFC
 * 9989). */
#include "sender.h"

#include <stdlib.h>

#include <sluice/base/must.h>

#include "tags.h"

#define CHECK "dmarc"

/* v=DMARC1 comes first, exactly so. */
static bool is_dmarc(struct str txt)
{
    struct str rest = txt, first, name;

    if (!str_cut(&rest, ';', &first) || !str_cut(&first, '=', &name))
        return false;
    return str_is(str_trim(name), "v") && str_is(str_trim(first), "DMARC1");
}

static const char *policy_name(struct str value)
{
    static const char *const names[] = {"none", "quarantine", "reject"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (str_eq_nocase(value, str_of(names[i])))
            return names[i];
    }
    return NULL;
}

static bool read_alignment(struct str record, const char *tag, enum alignment *out)
{
    struct str value;

    if (!tags_find(record, tag, &value))
        return true;
    if (str_eq_nocase(value, str_of("s")))
        *out = ALIGN_STRICT;
    return str_eq_nocase(value, str_of("s")) || str_eq_nocase(value, str_of("r"));
}

static void broken(const struct sender_work *w, const char *name, const char *what)
{
    lint_add(w->findings, LINT_ERROR, CHECK,
             "the DMARC record at %s %s: receivers take it for void; it should read \"v=DMARC1; "
             "p=none; rua=mailto:...\"",
             name, what);
}

/* The policy that holds for us; NULL: there is none, or an unknown one. is_own: the record stands
 * at From's domain itself, else at its organisation's. */
static const char *policy_of(struct str record, bool is_own)
{
    struct str p, sp;
    const char *policy = tags_find(record, "p", &p) ? policy_name(p) : NULL;

    return policy && !is_own && tags_find(record, "sp", &sp) ? policy_name(sp) : policy;
}

static void read_record(const struct sender_work *w, struct str record, const char *name,
                        bool is_own, struct dmarc *out)
{
    struct str value;
    const char *policy = policy_of(record, is_own);

    if (tags_broken(record).n) {
        broken(w, name, "is broken");
        return;
    }
    if (!policy && !tags_find(record, "rua", &value)) {
        broken(w, name, "has no policy (p=none, quarantine or reject)");
        return;
    }
    if (!policy) {
        lint_add(w->findings, LINT_WARNING, CHECK,
                 "the DMARC record at %s has no policy that exists (p=none, quarantine or reject): "
                 "receivers read it as none",
                 name);
        policy = "none";
    }
    if (!read_alignment(record, "adkim", &out->dkim) || !read_alignment(record, "aspf", &out->spf))
        lint_add(
            w->findings, LINT_WARNING, CHECK,
            "the DMARC record at %s has an alignment that is neither r nor s: receivers pass it "
            "over",
            name);
    out->is_known = true;
    out->policy = policy;
    out->is_enforced = strcmp(policy, "none") != 0;
    if (!out->is_enforced)
        lint_add(
            w->findings, LINT_NOTE, CHECK,
            "the DMARC policy at %s is none: enough for Gmail and Naver, but nobody is kept from "
            "forging %s; quarantine or reject is the aim once reports look well",
            name, w->sender->from_domain);
    else if (tags_find(record, "t", &value) && str_eq_nocase(value, str_of("y")))
        lint_add(
            w->findings, LINT_NOTE, CHECK,
            "the DMARC record at %s says that it is a test (t=y): its policy is not applied in "
            "full",
            name);
}

/* Whether this name settled it. */
static bool look_at(const struct sender_work *w, const char *domain, bool is_own, struct dmarc *out)
{
    char *name = mem_printf("_dmarc.%s", domain);
    const struct lint_txt *t = sender_txt(w, name);
    bool is_settled = sender_is_unknown(w, t, CHECK, name);
    const char *record;
    unsigned found;

    if (!is_settled) {
        record = sender_record(t, is_dmarc, &found);
        is_settled = found > 0;
        if (record)
            read_record(w, str_of(record), name, is_own, out);
        else if (found)
            lint_add(w->findings, LINT_ERROR, CHECK,
                     "%s has %u DMARC records: receivers take them all for void; keep one", name,
                     found);
    }
    free(name);
    return is_settled;
}

void check_dmarc(const struct sender_work *w, struct dmarc *out)
{
    const char *from = w->sender->from_domain, *organisation = lint_organisation(from);
    bool is_own = str_eq_nocase(str_of(from), str_of(organisation));

    *out = (struct dmarc){.policy = "none", .spf = ALIGN_RELAXED, .dkim = ALIGN_RELAXED};
    if (look_at(w, from, true, out) || (!is_own && look_at(w, organisation, false, out)))
        return;
    lint_add(
        w->findings, LINT_WARNING, CHECK,
        "%s has no DMARC record: Gmail, Yahoo and Naver ask senders of bulk mail for one; publish "
        "\"v=DMARC1; p=none; rua=mailto:...\" at _dmarc.%s",
        from, organisation);
}
