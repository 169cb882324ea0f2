#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/conf/message.h>
#include <sluice/conf/windows.h>
#include <sluice/job/address.h>
#include <sluice/os/file.h>

#include "charset.h"
#include "jobfile_private.h"
#include "recipients_private.h"

#define MINUTE_MS (60LL * 1000)
#define DAY_MS (24 * 60 * MINUTE_MS)
#define SUBJECT_MAX 2000
#define VARIABLES_MAX (16 * 1024 * 1024)

/* The file's own words, before they are put together to a job. */
struct draft {
    char *id, *client, *from, *reply_to, *envelope_domain, *subject, *template_name, *recipients;
    char *from_list, *list, *charset;
    int msg_class, priority, in_doubt;
    struct wall start, finish_by;
    int64_t expires_ms, max_bad_rows, connection_limit;
    struct rates max_message_rate;
    struct windows send_windows;
    bool is_standing, needs_approval;
};

/* In the order of the enums: see the assertions below. */
static const char *const classes[] = {"ad", "notice", "transactional", NULL};
static const char *const priorities[] = {"urgent", "normal", "bulk", NULL};
static const char *const policies[] = {"hold", "retry", "delivered", NULL};
_Static_assert(MSG_AD == 0 && MSG_TRANSACTIONAL == 2 && PRIO_URGENT == 0 && PRIO_BULK == 2 &&
                   DOUBT_HOLD == 0 && DOUBT_DELIVERED == 2,
               "the choices follow the enums");

#define AT(field) offsetof(struct draft, field)

static const struct conf_field fields[] = {
    {"id", CONF_T_STRING, AT(id), .required = true},
    {"client", CONF_T_STRING, AT(client), .def = "default"},
    {"class", CONF_T_CHOICE, AT(msg_class), .required = true, .choices = classes},
    {"from", CONF_T_STRING, AT(from), .required = true},
    {"reply_to", CONF_T_STRING, AT(reply_to), .def = NULL},
    {"envelope_domain", CONF_T_STRING, AT(envelope_domain), .def = NULL},
    {"subject", CONF_T_STRING, AT(subject), .min = 1, .max = SUBJECT_MAX},
    {"template", CONF_T_STRING, AT(template_name), .required = true},
    {"recipients", CONF_T_STRING, AT(recipients), .def = NULL},
    {"from_list", CONF_T_STRING, AT(from_list), .def = NULL},
    {"list", CONF_T_STRING, AT(list), .def = NULL},
    {"charset", CONF_T_STRING, AT(charset), .def = NULL},
    {"start", CONF_T_TIME, AT(start), .def = NULL},
    {"finish_by", CONF_T_TIME, AT(finish_by), .def = NULL},
    {"expires", CONF_T_DURATION, AT(expires_ms), .min = MINUTE_MS, .max = 30 * DAY_MS},
    {"priority", CONF_T_CHOICE, AT(priority), .choices = priorities},
    {"in_doubt", CONF_T_CHOICE, AT(in_doubt), .def = "hold", .choices = policies},
    {"max_bad_rows", CONF_T_INT, AT(max_bad_rows), .def = "1000", .min = 0, .max = 10000000},
    {"connection_limit", CONF_T_INT, AT(connection_limit), .min = 1, .max = 100000},
    {"max_message_rate", CONF_T_RATES, AT(max_message_rate), .def = NULL},
    {"send_windows", CONF_T_LIST, .def = NULL},
    {"holidays", CONF_T_STRING, AT(send_windows.holidays), .min = 1, .max = 64},
    {"standing", CONF_T_BOOL, AT(is_standing), .def = "false"},
    {"approval", CONF_T_BOOL, AT(needs_approval), .def = "false"},
    {"variables", CONF_T_GROUP, .def = NULL},
    MESSAGE_NAMES_OF_JOB,
    {0},
};
_Static_assert(MAX_BAD_ROWS_DEFAULT == 1000, "the default in the table");

struct checking {
    const struct conf_node *root;
    struct draft d;
    struct job_spec *spec;
    const struct settings *settings;
    struct now now;
    struct problems *problems;
};

__attribute__((format(printf, 3, 4))) static void wrong(struct checking *c, const char *field,
                                                        const char *format, ...)
{
    const struct conf_node *n = conf_find(c->root, field);
    struct buf b;
    va_list args;

    buf_init(&b, 400);
    va_start(args, format);
    buf_vprintf(&b, format, args);
    va_end(args);
    conf_say(c->problems, n ? n : c->root, field, "%s", b.data);
    buf_done(&b);
}

bool job_id_is_valid(struct str s)
{
    if (s.n == 0 || s.n > 64)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-'))
            return false;
    }
    return true;
}

static void take_id(struct checking *c, const char *field, char **from, char **to)
{
    if (!*from)
        return;
    if (!job_id_is_valid(str_of(*from))) {
        wrong(c, field, "not a name (got \"%.80s\", allowed: 1 to 64 letters, digits, '-' and '_')",
              *from);
        return;
    }
    *to = *from;
    *from = NULL;
}

/* An address that stands in headers: a local part that needs SMTPUTF8 would make the whole job
 * undeliverable at most receivers. */
static bool check_address(struct checking *c, const char *field, struct str s, struct address *a)
{
    char why[160];

    if (!address_check(s, a, why, sizeof why)) {
        wrong(c, field, "not an e-mail address: %s (got \"%.*s\")", why, (int)(s.n > 80 ? 80 : s.n),
              s.p ? s.p : "");
        return false;
    }
    if (!a->local_is_ascii)
        wrong(c, field, "only plain ASCII letters may stand before the @ (got \"%.80s\")", a->text);
    if (strstr(a->text, "{{"))
        wrong(c, field, "tags do not work here (got \"%.80s\")", a->text);
    return a->local_is_ascii;
}

/* "이름 <a@b>", "\"이름\" <a@b>", "<a@b>" or "a@b". */
static void take_from(struct checking *c)
{
    struct str s = str_trim(str_of(c->d.from)), name = {NULL, 0};
    const char *open = s.n ? memrchr(s.p, '<', s.n) : NULL;
    struct address a;

    if (open && s.p[s.n - 1] == '>') {
        name = str_trim(str_n(s.p, (size_t)(open - s.p)));
        s = str_n(open + 1, s.n - (size_t)(open - s.p) - 2);
    }
    if (name.n >= 2 && name.p[0] == '"' && name.p[name.n - 1] == '"')
        name = str_n(name.p + 1, name.n - 2);
    if (name.n > 200)
        wrong(c, "from", "the name is too long (got %zu bytes, allowed: up to 200)", name.n);
    if (!c->d.from || !check_address(c, "from", s, &a))
        return;
    c->spec->from_address = mem_str(a.text);
    if (name.n)
        c->spec->from_name = mem_strn(name.p, name.n);
}

static void take_reply_to(struct checking *c)
{
    struct address a;

    if (c->d.reply_to && check_address(c, "reply_to", str_of(c->d.reply_to), &a))
        c->spec->reply_to = mem_str(a.text);
}

static void take_envelope_domain(struct checking *c)
{
    char why[160], *whole;
    struct address a;

    if (!c->d.envelope_domain)
        return;
    whole = mem_printf("x@%s", c->d.envelope_domain);
    if (address_check(str_of(whole), &a, why, sizeof why))
        c->spec->envelope_domain = mem_str(a.text + a.at + 1);
    else
        wrong(c, "envelope_domain", "not a domain: %s (got \"%.80s\")", why, c->d.envelope_domain);
    free(whole);
}

/* A plain name inside a folder of ours. */
static bool check_name(struct checking *c, const char *field, const char *name)
{
    const char *why;

    if (file_name_is_safe(name, &why))
        return true;
    wrong(c, field, "not a plain name: %s (got \"%.80s\")", why, name);
    return false;
}

static void take_recipients(struct checking *c)
{
    const char *name = c->d.recipients;

    if (!name || !check_name(c, "recipients", name))
        return;
    if (!recipients_name_is_known(name)) {
        wrong(c, "recipients",
              "unknown ending (got \"%.80s\", allowed: .csv, .ndjson or .jsonl, and then .gz or "
              ".zst)",
              name);
        return;
    }
    c->spec->recipients = mem_str(name);
}

static void take_charset(struct checking *c)
{
    enum charset charset;

    if (!c->d.charset)
        return;
    if (charset_from_name(c->d.charset, &charset))
        c->spec->charset = mem_str(charset == CHARSET_CP949 ? "cp949" : "utf-8");
    else
        wrong(c, "charset", "unknown (got \"%.40s\", allowed: \"utf-8\", \"cp949\", \"euc-kr\")",
              c->d.charset);
}

static void take_source(struct checking *c)
{
    const struct draft *d = &c->d;

    take_recipients(c);
    take_charset(c);
    take_id(c, "from_list", &c->d.from_list, &c->spec->from_list);
    if (d->recipients && (d->from_list || c->spec->from_list))
        wrong(c, "from_list", "does not go together with recipients");
    if (!d->recipients && !d->from_list && !c->spec->from_list && !d->is_standing)
        problems_add(c->problems, c->root->file, c->root->line,
                     "nobody to mail (allowed: recipients, from_list, or standing = true)");
}

/* A first load that looks like one of the job's triggers would be taken in twice. */
static void check_standing(struct checking *c)
{
    const char *name = c->spec->recipients, *id = c->spec->id;

    if (!c->d.is_standing)
        return;
    if (c->d.finish_by.ms)
        wrong(c, "finish_by", "does not go together with standing");
    if (name && id && str_starts(str_of(name), id) && name[strlen(id)] == '.' &&
        str_ends_nocase(str_of(name), ".ndjson"))
        wrong(c, "recipients",
              "looks like a later file of this standing job (got \"%.80s\", allowed: anything but "
              "%s.*.ndjson)",
              name, id);
}

static void take_times(struct checking *c)
{
    const struct draft *d = &c->d;
    struct job_spec *s = c->spec;

    s->start = d->start;
    s->finish_by = d->finish_by;
    if (d->finish_by.ms && d->finish_by.ms <= c->now.wall.ms)
        wrong(c, "finish_by", "in the past");
    else if (d->finish_by.ms && d->finish_by.ms <= d->start.ms)
        wrong(c, "finish_by", "not later than start");
    if (d->start.ms > c->now.wall.ms + 366 * DAY_MS)
        wrong(c, "start", "more than a year away");
    /* A trigger that comes days late is worse than none. */
    s->expires_ms = d->expires_ms ? d->expires_ms : d->is_standing ? DAY_MS / 2 : 4 * DAY_MS;
}

static void take_variables(struct checking *c)
{
    const struct conf_node *group = conf_find(c->root, "variables");
    struct buf out;

    buf_init(&out, VARIABLES_MAX);
    if (group && group->kind == CONF_GROUP)
        variables_format(group, "variables", &out, c->problems);
    else
        buf_puts(&out, "{}");
    if (buf_is_full(&out))
        wrong(c, "variables", "too long (allowed: %d bytes)", VARIABLES_MAX);
    c->spec->variables = buf_take(&out);
}

/* The tree goes away: what is left of an origin is the line. */
static void take_shaping(struct checking *c)
{
    struct job_spec *s = c->spec;

    s->connection_limit = c->d.connection_limit;
    s->max_message_rate = c->d.max_message_rate;
    s->send_windows = c->d.send_windows;
    send_windows_read(c->root, "", c->settings, &s->send_windows, c->problems);
    for (size_t i = 0; i < s->send_windows.count; i++)
        s->send_windows.item[i].at.file = NULL;
}

static void take_all(struct checking *c)
{
    struct job_spec *s = c->spec;
    const struct draft *d = &c->d;

    take_id(c, "id", &c->d.id, &s->id);
    take_id(c, "client", &c->d.client, &s->client);
    take_id(c, "list", &c->d.list, &s->list);
    if (!s->list && s->client)
        s->list = mem_str(s->client);
    s->msg_class = (enum msg_class)d->msg_class;
    s->in_doubt = (enum in_doubt_policy)d->in_doubt;
    s->is_standing = d->is_standing;
    s->needs_approval = d->needs_approval;
    s->priority = d->priority >= 0 ? (enum priority)d->priority
                  : d->is_standing ? PRIO_NORMAL
                                   : PRIO_BULK;
    s->max_bad_rows = (uint64_t)d->max_bad_rows;
    if (d->from)
        take_from(c);
    take_reply_to(c);
    take_envelope_domain(c);
    if (d->template_name && check_name(c, "template", d->template_name))
        s->template_name = mem_str(d->template_name);
    s->subject = mem_str(d->subject);
    take_source(c);
    check_standing(c);
    take_times(c);
    take_shaping(c);
    take_variables(c);
    jobfile_message(c->root, c->settings, s, c->problems);
}

static void draft_done(struct draft *d)
{
    char *const text[] = {d->id,
                          d->client,
                          d->from,
                          d->reply_to,
                          d->subject,
                          d->envelope_domain,
                          d->template_name,
                          d->recipients,
                          d->from_list,
                          d->list,
                          d->charset};

    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        free(text[i]);
}

bool jobfile_read(const char *path, const struct settings *s, struct now now, struct jobfile *out,
                  struct problems *p)
{
    struct conf_tree *tree = conf_load(path, (size_t)s->caps.job_file_bytes, CONF_NO_INCLUDES, p);
    struct checking c = {.settings = s, .now = now, .problems = p, .d = {.priority = -1}};

    *out = (struct jobfile){0};
    if (!tree)
        return false;
    c.root = &tree->root;
    c.spec = out->spec = mem_new(sizeof *c.spec);
    conf_read(c.root, "", fields, &c.d, p);
    take_all(&c);
    out->tree = tree;
    draft_done(&c.d);
    return true;
}

unsigned jobfile_line(const struct jobfile *f, const char *field)
{
    const struct conf_node *n = f->tree ? conf_find(&f->tree->root, field) : NULL;

    return n ? n->line : 0;
}

void jobfile_done(struct jobfile *f)
{
    conf_tree_free(f->tree);
    job_spec_free(f->spec);
    *f = (struct jobfile){0};
}

struct job_spec *jobfile_load(const char *path, const struct settings *s, struct now now,
                              struct problems *p)
{
    size_t errors = p->errors;
    struct job_spec *spec = NULL;
    struct jobfile f;

    if (jobfile_read(path, s, now, &f, p) && p->errors == errors) {
        spec = f.spec;
        f.spec = NULL;
    }
    jobfile_done(&f);
    return spec;
}
