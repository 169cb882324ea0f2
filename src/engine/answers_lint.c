/* answers_lint.c: `sluice lint`: what is wrong with a job's message although it is well-formed, and with its
 * sender in the DNS. */
#include "engine.h"
#include "sample.h"
#include "txt_ask.h"

#include <stdlib.h>
#include <string.h>
#include <sluice/admin/message.h>
#include <sluice/lint/lint.h>

/* ---- the sender ---- */

/* What lint_check_sender() wants to know, and where it stands in memory meanwhile. */
struct sender {
    struct lint_sender who;
    char *envelope_domain;
    struct lint_key key[DKIM_SIGNATURES_MAX];
    struct buf record[DKIM_SIGNATURES_MAX];
    char *source[SOURCES_MAX];
};

static void add_keys(struct sender *s, const struct sample *from, const char *from_domain)
{
    const struct dkim_ring *ring = keys_dkim(setup_keys(from->setup));
    const struct dkim_key *key[DKIM_SIGNATURES_MAX];
    size_t n = ring ? dkim_ring_pick(ring, from->spec->client, from_domain, key) : 0;
    for (size_t i = 0; i < n; i++) {
        buf_init(&s->record[i], 8192);
        dkim_key_record(key[i], &s->record[i]);
        s->key[i] = (struct lint_key){dkim_key_domain(key[i]), dkim_key_selector(key[i]),
                                      s->record[i].data};
    }
    s->who.key = s->key;
    s->who.keys = n;
}

/* Those that the client may send from. */
static void add_sources(struct sender *s, const struct sample *from)
{
    const struct shaping *shaping = &setup_settings(from->setup)->shaping;
    const struct client *c = shaping_client(shaping, from->spec->client);
    for (size_t i = 0; i < shaping->sources && i < SOURCES_MAX; i++)
        if (!c || c->sources >> i & 1)
            s->source[s->who.sources++] = shaping->source[i].address;
    s->who.source = s->source;
}

static void sender_begin(struct sender *s, const struct sample *from, const char *from_domain)
{
    const char *envelope = mailing_envelope_sender(from->mailing), *at = strrchr(envelope, '@');
    *s = (struct sender){.envelope_domain = mem_str(at ? at + 1 : envelope)};
    s->who.from_domain = from_domain;
    s->who.envelope_domain = s->envelope_domain;
    add_keys(s, from, from_domain);
    add_sources(s, from);
}

static void sender_done(struct sender *s)
{
    free(s->envelope_domain);
    for (size_t i = 0; i < s->who.keys; i++)
        buf_done(&s->record[i]);
}

/* ---- the DNS ---- */

static void take_answer(struct lint_txt *to, const struct resolved_txt *a)
{
    to->answer = !a                         ? DNS_FAILED
                 : a->status == TXT_FOUND   ? DNS_FOUND
                 : a->status == TXT_NOTHING ? DNS_NOTHING
                                            : DNS_FAILED;
    if (to->answer != DNS_FOUND)
        return;
    to->txt = mem_array(a->records.count, sizeof *to->txt);
    for (unsigned i = 0; i < a->records.count; i++) {
        struct str one = txt_record(&a->records, i);
        to->txt[to->count++] = mem_strn(one.p, one.n);
    }
}

static json_t *asked_json(const struct lint_txt *t, const struct resolved_txt *a)
{
    static const char *const names[] = {[DNS_NOT_ASKED] = "not-asked",
                                        [DNS_FOUND] = "found",
                                        [DNS_NOTHING] = "nothing",
                                        [DNS_FAILED] = "failed"};
    json_t *o = json_object();
    answer_put_text(o, "name", t->name);
    answer_put_text(o, "answer", names[t->answer]);
    answer_put_text(o, "why", a ? a->why : "no answer in time");
    return o;
}

/* False: the client is gone. */
static bool check_sender(struct ask *q, const struct sender *s, struct lint *l, json_t *asked)
{
    struct txt_question t[TXT_QUESTIONS_MAX] = {0};
    struct lint_txt *txt = mem_array(TXT_QUESTIONS_MAX, sizeof *txt);
    size_t n = 0;
    while (n < TXT_QUESTIONS_MAX && (txt[n].name = lint_wanted(&s->who, n))) {
        t[n].name = txt[n].name;
        n++;
    }
    bool is_there = live_txt(q, t, n, TXT_WAIT_MS);
    for (size_t i = 0; i < n; i++) {
        take_answer(&txt[i], t[i].answer);
        json_array_append_new(asked, asked_json(&txt[i], t[i].answer));
    }
    lint_check_sender(&s->who, txt, n, l);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < txt[i].count; k++)
            free(txt[i].txt[k]);
        free(txt[i].txt);
        free(txt[i].name);
    }
    free(txt);
    txt_done(t, n);
    return is_there;
}

/* ---- the answer ---- */

static void put_findings(json_t *answer, const struct lint *l)
{
    json_t *list = json_array();
    size_t count[3] = {0};
    for (int level = LINT_ERROR; level <= LINT_NOTE; level++)
        for (size_t i = 0; i < l->count; i++) {
            if ((int)l->item[i].level != level)
                continue;
            json_t *o = json_object();
            answer_put_text(o, "level", lint_level_name(l->item[i].level));
            answer_put_text(o, "check", l->item[i].check);
            answer_put_text(o, "text", l->item[i].text);
            json_array_append_new(list, o);
            count[level]++;
        }
    json_object_set_new(answer, "findings", list);
    answer_put_count(answer, "errors", count[LINT_ERROR]);
    answer_put_count(answer, "warnings", count[LINT_WARNING]);
    answer_put_count(answer, "notes", count[LINT_NOTE]);
}

static json_t *lint(struct ask *q, const struct sample *s, struct str bytes,
                    const struct message *m)
{
    struct lint l = {0};
    struct sender sender;
    json_t *asked = json_array(), *answer = answer_ok();
    const struct lint_message looked_at = {.message = bytes,
                                           .html = str_of(m->html),
                                           .text = str_of(m->text),
                                           .subject = str_of(m->subject),
                                           .from_domain = m->from_domain,
                                           .is_ad = s->spec->msg_class == MSG_AD};
    lint_check_message(&looked_at, &l);
    sender_begin(&sender, s, m->from_domain);
    bool is_there = check_sender(q, &sender, &l, asked);
    answer_put_text(answer, "job", s->spec->id);
    answer_put_text(answer, "address", s->email);
    answer_put_text(answer, "subject", m->subject);
    answer_put_count(answer, "bytes", bytes.n);
    sample_put_warnings(s, answer);
    put_findings(answer, &l);
    json_object_set_new(answer, "asked", asked);
    sender_done(&sender);
    lint_done(&l);
    if (is_there)
        return answer;
    json_decref(answer);
    return control_error("the client went away");
}

json_t *answer_lint(struct ask *q)
{
    struct sample s;
    struct message m;
    struct buf text;
    struct err e = {0};
    json_t *answer;
    if (!sample_take(&s, q))
        return q->failed;
    buf_init(&text, MAILING_MAX_BYTES);
    if (!sample_render(&s, true, &text, &e) || !message_parse(str_n(text.data, text.len), &m, &e)) {
        answer = control_error("%s", e.text);
    } else {
        answer = lint(q, &s, str_n(text.data, text.len), &m);
        message_done(&m);
    }
    buf_done(&text);
    sample_done(&s);
    return answer;
}
