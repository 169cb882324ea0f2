/* log.h: one line per event, key=value, to stderr or a file.
 *
 *     log_line(LOG_AT_INFO, "delivery", "job=%s to=<%s> state=%s", ...);
 * prints
 *     2026-11-22T10:20:30.123Z info delivery job=a to=<kim@naver.com> state=delivered
 *
 * Values that come from outside (replies, addresses) go through log_quote first: quotes around
 * anything with a space or a special character, control characters escaped, cut at a limit; so a
 * reply never forges a line. Thread-safe; each line is one write(2).
 */
#ifndef SLUICE_OS_LOG_H
#define SLUICE_OS_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <sluice/base/err.h>
#include <sluice/base/str.h>

/* Not syslog's names: LOG_INFO and the like are macros of <syslog.h>. */
enum log_level { LOG_AT_ERROR, LOG_AT_WARNING, LOG_AT_INFO, LOG_AT_DEBUG };

bool log_open(const char *path, enum log_level level, struct err *e); /* NULL path: stderr */
bool log_reopen(struct err *e);                                       /* after rotation */
bool log_wants(enum log_level level);
/* Longer lines than 4 KiB are cut and end in "..."; a control character that gets here becomes '?'.
 * errno is kept. */
void log_line(enum log_level level, const char *topic, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Returns `out`, always terminated; size MUST be >= 8. What is cut ends in "...". */
const char *log_quote(struct str value, char *out, size_t size);

#endif
