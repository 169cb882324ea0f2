/* answers_keys.c: `sluice key check`: the keys that the daemon signs with, against what the DNS says. */
#include "engine.h"
#include "txt_ask.h"

#include <stdlib.h>
#include <string.h>

static const char *verdict_name(enum dkim_record_verdict v)
{
    static const char *const names[] = {[DKIM_RECORD_GOOD] = "good",
                                        [DKIM_RECORD_OTHER_KEY] = "other-key",
                                        [DKIM_RECORD_REVOKED] = "revoked",
                                        [DKIM_RECORD_TESTING] = "testing",
                                        [DKIM_RECORD_BROKEN] = "broken"};
    return names[v];
}

/* Several records at one name are one too many (RFC 6376 3.6.2.2: undefined): what is said is said of the
 * best. */
static void put_found(json_t *o, const struct dkim_key *k, const struct txt_records *t)
{
    char why[160], best_why[200] = "";
    enum dkim_record_verdict best = DKIM_RECORD_BROKEN;
    for (unsigned i = 0; i < t->count; i++) {
        enum dkim_record_verdict v = dkim_record_check(k, txt_record(t, i), why);
        if (i > 0 && (v == DKIM_RECORD_BROKEN || best == DKIM_RECORD_GOOD))
            continue;
        best = v;
        str_copy(best_why, sizeof best_why, str_of(v == DKIM_RECORD_GOOD ? "" : why));
    }
    if (t->count > 1 && best == DKIM_RECORD_GOOD) {
        best = DKIM_RECORD_BROKEN;
        str_copy(best_why, sizeof best_why,
                 str_of("several TXT records stand there: receivers may take the wrong one"));
    }
    answer_put_text(o, "verdict", verdict_name(best));
    answer_put_text(o, "why", best_why);
}

static json_t *key_json(const struct dkim_key *k, const struct txt_question *t)
{
    json_t *o = json_object();
    answer_put_text(o, "domain", dkim_key_domain(k));
    answer_put_text(o, "selector", dkim_key_selector(k));
    answer_put_text(o, "algorithm",
                    dkim_key_algorithm(k) == DKIM_RSA_SHA256 ? "rsa-sha256" : "ed25519-sha256");
    answer_put_count(o, "bits", dkim_key_bits(k));
    answer_put_text(o, "name", t->name);
    if (t->answer && t->answer->status == TXT_FOUND) {
        put_found(o, k, &t->answer->records);
    } else {
        bool is_missing = t->answer && t->answer->status == TXT_NOTHING;
        answer_put_text(o, "verdict", is_missing ? "missing" : "failed");
        answer_put_text(o, "why", t->answer ? t->answer->why : "no answer in time");
    }
    if (strcmp(json_string_value(json_object_get(o, "verdict")), "good") != 0) {
        struct buf record;
        buf_init(&record, 8192);
        dkim_key_record(k, &record);
        answer_put_text(o, "record", record.data);
        buf_done(&record);
    }
    return o;
}

/* Those of the domain (NULL: all); at most TXT_QUESTIONS_MAX. */
static size_t pick_keys(const struct dkim_ring *ring, const char *domain,
                        const struct dkim_key *key[TXT_QUESTIONS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < dkim_ring_count(ring) && n < TXT_QUESTIONS_MAX; i++) {
        const struct dkim_key *k = dkim_ring_key(ring, i);
        if (!domain || str_eq_nocase(str_of(domain), str_of(dkim_key_domain(k))))
            key[n++] = k;
    }
    return n;
}

static json_t *check(struct ask *q, const struct dkim_key *const *key, size_t n)
{
    struct txt_question t[TXT_QUESTIONS_MAX] = {0};
    json_t *answer = answer_ok(), *keys = json_array();
    for (size_t i = 0; i < n; i++)
        t[i].name =
            mem_printf("%s._domainkey.%s", dkim_key_selector(key[i]), dkim_key_domain(key[i]));
    bool is_there = live_txt(q, t, n, TXT_WAIT_MS);
    for (size_t i = 0; i < n && is_there; i++)
        json_array_append_new(keys, key_json(key[i], &t[i]));
    json_object_set_new(answer, "keys", keys);
    for (size_t i = 0; i < n; i++)
        free((char *)t[i].name);
    txt_done(t, n);
    return answer;
}

static json_t *no_keys(const struct dkim_ring *ring, const char *domain)
{
    struct nearest near;
    char hint[120];
    if (!domain)
        return control_error("the configuration names no DKIM key: see `sluice help key new`");
    nearest_start(&near, domain);
    for (size_t i = 0; ring && i < dkim_ring_count(ring); i++)
        nearest_offer(&near, dkim_key_domain(dkim_ring_key(ring, i)));
    return control_error("no DKIM key of '%.100s' in the configuration%s", domain,
                         nearest_hint(&near, hint));
}

json_t *answer_keys(struct ask *q)
{
    const char *domain = ask_text(q, "domain");
    const struct dkim_key *key[TXT_QUESTIONS_MAX];
    struct setup *s = engine_hold(q->engine);
    const struct dkim_ring *ring = keys_dkim(setup_keys(s));
    size_t n = ring ? pick_keys(ring, domain, key) : 0;
    json_t *answer = n > 0 ? check(q, key, n) : no_keys(ring, domain);
    engine_let_go(q->engine, s);
    return answer;
}
