/* deal.c: the mail transaction. See sess.h. */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sluice/base/must.h>
#include "maintenance.h"
#include "sess.h"

#define HEAD_BYTES (16U << 10) /* enough for a Message-ID */
#define KEEP_BYTES (64U << 20)

void deal_reset(struct session *s)
{
    s->has_from = false;
    s->from_n = 0;
    s->tos = 0;
    s->saw_rcpt = false;
    s->wants_utf8 = false;
    s->in_chunks = false;
    s->body_failed = false;
    s->state = SESS_COMMAND;
}

/* <path> in front of *rest: cuts it off, without the brackets and a source route. */
static bool path_parse(struct str *rest, struct str *path)
{
    struct str t = str_trim(*rest);
    bool quoted = false;
    size_t end = 1;
    if (t.n < 2 || t.p[0] != '<')
        return false;
    for (; end < t.n && (quoted || t.p[end] != '>'); end++) {
        unsigned char c = (unsigned char)t.p[end];
        if (c == '\\' && quoted)
            end++;
        else if (c == '"')
            quoted = !quoted;
        else if (c < ' ' || c == 127 || (c == ' ' && !quoted))
            return false;
    }
    if (end >= t.n || (end + 1 < t.n && t.p[end + 1] != ' '))
        return false;
    *path = str_n(t.p + 1, end - 1);
    *rest = str_trim(str_n(t.p + end + 1, t.n - end - 1));
    if (path->n && path->p[0] == '@') {
        const char *colon = memchr(path->p, ':', path->n);
        if (!colon)
            return false;
        *path = str_n(colon + 1, path->n - (size_t)(colon + 1 - path->p));
    }
    return path->n < 320;
}

static bool is_address(struct str path)
{
    const char *at = path.n ? memrchr(path.p, '@', path.n) : NULL;
    if (!at)
        return str_eq_nocase(path, str_of("postmaster"));
    return at != path.p && at + 1 < path.p + path.n;
}

static bool is_ascii(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] > 127)
            return false;
    return true;
}

static bool starts(struct str s, const char *with)
{
    size_t n = strlen(with);
    return s.n >= n && strncasecmp(s.p, with, n) == 0;
}

static struct str behind(struct str s, size_t n)
{
    return s.n > n ? str_n(s.p + n, s.n - n) : str_of("");
}

/* What a MAIL parameter needs to have been offered; 0: nothing, ~0U: unknown. */
static unsigned parameter_needs(struct str p)
{
    if (starts(p, "SIZE="))
        return OFFER_SIZE;
    if (starts(p, "BODY=7BIT") || starts(p, "BODY=8BITMIME"))
        return OFFER_8BITMIME;
    if (starts(p, "BODY=BINARYMIME"))
        return OFFER_CHUNKING;
    if (str_eq_nocase(p, str_of("SMTPUTF8")))
        return OFFER_SMTPUTF8;
    if (starts(p, "RET=") || starts(p, "ENVID=") || starts(p, "NOTIFY=") || starts(p, "ORCPT="))
        return OFFER_DSN;
    return starts(p, "AUTH=") ? 0 : ~0U;
}

/* NULL when all parameters are fine, else the reply. */
static const char *check_parameters(struct session *s, struct str rest)
{
    struct receiver *v = s->receiver;
    struct str one;
    while (str_cut(&rest, ' ', &one)) {
        uint64_t size;
        unsigned needs = one.n ? parameter_needs(one) : 0;
        if (needs == ~0U || (needs & ~v->offers)) {
            v->tally.unannounced++;
            return "555 5.5.4 Parameter not recognized";
        }
        if (needs == OFFER_SMTPUTF8)
            s->wants_utf8 = true;
        if (needs == OFFER_SIZE && str_to_u64(str_n(one.p + 5, one.n - 5), &size) &&
            size > v->max_message_bytes) {
            v->tally.refused[AT_MAIL]++;
            return "552 5.3.4 Message too big for system";
        }
    }
    return NULL;
}

/* True (and the reply is said) when the receiver's message rate is used up. */
static bool over_rate(struct session *s, enum stage at, struct said *said)
{
    struct receiver *v = s->receiver;
    int64_t now_us = s->lab->loop.now_us;
    if (v->message_rate_at != at || v->message_rate.interval_us == 0)
        return false;
    if (rate_when(&v->message_rate, now_us) <= now_us) {
        rate_take(&v->message_rate, now_us);
        return false;
    }
    v->tally.over_rate++;
    v->tally.refused[at]++;
    *said = talk_reply(s, &v->over_rate, v->over_rate.code == 421);
    return true;
}

static void count_mail(struct session *s)
{
    struct tally *t = &s->receiver->tally;
    t->mails++;
    s->mail_us = s->arrived_us;
    meter_note(&t->meter[METER_MAILS], &s->lab->scene->measure, s->lab->loop.now_us);
}

/* True (and the reply is said) inside a maintenance window. */
static bool is_maintained(struct session *s, enum stage at, uint64_t *counter, struct said *said)
{
    struct receiver *v = s->receiver;
    if (!maintenance_is_on(s->lab, v))
        return false;
    ++*counter;
    v->tally.refused[at]++;
    *said = talk_reply(s, &v->maintenance_reply, v->maintenance_reply.code == 421);
    return true;
}

void deal_mail(struct session *s, struct str args)
{
    struct receiver *v = s->receiver;
    struct str path;
    if (s->helo[0] == '\0' || s->has_from) {
        talk_mistake(s, s->has_from ? "503 5.5.1 Nested MAIL" : "503 5.5.1 Say EHLO first");
        return;
    }
    struct str rest = behind(args, 5);
    if (!starts(args, "FROM:") || !path_parse(&rest, &path) || (path.n && !is_address(path))) {
        talk_mistake(s, "501 5.1.7 Bad sender address syntax");
        return;
    }
    const char *bad = check_parameters(s, rest);
    if (!bad && !is_ascii(path) && !s->wants_utf8)
        bad = "553 5.6.7 A non-ASCII address needs SMTPUTF8";
    if (!bad && v->requires_tls && !s->tls) {
        v->tally.refused[AT_MAIL]++;
        bad = "530 5.7.0 Must issue a STARTTLS command first";
    }
    if (bad) {
        sess_puts(s, bad);
        return;
    }
    memcpy(s->from, path.p, path.n);
    s->from_n = path.n;
    struct said said = {.effect = EFFECT_NONE};
    count_mail(s);
    if (is_maintained(s, AT_MAIL, &v->tally.inside.mails, &said)) {
        /* nothing else speaks */
    } else if (v->max_messages_per_connection && s->messages >= v->max_messages_per_connection) {
        v->tally.refused[AT_MAIL]++;
        said = talk_reply(s, &v->over_messages, v->over_messages.code == 421);
    } else if (!over_rate(s, AT_MAIL, &said)) {
        said = talk_rules(s, AT_MAIL);
    }
    s->has_from = said.effect == EFFECT_NONE || said.effect == EFFECT_OK;
    if (said.effect == EFFECT_NONE)
        sess_put(s, "250 2.1.0 Ok\r\n", 14);
    else if (!s->has_from)
        log_deal(s, NULL, AT_MAIL, said.code, said.text, false);
}

static void grow_recipients(struct session *s)
{
    if (s->tos < s->tos_cap)
        return;
    s->tos_cap = s->tos_cap ? s->tos_cap * 2 : 8;
    s->record = mem_grow(s->record, s->tos_cap, sizeof *s->record);
    s->to = mem_grow(s->to, s->tos_cap, sizeof *s->to);
    s->attempts = mem_grow(s->attempts, s->tos_cap, sizeof *s->attempts);
}

/* Rate, greylist, rules: the answer to a well-formed recipient that has just been put at the end. */
static struct said judge_recipient(struct session *s, struct record *r)
{
    struct receiver *v = s->receiver;
    struct said said = {.effect = EFFECT_NONE};
    if (is_maintained(s, AT_RCPT, &v->tally.inside.rcpts, &said) || over_rate(s, AT_RCPT, &said))
        return said;
    said = talk_rules(s, AT_RCPT);
    if (said.effect != EFFECT_NONE || v->grey.delay_ms == 0)
        return said;
    if (book_grey_passes(&s->lab->book, v, str_n(s->from, s->from_n), str_n(r->addr, r->addr_n),
                         s->lab->loop.now_ms))
        return said;
    v->tally.refused[AT_RCPT]++;
    return talk_reply(s, &v->grey.reply, v->grey.reply.code == 421);
}

static void note(struct session *s, struct record *r, enum stage at, const struct said *said)
{
    book_note(&s->lab->book, r, at, said->code, said->text, said->is_own_text,
              s->lab->loop.wall_ms);
}

static void take_recipient(struct session *s, struct str path)
{
    struct record *r = book_record(&s->lab->book, path, s->lab->loop.wall_ms);
    if (!r) {
        sess_puts(s, "452 4.3.1 The lab's book is full");
        return;
    }
    grow_recipients(s);
    r->attempts++;
    s->record[s->tos] = r;
    s->to[s->tos] = str_n(r->addr, r->addr_n);
    s->attempts[s->tos] = r->attempts;
    s->tos++;
    struct said said = judge_recipient(s, r);
    if (said.effect == EFFECT_NONE) {
        sess_put(s, "250 2.1.5 Ok\r\n", 14);
        said = (struct said){.effect = EFFECT_OK, .code = 250, .text = "250 2.1.5 Ok"};
    }
    note(s, r, AT_RCPT, &said);
    if (said.effect != EFFECT_OK) {
        s->tos--;
        log_deal(s, r, AT_RCPT, said.code, said.text, false);
    }
}

void deal_rcpt(struct session *s, struct str args)
{
    struct str path;
    struct str rest = behind(args, 3);
    if (!s->has_from || s->in_chunks) {
        talk_mistake(s, "503 5.5.1 MAIL first");
        return;
    }
    s->saw_rcpt = true;
    if (!starts(args, "TO:") || !path_parse(&rest, &path) || !is_address(path)) {
        talk_mistake(s, "501 5.1.3 Bad recipient address syntax");
        return;
    }
    const char *bad = check_parameters(s, rest);
    if (!bad && !is_ascii(path) && !s->wants_utf8)
        bad = "553 5.6.7 A non-ASCII address needs SMTPUTF8";
    if (!bad && s->tos >= s->receiver->max_recipients)
        bad = "452 4.5.3 Too many recipients";
    if (bad) {
        s->receiver->tally.refused[AT_RCPT]++;
        sess_puts(s, bad);
        return;
    }
    take_recipient(s, path);
}

static void note_all(struct session *s, enum stage at, const struct said *said, bool accepted)
{
    for (size_t i = 0; i < s->tos; i++) {
        note(s, s->record[i], at, said);
        log_deal(s, s->record[i], at, said->code, said->text, accepted);
    }
}

static void begin_body(struct session *s)
{
    struct lab *lab = s->lab;
    struct receiver *v = s->receiver;
    s->body = (struct body){0};
    s->keeps_all = lab->scene->keep && v->kept < v->keep_limit;
    s->keeps = s->keeps_all || lab->scene->wants_message_id;
    if (s->keeps) {
        buf_clear(&s->keep);
        s->keep.max = s->keeps_all ? KEEP_BYTES : HEAD_BYTES;
    }
    s->data_judged = false;
    s->cut = talk_find(s, AT_BODY);
}

/* The rules at "data"; true when the message may come. */
static bool data_allowed(struct session *s, bool *said_already)
{
    struct said said = talk_rules(s, AT_DATA);
    *said_already = said.effect != EFFECT_NONE;
    if (said.effect == EFFECT_NONE || said.effect == EFFECT_OK)
        return true;
    note_all(s, AT_DATA, &said, false);
    return false;
}

void deal_data(struct session *s, bool more_behind)
{
    bool said_already;
    if (!s->has_from || !s->saw_rcpt || s->in_chunks) {
        talk_mistake(s, "503 5.5.1 RCPT first");
        return;
    }
    if (s->tos == 0) {
        sess_puts(s, "554 5.5.1 No valid recipients");
        return;
    }
    if (more_behind)
        s->receiver->tally.early_talk++; /* DATA is the last of a group (RFC 2920) */
    if (!data_allowed(s, &said_already)) {
        deal_reset(s);
        return;
    }
    if (!said_already)
        sess_put(s, "354 End data with <CR><LF>.<CR><LF>\r\n", 37);
    begin_body(s);
    s->state = SESS_DATA;
}

static void count_accepted(struct session *s)
{
    struct lab *lab = s->lab;
    struct tally *t = &s->receiver->tally;
    uint64_t id = s->lab->scene->wants_message_id ? keep_message_id(s) : 0;
    t->messages++;
    t->recipients += s->tos;
    t->bytes += s->body.bytes;
    meter_note(&t->meter[METER_MESSAGES], &lab->scene->measure, lab->loop.now_us);
    if (!t->first_accepted_ms)
        t->first_accepted_ms = lab->loop.wall_ms;
    t->last_accepted_ms = lab->loop.wall_ms;
    if (maintenance_is_on(lab, s->receiver))
        t->inside.messages++;
    for (size_t i = 0; i < s->tos; i++)
        book_accept(s->record[i], id);
    if (s->keeps_all)
        keep_message(s);
}

static const char *body_complaint(struct session *s)
{
    struct tally *t = &s->receiver->tally;
    if (s->body.has_bare_lf)
        t->bare_lf++;
    if (s->body.has_long_line)
        t->long_lines++;
    if (s->body.bytes > s->receiver->max_message_bytes)
        return "552 5.3.4 Message too big for system";
    if (s->body.has_bare_lf && s->receiver->rejects_bare_lf)
        return "550 5.6.11 Bare LF in the message";
    return NULL;
}

/* After the final dot or BDAT LAST: accepted or not, and the reply. */
static void finish_message(struct session *s)
{
    struct said said = {.effect = EFFECT_NONE};
    const char *bad = body_complaint(s);
    s->messages++;
    if (bad) {
        sess_puts(s, bad);
        s->receiver->tally.refused[AT_DOT]++;
        said = (struct said){.effect = EFFECT_REFUSED, .code = atoi(bad), .text = bad};
    } else if (!over_rate(s, AT_DOT, &said)) {
        said = talk_rules(s, AT_DOT);
    }
    if (said.effect == EFFECT_NONE) {
        sess_put(s, "250 2.0.0 Ok: queued\r\n", 22);
        said.code = 250;
        said.text = "250 2.0.0 Ok: queued";
    }
    bool accepted = said.effect != EFFECT_REFUSED && said.effect != EFFECT_GONE;
    if (accepted)
        count_accepted(s);
    note_all(s, AT_DOT, &said, accepted);
    if (s->keep.cap > SCRATCH_BYTES) {
        buf_done(&s->keep);
        buf_init(&s->keep, 0);
    }
    deal_reset(s);
}

/* "BDAT 1000 LAST". The bytes follow whatever the answer is, so they are always read. */
void deal_bdat(struct session *s, struct str args)
{
    struct str number;
    uint64_t n;
    if (!(s->receiver->offers & OFFER_CHUNKING)) {
        s->receiver->tally.unannounced++;
        talk_mistake(s, "502 5.5.1 No such command");
        return;
    }
    if (!str_cut(&args, ' ', &number) || !str_to_u64(number, &n) || n > (1ULL << 31)) {
        talk_mistake(s, "501 5.5.4 A size is wanted");
        s->closing = true; /* how much to skip is unknown */
        return;
    }
    s->chunk_left = n;
    s->chunk_is_last = str_eq_nocase(str_trim(args), str_of("LAST"));
    if (!s->in_chunks) {
        s->body_failed = !s->has_from || s->tos == 0;
        begin_body(s);
    }
    s->in_chunks = true;
    s->state = SESS_CHUNK;
    if (n == 0)
        (void)deal_body(s, "", 0);
}

static void chunk_done(struct session *s)
{
    bool said_already = false;
    s->state = SESS_COMMAND;
    if (s->body_failed) {
        talk_mistake(s, "503 5.5.1 No valid recipients");
        deal_reset(s);
        return;
    }
    if (!s->data_judged && !data_allowed(s, &said_already)) {
        deal_reset(s);
        return;
    }
    s->data_judged = true;
    if (s->chunk_is_last)
        finish_message(s);
    else if (!said_already)
        sess_puts(s, "250 2.0.0 Ok: chunk taken");
}

static void strike(struct session *s)
{
    struct said said = {.effect = EFFECT_GONE, .text = "(dropped in the message)"};
    s->receiver->tally.dropped[AT_BODY]++;
    note_all(s, AT_BODY, &said, false);
    if (s->cut->action == ACT_STALL) {
        s->stalled = true;
        return;
    }
    s->resetting = s->cut->action == ACT_RESET;
    s->closing = true;
}

size_t deal_body(struct session *s, const char *p, size_t n)
{
    bool end = false;
    bool chunked = s->state == SESS_CHUNK;
    if (chunked && n > s->chunk_left)
        n = s->chunk_left;
    size_t used = body_feed(&s->body, p, n, chunked, s->keeps ? &s->keep : NULL, &end);
    if (s->cut && s->body.bytes >= s->cut->after_bytes) {
        strike(s);
        return used;
    }
    if (s->body.bytes / 2 > s->receiver->max_message_bytes + (1U << 20)) {
        s->closing = true; /* nobody who means well goes on for so long */
        return used;
    }
    if (!chunked) {
        if (end)
            finish_message(s);
        return used;
    }
    s->chunk_left -= used;
    if (s->chunk_left == 0)
        chunk_done(s);
    return used;
}
