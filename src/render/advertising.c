/* An `ad` job at submission: refused, warned of or mended, when its messages lack what the law asks
 * for, as two recipients would see them: advertising_sample.h. */
#include "making.h"

#include <sluice/base/must.h>

#include <stdlib.h>

#include "advert.h"
#include "advertising_sample.h"

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
        if (k->is_new)
            problems_warn(k->problems, file, 0,
                          "the subject did not begin with \"" ADVERT_MARK
                          "\", exactly so: it is put before it");
    } else if (k->is_new) {
        say(k, file,
            "the subject of an advertisement begins with \"" ADVERT_MARK
            "\", exactly so%s: write \"" ADVERT_MARK " ...\"",
            str_starts(was, "{{") ? " and not in a tag, whose value could be anything" : "");
    }
}

/* ---- what a body lacks */

struct lack {
    unsigned bare, full; /* for whom: see advertising_sample.h */
};

static struct lack lacks(const struct mailing *m, enum part_kind kind)
{
    return (struct lack){.bare = sample_lacks(m, kind, SAMPLE_BARE, NULL),
                         .full = sample_lacks(m, kind, SAMPLE_FULL, NULL)};
}

/* A variable of the rows that alone makes the items be lacking. */
struct culprit {
    int slot; /* -1: none */
    unsigned items;
};

static struct culprit find_culprit(const struct mailing *m, enum part_kind kind, struct lack what)
{
    unsigned asked = what.full & ~what.bare;
    struct culprit c = {.slot = asked ? sample_culprit(m, kind, asked) : -1};

    if (c.slot >= 0)
        c.items = sample_lacks(m, kind, c.slot, NULL);
    return c;
}

/* Whose message lacks it: "" when everybody's does. */
static void say_when(const struct mailing *m, struct lack what, struct culprit c,
                     enum advert_item item, struct buf *out)
{
    if (what.bare & what.full & item)
        return;
    if (what.bare & item)
        buf_puts(out, " (it is missing when the recipient's variables are empty)");
    else if (c.items & item)
        buf_printf(out, " (it is missing when the recipient has '%.*s')",
                   (int)m->names.name[c.slot].n, m->names.name[c.slot].p);
    else
        buf_puts(out, " (it is missing when the recipient has all variables)");
}

static void say_lacks(struct making *k, enum part_kind kind, const char *file, struct lack what)
{
    struct culprit culprit = find_culprit(k->m, kind, what);
    struct buf when;

    buf_init(&when, 4096);
    for (unsigned i = 0; i < ADVERT_ITEMS; i++) {
        enum advert_item item = (enum advert_item)(1u << i);

        if (!((what.bare | what.full) & item))
            continue;
        buf_clear(&when);
        say_when(k->m, what, culprit, item, &when);
        say(k, file, "an advertisement shows %s; write for example: %s%s", advert_item_name(item),
            advert_item_hint(item), when.data);
    }
    buf_done(&when);
}

static void list_items(unsigned items, struct buf *out)
{
    for (unsigned i = 0; i < ADVERT_ITEMS; i++) {
        if (!(items & 1u << i))
            continue;
        buf_puts(out, out->len ? ", " : "");
        buf_puts(out, advert_item_name((enum advert_item)(1u << i)));
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

static void repair(struct making *k, enum part_kind body, const char *file, unsigned what)
{
    bool is_html = body == PART_HTML;
    struct buf text, items;

    if (!can_repair(k, file))
        return;
    buf_init(&text, FOOTER_MAX);
    put_footer(&text, &k->m->spec->message.sender, is_html);
    part_compile_text(k, is_html ? PART_HTML_FOOTER : PART_TEXT_FOOTER, "footer", text.data);
    buf_done(&text);
    if (!k->is_new)
        return;
    buf_init(&items, 1024);
    list_items(what, &items);
    problems_warn(k->problems, file, 0, "a footer is added, for there was missing: %s", items.data);
    buf_done(&items);
}

/* A footer helps nobody who does not see it. */
static void check_repair(struct making *k, enum part_kind body)
{
    const struct mailing *m = k->m;
    const char *file = making_file_name(k, m->part[body].shown);
    struct buf where, items;
    unsigned left;

    buf_init(&where, 1024);
    left = sample_lacks(m, body, SAMPLE_BARE, &where);
    if (!left)
        left = sample_lacks(m, body, SAMPLE_FULL, &where);
    if (left) {
        buf_init(&items, 1024);
        list_items(left, &items);
        problems_add(k->problems, file, 0,
                     "the footer that was added comes to stand %s; so the recipient does not see: "
                     "%s. Close what is open before the end of the file, or write the footer there "
                     "yourself",
                     where.data, items.data);
        buf_done(&items);
    }
    buf_done(&where);
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
        struct lack what = {0, 0};

        if (m->part[i].template)
            what = lacks(m, i);
        if ((what.bare | what.full) && advertising_is_repaired(k))
            repair(k, i, file, what.bare | what.full);
        else if (!is_derived) /* else the HTML has been told of already */
            say_lacks(k, i, file, what);
    }
    if (k->is_new && m->unsubscribing == UNSUBSCRIBE_NOT)
        problems_warn(
            k->problems, NULL, 0,
            "an advertisement without unsubscribe_url has no one-click unsubscribe, which "
            "Gmail and Yahoo ask of bulk senders");
}

void advertising_check_repairs(struct making *k)
{
    if (!k->is_new)
        return;
    if (k->m->part[PART_TEXT_FOOTER].template)
        check_repair(k, PART_TEXT);
    if (k->m->part[PART_HTML_FOOTER].template)
        check_repair(k, PART_HTML);
}
