#include <sluice/base/buf.h>
#include <sluice/base/must.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 64

void buf_init(struct buf *b, size_t max_bytes)
{
    /* Sums of two lengths never overflow after this. */
    MUST(max_bytes < SIZE_MAX / 4);
    b->cap = max_bytes < FIRST_CAP ? max_bytes + 1 : FIRST_CAP;
    b->data = mem_array(b->cap, 1);
    b->len = 0;
    b->max = max_bytes;
    b->full = false;
}

void buf_done(struct buf *b)
{
    free(b->data);
    *b = (struct buf){0};
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->full = false;
    if (b->data)
        b->data[0] = '\0';
}

void buf_cut(struct buf *b, size_t len)
{
    MUST(len <= b->len);
    b->len = len;
    if (b->data)
        b->data[len] = '\0';
}

void buf_drop(struct buf *b, size_t n)
{
    MUST(n <= b->len);
    if (n == 0)
        return;
    memmove(b->data, b->data + n, b->len - n);
    buf_cut(b, b->len - n);
}

char *buf_room(struct buf *b, size_t n)
{
    size_t need, cap;

    if (b->full || n > b->max - b->len) {
        b->full = true;
        return NULL;
    }
    need = b->len + n + 1;
    if (need > b->cap) {
        cap = b->cap < FIRST_CAP ? FIRST_CAP : b->cap;
        while (cap < need)
            cap *= 2;
        if (cap > b->max + 1)
            cap = b->max + 1;
        b->data = mem_grow(b->data, cap, 1);
        b->cap = cap;
        b->data[b->len] = '\0';
    }
    return b->data + b->len;
}

void buf_grew(struct buf *b, size_t n)
{
    MUST(b->len < b->cap && n < b->cap - b->len);
    b->len += n;
    b->data[b->len] = '\0';
}

void buf_put(struct buf *b, const void *data, size_t n)
{
    char *to;

    if (n == 0)
        return;
    to = buf_room(b, n);
    if (!to)
        return;
    memcpy(to, data, n);
    buf_grew(b, n);
}

void buf_puts(struct buf *b, const char *s)
{
    buf_put(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
    char *to = buf_room(b, 1);

    if (!to)
        return;
    *to = c;
    buf_grew(b, 1);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    buf_vprintf(b, format, args);
    va_end(args);
}

void buf_vprintf(struct buf *b, const char *format, va_list args)
{
    size_t room = b->cap - b->len; /* with the NUL */
    va_list again;
    char *to;
    int n;

    if (b->full)
        return;
    va_copy(again, args);
    n = vsnprintf(room ? b->data + b->len : NULL, room, format, args);
    if (n >= 0 && (size_t)n < room) {
        b->len += (size_t)n;
    } else {
        if (room)
            b->data[b->len] = '\0'; /* takes back what was cut */
        /* n < 0 is text beyond INT_MAX bytes: more than any maximum we set. */
        to = n < 0 ? NULL : buf_room(b, (size_t)n);
        if (to) {
            vsnprintf(to, (size_t)n + 1, format, again);
            b->len += (size_t)n;
        }
        b->full = b->full || !to;
    }
    va_end(again);
}

char *buf_take(struct buf *b)
{
    char *data = b->data ? b->data : mem_strn(NULL, 0);

    *b = (struct buf){0};
    return data;
}
