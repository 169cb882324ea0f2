#include "world.h"

#include "jobfile_private.h"

#define NOW ((struct now){{0}, {1793613600000}}) /* 2026-11-02T09:20:00Z */
#define BASE "id = \"j\"; class = \"ad\"; from = \"a@b.kr\"; template = \"t\"; "
#define OK_LIST BASE "recipients = \"l.csv\"; "

static struct world w;

static int setup(void **state)
{
    (void)state;
    world_init(&w);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_done(&w);
    return 0;
}

static struct job_spec *load(const char *text, struct buf *said)
{
    struct problems p;
    struct job_spec *s;

    problems_init(&p);
    world_put(&w, "a.job", text);
    s = jobfile_load(world_path(&w, "a.job"), w.settings, NOW, &p);
    buf_clear(said);
    problems_format(&p, said);
    assert_true((s == NULL) == (p.errors > 0));
    problems_done(&p);
    return s;
}

static void test_everything(void **state)
{
    struct buf said, json;
    struct job_spec *s, *again;
    struct err e;

    (void)state;
    buf_init(&said, 10000);
    buf_init(&json, 10000);
    s = load(
        "id = \"spring-2026_1\"; client = \"shop\"; class = \"notice\"; from = \"\\\"한빛 상점\\\" "
        "<Shop@Example.COM>\"; reply_to = \"help@example.com\"; envelope_domain = "
        "\"Bounce.Example.com\";\n"
        "subject = \"(광고) {{name}}님\"; template = \"hello\"; recipients = \"list.csv.gz\"; list "
        "= \"vip\";\n"
        "charset = \"EUC-KR\"; start = \"2026-11-25T08:00:00+09:00\"; finish_by = "
        "\"2026-11-25T12:00:00+09:00\"; expires = \"2 days\"; priority = \"urgent\"; in_doubt = "
        "\"retry\";\n"
        "max_bad_rows = 5; variables = { shop = \"한빛\"; year = 2026; rate = 0.1; open = true; "
        "large = 4294967301; numbers = [1, 4294967301]; "
        "tags = (\"a\", 2, "
        "[1, 2], { x = \"y\"; }); nested = { a = { b = \"c\\nd\"; }; }; };",
        &said);
    assert_string_equal(said.data, "");
    assert_string_equal(s->id, "spring-2026_1");
    assert_string_equal(s->client, "shop");
    assert_int_equal(s->msg_class, MSG_NOTICE);
    assert_string_equal(s->from_name, "한빛 상점");
    assert_string_equal(s->from_address, "Shop@example.com");
    assert_string_equal(s->envelope_domain, "bounce.example.com");
    assert_string_equal(s->charset, "cp949");
    assert_int_equal(s->start.ms, 1795561200000);
    assert_int_equal(s->expires_ms, 2 * 86400000);
    assert_int_equal(s->priority, PRIO_URGENT);
    assert_int_equal(s->in_doubt, DOUBT_RETRY);
    assert_int_equal(s->max_bad_rows, 5);
    assert_string_equal(s->variables, "{\"shop\":\"한빛\",\"year\":2026,\"rate\":0.1,\"open\":true,"
                                      "\"large\":4294967301,\"numbers\":[1,4294967301],"
                                      "\"tags\":[\"a\",2,[1,2],{\"x\":"
                                      "\"y\"}],\"nested\":{\"a\":{\"b\":\"c\\nd\"}}}");
    job_spec_format(s, &json);
    again = job_spec_parse(str_n(json.data, json.len), &e);
    assert_non_null(again);
    assert_string_equal(again->variables, s->variables);
    job_spec_free(again);
    job_spec_free(s);
    buf_done(&json);
    buf_done(&said);
}

static void test_defaults(void **state)
{
    struct buf said;
    struct job_spec *s;

    (void)state;
    buf_init(&said, 10000);
    s = load(OK_LIST, &said);
    assert_string_equal(said.data, "");
    assert_string_equal(s->client, "default");
    assert_string_equal(s->list, "default");
    assert_null(s->from_name);
    assert_null(s->subject);
    assert_null(s->charset);
    assert_int_equal(s->priority, PRIO_BULK);
    assert_int_equal(s->in_doubt, DOUBT_HOLD);
    assert_int_equal(s->expires_ms, 4LL * 86400000);
    assert_int_equal(s->max_bad_rows, MAX_BAD_ROWS_DEFAULT);
    assert_string_equal(s->variables, "{}");
    job_spec_free(s);
    s = load(BASE "standing = true;", &said);
    assert_int_equal(s->priority, PRIO_NORMAL);
    assert_int_equal(s->expires_ms, 12 * 3600000);
    job_spec_free(s);
    buf_done(&said);
}

static const struct {
    const char *text, *says; /* says NULL: fine */
} row[] = {
    {BASE "from_list = \"vip\";", NULL},
    {OK_LIST "reply_to = \"{{name}}@example.com\";",
     "reply_to: tags do not work here (got \"{{name}}@example.com\")"},
    {OK_LIST "reply_to = \"x\";", "reply_to: not an e-mail address: there is no @ (got \"x\")"},
    {OK_LIST "envelope_domain = \"x y\";", "envelope_domain: not a domain: "},
    {OK_LIST "envelope_domain = \"a@b.kr\";",
     "envelope_domain: not a domain: there are two @ (got \"a@b.kr\")"},
    {"id = \"j\"; class = \"ad\"; from = \"김 <a@b>\"; template = \"t\"; recipients = \"l.csv\";",
     "from: not an e-mail address: the domain has no dot (got \"a@b\")"},
    {"id = \"j\"; class = \"ad\"; from = \"홍@b.kr\"; template = \"t\"; recipients = \"l.csv\";",
     "from: only plain ASCII letters"},
    {"id = \"j\"; class = \"ad\"; from = \"a@b.kr\\r\\nBcc: x@y.kr\"; template = \"t\"; recipients "
     "= \"l.csv\";",
     "from: must not contain control characters"},
    {"id = \"j\"; class = \"ad\"; from = \"\"; template = \"\"; recipients = \"\";",
     "recipients: not a plain name: it is empty"},
    {"id = \"a/b\"; class = \"ad\"; from = \"a@b.kr\"; template = \"t\"; recipients = \"l.csv\";",
     "id: not a name (got \"a/b\", allowed: 1 to 64 letters"},
    {"id = \"\"; class = \"ad\"; from = \"a@b.kr\"; template = \"t\"; recipients = \"l.csv\";",
     "id: not a name"},
    {OK_LIST "client = \"..\";", "client: not a name (got \"..\""},
    {OK_LIST "list = \"한글\";", "list: not a name"},
    {OK_LIST "from_list = \"x\";", "from_list: does not go together with recipients"},
    {BASE "recipients = \"..\";", "begins with a dot"},
    {BASE "recipients = \"a/../../etc/passwd.csv\";", "contains a slash"},
    {BASE "recipients = \".hidden.csv\";", "begins with a dot"},
    {BASE "recipients = \"x.job\";", "recipients: unknown ending (got \"x.job\", allowed: .csv"},
    {"id = \"j\"; class = \"ad\"; from = \"a@b.kr\"; template = \"../x\"; recipients = \"l.csv\";",
     "template: not a plain name: "},
    {OK_LIST "charset = \"latin1\";", "charset: unknown (got \"latin1\", allowed: \"utf-8\""},
    {OK_LIST "start = \"2026-11-25T08:00:00\";",
     "start: not a time (got \"2026-11-25T08:00:00\", allowed: a time with its zone"},
    {OK_LIST "start = \"2026-11-25T08:00:00+09:00\"; finish_by = \"2026-11-25T07:00:00+09:00\";",
     "finish_by: not later than start"},
    {OK_LIST "finish_by = \"2020-01-01T00:00:00Z\";", "finish_by: in the past"},
    {OK_LIST "start = \"2029-01-01T00:00:00Z\";", "start: more than a year away"},
    {OK_LIST "start = \"2020-01-01T00:00:00Z\";", NULL},
    {OK_LIST "expires = \"10s\";", "expires: out of range (got \"10s\", allowed: a duration with "
                                   "its unit, such as \"20 min\", 1m to 30d)"},
    {OK_LIST "expires = 3;", "expires: not a duration (got 3, "},
    {OK_LIST "priority = \"high\";",
     "priority: no such choice (got \"high\", allowed: \"urgent\", \"normal\", \"bulk\")"},
    {OK_LIST "in_doubt = \"yes\";",
     "in_doubt: no such choice (got \"yes\", allowed: \"hold\", \"retry\", \"delivered\")"},
    {OK_LIST "max_bad_rows = 4294967301;",
     "max_bad_rows: out of range (got 4294967301, allowed: a whole number, 0 to 10000000)"},
    {OK_LIST "connection_limit = 4294967301;", "connection_limit: out of range (got 4294967301, "},
    {OK_LIST "max_bad_rows = -1;",
     "max_bad_rows: out of range (got -1, allowed: a whole number, 0 to 10000000)"},
    {OK_LIST "standing = \"yes\";",
     "standing: not a yes or no (got \"yes\", allowed: true or false)"},
    {OK_LIST "standing = true; finish_by = \"2027-01-01T00:00:00Z\";",
     "finish_by: does not go together with standing"},
    {OK_LIST "variables = 3;", "variables: not a group (got 3, "},
    {OK_LIST "variables = { a = 1; b = { c = 1; c = 2; }; };", "variables.b.c: given twice"},
    {OK_LIST "variables = { a = 1e999; };", "too large"},
    {OK_LIST "subject = \"\";",
     "subject: empty (got \"\", allowed: a text in quotes of 1 to 2000 bytes)"},
    {OK_LIST "subject = \"a\\nb\";", "subject: must not contain control characters"},
    {OK_LIST "subjct = \"a\";", "subjct: unknown setting (allowed: subject, "},
    {OK_LIST "subjct = \"a\";", "; did you mean subject?"},
    {BASE, "nobody to mail (allowed: recipients, from_list, or standing = true)"},
    {OK_LIST "connection_limit = 0;", "connection_limit: out of range (got 0, "},
    {OK_LIST "max_message_rate = \"slow\";", "max_message_rate: not a rate (got \"slow\", "},
    {OK_LIST "send_windows = ( { days = \"Mo-Fr\"; } );",
     "send_windows[0].days: not days of the week (got \"Mo-Fr\", "},
    {OK_LIST "holidays = \"kr\";", "holidays: no such calendar (got \"kr\", "},
    {"", "id: missing (allowed: a text in quotes)"},
};

static void test_rows(void **state)
{
    struct buf said;

    (void)state;
    buf_init(&said, 10000);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct job_spec *s = load(row[i].text, &said);

        if ((s != NULL) != (row[i].says == NULL) ||
            (row[i].says && !strstr(said.data, row[i].says)))
            fail_msg("%s gave\n%s\nnot %s", row[i].text, said.data, row[i].says);
        job_spec_free(s);
    }
    buf_done(&said);
}

static void test_shaping(void **state)
{
    struct buf said, json;
    struct job_spec *s, *again;
    struct err e;

    (void)state;
    buf_init(&said, 10000);
    buf_init(&json, 10000);
    s = load(OK_LIST "connection_limit = 5; max_message_rate = ( \"20/s\", \"50,000/day\" );\n"
                     "send_windows = ( { days = \"월-금\"; hours = \"08:00-20:00\"; },\n"
                     "  { days = \"Sat\"; hours = \"22:00-02:00\"; timezone = \"Asia/Tokyo\"; } );",
             &said);
    assert_string_equal(said.data, "");
    assert_int_equal(s->connection_limit, 5);
    assert_int_equal(s->max_message_rate.count, 2);
    assert_int_equal(s->send_windows.count, 2);
    assert_int_equal(s->send_windows.item[0].days, 0x1f);
    assert_string_equal(s->send_windows.item[0].timezone, "Asia/Seoul");
    assert_null(s->send_windows.item[1].at.file);
    assert_int_equal(s->send_windows.item[1].at.line, 3);
    job_spec_format(s, &json);
    again = job_spec_parse(str_n(json.data, json.len), &e);
    assert_non_null(again);
    assert_int_equal(again->send_windows.item[1].until_min, 120);
    assert_int_equal(again->send_windows.item[1].at.line, 3);
    assert_int_equal(again->max_message_rate.item[1].count, 50000);
    job_spec_free(again);
    job_spec_free(s);
    buf_done(&json);
    buf_done(&said);
}

static void test_guess(void **state)
{
    static const struct {
        const char *text, *name;
    } guess[] = {
        {"x = = ; recipients = \"l.csv\";", "l.csv"},
        {"recipients\n:\n\"l.ndjson.gz\"", "l.ndjson.gz"},
        {"recipients = \"../l.csv\"", NULL},
        {"recipients = \"l.job\"", NULL},
        {"recipients = \"l.csv", NULL},
        {"recipients = l.csv", NULL},
        {"recipients", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof guess / sizeof *guess; i++) {
        char *name;

        world_put(&w, "g.job", guess[i].text);
        name = jobfile_guess_recipients(world_path(&w, "g.job"), 1000);
        assert_string_equal(name ? name : "-", guess[i].name ? guess[i].name : "-");
        free(name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything), cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_rows),       cmocka_unit_test(test_shaping),
        cmocka_unit_test(test_guess),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
