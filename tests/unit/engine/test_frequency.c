/* "At most N advertisements to one address in 7 days" holds whatever runs at the same time. */
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

#define DAY INT64_C(86400000)
#define OK(x)                                                                                      \
    do {                                                                                           \
        if (!(x))                                                                                  \
            fail_msg("%s: %s", #x, w->e.text);                                                     \
    } while (0)

struct world {
    struct engine engine;
    struct settings settings;
    struct setup setup;
    struct client client;
    struct keeper_job job[3]; /* spring and flash of the shop, news of the paper */
    struct job_spec spec[3];
    uint64_t seq[3];
    char dir[64];
    char why[48];
    struct err e;
};

static void open_list(struct world *w)
{
    char *path = mem_printf("%s/lists.db", w->dir);
    OK(list_open(path, &w->engine.list, &w->e));
    free(path);
}

static int make_world(void **state)
{
    static const struct job_row rows[3] = {
        {.key = 1, .id = "spring", .client = "shop", .msg_class = MSG_AD},
        {.key = 2, .id = "flash", .client = "shop", .msg_class = MSG_AD},
        {.key = 3, .id = "news", .client = "paper", .msg_class = MSG_AD}};
    struct world *w = mem_array(1, sizeof *w);
    snprintf(w->dir, sizeof w->dir, "/tmp/sluice-frequency-XXXXXX");
    MUST(mkdtemp(w->dir));
    open_list(w);
    w->setup.settings = &w->settings;
    atomic_store(&w->engine.setup, &w->setup);
    for (int i = 0; i < 3; i++) {
        w->job[i].row = rows[i];
        w->job[i].spec = &w->spec[i];
        w->job[i].next = i < 2 ? &w->job[i + 1] : NULL;
    }
    w->engine.jobs = w->job;
    w->settings.shaping.frequency_count = 1;
    w->settings.shaping.frequency_ms = 7 * DAY;
    *state = w;
    return 0;
}

static int end_world(void **state)
{
    struct world *w = *state;
    frequency_free(&w->engine);
    list_close(w->engine.list);
    MUST(file_remove_tree(w->dir, &w->e));
    free(w);
    return 0;
}

/* A cap of the shop's own. */
static void cap_client(struct world *w, uint32_t count, int64_t ms)
{
    w->client =
        (struct client){.name = (char *)"shop", .frequency_count = count, .frequency_ms = ms};
    w->settings.shaping.client = &w->client;
    w->settings.shaping.clients = 1;
}

static struct delivery delivery_of(int job, uint64_t rid, const char *email)
{
    return (struct delivery){.job_key = (uint32_t)job + 1, .rid = rid, .email = (char *)email};
}

/* True: it may go. */
static bool lease(struct world *w, int job, uint64_t rid, const char *email)
{
    struct delivery d = delivery_of(job, rid, email);
    bool is_held = frequency_holds(&w->engine, &w->job[job], &d, w->why, &w->e);
    assert_string_equal(w->e.text, "");
    return !is_held;
}

static void give_back(struct world *w, int job, uint64_t rid, const char *email)
{
    struct delivery d = delivery_of(job, rid, email);
    frequency_drop(&w->engine, &d);
}

static struct outcome ended(int job, uint64_t rid, const char *email, enum state state)
{
    struct outcome o = {
        .job_key = (uint32_t)job + 1, .rid = rid, .state = state, .at = clock_wall()};
    str_copy(o.email, sizeof o.email, str_of(email));
    return o;
}

static void end(struct world *w, int job, uint64_t rid, const char *email, enum state state)
{
    struct outcome o = ended(job, rid, email, state);
    frequency_outcome(&w->engine, &w->job[job], &o);
}

/* The scribe's half, and the letter that tells of it. */
static struct folded_letter *fold(struct world *w, int job, struct outcome o)
{
    const struct job_row *row = &w->job[job].row;
    OK(list_fold(w->engine.list, row->id, row->client, row->msg_class, "list", &o, 1, ++w->seq[job],
                 &w->e));
    return frequency_letter(row, &o, 1);
}

static void hear(struct world *w, struct folded_letter *l)
{
    if (l)
        frequency_folded(&w->engine, l);
    free(l);
}

static const char KIM[] = "kim@naver.com";

/* ---- by the list alone ---- */

static void what_the_list_knows_counts(void **state)
{
    static const struct {
        const char *what;
        uint32_t count;
        int64_t ms;
        uint32_t own_count; /* the shop's */
        int64_t own_ms;
        int64_t ago[3]; /* ads: the shop's, the shop's, the paper's; 0: none */
        const char *client;
        bool is_capped;
    } rows[] = {
        {"no cap", 0, 0, 0, 0, {1, 1, 1}, "shop", false},
        {"none yet", 1, 7 * DAY, 0, 0, {0}, "shop", false},
        {"one of two", 2, 7 * DAY, 0, 0, {1}, "shop", false},
        {"two of two", 2, 7 * DAY, 0, 0, {1, 2}, "shop", true},
        {"by anybody", 1, 7 * DAY, 0, 0, {0, 0, 5}, "shop", true},
        {"within the period", 1, 7 * DAY, 0, 0, {7 * DAY - 1}, "shop", true},
        {"a period ago", 1, 7 * DAY, 0, 0, {7 * DAY}, "shop", false},
        {"the client's own", 0, 0, 1, DAY, {DAY - 1}, "shop", true},
        {"the client's own, another's ads", 0, 0, 1, DAY, {0, 0, 1}, "shop", false},
        {"another's own cap", 0, 0, 1, DAY, {1, 2}, "paper", false},
        {"both, the stricter", 5, 7 * DAY, 1, DAY, {5}, "shop", true},
        {"both, the other", 1, 7 * DAY, 5, DAY, {5}, "shop", true},
        {"a client that is not configured", 1, DAY, 0, 0, {5}, "somebody", true},
    };
    const int64_t now = 1000 * DAY;
    const int job_of[] = {0, 1, 2};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char email[32];
        struct world *w = *state;
        struct shaping *s = &w->settings.shaping;
        snprintf(email, sizeof email, "r%zu@naver.com", i);
        s->frequency_count = rows[i].count;
        s->frequency_ms = rows[i].ms;
        cap_client(w, rows[i].own_count, rows[i].own_ms);
        for (int a = 0; a < 3; a++) {
            struct outcome o = ended(job_of[a], i + 1, email, STATE_DELIVERED);
            o.at.ms = now - rows[i].ago[a];
            if (rows[i].ago[a])
                free(fold(w, job_of[a], o));
        }
        bool is = frequency_is_capped(s, w->engine.list, rows[i].client, email, (struct wall){now},
                                      w->why, &w->e);
        assert_string_equal(w->e.text, "");
        if (is != rows[i].is_capped)
            fail_msg("%s: %d", rows[i].what, is);
    }
}

static void the_reason_is_said(void **state)
{
    static const struct {
        uint32_t count;
        int64_t ms;
        const char *file, *why;
    } rows[] = {
        {1, DAY, "sluice.conf", "frequency cap: 1 ad in 1 day (sluice.conf:12)"},
        {2, 36 * 3600000, NULL, "frequency cap: 2 ads in 36 h"},
        {2, 90 * 60000, NULL, "frequency cap: 2 ads in 90 min"},
        {2, 1500, NULL, "frequency cap: 2 ads in 1500 ms"},
        {2, 5000, NULL, "frequency cap: 2 ads in 5 s"},
        {3, 7 * DAY, "/etc/sluice/sluice.conf", "frequency cap: 3 ads in 7 days (sluice.conf:12)"},
        {3, 7 * DAY, "/etc/sluice/sluice2.conf", "frequency cap: 3 ads in 7 days"},
    };
    struct world *w = *state;
    struct shaping *s = &w->settings.shaping;
    struct outcome o = ended(0, 0, KIM, STATE_DELIVERED);

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        s->frequency_count = rows[i].count;
        s->frequency_ms = rows[i].ms;
        s->frequency_at = (struct origin){rows[i].file, 12};
        for (; o.rid < rows[i].count; o.rid++)
            free(fold(w, 0, o));
        assert_true(frequency_is_capped(s, w->engine.list, "shop", KIM, o.at, w->why, &w->e));
        assert_string_equal(w->why, rows[i].why);
    }
}

/* ---- two jobs at once ---- */

static void two_jobs_at_once_share_one_cap(void **state)
{
    struct world *w = *state;
    assert_true(lease(w, 0, 1, KIM));
    assert_false(lease(w, 1, 1, "Kim@NAVER.com"));
    assert_string_equal(w->why, "frequency cap: 1 ad in 7 days");
    assert_false(lease(w, 2, 1, KIM));
    assert_true(lease(w, 1, 2, "lee@naver.com"));
    w->settings.shaping.frequency_count = 2;
    assert_true(lease(w, 2, 1, KIM));
    assert_false(lease(w, 1, 1, KIM));
}

static void how_it_ends_decides(void **state)
{
    static const struct {
        enum state state;
        bool dot_unanswered;
        bool is_free; /* for another */
    } rows[] = {{STATE_DELIVERED, false, false},  {STATE_IN_DOUBT, true, false},
                {STATE_DEFERRED, true, false},    {STATE_DEFERRED, false, true},
                {STATE_BOUNCED, false, true},     {STATE_EXPIRED, false, true},
                {STATE_CANCELLED, false, true},   {STATE_SKIPPED, false, true},
                {STATE_QUARANTINED, false, true}, {STATE_SUPPRESSED, false, true}};
    struct world *w = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char email[32];
        snprintf(email, sizeof email, "r%zu@naver.com", i);
        assert_true(lease(w, 0, i + 1, email));
        struct outcome o = ended(0, i + 1, email, rows[i].state);
        o.dot_unanswered = rows[i].dot_unanswered;
        frequency_outcome(&w->engine, &w->job[0], &o);
        if (lease(w, 1, i + 1, email) != rows[i].is_free)
            fail_msg("row %zu", i);
    }
    assert_true(lease(w, 0, 100, KIM));
    give_back(w, 0, 100, KIM);
    assert_true(lease(w, 1, 100, KIM));
}

/* A retry is the same mail; so is one that was leased again after it came back. */
static void nobody_counts_against_himself(void **state)
{
    struct world *w = *state;
    assert_true(lease(w, 0, 1, KIM));
    assert_true(lease(w, 0, 1, KIM));
    end(w, 0, 1, KIM, STATE_DEFERRED);
    assert_true(lease(w, 0, 1, KIM));
    end(w, 0, 1, KIM, STATE_DELIVERED);
    assert_true(lease(w, 0, 1, KIM));
    hear(w, fold(w, 0, ended(0, 1, KIM, STATE_DELIVERED)));
    assert_true(lease(w, 0, 1, KIM));
    assert_false(lease(w, 0, 2, KIM)); /* the same address once more in a list, or a standing job */
}

/* Between the fold and the letter both know of it: still one. */
static void no_mail_counts_twice(void **state)
{
    struct world *w = *state;
    struct folded_letter *l;
    w->settings.shaping.frequency_count = 2;
    assert_true(lease(w, 0, 1, KIM));
    end(w, 0, 1, KIM, STATE_DELIVERED);
    l = fold(w, 0, ended(0, 1, KIM, STATE_DELIVERED));
    assert_true(lease(w, 1, 1, KIM));
    give_back(w, 1, 1, KIM);
    hear(w, l);
    assert_true(lease(w, 1, 1, KIM));
    assert_false(lease(w, 2, 1, KIM));
}

static void a_fold_may_be_heard_of_first(void **state)
{
    struct world *w = *state;
    assert_true(lease(w, 0, 1, KIM));
    hear(w, fold(w, 0, ended(0, 1, KIM, STATE_DELIVERED)));
    end(w, 0, 1, KIM, STATE_DELIVERED);
    assert_false(lease(w, 1, 1, KIM));
}

static void only_advertisements_are_capped(void **state)
{
    struct world *w = *state;
    w->job[1].row.msg_class = MSG_NOTICE;
    w->job[2].row.msg_class = MSG_TRANSACTIONAL;
    assert_true(lease(w, 1, 1, KIM));
    assert_true(lease(w, 0, 1, KIM));
    assert_true(lease(w, 1, 2, KIM));
    assert_true(lease(w, 2, 2, KIM));
    assert_null(frequency_letter(&w->job[1].row, &(struct outcome){.state = STATE_DELIVERED}, 1));
}

/* Our own people look at a mailing as often as they like, and that takes nobody's place. */
static void tests_neither_count_nor_are_held(void **state)
{
    struct world *w = *state;
    w->spec[1].test_of = (char *)"spring";
    assert_true(lease(w, 1, 1, "kim@naver.com"));
    end(w, 1, 1, "kim@naver.com", STATE_DELIVERED);
    assert_true(lease(w, 0, 1, "kim@naver.com"));
    end(w, 0, 1, "kim@naver.com", STATE_DELIVERED);
    assert_false(lease(w, 2, 1, "kim@naver.com"));
    assert_true(lease(w, 1, 2, "kim@naver.com"));
}

static void a_client_caps_its_own(void **state)
{
    struct world *w = *state;
    w->settings.shaping.frequency_count = 0;
    cap_client(w, 1, DAY);
    assert_true(lease(w, 2, 1, KIM));
    assert_true(lease(w, 0, 1, KIM));
    assert_false(lease(w, 1, 1, KIM));
    assert_true(lease(w, 2, 2, KIM));
}

/* Three jobs, four addresses, everything that may happen, in any order: nobody ever gets more than
 * N. */
static void no_order_of_events_exceeds_it(void **state)
{
    enum { ADDRESSES = 4, N = 2, RIDS = 40 };
    enum { WAITS, OUT, CAME, ENDED } at[3][RIDS] = {{WAITS}};
    struct world *w = *state;
    struct folded_letter *letter[64] = {NULL};
    unsigned came[ADDRESSES] = {0}, letters = 0, full = 0;
    uint64_t random = 42;

    w->settings.shaping.frequency_count = N;
    for (int step = 0; step < 4000; step++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        int job = (int)(random >> 33) % 3, rid = (int)(random >> 40) % RIDS;
        unsigned what = (unsigned)(random >> 50) % 5, who = (unsigned)rid % ADDRESSES;
        char email[32];
        snprintf(email, sizeof email, "r%u@naver.com", who);
        uint64_t number = (uint64_t)rid + 1;
        if (at[job][rid] == WAITS) {
            if (lease(w, job, number, email))
                at[job][rid] = OUT;
        } else if (at[job][rid] == OUT && what == 0) {
            give_back(w, job, number, email);
            at[job][rid] = WAITS;
        } else if (at[job][rid] == OUT && what == 1) {
            end(w, job, number, email, STATE_DEFERRED);
            at[job][rid] = WAITS;
        } else if (at[job][rid] == OUT && what == 2) {
            end(w, job, number, email, STATE_BOUNCED);
            at[job][rid] = ENDED;
        } else if (at[job][rid] == OUT) {
            end(w, job, number, email, STATE_DELIVERED);
            at[job][rid] = CAME;
            came[who]++;
            assert_true(came[who] <= N);
        } else if (at[job][rid] == CAME && letters < 64) {
            letter[letters++] = fold(w, job, ended(job, number, email, STATE_DELIVERED));
            at[job][rid] = ENDED;
        }
        if (letters > 0 && what == 4)
            hear(w, letter[--letters]);
    }
    for (int i = 0; i < ADDRESSES; i++)
        full += came[i] == N;
    assert_int_equal(full, ADDRESSES);
    while (letters > 0)
        hear(w, letter[--letters]);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_world, end_world)
    const struct CMUnitTest tests[] = {
        TEST(what_the_list_knows_counts),       TEST(the_reason_is_said),
        TEST(two_jobs_at_once_share_one_cap),   TEST(how_it_ends_decides),
        TEST(nobody_counts_against_himself),    TEST(no_mail_counts_twice),
        TEST(a_fold_may_be_heard_of_first),     TEST(only_advertisements_are_capped),
        TEST(tests_neither_count_nor_are_held), TEST(a_client_caps_its_own),
        TEST(no_order_of_events_exceeds_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
