/* From a reply to a verdict: the table's first row that fits, then what the phase forbids. */
#include <sluice/reply/reply.h>

#include <sluice/base/str.h>

#include "enhanced.h"
#include "index.h"
#include "pattern.h"

struct question {
    const char *provider;
    enum phase phase;
    int code;
    char enhanced[ENHANCED_MAX]; /* "" for none */
    struct words words;
};

/* ---- conditions */

static bool in_list(const char *list, struct str name)
{
    struct str rest = str_of(list), one;

    while (str_cut(&rest, '|', &one)) {
        if (str_eq(one, name))
            return true;
    }
    return false;
}

/* "550|554", "5" */
static bool code_fits(const char *list, int code)
{
    char text[3] = {(char)('0' + code / 100), (char)('0' + code / 10 % 10),
                    (char)('0' + code % 10)};

    return in_list(list, str_n(text, 1)) || in_list(list, str_n(text, 3));
}

static bool one_enhanced_fits(struct str one, const char *text)
{
    for (size_t i = 0; i < one.n; i++) {
        if (one.p[i] == '*')
            return true;
        if (one.p[i] == 'x' ? text[i] != '4' && text[i] != '5' : one.p[i] != text[i])
            return false;
    }
    return text[one.n] == '\0';
}

static bool enhanced_fits(const char *list, const char *text)
{
    struct str rest = str_of(list), one;

    if (!*text)
        return false;
    while (str_cut(&rest, '|', &one)) {
        if (one_enhanced_fits(one, text))
            return true;
    }
    return false;
}

static bool row_fits(const struct rule *r, const void *question)
{
    const struct question *q = question;

    return (!r->phases || r->phases & IN(q->phase)) && (!r->code || code_fits(r->code, q->code)) &&
           (!r->enhanced || enhanced_fits(r->enhanced, q->enhanced)) &&
           (!r->provider || in_list(r->provider, str_of(q->provider)));
}

/* ---- what follows from category and phase */

static bool is_about_recipient(enum category c)
{
    enum group g = category_group(c);

    return g == GROUP_BAD_ADDRESS || g == GROUP_FULL || g == GROUP_REFUSED;
}

/* Before RCPT the server knows no recipient: words such as "user unknown" or "mailbox unavailable"
 * are about our sender address then, and "blocked" or "disabled" about us. */
static enum category without_recipient(enum category c, enum phase phase, int code)
{
    if (!is_about_recipient(c))
        return c;
    if (code < 500)
        return CAT_SYSTEM_ERROR;
    if (phase != PHASE_MAIL)
        return CAT_SENDER_BLOCKED;
    return c == CAT_MAILBOX_FULL ? CAT_MESSAGE_TOO_LARGE : CAT_POLICY_REFUSED;
}

static enum scope scope_of(enum category c, enum phase phase, int code)
{
    bool is_session = phase < PHASE_MAIL || code == 421;

    switch (c) {
    case CAT_SENDER_BLOCKED:
        return SCOPE_SOURCE;
    case CAT_RATE_LIMITED:
        return SCOPE_PROVIDER;
    case CAT_SPAM_CONTENT:
    case CAT_AUTH_FAILED:
    case CAT_MESSAGE_TOO_LARGE:
        return SCOPE_MESSAGE;
    case CAT_TLS_FAILED:
        return SCOPE_CONNECTION;
    case CAT_NETWORK:
        return phase == PHASE_RESOLVE ? SCOPE_RECIPIENT : SCOPE_CONNECTION;
    case CAT_POLICY_REFUSED:
    case CAT_PROTOCOL_ERROR:
        return is_session            ? SCOPE_CONNECTION
               : phase == PHASE_RCPT ? SCOPE_RECIPIENT
                                     : SCOPE_MESSAGE;
    default:
        return is_session || phase == PHASE_MAIL ? SCOPE_CONNECTION : SCOPE_RECIPIENT;
    }
}

/* RFC 5321 4.2.1: a 5xx to MAIL, RCPT or the message is final for that message, whatever its words
 * mean; we never repeat it. Two exceptions are no answers to the message at all: a 5xx before MAIL
 * (another host or another day may take it), and a demand for TLS, which the next attempt can
 * meet. */
static bool is_permanent(enum category c, enum phase phase, int code)
{
    return code >= 500 && phase >= PHASE_MAIL && phase <= PHASE_DOT && c != CAT_TLS_FAILED;
}

static void set(struct verdict *v, enum category c, const char *rule)
{
    v->category = c;
    str_copy(v->rule, sizeof v->rule, str_of(rule));
}

static void no_reply(enum phase phase, struct verdict *v)
{
    switch (phase) {
    case PHASE_STARTTLS:
        set(v, CAT_TLS_FAILED, "no-reply-starttls");
        break;
    case PHASE_RENDER:
        set(v, CAT_RENDER_ERROR, "render");
        break;
    default:
        set(v, CAT_NETWORK, phase == PHASE_RESOLVE ? "no-answer-dns" : "no-reply");
    }
    v->scope = phase == PHASE_RENDER ? SCOPE_RECIPIENT : scope_of(v->category, phase, 0);
    v->is_permanent = phase == PHASE_RENDER;
}

static void ask(const struct question *q, struct verdict *v)
{
    const struct rule *r = index_find(q->words.text, row_fits, q);

    v->by_code_only = !r || !r->text;
    set(v, r ? r->category : CAT_UNKNOWN, r ? r->name : "none");
    if (q->phase <= PHASE_MAIL)
        v->category = without_recipient(v->category, q->phase, q->code);
    v->scope = r && r->scope ? r->scope : scope_of(v->category, q->phase, q->code);
}

void reply_classify(const char *provider, enum phase phase, const struct reply *r,
                    struct verdict *out)
{
    struct question q = {.provider = provider ? provider : "", .phase = phase, .code = r->code};
    struct enhanced e;

    *out = (struct verdict){0};
    if (r->code == 0) {
        no_reply(phase, out);
        return;
    }
    if (r->code < 400) {
        set(out, r->code < 300 ? CAT_OK : CAT_PROTOCOL_ERROR, r->code < 300 ? "ok" : "code-3xx");
        out->scope = scope_of(out->category, phase, r->code);
        return;
    }
    e = enhanced_parse(str_of(r->enhanced));
    if (e.class || enhanced_find(str_of(r->text), &e))
        enhanced_format(e, q.enhanced);
    words_of(&q.words, str_of(r->text), r->code);
    ask(&q, out);
    out->is_permanent = is_permanent(out->category, phase, r->code);
}
