/* read.c: what became of everybody.
 *
 * Results are read on a connection of their own: a snapshot of what is committed, which neither
 * waits for the spool thread nor holds it up. `outcome` is in the order of time; results are wanted
 * in the order of the list: so (rid, seq) pairs are sorted first (sorter.h), and each recipient's
 * last outcome is then fetched by its number.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include "inside.h"
#include "sorter.h"

#define OUTCOME_COLUMNS                                                                            \
    "o.rid, o.attempt, o.at, o.domain, o.state, o.category, o.phase, o.scope, o.flags, o.code,"    \
    " o.enhanced, o.text, o.provider, o.mx_host, o.mx_ip, o.rule, o.message_id, o.queued_ms,"      \
    " o.connect_ms, o.send_ms, o.bytes, o.next_due, o.source"
enum {
    AT_RID,
    AT_ATTEMPT,
    AT_AT,
    AT_DOMAIN,
    AT_STATE,
    AT_CATEGORY,
    AT_PHASE,
    AT_SCOPE,
    AT_FLAGS,
    AT_CODE,
    AT_ENHANCED,
    AT_TEXT,
    AT_PROVIDER,
    AT_MX_HOST,
    AT_MX_IP,
    AT_RULE,
    AT_MESSAGE_ID,
    AT_QUEUED,
    AT_CONNECT,
    AT_SEND,
    AT_BYTES,
    AT_NEXT_DUE,
    AT_SOURCE,
    AT_END
};

static uint32_t column_u32(sqlite3_stmt *st, int at)
{
    return (uint32_t)sqlite3_column_int64(st, at);
}

static void column_copy(sqlite3_stmt *st, int at, char *to, size_t size)
{
    str_copy(to, size, db_column(st, at));
}

static void word_copy(struct word_reader *w, sqlite3_stmt *st, int at, char *to, size_t size)
{
    str_copy(to, size, str_of(word_text(w, column_u32(st, at))));
}

static void read_kinds(struct word_reader *w, sqlite3_stmt *st, struct kinds *k)
{
    const struct kind_words words = {column_u32(st, AT_STATE), column_u32(st, AT_CATEGORY),
                                     column_u32(st, AT_PHASE), column_u32(st, AT_SCOPE)};

    word_to_kinds(w, &words, k);
}

/* All of an outcome that the spool keeps; the recipient's part is filled by the caller. */
static void read_outcome(struct word_reader *w, sqlite3_stmt *st, struct outcome *o)
{
    struct kinds k;
    int flags = sqlite3_column_int(st, AT_FLAGS);

    memset(o, 0, sizeof *o);
    read_kinds(w, st, &k);
    o->state = k.state;
    o->category = k.category;
    o->phase = k.phase;
    o->scope = k.scope;
    o->rid = (uint64_t)sqlite3_column_int64(st, AT_RID);
    o->attempt = column_u32(st, AT_ATTEMPT);
    o->at.ms = sqlite3_column_int64(st, AT_AT);
    o->domain_id = column_u32(st, AT_DOMAIN);
    o->dot_unanswered = flags & 1;
    o->tls = flags & 2;
    o->reply.code = sqlite3_column_int(st, AT_CODE);
    column_copy(st, AT_ENHANCED, o->reply.enhanced, sizeof o->reply.enhanced);
    column_copy(st, AT_TEXT, o->reply.text, sizeof o->reply.text);
    word_copy(w, st, AT_PROVIDER, o->provider, sizeof o->provider);
    word_copy(w, st, AT_MX_HOST, o->mx_host, sizeof o->mx_host);
    word_copy(w, st, AT_MX_IP, o->mx_ip, sizeof o->mx_ip);
    word_copy(w, st, AT_RULE, o->rule, sizeof o->rule);
    word_copy(w, st, AT_SOURCE, o->source, sizeof o->source);
    column_copy(st, AT_MESSAGE_ID, o->message_id, sizeof o->message_id);
    o->queued_ms = column_u32(st, AT_QUEUED);
    o->connect_ms = column_u32(st, AT_CONNECT);
    o->send_ms = column_u32(st, AT_SEND);
    o->bytes = column_u32(st, AT_BYTES);
    o->next_due_ms = sqlite3_column_int64(st, AT_NEXT_DUE);
    o->slot = NO_SLOT;
}

/* What we decided ourselves (suppressed, cancelled, expired before this attempt, could not be
 * rendered) was no attempt. */
static uint32_t attempts_of(const struct outcome *o)
{
    bool was_tried = o->phase != PHASE_POLICY && o->phase != PHASE_RENDER;

    return o->attempt - (was_tried || o->attempt == 0 ? 0 : 1);
}

static void result_of(const struct outcome *o, struct result_row *r)
{
    r->state = o->state;
    r->category = o->category;
    r->code = o->reply.code;
    r->enhanced = o->reply.enhanced;
    r->text = o->reply.text;
    r->provider = o->provider;
    r->mx_host = o->mx_host;
    r->message_id = o->message_id;
    r->rule = o->rule;
    r->attempts = attempts_of(o);
    r->at = o->at;
    /* Who is in quarantine waits for an operator, not for a time. */
    r->due.ms = o->state == STATE_QUARANTINED ? 0 : o->next_due_ms;
}

/* ---- results ---- */

struct results {
    struct db db;
    struct word_reader *words;
    struct sorter *outcomes; /* rid -> seq */
    struct sorter *todo;     /* rid -> due */
    sqlite3_stmt *outcome_of;
    int64_t first_due_ms;
    struct outcome last;
    uint64_t outcome_rid, outcome_seq; /* the next pair of `outcomes`; rid UINT64_MAX: no more */
    uint64_t todo_rid, todo_due;       /* the same of `todo` */
};

static bool sort_pairs(struct db *db, const char *sql, struct sorter *s, struct err *e)
{
    sqlite3_stmt *st = db_prepare(db, sql, e);
    bool row, ok = st;

    while (ok && (ok = db_step(db, st, &row, e)) && row)
        ok = sorter_put(s, (uint64_t)sqlite3_column_int64(st, 0),
                        (uint64_t)sqlite3_column_int64(st, 1), e);
    sqlite3_finalize(st);
    return ok && sorter_rewind(s, e);
}

static bool next_pair(struct sorter *s, uint64_t *rid, uint64_t *value, struct err *e)
{
    bool failed = false;

    if (!sorter_next(s, rid, value, &failed, e))
        *rid = UINT64_MAX;
    return !failed;
}

static bool results_begin(struct results *r, struct job_file *j, struct err *e)
{
    memset(r, 0, sizeof *r);
    if (!db_open(&r->db, j->db.path, DB_READ, e) || !db_exec(&r->db, "BEGIN", e))
        return false;
    r->first_due_ms = j->first_due_ms;
    r->outcomes = sorter_new(j->dir, true);
    r->todo = sorter_new(j->dir, true);
    r->words = word_reader_new(&r->db, e);
    r->outcome_of =
        r->words
            ? db_prepare(&r->db, "SELECT " OUTCOME_COLUMNS " FROM outcome o WHERE o.seq = ?", e)
            : NULL;
    return r->outcome_of &&
           sort_pairs(&r->db, "SELECT rid, seq FROM outcome ORDER BY seq", r->outcomes, e) &&
           sort_pairs(&r->db, "SELECT rid, due FROM todo", r->todo, e) &&
           next_pair(r->outcomes, &r->outcome_rid, &r->outcome_seq, e) &&
           next_pair(r->todo, &r->todo_rid, &r->todo_due, e);
}

static void results_end(struct results *r)
{
    sorter_free(r->outcomes);
    sorter_free(r->todo);
    word_reader_free(r->words);
    sqlite3_finalize(r->outcome_of);
    db_close(&r->db); /* ends the transaction, too */
}

/* The last outcome of `rid` into r->last; *found false when there is none. */
static bool last_outcome(struct results *r, uint64_t rid, bool *found, struct err *e)
{
    uint64_t seq = 0;
    bool row;

    while (r->outcome_rid <= rid) {
        if (r->outcome_rid == rid)
            seq = r->outcome_seq;
        if (!next_pair(r->outcomes, &r->outcome_rid, &r->outcome_seq, e))
            return false;
    }
    *found = seq > 0;
    if (seq == 0)
        return true;
    sqlite3_bind_int64(r->outcome_of, 1, (int64_t)seq);
    if (!db_step(&r->db, r->outcome_of, &row, e))
        return false;
    if (!row)
        return err_set(e, "%s is damaged: outcome %llu is gone", r->db.path,
                       (unsigned long long)seq);
    read_outcome(r->words, r->outcome_of, &r->last);
    sqlite3_reset(r->outcome_of);
    return true;
}

static bool fill_result(struct results *r, sqlite3_stmt *st, struct result_row *row, struct err *e)
{
    bool found;

    *row = (struct result_row){.rid = (uint64_t)sqlite3_column_int64(st, 0),
                               .email = db_column_text(st, 1),
                               .line = (uint64_t)sqlite3_column_int64(st, 2)};
    if (!last_outcome(r, row->rid, &found, e))
        return false;
    if (!found)
        memset(&r->last, 0, sizeof r->last); /* waiting, ok, no texts */
    result_of(&r->last, row);
    while (r->todo_rid < row->rid)
        if (!next_pair(r->todo, &r->todo_rid, &r->todo_due, e))
            return false;
    if (r->todo_rid != row->rid || row->state == STATE_QUARANTINED)
        row->due.ms = 0;
    else
        row->due.ms = r->todo_due ? (int64_t)r->todo_due : r->first_due_ms;
    return true;
}

bool spool_each_result(struct spool *s, uint32_t job_key,
                       bool (*each)(void *arg, const struct result_row *row), void *arg,
                       struct err *e)
{
    struct job_file *j = job_file(s, job_key, e);
    struct results *r = mem_array(1, sizeof *r);
    sqlite3_stmt *st = NULL;
    struct result_row result;
    bool row, ok = j && results_begin(r, j, e) &&
                   (st = db_prepare(
                        &r->db, "SELECT rid, email, rid + skew FROM recipient ORDER BY rid", e));

    while (ok && (ok = db_step(&r->db, st, &row, e)) && row) {
        ok = fill_result(r, st, &result, e);
        if (!ok || !each(arg, &result))
            break;
    }
    sqlite3_finalize(st);
    results_end(r);
    free(r);
    return ok;
}

bool spool_each_recipient(struct spool *s, uint32_t job_key,
                          bool (*each)(void *arg, uint64_t rid, const char *email,
                                       const char *vars),
                          void *arg, struct err *e)
{
    struct db *db = job_reader(s, job_key, e);
    sqlite3_stmt *st =
        db ? db_prepare(db, "SELECT rid, email, vars FROM recipient ORDER BY rid", e) : NULL;
    bool row, ok = st;

    while (ok && (ok = db_step(db, st, &row, e)) && row)
        if (!each(arg, (uint64_t)sqlite3_column_int64(st, 0), db_column_text(st, 1),
                  db_column_text(st, 2)))
            break;
    sqlite3_finalize(st);
    return ok;
}

/* ---- one address ---- */

/* There is no index on addresses either: looking for one reads the list once, about a second for
 * ten million. */
static bool find_recipients(struct db *db, const char *email, sqlite3_stmt **st, struct err *e)
{
    *st = db_prepare(db,
                     "SELECT rid, email, rid + skew, vars FROM recipient"
                     " WHERE email = ?1 COLLATE NOCASE ORDER BY rid",
                     e);
    if (*st)
        db_bind_text(*st, 1, email);
    return *st;
}

bool spool_find_recipient(struct spool *s, uint32_t job_key, const char *email, uint64_t *rid,
                          char **vars, struct err *e)
{
    struct db *db = job_reader(s, job_key, e);
    sqlite3_stmt *st = NULL;
    bool row = false, ok = db && find_recipients(db, email, &st, e) && db_step(db, st, &row, e);

    if (ok && row) {
        *rid = (uint64_t)sqlite3_column_int64(st, 0);
        *vars = mem_strn(db_column(st, 3).p, db_column(st, 3).n);
    } else if (ok) {
        ok = err_set(e, "<%s> is not a recipient of this job", email);
    }
    sqlite3_finalize(st);
    return ok;
}

/* All outcomes of one recipient; each() may stop it with *go_on false. */
static bool each_outcome_of(struct db *db, struct word_reader *words, struct result_row *row,
                            bool (*each)(void *arg, const struct result_row *row), void *arg,
                            bool *go_on, struct err *e)
{
    sqlite3_stmt *st = db_prepare(
        db, "SELECT " OUTCOME_COLUMNS " FROM outcome o WHERE o.rid = ?1 ORDER BY o.seq", e);
    struct outcome o;
    bool more, ok = st;

    if (st)
        sqlite3_bind_int64(st, 1, (int64_t)row->rid);
    while (ok && *go_on && (ok = db_step(db, st, &more, e)) && more) {
        read_outcome(words, st, &o);
        result_of(&o, row);
        *go_on = each(arg, row);
    }
    sqlite3_finalize(st);
    return ok;
}

bool spool_each_attempt(struct spool *s, uint32_t job_key, const char *email,
                        bool (*each)(void *arg, const struct result_row *row), void *arg,
                        struct err *e)
{
    struct db *db = job_reader(s, job_key, e);
    struct word_reader *words = db ? word_reader_new(db, e) : NULL;
    sqlite3_stmt *st = NULL;
    bool row, go_on = true, ok = words && find_recipients(db, email, &st, e);

    while (ok && go_on && (ok = db_step(db, st, &row, e)) && row) {
        struct result_row result = {.rid = (uint64_t)sqlite3_column_int64(st, 0),
                                    .email = db_column_text(st, 1),
                                    .line = (uint64_t)sqlite3_column_int64(st, 2)};

        ok = each_outcome_of(db, words, &result, each, arg, &go_on, e);
    }
    sqlite3_finalize(st);
    word_reader_free(words);
    return ok;
}

/* ---- the journal ---- */

static sqlite3_stmt *outcomes_behind(struct db *db, uint64_t cursor, unsigned limit, struct err *e)
{
    sqlite3_stmt *st = db_prepare(db,
                                  "SELECT " OUTCOME_COLUMNS ", o.seq, r.email, r.added"
                                  " FROM outcome o LEFT JOIN recipient r ON r.rid = o.rid"
                                  " WHERE o.seq > ?1 ORDER BY o.seq LIMIT ?2",
                                  e);
    if (st) {
        sqlite3_bind_int64(st, 1, (int64_t)cursor);
        sqlite3_bind_int64(st, 2, limit);
    }
    return st;
}

bool spool_each_outcome(struct spool *s, uint32_t job_key, uint64_t *cursor, unsigned limit,
                        bool (*each)(void *arg, const struct outcome *o), void *arg, struct err *e)
{
    struct db *db = job_reader(s, job_key, e);
    struct word_reader *words = db ? word_reader_new(db, e) : NULL;
    sqlite3_stmt *st = words ? outcomes_behind(db, *cursor, limit, e) : NULL;
    int64_t added_ms = st ? job_file(s, job_key, NULL)->added_ms : 0;
    struct outcome o;
    bool row, ok = st;

    while (ok && (ok = db_step(db, st, &row, e)) && row) {
        read_outcome(words, st, &o);
        o.job_key = job_key;
        column_copy(st, AT_END + 1, o.email, sizeof o.email);
        o.added.ms = sqlite3_column_type(st, AT_END + 2) == SQLITE_NULL
                         ? added_ms
                         : sqlite3_column_int64(st, AT_END + 2);
        *cursor = (uint64_t)sqlite3_column_int64(st, AT_END);
        if (!each(arg, &o))
            break;
    }
    sqlite3_finalize(st);
    word_reader_free(words);
    return ok;
}
