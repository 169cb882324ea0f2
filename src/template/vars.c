#include <sluice/template/vars.h>

#include <sluice/base/must.h>

#include <stdlib.h>

static int slot_of(const struct names *names, struct json_view name)
{
    struct buf text;
    void *found;

    buf_init(&text, 4096);
    json_view_text(name, &text);
    found = map_get(&names->slot, str_n(text.data, text.len));
    buf_done(&text);
    return found ? (int)((uintptr_t)found - 1) : -1;
}

static void plan_columns(struct vars_plan *p, struct json_view columns)
{
    struct json_view name;
    size_t at = 0;

    for (size_t i = 0; json_view_each(columns, &at, NULL, &name); i++) {
        p->column_slot = mem_grow(p->column_slot, i + 1, sizeof *p->column_slot);
        p->column_slot[i] = slot_of(p->names, name);
        if (p->column_slot[i] >= 0)
            p->columns = i + 1;
    }
}

void vars_plan_init(struct vars_plan *p, const struct names *names, const char *columns,
                    const char *common)
{
    struct json_view object = json_view_of(common, strlen(common));
    void *email = map_get(&names->slot, str_of("email"));

    *p = (struct vars_plan){.names = names};
    p->email_slot = email ? (int)((uintptr_t)email - 1) : -1;
    p->common = mem_array(names->count + 1, sizeof *p->common);
    for (size_t i = 0; i < names->count; i++)
        json_view_key(object, names->name[i], &p->common[i]);
    plan_columns(p, json_view_of(columns, strlen(columns)));
}

void vars_plan_done(struct vars_plan *p)
{
    free(p->column_slot);
    free(p->common);
    *p = (struct vars_plan){0};
}

bool vars_is_unfilled(const struct vars_plan *p, size_t slot)
{
    if ((int)slot == p->email_slot || p->common[slot].kind != JSON_VIEW_NONE)
        return false;
    for (size_t i = 0; i < p->columns; i++) {
        if (p->column_slot[i] == (int)slot)
            return false;
    }
    return p->column_slot != NULL;
}

static void fill_from_row(const struct vars_plan *p, struct json_view row, struct json_view *slot)
{
    struct json_view v;
    size_t at = 0;

    for (size_t i = 0; i < p->columns && json_view_each(row, &at, NULL, &v); i++) {
        if (p->column_slot[i] >= 0)
            slot[p->column_slot[i]] = v;
    }
}

/* One walk over the object instead of one per name. */
static void fill_from_object(const struct vars_plan *p, struct json_view object,
                             struct json_view *slot)
{
    bool filled[NAMES_MAX] = {false};
    bool has_escapes = false;
    struct json_view v;
    struct str key;
    size_t at = 0;

    while (json_view_each(object, &at, &key, &v)) {
        has_escapes = has_escapes || memchr(key.p, '\\', key.n);
        for (size_t i = 0; i < p->names->count; i++) {
            if (!filled[i] && str_eq(key, p->names->name[i])) {
                slot[i] = v;
                filled[i] = true;
                break;
            }
        }
    }
    for (size_t i = 0; has_escapes && i < p->names->count; i++) {
        if (!filled[i] && json_view_key(object, p->names->name[i], &v))
            slot[i] = v;
    }
}

void vars_fill(const struct vars_plan *p, struct json_view vars, struct json_view email,
               struct json_view *slot)
{
    memcpy(slot, p->common, p->names->count * sizeof *slot);
    if (vars.kind == JSON_VIEW_ARRAY)
        fill_from_row(p, vars, slot);
    else if (vars.kind == JSON_VIEW_OBJECT)
        fill_from_object(p, vars, slot);
    if (p->email_slot >= 0)
        slot[p->email_slot] = email;
}
