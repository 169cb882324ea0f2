/* An `ad` job at submission: refused, warned of or mended, when its messages lack what the law asks
 * for. What counts is what a recipient without any variables would see: the job's own variables are
 * filled in, the rows' are not. */
#include "making.h"

#include <sluice/base/must.h>
#include <sluice/html/html.h>

#include <stdlib.h>

#include "advert.h"

#define SAMPLE_MAX (16u * 1024 * 1024)
#define FOOTER_MAX (64u * 1024)

static bool is_ad(const struct making *k)
{
    return k->m->spec->msg_class == MSG_AD;
}

bool advertising_is_repaired(const struct making *k)
{
    return is_ad(k) && k->m->spec->message.ad_policy == AD_REPAIR;
}

static void say(struct making *k, const char *file, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void say(struct making *k, const char *file, const char *format, ...)
{
    struct buf text;
    va_list args;

    buf_init(&text, 4096);
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    if (k->m->spec->message.ad_policy == AD_WARN)
        problems_warn(k->problems, file, 0, "%s", text.data);
    else
        problems_add(k->problems, file, 0, "%s", text.data);
    buf_done(&text);
}

void advertising_subject(struct making *k, struct buf *text, const char *file)
{
    struct str was = str_n(text->data, text->len);
    char *old;

    if (!is_ad(k) || advert_is_marked(was))
        return;
    if (advertising_is_repaired(k)) {
        old = mem_strn(was.p, was.n);
        buf_clear(text);
        buf_puts(text, ADVERT_MARK " ");
        buf_puts(text, old);
        free(old);
    } else if (k->is_new) {
        say(k, file,
            "the subject of an advertisement begins with \"" ADVERT_MARK
            "\", exactly so%s: write \"" ADVERT_MARK " ...\"",
            str_starts(was, "{{") ? " and not in a tag, whose value could be anything" : "");
    }
}

/* ---- what a body shows */

/* A body as text for somebody without variables. */
static void show_sample(const struct mailing *m, enum part_kind kind, struct buf *text)
{
    static const char made[] = "\"https://made.example/\"";
    static const struct json_view none = {"\"\"", 2, JSON_VIEW_STRING};
    struct json_view slot[NAMES_MAX];
    struct sink sink;
    struct run run = {.slot = slot, .sink = &sink};
    struct buf body;

    buf_init(&body, SAMPLE_MAX);
    vars_fill(&m->vars, json_view_of("{}", 2), none, slot);
    if (m->unsubscribing != UNSUBSCRIBE_NOT && m->unsubscribe_slot >= 0)
        slot[m->unsubscribe_slot] = (struct json_view){made, sizeof made - 1, JSON_VIEW_STRING};
    sink_begin(&sink, &body, BODY_RAW);
    template_run(m->part[kind].template, &run);
    if (kind == PART_HTML)
        html_to_text(str_n(body.data, body.len), text);
    else
        buf_put(text, body.data, body.len);
    buf_done(&body);
}

static unsigned lacks(const struct mailing *m, enum part_kind kind)
{
    struct buf text;
    unsigned found;

    buf_init(&text, SAMPLE_MAX);
    show_sample(m, kind, &text);
    found = advert_lacks(str_n(text.data, text.len), &m->spec->message.sender, m->spec->from_name);
    buf_done(&text);
    return found;
}

static void say_lacks(struct making *k, const char *file, unsigned what)
{
    for (unsigned i = 0; i < ADVERT_ITEMS; i++) {
        enum advert_item item = (enum advert_item)(1u << i);

        if (what & item)
            say(k, file, "an advertisement shows %s; write for example: %s", advert_item_name(item),
                advert_item_hint(item));
    }
}

/* ---- repair */

/* Whoever changed the delimiters in the template does not change them here; and nothing in the
 * sender's data is a tag. */
#define OPEN "<sluice%"
#define CLOSE "%sluice>"
#define URL OPEN " unsubscribe_url " CLOSE

static const char text_footer[] =
    "\n"
    "--------------------------------------------------------------\n"
    "%s · %s\n"
    "전화 %s · 전자우편 %s\n"
    "\n"
    "수신을 원하지 않으시면 아래 주소에서 수신거부하실 수 있습니다. 로그인\n"
    "없이 무료로 처리됩니다.\n"
    "If you do not wish to receive these messages, unsubscribe at this\n"
    "address. It is free of charge and needs no login.\n"
    "  %s\n";

static const char html_footer[] =
    "\n<div style=\"padding:20px 24px;font-size:12px;line-height:1.6;color:#666666\">\n"
    "%s · %s<br>\n"
    "전화 %s · 전자우편 %s<br><br>\n"
    "수신을 원하지 않으시면 <a href=\"%s\" style=\"color:#666666\">수신거부</a>를 눌러 주십시오. "
    "로그인 없이 무료로 처리됩니다.<br>\n"
    "If you do not wish to receive these messages, please <a href=\"%s\" "
    "style=\"color:#666666\">unsubscribe</a>. It is free of charge and needs no login.\n"
    "</div>\n";

static char *escaped(const char *text)
{
    struct buf out;
    struct sink sink;

    buf_init(&out, FOOTER_MAX);
    sink_begin(&sink, &out, BODY_RAW);
    sink_value(&sink, text, strlen(text), true);
    return buf_take(&out);
}

static void put_footer(struct buf *to, const struct sender_data *s, bool is_html)
{
    char *part[4];
    const char *const from[] = {s->name, s->address, s->telephone, s->email};

    for (size_t i = 0; i < 4; i++)
        part[i] = is_html ? escaped(from[i]) : mem_str(from[i]);
    buf_puts(to, "{{=" OPEN " " CLOSE "=}}\n");
    if (is_html)
        buf_printf(to, html_footer, part[0], part[1], part[2], part[3], URL, URL);
    else
        buf_printf(to, text_footer, part[0], part[1], part[2], part[3], URL);
    for (size_t i = 0; i < 4; i++)
        free(part[i]);
}

static bool can_repair(struct making *k, const char *file)
{
    const struct sender_data *s = &k->m->spec->message.sender;
    struct buf wanted;
    bool can;

    buf_init(&wanted, 1024);
    buf_puts(&wanted, s->name ? "" : ", sender.name");
    buf_puts(&wanted, s->email ? "" : ", sender.email");
    buf_puts(&wanted, s->telephone ? "" : ", sender.telephone");
    buf_puts(&wanted, s->address ? "" : ", sender.address");
    buf_puts(&wanted, k->m->unsubscribing != UNSUBSCRIBE_NOT ? "" : ", unsubscribe_url");
    can = wanted.len == 0;
    if (!can && k->is_new)
        problems_add(k->problems, file, 0,
                     "the footer of an advertisement is missing and cannot be added without: %s",
                     wanted.data + 2);
    buf_done(&wanted);
    return can;
}

static void repair(struct making *k, enum part_kind body, const char *file)
{
    bool is_html = body == PART_HTML;
    struct buf text;

    if (!can_repair(k, file))
        return;
    buf_init(&text, FOOTER_MAX);
    put_footer(&text, &k->m->spec->message.sender, is_html);
    part_compile_text(k, is_html ? PART_HTML_FOOTER : PART_TEXT_FOOTER, "footer", text.data);
    buf_done(&text);
}

/* ---- the check */

void advertising_bodies(struct making *k)
{
    const struct mailing *m = k->m;

    if (!is_ad(k) || !(k->is_new || advertising_is_repaired(k)))
        return;
    for (enum part_kind i = PART_TEXT; i < PARTS; i++) {
        bool is_derived = i == PART_TEXT && making_has_derived_text(k);
        const char *file = making_file_name(k, m->part[i].shown ? m->part[i].shown : "");
        unsigned what = m->part[i].template ? lacks(m, i) : 0;

        if (what && advertising_is_repaired(k))
            repair(k, i, file);
        else if (what && !is_derived) /* else the HTML has been told of already */
            say_lacks(k, file, what);
    }
    if (k->is_new && m->unsubscribing == UNSUBSCRIBE_NOT)
        problems_warn(
            k->problems, NULL, 0,
            "an advertisement without unsubscribe_url has no one-click unsubscribe, which "
            "Gmail and Yahoo ask of bulk senders");
}
