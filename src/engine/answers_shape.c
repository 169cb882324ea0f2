/* answers_shape.c: providers, suspensions, reload. */
#include "answers_parts.h"
#include "engine.h"

#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/os/clock.h>

enum { REASON_MAX = 200 };

/* ---- providers ---- */

json_t *answer_providers(struct ask *q)
{
    json_t *answer = answer_ok();
    json_object_set_new(answer, "providers", live_providers(q->engine));
    return answer;
}

static bool ask_provider(struct ask *q, char name[LIVE_NAME])
{
    struct err e = {0};
    return live_find(q->engine, PARTY_PROVIDER, ask_text(q, "name"), name, &e) ||
           ask_fail(q, "%s", e.text);
}

struct quarantined {
    const char *provider, *job;
    json_t *out;
};

static bool add_quarantine(void *arg, const char *provider, uint64_t count)
{
    struct quarantined *c = arg;
    if (strcmp(provider, c->provider) != 0)
        return true;
    json_t *o = json_object();
    answer_put_text(o, "job", c->job);
    answer_put_count(o, "recipients", count);
    json_array_append_new(c->out, o);
    return true;
}

/* A job whose database cannot be read says so in `status`; here it is passed by. */
static json_t *quarantined_at(struct ask *q, const char *provider)
{
    struct answer_jobs jobs = answer_jobs(q, answer_job_is_open);
    struct quarantined c = {.provider = provider, .out = json_array()};
    struct err e;
    for (size_t i = 0; i < jobs.count; i++) {
        c.job = jobs.row[i].id;
        spool_each_quarantine(q->spool, jobs.row[i].key, add_quarantine, &c, &e);
    }
    free(jobs.row);
    return c.out;
}

json_t *answer_provider(struct ask *q)
{
    char name[LIVE_NAME];
    if (!ask_provider(q, name))
        return q->failed;
    json_t *answer = live_provider(q->engine, name);
    if (!answer)
        return control_error("provider '%s' has just gone", name);
    json_object_set_new(json_object_get(answer, "state"), "quarantined", quarantined_at(q, name));
    return answer;
}

/* provider-release and provider-confirm. */
json_t *answer_quarantine(struct ask *q)
{
    char name[LIVE_NAME];
    uint64_t count = 0;
    struct err e = {0};
    if (!ask_provider(q, name))
        return q->failed;
    bool confirm = strcmp(q->verb, "provider-confirm") == 0;
    if (!live_quarantine_settle(q->engine, name, confirm, &count, &e))
        return control_error("%s", e.text);
    log_line(LOG_AT_INFO, "lever", "%s=\"%s\" by=\"%s\" recipients=%llu", q->verb, name,
             control_peer(q->answer), (unsigned long long)count);
    json_t *answer = answer_ok();
    answer_put_text(answer, "name", name);
    answer_put_count(answer, "recipients", count);
    return answer;
}

/* ---- suspensions ---- */

static bool ask_party(struct ask *q, enum plan_party *party, char name[LIVE_NAME])
{
    const char *kind = ask_text(q, "kind");
    struct err e = {0};
    for (int i = PARTY_PROVIDER; i <= PARTY_CLIENT; i++) {
        if (strcmp(kind, plan_party_name((enum plan_party)i)) != 0)
            continue;
        *party = (enum plan_party)i;
        return live_find(q->engine, *party, ask_text(q, "name"), name, &e) ||
               ask_fail(q, "%s", e.text);
    }
    return ask_fail(q, "kind is provider, source or client, not '%.40s'", kind);
}

static bool ask_until(struct ask *q, struct wall *until)
{
    const char *text = ask_text(q, "for");
    int64_t ms;
    until->ms = 0;
    if (!text)
        return true;
    if (!duration_parse(str_of(text), &ms) || ms <= 0)
        return ask_fail(q, "for is a time such as \"2 h\" or \"30 min\", not '%.40s'", text);
    until->ms = clock_wall().ms + ms;
    return true;
}

static bool ask_reason(struct ask *q, const char **reason)
{
    *reason = ask_text(q, "reason");
    if (!*reason)
        return true;
    size_t n = strlen(*reason);
    if (n > REASON_MAX)
        return ask_fail(q, "the reason is longer than %d bytes", REASON_MAX);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)(*reason)[i] < ' ' || (*reason)[i] == 127)
            return ask_fail(q, "the reason is one line of text without control characters");
    return true;
}

json_t *answer_suspend(struct ask *q)
{
    char name[LIVE_NAME], text[WALL_TEXT];
    struct suspend_order o = {.name = name, .by = control_peer(q->answer)};
    struct err e = {0};
    if (!ask_party(q, &o.party, name) || !ask_until(q, &o.until) || !ask_reason(q, &o.reason))
        return q->failed;
    if (!live_suspend(q->engine, &o, &e))
        return control_error("%s", e.text);
    json_t *answer = answer_ok();
    answer_put_text(answer, "name", name);
    wall_format(o.until, text);
    json_object_set_new(answer, "until", o.until.ms ? json_string(text) : json_null());
    return answer;
}

json_t *answer_unsuspend(struct ask *q)
{
    char name[LIVE_NAME];
    enum plan_party party;
    struct err e = {0};
    if (!ask_party(q, &party, name))
        return q->failed;
    if (!live_unsuspend(q->engine, party, name, control_peer(q->answer), &e))
        return control_error("%s", e.text);
    json_t *answer = answer_ok();
    answer_put_text(answer, "name", name);
    return answer;
}

json_t *answer_reload(struct ask *q)
{
    return live_reload(q->engine);
}
