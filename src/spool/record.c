/* record.c: outcomes in. The todo row is the proof that an outcome is new: it is taken by its whole
 * key and its number of attempts, so that recording the same outcome twice (after a failed flush,
 * after a crash) changes nothing.
 */
#include <string.h>
#include <sluice/base/must.h>
#include "inside.h"

#define FLAG_DOT_UNANSWERED 1
#define FLAG_TLS 2

/* How far a due time is moved at most to stand behind the leased ones. They differ by milliseconds;
 * by more only if the clock jumped, and then nothing should wait for the jump. */
#define BEHIND_MAX_MS 60000

int64_t due_behind(const struct job_file *j, int64_t due_ms)
{
    int64_t leased = j->gate->leased_until_ms;

    return due_ms <= leased && leased - due_ms < BEHIND_MAX_MS ? leased + 1 : due_ms;
}

static void bind_todo(sqlite3_stmt *st, const struct todo_row *t)
{
    sqlite3_bind_int64(st, 1, t->domain_id);
    sqlite3_bind_int64(st, 2, t->due_ms);
    sqlite3_bind_int64(st, 3, (int64_t)t->rid);
    sqlite3_bind_int64(st, 4, t->attempts);
}

bool todo_move(struct job_file *j, const struct todo_row *t, int64_t due_ms, struct err *e)
{
    sqlite3_stmt *st = job_stmt(j, ST_TODO_MOVE, e);

    if (!st)
        return false;
    due_ms = due_behind(j, due_ms);
    bind_todo(st, t);
    sqlite3_bind_int64(st, 5, due_ms);
    return db_run(&j->db, st, e) && quarantine_move(j, t->rid, due_ms, e);
}

static bool put_words(struct job_file *j, sqlite3_stmt *st, const struct outcome *o, struct err *e)
{
    struct kind_words k;
    uint32_t provider, mx_host, mx_ip, rule, source;

    if (!word_kinds(j, o, &k, e) || !word_number(j, o->provider, &provider, e) ||
        !word_number(j, o->mx_host, &mx_host, e) || !word_number(j, o->mx_ip, &mx_ip, e) ||
        !word_number(j, o->rule, &rule, e) || !word_number(j, o->source, &source, e))
        return false;
    sqlite3_bind_int64(st, 5, k.state);
    sqlite3_bind_int64(st, 6, k.category);
    sqlite3_bind_int64(st, 7, k.phase);
    sqlite3_bind_int64(st, 8, k.scope);
    sqlite3_bind_int64(st, 13, provider);
    sqlite3_bind_int64(st, 14, mx_host);
    sqlite3_bind_int64(st, 15, mx_ip);
    sqlite3_bind_int64(st, 16, rule);
    sqlite3_bind_int64(st, 23, source);
    return true;
}

static bool put_outcome(struct job_file *j, const struct outcome *o, int64_t next_due_ms,
                        struct err *e)
{
    sqlite3_stmt *st = job_stmt(j, ST_OUTCOME_PUT, e);

    if (!st || !put_words(j, st, o, e))
        return false;
    sqlite3_bind_int64(st, 1, (int64_t)o->rid);
    sqlite3_bind_int64(st, 2, o->attempt);
    sqlite3_bind_int64(st, 3, o->at.ms);
    sqlite3_bind_int64(st, 4, o->domain_id);
    sqlite3_bind_int(st, 9,
                     (o->dot_unanswered ? FLAG_DOT_UNANSWERED : 0) | (o->tls ? FLAG_TLS : 0));
    sqlite3_bind_int(st, 10, o->reply.code);
    db_bind_text(st, 11, o->reply.enhanced);
    db_bind_text(st, 12, o->reply.text);
    db_bind_text(st, 17, o->message_id);
    sqlite3_bind_int64(st, 18, o->queued_ms);
    sqlite3_bind_int64(st, 19, o->connect_ms);
    sqlite3_bind_int64(st, 20, o->send_ms);
    sqlite3_bind_int64(st, 21, o->bytes);
    sqlite3_bind_int64(st, 22, next_due_ms);
    return db_run(&j->db, st, e);
}

bool todo_put(struct job_file *j, const struct todo_row *t, struct err *e)
{
    sqlite3_stmt *st = job_stmt(j, ST_TODO_PUT, e);

    if (!st)
        return false;
    bind_todo(st, t);
    return db_run(&j->db, st, e);
}

bool todo_take(struct job_file *j, const struct todo_row *t, bool *was_there, struct err *e)
{
    sqlite3_stmt *st = job_stmt(j, ST_TODO_TAKE, e);

    if (!st)
        return false;
    bind_todo(st, t);
    if (!db_run(&j->db, st, e))
        return false;
    *was_there = sqlite3_changes(j->db.h) > 0;
    return true;
}

bool record_one(struct job_file *j, const struct outcome *o, bool *was_new, struct err *e)
{
    struct todo_row t = {o->domain_id, o->due_ms, o->rid, o->attempt - 1};
    bool stays = o->state == STATE_DEFERRED || o->state == STATE_QUARANTINED;

    MUST(o->attempt > 0 && o->rid > 0 && o->state != STATE_WAITING);
    *was_new = false;
    if (!todo_take(j, &t, was_new, e))
        return false;
    job_note_ended(j, o->rid);
    if (!*was_new)
        return true;
    t.due_ms = stays ? due_behind(j, o->next_due_ms) : 0;
    t.attempts = o->attempt;
    return quarantine_drop(j, o->rid, e) && put_outcome(j, o, t.due_ms, e) &&
           (o->state != STATE_QUARANTINED || quarantine_put(j, &t, o->provider, e)) &&
           (!stays || todo_put(j, &t, e));
}

bool spool_record(struct spool *s, const struct outcome *o, bool *was_new, struct err *e)
{
    struct job_file *j = job_working(s, o->job_key, e);

    return (j && record_one(j, o, was_new, e)) || spool_give_up(s, o->job_key);
}
