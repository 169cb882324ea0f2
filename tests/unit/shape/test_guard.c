#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sluice/base/rng.h>
#include <sluice/shape/guard.h>

#define MIN INT64_C(60000)

static const struct limits ten = {
    .outage_sample = 10, .outage_refused_percent = 90, .outage_window_ms = 10 * MIN};

/* "." accepted, "x" refused, "X" refused and it trips; one a second, "~" is half an hour. */
static void play(struct guard *g, const struct limits *l, bool has_profile, const char *story)
{
    int64_t now = 1000000;

    for (size_t i = 0; story[i]; i++) {
        bool trips;

        now += 1000;
        if (story[i] == '~') {
            now += 30 * MIN;
            continue;
        }
        trips = guard_note(g, l, story[i] != '.', has_profile, now);
        if (trips != (story[i] == 'X'))
            fail_msg("%s: %zu", story, i);
    }
}

static void stories(void **state)
{
    static const struct {
        bool has_profile;
        const char *story;
    } rows[] = {
        {true, "xxxxxxxxxX"},
        {true, "xxxxxxxxxXxxxxxxxxxX"}, /* again after another full one only */
        {true, "xxxxxxxxx.X"},          /* nine of ten are enough */
        {true, "xxxxxxxx..xxxxxxxxX"},
        {true, "xxxxxxxx.........xxxxxxxxX"},
        {true, "x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x"},
        {true, "xxxxx~xxxxx~xxxxx"}, /* not suddenly */
        {true, "xxxxx~xxxxxxxxxX"},
        {true, "xxxxxxxxx."}, /* an acceptance trips nothing */
        /* Who never took anything is dead, not down. */
        {false, "xxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
        {false, "....xxxxxxxxxxxxxxx"},
        {false, ".....xxxxxxxxX"},
        {false, ".....~~~~xxxxxxxxxX"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct guard g = {0};

        play(&g, &ten, rows[i].has_profile, rows[i].story);
        guard_done(&g);
    }
}

static void since_when(void **state)
{
    struct guard g = {0};

    (void)state;
    assert_int_equal(guard_since_ms(&g), 0);
    for (int i = 0; i < 14; i++)
        assert_false(guard_note(&g, &ten, i > 5, true, 1000 + i));
    assert_true(guard_note(&g, &ten, true, true, 5000));
    assert_int_equal(guard_since_ms(&g), 1005);
    guard_clear(&g);
    assert_int_equal(guard_since_ms(&g), 1005);
    assert_int_equal(g.accepted, 6);
    guard_note(&g, &ten, true, true, 6000);
    assert_int_equal(guard_since_ms(&g), 6000);
    guard_done(&g);
}

/* A reload may change the sample: it begins anew. */
static void other_samples(void **state)
{
    struct limits l = ten;
    struct guard g = {0};

    (void)state;
    play(&g, &l, true, "xxxxxxxxx");
    l.outage_sample = 5;
    play(&g, &l, true, "xxxxX");
    l.outage_sample = 0;
    play(&g, &l, true, "xxxxxxxxxxxxxx.");
    assert_null(g.at_ms);
    assert_int_equal(g.accepted, 1);
    l.outage_sample = 1;
    play(&g, &l, true, "X.XX");
    l.outage_sample = 1000000; /* as many as there is room for */
    for (int i = 0; i < GUARD_SAMPLE_MAX - 1; i++)
        assert_false(guard_note(&g, &l, true, true, i));
    assert_true(guard_note(&g, &l, true, true, 1000));
    l.outage_sample = -1;
    play(&g, &l, true, "xxx");
    guard_done(&g);
}

/* Against counting by hand. */
static void like_counting(void **state)
{
    static bool story[4000];

    (void)state;
    for (unsigned seed = 0; seed < 30; seed++) {
        struct rng rng = rng_seed(seed);
        struct limits l = {.outage_sample = 2 + (int64_t)rng_below(&rng, 255),
                           .outage_refused_percent = 60,
                           .outage_window_ms = INT64_MAX / 2};
        struct guard g = {0};
        int since = 0;

        for (int i = 0; i < 4000; i++) {
            int64_t refused = 0, size = l.outage_sample < 256 ? l.outage_sample : 256;
            bool wants, is_bad_time = i / 700 % 2;

            story[i] = rng_below(&rng, 100) < (is_bad_time ? 75 : 30);
            for (int j = i; j >= since && j > i - size; j--)
                refused += story[j];
            wants = story[i] && i - since + 1 >= size && refused * 100 >= 60 * size;
            assert_int_equal(guard_note(&g, &l, story[i], true, i), wants);
            if (wants)
                since = i + 1;
        }
        guard_done(&g);
    }
}

static void what_counts(void **state)
{
    static const struct {
        enum phase phase;
        int code;
        enum category category;
        int want; /* -1: not at all; 0: accepted; 1: refused */
    } rows[] = {
        {PHASE_DOT, 250, CAT_OK, 0},
        {PHASE_RCPT, 550, CAT_USER_UNKNOWN, 1},
        {PHASE_RCPT, 550, CAT_SENDER_BLOCKED, 1},
        {PHASE_MAIL, 554, CAT_POLICY_REFUSED, 1},
        {PHASE_DATA, 451, CAT_SYSTEM_ERROR, 1},
        {PHASE_DOT, 421, CAT_RATE_LIMITED, 1},
        {PHASE_DOT, 354, CAT_PROTOCOL_ERROR, 1},
        {PHASE_RCPT, 450, CAT_GREYLISTED, -1},
        {PHASE_RCPT, 452, CAT_MAILBOX_FULL, -1},
        {PHASE_DOT, 552, CAT_MESSAGE_TOO_LARGE, -1},
        {PHASE_DOT, 550, CAT_SPAM_CONTENT, -1},
        {PHASE_RCPT, 553, CAT_ADDRESS_UNSUPPORTED, -1},
        {PHASE_DOT, 0, CAT_NETWORK, -1},
        {PHASE_DOT, 0, CAT_IN_DOUBT, -1},
        {PHASE_RENDER, 550, CAT_RENDER_ERROR, -1},
        {PHASE_POLICY, 550, CAT_SUPPRESSED, -1},
        {PHASE_POLICY, 550, CAT_CANCELLED, -1},
        {PHASE_RCPT, 450, CAT_EXPIRED, -1},
        {PHASE_BANNER, 554, CAT_SENDER_BLOCKED, -1},
        {PHASE_EHLO, 421, CAT_RATE_LIMITED, -1},
        {PHASE_QUIT, 221, CAT_OK, -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct outcome o = {.phase = rows[i].phase, .category = rows[i].category};
        bool is_refused = false;
        int got = -1;

        o.reply.code = rows[i].code;
        if (guard_counts(&o, &is_refused))
            got = is_refused;
        if (got != rows[i].want)
            fail_msg("row %zu: %d", i, got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stories),       cmocka_unit_test(since_when),
        cmocka_unit_test(other_samples), cmocka_unit_test(like_counting),
        cmocka_unit_test(what_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
