/* What is wrong with one rendered message. Each check is silent unless it is sure: an alarm that is
 * none teaches people to look away. */
#include "finding.h"

#include "checks.h"
#include "headers.h"
#include "page.h"

#define GMAIL_CLIPS_BYTES (100u * 1024) /* "102 KB" as Gmail's users see it: 102,400 bytes */
#define HTML_NEAR_BYTES (90u * 1024)
#define MESSAGE_LARGE_BYTES (2u * 1024 * 1024)
#define IMAGE_ONLY_CHARACTERS 60
#define HIDDEN_CHARACTERS 200

static void check_sizes(const struct lint_message *m, struct lint *l)
{
    char a[NUMBER_TEXT], b[NUMBER_TEXT];

    if (m->html.n > GMAIL_CLIPS_BYTES)
        lint_add(l, LINT_WARNING, "html-size",
                 "the HTML has %s bytes: Gmail cuts a mail off behind %s (102 KB), and with it the "
                 "opt-out and what counts opens; move styles together, drop comments and unused "
                 "markup, or shorten it",
                 str_number(m->html.n, a), str_number(GMAIL_CLIPS_BYTES, b));
    else if (m->html.n > HTML_NEAR_BYTES)
        lint_add(l, LINT_NOTE, "html-size",
                 "the HTML has %s bytes; Gmail cuts a mail off behind %s, and long values or link "
                 "tracking may take it there",
                 str_number(m->html.n, a), str_number(GMAIL_CLIPS_BYTES, b));
    if (m->message.n > MESSAGE_LARGE_BYTES)
        lint_add(
            l, LINT_WARNING, "message-size",
            "the message has %s bytes, images and attachments included: it is sent to every "
            "recipient in full and counts against full mailboxes; stay below %s, link to large "
            "files instead",
            str_number(m->message.n, a), str_number(MESSAGE_LARGE_BYTES, b));
}

static void check_parts(const struct lint_message *m, struct lint *l)
{
    if (m->html.n && m->text.n == 0)
        lint_add(l, LINT_WARNING, "one-part",
                 "the message has HTML and no plain text: filters count that against it, and some "
                 "people read text; add text.txt, or set text_from_html");
}

/* ---- the HTML */

static void check_images(const struct page *p, struct lint *l)
{
    char src[SHOWN_SIZE];

    if (spot_has(&p->no_alt))
        lint_add(
            l, LINT_WARNING, "alt-text",
            "%u of %u images %s no alt text, the first in line %u (%s): many readers block "
            "images and see nothing there; say in alt=\"...\" what it shows, alt=\"\" for mere "
            "decoration",
            p->no_alt.count, p->images.count, p->no_alt.count == 1 ? "has" : "have", p->no_alt.line,
            lint_show(src, p->no_alt.example));
    if (p->images.count && p->text.visible < IMAGE_ONLY_CHARACTERS)
        lint_add(
            l, LINT_WARNING, "image-only",
            "the HTML is %s and %zu characters of text: filters take mails of images alone for "
            "spam, and who blocks images sees an empty mail; write the offer as text",
            p->images.count == 1 ? "an image" : "images", p->text.visible);
}

static void stripped(struct lint *l, enum lint_level level, const struct spot *s, const char *what,
                     const char *instead)
{
    char example[SHOWN_SIZE];

    if (spot_has(s))
        lint_add(l, level, "stripped-tags", "%s (%u, the first in line %u: %s): %s", what, s->count,
                 s->line, lint_show(example, s->example), instead);
}

static void check_tags(const struct page *p, struct lint *l)
{
    stripped(l, LINT_ERROR, &p->script, "scripts",
             "every receiver strips them, many refuse such a mail; take them out");
    stripped(
        l, LINT_ERROR, &p->embedded, "embedded content",
        "Daum, Gmail and Naver strip embed, object and iframe; use an image that links to a page");
    stripped(l, LINT_WARNING, &p->handler, "script attributes",
             "every receiver strips them; use an ordinary link");
    stripped(l, LINT_WARNING, &p->form, "forms",
             "most receivers strip them or warn of them; link to a page with the form");
    stripped(l, LINT_WARNING, &p->style_in_body, "style elements in the body",
             "Daum and Gmail strip them; write the styles into style attributes");
    if (p->classes && p->styles == 0)
        lint_add(
            l, LINT_WARNING, "css",
            "%zu elements have a class and none has a style attribute: Daum strips style sheets, "
            "there the mail has no design at all; write the styles into style attributes",
            p->classes);
}

static void check_texts(const struct page *p, struct lint *l)
{
    char example[SHOWN_SIZE];

    if (p->text.hidden > HIDDEN_CHARACTERS && p->text.hidden > p->text.visible)
        lint_add(l, LINT_WARNING, "hidden-text",
                 "%zu characters of text are hidden, more than the %zu that are seen: filters take "
                 "that for deceit; drop what nobody shall read",
                 p->text.hidden, p->text.visible);
    if (spot_has(&p->invisible))
        lint_add(
            l, LINT_WARNING, "hidden-text",
            "text that nobody can read, in the color of its background or at most a pixel high "
            "(line %u: %s): filters take that for deceit; make it readable or drop it",
            p->invisible.line, lint_show(example, p->invisible.example));
    if (!p->has_preheader && p->text.visible)
        lint_add(l, LINT_NOTE, "preheader",
                 "there is no preheader: behind the subject, inboxes show the first text instead "
                 "(\"%s\"); write preheader.txt",
                 lint_show(example, p->text.first));
}

/* ---- subscriptions */

static void check_unsubscribe(const struct lint_message *m, struct lint *l, struct buf *value)
{
    if (!m->is_ad)
        return;
    if (!header_find(m->message, "List-Unsubscribe", value)) {
        lint_add(
            l, LINT_ERROR, "unsubscribe",
            "an advertisement without List-Unsubscribe: Gmail and Yahoo ask for it, and who finds "
            "no other way out reports spam; set unsubscribe_url, or tracking_url");
        return;
    }
    if (!memmem(value->data, value->len, "<https://", 9)) {
        lint_add(
            l, LINT_WARNING, "unsubscribe",
            "List-Unsubscribe has no https address: unsubscribing with one click (RFC 8058) needs "
            "one; set unsubscribe_url");
        return;
    }
    if (!header_find(m->message, "List-Unsubscribe-Post", value) ||
        !str_eq_nocase(str_n(value->data, value->len), str_of("List-Unsubscribe=One-Click")))
        lint_add(l, LINT_WARNING, "unsubscribe",
                 "no List-Unsubscribe-Post: List-Unsubscribe=One-Click: Gmail and Yahoo ask "
                 "advertisers for unsubscribing with one click (RFC 8058)");
}

void lint_check_message(const struct lint_message *m, struct lint *l)
{
    struct page page = {.line = 0};
    struct buf scratch;

    buf_init(&scratch, m->message.n + 1);
    check_sizes(m, l);
    check_parts(m, l);
    check_subject(m, l);
    check_unsubscribe(m, l, &scratch);
    check_links(m, &page, l);
    if (m->html.n) {
        check_images(&page, l);
        check_tags(&page, l);
        check_texts(&page, l);
    }
    check_placeholders(m, l);
    buf_done(&scratch);
}
