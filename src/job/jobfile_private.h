/* jobfile_private.h: a job file for the intake, which wants all problems, also those that only show when
 * the file's parts are put together. */
#ifndef SLUICE_JOB_JOBFILE_PRIVATE_H
#define SLUICE_JOB_JOBFILE_PRIVATE_H

#include <sluice/conf/tree.h>
#include <sluice/job/jobfile.h>

#define MAX_BAD_ROWS_DEFAULT 1000

/* Filled as far as the file is right. */
struct jobfile {
    struct job_spec *spec; /* never NULL after jobfile_read() returned true */
    /* Where they stand, for messages; 0: nowhere. */
    unsigned id_line, template_line, recipients_line, from_list_line;
};
/* False when it is not even libconfig syntax (spec is NULL then). Problems either way. */
bool jobfile_read(const char *path, const struct settings *s, struct now now, struct jobfile *out,
                  struct problems *p);
void jobfile_done(struct jobfile *f);
/* What a file that cannot be parsed seems to name as its recipients, so that it can be put aside with it;
 * NULL: nothing. To be freed. */
char *jobfile_guess_recipients(const char *path, size_t max_bytes);

/* 1-64 of [A-Za-z0-9_-]. */
bool job_id_is_valid(struct str s);

/* template_load() with the line of the job file that names the template. */
bool template_read(const struct settings *s, const char *name, struct part_files *out,
                   const char *job_path, unsigned job_line, struct problems *p);

/* A group, which stands at `path`, as a JSON object; names given twice are problems. */
void variables_format(const struct conf_node *group, const char *path, struct buf *out,
                      struct problems *p);

#endif
