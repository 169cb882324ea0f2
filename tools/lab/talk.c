/* talk.c: the dialogue apart from messages. See sess.h. */
#include <stdio.h>
#include <strings.h>
#include "maintenance.h"
#include "sess.h"
#include "verdict.h"

#define MISTAKES_MAX 100

/* {rcpt}, {from}, {ip}, {host}, {helo}: what a text may ask for. */
static struct str variable(const struct session *s, struct str name)
{
    if (str_is(name, "rcpt"))
        return s->tos ? s->to[s->tos - 1] : str_of("");
    if (str_is(name, "from"))
        return str_n(s->from, s->from_n);
    if (str_is(name, "ip"))
        return str_of(s->ip);
    if (str_is(name, "host"))
        return str_of(s->host);
    if (str_is(name, "helo"))
        return str_of(s->helo);
    return (struct str){NULL, 0};
}

static void fill(const struct session *s, struct str text, struct buf *out)
{
    while (text.n) {
        const char *open = memchr(text.p, '{', text.n);
        const char *close = open ? memchr(open, '}', text.n - (size_t)(open - text.p)) : NULL;
        size_t plain = close ? (size_t)(open - text.p) : text.n;
        buf_put(out, text.p, plain);
        if (!close)
            return;
        struct str name = str_n(open + 1, (size_t)(close - open) - 1);
        struct str value = variable(s, name);
        if (value.p)
            buf_put(out, value.p, value.n);
        else
            buf_put(out, open, name.n + 2);
        size_t used = plain + name.n + 2;
        text = str_n(text.p + used, text.n - used);
    }
}

/* The first line of a filled-in reply, for the records; valid until the next call. */
static const char *filled_text(const struct session *s, const struct reply *r)
{
    static char text[600];
    struct buf b;
    buf_init(&b, sizeof text - 1);
    fill(s, str_of(r->text), &b);
    str_copy(text, sizeof text, str_n(b.data, b.len));
    buf_done(&b);
    return text;
}

static void put_reply(struct session *s, const struct reply *r, size_t part)
{
    if (!r->has_vars) {
        sess_put(s, r->bytes, r->n / part);
        return;
    }
    struct buf b;
    buf_init(&b, REPLY_BYTES_MAX);
    fill(s, str_n(r->bytes, r->n), &b);
    sess_put(s, b.data, b.len / part);
    buf_done(&b);
}

struct said talk_reply(struct session *s, const struct reply *r, bool closes)
{
    put_reply(s, r, 1);
    if (closes)
        s->closing = true;
    struct said said = {.effect = r->code >= 400 || r->code == 0 ? EFFECT_REFUSED : EFFECT_OK,
                        .code = r->code,
                        .text = r->text,
                        .is_own_text = r->has_vars};
    if (r->has_vars)
        said.text = filled_text(s, r);
    return said;
}

static struct said gone(struct session *s, enum stage at, const char *text)
{
    s->receiver->tally.dropped[at]++;
    return (struct said){.effect = EFFECT_GONE, .text = text};
}

static struct said act(struct session *s, enum stage at, const struct rule *u)
{
    s->delay_ms = u->delay_ms;
    switch (u->action) {
    case ACT_REPLY:
        return talk_reply(s, &u->reply, u->closes);
    case ACT_ACCEPT:
    case ACTIONS:
        break;
    case ACT_RESET:
        s->resetting = true;
        /* fall through */
    case ACT_DROP:
        sess_put(s, "", 0);
        s->closing = true;
        return gone(s, at, "(dropped)");
    case ACT_DROP_MID_REPLY:
        put_reply(s, &u->reply, 2);
        s->closing = true;
        if (at != AT_DOT || u->reply.code / 100 != 2)
            return gone(s, at, "(dropped in mid-reply)");
        /* Who begins to say 250 has taken the message. */
        s->receiver->tally.dropped[at]++;
        return (struct said){.effect = EFFECT_TAKEN,
                             .code = u->reply.code,
                             .text = "(accepted, dropped in mid-reply)"};
    case ACT_DROP_AFTER_ACCEPT:
        sess_put(s, "", 0);
        s->closing = true;
        s->receiver->tally.dropped[at]++;
        return (struct said){.effect = EFFECT_TAKEN, .text = "(accepted, then dropped)"};
    case ACT_STALL:
        s->stalled = true;
        return gone(s, at, "(stalled)");
    }
    return (struct said){.effect = EFFECT_NONE};
}

struct rule *talk_find(struct session *s, enum stage at)
{
    size_t first = at == AT_RCPT && s->tos > 0 ? s->tos - 1 : 0;
    uint32_t connection = s->serial > UINT32_MAX ? UINT32_MAX : (uint32_t)s->serial;
    struct ask ask = {.receiver = s->receiver,
                      .at = at,
                      .from = str_n(s->from, s->from_n),
                      .count = s->tos - first,
                      .serial = s->serial,
                      .since_ms = s->lab->loop.now_ms - s->lab->loop.start_ms,
                      .seed = s->lab->scene->seed};
    if (s->receiver->rules[at] == 0)
        return NULL;
    if (at < AT_RCPT || at > AT_DOT) {
        ask.attempts = &connection;
    } else if (s->tos > 0) {
        ask.to = s->to + first;
        ask.attempts = s->attempts + first;
    }
    return verdict_find(&ask);
}

struct said talk_rules(struct session *s, enum stage at)
{
    struct receiver *v = s->receiver;
    struct said said = {.effect = EFFECT_NONE};
    if (v->refuse_all.n && v->refuse_at == at) {
        said = talk_reply(s, &v->refuse_all, v->refuse_all.code == 421);
    } else {
        const struct rule *u = talk_find(s, at);
        if (u)
            said = act(s, at, u);
    }
    if (said.effect == EFFECT_REFUSED)
        v->tally.refused[at]++;
    return said;
}

void talk_mistake(struct session *s, const char *reply)
{
    s->receiver->tally.bad_commands++;
    if (++s->mistakes > MISTAKES_MAX) {
        sess_puts(s, "421 4.7.0 Too many errors");
        s->closing = true;
        return;
    }
    sess_puts(s, reply);
}

static bool over_connections(struct session *s)
{
    struct receiver *v = s->receiver;
    int64_t now_us = s->lab->loop.now_us;
    bool over = v->max_connections && v->open > v->max_connections;
    if (!over && v->connection_rate.interval_us) {
        over = rate_when(&v->connection_rate, now_us) > now_us;
        if (!over)
            rate_take(&v->connection_rate, now_us);
    }
    if (!over)
        return false;
    v->tally.refused_connections++;
    struct said said = talk_reply(s, &v->over_connections, true);
    log_deal(s, NULL, AT_BANNER, said.code, said.text, false);
    return true;
}

void talk_banner(struct session *s)
{
    struct receiver *v = s->receiver;
    if (maintenance_is_on(s->lab, v)) {
        v->tally.refused_connections++;
        struct said no = talk_reply(s, &v->maintenance_reply, true);
        log_deal(s, NULL, AT_BANNER, no.code, no.text, false);
        return;
    }
    if (over_connections(s))
        return;
    struct said said = talk_rules(s, AT_BANNER);
    if (said.effect == EFFECT_NONE)
        (void)talk_reply(s, &v->banner, v->banner.code == 421);
    else
        log_deal(s, NULL, AT_BANNER, said.code, said.text, false);
}

static void say_ehlo(struct session *s)
{
    static const char usual[] = "PIPELINING\nSIZE 52428800\n8BITMIME\nENHANCEDSTATUSCODES\n";
    const struct receiver *v = s->receiver;
    struct buf b;
    buf_init(&b, REPLY_BYTES_MAX);
    buf_printf(&b, "250-%s\r\n", s->host);
    size_t last = 0;
    struct str rest = str_of(v->ehlo ? v->ehlo : usual);
    struct str line;
    while (str_cut(&rest, '\n', &line)) {
        last = b.len;
        buf_printf(&b, "250-%.*s\r\n", (int)line.n, line.p);
    }
    if (v->tls != TLS_NONE && !s->tls) {
        last = b.len;
        buf_puts(&b, "250-STARTTLS\r\n");
    }
    b.data[last + 3] = ' ';
    sess_put(s, b.data, b.len);
    buf_done(&b);
}

static void hello(struct session *s, struct str args, bool extended)
{
    deal_reset(s);
    if (args.n == 0) {
        talk_mistake(s, "501 5.5.4 A host name is wanted");
        return;
    }
    str_copy(s->helo, sizeof s->helo, args);
    for (char *c = s->helo; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = '?';
    struct said said = talk_rules(s, extended ? AT_EHLO : AT_HELO);
    if (said.effect == EFFECT_NONE && extended) {
        say_ehlo(s);
        return;
    }
    if (said.effect == EFFECT_NONE) {
        char line[PATTERN_NAME + 8];
        (void)snprintf(line, sizeof line, "250 %s", s->host);
        sess_puts(s, line);
        return;
    }
    if (said.effect != EFFECT_OK) {
        s->helo[0] = '\0';
        log_deal(s, NULL, AT_EHLO, said.code, said.text, false);
    }
}

static void starttls(struct session *s)
{
    if (s->receiver->tls == TLS_NONE || s->tls) {
        talk_mistake(s, s->tls ? "503 5.5.1 TLS is on already" : "502 5.5.1 No such command");
        return;
    }
    struct said said = talk_rules(s, AT_STARTTLS);
    if (said.effect == EFFECT_NONE && s->receiver->tls == TLS_REFUSE) {
        sess_puts(s, "454 4.7.0 TLS is not available now");
        s->receiver->tally.refused[AT_STARTTLS]++;
    } else if (said.effect == EFFECT_NONE || said.effect == EFFECT_OK) {
        if (said.effect == EFFECT_NONE)
            sess_puts(s, "220 2.0.0 Go ahead");
        sess_start_tls(s);
    }
}

static void quit(struct session *s)
{
    struct said said = talk_rules(s, AT_QUIT);
    if (said.effect == EFFECT_NONE)
        sess_puts(s, "221 2.0.0 Bye");
    if (said.effect != EFFECT_GONE || !s->stalled)
        s->closing = true;
}

static void rset(struct session *s)
{
    deal_reset(s);
    if (talk_rules(s, AT_RSET).effect == EFFECT_NONE)
        sess_puts(s, "250 2.0.0 Ok");
}

static bool is_verb(struct str line, const char *verb, struct str *args)
{
    size_t n = strlen(verb);
    if (line.n < n || strncasecmp(line.p, verb, n) != 0)
        return false;
    if (line.n > n && line.p[n] != ' ')
        return false;
    *args = str_trim(str_n(line.p + n, line.n - n));
    return true;
}

static void small_talk(struct session *s, struct str line)
{
    struct str args;
    if (is_verb(line, "NOOP", &args))
        sess_puts(s, "250 2.0.0 Ok");
    else if (is_verb(line, "VRFY", &args))
        sess_puts(s, "252 2.0.0 Send some mail and see");
    else if (is_verb(line, "HELP", &args))
        sess_puts(s, "214 2.0.0 This is sluice-lab, a rehearsal: nothing is delivered");
    else if (is_verb(line, "STARTTLS", &args))
        starttls(s);
    else if (is_verb(line, "QUIT", &args))
        quit(s);
    else
        talk_mistake(s, "500 5.5.2 No such command");
}

void talk_line(struct session *s, struct str line, bool more_behind)
{
    struct str args;
    if (more_behind && !(s->receiver->offers & OFFER_PIPELINING))
        s->receiver->tally.unannounced++;
    if (line.n && memchr(line.p, '\0', line.n))
        talk_mistake(s, "500 5.5.2 A NUL in a command");
    else if (is_verb(line, "MAIL", &args))
        deal_mail(s, args);
    else if (is_verb(line, "RCPT", &args))
        deal_rcpt(s, args);
    else if (is_verb(line, "DATA", &args))
        deal_data(s, more_behind);
    else if (is_verb(line, "BDAT", &args))
        deal_bdat(s, args);
    else if (is_verb(line, "RSET", &args))
        rset(s);
    else if (is_verb(line, "EHLO", &args))
        hello(s, args, true);
    else if (is_verb(line, "HELO", &args))
        hello(s, args, false);
    else
        small_talk(s, line);
}
