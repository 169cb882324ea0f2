#include "limit_fields.h"

#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/shape/guard.h>

#define MIN_MS (60LL * 1000)
#define HOUR_MS (60 * MIN_MS)
#define DAY_MS (24 * HOUR_MS)
#define YEAR_MS (366 * DAY_MS)

static const char *const tls_modes[] = {"Disabled", "Opportunistic", NULL};
static const char *const ip_strategies[] = {"both", "ipv4_only", "ipv6_only", NULL};
_Static_assert(TLS_DISABLED == 0 && TLS_OPPORTUNISTIC == 1 && IP_BOTH == 0 && IP_V6_ONLY == 2,
               "the choices follow the enums");

#define AT(field) offsetof(struct limits_draft, limits.field)
#define FROM(field) .origin = offsetof(struct limits_draft, limits.origin[LIMIT_##field]) + 1

/* In the order of enum limit_field; docs/configuration.md has the reasons. */
static const struct conf_field table[LIMIT_FIELDS] = {
    {"connection_limit", CONF_T_INT, AT(connection_limit), .def = "10", .min = 1, .max = 10000,
     FROM(CONNECTION_LIMIT)},
    {"max_connection_rate", CONF_T_RATES, AT(max_connection_rate), .def = "100/min",
     FROM(MAX_CONNECTION_RATE)},
    {"max_message_rate", CONF_T_RATES, AT(max_message_rate), .def = "100/s",
     FROM(MAX_MESSAGE_RATE)},
    {"max_deliveries_per_connection", CONF_T_INT, AT(max_deliveries_per_connection), .def = "100",
     .min = 1, .max = 1000000, FROM(MAX_DELIVERIES_PER_CONNECTION)},
    {"per_source_connection_limit", CONF_T_INT, AT(per_source_connection_limit), .def = "0",
     .min = 0, .max = 10000, FROM(PER_SOURCE_CONNECTION_LIMIT)},
    {"per_source_max_message_rate", CONF_T_RATES, AT(per_source_max_message_rate), .def = "none",
     FROM(PER_SOURCE_MAX_MESSAGE_RATE)},
    {"additional_limits", CONF_T_STRINGS, offsetof(struct limits_draft, additional), .def = NULL,
     FROM(ADDITIONAL_LIMITS)},
    {"retry_interval", CONF_T_DURATION, AT(retry_interval_ms), .def = "20 min", .min = 1,
     .max = YEAR_MS, FROM(RETRY_INTERVAL)},
    {"max_retry_interval", CONF_T_DURATION, AT(max_retry_interval_ms), .def = "4 h", .min = 1,
     .max = YEAR_MS, FROM(MAX_RETRY_INTERVAL)},
    {"consecutive_connection_failures_before_delay", CONF_T_INT,
     AT(consecutive_connection_failures_before_delay), .def = "100", .min = 1, .max = 1000000,
     FROM(CONSECUTIVE_CONNECTION_FAILURES_BEFORE_DELAY)},
    {"idle", CONF_T_DURATION, AT(idle_ms), .def = "60 s", .min = 0, .max = HOUR_MS, FROM(IDLE)},
    {"smtp_port", CONF_T_INT, AT(smtp_port), .def = "25", .min = 1, .max = 65535, FROM(SMTP_PORT)},
    {"enable_tls", CONF_T_CHOICE, AT(enable_tls), .def = "Opportunistic", .choices = tls_modes,
     FROM(ENABLE_TLS)},
    {"remember_broken_tls", CONF_T_DURATION, AT(remember_broken_tls_ms), .def = "3 days", .min = 0,
     .max = YEAR_MS, FROM(REMEMBER_BROKEN_TLS)},
    {"ip_lookup_strategy", CONF_T_CHOICE, AT(ip_lookup_strategy), .def = "both",
     .choices = ip_strategies, FROM(IP_LOOKUP_STRATEGY)},
    {"ramp_up", CONF_T_DURATION, AT(ramp_up_ms), .def = "5 s", .min = 0, .max = HOUR_MS,
     FROM(RAMP_UP)},
    {"drain", CONF_T_DURATION, AT(drain_ms), .def = "30 s", .min = 0, .max = HOUR_MS, FROM(DRAIN)},
    {"backoff_connection_limit", CONF_T_INT, AT(backoff_connection_limit), .def = "0", .min = 0,
     .max = 10000, FROM(BACKOFF_CONNECTION_LIMIT)},
    {"backoff_max_message_rate", CONF_T_RATES, AT(backoff_max_message_rate), .def = "none",
     FROM(BACKOFF_MAX_MESSAGE_RATE)},
    {"backoff_max_connection_rate", CONF_T_RATES, AT(backoff_max_connection_rate), .def = "none",
     FROM(BACKOFF_MAX_CONNECTION_RATE)},
    {"backoff_retry_interval", CONF_T_DURATION, AT(backoff_retry_interval_ms), .def = "0 s",
     .min = 0, .max = YEAR_MS, FROM(BACKOFF_RETRY_INTERVAL)},
    {"backoff_to_normal_after", CONF_T_DURATION, AT(backoff_to_normal_after_ms), .def = "1 h",
     .min = 1000, .max = YEAR_MS, FROM(BACKOFF_TO_NORMAL_AFTER)},
    {"outage_sample", CONF_T_INT, AT(outage_sample), .def = "50", .min = 0, .max = GUARD_SAMPLE_MAX,
     FROM(OUTAGE_SAMPLE)},
    {"outage_refused_percent", CONF_T_INT, AT(outage_refused_percent), .def = "90", .min = 1,
     .max = 100, FROM(OUTAGE_REFUSED_PERCENT)},
    {"outage_window", CONF_T_DURATION, AT(outage_window_ms), .def = "10 min", .min = 1000,
     .max = DAY_MS, FROM(OUTAGE_WINDOW)},
    {"outage_rest", CONF_T_DURATION, AT(outage_rest_ms), .def = "30 min", .min = 1000,
     .max = 30 * DAY_MS, FROM(OUTAGE_REST)},
};

void limits_fields(struct conf_field out[LIMIT_FIELDS], bool with_defaults)
{
    memcpy(out, table, sizeof table);
    for (size_t i = 0; i < LIMIT_FIELDS && !with_defaults; i++)
        out[i].def = NULL;
}

static bool is_given(const struct limits *l, uint32_t number)
{
    for (unsigned i = 0; i < l->additionals; i++)
        if (l->additional[i] == number)
            return true;
    return false;
}

static void find_additional(const struct conf_node *list, const char *path, struct limits_draft *d,
                            const struct shaping *s, struct problems *p)
{
    const char **names = mem_array(s->limits + 1, sizeof *names);

    for (size_t i = 0; i < s->limits; i++)
        names[i] = s->limit[i].name;
    d->limits.additionals = 0;
    if (d->additional.count > ADDITIONAL_MAX)
        conf_say(p, list, path, "too many (got %zu, allowed: %d)", d->additional.count,
                 ADDITIONAL_MAX);
    for (size_t i = 0; i < d->additional.count && i < ADDITIONAL_MAX; i++) {
        char own[CONF_PATH];
        uint32_t found = 0;

        while (found < s->limits && strcmp(names[found], d->additional.item[i]) != 0)
            found++;
        conf_path_index(own, path, i);
        if (found == s->limits)
            conf_say_unknown(p, &list->child[i], own, "limit in limits", d->additional.item[i],
                             names, s->limits);
        else if (is_given(&d->limits, found))
            conf_say(p, &list->child[i], own, "given twice (got \"%s\")", d->additional.item[i]);
        else
            d->limits.additional[d->limits.additionals++] = found;
    }
    free(names);
}

/* Grants per day of the tightest of several; 0: none. */
static double per_day(const struct rates *r)
{
    double least = 0;

    for (unsigned i = 0; i < r->count; i++) {
        double n = (double)r->item[i].count * 86400e6 / (double)r->item[i].period_us;

        if (least == 0 || n < least)
            least = n;
    }
    return least;
}

/* Only where it is written: what came from `defaults` was spoken of there. */
static void check_backoff(const struct conf_node *group, const char *path, enum limit_field field,
                          double backoff, double normal, struct problems *p)
{
    const struct conf_node *n = conf_find(group, limit_name(field));

    if (n && backoff > normal && normal > 0)
        problems_warn(p, n->file, n->line, "%s.%s: more in back-off mode than normally", path,
                      limit_name(field));
}

void limits_finish(const struct conf_node *group, const char *path, struct limits_draft *d,
                   const struct shaping *s, struct problems *p)
{
    const struct conf_node *list = conf_find(group, "additional_limits");
    const struct limits *l = &d->limits;
    char own[CONF_PATH];

    if (list && (list->kind == CONF_LIST || list->kind == CONF_ARRAY)) {
        conf_path(own, path, "additional_limits");
        find_additional(list, own, d, s, p);
    }
    conf_strings_done(&d->additional);
    if (group->kind != CONF_GROUP)
        return;
    if (l->retry_interval_ms > l->max_retry_interval_ms) {
        const struct conf_node *n = conf_find(group, "retry_interval");

        conf_path(own, path, "retry_interval");
        conf_say(p, n ? n : group, own, "longer than max_retry_interval");
    }
    check_backoff(group, path, LIMIT_BACKOFF_CONNECTION_LIMIT, (double)l->backoff_connection_limit,
                  (double)l->connection_limit, p);
    check_backoff(group, path, LIMIT_BACKOFF_MAX_MESSAGE_RATE,
                  per_day(&l->backoff_max_message_rate), per_day(&l->max_message_rate), p);
    check_backoff(group, path, LIMIT_BACKOFF_MAX_CONNECTION_RATE,
                  per_day(&l->backoff_max_connection_rate), per_day(&l->max_connection_rate), p);
}
