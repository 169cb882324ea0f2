/* pretty_list.c: the answers of `sluice show` and `sluice list` for people. */
#include "pretty.h"

#include <string.h>

static void put_line(struct buf *out, const char *format, const json_t *o, const char *key)
{
    struct buf b;
    buf_init(&b, 4096);
    pretty_put(&b, json_object_get(o, key));
    buf_printf(out, format, b.data);
    buf_done(&b);
}

/* ---- show ---- */

/* A field of the snapshot: its times and durations are milliseconds. */
static void spec_field(struct buf *out, const char *name, const json_t *value)
{
    char text[WALL_TEXT];
    int64_t ms = json_integer_value(value);
    bool is_time = strcmp(name, "start") == 0 || strcmp(name, "finish_by") == 0;
    if (is_time && json_is_integer(value) && ms <= 0)
        return;
    if (is_time && json_is_integer(value)) {
        wall_format((struct wall){ms}, text);
    } else if (strcmp(name, "expires_ms") == 0 && json_is_integer(value)) {
        name = "expires after";
        duration_format(ms, text);
    } else {
        pretty_field(out, name, value);
        return;
    }
    json_t *as_text = json_string(text);
    pretty_field(out, name, as_text);
    json_decref(as_text);
}

/* What is set: switches that are on, texts, and the URLs that are not tracked, one line each. */
static void put_made_with(struct buf *out, const json_t *message)
{
    const json_t *value, *one;
    const char *key;
    size_t i;
    if (json_object_size(message) > 0)
        buf_puts(out, "\nmessages are made with:\n");
    json_object_foreach((json_t *)message, key, value)
    {
        struct buf name;
        if (json_is_false(value))
            continue;
        buf_init(&name, 64);
        pretty_safe(&name, key, strlen(key), false);
        if (!json_is_array(value))
            pretty_field(out, name.data, value);
        json_array_foreach(value, i, one)
        {
            pretty_field(out, name.data, one);
        }
        buf_done(&name);
    }
}

/* Every scalar of the snapshot under its own name: a field that comes with a later version shows
 * up without a change here. */
void pretty_job(const json_t *answer, struct buf *out)
{
    const json_t *spec = json_object_get(answer, "job"), *value, *part;
    const char *key;
    size_t i;
    put_line(out, "job %s", answer, "id");
    put_line(out, " of %s", answer, "client");
    put_line(out, ": %s\n", answer, "state");
    pretty_field(out, "created", json_object_get(answer, "created"));
    pretty_field(out, "finished", json_object_get(answer, "finished"));
    pretty_field(out, "recipients", json_object_get(answer, "recipients"));
    pretty_field(out, "duplicates", json_object_get(answer, "duplicates"));
    pretty_field(out, "bad rows", json_object_get(answer, "bad_rows"));
    put_line(out, "  columns         %s\n", answer, "columns");
    pretty_field(out, "held", json_object_get(answer, "held"));
    const json_t *approved = json_object_get(answer, "approved");
    if (approved) {
        put_line(out, "  approved        %s", approved, "at");
        put_line(out, " by %s", approved, "by");
        buf_puts(out, json_is_true(json_object_get(approved, "untested")) ? ", untested\n" : "\n");
    }
    buf_puts(out, "\nas accepted:\n");
    json_object_foreach((json_t *)spec, key, value)
    {
        char name[32];
        struct buf b;
        buf_init(&b, sizeof name - 1);
        pretty_safe(&b, key, strlen(key), false);
        spec_field(out, b.data, value);
        buf_done(&b);
    }
    put_made_with(out, json_object_get(spec, "message"));
    buf_puts(out, "\ntemplate:\n");
    json_array_foreach(json_object_get(answer, "parts"), i, part)
    {
        put_line(out, "  %s, ", part, "name");
        put_line(out, "%s bytes\n", part, "bytes");
    }
}

/* Two lines for each and no table: the reply is what is asked for, and may be long. */
static void attempt(const json_t *a, struct buf *out)
{
    put_line(out, "%s  ", a, "time");
    put_line(out, "%s", a, "state");
    static const char *const more[][2] = {
        {"class", "  %s"}, {"mx_host", "  %s"}, {"rule", "  (rule %s)"}};
    for (size_t i = 0; i < 3; i++)
        if (*pretty_member(a, more[i][0]))
            put_line(out, more[i][1], a, more[i][0]);
    buf_puts(out, "\n   ");
    if (pretty_count(a, "code") > 0)
        buf_printf(out, " %llu", pretty_count(a, "code"));
    if (*pretty_member(a, "enhanced"))
        put_line(out, " %s", a, "enhanced");
    put_line(out, " %s\n", a, "text");
}

void pretty_attempts(const json_t *answer, struct buf *out)
{
    const json_t *attempts = json_object_get(answer, "attempts"), *a;
    size_t i;
    put_line(out, "%s in ", answer, "address");
    put_line(out, "job %s\n", answer, "id");
    pretty_field(out, "variables", json_object_get(answer, "variables"));
    buf_putc(out, '\n');
    if (json_array_size(attempts) == 0) {
        buf_puts(out, "not attempted yet\n");
        return;
    }
    json_array_foreach(attempts, i, a) attempt(a, out);
    const json_t *last = json_array_get(attempts, json_array_size(attempts) - 1);
    buf_putc(out, '\n');
    pretty_field(out, "next attempt", json_object_get(last, "next_attempt"));
    pretty_field(out, "message id", json_object_get(last, "message_id"));
}

/* ---- lists ---- */

static void contact(const json_t *c, struct buf *out)
{
    static const char *const fields[][2] = {{"status", "status"},
                                            {"last class", "last_class"},
                                            {"last reply", "last_reply"},
                                            {"sent", "sent"},
                                            {"delivered", "delivered"},
                                            {"hard", "hard"},
                                            {"soft", "soft"},
                                            {"our side", "our_side"},
                                            {"first seen", "first_seen"},
                                            {"last seen", "last_seen"},
                                            {"provenance", "provenance"},
                                            {"consent", "consent"},
                                            {"consent at", "consent_at"}};
    put_line(out, "in list %s\n", c, "list");
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        pretty_field(out, fields[i][0], json_object_get(c, fields[i][1]));
    char *vars = json_dumps(json_object_get(c, "vars"), JSON_COMPACT);
    if (vars && strcmp(vars, "{}") != 0) {
        buf_puts(out, "  variables       ");
        pretty_safe(out, vars, strlen(vars), false);
        buf_putc(out, '\n');
    }
    free(vars);
}

static void rows_table(const json_t *rows, const char *const *keys, size_t columns, size_t width,
                       struct buf *out)
{
    const json_t *row;
    size_t i;
    struct table t;
    table_init(&t, columns);
    for (size_t k = 0; k < columns; k++)
        table_cell(&t, "%s", keys[k]);
    json_array_foreach(rows, i, row)
    {
        for (size_t k = 0; k < columns; k++)
            pretty_cell(&t, row, keys[k]);
    }
    table_format(&t, width, out);
    table_done(&t);
}

void pretty_contact(const json_t *answer, size_t width, struct buf *out)
{
    static const char *const suppression[] = {"address", "client", "class",
                                              "reason",  "by",     "since"};
    static const char *const event[] = {"at", "list", "what", "cause"};
    const json_t *contacts = json_object_get(answer, "contacts"), *c;
    const json_t *suppressions = json_object_get(answer, "suppressions");
    const json_t *events = json_object_get(answer, "events");
    size_t i;
    put_line(out, "%s\n", answer, "address");
    json_array_foreach(contacts, i, c) contact(c, out);
    if (json_array_size(contacts) == 0)
        buf_puts(out, "in no list\n");
    if (json_array_size(suppressions) > 0) {
        buf_puts(out, "\nsuppressed:\n");
        rows_table(suppressions, suppression, 6, width, out);
    }
    if (json_array_size(events) > 0) {
        buf_puts(out, "\nevents:\n");
        rows_table(events, event, 4, width, out);
    }
    if (json_is_true(json_object_get(answer, "events_cut")))
        buf_puts(out, "older events are left out\n");
}

void pretty_lists(const json_t *answer, size_t width, struct buf *out)
{
    const json_t *lists = json_object_get(answer, "lists"), *l;
    size_t i;
    if (json_array_size(lists) == 0) {
        buf_puts(out, "no lists\n");
        return;
    }
    struct table t;
    table_init(&t, 4);
    static const char *const heads[] = {"list", "contacts", "active", "suppressed"};
    for (size_t h = 0; h < 4; h++) {
        table_cell(&t, "%s", heads[h]);
        if (h > 0)
            table_right(&t, h);
    }
    json_array_foreach(lists, i, l)
    {
        pretty_cell(&t, l, "list");
        for (size_t h = 1; h < 4; h++)
            table_number(&t, pretty_count(l, heads[h]));
    }
    table_format(&t, width, out);
    table_done(&t);
}

void pretty_list_import(const json_t *answer, size_t width, struct buf *out)
{
    const json_t *rows = json_object_get(answer, "bad"), *row;
    size_t i;
    put_line(out, "list %s: ", answer, "list");
    put_line(out, "%s new, ", answer, "new");
    put_line(out, "%s already known, ", answer, "known");
    put_line(out, "%s bad\n", answer, "bad_rows");
    if (json_object_get(answer, "warning"))
        put_line(out, "warning: %s\n", answer, "warning");
    if (json_array_size(rows) == 0)
        return;
    struct table t;
    table_init(&t, 3);
    table_right(&t, 0);
    table_cell(&t, "line");
    table_cell(&t, "why");
    table_cell(&t, "row");
    json_array_foreach(rows, i, row)
    {
        table_cell(&t, "%llu", pretty_count(row, "line"));
        pretty_cell(&t, row, "why");
        pretty_cell(&t, row, "row");
    }
    table_format(&t, width, out);
    table_done(&t);
    if (pretty_count(answer, "bad_rows") > json_array_size(rows))
        buf_puts(out, "more bad rows are left out\n");
}
