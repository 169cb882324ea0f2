/* answers_list.c: the lists and suppressions: export, show, suppress, release. */
#include "answers_parts.h"

#include <stdlib.h>
#include <string.h>
#include <sluice/base/json_view.h>
#include <sluice/base/must.h>
#include <sluice/model/kinds.h>
#include <sluice/os/clock.h>
#include <sluice/report/results.h>

enum { EVENTS_MAX = 1000 };

/* ---- contacts ---- */

static json_t *contact_json(const struct contact *c)
{
    json_t *o = json_object();
    answer_put_text(o, "list", c->list);
    answer_put_text(o, "email", c->address);
    answer_put_text(o, "status", c->status);
    answer_put_text(o, "last_class", c->last_class);
    answer_put_text(o, "last_reply", c->last_reply);
    answer_put_count(o, "sent", c->sent);
    answer_put_count(o, "delivered", c->delivered);
    answer_put_count(o, "hard", c->hard);
    answer_put_count(o, "soft", c->soft);
    answer_put_count(o, "our_side", c->our_side);
    answer_put_wall(o, "first_seen", c->first_seen);
    answer_put_wall(o, "last_seen", c->last_seen);
    answer_put_wall(o, "last_delivered", c->last_delivered);
    answer_put_text(o, "provenance", c->provenance);
    answer_put_text(o, "consent", c->consent);
    answer_put_wall(o, "consent_at", c->consent_at);
    json_t *vars = c->vars && *c->vars ? json_loads(c->vars, 0, NULL) : NULL;
    if (vars)
        json_object_set_new(o, "vars", vars);
    return o;
}

static void ndjson_row(struct buf *out, json_t *o)
{
    char *text = json_dumps(o, JSON_COMPACT);
    buf_puts(out, text ? text : "{}");
    buf_putc(out, '\n');
    free(text);
    json_decref(o);
}

/* One cell and what stands behind it. Text of strangers must not become a formula in a spreadsheet
 * (see report/results.h); addresses, numbers and times are left alone. */
static void cell(struct buf *out, const char *text, const char *behind)
{
    bool is_formula = text && *text && strchr("=+-@\t\r", *text);
    char *guarded = is_formula ? mem_printf("'%s", text) : NULL;
    const char *s = guarded ? guarded : text ? text : "";
    csv_cell(out, s, strlen(s));
    buf_puts(out, behind);
    free(guarded);
}

static void plain_cell(struct buf *out, const char *text, const char *behind)
{
    csv_cell(out, text ? text : "", text ? strlen(text) : 0);
    buf_puts(out, behind);
}

static void wall_cell(struct buf *out, struct wall at, const char *behind)
{
    char text[WALL_TEXT] = "";
    if (at.ms)
        wall_format(at, text);
    buf_printf(out, "%s%s", text, behind);
}

static const char CONTACT_HEAD[] =
    "email,status,last_class,last_reply,sent,delivered,hard,soft,our_side,first_seen,last_seen,"
    "last_delivered,provenance,consent,consent_at,vars\r\n";

static void contact_csv(struct buf *out, const struct contact *c)
{
    plain_cell(out, c->address, ",");
    plain_cell(out, c->status, ",");
    plain_cell(out, c->last_class, ",");
    cell(out, c->last_reply, ",");
    const uint64_t n[] = {c->sent, c->delivered, c->hard, c->soft, c->our_side};
    for (size_t i = 0; i < sizeof n / sizeof *n; i++)
        buf_printf(out, "%llu,", (unsigned long long)n[i]);
    wall_cell(out, c->first_seen, ",");
    wall_cell(out, c->last_seen, ",");
    wall_cell(out, c->last_delivered, ",");
    cell(out, c->provenance, ",");
    cell(out, c->consent, ",");
    wall_cell(out, c->consent_at, ",");
    cell(out, c->vars, "\r\n");
}

struct export
{
    struct answer_rows rows;
    bool csv;
};

static bool export_contact(void *arg, const struct contact *c)
{
    struct export *x = arg;
    if (x->csv)
        contact_csv(&x->rows.text, c);
    else
        ndjson_row(&x->rows.text, contact_json(c));
    return answer_rows_put(&x->rows);
}

/* ---- names of lists ---- */

struct names {
    json_t *lists;
    struct nearest near;
    bool found;
};

static bool put_list(void *arg, const char *list, uint64_t contacts, uint64_t active,
                     uint64_t suppressed)
{
    struct names *n = arg;
    json_t *o = json_object();
    answer_put_text(o, "list", list);
    answer_put_count(o, "contacts", contacts);
    answer_put_count(o, "active", active);
    answer_put_count(o, "suppressed", suppressed);
    json_array_append_new(n->lists, o);
    if (n->near.word) {
        nearest_offer(&n->near, list);
        n->found |= strcmp(list, n->near.word) == 0;
    }
    return true;
}

json_t *answer_lists(struct ask *q)
{
    struct names n = {.lists = json_array()};
    struct err e = {0};
    if (!list_each_list(q->list, put_list, &n, &e)) {
        json_decref(n.lists);
        return control_error("%s", e.text);
    }
    json_t *answer = answer_ok();
    json_object_set_new(answer, "lists", n.lists);
    return answer;
}

static bool ask_list(struct ask *q)
{
    struct names n = {.lists = json_array()};
    struct err e = {0};
    char hint[120];
    nearest_start(&n.near, ask_text(q, "list"));
    bool ok = list_each_list(q->list, put_list, &n, &e);
    json_decref(n.lists);
    if (!ok)
        return ask_fail(q, "%s", e.text);
    return n.found || ask_fail(q, "no list '%.100s'%s", n.near.word, nearest_hint(&n.near, hint));
}

json_t *answer_list_export(struct ask *q)
{
    struct export x;
    struct err e = {0};
    if (!ask_list(q) || !ask_format(q, &x.csv))
        return q->failed;
    answer_rows_start(&x.rows, q);
    if (x.csv)
        buf_puts(&x.rows.text, CONTACT_HEAD);
    bool ok = list_each_contact(q->list, ask_text(q, "list"), export_contact, &x, &e);
    return answer_rows_end(&x.rows, ok, &e);
}

/* ---- suppressions ---- */

static json_t *suppression_json(const struct suppression *s)
{
    json_t *o = json_object();
    answer_put_text(o, "address", s->address);
    answer_put_text(o, "client", s->client);
    answer_put_text(o, "class", s->msg_class);
    answer_put_text(o, "reason", s->reason);
    answer_put_text(o, "by", s->by);
    answer_put_wall(o, "since", s->since);
    return o;
}

static bool export_suppression(void *arg, const struct suppression *s)
{
    struct export *x = arg;
    struct buf *out = &x->rows.text;
    if (!x->csv) {
        ndjson_row(out, suppression_json(s));
        return answer_rows_put(&x->rows);
    }
    plain_cell(out, s->address, ",");
    plain_cell(out, s->client, ",");
    plain_cell(out, s->msg_class, ",");
    cell(out, s->reason, ",");
    cell(out, s->by, ",");
    wall_cell(out, s->since, "\r\n");
    return answer_rows_put(&x->rows);
}

json_t *answer_suppressions(struct ask *q)
{
    struct export x;
    struct err e = {0};
    if (!ask_format(q, &x.csv))
        return q->failed;
    answer_rows_start(&x.rows, q);
    if (x.csv)
        buf_puts(&x.rows.text, "address,client,class,reason,by,since\r\n");
    bool ok = list_each_suppression(q->list, NULL, export_suppression, &x, &e);
    return answer_rows_end(&x.rows, ok, &e);
}

/* "kim@naver.com" or "@naver.com", as the store keeps them. */
static bool ask_target(struct ask *q, char out[ADDRESS_MAX + 2])
{
    const char *text = ask_text(q, "address");
    struct address a;
    char why[160];
    bool is_domain = text[0] == '@';
    char *whole = is_domain ? mem_printf("x%s", text) : mem_str(text);
    bool ok = address_check(str_of(whole), &a, why, sizeof why);
    free(whole);
    if (!ok)
        return ask_fail(q, "'%.320s' is neither an address nor an @domain: %s", text, why);
    str_copy(out, ADDRESS_MAX + 2, str_of(is_domain ? a.text + a.at : a.text));
    return true;
}

static bool check_class(struct ask *q, const char *class)
{
    enum msg_class c;
    return !class || strcmp(class, "*") == 0 || msg_class_from_name(str_of(class), &c) ||
           ask_fail(q, "class is ad, notice, transactional or *, not '%.40s'", class);
}

/* A suppression for a mistyped client would hold back nobody. */
static bool check_client(struct ask *q, const char *client)
{
    char name[LIVE_NAME];
    bool is_known = true;
    struct err e = {0};
    if (client && !list_knows_client(q->list, client, &is_known, &e))
        return ask_fail(q, "%s", e.text);
    return is_known || live_find(q->engine, PARTY_CLIENT, client, name, &e) ||
           ask_fail(q, "%s", e.text);
}

json_t *answer_suppress(struct ask *q)
{
    char target[ADDRESS_MAX + 2], by[64];
    struct err e = {0};
    const char *client = ask_text(q, "client"), *class = ask_text(q, "class");
    const char *reason = ask_text(q, "reason");
    if (!ask_target(q, target) || !check_class(q, class) || !check_client(q, client))
        return q->failed;
    snprintf(by, sizeof by, "operator %s", control_peer(q->answer));
    struct suppression s = {.address = target,
                            .client = client ? client : "*",
                            .msg_class = class ? class : "*",
                            .reason = reason ? reason : "operator",
                            .by = by,
                            .since = clock_wall()};
    if (!list_suppress(q->list, &s, &e))
        return control_error("%s", e.text);
    json_t *answer = answer_ok();
    json_object_set_new(answer, "suppression", suppression_json(&s));
    return answer;
}

json_t *answer_release(struct ask *q)
{
    char target[ADDRESS_MAX + 2], by[64];
    struct err e = {0};
    uint64_t count = 0;
    const char *class = ask_text(q, "class");
    if (!ask_target(q, target) || !check_class(q, class))
        return q->failed;
    snprintf(by, sizeof by, "operator %s", control_peer(q->answer));
    if (!list_release(q->list, target, ask_text(q, "client"), class, by, clock_wall(), &count, &e))
        return control_error("%s", e.text);
    if (count == 0)
        return control_error("no suppression of %s matches", target);
    json_t *answer = answer_ok();
    answer_put_count(answer, "count", count);
    return answer;
}

/* ---- show ---- */

static bool append_contact(void *arg, const struct contact *c)
{
    json_array_append_new(arg, contact_json(c));
    return true;
}

static bool append_suppression(void *arg, const struct suppression *s)
{
    json_array_append_new(arg, suppression_json(s));
    return true;
}

static bool append_event(void *arg, const struct list_event *ev)
{
    json_t *o = json_object();
    answer_put_wall(o, "at", ev->at);
    answer_put_text(o, "list", ev->list);
    answer_put_text(o, "what", ev->what);
    answer_put_text(o, "cause", ev->cause);
    json_array_append_new(arg, o);
    /* The newest are what is asked for. */
    if (json_array_size(arg) > EVENTS_MAX)
        json_array_remove(arg, 0);
    return true;
}

static bool gather(struct ask *q, const struct address *a, json_t *contacts, json_t *suppressions,
                   json_t *events)
{
    struct err e = {0};
    bool ok =
        list_find_contact(q->list, NULL, a->text, append_contact, contacts, &e) &&
        list_each_suppression(q->list, a->text, append_suppression, suppressions, &e) &&
        list_each_suppression(q->list, a->text + a->at, append_suppression, suppressions, &e) &&
        list_each_event(q->list, a->text, append_event, events, &e);
    return ok || ask_fail(q, "%s", e.text);
}

json_t *answer_list_show(struct ask *q)
{
    struct address a;
    if (!ask_address(q, &a))
        return q->failed;
    json_t *contacts = json_array(), *suppressions = json_array(), *events = json_array();
    json_t *answer;
    if (!gather(q, &a, contacts, suppressions, events)) {
        answer = q->failed;
    } else if (json_array_size(contacts) + json_array_size(suppressions) +
                   json_array_size(events) ==
               0) {
        answer = control_error("nothing is known about %s", a.text);
    } else {
        answer = answer_ok();
        answer_put_text(answer, "address", a.text);
        json_object_set(answer, "contacts", contacts);
        json_object_set(answer, "suppressions", suppressions);
        json_object_set(answer, "events", events);
        if (json_array_size(events) == EVENTS_MAX)
            json_object_set_new(answer, "events_cut", json_true());
    }
    json_decref(contacts);
    json_decref(suppressions);
    json_decref(events);
    return answer;
}
