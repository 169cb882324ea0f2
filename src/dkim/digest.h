/* digest.h: SHA-256 over many small pieces and few large ones: small ones are gathered, large
 * ones are hashed where they lie.
 *
 *     struct digest d;
 *     digest_begin(&d);
 *     digest_put(&d, "subject:", 8);
 *     digest_result(&d, sha256);
 *     digest_end(&d);
 */
#ifndef DKIM_DIGEST_H
#define DKIM_DIGEST_H

#include <openssl/evp.h>
#include <stddef.h>
#include <string.h>

#define DIGEST_BYTES 32

struct digest {
    EVP_MD_CTX *md;
    size_t used;
    unsigned char gathered[1024];
};

/* Running out of memory is the only way in which SHA-256 fails: that aborts. */
void digest_begin(struct digest *d);
void digest_again(struct digest *d); /* from the start, with the same memory; after digest_result */
void digest_copy(struct digest *to, struct digest *from); /* goes on from where `from` is */
void digest_flush(struct digest *d);
void digest_large(struct digest *d, const void *p, size_t n);
void digest_result(struct digest *d, unsigned char sha256[DIGEST_BYTES]);
void digest_end(struct digest *d);

static inline void digest_put(struct digest *d, const void *p, size_t n)
{
    if (n > sizeof d->gathered - d->used) {
        digest_large(d, p, n);
        return;
    }
    memcpy(d->gathered + d->used, p, n);
    d->used += n;
}

#endif
