/* err.h: failures for people.
 *
 * Two of the four kinds: a runtime failure is a false return and a caller-owned struct err; wrong
 * input is collected in struct problems, all of it, as file:line: message. (A bug aborts, see
 * must.h; a refusal by SMTP or DNS is data, see model/outcome.h.)
 *
 *     struct err e;
 *     if (!spool_open(dir, &spool, &e)) log_error("%s", e.text);
 */
#ifndef SLUICE_BASE_ERR_H
#define SLUICE_BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdarg.h>

struct err {
    char text[512]; /* one line, no final full stop, no newline */
    int code;       /* errno where there was one, else 0 */
};

/* Fills *e (NULL: dropped) and returns false, so that `return err_set(e, ...)` works. The
 * arguments may lie inside *e; control characters become spaces; too long a text is cut. */
bool err_set(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same, with ": " and the text of errno behind it. */
bool err_sys(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct problem {
    char *file;    /* NULL: no file */
    unsigned line; /* from 1; 0: the whole file */
    char *text;
    bool is_warning;
};

/* At most PROBLEMS_MAX are kept; more are counted in `left_out`. */
#define PROBLEMS_MAX 200
struct problems {
    struct problem *item;
    size_t count;
    size_t errors; /* those that are no warnings, left-out ones included */
    size_t left_out;
};

void problems_init(struct problems *p);
void problems_done(struct problems *p);
void problems_add(struct problems *p, const char *file, unsigned line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void problems_warn(struct problems *p, const char *file, unsigned line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
struct buf;
/* Appends one "file:line: message\n" (or "file:line: warning: message\n") per problem, and
 * a last line when some were left out. */
void problems_format(const struct problems *p, struct buf *out);

#endif
