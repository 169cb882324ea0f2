/* handover.h: the record that survives kill -9.
 *
 * One memory-mapped file; every connection owns HANDOVER_RING slots of it in turn, each holds one
 * message from MAIL until its outcome is committed to the spool. The page cache survives the death
 * of the process, so at the next start the slots say exactly which recipients were accepted or
 * refused (apply the result), which wait for a reply that was never read (in doubt), and which were
 * not sent (queue again). After a power cut the file proves nothing: then every lease is in doubt
 * (spool/spool.h).
 *
 *     struct handover_slot *s = handover_slot(h, i);
 *     handover_begin(s, d, host, ip);       // before MAIL
 *     handover_dot(s, message_id);          // before the last bytes of the message are handed to
 * the kernel handover_end(s, &outcome);            // as soon as the reply is read
 *     handover_clear(s);                    // committed
 */
#ifndef SLUICE_HANDOVER_HANDOVER_H
#define SLUICE_HANDOVER_HANDOVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sluice/base/err.h>
#include <sluice/model/outcome.h>

#define HANDOVER_RING 16u

enum handover_state { HANDOVER_FREE, HANDOVER_SENDING, HANDOVER_DOT_OUT, HANDOVER_ENDED };

struct handover;
struct handover_slot;

/* Opens or creates the file with at least `connections` * HANDOVER_RING slots (more, if it had
 * more: all of them are to be read). `same_boot` is true only for an intact file of this life of
 * the machine; otherwise (another boot, new, foreign, damaged head) its slots are dropped and prove
 * nothing. Fails if another process holds it. Disk space is reserved here. */
bool handover_open(const char *path, uint32_t connections, struct handover **out, bool *same_boot,
                   struct err *e);
void handover_close(struct handover *h); /* NULL is fine */
struct handover_slot *handover_slot(struct handover *h, uint32_t index);
uint32_t handover_count(const struct handover *h); /* slots */

void handover_begin(struct handover_slot *s, const struct delivery *d, const char *mx_host,
                    const char *mx_ip);
void handover_dot(struct handover_slot *s, const char *message_id);
void handover_end(struct handover_slot *s, const struct outcome *o);
void handover_clear(struct handover_slot *s);
bool handover_is_free(const struct handover_slot *s);

/* What the last life left: for each slot that is not free fills *o (identity, phase, reply as far
 * as known, dot_unanswered for HANDOVER_DOT_OUT; slot = its index; scope, category, provider, state
 * not) and returns its state. A checksum guards each part: a slot whose recipient is unreadable is
 * HANDOVER_FREE, one whose result is unreadable HANDOVER_DOT_OUT. Call before any connection
 * starts; damaged ones must be cleared, too: handover_clear() every slot that was read. */
enum handover_state handover_read(struct handover *h, uint32_t index, struct outcome *o);

#endif
