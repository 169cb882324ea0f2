/* key.h: a private key with everything that signing with it needs, prepared once. */
#ifndef DKIM_KEY_H
#define DKIM_KEY_H

#include <sluice/dkim/dkim.h>

#include <openssl/evp.h>

#define DKIM_RSA_BITS_MAX 4096
#define DKIM_SIGNATURE_MAX (DKIM_RSA_BITS_MAX / 8)
#define DKIM_PUBLIC_MAX 600 /* bytes of the DER of an RSA public key of 4096 bits are 550 */

struct dkim_key {
    char *domain, *selector;
    char *field; /* "DKIM-Signature: v=1; a=...; c=...; d=...; s=...;", folded */
    enum dkim_algorithm algorithm;
    unsigned bits;
    EVP_PKEY *pkey;
    /* Copied for each signature, so that no thread waits for another. */
    EVP_PKEY_CTX *rsa;                         /* RSA: ready for a SHA-256 hash */
    EVP_MD_CTX *ed25519;                       /* Ed25519 */
    unsigned char public_key[DKIM_PUBLIC_MAX]; /* what p= holds */
    size_t public_bytes;
};

/* "what: the reason that OpenSSL gives"; its queue of errors is empty then. Returns false. */
bool key_fails(struct err *e, const char *what);
/* In: SHA-256 of the canonical header fields. *n: bytes of the signature. Any thread. */
bool key_sign(const struct dkim_key *k, const unsigned char hash[32],
              unsigned char signature[DKIM_SIGNATURE_MAX], size_t *n, struct err *e);

/* How the header field of every signature begins. */
#define KEY_FIELD_NAME "DKIM-Signature"
#define KEY_LINE_MAX 76 /* RFC 6376 does not ask for it, but mail is folded so */

#endif
