#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <sluice/shape/provider.h>

static const char *const defaults[LIMIT_FIELDS][2] = {
    {"connection_limit", "10"},
    {"max_connection_rate", "100/min"},
    {"max_message_rate", "100/s"},
    {"max_deliveries_per_connection", "100"},
    {"per_source_connection_limit", "none"},
    {"per_source_max_message_rate", "none"},
    {"additional_limits", "none"},
    {"retry_interval", "20m"},
    {"max_retry_interval", "4h"},
    {"consecutive_connection_failures_before_delay", "100"},
    {"idle", "1m"},
    {"smtp_port", "25"},
    {"enable_tls", "Opportunistic"},
    {"remember_broken_tls", "3d"},
    {"ip_lookup_strategy", "both"},
    {"ramp_up", "5s"},
    {"drain", "30s"},
    {"backoff_connection_limit", "none"},
    {"backoff_max_message_rate", "none"},
    {"backoff_max_connection_rate", "none"},
    {"backoff_retry_interval", "none"},
    {"backoff_to_normal_after", "1h"},
    {"outage_sample", "50"},
    {"outage_refused_percent", "90 %"},
    {"outage_window", "10m"},
    {"outage_rest", "30m"},
};

static void the_defaults(void **state)
{
    struct limits l;
    char text[64];

    (void)state;
    memset(&l, 0xff, sizeof l);
    limits_default(&l);
    for (int f = 0; f < LIMIT_FIELDS; f++) {
        assert_string_equal(limit_name((enum limit_field)f), defaults[f][0]);
        limit_format(&l, (enum limit_field)f, text, sizeof text);
        assert_string_equal(text, defaults[f][1]);
        assert_null(l.origin[f].file);
    }
}

static void other_values(void **state)
{
    struct limits l = {.max_message_rate = {{{100, 1000000, 1}, {50000, 86400000000, 0}}, 2},
                       .additionals = 2,
                       .enable_tls = TLS_DISABLED,
                       .ip_lookup_strategy = IP_V4_ONLY,
                       .idle_ms = 1500,
                       .per_source_connection_limit = 3};
    static const struct {
        enum limit_field f;
        const char *want;
    } rows[] = {
        {LIMIT_MAX_MESSAGE_RATE, "100/s and 50,000/day"},
        {LIMIT_ADDITIONAL_LIMITS, "2"},
        {LIMIT_ENABLE_TLS, "Disabled"},
        {LIMIT_IP_LOOKUP_STRATEGY, "ipv4_only"},
        {LIMIT_IDLE, "1.5s"},
        {LIMIT_PER_SOURCE_CONNECTION_LIMIT, "3"},
        {LIMIT_OUTAGE_SAMPLE, "none"},
        {LIMIT_RAMP_UP, "none"},
    };
    char text[64];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        limit_format(&l, rows[i].f, text, sizeof text);
        assert_string_equal(text, rows[i].want);
    }
    l.ip_lookup_strategy = IP_V6_ONLY;
    limit_format(&l, LIMIT_IP_LOOKUP_STRATEGY, text, sizeof text);
    assert_string_equal(text, "ipv6_only");
    limit_format(&l, LIMIT_MAX_MESSAGE_RATE, text, 6);
    assert_string_equal(text, "100/s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults),
        cmocka_unit_test(other_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
