/* submission.h: what is known of a job while it is being taken in. */
#ifndef SLUICE_JOB_SUBMISSION_H
#define SLUICE_JOB_SUBMISSION_H

#include <sluice/job/recipients.h>

#include "intake_private.h"
#include "jobfile_private.h"

enum go { GO_ON, GO_REFUSE, GO_LATER };

struct submission {
    struct lane *lane;
    const struct drop_entry *job;
    char *stem;
    struct problems problems;
    struct jobfile file;
    struct drop_entry list; /* the recipients file; name NULL: none */
    struct recipients *rows;
    struct part_files parts;
    struct spool_import *import;
    struct rejected rejected; /* there once the id is known */
    uint64_t seen, good, bad;
    bool is_in_spool, is_second_try;
    /* from_list: */
    struct buf vars;
    enum go go;
};

enum fate submission_judge(struct submission *s);
/* All rows into s->import, which is there. */
enum go submission_import(struct submission *s);

#endif
