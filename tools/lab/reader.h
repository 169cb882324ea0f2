/* reader.h: reads libconfig groups by tables of keys, so that every key has one line and an unknown one
 * gets its "did you mean". Private to the scene_*.c files.
 */
#ifndef LAB_READER_H
#define LAB_READER_H

#include <libconfig.h>
#include "scene.h"

struct reader {
    struct scene *scene;
    struct problems *problems;
    const struct pattern *pattern; /* of the receiver that is being read; fills `*` in */
    uint64_t index;
};

enum key_kind {
    KEY_STR,    /* char * */
    KEY_U64,    /* uint64_t */
    KEY_BYTES,  /* uint64_t: a number, or "10 MB" style text */
    KEY_BOOL,   /* bool */
    KEY_MS,     /* int64_t: milliseconds as a number, or "3 s" */
    KEY_DOUBLE, /* double */
    KEY_REPLY,  /* struct reply: a string, or a list of lines */
    KEY_RATE,   /* struct rate: "100/s,max_burst=10" */
    KEY_STAGE,  /* enum stage */
    KEY_CALL    /* call() does it */
};
struct key {
    const char *name;
    enum key_kind kind;
    size_t at; /* offset in the object */
    void (*call)(struct reader *r, void *object, config_setting_t *value);
};

void reader_bad(struct reader *r, const config_setting_t *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void reader_warn(struct reader *r, const config_setting_t *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Every element of `group` by the table; `what` names the section in messages. */
void reader_group(struct reader *r, config_setting_t *group, void *object, const struct key *keys,
                  size_t count, const char *what);
/* The text of a string setting, or NULL and a problem. */
const char *reader_text(struct reader *r, const config_setting_t *value);
/* A string, or a list or array of strings: calls each() for every one. */
void reader_texts(struct reader *r, config_setting_t *value, void *object,
                  void (*each)(struct reader *, void *object, config_setting_t *one, const char *));
/* One of `count` words; -1 and a problem with "did you mean" otherwise. */
int reader_word(struct reader *r, const config_setting_t *value, const char *const *words,
                size_t count);
const char *reader_closest(const char *text, const char *const *words, size_t count);

/* Sections, in scene_receiver.c and scene_name.c. */
void scene_read_behaviours(struct reader *r, config_setting_t *section);
void scene_read_receivers(struct reader *r, config_setting_t *section);
void scene_read_domains(struct reader *r, config_setting_t *section);
void scene_read_names(struct reader *r, config_setting_t *section);
/* "mx1.naver.com 127.1.0.1 127.1.0.2": one host entry of a receiver. */
void scene_read_host(struct reader *r, struct receiver *owner, config_setting_t *at,
                     const char *text);

#endif
