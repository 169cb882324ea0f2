/* pretty_status.c: `sluice status`, from the JSON that engine/live.h describes. */
#include "pretty.h"

#include <string.h>
#include <sluice/model/kinds.h>

enum { FINISHED_SHOWN = 20 };

/* ---- counts ---- */

struct counts {
    unsigned long long state[STATES];
    unsigned long long all, final,
        other; /* other: final, and neither delivered, bounced nor in doubt */
};

static void add_counts(struct counts *to, const json_t *counts)
{
    for (int s = 0; s < STATES; s++) {
        unsigned long long n = pretty_count(counts, state_name((enum state)s));
        to->state[s] += n;
        to->all += n;
        if (!state_is_final((enum state)s))
            continue;
        to->final += n;
        if (s != STATE_DELIVERED && s != STATE_BOUNCED && s != STATE_IN_DOUBT)
            to->other += n;
    }
}

static struct counts counts_of(const json_t *o)
{
    struct counts c = {0};
    add_counts(&c, json_object_get(o, "counts"));
    return c;
}

/* The columns that jobs and providers share; `quarantined` only when somebody is. */
static const char *const COUNT_HEADS[] = {"delivered", "deferred", "bounced",    "in doubt",
                                          "other",     "waiting",  "quarantined"};

static size_t count_columns(const json_t *rows)
{
    const json_t *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        if (counts_of(row).state[STATE_QUARANTINED] > 0)
            return 7;
    }
    return 6;
}

static void count_cells(struct table *t, const struct counts *c, size_t columns)
{
    table_number(t, c->state[STATE_DELIVERED]);
    table_number(t, c->state[STATE_DEFERRED]);
    table_number(t, c->state[STATE_BOUNCED]);
    table_number(t, c->state[STATE_IN_DOUBT]);
    table_number(t, c->other);
    table_number(t, c->state[STATE_WAITING]);
    if (columns > 6)
        table_number(t, c->state[STATE_QUARANTINED]);
}

static void count_heads(struct table *t, size_t first, size_t columns)
{
    for (size_t i = 0; i < columns; i++) {
        table_cell(t, "%s", COUNT_HEADS[i]);
        table_right(t, first + i);
    }
}

static void finish_table(struct table *t, size_t width, struct buf *out)
{
    table_format(t, width, out);
    table_done(t);
}

/* ---- the daemon ---- */

static void put_bytes(struct buf *out, unsigned long long n)
{
    static const char *const unit[] = {"B", "kB", "MB", "GB", "TB"};
    size_t u = 0;
    double v = (double)n;
    while (v >= 1000 && u < 4) {
        v /= 1000;
        u++;
    }
    buf_printf(out, v < 10 && u > 0 ? "%.1f %s" : "%.0f %s", v, unit[u]);
}

static void put_count(struct buf *out, const json_t *o, const char *key, const char *what)
{
    pretty_put_number(out, pretty_count(o, key));
    buf_printf(out, " %s", what);
}

static void daemon_line(const json_t *answer, struct buf *out)
{
    char up[16];
    duration_format((int64_t)pretty_count(answer, "uptime_s") * 1000, up);
    buf_puts(out, "sluiced ");
    pretty_put(out, json_object_get(answer, "version"));
    buf_printf(out, ", up %s: ", up);
    put_count(out, answer, "connections", "connections, ");
    put_count(out, answer, "in_flight", "in flight, ");
    put_count(out, answer, "messages_per_s", "messages/s, ");
    put_bytes(out, pretty_count(answer, "disk_free"));
    buf_puts(out, " of disk free\n");
}

static void trouble_line(struct buf *out, const char *what, const char *why)
{
    if (!*why)
        return;
    buf_puts(out, what);
    pretty_safe(out, why, strlen(why), false);
    buf_putc(out, '\n');
}

static void intake_line(const json_t *intake, struct buf *out)
{
    const char *importing = pretty_member(intake, "importing"),
               *paused = pretty_member(intake, "paused");
    if (*importing) {
        unsigned long long read = pretty_count(intake, "read_bytes");
        unsigned long long all = pretty_count(intake, "file_bytes");
        buf_puts(out, "taking in ");
        pretty_safe(out, importing, strlen(importing), false);
        buf_puts(out, ": ");
        put_count(out, intake, "rows", "rows");
        if (all > 0)
            buf_printf(out, ", %llu %%", read >= all ? 100 : read * 100 / all);
        buf_putc(out, '\n');
    }
    if (pretty_count(intake, "waiting_files") > 0) {
        buf_puts(out, "waiting in the drop directory: ");
        put_count(out, intake, "waiting_files", "file(s)\n");
    }
    trouble_line(out, "INTAKE IS PAUSED: ", paused);
}

static void job_row(struct table *t, const json_t *job, size_t columns)
{
    struct counts c = counts_of(job);
    pretty_cell(t, job, "id");
    pretty_cell(t, job, "client");
    pretty_cell(t, job, "class");
    if (*pretty_member(job, "held") && strcmp(pretty_member(job, "state"), "active") == 0)
        table_cell(t, "held");
    else
        pretty_cell(t, job, "state");
    count_cells(t, &c, columns);
}

static bool is_over(const json_t *job)
{
    const char *state = pretty_member(job, "state");
    return strcmp(state, "done") == 0 || strcmp(state, "cancelled") == 0 ||
           strcmp(state, "failed") == 0;
}

/* How many of the finished jobs, oldest first, are left out. */
static size_t finished_to_skip(const json_t *jobs)
{
    size_t i, finished = 0;
    const json_t *job;
    json_array_foreach(jobs, i, job) finished += is_over(job);
    return finished > FINISHED_SHOWN ? finished - FINISHED_SHOWN : 0;
}

void pretty_status(const json_t *answer, size_t width, struct buf *out)
{
    const json_t *jobs = json_object_get(answer, "jobs"), *job;
    size_t i;
    daemon_line(answer, out);
    trouble_line(out, "SPOOL TROUBLE: ", pretty_member(answer, "spool_trouble"));
    trouble_line(out, "LIST TROUBLE: ", pretty_member(answer, "list_trouble"));
    json_array_foreach(jobs, i, job)
    {
        char what[100];
        snprintf(what, sizeof what, "TROUBLE WITH JOB %.64s: ", pretty_member(job, "id"));
        trouble_line(out, what, pretty_member(job, "trouble"));
    }
    intake_line(json_object_get(answer, "intake"), out);
    if (json_array_size(jobs) == 0) {
        buf_puts(out, "no jobs\n");
        return;
    }
    struct table t;
    size_t columns = count_columns(jobs);
    table_init(&t, 4 + columns);
    table_cell(&t, "job");
    table_cell(&t, "client");
    table_cell(&t, "class");
    table_cell(&t, "state");
    count_heads(&t, 4, columns);
    size_t skipped = finished_to_skip(jobs), left = skipped;
    json_array_foreach(jobs, i, job)
    {
        if (left > 0 && is_over(job))
            left--;
        else
            job_row(&t, job, columns);
    }
    buf_putc(out, '\n');
    finish_table(&t, width, out);
    if (skipped > 0)
        buf_printf(out, "and %zu older jobs that are over (--json has them)\n", skipped);
}

/* ---- one job ---- */

static void job_head(const json_t *job, struct wall now, size_t width, struct buf *out)
{
    buf_puts(out, "job ");
    pretty_put(out, json_object_get(job, "id"));
    buf_puts(out, " of ");
    pretty_put(out, json_object_get(job, "client"));
    buf_puts(out, ": ");
    pretty_put(out, json_object_get(job, "state"));
    buf_printf(out, json_is_true(json_object_get(job, "standing")) ? ", standing\n" : "\n");
    if (*pretty_member(job, "held")) {
        struct buf held;
        buf_init(&held, 4096);
        pretty_put(&held, json_object_get(job, "held"));
        buf_puts(out, "  held            ");
        pretty_wrap(out, held.data, 18, 18, width);
        buf_done(&held);
    }
    pretty_field(out, "class", json_object_get(job, "class"));
    pretty_field(out, "priority", json_object_get(job, "priority"));
    pretty_field(out, "created", json_object_get(job, "created"));
    pretty_field(out, "finished", json_object_get(job, "finished"));
    pretty_field(out, "recipients", json_object_get(job, "recipients"));
    if (pretty_count(job, "duplicates") > 0)
        pretty_field(out, "duplicates", json_object_get(job, "duplicates"));
    if (pretty_count(job, "bad_rows") > 0)
        pretty_field(out, "bad rows", json_object_get(job, "bad_rows"));
    pretty_field(out, "in flight", json_object_get(job, "in_flight"));
    pretty_field(out, "messages/s", json_object_get(job, "messages_per_s"));
    size_t before = out->len;
    buf_puts(out, "  next attempt    ");
    size_t start = out->len;
    pretty_put_relative(out, json_object_get(job, "next_at"), now);
    if (out->len == start)
        buf_cut(out, before);
    else
        buf_putc(out, '\n');
}

static void states_table(const json_t *job, size_t width, struct buf *out)
{
    struct counts c = counts_of(job);
    if (c.all == 0)
        return;
    struct table t;
    table_init(&t, 3);
    table_cell(&t, "state");
    table_cell(&t, "recipients");
    table_cell(&t, "share");
    table_right(&t, 1);
    table_right(&t, 2);
    for (int s = 0; s < STATES; s++) {
        if (c.state[s] == 0)
            continue;
        table_cell(&t, "%s", state_name((enum state)s));
        table_number(&t, c.state[s]);
        table_cell(&t, "%.1f %%", (double)c.state[s] * 100 / (double)c.all);
    }
    buf_putc(out, '\n');
    finish_table(&t, width, out);
}

static void categories_table(const json_t *job, size_t width, struct buf *out)
{
    const json_t *categories = json_object_get(job, "categories");
    struct table t;
    bool any = false;
    table_init(&t, 2);
    table_cell(&t, "refused or put off as");
    table_cell(&t, "recipients");
    table_right(&t, 1);
    for (int c = CAT_OK + 1; c < CATEGORIES; c++) {
        unsigned long long n = pretty_count(categories, category_name((enum category)c));
        if (n == 0)
            continue;
        any = true;
        table_cell(&t, "%s", category_name((enum category)c));
        table_number(&t, n);
    }
    if (any) {
        buf_putc(out, '\n');
        finish_table(&t, width, out);
    } else {
        table_done(&t);
    }
}

/* Connections belong to the provider and not to the job: they stand apart from it. */
static unsigned long long connections_to(const json_t *answer, const json_t *provider)
{
    const json_t *list = json_object_get(answer, "connections_by_provider"), *o;
    size_t i;
    json_array_foreach(list, i, o)
    {
        if (strcmp(pretty_member(o, "provider"), pretty_member(provider, "provider")) == 0)
            return pretty_count(o, "connections");
    }
    return pretty_count(provider, "connections");
}

static void providers_table(const json_t *answer, const json_t *providers, size_t width,
                            struct buf *out)
{
    const json_t *p;
    size_t i;
    if (json_array_size(providers) == 0)
        return;
    struct table t;
    size_t columns = count_columns(providers);
    table_init(&t, 3 + columns);
    table_cell(&t, "provider");
    count_heads(&t, 1, columns);
    table_cell(&t, "attempts");
    table_cell(&t, "conns");
    table_right(&t, 1 + columns);
    table_right(&t, 2 + columns);
    json_array_foreach(providers, i, p)
    {
        struct counts c = counts_of(p);
        pretty_cell(&t, p, "provider");
        count_cells(&t, &c, columns);
        table_number(&t, pretty_count(p, "attempts"));
        table_number(&t, connections_to(answer, p));
    }
    buf_putc(out, '\n');
    finish_table(&t, width, out);
}

void pretty_status_job(const json_t *answer, struct wall now, size_t width, struct buf *out)
{
    const json_t *job = json_array_get(json_object_get(answer, "jobs"), 0);
    /* The details stand beside the jobs or inside the one that was asked for. */
    const json_t *providers = json_object_get(answer, "providers");
    const json_t *waits = json_object_get(answer, "waits");
    job_head(job, now, width, out);
    states_table(job, width, out);
    categories_table(job, width, out);
    providers_table(answer, providers ? providers : json_object_get(job, "providers"), width, out);
    pretty_waits(waits ? waits : json_object_get(job, "waits"), now, width, out);
}

/* ---- the live line ---- */

static void live_numbers(const struct counts *c, unsigned long long rate, struct buf *out)
{
    pretty_put_number(out, c->final);
    buf_puts(out, " of ");
    pretty_put_number(out, c->all);
    buf_printf(out, " (%.1f %%): ", c->all ? (double)c->final * 100 / (double)c->all : 0.0);
    pretty_put_number(out, c->state[STATE_DELIVERED]);
    buf_puts(out, " delivered, ");
    pretty_put_number(out, c->state[STATE_BOUNCED]);
    buf_puts(out, " bounced, ");
    pretty_put_number(out, c->other + c->state[STATE_IN_DOUBT]);
    buf_puts(out, " other, ");
    pretty_put_number(out, c->state[STATE_DEFERRED]);
    buf_puts(out, " deferred, ");
    pretty_put_number(out, rate);
    buf_puts(out, "/s");
}

void pretty_live_line(const json_t *answer, size_t width, struct buf *out)
{
    const json_t *jobs = json_object_get(answer, "jobs"), *job;
    struct counts c = {0};
    unsigned long long rate = pretty_count(answer, "messages_per_s");
    size_t i, from = out->len;
    json_array_foreach(jobs, i, job)
    {
        add_counts(&c, json_object_get(job, "counts"));
    }
    if (json_array_size(jobs) == 1)
        pretty_put(out, json_object_get(json_array_get(jobs, 0), "id"));
    else
        buf_printf(out, "%zu jobs", json_array_size(jobs));
    buf_puts(out, "  ");
    live_numbers(&c, rate, out);
    if (width > 0)
        pretty_cut(out, from, width);
}

bool pretty_is_over(const json_t *answer)
{
    return is_over(json_array_get(json_object_get(answer, "jobs"), 0));
}
