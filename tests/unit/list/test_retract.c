#include "world.h"

static const char KIM[] = "kim@daum.net";

static struct outcome bounce(const char *rule, int64_t at)
{
    struct outcome o = ended(KIM, STATE_BOUNCED, CAT_USER_UNKNOWN, 550, rule, at);

    o.phase = PHASE_RCPT;
    return o;
}

static struct outcome taken_back(const char *rule, int64_t at)
{
    struct outcome o = bounce(rule, at);

    o.state = STATE_QUARANTINED;
    o.phase = PHASE_POLICY;
    strcpy(o.provider, "daum");
    return o;
}

static bool is_suppressed(struct world *w)
{
    char why[48];
    bool is = list_is_suppressed(w->l, "shop", MSG_AD, KIM, why, &w->e);

    assert_string_equal(w->e.text, "");
    return is;
}

static void one(struct world *w, const char *job, struct outcome o, uint64_t seq)
{
    fold(w, job, &o, 1, seq);
}

static void a_contact_becomes_what_it_was(void **state)
{
    struct world world, *w = &world;

    (void)state;
    world_init(w);
    one(w, "winter", ended(KIM, STATE_DELIVERED, CAT_OK, 250, "", NOW - DAY), 1);
    one(w, "winter", ended(KIM, STATE_BOUNCED, CAT_MAILBOX_FULL, 452, "full", NOW - DAY), 2);
    assert_string_equal(contact(w, KIM),
                        "shop kim@daum.net bouncing s2 d1 h0 f1 o0 [mailbox-full];");
    one(w, "spring", bounce("no-such-user", NOW), 1);
    assert_string_equal(contact(w, KIM),
                        "shop kim@daum.net invalid s3 d1 h1 f1 o0 [user-unknown];");
    assert_true(is_suppressed(w));
    world_reopen(w);
    one(w, "spring", taken_back("no-such-user", NOW + 5), 2);
    one(w, "spring", taken_back("no-such-user", NOW + 5), 2); /* the cursor knows */
    assert_string_equal(contact(w, KIM),
                        "shop kim@daum.net bouncing s2 d1 h0 f1 o0 [mailbox-full];");
    assert_false(is_suppressed(w));
    assert_string_equal(events(w, KIM), "shop/kim@daum.net: mailbox-full by winter;"
                                        "shop/kim@daum.net: user-unknown (taken back) by spring;"
                                        "shop/kim@daum.net: suppressed: user-unknown by spring;"
                                        "shop/kim@daum.net: bounce taken back: outage of daum"
                                        " by spring;");
    /* confirmed: a bounce like any */
    one(w, "spring", bounce("no-such-user", NOW + 9), 3);
    assert_string_equal(contact(w, KIM),
                        "shop kim@daum.net invalid s3 d1 h1 f1 o0 [user-unknown];");
    assert_true(is_suppressed(w));
    world_done(w);
}

static void who_was_only_known_by_the_bounce_is_active(void **state)
{
    struct world world, *w = &world;
    const struct outcome both[] = {bounce("no-such-user", NOW), taken_back("no-such-user", NOW)};

    (void)state;
    world_init(w);
    fold(w, "spring", both, 2, 2);
    assert_string_equal(contact(w, KIM), "shop kim@daum.net active s0 d0 h0 f0 o0 [];");
    assert_false(is_suppressed(w));
    world_done(w);
}

static void what_was_never_a_bounce_changes_nothing(void **state)
{
    struct world world, *w = &world;
    struct outcome at_once = taken_back("no-such-user", NOW);

    (void)state;
    world_init(w);
    at_once.phase = PHASE_RCPT;
    one(w, "spring", at_once, 1);
    one(w, "spring", taken_back("no-such-user", NOW), 2);
    assert_string_equal(contact(w, KIM), "");
    assert_string_equal(events(w, KIM), "");
    /* in a standing job: another mail to the same address, before the outage */
    one(w, "standing", bounce("code-user", NOW), 1);
    one(w, "standing", at_once, 2);
    assert_string_equal(contact(w, KIM),
                        "shop kim@daum.net bouncing s1 d0 h1 f0 o0 [user-unknown];");
    world_done(w);
}

/* A bounce that only a code told is believed the second time: one that was taken back is no first.
 */
static void later_campaigns_do_not_count_it(void **state)
{
    struct world world, *w = &world;

    (void)state;
    world_init(w);
    one(w, "spring", bounce("code-user", NOW), 1);
    one(w, "spring", taken_back("code-user", NOW), 2);
    one(w, "autumn", bounce("code-user", NOW + DAY), 1);
    assert_string_equal(contact(w, KIM),
                        "shop kim@daum.net bouncing s1 d0 h1 f0 o0 [user-unknown];");
    world_done(w);
}

/* Two jobs in one outage, taken back in either order. */
static void two_jobs_lead_back_to_the_same(void **state)
{
    (void)state;
    for (int first = 0; first < 2; first++) {
        const char *job[] = {"spring", "flash"};
        struct world world, *w = &world;

        world_init(w);
        one(w, "winter", ended(KIM, STATE_DELIVERED, CAT_OK, 250, "", NOW - DAY), 1);
        one(w, job[0], bounce("code-user", NOW), 1);
        one(w, job[1], bounce("code-user", NOW + 1), 1);
        assert_string_equal(contact(w, KIM),
                            "shop kim@daum.net invalid s3 d1 h2 f0 o0 [user-unknown];");
        one(w, job[first], taken_back("code-user", NOW + 2), 2);
        assert_true(strstr(contact(w, KIM), "s2 d1 h1"));
        one(w, job[!first], taken_back("code-user", NOW + 3), 2);
        assert_string_equal(contact(w, KIM), "shop kim@daum.net active s1 d1 h0 f0 o0 [];");
        assert_false(is_suppressed(w));
        world_done(w);
    }
}

static void what_people_said_stays(void **state)
{
    struct world world, *w = &world;

    (void)state;
    world_init(w);
    one(w, "winter", ended(KIM, STATE_DELIVERED, CAT_OK, 250, "", NOW - DAY), 1);
    one(w, "spring", bounce("no-such-user", NOW), 1);
    suppress(w, KIM, "shop", "*"); /* over the job's */
    one(w, "spring", taken_back("no-such-user", NOW + 2), 2);
    assert_true(is_suppressed(w));
    assert_string_equal(contact(w, KIM), "shop kim@daum.net suppressed s1 d1 h0 f0 o0 [];");
    world_done(w);
}

static void a_complaint_stays(void **state)
{
    struct world world, *w = &world;

    (void)state;
    world_init(w);
    one(w, "spring", ended(KIM, STATE_DELIVERED, CAT_COMPLAINT, 0, "", NOW), 1);
    one(w, "spring", taken_back("no-such-user", NOW + 2), 2);
    assert_true(is_suppressed(w));
    world_done(w);
}

/* ---- older files ---- */

static void a_list_of_version_1_is_brought_up_to_date(void **state)
{
    struct world world, *w = &world;
    struct db db;

    (void)state;
    world_init(w);
    one(w, "spring", bounce("code-user", NOW), 1);
    list_close(w->l);
    OK(db_open(&db, w->path, DB_WRITE, &w->e));
    OK(db_exec(&db,
               "ALTER TABLE event DROP COLUMN before; DROP TABLE ad; DROP TABLE ad_job;"
               "PRAGMA user_version=1;",
               &w->e));
    db_close(&db);
    OK(list_open(w->path, &w->l, &w->e));
    /* what its contact was before is not known: it stays */
    one(w, "spring", taken_back("code-user", NOW), 2);
    assert_string_equal(contact(w, KIM),
                        "shop kim@daum.net bouncing s1 d0 h1 f0 o0 [user-unknown];");
    one(w, "autumn", bounce("no-such-user", NOW), 1);
    one(w, "autumn", taken_back("no-such-user", NOW), 2);
    assert_string_equal(contact(w, KIM),
                        "shop kim@daum.net bouncing s1 d0 h1 f0 o0 [user-unknown];");
    world_done(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_contact_becomes_what_it_was),
        cmocka_unit_test(who_was_only_known_by_the_bounce_is_active),
        cmocka_unit_test(what_was_never_a_bounce_changes_nothing),
        cmocka_unit_test(later_campaigns_do_not_count_it),
        cmocka_unit_test(two_jobs_lead_back_to_the_same),
        cmocka_unit_test(what_people_said_stays),
        cmocka_unit_test(a_complaint_stays),
        cmocka_unit_test(a_list_of_version_1_is_brought_up_to_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
