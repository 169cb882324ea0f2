/* preview.h: a job file that is not dropped yet, looked at as the intake would, and more closely:
 * who is in it, where they are, what is missing. Writes nothing. Private to the room; for the control
 * socket's threads.
 *
 *     preview_begin(&p, q, "/srv/campaigns/spring.job");
 *     if (preview_read(&p) && preview_resolve(&p)) ...
 *     preview_done(&p);
 *
 * Or for one of its messages: preview_pick(), in preview_pick.c.
 */
#ifndef SLUICE_ENGINE_PREVIEW_H
#define SLUICE_ENGINE_PREVIEW_H

#include "answers_parts.h"
#include "outlook.h"

#define PREVIEW_DOMAINS_MAX 1000000          /* told apart */
#define PREVIEW_RESOLVED_MAX 50000u          /* the largest */
#define PREVIEW_SEEN_MAX (UINT64_C(1) << 26) /* addresses that are remembered, for duplicates */
#define PREVIEW_LOOK_ROWS 512                /* so often it is seen whether the client is there */
#define PREVIEW_BAD_SHOWN 20

enum resolving { NOT_ASKED, ASKED, ANSWERED };
struct preview_domain {
    uint64_t recipients; /* that may be mailed */
    enum resolving resolving;
    const struct mx_answer *answer; /* NULL: not known */
    char *why;                      /* it is dead; NULL: it is not */
    const char *suggestion;         /* what is likely meant; NULL: itself */
    char name[];
};
struct preview_empty { /* a variable that stays empty */
    uint64_t rows, first_line;
    uint64_t last_row; /* that was counted */
};

/* Hashes of addresses, by open addressing. */
struct seen {
    uint64_t *slot;
    uint64_t size, count; /* a power of two */
};
bool seen_add(struct seen *s, const char *address); /* false: it was there */
void seen_done(struct seen *s);

struct preview {
    struct ask *q;
    struct engine *e;
    struct setup *setup; /* held */
    const struct settings *settings;
    const char *path;
    struct wall now;
    struct job_spec *spec; /* NULL: the job file is wrong */
    struct mailing *mailing;
    struct problems problems;
    bool is_gone;     /* the client */
    char failed[600]; /* this machine's trouble: a list that cannot be read; "": none */
    int64_t said_ms;
    uint64_t rows, bad_rows, recipients, duplicates, suppressed, capped;
    struct seen seen;
    struct map domain_by_name;
    struct preview_domain **domain; /* largest first, once resolved */
    size_t domains;
    uint64_t unresolved; /* domains that nobody was asked about, or that did not answer in time */
    uint64_t further;    /* recipients of more domains than are told apart */
    struct map empties;  /* name -> struct preview_empty * */
    struct answers answers;
};

/* One recipient of a job file. */
struct picked {
    char *email, *vars; /* owned by who asked */
    uint64_t line;
};

void preview_begin(struct preview *p, struct ask *q, const char *path);
/* The template is compiled and one recipient read: that of the address (without case), NULL: the first. False as
 * preview_read, also when there is none; nothing of *out is owned then. A job that has no recipients yet, a
 * standing one, takes any address, without variables. */
bool preview_pick(struct preview *p, const char *address, struct picked *out);
/* False: is_gone, failed or problems say why. */
bool preview_read(struct preview *p);
struct recipients;
/* The job file, its template, and its recipients file, opened: NULL when it names none. False: something is
 * wrong with one of them; *r is the caller's all the same. */
bool preview_open(struct preview *p, bool is_new, struct recipients **r);
bool preview_fails(struct preview *p, const struct err *e); /* false: this machine's trouble */
bool preview_resolve(struct preview *p);
void preview_done(struct preview *p);
/* Now and then: false when the client is gone. */
bool preview_says(struct preview *p, const char *stage, double done);

/* preview_refusal.c: why it went wrong: `what` would be refused, with problems and warnings. */
json_t *preview_refusal(const struct preview *p, const char *what);
json_t *preview_texts(const struct problems *p, bool warnings);

/* preview_domains.c. The known domain that `name` is likely a slip of, or NULL. recipients: of a
 * known domain in this list, so that a rare neighbour of a large one is told from a domain of its
 * own. */
const char *preview_meant(const struct shaping *s, const char *name, uint64_t recipients,
                          bool is_dead, uint64_t (*recipients_of)(void *arg, const char *domain),
                          void *arg);

#endif
