/* rules.c: automation: rules over replies. */
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>

#include "parts.h"

#define RULES_MAX 5000
#define YEAR_MS (366LL * 86400 * 1000)

static const char *const actions[] = {"suspend",    "suspend_campaign", "suspend_source",
                                      "set_limits", "backoff",          NULL};
_Static_assert(AUTO_SUSPEND == 0 && AUTO_SET_LIMITS == 3 && AUTO_BACKOFF == 4,
               "the choices follow the enum");

struct rule_draft {
    struct automation_rule rule;
    char *trigger;
    int action;
};

#define AT(field) offsetof(struct rule_draft, rule.field)

static const struct conf_field fields[] = {
    {"name", CONF_T_STRING, AT(name), .min = 1, .max = 63},
    {"match", CONF_T_STRING, AT(match), .required = true, .min = 1, .max = 1000},
    {"trigger", CONF_T_STRING, offsetof(struct rule_draft, trigger), .def = "immediately", .min = 1,
     .max = 60},
    {"action", CONF_T_CHOICE, offsetof(struct rule_draft, action), .required = true,
     .choices = actions},
    {"duration", CONF_T_DURATION, AT(duration_ms), .min = 1000, .max = YEAR_MS},
    {"connection_limit", CONF_T_INT, AT(connection_limit), .min = 1, .max = 10000},
    {"max_message_rate", CONF_T_RATES, AT(max_message_rate), .def = NULL},
    {"max_connection_rate", CONF_T_RATES, AT(max_connection_rate), .def = NULL},
    /* Last: a rule inside a provider's entry is that provider's. */
    {"provider", CONF_T_STRING, AT(provider), .min = 1, .max = 63},
    {0},
};
#define OWN_FIELDS (sizeof fields / sizeof *fields - 2)

static void take_trigger(const struct conf_node *group, const char *path, struct rule_draft *d,
                         struct problems *p)
{
    const struct conf_node *n = conf_find(group, "trigger");
    char own[CONF_PATH];

    if (!d->trigger || str_eq_nocase(str_of(d->trigger), str_of("immediately")) ||
        rate_spec_parse(str_of(d->trigger), &d->rule.trigger))
        return;
    conf_path(own, path, "trigger");
    conf_say(
        p, n ? n : group, own,
        "not a trigger (got \"%.60s\", allowed: \"immediately\", or so many in a time, such as "
        "\"10/hr\")",
        d->trigger);
}

static void check_action(const struct conf_node *group, const char *path,
                         const struct automation_rule *r, struct problems *p)
{
    static const char *const limit[] = {"connection_limit", "max_message_rate",
                                        "max_connection_rate"};
    char own[CONF_PATH];
    size_t limits = 0;

    for (size_t i = 0; i < sizeof limit / sizeof *limit; i++) {
        const struct conf_node *n = conf_find(group, limit[i]);

        conf_path(own, path, limit[i]);
        if (n && r->action != AUTO_SET_LIMITS)
            conf_say(p, n, own, "only with action = \"set_limits\"");
        limits += n != NULL;
    }
    if (limits == 0 && r->action == AUTO_SET_LIMITS)
        conf_say(p, group, path,
                 "sets no limit (allowed: connection_limit, max_message_rate, "
                 "max_connection_rate)");
    conf_path(own, path, "duration");
    if (!conf_find(group, "duration") && r->action != AUTO_BACKOFF)
        conf_say(p, group, own, "missing (allowed: a duration with its unit, such as \"20 min\")");
}

static void check_provider(const struct settings *s, const struct conf_node *group,
                           const char *path, const struct automation_rule *r, struct problems *p)
{
    const struct profiles *all = &s->shaping.profiles;
    const char **names;
    char own[CONF_PATH];

    if (!r->provider || shaping_profile(&s->shaping, r->provider))
        return;
    names = mem_array(all->count + 1, sizeof *names);
    for (size_t i = 0; i < all->count; i++)
        names[i] = all->item[i].name;
    conf_path(own, path, "provider");
    conf_say_unknown(p, conf_find(group, "provider"), own, "provider", r->provider, names,
                     all->count);
    free(names);
}

static void compile(const struct conf_node *group, const char *path, struct automation_rule *r,
                    struct problems *p)
{
    char own[CONF_PATH];
    struct err e;

    if (!r->match || automation_compile(r, &e))
        return;
    conf_path(own, path, "match");
    conf_say(p, conf_find(group, "match"), own, "%s", e.text);
}

/* What a rule did is remembered under its name. One without a name is called FILE:LINE. */
static void check_name(const struct automation *all, struct automation_rule *r,
                       const struct conf_node *group, const char *path, struct problems *p)
{
    const struct conf_node *n = conf_find(group, "name");
    const char *slash = strrchr(group->file, '/');
    char own[CONF_PATH];

    if (!r->name)
        r->name = mem_printf("%.40s:%u", slash ? slash + 1 : group->file, group->line);
    conf_path(own, path, "name");
    for (size_t i = 0; i < all->count; i++) {
        if (strcmp(all->item[i].name, r->name) == 0)
            conf_say(p, n ? n : group, own,
                     "given to two rules (got \"%s\", which stands in %s:%u)", r->name,
                     all->item[i].at.file, all->item[i].at.line);
    }
}

static void read_rule(struct settings *s, const struct conf_node *group, const char *path,
                      const char *provider, struct problems *p)
{
    struct conf_field own[sizeof fields / sizeof *fields] = {0};
    struct automation *all = &s->shaping.rules;
    struct rule_draft d = {.rule.at = {group->file, group->line}};
    size_t errors = p->errors;

    memcpy(own, fields, (provider ? OWN_FIELDS : OWN_FIELDS + 1) * sizeof *fields);
    conf_read(group, path, own, &d, p);
    if (group->kind == CONF_GROUP && p->errors == errors) {
        d.rule.action = (enum automation_action)d.action;
        take_trigger(group, path, &d, p);
        check_action(group, path, &d.rule, p);
        check_provider(s, group, path, &d.rule, p);
        compile(group, path, &d.rule, p);
    }
    free(d.trigger);
    if (provider)
        d.rule.provider = mem_str(provider);
    check_name(all, &d.rule, group, path, p);
    all->item = mem_grow(all->item, all->count + 1, sizeof *all->item);
    all->item[all->count++] = d.rule;
}

static void read_list(struct settings *s, const struct conf_node *group, const char *path,
                      const char *provider, struct problems *p)
{
    const struct conf_node *list = part_list(group, path, "automation", p);
    char own[CONF_PATH], item[CONF_PATH];

    conf_path(own, path, "automation");
    for (size_t i = 0; list && i < list->count; i++) {
        if (s->shaping.rules.count == RULES_MAX) {
            conf_say(p, list, own, "too many rules in all (allowed: %d)", RULES_MAX);
            return;
        }
        conf_path_index(item, own, i);
        read_rule(s, &list->child[i], item, provider, p);
    }
}

void rules_read(struct settings *s, const struct conf_node *root, struct problems *p)
{
    const struct conf_node *providers = conf_find(root, "providers");

    read_list(s, root, "", NULL, p);
    for (size_t i = 0; providers && providers->kind == CONF_LIST && i < providers->count; i++) {
        const struct conf_node *name = conf_find(&providers->child[i], "name");
        char path[CONF_PATH];

        conf_path_index(path, "providers", i);
        if (name && name->kind == CONF_STRING)
            read_list(s, &providers->child[i], path, name->s, p);
    }
}
