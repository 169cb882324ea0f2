/* One job's message: its life, and what may be asked of it without rendering. */
#include <sluice/render/mailing.h>

#include <sluice/base/must.h>
#include <sluice/mime/charset.h>

#include <stdlib.h>

#include "making.h"

#define MESSAGE_ID_MAX 127 /* struct outcome keeps that many */
#define HEAD_MAX 16384

/* Random, and kept with the job. What is not taken in yet (a check, a preview) is never sent: any
 * will do. */
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

static char *ascii_domain(struct making *k, const char *domain, const char *field)
{
    struct buf ascii;
    struct err e;

    buf_init(&ascii, 1024);
    if (!header_domain(&ascii, str_of(domain), &e) && field)
        problems_add(k->problems, NULL, 0, "%s: %s", field, e.text);
    return buf_take(&ascii);
}

static void make_envelope(struct making *k)
{
    const struct job_spec *spec = k->m->spec;
    const char *at = spec->from_address ? strrchr(spec->from_address, '@') : NULL;
    const char *domain = spec->envelope_domain ? spec->envelope_domain : at ? at + 1 : "";
    char *ascii = ascii_domain(k, domain, "envelope_domain");

    k->m->sender = mem_printf("bounce@%s", ascii);
    make_id_tail(k->m, ascii);
    free(ascii);
    k->m->from_domain = ascii_domain(k, at ? at + 1 : "", NULL);
    str_lower(k->m->from_domain, strlen(k->m->from_domain));
}

/* ---- variables */

static void put_member(struct buf *out, const char *name, const char *value)
{
    if (!value)
        return;
    if (out->data[out->len - 1] != '{')
        buf_putc(out, ',');
    json_put_string(out, str_of(name));
    buf_putc(out, ':');
    json_put_string(out, str_of(value));
}

/* The job's variables with `sender` among them, unless it has one of that name. */
static char *common_variables(const struct job_spec *spec)
{
    const char *own = spec->variables ? spec->variables : "{}";
    const struct sender_data *s = &spec->message.sender;
    struct str inside = str_trim(str_of(own));
    struct json_view found;
    struct buf out;

    if (json_view_key(json_view_of(own, strlen(own)), str_of("sender"), &found) ||
        !(s->name || s->email || s->telephone || s->address) || inside.n < 2)
        return mem_str(own);
    inside = str_trim(str_n(inside.p + 1, inside.n - 1));
    buf_init(&out, inside.n + 64 * 1024);
    buf_puts(&out, "{\"sender\":{");
    put_member(&out, "name", s->name);
    put_member(&out, "email", s->email);
    put_member(&out, "telephone", s->telephone);
    put_member(&out, "address", s->address);
    buf_puts(&out, inside.p[0] == '}' ? "}" : "},");
    buf_put(&out, inside.p, inside.n);
    return buf_take(&out);
}

static int slot_of(const struct mailing *m, const char *name)
{
    return (int)(uintptr_t)map_get(&m->names.slot, str_of(name)) - 1;
}

static bool is_column(const struct mailing *m, int slot)
{
    for (size_t i = 0; i < m->vars.columns; i++) {
        if (m->vars.column_slot[i] == slot)
            return true;
    }
    return false;
}

static void plan_variables(struct making *k)
{
    struct mailing *m = k->m;
    int slot;

    vars_plan_done(&m->vars);
    vars_plan_init(&m->vars, &m->names, m->columns, m->common);
    links_make_unsubscribing(k);
    slot = slot_of(m, "unsubscribe_url");
    /* A list that brings its own goes before one that we would make. */
    if (slot >= 0 && m->unsubscribing == UNSUBSCRIBE_TOKEN &&
        (is_column(m, slot) || m->vars.common[slot].kind != JSON_VIEW_NONE))
        slot = -1;
    m->unsubscribe_slot = slot;
}

static void refuse_unknown_unsubscribe(struct making *k)
{
    const struct mailing *m = k->m;
    int slot = m->unsubscribe_slot;

    if (!k->is_new || slot < 0 || m->unsubscribing != UNSUBSCRIBE_NOT || is_column(m, slot) ||
        m->vars.common[slot].kind != JSON_VIEW_NONE)
        return;
    for (enum part_kind i = 0; i < PARTS; i++) {
        if (!warnings_writes(m->part[i].template, slot))
            continue;
        problems_add(
            k->problems, making_file_name(k, m->part[i].shown), 0,
            "{{unsubscribe_url}}: the job has no unsubscribe_url and no tracking_url to make "
            "one of (\"{{unsubscribe_url}}\" as the job's unsubscribe_url takes that of each "
            "row)");
        return;
    }
}

/* ---- making one */

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

static void begin(struct making *k, const struct job_spec *spec, const char *columns)
{
    struct mailing *m = k->m;

    atomic_init(&m->refs, 1);
    m->spec = copy_spec(spec);
    m->columns = mem_str(columns);
    m->common = common_variables(m->spec);
    m->charset = m->spec->message.charset;
    m->unsubscribe_slot = -1;
    names_init(&m->names);
    buf_init(&m->end, MAILING_MAX_BYTES);
    for (enum part_kind i = 0; i < PARTS; i++) {
        buf_init(&m->part[i].head, HEAD_MAX);
        buf_init(&m->part[i].other_head, HEAD_MAX);
    }
    map_init(&k->file_names);
    map_init(&k->derived);
    map_init(&k->html_partials);
    map_init(&k->untracked);
    if (!charset_is_available(m->charset))
        problems_add(k->problems, NULL, 0, "charset: this machine cannot write %s",
                     charset_mime_name(m->charset));
}

static void compile(struct making *k)
{
    struct mailing *m = k->m;

    make_envelope(k);
    links_make(k);
    fields_make(k);
    carried_collect(k);
    parts_survey(k);
    images_warn_unused(k);
    parts_compile_bodies(k);
    m->has_known_body = m->names.count == 0 && !m->tracking && m->charset == MAIL_UTF8;
    parts_compile_fields(k);
    plan_variables(k);
}

/* Also when something did not compile: what did is looked at. */
static void check(struct making *k)
{
    advertising_bodies(k);
    plan_variables(k);
    advertising_check_repairs(k);
    fields_check(k);
    refuse_unknown_unsubscribe(k);
}

static void encode(struct mailing *m, enum part_kind kind, enum body_encoding encoding)
{
    if (m->part[kind].template)
        template_encode(m->part[kind].template, encoding);
}

/* The body is the same for everybody: so is its hash. */
static void hash_body(struct mailing *m)
{
    static const struct render_input in = {.email = "", .vars = "", .message_id = ""};
    struct json_view slot[NAMES_MAX];
    char url[UNSUBSCRIBE_JSON_MAX];
    struct buf out;
    struct err e;
    struct rendering r = {.m = m, .in = &in, .out = &out, .e = &e};
    const char *body;

    buf_init(&out, MAILING_MAX_BYTES);
    vars_fill(&m->vars, json_view_of("", 0), json_view_of("", 0), slot);
    m->has_known_body = rendering_begin(&r, slot, url) && rendering_bodies(&r);
    body = out.len ? memmem(out.data, out.len, "\r\n\r\n", 4) : NULL;
    if (body)
        dkim_body_hash(str_n(body + 4, (size_t)(out.data + out.len - body) - 4), &m->known_body);
    m->has_known_body = m->has_known_body && body;
    buf_done(&out);
}

static void finish(struct making *k)
{
    struct mailing *m = k->m;

    for (enum part_kind i = 0; i < PART_PREHEADER; i++)
        encode(m, i, BODY_RAW);
    frame_make(k);
    encode(m, PART_TEXT_FOOTER, m->part[PART_TEXT].encoding);
    encode(m, PART_HTML_FOOTER, m->part[PART_HTML].encoding);
    links_make_preheader(k);
    if (m->part[PART_TEXT_FOOTER].template || m->part[PART_HTML_FOOTER].template)
        m->has_known_body = false;
    if (m->has_known_body)
        hash_body(m);
    warnings_unfilled(k);
}

struct mailing *mailing_new(const struct job_spec *spec, const struct part_files *parts,
                            const char *columns, struct problems *p)
{
    struct making k = {.m = mem_array(1, sizeof *k.m),
                       .files = parts,
                       .problems = p,
                       .is_new = spec->token == NULL};
    size_t errors = p->errors;

    begin(&k, spec, columns);
    compile(&k);
    check(&k);
    if (p->errors == errors)
        finish(&k);
    if (p->errors != errors) {
        mailing_release(k.m);
        k.m = NULL;
    }
    parts_done(&k);
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
        buf_done(&m->part[i].other_head);
    }
    vars_plan_done(&m->vars);
    names_done(&m->names);
    fields_done(m);
    fixed_done(&m->preheader_start);
    fixed_done(&m->preheader_end);
    buf_done(&m->end);
    free(m->columns);
    free(m->common);
    free(m->sender);
    free(m->id_tail);
    free(m->from_domain);
    free(m->tracking);
    job_spec_free(m->spec);
    free(m);
}

/* ---- questions */

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
