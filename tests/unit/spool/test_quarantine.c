#include "world.h"
#include "faulty_vfs.h"

#define SINCE (NOW + 4000)
#define EXPIRES 86400000

static const struct row five[] = {{"a@a.example", "[]"},
                                  {"b@b.example", "[]"},
                                  {"c@a.example", "[]"},
                                  {"d@a.example", "[]"},
                                  {"e@a.example", "[]"}};

static void record(struct world *w, const struct outcome *o)
{
    bool was_new;

    OK(spool_record(w->s, o, &was_new, &w->e));
    assert_true(was_new);
}

/* Leases everybody of a domain and ends them all the same way. */
static void end_all(struct world *w, uint32_t job, uint32_t domain, enum state state)
{
    struct lease l;

    OK(lease(w, job, domain, NOW + 2 * EXPIRES, 50000, &l));
    for (struct delivery *d = l.chain; d; d = d->next) {
        struct outcome o = ended(d, state);
        o.phase = PHASE_RCPT;
        o.reply.code = 550;
        o.category = CAT_USER_UNKNOWN;
        o.next_due_ms = NOW + EXPIRES;
        record(w, &o);
    }
    free_chain(l.chain);
    OK(spool_flush(w->s, &w->e));
}

static uint64_t take_back(struct world *w, uint32_t job, int64_t since)
{
    uint64_t count;

    OK(spool_quarantine(w->s, job, "a", (struct wall){since}, EXPIRES, (struct wall){NOW + 9000},
                        &count, &w->e));
    OK(spool_flush(w->s, &w->e));
    return count;
}

static uint64_t settle(struct world *w, uint32_t job, const char *provider, bool confirm)
{
    uint64_t count;

    OK(spool_quarantine_settle(w->s, job, provider, confirm, (struct wall){NOW + 10000}, &count,
                               &w->e));
    OK(spool_flush(w->s, &w->e));
    return count;
}

struct said {
    char text[256];
};

static bool say_quarantine(void *arg, const char *provider, uint64_t count)
{
    struct said *s = arg;
    size_t n = strlen(s->text);

    snprintf(s->text + n, sizeof s->text - n, "%s %d;", provider, (int)count);
    return true;
}

static const char *quarantine(struct world *w, uint32_t job)
{
    static struct said s;

    s.text[0] = '\0';
    OK(spool_each_quarantine(w->s, job, say_quarantine, &s, &w->e));
    return s.text;
}

static bool say_moved(void *arg, uint32_t id, const char *domain, uint64_t waiting, int64_t due_ms)
{
    struct said *s = arg;
    size_t n = strlen(s->text);

    snprintf(s->text + n, sizeof s->text - n, "%u %s %d %lld;", id, domain, (int)waiting,
             due_ms == WHEN_NEVER ? -1LL : (long long)due_ms - NOW);
    return true;
}

static const char *moved(struct world *w, uint32_t job)
{
    static struct said s;

    s.text[0] = '\0';
    OK(spool_each_moved(w->s, job, say_moved, &s, &w->e));
    return s.text;
}

static int64_t todo(struct world *w)
{
    return sql_number(w, "jobs/j/job.db", "SELECT count(*) FROM todo");
}

/* ---- outcomes that are quarantined at once ---- */

static bool note_result(void *arg, const struct result_row *r)
{
    struct said *s = arg;
    size_t n = strlen(s->text);

    snprintf(s->text + n, sizeof s->text - n, "%s %d %u %lld;", state_name(r->state), r->code,
             r->attempts, (long long)r->due.ms);
    return true;
}

static void a_quarantined_one_waits_for_the_operator(void **state)
{
    struct world world, *w = &world;
    struct said s = {""};
    struct lease l;
    uint32_t job;

    (void)state;
    world_init(w);
    job = import(w, "j", five, 5);
    end_all(w, job, 1, STATE_QUARANTINED);
    assert_string_equal(states(w, job), "qwqqq");
    assert_string_equal(quarantine(w, job), "a 4;");
    assert_int_equal(todo(w), 5);
    OK(lease(w, job, 1, NOW + EXPIRES - 1, 10, &l));
    assert_int_equal(l.count, 0);
    assert_int_equal(l.next_due_ms, NOW + EXPIRES);
    OK(spool_each_attempt(w->s, job, "a@a.example", note_result, &s, &w->e));
    assert_string_equal(s.text, "quarantined 550 1 0;");
    assert_int_equal(settle(w, job, "other", false), 0);
    world_reopen(w);
    assert_int_equal(settle(w, job, "a", false), 4);
    assert_int_equal(settle(w, job, "a", false), 0);
    assert_string_equal(states(w, job), "dwddd");
    assert_string_equal(quarantine(w, job), "");
    OK(lease(w, job, 1, NOW + 10000, 10, &l));
    assert_int_equal(l.count, 4);
    assert_int_equal(l.chain->attempt, 2);
    free_chain(l.chain);
    world_done(w);
}

static void what_is_confirmed_is_bounced(void **state)
{
    struct world world, *w = &world;
    struct said s = {""};
    uint32_t job;

    (void)state;
    world_init(w);
    job = import(w, "j", five, 5);
    end_all(w, job, 1, STATE_QUARANTINED);
    world_reopen(w);
    assert_int_equal(settle(w, job, NULL, true), 4);
    assert_int_equal(settle(w, job, NULL, true), 0);
    assert_string_equal(states(w, job), "bwbbb");
    assert_int_equal(todo(w), 1);
    OK(spool_each_attempt(w->s, job, "a@a.example", note_result, &s, &w->e));
    assert_string_equal(s.text, "quarantined 550 1 0;bounced 550 1 0;");
    /* the operator's word stands */
    assert_int_equal(take_back(w, job, SINCE), 0);
    assert_string_equal(states(w, job), "bwbbb");
    world_done(w);
}

static void nobody_stays_in_it_who_is_settled_otherwise(void **state)
{
    struct world world, *w = &world;
    struct lease l;
    struct outcome o;
    uint64_t count;
    uint32_t job;

    (void)state;
    world_init(w);
    job = import(w, "j", five, 5);
    end_all(w, job, 1, STATE_QUARANTINED);
    /* one expires, one comes back from its lease and lies elsewhere, one is out */
    OK(lease(w, job, 1, NOW + EXPIRES, 3, &l));
    OK(spool_flush(w->s, &w->e));
    o = ended(l.chain, STATE_EXPIRED);
    record(w, &o);
    OK(spool_return(w->s, l.chain->next, NOW + EXPIRES + 500, &w->e));
    OK(spool_flush(w->s, &w->e));
    assert_string_equal(quarantine(w, job), "a 3;");
    assert_int_equal(settle(w, job, "a", false), 2);
    assert_string_equal(quarantine(w, job), "a 1;");
    assert_string_equal(states(w, job), "ewdqd");
    OK(spool_return(w->s, l.chain->next->next, NOW, &w->e));
    OK(spool_cancel(w->s, job, (struct wall){NOW}, &count, &w->e));
    OK(spool_flush(w->s, &w->e));
    assert_int_equal(count, 4);
    assert_string_equal(quarantine(w, job), "");
    assert_string_equal(states(w, job), "ecccc");
    free_chain(l.chain);
    world_done(w);
}

/* ---- bounces that are taken back ---- */

static void which_bounces_are_taken_back(void **state)
{
    static const struct {
        const char *what, *provider;
        enum state state;
        enum phase phase;
        int code;
        int64_t at;
        const char *after;
    } rows[] = {
        {"a bounce", "a", STATE_BOUNCED, PHASE_RCPT, 550, SINCE, "q"},
        {"of before", "a", STATE_BOUNCED, PHASE_RCPT, 550, SINCE - 1, "b"},
        {"of long before", "a", STATE_BOUNCED, PHASE_RCPT, 550, SINCE - 100000, "b"},
        {"of another provider", "b", STATE_BOUNCED, PHASE_RCPT, 550, SINCE, "b"},
        {"our own", "a", STATE_BOUNCED, PHASE_POLICY, 0, SINCE, "b"},
        {"without a reply", "a", STATE_BOUNCED, PHASE_RESOLVE, 0, SINCE, "b"},
        {"delivered", "a", STATE_DELIVERED, PHASE_DOT, 250, SINCE, "D"},
        {"deferred", "a", STATE_DEFERRED, PHASE_RCPT, 450, SINCE, "d"},
        {"quarantined already", "a", STATE_QUARANTINED, PHASE_RCPT, 550, SINCE, "q"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world world, *w = &world;
        bool is_taken = rows[i].state == STATE_BOUNCED && rows[i].after[0] == 'q';
        struct outcome o;
        struct lease l;
        uint32_t job;

        world_init(w);
        job = import(w, "j", five, 1);
        OK(lease(w, job, 1, NOW, 1, &l));
        o = ended(l.chain, rows[i].state);
        o.phase = rows[i].phase;
        o.reply.code = rows[i].code;
        o.at.ms = rows[i].at;
        o.next_due_ms = NOW + EXPIRES;
        strcpy(o.provider, rows[i].provider);
        record(w, &o);
        OK(spool_flush(w->s, &w->e));
        if (take_back(w, job, SINCE) != is_taken || strcmp(states(w, job), rows[i].after) != 0)
            fail_msg("%s: %s", rows[i].what, states(w, job));
        free_chain(l.chain);
        world_done(w);
    }
}

static void taking_back_is_done_once(void **state)
{
    struct world world, *w = &world;
    struct said s = {""};
    struct lease l;
    uint32_t job;

    (void)state;
    world_init(w);
    job = import(w, "j", five, 5);
    end_all(w, job, 1, STATE_BOUNCED);
    end_all(w, job, 2, STATE_DELIVERED);
    assert_string_equal(states(w, job), "bDbbb");
    assert_int_equal(take_back(w, job, SINCE), 4);
    assert_int_equal(take_back(w, job, SINCE), 0);
    world_reopen(w);
    assert_int_equal(take_back(w, job, SINCE), 0);
    assert_int_equal(take_back(w, job, 0), 0);
    assert_string_equal(states(w, job), "qDqqq");
    assert_string_equal(quarantine(w, job), "a 4;");
    OK(spool_each_attempt(w->s, job, "a@a.example", note_result, &s, &w->e));
    assert_string_equal(s.text, "bounced 550 1 0;quarantined 550 1 0;");
    /* due when they expire, by the job's own rule */
    OK(lease(w, job, 1, NOW, 10, &l));
    assert_int_equal(l.count, 0);
    assert_int_equal(l.next_due_ms, NOW + EXPIRES);
    /* released, refused again, and by then no outage: a bounce like any; in the next outage not */
    assert_int_equal(settle(w, job, "a", false), 4);
    end_all(w, job, 1, STATE_BOUNCED);
    assert_string_equal(states(w, job), "bDbbb");
    assert_int_equal(take_back(w, job, SINCE), 4);
    assert_string_equal(states(w, job), "qDqqq");
    assert_int_equal(settle(w, job, "a", true), 4);
    assert_string_equal(states(w, job), "bDbbb");
    world_done(w);
}

static void the_planner_can_be_told(void **state)
{
    struct world world, *w = &world;
    const char *s;
    uint32_t job;

    (void)state;
    world_init(w);
    job = import(w, "j", five, 5);
    end_all(w, job, 1, STATE_BOUNCED);
    end_all(w, job, 2, STATE_BOUNCED);
    assert_string_equal(moved(w, job), "");
    take_back(w, job, SINCE);
    s = moved(w, job);
    assert_int_equal(strlen(s), strlen("1 a.example 4 86400000;2 b.example 1 86400000;"));
    assert_non_null(strstr(s, "1 a.example 4 86400000;"));
    assert_non_null(strstr(s, "2 b.example 1 86400000;"));
    assert_string_equal(moved(w, job), "");
    settle(w, job, "a", false);
    s = moved(w, job);
    assert_non_null(strstr(s, "1 a.example 4 10000;"));
    assert_non_null(strstr(s, "2 b.example 1 10000;"));
    end_all(w, job, 1, STATE_QUARANTINED);
    settle(w, job, "a", true);
    assert_string_equal(moved(w, job), "1 a.example 0 -1;");
    world_done(w);
}

static void what_was_not_flushed_did_not_happen(void **state)
{
    struct world world, *w = &world;
    uint64_t count;
    uint32_t job;

    (void)state;
    world_init(w);
    job = import(w, "j", five, 5);
    end_all(w, job, 1, STATE_BOUNCED);
    OK(spool_quarantine(w->s, job, "a", (struct wall){SINCE}, EXPIRES, (struct wall){NOW}, &count,
                        &w->e));
    assert_int_equal(count, 4);
    world_reopen(w);
    assert_string_equal(states(w, job), "bwbbb");
    assert_int_equal(take_back(w, job, SINCE), 4);
    OK(spool_quarantine_settle(w->s, job, "a", true, (struct wall){NOW}, &count, &w->e));
    world_reopen(w);
    assert_string_equal(states(w, job), "qwqqq");
    world_done(w);
}

/* More than one step takes, in both directions, with a restart on the way. */
static void many_go_step_by_step(void **state)
{
    enum { MANY = 20500 };
    struct world world, *w = &world;
    uint32_t job;

    (void)state;
    world_init(w);
    job = import_many(w, "j", MANY);
    end_all(w, job, 1, STATE_BOUNCED);
    assert_int_equal(take_back(w, job, SINCE), 20000);
    world_reopen(w);
    assert_int_equal(take_back(w, job, SINCE), MANY - 20000);
    assert_int_equal(take_back(w, job, SINCE), 0);
    assert_int_equal(todo(w), MANY);
    assert_int_equal(settle(w, job, "a", true), 20000);
    world_reopen(w);
    assert_int_equal(settle(w, job, "a", true), MANY - 20000);
    assert_int_equal(settle(w, job, "a", true), 0);
    assert_int_equal(todo(w), 0);
    world_done(w);
}

/* ---- faults ---- */

static bool work(struct world *w, uint32_t job)
{
    uint64_t count;

    return spool_quarantine(w->s, job, "a", (struct wall){SINCE}, EXPIRES, (struct wall){NOW},
                            &count, &w->e) &&
           spool_flush(w->s, &w->e) &&
           spool_quarantine_settle(w->s, job, "a", false, (struct wall){NOW}, &count, &w->e) &&
           spool_flush(w->s, &w->e);
}

static void a_full_disk_at_any_write_leaves_no_half_work(void **state)
{
    bool never_failed = false;

    (void)state;
    faulty_install();
    for (long writes = 0; !never_failed; writes++) {
        struct world world, *w = &world;
        uint32_t job;
        const char *s;

        world_init(w);
        job = import(w, "j", five, 5);
        end_all(w, job, 1, STATE_BOUNCED);
        db_vfs_name = "faulty";
        world_reopen(w);
        states(w, job); /* opens everything */
        w->e = (struct err){0};
        faulty.writes_left = writes;
        never_failed = work(w, job);
        faulty_heal();
        s = states(w, job);
        assert_true(strcmp(s, "bwbbb") == 0 || strcmp(s, "qwqqq") == 0 ||
                    (never_failed && strcmp(s, "dwddd") == 0));
        OK(work(w, job));
        assert_string_equal(states(w, job), "dwddd");
        assert_int_equal(todo(w), 5);
        world_done(w);
        db_vfs_name = NULL;
        assert_true(writes < 200);
    }
}

/* ---- older files ---- */

static void a_job_of_version_1_is_brought_up_to_date(void **state)
{
    struct world world, *w = &world;
    uint32_t job;

    (void)state;
    world_init(w);
    job = import(w, "j", five, 5);
    end_all(w, job, 1, STATE_BOUNCED);
    spool_close(w->s);
    sql(w, "jobs/j/job.db",
        "DROP VIEW attempt; CREATE VIEW attempt AS SELECT seq FROM outcome;"
        "DROP TABLE quarantine; ALTER TABLE outcome DROP COLUMN source;"
        "DELETE FROM word WHERE text = 'quarantined'; PRAGMA user_version=1;");
    sql(w, "catalog.db", "DROP TABLE note; PRAGMA user_version=1;");
    OK(spool_open(w->dir, &w->s, &w->e));
    assert_string_equal(states(w, job), "bwbbb");
    assert_int_equal(take_back(w, job, SINCE), 4);
    assert_string_equal(states(w, job), "qwqqq");
    assert_int_equal(sql_number(w, "jobs/j/job.db",
                                "SELECT count(*) FROM attempt WHERE state = 'quarantined'"
                                " AND source IS NULL"),
                     4);
    world_done(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quarantined_one_waits_for_the_operator),
        cmocka_unit_test(what_is_confirmed_is_bounced),
        cmocka_unit_test(nobody_stays_in_it_who_is_settled_otherwise),
        cmocka_unit_test(which_bounces_are_taken_back),
        cmocka_unit_test(taking_back_is_done_once),
        cmocka_unit_test(the_planner_can_be_told),
        cmocka_unit_test(what_was_not_flushed_did_not_happen),
        cmocka_unit_test(many_go_step_by_step),
        cmocka_unit_test(a_full_disk_at_any_write_leaves_no_half_work),
        cmocka_unit_test(a_job_of_version_1_is_brought_up_to_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
