/* ring.h: the keys of tokens, with HMAC's two states prepared. */
#ifndef TOKEN_RING_H
#define TOKEN_RING_H

#include <sluice/token/token.h>

#include <openssl/evp.h>

#include <stdatomic.h>

#define TOKEN_IDS 256 /* 0 is no key */
#define TOKEN_SECRET_MIN 32
#define TOKEN_SECRET_MAX 64 /* the block of SHA-256: longer ones would be hashed first */
#define TOKEN_SHA256 32

/* RFC 2104: the hash states behind key xor ipad (and our domain separation) and behind key xor
 * opad. */
struct token_key {
    EVP_MD_CTX *inner, *outer;
};
struct token_ring {
    atomic_uint refs;
    struct token_key *key[TOKEN_IDS]; /* by id; NULL: there is none */
    unsigned char writes;             /* the id of the key that writes */
};

void token_key_init(struct token_key *k, const unsigned char *secret, size_t n); /* n: 32 to 64 */
void token_key_done(struct token_key *k);
/* HMAC-SHA256 over "sluice token 1", a NUL, and p. Any thread. */
void token_mac(const struct token_key *k, const unsigned char *p, size_t n,
               unsigned char mac[TOKEN_SHA256]);

#endif
