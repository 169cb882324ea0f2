/* What clients' messages have in common, and which keys sign them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/conf/settings.h>

#include "helper_load.h"

static struct settings *good(const char *text)
{
    struct buf said;
    struct settings *s;

    load_put("a.conf", text);
    s = load("a.conf", &said);
    assert_string_equal(said.data, "");
    assert_non_null(s);
    buf_done(&said);
    return s;
}

static void test_nothing_said(void **state)
{
    struct settings *s = good("");
    const struct client_message *c = settings_message(s, "shop");
    static const struct settings made_by_hand;

    (void)state;
    assert_ptr_equal(c, settings_message(s, ""));
    assert_string_equal(c->client, "");
    assert_int_equal(c->message.ad_policy, AD_REFUSE);
    assert_null(c->message.sender.name);
    assert_null(c->message.tracking_url);
    assert_false(c->message.tracks_opens || c->message.tracks_clicks);
    assert_int_equal(c->test_group.count, 0);
    assert_int_equal(s->dkims, 0);
    assert_null(s->token_key_file);
    assert_non_null(strstr(s->dkim_dir, "/keys"));
    assert_int_equal(s->caps.template_total_bytes, 8 << 20);
    assert_non_null(settings_message(&made_by_hand, "shop"));
    settings_free(s);
}

static const char all[] =
    "sender = { name = \"대행사\"; email = \"help@agency.example\"; telephone = \"02-1234-5678\";\n"
    "  address = \"서울시 중구\"; };\n"
    "advertising = \"warn\"; list_id = \"소식 <news.agency.example>\";\n"
    "unsubscribe_url = \"https://agency.example/stop/{{ id }}?a=1\";\n"
    "unsubscribe_mailto = \"stop@agency.example?subject=stop%20{{id}}\";\n"
    "feedback_id = \"{{campaign}}:c:ad:agency\"; cfbl_address = \"fbl@agency.example\";\n"
    "tracking_server = { url = \"https://t.agency.example/\"; key_file = \"keys/tracking.keys\"; "
    "};\n"
    "tracking = true; test_group = ( \"a@agency.example\", \"b@한빛.kr\" );\n"
    "clients = ( { name = \"shop\"; sender = { name = \"한빛상점\"; telephone = \"1588-0000\"; };\n"
    "    advertising = \"Repair\"; list_id = \"news.shop.example\"; tracking = { opens = true; };\n"
    "    tracking_url = \"https://t.shop.example:8443/x\"; test_group = [\"c@shop.example\"]; },\n"
    "  { name = \"plain\"; } );\n";

static void test_a_client_inherits(void **state)
{
    struct settings *s = good(all);
    const struct client_message *top = settings_message(s, ""), *shop = settings_message(s, "shop"),
                                *plain = settings_message(s, "plain");

    (void)state;
    assert_ptr_equal(top, settings_message(s, "another"));
    assert_string_equal(top->message.sender.name, "대행사");
    assert_string_equal(top->message.tracking_url, "https://t.agency.example");
    assert_true(top->message.tracks_opens && top->message.tracks_clicks);
    assert_int_equal(top->test_group.count, 2);
    assert_string_equal(shop->client, "shop");
    assert_string_equal(shop->message.sender.name, "한빛상점");
    assert_string_equal(shop->message.sender.telephone, "1588-0000");
    assert_string_equal(shop->message.sender.email, "help@agency.example");
    assert_string_equal(shop->message.sender.address, "서울시 중구");
    assert_int_equal(shop->message.ad_policy, AD_REPAIR);
    assert_string_equal(shop->message.list_id, "news.shop.example");
    assert_string_equal(shop->message.unsubscribe_url, "https://agency.example/stop/{{ id }}?a=1");
    assert_string_equal(shop->message.tracking_url, "https://t.shop.example:8443/x");
    assert_true(shop->message.tracks_opens);
    assert_false(shop->message.tracks_clicks);
    assert_int_equal(shop->test_group.count, 1);
    assert_string_equal(plain->message.sender.name, "대행사");
    assert_string_equal(plain->message.feedback_id, "{{campaign}}:c:ad:agency");
    assert_string_equal(plain->message.cfbl_address, "fbl@agency.example");
    assert_string_equal(plain->message.unsubscribe_mailto,
                        "stop@agency.example?subject=stop%20{{id}}");
    assert_int_equal(plain->message.ad_policy, AD_WARN);
    assert_true(plain->message.tracks_clicks);
    assert_string_equal(plain->test_group.item[1], "b@한빛.kr");
    assert_true(strcmp(s->token_key_file + strlen(load_dir), "/keys/tracking.keys") == 0);
    settings_free(s);
}

static void test_keys(void **state)
{
    struct settings *s =
        good("dkim_dir = \"k\";\n"
             "dkim = ( { domain = \"Shop.Example\"; selector = \"S1\"; },\n"
             "  { domain = \"한빛.kr\"; selector = \"2026.mail\"; key_file = \"../own.pem\";\n"
             "    from = ( \"뉴스.한빛.kr\", \"*\" ); client = ( \"a\", \"B_2\" ); } );\n");

    (void)state;
    assert_int_equal(s->dkims, 2);
    assert_string_equal(s->dkim[0].domain, "shop.example");
    assert_string_equal(s->dkim[0].selector, "s1");
    assert_string_equal(s->dkim[0].key_file + strlen(load_dir), "/k/shop.example.s1.pem");
    assert_int_equal(s->dkim[0].froms + s->dkim[0].clients, 0);
    assert_int_equal(s->dkim[0].at.line, 2);
    assert_string_equal(s->dkim[1].domain, "xn--xx3br43b.kr");
    assert_string_equal(s->dkim[1].key_file, "/tmp/own.pem");
    assert_int_equal(s->dkim[1].froms, 2);
    assert_string_equal(s->dkim[1].from[0], "xn--vg1b002a.xn--xx3br43b.kr");
    assert_string_equal(s->dkim[1].from[1], "*");
    assert_string_equal(s->dkim[1].client[1], "B_2");
    assert_int_equal(s->dkim[1].at.line, 3);
    settings_free(s);
}

static const struct {
    const char *text, *says; /* says NULL: fine */
} row[] = {
    {"list_id = \"news\";",
     ":1: list_id: not right (got \"news\", allowed: \"news.example.com\", "},
    {"list_id = \"a <b.c\";", "list_id: not right"},
    {"list_id = \"a <b.c> d\";", "list_id: not right"},
    {"list_id = \"<b..c>\";", "list_id: not right"},
    {"list_id = \"b.c.\";", "list_id: not right"},
    {"list_id = \"b c.d\";", "list_id: not right"},
    {"list_id = \"한.글\";", "list_id: not right"},
    {"list_id = \">\";", "list_id: not right"},
    {"list_id = \"<\";", "list_id: not right"},
    {"list_id = \"<b.c>\";", NULL},
    {"list_id = \"{{b}}.c\";", "no tags"},
    {"list_id = \"{{b}} <b.c>\";", "no tags"},
    {"cfbl_address = \"{{b}}@c.kr\";", "without tags"},
    {"sender = { name = \"{{shop}}\"; };", "sender.name: not right (got \"{{shop}}\", allowed: "},
    {"sender = { telephone = \"02-555-{{x}}00\"; };", "sender.telephone: not right"},
    {"sender = { address = \"{{city}} 1\"; };", "sender.address: not right"},
    {"list_id = \"a.b\\r\\nBcc: x@y.kr\";", "list_id: must not contain control characters"},
    {"unsubscribe_url = \"http://a.example/\";", "unsubscribe_url: not right (got \"http://a."},
    {"unsubscribe_url = \"https://\";", "unsubscribe_url: not right"},
    {"unsubscribe_url = \"https://a.example/a b\";", "unsubscribe_url: not right"},
    {"unsubscribe_url = \"https://a.example/>,<mailto:x@y.kr\";", "unsubscribe_url: not right"},
    {"unsubscribe_url = \"https://a.example/거부\";", "unsubscribe_url: not right"},
    {"unsubscribe_url = \"https://a.example/{{#a}}x{{/a}}{{{ b }}}\";", NULL},
    {"unsubscribe_url = \"https://a.example/{{open\";", NULL},
    {"unsubscribe_mailto = \"mailto:a@b.example\";", "without \"mailto:\""},
    {"unsubscribe_mailto = \"a@b\";", "unsubscribe_mailto: not right"},
    {"unsubscribe_mailto = \"a@b.example?subject=수신 거부\";", "unsubscribe_mailto: not right"},
    {"unsubscribe_mailto = \"?subject=x\";", "unsubscribe_mailto: not right"},
    {"unsubscribe_mailto = \"{{token}}@b.example\";", NULL},
    {"feedback_id = \"a:b:c:d:e\";", "feedback_id: not right"},
    {"feedback_id = \"a b\";", "feedback_id: not right"},
    {"feedback_id = \"가:b\";", "feedback_id: not right"},
    {"feedback_id = \"{{a:b}}:b:c:d\";", NULL},
    {"cfbl_address = \"a\";", "cfbl_address: not right"},
    {"cfbl_address = \"a@@b.kr\";", "cfbl_address: not right"},
    {"cfbl_address = \"a@b.kr; report=arf\";", "cfbl_address: not right"},
    {"sender = { email = \"a..b@c.kr\"; };", ":1: sender.email: not right (got \"a..b@c.kr\", "},
    {"sender = { telephone = \"전화\"; };", "sender.telephone: not right"},
    {"sender = { name = \"\"; };", "sender.name: empty"},
    {"sender = { nam = \"x\"; };", "sender.nam: unknown setting (allowed: name, "},
    {"sender = \"x\";", "sender: not a group"},
    {"sender = { name = \"a\"; };\nsender = { name = \"b\"; };", ":2: sender: given twice"},
    {"advertising = \"ignore\";",
     "advertising: no such choice (got \"ignore\", allowed: \"refuse\""},
    {"missing = \"skip\";", "missing: unknown setting"},
    {"tracking_url = \"https://t.example\";", ":1: tracking_url: unknown setting"},
    {"tracking = 1;", "tracking: not a yes or no (got 1, allowed: true, false, or a group in { })"},
    {"tracking = { open = true; };", "tracking.open: unknown setting"},
    {"tracking = true;", ":1: tracking: there is no server for it (allowed: with tracking_server"},
    {"tracking = { clicks = true; };", "tracking: there is no server"},
    {"tracking = { clicks = false; };", NULL},
    {"tracking = true; tracking_server = { key_file = \"k\"; };", "tracking: there is no server"},
    {"tracking_server = { url = \"https://t.example\"; };", "tracking_server.key_file: missing"},
    {"tracking_server = { key_file = \"k\"; };", NULL},
    {"tracking_server = { key_file = \"k\"; url = \"t.example\"; };",
     ":1: tracking_server.url: not right (got \"t.example\", allowed: \"https://t.example.com\""},
    {"tracking_server = { key_file = \"k\"; url = \"https://\"; };", "tracking_server.url: not"},
    {"tracking_server = { key_file = \"k\"; url = \"https://a b\"; };", "tracking_server.url: not"},
    {"tracking_server = { key_file = \"k\"; url = \"https://a.example?x\"; };", ".url: not right"},
    {"tracking_server = { key_file = \"k\"; url = \"https://{{a}}.example\"; };",
     ".url: not right"},
    {"clients = ( { name = \"a\";\n tracking_url = \"https://t.example\"; } );",
     ":2: clients[0].tracking_url: without keys there are no tokens for it"},
    {"clients = ( { name = \"a\";\n tracking = true; } );", ":2: clients[0].tracking: there is no"},
    {"clients = ( { name = \"a\"; list_id = \"x\"; } );", "clients[0].list_id: not right"},
    {"clients = ( { name = \"a\"; sender = { email = \"x\"; }; } );",
     "clients[0].sender.email: not right"},
    {"clients = ( { name = \"a\"; test_group = \"a@b.kr\"; } );",
     "clients[0].test_group: not a list of texts"},
    {"clients = ( 5 );", "clients[0]: not a group"},
    {"test_group = ( \"a@b.kr\",\n\"a\" );",
     ":2: test_group[1]: not an e-mail address (got \"a\")"},
    {"dkim = ( { domain = \"a.kr\"; } );", "dkim[0].selector: missing"},
    {"dkim = ( { selector = \"s\"; } );", "dkim[0].domain: missing"},
    {"dkim = ( { domain = \"a\"; selector = \"s\"; } );",
     "dkim[0].domain: not a domain (got \"a\""},
    {"dkim = ( { domain = \"../a.kr\"; selector = \"s\"; } );", "dkim[0].domain: not a domain"},
    {"dkim = ( { domain = \"a.kr\"; selector = \"a/b\"; } );", "dkim[0].selector: not a selector"},
    {"dkim = ( { domain = \"a.kr\"; selector = \"봄\"; } );", "dkim[0].selector: not a selector"},
    {"dkim = ( { domain = \"a.kr\"; selector = \"s\";\n from = ( \"b.kr\",\n \"b\" ); } );",
     ":3: dkim[0].from[1]: not a domain (got \"b\""},
    {"dkim = ( { domain = \"a.kr\"; selector = \"s\"; client = ( \"a b\" ); } );",
     "dkim[0].client[0]: not a client"},
    {"dkim = ( { domain = \"a.kr\"; selector = \"s\"; },\n{ domain = \"A.kr\"; selector = \"S\"; } "
     ");",
     ":2: dkim[1]: the selector \"s\" of a.kr stands in line 1 already"},
    {"dkim = ( { domain = \"a.kr\"; selector = \"s\"; key = \"x\"; } );", "dkim[0].key: unknown"},
    {"dkim = { };", "dkim: not a list"},
    {"caps = { template_total_bytes = 5; };", "caps.template_total_bytes: out of range"},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct buf said;
        struct settings *s;

        load_put("row.conf", row[i].text);
        s = load("row.conf", &said);
        if ((s != NULL) != (row[i].says == NULL) ||
            (row[i].says && !strstr(said.data, row[i].says)))
            fail_msg("%s gave\n%s\nnot %s", row[i].text, said.data, row[i].says);
        settings_free(s);
        buf_done(&said);
    }
}

/* Each mistake is said once. */
static void test_once(void **state)
{
    static const char *const text[] = {
        "list_id = \"x\";",
        "list_id = \"\";",
        "list_id = 5;",
        "sender = { email = 5; };",
        "clients = ( { name = \"a\"; feedback_id = \"a b\"; } );",
        "test_group = ( \"a\" );",
        "tracking = 5;",
    };

    (void)state;
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        struct buf said;
        const char *end;

        load_put("once.conf", text[i]);
        assert_null(load("once.conf", &said));
        end = strchr(said.data, '\n');
        if (!end || end[1])
            fail_msg("%s gave\n%s", text[i], said.data);
        buf_done(&said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_said), cmocka_unit_test(test_a_client_inherits),
        cmocka_unit_test(test_keys),         cmocka_unit_test(test_rows),
        cmocka_unit_test(test_once),
    };

    return cmocka_run_group_tests(tests, load_make_dir, load_remove_dir);
}
