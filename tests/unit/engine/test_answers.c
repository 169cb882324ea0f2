/* The verbs of the control socket over a real spool and a real list, asked through a real socket. Only
 * the running engine (live_*) is a fake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/engine/answers.h>
#include <sluice/list/store.h>
#include <sluice/os/file.h>
#include <sluice/spool/spool.h>

struct engine {
    struct settings settings;
    char dir[64], path[100];
    struct control *control;
    struct err e;
    struct buf data; /* streamed by the last answer */
    const char *importing;
};

/* ---- the fake engine ---- */

const struct settings *live_settings(struct engine *w)
{
    return &w->settings;
}

json_t *live_status(struct engine *w, const char *job)
{
    return json_pack("{s:s?, s:{s:s?, s:i}, s:[]}", "asked_for", job, "intake", "importing",
                     w->importing, "rows", 7, "jobs");
}

bool live_lever(struct engine *w, const char *lever, const char *job, struct err *e)
{
    (void)w;
    return strcmp(lever, "pause") == 0 || err_set(e, "job '%s' does not want to %s", job, lever);
}

/* ---- a world ---- */

static char *path_of(struct engine *w, const char *name)
{
    return mem_printf("%s/%s", w->dir, name);
}

static int make_world(void **state)
{
    struct engine *w = mem_array(1, sizeof *w);
    struct settings *s = &w->settings;
    snprintf(w->dir, sizeof w->dir, "/tmp/sluice-answers-XXXXXX");
    MUST(mkdtemp(w->dir));
    snprintf(w->path, sizeof w->path, "%s/control.sock", w->dir);
    char **dirs[] = {&s->drop_dir, &s->accepted_dir, &s->failed_dir,
                     &s->out_dir,  &s->spool_dir,    &s->template_dir};
    static const char *const names[] = {"drop", "accepted", "failed", "out", "spool", "templates"};
    for (size_t i = 0; i < 6; i++) {
        *dirs[i] = path_of(w, names[i]);
        MUST(file_make_dirs(*dirs[i], &w->e));
    }
    s->list_db = path_of(w, "lists.db");
    s->utc_offset_min = 540;
    s->caps.recipients_bytes = 1 << 20;
    s->caps.row_bytes = 1 << 16;
    s->caps.columns = 16;
    buf_init(&w->data, 1 << 20);
    MUST(control_start(w->path, answers_handle, w, &w->control, &w->e));
    *state = w;
    return 0;
}

static int end_world(void **state)
{
    struct engine *w = *state;
    struct settings *s = &w->settings;
    control_stop(w->control);
    MUST(file_remove_tree(w->dir, &w->e));
    char *owned[] = {s->drop_dir,  s->accepted_dir, s->failed_dir, s->out_dir,
                     s->spool_dir, s->template_dir, s->list_db};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        free(owned[i]);
    buf_done(&w->data);
    free(w);
    return 0;
}

static void write_file(struct engine *w, const char *name, const char *text)
{
    char *path = path_of(w, name);
    if (!file_write_atomic(path, text, strlen(text), &w->e))
        fail_msg("%s", w->e.text);
    free(path);
}

static void make_dir(struct engine *w, const char *name)
{
    char *path = path_of(w, name);
    MUST(file_make_dirs(path, &w->e));
    free(path);
}

/* ---- a job with a history ---- */

static struct job_spec *spec_of(const char *id)
{
    struct job_spec *s = mem_array(1, sizeof *s);
    s->id = mem_str(id);
    s->client = mem_str("shop");
    s->priority = PRIO_BULK;
    s->from_address = mem_str("news@shop.example");
    s->envelope_domain = mem_str("shop.example");
    s->subject = mem_str("안녕 {{이름}}");
    s->template_name = mem_str("spring");
    s->list = mem_str("shop");
    s->recipients = mem_str("list.csv");
    s->expires_ms = INT64_C(4) * 86400 * 1000;
    s->variables = mem_str("{}");
    return s;
}

static void import(struct engine *w, struct spool *s, const char *id, struct job_row *row)
{
    struct spool_import *i;
    struct job_spec *spec = spec_of(id);
    struct part_file part = {(char *)"text.txt", (char *)"{{이름}}님\n", strlen("{{이름}}님\n")};
    struct part_files parts = {&part, 1};
    if (!spool_import_begin(s, spec, &parts, id, (struct wall){1795000000000}, &i, &w->e) ||
        !spool_import_columns(i, "[\"이름\"]", &w->e) ||
        !spool_import_row(i, "kim@naver.com", "[\"김\"]", strlen("[\"김\"]"), 2, &w->e) ||
        !spool_import_row(i, "Lee@daum.net", "[\"이\"]", strlen("[\"이\"]"), 3, &w->e) ||
        !spool_import_finish(i, 1, NULL, NULL, row, &w->e))
        fail_msg("%s", w->e.text);
    job_spec_free(spec);
}

struct first_domain {
    uint32_t id;
};

static bool take_domain(void *arg, uint32_t id, const char *domain, uint64_t waiting, int64_t due)
{
    (void)waiting, (void)due;
    if (strcmp(domain, "naver.com") == 0)
        ((struct first_domain *)arg)->id = id;
    return true;
}

/* kim@naver.com was refused once and waits for the second attempt. */
static void record(struct engine *w, struct spool *s, const struct job_row *row)
{
    struct first_domain d = {0};
    struct delivery *chain = NULL;
    unsigned count = 0;
    struct todo_key last;
    int64_t next;
    bool is_new;
    MUST(spool_each_domain(s, row->key, take_domain, &d, &w->e));
    MUST(spool_lease(s, row->key, d.id, (struct todo_key){0, 0}, WHEN_NEVER - 1, 10, &chain, &count,
                     &last, &next, &w->e));
    MUST(count == 1 && spool_flush(s, &w->e));
    struct outcome o;
    memset(&o, 0, sizeof o);
    outcome_for(&o, chain);
    o.phase = PHASE_RCPT;
    o.state = STATE_DEFERRED;
    o.category = CAT_GREYLISTED;
    o.reply.code = 451;
    snprintf(o.reply.enhanced, sizeof o.reply.enhanced, "4.7.1");
    snprintf(o.reply.text, sizeof o.reply.text, "=come back later");
    snprintf(o.provider, sizeof o.provider, "naver");
    snprintf(o.mx_host, sizeof o.mx_host, "mx1.naver.com");
    o.at.ms = 1795000001000;
    o.next_due_ms = 1795000601000;
    MUST(spool_record(s, &o, &is_new, &w->e) && spool_lease_end(s, row->key, o.lease, &w->e) &&
         spool_flush(s, &w->e));
    delivery_free(chain);
}

static void make_job(struct engine *w)
{
    struct spool *s;
    struct job_row row;
    if (!spool_open(w->settings.spool_dir, &s, &w->e))
        fail_msg("%s", w->e.text);
    import(w, s, "spring", &row);
    record(w, s, &row);
    spool_close(s);
}

/* ---- asking ---- */

static bool collect(void *arg, const char *text, size_t n)
{
    buf_put(arg, text, n);
    return true;
}

static json_t *ask(struct engine *w, const char *request)
{
    json_error_t why;
    json_t *o = json_loads(request, 0, &why);
    if (!o)
        fail_msg("%s: %s", request, why.text);
    buf_clear(&w->data);
    json_t *answer = control_ask(w->path, o, collect, &w->data, &w->e);
    json_decref(o);
    if (!answer)
        fail_msg("%s: %s", request, w->e.text);
    return answer;
}

static void holds(const char *request, const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("%s\nexpected ...%s... in:\n%s", request, part, text);
}

static void answers(struct engine *w, const char *request, const char *part)
{
    json_t *answer = ask(w, request);
    char *text = json_dumps(answer, JSON_COMPACT);
    holds(request, text, part);
    if (!json_is_true(json_object_get(answer, "ok")))
        fail_msg("%s was refused: %s", request, text);
    free(text);
    json_decref(answer);
}

static void refuses(struct engine *w, const char *request, const char *part)
{
    json_t *answer = ask(w, request);
    const char *why = json_string_value(json_object_get(answer, "error"));
    holds(request, why ? why : "(no error)", part);
    assert_false(json_is_true(json_object_get(answer, "ok")));
    json_decref(answer);
}

static void streams(struct engine *w, const char *request, const char *part)
{
    answers(w, request, "\"ok\":true");
    holds(request, w->data.data, part);
}

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
