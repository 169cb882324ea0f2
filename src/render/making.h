/* making.h: what the files that make a mailing share while they make it.
 *
 *     struct making k = {.m = m, .files = files, .problems = p};
 *     parts_survey(&k);
 *     parts_compile_bodies(&k);
 */
#ifndef SLUICE_RENDER_MAKING_H
#define SLUICE_RENDER_MAKING_H

#include "mailing_private.h"

/* A file below images/ or attachments/. */
struct carried {
    const struct part_file *file;
    const char *name; /* without the folder; points into the file's */
    bool is_used;     /* an image that the HTML shows */
    char *content_id; /* of such; owned */
};

struct making {
    struct mailing *m;
    const struct part_files *files;
    struct problems *problems;
    bool is_new;           /* the job is not taken in yet: now is the time to refuse it */
    struct map file_names; /* part file name -> name for problems; owned */
    struct map derived;    /* HTML file name -> its plain text; owned */
    struct carried *image, *attachment;
    size_t images, attachments;
    /* of the HTML, found by parts_survey */
    struct map html_partials;    /* names of the files that it uses -> 1 */
    bool has_body, has_body_end; /* the main file; else those of partials count */
    bool has_body_in_partial, has_body_end_in_partial;
    struct map untracked; /* URLs of links with data-track="off" -> 1 */
};

/* parts.c. A file's name for problems, "spring-sale/html.html", alive as long as *k. */
const char *making_file_name(struct making *k, const char *name);
bool making_has_derived_text(const struct making *k);
/* What must be known before anything is compiled: which files the HTML uses, which images. */
void parts_survey(struct making *k);
void parts_compile_bodies(struct making *k);
void parts_compile_fields(struct making *k);
/* One template of a text that is no file of the folder. */
void part_compile_text(struct making *k, enum part_kind kind, const char *shown, const char *text);
void parts_done(struct making *k);

/* marks.c: the callback of struct template_source for a body, and for a field that is a URL. */
struct mark *marks_of_html(struct making *k, struct str text, bool is_main, size_t *count);
struct mark *marks_of_text(struct making *k, struct str text, bool is_main, size_t *count);
struct mark *marks_of_preheader(struct str text, size_t *count);
struct mark *marks_of_url(struct str text, size_t *count);
/* Whether there is an opening Mustache delimiter in it, as far as can be told. */
bool marks_has_tag(struct str value);

/* warnings.c: names that nothing fills. */
void warnings_unfilled(struct making *k);
/* Whether the template writes the variable anywhere but in a section that asks for it, and without a
 * fallback. */
bool warnings_writes(const struct template *t, int slot);

/* unprotected.c: of one HTML file. */
void unprotected_warn(struct making *k, const struct part_file *html);

/* images.c */
void carried_collect(struct making *k);
void carried_done(struct making *k);
/* The name of the image that a URL means; false: it means none. */
bool image_name(struct str url, struct str *name);
struct carried *image_find(const struct making *k, struct str name);
/* Notes the images that one HTML file shows; what is not there is a problem. */
void images_note(struct making *k, const struct part_file *html);
void images_warn_unused(struct making *k);

/* frame.c */
void frame_make(struct making *k);
/* fields.c */
void fields_make(struct making *k);
/* When the variables are planned. */
void fields_check(struct making *k);
void fields_done(struct mailing *m);
/* links.c */
void links_make(struct making *k);
/* When all names are known. */
void links_make_unsubscribing(struct making *k);
void links_make_preheader(struct making *k);

/* advertising.c: what an advertisement must have. The subject's text may be mended in place. */
bool advertising_is_repaired(const struct making *k);
void advertising_subject(struct making *k, struct buf *text, const char *file);
/* When the variables are planned; may compile footers, which may name another variable. */
void advertising_bodies(struct making *k);
/* When those are planned too: whether the footers are seen. */
void advertising_check_repairs(struct making *k);

#endif
