/* submit.h: a job and its recipients file into the drop directory, as upstream systems do it: under
 * names that intake ignores, then renamed, the job last.
 *
 *     struct submission s;
 *     if (submission_read("spring.job", &s, &problems)) submission_drop(&s, drop_dir, name, &e);
 *     submission_done(&s);
 */
#ifndef SLUICE_ADMIN_SUBMIT_H
#define SLUICE_ADMIN_SUBMIT_H

#include <stdbool.h>
#include <sluice/base/buf.h>
#include <sluice/base/err.h>
#include <sluice/base/str.h>

struct submission {
    struct buf text;       /* of the job file */
    char *id;              /* NULL: the file has none, intake will say so */
    char *base;            /* the file's name without .job */
    char *recipients;      /* the name in the job file, or NULL */
    char *recipients_path; /* beside the job file, or NULL */
};
/* Reads only as much as must be known here: syntax, id, recipients. Everything else is intake's to
 * check. Call submission_done() also after false. */
bool submission_read(const char *path, struct submission *s, struct problems *p);
void submission_done(struct submission *s);

/* Drops it as NAME.job. The recipients file keeps its name unless that is taken in the drop
 * directory: then it gets -2, -3 ... and the job's text is changed to say so. False with code
 * EEXIST when NAME.job is there already: try again under another name. Nothing is left behind after
 * false. */
bool submission_drop(const struct submission *s, const char *drop_dir, const char *name,
                     struct err *e);

/* Copies a job's text with another recipients file; lines keep their numbers. False when the text
 * has no plain `recipients = "..."` at its top level. Pure. */
bool submission_rename(struct str text, const char *recipients, struct buf *out);

#endif
