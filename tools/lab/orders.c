/* orders.c: see orders.h. */
#include <stdlib.h>
#include <sluice/base/when.h>
#include "dns.h"
#include "door.h"
#include "maintenance.h"
#include "orders.h"
#include "stats.h"

static bool run_stats(struct lab *lab, const struct order *o, FILE *out, struct err *e)
{
    (void)e;
    if (o->words > 1 && strcmp(o->word[1], "--json") == 0)
        stats_json(lab, out);
    else
        stats_table(lab, out);
    return true;
}

static bool run_ports(struct lab *lab, const struct order *o, FILE *out, struct err *e)
{
    (void)o;
    (void)e;
    (void)fprintf(out, "dns=%d\nsmtp=%d\n", lab->dns_port, lab->smtp_port);
    return true;
}

static bool run_reset(struct lab *lab, const struct order *o, FILE *out, struct err *e)
{
    (void)o;
    (void)out;
    if (lab->open_sessions) /* sessions point into the book */
        return err_set(e, "%zu connections are open: reset when the client is gone",
                       lab->open_sessions);
    book_done(&lab->book);
    book_init(&lab->book, lab->scene->max_records);
    stats_reset(lab);
    return true;
}

static bool run_quit(struct lab *lab, const struct order *o, FILE *out, struct err *e)
{
    (void)o;
    (void)out;
    (void)e;
    lab->loop.stopping = true;
    return true;
}

static bool run_queries(struct lab *lab, const struct order *o, FILE *out, struct err *e)
{
    if (o->words < 3)
        return err_set(e, "queries NAME TYPE");
    (void)fprintf(out, "%llu\n", (unsigned long long)dns_count(lab, o->word[1], o->word[2]));
    return true;
}

static bool run_dns(struct lab *lab, const struct order *o, FILE *out, struct err *e)
{
    uint64_t index;
    (void)out;
    if (o->words < 3)
        return err_set(e, "set-dns NAME BEHAVIOUR");
    struct name *n = scene_name(lab->scene, str_of(o->word[1]), &index);
    if (!n)
        return err_set(e, "the scenario has no name '%s'", o->word[1]);
    if (!quirk_from_name(str_of(o->word[2]), &n->quirk))
        return err_set(e, "unknown DNS behaviour '%s'", o->word[2]);
    n->quirk_types = 0;
    n->quirk_times = 0;
    return true;
}

static bool set_number(const char *value, uint64_t *out, struct err *e)
{
    return str_to_u64(str_of(value), out) || err_set(e, "'%s' is no number", value);
}

static bool set_rate(const char *value, struct rate *out, struct err *e)
{
    struct rate_spec spec;
    if (strcmp(value, "off") == 0) {
        *out = (struct rate){0};
        return true;
    }
    if (!rate_spec_parse(str_of(value), &spec))
        return err_set(e, "'%s' is no rate such as 100/s", value);
    *out = rate_make(spec.count, spec.period_us, spec.burst);
    return true;
}

static bool set_refusal(struct lab *lab, struct receiver *r, const char *value, struct err *e)
{
    struct reply reply = {0};
    if (strcmp(value, "off") == 0) {
        r->refuse_all = reply;
        return true;
    }
    if (!reply_set_text(lab->scene, &reply, value))
        return err_set(e, "a reply begins with a code from 200 to 599");
    r->refuse_all = reply;
    return true;
}

static bool set_reach(struct lab *lab, struct receiver *r, const char *value, struct err *e)
{
    static const char *const words[] = {"up", "refuse", "timeout"};
    for (int i = 0; i < 3; i++)
        if (strcmp(words[i], value) == 0) {
            r->reach = (enum reach)i;
            return door_follow(lab, r, e);
        }
    return err_set(e, "reach is up, refuse or timeout");
}

static bool set_one(struct lab *lab, struct receiver *r, const char *key, const char *value,
                    struct err *e)
{
    if (strcmp(key, "refuse_all") == 0)
        return set_refusal(lab, r, value, e);
    if (strcmp(key, "refuse_at") == 0)
        return stage_from_name(str_of(value), &r->refuse_at) || err_set(e, "no stage '%s'", value);
    if (strcmp(key, "reach") == 0)
        return set_reach(lab, r, value, e);
    if (strcmp(key, "max_connections") == 0)
        return set_number(value, &r->max_connections, e);
    if (strcmp(key, "max_messages_per_connection") == 0)
        return set_number(value, &r->max_messages_per_connection, e);
    if (strcmp(key, "connection_rate") == 0)
        return set_rate(value, &r->connection_rate, e);
    if (strcmp(key, "message_rate") == 0)
        return set_rate(value, &r->message_rate, e);
    if (strcmp(key, "delay_ms") == 0)
        return str_to_i64(str_of(value), &r->delay_ms) || err_set(e, "'%s' is no number", value);
    if (strcmp(key, "rules") == 0) {
        r->rules_off = strcmp(value, "off") == 0;
        return true;
    }
    if (strcmp(key, "maintenance") == 0)
        return maintenance_set(lab, r, value, e);
    return err_set(e,
                   "unknown key '%s': refuse_all, refuse_at, reach, maintenance, max_connections, "
                   "max_messages_per_connection, connection_rate, message_rate, delay_ms, rules",
                   key);
}

static bool run_set(struct lab *lab, const struct order *o, FILE *out, struct err *e)
{
    struct scene *s = lab->scene;
    size_t hits = 0;
    (void)out;
    if (o->words < 4)
        return err_set(e, "set RECEIVER KEY VALUE");
    for (size_t i = 0; i < s->receivers; i++) {
        struct receiver *r = s->receiver[i];
        if (!glob_match(o->word[1], str_of(r->name)))
            continue;
        if (!set_one(lab, r, o->word[2], o->word[3], e))
            return false;
        hits++;
    }
    return hits > 0 || err_set(e, "there is no receiver '%s'", o->word[1]);
}

static void stream_dump(const struct lab *lab, FILE *out)
{
    (void)book_dump(&lab->book, out);
}

static void stream_dns(const struct lab *lab, FILE *out)
{
    dns_write_counts(lab, out);
}

static const struct {
    const char *word;
    bool (*run)(struct lab *, const struct order *, FILE *, struct err *);
    void (*stream)(const struct lab *, FILE *);
} table[] = {
    {"stats", run_stats, NULL},     {"set", run_set, NULL},      {"set-dns", run_dns, NULL},
    {"queries", run_queries, NULL}, {"ports", run_ports, NULL},  {"reset", run_reset, NULL},
    {"quit", run_quit, NULL},       {"dump", NULL, stream_dump}, {"dns", NULL, stream_dns},
};

bool orders_find(char *line, struct order *o, struct err *e)
{
    *o = (struct order){.words = 0};
    for (char *p = line; *p && o->words < ORDER_WORDS;) {
        p += strspn(p, " ");
        if (!*p)
            break;
        o->word[o->words++] = p;
        if (o->words == ORDER_WORDS)
            break;
        p += strcspn(p, " ");
        if (*p)
            *p++ = '\0';
    }
    for (size_t i = 0; o->words && i < sizeof table / sizeof table[0]; i++)
        if (strcmp(table[i].word, o->word[0]) == 0) {
            o->run = table[i].run;
            o->stream = table[i].stream;
            return true;
        }
    return err_set(e,
                   "unknown command '%s': stats [--json], dump, dns, queries NAME TYPE, ports, "
                   "set RECEIVER KEY VALUE, set-dns NAME BEHAVIOUR, reset, quit",
                   o->words ? o->word[0] : "");
}
