/* preview_pick.c: one recipient of a job file that is not dropped yet. */
#include <string.h>
#include <strings.h>
#include <sluice/job/recipients.h>
#include <sluice/base/must.h>
#include "preview.h"

struct pick {
    struct preview *p;
    const char *address; /* NULL: the first */
    struct picked *out;
    struct problems bad; /* rows that nobody can be mailed from */
};

static bool is_wanted(const struct pick *k, const char *email)
{
    return !k->address || strcasecmp(k->address, email) == 0;
}

static void take_picked(struct pick *k, const char *email, const char *vars, size_t n,
                        uint64_t line)
{
    *k->out = (struct picked){mem_str(email), mem_strn(vars, n), line};
}

static void note_bad(struct pick *k, uint64_t line, const char *why)
{
    if (k->p->bad_rows++ < PREVIEW_BAD_SHOWN)
        problems_warn(&k->bad, k->p->spec->recipients, (unsigned)line, "%s", why);
}

static bool pick_row(struct pick *k, struct recipients *r)
{
    struct recipient_row row;
    struct err e;
    for (enum row_kind kind; (kind = recipients_next(r, &row, &e)) != ROW_END;) {
        if (kind == ROW_ERROR) {
            problems_add(&k->p->problems, k->p->spec->recipients, 0, "%s", e.text);
            return false;
        }
        if (kind == ROW_BAD)
            note_bad(k, row.line, row.why);
        if (kind == ROW_OK && is_wanted(k, row.address.text)) {
            take_picked(k, row.address.text, row.vars, row.vars_len, row.line);
            return true;
        }
        if (++k->p->rows % PREVIEW_LOOK_ROWS == 0 && !control_data(k->p->q->answer, "", 0))
            k->p->is_gone = true;
        if (k->p->is_gone)
            return false;
    }
    return true;
}

static bool pick_contact(void *arg, const char *email, const char *vars)
{
    struct pick *k = arg;
    k->p->rows++;
    if (is_wanted(k, email))
        take_picked(k, email, vars, strlen(vars), k->p->rows);
    return !k->out->email;
}

static bool pick_any(struct pick *k, struct recipients *r)
{
    const struct job_spec *s = k->p->spec;
    struct err e = {0};
    if (r)
        return pick_row(k, r);
    if (s->from_list)
        return engine_each_mailable(k->p->q->list, s->from_list, pick_contact, k, &e) ||
               preview_fails(k->p, &e);
    if (k->address)
        take_picked(k, k->address, "{}", 2, 1);
    return true;
}

static void say_nobody(struct pick *k)
{
    struct preview *p = k->p;
    for (size_t i = 0; i < k->bad.count; i++)
        problems_warn(&p->problems, k->bad.item[i].file, k->bad.item[i].line, "%s",
                      k->bad.item[i].text);
    if (k->address)
        problems_add(&p->problems, p->path, 0, "it has no recipient %s", k->address);
    else if (p->bad_rows > 0)
        problems_add(&p->problems, p->spec->recipients, 0,
                     "there is not a single usable row in it (bad rows: %llu)",
                     (unsigned long long)p->bad_rows);
    else
        problems_add(&p->problems, p->path, 0,
                     "it has no recipient yet; name an address to render for");
}

bool preview_pick(struct preview *p, const char *address, struct picked *out)
{
    struct pick k = {.p = p, .address = address, .out = out};
    struct recipients *r;
    *out = (struct picked){0};
    problems_init(&k.bad);
    bool ok = preview_open(p, false, &r) && pick_any(&k, r);
    recipients_close(r);
    if (ok && !out->email)
        say_nobody(&k);
    problems_done(&k.bad);
    return out->email != NULL;
}
