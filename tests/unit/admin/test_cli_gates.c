/* Providers, reasons, windows, plans and levers on the command line, against a daemon that answers
 * from a table. How answers read is in test_pretty_gates.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sluice/admin/cli.h>
#include <sluice/base/must.h>
#include "helper_cli.h"

/* Two pieces of progress, cut where it hurts, then the answer. */
static json_t *plan(const char *file, struct control_answer *a)
{
    static const char one[] = "{\"stage\":\"reading\",\"do",
                      two[] = "ne\":0.4}\n{\"stage\":\"running\",\"done\":0.9}\n";
    control_data(a, one, strlen(one));
    control_data(a, two, strlen(two));
    if (file && strstr(file, "bad"))
        return json_pack("{s:b, s:s, s:[s,s]}", "ok", 0, "error", "the job would be refused",
                         "problems", "bad.job:3: unknown setting 'clas'\x1b[2J",
                         "bad.job:5: 'from' is not an e-mail address");
    return json_pack("{s:b, s:s, s:i, s:s}", "ok", 1, "job", "spring", "recipients", 1000, "finish",
                     "2099-11-22T18:40:00.000Z");
}

static json_t *handle(void *arg, const char *verb, const json_t *request, struct control_answer *a)
{
    struct world *w = arg;
    const char *job = json_string_value(json_object_get(request, "job"));
    const char *name = json_string_value(json_object_get(request, "name"));
    world_note(w, request);
    if (job && strcmp(job, "sprng") == 0)
        return control_error("no job 'sprng'; did you mean 'spring'?");
    if (strcmp(verb, "suspend") == 0)
        return json_object_get(request, "for")
                   ? json_pack("{s:b, s:s}", "ok", 1, "until", "2099-11-22T10:20:31.000Z")
                   : json_pack("{s:b, s:n}", "ok", 1, "until");
    if (strcmp(verb, "provider") == 0 && strcmp(name, "navre") == 0)
        return control_error("no provider 'navre'; did you mean 'naver'?");
    if (strcmp(verb, "provider-release") == 0 || strcmp(verb, "provider-confirm") == 0)
        return json_pack("{s:b, s:s, s:i}", "ok", 1, "name", "naver", "recipients", 1204);
    if (strcmp(verb, "plan") == 0 || strcmp(verb, "forecast") == 0)
        return plan(json_string_value(json_object_get(request, "file")), a);
    if (strcmp(verb, "reload") == 0)
        return w->asked++ == 0
                   ? json_pack("{s:b, s:[s], s:[s]}", "ok", 1, "warnings",
                               "naver.conf:3: warning: never occurs", "needs_restart", "spool_dir")
                   : json_pack("{s:b, s:s, s:[s,s]}", "ok", 0, "error",
                               "the old configuration stays: 2 errors", "problems",
                               "naver.conf:3: unknown setting", "naver.conf:9: not a rate");
    return json_pack("{s:b, s:i}", "ok", 1, "count", 2);
}

static void test_usage(void **state)
{
    static const struct {
        const char *line;
        int code;
        const char *out, *err;
    } rows[] = {
        {"resume", 2, "", "usage: sluice resume JOB"},
        {"resume providr naver", 2, "", "cannot resume 'providr'; did you mean 'provider'?"},
        {"resume a b c", 2, "", "too much on the command line: 'c'"},
        {"suspend naver", 2, "", "usage: sluice suspend provider|source|client NAME"},
        {"suspend job spring", 2, "", "'job': it takes provider, source or client"},
        {"suspend provider naver --for 2", 2, "", "--for takes a time with its unit"},
        {"suspend provider naver --for 0s", 2, "", "--for takes a time with its unit"},
        {"provider naver relase", 2, "", "'relase'; did you mean 'release'?"},
        {"provider naver fly", 2, "", "'fly': it takes release or confirm"},
        {"why", 2, "", "usage: sluice why JOB|ADDRESS|DOMAIN|PROVIDER"},
        {"windows --days 0", 2, "", "--days takes a number from 1 to 400"},
        {"windows --days 401", 2, "", "--days takes a number from 1 to 400"},
        {"windows --days soon", 2, "", "--days takes a number from 1 to 400"},
        {"windows --at 2026-11-25", 2, "", "--at takes a time with its zone"},
        {"plan", 2, "", "usage: sluice plan FILE.job"},
        {"forecast", 2, "", "usage: sluice forecast JOB"},
        {"reload now", 2, "", "too much on the command line"},
        {"help windows", 0, "--days N", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cli_check(NULL, rows[i].line, rows[i].code, rows[i].out, rows[i].err);
}

static void test_requests_and_outputs(void **state)
{
    static const struct {
        const char *line, *request, *out;
    } rows[] = {
        {"resume provider", "{\"do\":\"resume\",\"job\":\"provider\"}", "provider resumed\n"},
        {"resume provider naver", "{\"do\":\"unsuspend\",\"kind\":\"provider\",\"name\":\"naver\"}",
         "provider naver resumed\n"},
        {"suspend client shop", "{\"do\":\"suspend\",\"kind\":\"client\",\"name\":\"shop\"}",
         "client shop suspended until `sluice resume client shop`\n"},
        {"suspend source a --for 2h --reason why",
         "{\"do\":\"suspend\",\"for\":\"2h\",\"kind\":\"source\",\"name\":\"a\",\"reason\":"
         "\"why\"}",
         "source a suspended until 2099-11-22 10:20 UTC (in "},
        {"provider", "{\"do\":\"providers\"}", "no providers\n"},
        {"provider --json", "{\"do\":\"providers\"}", "\"count\": 2"},
        {"provider naver", "{\"do\":\"provider\",\"name\":\"naver\"}", "setting  value  where"},
        {"provider naver --json", "{\"do\":\"provider\",\"name\":\"naver\"}", "\"count\": 2"},
        {"provider naver release", "{\"do\":\"provider-release\",\"name\":\"naver\"}",
         "naver: 1,204 recipients released: tried again\n"},
        {"provider naver.com release", "{\"do\":\"provider-release\",\"name\":\"naver.com\"}",
         "naver: 1,204 recipients released: tried again\n"},
        {"provider naver confirm", "{\"do\":\"provider-confirm\",\"name\":\"naver\"}",
         "naver: 1,204 recipients confirmed: bounced\n"},
        {"why kim@naver.com", "{\"do\":\"why\",\"what\":\"kim@naver.com\"}", ":"},
        {"why spring --json", "{\"do\":\"why\",\"what\":\"spring\"}", "\"count\": 2"},
        {"windows", "{\"do\":\"windows\"}", "no windows: everything is open"},
        {"windows naver --at 2026-11-25T01:00:00+09:00 --days 30",
         "{\"at\":\"2026-11-25T01:00:00+09:00\",\"days\":\"30\",\"do\":\"windows\",\"provider\":"
         "\"naver\"}",
         ""},
        {"windows --json", "{\"do\":\"windows\"}", "\"count\": 2"},
        {"plan /dev/null", "{\"do\":\"plan\",\"file\":\"/dev/null\"}",
         "job spring: 1,000 recipients\n\nfinishes 2099-11-22 18:40 UTC"},
        {"plan /dev/null --json", "{\"do\":\"plan\",\"file\":\"/dev/null\"}",
         "\"recipients\": 1000"},
        {"forecast spring", "{\"do\":\"forecast\",\"job\":\"spring\"}", "finishes 2099"},
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
    cli_check(w->path, "provider navre", 1, "", "did you mean 'naver'?");
    cli_check(w->path, "forecast sprng", 1, "", "did you mean 'spring'?");
    cli_check(w->path, "plan none.job", 1, "", "none.job: No such file");
}

static void test_reload(void **state)
{
    struct world *w = *state;
    cli_check(w->path, "reload", 0,
              "naver.conf:3: warning: never occurs\nthe new configuration counts\n"
              "changed, and taken up only by a restart: spool_dir\n",
              "");
    cli_check(w->path, "reload", 1, "",
              "sluice: the old configuration stays: 2 errors\n"
              "naver.conf:3: unknown setting\nnaver.conf:9: not a rate\n");
}

static void test_a_plan_of_a_bad_job(void **state)
{
    struct world *w = *state;
    world_write("bad.job", "clas = 1;\n");
    cli_check(w->path, "plan bad.job", 1, "",
              "sluice: the job would be refused\nbad.job:3: unknown setting 'clas'\xEF\xBF\xBD[2J\n"
              "bad.job:5: 'from' is not an e-mail address\n");
}

/* Runs `sluice plan FILE` with a terminal for complaints; returns what the terminal was sent. */
static char *plan_on_terminal(struct world *w, char *file, int expected)
{
    char *argv[] = {"sluice", "-s", w->path, "plan", file, NULL}, *text, seen[4096];
    size_t n, got = 0;
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    FILE *err = fopen(ptsname(master), "w"), *out = open_memstream(&text, &n);
    assert_non_null(err);
    assert_int_equal(cli_run(5, argv, out, err), expected);
    fclose(out);
    free(text);
    fprintf(err, "end");
    fflush(err);
    while (got < 3 || memcmp(seen + got - 3, "end", 3) != 0) {
        ssize_t more = read(master, seen + got, sizeof seen - 1 - got);
        assert_true(more > 0);
        got += (size_t)more;
    }
    seen[got - 3] = '\0';
    fclose(err);
    close(master);
    return mem_str(seen);
}

static void test_progress_is_for_terminals(void **state)
{
    struct world *w = *state;
    char *seen = plan_on_terminal(w, "/dev/null", 0);
    assert_string_equal(seen, "\r\033[Kreading 40 %\r\033[Krunning 90 %\r\033[K");
    free(seen);
    world_write("bad.job", "clas = 1;\n");
    seen = plan_on_terminal(w, "bad.job", 1);
    assert_non_null(strstr(seen, "running 90 %\r\033[Ksluice: the job would be refused\r\n"));
    free(seen);
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
        IN_WORLD(test_reload),
        IN_WORLD(test_a_plan_of_a_bad_job),
        IN_WORLD(test_progress_is_for_terminals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
