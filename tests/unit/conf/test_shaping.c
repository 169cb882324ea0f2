/* Limits, sources, clients and rules: what is read, where it says it was written, what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sluice/base/must.h>

#include "helper_load.h"
#include "limit_fields.h"

static struct settings *load_text(const char *text, struct buf *said)
{
    load_put("a.conf", text);
    return load("a.conf", said);
}

static struct settings *fine(const char *text)
{
    struct buf said;
    struct settings *s = load_text(text, &said);

    if (!s || said.len)
        fail_msg("%s gave\n%s", text, said.data);
    buf_done(&said);
    return s;
}

static void test_defaults_are_those_of_shape(void **state)
{
    struct settings *s = fine("");
    struct limits want;

    (void)state;
    limits_default(&want);
    for (int f = 0; f < LIMIT_FIELDS; f++) {
        char a[RATES_TEXT], b[RATES_TEXT];

        limit_format(&s->shaping.profiles.fallback, (enum limit_field)f, a, sizeof a);
        limit_format(&want, (enum limit_field)f, b, sizeof b);
        if (strcmp(a, b) != 0)
            fail_msg("%s: %s, not %s", limit_name((enum limit_field)f), a, b);
        assert_null(s->shaping.profiles.fallback.origin[f].file);
    }
    settings_free(s);
}

static void test_every_limit_has_its_name_and_origin(void **state)
{
    struct conf_field fields[LIMIT_FIELDS];

    (void)state;
    limits_fields(fields, true);
    for (int f = 0; f < LIMIT_FIELDS; f++) {
        assert_string_equal(fields[f].name, limit_name((enum limit_field)f));
        assert_int_equal(fields[f].origin,
                         offsetof(struct limits, origin) + (size_t)f * sizeof(struct origin) + 1);
    }
}

static void test_providers_inherit_values_and_origins(void **state)
{
    const struct limits *a, *b;
    struct settings *s;
    char *path = mem_printf("%s/providers", load_dir);

    (void)state;
    mkdir(path, 0755);
    free(path);
    load_put("providers/b.conf", "providers = ( { name = \"b\"; domains = ( \"B.Example\" );\n"
                                 "max_message_rate = ( \"10/s\", \"50,000/day\" ); } );");
    s = fine("defaults = { connection_limit = 3;\nretry_interval = \"1 min\"; };\n"
             "limits = ( { name = \"idc\"; connection_limit = 20; },\n"
             "           { name = \"line\"; max_message_rate = \"50/s\"; } );\n"
             "providers = ( { name = \"a\"; mx_suffix = ( \".A.example\" );\n"
             "  connection_limit = 7; additional_limits = ( \"line\", \"idc\" ); } );");
    assert_int_equal(s->shaping.profiles.count, 2);
    a = &s->shaping.profiles.item[0].limits;
    b = &s->shaping.profiles.item[1].limits;
    assert_string_equal(s->shaping.profiles.item[0].mx_suffix[0], ".a.example");
    assert_string_equal(s->shaping.profiles.item[1].domain[0], "b.example");
    assert_int_equal(a->connection_limit, 7);
    assert_int_equal(a->origin[LIMIT_CONNECTION_LIMIT].line, 6);
    assert_non_null(strstr(a->origin[LIMIT_CONNECTION_LIMIT].file, "/a.conf"));
    assert_int_equal(a->retry_interval_ms, 60000);
    assert_int_equal(a->origin[LIMIT_RETRY_INTERVAL].line, 2);
    assert_null(a->origin[LIMIT_IDLE].file);
    assert_int_equal(a->additionals, 2);
    assert_int_equal(a->additional[0], 1);
    assert_int_equal(a->additional[1], 0);
    assert_int_equal(a->origin[LIMIT_ADDITIONAL_LIMITS].line, 6);
    assert_int_equal(s->shaping.limit[0].cap.connection_limit, 20);
    assert_int_equal(s->shaping.limit[1].cap.at.line, 4);
    assert_int_equal(b->connection_limit, 3);
    assert_int_equal(b->origin[LIMIT_CONNECTION_LIMIT].line, 1);
    assert_int_equal(b->max_message_rate.count, 2);
    assert_int_equal(b->max_message_rate.item[1].count, 50000);
    assert_int_equal(b->max_message_rate.item[1].burst, 0);
    assert_non_null(strstr(b->origin[LIMIT_MAX_MESSAGE_RATE].file, "providers/b.conf"));
    assert_int_equal(b->origin[LIMIT_MAX_MESSAGE_RATE].line, 2);
    settings_free(s);
}

static void test_sources_and_clients(void **state)
{
    struct settings *s = fine(
        "sources = (\n"
        "{ name = \"a\"; address = \"203.0.113.10\"; ehlo_name = \"mail1.example.com\";\n"
        "  warmup = { start = \"2026-11-23T00:00:00+09:00\"; volumes = ( 50, 100, 500 ); }; },\n"
        "{ address = \"2001:db8::1\"; connection_limit = 9; max_message_rate = \"5/s\"; } );\n"
        "source_pools = ( { name = \"bulk\"; sources = ( \"2001:db8::1\" ); } );\n"
        "clients = ( { name = \"shop\"; source_pool = \"bulk\"; connection_limit = 4;\n"
        "  frequency_cap = { ads = 2; period = \"7 days\"; }; }, { name = \"B2\"; } );\n"
        "frequency_cap = { ads = 3; period = \"92 days\"; };");
    const struct shaping *all = &s->shaping;
    const struct client *c = shaping_client(all, "shop");

    (void)state;
    assert_int_equal(all->sources, 2);
    assert_int_equal(all->source[0].warmup.start.ms, 1795359600000);
    assert_int_equal(all->source[0].warmup.days, 3);
    assert_int_equal(all->source[0].warmup.volume[2], 500);
    assert_int_equal(all->source[0].warmup.at.line, 3);
    assert_string_equal(all->source[0].ehlo_name, "mail1.example.com");
    assert_int_equal(shaping_source(all, "2001:db8::1"), 1);
    assert_int_equal(all->source[1].cap.connection_limit, 9);
    assert_non_null(c);
    assert_true(c->sources == 2);
    assert_int_equal(c->frequency_count, 2);
    assert_int_equal(c->frequency_ms, 7LL * 86400000);
    assert_int_equal(c->frequency_at.line, 7);
    assert_true(shaping_client(all, "B2")->sources == UINT64_MAX);
    assert_int_equal(all->frequency_count, 3);
    assert_int_equal(all->frequency_at.line, 8);
    settings_free(s);
}

static void test_there_is_always_a_source(void **state)
{
    struct settings *s = fine("");

    (void)state;
    assert_int_equal(s->shaping.sources, 1);
    assert_string_equal(s->shaping.source[0].name, "default");
    assert_null(s->shaping.source[0].address);
    settings_free(s);
    s = fine("source_addresses = ( \"127.0.0.2\", \"127.0.0.3\" );");
    assert_int_equal(s->shaping.sources, 2);
    assert_string_equal(s->shaping.source[1].name, "127.0.0.3");
    assert_string_equal(s->shaping.source[1].address, "127.0.0.3");
    settings_free(s);
}

static void test_rules(void **state)
{
    struct settings *s = fine(
        "automation = ( { name = \"all\"; match = \"^421 \"; action = \"backoff\"; },\n"
        "{ provider = \"a\"; match = \"x\"; trigger = \"10/hr\"; action = \"suspend_source\"; "
        "duration = \"2 h\"; } );\n"
        "providers = ( { name = \"a\"; domains = ( \"a.kr\" ); automation = ( { match = \"y\";\n"
        "action = \"set_limits\"; connection_limit = 1; max_message_rate = \"1/min\"; duration = "
        "\"1 h\"; } ); } );");
    const struct automation_rule *r = s->shaping.rules.item;

    (void)state;
    assert_int_equal(s->shaping.rules.count, 3);
    assert_string_equal(r[0].name, "all");
    assert_null(r[0].provider);
    assert_int_equal(r[0].trigger.count, 0);
    assert_int_equal(r[0].action, AUTO_BACKOFF);
    assert_string_equal(r[1].name, "a.conf:2");
    assert_int_equal(r[1].trigger.count, 10);
    assert_int_equal(r[1].duration_ms, 2 * 3600000);
    assert_int_equal(r[1].at.line, 2);
    assert_string_equal(r[2].provider, "a");
    assert_int_equal(r[2].action, AUTO_SET_LIMITS);
    assert_int_equal(r[2].max_message_rate.item[0].count, 1);
    assert_non_null(r[2].code);
    settings_free(s);
}

#define A "providers = ( { name = \"a\"; domains = ( \"a.kr\" ); "
#define RULE "automation = ( { match = \"x\"; action = \"suspend\"; duration = \"1 h\"; "

static const struct {
    const char *text, *says;
} wrong[] = {
    {"defaults = { max_message_rate = \"fast\"; };",
     ":1: defaults.max_message_rate: not a rate (got \"fast\", allowed: a rate such as "
     "\"100/s\", "},
    {"defaults = { max_message_rate = ( \"1/s\",\n\"2 per s\" ); };",
     ":2: defaults.max_message_rate[1]: not a rate (got \"2 per s\", "},
    {"defaults = { max_message_rate = ( ); };", "not a rate (got an empty list, "},
    {"defaults = { max_message_rate = ( \"1/s\", \"1/s\", \"1/s\", \"1/s\", \"1/s\" ); };",
     "not a rate (got a list, "},
    {"defaults = { conection_limit = 3; };",
     ":1: defaults.conection_limit: unknown setting (allowed: connection_limit, "},
    {"defaults = { conection_limit = 3; };", "; did you mean connection_limit?\n"},
    {"defaults = { enable_tls = \"Sometimes\"; };",
     "defaults.enable_tls: no such choice (got \"Sometimes\", allowed: \"Disabled\", "
     "\"Opportunistic\")"},
    {"defaults = { ip_lookup_strategy = \"ipv4only\"; };", "did you mean \"ipv4_only\"?"},
    {"defaults = { retry_interval = \"5 h\"; };", "defaults.retry_interval: longer than max_retry"},
    {"defaults = { outage_sample = 257; };", "defaults.outage_sample: out of range (got 257, "},
    {"defaults = { additional_limits = ( \"kt\", \"kt\" ); };\nlimits = ( { name = \"kt\"; "
     "connection_limit = 3; } );",
     ":1: defaults.additional_limits[1]: given twice (got \"kt\")"},
    {"defaults = { additional_limits = ( \"kt\" ); };\nlimits = ( { name = \"kt-idc\"; "
     "connection_limit = 3; } );",
     ":1: defaults.additional_limits[0]: no such limit in limits (got \"kt\", allowed: "
     "\"kt-idc\")"},
    {"limits = ( { name = \"a\"; } );", "limits[0]: limits nothing (allowed: connection_limit, "},
    {"limits = ( { name = \"a\"; connection_limit = 1; },\n{ name = \"a\"; connection_limit = 1; } "
     ");",
     ":2: limits[1].name: given to two limits (got \"a\", which stands in "},
    {"providers = ( { name = \"a\"; } );", ":1: providers[0]: matches nothing (allowed: mx_suffix"},
    {"providers = ( { domains = ( \"a.kr\" ); } );", ":1: providers[0].name: missing (allowed: a "},
    {"providers = ( 3 );", ":1: providers[0]: not a group"},
    {"providers = 3;", ":1: providers: not a list (got 3, allowed: a list in ( ))"},
    {"providers = ( { name = \"A b\"; domains = ( \"a.kr\" ); } );",
     ":1: providers[0].name: not a name (got \"A b\", allowed: a-z"},
    {"providers = ( { name = \"a\"; mx_suffix = ( \".a.kr\",\n\"naver.com\" ); } );",
     ":2: providers[0].mx_suffix[1]: not an ending of host names (got \"naver.com\", "},
    {"providers = ( { name = \"a\"; domains = ( \"a b\" ); } );",
     ":1: providers[0].domains[0]: not a domain name (got \"a b\", "},
    {A "},\n{ name = \"a\"; domains = ( \"b.kr\" ); } );",
     ":2: providers[1].name: given to two providers (got \"a\", which stands in "},
    {A "},\n{ name = \"b\"; domains = ( \"c.kr\", \"A.kr\" ); } );",
     ":2: providers[1].domains[1]: belongs to two providers (got \"a.kr\", which provider \"a\" "
     "in "},
    {A "mx_suffix = ( \".a.kr\" ); },\n{ name = \"b\"; mx_suffix = ( \".a.kr\" ); } );",
     ":2: providers[1].mx_suffix[0]: belongs to two providers"},
    {A "max_deliveries = 3; } );", "providers[0].max_deliveries: unknown setting (allowed: "},
    {"sources = ( { address = \"1.2.3\"; } );", "sources[0].address: not an IP address (got \"1."},
    {"sources = ( { connection_limit = 3; } );", "sources[0]: neither name nor address is given"},
    {"sources = ( { name = \"a\"; }, { name = \"a\"; } );",
     "sources[1].name: given to two sources"},
    {"sources = ( { address = \"127.0.0.1\"; }, { name = \"b\"; address = \"127.0.0.1\"; } );",
     "sources[1].address: given to two sources"},
    {"sources = ( { name = \"a\"; } ); source_addresses = ( \"127.0.0.1\" );",
     "source_addresses: does not go together with sources"},
    {"sources = ( { name = \"a\"; warmup = { volumes = ( 5, 0 ); }; } );",
     "sources[0].warmup.start: missing (allowed: a time"},
    {"sources = ( { name = \"a\"; warmup = { volumes = ( 5, 0 ); }; } );",
     "sources[0].warmup.volumes[1]: out of range (got 0, "},
    {"source_pools = ( { name = \"p\"; sources = ( \"x\" ); } );",
     "source_pools[0].sources[0]: no such source (got \"x\", allowed: \"default\")"},
    {"clients = ( { name = \"c\"; source_pool = \"bulc\"; } );\nsource_pools = ( { name = "
     "\"bulk\"; "
     "sources = ( \"default\" ); } );",
     ":1: clients[0].source_pool: no such pool in source_pools (got \"bulc\", allowed: \"bulk\"); "
     "did you mean \"bulk\"?"},
    {"clients = ( { name = \"c\"; }, { name = \"c\"; } );",
     "clients[1].name: given to two clients"},
    {"clients = ( { name = \"c d\"; } );", "clients[0].name: not a client (got \"c d\""},
    {"clients = ( { name = \"c\"; frequency_cap = { ads = 0; period = \"93 days\"; }; } );",
     "clients[0].frequency_cap.ads: out of range (got 0, "},
    {"frequency_cap = { ads = 1; period = \"93 days\"; };", "frequency_cap.period: out of range"},
    {"frequency_cap = { ads = 1; };", "frequency_cap.period: missing"},
    {RULE "trigger = \"often\"; } );", "automation[0].trigger: not a trigger (got \"often\", "},
    {RULE "connection_limit = 3; } );",
     "automation[0].connection_limit: only with action = \"set_limits\""},
    {RULE
     "provider = \"navr\"; } ); providers = ( { name = \"naver\"; domains = ( \"a.kr\" ); } );",
     "automation[0].provider: no such provider (got \"navr\", allowed: \"naver\"); did you mean "
     "\"naver\"?"},
    {"automation = ( { match = \"x\"; action = \"suspend\"; } );",
     "automation[0].duration: missing"},
    {"automation = ( { match = \"x\"; action = \"set_limits\"; duration = \"1 h\"; } );",
     "automation[0]: sets no limit"},
    {"automation = ( { match = \"(x\"; action = \"backoff\"; } );", "automation[0].match: "},
    {"automation = ( { match = \"x\"; action = \"stop\"; } );", "automation[0].action: no such ch"},
    {"automation = ( { name = \"n\"; match = \"x\"; action = \"backoff\"; },\n{ name = \"n\"; "
     "match = "
     "\"y\"; action = \"backoff\"; } );",
     ":2: automation[1].name: given to two rules (got \"n\", which stands in "},
    {A "automation = ( { match = \"(x\"; action = \"backoff\"; } ); } );",
     "providers[0].automation[0].match: "},
    {A "automation = ( { match = \"x\"; action = \"backoff\"; provider = \"a\"; } ); } );",
     "providers[0].automation[0].provider: unknown setting"},
};

static void test_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct buf said;

        assert_null(load_text(wrong[i].text, &said));
        if (!strstr(said.data, wrong[i].says))
            fail_msg("%s gave\n%s, not \"%s\"", wrong[i].text, said.data, wrong[i].says);
        buf_done(&said);
    }
}

static void test_warnings(void **state)
{
    static const struct {
        const char *text, *says;
    } row[] = {
        {"defaults = { backoff_connection_limit = 11; };",
         ":1: warning: defaults.backoff_connection_limit: more in back-off mode than normally\n"},
        {"defaults = { backoff_max_message_rate = \"7,000/min\"; };",
         "defaults.backoff_max_message_rate: more in"},
        {"defaults = { backoff_max_message_rate = \"6,000/min\"; };", ""},
        {A "backoff_max_connection_rate = \"101/min\"; } );",
         "providers[0].backoff_max_connection_rate: more in"},
        {"sources = ( { name = \"a\"; warmup = { start = \"2026-11-23T00:00:00Z\"; volumes = [ 50, "
         "40 ]; }; } );",
         "sources[0].warmup.volumes[1]: smaller than the day before (got 40 after 50)\n"},
        {"timeouts = { data_dot = \"1 min\"; };", "warning: timeouts.data_dot: shorter than"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct buf said;
        struct settings *s = load_text(row[i].text, &said);

        if (!s || !strstr(said.data, row[i].says) || (!*row[i].says && said.len))
            fail_msg("%s gave\n%s, not \"%s\"", row[i].text, said.data, row[i].says);
        settings_free(s);
        buf_done(&said);
    }
}

static void test_a_file_of_nothing(void **state)
{
    struct buf said;

    (void)state;
    load_put("providers/c.conf", "");
    assert_null(load_text("", &said));
    assert_non_null(strstr(said.data, "c.conf: neither providers nor automation is given"));
    buf_done(&said);
    load_put("providers/c.conf", "provider = ( );");
    assert_null(load_text("", &said));
    assert_non_null(strstr(said.data, "c.conf:1: provider: unknown setting (allowed: providers, "
                                      "automation); did you mean providers?"));
    buf_done(&said);
    load_put("providers/c.conf", "automation = ( { match = \"x\"; action = \"backoff\"; } );");
    settings_free(load_text("", &said));
    assert_string_equal(said.data, "");
    buf_done(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_are_those_of_shape),
        cmocka_unit_test(test_every_limit_has_its_name_and_origin),
        cmocka_unit_test(test_sources_and_clients),
        cmocka_unit_test(test_there_is_always_a_source),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_warnings),
        cmocka_unit_test(test_providers_inherit_values_and_origins),
        cmocka_unit_test(test_a_file_of_nothing),
    };

    return cmocka_run_group_tests(tests, load_make_dir, load_remove_dir);
}
