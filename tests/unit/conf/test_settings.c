#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sluice/base/must.h>
#include <sluice/conf/settings.h>
#include <sluice/os/file.h>

static char dir[64];

static int make_dir(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/sluice-conf-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    struct err e;

    (void)state;
    return file_remove_tree(dir, &e) ? 0 : -1;
}

static void put_file(const char *name, const char *text)
{
    char *path = mem_printf("%s/%s", dir, name);
    struct err e;

    assert_true(file_write_atomic(path, text, strlen(text), &e));
    free(path);
}

static struct settings *load(const char *name, struct buf *said)
{
    char *path = mem_printf("%s/%s", dir, name);
    struct problems p;
    struct settings *s;

    problems_init(&p);
    s = settings_load(path, &p);
    buf_init(said, 100000);
    problems_format(&p, said);
    assert_true((s == NULL) == (p.errors > 0));
    problems_done(&p);
    free(path);
    return s;
}

static void test_empty_file_is_all_defaults(void **state)
{
    struct buf said;
    struct settings *s;
    char *drop = mem_printf("%s/drop", "/tmp/var");

    (void)state;
    put_file("empty.conf", "");
    s = load("empty.conf", &said);
    assert_string_equal(said.data, "");
    assert_non_null(s);
    assert_string_equal(s->drop_dir, drop);
    assert_int_equal(s->max_connections, 500);
    assert_int_equal(s->timeouts.data_dot, 600000);
    assert_int_equal(s->caps.recipients_bytes, 64LL << 30);
    assert_int_equal(s->defaults.connection_limit, 10);
    assert_int_equal(s->defaults.enable_tls, TLS_OPPORTUNISTIC);
    assert_int_equal(s->providers.fallback.max_message_rate.count, 100);
    assert_int_equal(s->prohibited_hosts.count, 10);
    assert_int_equal(s->utc_offset_min, 540);
    assert_null(s->log_file);
    assert_true(s->dns.use_ipv6);
    settings_free(s);
    free(drop);
    buf_done(&said);
}

static void test_shipped_configuration(void **state)
{
    struct problems p;
    struct buf said;
    struct settings *s;

    (void)state;
    problems_init(&p);
    s = settings_load(SLUICE_SRC "/conf/sluice.conf", &p);
    buf_init(&said, 10000);
    problems_format(&p, &said);
    assert_string_equal(said.data, "");
    assert_non_null(s);
    assert_string_equal(s->drop_dir, SLUICE_SRC "/var/drop");
    assert_true(s->providers.count >= 13);
    buf_done(&said);
    problems_done(&p);
    settings_free(s);
}

/* What the shipped file says must be what an empty file means. */
static void test_shipped_defaults_are_the_defaults(void **state)
{
    struct problems p;
    struct settings *s, *bare;
    struct buf said;

    (void)state;
    problems_init(&p);
    put_file("bare.conf", "");
    bare = load("bare.conf", &said);
    s = settings_load(SLUICE_SRC "/conf/sluice.conf", &p);
    assert_non_null(s);
    assert_memory_equal(&s->caps, &bare->caps, sizeof s->caps);
    assert_memory_equal(&s->timeouts, &bare->timeouts, sizeof s->timeouts);
    assert_int_equal(s->dns.cache_max, bare->dns.cache_max);
    assert_int_equal(s->dns.servfail_ms, bare->dns.servfail_ms);
    assert_int_equal(s->defaults.retry_interval_ms, bare->defaults.retry_interval_ms);
    assert_int_equal(s->defaults.max_connection_rate.count,
                     bare->defaults.max_connection_rate.count);
    assert_int_equal(s->prohibited_hosts.count, bare->prohibited_hosts.count);
    buf_done(&said);
    settings_free(s);
    settings_free(bare);
    problems_done(&p);
}

static void test_providers_inherit(void **state)
{
    struct buf said;
    struct settings *s;
    char *path = mem_printf("%s/providers", dir);

    (void)state;
    mkdir(path, 0755);
    free(path);
    put_file("providers/b.conf", "providers = ( { name = \"b\"; domains = ( \"B.Example\" ); "
                                 "max_message_rate = \"10/s\"; } );");
    put_file(
        "main.conf",
        "defaults = { connection_limit = 3; retry_interval = \"1 min\"; };\n"
        "providers = ( { name = \"a\"; mx_suffix = ( \".A.example\" ); connection_limit = 7; } );");
    s = load("main.conf", &said);
    assert_string_equal(said.data, "");
    assert_int_equal(s->providers.count, 2);
    assert_string_equal(s->providers.item[0].name, "a");
    assert_string_equal(s->providers.item[0].mx_suffix[0], ".a.example");
    assert_int_equal(s->providers.item[0].limits.connection_limit, 7);
    assert_int_equal(s->providers.item[0].limits.retry_interval_ms, 60000);
    assert_string_equal(s->providers.item[1].domain[0], "b.example");
    assert_int_equal(s->providers.item[1].limits.connection_limit, 3);
    assert_int_equal(s->providers.item[1].limits.max_message_rate.count, 10);
    assert_non_null(strstr(s->providers.item[1].file, "providers/b.conf"));
    settings_free(s);
    buf_done(&said);
}

static const struct {
    const char *text, *says;
} wrong[] = {
    {"max_connection = 3;",
     ":1: unknown setting 'max_connection' in the configuration; did you mean "
     "'max_connections'?"},
    {"zebra = 3;", ":1: unknown setting 'zebra' in the configuration\n"},
    {"\n\nmax_connections = 0;",
     ":3: 'max_connections' must be a whole number from 1 to 100000, not 0"},
    {"max_connections = \"many\";", "not \"many\""},
    {"max_connections = 3;\nmax_connections = 4;",
     ":2: 'max_connections' is given twice; it stands in line 1"},
    {"max_connections = 99999999999999999999;", "too large"},
    {"max_connections = 0x10;", "decimal"},
    {"log_level = \"loud\";", "one of \"error\", \"warning\", \"info\", \"debug\", not \"loud\""},
    {"timeouts = { data_dot = 60; };",
     "'data_dot' must be a duration with its unit, such as \"20 min\","},
    {"timeouts = 5;", "'timeouts' must be a group"},
    {"dns = { use_ipv4 = false; use_ipv6 = false; };", "no host can be reached"},
    {"dns = { use_ipv4 = 1; };", "true or false"},
    {"caps = { row_bytes = \"1 XB\"; };", "a size such as"},
    {"caps = { row_bytes = \"1\"; };", "from 1024 to"},
    {"drop_dir = \"x\"; out_dir = \"./x/\";", "the same directory"},
    {"source_addresses = 3;", "a list of texts"},
    {"source_addresses = ( 3 );", "a list of texts"},
    {"drop_dir = \"a\tb\";", "control characters"},
    {"drop_dir = \"a\\x00b\";", "\\x00"},
    {"defaults = { max_message_rate = \"fast\"; };", "a rate such as"},
    {"defaults = { enable_tls = \"Sometimes\"; };", "\"Opportunistic\""},
    {"defaults = { retry_interval = \"5 h\"; };", "longer than 'max_retry_interval'"},
    {"providers = ( { name = \"a\"; } );", "matches nothing"},
    {"providers = ( { domains = ( \"a.kr\" ); } );", ":1: 'name' is missing in this provider"},
    {"providers = ( 3 );", "must be a group"},
    {"providers = ( { name = \"A b\"; domains = ( \"a.kr\" ); } );", "consists of a-z"},
    {"providers = ( { name = \"a\"; mx_suffix = ( \"naver.com\" ); } );", "with the dot in front"},
    {"providers = ( { name = \"a\"; domains = ( \"a b\" ); } );", "is no domain name"},
    {"providers = ( { name = \"a\"; domains = ( \"a.kr\" ); },\n{ name = \"a\"; domains = ( "
     "\"b.kr\" ); } );",
     ":2: there is a provider 'a' already in "},
    {"providers = ( { name = \"a\"; domains = ( \"a.kr\" ); },\n{ name = \"b\"; domains = ( "
     "\"a.kr\" ); } );",
     ":2: \"a.kr\" belongs to the provider 'a'"},
    {"provider_dir = \"nowhere\";", "cannot read provider_dir"},
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
    {"*a = 3;", "begins with a letter"},
    {"name = \"\xb1\xe8\";", ":1: this is not UTF-8"},
    {"@include \"nothing.conf\"\n", ":1: cannot open"},
    {"@include \"self.conf\"\n", "too deeply"},
    {"@include nothing.conf\n", "in quotes"},
};

static void test_wrong(void **state)
{
    (void)state;
    put_file("self.conf", "@include \"self.conf\"\n");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct buf said;

        put_file("wrong.conf", wrong[i].text);
        assert_null(load("wrong.conf", &said));
        if (!strstr(said.data, wrong[i].says))
            fail_msg("\"%s\" gave\n%s, not \"%s\"", wrong[i].text, said.data, wrong[i].says);
        buf_done(&said);
    }
}

static void test_all_problems_at_once(void **state)
{
    struct buf said;
    size_t lines = 0;

    (void)state;
    put_file("many.conf",
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
        "max_connections = +10; source_addresses = [ \"a\" \"b\", \"c\" ]; providers = ( );",
        "dns = { use_ipv4 = TRUE } defaults : { connection_limit = 3, }",
    };

    (void)state;
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        struct buf said;
        struct settings *s;

        put_file("fine.conf", fine[i]);
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
    put_file("inner.conf", "max_connections = 77;\n");
    put_file("outer.conf", "@include \"inner.conf\"\nlog_level = \"debug\";\n");
    s = load("outer.conf", &said);
    assert_string_equal(said.data, "");
    assert_int_equal(s->max_connections, 77);
    settings_free(s);
    buf_done(&said);
    put_file("inner.conf", "\nmax_connections = 0;\n");
    assert_null(load("outer.conf", &said));
    assert_non_null(strstr(said.data, "/inner.conf:2: "));
    buf_done(&said);
}

static void test_hostile_files(void **state)
{
    struct problems p;
    struct buf big, said;
    char *path = mem_printf("%s/fifo", dir);

    (void)state;
    problems_init(&p);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_null(conf_load(path, 1000, CONF_NO_INCLUDES, &p));
    assert_null(conf_load(dir, 1000, CONF_NO_INCLUDES, &p));
    assert_null(conf_load("/nonexistent/x", 1000, CONF_NO_INCLUDES, &p));
    assert_int_equal(p.errors, 3);
    problems_done(&p);

    buf_init(&big, 4 << 20);
    buf_puts(&big, "a = ");
    for (int i = 0; i < 100000; i++)
        buf_puts(&big, "(");
    put_file("deep.conf", big.data);
    assert_null(load("deep.conf", &said));
    assert_non_null(strstr(said.data, "nested too deeply"));
    buf_done(&said);
    buf_clear(&big);
    for (int i = 0; i < 60000; i++)
        buf_printf(&big, "a%d=1 ", i);
    put_file("wide.conf", big.data);
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
    char *path = mem_printf("%s/evil.job", dir);

    (void)state;
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        struct problems p;

        problems_init(&p);
        put_file("evil.job", text[i]);
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
        cmocka_unit_test(test_shipped_configuration),
        cmocka_unit_test(test_shipped_defaults_are_the_defaults),
        cmocka_unit_test(test_providers_inherit),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_all_problems_at_once),
        cmocka_unit_test(test_fine),
        cmocka_unit_test(test_include),
        cmocka_unit_test(test_hostile_files),
        cmocka_unit_test(test_no_includes),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
