/* kill -9 at every single write and sync of a job's whole life; after each, the next start must
 * find a spool in which nobody is lost and nobody is final twice. */
#include "world.h"
#include "faulty_vfs.h"

static const struct row list[] = {
    {"a@a.example", "[]"}, {"b@b.example", "[]"}, {"A@a.example", "[]"}, {"c@a.example", "[]"}};
#define RECIPIENTS 3

/* Imports the job unless it is there. */
static void have_job(struct world *w)
{
    struct spool_import *i;
    struct job_row row;

    if (spool_find(w->s, "j", &row, &w->e)) {
        assert_true(row.state == JOB_ACTIVE || row.state == JOB_DONE);
        assert_int_equal(row.recipients, RECIPIENTS);
        return;
    }
    OK(begin(w, "j", &i));
    put_rows(w, i, list, sizeof list / sizeof *list);
    OK(spool_import_finish(i, 0, NULL, NULL, &row, &w->e));
}

static void deliver_domain(struct world *w, uint32_t job, uint32_t domain)
{
    struct lease l;
    struct outcome o;
    bool was_new;

    OK(lease(w, job, domain, NOW + 1000000, 10, &l));
    OK(spool_flush(w->s, &w->e));
    for (struct delivery *d = l.chain; d; d = d->next) {
        o = ended(d, d->attempt == 1 && d->rid == 4 ? STATE_DEFERRED : STATE_DELIVERED);
        OK(spool_record(w->s, &o, &was_new, &w->e));
        assert_true(was_new);
    }
    if (l.chain)
        OK(spool_lease_end(w->s, job, l.chain->lease, &w->e));
    OK(spool_flush(w->s, &w->e));
    free_chain(l.chain);
}

static bool fail_on_doubt(void *arg, const struct outcome *o)
{
    (void)arg, (void)o;
    fail_msg("a mere kill leaves nobody in doubt by leases");
    return false;
}

/* A whole life, from whatever the last one left. */
static void live(void *arg)
{
    struct world *w = arg;
    struct job_row row;
    uint64_t count;

    OK(spool_open(w->dir, &w->s, &w->e));
    have_job(w);
    OK(spool_find(w->s, "j", &row, &w->e));
    OK(spool_recover_leases(w->s, row.key, true, fail_on_doubt, NULL, &count, &w->e));
    OK(spool_flush(w->s, &w->e));
    for (int round = 0; round < 2; round++) {
        deliver_domain(w, row.key, 1);
        deliver_domain(w, row.key, 2);
    }
    OK(spool_set_state(w->s, row.key, JOB_DONE, (struct wall){NOW}, &w->e));
    spool_close(w->s);
    w->s = NULL;
}

/* True when the child was killed, false when it came through. */
static bool dies(struct world *w, long at)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        db_vfs_name = "faulty";
        faulty.dies_at = at;
        live(w);
        _exit(0);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

static void check(struct world *w)
{
    struct job_row row;

    OK(spool_open(w->dir, &w->s, &w->e));
    if (spool_find(w->s, "j", &row, &w->e)) {
        assert_int_equal(sql_number(w, "jobs/j/job.db", "SELECT count(*) FROM recipient"),
                         RECIPIENTS);
        /* everybody is in todo or has exactly one final outcome */
        assert_int_equal(
            sql_number(
                w, "jobs/j/job.db",
                "SELECT count(*) FROM recipient r WHERE"
                " (SELECT count(*) FROM todo t WHERE t.rid = r.rid) +"
                " (SELECT count(*) FROM outcome o WHERE o.rid = r.rid AND next_due = 0) = 1"),
            RECIPIENTS);
        assert_int_equal(sql_number(w, "jobs/j/job.db",
                                    "SELECT count(*) FROM pragma_integrity_check"
                                    " WHERE integrity_check <> 'ok'"),
                         0);
    }
    assert_false(there(w, "jobs/j.importing"));
    spool_close(w->s);
    w->s = NULL;
}

static void killed_at_every_write(void **state)
{
    struct world world, *w = &world;
    bool died = true;
    long at = 0;

    (void)state;
    faulty_install();
    for (; died; at++) {
        world_init(w);
        spool_close(w->s);
        w->s = NULL;
        died = dies(w, at);
        check(w);
        dies(w, at / 2); /* once more, in the middle of what comes after */
        check(w);
        live(w);
        OK(spool_open(w->dir, &w->s, &w->e));
        assert_string_equal(states(w, (uint32_t)sql_number(w, "catalog.db", "SELECT key FROM job")),
                            "DDD");
        world_done(w);
    }
    assert_true(at > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_at_every_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
