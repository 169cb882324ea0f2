/* job.h: a checked job, as a value. The file format is documented in docs/job-files.md; the job
 * room reads it, the spool keeps a snapshot of it, everybody else only looks.
 *
 *     struct job_spec *s = ...;
 *     printf("%s for %s\n", s->id, s->client);
 *     job_spec_free(s);
 */
#ifndef SLUICE_MODEL_JOB_H
#define SLUICE_MODEL_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sluice/base/buf.h>
#include <sluice/base/err.h>
#include <sluice/base/str.h>
#include <sluice/base/when.h>
#include <sluice/base/rate.h>
#include <sluice/model/kinds.h>
#include <sluice/model/window.h>

/* Who sends, as the Network Act wants it shown in an advertisement. All optional. */
struct sender_data {
    char *name, *email, *telephone, *address;
};
/* Header fields beside the usual ones, and what else the message is made with. From the job file, else
 * the template's manifest, else the client's settings. Optional unless said otherwise. */
struct message_spec {
    enum missing_policy missing;
    enum mail_charset charset;
    enum charset_fallback charset_fallback;
    bool text_from_html; /* when there is no text.txt */
    enum ad_policy ad_policy;
    struct sender_data sender;
    char *list_id; /* "봄날 소식 <news.bomnal.example>" or "news.bomnal.example" (RFC 2919) */
    char *unsubscribe_url; /* a template, https; NULL: tracking_url with a token, if there is one */
    char *unsubscribe_mailto; /* an address, or "address?subject=..."; a template */
    char *feedback_id;        /* "campaign:client:class:sender"; a template */
    char *cfbl_address;       /* RFC 9477 */
    bool is_auto_submitted;   /* Auto-Submitted: auto-generated (RFC 3834) */
    bool tracks_opens, tracks_clicks;
    char *tracking_url; /* "https://t.example": what tokens are put behind, "/c/", "/o/", "/u/" */
    char **untracked;   /* beginnings of URLs that stay as they are */
    size_t untrackeds;
};
void message_spec_done(struct message_spec *m); /* frees all, leaves an empty one */
/* `to` is not freed before. */
void message_spec_copy(struct message_spec *to, const struct message_spec *from);

/* All strings are owned, UTF-8 without control characters; NULL where optional and absent. */
struct job_spec {
    char *id;     /* 1-64 of [A-Za-z0-9_-]: it names directories */
    char *client; /* the same alphabet; "default" when absent */
    enum msg_class msg_class;
    enum priority priority;
    enum in_doubt_policy in_doubt;
    bool is_standing; /* stays open; recipients arrive as JOBID.anything.ndjson */
    char *from_name;  /* display name; optional */
    char *from_address;
    char *reply_to; /* optional address */
    char
        *envelope_domain; /* MAIL FROM:<bounce@envelope_domain>; the domain of `from` when absent */
    char *subject;        /* a template; NULL: the template folder's subject.txt */
    char *template_name;  /* folder under template_dir */
    char *list; /* name of the list that results are written back to; the client's when absent */
    char *recipients; /* file name beside the job file; NULL for a standing job without a first load
                       * and for a job that takes `from_list` */
    char *from_list;  /* mail the sendable contacts of this list instead of a file; optional */
    char *charset;    /* of the recipients file: "utf-8", "cp949", NULL: detect */
    struct wall start;     /* 0: at once */
    struct wall finish_by; /* 0: none; a target, not a limit */
    int64_t expires_ms;    /* a recipient expires this long after it was added (for a scheduled job:
                              after start) */
    uint64_t max_bad_rows; /* more bad rows than this fail the job */
    char *
        token; /* 16 random hex digits, given at intake: makes message ids unique although ids of jobs
                            * come again, on other machines and after years; NULL: not taken in yet */
    /* The job's own caps over all providers: 0, count 0: none. */
    int64_t connection_limit;
    struct rates max_message_rate;
    struct windows send_windows; /* count 0: at any hour */
    struct message_spec message;
    bool needs_approval; /* nothing is sent before `sluice approve` */
    char *test_of; /* this job is a test of that one: sent to the in-house group; NULL: it is none.
                          * Frequency caps do not count it. */
    char *variables; /* JSON object text, "{}" when absent: common to all recipients */
};

void job_spec_free(struct job_spec *s); /* NULL is fine */
/* The snapshot: JSON, versioned. Parsing what was formatted gives an equal value; unknown versions
 * are refused. */
void job_spec_format(const struct job_spec *s, struct buf *out);
struct job_spec *job_spec_parse(struct str text, struct err *e); /* NULL on error */

/* The files of a template, as bytes, snapshotted with the job: later edits of the folder change
 * nothing. */
struct part_file {
    char *
        name; /* "subject.txt", "preheader.txt", "to.txt", "text.txt", "html.html", "x.mustache" (a partial),
                 * "images/x.png" (inline), "attachments/x.pdf" */
    char *text; /* bytes: images and attachments hold anything */
    size_t n;
};
struct part_files {
    struct part_file *item;
    size_t count;
};
void part_files_done(struct part_files *p);
const struct part_file *part_files_find(const struct part_files *p,
                                        const char *name); /* NULL: absent */

#endif
