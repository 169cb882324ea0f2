#include "world.h"

/* ---- what comes in ---- */

static const struct row mixed[] = {
    {"kim@naver.com", "[\"김\"]"},
    {"lee@daum.net", "[\"이\"]"},
    {"Kim@naver.com", "[\"또\"]"},
    {"park@naver.com", "[\"박\"]"},
    {"LEE@daum.net", "[\"이\"]"},
    {"KIM@naver.com", "[\"김\"]"},
    {"choi@nate.com", "{\"email\":\"choi@nate.com\"}"},
};
#define MIXED (sizeof mixed / sizeof *mixed)

struct dups {
    char text[256];
};

static void note_dup(void *arg, const char *email, uint64_t line, uint64_t first_line)
{
    struct dups *d = arg;
    size_t n = strlen(d->text);

    snprintf(d->text + n, sizeof d->text - n, "%s %u %u;", email, (unsigned)line,
             (unsigned)first_line);
}

struct seen {
    char text[1024];
};

static bool note_row(void *arg, const struct result_row *r)
{
    struct seen *s = arg;
    size_t n = strlen(s->text);

    snprintf(s->text + n, sizeof s->text - n, "%u:%u %s %s %d;", (unsigned)r->rid,
             (unsigned)r->line, r->email, state_name(r->state), (int)r->due.ms);
    return true;
}

static bool note_domain(void *arg, uint32_t domain_id, const char *domain, uint64_t waiting,
                        int64_t due_ms)
{
    struct seen *s = arg;
    size_t n = strlen(s->text);

    snprintf(s->text + n, sizeof s->text - n, "%u %s %u %d;", domain_id, domain, (unsigned)waiting,
             (int)due_ms);
    return true;
}

static void an_address_that_occurs_twice_stays_once(void **state)
{
    struct world world, *w = &world;
    struct spool_import *i;
    struct job_row row, found;
    struct dups dups = {""};
    struct seen seen = {""};

    (void)state;
    world_init(w);
    OK(begin(w, "spring", &i));
    OK(spool_import_columns(i, "[\"name\"]", &w->e));
    put_rows(w, i, mixed, MIXED);
    OK(spool_import_finish(i, 2, note_dup, &dups, &row, &w->e));
    assert_string_equal(dups.text, "Kim@naver.com 4 2;LEE@daum.net 6 3;KIM@naver.com 7 2;");
    assert_int_equal(row.recipients, 4);
    assert_int_equal(row.duplicates, 3);
    assert_int_equal(row.bad_rows, 2);
    OK(spool_find(w->s, "spring", &found, &w->e));
    assert_int_equal(found.key, row.key);
    assert_int_equal(found.state, JOB_ACTIVE);
    assert_int_equal(found.recipients, 4);
    assert_int_equal(found.created.ms, NOW);
    assert_string_equal(found.client, "shop");
    assert_string_equal(found.source, "source");
    OK(spool_each_result(w->s, row.key, note_row, &seen, &w->e));
    assert_string_equal(seen.text, "1:2 kim@naver.com waiting 1000000;"
                                   "2:3 lee@daum.net waiting 1000000;"
                                   "4:5 park@naver.com waiting 1000000;"
                                   "7:8 choi@nate.com waiting 1000000;");
    seen.text[0] = '\0';
    OK(spool_each_domain(w->s, row.key, note_domain, &seen, &w->e));
    assert_string_equal(seen.text,
                        "1 naver.com 2 1000000;2 daum.net 1 1000000;3 nate.com 1 1000000;");
    world_done(w);
}

static void the_snapshot_comes_back(void **state)
{
    struct world world, *w = &world;
    struct job_spec *spec;
    struct part_files parts;
    char *columns;
    uint32_t key;

    (void)state;
    world_init(w);
    key = import(w, "a", mixed, MIXED);
    world_reopen(w);
    OK(spool_load(w->s, key, &spec, &parts, &columns, &w->e));
    assert_string_equal(spec->id, "a");
    assert_string_equal(spec->subject, "{{name}}");
    assert_int_equal(parts.count, 1);
    assert_string_equal(part_files_find(&parts, "text.txt")->text, "hello");
    assert_null(part_files_find(&parts, "html.html"));
    assert_string_equal(columns, "[]");
    job_spec_free(spec);
    part_files_done(&parts);
    free(columns);
    assert_false(spool_load(w->s, 77, &spec, &parts, &columns, &w->e));
    assert_non_null(strstr(w->e.text, "no job with number 77"));
    world_done(w);
}

static void an_empty_list_is_a_job_too(void **state)
{
    struct world world, *w = &world;
    uint32_t key;

    (void)state;
    world_init(w);
    key = import(w, "standing", NULL, 0);
    assert_string_equal(states(w, key), "");
    world_done(w);
}

/* More than one run of the sorters, many domains, and duplicates far apart. */
static void a_long_list_is_sorted_through_files(void **state)
{
    enum { ROWS = 1100000, DUP_EVERY = 100000 };
    struct world world, *w = &world;
    struct spool_import *i;
    struct job_row row;
    char email[64];

    (void)state;
    world_init(w);
    OK(begin(w, "long", &i));
    for (unsigned n = 0; n < ROWS; n++) {
        unsigned who = n % DUP_EVERY == DUP_EVERY - 1 ? 7 : n;

        snprintf(email, sizeof email, "r%u@d%u.example", who, who % 5000);
        OK(spool_import_row(i, email, "[]", 2, n + 2, &w->e));
    }
    OK(spool_import_finish(i, 0, NULL, NULL, &row, &w->e));
    assert_int_equal(row.duplicates, ROWS / DUP_EVERY);
    assert_int_equal(row.recipients, ROWS - ROWS / DUP_EVERY);
    assert_int_equal(sql_number(w, "jobs/long/job.db", "SELECT count(*) FROM todo"),
                     row.recipients);
    assert_int_equal(
        sql_number(w, "jobs/long/job.db",
                   "SELECT count(*) FROM todo t JOIN recipient r USING(rid) JOIN domain"
                   " d ON d.id = t.domain WHERE r.email LIKE '%@' || d.name"),
        row.recipients);
    assert_int_equal(
        sql_number(w, "jobs/long/job.db", "SELECT count(DISTINCT email) FROM recipient"),
        row.recipients);
    world_done(w);
}

/* ---- ids ---- */

static void an_id_is_used_once(void **state)
{
    struct world world, *w = &world;
    struct spool_import *i, *second;

    (void)state;
    world_init(w);
    OK(begin(w, "a", &i));
    assert_false(begin(w, "a", &second));
    assert_null(second);
    assert_non_null(strstr(w->e.text, "being imported now"));
    spool_import_abort(i);
    assert_false(there(w, "jobs/a.importing"));
    import(w, "a", mixed, 1);
    assert_false(begin(w, "a", &second));
    assert_non_null(strstr(w->e.text, "used before"));
    assert_int_equal(w->e.code, EEXIST);
    world_done(w);
}

static void an_unknown_id_is_no_error(void **state)
{
    struct world world, *w = &world;
    struct job_row row;

    (void)state;
    world_init(w);
    assert_false(spool_find(w->s, "nobody", &row, &w->e));
    assert_string_equal(w->e.text, "");
    world_done(w);
}

static bool note_job(void *arg, const struct job_row *row)
{
    struct seen *s = arg;
    size_t n = strlen(s->text);

    snprintf(s->text + n, sizeof s->text - n, "%s %s %d;", row->id, job_state_name(row->state),
             (int)row->finished.ms);
    return true;
}

static void jobs_have_states(void **state)
{
    struct world world, *w = &world;
    struct seen seen = {""};
    uint32_t a, b;

    (void)state;
    world_init(w);
    a = import(w, "a", mixed, 1);
    b = import(w, "b", mixed, 1);
    OK(spool_set_state(w->s, a, JOB_DONE, (struct wall){5}, &w->e));
    OK(spool_set_state(w->s, b, JOB_PAUSED, (struct wall){6}, &w->e));
    assert_false(spool_set_state(w->s, 99, JOB_DONE, (struct wall){5}, &w->e));
    world_reopen(w);
    OK(spool_each_job(w->s, note_job, &seen, &w->e));
    assert_string_equal(seen.text, "a done 5;b paused 0;");
    world_done(w);
}

/* ---- interrupted ---- */

static void import_half(void *arg)
{
    struct world *w = arg;
    struct spool_import *i;

    if (!spool_open(w->dir, &w->s, &w->e) || !begin(w, "half", &i))
        _exit(1);
    put_rows(w, i, mixed, MIXED);
}

static void a_killed_import_leaves_nothing(void **state)
{
    struct world world, *w = &world;
    struct job_row row;

    (void)state;
    world_init(w);
    spool_close(w->s);
    w->s = NULL;
    killed(import_half, w);
    assert_true(there(w, "jobs/half.importing"));
    world_reopen(w);
    assert_false(there(w, "jobs/half.importing"));
    assert_false(spool_find(w->s, "half", &row, &w->e));
    import(w, "half", mixed, MIXED);
    world_done(w);
}

/* The same without a restart: the next import of the same id settles it. */
static void the_id_of_a_killed_import_is_free(void **state)
{
    struct world world, *w = &world;

    (void)state;
    world_init(w);
    killed(import_half, w);
    import(w, "half", mixed, MIXED);
    world_done(w);
}

static void a_crash_behind_the_rename_loses_nothing(void **state)
{
    struct world world, *w = &world;
    struct job_row row;
    uint32_t key;

    (void)state;
    world_init(w);
    key = import(w, "a", mixed, MIXED);
    sql(w, "catalog.db", "UPDATE job SET state = 'importing', recipients = 0, duplicates = 0");
    world_reopen(w);
    OK(spool_find(w->s, "a", &row, &w->e));
    assert_int_equal(row.key, key);
    assert_int_equal(row.state, JOB_ACTIVE);
    assert_int_equal(row.recipients, 4);
    assert_int_equal(row.duplicates, 3);
    assert_string_equal(states(w, key), "wwww");
    world_done(w);
}

static void leftovers_of_a_begin_are_removed(void **state)
{
    struct world world, *w = &world;
    struct job_row row;
    char *path;

    (void)state;
    world_init(w);
    path = mem_printf("%s/jobs/x.importing", w->dir);
    OK(file_make_dirs(path, &w->e)); /* a folder without a row */
    free(path);
    sql(w, "catalog.db", /* a row without a folder */
        "INSERT INTO job(id, client, state, priority, class, standing, created, source)"
        " VALUES('y', 'c', 'importing', 'bulk', 'ad', 0, 1, '')");
    world_reopen(w);
    assert_false(there(w, "jobs/x.importing"));
    assert_false(spool_find(w->s, "y", &row, &w->e));
    world_done(w);
}

static void another_handle_leaves_a_live_import_alone(void **state)
{
    struct world world, *w = &world;
    struct spool_import *i;
    struct spool *other;
    struct job_row row;

    (void)state;
    world_init(w);
    OK(begin(w, "a", &i));
    OK(spool_open(w->dir, &other, &w->e));
    assert_true(there(w, "jobs/a.importing"));
    OK(spool_find(other, "a", &row, &w->e));
    assert_int_equal(row.state, JOB_IMPORTING);
    put_rows(w, i, mixed, MIXED);
    OK(spool_import_finish(i, 0, NULL, NULL, &row, &w->e));
    OK(spool_find(other, "a", &row, &w->e));
    assert_int_equal(row.state, JOB_ACTIVE);
    spool_close(other);
    world_done(w);
}

/* A folder that stands where the job should: nothing is overwritten, nothing of the new one stays.
 */
static void a_foreign_folder_is_not_touched(void **state)
{
    struct world world, *w = &world;
    struct spool_import *i;
    char *path;

    (void)state;
    world_init(w);
    path = mem_printf("%s/jobs/a/kept", w->dir);
    OK(file_make_dirs(path, &w->e));
    assert_false(begin(w, "a", &i));
    assert_non_null(strstr(w->e.text, "the catalog knows no such job"));
    assert_true(file_exists(path));
    assert_false(there(w, "jobs/a.importing"));
    free(path);
    world_done(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_that_occurs_twice_stays_once),
        cmocka_unit_test(the_snapshot_comes_back),
        cmocka_unit_test(an_empty_list_is_a_job_too),
        cmocka_unit_test(a_long_list_is_sorted_through_files),
        cmocka_unit_test(an_id_is_used_once),
        cmocka_unit_test(an_unknown_id_is_no_error),
        cmocka_unit_test(jobs_have_states),
        cmocka_unit_test(a_killed_import_leaves_nothing),
        cmocka_unit_test(the_id_of_a_killed_import_is_free),
        cmocka_unit_test(a_crash_behind_the_rename_loses_nothing),
        cmocka_unit_test(leftovers_of_a_begin_are_removed),
        cmocka_unit_test(another_handle_leaves_a_live_import_alone),
        cmocka_unit_test(a_foreign_folder_is_not_touched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
