/* SPF of the envelope's domain, and of From's where it is another. */
#include "sender.h"
#include "spf.h"

#define CHECK "spf"

/* ---- the record by itself */

static void check_end(const struct sender_work *w, const struct spf *spf, const char *name)
{
    for (size_t i = 0; i < spf->terms; i++) {
        const struct spf_term *t = &spf->term[i];

        if (t->kind == SPF_REDIRECT)
            return;
        if (t->kind != SPF_ALL)
            continue;
        if (t->qualifier == '+')
            lint_add(w->findings, LINT_ERROR, CHECK,
                     "SPF of %s ends in '%.*s': everybody may send in its name; use ~all or -all",
                     name, (int)t->text.n, t->text.p);
        else if (t->qualifier == '?')
            lint_add(
                w->findings, LINT_WARNING, CHECK,
                "SPF of %s ends in ?all: it says nothing about other senders; use ~all or -all",
                name);
        if (i + 1 < spf->terms && spf->term[i + 1].kind < SPF_REDIRECT)
            lint_add(w->findings, LINT_WARNING, CHECK,
                     "SPF of %s has terms behind 'all', which nobody reads: %.*s", name,
                     (int)spf->term[i + 1].text.n, spf->term[i + 1].text.p);
        return;
    }
    lint_add(w->findings, LINT_WARNING, CHECK,
             "SPF of %s has no 'all' at its end: it says nothing about other senders; add ~all or "
             "-all",
             name);
}

static void check_terms(const struct sender_work *w, const struct spf *spf, const char *name)
{
    bool has_include = false, has_ptr = false;

    for (size_t i = 0; i < spf->terms; i++) {
        has_include |= spf->term[i].kind == SPF_INCLUDE || spf->term[i].kind == SPF_REDIRECT;
        has_ptr |= spf->term[i].kind == SPF_PTR;
    }
    if (has_ptr)
        lint_add(w->findings, LINT_WARNING, CHECK,
                 "SPF of %s uses ptr, which is slow and which large receivers pass over (RFC 7208, "
                 "section 5.5); name the addresses",
                 name);
    if (spf->lookups > SPF_LOOKUPS_MAX)
        lint_add(w->findings, LINT_ERROR, CHECK,
                 "SPF of %s asks for %u other names, %d are allowed: receivers take the record for "
                 "void (permerror); name addresses instead",
                 name, spf->lookups, SPF_LOOKUPS_MAX);
    else if (has_include && spf->lookups + 2 >= SPF_LOOKUPS_MAX)
        lint_add(
            w->findings, LINT_NOTE, CHECK,
            "SPF of %s asks for %u other names, %d are allowed, and those that are included may "
            "ask for more: that cannot be told from here",
            name, spf->lookups, SPF_LOOKUPS_MAX);
}

/* ---- our addresses */

struct sources {
    bool has_unknown; /* the system chooses the address */
    struct buf list[SPF_CANNOT_TELL + 1];
    unsigned count[SPF_CANNOT_TELL + 1];
};

static void sort_sources(const struct lint_sender *s, const struct spf *spf, struct sources *out)
{
    for (size_t i = 0; i < s->sources; i++) {
        enum spf_result r;

        if (!s->source[i]) {
            out->has_unknown = true;
            continue;
        }
        r = spf_match(spf, s->source[i]);
        buf_printf(&out->list[r], "%s%s", out->count[r] ? ", " : "", s->source[i]);
        out->count[r]++;
    }
}

static void say_sources(const struct sender_work *w, const struct sources *s, const char *name)
{
    static const struct {
        enum spf_result result;
        enum lint_level level;
        const char *text;
    } rows[] = {
        {SPF_FAIL, LINT_ERROR,
         "does not allow our address %s (fail): receivers refuse the mail; add ip4:... or ip6:..."},
        {SPF_SOFTFAIL, LINT_ERROR,
         "does not allow our address %s (softfail): the mail counts as not authenticated; add "
         "ip4:... or ip6:..."},
        {SPF_NEUTRAL, LINT_WARNING,
         "says nothing about our address %s (neutral): the mail counts as not authenticated; add "
         "ip4:... or ip6:..."},
        {SPF_CANNOT_TELL, LINT_NOTE,
         "may allow our address %s by other names that it includes: that cannot be told from "
         "here"}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf text;

        if (s->count[rows[i].result] == 0)
            continue;
        buf_init(&text, 4096);
        for (const char *p = rows[i].text; *p; p++) {
            if (*p == '%' && *++p == 's')
                buf_puts(&text, s->list[rows[i].result].data);
            else
                buf_putc(&text, *p);
        }
        lint_add(w->findings, rows[i].level, CHECK, "SPF of %s %s", name, text.data);
        buf_done(&text);
    }
}

static void check_sources(const struct sender_work *w, const struct spf *spf, const char *name)
{
    struct sources s = {.count = {0}};

    for (size_t i = 0; i < sizeof s.list / sizeof *s.list; i++)
        buf_init(&s.list[i], 2048);
    sort_sources(w->sender, spf, &s);
    say_sources(w, &s, name);
    if (s.has_unknown)
        lint_add(w->findings, LINT_NOTE, CHECK,
                 "SPF of %s cannot be compared with our addresses: the configuration names none "
                 "(source_addresses, sources)",
                 name);
    for (size_t i = 0; i < sizeof s.list / sizeof *s.list; i++)
        buf_done(&s.list[i]);
}

/* ---- finding it */

static void check_record(const struct sender_work *w, const char *record, const char *name,
                         bool is_envelope)
{
    struct spf spf;

    spf_parse(str_of(record), &spf);
    if (spf.bad.n) {
        char shown[SHOWN_SIZE];

        lint_add(w->findings, is_envelope ? LINT_ERROR : LINT_WARNING, CHECK,
                 "SPF of %s is broken at '%s': %s; receivers take the whole record for void "
                 "(permerror)",
                 name, lint_show(shown, spf.bad), spf.why);
        return;
    }
    check_end(w, &spf, name);
    if (!is_envelope)
        return;
    check_terms(w, &spf, name);
    check_sources(w, &spf, name);
}

static void check_name(const struct sender_work *w, const char *name, bool is_envelope)
{
    const struct lint_txt *t = sender_txt(w, name);
    const char *record;
    unsigned found;

    if (sender_is_unknown(w, t, CHECK, name))
        return;
    record = sender_record(t, spf_is, &found);
    if (record)
        check_record(w, record, name, is_envelope);
    else if (found > 1)
        lint_add(w->findings, is_envelope ? LINT_ERROR : LINT_WARNING, CHECK,
                 "%s has %u SPF records: receivers take them all for void (permerror); make one of "
                 "them",
                 name, found);
    else if (is_envelope)
        lint_add(
            w->findings, LINT_ERROR, CHECK,
            "%s has no SPF record: Gmail, Naver and Microsoft refuse or put aside mail without "
            "one; publish \"v=spf1 ip4:OUR-ADDRESS -all\"",
            name);
    else
        lint_add(w->findings, LINT_NOTE, CHECK,
                 "%s, From's domain, has no SPF record; the envelope's domain counts, but some "
                 "filters look at From's too",
                 name);
}

void check_spf(const struct sender_work *w)
{
    const struct lint_sender *s = w->sender;

    check_name(w, s->envelope_domain, true);
    if (!str_eq_nocase(str_of(s->envelope_domain), str_of(s->from_domain)))
        check_name(w, s->from_domain, false);
}
