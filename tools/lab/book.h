/* book.h: what happened to every envelope recipient. Keys are addresses with the domain in lower case.
 *
 * An attempt is a RCPT command that named the recipient. The last reply is the last one that spoke about
 * it: to RCPT, DATA or the final dot; or none, when the connection was dropped there.
 */
#ifndef LAB_BOOK_H
#define LAB_BOOK_H

#include <stdio.h>
#include "scene.h"

struct record {
    uint32_t attempts;
    uint32_t accepted; /* messages taken, drop_after_accept included */
    uint32_t same_id;  /* of these, with a Message-ID seen before (message_id = true) */
    uint16_t code;     /* 0: dropped without a reply */
    uint8_t stage;
    int64_t first_ms, last_ms; /* wall clock */
    uint64_t last_id;          /* hash of the last accepted Message-ID */
    const char *text;          /* of the reply; owned by the scene or by `texts` */
    size_t addr_n;
    char addr[]; /* NUL-terminated */
};

struct book {
    struct map records;
    struct map grey;  /* key -> struct grey_entry * */
    struct map texts; /* replies with variables filled in, each kept once */
    uint64_t max_records;
    uint64_t refused_records; /* not kept because the book was full */
};

void book_init(struct book *b, uint64_t max_records);
void book_done(struct book *b);
/* The recipient's record, made if it is new; NULL when the book is full. */
struct record *book_record(struct book *b, struct str address, int64_t wall_ms);
void book_note(struct book *b, struct record *r, enum stage at, int code, const char *text,
               bool is_own_text, int64_t wall_ms);
/* Counts an accepted message; `id` 0: none known. */
void book_accept(struct record *r, uint64_t id);
/* True when the greylist lets this attempt pass. */
bool book_grey_passes(struct book *b, const struct receiver *v, struct str from, struct str to,
                      int64_t now_ms);
/* A header line, then one line per recipient: recipient, attempts, accepted, code, text, stage,
 * first_ms, last_ms, same_id, tab-separated. */
bool book_dump(const struct book *b, FILE *out);

#endif
