/* The verbs that show a job's message, test it and let it go: over a real spool, with real keys. */
#include "answers_world.h"

#include <sluice/dkim/dkim.h>

/* ---- render, and lint ---- */

static void test_render(void **state)
{
    struct engine *w = *state;
    make_job(w);
    streams(w, "{\"do\":\"render\",\"job\":\"spring\",\"address\":\"LEE@daum.net\"}", "\r\nTo: ");
    answers(w, "{\"do\":\"render\",\"job\":\"spring\",\"address\":\"LEE@daum.net\"}",
            "\"address\":\"Lee@daum.net\"");
    answers(w, "{\"do\":\"render\",\"job\":\"spring\"}",
            "\"job\":\"spring\",\"address\":\"kim@naver.com\",\"bytes\":");
    holds("render", w->data.data, "kim@naver.com");
}

static void test_refusals(void **state)
{
    static const struct {
        const char *request, *why;
    } rows[] = {
        {"{\"do\":\"render\"}", "render needs 'job' or 'file'"},
        {"{\"do\":\"render\",\"job\":\"spring\",\"file\":\"/x.job\"}", "needs 'job' or 'file'"},
        {"{\"do\":\"render\",\"job\":\"sprng\"}", "did you mean 'spring'?"},
        {"{\"do\":\"render\",\"file\":\"x.job\"}", "absolute path"},
        {"{\"do\":\"render\",\"file\":\"/x.job\"}", "the job cannot be used: a job file"},
        {"{\"do\":\"render\",\"job\":\"spring\",\"address\":\"choi@nate.com\"}",
         "job 'spring' has no recipient choi@nate.com"},
        {"{\"do\":\"lint\",\"job\":\"spring\",\"address\":\"nobody\"}", "'nobody' is no address"},
        {"{\"do\":\"keys\"}", "names no DKIM key"},
        {"{\"do\":\"test\",\"job\":\"spring\"}", "has no in-house group: set `test_group`"},
        {"{\"do\":\"test\",\"job\":\"spring\",\"to\":\"a@b.example\"}", "must be a list"},
        {"{\"do\":\"test\",\"job\":\"spring\",\"to\":[1]}", "must be a list of strings"},
        {"{\"do\":\"test\",\"job\":\"spring\",\"to\":[\"nobody\"]}", "'nobody' is no address"},
        {"{\"do\":\"test\",\"job\":\"spring\",\"to\":[\"a@b.example\"],\"as\":\"choi@nate.com\"}",
         "has no recipient choi@nate.com"},
        {"{\"do\":\"approve\",\"job\":\"sprng\"}", "did you mean 'spring'?"},
        {"{\"do\":\"approve\",\"job\":\"spring\",\"untested\":\"yes\"}", "must be true or false"},
    };
    struct engine *w = *state;
    make_job(w);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refuses(w, rows[i].request, rows[i].why);
}

static void test_lint(void **state)
{
    struct engine *w = *state;
    make_job(w);
    answers(w, "{\"do\":\"lint\",\"job\":\"spring\"}", "\"subject\":\"안녕 김\"");
    answers(
        w, "{\"do\":\"lint\",\"job\":\"spring\"}",
        "{\"name\":\"shop.example\",\"answer\":\"nothing\",\"why\":\"the name does not exist\"}");
    fake.txt = "v=spf1 -all";
    answers(w, "{\"do\":\"lint\",\"job\":\"spring\"}",
            "{\"name\":\"shop.example\",\"answer\":\"found\"}");
    fake.txt = NULL;
}

/* ---- keys ---- */

static struct dkim_entry key_entry(struct engine *w, const char *domain, const char *selector)
{
    struct buf pem;
    struct dkim_entry d = {.domain = mem_str(domain), .selector = mem_str(selector)};
    buf_init(&pem, 16 * 1024);
    MUST(dkim_key_generate(DKIM_ED25519_SHA256, 0, &pem, &w->e));
    d.key_file = mem_printf("%s/%s.%s.pem", w->dir, domain, selector);
    MUST(file_write_atomic(d.key_file, pem.data, pem.len, &w->e));
    buf_done(&pem);
    return d;
}

static void test_keys(void **state)
{
    struct engine *w = *state;
    struct dkim_entry d[2] = {key_entry(w, "shop.example", "s1"),
                              key_entry(w, "paper.example", "p1")};
    struct problems p;
    struct buf record;
    problems_init(&p);
    struct dkim_ring *ring = dkim_ring_load(d, 2, &p);
    if (!ring)
        fail_msg("%s", p.item[0].text);
    fake.keys = keys_new(ring, NULL);
    buf_init(&record, 8192);
    answers(w, "{\"do\":\"keys\"}",
            "\"selector\":\"s1\",\"algorithm\":\"ed25519-sha256\",\"bits\":256,"
            "\"name\":\"s1._domainkey.shop.example\",\"verdict\":\"missing\"");
    answers(w, "{\"do\":\"keys\"}", "\"record\":\"v=DKIM1; k=ed25519; p=");
    dkim_key_record(dkim_ring_key(ring, 0), &record);
    fake.txt = record.data;
    answers(w, "{\"do\":\"keys\",\"domain\":\"Shop.example\"}", "\"verdict\":\"good\"}]");
    answers(w, "{\"do\":\"keys\",\"domain\":\"paper.example\"}", "\"verdict\":\"other-key\"");
    refuses(w, "{\"do\":\"keys\",\"domain\":\"shp.example\"}", "did you mean 'shop.example'?");
    make_job(w);
    streams(w, "{\"do\":\"render\",\"job\":\"spring\"}", "DKIM-Signature: ");
    streams(w,
            "{\"do\":\"show\",\"job\":\"spring\",\"address\":\"kim@naver.com\",\"message\":true}",
            "DKIM-Signature: ");
    fake.txt = NULL;
    keys_release(fake.keys);
    fake.keys = NULL;
    for (int i = 0; i < 2; i++) {
        free(d[i].domain);
        free(d[i].selector);
        free(d[i].key_file);
    }
    buf_done(&record);
    problems_done(&p);
}

/* ---- test, and approve ---- */

static struct spool *spool_of(struct engine *w)
{
    struct spool *s;
    if (!spool_open(w->settings.spool_dir, &s, &w->e))
        fail_msg("%s", w->e.text);
    return s;
}

static void test_a_test_is_a_job_of_its_own(void **state)
{
    struct engine *w = *state;
    struct job_spec *spec;
    struct part_files parts;
    char *columns, *vars;
    uint64_t rid;
    make_job(w);
    answers(w,
            "{\"do\":\"test\",\"job\":\"spring\",\"to\":[\"a@shop.example\",\"b@shop.example\","
            "\"c@shop.example\"]}",
            "\"test\":\"spring-test-1\",\"to\":[\"a@shop.example\",");
    assert_string_equal(fake.opened.id, "spring-test-1");
    assert_int_equal(fake.opened.recipients, 3);
    struct spool *s = spool_of(w);
    if (!spool_load(s, fake.opened.key, &spec, &parts, &columns, &w->e))
        fail_msg("%s", w->e.text);
    assert_string_equal(spec->test_of, "spring");
    assert_int_equal(spec->priority, PRIO_URGENT);
    assert_int_equal(spec->expires_ms, 3600 * 1000);
    assert_false(spec->is_standing || spec->needs_approval);
    assert_string_equal(spec->subject, "안녕 {{이름}}");
    assert_non_null(spec->token);
    static const char *const wanted[][2] = {{"a@shop.example", "[\"김\"]"},
                                            {"b@shop.example", "[\"이\"]"},
                                            {"c@shop.example", "[\"김\"]"}};
    for (int i = 0; i < 3; i++) {
        MUST(spool_find_recipient(s, fake.opened.key, wanted[i][0], &rid, &vars, &w->e));
        assert_string_equal(vars, wanted[i][1]);
        free(vars);
    }
    job_spec_free(spec);
    part_files_done(&parts);
    free(columns);
    spool_close(s);
    answers(
        w,
        "{\"do\":\"test\",\"job\":\"spring\",\"to\":[\"a@shop.example\"],\"as\":\"LEE@daum.net\"}",
        "\"test\":\"spring-test-2\"");
    refuses(w, "{\"do\":\"test\",\"job\":\"spring-test-1\",\"to\":[\"a@shop.example\"]}",
            "is a test itself, of 'spring'");
}

/* As many as an in-house group may have. */
static void test_how_many(void **state)
{
    struct engine *w = *state;
    make_job(w);
    for (size_t more = 0; more < 2; more++) {
        json_t *request = json_pack("{s:s, s:s}", "do", "test", "job", "spring"),
               *to = json_array();
        for (unsigned i = 0; i < TEST_GROUP_MAX + more; i++) {
            char address[40];
            snprintf(address, sizeof address, "m%u@shop.example", i);
            json_array_append_new(to, json_string(address));
        }
        json_object_set_new(request, "to", to);
        char *text = json_dumps(request, JSON_COMPACT);
        if (more)
            refuses(w, text, "'to' must be a list of at most 100 strings");
        else
            answers(w, text, "\"test\":\"spring-test-1\"");
        free(text);
        json_decref(request);
    }
    assert_int_equal(fake.opened.recipients, TEST_GROUP_MAX);
}

/* One of its recipients got it. */
static void deliver(struct engine *w, const struct job_row *row)
{
    struct spool *s = spool_of(w);
    struct first_domain d = {1};
    struct delivery *chain = NULL;
    unsigned count = 0;
    struct todo_key last;
    int64_t next;
    bool is_new;
    MUST(spool_lease(s, row->key, d.id, (struct todo_key){0, 0}, WHEN_NEVER - 1, 1, &chain, &count,
                     &last, &next, &w->e));
    MUST(count == 1 && spool_flush(s, &w->e));
    struct outcome o;
    memset(&o, 0, sizeof o);
    outcome_for(&o, chain);
    o.phase = PHASE_DOT;
    o.state = STATE_DELIVERED;
    o.reply.code = 250;
    o.at.ms = 1795000001000;
    MUST(spool_record(s, &o, &is_new, &w->e) && spool_flush(s, &w->e));
    delivery_free(chain);
    spool_close(s);
}

static void import_held(struct engine *w, const char *id)
{
    struct spool *s = spool_of(w);
    struct spool_import *i;
    struct job_row row;
    struct job_spec *spec = spec_of(id);
    struct part_file part = {(char *)"text.txt", (char *)"hello\n", 6};
    struct part_files parts = {&part, 1};
    spec->needs_approval = true;
    if (!spool_import_begin(s, spec, &parts, id, (struct wall){1}, &i, &w->e) ||
        !spool_import_row(i, "kim@naver.com", "{}", 2, 2, &w->e) ||
        !spool_import_finish(i, 0, NULL, NULL, &row, &w->e))
        fail_msg("%s", w->e.text);
    job_spec_free(spec);
    spool_close(s);
}

static void test_approval_comes_after_a_test(void **state)
{
    struct engine *w = *state;
    memset(&fake.approved, 0, sizeof fake.approved);
    import_held(w, "held");
    answers(w, "{\"do\":\"show\",\"job\":\"held\"}", "\"held\":\"waits for approval; test it:");
    refuses(w, "{\"do\":\"approve\",\"job\":\"held\"}", "job 'held' was not tested");
    answers(w, "{\"do\":\"test\",\"job\":\"held\",\"to\":[\"a@shop.example\",\"b@shop.example\"]}",
            "held-test-1");
    refuses(w, "{\"do\":\"approve\",\"job\":\"held\"}",
            "no test of job 'held' has reached anybody");
    deliver(w, &fake.opened);
    answers(w, "{\"do\":\"approve\",\"job\":\"held\"}", "\"paused\":false");
    assert_string_equal(fake.approved, "held");
    assert_true(fake.approver[0] && !fake.untested);
    import_held(w, "other");
    answers(w, "{\"do\":\"approve\",\"job\":\"other\",\"untested\":true}", "\"job\":\"other\"");
    assert_true(fake.untested);
}

/* A job that somebody named like a test is none. */
static void test_only_tests_count(void **state)
{
    struct engine *w = *state;
    struct spool *s = spool_of(w);
    struct job_row row;
    memset(&fake.approved, 0, sizeof fake.approved);
    import(w, s, "held-test-1", &row);
    spool_close(s);
    deliver(w, &row);
    import_held(w, "held");
    refuses(w, "{\"do\":\"approve\",\"job\":\"held\"}", "job 'held' was not tested");
    answers(w, "{\"do\":\"test\",\"job\":\"held\",\"to\":[\"a@shop.example\"]}", "held-test-2");
}

static void test_long_names(void **state)
{
    struct engine *w = *state;
    char id[65], request[300];
    memset(id, 'x', 64);
    id[64] = 0;
    import_held(w, id);
    snprintf(request, sizeof request,
             "{\"do\":\"test\",\"job\":\"%s\",\"to\":[\"a@shop.example\"]}", id);
    answers(w, request, "xxx-test-1\"");
    deliver(w, &fake.opened);
    snprintf(request, sizeof request, "{\"do\":\"approve\",\"job\":\"%s\"}", id);
    answers(w, request, "\"ok\":true");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_world, end_world)
    const struct CMUnitTest tests[] = {
        TEST(test_render),
        TEST(test_refusals),
        TEST(test_lint),
        TEST(test_keys),
        TEST(test_a_test_is_a_job_of_its_own),
        TEST(test_how_many),
        TEST(test_approval_comes_after_a_test),
        TEST(test_only_tests_count),
        TEST(test_long_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
