/* frequency.c: "at most N advertisements to one address in 7 days", across jobs.
 *
 * The list knows the ads that it was told of (list_each_ad). What is leased, or reached somebody
 * and is not folded yet, lies in an overlay in memory, by address: without it two jobs that run at
 * the same time would both find room. An entry is made when a recipient is leased, goes when that
 * ends without the mail, and else stays until the scribe says that the list knows it. In between
 * both know it: the same job and number count once.
 *
 * After a start the overlay is made from the outcomes behind each job's fold cursor. To fold them
 * first would be as right, but then a list that cannot be written would hold up the start.
 *
 * Tests neither count nor are held: who looks at a mailing five times shall get it five times. The scribe folds
 * none of them.
 *
 * Addresses, jobs and clients are 64-bit hashes here: two that collide would at worst hold back one
 * advertisement. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "engine.h"

struct under_way {
    uint64_t job, rid, client;
    int64_t at_ms; /* when it reached somebody; 0: it is out */
    bool is_known; /* to the list: while one question is answered */
};
struct overlay {
    struct map mailed; /* hash of an address -> struct mailed */
};
struct mailed {
    unsigned count, room;
    struct under_way *item;
};

static uint64_t hash(const char *text)
{
    return str_hash(str_of(text));
}

static uint64_t hash_address(const char *email)
{
    char folded[ADDRESS_MAX + 1];
    str_copy(folded, sizeof folded, str_of(email));
    str_lower(folded, strlen(folded));
    return hash(folded);
}

static struct str key_of(const uint64_t *address)
{
    return str_n((const char *)address, sizeof *address);
}

/* ---- the overlay ---- */

static struct mailed *mailed_to(struct engine *e, uint64_t address)
{
    return e->ads ? map_get(&e->ads->mailed, key_of(&address)) : NULL;
}

static struct under_way *find(struct mailed *m, uint64_t job, uint64_t rid)
{
    for (unsigned i = 0; m && i < m->count; i++)
        if (m->item[i].job == job && m->item[i].rid == rid)
            return &m->item[i];
    return NULL;
}

static void add(struct engine *e, uint64_t address, struct under_way u)
{
    struct mailed *m = mailed_to(e, address);
    if (!e->ads) {
        e->ads = mem_array(1, sizeof *e->ads);
        map_init(&e->ads->mailed);
    }
    if (!m) {
        m = mem_array(1, sizeof *m);
        map_set(&e->ads->mailed, key_of(&address), m);
    }
    if (m->count == m->room) {
        m->room = m->room ? 2 * m->room : 1;
        m->item = mem_grow(m->item, m->room, sizeof *m->item);
    }
    m->item[m->count++] = u;
}

/* Once per recipient. */
static void put(struct engine *e, uint64_t address, const struct keeper_job *j, uint64_t rid,
                int64_t at_ms)
{
    struct under_way u = {hash(j->row.id), rid, hash(j->row.client), at_ms, false};
    struct under_way *there = find(mailed_to(e, address), u.job, rid);
    if (there)
        *there = u;
    else
        add(e, address, u);
}

static void drop(struct engine *e, uint64_t address, uint64_t job, uint64_t rid)
{
    struct mailed *m = mailed_to(e, address);
    struct under_way *u = find(m, job, rid);
    if (!u)
        return;
    *u = m->item[--m->count];
    if (m->count > 0)
        return;
    map_remove(&e->ads->mailed, key_of(&address));
    free(m->item);
    free(m);
}

void frequency_free(struct engine *e)
{
    const struct map_entry *at;
    if (!e->ads)
        return;
    for (size_t i = 0; (at = map_next(&e->ads->mailed, &i));) {
        struct mailed *m = at->value;
        free(m->item);
        free(m);
    }
    map_done(&e->ads->mailed);
    free(e->ads);
    e->ads = NULL;
}

/* ---- the caps ---- */

struct cap_of {
    uint32_t count;
    int64_t ms;
    const char *client; /* whose ads count; NULL: everybody's */
    struct origin at;
};

/* The client's own and the one over all clients. */
static unsigned caps_of(const struct shaping *s, const char *client, struct cap_of out[2])
{
    const struct client *c = shaping_client(s, client);
    unsigned n = 0;
    if (c && c->frequency_count && c->frequency_ms)
        out[n++] = (struct cap_of){c->frequency_count, c->frequency_ms, client, c->frequency_at};
    if (s->frequency_count && s->frequency_ms)
        out[n++] = (struct cap_of){s->frequency_count, s->frequency_ms, NULL, s->frequency_at};
    return n;
}

static void period_text(int64_t ms, char out[32])
{
    static const struct {
        int64_t ms;
        const char *name;
    } UNITS[] = {{86400000, "day"}, {3600000, "h"}, {60000, "min"}, {1000, "s"}, {1, "ms"}};
    size_t i = 0;
    while (ms % UNITS[i].ms != 0)
        i++;
    int64_t n = ms / UNITS[i].ms;
    snprintf(out, 32, "%" PRId64 " %s%s", n, UNITS[i].name, i == 0 && n != 1 ? "s" : "");
}

/* With the place where it is written, if that fits: all of it or none. */
static void say_why(const struct cap_of *c, char why[48])
{
    const char *slash = c->at.file ? strrchr(c->at.file, '/') : NULL;
    const char *file = slash ? slash + 1 : c->at.file;
    char period[32], text[160];
    period_text(c->ms, period);
    snprintf(text, sizeof text, "frequency cap: %" PRIu32 " ad%s in %s", c->count,
             c->count == 1 ? "" : "s", period);
    size_t n = strlen(text);
    if (file && snprintf(text + n, sizeof text - n, " (%s:%u)", file, c->at.line) >= 48 - (int)n)
        text[n] = 0;
    str_copy(why, 48, str_of(text));
}

struct count {
    struct mailed *mailed; /* NULL: only the list counts */
    uint64_t job, rid;     /* who asks: never counts against itself */
    uint64_t ads;
};

static void count_known(void *arg, const char *job_id, uint64_t rid, struct wall at)
{
    struct count *c = arg;
    uint64_t job = hash(job_id);
    struct under_way *u = find(c->mailed, job, rid);
    (void)at;
    if (u)
        u->is_known = true;
    c->ads += job != c->job || rid != c->rid;
}

static void know_nothing(struct mailed *m)
{
    for (unsigned i = 0; m && i < m->count; i++)
        m->item[i].is_known = false;
}

static void count_under_way(struct count *c, const struct cap_of *cap, int64_t since_ms)
{
    uint64_t client = cap->client ? hash(cap->client) : 0;
    for (unsigned i = 0; c->mailed && i < c->mailed->count; i++) {
        struct under_way *u = &c->mailed->item[i];
        bool is_mine = u->job == c->job && u->rid == c->rid;
        bool is_late = u->at_ms && u->at_ms < since_ms;
        c->ads += !u->is_known && !is_mine && !is_late && (!cap->client || u->client == client);
    }
}

static bool is_reached(const struct cap_of *cap, struct list_store *list, const char *address,
                       struct count c, struct wall now, char why[48], struct err *err)
{
    /* Behind the moment that lies exactly one period back: then the cap holds over any period. */
    struct wall since = {now.ms - cap->ms + 1};
    know_nothing(c.mailed);
    if (!list_each_ad(list, cap->client, address, since, count_known, &c, err))
        return false;
    count_under_way(&c, cap, since.ms);
    if (c.ads < cap->count)
        return false;
    say_why(cap, why);
    return true;
}

static bool is_capped(const struct shaping *s, struct list_store *list, const char *client,
                      const char *address, struct count c, struct wall now, char why[48],
                      struct err *err)
{
    struct cap_of cap[2];
    unsigned n = caps_of(s, client, cap);
    *err = (struct err){0};
    for (unsigned i = 0; i < n; i++)
        if (is_reached(&cap[i], list, address, c, now, why, err))
            return true;
    return false;
}

bool frequency_is_capped(const struct shaping *s, struct list_store *list, const char *client,
                         const char *address, struct wall now, char why[48], struct err *err)
{
    return is_capped(s, list, client, address, (struct count){0}, now, why, err);
}

/* ---- one recipient's way ---- */

bool frequency_holds(struct engine *e, const struct keeper_job *j, const struct delivery *d,
                     char why[48], struct err *err)
{
    uint64_t address = hash_address(d->email);
    struct count c = {mailed_to(e, address), hash(j->row.id), d->rid, 0};
    *err = (struct err){0};
    if (j->row.msg_class != MSG_AD || j->spec->test_of)
        return false;
    if (is_capped(engine_shaping(e), e->list, j->row.client, d->email, c, clock_wall(), why, err))
        return true;
    if (!err->text[0])
        put(e, address, j, d->rid, 0);
    return false;
}

void frequency_drop(struct engine *e, const struct delivery *d)
{
    const struct keeper_job *j = keeper_find(e, d->job_key);
    if (j && j->row.msg_class == MSG_AD)
        drop(e, hash_address(d->email), hash(j->row.id), d->rid);
}

static bool may_have_come(const struct outcome *o)
{
    return o->state == STATE_DELIVERED || o->state == STATE_IN_DOUBT || o->dot_unanswered;
}

void frequency_outcome(struct engine *e, const struct keeper_job *j, const struct outcome *o)
{
    if (j->row.msg_class != MSG_AD)
        return;
    uint64_t address = hash_address(o->email), job = hash(j->row.id);
    struct under_way *u = find(mailed_to(e, address), job, o->rid);
    if (!may_have_come(o))
        drop(e, address, job, o->rid);
    else if (u)
        u->at_ms = o->at.ms;
}

void frequency_folded(struct engine *e, const struct folded_letter *l)
{
    for (unsigned i = 0; i < l->count; i++)
        drop(e, l->item[i].address, l->job, l->item[i].rid);
}

struct folded_letter *frequency_letter(const struct job_row *row, const struct outcome *o,
                                       unsigned count)
{
    struct folded_letter *l = NULL;
    for (unsigned i = 0; i < count && row->msg_class == MSG_AD; i++) {
        if (o[i].state != STATE_DELIVERED && o[i].state != STATE_IN_DOUBT)
            continue;
        if (!l)
            l = mem_array(1, sizeof *l + count * sizeof *l->item);
        l->item[l->count++] = (struct folded_ad){hash_address(o[i].email), o[i].rid};
    }
    if (!l)
        return NULL;
    l->letter.kind = TO_KEEPER_FOLDED;
    l->job = hash(row->id);
    return l;
}

/* ---- after a start ---- */

struct unfolded {
    struct engine *e;
    const struct keeper_job *job;
    unsigned count;
};

static bool take_unfolded(void *arg, const struct outcome *o)
{
    struct unfolded *u = arg;
    uint64_t address = hash_address(o->email);
    u->count++;
    if (may_have_come(o))
        put(u->e, address, u->job, o->rid, o->at.ms);
    else
        drop(u->e, address, hash(u->job->row.id), o->rid);
    return true;
}

bool frequency_recover(struct engine *e, struct err *err)
{
    for (const struct keeper_job *j = e->jobs; j; j = j->next) {
        struct unfolded u = {e, j, 1};
        uint64_t cursor;
        if (j->row.msg_class != MSG_AD || j->spec->test_of)
            continue;
        if (!list_cursor(e->list, j->row.id, &cursor, err))
            return false;
        while (u.count > 0) {
            u.count = 0;
            if (!spool_each_outcome(e->spool, j->row.key, &cursor, 10000, take_unfolded, &u, err))
                return false;
        }
    }
    return true;
}
