#include "world.h"

static void say_ad(void *arg, const char *job_id, uint64_t rid, struct wall at)
{
    say(arg, "%s %d %lld;", job_id, (int)rid, (long long)(at.ms - NOW));
}

static const char *ads(struct world *w, const char *client, const char *address, int64_t since)
{
    w->said[0] = '\0';
    OK(list_each_ad(w->l, client, address, (struct wall){since}, say_ad, w, &w->e));
    return w->said;
}

static void put(struct world *w, const char *job, const char *client, enum msg_class c,
                struct outcome o, uint64_t rid)
{
    o.rid = rid;
    OK(list_fold(w->l, job, client, c, client, &o, 1, rid, &w->e));
}

static void which_outcomes_are_advertisements(void **state)
{
    static const struct {
        enum msg_class msg_class;
        enum state state;
        bool is;
    } rows[] = {
        {MSG_AD, STATE_DELIVERED, true},      {MSG_AD, STATE_IN_DOUBT, true},
        {MSG_AD, STATE_BOUNCED, false},       {MSG_AD, STATE_DEFERRED, false},
        {MSG_AD, STATE_SUPPRESSED, false},    {MSG_AD, STATE_EXPIRED, false},
        {MSG_AD, STATE_CANCELLED, false},     {MSG_AD, STATE_QUARANTINED, false},
        {MSG_NOTICE, STATE_DELIVERED, false}, {MSG_TRANSACTIONAL, STATE_DELIVERED, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world world, *w = &world;

        world_init(w);
        put(w, "spring", "shop", rows[i].msg_class,
            ended("Kim@x.example", rows[i].state, CAT_UNKNOWN, 250, "", NOW), 7);
        if (strcmp(ads(w, NULL, "kim@X.example", 0), rows[i].is ? "spring 7 0;" : "") != 0)
            fail_msg("row %zu: %s", i, w->said);
        world_done(w);
    }
}

static void by_client_and_time(void **state)
{
    const struct outcome kim = ended("kim@x.example", STATE_DELIVERED, CAT_OK, 250, "", NOW);
    const struct outcome later = ended("kim@x.example", STATE_DELIVERED, CAT_OK, 250, "", NOW + 5);
    const struct outcome lee = ended("lee@x.example", STATE_DELIVERED, CAT_OK, 250, "", NOW);
    struct world world, *w = &world;

    (void)state;
    world_init(w);
    put(w, "spring", "shop", MSG_AD, kim, 1);
    put(w, "spring", "shop", MSG_AD, kim, 1); /* again: the cursor knows */
    put(w, "spring", "shop", MSG_AD, lee, 2);
    put(w, "flash", "other", MSG_AD, later, 1);
    world_reopen(w);
    assert_string_equal(ads(w, NULL, "kim@x.example", 0), "spring 1 0;flash 1 5;");
    assert_string_equal(ads(w, "shop", "kim@x.example", 0), "spring 1 0;");
    assert_string_equal(ads(w, NULL, "kim@x.example", NOW + 1), "flash 1 5;");
    assert_string_equal(ads(w, NULL, "kim@x.example", NOW + 5), "flash 1 5;");
    assert_string_equal(ads(w, NULL, "nobody@x.example", 0), "");
    world_done(w);
}

static int64_t rows(struct world *w)
{
    struct db db;
    int64_t n = -1;

    OK(db_open(&db, w->path, DB_READ, &w->e));
    OK(db_number(&db, "SELECT count(*) FROM ad", &n, &w->e));
    db_close(&db);
    return n;
}

/* Old ones go while new ones come: after one round of the table none is left, and what must be kept
 * is. */
static void old_ones_are_forgotten(void **state)
{
    enum { MANY = 500 };
    struct world world, *w = &world;
    struct outcome *o = mem_array(MANY, sizeof *o);
    uint64_t seq = 0;
    char email[64];

    (void)state;
    world_init(w);
    for (int day = 0; day <= 184; day += 92) {
        for (int i = 0; i < MANY; i++) {
            snprintf(email, sizeof email, "r%d@%c.example", i, 'a' + i % 20);
            o[i] = ended(email, STATE_DELIVERED, CAT_OK, 250, "", NOW + day * DAY + i);
            o[i].rid = ++seq;
        }
        for (int i = 0; i < MANY; i += 50)
            OK(list_fold(w->l, "daily", "shop", MSG_AD, "shop", o + i, 50, seq - MANY + i + 50,
                         &w->e));
    }
    assert_string_equal(ads(w, NULL, "r0@a.example", 0) + strlen("daily 1001 "), "15897600000;");
    assert_true(rows(w) >= MANY && rows(w) < 2 * MANY);
    free(o);
    world_done(w);
}

static void patterns_are_refused(void **state)
{
    const struct suppression s = {
        .address = "*@x.example", .client = "*", .msg_class = "*", .reason = "r", .by = "kim"};
    struct world world, *w = &world;

    (void)state;
    world_init(w);
    assert_false(list_suppress(w->l, &s, &w->e));
    assert_string_equal(w->e.text, "'*@x.example' is nobody's address; for everybody at the domain "
                                   "say '@x.example'");
    world_done(w);
}

static void clients_that_are_known(void **state)
{
    static const struct {
        const char *client;
        bool is;
    } who[] = {{"*", true}, {"shop", true}, {"other", true}, {"shpo", false}, {"", false}};
    struct world world, *w = &world;

    (void)state;
    world_init(w);
    put(w, "spring", "shop", MSG_NOTICE,
        ended("kim@x.example", STATE_DELIVERED, CAT_OK, 250, "", NOW), 1);
    suppress(w, "lee@x.example", "other", "*");
    for (size_t i = 0; i < sizeof who / sizeof *who; i++) {
        bool known;

        OK(list_knows_client(w->l, who[i].client, &known, &w->e));
        assert_int_equal(known, who[i].is);
    }
    world_done(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(which_outcomes_are_advertisements),
        cmocka_unit_test(by_client_and_time),
        cmocka_unit_test(old_ones_are_forgotten),
        cmocka_unit_test(patterns_are_refused),
        cmocka_unit_test(clients_that_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
