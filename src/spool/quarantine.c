/* quarantine.c: refusals of a provider that refused everybody, kept apart until an operator says
 * what they were.
 *
 * Who is in quarantine has a row in todo, due when the recipient expires, and one in `quarantine`
 * with the key of that row: an expiry, a cancellation or the operator's word find it without a
 * search. The copies of an outcome that are made here are of phase policy and count the next
 * attempt, which was none: the row in todo keeps the number of those that were. */
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include "inside.h"

/* One call keeps the spool thread for some tenths of a second. */
#define STEP 20000u
/* Outcomes are recorded in the order of their times, but for what waited somewhere on the way. */
#define DISORDER_MS 60000

/* ---- rows of the table ---- */

bool quarantine_put(struct job_file *j, const struct todo_row *t, const char *provider,
                    struct err *e)
{
    sqlite3_stmt *st = job_stmt(j, ST_QUARANTINE_PUT, e);
    sqlite3_int64 seq = sqlite3_last_insert_rowid(j->db.h);
    uint32_t word;

    if (!st || !word_number(j, provider, &word, e))
        return false;
    sqlite3_bind_int64(st, 1, (int64_t)t->rid);
    sqlite3_bind_int64(st, 2, t->domain_id);
    sqlite3_bind_int64(st, 3, t->due_ms);
    sqlite3_bind_int64(st, 4, t->attempts);
    sqlite3_bind_int64(st, 5, word);
    sqlite3_bind_int64(st, 6, seq);
    j->has_quarantine = true;
    return db_run(&j->db, st, e);
}

bool quarantine_drop(struct job_file *j, uint64_t rid, struct err *e)
{
    sqlite3_stmt *st;

    if (!j->has_quarantine)
        return true;
    if (!(st = job_stmt(j, ST_QUARANTINE_DROP, e)))
        return false;
    sqlite3_bind_int64(st, 1, (int64_t)rid);
    return db_run(&j->db, st, e);
}

bool quarantine_move(struct job_file *j, uint64_t rid, int64_t due_ms, struct err *e)
{
    sqlite3_stmt *st;

    if (!j->has_quarantine)
        return true;
    if (!(st = job_stmt(j, ST_QUARANTINE_MOVE, e)))
        return false;
    sqlite3_bind_int64(st, 1, (int64_t)rid);
    sqlite3_bind_int64(st, 2, due_ms);
    return db_run(&j->db, st, e);
}

/* ---- what both ways share ---- */

struct kept { /* a recipient and the outcome that holds its reply */
    struct todo_row row;
    uint64_t seq;
};
struct kept_rows {
    struct kept *item;
    size_t count;
};

static void keep(struct kept_rows *k, const struct todo_row *row, uint64_t seq)
{
    if ((k->count & (k->count + 1)) == 0) /* full at 0, 1, 3, 7, ... */
        k->item = mem_grow(k->item, 2 * k->count + 1, sizeof *k->item);
    k->item[k->count++] = (struct kept){*row, seq};
}

/* One more outcome with the reply of another. */
static bool copy_outcome(struct job_file *j, const struct kept *k, enum state state,
                         int64_t next_due_ms, struct wall now, struct err *e)
{
    sqlite3_stmt *st = job_stmt(j, ST_OUTCOME_COPY, e);
    struct outcome kinds = {.state = state, .phase = PHASE_POLICY};
    struct kind_words words;

    if (!st || !word_kinds(j, &kinds, &words, e))
        return false;
    sqlite3_bind_int64(st, 1, (int64_t)k->seq);
    sqlite3_bind_int64(st, 2, k->row.attempts + 1);
    sqlite3_bind_int64(st, 3, now.ms);
    sqlite3_bind_int64(st, 4, words.state);
    sqlite3_bind_int64(st, 5, words.phase);
    sqlite3_bind_int64(st, 6, next_due_ms);
    if (!db_run(&j->db, st, e))
        return false;
    if (sqlite3_changes(j->db.h) == 0)
        return err_set(e, "%s is damaged: outcome %llu is gone", j->db.path,
                       (unsigned long long)k->seq);
    ridset_put(&j->moved, k->row.domain_id);
    return true;
}

/* ---- bounces that were none ---- */

void walk_done(struct walk *w)
{
    free(w->provider);
    ridset_done(&w->seen);
    memset(w, 0, sizeof *w);
}

/* Goes on where the last step ended, if it was of the same walk. */
static void walk_begin(struct walk *w, const char *provider, struct wall since)
{
    if (w->provider && strcmp(w->provider, provider) == 0 && w->since_ms == since.ms)
        return;
    walk_done(w);
    w->provider = mem_str(provider);
    w->since_ms = since.ms;
    w->below = INT64_MAX;
}

struct wanted {
    struct kind_words bounced, quarantined; /* of phase policy */
    uint32_t provider;
};

static bool words_wanted(struct job_file *j, const char *provider, struct wanted *w, struct err *e)
{
    struct outcome bounced = {.state = STATE_BOUNCED, .phase = PHASE_POLICY};
    struct outcome quarantined = {.state = STATE_QUARANTINED, .phase = PHASE_POLICY};

    return word_kinds(j, &bounced, &w->bounced, e) &&
           word_kinds(j, &quarantined, &w->quarantined, e) &&
           word_number(j, provider, &w->provider, e);
}

/* Columns of ST_OUTCOMES_BELOW */
enum { B_SEQ, B_RID, B_AT, B_STATE, B_PROVIDER, B_PHASE, B_CODE, B_DOMAIN, B_ATTEMPT };

/* Is it a bounce that counts? A recipient that was in quarantine after it is no longer bounced by
 * it; and what we bounced ourselves was not said by a provider, or confirmed by an operator. */
static bool is_wanted(struct walk *w, const struct wanted *want, sqlite3_stmt *st)
{
    uint64_t rid = (uint64_t)sqlite3_column_int64(st, B_RID);
    uint32_t state = (uint32_t)sqlite3_column_int64(st, B_STATE);
    bool is_ours = (uint32_t)sqlite3_column_int64(st, B_PHASE) == want->bounced.phase;

    if (state == want->quarantined.state || (state == want->bounced.state && is_ours)) {
        ridset_put(&w->seen, rid);
        return false;
    }
    return state == want->bounced.state && sqlite3_column_int64(st, B_CODE) > 0 &&
           sqlite3_column_int64(st, B_AT) >= w->since_ms &&
           (uint32_t)sqlite3_column_int64(st, B_PROVIDER) == want->provider &&
           !ridset_has(&w->seen, rid);
}

static bool collect_bounces(struct job_file *j, const struct wanted *want, struct kept_rows *k,
                            struct err *e)
{
    sqlite3_stmt *st = job_stmt(j, ST_OUTCOMES_BELOW, e);
    struct walk *w = &j->walk;
    bool row = false, ok;

    if (!st)
        return false;
    sqlite3_bind_int64(st, 1, (int64_t)w->below);
    while ((ok = db_step(&j->db, st, &row, e)) && row) {
        if (k->count == STEP || sqlite3_column_int64(st, B_AT) < w->since_ms - DISORDER_MS)
            break;
        w->below = (uint64_t)sqlite3_column_int64(st, B_SEQ);
        if (!is_wanted(w, want, st))
            continue;
        struct todo_row t = {.domain_id = (uint32_t)sqlite3_column_int64(st, B_DOMAIN),
                             .rid = (uint64_t)sqlite3_column_int64(st, B_RID),
                             .attempts = (uint32_t)sqlite3_column_int64(st, B_ATTEMPT)};
        ridset_put(&w->seen, t.rid);
        keep(k, &t, w->below);
    }
    sqlite3_reset(st);
    return ok;
}

/* When the recipient expires. */
static bool expiry_of(struct job_file *j, uint64_t rid, int64_t expires_ms, int64_t *due_ms,
                      struct err *e)
{
    sqlite3_stmt *st = job_stmt(j, ST_RECIPIENT_OF, e);
    bool row;

    if (!st)
        return false;
    sqlite3_bind_int64(st, 1, (int64_t)rid);
    if (!db_step(&j->db, st, &row, e))
        return false;
    if (!row)
        return err_set(e,
                       "%s is damaged: recipient %llu of table outcome is not in table recipient",
                       j->db.path, (unsigned long long)rid);
    int64_t added =
        sqlite3_column_type(st, 1) == SQLITE_NULL ? j->added_ms : sqlite3_column_int64(st, 1);
    sqlite3_reset(st);
    *due_ms = due_behind(j, (added > j->start_ms ? added : j->start_ms) + expires_ms);
    return true;
}

static bool take_back(struct job_file *j, struct kept *k, const char *provider, int64_t expires_ms,
                      struct wall now, struct err *e)
{
    return expiry_of(j, k->row.rid, expires_ms, &k->row.due_ms, e) &&
           copy_outcome(j, k, STATE_QUARANTINED, k->row.due_ms, now, e) &&
           quarantine_put(j, &k->row, provider, e) && todo_put(j, &k->row, e);
}

bool spool_quarantine(struct spool *s, uint32_t job_key, const char *provider, struct wall since,
                      int64_t expires_ms, struct wall now, uint64_t *count, struct err *e)
{
    struct job_file *j = job_working(s, job_key, e);
    struct kept_rows k = {0};
    struct wanted want;
    bool ok = j && words_wanted(j, provider, &want, e);

    *count = 0;
    if (ok)
        walk_begin(&j->walk, provider, since);
    ok = ok && collect_bounces(j, &want, &k, e);
    for (size_t i = 0; ok && i < k.count; i++)
        ok = take_back(j, &k.item[i], provider, expires_ms, now, e);
    if (ok && k.count == 0)
        walk_done(&j->walk);
    if (ok)
        *count = k.count;
    free(k.item);
    return ok || spool_give_up(s, job_key);
}

/* ---- the operator's word ---- */

static bool collect_quarantined(struct job_file *j, uint32_t provider, struct kept_rows *k,
                                struct err *e)
{
    sqlite3_stmt *st = job_stmt(j, ST_QUARANTINE_ALL, e);
    bool row = false, ok;

    if (!st)
        return false;
    sqlite3_bind_int64(st, 1, provider);
    while ((ok = db_step(&j->db, st, &row, e)) && row) {
        struct todo_row t = {.rid = (uint64_t)sqlite3_column_int64(st, 0),
                             .domain_id = (uint32_t)sqlite3_column_int64(st, 1),
                             .due_ms = sqlite3_column_int64(st, 2),
                             .attempts = (uint32_t)sqlite3_column_int64(st, 3)};

        if (ridset_has(&j->leased, t.rid))
            continue;
        if (k->count == STEP)
            break;
        keep(k, &t, (uint64_t)sqlite3_column_int64(st, 4));
    }
    sqlite3_reset(st);
    return ok;
}

/* A row whose recipient is no longer in todo (by another hand) only goes. */
static bool settle_one(struct job_file *j, const struct kept *k, bool confirm, struct wall now,
                       uint64_t *count, struct err *e)
{
    struct todo_row t = k->row;
    bool was_there;

    if (!todo_take(j, &t, &was_there, e) || !quarantine_drop(j, t.rid, e))
        return false;
    if (!was_there)
        return true;
    ++*count;
    t.due_ms = confirm ? 0 : due_behind(j, now.ms);
    return copy_outcome(j, k, confirm ? STATE_BOUNCED : STATE_DEFERRED, t.due_ms, now, e) &&
           (confirm || todo_put(j, &t, e));
}

bool spool_quarantine_settle(struct spool *s, uint32_t job_key, const char *provider, bool confirm,
                             struct wall now, uint64_t *count, struct err *e)
{
    struct job_file *j = job_working(s, job_key, e);
    struct kept_rows k = {0};
    uint32_t word = 0;
    bool ok = j && (!provider || word_number(j, provider, &word, e)) &&
              collect_quarantined(j, word, &k, e);

    *count = 0;
    for (size_t i = 0; ok && i < k.count; i++)
        ok = settle_one(j, &k.item[i], confirm, now, count, e);
    free(k.item);
    return ok || spool_give_up(s, job_key);
}

/* ---- asking ---- */

bool spool_each_quarantine(struct spool *s, uint32_t job_key,
                           bool (*each)(void *arg, const char *provider, uint64_t count), void *arg,
                           struct err *e)
{
    struct db *db = job_reader(s, job_key, e);
    sqlite3_stmt *st = db ? db_prepare(db,
                                       "SELECT w.text, count(*) FROM quarantine q"
                                       " LEFT JOIN word w ON w.id = q.provider GROUP BY q.provider",
                                       e)
                          : NULL;
    bool row, ok = st;

    while (ok && (ok = db_step(db, st, &row, e)) && row)
        if (!each(arg, db_column_text(st, 0), (uint64_t)sqlite3_column_int64(st, 1)))
            break;
    sqlite3_finalize(st);
    return ok;
}

bool spool_each_moved(struct spool *s, uint32_t job_key,
                      bool (*each)(void *arg, uint32_t domain_id, const char *domain,
                                   uint64_t waiting, int64_t due_ms),
                      void *arg, struct err *e)
{
    struct db *db = job_reader(s, job_key, e);
    struct job_file *j = db ? job_file(s, job_key, e) : NULL;
    sqlite3_stmt *st =
        j ? db_prepare(db,
                       "SELECT name, (SELECT count(*) FROM todo t WHERE t.domain = d.id),"
                       " (SELECT min(due) FROM todo t WHERE t.domain = d.id)"
                       " FROM domain d WHERE d.id = ?1",
                       e)
          : NULL;
    bool row, go_on = true, ok = st;

    for (size_t i = 0; ok && go_on && i < j->moved.size; i++) {
        uint32_t id = (uint32_t)j->moved.slot[i];

        if (id == 0)
            continue;
        sqlite3_bind_int64(st, 1, id);
        ok = db_step(db, st, &row, e);
        if (!ok || !row)
            continue;
        uint64_t waiting = (uint64_t)sqlite3_column_int64(st, 1);
        int64_t due_ms = sqlite3_column_int64(st, 2);

        go_on = each(arg, id, db_column_text(st, 0), waiting,
                     waiting == 0 ? WHEN_NEVER
                     : due_ms     ? due_ms
                                  : j->first_due_ms);
        sqlite3_reset(st);
    }
    sqlite3_finalize(st);
    if (ok && go_on)
        ridset_done(&j->moved);
    return ok;
}

bool spool_last_outcome(struct spool *s, uint32_t job_key, uint64_t *seq, struct err *e)
{
    struct job_file *j = job_file(s, job_key, e);
    int64_t last = 0;
    bool ok = j && db_number(&j->db, "SELECT coalesce(max(seq), 0) FROM outcome", &last, e);

    *seq = (uint64_t)last;
    return ok || spool_give_up(s, job_key);
}
