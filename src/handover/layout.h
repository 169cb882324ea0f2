/* layout.h: the bytes of the hand-over file. Private.
 *
 *   page 0      struct file_head
 *   then        slots of 1,024 bytes; HANDOVER_RING of them, four pages, belong to one connection
 *
 * A slot is written in three parts, each with a checksum of its own; the state comes last. The file
 * is read by the same build on the same machine in the same boot, or not at all: so the layout is a
 * plain struct, and any change of it must raise HANDOVER_VERSION.
 */
#ifndef SLUICE_HANDOVER_LAYOUT_H
#define SLUICE_HANDOVER_LAYOUT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sluice/handover/handover.h>

#define HANDOVER_MAGIC "SLUICEHO"
#define HANDOVER_VERSION 1u
#define HEAD_BYTES 4096u
#define SLOT_BYTES 1024u
/* A reply needs room even behind the longest address, host and message id. */
#define SLOT_TEXT_BYTES 880u

struct file_head {
    char magic[8];
    uint32_t version, slot_bytes, slots;
    char boot[37];
    uint64_t sum; /* of everything before it */
};

struct slot_identity {
    uint32_t job_key, domain_id, attempt;
    uint16_t email_len, host_len, ip_len;
    uint64_t rid, lease;
    int64_t due_ms, added_ms;
};
struct slot_result {
    int64_t at_ms;
    uint32_t queued_ms, connect_ms, send_ms, bytes;
    uint16_t code, text_len;
    uint8_t phase, dot_unanswered, tls;
    char enhanced[12];
};

struct handover_slot {
    _Atomic uint32_t state;
    uint16_t id_len; /* of the message id */
    uint16_t spare;
    uint32_t sum[3]; /* identity with its texts; message id; result with its text */
    struct slot_identity identity;
    struct slot_result result;
    char text[SLOT_TEXT_BYTES]; /* address, host, ip, message id, reply; no NULs */
};
_Static_assert(sizeof(struct handover_slot) <= SLOT_BYTES, "a slot has 1,024 bytes");
_Static_assert(HEAD_BYTES % SLOT_BYTES == 0 && HANDOVER_RING * SLOT_BYTES % 4096 == 0,
               "rings are whole pages");

bool head_is_valid(const struct file_head *h, const char *boot);
void head_fill(struct file_head *h, const char *boot, uint32_t slots);
/* handover_read for one slot, whatever its bytes are. */
enum handover_state slot_read(const struct handover_slot *s, struct outcome *o);

#endif
