/* What a start makes of a prepared spool and hand-over file, as another life left them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sluice/os/file.h>
#include "engine.h"
#include "setup.h"

struct world {
    struct engine engine;
    struct settings settings;
    struct setup setup;
    struct job_row row;
    struct delivery *out; /* leased when the last life ended */
    bool needs_approval;
    char dir[64];
    struct err e;
};

static char *path_of(struct world *w, const char *name)
{
    return mem_printf("%s/%s", w->dir, name);
}

static void open_stores(struct world *w)
{
    char *spool = path_of(w, "spool"), *handover = path_of(w, "handover");
    char *lists = path_of(w, "lists.db");
    bool same_boot;
    struct plan_options o = {
        .max_connections = 1, .max_asking = 10, .max_leased = 100, .shaping = &w->settings.shaping};
    if (!spool_open(spool, &w->engine.spool, &w->e) || !list_open(lists, &w->engine.list, &w->e) ||
        !handover_open(handover, 1, &w->engine.handover, &same_boot, &w->e))
        fail_msg("%s", w->e.text);
    w->engine.plan = plan_new(&o);
    w->engine.settings = w->setup.settings = &w->settings;
    atomic_store(&w->engine.setup, &w->setup);
    free(lists);
    free(spool);
    free(handover);
}

/* As if the program had died, but for what a process loses by itself. */
static void close_stores(struct world *w)
{
    struct engine *e = &w->engine;
    plan_free(e->plan);
    for (struct keeper_job *j = e->jobs, *next; j; j = next) {
        next = j->next;
        keeper_job_free(j);
    }
    for (struct unopened *u = e->unopened, *next; u; u = next) {
        next = u->next;
        free(u);
    }
    frequency_free(e);
    spool_close(e->spool);
    list_close(e->list);
    handover_close(e->handover);
    memset(e, 0, sizeof *e);
}

static void import(struct world *w, const char *text)
{
    struct job_spec spec = {.id = (char *)"spring",
                            .client = (char *)"shop",
                            .from_address = (char *)"news@shop.example",
                            .subject = (char *)"s",
                            .template_name = (char *)"t",
                            .list = (char *)"shop",
                            .expires_ms = INT64_C(1) << 50,
                            .message.ad_policy = AD_WARN,
                            .needs_approval = w->needs_approval,
                            .variables = (char *)"{}"};
    struct part_file part = {(char *)"text.txt", (char *)(uintptr_t)text, strlen(text)};
    struct part_files parts = {&part, 1};
    struct spool_import *i;
    if (!spool_import_begin(w->engine.spool, &spec, &parts, "x", (struct wall){1}, &i, &w->e) ||
        !spool_import_row(i, "kim@naver.com", "{}", 2, 2, &w->e) ||
        !spool_import_row(i, "lee@naver.com", "{}", 2, 3, &w->e) ||
        !spool_import_finish(i, 0, NULL, NULL, &w->row, &w->e))
        fail_msg("%s", w->e.text);
}

static bool take_domain(void *arg, uint32_t id, const char *domain, uint64_t waiting, int64_t due)
{
    (void)domain, (void)waiting, (void)due;
    *(uint32_t *)arg = id;
    return true;
}

/* Both recipients are leased; the first was accepted, and nobody recorded it. */
static void die_while_sending(struct world *w)
{
    struct spool *s = w->engine.spool;
    struct todo_key last;
    struct outcome o = {0};
    int64_t next;
    unsigned count;
    uint32_t domain = 0;
    MUST(spool_each_domain(s, w->row.key, take_domain, &domain, &w->e));
    MUST(spool_lease(s, w->row.key, domain, (struct todo_key){0, 0}, clock_wall().ms, 10, &w->out,
                     &count, &last, &next, &w->e));
    MUST(count == 2 && spool_flush(s, &w->e));
    struct handover_slot *slot = handover_slot(w->engine.handover, 3);
    handover_begin(slot, w->out, "mx.naver.com", "127.0.0.1");
    handover_dot(slot, "id");
    outcome_for(&o, w->out);
    o.phase = PHASE_DOT;
    o.reply.code = 250;
    o.at = clock_wall();
    handover_end(slot, &o);
    while (w->out) {
        struct delivery *d = w->out;
        w->out = d->next;
        delivery_free(d);
    }
    close_stores(w);
}

static int make_world(void **state)
{
    struct world *w = mem_array(1, sizeof *w);
    snprintf(w->dir, sizeof w->dir, "/tmp/sluice-recover-XXXXXX");
    MUST(mkdtemp(w->dir));
    char *spool = path_of(w, "spool");
    MUST(file_make_dirs(spool, &w->e));
    free(spool);
    open_stores(w);
    *state = w;
    return 0;
}

static int end_world(void **state)
{
    struct world *w = *state;
    close_stores(w);
    MUST(file_remove_tree(w->dir, &w->e));
    free(w);
    return 0;
}

static void recover(struct world *w)
{
    open_stores(w);
    if (!engine_recover(&w->engine, true, &w->e))
        fail_msg("%s", w->e.text);
}

static uint64_t waiting(struct world *w)
{
    struct plan_counts c;
    plan_counts(w->engine.plan, w->row.key, &c);
    return c.waiting;
}

/* Delivered once and for all; the other one waits again. A second start finds nothing to do. */
static void a_result_that_was_known_is_applied(void **state)
{
    struct world *w = *state;
    import(w, "hello\n");
    die_while_sending(w);
    for (int starts = 0; starts < 2; starts++) {
        recover(w);
        assert_int_equal(waiting(w), 1);
        assert_non_null(w->engine.jobs);
        assert_int_equal(w->engine.jobs->tally.all.state[STATE_DELIVERED], 1);
        assert_true(handover_is_free(handover_slot(w->engine.handover, 3)));
        close_stores(w);
    }
}

/* What was delivered and not folded when the last life ended counts against the next ad. */
static void a_frequency_cap_knows_of_it(void **state)
{
    struct world *w = *state;
    struct job_spec spec = {0};
    struct keeper_job other = {.row = {.key = 99, .id = "flash", .client = "paper"}, .spec = &spec};
    struct delivery kim = {.job_key = 99, .rid = 1, .email = (char *)"kim@naver.com"};
    struct delivery lee = {.job_key = 99, .rid = 2, .email = (char *)"lee@naver.com"};
    char why[48];
    w->settings.shaping.frequency_count = 1;
    w->settings.shaping.frequency_ms = 86400000;
    import(w, "hello\n");
    die_while_sending(w);
    for (int starts = 0; starts < 2; starts++) {
        recover(w);
        assert_true(frequency_holds(&w->engine, &other, &kim, why, &w->e));
        assert_false(frequency_holds(&w->engine, &other, &lee, why, &w->e));
        close_stores(w);
    }
}

/* Neither a start nor what somebody wrote about other jobs lets it go. */
static void what_waits_for_approval_goes_on_waiting(void **state)
{
    static const struct spool_note others[] = {
        {"approval/sprin", "{\"at\":1,\"by\":\"lee\",\"untested\":false}"},
        {"approval/spring2", "{\"at\":1,\"by\":\"lee\",\"untested\":false}"},
    };
    static const struct spool_note own = {"approval/spring",
                                          "{\"at\":1,\"by\":\"lee\",\"untested\":false}"};
    struct world *w = *state;
    w->needs_approval = true;
    import(w, "hello\n");
    close_stores(w);
    for (int starts = 0; starts < 3; starts++) {
        recover(w);
        const struct keeper_job *j = w->engine.jobs;
        assert_non_null(j);
        assert_int_equal(j->waits_approval, starts < 2);
        assert_int_equal(plan_job_of(j).is_paused, starts < 2);
        assert_int_equal(j->row.state, JOB_ACTIVE);
        if (starts < 2 &&
            !spool_put_notes(w->engine.spool, starts ? &own : others, starts ? 1 : 2, &w->e))
            fail_msg("%s", w->e.text);
        if (starts < 2)
            close_stores(w);
    }
}

/* Held, but counted: its results and its levers work, only nothing is sent. */
static void a_template_that_does_not_compile_holds_its_job(void **state)
{
    struct world *w = *state;
    import(w, "{{#open}} and never closed\n");
    die_while_sending(w);
    recover(w);
    const struct keeper_job *j = w->engine.jobs;
    assert_non_null(j);
    assert_null(j->mailing);
    assert_non_null(strstr(j->trouble, "does not compile"));
    assert_true(plan_job_of(j).is_paused);
    assert_int_equal(j->tally.all.state[STATE_DELIVERED], 1);
    assert_int_equal(waiting(w), 1);
}

/* Its result stays in the hand-over file until a start can apply it: else its mail went out twice. */
static void a_job_that_cannot_be_opened_loses_nothing(void **state)
{
    struct world *w = *state;
    import(w, "hello\n");
    die_while_sending(w);
    char *there = path_of(w, "spool/jobs/spring"), *away = path_of(w, "away");
    assert_int_equal(rename(there, away), 0);
    recover(w);
    assert_null(w->engine.jobs);
    assert_non_null(w->engine.unopened);
    assert_string_equal(w->engine.unopened->row.id, "spring");
    assert_true(w->engine.unopened->trouble[0]);
    assert_false(handover_is_free(handover_slot(w->engine.handover, 3)));
    close_stores(w);
    assert_int_equal(rename(away, there), 0);
    recover(w);
    assert_non_null(w->engine.jobs);
    assert_int_equal(w->engine.jobs->tally.all.state[STATE_DELIVERED], 1);
    assert_int_equal(waiting(w), 1);
    free(there);
    free(away);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_result_that_was_known_is_applied, make_world, end_world),
        cmocka_unit_test_setup_teardown(a_frequency_cap_knows_of_it, make_world, end_world),
        cmocka_unit_test_setup_teardown(what_waits_for_approval_goes_on_waiting, make_world,
                                        end_world),
        cmocka_unit_test_setup_teardown(a_template_that_does_not_compile_holds_its_job, make_world,
                                        end_world),
        cmocka_unit_test_setup_teardown(a_job_that_cannot_be_opened_loses_nothing, make_world,
                                        end_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
