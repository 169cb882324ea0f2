/* dkim.h: DKIM signatures (RFC 6376, 8301, 8463). (P)
 *
 * rsa-sha256 and ed25519-sha256, relaxed/relaxed.
 *
 * Keys are immutable and shared by all threads; a ring is all keys of a configuration, counted
 * references, replaced as a whole by a reload.
 *
 *     size_t n = dkim_ring_pick(ring, "hanbit", "hanbit-shop.example", key);
 *     dkim_sign(key, n, message, NULL, now, &out, &e);   // DKIM-Signature fields, to stand on top
 */
#ifndef SLUICE_DKIM_DKIM_H
#define SLUICE_DKIM_DKIM_H

#include <stdbool.h>
#include <stddef.h>
#include <sluice/base/buf.h>
#include <sluice/base/err.h>
#include <sluice/base/origin.h>
#include <sluice/base/str.h>
#include <sluice/base/when.h>

#define DKIM_SIGNATURES_MAX 4  /* of one message */
#define DKIM_RSA_BITS_MIN 1024 /* RFC 8301 3.2; new keys have 2048 */

enum dkim_algorithm { DKIM_RSA_SHA256, DKIM_ED25519_SHA256 };

struct dkim_key;
/* pem: a private key, RSA of 1024 to 4096 bits or Ed25519. Domain and selector are A-labels. */
bool dkim_key_parse(struct str pem, const char *domain, const char *selector, struct dkim_key **out,
                    struct err *e);
void dkim_key_free(struct dkim_key *k); /* NULL is fine */
const char *dkim_key_domain(const struct dkim_key *k);
const char *dkim_key_selector(const struct dkim_key *k);
enum dkim_algorithm dkim_key_algorithm(const struct dkim_key *k);
unsigned dkim_key_bits(const struct dkim_key *k);
/* Appends a new private key as PEM (PKCS #8); rsa_bits only for RSA. Wipe it: secret_done,
 * os/secret.h. */
bool dkim_key_generate(enum dkim_algorithm a, unsigned rsa_bits, struct buf *pem, struct err *e);
/* The value of its DNS record: "v=DKIM1; k=rsa; p=..." */
void dkim_key_record(const struct dkim_key *k, struct buf *out);
/* The record for a zone file, one line without its end: name, TXT, strings of at most 255 bytes
 * each in parentheses. */
void dkim_key_zone_line(const struct dkim_key *k, struct buf *out);

/* What stands in the DNS against the key (RFC 6376 3.6.1). `txt`: the strings of one TXT record
 * put together. why: the reason, empty for a good one. */
enum dkim_record_verdict {
    DKIM_RECORD_GOOD,
    DKIM_RECORD_OTHER_KEY, /* p= is another public key */
    DKIM_RECORD_REVOKED,   /* p= is empty */
    DKIM_RECORD_TESTING,   /* good, but t=y: receivers ignore it */
    DKIM_RECORD_BROKEN     /* no DKIM record, or one that forbids this use (k=, h=, s=) */
};
enum dkim_record_verdict dkim_record_check(const struct dkim_key *k, struct str txt, char why[160]);

/* Of the body in canonical form ("relaxed"), for bodies that are the same in every message. */
struct dkim_body {
    unsigned char sha256[32];
};
void dkim_body_hash(struct str body, struct dkim_body *out);
/* message: header lines, an empty line, the body, all in CRLF. known: the body's hash, NULL:
 * computed once for all signatures. Appends n fields "DKIM-Signature: ...\r\n", folded. Signs
 * the fields of RFC 6376 5.4.1 that are there, List-*, Feedback-ID, CFBL-*, Auto-Submitted,
 * MIME's; From, Reply-To, Subject, Date, To, Cc, Message-ID and MIME's once more than they are there
 * (oversigned), List-*, Feedback-ID, CFBL-* and Auto-Submitted where they are there. t= is now; no i=, no l=, no x=. Any thread. False: OpenSSL failed, out is full, or there are more
 * than 128 fields to sign; what was appended is to be cut off then. */
bool dkim_sign(const struct dkim_key *const *key, size_t n, struct str message,
               const struct dkim_body *known, struct wall now, struct buf *out, struct err *e);

/* ---- the keys of a configuration ---- */

/* One element of `dkim` in the configuration. Strings are owned by the settings. */
struct dkim_entry {
    char *domain, *selector;
    char *key_file;
    char **from; /* domains of From: that it signs, with all below; "*": all. None: `domain` */
    size_t froms;
    char **client; /* whose jobs; none: all */
    size_t clients;
    struct origin at;
};
struct dkim_ring;
/* Reads the key files (S), see os/secret.h. All problems go to *p; NULL when there are errors.
 * An empty list gives an empty ring. Nothing of the entries is kept. */
struct dkim_ring *dkim_ring_load(const struct dkim_entry *entry, size_t count, struct problems *p);
struct dkim_ring *dkim_ring_ref(struct dkim_ring *r);
void dkim_ring_release(struct dkim_ring *r); /* NULL is fine */
/* The keys that sign this client's mail from this domain (A-label), in the order of the
 * configuration, at most DKIM_SIGNATURES_MAX. Fast: asked for each message. */
size_t dkim_ring_pick(const struct dkim_ring *r, const char *client, const char *from_domain,
                      const struct dkim_key *key[DKIM_SIGNATURES_MAX]);
size_t dkim_ring_count(const struct dkim_ring *r);
const struct dkim_key *dkim_ring_key(const struct dkim_ring *r, size_t i);

#endif
