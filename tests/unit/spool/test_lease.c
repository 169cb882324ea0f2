#include "world.h"

static const struct row five[] = {
    {"a@a.example", "[1]"}, {"b@b.example", "[2]"}, {"c@a.example", "[3]"},
    {"d@a.example", "[4]"}, {"e@a.example", "[5]"},
};

static void a_lease_takes_the_first_of_a_domain(void **state)
{
    struct world world, *w = &world;
    struct lease l;
    uint32_t job;

    (void)state;
    world_init(w);
    job = import(w, "j", five, 5);
    OK(lease(w, job, 1, NOW, 2, &l));
    OK(spool_flush(w->s, &w->e));
    assert_int_equal(l.count, 2);
    assert_string_equal(l.chain->email, "a@a.example");
    assert_string_equal(l.chain->vars, "[1]");
    assert_int_equal(l.chain->vars_len, 3);
    assert_int_equal(l.chain->attempt, 1);
    assert_int_equal(l.chain->added.ms, NOW);
    assert_int_equal(l.chain->job_key, job);
    assert_int_equal(l.chain->domain_id, 1);
    assert_null(l.chain->mailing);
    assert_string_equal(l.chain->next->email, "c@a.example");
    assert_int_equal(l.next_due_ms, NOW);
    free_chain(l.chain);
    OK(lease_from(w, job, 1, l.last, NOW, 10, &l));
    assert_int_equal(l.count, 2);
    assert_string_equal(l.chain->email, "d@a.example");
    assert_int_equal(l.next_due_ms, WHEN_NEVER);
    free_chain(l.chain);
    OK(lease(w, job, 3, NOW, 10, &l)); /* no such domain */
    assert_int_equal(l.count, 0);
    assert_null(l.chain);
    world_done(w);
}

static void nothing_is_due_before_its_time(void **state)
{
    struct world world, *w = &world;
    struct lease l;
    uint32_t job;

    (void)state;
    world_init(w);
    job = import(w, "j", five, 5);
    OK(lease(w, job, 1, NOW - 1, 10, &l));
    assert_int_equal(l.count, 0);
    assert_int_equal(l.next_due_ms, NOW);
    world_done(w);
}

static void nobody_is_leased_twice_whatever_the_cursor_says(void **state)
{
    struct world world, *w = &world;
    struct lease l, again;
    uint32_t job;

    (void)state;
    world_init(w);
    job = import(w, "j", five, 5);
    OK(lease(w, job, 1, NOW, 3, &l));
    OK(spool_flush(w->s, &w->e));
    OK(lease(w, job, 1, NOW, 10, &again));
    assert_int_equal(again.count, 1);
    assert_string_equal(again.chain->email, "e@a.example");
    free_chain(again.chain);
    OK(spool_flush(w->s, &w->e));
    OK(lease(w, job, 1, NOW, 10, &again));
    assert_int_equal(again.count, 0);
    free_chain(l.chain);
    world_done(w);
}

static void a_returned_one_comes_again_behind_the_cursor(void **state)
{
    struct world world, *w = &world;
    struct lease l, again;
    uint32_t job;

    (void)state;
    world_init(w);
    job = import(w, "j", five, 5);
    OK(lease(w, job, 1, NOW, 10, &l));
    OK(spool_flush(w->s, &w->e));
    OK(spool_return(w->s, l.chain, NOW, &w->e));
    OK(spool_flush(w->s, &w->e));
    OK(lease_from(w, job, 1, l.last, NOW + 60000, 10, &again));
    assert_int_equal(again.count, 1);
    assert_int_equal(again.chain->rid, l.chain->rid);
    assert_int_equal(again.chain->attempt, 1);
    /* and once more: its due time is that of the last leased one */
    OK(spool_return(w->s, again.chain, again.chain->due_ms, &w->e));
    free_chain(again.chain);
    OK(lease_from(w, job, 1, again.last, NOW + 60000, 10, &again));
    assert_int_equal(again.count, 1);
    free_chain(again.chain);
    free_chain(l.chain);
    world_done(w);
}

static bool take_outcome(void *arg, const struct outcome *o)
{
    *(struct outcome *)arg = *o;
    return true;
}

static void an_outcome_comes_back_as_it_was(void **state)
{
    struct world world, *w = &world;
    struct lease l;
    struct outcome o, back;
    uint64_t cursor = 0;
    uint32_t job;
    bool was_new;

    (void)state;
    world_init(w);
    job = import(w, "j", five, 5);
    OK(lease(w, job, 1, NOW, 1, &l));
    o = ended(l.chain, STATE_DEFERRED);
    o.dot_unanswered = true;
    OK(spool_record(w->s, &o, &was_new, &w->e));
    OK(spool_flush(w->s, &w->e));
    OK(spool_each_outcome(w->s, job, &cursor, 10, take_outcome, &back, &w->e));
    assert_int_equal(cursor, 1);
    o.lease = 0; /* what is not kept */
    o.due_ms = 0;
    assert_int_equal(back.added.ms, o.added.ms);
    assert_string_equal(back.email, o.email);
    assert_string_equal(back.reply.text, o.reply.text);
    assert_string_equal(back.provider, o.provider);
    assert_memory_equal(&back, &o, sizeof o);
    OK(spool_each_outcome(w->s, job, &cursor, 10, take_outcome, &back, &w->e));
    assert_int_equal(cursor, 1);
    free_chain(l.chain);
    world_done(w);
}

static void recording_twice_changes_nothing(void **state)
{
    struct world world, *w = &world;
    struct lease l;
    struct outcome delivered, deferred;
    uint32_t job;
    bool was_new;

    (void)state;
    world_init(w);
    job = import(w, "j", five, 5);
    OK(lease(w, job, 1, NOW, 2, &l));
    OK(spool_flush(w->s, &w->e));
    delivered = ended(l.chain, STATE_DELIVERED);
    deferred = ended(l.chain->next, STATE_DEFERRED);
    for (int round = 0; round < 3; round++) {
        OK(spool_record(w->s, &delivered, &was_new, &w->e));
        assert_int_equal(was_new, round == 0);
        OK(spool_record(w->s, &deferred, &was_new, &w->e));
        assert_int_equal(was_new, round == 0);
        OK(spool_flush(w->s, &w->e));
        if (round == 1)
            world_reopen(w);
    }
    assert_string_equal(states(w, job), "Dwdww");
    assert_int_equal(sql_number(w, "jobs/j/job.db", "SELECT count(*) FROM outcome"), 2);
    assert_int_equal(sql_number(w, "jobs/j/job.db", "SELECT max(due) FROM todo"), NOW + 60000);
    assert_int_equal(sql_number(w, "jobs/j/job.db", "SELECT max(attempts) FROM todo"), 1);
    free_chain(l.chain);
    world_done(w);
}

static void a_lease_is_forgotten_when_it_ends(void **state)
{
    struct world world, *w = &world;
    struct lease l;
    uint32_t job;

    (void)state;
    world_init(w);
    job = import(w, "j", five, 5);
    OK(lease(w, job, 1, NOW, 2, &l));
    OK(spool_flush(w->s, &w->e));
    assert_int_equal(sql_number(w, "jobs/j/job.db", "SELECT count(*) FROM lease"), 1);
    OK(spool_lease_end(w->s, job, l.chain->lease, &w->e));
    OK(spool_flush(w->s, &w->e));
    assert_int_equal(sql_number(w, "jobs/j/job.db", "SELECT count(*) FROM lease"), 0);
    free_chain(l.chain);
    world_done(w);
}

static void what_was_not_flushed_is_not_there(void **state)
{
    struct world world, *w = &world;
    struct lease l;
    struct outcome o;
    uint32_t job;
    bool was_new;

    (void)state;
    world_init(w);
    job = import(w, "j", five, 5);
    OK(lease(w, job, 1, NOW, 2, &l));
    OK(spool_flush(w->s, &w->e));
    o = ended(l.chain, STATE_DELIVERED);
    OK(spool_record(w->s, &o, &was_new, &w->e));
    assert_string_equal(states(w, job), "wwwww");
    world_reopen(w);
    assert_string_equal(states(w, job), "wwwww");
    free_chain(l.chain);
    world_done(w);
}

/* ---- crashes ---- */

static void flush_some_and_die(void *arg)
{
    struct world *w = arg;
    struct lease l;
    struct outcome o;
    bool was_new;

    OK(spool_open(w->dir, &w->s, &w->e));
    OK(lease(w, 1, 1, NOW, 3, &l));
    OK(spool_flush(w->s, &w->e));
    o = ended(l.chain, STATE_DELIVERED);
    OK(spool_record(w->s, &o, &was_new, &w->e));
    OK(spool_flush(w->s, &w->e));
    o = ended(l.chain->next, STATE_DELIVERED);
    OK(spool_record(w->s, &o, &was_new, &w->e)); /* in the middle of a transaction */
}

struct doubtful {
    struct world *w;
    char text[256];
    struct outcome o[8];
    size_t n;
};

static bool note_doubtful(void *arg, const struct outcome *o)
{
    struct doubtful *d = arg;
    size_t n = strlen(d->text);

    assert_int_equal(o->phase, PHASE_DOT);
    assert_true(o->dot_unanswered);
    assert_int_equal(o->slot, NO_SLOT);
    d->o[d->n++] = *o;
    snprintf(d->text + n, sizeof d->text - n, "%s %u;", o->email, o->attempt);
    return true;
}

static void killed_world(struct world *w)
{
    world_init(w);
    assert_int_equal(import(w, "j", five, 5), 1);
    spool_close(w->s);
    w->s = NULL;
    killed(flush_some_and_die, w);
    world_reopen(w);
    assert_string_equal(states(w, 1), "Dwwww");
}

static void after_a_kill_leases_are_only_forgotten(void **state)
{
    struct world world, *w = &world;
    struct doubtful d = {.w = w};
    struct lease l;
    uint64_t count;

    (void)state;
    killed_world(w);
    OK(spool_recover_leases(w->s, 1, true, note_doubtful, &d, &count, &w->e));
    OK(spool_flush(w->s, &w->e));
    assert_int_equal(count, 0);
    assert_int_equal(sql_number(w, "jobs/j/job.db", "SELECT count(*) FROM lease"), 0);
    OK(lease(w, 1, 1, NOW, 10, &l));
    assert_int_equal(l.count, 3);
    free_chain(l.chain);
    world_done(w);
}

static void after_a_power_cut_the_leased_are_in_doubt(void **state)
{
    struct world world, *w = &world;
    struct doubtful d = {.w = w};
    uint64_t count;
    bool was_new;

    (void)state;
    killed_world(w);
    OK(spool_recover_leases(w->s, 1, false, note_doubtful, &d, &count, &w->e));
    assert_int_equal(count, 2);
    assert_string_equal(d.text, "c@a.example 1;d@a.example 1;");
    for (size_t i = 0; i < d.n; i++) {
        d.o[i].state = STATE_IN_DOUBT;
        d.o[i].category = CAT_IN_DOUBT;
        OK(spool_record(w->s, &d.o[i], &was_new, &w->e));
        assert_true(was_new);
    }
    OK(spool_flush(w->s, &w->e));
    assert_string_equal(states(w, 1), "Dwiiw");
    assert_int_equal(sql_number(w, "jobs/j/job.db", "SELECT count(*) FROM lease"), 0);
    world_done(w);
}

/* The first start after the power cut was killed before it had settled: the second looks like a
 * mere restart, but the leases know better. */
static void a_lease_knows_its_boot(void **state)
{
    struct world world, *w = &world;
    struct doubtful d = {.w = w};
    uint64_t count;

    (void)state;
    killed_world(w);
    sql(w, "jobs/j/job.db", "UPDATE lease SET boot = 'an earlier one'");
    OK(spool_recover_leases(w->s, 1, true, note_doubtful, &d, &count, &w->e));
    assert_int_equal(count, 2);
    world_done(w);
}

static void overlapping_leases_count_once(void **state)
{
    struct world world, *w = &world;
    struct doubtful d = {.w = w};
    uint64_t count;

    (void)state;
    killed_world(w);
    sql(w, "jobs/j/job.db",
        "INSERT INTO lease SELECT id + 1, domain, from_due, from_rid, to_due, 9, boot FROM lease");
    OK(spool_recover_leases(w->s, 1, false, note_doubtful, &d, &count, &w->e));
    assert_int_equal(count, 3);
    assert_string_equal(d.text, "c@a.example 1;d@a.example 1;e@a.example 1;");
    world_done(w);
}

/* ---- cancelling and reading ---- */

static void cancelling_spares_what_is_leased(void **state)
{
    struct world world, *w = &world;
    struct lease l;
    struct outcome o;
    uint64_t count;
    uint32_t job;
    bool was_new;

    (void)state;
    world_init(w);
    job = import(w, "j", five, 5);
    OK(lease(w, job, 1, NOW, 1, &l));
    OK(spool_flush(w->s, &w->e));
    OK(spool_cancel(w->s, job, (struct wall){NOW + 1}, &count, &w->e));
    assert_int_equal(count, 4);
    OK(spool_flush(w->s, &w->e));
    assert_string_equal(states(w, job), "wcccc");
    o = ended(l.chain, STATE_DELIVERED);
    OK(spool_record(w->s, &o, &was_new, &w->e));
    OK(spool_cancel(w->s, job, (struct wall){NOW + 1}, &count, &w->e));
    assert_int_equal(count, 0);
    OK(spool_flush(w->s, &w->e));
    assert_string_equal(states(w, job), "Dcccc");
    free_chain(l.chain);
    world_done(w);
}

static void a_large_job_is_cancelled_in_steps(void **state)
{
    struct world world, *w = &world;
    uint64_t count, steps = 0, all = 0;
    uint32_t job;

    (void)state;
    world_init(w);
    job = import_many(w, "large", 45000);
    do {
        OK(spool_cancel(w->s, job, (struct wall){NOW + 1}, &count, &w->e));
        OK(spool_flush(w->s, &w->e));
        all += count;
        steps++;
    } while (count > 0);
    assert_int_equal(all, 45000);
    assert_int_equal(steps, 4);
    world_done(w);
}

struct attempts {
    char text[256];
};

static bool note_attempt(void *arg, const struct result_row *r)
{
    struct attempts *a = arg;
    size_t n = strlen(a->text);

    snprintf(a->text + n, sizeof a->text - n, "%s %s %u %s %s %s %s;", r->email,
             state_name(r->state), r->attempts, category_name(r->category), r->provider, r->mx_host,
             r->rule);
    return true;
}

static void all_attempts_of_one_address(void **state)
{
    struct world world, *w = &world;
    struct attempts a = {""};
    struct lease l;
    struct outcome o;
    uint64_t rid;
    uint32_t job;
    char *vars;
    bool was_new;

    (void)state;
    world_init(w);
    job = import(w, "j", five, 5);
    OK(lease(w, job, 1, NOW, 1, &l));
    o = ended(l.chain, STATE_DEFERRED);
    OK(spool_record(w->s, &o, &was_new, &w->e));
    free_chain(l.chain);
    OK(lease_from(w, job, 1, (struct todo_key){NOW + 59999, 0}, NOW + 60000, 1, &l));
    assert_int_equal(l.chain->attempt, 2);
    o = ended(l.chain, STATE_EXPIRED);
    o.phase = PHASE_POLICY;
    OK(spool_record(w->s, &o, &was_new, &w->e));
    free_chain(l.chain);
    OK(spool_flush(w->s, &w->e));
    OK(spool_each_attempt(w->s, job, "A@a.example", note_attempt, &a, &w->e));
    assert_string_equal(a.text, "a@a.example deferred 1 mailbox-full a mx.a.example full;"
                                "a@a.example expired 1 mailbox-full a mx.a.example full;");
    OK(spool_find_recipient(w->s, job, "D@A.example", &rid, &vars, &w->e));
    assert_int_equal(rid, 4);
    assert_string_equal(vars, "[4]");
    free(vars);
    assert_false(spool_find_recipient(w->s, job, "x@a.example", &rid, &vars, &w->e));
    assert_non_null(strstr(w->e.text, "not a recipient"));
    world_done(w);
}

static void more_jobs_than_are_kept_open(void **state)
{
    enum { JOBS = 70 };
    struct world world, *w = &world;
    struct lease l[JOBS];
    struct outcome o;
    uint32_t job[JOBS];
    char id[16];
    bool was_new;

    (void)state;
    world_init(w);
    for (unsigned i = 0; i < JOBS; i++) {
        snprintf(id, sizeof id, "job-%u", i);
        job[i] = import(w, id, five, 5);
    }
    for (unsigned i = 0; i < JOBS; i++) {
        OK(lease(w, job[i], 1, NOW, 1, &l[i]));
        OK(spool_flush(w->s, &w->e));
    }
    for (unsigned i = 0; i < JOBS; i++) { /* closed meanwhile, but not forgotten */
        struct lease again;

        OK(lease(w, job[i], 1, NOW, 1, &again));
        assert_string_equal(again.chain->email, "c@a.example");
        free_chain(again.chain);
        o = ended(l[i].chain, STATE_DELIVERED);
        OK(spool_record(w->s, &o, &was_new, &w->e));
        assert_true(was_new);
    }
    OK(spool_flush(w->s, &w->e));
    assert_string_equal(states(w, job[0]), "Dwwww");
    for (unsigned i = 0; i < JOBS; i++)
        free_chain(l[i].chain);
    world_done(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lease_takes_the_first_of_a_domain),
        cmocka_unit_test(nothing_is_due_before_its_time),
        cmocka_unit_test(nobody_is_leased_twice_whatever_the_cursor_says),
        cmocka_unit_test(a_returned_one_comes_again_behind_the_cursor),
        cmocka_unit_test(an_outcome_comes_back_as_it_was),
        cmocka_unit_test(recording_twice_changes_nothing),
        cmocka_unit_test(a_lease_is_forgotten_when_it_ends),
        cmocka_unit_test(what_was_not_flushed_is_not_there),
        cmocka_unit_test(after_a_kill_leases_are_only_forgotten),
        cmocka_unit_test(after_a_power_cut_the_leased_are_in_doubt),
        cmocka_unit_test(a_lease_knows_its_boot),
        cmocka_unit_test(overlapping_leases_count_once),
        cmocka_unit_test(cancelling_spares_what_is_leased),
        cmocka_unit_test(a_large_job_is_cancelled_in_steps),
        cmocka_unit_test(all_attempts_of_one_address),
        cmocka_unit_test(more_jobs_than_are_kept_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
