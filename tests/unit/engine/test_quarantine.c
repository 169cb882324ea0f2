/* What the outage guard and the operator say, carried into the spool by a keeper that really runs.
 */
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

#define OK(x)                                                                                      \
    do {                                                                                           \
        if (!(x))                                                                                  \
            fail_msg("%s: %s", #x, w->e.text);                                                     \
    } while (0)

struct world {
    struct engine engine;
    struct settings settings;
    struct setup setup;
    struct plan *plan;
    struct job_row row[2];
    pthread_t brain;
    bool has_keeper;
    /* what the brain heard, under `lock` */
    pthread_mutex_t lock;
    char heard[512];
    char dir[64];
    struct err e;
};

/* ---- a spool with two jobs ---- */

static const char *const emails[] = {"kim@daum.net", "lee@daum.net", "park@hanmail.net",
                                     "choi@naver.com"};

static void import(struct world *w, int n, const char *id)
{
    struct job_spec spec = {.id = (char *)(uintptr_t)id,
                            .client = (char *)"shop",
                            .from_address = (char *)"news@shop.example",
                            .subject = (char *)"s",
                            .template_name = (char *)"t",
                            .list = (char *)"shop",
                            .expires_ms = INT64_C(1) << 50,
                            .message.ad_policy = AD_WARN,
                            .variables = (char *)"{}"};
    struct part_file part = {(char *)"text.txt", (char *)"hello\n", 6};
    struct part_files parts = {&part, 1};
    struct spool_import *i;
    OK(spool_import_begin(w->engine.spool, &spec, &parts, "x", (struct wall){1}, &i, &w->e));
    for (size_t r = 0; r < sizeof emails / sizeof *emails; r++)
        OK(spool_import_row(i, emails[r], "{}", 2, r + 2, &w->e));
    OK(spool_import_finish(i, 0, NULL, NULL, &w->row[n], &w->e));
}

static bool take_domain(void *arg, uint32_t id, const char *domain, uint64_t waiting, int64_t due)
{
    uint32_t *ids = arg;
    (void)domain, (void)waiting, (void)due;
    ids[++ids[0]] = id;
    return true;
}

/* Everybody of the job is answered: daum refuses, naver accepts. */
static void answer(struct world *w, int n, enum state at_daum)
{
    struct spool *s = w->engine.spool;
    uint32_t ids[8] = {0};
    OK(spool_each_domain(s, w->row[n].key, take_domain, ids, &w->e));
    for (uint32_t d = 1; d <= ids[0]; d++) {
        struct delivery *chain;
        struct todo_key last;
        int64_t due;
        unsigned count;
        OK(spool_lease(s, w->row[n].key, ids[d], (struct todo_key){0, 0}, clock_wall().ms, 10,
                       &chain, &count, &last, &due, &w->e));
        for (struct delivery *next; chain; chain = next) {
            bool is_naver = strstr(chain->email, "@naver") != NULL, was_new;
            struct outcome o;
            next = chain->next;
            outcome_for(&o, chain);
            o.phase = PHASE_RCPT;
            o.state = is_naver ? STATE_DELIVERED : at_daum;
            o.category = is_naver ? CAT_OK : CAT_USER_UNKNOWN;
            o.reply.code = is_naver ? 250 : 550;
            o.at = clock_wall();
            o.next_due_ms = o.at.ms + 1000000;
            str_copy(o.provider, sizeof o.provider, str_of(is_naver ? "naver" : "daum"));
            OK(spool_record(s, &o, &was_new, &w->e));
            delivery_free(chain);
        }
    }
    OK(spool_flush(s, &w->e));
}

/* ---- the threads ---- */

static void hear(struct world *w, const struct recount_letter *l)
{
    pthread_mutex_lock(&w->lock);
    for (unsigned i = 0; i < l->count; i++) {
        size_t n = strlen(w->heard);
        snprintf(w->heard + n, sizeof w->heard - n, "%u %s %d;", l->job_key, l->item[i].domain,
                 (int)l->item[i].waiting);
    }
    pthread_mutex_unlock(&w->lock);
}

static void *brain(void *arg)
{
    struct world *w = arg;
    bool goes_on = true;
    while (goes_on) {
        struct letter *l = mailbox_take(&w->engine.brain_box, (struct mono){WHEN_NEVER}), *next;
        for (; l; l = next) {
            next = l->next;
            if (l->kind == TO_BRAIN_CALL) {
                struct call *c = (struct call *)l;
                c->run(&w->engine, c->arg);
                sem_post(&c->done);
            } else if (l->kind == TO_BRAIN_RECOUNT) {
                hear(w, (struct recount_letter *)l);
                recount_free((struct recount_letter *)l);
            } else if (l->kind == TO_BRAIN_OPENED) {
                pthread_mutex_lock(&w->lock);
                strcat(w->heard, ((struct opened *)l)->is_again ? "again;" : "opened;");
                pthread_mutex_unlock(&w->lock);
                opened_free((struct opened *)l);
            } else {
                goes_on = false;
                free(l);
            }
        }
    }
    return NULL;
}

static void start_threads(struct world *w)
{
    for (int n = 0; n < 2; n++)
        MUST(keeper_open(&w->engine, &w->row[n], &w->e));
    MUST(thread_start(&w->engine.keeper, "keeper", 0, keeper_run, &w->engine, &w->e));
    MUST(thread_start(&w->brain, "brain", 0, brain, w, &w->e));
    w->has_keeper = true;
}

static void send_to(struct mailbox *box, int kind)
{
    struct letter *l = mem_array(1, sizeof *l);
    l->kind = kind;
    mailbox_send(box, l);
}

static void stop_threads(struct world *w)
{
    if (!w->has_keeper)
        return;
    atomic_store(&w->engine.keeper_ends, true);
    send_to(&w->engine.keeper_box, TO_KEEPER_ALONE);
    pthread_join(w->engine.keeper, NULL);
    send_to(&w->engine.brain_box, TO_BRAIN_STOP);
    pthread_join(w->brain, NULL);
    w->has_keeper = false;
}

static void nothing(struct engine *e, void *arg)
{
    (void)e, (void)arg;
}

static bool say_note(void *arg, const char *key, const char *value)
{
    struct world *w = arg;
    (void)value;
    strcat(strcat(w->heard, key), ";");
    return true;
}

static void is_busy(struct engine *e, void *arg)
{
    *(bool *)arg = e->quarantines > 0;
}

/* Until the keeper is through with the guard's letter and the brain has read its mail. */
static void settle_down(struct world *w)
{
    bool busy = true;
    while (busy)
        engine_call(&w->engine, &w->engine.keeper_box, is_busy, &busy);
    engine_call(&w->engine, &w->engine.brain_box, nothing, NULL);
}

static void guard(struct world *w, const char *provider)
{
    struct quarantine_letter *l = mem_array(1, sizeof *l);
    l->letter.kind = TO_KEEPER_QUARANTINE;
    str_copy(l->provider, sizeof l->provider, str_of(provider));
    l->since.ms = clock_wall().ms - 60000;
    mailbox_send(&w->engine.keeper_box, &l->letter);
    settle_down(w);
}

static int make_world(void **state)
{
    struct world *w = mem_array(1, sizeof *w);
    struct plan_options o = {.max_connections = 1, .max_asking = 10, .max_leased = 100};
    snprintf(w->dir, sizeof w->dir, "/tmp/sluice-quarantine-XXXXXX");
    MUST(mkdtemp(w->dir));
    OK(spool_open(w->dir, &w->engine.spool, &w->e));
    pthread_mutex_init(&w->lock, NULL);
    pthread_mutex_init(&w->engine.lock, NULL);
    MUST(mailbox_init(&w->engine.brain_box, false) && mailbox_init(&w->engine.keeper_box, false) &&
         mailbox_init(&w->engine.scribe_box, false));
    w->setup.settings = &w->settings;
    atomic_store(&w->engine.setup, &w->setup);
    o.shaping = &w->settings.shaping;
    w->engine.plan = plan_new(&o);
    import(w, 0, "spring");
    import(w, 1, "flash");
    *state = w;
    return 0;
}

static void free_jobs(struct keeper_job *j)
{
    for (struct keeper_job *next; j; j = next) {
        next = j->next;
        keeper_job_free(j);
    }
}

static int end_world(void **state)
{
    struct world *w = *state;
    struct engine *e = &w->engine;
    stop_threads(w);
    free_jobs(e->jobs);
    free_jobs(e->endings);
    letters_free(mailbox_take(&e->brain_box, (struct mono){0}),
                 mailbox_take(&e->keeper_box, (struct mono){0}),
                 mailbox_take(&e->scribe_box, (struct mono){0}));
    mailbox_done(&e->brain_box);
    mailbox_done(&e->keeper_box);
    mailbox_done(&e->scribe_box);
    plan_free(e->plan);
    spool_close(e->spool);
    free(e->ended_lease);
    pthread_mutex_destroy(&e->lock);
    pthread_mutex_destroy(&w->lock);
    MUST(file_remove_tree(w->dir, &w->e));
    free(w);
    return 0;
}

/* ---- asking ---- */

struct counts {
    uint32_t key;
    uint64_t state[STATES], daum[STATES], attempts;
};

static void read_counts(struct engine *e, void *arg)
{
    struct counts *c = arg;
    const struct keeper_job *j = keeper_find(e, c->key);
    const struct tally_row *daum = map_get(&j->tally.providers, str_of("daum"));
    memcpy(c->state, j->tally.all.state, sizeof c->state);
    memcpy(c->daum, daum->state, sizeof c->daum);
    c->attempts = j->tally.all.attempts;
}

static void expect(struct world *w, int n, enum state state, uint64_t count)
{
    struct counts c = {.key = w->row[n].key};
    engine_call(&w->engine, &w->engine.keeper_box, read_counts, &c);
    for (int s = 0; s < STATES; s++) {
        uint64_t want = s == (int)state ? count : s == STATE_DELIVERED ? 1 : 0;
        if (c.state[s] != want || c.daum[s] != (s == (int)state ? count : 0))
            fail_msg("job %d: %d are %s, wanted %d", n, (int)c.state[s], state_name((enum state)s),
                     (int)want);
    }
    assert_int_equal(c.attempts, 4);
}

static void expect_heard(struct world *w, const char *const *parts, size_t count)
{
    size_t length = 0;
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < count; i++) {
        if (!strstr(w->heard, parts[i]))
            fail_msg("'%s' is not in '%s'", parts[i], w->heard);
        length += strlen(parts[i]);
    }
    assert_int_equal(strlen(w->heard), length);
    w->heard[0] = 0;
    pthread_mutex_unlock(&w->lock);
}
#define HEARD(...)                                                                                 \
    do {                                                                                           \
        const char *parts_[] = {__VA_ARGS__};                                                      \
        expect_heard(w, parts_, sizeof parts_ / sizeof *parts_);                                   \
    } while (0)

static uint64_t settle(struct world *w, bool confirm)
{
    uint64_t count;
    OK(live_quarantine_settle(&w->engine, "daum", confirm, &count, &w->e));
    return count;
}

/* ---- tests ---- */

static void bounces_of_all_jobs_are_taken_back_and_released(void **state)
{
    struct world *w = *state;
    answer(w, 0, STATE_BOUNCED);
    answer(w, 1, STATE_BOUNCED);
    start_threads(w);
    expect(w, 0, STATE_BOUNCED, 3);
    guard(w, "daum");
    expect(w, 0, STATE_QUARANTINED, 3);
    expect(w, 1, STATE_QUARANTINED, 3);
    HEARD("1 daum.net 2;", "1 hanmail.net 1;", "2 daum.net 2;", "2 hanmail.net 1;");
    guard(w, "daum"); /* it trips again: nothing more */
    guard(w, "naver");
    guard(w, "nobody");
    expect(w, 0, STATE_QUARANTINED, 3);
    expect_heard(w, NULL, 0);
    assert_int_equal(settle(w, false), 6);
    expect(w, 0, STATE_DEFERRED, 3);
    expect(w, 1, STATE_DEFERRED, 3);
    HEARD("1 daum.net 2;", "1 hanmail.net 1;", "2 daum.net 2;", "2 hanmail.net 1;");
    assert_int_equal(settle(w, false), 0);
}

static void confirmed_ones_are_bounces_again(void **state)
{
    struct world *w = *state;
    answer(w, 0, STATE_BOUNCED);
    answer(w, 1, STATE_QUARANTINED); /* by the planner, at once */
    start_threads(w);
    guard(w, "daum");
    expect(w, 0, STATE_QUARANTINED, 3);
    expect(w, 1, STATE_QUARANTINED, 3);
    HEARD("1 daum.net 2;", "1 hanmail.net 1;");
    assert_int_equal(settle(w, true), 6);
    expect(w, 0, STATE_BOUNCED, 3);
    expect(w, 1, STATE_BOUNCED, 3);
    HEARD("1 daum.net 0;", "1 hanmail.net 0;", "2 daum.net 0;", "2 hanmail.net 0;");
    guard(w, "daum"); /* the operator knows better */
    expect(w, 0, STATE_BOUNCED, 3);
}

/* A start counts from the outcomes what the last life counted as it went. */
static void counters_are_the_same_after_a_start(void **state)
{
    struct world *w = *state;
    answer(w, 0, STATE_BOUNCED);
    answer(w, 1, STATE_BOUNCED);
    start_threads(w);
    guard(w, "daum");
    stop_threads(w);
    free_jobs(w->engine.jobs);
    w->engine.jobs = NULL;
    w->engine.scribe_is_gone = false;
    atomic_store(&w->engine.keeper_ends, false);
    start_threads(w);
    expect(w, 0, STATE_QUARANTINED, 3);
    assert_int_equal(settle(w, true), 6);
    expect(w, 1, STATE_BOUNCED, 3);
}

/* A letter that the last life had begun with is begun with again, and forgotten when it is done. */
static void the_next_start_goes_on(void **state)
{
    struct world *w = *state;
    char since[32];
    struct spool_note n[] = {{"guard:daum", since}, {"guard:nobody", "1"}, {"plan:x", "y"}};
    snprintf(since, sizeof since, "%lld", (long long)clock_wall().ms - 60000);
    OK(spool_put_notes(w->engine.spool, n, 3, &w->e));
    answer(w, 0, STATE_BOUNCED);
    answer(w, 1, STATE_BOUNCED);
    OK(keeper_quarantine_resume(&w->engine, &w->e));
    start_threads(w);
    settle_down(w);
    settle_down(w);
    expect(w, 0, STATE_QUARANTINED, 3);
    expect(w, 1, STATE_QUARANTINED, 3);
    stop_threads(w);
    w->heard[0] = 0;
    OK(spool_each_note(w->engine.spool, say_note, w, &w->e));
    HEARD("plan:x;");
}

static void is_open(struct engine *e, void *arg)
{
    uint32_t *key = arg;
    *key = keeper_find(e, *key) != NULL;
}

/* The planner was through with the job when the guard tripped: it is told that it is not. */
static void a_job_with_people_in_quarantine_does_not_end(void **state)
{
    struct world *w = *state;
    uint32_t key[2] = {w->row[0].key, w->row[1].key};
    struct quarantine_letter *q = mem_array(1, sizeof *q);
    answer(w, 0, STATE_BOUNCED);
    answer(w, 1, STATE_DELIVERED);
    start_threads(w);
    q->letter.kind = TO_KEEPER_QUARANTINE;
    str_copy(q->provider, sizeof q->provider, str_of("daum"));
    mailbox_send(&w->engine.keeper_box, &q->letter);
    for (int n = 0; n < 2; n++) {
        struct job_letter *l = mem_array(1, sizeof *l);
        l->letter.kind = TO_KEEPER_DONE;
        l->job_key = w->row[n].key;
        atomic_fetch_add(&w->engine.ending, 1);
        mailbox_send(&w->engine.keeper_box, &l->letter);
    }
    settle_down(w);
    settle_down(w); /* the letters about the end came again behind the guard's */
    for (int n = 0; n < 2; n++)
        engine_call(&w->engine, &w->engine.keeper_box, is_open, &key[n]);
    engine_call(&w->engine, &w->engine.brain_box, nothing, NULL);
    assert_true(key[0]);
    assert_false(key[1]);
    assert_int_equal(atomic_load(&w->engine.ending), 1);
    HEARD("1 daum.net 2;", "1 hanmail.net 1;", "again;");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_world, end_world)
    const struct CMUnitTest tests[] = {
        TEST(bounces_of_all_jobs_are_taken_back_and_released),
        TEST(confirmed_ones_are_bounces_again),
        TEST(counters_are_the_same_after_a_start),
        TEST(the_next_start_goes_on),
        TEST(a_job_with_people_in_quarantine_does_not_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
