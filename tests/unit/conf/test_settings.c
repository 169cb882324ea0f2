#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sluice/base/must.h>
#include <sluice/base/utf8.h>
#include <sluice/conf/settings.h>

#include "helper_load.h"

static void test_empty_file_is_all_defaults(void **state)
{
    struct buf said;
    struct settings *s;
    char *drop = mem_printf("%s/drop", "/tmp/var");

    (void)state;
    load_put("empty.conf", "");
    s = load("empty.conf", &said);
    assert_string_equal(said.data, "");
    assert_non_null(s);
    assert_string_equal(s->drop_dir, drop);
    assert_int_equal(s->max_connections, 500);
    assert_int_equal(s->timeouts.data_dot, 600000);
    assert_int_equal(s->caps.recipients_bytes, 64LL << 30);
    assert_int_equal(s->shaping.profiles.fallback.connection_limit, 10);
    assert_int_equal(s->shaping.profiles.fallback.enable_tls, TLS_OPPORTUNISTIC);
    assert_int_equal(s->shaping.profiles.fallback.max_message_rate.item[0].count, 100);
    assert_int_equal(s->prohibited_hosts.count, 10);
    assert_int_equal(s->utc_offset_min, 540);
    assert_null(s->log_file);
    assert_true(s->dns.use_ipv6);
    settings_free(s);
    free(drop);
    buf_done(&said);
}

static const struct {
    const char *text, *says;
} wrong[] = {
    {"max_connection = 3;", ":1: max_connection: unknown setting (allowed: max_connections, "},
    {"max_connection = 3;", "...); did you mean max_connections?\n"},
    {"zebra = 3;", ":1: zebra: unknown setting (allowed: "},
    {"zebra = 3;", ", ...)\n"},
    {"\n\nmax_connections = 0;",
     ":3: max_connections: out of range (got 0, allowed: a whole number, 1 to 100000)\n"},
    {"max_connections = \"many\";", ":1: max_connections: not a whole number (got \"many\", "},
    {"max_connections = 3;\nmax_connections = 4;",
     ":2: max_connections: given twice; it stands in line 1 already\n"},
    {"max_connections = 99999999999999999999;", "too large"},
    {"max_connections = 0x10;", "decimal"},
    {"max_connections = 0x100000005;", "decimal"},
    {"max_connections = 4294967301;",
     ":1: max_connections: out of range (got 4294967301, allowed: a whole number, 1 to 100000)\n"},
    {"max_connections = 04294967301;", "out of range (got 4294967301, "},
    {"max_connections = -4294967295;", "out of range (got -4294967295, "},
    {"max_connections = +2147483653;", "out of range (got 2147483653, "},
    {"max_connections = 4294967301L;", "out of range (got 4294967301, "},
    {"max_connections = 123456789012345678;", "out of range (got 123456789012345678, "},
    {"defaults = { outage_sample = 4294967296; };",
     "defaults.outage_sample: out of range (got 4294967296, "},
    {"defaults = { smtp_port = 4294967321; };", "out of range (got 4294967321, "},
    {"limits = ( { name = \"a\"; connection_limit = 4294967301; } );",
     "limits[0].connection_limit: out of range (got 4294967301, "},
    {"sources = ( { name = \"a\"; warmup = { start = \"2026-11-23T00:00:00Z\"; volumes = [ 5, "
     "4294967301 ]; }; } );",
     "volumes[1]: out of range (got 4294967301, "},
    {"@include \"large.conf\"\n",
     "/large.conf:2: in an included file a number as large as this one needs an L behind it (got "
     "4294967301, allowed: 4294967301L)\n"},
    {"@include \"long.conf\"\n", "/long.conf:1: max_connections: out of range (got 4294967301, "},
    {"ehlo_name = \" \";",
     ":1: ehlo_name: not a host name (got \" \", allowed: one such as \"mail.example.com\", or "
     "\"[203.0.113.10]\")\n"},
    {"ehlo_name = \"a b\";", "ehlo_name: not a host name (got \"a b\", "},
    {"ehlo_name = \"1e9 s\";", "not a host name (got \"1e9 s\", "},
    {"ehlo_name = \"mail.example.com.\";", "not a host name"},
    {"ehlo_name = \"mail..example.com\";", "not a host name"},
    {"ehlo_name = \"-mail.example.com\";", "not a host name"},
    {"ehlo_name = \"mail_1.example.com\";", "not a host name"},
    {"ehlo_name = \"메일.kr\";", "not a host name (got \"메일.kr\", "},
    {"ehlo_name = \"203.0.113.10\";", "not a host name"},
    {"ehlo_name = \"[203.0.113.300]\";", "not a host name"},
    {"ehlo_name = \"[2001:db8::1]\";", "not a host name"},
    {"sources = ( { name = \"a\";\n ehlo_name = \"a b\"; } );",
     ":2: sources[0].ehlo_name: not a host name (got \"a b\", "},
    {"log_level = \"loud\";",
     "log_level: no such choice (got \"loud\", allowed: \"error\", \"warning\", \"info\", "
     "\"debug\")\n"},
    {"log_level = \"debag\";", "); did you mean \"debug\"?\n"},
    {"log_level = 3;", "log_level: not one of the choices (got 3, allowed: \"error\", "},
    {"timeouts = { data_dot = 60; };",
     "timeouts.data_dot: not a duration (got 60, allowed: a duration with its unit, such as "
     "\"20 min\", 1ms to 1h)\n"},
    {"timeouts = 5;", "timeouts: not a group (got 5, allowed: a group in { })"},
    {"dns = { use_ipv4 = false; use_ipv6 = false; };", ":1: dns: use_ipv4 and use_ipv6 are both"},
    {"dns = { use_ipv4 = 1; };", "dns.use_ipv4: not a yes or no (got 1, allowed: true or false)"},
    {"dns = { ttl_min_sec = 100; ttl_max_sec = 50; };", "dns: ttl_min_sec is larger"},
    {"caps = { row_bytes = \"1 XB\"; };", "caps.row_bytes: not a size (got \"1 XB\", allowed: a "},
    {"caps = { row_bytes = \"1\"; };", "caps.row_bytes: out of range (got \"1\", "},
    {"drop_dir = \"x\"; out_dir = \"./x/\";", ":1: out_dir: the same directory as drop_dir"},
    {"source_addresses = 3;", "source_addresses: not a list of texts (got 3, "},
    {"source_addresses = ( \"127.0.0.1\",\n3 );", ":2: source_addresses[1]: not a list of texts"},
    {"source_addresses = ( \"here\" );", "source_addresses[0].address: not an IP address (got \""},
    {"drop_dir = \"a\tb\";", "drop_dir: must not contain control characters"},
    {"drop_dir = \"\";",
     "drop_dir: empty (got \"\", allowed: a text in quotes of 1 to 4000 bytes)"},
    {"drop_dir = \"a\\x00b\";", "\\x00"},
    {"timezone = \"Asia/Soul\";", ":1: timezone: unknown time zone (got \"Asia/Soul\", allowed: "},
    {"timezone = \"Asia/Soul\";", "; did you mean \"Asia/Seoul\"?\n"},
    {"provider_dir = \"nowhere\";", ":1: provider_dir: cannot read "},
    {"\nmaintenance_dir = \"nowhere\";", ":2: maintenance_dir: cannot read "},
    {"holiday_dir = \"nowhere\";", ":1: holiday_dir: cannot read "},
    {"a = ( 1, 2 ];", "']' does not fit the '(' that was opened in line 1"},
    {"a = { b = 1;\n", ":1: the '{' that was opened here is never closed"},
    {"a = 1; }", "'}' closes nothing"},
    {"a = \"x\nb = 2;", ":1: the string that begins here is never closed"},
    {"/* a", "never closed"},
    {"a = = 3;", ":1: syntax error at '=': expected is a value"},
    {"a = 3\n;;", ":2: syntax error at ';': expected is the name of a setting"},
    {"a\n= ", ":2: the file ends where a value: "},
    {"a", "the file ends where '=' behind the name is expected"},
    {"3 = a;", ":1: syntax error at '3': expected is the name of a setting"},
    {"true = 3;", "syntax error at 'true'"},
    {"a = yes;", "syntax error at 'yes': expected is a value: a text in quotes"},
    {"a = 5 min;", ":1: syntax error at ';': expected is '=' behind the name"},
    {"a = 5min;", ":1: '5min' is not a number; a text stands in quotes"},
    {"a = 1.2.3;", "'1.2.3' is not a number"},
    {"a = -;", "'-' is not a number"},
    {"a = ( 1, );", "syntax error at ')': expected is a value"},
    {"a = ( 1 2 );", "expected is ',' or the closing bracket"},
    {"a = ( b = 1 );", "syntax error at 'b'"},
    {"a = [ 1, \"x\" ];", "of one kind"},
    {"a = [ ( 1 ) ];", "syntax error at '('"},
    {"a = { 1 };", "expected is the name of a setting or '}'"},
    {"a = { b = };", "syntax error at '}'"},
    {"a = 1 @ 2;", "syntax error at '@'"},
    {"a = `x`;", "syntax error at '`'"},
    {"a = 가;", "syntax error at '가': "},
    {"a\n\xef\xbb\xbf", ":2: syntax error at '\xef\xbb\xbf': "},
    {"\"1가가가가가가가가가가가가가가\";",
     "syntax error at '\"1가가가가가가가가가가가가가': expected is the name"},
    {"*a = 3;", "begins with a letter"},
    {"name = \"\xb1\xe8\";", ":1: this is not UTF-8"},
    {"@include \"nothing.conf\"\n", ":1: cannot open"},
    {"@include \"self.conf\"\n", "too deeply"},
    {"@include nothing.conf\n", "in quotes"},
};

static void test_wrong(void **state)
{
    (void)state;
    load_put("self.conf", "@include \"self.conf\"\n");
    load_put("large.conf", "max_connections =\n4294967301;\n");
    load_put("long.conf", "max_connections = 4294967301L;\n");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct buf said;

        load_put("wrong.conf", wrong[i].text);
        assert_null(load("wrong.conf", &said));
        if (!strstr(said.data, wrong[i].says))
            fail_msg("\"%s\" gave\n%s, not \"%s\"", wrong[i].text, said.data, wrong[i].says);
        buf_done(&said);
    }
}

static void test_ehlo_names(void **state)
{
    static const char *const good[] = {"mail.example.com",   "mail-1.example.com", "localhost",
                                       "[203.0.113.10]",     "[IPv6:2001:db8::1]", "1e9",
                                       "xn--9i4bv8s.example"};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char *text = mem_printf("ehlo_name = \"%s\";\n", good[i]);
        struct settings *s;
        struct buf said;

        load_put("ehlo.conf", text);
        s = load("ehlo.conf", &said);
        assert_string_equal(said.data, "");
        assert_string_equal(s->ehlo_name, good[i]);
        settings_free(s);
        buf_done(&said);
        free(text);
    }
}

/* Values are cut in messages, which go into JSON: never inside a character. */
static void test_long_values(void **state)
{
    struct buf text, said;

    (void)state;
    for (size_t shift = 0; shift < 3; shift++) {
        buf_init(&text, 10000);
        buf_printf(&text, "log_level = \"%.*s", (int)shift, "ab");
        for (int i = 0; i < 100; i++)
            buf_puts(&text, "가");
        buf_puts(&text, "\";");
        load_put("long.conf", text.data);
        assert_null(load("long.conf", &said));
        assert_non_null(strstr(said.data, "가\", allowed: "));
        assert_int_equal(utf8_bad_at(said.data, said.len), said.len);
        buf_done(&said);
        buf_done(&text);
    }
}

static void test_all_problems_at_once(void **state)
{
    struct buf said;
    size_t lines = 0;

    (void)state;
    load_put("many.conf",
             "log_level = \"x\";\nlog_level = \"info\";\nfoo = 1;\nmax_connections = -1;\n"
             "timeouts = { connect = 1; banner = 2; };\n");
    assert_null(load("many.conf", &said));
    for (const char *s = said.data; (s = strchr(s, '\n')); s++)
        lines++;
    assert_int_equal(lines, 6);
    buf_done(&said);
}

static void test_fine(void **state)
{
    static const char *const fine[] = {
        "\xef\xbb\xbfmax_connections = 3;",
        "# a comment without a line end",
        "// another",
        "max_connections : 3, log_level = \"de\" \"bug\"",
        "/* @include \"x\" is a comment here */",
        "max_connections = 10L;",
        "max_connections = +10; source_addresses = [ \"127.0.0\" \".1\", \"::1\" ];",
        "providers = ();",
        "dns = { use_ipv4 = TRUE } defaults : { connection_limit = 3, }",
    };

    (void)state;
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        struct buf said;
        struct settings *s;

        load_put("fine.conf", fine[i]);
        s = load("fine.conf", &said);
        if (!s)
            fail_msg("\"%s\" gave %s", fine[i], said.data);
        settings_free(s);
        buf_done(&said);
    }
}

static void test_include(void **state)
{
    struct buf said;
    struct settings *s;

    (void)state;
    load_put("inner.conf", "max_connections = 77;\n");
    load_put("outer.conf", "@include \"inner.conf\"\nlog_level = \"debug\";\n");
    s = load("outer.conf", &said);
    assert_string_equal(said.data, "");
    assert_int_equal(s->max_connections, 77);
    settings_free(s);
    buf_done(&said);
    load_put("inner.conf", "\nmax_connections = 0;\n");
    assert_null(load("outer.conf", &said));
    assert_non_null(strstr(said.data, "/inner.conf:2: "));
    buf_done(&said);
}

static void test_hostile_files(void **state)
{
    struct problems p;
    struct buf big, said;
    char *path = mem_printf("%s/fifo", load_dir);

    (void)state;
    problems_init(&p);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_null(conf_load(path, 1000, CONF_NO_INCLUDES, &p));
    assert_null(conf_load(load_dir, 1000, CONF_NO_INCLUDES, &p));
    assert_null(conf_load("/nonexistent/x", 1000, CONF_NO_INCLUDES, &p));
    assert_int_equal(p.errors, 3);
    problems_done(&p);

    buf_init(&big, 4 << 20);
    buf_puts(&big, "a = ");
    for (int i = 0; i < 100000; i++)
        buf_puts(&big, "(");
    load_put("deep.conf", big.data);
    assert_null(load("deep.conf", &said));
    assert_non_null(strstr(said.data, "nested too deeply"));
    buf_done(&said);
    buf_clear(&big);
    for (int i = 0; i < 60000; i++)
        buf_printf(&big, "a%d=1 ", i);
    load_put("wide.conf", big.data);
    assert_null(load("wide.conf", &said));
    assert_non_null(strstr(said.data, "too many settings"));
    buf_done(&said);
    buf_done(&big);
    free(path);
}

static void test_no_includes(void **state)
{
    static const char *const text[] = {
        "@include \"/etc/passwd\"\n",
        "a = 1;\n \t@include \"/etc/passwd\"\n",
        "/*\n@include \"/etc/passwd\"\n*/",
        "a = \"\n@include \\\"x\\\"\n\";",
    };
    char *path = mem_printf("%s/evil.job", load_dir);

    (void)state;
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        struct problems p;

        problems_init(&p);
        load_put("evil.job", text[i]);
        assert_null(conf_load(path, 1000, CONF_NO_INCLUDES, &p));
        assert_int_equal(p.errors, 1);
        assert_non_null(strstr(p.item[0].text, "@include is not allowed"));
        problems_done(&p);
    }
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_file_is_all_defaults),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_ehlo_names),
        cmocka_unit_test(test_long_values),
        cmocka_unit_test(test_all_problems_at_once),
        cmocka_unit_test(test_fine),
        cmocka_unit_test(test_include),
        cmocka_unit_test(test_hostile_files),
        cmocka_unit_test(test_no_includes),
    };

    return cmocka_run_group_tests(tests, load_make_dir, load_remove_dir);
}
