/* pretty_provider.c: `sluice provider`: what a receiver is allowed, where that is written, and how
 * it stands. */
#include "pretty.h"

#include <string.h>

/* ---- what holds it ---- */

static void put_hold(struct buf *out, const json_t *hold, struct wall now)
{
    struct wall until;
    pretty_put(out, json_object_get(hold, "text"));
    pretty_put_place(out, hold, true);
    if (!pretty_time(json_object_get(hold, "until"), &until))
        return;
    buf_puts(out, ", until ");
    pretty_put_moment(out, json_object_get(hold, "until"), now);
}

/* ---- all of them ---- */

static void put_note(struct buf *notes, const json_t *provider, struct wall now)
{
    const json_t *holds = json_object_get(provider, "holds"), *h;
    size_t i;
    if (json_is_true(json_object_get(provider, "outage")))
        buf_puts(notes, json_array_size(holds) > 0 ? "OUTAGE, for an operator to settle; "
                                                   : "OUTAGE, for an operator to settle");
    json_array_foreach(holds, i, h)
    {
        if (i > 0)
            buf_puts(notes, "; ");
        put_hold(notes, h, now);
    }
    buf_putc(notes, '\n');
}

void pretty_providers(const json_t *answer, struct wall now, size_t width, struct buf *out)
{
    static const char *const heads[] = {"provider",    "limits", "conns",
                                        "at most now", "ready",  "waiting"};
    const json_t *providers = json_object_get(answer, "providers"), *p;
    struct table t;
    struct buf notes;
    size_t i;
    if (json_array_size(providers) == 0) {
        buf_puts(out, "no providers\n");
        return;
    }
    table_init(&t, 6);
    buf_init(&notes, 4 * 1024 * 1024);
    pretty_heads(&t, heads, 6, 2);
    json_array_foreach(providers, i, p)
    {
        pretty_cell(&t, p, "name");
        table_cell(&t, "%s", json_is_true(json_object_get(p, "profile")) ? "own" : "default");
        table_number(&t, pretty_count(p, "connections"));
        table_cell(&t, "%llu", pretty_count(p, "connections_now_at_most"));
        table_number(&t, pretty_count(p, "ready"));
        table_number(&t, pretty_count(p, "waiting"));
        put_note(&notes, p, now);
    }
    pretty_noted_table(&t, notes.data, width, out);
    buf_done(&notes);
    table_done(&t);
}

/* ---- one ---- */

static void head(const json_t *answer, size_t width, struct buf *out)
{
    static const char *const lists[][2] = {{"mx_suffix", "MX suffixes"}, {"domains", "domains"}};
    buf_puts(out, "provider ");
    pretty_put(out, json_object_get(answer, "name"));
    if (json_is_true(json_object_get(answer, "profile"))) {
        buf_puts(out, ": profile in ");
        pretty_put_place(out, answer, false);
        buf_putc(out, '\n');
    } else {
        buf_puts(out, ": no profile of its own, the default counts\n");
    }
    for (size_t k = 0; k < 2; k++) {
        const json_t *list = json_object_get(answer, lists[k][0]), *name;
        struct buf names;
        size_t i;
        if (json_array_size(list) == 0)
            continue;
        buf_init(&names, 1024 * 1024);
        json_array_foreach(list, i, name)
        {
            pretty_put(&names, name);
            buf_puts(&names, i + 1 < json_array_size(list) ? ", " : "");
        }
        buf_printf(out, "  %-14s  ", lists[k][1]);
        pretty_wrap(out, names.data, 18, 18, width);
        buf_done(&names);
    }
}

/* How much of the path all files share: "/etc/sluice/", with its slash; 0: nothing. */
static size_t common_folder(const json_t *values)
{
    const char *first = NULL;
    const json_t *v;
    size_t i, n = 0;
    json_array_foreach(values, i, v)
    {
        const char *file = pretty_member(v, "file");
        if (!*file)
            continue;
        const char *slash = strrchr(file, '/');
        if (!first)
            n = slash ? (size_t)(slash - file) + 1 : 0;
        first = first ? first : file;
        while (n > 0 && strncmp(first, file, n) != 0)
            for (n--; n > 0 && first[n - 1] != '/';)
                n--;
    }
    return n;
}

/* A third column says where each setting is written, without the first `cut` bytes of the path. */
static void value_rows(struct table *t, const json_t *values, size_t cut)
{
    const json_t *v;
    size_t i;
    struct buf place;
    buf_init(&place, 8 * 1024);
    json_array_foreach(values, i, v)
    {
        const char *file = pretty_member(v, "file");
        buf_clear(&place);
        if (*file)
            pretty_safe(&place, file + cut, strlen(file + cut), false);
        else
            buf_puts(&place, "built in");
        if (*file && pretty_count(v, "line") > 0)
            buf_printf(&place, ":%llu", pretty_count(v, "line"));
        pretty_cell(t, v, "name");
        pretty_cell(t, v, "value");
        table_cell(t, "%s", place.data);
    }
    buf_done(&place);
}

static bool put_wide(const json_t *values, size_t cut, size_t width, struct buf *out)
{
    struct table t;
    struct buf head;
    buf_init(&head, 8 * 1024);
    buf_puts(&head, cut > 0 ? "where, in " : "where");
    for (size_t i = 0; i < json_array_size(values) && cut > 0; i++) {
        const char *file = pretty_member(json_array_get(values, i), "file");
        if (!*file)
            continue;
        pretty_safe(&head, file, cut, false);
        break;
    }
    table_init(&t, 3);
    table_cell(&t, "setting");
    table_cell(&t, "value");
    table_cell(&t, "%s", head.data);
    value_rows(&t, values, cut);
    bool fits = pretty_table_fits(&t, width);
    if (fits)
        table_format(&t, width, out);
    buf_done(&head);
    table_done(&t);
    return fits;
}

/* A file name that is cut helps nobody: what is too wide with whole paths is tried without the
 * folder they share, and then with the place below its setting. */
static void values_table(const json_t *values, size_t width, struct buf *out)
{
    struct table t;
    struct buf places;
    const json_t *v;
    size_t i;
    buf_putc(out, '\n');
    if (put_wide(values, 0, width, out) || put_wide(values, common_folder(values), width, out))
        return;
    table_init(&t, 2);
    buf_init(&places, 256 * 1024);
    table_cell(&t, "setting");
    table_cell(&t, "value");
    json_array_foreach(values, i, v)
    {
        pretty_cell(&t, v, "name");
        pretty_cell(&t, v, "value");
        pretty_put_place(&places, v, false);
        buf_putc(&places, '\n');
    }
    pretty_noted_table(&t, places.data, width, out);
    buf_done(&places);
    table_done(&t);
}

static void windows_list(const json_t *windows, const char *what, const char *none, size_t width,
                         struct buf *out)
{
    const json_t *w;
    size_t i;
    buf_printf(out, "\n%s:%s\n", what, json_array_size(windows) == 0 ? none : "");
    json_array_foreach(windows, i, w) pretty_put_placed(out, w, 6, width);
}

static void put_quarantine(const json_t *answer, const json_t *state, size_t width, struct buf *out)
{
    const json_t *list = json_object_get(state, "quarantined"), *q;
    bool is_outage = json_is_true(json_object_get(state, "outage"));
    struct buf text;
    size_t i;
    if (json_array_size(list) == 0 && !is_outage)
        return;
    buf_init(&text, 1024 * 1024);
    if (is_outage)
        buf_puts(&text, "OUTAGE: it refused nearly everything and rests. ");
    json_array_foreach(list, i, q)
    {
        buf_puts(&text, i > 0 ? ", " : "Quarantined: ");
        pretty_put_number(&text, pretty_count(q, "recipients"));
        buf_puts(&text, " of job ");
        pretty_put(&text, json_object_get(q, "job"));
    }
    buf_puts(&text, json_array_size(list) > 0 ? ". `sluice provider " : "`sluice provider ");
    pretty_put(&text, json_object_get(answer, "name"));
    buf_puts(&text, " release` tries them again, `... confirm` lets them bounce; either ends it.");
    buf_puts(out, "  ");
    pretty_wrap(out, text.data, 2, 4, width);
    buf_done(&text);
}

static void put_state(const json_t *answer, struct wall now, size_t width, struct buf *out)
{
    static const char *const fields[][2] = {{"connections", "connections"},
                                            {"at most now", "connections_now_at_most"},
                                            {"ready", "ready"},
                                            {"waiting", "waiting"}};
    const json_t *state = json_object_get(answer, "state"), *hold;
    size_t i;
    buf_puts(out, "\nnow:\n");
    for (i = 0; i < sizeof fields / sizeof *fields; i++)
        pretty_field(out, fields[i][0], json_object_get(state, fields[i][1]));
    if (pretty_count(state, "message_ms") > 0)
        buf_printf(out, "  takes           %llu ms a message, %llu ms a dial\n",
                   pretty_count(state, "message_ms"), pretty_count(state, "dial_ms"));
    put_quarantine(answer, state, width, out);
    json_array_foreach(json_object_get(state, "holds"), i, hold)
    {
        struct buf text;
        buf_init(&text, 64 * 1024);
        put_hold(&text, hold, now);
        buf_puts(out, "  ");
        pretty_wrap(out, text.data, 2, 4, width);
        buf_done(&text);
    }
    if (json_array_size(json_object_get(state, "holds")) == 0)
        buf_puts(out, "  nothing holds it\n");
}

void pretty_provider(const json_t *answer, struct wall now, size_t width, struct buf *out)
{
    head(answer, width, out);
    values_table(json_object_get(answer, "values"), width, out);
    windows_list(json_object_get(answer, "maintenance"), "maintenance windows", " none", width,
                 out);
    windows_list(json_object_get(answer, "send_windows"), "send windows", " none, open always",
                 width, out);
    put_state(answer, now, width, out);
}
