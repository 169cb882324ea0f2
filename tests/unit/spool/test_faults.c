#include <fcntl.h>
#include "world.h"
#include "faulty_vfs.h"

static const struct row three[] = {
    {"a@a.example", "[]"}, {"b@a.example", "[]"}, {"c@a.example", "[]"}};

/* ---- the disk is full ---- */

/* One round of work: lease, record, return, flush. False at the first failure. */
static bool work(struct world *w, uint32_t job)
{
    struct lease l;
    struct outcome o;
    bool was_new, ok;

    if (!lease(w, job, 1, NOW, 3, &l))
        return false;
    if (!spool_flush(w->s, &w->e)) {
        free_chain(l.chain);
        return false;
    }
    assert_int_equal(l.count, 3);
    o = ended(l.chain, STATE_DELIVERED);
    ok = spool_record(w->s, &o, &was_new, &w->e);
    o = ended(l.chain->next, STATE_DEFERRED);
    ok = ok && spool_record(w->s, &o, &was_new, &w->e) &&
         spool_return(w->s, l.chain->next->next, NOW, &w->e) &&
         spool_lease_end(w->s, job, l.chain->lease, &w->e) && spool_flush(w->s, &w->e);
    if (!ok &&
        l.chain->attempt == 1) { /* the caller still owns it: once more, when there is room */
        faulty_heal();
        o = ended(l.chain, STATE_DELIVERED);
        OK(spool_record(w->s, &o, &was_new, &w->e));
        assert_true(was_new);
        o = ended(l.chain->next, STATE_DEFERRED);
        OK(spool_record(w->s, &o, &was_new, &w->e));
        assert_true(was_new);
        OK(spool_return(w->s, l.chain->next->next, NOW, &w->e));
        OK(spool_lease_end(w->s, job, l.chain->lease, &w->e));
        OK(spool_flush(w->s, &w->e));
        ok = true;
    }
    free_chain(l.chain);
    return ok;
}

static void a_full_disk_at_any_write_leaves_no_half_work(void **state)
{
    struct world world, *w = &world;
    bool never_failed = false;
    unsigned failures = 0;

    (void)state;
    faulty_install();
    for (long writes = 0; !never_failed; writes++) {
        uint32_t job;

        world_init(w);
        db_vfs_name = "faulty";
        job = import(w, "j", three, 3);
        assert_string_equal(states(w, job), "www"); /* opens everything */
        w->e = (struct err){0};
        faulty.writes_left = writes;
        if (!work(w, job)) {
            failures++;
            assert_int_equal(w->e.code, ENOSPC);
            assert_non_null(strstr(w->e.text, "no space left"));
            assert_int_equal(spool_failed_job(w->s), job);
            faulty_heal();
            assert_string_equal(states(w, job), "www"); /* the lease never reached anybody */
            OK(work(w, job));
        } else {
            never_failed = w->e.text[0] == '\0';
        }
        faulty_heal();
        assert_string_equal(states(w, job), "Ddw");
        world_done(w);
        db_vfs_name = NULL;
        assert_true(writes < 200);
    }
    assert_true(failures > 0);
}

static void a_sync_that_fails_is_no_commit(void **state)
{
    struct world world, *w = &world;
    struct lease l;
    uint32_t job;

    (void)state;
    faulty_install();
    world_init(w);
    db_vfs_name = "faulty";
    job = import(w, "j", three, 3);
    assert_string_equal(states(w, job), "www");
    OK(lease(w, job, 1, NOW, 3, &l));
    faulty.syncs_fail = true;
    assert_false(spool_flush(w->s, &w->e));
    assert_int_not_equal(w->e.code, 0);
    free_chain(l.chain);
    faulty_heal();
    OK(work(w, job));
    assert_string_equal(states(w, job), "Ddw");
    world_done(w);
    db_vfs_name = NULL;
}

/* Two jobs in one flush, and only one of them finds room. */
static void a_flush_that_half_succeeds_is_repeated(void **state)
{
    struct world world, *w = &world;
    bool seen_half = false;

    (void)state;
    faulty_install();
    for (long writes = 0; writes < 60 && !seen_half; writes++) {
        struct lease la, lb;
        uint32_t a, b;

        world_init(w);
        db_vfs_name = "faulty";
        a = import(w, "a", three, 3);
        b = import(w, "b", three, 3);
        states(w, a);
        states(w, b);
        OK(lease(w, a, 1, NOW, 3, &la));
        OK(lease(w, b, 1, NOW, 3, &lb));
        faulty.writes_left = writes;
        if (spool_flush(w->s, &w->e)) {
            faulty_heal();
            free_chain(la.chain);
            free_chain(lb.chain);
            world_done(w);
            db_vfs_name = NULL;
            break;
        }
        faulty_heal();
        seen_half = sql_number(w, "jobs/a/job.db", "SELECT count(*) FROM lease") +
                        sql_number(w, "jobs/b/job.db", "SELECT count(*) FROM lease") ==
                    1;
        free_chain(la.chain);
        free_chain(lb.chain);
        OK(work(w, a)); /* nobody holds them: they are handed out again */
        OK(work(w, b));
        assert_string_equal(states(w, a), "Ddw");
        assert_string_equal(states(w, b), "Ddw");
        assert_int_equal(sql_number(w, "jobs/a/job.db", "SELECT count(*) FROM lease"), 0);
        assert_int_equal(sql_number(w, "jobs/b/job.db", "SELECT count(*) FROM lease"), 0);
        world_done(w);
        db_vfs_name = NULL;
    }
    assert_true(seen_half);
}

static bool import_three(struct world *w, struct job_row *row)
{
    struct spool_import *i;

    if (!begin(w, "j", &i))
        return false;
    for (unsigned n = 0; n < 3; n++)
        if (!spool_import_row(i, three[n].email, "[]", 2, n + 2, &w->e)) {
            spool_import_abort(i);
            return false;
        }
    return spool_import_finish(i, 0, NULL, NULL, row, &w->e);
}

static void an_import_into_a_full_disk_leaves_nothing(void **state)
{
    struct world world, *w = &world;
    struct job_row row;
    unsigned failures = 0;
    bool ok = false;

    (void)state;
    faulty_install();
    for (long writes = 0; !ok; writes++) {
        db_vfs_name = "faulty";
        world_init(w);
        faulty.writes_left = writes;
        ok = import_three(w, &row);
        faulty_heal();
        if (!ok) {
            failures++;
            assert_int_equal(w->e.code, ENOSPC);
            assert_false(there(w, "jobs/j.importing"));
            assert_false(there(w, "jobs/j"));
            if (writes % 4 == 0)
                world_reopen(w);
            OK(import_three(w, &row)); /* the id is free */
        }
        assert_string_equal(states(w, row.key), "www");
        world_done(w);
        db_vfs_name = NULL;
        assert_true(writes < 300);
    }
    assert_true(failures > 3);
}

static void an_append_into_a_full_disk_adds_nothing(void **state)
{
    struct world world, *w = &world;
    struct spool_row row = {.email = "n@a.example", .vars = "{}", .vars_len = 2, .line = 1};
    uint32_t job;
    bool is_new;

    (void)state;
    faulty_install();
    world_init(w);
    db_vfs_name = "faulty";
    job = import(w, "j", three, 3);
    states(w, job);
    faulty.writes_left = 0;
    assert_false(spool_append(w->s, job, "x", &row, 1, (struct wall){NOW}, &is_new, &w->e));
    assert_int_equal(w->e.code, ENOSPC);
    assert_false(is_new);
    faulty_heal();
    assert_string_equal(states(w, job), "www");
    OK(spool_append(w->s, job, "x", &row, 1, (struct wall){NOW}, &is_new, &w->e));
    assert_true(is_new);
    world_done(w);
    db_vfs_name = NULL;
}

/* ---- damage ---- */

static void overwrite(struct world *w, const char *file, off_t from, size_t n)
{
    char *path = mem_printf("%s/%s", w->dir, file);
    char junk[4096];
    int fd = open(path, O_RDWR);

    memset(junk, 0xa5, sizeof junk);
    assert_true(fd >= 0 && n <= sizeof junk);
    assert_int_equal(pwrite(fd, junk, n, from), n);
    close(fd);
    free(path);
}

static void a_damaged_database_is_named(void **state)
{
    static const struct {
        off_t from;
        size_t n;
    } wounds[] = {{0, 100}, {4096, 4096}};
    struct world world, *w = &world;
    struct lease l;

    (void)state;
    for (size_t i = 0; i < sizeof wounds / sizeof *wounds; i++) {
        uint32_t a, b;

        world_init(w);
        a = import(w, "a", three, 3);
        b = import(w, "b", three, 3);
        overwrite(w, "jobs/a/job.db", wounds[i].from, wounds[i].n);
        assert_false(lease(w, a, 1, NOW, 3, &l));
        assert_int_equal(w->e.code, EUCLEAN);
        assert_int_equal(spool_failed_job(w->s), a);
        assert_non_null(strstr(w->e.text, "jobs/a/job.db is damaged"));
        assert_non_null(strstr(w->e.text, ".recover"));
        OK(lease(w, b, 1, NOW, 3, &l)); /* the others go on */
        assert_int_equal(l.count, 3);
        OK(spool_flush(w->s, &w->e));
        free_chain(l.chain);
        world_done(w);
    }
}

static void a_missing_database_is_named(void **state)
{
    struct world world, *w = &world;
    struct lease l;
    char *path;
    uint32_t a;

    (void)state;
    world_init(w);
    a = import(w, "a", three, 3);
    path = mem_printf("%s/jobs/a/job.db", w->dir);
    assert_int_equal(unlink(path), 0);
    assert_false(lease(w, a, 1, NOW, 3, &l));
    assert_int_equal(w->e.code, ENOENT);
    assert_non_null(strstr(w->e.text, path));
    free(path);
    world_done(w);
}

static void a_damaged_catalog_is_named(void **state)
{
    struct world world, *w = &world;

    (void)state;
    world_init(w);
    import(w, "a", three, 3);
    spool_close(w->s);
    overwrite(w, "catalog.db", 0, 100);
    assert_false(spool_open(w->dir, &w->s, &w->e));
    assert_null(w->s);
    assert_non_null(strstr(w->e.text, "catalog.db"));
    assert_int_equal(w->e.code, EUCLEAN);
    world_done(w);
}

static void a_newer_schema_is_refused(void **state)
{
    struct world world, *w = &world;
    struct lease l;
    uint32_t job;

    (void)state;
    world_init(w);
    job = import(w, "a", three, 3);
    sql(w, "jobs/a/job.db", "PRAGMA user_version = 99");
    assert_false(lease(w, job, 1, NOW, 3, &l));
    assert_non_null(strstr(w->e.text, "of version 99, written by a newer Sluice"));
    sql(w, "catalog.db", "PRAGMA user_version = 99");
    spool_close(w->s);
    assert_false(spool_open(w->dir, &w->s, &w->e));
    assert_non_null(strstr(w->e.text, "of version 99"));
    world_done(w);
}

static void a_database_of_others_is_refused(void **state)
{
    struct world world, *w = &world;

    (void)state;
    world_init(w);
    spool_close(w->s);
    sql(w, "catalog.db", "PRAGMA application_id = 7");
    assert_false(spool_open(w->dir, &w->s, &w->e));
    assert_non_null(strstr(w->e.text, "is not a job catalog of Sluice"));
    world_done(w);
}

/* ---- schema steps ---- */

static bool first_step(struct db *db, struct err *e)
{
    return db_exec(db, "CREATE TABLE t(a)", e);
}
static bool second_step(struct db *db, struct err *e)
{
    return db_exec(db, "ALTER TABLE t ADD COLUMN b DEFAULT 5; INSERT INTO t(a) VALUES(1)", e);
}
static bool broken_step(struct db *db, struct err *e)
{
    return db_exec(db, "INSERT INTO t(a) VALUES(2); SELECT * FROM nowhere", e);
}

static void older_files_are_brought_up_to_date(void **state)
{
    static bool (*const steps[])(struct db *, struct err *) = {first_step, second_step,
                                                               broken_step};
    struct db_schema schema = {.what = "test", .application_id = 3, .version = 1, .step = steps};
    struct world world, *w = &world;
    struct db db;
    int64_t n = 0;

    (void)state;
    world_init(w);
    OK(db_open(&db, ":memory:", DB_CREATE, &w->e));
    for (schema.version = 1; schema.version <= 2; schema.version++)
        OK(db_migrate(&db, &schema, &w->e));
    assert_false(db_migrate(&db, &schema, &w->e)); /* the third one fails, and takes itself back */
    OK(db_number(&db, "PRAGMA user_version", &n, &w->e));
    assert_int_equal(n, 2);
    OK(db_number(&db, "SELECT sum(b) FROM t", &n, &w->e));
    assert_int_equal(n, 5);
    db_close(&db);
    world_done(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_disk_at_any_write_leaves_no_half_work),
        cmocka_unit_test(a_sync_that_fails_is_no_commit),
        cmocka_unit_test(a_flush_that_half_succeeds_is_repeated),
        cmocka_unit_test(an_import_into_a_full_disk_leaves_nothing),
        cmocka_unit_test(an_append_into_a_full_disk_adds_nothing),
        cmocka_unit_test(a_damaged_database_is_named),
        cmocka_unit_test(a_missing_database_is_named),
        cmocka_unit_test(a_damaged_catalog_is_named),
        cmocka_unit_test(a_newer_schema_is_refused),
        cmocka_unit_test(a_database_of_others_is_refused),
        cmocka_unit_test(older_files_are_brought_up_to_date),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
