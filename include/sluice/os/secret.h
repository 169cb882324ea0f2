/* secret.h: files that hold keys: read only when nobody else can change them or look into them,
 * written so that nobody ever could.
 *
 *     struct buf key;
 *     if (!secret_read("keys/hanbit.example.s1.pem", 64 * 1024, &key, &e)) ...
 *     secret_done(&key);
 */
#ifndef SLUICE_OS_SECRET_H
#define SLUICE_OS_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <sluice/base/buf.h>
#include <sluice/base/err.h>

/* The whole file, at most max bytes, into *out (initialised here; secret_done ends it, after an
 * error too). A regular file, symbolic links are followed; owned by root or by us; the group may
 * read it, others must have no permission at all. *e says what is wrong and the command that
 * puts it right. */
bool secret_read(const char *path, size_t max, struct buf *out, struct err *e);
/* Wipes and frees; a zeroed or done buffer is fine. The buffer MUST NOT have grown since
 * secret_read. */
void secret_done(struct buf *b);
/* Atomically and durably, mode 0600. replaces: an existing file is replaced, and keeps its owner, its group
 * and what they may; else it is an error (code EEXIST). */
bool secret_write(const char *path, const void *data, size_t n, bool replaces, struct err *e);
/* Waits for all others that lock a secret of the same folder: what is read, changed and written meanwhile is
 * nobody else's. close() ends it; -1: it cannot be locked. */
int secret_lock(const char *path, struct err *e);

#endif
