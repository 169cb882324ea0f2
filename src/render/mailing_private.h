/* mailing_private.h: what a mailing consists of; shared by the files of this room.
 *
 *     mailing.c  life and questions        parts.c   from files to templates
 *     marks.c    links, images, hooks      frame.c   the MIME tree
 *     fields.c   header fields             advert.c  what the law wants in an advertisement
 *     render.c   one recipient's message   links.c   tokens, pixel, preheader
 *     advertising.c, advertising_sample.c  advertisements at submission   warnings.c, fields_check.c, unprotected.c
 */
#ifndef SLUICE_RENDER_MAILING_PRIVATE_H
#define SLUICE_RENDER_MAILING_PRIVATE_H

#include <stdatomic.h>
#include <sluice/mime/header.h>
#include <sluice/render/mailing.h>
#include <sluice/template/template.h>
#include <sluice/template/vars.h>

#define FIELD_MAX HEADER_TEXT_MAX /* bytes of a rendered field */
#define EMAIL_JSON_MAX 648        /* an address of 320 bytes, all escaped */

enum part_kind {
    /* fields */
    PART_SUBJECT,
    PART_TO, /* the display name */
    PART_UNSUBSCRIBE_URL,
    PART_UNSUBSCRIBE_MAILTO,
    PART_FEEDBACK_ID,
    /* written into bodies by hooks */
    PART_PREHEADER,
    PART_TEXT_FOOTER,
    PART_HTML_FOOTER,
    /* bodies */
    PART_TEXT,
    PART_HTML,
    PARTS
};
static inline bool part_is_body(enum part_kind k)
{
    return k == PART_TEXT || k == PART_HTML;
}

struct part {
    struct template *template; /* NULL: the mailing has no such part */
    const char *shown;         /* in messages about one recipient */
    /* of a body: */
    enum body_encoding encoding;
    struct buf head; /* before it: boundary line and headers, or the end of the message's headers */
    /* The same in the job's own charset, up to the name of the transfer encoding. */
    struct buf other_head;
    uint32_t first_link; /* the number of its link 0 in tokens */
};

/* What templates call back for, at places that marks.c chose. */
enum hook { HOOK_PREHEADER, HOOK_FOOTER, HOOK_PIXEL, HOOK_CHARSET };

enum unsubscribing {
    UNSUBSCRIBE_NOT,      /* no URL */
    UNSUBSCRIBE_TEMPLATE, /* PART_UNSUBSCRIBE_URL */
    UNSUBSCRIBE_TOKEN     /* the tracking URL with a token */
};

struct mailing {
    atomic_uint refs;
    struct job_spec *spec;
    struct names names;
    struct vars_plan vars;
    char *columns;
    char *common; /* the job's variables, and ours where it has none of the name */
    struct part part[PARTS];
    enum mail_charset charset;
    struct buf from, reply_to, list; /* whole header lines; the last two may be empty */
    struct buf end;                  /* behind the last body */
    char *sender;                    /* of the envelope */
    char *id_tail;                   /* of message ids, behind the rid */
    char *from_domain;               /* A-label */
    uint64_t job;                    /* as tokens name it */
    char *tracking;                  /* tracking_url without a '/' at its end; may be NULL */
    enum unsubscribing unsubscribing;
    int unsubscribe_slot; /* -1: no template names it, or the rows bring it */
    struct fixed preheader_start, preheader_end;
    bool has_known_body; /* the same for everybody: */
    struct dkim_body known_body;
};

/* ---- render.c ---- */

/* One message being made. */
struct rendering {
    const struct mailing *m;
    const struct render_input *in;
    struct buf *out;
    struct err *e;
    struct json_view *slot;
    char *unsubscribe_url; /* as a JSON string; "": there is none */
    size_t unsubscribe_url_len;
    const struct token_ring *tokens;
    enum mail_charset charset;
    enum part_kind kind; /* the body that is being written */
    struct sink sink;
    struct run run;
    bool is_lacking; /* failed only because the charset has not all characters */
    /* of mailing_destination */
    struct buf *destination;
    uint32_t link, turn;
    bool is_found;
};

/* Everything but the result: variables, the unsubscribe URL. `slot` holds NAMES_MAX, `url`
 * UNSUBSCRIBE_JSON_MAX bytes. */
#define UNSUBSCRIBE_JSON_MAX (HEADER_URI_MAX + 3)
bool rendering_begin(struct rendering *r, struct json_view *slot, char *url);
/* One template in the encoding to *to; false: *r->e says why. */
bool rendering_run(struct rendering *r, enum part_kind kind, enum body_encoding encoding,
                   struct buf *to);
/* A field as raw bytes into `to` of FIELD_MAX + 1 bytes. */
bool rendering_field(struct rendering *r, enum part_kind kind, char *to, size_t *n);
/* All bodies and what stands between them, in r->charset. */
bool rendering_bodies(struct rendering *r);
/* ---- others that write messages ---- */

/* fields.c: the header up to MIME-Version. */
bool fields_put(struct rendering *r);
/* An https URI as a header can carry it (RFC 3986, section 2; RFC 8058). */
bool fields_is_https(struct str uri);
/* charset.c: a body in a charset other than UTF-8. */
bool body_put_converted(struct rendering *r, enum part_kind kind);
/* A field's text, from `start` to the end of *text: characters that r->charset lacks become '?', or
 * the whole message becomes UTF-8 (false, and the text stays). */
bool field_fit(struct rendering *r, struct buf *text, size_t start);
/* links.c: sets r->run's callbacks for a body. `turn` has room for RENDER_LINKS; *more is freed. */
void links_begin(struct rendering *r, enum part_kind kind, uint32_t *turn, uint32_t **more);
#define RENDER_LINKS 128
/* The token URL of this recipient; false: no keys. */
bool links_unsubscribe(const struct rendering *r, char url[HEADER_URI_MAX + 1]);
/* sign.c: puts DKIM-Signature fields before what begins at `start`. */
bool sign_message(struct rendering *r, size_t start);

#endif
