/* The verbs of the control socket over a real spool and a real list, asked through a real socket. Only
 * the running engine (live_*) is a fake. */
#include "answers_world.h"

/* ---- tests ---- */

static void test_bad_requests(void **state)
{
    static const struct {
        const char *request, *why;
    } rows[] = {
        {"{\"do\":\"statsu\"}", "does not know 'statsu'; did you mean 'status'?"},
        {"{\"do\":\"fly\"}", "does not know 'fly'"},
        {"{\"do\":\"status\",\"jbo\":\"a\"}", "status has no field 'jbo'; did you mean 'job'?"},
        {"{\"do\":\"status\",\"job\":5}", "status: 'job' must be a string"},
        {"{\"do\":\"results\"}", "results needs the field 'job'"},
        {"{\"do\":\"show\",\"job\":\"spring\",\"message\":\"yes\"}", "must be true or false"},
        {"{\"do\":\"status\",\"job\":\"sprng\"}", "no job 'sprng'; did you mean 'spring'?"},
        {"{\"do\":\"status\",\"job\":\"other\"}", "no job 'other'"},
        {"{\"do\":\"pause\",\"job\":\"Spring\"}", "did you mean 'spring'?"},
        {"{\"do\":\"cancel\",\"job\":\"spring\"}", "'spring' does not want to cancel"},
        {"{\"do\":\"results\",\"job\":\"spring\",\"format\":\"xml\"}", "csv or ndjson"},
        {"{\"do\":\"show\",\"job\":\"spring\",\"address\":\"kim\"}", "'kim' is no address"},
        {"{\"do\":\"show\",\"job\":\"spring\",\"address\":\"no@body.example\"}", "no@body.example"},
        {"{\"do\":\"show\",\"job\":\"spring\",\"message\":true}", "for an 'address'"},
        {"{\"do\":\"hello\",\"name\":\"../x\"}", "not a good name"},
        {"{\"do\":\"submitted\",\"name\":\"a/b\"}", "not a good name"},
        {"{\"do\":\"list-export\",\"list\":\"shop\"}", "no list 'shop'"},
        {"{\"do\":\"list-show\",\"address\":\"a@b.example\"}", "nothing is known about"},
        {"{\"do\":\"list-show\",\"address\":\"@b.example\"}", "is no address"},
        {"{\"do\":\"suppress\",\"address\":\"naver.com\"}", "neither an address nor an @domain"},
        {"{\"do\":\"suppress\",\"address\":\"@naver.com\",\"class\":\"x\"}", "class is ad, notice"},
        {"{\"do\":\"release\",\"address\":\"kim@naver.com\"}", "no suppression of kim@naver.com"},
        {"{\"do\":\"list-import\",\"list\":\"a/b\",\"file\":\"/x.csv\"}", "a list's name has"},
        {"{\"do\":\"list-import\",\"list\":\"a\",\"file\":\"x.csv\"}", "absolute path"},
        {"{\"do\":\"list-import\",\"list\":\"a\",\"file\":\"/nowhere/x.csv\"}", "/nowhere/x.csv"},
        {"{\"do\":\"list-import\",\"list\":\"a\",\"file\":\"/x.csv\",\"consent_at\":\"today\"}",
         "a time with a zone"},
        {"{\"do\":\"list-import\",\"list\":\"a\",\"file\":\"/x.csv\",\"charset\":\"latin1\"}",
         "utf-8 or cp949"},
    };
    struct engine *w = *state;
    make_job(w);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refuses(w, rows[i].request, rows[i].why);
}

static void test_status_and_levers(void **state)
{
    struct engine *w = *state;
    make_job(w);
    answers(w, "{\"do\":\"status\"}", "\"asked_for\":null");
    answers(w, "{\"do\":\"status\",\"job\":\"spring\"}", "\"asked_for\":\"spring\"");
    answers(w, "{\"do\":\"pause\",\"job\":\"spring\"}", "\"job\":\"spring\"");
}

static void test_results(void **state)
{
    struct engine *w = *state;
    make_job(w);
    streams(w, "{\"do\":\"results\",\"job\":\"spring\"}", "email,state,");
    holds("csv", w->data.data, "kim@naver.com,deferred,greylisted,451,4.7.1,'=come back later");
    holds("csv", w->data.data, "Lee@daum.net,waiting");
    streams(w, "{\"do\":\"results\",\"job\":\"spring\",\"format\":\"ndjson\"}",
            "\"kim@naver.com\"");
    answers(w, "{\"do\":\"results\",\"job\":\"spring\"}", "\"rows\":2");
}

static void test_show(void **state)
{
    struct engine *w = *state;
    make_job(w);
    answers(w, "{\"do\":\"show\",\"job\":\"spring\"}", "\"recipients\":2");
    answers(w, "{\"do\":\"show\",\"job\":\"spring\"}", "안녕 {{이름}}");
    answers(w, "{\"do\":\"show\",\"job\":\"spring\"}", "{\"name\":\"text.txt\",\"bytes\":");
    answers(w, "{\"do\":\"show\",\"job\":\"spring\",\"address\":\"KIM@naver.com\"}",
            "\"text\":\"=come back later\"");
    answers(w, "{\"do\":\"show\",\"job\":\"spring\",\"address\":\"lee@DAUM.net\"}",
            "\"attempts\":[]");
    streams(w,
            "{\"do\":\"show\",\"job\":\"spring\",\"address\":\"kim@naver.com\",\"message\":true}",
            "\r\nTo: ");
}

static void test_what_became_of_a_submission(void **state)
{
    struct engine *w = *state;
    make_job(w);
    answers(w, "{\"do\":\"hello\"}", "/drop\"");
    answers(w, "{\"do\":\"hello\",\"name\":\"a\"}", "\"name\":\"a\"");
    write_file(w, "drop/a.job", "");
    make_dir(w, "failed/a-2");
    make_dir(w, "accepted/a-3");
    answers(w, "{\"do\":\"hello\",\"name\":\"a\"}", "\"name\":\"a-4\"");
    answers(w, "{\"do\":\"submitted\",\"name\":\"a\"}", "\"state\":\"waiting\"");
    w->importing = "a";
    answers(w, "{\"do\":\"submitted\",\"name\":\"a\"}", "\"state\":\"importing\",\"rows\":7");
    w->importing = "ab.job";
    answers(w, "{\"do\":\"submitted\",\"name\":\"a\"}", "\"state\":\"waiting\"");
    answers(w, "{\"do\":\"submitted\",\"name\":\"b\"}", "\"state\":\"on its way\"");
    /* The directory comes before the file that says why. */
    answers(w, "{\"do\":\"submitted\",\"name\":\"a-2\"}", "\"state\":\"on its way\"");
    write_file(w, "failed/a-2/a-2.error", "a.job:3: nonsense\n");
    answers(w, "{\"do\":\"submitted\",\"name\":\"a-2\"}", "\"problems\":\"a.job:3: nonsense\\n\"");
    answers(w, "{\"do\":\"submitted\",\"name\":\"a-3\"}", "\"state\":\"accepted\"");
    write_file(w, "accepted/a-3/a-3.warnings", "a.job: warning: odd\n");
    answers(w, "{\"do\":\"submitted\",\"name\":\"a-3\"}",
            "\"warnings\":\"a.job: warning: odd\\n\"");
    make_dir(w, "out/spring");
    write_file(w, "out/spring/rejected.csv", "");
    answers(w, "{\"do\":\"submitted\",\"name\":\"a-3\",\"id\":\"spring\"}",
            "\"id\":\"spring\",\"recipients\":2,\"duplicates\":0,\"bad_rows\":1,\"rejected\":");
}

static void import_list(struct engine *w, const char *name, const char *text, const char *more,
                        const char *part)
{
    char request[1000];
    write_file(w, name, text);
    snprintf(request, sizeof request,
             "{\"do\":\"list-import\",\"list\":\"shop\",\"file\":\"%s/%s\"%s}", w->dir, name, more);
    answers(w, request, part);
}

static void test_list_import_and_export(void **state)
{
    struct engine *w = *state;
    import_list(w, "a.csv",
                "email,이름,consent,age\r\nkim@naver.com,김,opt-in,\r\nnobody,x,,\r\n"
                "LEE@Daum.net,이,,40\r\n",
                ",\"provenance\":\"shop sign-up\",\"consent\":\"unknown\"",
                "\"new\":2,\"known\":0,\"bad_rows\":1,\"bad\":[{\"line\":3,");
    import_list(w, "b.ndjson",
                "{\"email\":\"kim@naver.com\",\"consent_at\":\"2026-11-22T10:20:30+09:00\"}\n"
                "{\"email\":\"park@nate.com\",\"consent_at\":\"yesterday\"}\n"
                "{\"email\":\"choi@nate.com\",\"x\":{\"y\":[1]}}\n",
                "", "\"new\":1,\"known\":1,\"bad_rows\":1");
    import_list(w, "c.csv", "email\r\nkim@naver.com\r\n", "", "\"warning\":");
    answers(w, "{\"do\":\"lists\"}", "\"list\":\"shop\",\"contacts\":3");
    refuses(w, "{\"do\":\"list-export\",\"list\":\"shp\"}", "did you mean 'shop'?");
    streams(w, "{\"do\":\"list-export\",\"list\":\"shop\"}", "email,status,");
    holds("csv", w->data.data, "kim@naver.com,active,");
    holds("csv", w->data.data, "shop sign-up,opt-in,2026-11-22T01:20:30.000Z,");
    holds("csv", w->data.data, "shop sign-up,unknown,,");
    holds("csv", w->data.data, "\"{\"\"이름\"\":\"\"이\"\",\"\"age\"\":\"\"40\"\"}\"\r\n");
    streams(w, "{\"do\":\"list-export\",\"list\":\"shop\",\"format\":\"ndjson\"}",
            "\"vars\":{\"x\":{\"y\":[1]}}");
    answers(w, "{\"do\":\"list-show\",\"address\":\"kim@naver.com\"}",
            "\"provenance\":\"shop sign-up\"");
}

static void test_a_large_import(void **state)
{
    struct engine *w = *state;
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_puts(&b, "email\n");
    for (int i = 0; i < 2500; i++)
        buf_printf(&b, "user%d@naver.com\n", i);
    for (int i = 0; i < 150; i++)
        buf_puts(&b, "no address\n");
    import_list(w, "big.csv", b.data, "", "\"new\":2500,\"known\":0,\"bad_rows\":150");
    buf_done(&b);
    answers(w, "{\"do\":\"list-export\",\"list\":\"shop\"}", "\"rows\":2500");
}

static void test_suppressions(void **state)
{
    struct engine *w = *state;
    answers(w,
            "{\"do\":\"suppress\",\"address\":\"Kim@NAVER.com\",\"class\":\"ad\",\"reason\":"
            "\"=asked\"}",
            "\"client\":\"*\",\"class\":\"ad\"");
    answers(w, "{\"do\":\"suppress\",\"address\":\"@DAUM.net\",\"client\":\"shop\"}",
            "\"address\":\"@daum.net\"");
    refuses(w, "{\"do\":\"suppress\",\"address\":\"@daum.net\",\"client\":\"shpo\"}",
            "no client 'shpo'; did you mean 'shop'?");
    answers(w, "{\"do\":\"suppress\",\"address\":\"@daum.net\",\"client\":\"*\"}", "\"ok\":true");
    answers(w, "{\"do\":\"release\",\"address\":\"@daum.net\",\"client\":\"*\"}", "\"count\":1");
    streams(w, "{\"do\":\"suppressions\"}", "address,client,class,reason,by,since\r\n");
    holds("csv", w->data.data, "kim@naver.com,*,ad,'=asked,operator ");
    streams(w, "{\"do\":\"suppressions\",\"format\":\"ndjson\"}", "\"address\":\"@daum.net\"");
    answers(w, "{\"do\":\"list-show\",\"address\":\"kim@naver.com\"}", "\"reason\":\"=asked\"");
    answers(w, "{\"do\":\"list-show\",\"address\":\"any@daum.net\"}", "\"address\":\"@daum.net\"");
    refuses(w, "{\"do\":\"release\",\"address\":\"@daum.net\",\"client\":\"other\"}",
            "no suppression of @daum.net matches");
    answers(w, "{\"do\":\"release\",\"address\":\"@daum.net\"}", "\"count\":1");
    answers(w, "{\"do\":\"release\",\"address\":\"kim@naver.com\",\"class\":\"ad\"}",
            "\"count\":1");
    answers(w, "{\"do\":\"suppressions\"}", "\"rows\":0");
}

#define IN_WORLD(f) cmocka_unit_test_setup_teardown(f, make_world, end_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(test_bad_requests),
        IN_WORLD(test_status_and_levers),
        IN_WORLD(test_results),
        IN_WORLD(test_show),
        IN_WORLD(test_what_became_of_a_submission),
        IN_WORLD(test_list_import_and_export),
        IN_WORLD(test_a_large_import),
        IN_WORLD(test_suppressions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
