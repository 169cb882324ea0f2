/* Forecasts that can be calculated by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sluice/base/must.h>
#include <sluice/forecast/forecast.h>

#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define NOW INT64_C(1800000000000)

/* ---- a small world ---- */

struct bed {
    struct shaping shaping;
    struct source source;
    struct profile profile;
    char *suffix;
    struct forecast_job job[3];
    struct forecast_domain domain[4];
    struct forecast_calendar calendar[3];
    struct forecast_memory memory[64];
    struct mx_answer answer[4];
    struct spans closed;
    struct forecast_input in;
    struct forecast_out out;
};

static void add_rate(struct rates *r, const char *text)
{
    assert_true(rate_spec_parse(str_of(text), &r->item[r->count++]));
}

static struct limits plain_limits(void)
{
    return (struct limits){.connection_limit = 100,
                           .max_deliveries_per_connection = 1000,
                           .retry_interval_ms = 300 * SECOND,
                           .max_retry_interval_ms = HOUR,
                           .consecutive_connection_failures_before_delay = 100,
                           .idle_ms = 5 * SECOND,
                           .smtp_port = 25,
                           .remember_broken_tls_ms = DAY,
                           .backoff_to_normal_after_ms = HOUR};
}

static void start(struct bed *b)
{
    memset(b, 0, sizeof *b);
    b->source.name = (char *)"default";
    b->suffix = (char *)".here.example";
    b->profile = (struct profile){.name = (char *)"here",
                                  .mx_suffix = &b->suffix,
                                  .mx_suffixes = 1,
                                  .limits = plain_limits()};
    b->shaping.source = &b->source;
    b->shaping.sources = 1;
    b->shaping.profiles.item = &b->profile;
    b->shaping.profiles.count = 1;
    b->shaping.profiles.fallback = plain_limits();
    b->in = (struct forecast_input){
        .options = {.max_connections = 200,
                    .max_asking = 100,
                    .max_leased = 20000,
                    .shaping = &b->shaping},
        .now = {{5000}, {NOW}},
        .until = {NOW + 30 * DAY},
        .job = b->job,
        .domain = b->domain,
        .calendar = b->calendar,
        .memory = b->memory,
        .seed = 7,
    };
}

static void add_job(struct bed *b, enum priority prio, bool is_subject)
{
    uint32_t key = (uint32_t)++b->in.jobs;
    b->job[key - 1] = (struct forecast_job){
        .info = {.key = key, .priority = prio, .expires_ms = 20 * DAY, .id = "j", .client = "shop"},
        .is_subject = is_subject};
}

static void add_domain(struct bed *b, const char *name, uint32_t job, uint64_t recipients,
                       const struct mx_answer *a)
{
    b->domain[b->in.domains++] = (struct forecast_domain){
        .name = name, .job = job, .recipients = recipients, .due_ms = NOW, .answer = a};
}

/* All mail of job 0 goes to the profile "here". */
static void one_job(struct bed *b, uint64_t recipients)
{
    start(b);
    b->answer[0] = (struct mx_answer){.status = MX_OK, .hosts = 1, .ttl_sec = 300};
    strcpy(b->answer[0].host[0].name, "mx.here.example");
    b->answer[0].host[0].addresses = 1;
    b->answer[0].host[0].address[0].family = AF_INET;
    add_job(b, PRIO_NORMAL, true);
    add_domain(b, "a.example", 0, recipients, &b->answer[0]);
}

static void close_between(struct bed *b, int64_t from_ms, int64_t until_ms)
{
    uint32_t r = spans_reason(&b->closed, "closed", (struct origin){"p.conf", 3}, false);
    spans_add(&b->closed, from_ms, until_ms, r);
}

static void run(struct bed *b)
{
    struct forecast *f = forecast_new(&b->in);
    double progress = 0;
    while (!forecast_step(f, 1000)) {
        assert_true(forecast_progress(f) >= progress);
        progress = forecast_progress(f);
    }
    forecast_result(f, &b->out);
    forecast_free(f);
}

static void done(struct bed *b)
{
    forecast_out_done(&b->out);
    spans_done(&b->closed);
}

/* And a fiftieth: what is spaced out is given that much slower than written. */
static void assert_about(int64_t ms, int64_t expected_ms, int64_t give_ms)
{
    give_ms += expected_ms / 45;
    if (ms < expected_ms - give_ms || ms > expected_ms + give_ms)
        fail_msg("%lld ms instead of %lld", (long long)ms, (long long)expected_ms);
}

static const struct forecast_row *row_of(const struct bed *b, uint32_t job, const char *provider)
{
    for (size_t i = 0; i < b->out.rows; i++)
        if (b->out.row[i].job == job && strcmp(b->out.row[i].provider, provider) == 0)
            return &b->out.row[i];
    fail_msg("no row of job %u at %s", job, provider);
    return NULL;
}

/* ---- how fast ---- */

static void test_speed(void **state)
{
    static const struct {
        const char *rate, *second_rate;
        int64_t connections;
        uint64_t recipients;
        int64_t seconds, give; /* the time it takes, and by how much it may differ */
        const char *limit;     /* part of it; NULL: either of two */
    } ROW[] = {
        {"10/s", NULL, 100, 1000, 100, 1, "max_message_rate"},
        {"600/min", NULL, 100, 1000, 100, 1, "max_message_rate"},
        {NULL, NULL, 5, 5000, 100, 2, "connection_limit"}, /* 5 x 10 messages a second */
        {NULL, NULL, 1, 600, 60, 2, "connection_limit"},
        {"1,000/s", NULL, 10, 10000, 100, 2, NULL},
        {"100/s", "10/s", 100, 1000, 100, 1, "10/s"},
        {"1,000/day", NULL, 100, 2500, 2 * 86400, 7200, "1,000/day"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROW / sizeof *ROW; i++) {
        struct bed b;
        one_job(&b, ROW[i].recipients);
        struct limits *l = &b.profile.limits;
        l->connection_limit = ROW[i].connections;
        l->origin[LIMIT_MAX_MESSAGE_RATE] = (struct origin){"here.conf", 12};
        l->origin[LIMIT_CONNECTION_LIMIT] = (struct origin){"here.conf", 13};
        if (ROW[i].rate)
            add_rate(&l->max_message_rate, ROW[i].rate);
        if (ROW[i].second_rate)
            add_rate(&l->max_message_rate, ROW[i].second_rate);
        run(&b);
        assert_int_equal(b.out.delivered, ROW[i].recipients);
        assert_about(b.out.finish.ms - NOW, ROW[i].seconds * SECOND, ROW[i].give * SECOND);
        const struct forecast_row *r = row_of(&b, 0, "here");
        if (ROW[i].limit && (!strstr(r->limit, ROW[i].limit) || !strstr(r->limit, "here.conf:1")))
            fail_msg("row %zu: limit '%s'", i, r->limit);
        done(&b);
    }
}

static void measured(void *arg, const char *provider, double *dial_ms, double *message_ms)
{
    (void)arg;
    if (strcmp(provider, "here") == 0)
        *message_ms = 12.5;
    *dial_ms = 0;
}

static void test_measured_times_count(void **state)
{
    struct bed b;
    (void)state;
    one_job(&b, 8000);
    b.profile.limits.connection_limit = 1;
    b.in.measured = measured;
    run(&b);
    assert_about(b.out.finish.ms - NOW, 100 * SECOND, 2 * SECOND);
    const struct forecast_row *r = row_of(&b, 0, "here");
    assert_true(r->per_s > 78 && r->per_s < 81);
    done(&b);
}

/* ---- when ---- */

static void test_a_window_adds_its_length(void **state)
{
    static const enum { OF_PROVIDER, OF_CLIENT, OF_JOB } KIND[] = {OF_PROVIDER, OF_CLIENT, OF_JOB};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct bed b;
        one_job(&b, 1000);
        add_rate(&b.profile.limits.max_message_rate, "10/s");
        close_between(&b, NOW + 50 * SECOND, NOW + 650 * SECOND);
        if (KIND[i] == OF_JOB)
            b.job[0].closed = &b.closed;
        else
            b.calendar[b.in.calendars++] =
                (struct forecast_calendar){KIND[i] == OF_CLIENT ? PARTY_CLIENT : PARTY_PROVIDER,
                                           KIND[i] == OF_CLIENT ? "shop" : "here", &b.closed};
        run(&b);
        const struct forecast_row *r = row_of(&b, 0, "here");
        assert_about(r->finish.ms - NOW, 700 * SECOND, 3 * SECOND);
        assert_about(r->window_wait_ms, 600 * SECOND, SECOND);
        assert_about(r->other_wait_ms, 0, 0);
        assert_true(r->per_s > 9.7 && r->per_s < 10.3);
        done(&b);
    }
}

static void test_closed_at_first(void **state)
{
    struct bed b;
    (void)state;
    one_job(&b, 100);
    add_rate(&b.profile.limits.max_message_rate, "10/s");
    close_between(&b, NOW - HOUR, NOW + HOUR);
    b.job[0].closed = &b.closed;
    run(&b);
    const struct forecast_row *r = row_of(&b, 0, "here");
    assert_about(r->first.ms - NOW, HOUR, 2 * SECOND);
    assert_about(r->window_wait_ms, HOUR, SECOND);
    assert_non_null(strstr(r->limit, "closed"));
    assert_non_null(strstr(r->limit, "p.conf:3"));
    done(&b);
}

static void test_start_in_the_future(void **state)
{
    struct bed b;
    (void)state;
    one_job(&b, 1000);
    add_rate(&b.profile.limits.max_message_rate, "10/s");
    b.job[0].info.start.ms = NOW + 5 * DAY;
    run(&b);
    const struct forecast_row *r = row_of(&b, 0, "here");
    assert_about(r->first.ms - NOW, 5 * DAY, SECOND);
    assert_about(r->finish.ms - NOW, 5 * DAY + 100 * SECOND, 2 * SECOND);
    assert_non_null(strstr(r->limit, "max_message_rate")); /* it was looked at in time */
    assert_int_equal(r->window_wait_ms + r->other_wait_ms, 0);
    done(&b);
}

static void test_not_by_then(void **state)
{
    struct bed b;
    (void)state;
    one_job(&b, 1000);
    add_rate(&b.profile.limits.max_message_rate, "10/s");
    b.in.until.ms = NOW + 50 * SECOND;
    run(&b);
    assert_int_equal(b.out.finish.ms, 0);
    assert_int_equal(row_of(&b, 0, "here")->finish.ms, 0);
    assert_true(b.out.left > 480 && b.out.left < 520);
    assert_int_equal(b.out.left + b.out.delivered, 1000);
    assert_true(b.out.simulated_ms == 50000);
    done(&b);
}

/* ---- who else ---- */

static void test_equals_share(void **state)
{
    struct bed b;
    (void)state;
    one_job(&b, 500);
    add_rate(&b.profile.limits.max_message_rate, "10/s");
    add_job(&b, PRIO_NORMAL, true);
    add_domain(&b, "a.example", 1, 500, &b.answer[0]);
    run(&b);
    assert_about(row_of(&b, 0, "here")->finish.ms - NOW, 100 * SECOND, 4 * SECOND);
    assert_about(row_of(&b, 1, "here")->finish.ms - NOW, 100 * SECOND, 4 * SECOND);
    assert_int_equal(b.out.recipients, 1000);
    done(&b);
}

static void test_urgent_competitor(void **state)
{
    struct bed b;
    (void)state;
    one_job(&b, 500);
    add_rate(&b.profile.limits.max_message_rate, "10/s");
    add_job(&b, PRIO_URGENT, false);
    add_domain(&b, "b.example", 1, 500, &b.answer[0]);
    run(&b);
    assert_int_equal(b.out.rows, 1); /* of the subject only */
    assert_about(b.out.row[0].finish.ms - NOW, 100 * SECOND, 2 * SECOND);
    assert_about(b.out.row[0].first.ms - NOW, 50 * SECOND, 5 * SECOND);
    assert_about(b.out.row[0].other_wait_ms, 50 * SECOND, 5 * SECOND);
    assert_int_equal(b.out.recipients, 500);
    done(&b);
}

static void test_a_cap_over_all_providers(void **state)
{
    struct bed b;
    (void)state;
    one_job(&b, 4000);
    add_domain(&b, "elsewhere.example", 0, 4000, NULL);
    add_rate(&b.job[0].info.cap.max_message_rate, "20/s");
    run(&b);
    assert_int_equal(b.out.delivered, 8000);
    assert_about(b.out.finish.ms - NOW, 400 * SECOND, 4 * SECOND);
    done(&b);
}

/* ---- where it does not go ---- */

static void test_dead_and_unknown_domains(void **state)
{
    struct bed b;
    (void)state;
    one_job(&b, 10);
    b.answer[1] = (struct mx_answer){.status = MX_NO_DOMAIN, .why = "NXDOMAIN"};
    b.answer[2] = (struct mx_answer){.status = MX_TEMPORARY, .why = "SERVFAIL"};
    add_domain(&b, "gone.example", 0, 7, &b.answer[1]);
    add_domain(&b, "sick.example", 0, 5, &b.answer[2]);
    add_domain(&b, "unknown.example", 0, 3, NULL);
    run(&b);
    assert_int_equal(row_of(&b, 0, "(no mail host)")->undeliverable, 7);
    assert_int_equal(row_of(&b, 0, "(no mail host)")->delivered, 0);
    assert_true(row_of(&b, 0, "(no mail host)")->finish.ms >= NOW);
    assert_int_equal(row_of(&b, 0, "sick.example")->delivered, 5);
    assert_int_equal(row_of(&b, 0, "unknown.example")->delivered, 3);
    assert_int_equal(b.out.undeliverable, 7);
    assert_int_equal(b.out.delivered, 18);
    assert_int_equal(b.out.left, 0);
    assert_true(b.out.finish.ms > NOW);
    done(&b);
}

static void test_what_expires(void **state)
{
    struct bed b;
    (void)state;
    one_job(&b, 1000);
    add_rate(&b.profile.limits.max_message_rate, "10/s");
    b.job[0].info.start.ms = NOW - HOUR; /* its rows are as old as that */
    b.job[0].info.expires_ms = HOUR + 30 * SECOND;
    run(&b);
    assert_true(b.out.delivered > 280 && b.out.delivered < 340);
    assert_int_equal(b.out.delivered + b.out.undeliverable, 1000);
    done(&b);
}

/* ---- the input ---- */

static void test_an_answer_as_short_as_its_hosts(void **state)
{
    struct bed b;
    (void)state;
    one_job(&b, 20);
    size_t n = offsetof(struct mx_answer, host) + sizeof(struct mx_host);
    char *copy = mem_new(n);
    memcpy(copy, &b.answer[0], n);
    b.domain[0].answer = (const struct mx_answer *)(const void *)copy;
    run(&b);
    assert_int_equal(row_of(&b, 0, "here")->delivered, 20);
    free(copy);
    done(&b);
}

static void test_nothing(void **state)
{
    struct bed b;
    (void)state;
    start(&b);
    add_job(&b, PRIO_BULK, true);
    run(&b);
    assert_int_equal(b.out.rows, 0);
    assert_int_equal(b.out.left, 0);
    done(&b);
}

static void test_given_up_in_the_middle(void **state)
{
    struct bed b;
    (void)state;
    one_job(&b, 1000);
    struct forecast *f = forecast_new(&b.in);
    assert_false(forecast_step(f, 300));
    assert_true(forecast_progress(f) > 0 && forecast_progress(f) < 1);
    forecast_free(f); /* with mail on connections */
    forecast_free(NULL);
    done(&b);
}

/* What another planner remembers holds here, too. */
struct remembering {
    struct bed *bed;
    char *text[64][2];
};

static void remember(void *arg, const char *key, const char *value)
{
    struct remembering *r = arg;
    if (!value)
        return;
    size_t i = r->bed->in.memories++;
    assert_true(i < 64);
    r->text[i][0] = mem_str(key);
    r->text[i][1] = mem_str(value);
    r->bed->memory[i] = (struct forecast_memory){r->text[i][0], r->text[i][1]};
}

static void test_remembered_suspension(void **state)
{
    struct bed b;
    struct remembering r = {&b, {{NULL}}};
    (void)state;
    one_job(&b, 20);
    struct plan *p = plan_new(&b.in.options);
    plan_suspend(p, PARTY_PROVIDER, "here", (struct wall){NOW + 600 * SECOND}, "by hand", b.in.now);
    plan_each_memory(p, true, true, 0, b.in.now, remember, &r);
    plan_free(p);
    run(&b);
    const struct forecast_row *row = row_of(&b, 0, "here");
    assert_about(row->first.ms - NOW, 600 * SECOND, 2 * SECOND);
    assert_about(row->other_wait_ms, 600 * SECOND, 2 * SECOND);
    for (size_t i = 0; i < b.in.memories; i++) {
        free(r.text[i][0]);
        free(r.text[i][1]);
    }
    done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_speed),
        cmocka_unit_test(test_measured_times_count),
        cmocka_unit_test(test_a_window_adds_its_length),
        cmocka_unit_test(test_closed_at_first),
        cmocka_unit_test(test_start_in_the_future),
        cmocka_unit_test(test_not_by_then),
        cmocka_unit_test(test_remembered_suspension),
        cmocka_unit_test(test_equals_share),
        cmocka_unit_test(test_urgent_competitor),
        cmocka_unit_test(test_a_cap_over_all_providers),
        cmocka_unit_test(test_dead_and_unknown_domains),
        cmocka_unit_test(test_what_expires),
        cmocka_unit_test(test_an_answer_as_short_as_its_hosts),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_given_up_in_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
