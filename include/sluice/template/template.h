/* template.h: Mustache templates (mustache(5) and its specification, without lambdas), compiled
 * into a flat list of nodes.
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

struct template_source {
    const char *file; /* for problems: "spring-sale/html.html" */
    struct str text;
    bool escape_html;
    bool keep_line_ends; /* else every line end becomes CRLF */
    /* Finds a partial's text and its file name for problems; false: there is none. */
    bool (*partial)(void *context, struct str name, struct str *text, const char **file);
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
    /* Told of every place where a variable stays empty; may be NULL. */
    void (*empty)(void *arg, const char *name);
    void *arg;
    /* results */
    const char *failed;         /* why it was broken off; NULL: it went through */
    const struct path *missing; /* the first variable without a value */
    /* private */
    struct json_view stack[TEMPLATE_MAX_DEPTH];
    unsigned depth, levels;
    uint32_t steps;
};
/* False when a limit was hit: run->failed says which. The caller looks at the buffer's `full`. */
bool template_run(const struct template *t, struct run *r);

#endif
