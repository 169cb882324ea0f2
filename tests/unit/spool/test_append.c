#include <pthread.h>
#include <stdatomic.h>
#include <sluice/os/thread.h>
#include "world.h"

static struct spool_row row_of(const char *email, uint64_t line)
{
    return (struct spool_row){.email = email, .vars = "{}", .vars_len = 2, .line = line};
}

static void appended_rows_are_due_at_once(void **state)
{
    struct world world, *w = &world;
    struct spool_row rows[] = {row_of("a@new.example", 1), row_of("b@a.example", 2)};
    struct job_row job;
    struct lease l;
    uint32_t key;
    bool is_new;

    (void)state;
    world_init(w);
    key = import_many(w, "shop", 2);
    OK(spool_append(w->s, key, "shop.1.ndjson", rows, 2, (struct wall){NOW + 5}, &is_new, &w->e));
    assert_true(is_new);
    assert_int_equal(rows[0].domain_id, 2);
    assert_int_equal(rows[1].domain_id, 1);
    assert_int_equal(rows[0].rid, 3);
    assert_int_equal(rows[1].rid, 4);
    OK(lease(w, key, 2, NOW + 5, 9, &l));
    assert_int_equal(l.count, 1);
    assert_string_equal(l.chain->email, "a@new.example");
    assert_int_equal(l.chain->added.ms, NOW + 5);
    free_chain(l.chain);
    OK(spool_find(w->s, "shop", &job, &w->e));
    assert_int_equal(job.recipients, 4);
    world_done(w);
}

static void the_same_file_adds_nothing_again(void **state)
{
    struct world world, *w = &world;
    struct spool_row row = row_of("a@a.example", 1);
    uint32_t key;
    bool is_new;

    (void)state;
    world_init(w);
    key = import_many(w, "shop", 0);
    for (int i = 0; i < 3; i++) {
        OK(spool_append(w->s, key, "shop.1", &row, 1, (struct wall){NOW}, &is_new, &w->e));
        assert_int_equal(is_new, i == 0);
        world_reopen(w);
    }
    OK(spool_append(w->s, key, "shop.2", &row, 1, (struct wall){NOW}, &is_new, &w->e));
    assert_true(is_new); /* another file: another mail to the same address */
    assert_string_equal(states(w, key), "ww");
    world_done(w);
}

static void a_bad_row_takes_all_of_its_file_back(void **state)
{
    struct world world, *w = &world;
    struct spool_row rows[] = {row_of("a@a.example", 1), row_of("nobody", 2)};
    uint32_t key;
    bool is_new;

    (void)state;
    world_init(w);
    key = import_many(w, "shop", 0);
    assert_false(spool_append(w->s, key, "shop.1", rows, 2, (struct wall){NOW}, &is_new, &w->e));
    assert_string_equal(w->e.text, "line 2: not an address");
    assert_string_equal(states(w, key), "");
    OK(spool_append(w->s, key, "shop.1", rows, 1, (struct wall){NOW}, &is_new, &w->e));
    assert_true(is_new);
    world_done(w);
}

/* The trigger lane took the time, waited, and meanwhile rows with a later due time were leased. */
static void a_late_row_stands_behind_the_cursor(void **state)
{
    struct world world, *w = &world;
    struct spool_row row = row_of("late@a.example", 1);
    struct spool *trigger;
    struct lease l;
    uint32_t key;
    bool is_new;

    (void)state;
    world_init(w);
    key = import_many(w, "shop", 0);
    OK(spool_open(w->dir, &trigger, &w->e));
    OK(spool_append(trigger, key, "1", &row, 1, (struct wall){NOW + 50}, &is_new, &w->e));
    OK(lease(w, key, 1, NOW + 50, 9, &l));
    assert_int_equal(l.count, 1);
    free_chain(l.chain);
    OK(spool_flush(w->s, &w->e));
    OK(spool_append(trigger, key, "2", &row, 1, (struct wall){NOW + 40}, &is_new, &w->e));
    OK(lease_from(w, key, 1, l.last, NOW + 60, 9, &l));
    assert_int_equal(l.count, 1);
    free_chain(l.chain);
    spool_close(trigger);
    world_done(w);
}

static void a_count_that_the_catalog_missed_is_mended(void **state)
{
    struct world world, *w = &world;
    struct spool_row row = row_of("a@a.example", 1);
    struct job_spec *spec;
    struct part_files parts;
    struct job_row job;
    char *columns;
    uint32_t key;
    bool is_new;

    (void)state;
    world_init(w);
    key = import_many(w, "shop", 3);
    OK(spool_append(w->s, key, "1", &row, 1, (struct wall){NOW}, &is_new, &w->e));
    sql(w, "catalog.db", "UPDATE job SET recipients = 3");
    OK(spool_load(w->s, key, &spec, &parts, &columns, &w->e));
    OK(spool_find(w->s, "shop", &job, &w->e));
    assert_int_equal(job.recipients, 4);
    job_spec_free(spec);
    part_files_done(&parts);
    free(columns);
    world_done(w);
}

/* ---- two threads ---- */

enum { FILES = 60, ROWS = 20 };

struct trigger {
    struct world *w;
    uint32_t key;
    _Atomic bool done;
};

static void *append_all(void *arg)
{
    struct trigger *t = arg;
    struct world own = *t->w, *w = &own;
    struct spool_row rows[ROWS];
    char name[32];
    bool is_new;

    OK(spool_open(w->dir, &w->s, &w->e));
    for (int f = 0; f < FILES; f++) {
        for (int i = 0; i < ROWS; i++)
            rows[i] = row_of(i % 2 ? "a@a.example" : "b@b.example", (uint64_t)i);
        snprintf(name, sizeof name, "file-%d", f);
        OK(spool_append(w->s, t->key, name, rows, ROWS, (struct wall){NOW + f}, &is_new, &w->e));
        assert_true(is_new);
    }
    spool_close(w->s);
    t->done = true;
    return NULL;
}

/* Leases what is there and delivers it; how many. */
static unsigned deliver_some(struct world *w, uint32_t key, uint32_t domain, struct todo_key *at)
{
    struct lease l;
    struct outcome o;
    bool was_new;

    OK(lease_from(w, key, domain, *at, NOW + 1000000, 50, &l));
    *at = l.last;
    OK(spool_flush(w->s, &w->e));
    for (struct delivery *d = l.chain; d; d = d->next) {
        o = ended(d, STATE_DELIVERED);
        OK(spool_record(w->s, &o, &was_new, &w->e));
        assert_true(was_new);
    }
    if (l.chain)
        OK(spool_lease_end(w->s, key, l.chain->lease, &w->e));
    free_chain(l.chain);
    return l.count;
}

static void a_trigger_appends_while_the_spool_thread_works(void **state)
{
    struct world world, *w = &world;
    struct trigger t = {.w = w};
    struct todo_key at[2] = {{0, 0}, {0, 0}};
    unsigned delivered = 0, before;
    pthread_t thread;
    bool was_done;

    (void)state;
    world_init(w);
    t.key = import_many(w, "shop", 500); /* all of them in domain 1 */
    OK(thread_start(&thread, "trigger", 0, append_all, &t, &w->e));
    do {
        was_done = t.done;
        before = delivered;
        delivered += deliver_some(w, t.key, 1, &at[0]);
        delivered += deliver_some(w, t.key, 2, &at[1]);
        OK(spool_flush(w->s, &w->e));
    } while (!was_done || delivered > before);
    pthread_join(thread, NULL);
    assert_int_equal(delivered, 500 + FILES * ROWS);
    assert_int_equal(sql_number(w, "jobs/shop/job.db", "SELECT count(*) FROM todo"), 0);
    assert_int_equal(sql_number(w, "jobs/shop/job.db", "SELECT count(*) FROM lease"), 0);
    world_done(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appended_rows_are_due_at_once),
        cmocka_unit_test(the_same_file_adds_nothing_again),
        cmocka_unit_test(a_bad_row_takes_all_of_its_file_back),
        cmocka_unit_test(a_late_row_stands_behind_the_cursor),
        cmocka_unit_test(a_count_that_the_catalog_missed_is_mended),
        cmocka_unit_test(a_trigger_appends_while_the_spool_thread_works),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
