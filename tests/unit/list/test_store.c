#include "world.h"

/* ---- suppression ---- */

static void who_is_suppressed(void **state)
{
    static const struct {
        const char *client;
        enum msg_class msg_class;
        const char *address;
        bool is;
    } rows[] = {
        {"shop", MSG_AD, "all@x.example", true},
        {"other", MSG_TRANSACTIONAL, "ALL@X.example", true},
        {"shop", MSG_NOTICE, "mine@x.example", true},
        {"other", MSG_NOTICE, "mine@x.example", false},
        {"shop", MSG_AD, "ad@x.example", true},
        {"shop", MSG_TRANSACTIONAL, "ad@x.example", false},
        {"shop", MSG_AD, "anybody@Dead.example", true},
        {"shop", MSG_AD, "anybody@sub.dead.example", false},
        {"shop", MSG_AD, "x@x.example", false},
        {"shop", MSG_AD, "dead.example", false},
    };
    struct world world, *w = &world;
    char why[48];

    (void)state;
    world_init(w);
    suppress(w, "All@x.example", "*", "*");
    suppress(w, "mine@x.example", "shop", "*");
    suppress(w, "ad@x.example", "*", "ad");
    suppress(w, "@DEAD.example", "*", "*");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool is = list_is_suppressed(w->l, rows[i].client, rows[i].msg_class, rows[i].address, why,
                                     &w->e);

        assert_string_equal(w->e.text, "");
        if (is != rows[i].is)
            fail_msg("row %zu: %s", i, rows[i].address);
        assert_string_equal(why, is ? "operator" : "");
    }
    world_done(w);
}

static void import(struct world *w, const char *list, const char *address)
{
    const struct contact c = {.list = list,
                              .address = address,
                              .provenance = "shop.csv",
                              .consent = "double opt-in",
                              .first_seen = {NOW}};

    OK(list_import(w->l, &c, NULL, &w->e));
}

static void suppressing_and_releasing(void **state)
{
    struct world world, *w = &world;
    uint64_t count;
    char why[48];

    (void)state;
    world_init(w);
    import(w, "shop", "Kim@x.example");
    import(w, "news", "kim@x.example");
    suppress(w, "kim@x.example", "shop", "*");
    suppress(w, "kim@x.example", "shop", "*"); /* again: nothing */
    assert_string_equal(contact(w, "kim@x.example"),
                        "shop Kim@x.example suppressed s0 d0 h0 f0 o0 [];"
                        "news kim@x.example active s0 d0 h0 f0 o0 [];");
    suppress(w, "kim@x.example", "*", "ad");
    OK(list_each_suppression(w->l, "KIM@x.example", say_suppression, (w->said[0] = '\0', w),
                             &w->e));
    assert_string_equal(w->said, "kim@x.example * ad: operator by kim;"
                                 "kim@x.example shop *: operator by kim;");
    OK(list_release(w->l, "Kim@x.example", NULL, NULL, "lee", (struct wall){NOW + 1}, &count,
                    &w->e));
    assert_int_equal(count, 2);
    assert_false(list_is_suppressed(w->l, "shop", MSG_AD, "kim@x.example", why, &w->e));
    assert_string_equal(contact(w, "kim@x.example"),
                        "shop Kim@x.example active s0 d0 h0 f0 o0 [];"
                        "news kim@x.example active s0 d0 h0 f0 o0 [];");
    assert_string_equal(events(w, "kim@x.example"),
                        "shop/kim@x.example: suppressed: operator by kim;"
                        "/kim@x.example: suppressed: operator by kim;"
                        "shop/kim@x.example: released by lee;"
                        "news/kim@x.example: released by lee;");
    OK(list_release(w->l, "kim@x.example", NULL, NULL, "lee", (struct wall){NOW}, &count, &w->e));
    assert_int_equal(count, 0);
    world_done(w);
}

/* ---- contacts ---- */

static void importing_twice_keeps_what_is_known(void **state)
{
    struct world world, *w = &world;
    struct contact c = {.list = "shop",
                        .address = "Kim@x.example",
                        .provenance = "a.csv",
                        .consent = "paper",
                        .vars = "{\"name\":\"김\"}",
                        .first_seen = {NOW},
                        .consent_at = {7}};
    bool was_new;

    (void)state;
    world_init(w);
    OK(list_begin(w->l, &w->e));
    OK(list_import(w->l, &c, &was_new, &w->e));
    assert_true(was_new);
    c = (struct contact){
        .list = "shop", .address = "kim@X.example", .vars = "{}", .last_seen = {NOW + 5}};
    OK(list_import(w->l, &c, &was_new, &w->e));
    assert_false(was_new);
    OK(list_commit(w->l, &w->e));
    import(w, "news", "lee@x.example");
    world_reopen(w);
    w->said[0] = '\0';
    OK(list_each_list(w->l, say_list, w, &w->e));
    assert_string_equal(w->said, "news 1 1 0;shop 1 1 0;");
    w->said[0] = '\0';
    OK(list_each_contact(w->l, "shop", say_contact, w, &w->e));
    assert_string_equal(w->said, "shop Kim@x.example active s0 d0 h0 f0 o0 [];");
    world_done(w);
}

/* ---- the fold ---- */

static void a_fold_happens_once(void **state)
{
    struct world world, *w = &world;
    const struct outcome o[] = {
        ended("Kim@x.example", STATE_DELIVERED, CAT_OK, 250, "", NOW),
        ended("lee@x.example", STATE_BOUNCED, CAT_USER_UNKNOWN, 550, "no-such-user", NOW),
        ended("park@x.example", STATE_DEFERRED, CAT_GREYLISTED, 450, "grey", NOW),
    };
    uint64_t seq;
    char why[48];

    (void)state;
    world_init(w);
    OK(list_cursor(w->l, "spring", &seq, &w->e));
    assert_int_equal(seq, 0);
    for (int i = 0; i < 3; i++) {
        fold(w, "spring", o, 3, 3);
        world_reopen(w);
    }
    OK(list_cursor(w->l, "spring", &seq, &w->e));
    assert_int_equal(seq, 3);
    assert_string_equal(contact(w, "kim@x.example"),
                        "shop Kim@x.example active s1 d1 h0 f0 o0 [];");
    assert_string_equal(contact(w, "lee@x.example"),
                        "shop lee@x.example invalid s1 d0 h1 f0 o0 [user-unknown];");
    assert_string_equal(contact(w, "park@x.example"), "");
    assert_string_equal(events(w, "lee@x.example"),
                        "shop/lee@x.example: user-unknown by spring;"
                        "shop/lee@x.example: suppressed: user-unknown by spring;");
    assert_string_equal(events(w, "kim@x.example"), "");
    assert_true(list_is_suppressed(w->l, "shop", MSG_AD, "lee@x.example", why, &w->e));
    assert_string_equal(why, "user-unknown");
    assert_false(list_is_suppressed(w->l, "other", MSG_AD, "lee@x.example", why, &w->e));
    fold(w, "autumn", o, 1, 1); /* another job counts again */
    assert_string_equal(contact(w, "kim@x.example"),
                        "shop Kim@x.example active s2 d2 h0 f0 o0 [];");
    world_done(w);
}

static void bounces_add_up_over_campaigns(void **state)
{
    static const struct {
        const char *email, *rule;
        enum state state;
        enum category category;
        int code;
        int64_t at[4]; /* one campaign each; 0: no more */
        const char *status;
    } rows[] = {
        {"a@x.example", "code-user", STATE_BOUNCED, CAT_USER_UNKNOWN, 550, {NOW}, "bouncing"},
        {"b@x.example",
         "code-user",
         STATE_BOUNCED,
         CAT_USER_UNKNOWN,
         550,
         {NOW, NOW + 6 * DAY},
         "invalid"},
        {"c@x.example",
         "code-user",
         STATE_BOUNCED,
         CAT_USER_UNKNOWN,
         550,
         {NOW, NOW + 8 * DAY},
         "bouncing"},
        {"d@x.example",
         "full",
         STATE_EXPIRED,
         CAT_MAILBOX_FULL,
         452,
         {NOW, NOW + DAY, NOW + 2 * DAY},
         "suppressed"},
        {"e@x.example",
         "full",
         STATE_EXPIRED,
         CAT_MAILBOX_FULL,
         452,
         {NOW, NOW + DAY, NOW + 32 * DAY},
         "bouncing"},
        {"f@x.example",
         "",
         STATE_EXPIRED,
         CAT_EXPIRED,
         0,
         {NOW, NOW + DAY, NOW + 2 * DAY},
         "suppressed"},
        {"g@x.example",
         "spam",
         STATE_BOUNCED,
         CAT_SPAM_CONTENT,
         554,
         {NOW, NOW + DAY, NOW + 2 * DAY, NOW + 3 * DAY},
         "active"},
    };
    struct world world, *w = &world;
    char job[32], start[64];

    (void)state;
    world_init(w);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int n = 0; n < 4 && rows[i].at[n]; n++) {
            struct outcome o = ended(rows[i].email, rows[i].state, rows[i].category, rows[i].code,
                                     rows[i].rule, rows[i].at[n]);

            snprintf(job, sizeof job, "job-%zu-%d", i, n);
            fold(w, job, &o, 1, 1);
        }
        snprintf(start, sizeof start, "shop %s %s ", rows[i].email, rows[i].status);
        if (strncmp(contact(w, rows[i].email), start, strlen(start)) != 0)
            fail_msg("row %zu: %s", i, w->said);
    }
    world_done(w);
}

/* Delivered in a second job while an operator suppressed it: it stays suppressed. */
static void only_a_release_lifts_a_suppression(void **state)
{
    struct world world, *w = &world;
    struct outcome o = ended("kim@x.example", STATE_DELIVERED, CAT_OK, 250, "", NOW);
    uint64_t count;

    (void)state;
    world_init(w);
    import(w, "shop", "kim@x.example");
    suppress(w, "kim@x.example", "*", "*");
    fold(w, "notice", &o, 1, 1);
    assert_string_equal(contact(w, "kim@x.example"),
                        "shop kim@x.example suppressed s1 d1 h0 f0 o0 [];");
    OK(list_release(w->l, "kim@x.example", NULL, NULL, "lee", (struct wall){NOW}, &count, &w->e));
    fold(w, "next", &o, 1, 1);
    assert_string_equal(contact(w, "kim@x.example"),
                        "shop kim@x.example active s2 d2 h0 f0 o0 [];");
    world_done(w);
}

static void a_killed_fold_is_repeated_whole(void **state)
{
    struct world world, *w = &world;
    struct outcome o = ended("kim@x.example", STATE_DELIVERED, CAT_OK, 250, "", NOW);
    int status;
    pid_t pid;

    (void)state;
    world_init(w);
    list_close(w->l);
    w->l = NULL;
    pid = fork();
    if (pid == 0) {
        OK(list_open(w->path, &w->l, &w->e));
        fold(w, "spring", &o, 1, 1);
        OK(list_begin(w->l, &w->e));
        fold(w, "spring", &o, 1, 2); /* inside a transaction that never ends */
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    OK(list_open(w->path, &w->l, &w->e));
    assert_string_equal(contact(w, "kim@x.example"),
                        "shop kim@x.example active s1 d1 h0 f0 o0 [];");
    fold(w, "spring", &o, 1, 2);
    assert_string_equal(contact(w, "kim@x.example"),
                        "shop kim@x.example active s2 d2 h0 f0 o0 [];");
    world_done(w);
}

/* ---- two threads, and failures ---- */

static void *fold_many(void *arg)
{
    struct world own = *(struct world *)arg, *w = &own;
    struct outcome o = ended("kim@x.example", STATE_DELIVERED, CAT_OK, 250, "", NOW);

    OK(list_open(w->path, &w->l, &w->e));
    for (uint64_t seq = 1; seq <= 50; seq++)
        fold(w, "other", &o, 1, seq);
    list_close(w->l);
    return NULL;
}

static void two_handles_write_in_turn(void **state)
{
    struct world world, *w = &world;
    struct outcome o = ended("kim@x.example", STATE_DELIVERED, CAT_OK, 250, "", NOW);
    pthread_t thread;

    (void)state;
    world_init(w);
    OK(thread_start(&thread, "folder", 0, fold_many, w, &w->e));
    for (uint64_t seq = 1; seq <= 50; seq++)
        fold(w, "mine", &o, 1, seq);
    pthread_join(thread, NULL);
    assert_string_equal(contact(w, "kim@x.example"),
                        "shop kim@x.example active s100 d100 h0 f0 o0 [];");
    world_done(w);
}

static void a_failure_inside_a_transaction_is_said_at_its_end(void **state)
{
    struct world world, *w = &world;

    (void)state;
    world_init(w);
    OK(list_begin(w->l, &w->e));
    import(w, "shop", "kim@x.example");
    assert_false(list_begin(w->l, &w->e)); /* no transaction inside another */
    OK(list_commit(w->l, &w->e));
    assert_false(list_commit(w->l, &w->e));
    assert_string_equal(contact(w, "kim@x.example"),
                        "shop kim@x.example active s0 d0 h0 f0 o0 [];");
    world_done(w);
}

static void a_newer_file_is_refused(void **state)
{
    struct world world, *w = &world;
    struct db db;

    (void)state;
    world_init(w);
    list_close(w->l);
    OK(db_open(&db, w->path, DB_WRITE, &w->e));
    OK(db_exec(&db, "PRAGMA user_version = 12", &w->e));
    db_close(&db);
    assert_false(list_open(w->path, &w->l, &w->e));
    assert_non_null(strstr(w->e.text, "list database is of version 12"));
    world_done(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_suppressed),
        cmocka_unit_test(suppressing_and_releasing),
        cmocka_unit_test(importing_twice_keeps_what_is_known),
        cmocka_unit_test(a_fold_happens_once),
        cmocka_unit_test(bounces_add_up_over_campaigns),
        cmocka_unit_test(only_a_release_lifts_a_suppression),
        cmocka_unit_test(a_killed_fold_is_repeated_whole),
        cmocka_unit_test(two_handles_write_in_turn),
        cmocka_unit_test(a_failure_inside_a_transaction_is_said_at_its_end),
        cmocka_unit_test(a_newer_file_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
