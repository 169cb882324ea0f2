/* Whether the keys that we sign with stand in the DNS (RFC 6376, section 3.6.1). */
#include "sender.h"

#include <stdlib.h>

#include <sluice/base/must.h>

#include "tags.h"

#define CHECK "dkim-record"

static bool is_key(struct str txt)
{
    struct str value;

    return tags_find(txt, "p", &value);
}

/* Records may have blanks anywhere in base64. */
static bool is_same_key(struct str a, struct str b)
{
    size_t i = 0, k = 0;

    for (;;) {
        while (i < a.n && (a.p[i] == ' ' || a.p[i] == '\t'))
            i++;
        while (k < b.n && (b.p[k] == ' ' || b.p[k] == '\t'))
            k++;
        if (i == a.n || k == b.n)
            return i == a.n && k == b.n;
        if (a.p[i++] != b.p[k++])
            return false;
    }
}

/* "sha256" in "sha1:sha256" */
static bool has_word(struct str list, const char *word)
{
    struct str one;

    while (str_cut(&list, ':', &one)) {
        if (str_eq_nocase(str_trim(one), str_of(word)))
            return true;
    }
    return false;
}

/* What makes the record useless for our signatures; NULL: nothing. */
static const char *fault_of(struct str record, struct str ours)
{
    struct str value, mine, type = str_of("rsa"), our_type = str_of("rsa");

    if (tags_broken(record).n)
        return "is broken: it must read v=DKIM1; k=...; p=...";
    if (tags_find(record, "v", &value) && !str_is(value, "DKIM1"))
        return "has another version than v=DKIM1";
    if (tags_find(record, "h", &value) && !has_word(value, "sha256"))
        return "does not allow sha256 (h=)";
    if (tags_find(record, "s", &value) && !has_word(value, "*") && !has_word(value, "email"))
        return "is not for e-mail (s=)";
    tags_find(record, "p", &value);
    if (value.n == 0)
        return "is revoked (p= is empty)";
    tags_find(record, "k", &type);
    tags_find(ours, "k", &our_type);
    if (!str_eq_nocase(type, our_type))
        return "is of another kind than the key that signs (k=)";
    if (tags_find(ours, "p", &mine) && !is_same_key(mine, value))
        return "holds another key than the one that signs";
    return NULL;
}

static void check_key(const struct sender_work *w, const struct lint_key *key, const char *name)
{
    const struct lint_txt *t = sender_txt(w, name);
    const char *record, *fault;
    struct str flags;
    unsigned found;

    if (sender_is_unknown(w, t, CHECK, name))
        return;
    record = sender_record(t, is_key, &found);
    if (!record) {
        if (found)
            lint_add(w->findings, LINT_ERROR, CHECK,
                     "%s has %u records with a key: which one counts is left to chance; keep one",
                     name, found);
        else
            lint_add(w->findings, LINT_ERROR, CHECK,
                     "%s has no DKIM record: no signature verifies; publish what sluice key check "
                     "prints",
                     name);
        return;
    }
    fault = fault_of(str_of(record), key->record ? str_of(key->record) : (struct str){NULL, 0});
    if (fault)
        lint_add(w->findings, LINT_ERROR, CHECK,
                 "the DKIM record at %s %s: no signature verifies; publish what sluice key check "
                 "prints",
                 name, fault);
    else if (tags_find(str_of(record), "t", &flags) && has_word(flags, "y"))
        lint_add(
            w->findings, LINT_NOTE, CHECK,
            "the DKIM record at %s says that it is a test (t=y): receivers may treat the mail as "
            "unsigned",
            name);
}

void check_dkim_records(const struct sender_work *w)
{
    for (size_t i = 0; i < w->sender->keys; i++) {
        const struct lint_key *key = &w->sender->key[i];
        char *name = mem_printf("%s._domainkey.%s", key->selector, key->domain);

        check_key(w, key, name);
        free(name);
    }
}
