/* One job's message: headers and parts around compiled templates (RFC 5322, 2045, 2046).
 *
 * Every header stands once, in a usual order, with usual names: libESMTP then passes the message as
 * it is (it adds Date, From, To and Message-Id only where they are missing). */
#include <sluice/render/mailing.h>

#include <sluice/base/must.h>

#include <stdatomic.h>
#include <stdlib.h>

#include <sluice/mime/header.h>
#include <sluice/template/template.h>
#include <sluice/template/vars.h>

#define MESSAGE_ID_MAX 127 /* struct outcome keeps that many */
#define FIXED_HEADERS_MAX 8192

enum part_kind { PART_SUBJECT, PART_TEXT, PART_HTML, PARTS };

struct part {
    struct template *template; /* NULL: the mailing has no such part */
    enum body_encoding encoding;
    struct buf
        head; /* before its body: boundary line and headers, or the end of the message's headers */
};
struct mailing {
    atomic_uint refs;
    struct job_spec *spec;
    struct names names;
    struct vars_plan vars;
    enum missing_policy on_missing;
    struct part part[PARTS];
    struct buf from, reply_to; /* whole header lines; reply_to may be empty */
    struct buf end;            /* behind the last part */
    char *columns;
    char *sender;  /* of the envelope */
    char *id_tail; /* of message ids, behind the rid */
};

static const struct {
    const char *file;
    const char *type;
} part_about[PARTS] = {
    {"subject.txt", NULL}, {"text.txt", "text/plain"}, {"html.html", "text/html"}};

/* ---- making one */

struct making {
    struct mailing *m;
    const struct part_files *files;
    struct problems *problems;
    struct map file_names; /* part file name -> name for problems; owned */
};

/* "spring-sale/html.html", alive as long as the mailing is made (and its run-time messages: as long
 * as it). */
static const char *file_name(struct making *k, const char *name)
{
    char *found = map_get(&k->file_names, str_of(name));

    if (!found) {
        const char *folder = k->m->spec->template_name;

        found = folder ? mem_printf("%s/%s", folder, name) : mem_str(name);
        map_set(&k->file_names, str_of(name), found);
    }
    return found;
}

static bool find_partial(void *context, struct str name, struct str *text, const char **file)
{
    struct making *k = context;
    const struct part_file *found;
    char *full = mem_printf("%.*s.mustache", (int)name.n, name.p);

    found = part_files_find(k->files, full);
    if (found) {
        *text = str_n(found->text, found->n);
        *file = file_name(k, full);
    }
    free(full);
    return found != NULL;
}

/* The subject of the job goes before the folder's. A file's last line end is no part of a subject.
 */
static bool part_source(struct making *k, enum part_kind kind, struct template_source *s)
{
    const struct part_file *f = part_files_find(k->files, part_about[kind].file);
    const char *subject = k->m->spec->subject;

    *s = (struct template_source){.escape_html = kind == PART_HTML,
                                  .keep_line_ends = kind == PART_SUBJECT,
                                  .partial = find_partial,
                                  .context = k};
    if (kind == PART_SUBJECT && subject) {
        s->file = "subject";
        s->text = str_of(subject);
        return true;
    }
    if (!f)
        return false;
    s->file = file_name(k, f->name);
    s->text = str_n(f->text, f->n);
    return true;
}

static void compile_parts(struct making *k)
{
    struct template_source s;

    for (enum part_kind i = 0; i < PARTS; i++) {
        if (part_source(k, i, &s))
            k->m->part[i].template = template_new(&s, &k->m->names, k->problems);
        else if (i == PART_SUBJECT)
            problems_add(k->problems, k->m->spec->template_name, 0,
                         "no subject: neither in the job nor as subject.txt");
    }
    if (!part_files_find(k->files, "text.txt") && !part_files_find(k->files, "html.html"))
        problems_add(k->problems, k->m->spec->template_name, 0,
                     "no body: neither text.txt nor html.html");
}

/* Random, and kept with the job. What is not taken in yet (a check, a preview) is never sent: any will
 * do. */
static const char *token_of(const struct mailing *m)
{
    return m->spec->token ? m->spec->token : "0000000000000000";
}

/* <rid>.<job id>.<token>@<domain>, at most MESSAGE_ID_MAX bytes: a long domain costs the job id
 * (the token covers it), then labels from the left. */
static void make_id_tail(struct mailing *m, const char *domain)
{
    size_t room = MESSAGE_ID_MAX - 20; /* the largest rid */
    char *left = mem_printf(".%s.%s@", m->spec->id, token_of(m));

    if (strlen(left) + strlen(domain) > room) {
        free(left);
        left = mem_printf(".%s@", token_of(m));
    }
    while (strlen(left) + strlen(domain) > room)
        domain = strchr(domain, '.') ? strchr(domain, '.') + 1 : domain + strlen(domain) - 1;
    m->id_tail = mem_printf("%s%s", left, domain);
    free(left);
}

static void make_envelope(struct making *k)
{
    const struct job_spec *spec = k->m->spec;
    const char *at = spec->from_address ? strrchr(spec->from_address, '@') : NULL;
    const char *domain = spec->envelope_domain ? spec->envelope_domain : at ? at + 1 : "";
    struct buf ascii;
    struct err e;

    buf_init(&ascii, 1024);
    if (!header_domain(&ascii, str_of(domain), &e))
        problems_add(k->problems, NULL, 0, "envelope_domain: %s", e.text);
    k->m->sender = mem_printf("bounce@%s", ascii.data);
    make_id_tail(k->m, ascii.data);
    buf_done(&ascii);
}

static void make_mailbox(struct making *k, struct buf *out, const char *header, const char *field,
                         const char *display, const char *address)
{
    struct buf ascii;
    struct err e;

    buf_init(&ascii, 1024);
    if (header_address(&ascii, str_of(address), &e))
        header_mailbox(out, header, str_of(display), str_n(ascii.data, ascii.len));
    else
        problems_add(k->problems, NULL, 0, "%s: %s", field, e.text);
    buf_done(&ascii);
}

static void choose_encoding(struct part *p)
{
    size_t qp, base64;
    bool is_plain;

    template_measure(p->template, &qp, &base64, &is_plain);
    p->encoding = is_plain ? BODY_RAW : qp <= base64 ? BODY_QP : BODY_BASE64;
    template_encode(p->template, p->encoding);
}

/* "=_" occurs neither in base64 nor in quoted-printable, so only plain bodies could hold the
 * boundary: those are the same for everybody, and were written before the token was drawn. */
static void make_frame(struct mailing *m)
{
    bool is_multi = m->part[PART_TEXT].template && m->part[PART_HTML].template;
    char *boundary = mem_printf("=_%s", token_of(m));

    for (enum part_kind i = PART_TEXT; i < PARTS; i++) {
        struct part *p = &m->part[i];

        if (!p->template)
            continue;
        if (is_multi && i == PART_TEXT)
            buf_printf(&p->head,
                       "MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n"
                       " boundary=\"%s\"\r\n\r\n",
                       boundary);
        if (is_multi)
            buf_printf(&p->head, "--%s\r\n", boundary);
        else
            buf_puts(&p->head, "MIME-Version: 1.0\r\n");
        choose_encoding(p);
        buf_printf(&p->head,
                   "Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n",
                   part_about[i].type, body_encoding_name(p->encoding));
    }
    if (is_multi)
        buf_printf(&m->end, "--%s--\r\n", boundary);
    free(boundary);
}

/* Names that no column and no common variable can fill are typos. Objects of the job may hold what
 * sections look for, so with them nothing can be said. */
static void warn_unfilled(struct making *k)
{
    const struct mailing *m = k->m;

    for (size_t i = 0; i < m->names.count; i++) {
        enum json_kind kind = m->vars.common[i].kind;

        if (kind == JSON_VIEW_OBJECT || kind == JSON_VIEW_ARRAY)
            return;
    }
    for (size_t i = 0; i < m->names.count; i++) {
        if (vars_is_unfilled(&m->vars, i))
            problems_warn(k->problems, m->spec->template_name, 0,
                          "no column and no common variable is named '%.*s': it stays empty",
                          (int)m->names.name[i].n, m->names.name[i].p);
    }
}

static struct job_spec *copy_spec(const struct job_spec *spec)
{
    struct job_spec *copy;
    struct buf text;
    struct err e;

    buf_init(&text, 16 * 1024 * 1024);
    job_spec_format(spec, &text);
    copy = job_spec_parse(str_n(text.data, text.len), &e);
    MUST(copy != NULL);
    buf_done(&text);
    return copy;
}

static void make(struct making *k, const char *columns)
{
    struct mailing *m = k->m;
    const struct job_spec *spec = m->spec;

    buf_init(&m->from, FIXED_HEADERS_MAX);
    buf_init(&m->reply_to, FIXED_HEADERS_MAX);
    buf_init(&m->end, 256);
    for (enum part_kind i = 0; i < PARTS; i++)
        buf_init(&m->part[i].head, FIXED_HEADERS_MAX);
    m->columns = mem_str(columns);
    make_envelope(k);
    make_mailbox(k, &m->from, "From", "from", spec->from_name, spec->from_address);
    if (spec->reply_to)
        make_mailbox(k, &m->reply_to, "Reply-To", "reply_to", NULL, spec->reply_to);
    names_init(&m->names);
    compile_parts(k);
    vars_plan_init(&m->vars, &m->names, m->columns, spec->variables ? spec->variables : "{}");
}

struct mailing *mailing_new(const struct job_spec *spec, const struct part_files *parts,
                            const char *columns, struct problems *p)
{
    struct making k = {.m = mem_array(1, sizeof *k.m), .files = parts, .problems = p};
    size_t errors = p->errors;
    const struct map_entry *name;

    atomic_init(&k.m->refs, 1);
    k.m->spec = copy_spec(spec);
    map_init(&k.file_names);
    make(&k, columns);
    if (p->errors == errors) {
        if (k.m->part[PART_SUBJECT].template)
            template_encode(k.m->part[PART_SUBJECT].template, BODY_RAW);
        make_frame(k.m);
        warn_unfilled(&k);
    } else {
        mailing_release(k.m);
        k.m = NULL;
    }
    for (size_t i = 0; (name = map_next(&k.file_names, &i));)
        free(name->value);
    map_done(&k.file_names);
    return k.m;
}

struct mailing *mailing_ref(struct mailing *m)
{
    atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
    return m;
}

void mailing_release(struct mailing *m)
{
    if (!m || atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (enum part_kind i = 0; i < PARTS; i++) {
        template_free(m->part[i].template);
        buf_done(&m->part[i].head);
    }
    vars_plan_done(&m->vars);
    names_done(&m->names);
    buf_done(&m->from);
    buf_done(&m->reply_to);
    buf_done(&m->end);
    free(m->columns);
    free(m->sender);
    free(m->id_tail);
    job_spec_free(m->spec);
    free(m);
}

const struct job_spec *mailing_spec(const struct mailing *m)
{
    return m->spec;
}

const char *mailing_envelope_sender(const struct mailing *m)
{
    return m->sender;
}

void mailing_message_id(const struct mailing *m, uint64_t rid, char *out, size_t size)
{
    char digits[20];
    size_t at = sizeof digits;
    size_t n;

    do {
        digits[--at] = (char)('0' + rid % 10);
        rid /= 10;
    } while (rid);
    n = sizeof digits - at;
    MUST(size > n);
    memcpy(out, digits + at, n);
    str_copy(out + n, size - n, str_of(m->id_tail));
}

/* ---- rendering */

struct rendering {
    const struct mailing *m;
    const struct render_input *in;
    struct buf *out;
    struct err *e;
    struct sink sink;
    struct run run;
};

static bool run_part(struct rendering *r, enum part_kind kind)
{
    const struct part *p = &r->m->part[kind];
    const char *missing;

    buf_put(r->out, p->head.data, p->head.len);
    sink_begin(&r->sink, r->out, p->encoding);
    r->run.missing = NULL;
    if (!template_run(p->template, &r->run))
        return err_set(r->e, "%s: %s", part_about[kind].file, r->run.failed);
    missing = r->run.missing;
    if (missing && r->m->on_missing == MISSING_SKIP)
        return err_set(r->e, "variable '%s' has no value", missing);
    if (kind != PART_SUBJECT)
        sink_end(&r->sink);
    return true;
}

/* The subject is rendered behind the headers so far, and written as a header in its place. */
static bool put_subject(struct rendering *r)
{
    size_t start = r->out->len;
    size_t n;

    if (!run_part(r, PART_SUBJECT))
        return false;
    n = r->out->len - start;
    if (n > HEADER_TEXT_MAX)
        return err_set(r->e, "the subject is %zu bytes long (at most %d)", n, HEADER_TEXT_MAX);
    header_text_in_place(r->out, "Subject", start);
    return true;
}

static bool put_headers(struct rendering *r)
{
    const struct mailing *m = r->m;
    char date[WALL_RFC5322];
    struct buf *out = r->out;

    wall_format_rfc5322(r->in->now, r->in->utc_offset_min, date);
    buf_puts(out, "Date: ");
    buf_puts(out, date);
    buf_puts(out, "\r\n");
    buf_put(out, m->from.data, m->from.len);
    buf_puts(out, "To: ");
    if (!header_address(out, str_of(r->in->email), r->e))
        return false;
    buf_puts(out, "\r\n");
    buf_put(out, m->reply_to.data, m->reply_to.len);
    if (!put_subject(r))
        return false;
    buf_puts(out, "Message-ID: <");
    buf_puts(out, r->in->message_id);
    buf_puts(out, ">\r\n");
    return true;
}

/* The address as a JSON string, so that it is a variable like the others. */
static struct json_view email_view(const char *email, char *to, size_t size)
{
    size_t n = 0;

    to[n++] = '"';
    for (; *email && n + 3 < size; email++) {
        if (*email == '"' || *email == '\\')
            to[n++] = '\\';
        to[n++] = *email;
    }
    to[n++] = '"';
    return (struct json_view){to, n, JSON_VIEW_STRING};
}

void mailing_each_empty(const struct mailing *m, const struct render_input *in,
                        void (*each)(void *arg, const char *name), void *arg)
{
    struct json_view slot[NAMES_MAX];
    struct run run = {.slot = slot, .empty = each, .arg = arg};
    char email[2 * 320 + 4];

    vars_fill(&m->vars, json_view_of(in->vars, in->vars_len),
              email_view(in->email, email, sizeof email), slot);
    for (enum part_kind i = 0; i < PARTS; i++) {
        if (m->part[i].template)
            template_run(m->part[i].template, &run);
    }
}

bool mailing_render(const struct mailing *m, const struct render_input *in, struct buf *out,
                    struct err *e)
{
    struct rendering r = {.m = m, .in = in, .out = out, .e = e};
    struct json_view slot[NAMES_MAX];
    char email[2 * 320 + 4];
    size_t start = out->len;

    vars_fill(&m->vars, json_view_of(in->vars, in->vars_len),
              email_view(in->email, email, sizeof email), slot);
    r.run.slot = slot;
    r.run.sink = &r.sink;
    if (!put_headers(&r))
        return false;
    for (enum part_kind i = PART_TEXT; i < PARTS; i++) {
        if (m->part[i].template && !run_part(&r, i))
            return false;
    }
    buf_put(out, m->end.data, m->end.len);
    if (buf_is_full(out) || out->len - start > MAILING_MAX_BYTES)
        return err_set(e, "the message is larger than %zu bytes",
                       out->max < MAILING_MAX_BYTES ? out->max : (size_t)MAILING_MAX_BYTES);
    return true;
}
