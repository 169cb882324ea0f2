/* Kill -9 at any point of taking a job in, and what the next start makes of it. A child process scans; a timer kills it
 * after ever longer times. Whatever it got done, the scan after it must end in the same state. */
#include "world.h"

#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

#define STEP_US 150
#define STEPS 150

static struct world w;

/* Runs one scan in a child that dies after `us` microseconds. True when it had finished before. */
static bool scan_killed(long us, void (*scan)(struct intake *))
{
    pid_t child;
    int status;

    intake_close(w.intake);
    w.intake = NULL;
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct itimerval t = {.it_value = {us / 1000000, us % 1000000}};
        struct err e;

        signal(SIGALRM, SIG_DFL);
        if (!intake_open(&w.options, &w.intake, &e))
            _exit(1);
        setitimer(ITIMER_REAL, &t, NULL);
        scan(w.intake);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    world_open_intake(&w);
    return WIFEXITED(status);
}

/* How many folders of `root` hold a file of this name. */
static unsigned count_in(const char *root, const char *name)
{
    DIR *d = opendir(world_path(&w, root));
    struct dirent *e;
    unsigned n = 0;
    char path[600];

    assert_non_null(d);
    while ((e = readdir(d)) != NULL) {
        snprintf(path, sizeof path, "%s/%s/%s", root, e->d_name, name);
        n += e->d_name[0] != '.' && world_has(&w, path);
    }
    closedir(d);
    return n;
}

static void check_accepted(void)
{
    struct job_row row;
    struct err e;

    intake_scan_jobs(w.intake);
    world_forget_letters(&w);
    assert_int_equal(world_files(&w, "drop"), 0);
    assert_int_equal(world_files(&w, "failed"), 0);
    assert_int_equal(count_in("accepted", "a.job"), 1);
    assert_int_equal(count_in("accepted", "list.csv"), 1);
    assert_true(spool_find(w.intake->lane[0].spool, "j1", &row, &e));
    assert_int_equal(row.state, JOB_ACTIVE);
    assert_int_equal(row.recipients, 2);
    assert_string_equal(world_read(&w, "out/j1/rejected.csv"),
                        "line,reason,row,file\n"
                        "3,there is no @,x,list.csv\n"
                        "4,duplicate of line 2,A@b.kr,list.csv\n");
    assert_int_equal(world_files(&w, "out/j1"), 1);
}

static void check_refused(void)
{
    struct job_row row;
    struct err e = {0};

    intake_scan_jobs(w.intake);
    assert_int_equal(world_forget_letters(&w), 0);
    assert_int_equal(world_files(&w, "drop"), 0);
    assert_int_equal(world_files(&w, "accepted"), 0);
    assert_int_equal(count_in("failed", "a.job"), 1);
    assert_int_equal(count_in("failed", "list.csv"), 1);
    assert_false(spool_find(w.intake->lane[0].spool, "j1", &row, &e));
    /* The words lie where the job lies. */
    assert_true(strstr(world_read(&w, "failed/a/a.error"), "more than 0 bad rows") ||
                strstr(world_read(&w, "failed/a-2/a.error"), "more than 0 bad rows"));
}

static void kill_everywhere(const char *job, void (*check)(void))
{
    unsigned finished = 0;

    for (long step = 0; step < STEPS && finished < 3; step++) {
        world_init(&w);
        world_put(&w, "drop/list.csv", "email\na@b.kr\nx\nA@b.kr\nc@d.kr\n");
        world_put(&w, "drop/a.job", job);
        finished += scan_killed(step * STEP_US + 1, intake_scan_jobs);
        check();
        world_done(&w);
    }
}

static void test_accepted(void **state)
{
    (void)state;
    kill_everywhere(
        "id = \"j1\"; class = \"notice\"; from = \"a@b.kr\"; template = \"hello\"; recipients = "
        "\"list.csv\";",
        check_accepted);
}

static void test_refused(void **state)
{
    (void)state;
    kill_everywhere(
        "id = \"j1\"; class = \"notice\"; from = \"a@b.kr\"; template = \"hello\"; recipients = "
        "\"list.csv\"; max_bad_rows = 0;",
        check_refused);
}

static void test_triggers(void **state)
{
    (void)state;
    for (long step = 0, finished = 0; step < STEPS && finished < 3; step++) {
        struct job_row row;
        struct err e;

        world_init(&w);
        world_put(&w, "drop/c.job",
                  "id = \"c\"; class = \"notice\"; from = \"a@b.kr\"; template = \"hello\"; "
                  "standing = true;");
        intake_scan_jobs(w.intake);
        world_forget_letters(&w);
        world_put(&w, "drop/c.1.ndjson", "{\"email\":\"a@b.kr\"}\nx\n");
        finished += scan_killed(step * STEP_US / 3 + 1, intake_scan_triggers);
        intake_scan_triggers(w.intake);
        world_forget_letters(&w);
        assert_int_equal(world_files(&w, "drop"), 0);
        assert_int_equal(world_files(&w, "failed"), 0);
        assert_true(world_has(&w, "accepted/c/1.ndjson"));
        assert_true(spool_find(w.intake->lane[0].spool, "c", &row, &e));
        assert_int_equal(row.recipients, 1); /* once */
        assert_non_null(strstr(world_read(&w, "out/c/rejected.csv"), "\n2,"));
        world_done(&w);
    }
}

int main(void)
{
    struct err e;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_triggers),
    };

    log_open("/dev/null", LOG_AT_ERROR, &e);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
