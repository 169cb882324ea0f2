/* Which settings of a new configuration count only after a restart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include "reload.h"

static char *item_a[] = {"10.0.0.0/8"}, *item_b[] = {"10.0.0.0/8", "::1"};

static struct settings base(void)
{
    struct settings s = {.drop_dir = "/drop",
                         .spool_dir = "/spool",
                         .control_socket = "/sock",
                         .ehlo_name = "mail.example",
                         .max_connections = 500,
                         .utc_offset_min = 540,
                         .prohibited_hosts = {item_a, 1},
                         .log_level = 2,
                         .timezone = "Asia/Seoul",
                         .maintenance_dir = "/maintenance"};
    s.timeouts.data_dot = 600000;
    s.dns.timeout_ms = 3000;
    s.dns.use_ipv6 = true;
    return s;
}

static void change_spool(struct settings *s)
{
    s->spool_dir = "/spool2";
}
static void change_servers(struct settings *s)
{
    s->dns.servers = "192.0.2.53";
}
static void change_dns_timeout(struct settings *s)
{
    s->dns.timeout_ms = 1;
}
static void change_ipv6(struct settings *s)
{
    s->dns.use_ipv6 = false;
}
static void change_data_dot(struct settings *s)
{
    s->timeouts.data_dot = 1;
}
static void change_prohibited(struct settings *s)
{
    s->prohibited_hosts = (struct conf_strings){item_b, 2};
}
static void change_cap(struct settings *s)
{
    s->caps.columns = 7;
}
static void change_what_counts_at_once(struct settings *s)
{
    s->log_level = 3;
    s->log_file = "/log";
    s->timezone = "UTC";
    s->maintenance_dir = "/other";
    s->provider_dir = "/providers";
    s->template_dir = "/templates2";
    s->caps.template_bytes = 7;
    s->dkim_dir = "/keys";
    s->token_key_file = "/token.keys";
    s->shaping.frequency_count = 3;
    s->shaping.profiles.fallback.connection_limit = 3;
}

static void test_names(void **state)
{
    static const struct {
        void (*change)(struct settings *);
        const char *name; /* NULL: counts at once */
    } rows[] = {
        {change_spool, "spool_dir"},
        {change_servers, "dns.servers"},
        {change_dns_timeout, "dns.timeout"},
        {change_ipv6, "dns.use_ipv6"},
        {change_data_dot, "timeouts.data_dot"},
        {change_prohibited, "prohibited_hosts"},
        {change_cap, "caps.columns"},
        {change_what_counts_at_once, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct settings a = base(), b = base();
        const char *name[RESTART_MAX];
        rows[i].change(&b);
        unsigned n = settings_need_restart(&a, &b, name);
        assert_int_equal(n, rows[i].name ? 1 : 0);
        if (n)
            assert_string_equal(name[0], rows[i].name);
    }
}

static void test_equal_texts_are_no_change(void **state)
{
    struct settings a = base(), b = base();
    char copy[] = "/drop";
    const char *name[RESTART_MAX];
    (void)state;
    b.drop_dir = copy;
    assert_int_equal(settings_need_restart(&a, &b, name), 0);
}

static void test_several(void **state)
{
    struct settings a = base(), b = base();
    const char *name[RESTART_MAX];
    (void)state;
    change_cap(&b);
    change_spool(&b);
    assert_int_equal(settings_need_restart(&a, &b, name), 2);
    assert_string_equal(name[0], "spool_dir");
    assert_string_equal(name[1], "caps.columns");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_equal_texts_are_no_change),
        cmocka_unit_test(test_several),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
