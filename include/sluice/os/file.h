/* file.h: files and directories, with errors that name the path, and writes that survive a crash.
 *
 *     if (!file_write_atomic("out/a/result.csv", text, n, &e)) ...   // temp file, fsync, rename,
 * fsync dir
 */
#ifndef SLUICE_OS_FILE_H
#define SLUICE_OS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sluice/base/buf.h>
#include <sluice/base/err.h>

bool file_make_dirs(const char *path, struct err *e); /* mkdir -p, 0750 */
bool file_exists(const char *path);
/* Whole file into *out (emptied first; empty after an error), at most out->max bytes (more is an
 * error that names the limit). Regular files only: a FIFO or device in a drop directory must not
 * block or flood us. */
bool file_read(const char *path, struct buf *out, struct err *e);
/* The temporary file stands beside the target and begins with a dot; mode 0640. */
bool file_write_atomic(const char *path, const void *data, size_t n, struct err *e);
bool file_sync_dir(const char *path, struct err *e);
bool file_write_all(int fd, const void *data, size_t n); /* all of it; false: errno */
/* The folder: "dir/name" gives "dir", "name" gives ".", "/name" gives "/". To be freed. */
char *file_parent(const char *path);
/* rename(2), and a copy, fsync, unlink across file systems; then syncs the target's directory.
 * Never overwrites: an existing target is an error (code EEXIST). */
bool file_move(const char *from, const char *to, struct err *e);
/* Removes a directory tree that we made (at most 32 deep), or a file; never follows symbolic links.
 * Nothing there: true, so that recovery may repeat it. */
bool file_remove_tree(const char *path, struct err *e);
/* A name that may stand inside a directory of ours: 1-200 bytes, no '/', no NUL, no leading '.', no
 * control characters. `why` (may be NULL) gets the reason otherwise. */
bool file_name_is_safe(const char *name, const char **why);
/* True when what is free on path's file system (for an ordinary user) is at least `bytes`;
 * otherwise *e says what is missing. free_bytes may be NULL. */
bool file_space_is_at_least(const char *path, uint64_t bytes, uint64_t *free_bytes, struct err *e);
/* /proc/sys/kernel/random/boot_id: tells a restart of the program from one of the machine. 37
 * bytes. */
bool file_boot_id(char out[37], struct err *e);

#endif
