#include "digest.h"

#include <sluice/base/must.h>

#include <pthread.h>

/* Fetched once: OpenSSL 3 looks an algorithm up by name under a lock each time that it is not. */
static EVP_MD *sha256_md;
static pthread_once_t sha256_once = PTHREAD_ONCE_INIT;

static void fetch_sha256(void)
{
    sha256_md = EVP_MD_fetch(NULL, "SHA256", NULL);
    MUST(sha256_md);
}

void digest_begin(struct digest *d)
{
    pthread_once(&sha256_once, fetch_sha256);
    d->md = EVP_MD_CTX_new();
    d->used = 0;
    MUST(d->md && EVP_DigestInit_ex2(d->md, sha256_md, NULL) == 1);
}

void digest_again(struct digest *d)
{
    d->used = 0;
    MUST(EVP_DigestInit_ex2(d->md, NULL, NULL) == 1);
}

void digest_copy(struct digest *to, struct digest *from)
{
    digest_flush(from);
    to->md = EVP_MD_CTX_new();
    to->used = 0;
    MUST(to->md && EVP_MD_CTX_copy_ex(to->md, from->md) == 1);
}

void digest_flush(struct digest *d)
{
    if (d->used)
        MUST(EVP_DigestUpdate(d->md, d->gathered, d->used) == 1);
    d->used = 0;
}

void digest_large(struct digest *d, const void *p, size_t n)
{
    digest_flush(d);
    if (n >= sizeof d->gathered)
        MUST(EVP_DigestUpdate(d->md, p, n) == 1);
    else
        digest_put(d, p, n);
}

void digest_result(struct digest *d, unsigned char sha256[DIGEST_BYTES])
{
    unsigned n = 0;

    digest_flush(d);
    MUST(EVP_DigestFinal_ex(d->md, sha256, &n) == 1 && n == DIGEST_BYTES);
}

void digest_end(struct digest *d)
{
    EVP_MD_CTX_free(d->md);
    d->md = NULL;
}
