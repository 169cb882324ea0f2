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
    struct conf_tree *tree;
};
/* Where a field stands, for messages; 0: nowhere. */
unsigned jobfile_line(const struct jobfile *f, const char *field);
/* False when it is not even libconfig syntax (spec is NULL then). Problems either way. */
bool jobfile_read(const char *path, const struct settings *s, struct now now, struct jobfile *out,
                  struct problems *p);
void jobfile_done(struct jobfile *f);
/* What a file that cannot be parsed seems to name as its recipients, so that it can be put aside with it;
 * NULL: nothing. To be freed. */
char *jobfile_guess_recipients(const char *path, size_t max_bytes);

/* What the job's messages are made with: the client's settings, over them the template's manifest, over that the
 * job file. The client, the class and the template are in the spec. */
void jobfile_message(const struct conf_node *root, const struct settings *s, struct job_spec *spec,
                     struct problems *p);
/* A manifest over what *m holds; problems name the file as `shown`. */
void manifest_read(const char *path, const char *shown, size_t max_bytes, struct message_spec *m,
                   struct problems *p);

/* 1-64 of [A-Za-z0-9_-]. */
bool job_id_is_valid(struct str s);

#define MANIFEST_NAME "template.conf"
/* No symbolic link leads out of the folder. False when there is no such file, too. */
bool template_holds(const char *folder, const char *path);
/* template_load() with the line of the job file that names the template. */
bool template_read(const struct settings *s, const char *name, struct part_files *out,
                   const char *job_path, unsigned job_line, struct problems *p);

/* A group, which stands at `path`, as a JSON object; names given twice are problems. */
void variables_format(const struct conf_node *group, const char *path, struct buf *out,
                      struct problems *p);

#endif
