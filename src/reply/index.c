#include "index.h"

#include <sluice/base/must.h>

#include <stdint.h>

#include "pattern.h"

#define ROWS_MAX 512
#define STARTS_MAX 4096
#define ANYWHERE                                                                                   \
    0 /* the bucket of patterns that begin with `*`: tried at the beginning of the text only */

/* A pattern's alternative, with a leading group taken apart so that it begins with a letter. */
struct start {
    struct str first, rest;
    char second; /* its second byte, or 0 when that may be any: most words fail here */
    uint16_t row;
    uint16_t next; /* in its bucket, + 1; in the order of rows */
};
static struct {
    const struct rule *row[ROWS_MAX];
    size_t rows;
    uint16_t textless[ROWS_MAX]; /* rows without a pattern */
    size_t textless_count;
    struct start start[STARTS_MAX];
    size_t starts;
    uint16_t head[256], tail[256]; /* + 1 */
} table;

static void add_start(struct str first, struct str rest, size_t row)
{
    unsigned char key = first.n ? (unsigned char)first.p[0] : (unsigned char)rest.p[0];
    struct start *s;

    MUST(table.starts < STARTS_MAX && first.n + rest.n > 0);
    if (key == '*')
        key = ANYWHERE;
    s = &table.start[table.starts++];
    *s = (struct start){.first = first, .rest = rest, .row = (uint16_t)row};
    if (key != ANYWHERE && first.n > 1 && !strchr("*~({", first.p[1]))
        s->second = first.p[1];
    if (table.head[key])
        table.start[table.tail[key] - 1].next = (uint16_t)table.starts;
    else
        table.head[key] = (uint16_t)table.starts;
    table.tail[key] = (uint16_t)table.starts;
}

/* `first` is one alternative, `rest` what follows it. Groups in front are taken apart as long as
 * nothing but `rest` is behind them; the rules are written so (MUST). */
static void add_alternatives(struct str first, struct str rest, size_t row)
{
    struct str inner, one;

    if (first.n == 0) {
        first = rest;
        rest = str_n(NULL, 0);
    }
    if (!pattern_cut_group(&first, &inner)) {
        add_start(first, rest, row);
        return;
    }
    MUST(first.n == 0 || rest.n == 0);
    if (rest.n == 0)
        rest = first;
    while (pattern_next(&inner, &one))
        add_alternatives(one, rest, row);
}

static void add_row(const struct rule *r)
{
    struct str rest, one;

    MUST(table.rows < ROWS_MAX);
    table.row[table.rows] = r;
    if (!r->text)
        table.textless[table.textless_count++] = (uint16_t)table.rows;
    for (rest = str_of(r->text); pattern_next(&rest, &one);)
        add_alternatives(one, str_n(NULL, 0), table.rows);
    table.rows++;
}

/* Before main: no thread ever sees it half made, and finding needs no lock. */
__attribute__((constructor)) static void build(void)
{
    const struct rules *list[] = {&rules_receivers, &rules_texts, &rules_codes};

    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        for (size_t k = 0; k < list[i]->count; k++)
            add_row(&list[i]->row[k]);
    }
}

/* The first row before `best` that matches at this place. */
static size_t try_bucket(unsigned char key, const char *at, size_t best,
                         bool (*fits)(const struct rule *r, const void *context),
                         const void *context)
{
    for (size_t i = table.head[key]; i; i = table.start[i - 1].next) {
        const struct start *s = &table.start[i - 1];

        if (s->row >= best)
            break;
        if (s->second && s->second != at[1])
            continue;
        if (pattern_matches_at(s->first, s->rest, at) && fits(table.row[s->row], context))
            return s->row;
    }
    return best;
}

const struct rule *index_find(const char *words,
                              bool (*fits)(const struct rule *r, const void *context),
                              const void *context)
{
    size_t best = ROWS_MAX;

    best = try_bucket(ANYWHERE, words, best, fits, context);
    for (const char *at = words; *at; at++) {
        if (at == words || at[-1] == ' ')
            best = try_bucket((unsigned char)*at, at, best, fits, context);
    }
    for (size_t i = 0; i < table.textless_count && table.textless[i] < best; i++) {
        if (fits(table.row[table.textless[i]], context))
            best = table.textless[i];
    }
    return best < ROWS_MAX ? table.row[best] : NULL;
}
