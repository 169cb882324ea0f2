/* forecast_bench.c: how long a forecast takes.
 *
 *     bench-forecast [recipients [domains [cap]]]
 *
 * Default: 1,000,000 recipients, 5,000 domains, no cap (messages a second of the job over all
 * providers; 20 is the hard case: very many wait for one another).
 *
 * Half of the recipients are at ten large providers with rates, daily quotas and nightly
 * maintenance, the rest at domains of their own; the job may be sent from 08:00 to 20:00 on
 * weekdays. The limits are such that it takes about a week of calendar.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sluice/base/must.h>
#include <sluice/forecast/forecast.h>
#include <sluice/os/clock.h>

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)
#define MONDAY INT64_C(1800230400000) /* 00:00 UTC */
#define LARGE 10u

struct bench {
    struct shaping shaping;
    struct source source;
    struct profile profile[LARGE];
    struct spans night[LARGE], hours;
    struct forecast_calendar calendar[LARGE];
    struct forecast_job job;
    struct forecast_domain *domain;
    struct mx_answer *answer;
    char (*name)[48];
};

static struct limits limits_of(uint64_t per_s, uint64_t per_day)
{
    struct limits l = {.connection_limit = 20,
                       .max_deliveries_per_connection = 100,
                       .retry_interval_ms = HOUR / 4,
                       .max_retry_interval_ms = HOUR,
                       .consecutive_connection_failures_before_delay = 100,
                       .idle_ms = 5000,
                       .smtp_port = 25,
                       .ramp_up_ms = 10000,
                       .drain_ms = 30000,
                       .backoff_to_normal_after_ms = HOUR};
    if (per_s)
        l.max_message_rate.item[l.max_message_rate.count++] = (struct rate_spec){per_s, 1000000, 1};
    if (per_day)
        l.max_message_rate.item[l.max_message_rate.count++] =
            (struct rate_spec){per_day, DAY * 1000, 0};
    return l;
}

static void add_large(struct bench *b, unsigned i, uint64_t recipients)
{
    struct profile *f = &b->profile[i];
    uint64_t per_day = recipients / (1 + i % 6) + 1;
    *f = (struct profile){.name = mem_printf("large%u", i), .mx_suffixes = 1};
    f->limits = limits_of(20 + 10 * i, per_day);
    f->mx_suffix = mem_array(1, sizeof *f->mx_suffix);
    f->mx_suffix[0] = mem_printf(".large%u.example", i);
    uint32_t reason = spans_reason(&b->night[i], "maintenance at night", (struct origin){0}, false);
    for (int64_t day = 0; day < 60; day++)
        spans_add(&b->night[i], MONDAY + day * DAY + 17 * HOUR, MONDAY + day * DAY + 21 * HOUR,
                  reason);
    b->calendar[i] = (struct forecast_calendar){PARTY_PROVIDER, f->name, &b->night[i]};
}

static void fill(struct bench *b, uint64_t recipients, size_t domains)
{
    uint32_t reason = spans_reason(&b->hours, "send_windows", (struct origin){0}, false);
    int64_t from = MONDAY - DAY;
    for (int64_t day = 0; day < 60; day++)
        if (day % 7 < 5) {
            spans_add(&b->hours, from, MONDAY + day * DAY + 8 * HOUR, reason);
            from = MONDAY + day * DAY + 20 * HOUR;
        }
    b->source.name = (char *)"default";
    b->shaping = (struct shaping){.source = &b->source, .sources = 1};
    b->shaping.profiles = (struct profiles){b->profile, LARGE, limits_of(0, 0)};
    b->domain = mem_array(domains, sizeof *b->domain);
    b->answer = mem_array(domains, sizeof *b->answer);
    b->name = mem_array(domains, sizeof *b->name);
    for (unsigned i = 0; i < LARGE; i++)
        add_large(b, i, recipients / 2 / LARGE);
    for (size_t i = 0; i < domains; i++) {
        struct mx_answer *a = &b->answer[i];
        uint64_t n = i < LARGE ? recipients / 2 / LARGE : recipients / 2 / (domains - LARGE) + 1;
        snprintf(b->name[i], sizeof b->name[i], "d%zu.example", i);
        a->hosts = 1;
        snprintf(a->host[0].name, sizeof a->host[0].name,
                 i < LARGE ? "mx.large%zu.example" : "mx.small%zu.example", i);
        a->host[0].addresses = 1;
        a->host[0].address[0].family = AF_INET;
        b->domain[i] = (struct forecast_domain){
            .name = b->name[i], .recipients = n, .due_ms = MONDAY, .answer = a};
    }
}

static void show(const struct forecast_out *out, double seconds)
{
    struct rusage use;
    char text[WALL_TEXT];
    wall_format(out->finish, text);
    getrusage(RUSAGE_SELF, &use);
    for (size_t i = 0; i < out->rows && i < LARGE; i++)
        printf("  %-10s %8" PRIu64 "  %6.1f/s  windows %6" PRId64 " s  other %6" PRId64 " s  %s\n",
               out->row[i].provider, out->row[i].delivered, out->row[i].per_s,
               out->row[i].window_wait_ms / 1000, out->row[i].other_wait_ms / 1000,
               out->row[i].limit);
    printf("%" PRIu64 " recipients, %zu providers, through at %s after %.1f days\n",
           out->recipients, out->rows, text, out->simulated_ms / (double)DAY);
    printf("%.2f s  %.0f recipients/s  %.0f events  %ld MB\n", seconds,
           (double)out->recipients / seconds, out->events, use.ru_maxrss / 1024);
}

static void release(struct bench *b)
{
    for (unsigned i = 0; i < LARGE; i++) {
        free(b->profile[i].name);
        free(b->profile[i].mx_suffix[0]);
        free(b->profile[i].mx_suffix);
        spans_done(&b->night[i]);
    }
    spans_done(&b->hours);
    free(b->domain);
    free(b->answer);
    free(b->name);
}

int main(int argc, char **argv)
{
    uint64_t recipients = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    size_t domains = argc > 2 ? strtoul(argv[2], NULL, 10) : 5000;
    struct bench b = {0};
    struct forecast_out out;
    if (recipients == 0 || domains <= LARGE) {
        fprintf(stderr, "usage: bench-forecast [recipients [domains, more than %u [cap]]]\n",
                LARGE);
        return 2;
    }
    fill(&b, recipients, domains);
    b.job = (struct forecast_job){.info = {.key = 1,
                                           .priority = PRIO_BULK,
                                           .expires_ms = 60 * DAY,
                                           .id = "bench",
                                           .client = "bench"},
                                  .closed = &b.hours,
                                  .is_subject = true};
    if (argc > 3)
        b.job.info.cap.max_message_rate =
            (struct rates){{{strtoull(argv[3], NULL, 10), 1000000, 1}}, 1};
    struct forecast_input in = {.options = {.max_connections = 2000,
                                            .max_asking = 1000,
                                            .max_leased = 20000,
                                            .shaping = &b.shaping},
                                .now = {{1000}, {MONDAY}},
                                .until = {MONDAY + 60 * DAY},
                                .job = &b.job,
                                .jobs = 1,
                                .domain = b.domain,
                                .domains = domains,
                                .calendar = b.calendar,
                                .calendars = LARGE,
                                .seed = 1};
    int64_t start_us = clock_mono_us();
    struct forecast *f = forecast_new(&in);
    while (!forecast_step(f, 1000000))
        ;
    forecast_result(f, &out);
    show(&out, (double)(clock_mono_us() - start_us) / 1e6);
    forecast_out_done(&out);
    forecast_free(f);
    release(&b);
    return 0;
}
