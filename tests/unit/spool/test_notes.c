#include "world.h"
#include "faulty_vfs.h"

static bool say(void *arg, const char *key, const char *value)
{
    char *s = arg;
    size_t n = strlen(s);

    snprintf(s + n, 200 - n, "%s=%s;", key, value);
    return true;
}

static const char *notes(struct world *w)
{
    static char text[200];

    text[0] = '\0';
    OK(spool_each_note(w->s, say, text, &w->e));
    return text;
}

static void notes_survive(void **state)
{
    struct world world, *w = &world;
    const struct spool_note first[] = {{"rate naver", "1 2"}, {"ramp daum", "3"}, {"x", ""}};
    const struct spool_note then[] = {{"rate naver", "4"}, {"ramp daum", NULL}, {"gone", NULL}};

    (void)state;
    world_init(w);
    assert_string_equal(notes(w), "");
    OK(spool_put_notes(w->s, first, 3, &w->e));
    world_reopen(w);
    assert_string_equal(notes(w), "ramp daum=3;rate naver=1 2;x=;");
    OK(spool_put_notes(w->s, then, 3, &w->e));
    OK(spool_put_notes(w->s, NULL, 0, &w->e));
    assert_string_equal(notes(w), "rate naver=4;x=;");
    world_done(w);
}

static void a_full_disk_takes_all_or_nothing(void **state)
{
    const struct spool_note both[] = {{"a", "1"}, {"b", "2"}};
    bool held = false;

    (void)state;
    faulty_install();
    for (long writes = 0; !held; writes++) {
        struct world world, *w = &world;

        db_vfs_name = "faulty";
        world_init(w);
        faulty.writes_left = writes;
        held = spool_put_notes(w->s, both, 2, &w->e);
        faulty_heal();
        if (!held)
            assert_int_equal(w->e.code, ENOSPC);
        assert_string_equal(notes(w), held ? "a=1;b=2;" : "");
        OK(spool_put_notes(w->s, both, 2, &w->e));
        world_done(w);
        db_vfs_name = NULL;
        assert_true(writes < 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_survive),
        cmocka_unit_test(a_full_disk_takes_all_or_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
