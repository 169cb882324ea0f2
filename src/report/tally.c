#include <sluice/report/tally.h>

#include <sluice/base/json_view.h>
#include <sluice/base/must.h>
#include <sluice/report/table.h>

#include <stdlib.h>
#include <string.h>

void tally_init(struct tally *t)
{
    *t = (struct tally){0};
    map_init(&t->providers);
}

void tally_done(struct tally *t)
{
    const struct map_entry *e;

    for (size_t i = 0; (e = map_next(&t->providers, &i));)
        free(e->value);
    map_done(&t->providers);
}

/* ---- counting */

static struct tally_row *row_of(struct tally *t, const char *provider)
{
    struct tally_row *row = map_get(&t->providers, str_of(provider));

    if (!row) {
        row = mem_array(1, sizeof *row);
        str_copy(row->provider, sizeof row->provider, str_of(provider));
        map_set(&t->providers, str_of(provider), row);
    }
    return row;
}

/* A count that is taken back twice would wrap around to 18 quintillion; one that is missing is
 * found by the tests, and shown to nobody. */
static void take(uint64_t *n)
{
    if (*n)
        --*n;
}

static void take_back(struct tally_row *row, const struct tally_before *before)
{
    take(&row->state[before->state]);
    take(&row->category[before->category]);
}

/* The guard and the operator move a bounce to and fro; nobody was asked again. */
static bool is_attempt(const struct outcome *o)
{
    enum state s = o->state;
    bool may_move = s == STATE_BOUNCED || s == STATE_QUARANTINED || s == STATE_DEFERRED;

    return s != STATE_SUPPRESSED && s != STATE_EXPIRED && s != STATE_CANCELLED &&
           s != STATE_SKIPPED && !(may_move && o->phase == PHASE_POLICY && o->reply.code);
}

static void add(struct tally_row *row, const struct outcome *o)
{
    if (o->state != STATE_WAITING) {
        row->state[o->state]++;
        if (o->state != STATE_DELIVERED)
            row->category[o->category]++;
    }
    if (is_attempt(o)) {
        row->attempts++;
        row->bytes += o->bytes;
    }
}

void tally_add(struct tally *t, const struct outcome *o, const struct tally_before *before)
{
    if (before && before->state != STATE_WAITING) {
        take_back(&t->all, before);
        take_back(row_of(t, before->provider ? before->provider : ""), before);
    }
    add(&t->all, o);
    add(row_of(t, o->provider), o);
    if (o->at.ms && (!t->first.ms || o->at.ms < t->first.ms))
        t->first = o->at;
    if (o->at.ms > t->last.ms)
        t->last = o->at;
}

/* ---- rows in the order of their size */

static uint64_t counted(const struct tally_row *row)
{
    uint64_t n = 0;

    for (enum state s = 0; s < STATES; s++)
        n += row->state[s];
    return n;
}

static int larger_first(const void *a, const void *b)
{
    const struct tally_row *x = *(const struct tally_row *const *)a;
    const struct tally_row *y = *(const struct tally_row *const *)b;
    uint64_t nx = counted(x);
    uint64_t ny = counted(y);

    return nx != ny ? (nx < ny ? 1 : -1) : strcmp(x->provider, y->provider);
}

/* The caller frees the array. */
static const struct tally_row **sorted(const struct tally *t)
{
    const struct tally_row **row = mem_array(t->providers.count + 1, sizeof *row);
    const struct map_entry *e;
    size_t n = 0;

    for (size_t i = 0; (e = map_next(&t->providers, &i));)
        row[n++] = e->value;
    qsort(row, n, sizeof *row, larger_first);
    return row;
}

/* ---- tables */

struct columns {
    enum state state[STATES];
    size_t count;
};

/* Delivered and bounced always, other states where there are any. */
static void choose_columns(const struct tally *t, struct columns *c)
{
    c->count = 0;
    for (enum state s = 0; s < STATES; s++) {
        if (s == STATE_DELIVERED || s == STATE_BOUNCED || t->all.state[s])
            c->state[c->count++] = s;
    }
}

static void put_provider(struct table *t, const struct columns *c, const struct tally_row *row,
                         const char *name)
{
    table_cell(t, "%s", name);
    for (size_t i = 0; i < c->count; i++)
        table_number(t, row->state[c->state[i]]);
    table_number(t, counted(row));
    table_number(t, row->attempts);
}

static void provider_table(const struct tally *t, size_t width, struct buf *out)
{
    const struct tally_row **row = sorted(t);
    struct columns c;
    struct table table;

    choose_columns(t, &c);
    table_init(&table, c.count + 3);
    table_cell(&table, "provider");
    for (size_t i = 0; i < c.count; i++)
        table_cell(&table, "%s", state_name(c.state[i]));
    table_cell(&table, "recipients");
    table_cell(&table, "attempts");
    for (size_t i = 1; i < table.columns; i++)
        table_right(&table, i);
    for (size_t i = 0; i < t->providers.count; i++) {
        if (counted(row[i]))
            put_provider(&table, &c, row[i], *row[i]->provider ? row[i]->provider : "(none)");
    }
    put_provider(&table, &c, &t->all, "all");
    table_format(&table, width, out);
    table_done(&table);
    free(row);
}

static void put_class(struct table *t, const char *name, const char *group, uint64_t n, uint64_t of)
{
    table_cell(t, "%s", name);
    table_cell(t, "%s", group);
    table_number(t, n);
    if (of)
        table_cell(t, "%.2f %%", 100.0 * (double)n / (double)of);
    else
        table_cell(t, "n/a");
}

/* Shares are of the job's recipients when they are known, else of those who have an outcome; the
 * head says which. */
static void class_table(const struct tally *t, uint64_t recipients, size_t width, struct buf *out)
{
    uint64_t of = recipients ? recipients : counted(&t->all);
    struct table table;

    table_init(&table, 4);
    table_cell(&table, "class");
    table_cell(&table, "group");
    table_cell(&table, "recipients");
    table_cell(&table, recipients ? "of all" : "of tried");
    table_right(&table, 2);
    table_right(&table, 3);
    put_class(&table, "delivered", "", t->all.state[STATE_DELIVERED], of);
    for (enum category c = 0; c < CATEGORIES; c++) {
        if (t->all.category[c])
            put_class(&table, category_name(c), group_name(category_group(c)), t->all.category[c],
                      of);
    }
    if (recipients > counted(&t->all))
        put_class(&table, "waiting", "", recipients - counted(&t->all), of);
    table_format(&table, width, out);
    table_done(&table);
}

void tally_table(const struct tally *t, uint64_t recipients, size_t width, struct buf *out)
{
    provider_table(t, width, out);
    buf_putc(out, '\n');
    class_table(t, recipients, width, out);
}

/* ---- JSON */

static void put_count(struct buf *out, const char *key, uint64_t n)
{
    buf_printf(out, "\"%s\":%llu,", key, (unsigned long long)n);
}

/* {"name":n,...}: those that are not zero, or all. */
static void put_names(struct buf *out, const char *key, const char *(*name)(int), const uint64_t *n,
                      int count, bool all)
{
    bool is_first = true;

    buf_printf(out, "\"%s\":{", key);
    for (int i = 0; i < count; i++) {
        if (!n[i] && !all)
            continue;
        buf_printf(out, "%s\"%s\":%llu", is_first ? "" : ",", name(i), (unsigned long long)n[i]);
        is_first = false;
    }
    buf_putc(out, '}');
}

static const char *state_of(int i)
{
    return state_name((enum state)i);
}

static const char *category_of(int i)
{
    return category_name((enum category)i);
}

/* The same shape as in `status`. */
static void put_row(struct buf *out, const struct tally_row *row, uint64_t waiting)
{
    uint64_t state[STATES];

    memcpy(state, row->state, sizeof state);
    state[STATE_WAITING] = waiting;
    put_count(out, "attempts", row->attempts);
    put_count(out, "bytes", row->bytes);
    put_names(out, "counts", state_of, state, STATES, true);
    buf_putc(out, ',');
    put_names(out, "categories", category_of, row->category, CATEGORIES, false);
}

static void put_time(struct buf *out, const char *key, struct wall w)
{
    char text[WALL_TEXT];

    if (!w.ms) {
        buf_printf(out, "\"%s\":null,", key);
        return;
    }
    wall_format(w, text);
    buf_printf(out, "\"%s\":\"%s\",", key, text);
}

void tally_json(const struct tally *t, uint64_t recipients, struct buf *out)
{
    const struct tally_row **row = sorted(t);
    uint64_t done = counted(&t->all);

    buf_putc(out, '{');
    put_count(out, "recipients", recipients);
    put_time(out, "first", t->first);
    put_time(out, "last", t->last);
    put_row(out, &t->all, recipients > done ? recipients - done : 0);
    buf_puts(out, ",\"providers\":[");
    for (size_t i = 0; i < t->providers.count; i++) {
        buf_puts(out, i ? ",{\"provider\":" : "{\"provider\":");
        json_put_string(out, str_of(row[i]->provider));
        buf_putc(out, ',');
        put_row(out, row[i], 0);
        buf_putc(out, '}');
    }
    buf_puts(out, "]}");
    free(row);
}
