/* scene_receiver.c: reads receivers and their rules. */
#include <stdlib.h>
#include <sluice/base/buf.h>
#include <sluice/base/must.h>
#include "reader.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct draft { /* a rule while its keys are read */
    struct rule rule;
    char *raw;
    uint64_t repeat;
    bool has_action, has_close, close;
    uint64_t times, after_bytes, every;
};

static void set_action(struct reader *r, void *object, config_setting_t *value)
{
    struct draft *d = object;
    const char *names[ACTIONS];
    for (int i = 0; i < ACTIONS; i++)
        names[i] = action_name((enum action)i);
    int at = reader_word(r, value, names, ACTIONS);
    if (at >= 0)
        d->rule.action = (enum action)at;
    d->has_action = true;
}

static void set_close(struct reader *r, void *object, config_setting_t *value)
{
    struct draft *d = object;
    d->has_close = true;
    if (config_setting_type(value) == CONFIG_TYPE_BOOL)
        d->close = config_setting_get_bool(value) != 0;
    else
        reader_bad(r, value, "true or false is wanted here");
}

static const struct key rule_keys[] = {
    {"name", KEY_STR, offsetof(struct draft, rule.name), NULL},
    {"at", KEY_STAGE, offsetof(struct draft, rule.at), NULL},
    {"action", KEY_CALL, 0, set_action},
    {"domain", KEY_STR, offsetof(struct draft, rule.domain), NULL},
    {"local", KEY_STR, offsetof(struct draft, rule.local), NULL},
    {"from", KEY_STR, offsetof(struct draft, rule.from), NULL},
    {"probability", KEY_DOUBLE, offsetof(struct draft, rule.probability), NULL},
    {"times", KEY_U64, offsetof(struct draft, times), NULL},
    {"every", KEY_U64, offsetof(struct draft, every), NULL},
    {"after", KEY_MS, offsetof(struct draft, rule.from_ms), NULL},
    {"until", KEY_MS, offsetof(struct draft, rule.until_ms), NULL},
    {"delay_ms", KEY_MS, offsetof(struct draft, rule.delay_ms), NULL},
    {"after_bytes", KEY_BYTES, offsetof(struct draft, after_bytes), NULL},
    {"close", KEY_CALL, 0, set_close},
    {"reply", KEY_REPLY, offsetof(struct draft, rule.reply), NULL},
    {"raw", KEY_STR, offsetof(struct draft, raw), NULL},
    {"repeat", KEY_U64, offsetof(struct draft, repeat), NULL},
    {"share", KEY_DOUBLE, offsetof(struct draft, rule.share), NULL},
    {"expect", KEY_STR, offsetof(struct draft, rule.expect), NULL},
    {"category", KEY_STR, offsetof(struct draft, rule.category), NULL},
};

static void check_rule(struct reader *r, config_setting_t *at, const struct draft *d)
{
    const struct rule *u = &d->rule;
    bool has_recipient =
        u->at == AT_RCPT || u->at == AT_DATA || u->at == AT_BODY || u->at == AT_DOT;
    bool has_reply = u->reply.n > 0;
    if (!has_recipient && (u->domain || u->local))
        reader_bad(r, at, "at stage '%s' no recipient is known: domain and local cannot be asked",
                   stage_name(u->at));
    if (u->from && u->at < AT_MAIL)
        reader_bad(r, at, "at stage '%s' no sender is known", stage_name(u->at));
    if (u->action == ACT_DROP_AFTER_ACCEPT && u->at != AT_DOT)
        reader_bad(r, at, "drop_after_accept makes sense at = \"dot\" only");
    if (u->at == AT_BODY && u->action != ACT_DROP && u->action != ACT_RESET &&
        u->action != ACT_STALL)
        reader_bad(r, at, "at = \"body\" knows the actions drop, reset and stall");
    if ((u->action == ACT_REPLY || u->action == ACT_DROP_MID_REPLY) && !has_reply)
        reader_bad(r, at, "action '%s' needs a reply", action_name(u->action));
    if (!d->has_action && !has_reply && !u->delay_ms)
        reader_bad(r, at, "a rule needs a reply, an action or a delay_ms");
    if (u->probability < 0 || u->probability > 1)
        reader_bad(r, at, "a probability is between 0 and 1");
    if (u->share < 0 || u->share > 100)
        reader_bad(r, at, "a share is between 0 and 100 (percent)");
    if (u->share > 0 && (!u->local || !strchr(u->local, '*')))
        reader_bad(r, at,
                   "a rule with a share needs local = \"name*\": make-list writes such addresses");
    if (d->times > UINT32_MAX || d->every > UINT32_MAX)
        reader_bad(r, at, "times and every are at most 4294967295");
}

/* "unknown*" or whatever tells the rule apart in an expected list. */
static char *rule_name(struct reader *r, const struct rule *u)
{
    if (u->name)
        return u->name;
    if (u->reply.code) {
        char *text = mem_printf("%s-%d", stage_name(u->at), u->reply.code);
        char *name = scene_str(r->scene, str_of(text));
        free(text);
        return name;
    }
    char *text = mem_printf("%s-%s", stage_name(u->at), action_name(u->action));
    char *name = scene_str(r->scene, str_of(text));
    free(text);
    return name;
}

static struct rule read_rule(struct reader *r, config_setting_t *group)
{
    struct draft d = {.rule = {.at = AT_RCPT, .probability = 1}, .repeat = 1};
    reader_group(r, group, &d, rule_keys, COUNT(rule_keys), "a rule");
    struct rule *u = &d.rule;
    if (d.raw && !reply_set_raw(r->scene, &u->reply, str_of(d.raw), d.repeat))
        reader_bad(r, group, "raw times repeat is more than %u bytes", REPLY_BYTES_MAX);
    if (!d.has_action && u->reply.n == 0)
        u->action = ACT_ACCEPT;
    check_rule(r, group, &d);
    u->line = config_setting_source_line(group);
    u->times = (uint32_t)d.times;
    u->every = (uint32_t)d.every;
    u->after_bytes = d.after_bytes;
    u->closes = d.has_close ? d.close : u->reply.code == 421;
    u->name = rule_name(r, u);
    u->salt = str_hash(str_of(u->name)) + u->line;
    return *u;
}

struct rule_set {
    struct rule *rule;
    size_t count;
};

static void set_add(struct reader *r, struct rule_set *set, const struct rule *rule, size_t count)
{
    struct rule *all = scene_new(r->scene, (set->count + count) * sizeof *all);
    if (set->count)
        memcpy(all, set->rule, set->count * sizeof *all);
    if (count)
        memcpy(all + set->count, rule, count * sizeof *all);
    set->rule = all;
    set->count += count;
}

/* ( "behaviour", { rule }, ... ) */
static struct rule_set read_rules(struct reader *r, config_setting_t *list)
{
    struct rule_set set = {0};
    int type = config_setting_type(list);
    if (type != CONFIG_TYPE_LIST && type != CONFIG_TYPE_ARRAY) {
        reader_bad(r, list, "rules are a list: ( \"behaviour\", { at = \"rcpt\"; ... } )");
        return set;
    }
    for (int i = 0; i < config_setting_length(list) && set.count < SCENE_RULES_MAX; i++) {
        config_setting_t *one = config_setting_get_elem(list, (unsigned)i);
        const char *name = config_setting_get_string(one);
        const struct rule_set *other = name ? map_get(&r->scene->behaviours, str_of(name)) : NULL;
        if (name && !other) {
            reader_bad(r, one, "there is no behaviour '%s' (declared before its use)", name);
        } else if (other) {
            set_add(r, &set, other->rule, other->count);
        } else {
            struct rule rule = read_rule(r, one);
            set_add(r, &set, &rule, 1);
        }
    }
    return set;
}

void scene_read_behaviours(struct reader *r, config_setting_t *section)
{
    if (!config_setting_is_group(section)) {
        reader_bad(r, section, "behaviours are a group of lists: { name = ( { rule }, ... ); }");
        return;
    }
    for (int i = 0; i < config_setting_length(section); i++) {
        config_setting_t *one = config_setting_get_elem(section, (unsigned)i);
        struct rule_set *set = scene_new(r->scene, sizeof *set);
        *set = read_rules(r, one);
        (void)map_set(&r->scene->behaviours, str_of(config_setting_name(one)), set);
    }
}

static void set_rules(struct reader *r, void *object, config_setting_t *value)
{
    struct receiver *v = object;
    struct rule_set set = read_rules(r, value);
    for (size_t i = 0; i < set.count; i++) {
        enum stage at = set.rule[i].at;
        struct rule *all = scene_new(r->scene, (v->rules[at] + 1) * sizeof *all);
        if (v->rules[at])
            memcpy(all, v->rule[at], v->rules[at] * sizeof *all);
        all[v->rules[at]] = set.rule[i];
        v->rule[at] = all;
        v->rules[at]++;
    }
}

static void each_host(struct reader *r, void *object, config_setting_t *at, const char *text)
{
    scene_read_host(r, object, at, text);
}

static void set_hosts(struct reader *r, void *object, config_setting_t *value)
{
    reader_texts(r, value, object, each_host);
}

static const struct offer {
    const char *keyword;
    unsigned bit;
} offers[] = {
    {"PIPELINING", OFFER_PIPELINING}, {"8BITMIME", OFFER_8BITMIME}, {"SIZE", OFFER_SIZE},
    {"CHUNKING", OFFER_CHUNKING},     {"SMTPUTF8", OFFER_SMTPUTF8}, {"DSN", OFFER_DSN},
    {"STARTTLS", OFFER_STARTTLS},
};

static void each_keyword(struct reader *r, void *object, config_setting_t *at, const char *text)
{
    struct receiver *v = object;
    struct str rest = str_of(text);
    struct str word;
    if (!str_cut(&rest, ' ', &word) || strpbrk(text, "\r\n")) {
        reader_bad(r, at, "an EHLO keyword is wanted here");
        return;
    }
    for (size_t i = 0; i < COUNT(offers); i++)
        if (str_eq_nocase(word, str_of(offers[i].keyword)))
            v->offers |= offers[i].bit;
    if (str_eq_nocase(word, str_of("SIZE")) && rest.n && !str_to_u64(rest, &v->max_message_bytes))
        reader_bad(r, at, "SIZE is followed by a number of bytes");
    if (str_eq_nocase(word, str_of("STARTTLS"))) {
        v->tls = v->tls == TLS_NONE ? TLS_OK : v->tls;
        return; /* the session adds it while there is no TLS yet */
    }
    char *all = mem_printf("%s%s\n", v->ehlo ? v->ehlo : "", text);
    v->ehlo = scene_str(r->scene, str_of(all));
    free(all);
}

static void set_ehlo(struct reader *r, void *object, config_setting_t *value)
{
    struct receiver *v = object;
    v->offers &= OFFER_STARTTLS;
    v->ehlo = scene_str(r->scene, str_of(""));
    reader_texts(r, value, object, each_keyword);
}

static void set_tls(struct reader *r, void *object, config_setting_t *value)
{
    static const char *const modes[] = {"none", "ok", "broken", "inject", "refuse"};
    struct receiver *v = object;
    int at = reader_word(r, value, modes, COUNT(modes));
    if (at >= 0)
        v->tls = (enum tls_mode)at;
}

static void set_cert(struct reader *r, void *object, config_setting_t *value)
{
    static const char *const kinds[] = {"self-signed", "lab-ca", "wrong-name", "expired"};
    struct receiver *v = object;
    int at = reader_word(r, value, kinds, COUNT(kinds));
    if (at >= 0)
        v->cert = (enum tls_cert)at;
}

static void set_reach(struct reader *r, void *object, config_setting_t *value)
{
    static const char *const words[] = {"up", "refuse", "timeout"};
    struct receiver *v = object;
    int at = reader_word(r, value, words, COUNT(words));
    if (at >= 0)
        v->reach = (enum reach)at;
}

static void set_bare_lf(struct reader *r, void *object, config_setting_t *value)
{
    static const char *const words[] = {"accept", "reject"};
    struct receiver *v = object;
    int at = reader_word(r, value, words, COUNT(words));
    v->rejects_bare_lf = at == 1;
}

static const struct key stretch_keys[] = {
    {"from", KEY_MS, offsetof(struct stretch, from_ms), NULL},
    {"until", KEY_MS, offsetof(struct stretch, until_ms), NULL},
};

static void set_maintenance(struct reader *r, void *object, config_setting_t *value)
{
    struct receiver *v = object;
    if (!config_setting_is_list(value)) {
        reader_bad(r, value, "maintenance is a list: ( { from = \"20 s\"; until = \"40 s\"; } )");
        return;
    }
    for (int i = 0; i < config_setting_length(value) && i < MAINTENANCES_MAX; i++) {
        struct stretch *s = &v->maintenance[v->maintenances++];
        config_setting_t *one = config_setting_get_elem(value, (unsigned)i);
        reader_group(r, one, s, stretch_keys, COUNT(stretch_keys), "maintenance");
        if (s->from_ms >= s->until_ms)
            reader_bad(r, one, "a window needs an `until` that is later than its `from`");
    }
    if (config_setting_length(value) > MAINTENANCES_MAX)
        reader_bad(r, value, "more than %d windows", MAINTENANCES_MAX);
}

static void set_grey_key(struct reader *r, void *object, config_setting_t *value)
{
    static const char *const words[] = {"sender+recipient", "recipient"};
    struct greylist *g = object;
    g->by_recipient = reader_word(r, value, words, COUNT(words)) == 1;
}

static const struct key grey_keys[] = {
    {"delay", KEY_MS, offsetof(struct greylist, delay_ms), NULL},
    {"expire", KEY_MS, offsetof(struct greylist, expire_ms), NULL},
    {"reply", KEY_REPLY, offsetof(struct greylist, reply), NULL},
    {"key", KEY_CALL, 0, set_grey_key},
};

static void set_greylist(struct reader *r, void *object, config_setting_t *value)
{
    struct receiver *v = object;
    reader_group(r, value, &v->grey, grey_keys, COUNT(grey_keys), "greylist");
    if (v->grey.delay_ms == 0)
        reader_bad(r, value, "a greylist needs a delay, such as \"3 s\"");
}

static void skip(struct reader *r, void *object, config_setting_t *value)
{
    (void)r;
    (void)object;
    (void)value;
}

#define AT(field) offsetof(struct receiver, field)
static const struct key receiver_keys[] = {
    {"name", KEY_CALL, 0, skip},
    {"hosts", KEY_CALL, 0, set_hosts},
    {"banner", KEY_REPLY, AT(banner), NULL},
    {"ehlo", KEY_CALL, 0, set_ehlo},
    {"tls", KEY_CALL, 0, set_tls},
    {"certificate", KEY_CALL, 0, set_cert},
    {"requires_tls", KEY_BOOL, AT(requires_tls), NULL},
    {"reach", KEY_CALL, 0, set_reach},
    {"bare_lf", KEY_CALL, 0, set_bare_lf},
    {"greylist", KEY_CALL, 0, set_greylist},
    {"rules", KEY_CALL, 0, set_rules},
    {"max_message_bytes", KEY_BYTES, AT(max_message_bytes), NULL},
    {"max_recipients", KEY_U64, AT(max_recipients), NULL},
    {"max_command_bytes", KEY_BYTES, AT(max_command_bytes), NULL},
    {"max_connections", KEY_U64, AT(max_connections), NULL},
    {"over_connections", KEY_REPLY, AT(over_connections), NULL},
    {"connection_rate", KEY_RATE, AT(connection_rate), NULL},
    {"max_messages_per_connection", KEY_U64, AT(max_messages_per_connection), NULL},
    {"over_messages", KEY_REPLY, AT(over_messages), NULL},
    {"message_rate", KEY_RATE, AT(message_rate), NULL},
    {"message_rate_at", KEY_STAGE, AT(message_rate_at), NULL},
    {"over_rate", KEY_REPLY, AT(over_rate), NULL},
    {"delay_ms", KEY_MS, AT(delay_ms), NULL},
    {"maintenance", KEY_CALL, 0, set_maintenance},
    {"maintenance_reply", KEY_REPLY, AT(maintenance_reply), NULL},
    {"keep_limit", KEY_U64, AT(keep_limit), NULL},
};
#undef AT

static struct receiver *receiver_defaults(struct scene *s)
{
    struct receiver *v = scene_new(s, sizeof *v);
    *v = (struct receiver){.offers = OFFER_PIPELINING | OFFER_8BITMIME | OFFER_SIZE,
                           .max_message_bytes = 52428800,
                           .max_recipients = 100,
                           .max_command_bytes = 2048,
                           .message_rate_at = AT_MAIL,
                           .refuse_at = AT_RCPT,
                           .keep_limit = s->keep_limit,
                           .grey = {.expire_ms = 86400000}};
    reply_set_text(s, &v->banner, "220 {host} ESMTP ready");
    reply_set_text(s, &v->over_connections, "421 4.7.0 Too many connections from {ip}");
    reply_set_text(s, &v->over_messages, "421 4.7.0 Too many messages on this connection");
    reply_set_text(s, &v->over_rate, "421 4.7.0 You send too many messages");
    reply_set_text(s, &v->maintenance_reply, "421 4.3.2 The system is under maintenance");
    reply_set_text(s, &v->grey.reply, "451 4.7.1 Greylisted, please try again later");
    return v;
}

static void check_receiver(struct reader *r, config_setting_t *at, const struct receiver *v)
{
    enum stage m = v->message_rate_at;
    if (m != AT_MAIL && m != AT_RCPT && m != AT_DOT)
        reader_bad(r, at, "message_rate_at is mail, rcpt or dot");
    if (v->requires_tls && v->tls == TLS_NONE)
        reader_bad(r, at, "requires_tls needs tls = \"ok\" (or another mode than none)");
    if (v->hosts == 0)
        reader_bad(r, at, "receiver '%s' has no hosts", v->name);
    if (v->max_recipients == 0 || v->max_recipients > 10000)
        reader_bad(r, at, "max_recipients is 1 to 10000");
    if (v->max_command_bytes < 512 || v->max_command_bytes > 32768)
        reader_bad(r, at, "max_command_bytes is 512 to 32768");
    if (v->max_message_bytes > (1ULL << 31))
        reader_bad(r, at, "a message limit is at most 2 GiB");
}

static void read_receiver(struct reader *r, config_setting_t *group)
{
    struct scene *s = r->scene;
    struct receiver *v = receiver_defaults(s);
    char name[PATTERN_NAME];
    v->line = config_setting_source_line(group);
    pattern_nth(r->pattern, r->index, name);
    v->name = scene_str(s, str_of(name));
    reader_group(r, group, v, receiver_keys, COUNT(receiver_keys), "a receiver");
    check_receiver(r, group, v);
    if (map_set(&s->receiver_by_name, str_of(name), v))
        reader_bad(r, group, "receiver '%s' is declared twice", name);
    s->receiver = mem_grow(s->receiver, s->receivers + 1, sizeof(void *));
    s->receiver[s->receivers++] = v;
}

static void read_receiver_pattern(struct reader *r, config_setting_t *group)
{
    config_setting_t *name =
        config_setting_is_group(group) ? config_setting_get_member(group, "name") : NULL;
    const char *text = name ? reader_text(r, name) : NULL;
    struct pattern p;
    struct err e;
    if (!text) {
        reader_bad(r, group, "a receiver is written { name = \"...\"; hosts = ...; }");
        return;
    }
    if (!pattern_parse(str_of(text), &p, &e)) {
        reader_bad(r, name, "%s", e.text);
        return;
    }
    size_t before = r->problems->errors;
    r->pattern = &p;
    if (p.count > SCENE_RECEIVERS_MAX - r->scene->receivers)
        reader_bad(r, name, "more than %d receivers", SCENE_RECEIVERS_MAX);
    /* One report per mistake is enough for a whole pattern. */
    for (uint64_t i = 0; i < p.count && r->problems->errors == before; i++) {
        r->index = i;
        read_receiver(r, group);
    }
    r->pattern = NULL;
    pattern_done(&p);
}

void scene_read_receivers(struct reader *r, config_setting_t *section)
{
    if (!config_setting_is_list(section)) {
        reader_bad(r, section, "receivers are a list: ( { name = ...; hosts = ...; }, ... )");
        return;
    }
    for (int i = 0; i < config_setting_length(section); i++)
        read_receiver_pattern(r, config_setting_get_elem(section, (unsigned)i));
}
