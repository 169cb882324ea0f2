/* book.c: see book.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <sluice/base/buf.h>
#include <sluice/base/must.h>
#include "book.h"

#define ADDRESS_MAX 512
#define GREY_MAX 4000000
#define TEXTS_MAX 100000

struct grey_entry {
    int64_t first_ms;
    bool passed;
};

void book_init(struct book *b, uint64_t max_records)
{
    *b = (struct book){.max_records = max_records};
    map_init(&b->records);
    map_init(&b->grey);
    map_init(&b->texts);
}

static void free_values(struct map *m)
{
    const struct map_entry *e;
    size_t i = 0;
    while ((e = map_next(m, &i)))
        free(e->value);
    map_done(m);
}

void book_done(struct book *b)
{
    free_values(&b->records);
    free_values(&b->grey);
    free_values(&b->texts);
}

static struct record *record_new(struct book *b, struct str key, int64_t wall_ms)
{
    if (b->records.count >= b->max_records) {
        b->refused_records++;
        return NULL;
    }
    struct record *r = mem_new(sizeof *r + key.n + 1);
    *r = (struct record){.first_ms = wall_ms, .last_ms = wall_ms, .addr_n = key.n, .text = ""};
    memcpy(r->addr, key.p, key.n);
    r->addr[key.n] = '\0';
    (void)map_set(&b->records, key, r);
    return r;
}

struct record *book_record(struct book *b, struct str address, int64_t wall_ms)
{
    char key[ADDRESS_MAX];
    if (address.n >= sizeof key)
        return NULL;
    memcpy(key, address.p, address.n);
    char *at = memrchr(key, '@', address.n);
    if (at)
        str_lower(at, address.n - (size_t)(at - key));
    struct record *r = map_get(&b->records, str_n(key, address.n));
    return r ? r : record_new(b, str_n(key, address.n), wall_ms);
}

/* Filled-in texts repeat ("... from 127.0.0.1"): one copy serves all records. */
static const char *intern(struct book *b, const char *text)
{
    char *known = map_get(&b->texts, str_of(text));
    if (known)
        return known;
    if (b->texts.count >= TEXTS_MAX)
        return "(too many different texts)";
    known = mem_str(text);
    (void)map_set(&b->texts, str_of(text), known);
    return known;
}

void book_note(struct book *b, struct record *r, enum stage at, int code, const char *text,
               bool is_own_text, int64_t wall_ms)
{
    r->stage = (uint8_t)at;
    r->code = (uint16_t)code;
    r->text = is_own_text ? intern(b, text) : text;
    r->last_ms = wall_ms;
}

void book_accept(struct record *r, uint64_t id)
{
    if (id && r->accepted && r->last_id == id)
        r->same_id++;
    r->accepted++;
    r->last_id = id;
}

bool book_grey_passes(struct book *b, const struct receiver *v, struct str from, struct str to,
                      int64_t now_ms)
{
    char key[2 * ADDRESS_MAX + 300];
    int n = snprintf(key, sizeof key, "%s\n%.*s\n%.*s", v->name,
                     v->grey.by_recipient ? 0 : (int)from.n, from.p, (int)to.n, to.p);
    if (n < 0 || n >= (int)sizeof key)
        return true;
    struct grey_entry *g = map_get(&b->grey, str_n(key, (size_t)n));
    if (!g && b->grey.count >= GREY_MAX)
        return true;
    if (!g) {
        g = mem_new(sizeof *g);
        *g = (struct grey_entry){.first_ms = now_ms};
        (void)map_set(&b->grey, str_n(key, (size_t)n), g);
        return false;
    }
    if (!g->passed && now_ms - g->first_ms > v->grey.expire_ms)
        g->first_ms = now_ms;
    g->passed = g->passed || now_ms - g->first_ms >= v->grey.delay_ms;
    return g->passed;
}

bool book_dump(const struct book *b, FILE *out)
{
    const struct map_entry *e;
    size_t i = 0;
    (void)fputs("recipient\tattempts\taccepted\tcode\ttext\tstage\tfirst_ms\tlast_ms\tsame_id\n",
                out);
    while ((e = map_next(&b->records, &i))) {
        const struct record *r = e->value;
        (void)fprintf(out, "%s\t%" PRIu32 "\t%" PRIu32 "\t%u\t", r->addr, r->attempts, r->accepted,
                      r->code);
        for (const char *c = r->text; *c; c++)
            (void)fputc(*c == '\t' || *c == '\n' || *c == '\r' ? ' ' : *c, out);
        (void)fprintf(out, "\t%s\t%" PRId64 "\t%" PRId64 "\t%" PRIu32 "\n", stage_name(r->stage),
                      r->first_ms, r->last_ms, r->same_id);
    }
    return fflush(out) == 0 && !ferror(out);
}
