/* What a job's messages are made with: the job file, the template's manifest, the client's settings. */
#include "world.h"

#include "jobfile_private.h"

#define NOW ((struct now){{0}, {1793613600000}}) /* 2026-11-02T09:20:00Z */
#define JOB(class)                                                                                 \
    "id = \"j\"; class = \"" class "\"; from = \"a@b.kr\"; template = \"hello\";\n"                \
                                   "recipients = \"l.csv\"; "

static const char conf[] =
    "drop_dir = \"drop\"; template_dir = \"templates\"; out_dir = \"out\"; spool_dir = \"spool\";\n"
    "accepted_dir = \"accepted\"; failed_dir = \"failed\";\n"
    "sender = { name = \"대행사\"; email = \"help@agency.example\"; };\n"
    "advertising = \"warn\"; list_id = \"news.agency.example\"; feedback_id = \"a:b:c:d\";\n"
    "tracking_server = { url = \"https://t.agency.example\"; key_file = \"k\"; };\n"
    "clients = ( { name = \"shop\"; advertising = \"repair\"; tracking = true;\n"
    "  list_id = \"news.shop.example\"; cfbl_address = \"f@shop.example\"; } );\n";

static struct world w;
static struct settings *with_server;
static struct buf said;

static int setup(void **state)
{
    struct problems p;

    (void)state;
    world_init(&w);
    buf_init(&said, 100000);
    problems_init(&p);
    world_put(&w, "server.conf", conf);
    with_server = settings_load(world_path(&w, "server.conf"), &p);
    problems_done(&p);
    return with_server ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    settings_free(with_server);
    buf_done(&said);
    world_done(&w);
    return 0;
}

static struct job_spec *load(const struct settings *s, const char *text)
{
    struct problems p;
    struct job_spec *spec;

    problems_init(&p);
    world_put(&w, "a.job", text);
    spec = jobfile_load(world_path(&w, "a.job"), s, NOW, &p);
    buf_clear(&said);
    problems_format(&p, &said);
    assert_true((spec == NULL) == (p.errors > 0));
    problems_done(&p);
    return spec;
}

static struct job_spec *good(const struct settings *s, const char *text)
{
    struct job_spec *spec = load(s, text);

    assert_string_equal(said.data, "");
    assert_non_null(spec);
    return spec;
}

static void test_defaults(void **state)
{
    struct job_spec *s = good(w.settings, JOB("notice"));

    (void)state;
    assert_int_equal(s->message.missing, MISSING_EMPTY);
    assert_int_equal(s->message.charset, MAIL_UTF8);
    assert_int_equal(s->message.charset_fallback, CHARSET_FALLBACK_UTF8);
    assert_int_equal(s->message.ad_policy, AD_REFUSE);
    assert_false(s->message.text_from_html || s->message.tracks_opens || s->message.tracks_clicks);
    assert_null(s->message.sender.name);
    assert_null(s->message.list_id);
    assert_int_equal(s->message.untrackeds, 0);
    assert_false(s->needs_approval);
    assert_null(s->test_of);
    job_spec_free(s);
}

static void test_everything(void **state)
{
    struct job_spec *s = good(
        with_server,
        JOB("notice") "client = \"shop\"; missing = \"skip\"; mail_charset = \"EUC-KR\";\n"
                      "charset = \"utf-8\"; charset_fallback = \"replace\"; text_from_html = "
                      "true;\n"
                      "list_id = \"봄 소식 <spring.shop.example>\"; approval = true;\n"
                      "unsubscribe_url = \"https://shop.example/u/{{id}}\";\n"
                      "unsubscribe_mailto = \"stop@shop.example\"; feedback_id = \"{{x}}:y\";\n"
                      "cfbl_address = \"c@shop.example\"; auto_submitted = true;\n"
                      "tracking = { clicks = true; };\n"
                      "untracked = ( \"https://shop.example/law\", \"http://a.example\" );\n"
                      "sender = { name = \"한빛\"; telephone = \"1588-1234\"; address = \"서울\"; "
                      "};");
    const struct message_spec *m = &s->message;

    (void)state;
    assert_int_equal(m->missing, MISSING_SKIP);
    assert_int_equal(m->charset, MAIL_EUC_KR);
    assert_string_equal(s->charset, "utf-8");
    assert_int_equal(m->charset_fallback, CHARSET_FALLBACK_REPLACE);
    assert_true(m->text_from_html && m->is_auto_submitted && s->needs_approval);
    assert_string_equal(m->list_id, "봄 소식 <spring.shop.example>");
    assert_string_equal(m->unsubscribe_url, "https://shop.example/u/{{id}}");
    assert_string_equal(m->unsubscribe_mailto, "stop@shop.example");
    assert_string_equal(m->feedback_id, "{{x}}:y");
    assert_string_equal(m->cfbl_address, "c@shop.example");
    assert_true(m->tracks_clicks);
    assert_false(m->tracks_opens);
    assert_int_equal(m->untrackeds, 2);
    assert_string_equal(m->untracked[1], "http://a.example");
    assert_string_equal(m->sender.name, "한빛");
    assert_string_equal(m->sender.telephone, "1588-1234");
    assert_string_equal(m->sender.address, "서울");
    assert_string_equal(m->sender.email, "help@agency.example");
    assert_int_equal(m->ad_policy, AD_REPAIR);
    assert_string_equal(m->tracking_url, "https://t.agency.example");
    job_spec_free(s);
}

/* Job, manifest, client, everybody: the first that says it. */
static void test_precedence(void **state)
{
    struct job_spec *s;

    (void)state;
    world_put(&w, "templates/hello/template.conf",
              "missing = \"skip\"; charset = \"euc-kr\"; text_from_html = true;\n"
              "list_id = \"news.template.example\"; untracked = ( \"https://t.example/\" );\n");
    s = good(with_server, JOB("notice"));
    assert_string_equal(s->message.list_id, "news.template.example");
    assert_string_equal(s->message.feedback_id, "a:b:c:d");
    assert_int_equal(s->message.missing, MISSING_SKIP);
    assert_int_equal(s->message.charset, MAIL_EUC_KR);
    assert_true(s->message.text_from_html);
    assert_int_equal(s->message.untrackeds, 1);
    assert_int_equal(s->message.ad_policy, AD_WARN);
    job_spec_free(s);
    s = good(with_server, JOB("notice") "client = \"shop\"; list_id = \"j.example\"; missing = "
                                        "\"empty\"; text_from_html = false; untracked = ( ); "
                                        "tracking = false; mail_charset = \"utf-8\";");
    assert_string_equal(s->message.list_id, "j.example");
    assert_string_equal(s->message.cfbl_address, "f@shop.example");
    assert_int_equal(s->message.missing, MISSING_EMPTY);
    assert_int_equal(s->message.charset, MAIL_UTF8);
    assert_false(s->message.text_from_html || s->message.tracks_opens);
    assert_int_equal(s->message.untrackeds, 0);
    job_spec_free(s);
    assert_int_equal(unlink(world_path(&w, "templates/hello/template.conf")), 0);
    s = good(with_server, JOB("notice") "client = \"shop\";");
    assert_string_equal(s->message.list_id, "news.shop.example");
    assert_true(s->message.tracks_opens && s->message.tracks_clicks);
    job_spec_free(s);
}

static void test_manifest_links(void **state)
{
    static const struct {
        const char *to;
        bool is_good;
    } rows[] = {{"other.mustache", true},
                {"nowhere", false},
                {"template.conf", false},
                {"../template.conf", false}};

    (void)state;
    world_put(&w, "templates/hello/other.mustache", "missing = \"skip\";");
    world_put(&w, "templates/template.conf", "missing = \"skip\";");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(symlink(rows[i].to, world_path(&w, "templates/hello/template.conf")), 0);
        if (rows[i].is_good) {
            struct job_spec *s = good(with_server, JOB("notice"));

            assert_int_equal(s->message.missing, MISSING_SKIP);
            job_spec_free(s);
        } else {
            assert_null(load(with_server, JOB("notice")));
            assert_non_null(strstr(said.data, "hello/template.conf: a symbolic link that leads "
                                              "nowhere, or out of the template's folder"));
        }
        assert_int_equal(unlink(world_path(&w, "templates/hello/template.conf")), 0);
    }
}

static void test_auto_submitted(void **state)
{
    static const struct {
        const char *text;
        bool is;
    } rows[] = {
        {JOB("notice"), false},
        {JOB("notice") "standing = true;", true},
        {JOB("transactional") "standing = true;", true},
        {JOB("ad") "standing = true;", false},
        {JOB("transactional"), false},
        {JOB("transactional") "standing = true; auto_submitted = false;", false},
        {JOB("ad") "auto_submitted = true;", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct job_spec *s = good(w.settings, rows[i].text);

        if (s->message.is_auto_submitted != rows[i].is)
            fail_msg("%s", rows[i].text);
        job_spec_free(s);
    }
}

static const struct {
    const char *text, *says;
} wrong[] = {
    {"missing = \"fail\";", "a.job:2: missing: no such choice (got \"fail\", allowed: \"empty\", "},
    {"mail_charset = \"latin1\";",
     "mail_charset: no such choice (got \"latin1\", allowed: \"utf-8\""},
    {"charset_fallback = \"?\";", "charset_fallback: no such choice"},
    {"text_from_html = 1;", "text_from_html: not a yes or no"},
    {"list_id = \"x\";", "list_id: not right (got \"x\", "},
    {"\nunsubscribe_url = \"http://a.example/\";",
     "a.job:3: unsubscribe_url: not right (got \"http://a.example/\", allowed: a URL that begins "
     "with"},
    {"unsubscribe_url = \"https://a.example/\\r\\nBcc: x@y.kr\";",
     "unsubscribe_url: must not contain control characters"},
    {"unsubscribe_mailto = \"x\";", "unsubscribe_mailto: not right"},
    {"feedback_id = \"a\\nb\";", "feedback_id: must not contain control characters"},
    {"cfbl_address = \"x\";", "cfbl_address: not right"},
    {"auto_submitted = \"yes\";", "auto_submitted: not a yes or no"},
    {"tracking = \"yes\";", "tracking: not a yes or no (got \"yes\""},
    {"tracking = { clicks = 1; };", "tracking.clicks: not a yes or no"},
    {"tracking = { };", NULL},
    {"tracking = false;", NULL},
    {"\n\ntracking = true;",
     "a.job:4: tracking: there is no server for it (allowed: with tracking_server = { url = "},
    {"untracked = \"x\";", "untracked: not a list of texts"},
    {"untracked = ( \"https://a.example\",\n\"shop.example\" );",
     "a.job:3: untracked[1]: not right (got \"shop.example\", allowed: what begins with https://"},
    {"approval = \"kim\";", "approval: not a yes or no"},
    {"sender = { name = \"a\\tb\"; };", "sender.name: must not contain control characters"},
    {"sender = { email = \"x\"; };", "sender.email: not right"},
    {"advertising = \"warn\";", "advertising: unknown setting"},
    {"tracking_url = \"https://t.example\";", "tracking_url: unknown setting"},
    {"test_group = ( \"a@b.kr\" );", "test_group: unknown setting"},
    {"mising = \"skip\";", "mising: unknown setting (allowed: missing, "},
};

static void test_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[1000];
        struct job_spec *s;

        snprintf(text, sizeof text, "%s%s", JOB("ad"), wrong[i].text);
        s = load(w.settings, text);
        if ((s != NULL) != (wrong[i].says == NULL) ||
            (wrong[i].says && !strstr(said.data, wrong[i].says)))
            fail_msg("%s gave\n%s\nnot %s", wrong[i].text, said.data, wrong[i].says);
        job_spec_free(s);
    }
}

static const struct {
    const char *text, *says;
} manifest[] = {
    {"", NULL},
    {"# nothing\n", NULL},
    {"charset = \"iso-2022-kr\";", NULL},
    {"\nmising = \"skip\";", "hello/template.conf:2: mising: unknown setting (allowed: missing, "},
    {"mail_charset = \"utf-8\";", "hello/template.conf:1: mail_charset: unknown setting"},
    {"subject = \"x\";", "hello/template.conf:1: subject: unknown setting"},
    {"sender = { name = \"x\"; };", "sender: unknown setting"},
    {"tracking = true;", "tracking: unknown setting"},
    {"list_id = \"x\";", "hello/template.conf:1: list_id: not right"},
    {"missing = \"skip\";\nmissing = \"empty\";", ":2: missing: given twice"},
    {"@include \"/etc/passwd\"\n", "hello/template.conf:1: "},
    {"missing = ;", "hello/template.conf:1: syntax error"},
    {"\xb1\xe8", "hello/template.conf:1: this is not UTF-8"},
};

static void test_manifest(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof manifest / sizeof *manifest; i++) {
        struct job_spec *s;

        world_put(&w, "templates/hello/template.conf", manifest[i].text);
        s = load(w.settings, JOB("ad"));
        if ((s != NULL) != (manifest[i].says == NULL) ||
            (manifest[i].says && !strstr(said.data, manifest[i].says)))
            fail_msg("%s gave\n%s\nnot %s", manifest[i].text, said.data, manifest[i].says);
        job_spec_free(s);
    }
    assert_int_equal(unlink(world_path(&w, "templates/hello/template.conf")), 0);
    assert_int_equal(symlink("/etc/passwd", world_path(&w, "templates/hello/template.conf")), 0);
    assert_null(load(w.settings, JOB("ad")));
    assert_string_equal(
        said.data,
        "hello/template.conf: a symbolic link that leads nowhere, or out of the template's "
        "folder\n");
    assert_int_equal(unlink(world_path(&w, "templates/hello/template.conf")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),       cmocka_unit_test(test_everything),
        cmocka_unit_test(test_precedence),     cmocka_unit_test(test_auto_submitted),
        cmocka_unit_test(test_wrong),          cmocka_unit_test(test_manifest),
        cmocka_unit_test(test_manifest_links),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
