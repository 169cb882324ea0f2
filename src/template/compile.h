/* compile.h: what the steps of the compiler share. A file (the main template, or a partial) is read
 * once into tags (file.c, scan.c, check.c, marks.c). From the files programs are made, one per use
 * of a file that differs in its indentation or in what replaces its blocks (compile.c, walk.c,
 * lines.c, blocks.c, emit.c).
 *
 *     compile_file(c, 0);
 *     walk_program(c, 0);
 */
#ifndef SLUICE_TEMPLATE_COMPILE_H
#define SLUICE_TEMPLATE_COMPILE_H

#include <sluice/template/template.h>

#define OPEN_MAX 32   /* sections, blocks and parents within one another in a file */
#define NESTED_MAX 64 /* the same, where blocks have been replaced */
#define INDENT_MAX 64
#define FILES_MAX 512
#define BLOCKS_MAX 64 /* that are replaced at the same time */
#define BLOCK_SETS_MAX 512
#define WORK_MAX 1000000u /* tags and marks that are walked over */

/* Names in messages are cut: they come from a file of any content. */
#define SHOWN(name) (int)((name).n < 60 ? (name).n : 60), (name).p

struct tag {
    size_t at, end;  /* in the text, delimiters included */
    size_t from, to; /* what vanishes with it: its line when it stands alone there, else at, end */
    struct str name; /* trimmed, without the kind's character and a dynamic name's '*' */
    uint32_t match;  /* of what has an end, and of an end: the other one */
    uint32_t expr;   /* into compiler.expr; 0: a name alone */
    uint32_t file;   /* > <, when not dynamic */
    char kind;       /* one of # ^ / ! > = & < $ or 'v' */
    bool is_alone, is_dynamic;
    bool is_replacement; /* $ right within < */
    /* of a $, set when its end is found (blocks.c) */
    struct body {
        size_t from, to;
        size_t strip;       /* blanks that each of its lines loses */
        bool is_line_begin; /* it begins with a line of its own */
    } body;                 /* as a replacement */
    /* As what is replaced: the blanks that each line of its replacement gets. */
    size_t indent_from, indent_n;
    bool begins_line; /* nothing but blanks stands before it */
};
struct file {
    struct str name; /* owned */
    const char *path;
    struct str given; /* not owned */
    struct str text;  /* owned; line ends made CRLF */
    struct tag *tag;
    size_t tags;
    struct mark *mark;
    size_t marks;
};
/* An expression that is more than a name; its strings point into a file's text. */
struct written {
    struct expr x;
    uint32_t made; /* index + 1 in the template, once something uses it */
};
/* What stands between a block's tags inside a parent's: a replacement. */
struct block {
    struct str name;
    uint32_t file, tag;
};
struct block_set {
    struct block *block; /* sorted by name; owned */
    size_t blocks;
};
struct use {
    uint32_t file, blocks;
    char indent[INDENT_MAX];
    size_t indent_n;
};
struct compiler {
    const struct template_source *source;
    struct names *names;
    struct problems *problems;
    size_t errors_before;
    struct template *t;
    struct file file[FILES_MAX]; /* 0: the main one */
    size_t files, file_bytes, tags;
    struct map file_of; /* a partial's name -> index + 1 */
    uint32_t *option;   /* the files that dynamic names may mean */
    size_t options;
    bool has_options;
    struct written *expr; /* from 1 */
    size_t exprs;
    struct block_set set[BLOCK_SETS_MAX]; /* 0: nothing is replaced */
    size_t sets;
    struct use use[TEMPLATE_MAX_PROGRAMS]; /* per program */
    struct use choice_use[TEMPLATE_MAX_PROGRAMS];
    struct buf text;
    size_t *text_at; /* per fixed: where in `text` it begins */
    size_t nodes, work;
    bool is_stopped; /* a limit was hit: nothing more is compiled */
    struct map path; /* text of a dotted name -> index + 1 */
};

/* ---- problems.c */

/* A mistake at a byte of a file. */
void compile_wrong(struct compiler *c, const struct file *f, size_t at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void compile_warn(struct compiler *c, const struct file *f, size_t at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same as compile_wrong(), and the compiler stops. */
void compile_limit(struct compiler *c, const struct file *f, size_t at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
unsigned compile_line_of(const struct compiler *c, const struct file *f, size_t at);

/* ---- file.c */

/* Adds the partial's file, to be read later; -1 (and a problem at the tag) when there is none. */
int compile_partial(struct compiler *c, const struct file *f, size_t at, struct str name);
/* Adds all files that a dynamic name may mean. */
bool compile_options(struct compiler *c, const struct file *f, size_t at);
/* Makes the text compilable, reads its tags and marks. */
void compile_file(struct compiler *c, uint32_t i);
void compile_file_done(struct file *f);

/* ---- scan.c and check.c */

/* Reads a file's tags and finds all its mistakes. */
void scan_file(struct compiler *c, struct file *f);
/* What stands in a tag; false when it is wrong (and was said). */
bool check_tag(struct compiler *c, struct file *f, struct tag *t);
/* Whether an ending tag's text belongs to the opening tag. */
bool check_ends(const struct compiler *c, const struct tag *open, struct str name);

/* ---- marks.c */

/* Asks for the file's marks; drops those that cannot be. */
void compile_marks(struct compiler *c, struct file *f);

/* ---- blocks.c */

/* The set of `outer` with the replacements of the parent tag; what `outer` has goes first. */
uint32_t blocks_with(struct compiler *c, uint32_t outer, uint32_t file, uint32_t tag);
/* NULL: the block keeps what stands in it. */
const struct block *blocks_find(const struct compiler *c, uint32_t set, struct str name);
/* Measures a block, whose end was just found. */
void block_measure(const struct file *f, struct tag *open, const struct tag *end);
/* Where the blanks before `at` begin, when nothing else stands before it on its line. */
bool block_begins_line(const struct file *f, size_t at, size_t *from);
/* Where the next line begins (or the text ends), when nothing but blanks stands before that. */
bool block_ends_line(const struct file *f, size_t at, size_t *to);

/* ---- emit.c: nodes of one program */

struct emit {
    struct compiler *c;
    struct program *program;
    size_t cap;
    size_t barrier; /* nodes below this number take no more text: something jumps behind them */
};
struct node *emit_node(struct emit *e, enum node_kind kind);
void emit_text(struct emit *e, const char *p, size_t n);
/* From here on text is a node of its own. */
void emit_barrier(struct emit *e);
void emit_value(struct emit *e, const struct file *f, const struct tag *t, enum value_place place);
void emit_section(struct emit *e, const struct file *f, const struct tag *t);
void emit_dynamic(struct emit *e, const struct file *f, const struct tag *t, uint32_t choice);

/* ---- compile.c */

/* The program of a file at an indentation with a set of blocks. */
uint32_t compile_program(struct compiler *c, uint32_t file, struct str indent, uint32_t blocks,
                         const struct file *f, size_t at);
uint32_t compile_choice(struct compiler *c, struct str indent, uint32_t blocks,
                        const struct file *f, size_t at);

/* ---- walk.c */

void walk_program(struct compiler *c, uint32_t program);

#endif
