/* fold.c: outcomes of a job written back into its list, each exactly once: the cursor moves in the
 * transaction that counts. A crash before the commit leaves both where they were, one after it both
 * where they belong.
 */
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/list/policy.h>
#include "inside.h"

bool list_cursor(struct list_store *l, const char *job_id, uint64_t *seq, struct err *e)
{
    sqlite3_stmt *st = list_stmt(l, LS_CURSOR_GET, e);
    bool row;

    *seq = 0;
    if (!st)
        return false;
    db_bind_text(st, 1, job_id);
    if (!db_step(&l->db, st, &row, e))
        return false;
    if (row) {
        *seq = (uint64_t)sqlite3_column_int64(st, 0);
        sqlite3_reset(st);
    }
    return true;
}

static bool set_cursor(struct list_store *l, const char *job_id, uint64_t seq, struct err *e)
{
    sqlite3_stmt *st = list_stmt(l, LS_CURSOR_SET, e);

    if (!st)
        return false;
    db_bind_text(st, 1, job_id);
    sqlite3_bind_int64(st, 2, (int64_t)seq);
    return db_run(&l->db, st, e);
}

/* Counts the campaigns (told apart by their job) in which something happened lately. No answer of
 * the policy needs more than a few, so the names of a few are enough; SQL's count(DISTINCT) would
 * build a tree for each contact. */
#define CAMPAIGNS_MAX 4
struct campaigns {
    const char *what;
    int64_t since_ms;
    uint32_t count;
    uint64_t job[CAMPAIGNS_MAX]; /* hashes of their ids */
};

static void count_campaign(struct campaigns *c, sqlite3_stmt *st, uint64_t job)
{
    if (!str_is(db_column(st, 0), c->what) || sqlite3_column_int64(st, 1) <= c->since_ms)
        return;
    for (uint32_t i = 0; i < c->count; i++)
        if (c->job[i] == job)
            return;
    if (c->count < CAMPAIGNS_MAX)
        c->job[c->count++] = job;
}

#define DAYS(n) ((n)*86400000LL)

/* Only for the few whose end depends on what happened before; this very job is not "before". */
static bool count_before(struct fold *f, const char *folded, struct wall now,
                         struct list_counts *out, struct err *e)
{
    struct campaigns kind[] = {
        {.what = category_name(CAT_USER_UNKNOWN), .since_ms = now.ms - DAYS(7)},
        {.what = category_name(CAT_MAILBOX_FULL), .since_ms = now.ms - DAYS(30)},
        {.what = category_name(CAT_MAILBOX_DISABLED), .since_ms = now.ms - DAYS(30)},
        {.what = category_name(CAT_EXPIRED), .since_ms = now.ms - DAYS(30)}};
    struct db *db = &f->store->db;
    sqlite3_stmt *st = list_stmt(f->store, LS_PAST, e);
    bool row, ok = st;

    if (st) {
        db_bind_text(st, 1, folded);
        sqlite3_bind_int64(st, 2, f->list);
    }
    while (ok && (ok = db_step(db, st, &row, e)) && row)
        for (size_t i = 0; i < sizeof kind / sizeof *kind; i++)
            if (!str_is(db_column(st, 2), f->job_id))
                count_campaign(&kind[i], st, str_hash(db_column(st, 2)));
    *out = (struct list_counts){kind[0].count, kind[1].count, kind[2].count, kind[3].count};
    return ok;
}

static bool put_contact(struct fold *f, const struct outcome *o, const char *folded,
                        const struct list_change *ch, struct err *e)
{
    sqlite3_stmt *st = list_stmt(f->store, LS_CONTACT_FOLD, e);

    if (!st)
        return false;
    sqlite3_bind_int64(st, 1, f->list);
    list_bind_address(st, 2, folded);
    db_bind_text(st, 4, strcmp(folded, o->email) == 0 ? "" : o->email);
    db_bind_text(st, 5, ch->status);
    db_bind_text(st, 6, ch->keeps_last_class ? NULL : category_name(o->category));
    db_bind_text(st, 7, ch->keeps_last_class ? NULL : o->reply.text);
    sqlite3_bind_int(st, 8, ch->counts_sent);
    sqlite3_bind_int(st, 9, ch->counts_delivered);
    sqlite3_bind_int(st, 10, ch->counts_hard);
    sqlite3_bind_int(st, 11, ch->counts_soft);
    sqlite3_bind_int(st, 12, ch->counts_our_side);
    sqlite3_bind_int64(st, 13, o->at.ms);
    sqlite3_bind_int64(st, 14, ch->counts_delivered ? o->at.ms : 0);
    return db_run(&f->store->db, st, e);
}

static bool suppress(struct fold *f, const struct outcome *o, const char *folded,
                     const char *reason, struct err *e)
{
    const struct suppression s = {.address = folded,
                                  .client = f->client,
                                  .msg_class = "*",
                                  .reason = reason,
                                  .by = f->job_id,
                                  .since = o->at};
    char what[80];
    bool was_new;

    sqlite3_snprintf(sizeof what, what, "suppressed: %s", reason);
    return list_put_suppression(f->store, &s, &was_new, e) &&
           (!was_new || list_put_event(f->store, o->at, f->list, folded, what, f->job_id, e));
}

/* Deliveries are the contact's counters; an event for each would be a second journal. */
static bool put_event(struct fold *f, const struct outcome *o, const char *folded, struct err *e)
{
    sqlite3_stmt *st;

    if (o->state == STATE_DELIVERED)
        return true;
    if (o->state != STATE_BOUNCED)
        return list_put_event(f->store, o->at, f->list, folded, category_name(o->category),
                              f->job_id, e);
    if (!(st = list_stmt(f->store, LS_BOUNCE_PUT, e)))
        return false;
    sqlite3_bind_int64(st, 1, o->at.ms);
    sqlite3_bind_int64(st, 2, f->list);
    db_bind_text(st, 3, folded);
    db_bind_text(st, 4, category_name(o->category));
    db_bind_text(st, 5, f->job_id);
    list_bind_address(st, 6, folded);
    return db_run(&f->store->db, st, e);
}

/* Deferred, skipped, cancelled, suppressed: nothing that the list should know. */
static bool changes_anything(const struct list_change *ch)
{
    return ch->counts_sent || ch->status || ch->suppress;
}

static bool fold_one(struct fold *f, const struct outcome *o, struct err *e)
{
    char folded[FOLDED_MAX];
    struct list_counts before = {0};
    bool is_failure = o->state == STATE_BOUNCED || o->state == STATE_EXPIRED;
    struct list_change ch;

    list_fold_address(o->email, folded);
    if (o->state == STATE_QUARANTINED)
        return fold_take_back(f, o, folded, e);
    if (is_failure && !count_before(f, folded, o->at, &before, e))
        return false;
    ch = list_policy(&before, o->category, o->state, o->reply.code, list_evidence(o->rule));
    if (!changes_anything(&ch))
        return true;
    /* The event first: it remembers what the contact was. */
    if (!put_event(f, o, folded, e) || !put_contact(f, o, folded, &ch, e))
        return false;
    return !ch.suppress || suppress(f, o, folded, ch.suppress, e);
}

/* What came to somebody, or may have. */
static bool is_ad(enum msg_class msg_class, const struct outcome *o)
{
    return msg_class == MSG_AD && (o->state == STATE_DELIVERED || o->state == STATE_IN_DOUBT);
}

static bool fold_ad_of(struct fold *f, const struct outcome *o, struct err *e)
{
    char folded[FOLDED_MAX];

    return fold_ad(f, o, list_fold_address(o->email, folded), e);
}

bool list_fold(struct list_store *l, const char *job_id, const char *client,
               enum msg_class msg_class, const char *list, const struct outcome *outcomes,
               unsigned count, uint64_t seq, struct err *e)
{
    struct fold f = {.store = l, .job_id = job_id, .client = client};
    uint64_t done = 0;
    bool outer, ok;

    if (!list_enter(l, &outer, e))
        return false;
    ok = list_cursor(l, job_id, &done, e);
    if (ok && done < seq) {
        ok = list_number(l, list, &f.list, e);
        for (unsigned i = 0; ok && i < count; i++)
            ok = fold_one(&f, &outcomes[i], e) &&
                 (!is_ad(msg_class, &outcomes[i]) || fold_ad_of(&f, &outcomes[i], e));
        ok = ok && fold_prune_ads(&f, e) && set_cursor(l, job_id, seq, e);
    }
    return list_leave(l, outer, ok, e);
}
