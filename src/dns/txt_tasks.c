/* txt_tasks.c: questions about TXT records. (S)
 *
 * They are few (a person asks what stands in the DNS), so none is shared and none is kept. */
#include "tasks.h"

#include <sluice/base/must.h>

#include <arpa/nameser.h>
#include <stdlib.h>
#include <string.h>

struct txt_task {
    struct dns_tasks *all;
    struct dns_ask *ask;
    struct dns_query query;
    struct txt_task *next, **at; /* who points here */
};

static struct resolved_txt *letter_for(const struct dns_ask *a)
{
    struct resolved_txt *l = mem_array(1, sizeof *l);

    l->letter.kind = a->kind;
    str_copy(l->name, sizeof l->name, str_of(a->domain));
    return l;
}

/* Sends the letter and frees the question. */
static void send_letter(struct dns_ask *a, struct resolved_txt *l)
{
    mailbox_send(a->to, &l->letter);
    free(a);
}

static void fail(struct dns_ask *a, const char *why)
{
    struct resolved_txt *l = letter_for(a);

    l->status = TXT_FAILED;
    l->why = why;
    send_letter(a, l);
}

static struct dns_ask *task_end(struct txt_task *t)
{
    struct dns_ask *a = t->ask;

    *t->at = t->next;
    if (t->next)
        t->next->at = t->at;
    free(t);
    return a;
}

static void on_txt(struct dns_query *q, const struct dns_answer *answer)
{
    struct txt_task *t = q->owner;
    struct dns_tasks *all = t->all;
    struct dns_ask *a = task_end(t);
    struct resolved_txt *l = letter_for(a);

    if (answer->kind == DNS_RECORDS) {
        l->records = *answer->txt;
    } else if (answer->kind == DNS_FAILED) {
        l->status = TXT_FAILED;
        l->why = answer->failure;
        all->temporary_failures++;
    } else {
        l->status = TXT_NOTHING;
        l->why =
            answer->kind == DNS_NXDOMAIN ? "the name does not exist" : "the name has no TXT record";
        all->negative++;
    }
    send_letter(a, l);
}

void dns_tasks_txt(struct dns_tasks *all, struct dns_ask *a)
{
    char name[DNS_NAME_SIZE];
    const char *why;
    struct txt_task *t;

    all->asked++;
    if (!dns_name_to_ascii(str_of(a->domain), name, &why)) {
        fail(a, why);
        return;
    }
    t = mem_array(1, sizeof *t);
    *t = (struct txt_task){.all = all, .ask = a, .next = all->txt_tasks, .at = &all->txt_tasks};
    if (t->next)
        t->next->at = &t->next;
    all->txt_tasks = t;
    t->query.done = on_txt;
    t->query.owner = t;
    t->query.type = ns_t_txt;
    memcpy(t->query.name, name, sizeof name);
    dns_wire_ask(all->wire, &t->query);
}

void dns_txt_stopping(struct dns_ask *a)
{
    fail(a, "the resolver is stopping");
}

void dns_tasks_txt_done(struct dns_tasks *all)
{
    while (all->txt_tasks)
        dns_txt_stopping(task_end(all->txt_tasks));
}
