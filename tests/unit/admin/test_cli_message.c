/* render, lint, test, approve and key against a daemon that answers from a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sluice/admin/cli.h>
#include <sluice/base/must.h>
#include <sluice/os/file.h>
#include "helper_cli.h"

static const char MESSAGE[] = "From: a@b.example\r\nTo: kim@x.example\r\nSubject: spring\r\n"
                              "Content-Type: text/html\r\n\r\n<p>hello</p>\r\n";

static json_t *results(struct control_answer *a, const char *job)
{
    static const char all[] = "{\"email\":\"a@b.example\",\"state\":\"delivered\",\"code\":250,"
                              "\"enhanced\":\"2.0.0\",\"text\":\"queued\"}\n";
    static const char one[] = "{\"email\":\"c@b.example\",\"state\":\"bounced\",\"code\":550,"
                              "\"text\":\"No such\\u001buser\"}\n";
    control_data(a, all, sizeof all - 1);
    if (strcmp(job, "bad-test-1") == 0)
        control_data(a, one, sizeof one - 1);
    return json_pack("{s:b}", "ok", 1);
}

/* A test is over when it is asked for a second time. */
static json_t *status(struct world *w)
{
    return json_pack("{s:b, s:[{s:s, s:s}]}", "ok", 1, "jobs", "id", "x", "state",
                     w->asked++ % 2 ? "done" : "active");
}

static json_t *lint(const char *job)
{
    return json_pack(
        "{s:b, s:s, s:s, s:i, s:[{s:s, s:s, s:s}], s:[{s:s, s:s, s:s}], s:i, s:i, s:i}", "ok", 1,
        "job", "spring", "address", "kim@x.example", "bytes", 12345, "findings", "level", "warning",
        "check", "alt-text", "text", "an image without alt\x1b text", "asked", "name",
        "_dmarc.b.example", "answer", "failed", "why", "time-out", "errors",
        job && strcmp(job, "bad") == 0, "warnings", 1, "notes", 0);
}

static json_t *keys(const char *domain)
{
    return json_pack("{s:b, s:[{s:s, s:s, s:s, s:i, s:s, s:s, s:s}]}", "ok", 1, "keys", "domain",
                     "b.example", "selector", "s1", "algorithm", "rsa-sha256", "bits", 2048,
                     "verdict", domain ? "other-key" : "good", "why", domain ? "p= is another" : "",
                     "record", domain ? "v=DKIM1; k=rsa; p=AAA" : "");
}

static json_t *handle(void *arg, const char *verb, const json_t *request, struct control_answer *a)
{
    struct world *w = arg;
    const char *job = json_string_value(json_object_get(request, "job"));
    if (strcmp(verb, "status") == 0)
        return status(w);
    if (strcmp(verb, "results") == 0)
        return results(a, job);
    world_note(w, request);
    bool is_odd = job && strcmp(job, "odd") == 0;
    if (strcmp(verb, "render") == 0)
        control_data(a, MESSAGE, sizeof MESSAGE - 1);
    if (is_odd)
        return json_pack("{s:b, s:[s], s:[]}", "ok", 1, "job_warnings", "'nmae' stays empty",
                         "findings");
    if (strcmp(verb, "render") == 0) {
        return json_pack("{s:b}", "ok", 1);
    }
    if (strcmp(verb, "lint") == 0)
        return lint(job);
    if (strcmp(verb, "keys") == 0)
        return keys(json_string_value(json_object_get(request, "domain")));
    if (strcmp(verb, "approve") == 0)
        return json_pack("{s:b, s:b}", "ok", 1, "paused", strcmp(job, "paused") == 0);
    char *test = mem_printf("%s-test-1", job);
    json_t *answer = json_pack("{s:b, s:s, s:[s]}", "ok", 1, "test", test, "to", "a@b.example");
    free(test);
    return answer;
}

static void test_requests_and_outputs(void **state)
{
    static const struct {
        const char *line;
        int code;
        const char *request, *out;
    } rows[] = {
        {"render spring", 0, "{\"do\":\"render\",\"job\":\"spring\"}", "Subject: spring\r\n"},
        {"lint spring", 0, "{\"do\":\"lint\",\"job\":\"spring\"}",
         "job spring, the message to kim@x.example, 12,345 bytes\n"},
        {"lint spring --to kim@x.example", 0,
         "{\"address\":\"kim@x.example\",\"do\":\"lint\",\"job\":\"spring\"}",
         "warning  alt-text  an image without alt"},
        {"lint spring", 0, "{\"do\":\"lint\",\"job\":\"spring\"}",
         "the DNS gives no answer for _dmarc.b.example: time-out\n0 errors, 1 warning, 0 notes\n"},
        {"lint bad", 1, "{\"do\":\"lint\",\"job\":\"bad\"}", "1 error, 1 warning"},
        {"lint bad --json", 1, "{\"do\":\"lint\",\"job\":\"bad\"}", "\"errors\": 1"},
        {"test spring", 0, "{\"do\":\"test\",\"job\":\"spring\"}",
         "test spring-test-1\na@b.example  delivered  250 2.0.0 queued\n"},
        {"test spring --to a@b.example --to=c@b.example --as kim@x.example", 0,
         "{\"as\":\"kim@x.example\",\"do\":\"test\",\"job\":\"spring\",\"to\":[\"a@b.example\","
         "\"c@b.example\"]}",
         "delivered"},
        {"test bad", 1, "{\"do\":\"test\",\"job\":\"bad\"}", "c@b.example  bounced    550 No such"},
        {"test bad --json", 1, "{\"do\":\"test\",\"job\":\"bad\"}", "\"test\": \"bad-test-1\""},
        {"test spring --no-wait", 0, "{\"do\":\"test\",\"job\":\"spring\"}",
         "spring-test-1: to 1 address\n"},
        {"approve spring", 0, "{\"do\":\"approve\",\"job\":\"spring\"}", "spring approved\n"},
        {"approve paused --untested", 0,
         "{\"do\":\"approve\",\"job\":\"paused\",\"untested\":true}",
         "paused approved; it is paused: `sluice resume paused`\n"},
        {"key check", 0, "{\"do\":\"keys\"}", "b.example  s1        rsa-sha256  2,048  good\n"},
        {"key check b.example", 1, "{\"do\":\"keys\",\"domain\":\"b.example\"}",
         "p= is another; what should stand there: v=DKIM1; k=rsa; p=AAA\n"},
        {"key check --json b.example", 1, "{\"do\":\"keys\",\"domain\":\"b.example\"}",
         "\"verdict\": \"other-key\""},
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cli_check(w->path, rows[i].line, rows[i].code, rows[i].out, "");
        if (strcmp(w->request, rows[i].request) != 0)
            fail_msg("sluice %s asked %s instead of %s", rows[i].line, w->request, rows[i].request);
    }
}

static void test_usage(void **state)
{
    static const struct {
        const char *line;
        int code;
        const char *err;
    } rows[] = {
        {"render", 2, "usage: sluice render JOB|FILE.job"},
        {"render no/such.job", 1, "no/such.job: No such file"},
        {"lint spring.job", 1, "spring.job: No such file"},
        {"render spring -o", 2, "-o needs a value"},
        {"render spring -x", 2, "unknown option '-x'"},
        {"test spring --too a@b.example", 2, "did you mean '--to'?"},
        {"approve", 2, "something is missing"},
        {"key", 2, "'key' what?"},
        {"key nwe", 2, "did you mean 'key new'?"},
        {"key new b.example", 2, "something is missing"},
        {"key new ../b s1", 2, "'../b' is no domain"},
        {"key new localhost s1", 2, "'localhost' is no domain"},
        {"key new b.example 한 -o k.pem", 2, "'한' is no selector"},
        {"key new b.example ../s1", 2, "'../s1' is no selector"},
        {"key new b.example s1 --bits 512 -o k.pem", 2, "--bits takes 1024 to 4096"},
        {"key new b.example s1 --ed25519 --bits 2048 -o k.pem", 2, "--bits is for RSA"},
        {"key new b.example s1 -c /nowhere/sluice.conf", 2, "/nowhere/sluice.conf"},
        {"key new b.example s1 -o /nowhere/at/all/\x01/k.pem", 1, ""},
        {"key token -c none.conf", 2, "no tracking_server.key_file"},
    };
    (void)state;
    world_write("none.conf", "drop_dir = \"drop\";\n");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strchr(rows[i].line, '\x01')) /* a folder cannot stand below a file */
            cli_check(NULL, "key new b.example s1 -o none.conf/k/k.pem", 1, "", "none.conf");
        else
            cli_check(NULL, rows[i].line, rows[i].code, "", rows[i].err);
    }
}

/* ---- files ---- */

static bool contains(const char *path, const char *part)
{
    struct buf b;
    struct err e;
    buf_init(&b, 1 << 20);
    if (!file_read(path, &b, &e))
        fail_msg("%s", e.text);
    bool is_there = strstr(b.data, part);
    buf_done(&b);
    return is_there;
}

static void test_pages(void **state)
{
    struct world *w = *state;
    world_write("spring.job", "");
    cli_check(w->path, "render spring --open", 0, "/spring.preview.html\n", "");
    assert_true(contains("spring.preview.html", "<td>spring</td>"));
    cli_check(w->path, "render spring.job --open --output page.html", 0, "/page.html\n", "");
    assert_true(strstr(w->request, "\"file\":\"/") != NULL);
    cli_check(w->path, "render spring --open -o kim.eml", 0, "/kim.eml.html\n", "");
    assert_true(contains("kim.eml", "\r\nSubject: spring\r\n"));
    cli_check(w->path, "render ./spring.job --open", 0, "/spring.preview.html\n", "");
}

/* What is there and no file is written to, and stays what it is. */
static void test_no_file_is_replaced(void **state)
{
    struct world *w = *state;
    struct stat st;
    char got[64 * 1024] = "";
    MUST(mkfifo("pipe", 0600) == 0 && mkfifo("pipe.html", 0600) == 0);
    int fd = open("pipe.html", O_RDWR | O_NONBLOCK); /* somebody reads */
    cli_check(w->path, "render spring --open -o pipe", 1, "", "pipe is no file that a page could");
    cli_check(w->path, "render spring --open -o -", 1, "", "- is no file that a page could");
    assert_int_not_equal(stat("-", &st), 0);
    cli_check(w->path, "render spring --open -o pipe.html", 0, "/pipe.html\n", "");
    assert_true(read(fd, got, sizeof got - 1) > 0 && strstr(got, "<td>spring</td>"));
    close(fd);
    fd = open("pipe", O_RDWR | O_NONBLOCK);
    cli_check(w->path, "render spring -o pipe", 0, "", "");
    assert_true(read(fd, got, sizeof got - 1) > 0 && strstr(got, "Subject: spring"));
    close(fd);
    MUST(mkdir("folder.html", 0700) == 0);
    cli_check(w->path, "render spring --open -o folder.html", 1, "", "folder.html: Is a directory");
    for (int i = 0; i < 2; i++)
        assert_true(stat(i ? "pipe" : "pipe.html", &st) == 0 && S_ISFIFO(st.st_mode));
    MUST(symlink("pipe", "link") == 0);
    cli_check(w->path, "render spring --open -o link", 1, "", "link is no file that a page could");
    assert_true(lstat("link", &st) == 0 && S_ISLNK(st.st_mode));
    if (mknod("null", S_IFCHR | 0600, 0x103) == 0) { /* only root may */
        cli_check(w->path, "render spring --open -o null", 1, "", "null is no file");
        assert_true(stat("null", &st) == 0 && S_ISCHR(st.st_mode));
    }
}

/* What the submission would warn of. */
static void test_warnings(void **state)
{
    struct world *w = *state;
    cli_check(w->path, "render odd", 0, "Subject: spring\r\n", "warning: 'nmae' stays empty\n");
    cli_check(w->path, "render odd -o odd.eml", 0, "", "warning: 'nmae' stays empty\n");
    cli_check(w->path, "render odd --open", 0, "odd.preview.html", "warning: 'nmae' stays empty\n");
    cli_check(w->path, "lint odd", 0, "\nnothing found in the message\n",
              "warning: 'nmae' stays empty\n");
    cli_check(w->path, "lint odd --json", 0, "\"'nmae' stays empty\"", "");
}

static unsigned mode_of(const char *path)
{
    struct stat st;
    MUST(stat(path, &st) == 0);
    return st.st_mode & 07777;
}

static void test_new_keys(void **state)
{
    (void)state;
    world_write("sluice.conf", "dkim_dir = \"secret/keys\"; nonsense = 1;\n");
    cli_check(NULL, "-c sluice.conf key new B.example S1", 0, "\ns1._domainkey.b.example", "");
    assert_int_equal(mode_of("secret/keys"), 0700);
    assert_int_equal(mode_of("secret/keys/b.example.s1.pem"), 0600);
    assert_true(contains("secret/keys/b.example.s1.pem", "BEGIN PRIVATE KEY"));
    cli_check(NULL, "-c sluice.conf key new b.example s1", 1, "",
              "b.example.s1.pem is there already, and a key is never overwritten");
    cli_check(NULL, "-c sluice.conf key new b.example s2 --ed25519", 0,
              ";   dkim = ( { domain = \"b.example\"; selector = \"s2\"; } );\n", "");
    cli_check(NULL, "key new b.example s3 --ed25519 -o mine.pem", 0, "key_file = \"/", "");
    cli_check(NULL, "-c sluice.conf key new 한국.kr s1 --ed25519", 0,
              "domain = \"xn--3e0b707e.kr\"", "");
    assert_int_equal(mode_of("secret/keys/xn--3e0b707e.kr.s1.pem"), 0600);
    assert_int_equal(mode_of("mine.pem"), 0600);
}

static void test_token_keys(void **state)
{
    (void)state;
    world_write("sluice.conf", "tracking_server = { key_file = \"t/token.keys\"; };\n");
    cli_check(NULL, "-c sluice.conf key token", 0, "t/token.keys: key 1 made; `sluice reload`\n",
              "");
    assert_int_equal(mode_of("t/token.keys"), 0600);
    cli_check(NULL, "-c sluice.conf key token", 0, "key 2 made, it reads", "");
    cli_check(NULL, "key token t/token.keys --first", 0, "key 3 made, it writes", "");
    struct buf b;
    struct err e;
    buf_init(&b, 10000);
    MUST(file_read("t/token.keys", &b, &e));
    assert_true(b.data[0] == '3' && strstr(b.data, "\n1 ") < strstr(b.data, "\n2 "));
    buf_done(&b);
    MUST(chmod("t/token.keys", 0644) == 0);
    cli_check(NULL, "key token t/token.keys", 1, "", "open to all users");
}

/* Others read through the link, too. */
static void test_token_links(void **state)
{
    struct stat st;
    (void)state;
    cli_check(NULL, "key token t/token.keys", 0, "key 1 made", "");
    MUST(mkdir("u", 0700) == 0 && symlink("../t/token.keys", "u/link") == 0);
    cli_check(NULL, "key token u/link", 0, "key 2 made", "");
    MUST(lstat("u/link", &st) == 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_true(contains("t/token.keys", "\n2 "));
    MUST(symlink("nowhere", "u/dangling") == 0);
    cli_check(NULL, "key token u/dangling", 1, "", "u/dangling is a link that cannot be followed");
}

/* The daemon would refuse it: it is not touched. */
static void test_broken_token_files(void **state)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"garbage\n", "t.keys:1: a line is: ID SECRET\n"},
        {"# x\n0 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n", "t.keys:2: the ID is a number"},
        {"1 short\n", "t.keys:1: the secret is 32 to 64"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world_write("t.keys", rows[i].text);
        MUST(chmod("t.keys", 0600) == 0);
        cli_check(NULL, "key token t.keys", 1, "", rows[i].why);
        cli_check(NULL, "key token t.keys --first", 1, "", "broken already");
        struct buf b;
        struct err e;
        buf_init(&b, 1000);
        MUST(file_read("t.keys", &b, &e));
        assert_string_equal(b.data, rows[i].text);
        buf_done(&b);
    }
}

static int make_world(void **state)
{
    return world_make(state, handle);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_world, world_end)
    const struct CMUnitTest tests[] = {
        TEST(test_requests_and_outputs),
        TEST(test_usage),
        TEST(test_pages),
        TEST(test_new_keys),
        TEST(test_token_keys),
        TEST(test_no_file_is_replaced),
        TEST(test_warnings),
        TEST(test_token_links),
        TEST(test_broken_token_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
