/* tree.h: a configuration or job file as a tree that remembers file and line. (P)
 *
 * load.c makes it (the only user of libconfig); schemas read it. A tree owns its strings.
 *
 *     struct conf_tree *t = conf_load("conf/sluice.conf", MAX_BYTES, CONF_INCLUDES, &problems);
 *     conf_read(conf_find(&t->root, "dns"), "dns", DNS_FIELDS, &settings, &problems);
 *
 * Every problem reads `file:line: setting.path: problem (got X, allowed: Y); did you mean Z?`.
 */
#ifndef SLUICE_CONF_TREE_H
#define SLUICE_CONF_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sluice/base/err.h>
#include <sluice/base/origin.h>

enum conf_kind { CONF_GROUP, CONF_LIST, CONF_ARRAY, CONF_INT, CONF_FLOAT, CONF_BOOL, CONF_STRING };

struct conf_node {
    enum conf_kind kind;
    char *name; /* NULL for elements of lists and arrays and for the root */
    const char *file;
    unsigned line;
    int64_t i;               /* INT, BOOL */
    double f;                /* FLOAT */
    char *s;                 /* STRING */
    struct conf_node *child; /* GROUP, LIST, ARRAY */
    size_t count;
};
struct conf_tree {
    struct conf_node root;
    char **file; /* names that nodes point to */
    size_t files;
    struct conf_tree *next; /* more trees that are freed with this one; NULL: none */
};

enum conf_includes { CONF_NO_INCLUDES, CONF_INCLUDES };
/* Reads at most max_bytes. All problems of reading and syntax go to *p; NULL if there were any.
 * With CONF_NO_INCLUDES (job files: they are hostile) an @include is a problem and nothing else is
 * opened. */
struct conf_tree *conf_load(const char *path, size_t max_bytes, enum conf_includes includes,
                            struct problems *p);
void conf_tree_free(struct conf_tree *t); /* NULL is fine */
const struct conf_node *conf_find(const struct conf_node *group,
                                  const char *name); /* NULL: absent */

/* ---- problems ---- */

/* The path of a setting in messages: "providers[2].mx_suffix[0]". The path of the root is "". */
#define CONF_PATH 160
/* path, and behind it the name of a setting in that group ... */
void conf_path(char out[CONF_PATH], const char *path, const char *name);
/* ... and the place in that list, from 0. out may be path itself, here and above. */
void conf_path_index(char out[CONF_PATH], const char *path, size_t index);
/* One problem of a value: file and line of the node, its path, what is wrong. */
void conf_say(struct problems *p, const struct conf_node *n, const char *path, const char *format,
              ...) __attribute__((format(printf, 4, 5)));
/* `word` is none of these names: "path: no such WHAT (got "word", allowed: ...); did you mean ...?".
 */
void conf_say_unknown(struct problems *p, const struct conf_node *n, const char *path,
                      const char *what, const char *word, const char *const *names, size_t count);

/* ---- schemas: a table says what a group may hold ---- */

enum conf_type {
    CONF_T_STRING,
    CONF_T_INT,
    CONF_T_BOOL,
    CONF_T_DURATION /* "20 min" -> ms */,
    CONF_T_RATE /* "100/s" */,
    CONF_T_RATES /* "100/s", or a list of them, or "none" */,
    CONF_T_BYTES /* "64 MB" */,
    CONF_T_TIME /* ISO 8601 with zone */,
    CONF_T_STRINGS /* list or array of strings */,
    CONF_T_NUMBERS /* list or array of whole numbers */,
    CONF_T_CHOICE /* a word out of `choices` */,
    CONF_T_GROUP /* anything below */,
    CONF_T_LIST,
    CONF_T_BOOL_OR_GROUP /* stores nothing, like the two above: conf_find() */,
    CONF_T_ELSEWHERE /* conf_read_part() reads it, with another table */
};
struct conf_field {
    const char *name;
    enum conf_type type;
    size_t offset; /* in the target struct: char *, int64_t (INT, DURATION, BYTES), bool, struct
                    * rate_spec, struct rates, struct wall, struct conf_strings, struct conf_numbers,
                    * int (CHOICE: the index); GROUP and LIST store nothing: conf_find() */
    bool required;
    const char *def; /* default as it would be written, NULL: leave the target as it is */
    /* Of INT, DURATION (ms), BYTES, each of NUMBERS, and the length of a STRING in bytes; both 0:
     * any. */
    int64_t min, max;
    const char *const *choices; /* NULL-terminated */
    size_t origin; /* offset + 1 of a struct origin in the target that gets file and line of a
                    * written value (they belong to the tree); 0: none */
};
/* A name in a table that another table reads. */
#define CONF_ELSEWHERE(setting)                                                                    \
    {                                                                                              \
        .name = (setting), .type = CONF_T_ELSEWHERE                                                \
    }
struct conf_strings {
    char **item;
    size_t count;
};
void conf_strings_done(struct conf_strings *s);
#define CONF_NUMBERS_MAX 10000
struct conf_numbers {
    int64_t *item;
    size_t count;
};
/* Checks `group` against the table (ended by a NULL name) and fills `target`. Unknown names, names
 * given twice, wrong types and values out of range each become a problem with file, line, what was
 * found and what is allowed; all of them. Strings stored in the target are owned by the target
 * (those it holds before are freed) and hold no control characters. A CHOICE is compared without
 * case. `path` is the group's own: "" for the root, "dns", "providers[2]". */
void conf_read(const struct conf_node *group, const char *path, const struct conf_field *fields,
               void *target, struct problems *p);
/* The same for a part of a group's settings: names that are not in the table belong to another one, in
 * which these are CONF_T_ELSEWHERE. */
void conf_read_part(const struct conf_node *group, const char *path,
                    const struct conf_field *fields, void *target, struct problems *p);

#endif
