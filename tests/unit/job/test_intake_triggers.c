#include "world.h"

static struct world w;

static const char standing[] =
    "id = \"cart\"; class = \"transactional\"; from = \"shop@example.com\"; "
    "template = \"hello\"; standing = true; max_bad_rows = 2;";

static int setup(void **state)
{
    (void)state;
    world_init(&w);
    world_put(&w, "drop/cart.job", standing);
    intake_scan_jobs(w.intake);
    assert_int_equal(world_forget_letters(&w), 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_done(&w);
    return 0;
}

static void test_rows_are_added(void **state)
{
    struct intake_append *a;

    (void)state;
    world_put(&w, "drop/cart.1.ndjson",
              "{\"email\":\"a@naver.com\",\"name\":\"김\"}\n{\"email\":\"b@daum.net\"}\n"
              "{\"email\":\"a@naver.com\",\"name\":\"이\"}\n");
    intake_scan_triggers(w.intake);
    a = (struct intake_append *)(void *)world_letters(&w);
    assert_non_null(a);
    assert_int_equal(a->letter.kind, KIND_APPEND);
    assert_int_equal(a->count, 2);
    assert_string_equal(a->item[0].domain, "naver.com");
    assert_int_equal(a->item[0].added, 2); /* two rows are two mails */
    assert_string_equal(a->item[1].domain, "daum.net");
    assert_true(a->item[0].domain_id != a->item[1].domain_id);
    free(a);
    assert_int_equal(world_files(&w, "drop"), 0);
    assert_true(world_has(&w, "accepted/cart/1.ndjson"));
    assert_true(world_has(&w, "accepted/cart/cart.job"));
}

static void test_same_file_name_again(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        world_put(&w, "drop/cart.1.ndjson",
                  i ? "{\"email\":\"b@naver.com\"}" : "{\"email\":\"a@naver.com\"}");
        intake_scan_triggers(w.intake);
        assert_int_equal(world_forget_letters(&w), 1);
    }
    assert_true(world_has(&w, "accepted/cart/1.ndjson"));
    assert_true(world_has(&w, "accepted/cart/1-2.ndjson"));
}

static void test_bad_rows(void **state)
{
    struct intake_append *a;

    (void)state;
    world_put(&w, "drop/cart.1.ndjson",
              "{\"email\":\"a@naver.com\"}\nnonsense\n{\"email\":\"a@naver.com\"}\n{\"mail\":1}\n");
    intake_scan_triggers(w.intake);
    a = (struct intake_append *)(void *)world_letters(&w);
    assert_non_null(a);
    assert_int_equal(a->item[0].added, 1);
    free(a);
    world_read(&w, "out/cart/rejected.csv");
    assert_non_null(strstr(w.text.data, "line,reason,row,file\n2,"));
    assert_non_null(strstr(
        w.text.data, "\n3,the same row stands in this file already,a@naver.com,cart.1.ndjson\n"));
    assert_non_null(strstr(w.text.data, "\n4,\"there is no \"\"email\"\" in it\","));
    /* The next file's rows come behind, under the same header. */
    world_put(&w, "drop/cart.2.ndjson", "{\"email\":\"a@naver.com\"}\n{\"email\":\"x\"}\n");
    intake_scan_triggers(w.intake);
    world_read(&w, "out/cart/rejected.csv");
    assert_null(strstr(w.text.data + 1, "line,reason"));
    assert_non_null(strstr(w.text.data, ",cart.1.ndjson\n2,there is no @,"));
    assert_int_equal(world_files(&w, "out/cart"), 1);
    assert_int_equal(world_forget_letters(&w), 1);
}

static const struct {
    const char *text, *says;
} refused[] = {
    {"", "cart.x.ndjson: there is not a single usable row"},
    {"x\n", "cart.x.ndjson:1: warning: not valid JSON"},
    {"x\ny\nz\n{\"email\":\"a@b.kr\"}\n", "cart.x.ndjson: more than 2 bad rows"},
    {"\xff\xfe{", "UTF-16"},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct err e;

        world_put(&w, "drop/cart.x.ndjson", refused[i].text);
        intake_scan_triggers(w.intake);
        assert_int_equal(world_forget_letters(&w), 0);
        if (!strstr(world_read(&w, "failed/cart.x/cart.x.error"), refused[i].says))
            fail_msg("%s", w.text.data);
        assert_true(world_has(&w, "failed/cart.x/cart.x.ndjson"));
        assert_false(world_has(&w, "drop/cart.x.ndjson"));
        assert_false(world_has(&w, "out/cart"));
        assert_true(file_remove_tree(world_path(&w, "failed/cart.x"), &e));
    }
}

static void test_too_long(void **state)
{
    (void)state;
    w.settings->caps.trigger_file_bytes = 30;
    world_put(&w, "drop/cart.x.ndjson", "{\"email\":\"a@b.kr\"}\n{\"email\":\"b@b.kr\"}\n");
    intake_scan_triggers(w.intake);
    assert_non_null(
        strstr(world_read(&w, "failed/cart.x/cart.x.error"), "longer than the limit of 30"));
}

static void test_strange_files(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(world_path(&w, "drop/cart.f.ndjson"), 0600), 0);
    assert_int_equal(symlink("/etc/passwd", world_path(&w, "drop/cart.l.ndjson")), 0);
    intake_scan_triggers(w.intake);
    assert_non_null(strstr(world_read(&w, "failed/cart.f/cart.f.error"), "not a regular file"));
    assert_non_null(
        strstr(world_read(&w, "failed/cart.l/cart.l.error"), "a symbolic link is not taken"));
    assert_int_equal(world_files(&w, "drop"), 0);
}

/* It may be the recipients of a job that is still to come. */
static void test_files_of_nobody_stay(void **state)
{
    (void)state;
    world_put(&w, "drop/other.1.ndjson", "x");
    world_put(&w, "drop/a b.1.ndjson", "x");
    world_put(&w, "drop/cart.ndjson", "x");
    world_put(&w, "drop/.cart.1.ndjson", "x");
    world_put(&w, "drop/cart.1.ndjson.tmp", "x");
    intake_scan_triggers(w.intake);
    intake_scan_jobs(w.intake);
    assert_int_equal(world_files(&w, "drop"), 5);
    assert_int_equal(world_files(&w, "failed"), 0);
    assert_true(intake_is_idle(w.intake));
}

static void test_ended_job_takes_nothing(void **state)
{
    struct job_row row;
    struct err e;

    (void)state;
    assert_true(spool_find(w.intake->lane[LANE_JOBS].spool, "cart", &row, &e));
    assert_true(spool_set_state(w.intake->lane[LANE_JOBS].spool, row.key, JOB_CANCELLED,
                                (struct wall){1}, &e));
    world_put(&w, "drop/cart.1.ndjson", "{\"email\":\"a@b.kr\"}\n");
    intake_scan_triggers(w.intake);
    assert_int_equal(world_forget_letters(&w), 0);
    assert_non_null(strstr(world_read(&w, "failed/cart.1/cart.1.error"),
                           "the standing job 'cart' is cancelled"));
}

static void test_list_of_a_standing_job(void **state)
{
    (void)state;
    world_put(&w, "drop/cart.more.ndjson", "{\"email\":\"a@b.kr\"}\n");
    world_put(&w, "drop/a.job",
              "id = \"a\"; class = \"notice\"; from = \"a@b.kr\"; template = \"hello\"; "
              "recipients = \"cart.more.ndjson\";");
    intake_scan_jobs(w.intake);
    assert_non_null(
        strstr(world_read(&w, "failed/a/a.error"), "a file of the standing job 'cart'"));
}

static void test_first_load_like_a_trigger(void **state)
{
    (void)state;
    world_put(&w, "drop/b.job",
              "id = \"b\"; class = \"notice\"; from = \"a@b.kr\"; template = \"hello\"; "
              "standing = true; recipients = \"b.first.ndjson\";");
    intake_scan_jobs(w.intake);
    assert_non_null(strstr(world_read(&w, "failed/b/b.error"), "looks like a later file"));
}

static void test_disk_full(void **state)
{
    struct intake_status s;

    (void)state;
    w.settings->caps.min_free_bytes = INT64_MAX;
    world_put(&w, "drop/cart.1.ndjson", "{\"email\":\"a@b.kr\"}\n");
    intake_scan_triggers(w.intake);
    intake_status(w.intake, &s);
    assert_int_equal(s.waiting_files, 1);
    assert_string_not_equal(s.paused_because, "");
    w.settings->caps.min_free_bytes = 1;
    intake_scan_triggers(w.intake);
    assert_int_equal(world_forget_letters(&w), 1);
    intake_status(w.intake, &s);
    assert_string_equal(s.paused_because, "");
    assert_int_equal(s.trigger_rows, 1);
}

/* Killed between adding the rows and moving the file: the file is found again, and adds nothing. */
static void test_added_already(void **state)
{
    struct intake_append *a;

    (void)state;
    world_put(&w, "drop/cart.1.ndjson", "{\"email\":\"a@b.kr\"}\n");
    assert_int_equal(link(world_path(&w, "drop/cart.1.ndjson"), world_path(&w, "keep")), 0);
    intake_scan_triggers(w.intake);
    a = (struct intake_append *)(void *)world_letters(&w);
    assert_non_null(a);
    free(a);
    assert_int_equal(rename(world_path(&w, "keep"), world_path(&w, "drop/cart.1.ndjson")), 0);
    /* rename() of two links to one file does nothing by POSIX: */
    unlink(world_path(&w, "keep"));
    world_restart(&w);
    intake_scan_triggers(w.intake);
    assert_int_equal(world_forget_letters(&w), 0);
    assert_int_equal(world_files(&w, "drop"), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_rows_are_added),
        T(test_same_file_name_again),
        T(test_bad_rows),
        T(test_refused),
        T(test_too_long),
        T(test_strange_files),
        T(test_files_of_nobody_stay),
        T(test_ended_job_takes_nothing),
        T(test_list_of_a_standing_job),
        T(test_first_load_like_a_trigger),
        T(test_disk_full),
        T(test_added_already),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
