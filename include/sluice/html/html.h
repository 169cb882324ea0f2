/* html.h: just enough HTML to find in a template what a mailer must find, while Mustache tags may
 * stand anywhere in it. (P)
 *
 * A tokenizer after WHATWG's (never fails, whatever the input), for which a Mustache tag is one
 * opaque character: its '>' ends no HTML tag, its quotes end no attribute. Delimiter changes are
 * followed.
 *
 *     struct html_scan s;
 *     struct html_token t;
 *     html_begin(&s, text);
 *     while (html_next(&s, &t))
 *         if (t.kind == HTML_OPEN && html_is(&t, "a") && (a = html_attr(&t, "href"))) ...
 */
#ifndef SLUICE_HTML_HTML_H
#define SLUICE_HTML_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <sluice/base/buf.h>
#include <sluice/base/str.h>

enum html_kind {
    HTML_TEXT,
    HTML_OPEN,    /* <a ...>, <br/> */
    HTML_CLOSE,   /* </a> */
    HTML_COMMENT, /* comments, <!DOCTYPE>, <?...>, a tag that never ends: conditional comments of
                     Outlook are comments */
    HTML_RAW, /* what stands inside script, style, title, textarea, iframe, noembed, noframes, xmp */
    HTML_MUSTACHE /* a tag of Mustache outside of HTML tags */
};
#define HTML_ATTRS_MAX 64
struct html_attr {
    struct str name, value; /* as written; the value without its quotes; no value: value.p NULL */
};
struct html_token {
    enum html_kind kind;
    struct str name;                       /* OPEN, CLOSE, RAW (of the element): as written */
    struct str all;                        /* the whole token */
    struct html_attr attr[HTML_ATTRS_MAX]; /* more are passed over */
    size_t attrs;
};
struct html_scan {
    struct str text;
    size_t pos;
    struct str open, close; /* Mustache's delimiters now */
    struct str raw;         /* the element whose inside comes next, or empty */
};
void html_begin(struct html_scan *s, struct str text);
bool html_next(struct html_scan *s, struct html_token *t);  /* false: the end */
bool html_is(const struct html_token *t, const char *name); /* compared without case */
const struct html_attr *html_attr(const struct html_token *t, const char *name); /* NULL: none */

/* The value of a property in an inline style, without "!important"; the last one counts. False: it
 * is not there. */
bool html_style(struct str style, const char *property, struct str *value);
/* Hidden by its own attributes, with all that stands within: display:none, visibility:hidden,
 * opacity:0, no height, placed or indented far off to the left, `hidden`. What a style sheet hides by
 * its classes is not known. */
bool html_is_hidden(const struct html_token *t);

/* Character references ("&amp;", "&#x20;", "&copy;" and the other common names) -> UTF-8; what is
 * none stays. */
void html_unescape(struct str text, struct buf *out);

/* The plain text of an HTML template, which is a template again: its tags stay, those alone on
 * their line stay alone on a line. Blocks become lines, list items "- " or "1. " (where no tag stands
 * between them), links "text (URL)", images their alternative text, cells of a row two blanks apart;
 * what is hidden (head, script, style, display:none; see html_is_hidden) goes, and text of at most
 * 2px or of its background's color, unless something within makes it readable. Lines end in LF and are not wrapped; no two empty lines in a row. */
void html_to_text(struct str html, struct buf *out);

/* ---- places in a template ---- */

enum html_place_kind {
    HTML_LINK,     /* the value of <a href> or <area href> */
    HTML_URL,      /* the value of another attribute that holds a URL: img src, background ... */
    HTML_BODY,     /* from == to: right behind <body ...> */
    HTML_BODY_END, /* from == to: right before the last </body> */
    HTML_CHARSET /* the charset's name within <meta charset=...> or <meta http-equiv ... content> */
};
struct html_place {
    enum html_place_kind kind;
    size_t from, to;
    bool is_untracked; /* LINK: the element has data-track="off" */
};
/* All of them, sorted; allocated (free), NULL when there are none. Quoted and unquoted values
 * alike. */
struct html_place *html_places(struct str text, size_t *count);
/* URLs in a plain text (Mustache tags may be in them): words that begin with http:// or https://,
 * and words that begin with a value tag; trailing ".,;:!?)]}>'\"" and Korean particles that follow
 * without a blank do not belong to it. All of kind HTML_LINK. */
struct html_place *html_text_links(struct str text, size_t *count);

#endif
