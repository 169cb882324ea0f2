/* providers, suspend, reload, why, windows over the control socket, with a fake engine. */
#include "answers_world.h"

#include <sluice/os/clock.h>

static void test_refusals(void **state)
{
    static const struct {
        const char *request, *why;
    } rows[] = {
        {"{\"do\":\"provider\"}", "provider needs the field 'name'"},
        {"{\"do\":\"provider\",\"name\":\"navr\"}", "no provider 'navr'; did you mean 'naver'?"},
        {"{\"do\":\"provider-release\",\"name\":\"navr\"}", "did you mean 'naver'?"},
        {"{\"do\":\"suspend\",\"kind\":\"provider\"}", "needs the field 'name'"},
        {"{\"do\":\"suspend\",\"kind\":\"job\",\"name\":\"naver\"}",
         "kind is provider, source or client, not 'job'"},
        {"{\"do\":\"suspend\",\"kind\":\"client\",\"name\":\"shp\"}", "no client 'shp'"},
        {"{\"do\":\"suspend\",\"kind\":\"provider\",\"name\":\"naver\",\"for\":\"2\"}",
         "for is a time such as \"2 h\""},
        {"{\"do\":\"suspend\",\"kind\":\"provider\",\"name\":\"naver\",\"for\":\"0 s\"}",
         "for is a time such as"},
        {"{\"do\":\"suspend\",\"kind\":\"provider\",\"name\":\"naver\",\"reason\":\"a\\nb\"}",
         "one line of text"},
        {"{\"do\":\"unsuspend\",\"kind\":\"source\",\"name\":\"default\"}",
         "source 'default' is not suspended"},
        {"{\"do\":\"why\"}", "why needs the field 'what'"},
        {"{\"do\":\"why\",\"what\":\"sprng\"}",
         "no job, address, domain or provider 'sprng'; did you mean 'spring'?"},
        {"{\"do\":\"why\",\"what\":\"nave\"}", "did you mean 'naver'?"},
        {"{\"do\":\"why\",\"what\":\"a b@c\"}", "is no address"},
        {"{\"do\":\"windows\",\"days\":\"0\"}", "days is a number from 1 to 400, not '0'"},
        {"{\"do\":\"windows\",\"days\":\"401\"}", "not '401'"},
        {"{\"do\":\"windows\",\"at\":\"tomorrow\"}", "at is a time with a zone"},
        {"{\"do\":\"windows\",\"provider\":\"navr\"}", "did you mean 'naver'?"},
    };
    struct engine *w = *state;
    make_job(w);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refuses(w, rows[i].request, rows[i].why);
}

static void test_providers(void **state)
{
    struct engine *w = *state;
    make_job(w);
    answers(w, "{\"do\":\"providers\"}", "\"providers\":[{\"name\":\"naver\"}]");
    answers(w, "{\"do\":\"provider\",\"name\":\"naver.com\"}", "\"name\":\"naver\"");
    answers(w, "{\"do\":\"provider\",\"name\":\"naver\"}", "\"quarantined\":[]");
    answers(w, "{\"do\":\"provider-confirm\",\"name\":\"naver\"}", "\"recipients\":7");
    assert_true(fake.confirmed);
    answers(w, "{\"do\":\"provider-release\",\"name\":\"naver\"}", "\"recipients\":7");
    assert_false(fake.confirmed);
}

static void test_suspensions(void **state)
{
    struct engine *w = *state;
    int64_t before = clock_wall().ms;
    answers(w,
            "{\"do\":\"suspend\",\"kind\":\"provider\",\"name\":\"naver.com\",\"for\":\"2 h\","
            "\"reason\":\"정기점검\"}",
            "\"until\":\"20");
    assert_string_equal(fake.suspended, "naver");
    assert_string_equal(fake.reason, "정기점검");
    assert_true(fake.by[0]);
    assert_true(fake.until.ms >= before + 7200000 && fake.until.ms <= clock_wall().ms + 7200000);
    answers(w, "{\"do\":\"unsuspend\",\"kind\":\"provider\",\"name\":\"naver\"}", "\"ok\":true");
    assert_string_equal(fake.suspended, "");
    answers(w, "{\"do\":\"suspend\",\"kind\":\"source\",\"name\":\"default\"}", "\"until\":null");
    assert_int_equal(fake.until.ms, 0);
    answers(w, "{\"do\":\"reload\"}", "\"needs_restart\":[\"spool_dir\"]");
}

static void test_why_a_job(void **state)
{
    struct engine *w = *state;
    make_job(w);
    fake.has_waits = true;
    answers(w, "{\"do\":\"why\",\"what\":\"spring\"}", "\"kind\":\"job\"");
    assert_true(fake.asked_job > 0);
    answers(w, "{\"do\":\"why\",\"what\":\"spring\"}",
            "\"state\":\"active: 5 delivered, 3 on the way, 2 wait\"");
    answers(w, "{\"do\":\"why\",\"what\":\"spring\"}", "\"more\":1");
    answers(w, "{\"do\":\"why\",\"what\":\"spring\"}", "{\"name\":\"client\",\"value\":\"shop\"}");
}

static void test_why_an_address(void **state)
{
    static const struct {
        const char *address, *part;
    } rows[] = {
        {"KIM@naver.com", "\"state\":\"deferred 2026-11-18T11:06:41.000Z: 451 4.7.1 =come back "
                          "later; next attempt 2026-11-18T11:16:41.000Z\""},
        {"kim@naver.com", "{\"name\":\"job spring\",\"value\":\"deferred"},
        {"kim@naver.com", "\"waits\":[{"},
        {"lee@daum.net", "\"state\":\"waiting, not attempted yet\""},
        {"lee@daum.net", "suppressed\",\"value\":\"@daum.net, client *, class *: operator"},
        {"nobody@naver.com", "in none of the newest 50 open"},
        {"nobody@naver.com", "\"waits\":[]"},
    };
    struct engine *w = *state;
    make_job(w);
    fake.has_waits = true;
    answers(w, "{\"do\":\"suppress\",\"address\":\"@daum.net\"}", "\"ok\":true");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *request = mem_printf("{\"do\":\"why\",\"what\":\"%s\"}", rows[i].address);
        answers(w, request, rows[i].part);
        free(request);
    }
}

static void test_why_a_provider_or_a_domain(void **state)
{
    struct engine *w = *state;
    make_job(w);
    fake.has_waits = true;
    answers(w, "{\"do\":\"why\",\"what\":\"naver\"}", "\"kind\":\"provider\"");
    assert_string_equal(fake.asked_provider, "naver");
    answers(w, "{\"do\":\"why\",\"what\":\"naver\"}", "\"state\":\"2 wait: its turn comes\"");
    answers(w, "{\"do\":\"why\",\"what\":\"naver\"}",
            "{\"name\":\"held\",\"value\":\"maintenance of naver (naver.conf:9)\"}");
    answers(w, "{\"do\":\"why\",\"what\":\"Naver.com\"}", "\"subject\":\"naver.com\"");
    assert_string_equal(fake.asked_domain, "naver.com");
    fake.has_waits = false;
    answers(w, "{\"do\":\"why\",\"what\":\"naver.com\"}",
            "\"state\":\"nothing waits; maintenance of naver\"");
    answers(w, "{\"do\":\"why\",\"what\":\"else.example\"}", "nothing was sent there yet");
}

static void test_windows(void **state)
{
    struct engine *w = *state;
    struct window night = {.kind = WINDOW_WEEKLY,
                           .timezone = "Asia/Seoul",
                           .days = 127,
                           .from_min = 120,
                           .until_min = 300,
                           .at = {"naver.conf", 9}};
    struct profile naver = {.name = "naver", .maintenance = {&night, 1, NULL}};
    struct client shop = {.name = "shop", .send_windows = {&night, 1, NULL}};
    w->settings.shaping.profiles = (struct profiles){.item = &naver, .count = 1};
    w->settings.shaping.client = &shop;
    w->settings.shaping.clients = 1;
    make_job(w);
    const char *request = "{\"do\":\"windows\",\"at\":\"2026-11-22T09:00+09:00\",\"days\":\"2\"}";
    answers(w, request,
            "\"kind\":\"provider\",\"name\":\"naver\",\"open\":true,"
            "\"changes_at\":\"2026-11-22T17:00:00.000Z\"");
    answers(w, request, "\"kind\":\"client\",\"name\":\"shop\",\"open\":false");
    answers(w, request, "\"from_local\":\"Mon 2026-11-23 02:00 KST\"");
    answers(w, request, "\"file\":\"naver.conf\",\"line\":9");
    answers(w, request, "client shop lies wholly inside the maintenance of naver");
    answers(w, "{\"do\":\"windows\",\"provider\":\"naver\"}", "\"timezone\":\"Asia/Seoul\"");
}

#define IN_WORLD(f) cmocka_unit_test_setup_teardown(f, make_world, end_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(test_refusals),       IN_WORLD(test_providers),
        IN_WORLD(test_suspensions),    IN_WORLD(test_why_a_job),
        IN_WORLD(test_why_an_address), IN_WORLD(test_why_a_provider_or_a_domain),
        IN_WORLD(test_windows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
