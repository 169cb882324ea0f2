/* template.h: Mustache templates (mustache(5) and its specification with inheritance and dynamic
 * names, without lambdas), compiled into a flat list of nodes. (P)
 *
 * A template is one part of a message (subject, text, HTML) with the partials it uses. Names are
 * resolved as far as possible at compile time: the first part of a dotted name is a slot in a table
 * of variables (vars.h).
 *
 *     struct template *t = template_new(&source, &names, &problems);
 *     template_encode(t, BODY_QP);
 *     struct run r = {.root = ..., .sink = &sink};
 *     template_run(t, &r);
 */
#ifndef SLUICE_TEMPLATE_TEMPLATE_H
#define SLUICE_TEMPLATE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sluice/base/err.h>
#include <sluice/base/json_view.h>
#include <sluice/base/map.h>
#include <sluice/base/str.h>

#include <sluice/mime/sink.h>

#define TEMPLATE_MAX_BYTES (4u * 1024 * 1024) /* of one file */
#define TEMPLATE_MAX_NODES 100000u
#define TEMPLATE_MAX_PROGRAMS 128u /* a partial at several indentations counts each time */
#define TEMPLATE_MAX_DEPTH 64u     /* sections and partials within one another, while rendering */
#define TEMPLATE_MAX_STEPS                                                                         \
    1000000u                     /* nodes of one rendering: partials that call themselves twice */
#define TEMPLATE_STEP_BYTES 256u /* of JSON that is read count as a step too */
#define NAMES_MAX 256u

/* The variables that the templates of a mailing name; shared by its parts. */
struct names {
    struct map slot;            /* name -> slot + 1, as a pointer */
    struct str name[NAMES_MAX]; /* owned by the map */
    size_t count;
};
void names_init(struct names *n);
void names_done(struct names *n);
/* The slot of a name, made when it is new; -1 when there are too many. */
int names_slot(struct names *n, struct str name);

enum node_kind { NODE_TEXT, NODE_VALUE, NODE_SECTION, NODE_INVERTED, NODE_PARTIAL };
struct node {
    enum node_kind kind;
    bool escape;    /* VALUE */
    uint32_t end;   /* SECTION, INVERTED: the first node behind it */
    uint32_t index; /* TEXT: into fixed; PARTIAL: into program; else: into path */
    uint32_t line;  /* in its file, for messages */
};
/* A dotted name. */
struct path {
    struct str *part;
    size_t parts; /* 0: "." */
    int slot;     /* of part[0] */
    char *text;   /* owned, as are the parts */
};
/* The main template, or a partial at one indentation. */
struct program {
    const char *file; /* not owned; only while compiling */
    struct node *node;
    size_t nodes;
};
struct template
{
    struct program *program; /* 0: the main one */
    size_t programs;
    struct path *path;
    size_t paths;
    struct fixed *fixed;
    size_t fixeds;
    char *text; /* owned: what the fixed texts point into */
};

/* What a text holds that Mustache knows nothing of, at places of the text as it is compiled (line
 * ends made CRLF, a partial indented). Sorted by `from`; they do not overlap. */
enum mark_kind {
    MARK_URL,    /* from..to is a URL: values in it are escaped for it (see below) */
    MARK_TOLD,   /* the same, and run->url is told of it: a link */
    MARK_HOOK,   /* from == to: run->hook writes something here */
    MARK_REPLACE /* from..to (without tags) becomes `text` */
};
struct mark {
    enum mark_kind kind;
    size_t from, to;
    uint32_t id;     /* HOOK */
    struct str text; /* REPLACE; lives until template_new returns */
};
/* Values in a URL: at its beginning (nothing but tags before it in the URL) it is a URL itself:
 * escaped as other values are, and replaced by "#" when its scheme is none of http, https, mailto,
 * tel, sms. In the path (no literal '?' or '#' before it) and behind it they are percent-encoded; in
 * the path '/' stays. {{{x}}} and {{& x}} are never touched. A URL over whose end a section reaches
 * is no URL, and a warning. */

struct template_source {
    const char *file; /* for problems: "spring-sale/html.html" */
    struct str text;
    bool escape_html;
    bool keep_line_ends; /* else every line end becomes CRLF */
    /* Finds a partial's text and its file name for problems; false: there is none. */
    bool (*partial)(void *context, struct str name, struct str *text, const char **file);
    /* The name of the i-th partial there is, for tags like {{>*dynamic}}; false: no more. NULL: such
     * tags are refused. */
    bool (*partial_name)(void *context, size_t i, struct str *name);
    /* The marks of a text, which is the main template's (is_main) or a partial's; allocated, freed by
     * the template. NULL: there are none. */
    void (*marks)(void *context, struct str text, bool is_main, struct mark **mark, size_t *count);
    void *context;
};

/* NULL when there are errors; all of them are in *p, with file, line and column. */
struct template *template_new(const struct template_source *s, struct names *names,
                              struct problems *p);
void template_free(struct template *t);
/* How long the fixed text is in each encoding, and whether it may go as it is: ASCII, no line over
 * 998 bytes, nothing inserted. */
void template_measure(const struct template *t, size_t *qp, size_t *base64, bool *is_plain);
/* Prepares the fixed texts; once, before the first run. */
void template_encode(struct template *t, enum body_encoding encoding);

struct run {
    const struct json_view *slot; /* by names; may be NULL */
    struct json_view root;        /* looked into before the slots; kind NONE: nothing */
    struct sink *sink;            /* NULL: nothing is written */
    /* Told of every place where a variable stays empty after its filters: absent, null, or an empty
     * text (a CSV cell has no other way to be absent); may be NULL. */
    void (*empty)(void *arg, const char *name);
    /* A MARK_TOLD: `link` counts them in the order of compilation, from 0 to template_links() - 1;
     * `turn` is how often this one was met before in this run (loops). `url` is as it would be
     * written. True: `out` (empty before) is written in its place, as it is. May be NULL. */
    bool (*url)(void *arg, uint32_t link, uint32_t turn, struct str url, struct buf *out);
    void (*hook)(void *arg, uint32_t id, struct sink *sink); /* may be NULL: nothing is written */
    void *arg;
    uint32_t *turn;      /* template_links() zeros; needed when `url` is given */
    struct buf *scratch; /* two empty ones, for filters and URLs; cleared after each use */
    /* results */
    const char *failed;  /* why it was broken off; NULL: it went through */
    const char *missing; /* the first variable that stayed empty, see `empty`; NULL: none */
    /* private */
    struct json_view stack[TEMPLATE_MAX_DEPTH];
    unsigned depth, levels;
    uint32_t steps;
};
uint32_t template_links(const struct template *t);
/* False when a limit was hit: run->failed says which. The caller looks at the buffer's `full`. */
bool template_run(const struct template *t, struct run *r);

#endif
