/* eml_private.h: what the files of this room share. (P) */
#ifndef SLUICE_SRC_EML_EML_PRIVATE_H
#define SLUICE_SRC_EML_EML_PRIVATE_H

#include <stdbool.h>
#include <sluice/eml/eml.h>
#include <sluice/base/buf.h>

#include <gmime/gmime.h>

#define HEADER_VALUE_MAX (64u * 1024)
#define EML_BODY_MAX (4u * 1024 * 1024) /* of one text; GMail cuts a message at 102 KB */

/* A part that becomes a file. */
struct found {
    char *cid;          /* its Content-ID without brackets; NULL: none */
    char *name;         /* of the file, not safe yet; NULL: none */
    const char *ending; /* what its type says, ".png"; "" when unknown */
    struct buf bytes;
    char *image; /* "images/x.png", once the HTML was seen to show it; NULL: an attachment */
};
struct reading {
    const char *file;
    struct problems *problems;
    struct str bytes;    /* the message as GMime sees it */
    unsigned first_line; /* lines of the file before it */
    bool is_fine;
    unsigned parts;
    bool has_text, has_html;
    struct buf text, html;
    struct found *found;
    size_t founds;
};

void eml_fail(struct reading *r, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Whether it can be given to GMime. False: eml_fail was called. */
bool eml_is_countable(struct reading *r);
/* The line in the file of an object's first header; 0: unknown. */
unsigned eml_line_of(const struct reading *r, GMimeObject *object);
/* A header's raw value, at most HEADER_VALUE_MAX bytes of it; empty: no such header. */
struct str eml_header(GMimeObject *object, const char *name);
/* Walks the tree: bodies into r->text and r->html, everything else into r->found. */
void eml_take_parts(struct reading *r, GMimeObject *root);
/* Appends a body as a template's file wants it: UTF-8, LF line ends, without a byte order mark. False:
 * eml_fail was called. */
bool eml_body(struct reading *r, GMimeObject *part, struct str bytes, struct buf *out);
/* Makes the HTML one of a template's folder: cid: becomes images/NAME (r->found[].image says which
 * they are), a charset in <meta> becomes utf-8, and what an editor made of tags is undone. */
void eml_fix_html(struct reading *r);
/* "images/" or "attachments/", and a name that no file in `out` has, safe on every system and inside
 * HTML. */
char *eml_file_name(const char *folder, const struct found *f, const struct part_files *out,
                    const struct found *others, size_t n);
/* Warns of header fields that are not used and that a sender may miss. */
void eml_warn_of_headers(struct reading *r, GMimeObject *message);

#endif
