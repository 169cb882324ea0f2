/* words.c: texts that repeat in every outcome, stored once per job and pointed to by number.
 *
 * The names of kinds go the same way and not as the values of their enums: an enum may be
 * renumbered by the next version of this program, a name is an interface.
 */
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include "inside.h"

/* A cap on memory: a job of a million domains has as many MX hosts. Past it the cache begins anew.
 */
#define WORDS_MAX 20000

bool word_number(struct job_file *j, const char *text, uint32_t *out, struct err *e)
{
    sqlite3_stmt *find, *put;
    bool row;

    *out = 0;
    if (text[0] == '\0')
        return true;
    *out = (uint32_t)(uintptr_t)map_get(&j->words, str_of(text));
    if (*out)
        return true;
    if (!(find = job_stmt(j, ST_WORD_FIND, e)) || !(put = job_stmt(j, ST_WORD_PUT, e)))
        return false;
    db_bind_text(find, 1, text);
    if (!db_step(&j->db, find, &row, e))
        return false;
    if (row) {
        *out = (uint32_t)sqlite3_column_int64(find, 0);
        sqlite3_reset(find);
    } else {
        db_bind_text(put, 1, text);
        if (!db_run(&j->db, put, e))
            return false;
        *out = (uint32_t)sqlite3_last_insert_rowid(j->db.h);
    }
    if (*out == 0)
        return err_set(e, "%s: a word has number 0: the file is damaged", j->db.path);
    if (j->words.count >= WORDS_MAX)
        map_done(&j->words);
    map_set(&j->words, str_of(text), (void *)(uintptr_t)*out);
    return true;
}

enum { AT_STATE = 0, AT_CATEGORY = STATES, AT_PHASE = AT_CATEGORY + CATEGORIES };
enum { AT_SCOPE = AT_PHASE + PHASES, KIND_WORDS = AT_SCOPE + SCOPES };

static bool kind_word(struct job_file *j, int at, const char *name, uint32_t *out, struct err *e)
{
    uint32_t *known = &j->kind_words[at];

    if (*known == 0 && !word_number(j, name, known, e))
        return false;
    *out = *known;
    return true;
}

bool word_kinds(struct job_file *j, const struct outcome *o, struct kind_words *out, struct err *e)
{
    if (!j->kind_words)
        j->kind_words = mem_array(KIND_WORDS, sizeof *j->kind_words);
    return kind_word(j, AT_STATE + (int)o->state, state_name(o->state), &out->state, e) &&
           kind_word(j, AT_CATEGORY + (int)o->category, category_name(o->category), &out->category,
                     e) &&
           kind_word(j, AT_PHASE + (int)o->phase, phase_name(o->phase), &out->phase, e) &&
           kind_word(j, AT_SCOPE + (int)o->scope, scope_name(o->scope), &out->scope, e);
}

/* ---- the way back ---- */

#define CACHE_SIZE 1024u

struct cached {
    uint32_t number; /* 0: empty */
    char *text;
    struct kinds kinds; /* what the text means as each of them; the default when it is none */
};

struct word_reader {
    struct db *db;
    sqlite3_stmt *find;
    struct cached cache[CACHE_SIZE];
};

struct word_reader *word_reader_new(struct db *db, struct err *e)
{
    sqlite3_stmt *find = db_prepare(db, "SELECT text FROM word WHERE id = ?", e);
    struct word_reader *w;

    if (!find)
        return NULL;
    w = mem_array(1, sizeof *w);
    w->db = db;
    w->find = find;
    return w;
}

void word_reader_free(struct word_reader *w)
{
    if (!w)
        return;
    for (unsigned i = 0; i < CACHE_SIZE; i++)
        free(w->cache[i].text);
    sqlite3_finalize(w->find);
    free(w);
}

static struct cached *look_up(struct word_reader *w, uint32_t number)
{
    struct cached *c = &w->cache[number % CACHE_SIZE];
    struct str text;
    bool row;

    if (c->number == number && c->text)
        return c;
    sqlite3_bind_int64(w->find, 1, number);
    /* A word that is missing or unreadable must not hide the rest of a result: it is shown as "?".
     */
    if (!db_step(w->db, w->find, &row, NULL))
        row = false;
    text = row ? db_column(w->find, 0) : str_of(number ? "?" : "");
    free(c->text);
    c->number = number;
    c->text = mem_strn(text.p, text.n);
    c->kinds = (struct kinds){STATE_WAITING, CAT_UNKNOWN, PHASE_POLICY, SCOPE_RECIPIENT};
    state_from_name(str_of(c->text), &c->kinds.state);
    category_from_name(str_of(c->text), &c->kinds.category);
    phase_from_name(str_of(c->text), &c->kinds.phase);
    scope_from_name(str_of(c->text), &c->kinds.scope);
    if (row)
        sqlite3_reset(w->find);
    return c;
}

const char *word_text(struct word_reader *w, uint32_t number)
{
    return look_up(w, number)->text;
}

void word_to_kinds(struct word_reader *w, const struct kind_words *in, struct kinds *out)
{
    out->state = look_up(w, in->state)->kinds.state;
    out->category = look_up(w, in->category)->kinds.category;
    out->phase = look_up(w, in->phase)->kinds.phase;
    out->scope = look_up(w, in->scope)->kinds.scope;
}
