/* pretty_message.c: the answers of `sluice lint`, `sluice test` and `sluice key check`. */
#include "pretty.h"

#include <string.h>
#include <sluice/base/utf8.h>

/* ---- lint ---- */

static size_t columns_of(const json_t *list, const char *key, size_t least)
{
    const json_t *o;
    size_t i, widest = least;
    json_array_foreach(list, i, o)
    {
        const char *text = pretty_member(o, key);
        size_t n = utf8_columns(text, strlen(text));
        widest = n > widest && n <= 24 ? n : widest;
    }
    return widest;
}

static void put_column(struct buf *out, const json_t *o, const char *key, size_t columns)
{
    size_t from = out->len;
    pretty_put(out, json_object_get(o, key));
    for (size_t n = utf8_columns(out->data + from, out->len - from); n < columns + 2; n++)
        buf_putc(out, ' ');
}

/* On a terminal that has no room for three columns the text stands below. */
static void put_findings(const json_t *findings, size_t width, struct buf *out)
{
    size_t i, level = columns_of(findings, "level", 5), check = columns_of(findings, "check", 5);
    size_t hang = level + check + 4;
    const json_t *f;
    bool is_narrow = width > 0 && width < hang + 30;
    json_array_foreach(findings, i, f)
    {
        struct buf text;
        buf_init(&text, 64 * 1024);
        pretty_put(&text, json_object_get(f, "text"));
        put_column(out, f, "level", level);
        put_column(out, f, "check", is_narrow ? 0 : check);
        if (is_narrow)
            buf_puts(out, "\n    ");
        pretty_wrap(out, text.data, is_narrow ? 4 : hang, is_narrow ? 4 : hang, width);
        buf_done(&text);
    }
}

static void put_number(struct buf *out, const json_t *answer, const char *key, const char *one)
{
    unsigned long long n = pretty_count(answer, key);
    pretty_put_number(out, n);
    buf_printf(out, " %s%s", one, n == 1 ? "" : "s");
}

static void put_unanswered(const json_t *answer, size_t width, struct buf *out)
{
    const json_t *o;
    size_t i;
    json_array_foreach(json_object_get(answer, "asked"), i, o)
    {
        struct buf text;
        if (strcmp(pretty_member(o, "answer"), "failed") != 0)
            continue;
        buf_init(&text, 4096);
        buf_puts(&text, "the DNS gives no answer for ");
        pretty_put(&text, json_object_get(o, "name"));
        buf_puts(&text, ": ");
        pretty_put(&text, json_object_get(o, "why"));
        pretty_wrap(out, text.data, 0, 2, width);
        buf_done(&text);
    }
}

void pretty_lint(const json_t *answer, struct wall now, size_t width, struct buf *out)
{
    const json_t *findings = json_object_get(answer, "findings");
    (void)now;
    buf_puts(out, "job ");
    pretty_put(out, json_object_get(answer, "job"));
    buf_puts(out, ", the message to ");
    pretty_put(out, json_object_get(answer, "address"));
    buf_puts(out, ", ");
    pretty_put(out, json_object_get(answer, "bytes"));
    buf_puts(out, " bytes\n");
    pretty_field(out, "subject", json_object_get(answer, "subject"));
    buf_putc(out, '\n');
    put_findings(findings, width, out);
    put_unanswered(answer, width, out);
    if (json_array_size(findings) == 0) {
        buf_puts(out, json_object_get(answer, "job_warnings") ? "nothing found in the message\n"
                                                              : "nothing found\n");
        return;
    }
    put_number(out, answer, "errors", "error");
    buf_puts(out, ", ");
    put_number(out, answer, "warnings", "warning");
    buf_puts(out, ", ");
    put_number(out, answer, "notes", "note");
    buf_putc(out, '\n');
}

/* ---- test ---- */

static void put_reply(struct buf *out, const json_t *r)
{
    if (pretty_count(r, "code") > 0)
        buf_printf(out, "%llu ", pretty_count(r, "code"));
    if (*pretty_member(r, "enhanced")) {
        pretty_put(out, json_object_get(r, "enhanced"));
        buf_putc(out, ' ');
    }
    pretty_put(out, json_object_get(r, "text"));
}

void pretty_test(const json_t *answer, struct wall now, size_t width, struct buf *out)
{
    const json_t *results = json_object_get(answer, "results"), *r;
    size_t i, email = columns_of(results, "email", 7), state = columns_of(results, "state", 9);
    (void)now;
    buf_puts(out, "test ");
    pretty_put(out, json_object_get(answer, "test"));
    buf_putc(out, '\n');
    json_array_foreach(results, i, r)
    {
        struct buf reply;
        buf_init(&reply, 64 * 1024);
        put_reply(&reply, r);
        put_column(out, r, "email", email);
        put_column(out, r, "state", state);
        pretty_wrap(out, reply.data, email + state + 4, email + state + 4, width);
        buf_done(&reply);
    }
}

/* ---- key check ---- */

void pretty_keys(const json_t *answer, struct wall now, size_t width, struct buf *out)
{
    static const char *const heads[] = {"domain", "selector", "algorithm", "bits", "in the DNS"};
    const json_t *keys = json_object_get(answer, "keys"), *k;
    struct table t;
    struct buf notes;
    size_t i;
    (void)now;
    table_init(&t, 5);
    buf_init(&notes, 1024 * 1024);
    for (i = 0; i < 5; i++)
        table_cell(&t, "%s", heads[i]);
    table_right(&t, 3);
    json_array_foreach(keys, i, k)
    {
        bool is_there = strcmp(pretty_member(k, "verdict"), "missing") != 0 &&
                        strcmp(pretty_member(k, "verdict"), "failed") != 0;
        pretty_cell(&t, k, "domain");
        pretty_cell(&t, k, "selector");
        pretty_cell(&t, k, "algorithm");
        pretty_cell(&t, k, "bits");
        pretty_cell(&t, k, "verdict");
        pretty_put(&notes, json_object_get(k, "why"));
        if (*pretty_member(k, "record") && strcmp(pretty_member(k, "verdict"), "failed") != 0) {
            buf_printf(&notes,
                       "; %s: ", is_there ? "what should stand there" : "it should be there");
            pretty_put(&notes, json_object_get(k, "record"));
        }
        buf_putc(&notes, '\n');
    }
    pretty_noted_table(&t, notes.data, width, out);
    buf_done(&notes);
    table_done(&t);
}
