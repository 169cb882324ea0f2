/* Names that no column and no common variable can fill are typos: what becomes of the places where
 * they stand. */
#include "making.h"

enum use {
    USE_NOT,      /* or only with a fallback */
    USE_INVERTED, /* {{^name}} */
    USE_COMPARED,
    USE_SECTION,
    USE_VALUE
};

static bool has_fallback(const struct filtered *f)
{
    for (size_t i = 0; i < f->filters; i++) {
        if (f->filter[i].kind == FILTER_DEFAULT)
            return true;
    }
    return false;
}

bool warnings_writes(const struct template *t, int slot)
{
    for (size_t i = 0; t && i < t->programs; i++) {
        const struct program *p = &t->program[i];

        for (uint32_t at = 0; at < p->nodes;) {
            const struct node *n = &p->node[at];

            if (n->kind == NODE_VALUE && t->path[n->index].slot == slot)
                return true;
            if (n->kind == NODE_FILTERED && t->path[t->filtered[n->index].path].slot == slot &&
                !has_fallback(&t->filtered[n->index]))
                return true;
            at = n->kind == NODE_SECTION && t->path[n->index].slot == slot ? n->end : at + 1;
        }
    }
    return false;
}

static enum use use_of_node(const struct template *t, const struct node *n, int slot)
{
    const struct comparison *c;

    switch (n->kind) {
    case NODE_SECTION:
        return t->path[n->index].slot == slot ? USE_SECTION : USE_NOT;
    case NODE_INVERTED:
        return t->path[n->index].slot == slot ? USE_INVERTED : USE_NOT;
    case NODE_DYNAMIC:
        return t->path[n->index].slot == slot ? USE_VALUE : USE_NOT;
    case NODE_COMPARED:
        c = &t->comparison[n->index];
        return t->path[c->path].slot == slot ||
                       (c->right_is_name && t->path[c->right_path].slot == slot)
                   ? USE_COMPARED
                   : USE_NOT;
    default:
        return USE_NOT;
    }
}

static enum use use_of(const struct template *t, int slot)
{
    enum use found = warnings_writes(t, slot) ? USE_VALUE : USE_NOT;

    for (size_t i = 0; t && i < t->programs; i++) {
        for (uint32_t at = 0; at < t->program[i].nodes; at++) {
            enum use use = use_of_node(t, &t->program[i].node[at], slot);

            found = use > found ? use : found;
        }
    }
    return found;
}

static bool is_of_job(enum part_kind kind)
{
    return kind == PART_UNSUBSCRIBE_URL || kind == PART_UNSUBSCRIBE_MAILTO ||
           kind == PART_FEEDBACK_ID;
}

static const char *what_becomes(const struct mailing *m, enum use use)
{
    switch (use) {
    case USE_INVERTED:
        return "its section always appears";
    case USE_COMPARED:
        return "it is compared as an empty text";
    case USE_SECTION:
        return "its section never appears";
    default:
        return m->spec->message.missing == MISSING_SKIP
                   ? "it stays empty, and who would see it is skipped"
                   : "it stays empty";
    }
}

static void warn(struct making *k, int slot)
{
    const struct mailing *m = k->m;
    enum part_kind where = PARTS;
    enum use found = USE_NOT;
    bool is_field;

    for (enum part_kind i = 0; i < PARTS; i++) {
        enum use use = use_of(m->part[i].template, slot);

        if (use > found || (use && use == found && is_of_job(where))) {
            found = use;
            where = i;
        }
    }
    if (found == USE_NOT)
        return;
    is_field = is_of_job(where);
    problems_warn(k->problems, is_field ? NULL : m->spec->template_name, 0,
                  "%s%sno column and no common variable is named '%.*s': %s",
                  is_field ? m->part[where].shown : "", is_field ? ": " : "",
                  (int)m->names.name[slot].n, m->names.name[slot].p, what_becomes(m, found));
}

/* Objects of the job may hold what sections look for, so with them nothing can be said. */
void warnings_unfilled(struct making *k)
{
    const struct mailing *m = k->m;
    int sender = (int)(uintptr_t)map_get(&m->names.slot, str_of("sender")) - 1;

    for (size_t i = 0; i < m->names.count; i++) {
        enum json_kind kind = m->vars.common[i].kind;

        if ((int)i != sender && (kind == JSON_VIEW_OBJECT || kind == JSON_VIEW_ARRAY))
            return;
    }
    for (size_t i = 0; i < m->names.count; i++) {
        bool is_ours = (int)i == m->unsubscribe_slot || (int)i == sender;

        if (!is_ours && vars_is_unfilled(&m->vars, i))
            warn(k, (int)i);
    }
}
