#include <sluice/base/buf.h>
#include <sluice/base/must.h>
#include <sluice/base/str.h>
#include <sluice/shape/provider.h>

#include <inttypes.h>

#define SEC_MS INT64_C(1000)
#define MIN_MS (60 * SEC_MS)
#define HOUR_MS (60 * MIN_MS)
#define DAY_MS (24 * HOUR_MS)

static struct rates one_rate(uint64_t count, int64_t period_ms)
{
    return (struct rates){.item = {{count, period_ms * 1000, 1}}, .count = 1};
}

/* Where they come from is in docs/configuration.md. */
void limits_default(struct limits *l)
{
    *l = (struct limits){
        .connection_limit = 10,
        .max_connection_rate = one_rate(100, MIN_MS),
        .max_message_rate = one_rate(100, SEC_MS),
        .max_deliveries_per_connection = 100,
        .retry_interval_ms = 20 * MIN_MS,
        .max_retry_interval_ms = 4 * HOUR_MS,
        .consecutive_connection_failures_before_delay = 100,
        .idle_ms = 60 * SEC_MS,
        .smtp_port = 25,
        .enable_tls = TLS_OPPORTUNISTIC,
        .remember_broken_tls_ms = 3 * DAY_MS,
        .ip_lookup_strategy = IP_BOTH,
        .ramp_up_ms = 5 * SEC_MS,
        .drain_ms = 30 * SEC_MS,
        .backoff_to_normal_after_ms = HOUR_MS,
        .outage_sample = 50,
        .outage_refused_percent = 90,
        .outage_window_ms = 10 * MIN_MS,
        .outage_rest_ms = 30 * MIN_MS,
    };
}

enum form { COUNT, OPTIONAL_COUNT, DURATION, OPTIONAL_DURATION, RATES, PERCENT, TLS, IP, SHARED };

#define AT(field) offsetof(struct limits, field)
static const struct {
    const char *name;
    enum form form;
    size_t at;
} fields[LIMIT_FIELDS] = {
    [LIMIT_CONNECTION_LIMIT] = {"connection_limit", COUNT, AT(connection_limit)},
    [LIMIT_MAX_CONNECTION_RATE] = {"max_connection_rate", RATES, AT(max_connection_rate)},
    [LIMIT_MAX_MESSAGE_RATE] = {"max_message_rate", RATES, AT(max_message_rate)},
    [LIMIT_MAX_DELIVERIES_PER_CONNECTION] = {"max_deliveries_per_connection", COUNT,
                                             AT(max_deliveries_per_connection)},
    [LIMIT_PER_SOURCE_CONNECTION_LIMIT] = {"per_source_connection_limit", OPTIONAL_COUNT,
                                           AT(per_source_connection_limit)},
    [LIMIT_PER_SOURCE_MAX_MESSAGE_RATE] = {"per_source_max_message_rate", RATES,
                                           AT(per_source_max_message_rate)},
    [LIMIT_ADDITIONAL_LIMITS] = {"additional_limits", SHARED, AT(additionals)},
    [LIMIT_RETRY_INTERVAL] = {"retry_interval", DURATION, AT(retry_interval_ms)},
    [LIMIT_MAX_RETRY_INTERVAL] = {"max_retry_interval", DURATION, AT(max_retry_interval_ms)},
    [LIMIT_CONSECUTIVE_CONNECTION_FAILURES_BEFORE_DELAY] =
        {"consecutive_connection_failures_before_delay", COUNT,
         AT(consecutive_connection_failures_before_delay)},
    [LIMIT_IDLE] = {"idle", DURATION, AT(idle_ms)},
    [LIMIT_SMTP_PORT] = {"smtp_port", COUNT, AT(smtp_port)},
    [LIMIT_ENABLE_TLS] = {"enable_tls", TLS, AT(enable_tls)},
    [LIMIT_REMEMBER_BROKEN_TLS] = {"remember_broken_tls", DURATION, AT(remember_broken_tls_ms)},
    [LIMIT_IP_LOOKUP_STRATEGY] = {"ip_lookup_strategy", IP, AT(ip_lookup_strategy)},
    [LIMIT_RAMP_UP] = {"ramp_up", OPTIONAL_DURATION, AT(ramp_up_ms)},
    [LIMIT_DRAIN] = {"drain", OPTIONAL_DURATION, AT(drain_ms)},
    [LIMIT_BACKOFF_CONNECTION_LIMIT] = {"backoff_connection_limit", OPTIONAL_COUNT,
                                        AT(backoff_connection_limit)},
    [LIMIT_BACKOFF_MAX_MESSAGE_RATE] = {"backoff_max_message_rate", RATES,
                                        AT(backoff_max_message_rate)},
    [LIMIT_BACKOFF_MAX_CONNECTION_RATE] = {"backoff_max_connection_rate", RATES,
                                           AT(backoff_max_connection_rate)},
    [LIMIT_BACKOFF_RETRY_INTERVAL] = {"backoff_retry_interval", OPTIONAL_DURATION,
                                      AT(backoff_retry_interval_ms)},
    [LIMIT_BACKOFF_TO_NORMAL_AFTER] = {"backoff_to_normal_after", DURATION,
                                       AT(backoff_to_normal_after_ms)},
    [LIMIT_OUTAGE_SAMPLE] = {"outage_sample", OPTIONAL_COUNT, AT(outage_sample)},
    [LIMIT_OUTAGE_REFUSED_PERCENT] = {"outage_refused_percent", PERCENT,
                                      AT(outage_refused_percent)},
    [LIMIT_OUTAGE_WINDOW] = {"outage_window", DURATION, AT(outage_window_ms)},
    [LIMIT_OUTAGE_REST] = {"outage_rest", DURATION, AT(outage_rest_ms)},
};

const char *limit_name(enum limit_field f)
{
    MUST((unsigned)f < LIMIT_FIELDS);
    return fields[f].name;
}

static void put_number(struct buf *out, enum form form, int64_t n)
{
    bool is_optional = form == OPTIONAL_COUNT || form == OPTIONAL_DURATION;
    char text[16];

    if (is_optional && n == 0) {
        buf_puts(out, "none");
    } else if (form == DURATION || form == OPTIONAL_DURATION) {
        duration_format(n, text);
        buf_puts(out, text);
    } else {
        buf_printf(out, "%" PRId64 "%s", n, form == PERCENT ? " %" : "");
    }
}

void limit_format(const struct limits *l, enum limit_field f, char *out, size_t n)
{
    static const char *const tls[] = {
        [TLS_DISABLED] = "Disabled", [TLS_OPPORTUNISTIC] = "Opportunistic"};
    static const char *const ip[] = {
        [IP_BOTH] = "both", [IP_V4_ONLY] = "ipv4_only", [IP_V6_ONLY] = "ipv6_only"};
    const char *field = (const char *)l + fields[f].at;
    char rates[RATES_TEXT];
    struct buf b;

    MUST((unsigned)f < LIMIT_FIELDS && n > 0);
    buf_init(&b, RATES_TEXT);
    switch (fields[f].form) {
    case RATES:
        rates_format((const struct rates *)(const void *)field, rates);
        buf_puts(&b, rates);
        break;
    case TLS:
        buf_puts(&b, tls[l->enable_tls]);
        break;
    case IP:
        buf_puts(&b, ip[l->ip_lookup_strategy]);
        break;
    case SHARED:
        put_number(&b, OPTIONAL_COUNT, l->additionals);
        break;
    default:
        put_number(&b, fields[f].form, *(const int64_t *)(const void *)field);
    }
    str_copy(out, n, str_n(b.data, b.len));
    buf_done(&b);
}
