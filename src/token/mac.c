#include "ring.h"

#include <sluice/base/must.h>

#include <string.h>

/* A ring may get its keys' secrets from where others get theirs: what we sign is not what they
 * sign. */
static const char purpose[] = "sluice token 1"; /* hashed with its NUL */
#define BLOCK 64

static EVP_MD_CTX *state_behind(const EVP_MD *sha256, const unsigned char secret[BLOCK],
                                unsigned char pad)
{
    unsigned char block[BLOCK];
    EVP_MD_CTX *c = EVP_MD_CTX_new();

    for (size_t i = 0; i < BLOCK; i++)
        block[i] = secret[i] ^ pad;
    MUST(c && EVP_DigestInit_ex2(c, sha256, NULL) == 1 && EVP_DigestUpdate(c, block, BLOCK) == 1);
    explicit_bzero(block, sizeof block);
    return c;
}

void token_key_init(struct token_key *k, const unsigned char *secret, size_t n)
{
    EVP_MD *sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    unsigned char padded[BLOCK] = {0};

    MUST(sha256 && n <= BLOCK);
    memcpy(padded, secret, n);
    k->inner = state_behind(sha256, padded, 0x36);
    k->outer = state_behind(sha256, padded, 0x5c);
    MUST(EVP_DigestUpdate(k->inner, purpose, sizeof purpose) == 1);
    explicit_bzero(padded, sizeof padded);
    EVP_MD_free(sha256);
}

void token_key_done(struct token_key *k)
{
    EVP_MD_CTX_free(k->inner);
    EVP_MD_CTX_free(k->outer);
}

/* Copying the two states costs a third of duplicating an EVP_MAC_CTX, and needs nothing of the
 * thread. */
void token_mac(const struct token_key *k, const unsigned char *p, size_t n,
               unsigned char mac[TOKEN_SHA256])
{
    EVP_MD_CTX *c = EVP_MD_CTX_new();

    MUST(c && EVP_MD_CTX_copy_ex(c, k->inner) == 1 && EVP_DigestUpdate(c, p, n) == 1 &&
         EVP_DigestFinal_ex(c, mac, NULL) == 1);
    MUST(EVP_MD_CTX_copy_ex(c, k->outer) == 1 && EVP_DigestUpdate(c, mac, TOKEN_SHA256) == 1 &&
         EVP_DigestFinal_ex(c, mac, NULL) == 1);
    EVP_MD_CTX_free(c);
}
