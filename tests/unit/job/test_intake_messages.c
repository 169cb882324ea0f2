/* What the intake says of a job's messages, and whose settings count for them. */
#include "world.h"

#define JOB(more)                                                                                  \
    "id = \"j1\"; class = \"notice\"; from = \"샵 <shop@example.com>\"; template = "              \
    "\"hello\"; " more

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

/* In which file it is. */
static void test_warnings_are_logged(void **state)
{
    struct err e;

    (void)state;
    assert_true(log_open(world_path(&w, "log"), LOG_AT_INFO, &e));
    world_put(&w, "templates/hello/Text.txt", "x");
    world_put(&w, "drop/spring.job", JOB("standing = true;"));
    intake_scan_jobs(w.intake);
    assert_true(log_open(NULL, LOG_AT_ERROR, &e));
    assert_int_equal(world_forget_letters(&w), 1);
    world_read(&w, "log");
    if (!strstr(w.text.data, "job=j1 warning=\"hello: not used: Text.txt "))
        fail_msg("%s", w.text.data);
}

/* What is odd and no mistake lies beside the job, without what rejected.csv says already. */
static void test_warnings(void **state)
{
    (void)state;
    world_put(&w, "templates/hello/Text.txt", "x");
    world_put(&w, "drop/list.csv", "email,nam\nkim@naver.com,김\nno address,x\n");
    world_put(&w, "drop/spring.job", JOB("recipients = \"list.csv\";"));
    intake_scan_jobs(w.intake);
    assert_int_equal(world_forget_letters(&w), 1);
    assert_int_equal(world_files(&w, "accepted/spring"), 3);
    world_read(&w, "accepted/spring/spring.warnings");
    if (strncmp(w.text.data, "hello: warning: not used: Text.txt ", 35) != 0 ||
        !strstr(w.text.data, "'name'") || strstr(w.text.data, "no address"))
        fail_msg("%s", w.text.data);
}

/* An image is kept to the last byte, zeros too. */
static void test_bytes_are_kept(void **state)
{
    static const char image[] = "\x89PNG\0\xff\r\n\0";
    const struct part_file *found;
    struct job_spec *spec;
    struct part_files parts;
    struct intake_job *j;
    char *columns;
    struct err e;

    (void)state;
    assert_int_equal(mkdir(world_path(&w, "templates/hello/attachments"), 0755), 0);
    world_put_n(&w, "templates/hello/attachments/한글.png", image, sizeof image);
    world_put(&w, "drop/list.csv", "email,name\nkim@naver.com,김\n");
    world_put(&w, "drop/a.job", JOB("recipients = \"list.csv\";"));
    intake_scan_jobs(w.intake);
    j = (struct intake_job *)(void *)world_letters(&w);
    assert_non_null(j);
    assert_true(
        spool_load(w.intake->lane[LANE_JOBS].spool, j->row.key, &spec, &parts, &columns, &e));
    found = part_files_find(&parts, "attachments/한글.png");
    assert_non_null(found);
    assert_int_equal(found->n, sizeof image);
    assert_memory_equal(found->text, image, sizeof image);
    free(columns);
    part_files_done(&parts);
    job_spec_free(spec);
    free(j);
}

struct holder {
    struct settings *now;
    unsigned held;
};

static const struct settings *hold(void *arg, void **held)
{
    struct holder *h = arg;

    h->held++;
    *held = &h->held;
    return h->now;
}

static void let_go(void *arg, void *held)
{
    struct holder *h = arg;

    assert_ptr_equal(held, &h->held);
    h->held--;
}

/* A reload gives clients another sender: the next job has it. */
static void test_settings_of_now(void **state)
{
    struct problems p;
    struct holder h = {0};
    struct job_spec *spec;
    struct part_files parts;
    struct intake_job *j;
    char *columns;
    struct err e;

    (void)state;
    problems_init(&p);
    world_put(&w, "now.conf", "template_dir = \"templates\"; list_id = \"now.example.com\";");
    h.now = settings_load(world_path(&w, "now.conf"), &p);
    assert_non_null(h.now);
    w.options.hold_settings = hold;
    w.options.let_go = let_go;
    w.options.arg = &h;
    world_restart(&w);
    world_put(&w, "drop/list.csv", "email,name\nkim@naver.com,김\n");
    world_put(&w, "drop/spring.job", JOB("recipients = \"list.csv\";"));
    world_put(&w, "drop/wrong.job", "id = ;");
    intake_scan_jobs(w.intake);
    assert_int_equal(h.held, 0);
    j = (struct intake_job *)(void *)world_letters(&w);
    assert_non_null(j);
    assert_true(
        spool_load(w.intake->lane[LANE_JOBS].spool, j->row.key, &spec, &parts, &columns, &e));
    assert_string_equal(spec->message.list_id, "now.example.com");
    free(columns);
    part_files_done(&parts);
    job_spec_free(spec);
    free(j);
    settings_free(h.now);
    problems_done(&p);
}

/* The words are the render room's; that they reach upstream, with their place, is ours. */
static void test_advertising(void **state)
{
    static const char job[] =
        "id = \"ad\"; class = \"ad\"; from = \"a@b.kr\"; template = \"hello\";\n"
        "recipients = \"list.csv\";\nsubject = \"봄 세일\";\n";
    struct problems p;
    struct holder h = {0};

    (void)state;
    world_put(&w, "drop/list.csv", "email,name\nkim@naver.com,김\n");
    world_put(&w, "drop/a.job", job);
    intake_scan_jobs(w.intake);
    if (!strstr(world_read(&w, "failed/a/a.error"),
                "a.job:3: subject: the subject of an advertisement begins with \"(광고)\""))
        fail_msg("%s", w.text.data);
    problems_init(&p);
    world_put(&w, "now.conf", "template_dir = \"templates\"; advertising = \"warn\";");
    h.now = settings_load(world_path(&w, "now.conf"), &p);
    assert_non_null(h.now);
    w.options.hold_settings = hold;
    w.options.let_go = let_go;
    w.options.arg = &h;
    world_restart(&w);
    world_put(&w, "drop/list.csv", "email,name\nkim@naver.com,김\n");
    world_put(&w, "drop/a.job", job);
    intake_scan_jobs(w.intake);
    assert_int_equal(world_forget_letters(&w), 1);
    world_read(&w, "accepted/a/a.warnings");
    assert_non_null(strstr(w.text.data, "a.job:3: warning: subject: the subject of an adv"));
    assert_non_null(strstr(w.text.data, "hello/text.txt: warning: an advertisement shows "));
    settings_free(h.now);
    problems_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_warnings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_warnings_are_logged, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bytes_are_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_settings_of_now, setup, teardown),
        cmocka_unit_test_setup_teardown(test_advertising, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
