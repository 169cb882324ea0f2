/* jobfile.h: NAME.job: libconfig syntax, one checked struct job_spec, or all that is wrong with it.
 * docs/job-files.md is the reference for upstream developers.
 *
 *     struct job_spec *s = jobfile_load("drop/spring.job", &caps, now, &problems);
 */
#ifndef SLUICE_JOB_JOBFILE_H
#define SLUICE_JOB_JOBFILE_H

#include <sluice/base/err.h>
#include <sluice/base/when.h>
#include <sluice/conf/settings.h>
#include <sluice/model/job.h>

/* NULL when there are errors. Checks what can be told from the file alone (fields, names without
 * '/' and '..', addresses, times that contradict one another) and reads the template's manifest:
 * `message` is whole, from job, manifest and settings. */
struct job_spec *jobfile_load(const char *path, const struct settings *s, struct now now,
                              struct problems *p);
/* Reads what docs/templates.md names into *out, out of a folder or a saved message, but for the
 * manifest; at least one body. What is not used is warned of. */
bool template_load(const struct settings *s, const char *name, struct part_files *out,
                   const char *job_path, struct problems *p);

#endif
