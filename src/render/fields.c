/* Header fields. Every one stands once, in a usual order, with usual names: libESMTP then passes
 * the message as it is (it adds Date, From, To and Message-Id only where they are missing). */
#include "making.h"

#include <sluice/base/must.h>
#include <sluice/mime/charset.h>

#include <stdlib.h>

#define FIXED_HEADERS_MAX 8192
#define LABEL_MAX 63

/* ---- making: what is the same in every message */

/* Text that the job's charset cannot carry: see field_fit(). Of what is the same in all messages it
 * is decided here. */
static void fit(struct making *k, struct buf *text)
{
    struct rendering r = {.m = k->m, .charset = k->m->charset};

    if (field_fit(&r, text, 0))
        return;
    problems_warn(k->problems, NULL, 0,
                  "charset: %s lacks a character of \"%s\", so everything goes out in UTF-8",
                  charset_mime_name(k->m->charset), text->data);
    k->m->charset = MAIL_UTF8;
}

static void make_mailbox(struct making *k, struct buf *out, const char *header, const char *field,
                         const char *display, const char *address)
{
    struct buf ascii, name;
    struct err e;

    buf_init(&ascii, 1024);
    buf_init(&name, HEADER_TEXT_MAX);
    buf_puts(&name, display ? display : "");
    fit(k, &name);
    if (header_address(&ascii, str_of(address), &e))
        header_mailbox(out, header, str_n(name.data, name.len), str_n(ascii.data, ascii.len),
                       k->m->charset);
    else
        problems_add(k->problems, NULL, 0, "%s: %s", field, e.text);
    buf_done(&name);
    buf_done(&ascii);
}

/* A list's name as a label of a domain: "봄 VIP_2" is no label, "vip-2" is one. */
static void put_label(struct buf *out, const char *name)
{
    size_t start = out->len;

    for (const char *p = name; *p && out->len - start < LABEL_MAX; p++) {
        bool is_letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');

        if (is_letter || (*p >= '0' && *p <= '9'))
            buf_putc(out, (char)(is_letter ? *p | 0x20 : *p));
        else if (out->len > start && out->data[out->len - 1] != '-')
            buf_putc(out, '-');
    }
    if (out->len > start && out->data[out->len - 1] == '-')
        buf_cut(out, out->len - 1);
    if (out->len == start)
        buf_puts(out, "list");
}

static void make_default_list_id(struct making *k)
{
    const struct job_spec *spec = k->m->spec;
    struct buf id;

    buf_init(&id, 1024);
    put_label(&id, spec->list ? spec->list : spec->client);
    buf_printf(&id, ".%s", k->m->from_domain);
    header_list_id(&k->m->list, str_of(""), str_n(id.data, id.len), k->m->charset);
    buf_done(&id);
}

/* "봄날 소식 <news.bomnal.example>" or the identifier alone. */
static void make_list_id(struct making *k)
{
    const char *text = k->m->spec->message.list_id;
    const char *open = strchr(text, '<'), *close = open ? strchr(open, '>') : NULL;
    struct str id = str_trim(str_of(text));
    struct buf phrase;

    buf_init(&phrase, HEADER_TEXT_MAX);
    if (close) {
        struct str before = str_trim(str_n(text, (size_t)(open - text)));

        id = str_n(open + 1, (size_t)(close - open) - 1);
        buf_put(&phrase, before.p, before.n);
        fit(k, &phrase);
    }
    if (!header_list_id(&k->m->list, str_n(phrase.data, phrase.len), id, k->m->charset))
        problems_add(k->problems, NULL, 0,
                     "list_id: an identifier is a dotted name, such as news.shop.example (got "
                     "\"%s\")",
                     text);
    buf_done(&phrase);
}

static void make_cfbl(struct making *k)
{
    const char *text = k->m->spec->message.cfbl_address;
    const char *end = strchr(text, ';');
    struct str address = str_trim(str_n(text, end ? (size_t)(end - text) : strlen(text)));
    struct buf value;
    struct err e;

    buf_init(&value, 2048);
    if (!header_address(&value, address, &e)) {
        problems_add(k->problems, NULL, 0, "cfbl_address: %s", e.text);
    } else {
        buf_puts(&value, end ? end : "; report=arf");
        if (!header_raw(&k->m->list, "CFBL-Address", str_n(value.data, value.len)))
            problems_add(k->problems, NULL, 0, "cfbl_address: not an address (got \"%s\")", text);
    }
    buf_done(&value);
}

bool fields_is_https(struct str uri)
{
    if (uri.n > HEADER_URI_MAX || !str_starts(uri, "https://") || uri.n == strlen("https://"))
        return false;
    for (size_t i = 0; i < uri.n; i++) {
        if (uri.p[i] <= ' ' || uri.p[i] > 0x7e || strchr("<>\"\\^`{|}", uri.p[i]))
            return false;
    }
    return true;
}

/* What is wrong for every recipient is said before the first. */
static void check_unsubscribe(struct making *k)
{
    const struct message_spec *message = &k->m->spec->message;
    struct str url = str_trim(str_of(message->unsubscribe_url));
    struct str mailto = str_of(message->unsubscribe_mailto);

    if (url.n && !str_starts(url, "{{") &&
        (marks_has_tag(url) ? !str_starts(url, "https://") : !fields_is_https(url)))
        problems_add(k->problems, NULL, 0,
                     "unsubscribe_url: an https URI of printable ASCII, at most %d bytes (got "
                     "\"%s\")",
                     HEADER_URI_MAX, message->unsubscribe_url);
    if (mailto.n && !marks_has_tag(mailto) && !memchr(mailto.p, '@', mailto.n))
        problems_add(k->problems, NULL, 0,
                     "unsubscribe_mailto: an address, perhaps with ?subject=... (got \"%s\")",
                     message->unsubscribe_mailto);
}

/* Where tags do nothing they would be seen by everybody. */
static void refuse_tags(struct making *k)
{
    const struct job_spec *spec = k->m->spec;
    const struct message_spec *message = &spec->message;
    const struct {
        const char *field, *text;
    } fields[] = {
        {"from", spec->from_name},
        {"from", spec->from_address},
        {"reply_to", spec->reply_to},
        {"envelope_domain", spec->envelope_domain},
        {"list_id", message->list_id},
        {"cfbl_address", message->cfbl_address},
        {"sender.name", message->sender.name},
        {"sender.email", message->sender.email},
        {"sender.telephone", message->sender.telephone},
        {"sender.address", message->sender.address},
    };

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (marks_has_tag(str_of(fields[i].text)))
            problems_add(k->problems, NULL, 0, "%s: tags do nothing here (got \"%s\")",
                         fields[i].field, fields[i].text);
    }
    for (size_t i = 0; i < k->files->count; i++) {
        const char *name = k->files->item[i].name;

        if (strchr(name, '/') && marks_has_tag(str_of(name)))
            problems_add(k->problems, making_file_name(k, name), 0,
                         "tags do nothing in a file's name, which recipients see");
    }
}

void fields_make(struct making *k)
{
    struct mailing *m = k->m;
    const struct job_spec *spec = m->spec;

    buf_init(&m->from, FIXED_HEADERS_MAX);
    buf_init(&m->reply_to, FIXED_HEADERS_MAX);
    buf_init(&m->list, FIXED_HEADERS_MAX);
    make_mailbox(k, &m->from, "From", "from", spec->from_name, spec->from_address);
    if (spec->reply_to)
        make_mailbox(k, &m->reply_to, "Reply-To", "reply_to", NULL, spec->reply_to);
    if (spec->message.list_id)
        make_list_id(k);
    else if (spec->msg_class == MSG_AD)
        make_default_list_id(k);
    if (spec->message.cfbl_address)
        make_cfbl(k);
    if (spec->message.is_auto_submitted)
        header_raw(&m->list, "Auto-Submitted", str_of("auto-generated"));
    if (k->is_new) {
        check_unsubscribe(k);
        refuse_tags(k);
    }
}

void fields_done(struct mailing *m)
{
    buf_done(&m->from);
    buf_done(&m->reply_to);
    buf_done(&m->list);
}

/* ---- writing */

/* The subject is rendered behind the headers so far, and written as a header in its place. */
static bool put_subject(struct rendering *r)
{
    size_t start = r->out->len;
    size_t n;

    if (!rendering_run(r, PART_SUBJECT, BODY_RAW, r->out))
        return false;
    n = r->out->len - start;
    if (n > HEADER_TEXT_MAX)
        return err_set(r->e, "the subject is %zu bytes long (at most %d)", n, HEADER_TEXT_MAX);
    if (r->charset != MAIL_UTF8 && !field_fit(r, r->out, start))
        return false;
    header_text_in_place(r->out, "Subject", start, r->charset);
    return true;
}

static bool put_named_to(struct rendering *r)
{
    struct buf name, address;
    bool ok;

    buf_init(&name, FIELD_MAX);
    buf_init(&address, 1024);
    ok = rendering_run(r, PART_TO, BODY_RAW, &name);
    if (ok && buf_is_full(&name))
        ok = err_set(r->e, "to.txt: the name is too long");
    ok = ok && (r->charset == MAIL_UTF8 || field_fit(r, &name, 0)) &&
         header_address(&address, str_of(r->in->email), r->e);
    if (ok)
        header_mailbox(r->out, "To", str_n(name.data, name.len), str_n(address.data, address.len),
                       r->charset);
    buf_done(&name);
    buf_done(&address);
    return ok;
}

static bool put_to(struct rendering *r)
{
    if (r->m->part[PART_TO].template)
        return put_named_to(r);
    buf_puts(r->out, "To: ");
    if (!header_address(r->out, str_of(r->in->email), r->e))
        return false;
    buf_puts(r->out, "\r\n");
    return true;
}

/* RFC 2369 and 8058: one click needs an https URI, and goes before the other. */
static bool put_unsubscribe(struct rendering *r)
{
    char mailto[FIELD_MAX + 1];
    bool has_url = r->unsubscribe_url_len > 2;
    struct str uri[2];
    size_t n = 0, k;

    mailto[0] = '\0';
    if (has_url)
        uri[n++] = str_n(r->unsubscribe_url + 1, r->unsubscribe_url_len - 2);
    if (r->m->part[PART_UNSUBSCRIBE_MAILTO].template) {
        if (!rendering_field(r, PART_UNSUBSCRIBE_MAILTO, mailto, &k))
            return false;
        uri[n++] = str_trim(str_n(mailto, k));
    }
    if (n == 0)
        return true;
    if (!header_uri_list(r->out, "List-Unsubscribe", uri, n))
        return err_set(r->e, "List-Unsubscribe: not what a URI may be: %.100s %.100s",
                       has_url ? r->unsubscribe_url : "", mailto);
    if (has_url)
        buf_puts(r->out, "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
    return true;
}

static bool put_feedback(struct rendering *r)
{
    char text[FIELD_MAX + 1];
    const char *at = strchr(r->in->message_id, '@');
    struct str value;
    size_t n;

    if (r->m->part[PART_FEEDBACK_ID].template) {
        if (!rendering_field(r, PART_FEEDBACK_ID, text, &n))
            return false;
        value = str_trim(str_n(text, n));
        if (value.n && !header_raw(r->out, "Feedback-ID", value))
            return err_set(r->e, "feedback_id: not printable ASCII: %.100s", text);
    }
    if (r->m->spec->message.cfbl_address) {
        n = at ? (size_t)(at - r->in->message_id) : strlen(r->in->message_id);
        header_raw(r->out, "CFBL-Feedback-ID", str_n(r->in->message_id, n));
    }
    return true;
}

bool fields_put(struct rendering *r)
{
    const struct mailing *m = r->m;
    char date[WALL_RFC5322];
    struct buf *out = r->out;

    wall_format_rfc5322(r->in->now, r->in->utc_offset_min, date);
    buf_puts(out, "Date: ");
    buf_puts(out, date);
    buf_puts(out, "\r\n");
    buf_put(out, m->from.data, m->from.len);
    if (!put_to(r))
        return false;
    buf_put(out, m->reply_to.data, m->reply_to.len);
    if (!put_subject(r))
        return false;
    buf_puts(out, "Message-ID: <");
    buf_puts(out, r->in->message_id);
    buf_puts(out, ">\r\n");
    buf_put(out, m->list.data, m->list.len);
    return put_unsubscribe(r) && put_feedback(r);
}
