/* The lanes as threads: for the thread sanitizer, and for what only they do (inotify, waking, stopping). */
#include "world.h"

#include <fcntl.h>
#include <sluice/os/clock.h>

static struct world w;

static void drop(const char *name, const char *text)
{
    char to[300];

    snprintf(to, sizeof to, "drop/%s", name);
    world_put(&w, "drop/.being-written", text);
    assert_int_equal(rename(world_path(&w, "drop/.being-written"), world_path(&w, to)), 0);
}

/* Blocks until a letter comes; a minute is for ever. */
static struct letter *next_letter(void)
{
    struct mono until = {clock_mono().ms + 60000};
    struct letter *l;

    while ((l = mailbox_take(&w.box, until)) == NULL)
        assert_true(clock_mono().ms < until.ms);
    assert_null(l->next);
    return l;
}

static void test_lanes(void **state)
{
    struct intake_status s;
    struct letter *l;
    struct err e;

    (void)state;
    world_init(&w);
    intake_close(w.intake);
    w.intake = NULL;
    assert_true(intake_start(&w.options, &w.intake, &e));
    drop("cart.job", "id = \"cart\"; class = \"notice\"; from = \"a@b.kr\"; template = \"hello\"; "
                     "standing = true;");
    l = next_letter();
    assert_int_equal(l->kind, KIND_JOB);
    free(l);
    for (int i = 0; i < 20; i++) {
        char name[40], text[80];

        snprintf(name, sizeof name, "cart.%d.ndjson", i);
        snprintf(text, sizeof text, "{\"email\":\"a%d@b.kr\"}\n", i);
        drop(name, text);
        l = next_letter();
        assert_int_equal(l->kind, KIND_APPEND);
        free(l);
        intake_status(w.intake, &s);
    }
    assert_int_equal(s.jobs_accepted, 1);
    /* A list that is complete only after the job: taken when its writer closes it. */
    {
        int fd = open(world_path(&w, "drop/list.csv"), O_CREAT | O_WRONLY, 0600);

        assert_int_equal(write(fd, "email\na@b.kr\n", 13), 13);
        drop(
            "b.job",
            "id = \"b\"; class = \"notice\"; from = \"a@b.kr\"; template = \"hello\"; recipients = "
            "\"list.csv\";");
        assert_int_equal(write(fd, "c@d.kr\n", 7), 7);
        close(fd);
    }
    l = next_letter();
    assert_int_equal(((struct intake_job *)(void *)l)->row.recipients, 2);
    free(l);
    intake_stop(w.intake);
    w.intake = NULL;
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lanes)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
