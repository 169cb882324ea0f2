#include <sluice/report/results.h>

#include <sluice/base/json_view.h>
#include <sluice/base/str.h>

void csv_cell(struct buf *out, const char *text, size_t n)
{
    bool is_quoted = n && (text[0] == ' ' || text[n - 1] == ' ');

    for (size_t i = 0; i < n && !is_quoted; i++)
        is_quoted =
            strchr(",\"\r\n\t", text[i]) != NULL; /* a NUL is found too: quoting it harms nobody */
    if (!is_quoted) {
        buf_put(out, text, n);
        return;
    }
    buf_putc(out, '"');
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '"')
            buf_putc(out, '"');
        buf_putc(out, text[i]);
    }
    buf_putc(out, '"');
}

void results_csv_head(struct buf *out)
{
    buf_puts(out,
             "email,state,class,code,enhanced,text,provider,mx_host,attempts,time,next_attempt,"
             "message_id,rule,line\r\n");
}

static void put_cell(struct buf *out, const char *text)
{
    struct str s = str_of(text);

    csv_cell(out, s.p, s.n);
    buf_putc(out, ',');
}

/* What strangers wrote. A spreadsheet runs a cell that begins like a formula; the apostrophe makes
 * it text. */
static void put_foreign(struct buf *out, const char *text)
{
    struct str s = str_of(text);
    struct buf safe;

    if (s.n == 0 || !strchr("=+-@\t\r", s.p[0])) {
        put_cell(out, text);
        return;
    }
    buf_init(&safe, s.n + 1);
    buf_putc(&safe, '\'');
    buf_put(&safe, s.p, s.n);
    put_cell(out, safe.data);
    buf_done(&safe);
}

static void put_time(struct buf *out, struct wall w)
{
    char text[WALL_TEXT];

    if (w.ms) {
        wall_format(w, text);
        buf_puts(out, text);
    }
    buf_putc(out, ',');
}

void results_csv(const struct result_line *r, struct buf *out)
{
    put_cell(out, r->email);
    put_cell(out, state_name(r->state));
    put_cell(out, category_name(r->category));
    if (r->code)
        buf_printf(out, "%d", r->code);
    buf_putc(out, ',');
    put_cell(out, r->enhanced);
    put_foreign(out, r->text);
    put_foreign(out, r->provider);
    put_foreign(out, r->mx_host);
    buf_printf(out, "%u,", r->attempts);
    put_time(out, r->at);
    put_time(out, r->due);
    put_foreign(out, r->message_id);
    put_cell(out, r->rule);
    if (r->line)
        buf_printf(out, "%llu", (unsigned long long)r->line);
    buf_puts(out, "\r\n");
}

static void put_member(struct buf *out, const char *key, const char *value)
{
    buf_printf(out, "\"%s\":", key);
    json_put_string(out, str_of(value));
    buf_putc(out, ',');
}

static void put_time_member(struct buf *out, const char *key, struct wall w)
{
    char text[WALL_TEXT];

    if (!w.ms) {
        buf_printf(out, "\"%s\":null,", key);
        return;
    }
    wall_format(w, text);
    put_member(out, key, text);
}

void results_ndjson(const struct result_line *r, struct buf *out)
{
    buf_putc(out, '{');
    put_member(out, "email", r->email);
    put_member(out, "state", state_name(r->state));
    put_member(out, "class", category_name(r->category));
    buf_printf(out, "\"code\":%d,", r->code);
    put_member(out, "enhanced", r->enhanced);
    put_member(out, "text", r->text);
    put_member(out, "provider", r->provider);
    put_member(out, "mx_host", r->mx_host);
    buf_printf(out, "\"attempts\":%u,", r->attempts);
    put_time_member(out, "time", r->at);
    put_time_member(out, "next_attempt", r->due);
    put_member(out, "message_id", r->message_id);
    put_member(out, "rule", r->rule);
    buf_printf(out, "\"line\":%llu}\n", (unsigned long long)r->line);
}
