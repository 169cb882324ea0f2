#include "key.h"

#include <sluice/base/must.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

static EVP_PKEY *generate(enum dkim_algorithm a, unsigned rsa_bits)
{
    return a == DKIM_RSA_SHA256 ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)rsa_bits)
                                : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

bool dkim_key_generate(enum dkim_algorithm a, unsigned rsa_bits, struct buf *pem, struct err *e)
{
    EVP_PKEY *pkey;
    BIO *to;
    char *text = NULL;
    long n;
    bool ok;

    if (a == DKIM_RSA_SHA256 && (rsa_bits < DKIM_RSA_BITS_MIN || rsa_bits > DKIM_RSA_BITS_MAX))
        return err_set(e, "an RSA key for DKIM has %d to %d bits", DKIM_RSA_BITS_MIN,
                       DKIM_RSA_BITS_MAX);
    pkey = generate(a, rsa_bits);
    to = BIO_new(BIO_s_secmem()); /* wipes what it frees */
    ok = pkey && to && PEM_write_bio_PKCS8PrivateKey(to, pkey, NULL, NULL, 0, NULL, NULL) == 1;
    n = ok ? BIO_get_mem_data(to, &text) : 0;
    if (ok)
        buf_put(pem, text, (size_t)n);
    BIO_free(to);
    EVP_PKEY_free(pkey);
    if (!ok)
        return key_fails(e, "OpenSSL makes no key");
    return !buf_is_full(pem) || err_set(e, "no room for the key");
}

/* "v=DKIM1; k=rsa; p=..." in text, which holds it whole; returns its length. */
#define RECORD_MAX (32 + (DKIM_PUBLIC_MAX + 2) / 3 * 4)
static size_t record_text(const struct dkim_key *k, char text[RECORD_MAX])
{
    const char *head =
        k->algorithm == DKIM_RSA_SHA256 ? "v=DKIM1; k=rsa; p=" : "v=DKIM1; k=ed25519; p=";
    size_t n = strlen(head);

    memcpy(text, head, n);
    return n +
           (size_t)EVP_EncodeBlock((unsigned char *)text + n, k->public_key, (int)k->public_bytes);
}

void dkim_key_record(const struct dkim_key *k, struct buf *out)
{
    char text[RECORD_MAX];

    buf_put(out, text, record_text(k, text));
}

#define STRING_MAX 255 /* of a TXT record, RFC 1035 3.3 */

void dkim_key_zone_line(const struct dkim_key *k, struct buf *out)
{
    char text[RECORD_MAX];
    size_t n = record_text(k, text);

    buf_printf(out, "%s._domainkey.%s. IN TXT (", k->selector, k->domain);
    for (size_t at = 0; at < n; at += STRING_MAX)
        buf_printf(out, " \"%.*s\"", n - at < STRING_MAX ? (int)(n - at) : STRING_MAX, text + at);
    buf_puts(out, " )");
}
