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
#include <sluice/base/must.h>
#include <sluice/os/file.h>
#include "helper_cli.h"

static json_t *submitted(struct world *w, const char *name)
{
    if (w->asked++ == 0 || strcmp(name, "slow") == 0)
        return json_pack("{s:b, s:s, s:i}", "ok", 1, "state", "importing", "rows", 5);
    if (strcmp(name, "bad") == 0)
        return json_pack("{s:b, s:s, s:s, s:s}", "ok", 1, "state", "refused", "dir", "/failed/bad",
                         "problems", "bad.job:3: unknown key\x1b\nlist.csv:7: no @\n");
    if (strcmp(name, "odd") == 0)
        return json_pack("{s:b, s:s, s:s, s:s, s:s}", "ok", 1, "state", "accepted", "id", "odd",
                         "held", "waits for approval", "warnings", "odd.job: warning: odd\x1b\n");
    return json_pack("{s:b, s:s, s:s, s:i, s:i, s:i}", "ok", 1, "state", "accepted", "id", "spring",
                     "recipients", 20000, "duplicates", 12, "bad_rows", 3);
}

static json_t *handle(void *arg, const char *verb, const json_t *request, struct control_answer *a)
{
    struct world *w = arg;
    const char *job = json_string_value(json_object_get(request, "job"));
    const char *name = json_string_value(json_object_get(request, "name"));
    world_note(w, request);
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

static char *contents(const char *path)
{
    struct buf b;
    struct err e;
    buf_init(&b, 1 << 20);
    if (!file_read(path, &b, &e))
        fail_msg("%s", e.text);
    return buf_take(&b);
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
        cli_check(NULL, rows[i].line, rows[i].code, rows[i].out, rows[i].err);
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
        cli_check(w->path, rows[i].line, 0, rows[i].out, "");
        assert_string_equal(w->request, rows[i].request);
    }
}

static void test_refusals(void **state)
{
    struct world *w = *state;
    cli_check(w->path, "status sprng", 1, "", "sluice: no job 'sprng'; did you mean 'spring'?");
    cli_check(w->path, "pause sprng", 1, "", "did you mean 'spring'?");
    cli_check(w->path, "results sprng", 1, "", "did you mean 'spring'?");
    cli_check(w->path, "list import shop /no/such/file.csv", 1, "",
              "/no/such/file.csv: No such file");
}

static void test_the_socket_is_found(void **state)
{
    struct world *w = *state;
    setenv("SLUICE_SOCKET", w->path, 1);
    cli_check(NULL, "status", 0, "1,234", "");
    cli_check(NULL, "-s /nowhere/sock status", 3, "", "/nowhere/sock");
    unsetenv("SLUICE_SOCKET");
    /* Whatever else is wrong with it, a configuration that can be parsed tells. */
    world_write("a.conf", "control_socket = \"control.sock\";\nunknown = 5;\n");
    cli_check(NULL, "-c a.conf status", 0, "1,234", "");
    setenv("SLUICE_CONF", "./a.conf", 1);
    cli_check(NULL, "status", 0, "1,234", "");
    unsetenv("SLUICE_CONF");
    world_write("drop/b.conf", "control_socket = \"../control.sock\";\n");
    cli_check(NULL, "status -c drop/b.conf", 0, "1,234", "");
    world_write("drop/c.conf", "unknown = 5;\n");
    cli_check(NULL, "-c drop/c.conf status", 3, "", "var/control.sock");
    world_write("d.conf", "control_socket = \"control.sock;\n");
    cli_check(NULL, "-c d.conf status", 2, "", "d.conf:");
}

static void test_an_output_file_is_whole_or_absent(void **state)
{
    struct world *w = *state;
    cli_check(w->path, "results broken --output r.csv", 1, "", "the disk is broken");
    assert_false(file_exists("r.csv"));
    assert_false(file_exists("r.csv.part"));
    cli_check(w->path, "results spring --output r.csv", 0, "", "");
    char *text = contents("r.csv");
    assert_string_equal(text, "email,state\r\nkim@naver.com,delivered\r\n");
    free(text);
    assert_false(file_exists("r.csv.part"));
    cli_check(w->path, "results spring --output -", 0, "kim@naver.com", "");
    cli_check(w->path, "results spring --output none/r.csv", 1, "", "none/r.csv.part: No such");
}

/* A full disk behind a redirection, in the middle of a stream or at its end. */
static void test_output_that_cannot_be_written(void **state)
{
    struct world *w = *state;
    for (int mode = 0; mode < 2; mode++) {
        char *argv[] = {"sluice", "-s", w->path, "results", "spring", NULL}, *text;
        size_t n;
        FILE *out = fopen("/dev/full", "w"), *err = open_memstream(&text, &n);
        assert_non_null(out);
        setvbuf(out, NULL, mode == 0 ? _IONBF : _IOFBF, 4096);
        int code = cli_run(5, argv, out, err);
        fclose(out);
        fclose(err);
        assert_int_equal(code, 1);
        assert_string_equal(text, "sluice: writing the output: No space left on device\n");
        free(text);
    }
    cli_check(w->path, "results spring --output /dev/full", 1, "",
              "sluice: writing /dev/full: No space left on device\n");
}

/* ---- submit ---- */

static void test_submit(void **state)
{
    struct world *w = *state;
    world_write("spring.job", "id = \"spring\";\nrecipients = \"list.csv\";\n");
    world_write("list.csv", "email\nkim@naver.com\n");
    cli_check(w->path, "submit spring.job", 0, "dropped as spring.job\n", "");
    char *job = contents("drop/spring.job"), *list = contents("drop/list.csv");
    assert_string_equal(job, "id = \"spring\";\nrecipients = \"list.csv\";\n");
    assert_string_equal(list, "email\nkim@naver.com\n");
    free(job);
    free(list);
    /* The name is taken now, and the fake daemon goes on offering it. */
    cli_check(w->path, "submit spring.job", 1, "", "full of jobs named spring");
    assert_false(file_exists("drop/list-2.csv"));
    unlink("drop/spring.job");
    /* The recipients' name still is: the job says the new one. */
    cli_check(w->path, "submit spring.job --json", 0, "\"name\": \"spring\"", "");
    job = contents("drop/spring.job");
    assert_string_equal(job, "id = \"spring\";\nrecipients = \"list-2.csv\";\n");
    free(job);
    assert_true(file_exists("drop/list-2.csv"));
}

static void test_submit_and_wait(void **state)
{
    struct world *w = *state;
    world_write("spring.job", "id = \"spring\";\n");
    world_write("bad.job", "id = \"bad\";\n");
    cli_check(w->path, "submit spring.job --wait", 0,
              "accepted as job spring\n  recipients      20,000\n  duplicates      12\n", "");
    w->asked = 0;
    cli_check(w->path, "submit bad.job --wait --timeout 1min", 1, "", "list.csv:7: no @\n");
    unlink("drop/bad.job");
    w->asked = 1;
    cli_check(w->path, "submit bad.job --wait --json", 1, "\"state\": \"refused\"", "");
    world_write("odd.job", "id = \"odd\";\n");
    cli_check(w->path, "submit odd.job --wait", 0, "  held            waits for approval\n",
              "odd.job: warning: odd");
    world_write("slow.job", "id = \"slow\";\n");
    cli_check(w->path, "submit slow.job --wait --timeout 1ms", 1, "", "not taken in yet");
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
            world_write(rows[i].name, rows[i].text);
        snprintf(line, sizeof line, "submit %s", rows[i].name);
        cli_check(w->path, line, 1, "", rows[i].why);
        assert_int_equal(rmdir("drop"), 0); /* nothing was left behind */
        MUST(mkdir("drop", 0750) == 0);
    }
}

static int make_world(void **state)
{
    return world_make(state, handle);
}

#define IN_WORLD(f) cmocka_unit_test_setup_teardown(f, make_world, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(test_usage),
        IN_WORLD(test_requests_and_outputs),
        IN_WORLD(test_refusals),
        IN_WORLD(test_the_socket_is_found),
        IN_WORLD(test_an_output_file_is_whole_or_absent),
        IN_WORLD(test_output_that_cannot_be_written),
        IN_WORLD(test_submit),
        IN_WORLD(test_submit_and_wait),
        IN_WORLD(test_submit_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
