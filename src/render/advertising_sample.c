#include "advertising_sample.h"

#include <sluice/html/html.h>

#include "advert.h"

#define SAMPLE_MAX (16u * 1024 * 1024)
#define CULPRITS_MAX 32 /* variables that are tried one by one */
#define BEGINNING 40    /* bytes of what hides a footer that are shown */

static const struct json_view nothing = {NULL, 0, JSON_VIEW_NONE};

static struct json_view text_view(const char *quoted)
{
    return (struct json_view){quoted, strlen(quoted), JSON_VIEW_STRING};
}

static bool is_column(const struct mailing *m, int slot)
{
    for (size_t i = 0; i < m->vars.columns; i++) {
        if (m->vars.column_slot[i] == slot)
            return true;
    }
    return false;
}

bool sample_is_of_rows(const struct mailing *m, int slot)
{
    if (slot == m->vars.email_slot ||
        (slot == m->unsubscribe_slot && m->unsubscribing != UNSUBSCRIBE_NOT))
        return false;
    return m->vars.column_slot ? is_column(m, slot) : m->vars.common[slot].kind == JSON_VIEW_NONE;
}

/* A column hides the job's variable of its name, whatever its cells hold. */
static void fill(const struct mailing *m, int filled, struct json_view *slot)
{
    vars_fill(&m->vars, json_view_of("{}", 2), text_view("\"you\""), slot);
    for (int i = 0; i < (int)m->names.count; i++) {
        if (sample_is_of_rows(m, i))
            slot[i] = filled == SAMPLE_FULL || filled == i ? text_view("\"가나다\"") : nothing;
    }
    if (m->unsubscribing != UNSUBSCRIBE_NOT && m->unsubscribe_slot >= 0)
        slot[m->unsubscribe_slot] = text_view("\"https://made.example/\"");
}

/* ---- a body */

struct sample {
    const struct mailing *m;
    enum part_kind kind;
    const struct json_view *slot;
    struct buf body;
    bool has_footer;
    size_t footer_at;
};

static void put_footer(void *arg, uint32_t id, struct sink *sink)
{
    struct sample *s = arg;
    enum part_kind kind = s->kind == PART_HTML ? PART_HTML_FOOTER : PART_TEXT_FOOTER;
    struct run run = {.slot = s->slot, .sink = sink};

    if (id != HOOK_FOOTER || !s->m->part[kind].template)
        return;
    s->has_footer = true;
    s->footer_at = s->body.len;
    template_run(s->m->part[kind].template, &run);
}

static void say_where(const struct sample *s, struct buf *where)
{
    struct html_scan scan;
    struct html_token t = {.kind = HTML_TEXT};
    char beginning[BEGINNING];

    if (!s->has_footer) {
        buf_puts(where, "where nothing is written for this recipient");
        return;
    }
    html_begin(&scan, str_n(s->body.data, s->body.len));
    scan.open = (struct str){NULL, 0}; /* what is rendered holds no tags */
    while (scan.pos <= s->footer_at && html_next(&scan, &t))
        ;
    str_copy(beginning, sizeof beginning, t.all);
    if (s->kind == PART_HTML && t.kind == HTML_RAW)
        buf_printf(where, "inside <%.*s>, which is not closed", (int)t.name.n, t.name.p);
    else if (s->kind == PART_HTML && t.kind == HTML_COMMENT)
        buf_printf(where, "inside a comment or a tag that is not closed: \"%s\"", beginning);
    else
        buf_puts(where, "inside an element that is not shown");
}

unsigned sample_lacks(const struct mailing *m, enum part_kind kind, int filled, struct buf *where)
{
    struct json_view slot[NAMES_MAX];
    struct sink sink;
    struct sample s = {.m = m, .kind = kind, .slot = slot};
    struct run run = {.slot = slot, .sink = &sink, .hook = put_footer, .arg = &s};
    struct buf text;
    unsigned found;

    buf_init(&s.body, SAMPLE_MAX);
    buf_init(&text, SAMPLE_MAX);
    fill(m, filled, slot);
    sink_begin(&sink, &s.body, BODY_RAW);
    template_run(m->part[kind].template, &run);
    if (kind == PART_HTML)
        html_to_text(str_n(s.body.data, s.body.len), &text);
    else
        buf_put(&text, s.body.data, s.body.len);
    found = advert_lacks(str_n(text.data, text.len), &m->spec->message.sender, m->spec->from_name);
    if (found && where)
        say_where(&s, where);
    buf_done(&text);
    buf_done(&s.body);
    return found;
}

int sample_culprit(const struct mailing *m, enum part_kind kind, unsigned items)
{
    for (int i = 0, tried = 0; i < (int)m->names.count && tried < CULPRITS_MAX; i++) {
        if (!sample_is_of_rows(m, i))
            continue;
        tried++;
        if (sample_lacks(m, kind, i, NULL) & items)
            return i;
    }
    return -1;
}
