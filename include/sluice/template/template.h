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
#include <sluice/template/expr.h>

#define TEMPLATE_MAX_BYTES (4u * 1024 * 1024) /* of one file; twice that with all its partials */
#define TEMPLATE_MAX_NODES 100000u
/* A partial at several indentations, or with several replacements of blocks, counts each time. */
#define TEMPLATE_MAX_PROGRAMS 512u
#define TEMPLATE_MAX_DEPTH 64u /* sections and partials within one another, while rendering */
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

enum node_kind {
    NODE_TEXT,
    NODE_VALUE,
    NODE_FILTERED, /* a value with filters */
    NODE_SECTION,
    NODE_INVERTED,
    NODE_COMPARED, /* a section with a comparison */
    NODE_PARTIAL,
    NODE_DYNAMIC, /* a partial that a variable names */
    NODE_URL,     /* a URL that run->url is told of */
    NODE_LINK,    /* the same without tags */
    NODE_HOOK
};
/* How a value is written, see struct mark. */
enum value_place {
    VALUE_AS_IT_IS,
    VALUE_HTML,
    VALUE_URL,
    VALUE_URL_HOST,
    VALUE_URL_HOST_END,
    VALUE_URL_PATH,
    VALUE_URL_ADDRESS,
    VALUE_URL_BEHIND
};
struct node {
    enum node_kind kind;
    enum value_place place; /* VALUE, FILTERED */
    uint32_t end;           /* what has an inside: the first node behind it; DYNAMIC: into choice;
                               LINK: the link */
    uint32_t index;         /* TEXT, LINK: into fixed; VALUE, SECTION, INVERTED, DYNAMIC: into path;
                               FILTERED: into filtered; COMPARED: into comparison; PARTIAL: into
                               program; URL: the link; HOOK: its id */
};
/* A dotted name. */
struct path {
    struct str *part;
    size_t parts; /* 0: "." */
    int slot;     /* of part[0] */
    char *text;   /* owned, as are the parts */
};
/* A name with filters; owned, as are their texts. */
struct filtered {
    uint32_t path;
    struct filter *filter;
    size_t filters;
};
struct comparison {
    uint32_t path;
    uint32_t right_path; /* when the right side is a name */
    bool right_is_name, is_inverted;
    enum compare how;
    struct str right; /* owned */
};
/* What the name of a dynamic partial may be, at one indentation and with one set of blocks. */
struct named_program {
    struct str name; /* owned */
    uint32_t program;
};
struct choice {
    struct named_program *option;
    size_t options;
};
/* The main template, or a partial at one indentation with one set of blocks. */
struct program {
    struct node *node;
    size_t nodes;
};
struct template
{
    struct program *program; /* 0: the main one */
    size_t programs;
    struct path *path;
    size_t paths;
    struct filtered *filtered;
    size_t filtereds;
    struct comparison *comparison;
    size_t comparisons;
    struct choice *choice;
    size_t choices;
    struct fixed *fixed;
    size_t fixeds;
    uint32_t links;
    bool escape_html;
    char *text; /* owned: what the fixed texts point into */
};

/* What a text holds that Mustache knows nothing of, at places of the text as `marks` gets it (line
 * ends made CRLF, not indented). Sorted by `from`; they do not overlap. */
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
 * tel, sms. In the path (no literal '?' or '#' before it) and behind it they are percent-encoded;
 * in the path '/' stays, in the host only at the beginning of a value that ends it
 * (https://shop.example{{path}}): no value moves a link to another host. Behind mailto:, tel: and sms: '@' and '+'. Control characters vanish.
 * {{{x}}} and {{& x}} are never touched, and what the filter `url` made is not encoded twice.
 * Partials and blocks within a URL are part of it. A URL over whose end a section, block or tag
 * reaches is none, and a warning; so is any other mark inside a tag, and a REPLACE with tags. */

struct template_source {
    const char *file; /* for problems: "spring-sale/html.html" */
    struct str text;
    bool escape_html;
    bool keep_line_ends; /* else every line end becomes CRLF */
    /* Finds a partial's text and its file name for problems; false: there is none. */
    bool (*partial)(void *context, struct str name, struct str *text, const char **file);
    /* The name of the i-th partial there is, for tags like {{>*dynamic}}; false: no more. NULL:
     * such tags are refused. */
    bool (*partial_name)(void *context, size_t i, struct str *name);
    /* The marks of a text, which is the main template's (is_main) or a partial's; allocated, freed
     * by the template. Called once per file, however often it is used. NULL: there are none. */
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
     * text (a CSV cell has no other way to be absent), and of a {{>*name}} that names no partial;
     * may be NULL. */
    void (*empty)(void *arg, const char *name);
    /* A MARK_TOLD: `link` counts them in the order of compilation, from 0 to template_links() - 1;
     * `turn` is how often this one was met before in this run (loops). `url` is as it would be
     * written. True: `out` (empty before) is written in its place, as it is. Called without a sink
     * too. May be NULL. */
    bool (*url)(void *arg, uint32_t link, uint32_t turn, struct str url, struct buf *out);
    void (*hook)(void *arg, uint32_t id, struct sink *sink); /* may be NULL: nothing is written */
    void *arg;
    uint32_t *turn;      /* template_links() zeros; needed when `url` is given */
    struct buf *scratch; /* two empty ones, for filters and URLs; NULL: made for each run */
    /* results */
    const char *failed;  /* why it was broken off; NULL: it went through */
    const char *missing; /* the first variable that stayed empty, see `empty`; NULL: none */
    /* private */
    struct json_view stack[TEMPLATE_MAX_DEPTH];
    unsigned depth, levels, nested;
    uint32_t steps;
    bool is_captured; /* what is written now is a URL to tell of */
};
/* How many different told URLs there are; a partial compiled twice has its URLs twice. */
uint32_t template_links(const struct template *t);
/* False when a limit was hit: run->failed says which. The caller looks at the buffer's `full`. */
bool template_run(const struct template *t, struct run *r);

#endif
