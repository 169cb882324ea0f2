/* pretty_why.c: what waits and why, in `sluice why` and `sluice status JOB`: what holds it, where that is written, when it moves. For somebody who
 * was just woken up: one line for the state, one sentence for each reason. */
#include "pretty.h"

#include <string.h>
#include <sluice/base/utf8.h>

enum { NAME_MAX_COLUMNS = 24 };

/* "12,000 recipients of 37 domains at naver", "40 recipients of domain x.example in job spring". */
static void put_who(struct buf *out, const json_t *wait, bool is_of_job)
{
    unsigned long long n = pretty_count(wait, "recipients");
    const char *what = pretty_member(wait, "what"), *job = pretty_member(wait, "job");
    pretty_put_number(out, n);
    buf_puts(out, n == 1 ? " recipient" : " recipients");
    if (*what && strcmp(what, "job") != 0) {
        buf_puts(out, " of ");
        pretty_safe(out, what, strlen(what), false);
    }
    if (!is_of_job && *job) {
        buf_puts(out, " in job ");
        pretty_safe(out, job, strlen(job), false);
    }
}

static void put_reason(struct buf *out, const json_t *wait, struct wall now)
{
    struct wall until;
    size_t before = out->len;
    pretty_put(out, json_object_get(wait, "why"));
    if (out->len == before)
        buf_puts(out, "no reason is known");
    pretty_put_place(out, wait, true);
    if (!pretty_time(json_object_get(wait, "until"), &until)) {
        buf_puts(out, "; no time is set");
    } else if (until.ms <= now.ms) {
        buf_puts(out, "; moves now");
    } else {
        buf_puts(out, "; moves at ");
        pretty_put_moment(out, json_object_get(wait, "until"), now);
    }
}

static size_t widest_name(const json_t *facts)
{
    const json_t *f;
    size_t i, widest = 14; /* as pretty_field has it */
    json_array_foreach(facts, i, f)
    {
        const char *name = pretty_member(f, "name");
        size_t columns = utf8_columns(name, strlen(name));
        widest = columns > widest && columns <= NAME_MAX_COLUMNS ? columns : widest;
    }
    return widest;
}

/* As pretty_field does, but a reply or a window may be longer than a line. */
static void put_facts(const json_t *facts, size_t width, struct buf *out)
{
    size_t i, widest = widest_name(facts);
    const json_t *f;
    json_array_foreach(facts, i, f)
    {
        struct buf name, value;
        buf_init(&name, 4096);
        buf_init(&value, 64 * 1024);
        pretty_put(&name, json_object_get(f, "name"));
        pretty_put(&value, json_object_get(f, "value"));
        size_t columns = utf8_columns(name.data, name.len);
        size_t blanks = columns < widest ? widest - columns + 2 : 2;
        buf_printf(out, "  %s%*s", name.data, (int)blanks, "");
        pretty_wrap(out, value.data, 2 + columns + blanks, 4 + widest, width);
        buf_done(&name);
        buf_done(&value);
    }
}

void pretty_why(const json_t *answer, struct wall now, size_t width, struct buf *out)
{
    const json_t *waits = json_object_get(answer, "waits"), *w;
    bool is_of_job = strcmp(pretty_member(answer, "kind"), "job") == 0;
    struct buf text;
    size_t i;
    buf_init(&text, 64 * 1024);
    pretty_put(&text, json_object_get(answer, "kind"));
    buf_putc(&text, ' ');
    pretty_put(&text, json_object_get(answer, "subject"));
    buf_puts(&text, ": ");
    pretty_put(&text, json_object_get(answer, "state"));
    pretty_wrap(out, text.data, 0, 2, width);
    put_facts(json_object_get(answer, "facts"), width, out);
    if (json_array_size(waits) > 0)
        buf_putc(out, '\n');
    json_array_foreach(waits, i, w)
    {
        buf_clear(&text);
        put_who(&text, w, is_of_job);
        buf_puts(&text, ": ");
        put_reason(&text, w, now);
        pretty_wrap(out, text.data, 0, 4, width);
    }
    buf_done(&text);
    if (pretty_count(answer, "more") > 0) {
        buf_puts(out, "and ");
        pretty_put_number(out, pretty_count(answer, "more"));
        buf_puts(out, " smaller groups that wait\n");
    }
}

void pretty_waits(const json_t *waits, struct wall now, size_t width, struct buf *out)
{
    static const char *const heads[] = {"waiting", "until", "recipients"};
    const json_t *w;
    struct table t;
    struct buf why, until;
    size_t i;
    if (json_array_size(waits) == 0)
        return;
    table_init(&t, 3);
    buf_init(&why, 1024 * 1024);
    buf_init(&until, 64);
    pretty_heads(&t, heads, 3, 2);
    json_array_foreach(waits, i, w)
    {
        buf_clear(&until);
        pretty_put_relative(&until, json_object_get(w, "until"), now);
        pretty_cell(&t, w, "what");
        table_cell(&t, "%s", until.data);
        table_number(&t, pretty_count(w, "recipients"));
        pretty_put(&why, json_object_get(w, "why"));
        pretty_put_place(&why, w, true);
        buf_putc(&why, '\n');
    }
    buf_putc(out, '\n');
    pretty_noted_table(&t, why.data, width, out);
    buf_done(&until);
    buf_done(&why);
    table_done(&t);
}
