/* answers_world.h: what the tests of the control socket's verbs share: a real spool and a real list, asked through
 * a real socket. Only the running engine is a fake. One file includes it per test program. */
#ifndef ANSWERS_WORLD_H
#define ANSWERS_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/dns/resolver.h>
#include <sluice/engine/answers.h>
#include <sluice/list/store.h>
#include <sluice/os/file.h>
#include <sluice/render/keys.h>
#include <sluice/spool/spool.h>

struct engine {
    struct settings settings;
    char dir[64], path[100];
    struct control *control;
    struct err e;
    struct buf data; /* streamed by the last answer */
    const char *importing;
};

/* ---- the fake engine ---- */

static struct {
    uint32_t asked_job; /* the last question about waits */
    char asked_domain[LIVE_NAME], asked_provider[LIVE_NAME];
    bool has_waits;
    char suspended[LIVE_NAME], by[64], reason[300];
    struct wall until;
    bool confirmed;
    struct job_row opened; /* by `test` */
    char approved[65], approver[65];
    bool untested;
    const char *txt; /* what stands in the DNS, at every name; NULL: nothing */
    struct keys *keys;
} fake;

const struct settings *live_settings(struct engine *w)
{
    return &w->settings;
}

json_t *live_status(struct engine *w, const char *job)
{
    return json_pack("{s:s?, s:{s:s?, s:i}, s:[{s:i, s:{s:i, s:i}}]}", "asked_for", job, "intake",
                     "importing", w->importing, "rows", 7, "jobs", "in_flight", 3, "counts",
                     "delivered", 5, "bounced", 0);
}

bool live_lever(struct engine *w, const char *lever, const char *job, struct err *e)
{
    (void)w;
    return strcmp(lever, "pause") == 0 || err_set(e, "job '%s' does not want to %s", job, lever);
}

bool live_find(struct engine *w, enum plan_party party, const char *name, char out[LIVE_NAME],
               struct err *e)
{
    (void)w;
    const char *known[] = {"naver", "default", "shop"};
    bool is_known = strcmp(name, known[party]) == 0 ||
                    (party == PARTY_PROVIDER && strcmp(name, "naver.com") == 0);
    snprintf(out, LIVE_NAME, "%s", known[party]);
    return is_known ||
           err_set(e, "no %s '%s'; did you mean '%s'?", plan_party_name(party), name, known[party]);
}

json_t *live_providers(struct engine *w)
{
    (void)w;
    return json_pack("[{s:s}]", "name", "naver");
}

json_t *live_provider(struct engine *w, const char *name)
{
    (void)w;
    return json_pack("{s:b, s:s, s:[{s:s, s:s, s:s, s:i}], s:{s:i, s:i, s:[{s:s, s:s, s:i}]}}",
                     "ok", 1, "name", name, "values", "name", "connection_limit", "value", "5",
                     "file", "naver.conf", "line", 7, "state", "connections", 2,
                     "connections_now_at_most", 5, "holds", "text", "maintenance of naver", "file",
                     "naver.conf", "line", 9);
}

json_t *live_waits(struct engine *w, const struct plan_question *q, size_t most, uint64_t *more)
{
    (void)w, (void)most;
    fake.asked_job = q->job_key;
    snprintf(fake.asked_domain, LIVE_NAME, "%s", q->domain ? q->domain : "");
    snprintf(fake.asked_provider, LIVE_NAME, "%s", q->provider ? q->provider : "");
    *more = 1;
    return fake.has_waits ? json_pack("[{s:i, s:s}]", "recipients", 2, "why", "its turn comes")
                          : json_array();
}

bool live_suspend(struct engine *w, const struct suspend_order *o, struct err *e)
{
    (void)w, (void)e;
    snprintf(fake.suspended, sizeof fake.suspended, "%s", o->name);
    snprintf(fake.by, sizeof fake.by, "%s", o->by);
    snprintf(fake.reason, sizeof fake.reason, "%s", o->reason ? o->reason : "");
    fake.until = o->until;
    return true;
}

bool live_unsuspend(struct engine *w, enum plan_party party, const char *name, const char *by,
                    struct err *e)
{
    (void)w, (void)by;
    if (strcmp(name, fake.suspended) != 0)
        return err_set(e, "%s '%s' is not suspended", plan_party_name(party), name);
    fake.suspended[0] = 0;
    return true;
}

json_t *live_reload(struct engine *w)
{
    (void)w;
    return json_pack("{s:b, s:[], s:[s]}", "ok", 1, "warnings", "needs_restart", "spool_dir");
}

/* Declared in the engine's own header, whose struct engine is another one. */
bool live_quarantine_settle(struct engine *w, const char *provider, bool confirm, uint64_t *count,
                            struct err *e);
bool live_quarantine_settle(struct engine *w, const char *provider, bool confirm, uint64_t *count,
                            struct err *e)
{
    (void)w, (void)provider, (void)e;
    fake.confirmed = confirm;
    *count = 7;
    return true;
}

struct setup;
struct setup *engine_hold(struct engine *w);
struct setup *engine_hold(struct engine *w)
{
    return (struct setup *)&w->settings;
}
const struct settings *setup_settings(const struct setup *s);
const struct settings *setup_settings(const struct setup *s)
{
    return (const struct settings *)s;
}
const struct keys *setup_keys(const struct setup *s);
const struct keys *setup_keys(const struct setup *s)
{
    (void)s;
    return fake.keys;
}
void engine_let_go(struct engine *w, struct setup *s);
void engine_let_go(struct engine *w, struct setup *s)
{
    (void)w, (void)s;
}

bool live_approve(struct engine *w, const char *job, const char *by, bool untested, bool *is_paused,
                  struct err *e)
{
    (void)w;
    if (strcmp(job, "spring") == 0 && fake.approved[0])
        return err_set(e, "job '%s' is approved already", job);
    snprintf(fake.approved, sizeof fake.approved, "%s", job);
    snprintf(fake.approver, sizeof fake.approver, "%s", by);
    fake.untested = untested;
    *is_paused = false;
    return true;
}

void live_open_job(struct engine *w, const struct job_row *row)
{
    (void)w;
    fake.opened = *row;
}

struct ask;
struct txt_question {
    const char *name;
    struct resolved_txt *answer;
};
bool live_txt(struct ask *q, struct txt_question *t, size_t count, int64_t wait_ms);
bool live_txt(struct ask *q, struct txt_question *t, size_t count, int64_t wait_ms)
{
    (void)q, (void)wait_ms;
    for (size_t i = 0; i < count; i++) {
        t[i].answer = mem_array(1, sizeof *t[i].answer);
        t[i].answer->status = fake.txt ? TXT_FOUND : TXT_NOTHING;
        t[i].answer->why = fake.txt ? NULL : "the name does not exist";
        if (!fake.txt)
            continue;
        struct txt_records *r = &t[i].answer->records;
        r->count = 1;
        r->length[0] = (uint16_t)strlen(fake.txt);
        memcpy(r->text, fake.txt, strlen(fake.txt));
    }
    return true;
}
void txt_done(struct txt_question *t, size_t count);
void txt_done(struct txt_question *t, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(t[i].answer);
}

/* Job files are read by code that needs the running engine. */
struct preview;
struct picked;
struct problems;
void preview_begin(struct preview *p, struct ask *q, const char *path);
void preview_begin(struct preview *p, struct ask *q, const char *path)
{
    (void)p, (void)q, (void)path;
}
bool preview_pick(struct preview *p, const char *address, struct picked *out);
bool preview_pick(struct preview *p, const char *address, struct picked *out)
{
    (void)p, (void)address, (void)out;
    return false;
}
json_t *preview_refusal(const struct preview *p, const char *what);
json_t *preview_refusal(const struct preview *p, const char *what)
{
    (void)p;
    return control_error("%s: a job file", what);
}
json_t *preview_texts(const struct problems *p, bool warnings);
json_t *preview_texts(const struct problems *p, bool warnings)
{
    (void)p, (void)warnings;
    return json_array();
}
void preview_done(struct preview *p);
void preview_done(struct preview *p)
{
    (void)p;
}

json_t *answer_plan(struct ask *q);
json_t *answer_plan(struct ask *q)
{
    (void)q;
    return control_error("no planner here");
}
json_t *answer_forecast(struct ask *q);
json_t *answer_forecast(struct ask *q)
{
    (void)q;
    return control_error("no planner here");
}

/* ---- a world ---- */

static inline char *path_of(struct engine *w, const char *name)
{
    return mem_printf("%s/%s", w->dir, name);
}

static inline int make_world(void **state)
{
    struct engine *w = mem_array(1, sizeof *w);
    struct settings *s = &w->settings;
    snprintf(w->dir, sizeof w->dir, "/tmp/sluice-answers-XXXXXX");
    MUST(mkdtemp(w->dir));
    snprintf(w->path, sizeof w->path, "%s/control.sock", w->dir);
    char **dirs[] = {&s->drop_dir, &s->accepted_dir, &s->failed_dir,
                     &s->out_dir,  &s->spool_dir,    &s->template_dir};
    static const char *const names[] = {"drop", "accepted", "failed", "out", "spool", "templates"};
    for (size_t i = 0; i < 6; i++) {
        *dirs[i] = path_of(w, names[i]);
        MUST(file_make_dirs(*dirs[i], &w->e));
    }
    s->list_db = path_of(w, "lists.db");
    s->utc_offset_min = 540;
    s->caps.recipients_bytes = 1 << 20;
    s->caps.row_bytes = 1 << 16;
    s->caps.columns = 16;
    s->timezone = "Asia/Seoul";
    buf_init(&w->data, 1 << 20);
    MUST(control_start(w->path, answers_handle, w, &w->control, &w->e));
    *state = w;
    return 0;
}

static inline int end_world(void **state)
{
    struct engine *w = *state;
    struct settings *s = &w->settings;
    control_stop(w->control);
    MUST(file_remove_tree(w->dir, &w->e));
    char *owned[] = {s->drop_dir,  s->accepted_dir, s->failed_dir, s->out_dir,
                     s->spool_dir, s->template_dir, s->list_db};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        free(owned[i]);
    buf_done(&w->data);
    free(w);
    return 0;
}

static inline void write_file(struct engine *w, const char *name, const char *text)
{
    char *path = path_of(w, name);
    if (!file_write_atomic(path, text, strlen(text), &w->e))
        fail_msg("%s", w->e.text);
    free(path);
}

static inline void make_dir(struct engine *w, const char *name)
{
    char *path = path_of(w, name);
    MUST(file_make_dirs(path, &w->e));
    free(path);
}

/* ---- a job with a history ---- */

static inline struct job_spec *spec_of(const char *id)
{
    struct job_spec *s = mem_array(1, sizeof *s);
    s->id = mem_str(id);
    s->client = mem_str("shop");
    s->priority = PRIO_BULK;
    s->from_address = mem_str("news@shop.example");
    s->envelope_domain = mem_str("shop.example");
    s->subject = mem_str("안녕 {{이름}}");
    s->template_name = mem_str("spring");
    s->list = mem_str("shop");
    s->recipients = mem_str("list.csv");
    s->expires_ms = INT64_C(4) * 86400 * 1000;
    s->variables = mem_str("{}");
    s->message.ad_policy = AD_WARN;
    return s;
}

static inline void import(struct engine *w, struct spool *s, const char *id, struct job_row *row)
{
    struct spool_import *i;
    struct job_spec *spec = spec_of(id);
    struct part_file part = {(char *)"text.txt", (char *)"{{이름}}님\n", strlen("{{이름}}님\n")};
    struct part_files parts = {&part, 1};
    if (!spool_import_begin(s, spec, &parts, id, (struct wall){1795000000000}, &i, &w->e) ||
        !spool_import_columns(i, "[\"이름\"]", &w->e) ||
        !spool_import_row(i, "kim@naver.com", "[\"김\"]", strlen("[\"김\"]"), 2, &w->e) ||
        !spool_import_row(i, "Lee@daum.net", "[\"이\"]", strlen("[\"이\"]"), 3, &w->e) ||
        !spool_import_finish(i, 1, NULL, NULL, row, &w->e))
        fail_msg("%s", w->e.text);
    job_spec_free(spec);
}

struct first_domain {
    uint32_t id;
};

static inline bool take_domain(void *arg, uint32_t id, const char *domain, uint64_t waiting,
                               int64_t due)
{
    (void)waiting, (void)due;
    if (strcmp(domain, "naver.com") == 0)
        ((struct first_domain *)arg)->id = id;
    return true;
}

/* kim@naver.com was refused once and waits for the second attempt. */
static inline void record(struct engine *w, struct spool *s, const struct job_row *row)
{
    struct first_domain d = {0};
    struct delivery *chain = NULL;
    unsigned count = 0;
    struct todo_key last;
    int64_t next;
    bool is_new;
    MUST(spool_each_domain(s, row->key, take_domain, &d, &w->e));
    MUST(spool_lease(s, row->key, d.id, (struct todo_key){0, 0}, WHEN_NEVER - 1, 10, &chain, &count,
                     &last, &next, &w->e));
    MUST(count == 1 && spool_flush(s, &w->e));
    struct outcome o;
    memset(&o, 0, sizeof o);
    outcome_for(&o, chain);
    o.phase = PHASE_RCPT;
    o.state = STATE_DEFERRED;
    o.category = CAT_GREYLISTED;
    o.reply.code = 451;
    snprintf(o.reply.enhanced, sizeof o.reply.enhanced, "4.7.1");
    snprintf(o.reply.text, sizeof o.reply.text, "=come back later");
    snprintf(o.provider, sizeof o.provider, "naver");
    snprintf(o.mx_host, sizeof o.mx_host, "mx1.naver.com");
    o.at.ms = 1795000001000;
    o.next_due_ms = 1795000601000;
    MUST(spool_record(s, &o, &is_new, &w->e) && spool_lease_end(s, row->key, o.lease, &w->e) &&
         spool_flush(s, &w->e));
    delivery_free(chain);
}

static inline void make_job(struct engine *w)
{
    struct spool *s;
    struct job_row row;
    if (!spool_open(w->settings.spool_dir, &s, &w->e))
        fail_msg("%s", w->e.text);
    import(w, s, "spring", &row);
    record(w, s, &row);
    spool_close(s);
}

/* ---- asking ---- */

static inline bool collect(void *arg, const char *text, size_t n)
{
    buf_put(arg, text, n);
    return true;
}

static inline json_t *ask(struct engine *w, const char *request)
{
    json_error_t why;
    json_t *o = json_loads(request, 0, &why);
    if (!o)
        fail_msg("%s: %s", request, why.text);
    buf_clear(&w->data);
    json_t *answer = control_ask(w->path, o, collect, &w->data, &w->e);
    json_decref(o);
    if (!answer)
        fail_msg("%s: %s", request, w->e.text);
    return answer;
}

static inline void holds(const char *request, const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("%s\nexpected ...%s... in:\n%s", request, part, text);
}

static inline void answers(struct engine *w, const char *request, const char *part)
{
    json_t *answer = ask(w, request);
    char *text = json_dumps(answer, JSON_COMPACT);
    holds(request, text, part);
    if (!json_is_true(json_object_get(answer, "ok")))
        fail_msg("%s was refused: %s", request, text);
    free(text);
    json_decref(answer);
}

static inline void refuses(struct engine *w, const char *request, const char *part)
{
    json_t *answer = ask(w, request);
    const char *why = json_string_value(json_object_get(answer, "error"));
    holds(request, why ? why : "(no error)", part);
    assert_false(json_is_true(json_object_get(answer, "ok")));
    json_decref(answer);
}

static inline void streams(struct engine *w, const char *request, const char *part)
{
    answers(w, request, "\"ok\":true");
    holds(request, w->data.data, part);
}

#endif
