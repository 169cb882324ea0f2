/* buf.h: a growing byte buffer with a hard maximum.
 *
 * A buffer that would grow past its maximum keeps what it has and turns `full`; from then on it
 * takes nothing more (a text with a hole would be worse than a short one) until buf_clear. Callers
 * append freely and look once at the end. It is always NUL-terminated (the NUL does not count).
 *
 *     struct buf b;
 *     buf_init(&b, 64 * 1024);
 *     buf_puts(&b, "MAIL FROM:<");
 *     buf_put(&b, address, length);
 *     if (buf_is_full(&b)) ...
 *     buf_done(&b);
 */
#ifndef SLUICE_BASE_BUF_H
#define SLUICE_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data; /* owned; never NULL after buf_init */
    size_t len;
    size_t cap;
    size_t max; /* bytes, without the NUL */
    bool full;
};

void buf_init(struct buf *b, size_t max_bytes); /* MUST be < SIZE_MAX / 4 */
void buf_done(struct buf *b);                   /* frees; a zeroed or done buffer is fine */
void buf_clear(struct buf *b);                  /* empties, keeps the memory, clears full */
void buf_cut(struct buf *b, size_t len);        /* shortens to len (MUST be <= b->len) */
void buf_drop(struct buf *b, size_t n);         /* removes the first n bytes (MUST be <= b->len) */
/* What is appended MUST NOT lie inside the buffer itself, which may move. */
void buf_put(struct buf *b, const void *data, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *format, va_list args);
/* Makes room for n more bytes and returns where they go, or NULL (and full) past the maximum; after
 * writing, buf_grew(n) counts them. */
char *buf_room(struct buf *b, size_t n);
void buf_grew(struct buf *b, size_t n);
char *buf_take(struct buf *b); /* hands the memory over, never NULL; the buffer is done */
static inline bool buf_is_full(const struct buf *b)
{
    return b->full;
}

#endif
