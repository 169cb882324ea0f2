/* pretty_plan.c: `sluice plan` and `sluice forecast`: when it is through, what stands against it,
 * and what is wrong with the job. */
#include "pretty.h"

#include <string.h>

/* ---- parts ---- */

/* Plans are about days: every time is told with its own. */
static const struct wall SOME_OTHER_DAY = {0};

static void put_duration(struct buf *out, int64_t ms)
{
    char text[16];
    duration_format(ms, text);
    buf_puts(out, text);
}

static void put_counted(struct buf *out, unsigned long long n, const char *one, const char *many)
{
    pretty_put_number(out, n);
    buf_printf(out, " %s", n == 1 ? one : many);
}

static void put_recipients(struct buf *out, const json_t *o, const char *key)
{
    put_counted(out, pretty_count(o, key), "recipient", "recipients");
}

/* A sentence that may be long. */
static void put_sentence(struct buf *out, size_t indent, const char *text, size_t width)
{
    for (size_t i = 0; i < indent; i++)
        buf_putc(out, ' ');
    pretty_wrap(out, text, indent, indent + 2, width);
}

/* ---- the providers ---- */

static void duration_cell(struct table *t, const json_t *row, const char *key)
{
    char text[16];
    unsigned long long s = pretty_count(row, key);
    duration_format((int64_t)(s < 1000000000 ? s : 1000000000) * 1000, text);
    table_cell(t, "%s", s > 0 ? text : "-");
}

/* With the day, and without the zone, which the head of the column names. */
static void time_cell(struct table *t, const json_t *row, const char *key)
{
    struct wall at;
    char text[WALL_TEXT];
    if (!pretty_time(json_object_get(row, key), &at)) {
        table_cell(t, "never");
        return;
    }
    wall_format(at, text);
    table_cell(t, "%.10s %.5s", text, text + 11);
}

static void rate_cell(struct table *t, const json_t *row)
{
    double per_s = json_number_value(json_object_get(row, "rate_per_s"));
    if (per_s > 0 && per_s < 100)
        table_cell(t, "%.1f/s", per_s);
    else if (per_s >= 100 && per_s < 1e9)
        table_cell(t, "%.0f/s", per_s);
    else
        table_cell(t, "-");
}

static void providers_table(const json_t *answer, size_t width, struct buf *out)
{
    static const char *const heads[] = {"provider", "finishes (UTC)", "recipients", "dead",
                                        "rate",     "windows",        "waits"};
    const json_t *rows = json_object_get(answer, "providers"), *row;
    struct table t;
    struct buf limits;
    size_t i;
    if (json_array_size(rows) == 0)
        return;
    table_init(&t, 7);
    buf_init(&limits, 1024 * 1024);
    pretty_heads(&t, heads, 7, 2);
    json_array_foreach(rows, i, row)
    {
        pretty_cell(&t, row, "provider");
        time_cell(&t, row, "finish");
        table_number(&t, pretty_count(row, "recipients"));
        table_number(&t, pretty_count(row, "undeliverable"));
        rate_cell(&t, row);
        duration_cell(&t, row, "window_wait_s");
        duration_cell(&t, row, "other_wait_s");
        pretty_put(&limits, json_object_get(row, "limit"));
        buf_putc(&limits, '\n');
    }
    buf_putc(out, '\n');
    pretty_noted_table(&t, limits.data, width, out);
    buf_done(&limits);
    table_done(&t);
    if (pretty_count(answer, "providers_more") > 0) {
        buf_puts(out, "and ");
        put_counted(out, pretty_count(answer, "providers_more"), "smaller provider\n",
                    "smaller providers\n");
    }
}

/* ---- the end ---- */

static void put_finish(const json_t *answer, struct wall now, struct buf *out)
{
    const json_t *finish = json_object_get(answer, "finish");
    struct wall at;
    buf_putc(out, '\n');
    if (pretty_time(finish, &at)) {
        buf_puts(out, "finishes ");
        pretty_put_time(out, finish, SOME_OTHER_DAY);
        buf_puts(out, " (");
        pretty_put_relative(out, finish, now);
        buf_putc(out, ')');
    } else if (pretty_count(answer, "recipients") == 0) {
        buf_puts(out, "nothing is left to be sent");
    } else {
        unsigned long long s = pretty_count(answer, "simulated_s");
        buf_puts(out, "does not finish");
        if (s > 0 && s < 1000000000) {
            buf_puts(out, " within ");
            put_duration(out, (int64_t)s * 1000);
        }
    }
    buf_putc(out, '\n');
}

/* "finish_by 2026-11-22 18:00 UTC: cannot be met by 40m: naver's max_message_rate 10/s (...)" */
static void put_finish_by(const json_t *answer, size_t width, struct buf *out)
{
    const json_t *meets = json_object_get(answer, "meets");
    struct wall finish, by;
    bool has_by = pretty_time(json_object_get(answer, "finish_by"), &by);
    bool has_finish = pretty_time(json_object_get(answer, "finish"), &finish);
    struct buf text;
    buf_init(&text, 64 * 1024);
    if (has_by) {
        buf_puts(&text, "finish_by ");
        pretty_put_time(&text, json_object_get(answer, "finish_by"), SOME_OTHER_DAY);
        buf_puts(&text, json_is_true(meets) ? ": is met" : ": cannot be met");
        if (has_finish && finish.ms != by.ms) {
            buf_puts(&text, json_is_true(meets) ? " with " : " by ");
            put_duration(&text, finish.ms < by.ms ? by.ms - finish.ms : finish.ms - by.ms);
            buf_puts(&text, json_is_true(meets) ? " to spare" : "");
        }
    }
    if (*pretty_member(answer, "against")) {
        buf_puts(&text, has_by ? ": " : "what bounds it: ");
        pretty_put(&text, json_object_get(answer, "against"));
    }
    if (text.len > 0)
        pretty_wrap(out, text.data, 0, 2, width);
    buf_done(&text);
}

/* ---- checks ---- */

static void dead_domains(const json_t *checks, size_t width, struct buf *out)
{
    const json_t *list = json_object_get(checks, "dead_domains"), *d;
    struct buf text;
    size_t i;
    if (json_array_size(list) == 0 && pretty_count(checks, "dead_recipients") == 0)
        return;
    buf_puts(out, "  dead domains    ");
    put_recipients(out, checks, "dead_recipients");
    buf_putc(out, '\n');
    buf_init(&text, 64 * 1024);
    json_array_foreach(list, i, d)
    {
        buf_clear(&text);
        pretty_put(&text, json_object_get(d, "domain"));
        buf_puts(&text, ": ");
        put_recipients(&text, d, "recipients");
        buf_puts(&text, *pretty_member(d, "why") ? ", " : "");
        pretty_put(&text, json_object_get(d, "why"));
        put_sentence(out, 4, text.data, width);
    }
    buf_done(&text);
}

static void typos(const json_t *checks, size_t width, struct buf *out)
{
    const json_t *list = json_object_get(checks, "typos"), *typo;
    struct buf text;
    size_t i;
    if (json_array_size(list) == 0)
        return;
    buf_puts(out, "  likely typos    ");
    put_counted(out, json_array_size(list), "domain\n", "domains\n");
    buf_init(&text, 64 * 1024);
    json_array_foreach(list, i, typo)
    {
        buf_clear(&text);
        pretty_put(&text, json_object_get(typo, "domain"));
        buf_puts(&text, ": ");
        put_recipients(&text, typo, "recipients");
        buf_puts(&text, "; did you mean ");
        pretty_put(&text, json_object_get(typo, "suggestion"));
        buf_putc(&text, '?');
        put_sentence(out, 4, text.data, width);
    }
    buf_done(&text);
}

static void missing_variables(const json_t *checks, size_t width, struct buf *out)
{
    const json_t *list = json_object_get(checks, "missing_variables"), *v;
    struct buf text;
    size_t i;
    if (json_array_size(list) == 0)
        return;
    buf_puts(out, "  no value for    ");
    put_counted(out, json_array_size(list), "variable\n", "variables\n");
    buf_init(&text, 64 * 1024);
    json_array_foreach(list, i, v)
    {
        buf_clear(&text);
        pretty_put(&text, json_object_get(v, "variable"));
        buf_puts(&text, ": ");
        put_counted(&text, pretty_count(v, "rows"), "row", "rows");
        if (pretty_count(v, "line") > 0)
            buf_printf(&text, ", such as line %llu", pretty_count(v, "line"));
        put_sentence(out, 4, text.data, width);
    }
    buf_done(&text);
}

static void warnings(const json_t *checks, size_t width, struct buf *out)
{
    const json_t *list = json_object_get(checks, "warnings"), *w;
    size_t i;
    json_array_foreach(list, i, w)
    {
        struct buf text;
        buf_init(&text, 64 * 1024);
        pretty_put(&text, w);
        put_sentence(out, 2, text.data, width);
        buf_done(&text);
    }
}

static void put_checks(const json_t *answer, size_t width, struct buf *out)
{
    static const char *const counts[][2] = {{"bad rows", "bad_rows"},
                                            {"duplicates", "duplicates"},
                                            {"suppressed", "suppressed"},
                                            {"capped", "capped"}};
    const json_t *checks = json_object_get(answer, "checks");
    size_t before, start;
    if (json_object_size(checks) == 0)
        return;
    before = out->len;
    buf_puts(out, "\nchecks:\n");
    start = out->len;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (pretty_count(checks, counts[i][1]) > 0)
            pretty_field(out, counts[i][0], json_object_get(checks, counts[i][1]));
    dead_domains(checks, width, out);
    typos(checks, width, out);
    missing_variables(checks, width, out);
    warnings(checks, width, out);
    if (out->len == start) {
        buf_cut(out, before);
        buf_puts(out, "\nchecks: nothing found\n");
    }
}

/* ---- the whole ---- */

static void put_footing(const json_t *answer, size_t width, struct buf *out)
{
    const json_t *assumes = json_object_get(answer, "assumes"), *a;
    struct buf text;
    size_t i;
    if (json_array_size(assumes) == 0)
        return;
    buf_puts(out, "\nassumed:\n");
    buf_init(&text, 64 * 1024);
    json_array_foreach(assumes, i, a)
    {
        buf_clear(&text);
        pretty_put(&text, a);
        put_sentence(out, 2, text.data, width);
    }
    buf_done(&text);
}

void pretty_plan(const json_t *answer, struct wall now, size_t width, struct buf *out)
{
    pretty_time(json_object_get(answer, "now"), &now); /* what the daemon reckoned from */
    buf_puts(out, "job ");
    pretty_put(out, json_object_get(answer, "job"));
    buf_puts(out, ": ");
    put_recipients(out, answer, "recipients");
    if (pretty_count(answer, "delivered_already") > 0) {
        buf_puts(out, ", delivered already: ");
        pretty_put_number(out, pretty_count(answer, "delivered_already"));
    }
    buf_putc(out, '\n');
    providers_table(answer, width, out);
    put_finish(answer, now, out);
    put_finish_by(answer, width, out);
    put_checks(answer, width, out);
    put_footing(answer, width, out);
}

void pretty_plan_progress(const char *line, size_t n, struct buf *out)
{
    json_t *o = json_loadb(line, n, 0, NULL);
    double done = json_number_value(json_object_get(o, "done"));
    if (*pretty_member(o, "stage")) {
        pretty_put(out, json_object_get(o, "stage"));
        if (done > 0 && done <= 1)
            buf_printf(out, " %d %%", (int)(done * 100));
    }
    json_decref(o);
}
