/* The command line against a daemon that answers from a table: exit codes, outputs, complaints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sluice/admin/cli.h>
#include <sluice/admin/control.h>
#include <sluice/base/must.h>
#include <sluice/os/file.h>

struct world {
    char dir[64], path[100], drop[100], old_folder[4096];
    struct control *control;
    char *request; /* the last one, compact */
    int asked;     /* "submitted" so often */
};

static json_t *submitted(struct world *w, const char *name)
{
    if (w->asked++ == 0 || strcmp(name, "slow") == 0)
        return json_pack("{s:b, s:s, s:i}", "ok", 1, "state", "importing", "rows", 5);
    if (strcmp(name, "bad") == 0)
        return json_pack("{s:b, s:s, s:s, s:s}", "ok", 1, "state", "refused", "dir", "/failed/bad",
                         "problems", "bad.job:3: unknown key\x1b\nlist.csv:7: no @\n");
    return json_pack("{s:b, s:s, s:s, s:i, s:i, s:i}", "ok", 1, "state", "accepted", "id", "spring",
                     "recipients", 20000, "duplicates", 12, "bad_rows", 3);
}

static json_t *handle(void *arg, const char *verb, const json_t *request, struct control_answer *a)
{
    struct world *w = arg;
    const char *job = json_string_value(json_object_get(request, "job"));
    const char *name = json_string_value(json_object_get(request, "name"));
    free(w->request);
    w->request = json_dumps(request, JSON_COMPACT | JSON_SORT_KEYS);
    if (job && strcmp(job, "sprng") == 0)
        return control_error("no job 'sprng'; did you mean 'spring'?\x1b[2J");
    if (strcmp(verb, "status") == 0)
        return json_pack("{s:b, s:[{s:s, s:s, s:{s:i}}]}", "ok", 1, "jobs", "id", "spring", "state",
                         "done", "counts", "delivered", 1234);
    if (strcmp(verb, "hello") == 0)
        return json_pack("{s:b, s:s, s:s}", "ok", 1, "drop_dir", w->drop, "name", name);
    if (strcmp(verb, "submitted") == 0)
        return submitted(w, name);
    if (strcmp(verb, "results") == 0 || strcmp(verb, "list-export") == 0) {
        control_data(a, "email,state\r\n", 13);
        control_data(a, "kim@naver.com,delivered\r\n", 25);
        return job && strcmp(job, "broken") == 0 ? control_error("the disk is broken")
                                                 : json_pack("{s:b}", "ok", 1);
    }
    return json_pack("{s:b, s:i}", "ok", 1, "count", 2);
}

static int make_world(void **state)
{
    struct world *w = mem_new(sizeof *w);
    struct err e;
    snprintf(w->dir, sizeof w->dir, "/tmp/sluice-cli-XXXXXX");
    MUST(mkdtemp(w->dir));
    snprintf(w->path, sizeof w->path, "%s/control.sock", w->dir);
    snprintf(w->drop, sizeof w->drop, "%s/drop", w->dir);
    MUST(mkdir(w->drop, 0750) == 0);
    MUST(getcwd(w->old_folder, sizeof w->old_folder));
    MUST(chdir(w->dir) == 0);
    MUST(control_start(w->path, handle, w, &w->control, &e));
    unsetenv("SLUICE_SOCKET");
    unsetenv("SLUICE_CONF");
    *state = w;
    return 0;
}

static int end_world(void **state)
{
    struct world *w = *state;
    struct err e;
    control_stop(w->control);
    MUST(chdir(w->old_folder) == 0);
    MUST(file_remove_tree(w->dir, &e));
    free(w->request);
    free(w);
    return 0;
}

/* ---- running ---- */

struct run {
    int code;
    char *out, *err;
};

/* Words apart by one space; no quoting. With the socket, unless the line says otherwise. */
static struct run run(const char *socket, const char *line)
{
    char copy[1000], *argv[40], *save = NULL;
    int argc = 0;
    argv[argc++] = mem_str("sluice");
    if (socket) {
        argv[argc++] = mem_str("-s");
        argv[argc++] = mem_str(socket);
    }
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
        argv[argc++] = mem_str(word);
    argv[argc] = NULL;
    struct run r = {0};
    size_t n_out, n_err;
    FILE *out = open_memstream(&r.out, &n_out), *err = open_memstream(&r.err, &n_err);
    r.code = cli_run(argc, argv, out, err);
    fclose(out);
    fclose(err);
    for (int i = 0; i < argc; i++)
        free(argv[i]);
    return r;
}

static void run_done(struct run *r)
{
    free(r->out);
    free(r->err);
}

static void check(const char *socket, const char *line, int code, const char *out, const char *err)
{
    struct run r = run(socket, line);
    if (r.code != code || !strstr(r.out, out) || !strstr(r.err, err) || (!*err && *r.err))
        fail_msg("sluice %s\nexpected %d, out ...%s..., err ...%s...\ngot %d, out:\n%s\nerr:\n%s",
                 line, code, out, err, r.code, r.out, r.err);
    if (strchr(r.out, '\x1b') || strchr(r.err, '\x1b'))
        fail_msg("sluice %s: an escape character came through", line);
    run_done(&r);
}

static char *contents(const char *path)
{
    struct buf b;
    struct err e;
    buf_init(&b, 1 << 20);
    if (!file_read(path, &b, &e))
        fail_msg("%s", e.text);
    return buf_take(&b);
}

static void write_file(const char *path, const char *text)
{
    struct err e;
    MUST(file_write_atomic(path, text, strlen(text), &e));
}

/* ---- without a daemon ---- */

static void test_usage(void **state)
{
    static const struct {
        const char *line;
        int code;
        const char *out, *err;
    } rows[] = {
        {"", 2, "usage: sluice", ""},
        {"--help", 0, "Exit codes: 0 done; 1 refused", ""},
        {"--version", 0, "sluice 0.", ""},
        {"--verison", 2, "", "unknown option '--verison'"},
        {"help", 0, "list suppressions", ""},
        {"help status", 0, "usage: sluice status [JOB] [--watch] [--json]", ""},
        {"help list", 0, "usage: sluice list release", ""},
        {"help list import", 0, "--provenance TEXT", ""},
        {"help fly", 2, "", "no command 'fly'"},
        {"status --help", 0, "usage: sluice status", ""},
        {"list import --help", 0, "usage: sluice list import", ""},
        {"fly", 2, "", "unknown command 'fly'"},
        {"statsu", 2, "", "unknown command 'statsu'; did you mean 'status'?"},
        {"list", 2, "", "'list' what?"},
        {"list exprt", 2, "", "unknown command 'list exprt'; did you mean 'list export'?"},
        {"-s", 2, "", "-s needs a path behind it"},
        {"status a b", 2, "", "too much on the command line: 'b'"},
        {"status --jsn", 2, "", "unknown option '--jsn'; did you mean '--json'?"},
        {"status --json=yes", 2, "", "--json takes no value"},
        {"status --json --watch", 2, "", "do not go together"},
        {"results", 2, "", "usage: sluice results JOB"},
        {"results a --format", 2, "", "--format needs a value"},
        {"results a --format=xml", 2, "", "--format takes csv or ndjson, not 'xml'"},
        {"show", 2, "", "something is missing"},
        {"show spring --message", 2, "", "needs the address"},
        {"show spring a@b.example --message --json", 2, "", "do not go together"},
        {"pause", 2, "", "usage: sluice pause JOB"},
        {"list suppress", 2, "", "usage: sluice list suppress ADDRESS|@DOMAIN"},
        {"submit a.job --timeout 5", 2, "", "--timeout takes a time with its unit"},
        {"status", 2, "", "where is the daemon?"},
        {"-c /nowhere/sluice.conf status", 2, "", "/nowhere/sluice.conf"},
        {"-s /nowhere/sock status", 3, "", "does not run: no socket at /nowhere/sock"},
        {"status -s /nowhere/sock", 3, "", "does not run: no socket at /nowhere/sock"},
        {"results x --output /nowhere/x.csv -s /nowhere/sock", 1, "", "/nowhere/x.csv.part"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check(NULL, rows[i].line, rows[i].code, rows[i].out, rows[i].err);
}

/* ---- what is asked, and what is printed ---- */

static void test_requests_and_outputs(void **state)
{
    static const struct {
        const char *line, *request, *out;
    } rows[] = {
        {"status", "{\"do\":\"status\"}", "1,234"},
        {"status spring", "{\"do\":\"status\",\"job\":\"spring\"}", "job spring"},
        {"status --json", "{\"do\":\"status\"}", "\"delivered\": 1234"},
        {"status spring --watch", "{\"do\":\"status\",\"job\":\"spring\"}", "(100.0 %)"},
        {"status -- --json", "{\"do\":\"status\",\"job\":\"--json\"}", ""},
        {"results spring", "{\"do\":\"results\",\"format\":\"csv\",\"job\":\"spring\"}",
         "email,state\r\nkim@naver.com,delivered\r\n"},
        {"results spring --json", "{\"do\":\"results\",\"format\":\"ndjson\",\"job\":\"spring\"}",
         ""},
        {"results --format=ndjson spring",
         "{\"do\":\"results\",\"format\":\"ndjson\",\"job\":\"spring\"}", ""},
        {"show spring", "{\"do\":\"show\",\"job\":\"spring\"}", ""},
        {"show spring kim@naver.com",
         "{\"address\":\"kim@naver.com\",\"do\":\"show\",\"job\":\"spring\"}", ""},
        {"show spring kim@naver.com --message",
         "{\"address\":\"kim@naver.com\",\"do\":\"show\",\"job\":\"spring\",\"message\":true}", ""},
        {"pause spring", "{\"do\":\"pause\",\"job\":\"spring\"}", "spring paused\n"},
        {"resume spring", "{\"do\":\"resume\",\"job\":\"spring\"}", "spring resumed\n"},
        {"cancel spring", "{\"do\":\"cancel\",\"job\":\"spring\"}", "spring cancelled\n"},
        {"list lists", "{\"do\":\"lists\"}", ""},
        {"list show kim@naver.com", "{\"address\":\"kim@naver.com\",\"do\":\"list-show\"}", ""},
        {"list show kim@naver.com --json", "{\"address\":\"kim@naver.com\",\"do\":\"list-show\"}",
         "\"count\": 2"},
        {"list export shop", "{\"do\":\"list-export\",\"format\":\"csv\",\"list\":\"shop\"}",
         "email,state"},
        {"list suppressions", "{\"do\":\"suppressions\",\"format\":\"csv\"}", ""},
        {"list suppress @x.example --class ad --client shop --reason why",
         "{\"address\":\"@x.example\",\"class\":\"ad\",\"client\":\"shop\",\"do\":\"suppress\","
         "\"reason\":\"why\"}",
         "suppressed\n"},
        {"list release kim@naver.com", "{\"address\":\"kim@naver.com\",\"do\":\"release\"}",
         "taken away: 2\n"},
        {"list import shop /dev/null --provenance sign-up --consent opt-in --charset cp949",
         "{\"charset\":\"cp949\",\"consent\":\"opt-in\",\"do\":\"list-import\",\"file\":"
         "\"/dev/null\",\"list\":\"shop\",\"provenance\":\"sign-up\"}",
         "list "},
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        check(w->path, rows[i].line, 0, rows[i].out, "");
        assert_string_equal(w->request, rows[i].request);
    }
}

static void test_refusals(void **state)
{
    struct world *w = *state;
    check(w->path, "status sprng", 1, "", "sluice: no job 'sprng'; did you mean 'spring'?");
    check(w->path, "pause sprng", 1, "", "did you mean 'spring'?");
    check(w->path, "results sprng", 1, "", "did you mean 'spring'?");
    check(w->path, "list import shop /no/such/file.csv", 1, "", "/no/such/file.csv: No such file");
}

static void test_the_socket_is_found(void **state)
{
    struct world *w = *state;
    setenv("SLUICE_SOCKET", w->path, 1);
    check(NULL, "status", 0, "1,234", "");
    check(NULL, "-s /nowhere/sock status", 3, "", "/nowhere/sock");
    unsetenv("SLUICE_SOCKET");
}

static void test_an_output_file_is_whole_or_absent(void **state)
{
    struct world *w = *state;
    check(w->path, "results broken --output r.csv", 1, "", "the disk is broken");
    assert_false(file_exists("r.csv"));
    assert_false(file_exists("r.csv.part"));
    check(w->path, "results spring --output r.csv", 0, "", "");
    char *text = contents("r.csv");
    assert_string_equal(text, "email,state\r\nkim@naver.com,delivered\r\n");
    free(text);
    assert_false(file_exists("r.csv.part"));
    check(w->path, "results spring --output -", 0, "kim@naver.com", "");
    check(w->path, "results spring --output none/r.csv", 1, "", "none/r.csv.part: No such");
}

/* ---- submit ---- */

static void test_submit(void **state)
{
    struct world *w = *state;
    write_file("spring.job", "id = \"spring\";\nrecipients = \"list.csv\";\n");
    write_file("list.csv", "email\nkim@naver.com\n");
    check(w->path, "submit spring.job", 0, "dropped as spring.job\n", "");
    char *job = contents("drop/spring.job"), *list = contents("drop/list.csv");
    assert_string_equal(job, "id = \"spring\";\nrecipients = \"list.csv\";\n");
    assert_string_equal(list, "email\nkim@naver.com\n");
    free(job);
    free(list);
    /* The name is taken now, and the fake daemon goes on offering it. */
    check(w->path, "submit spring.job", 1, "", "full of jobs named spring");
    assert_false(file_exists("drop/list-2.csv"));
    unlink("drop/spring.job");
    /* The recipients' name still is: the job says the new one. */
    check(w->path, "submit spring.job --json", 0, "\"name\": \"spring\"", "");
    job = contents("drop/spring.job");
    assert_string_equal(job, "id = \"spring\";\nrecipients = \"list-2.csv\";\n");
    free(job);
    assert_true(file_exists("drop/list-2.csv"));
}

static void test_submit_and_wait(void **state)
{
    struct world *w = *state;
    write_file("spring.job", "id = \"spring\";\n");
    write_file("bad.job", "id = \"bad\";\n");
    check(w->path, "submit spring.job --wait", 0,
          "accepted as job spring\n  recipients      20,000\n  duplicates      12\n", "");
    w->asked = 0;
    check(w->path, "submit bad.job --wait --timeout 1min", 1, "", "list.csv:7: no @\n");
    unlink("drop/bad.job");
    w->asked = 1;
    check(w->path, "submit bad.job --wait --json", 1, "\"state\": \"refused\"", "");
    write_file("slow.job", "id = \"slow\";\n");
    check(w->path, "submit slow.job --wait --timeout 1ms", 1, "", "not taken in yet");
}

static void test_submit_refuses(void **state)
{
    static const struct {
        const char *name, *text, *why;
    } rows[] = {
        {"none.job", NULL, "none.job"},
        {"a.txt", "id = \"a\";\n", "a job file's name ends in .job"},
        {"a.job", "id = \"a\nb", "a.job:"},
        {"a.job", "id = \"a\";\nrecipients = \"gone.csv\";\n", "gone.csv: No such file"},
        {"a.job", "recipients = \"../x.csv\";\n", "\"../x.csv\" is not the name of a file"},
        {"a.job", "recipients = \"drop\";\n", "drop is not a regular file"},
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char line[100];
        if (rows[i].text)
            write_file(rows[i].name, rows[i].text);
        snprintf(line, sizeof line, "submit %s", rows[i].name);
        check(w->path, line, 1, "", rows[i].why);
        assert_int_equal(rmdir("drop"), 0); /* nothing was left behind */
        MUST(mkdir("drop", 0750) == 0);
    }
}

#define IN_WORLD(f) cmocka_unit_test_setup_teardown(f, make_world, end_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(test_usage),
        IN_WORLD(test_requests_and_outputs),
        IN_WORLD(test_refusals),
        IN_WORLD(test_the_socket_is_found),
        IN_WORLD(test_an_output_file_is_whole_or_absent),
        IN_WORLD(test_submit),
        IN_WORLD(test_submit_and_wait),
        IN_WORLD(test_submit_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
