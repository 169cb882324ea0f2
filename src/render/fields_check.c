/* Header fields that no recipient can have: what they say depends on no row, and is nothing that a
 * header can carry. */
#include "making.h"

#include "advertising_sample.h"

#define LINE_MAX 8192

enum dependence {
    DEPENDS_NOT,     /* the same for everybody */
    DEPENDS_PERHAPS, /* the job gives all its variables; recipients, as objects, may too */
    DEPENDS
};

static enum dependence dependence_of(const struct mailing *m, const struct template *t)
{
    enum dependence found = DEPENDS_NOT;

    for (size_t i = 0; i < t->paths; i++) {
        int slot = t->path[i].slot;

        if (t->path[i].parts == 0)
            continue;
        if (slot == m->vars.email_slot || slot == m->unsubscribe_slot || sample_is_of_rows(m, slot))
            return DEPENDS;
        if (!m->vars.column_slot)
            found = DEPENDS_PERHAPS;
    }
    return found;
}

static bool can_be_written(enum part_kind kind, struct str value)
{
    struct buf line;
    bool can = true;

    buf_init(&line, LINE_MAX);
    if (kind == PART_UNSUBSCRIBE_URL)
        can = fields_is_https(value);
    else if (kind == PART_UNSUBSCRIBE_MAILTO)
        can = header_uri_list(&line, "List-Unsubscribe", &value, 1);
    else if (value.n)
        can = header_raw(&line, "Feedback-ID", value);
    buf_done(&line);
    return can;
}

static void check(struct making *k, enum part_kind kind, const char *what)
{
    const struct mailing *m = k->m;
    static const struct render_input in = {.email = "", .vars = "", .message_id = ""};
    struct json_view slot[NAMES_MAX];
    char text[FIELD_MAX + 1];
    struct err e;
    struct rendering r = {.m = m, .in = &in, .e = &e, .slot = slot};
    enum dependence dependence;
    size_t n;

    if (!m->part[kind].template ||
        (dependence = dependence_of(m, m->part[kind].template)) == DEPENDS)
        return;
    vars_fill(&m->vars, json_view_of("", 0), json_view_of("", 0), slot);
    r.run.slot = slot;
    r.run.sink = &r.sink;
    if (!rendering_field(&r, kind, text, &n) || can_be_written(kind, str_trim(str_n(text, n))))
        return;
    if (dependence == DEPENDS_NOT)
        problems_add(k->problems, NULL, 0, "%s: %s (got \"%.200s\")", m->part[kind].shown, what,
                     text);
    else
        problems_warn(k->problems, NULL, 0,
                      "%s: %s (got \"%.200s\"): nobody without variables of their own is sent it",
                      m->part[kind].shown, what, text);
}

void fields_check(struct making *k)
{
    if (!k->is_new)
        return;
    check(k, PART_FEEDBACK_ID, "printable ASCII");
    check(k, PART_UNSUBSCRIBE_MAILTO, "an address, perhaps with ?subject=..., of printable ASCII");
    if (marks_has_tag(str_of(k->m->spec->message.unsubscribe_url)))
        check(k, PART_UNSUBSCRIBE_URL, "an https URI of printable ASCII");
}
