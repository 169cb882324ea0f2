/* inside.h: what the files of this room share. Private. */
#ifndef SLUICE_LIST_INSIDE_H
#define SLUICE_LIST_INSIDE_H

#include <sluice/base/map.h>
#include <sluice/list/store.h>
#include <sluice/db/db.h>

enum list_stmt {
    LS_BEGIN,
    LS_COMMIT,
    LS_LIST_FIND,
    LS_LIST_PUT,
    LS_LIST_EACH,
    LS_IS_SUPPRESSED,
    LS_SUPPRESS,
    LS_STATUS_SET,
    LS_EVENT_PUT,
    LS_CONTACT_ADD,
    LS_CONTACT_UPDATE,
    LS_CONTACT_FOLD,
    LS_PAST,
    LS_CURSOR_GET,
    LS_CURSOR_SET,
    LS_SUPPRESS_OVER,
    LS_BOUNCE_PUT,
    LS_BOUNCE_LAST,
    LS_BOUNCE_VOID,
    LS_BOUNCE_INHERIT,
    LS_CONTACT_BACK,
    LS_SUPPRESS_BACK,
    LS_AD_JOB_FIND,
    LS_AD_JOB_PUT,
    LS_AD_PUT,
    LS_AD_EACH,
    LS_AD_WALK,
    LS_AD_DROP,
    LIST_STMTS
};

#define FOLDED_MAX (ADDRESS_MAX + 2) /* an address, or @domain, with its NUL */

struct ad_key {
    char address[FOLDED_MAX];
    int64_t at_ms, job;
    uint64_t rid;
};

struct list_store {
    struct db db;
    sqlite3_stmt *st[LIST_STMTS];
    struct map lists;     /* name -> its number; begun anew after a rollback */
    struct ad_key pruned; /* up to where old advertisements were looked for; then from the start */
};

extern const struct db_schema list_schema;

/* How addresses are compared: ASCII lower case. Cut at ADDRESS_MAX: nothing longer is an address.
 */
const char *list_fold_address(const char *address, char out[FOLDED_MAX]);

/* Binds domain and local part of a folded address as `at` and `at` + 1. */
void list_bind_address(sqlite3_stmt *st, int at, const char *folded);

sqlite3_stmt *list_stmt(struct list_store *l, enum list_stmt which, struct err *e);
/* One transaction around what a function does, unless the caller of the room has one open
 * (list_begin): then inside that. *outer says which; a failure in an outer one rolls that back,
 * too: it cannot be trusted any more. */
bool list_enter(struct list_store *l, bool *outer, struct err *e);
bool list_leave(struct list_store *l, bool outer, bool ok, struct err *e);
bool list_number(struct list_store *l, const char *name, int64_t *out,
                 struct err *e); /* a new one if need be */
bool list_put_event(struct list_store *l, struct wall at, int64_t list, const char *address,
                    const char *what, const char *cause, struct err *e);
/* Inside a transaction; tells nobody. */
bool list_put_suppression(struct list_store *l, const struct suppression *s, bool *was_new,
                          struct err *e);

/* ---- fold.c, retract.c, ads.c: one fold of one job into one list ---- */

struct fold {
    struct list_store *store;
    const char *job_id, *client;
    int64_t list;
    int64_t ad_job; /* its number among the jobs of advertisements; 0: not asked yet */
    unsigned ads;
    int64_t newest_ms; /* of the outcomes */
};
/* A bounce of this job that was none; nothing happens when it was not folded. */
bool fold_take_back(struct fold *f, const struct outcome *o, const char *folded, struct err *e);
bool fold_ad(struct fold *f, const struct outcome *o, const char *folded, struct err *e);
bool fold_prune_ads(struct fold *f, struct err *e);

#endif
