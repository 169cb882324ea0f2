/* stats.c: see stats.h. */
#include <inttypes.h>
#include <sluice/base/json_view.h>
#include "dns.h"
#include "stats.h"

static uint64_t sum(const uint64_t *of)
{
    uint64_t n = 0;
    for (int i = 0; i < STAGES; i++)
        n += of[i];
    return n;
}

static bool is_silent(const struct receiver *r)
{
    return r->tally.connections == 0 && r->tally.inside.windows == 0;
}

static void table_row(const struct receiver *r, FILE *out)
{
    const struct tally *t = &r->tally;
    (void)fprintf(out,
                  "%-20.20s %8" PRIu64 " %5" PRIu64 " %5" PRIu64 " %6" PRIu64 " %9" PRIu64
                  " %9" PRIu64 " %7" PRIu64 " %7" PRIu64 " %7" PRIu64 " %7" PRIu64 " %6" PRIu64
                  "\n",
                  r->name, t->connections, r->open, t->peak_connections,
                  t->meter[METER_MESSAGES].span[0].peak, t->messages, t->recipients,
                  t->refused[AT_BANNER] + t->refused_connections + t->refused[AT_EHLO] +
                      t->refused[AT_HELO] + t->refused[AT_STARTTLS],
                  t->refused[AT_MAIL], t->refused[AT_RCPT],
                  t->refused[AT_DATA] + t->refused[AT_DOT], sum(t->dropped));
}

static void inside_row(const struct receiver *r, FILE *out)
{
    const struct inside *t = &r->tally.inside;
    if (t->windows)
        (void)fprintf(out,
                      "maintenance of %s: %" PRIu64 " begun, %" PRIu64
                      " connections open then; inside: %" PRIu64 " connections, %" PRIu64
                      " MAIL, %" PRIu64 " RCPT, %" PRIu64 " messages accepted\n",
                      r->name, t->windows, t->open_at_begin, t->connections, t->mails, t->rcpts,
                      t->messages);
}

static void complaints(const struct lab *lab, FILE *out)
{
    struct tally all = {0};
    for (size_t i = 0; i < lab->scene->receivers; i++) {
        const struct tally *t = &lab->scene->receiver[i]->tally;
        all.bad_commands += t->bad_commands;
        all.early_talk += t->early_talk;
        all.bare_lf += t->bare_lf;
        all.long_lines += t->long_lines;
        all.unannounced += t->unannounced;
        all.over_rate += t->over_rate;
    }
    (void)fprintf(out,
                  "clients: %" PRIu64 " bad commands, %" PRIu64 " talked early, %" PRIu64
                  " bare LF, %" PRIu64 " long lines, %" PRIu64
                  " used what was not offered, %" PRIu64 " over a rate\n",
                  all.bad_commands, all.early_talk, all.bare_lf, all.long_lines, all.unannounced,
                  all.over_rate);
}

void stats_table(const struct lab *lab, FILE *out)
{
    const struct scene *s = lab->scene;
    size_t silent = 0;
    uint64_t messages = 0, recipients = 0;
    (void)fprintf(out, "%-20s %8s %5s %5s %6s %9s %9s %7s %7s %7s %7s %6s\n", "receiver", "connect",
                  "open", "peak", "peak/s", "messages", "rcpts", "x-conn", "x-mail", "x-rcpt",
                  "x-data", "drop");
    for (size_t i = 0; i < s->receivers; i++) {
        messages += s->receiver[i]->tally.messages;
        recipients += s->receiver[i]->tally.recipients;
        if (is_silent(s->receiver[i]))
            silent++;
        else
            table_row(s->receiver[i], out);
    }
    if (silent)
        (void)fprintf(out, "(%zu receivers without a connection)\n", silent);
    (void)fprintf(out,
                  "total: %" PRIu64 " messages to %" PRIu64
                  " recipients accepted; %zu recipients seen; "
                  "%" PRIu64 " DNS queries\n",
                  messages, recipients, lab->book.records.count, dns_total(lab));
    for (size_t i = 0; i < s->receivers; i++)
        inside_row(s->receiver[i], out);
    complaints(lab, out);
}

static void json_stages(FILE *out, const char *name, const uint64_t *of)
{
    (void)fprintf(out, "\"%s\":{", name);
    const char *comma = "";
    for (int i = 0; i < STAGES; i++)
        if (of[i]) {
            (void)fprintf(out, "%s\"%s\":%" PRIu64, comma, stage_name((enum stage)i), of[i]);
            comma = ",";
        }
    (void)fputs("},", out);
}

static void json_rules(const struct receiver *r, FILE *out)
{
    const char *comma = "";
    (void)fputs("\"rules\":{", out);
    for (int at = 0; at < STAGES; at++)
        for (size_t i = 0; i < r->rules[at]; i++) {
            struct buf b;
            if (r->rule[at][i].hits == 0)
                continue;
            buf_init(&b, 4096);
            json_put_string(&b, str_of(r->rule[at][i].name));
            (void)fprintf(out, "%s%s:%" PRIu64, comma, b.data, r->rule[at][i].hits);
            buf_done(&b);
            comma = ",";
        }
    (void)fputs("},", out);
}

static void json_peaks(const struct periods *p, const struct tally *t, FILE *out)
{
    (void)fputs("\"peaks\":[", out);
    for (size_t i = 0; i < p->count; i++)
        (void)fprintf(out,
                      "%s{\"period_ms\":%" PRId64 ",\"connections\":%" PRIu64 ",\"mails\":%" PRIu64
                      ",\"messages\":%" PRIu64 "}",
                      i ? "," : "", p->ms[i], t->meter[METER_CONNECTIONS].span[i].peak,
                      t->meter[METER_MAILS].span[i].peak, t->meter[METER_MESSAGES].span[i].peak);
    (void)fputs("],", out);
}

static void json_inside(const struct inside *t, FILE *out)
{
    (void)fprintf(out,
                  "\"maintenance\":{\"windows\":%" PRIu64 ",\"open_at_begin\":%" PRIu64
                  ",\"connections\":%" PRIu64 ",\"mails\":%" PRIu64 ",\"rcpts\":%" PRIu64
                  ",\"messages\":%" PRIu64 ",\"after_ms\":%" PRId64
                  ",\"after_peak_connections\":%" PRIu64 "},",
                  t->windows, t->open_at_begin, t->connections, t->mails, t->rcpts, t->messages,
                  t->after_ms, t->after_peak);
}

static void json_receiver(const struct lab *lab, const struct receiver *r, FILE *out)
{
    const struct tally *t = &r->tally;
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {
        {"connections", t->connections},
        {"open", r->open},
        {"refused_connections", t->refused_connections},
        {"peak_connections", t->peak_connections},
        {"peak_connections_per_s", t->meter[METER_CONNECTIONS].span[0].peak},
        {"peak_messages_per_s", t->meter[METER_MESSAGES].span[0].peak},
        {"peak_messages_per_connection", t->peak_per_connection},
        {"mails", t->mails},
        {"messages", t->messages},
        {"recipients", t->recipients},
        {"first_accepted_ms", (uint64_t)t->first_accepted_ms},
        {"last_accepted_ms", (uint64_t)t->last_accepted_ms},
        {"bytes", t->bytes},
        {"tls", t->tls},
        {"over_rate", t->over_rate},
        {"bad_commands", t->bad_commands},
        {"early_talk", t->early_talk},
        {"bare_lf", t->bare_lf},
        {"long_lines", t->long_lines},
        {"unannounced", t->unannounced},
    };
    struct buf b;
    buf_init(&b, 4096);
    json_put_string(&b, str_of(r->name));
    (void)fprintf(out, "%s:{", b.data);
    buf_done(&b);
    json_stages(out, "refused", t->refused);
    json_stages(out, "dropped", t->dropped);
    json_rules(r, out);
    json_peaks(&lab->scene->measure, t, out);
    if (t->inside.windows)
        json_inside(&t->inside, out);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        (void)fprintf(out, "%s\"%s\":%" PRIu64, i ? "," : "", numbers[i].name, numbers[i].value);
    (void)fputs("}", out);
}

void stats_json(const struct lab *lab, FILE *out)
{
    const struct scene *s = lab->scene;
    uint64_t messages = 0, recipients = 0, connections = 0;
    for (size_t i = 0; i < s->receivers; i++) {
        messages += s->receiver[i]->tally.messages;
        recipients += s->receiver[i]->tally.recipients;
        connections += s->receiver[i]->tally.connections;
    }
    (void)fprintf(out,
                  "{\"messages\":%" PRIu64 ",\"recipients\":%" PRIu64 ",\"connections\":%" PRIu64
                  ",\"records\":%zu,\"dns_queries\":%" PRIu64 ",\"up_ms\":%" PRId64
                  ",\"receivers\":{",
                  messages, recipients, connections, lab->book.records.count, dns_total(lab),
                  lab->loop.now_ms - lab->loop.start_ms);
    const char *comma = "";
    for (size_t i = 0; i < s->receivers; i++) {
        if (is_silent(s->receiver[i]))
            continue;
        (void)fputs(comma, out);
        json_receiver(lab, s->receiver[i], out);
        comma = ",\n";
    }
    (void)fputs("}}\n", out);
}

void stats_reset(struct lab *lab)
{
    struct scene *s = lab->scene;
    for (size_t i = 0; i < s->receivers; i++) {
        struct receiver *r = s->receiver[i];
        for (int m = 0; m < METERS; m++)
            meter_clear(&r->tally.meter[m]);
        r->tally = (struct tally){.peak_connections = r->open};
        r->serial = 0;
        for (int at = 0; at < STAGES; at++)
            for (size_t k = 0; k < r->rules[at]; k++)
                r->rule[at][k].seen = r->rule[at][k].hits = 0;
    }
    dns_reset(lab);
}
