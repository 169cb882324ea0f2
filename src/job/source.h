/* source.h: the bytes of a file that somebody else wrote, unpacked, as a stream.
 *
 * Only regular files; no symbolic links. At the end it is checked that the file is still the one
 * that was opened and has not changed: a list that grows while it is read would otherwise be half a
 * list.
 *
 *     struct source *s = source_open("a.csv.gz", 64LL << 30, &e);
 *     while (source_read(s, chunk, sizeof chunk, &n, &e) && n) ...
 */
#ifndef SLUICE_JOB_SOURCE_H
#define SLUICE_JOB_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sluice/base/err.h>

struct source;
/* Packing goes by the name: .gz, .zst. More than max_bytes unpacked are an error. NULL on error. */
struct source *source_open(const char *path, uint64_t max_bytes, struct err *e);
/* Reads up to `room` bytes; *n 0 at the end, after the checks. False on error. */
bool source_read(struct source *s, char *to, size_t room, size_t *n, struct err *e);
void source_progress(const struct source *s, uint64_t *read_bytes, uint64_t *file_bytes);
void source_close(struct source *s); /* NULL is fine */

/* One kind of packing: reads packed bytes through source_packed and gives unpacked ones. */
struct unpacker {
    void *(*open)(struct err *e);
    bool (*read)(void *self, struct source *s, char *to, size_t room, size_t *n, struct err *e);
    void (*close)(void *self);
};
extern const struct unpacker unpack_gzip, unpack_zstd;
/* The next packed bytes, valid until the next call; *n 0 at the end of the file. */
bool source_packed(struct source *s, const unsigned char **p, size_t *n, struct err *e);

#endif
