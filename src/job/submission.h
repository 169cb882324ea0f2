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
    const struct settings *settings; /* of now: for the job file and the template */
    void *held;
    char *stem;
    struct problems problems;
    struct jobfile file;
    struct drop_entry list; /* the recipients file; name NULL: none */
    struct recipients *rows;
    struct part_files parts;
    struct spool_import *import;
    struct rejected rejected; /* there once the id is known */
    size_t warnings;          /* in `problems`, before those of the rows */
    uint64_t seen, good, bad;
    bool is_in_spool, is_second_try;
    /* from_list: */
    struct buf vars;
    enum go go;
};

enum fate submission_judge(struct submission *s);
/* The template's files into s->parts, and what is wrong with the message that they and the job make. */
void submission_check_message(struct submission *s);
/* Says what the checks warned of, of a job that is taken in: in the log, and as NAME.warnings in its folder. */
void submission_log_warnings(const struct submission *s);
bool submission_write_warnings(const struct submission *s, const char *dir, struct err *e);
/* All rows into s->import, which is there. */
enum go submission_import(struct submission *s);

#endif
