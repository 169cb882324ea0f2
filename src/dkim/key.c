#include "key.h"

#include <sluice/base/must.h>

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

bool key_fails(struct err *e, const char *what)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;

    err_set(e, "%s: %s", what, reason ? reason : "OpenSSL gives no reason");
    ERR_clear_error();
    return false;
}

static bool has(struct str s, const char *part)
{
    return s.n && memmem(s.p, s.n, part, strlen(part)) != NULL;
}

/* What people put there instead. */
static bool is_private_pem(struct str pem, struct err *e)
{
    if (has(pem, "BEGIN ENCRYPTED PRIVATE KEY") || has(pem, "Proc-Type: 4,ENCRYPTED"))
        return err_set(
            e, "the key is encrypted with a passphrase, which nobody would type at a start: "
               "openssl pkey -in FILE -out NEWFILE writes it without one");
    if (has(pem, "PRIVATE KEY-----"))
        return true;
    if (has(pem, "PUBLIC KEY-----"))
        return err_set(e, "it holds the public key; what signs is the private one");
    if (has(pem, "BEGIN CERTIFICATE"))
        return err_set(e, "it holds a certificate; what signs is a private key");
    return err_set(e, "it holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)");
}

static int no_passphrase(char *to, int size, int is_writing, void *arg)
{
    (void)to, (void)size, (void)is_writing, (void)arg;
    return -1;
}

static EVP_PKEY *read_pem(struct str pem, struct err *e)
{
    BIO *in;
    EVP_PKEY *pkey;

    if (!is_private_pem(pem, e))
        return NULL;
    MUST(pem.n <= INT_MAX);
    in = BIO_new_mem_buf(pem.p, (int)pem.n);
    pkey = in ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL) : NULL;
    BIO_free(in);
    if (!pkey)
        key_fails(e, "the private key cannot be read");
    return pkey;
}

static bool choose_algorithm(struct dkim_key *k, struct err *e)
{
    const char *name = EVP_PKEY_get0_type_name(k->pkey);

    k->bits = (unsigned)EVP_PKEY_get_bits(k->pkey);
    if (EVP_PKEY_is_a(k->pkey, "ED25519")) {
        k->algorithm = DKIM_ED25519_SHA256;
        k->bits = 256;
        return true;
    }
    if (!EVP_PKEY_is_a(k->pkey, "RSA"))
        return err_set(e, "it is a key for %s; DKIM has RSA and Ed25519",
                       name ? name : "something else");
    k->algorithm = DKIM_RSA_SHA256;
    if (k->bits < DKIM_RSA_BITS_MIN)
        return err_set(
            e, "the RSA key has %u bits; receivers take no signature below %u (RFC 8301), use 2048",
            k->bits, DKIM_RSA_BITS_MIN);
    if (k->bits > DKIM_RSA_BITS_MAX)
        return err_set(e, "the RSA key has %u bits; more than %u fit into no DNS answer, use 2048",
                       k->bits, DKIM_RSA_BITS_MAX);
    return true;
}

/* RSA: the SubjectPublicKeyInfo, as everybody publishes it; Ed25519: the bare 32 bytes (RFC 8463
 * 4). */
static bool read_public(struct dkim_key *k, struct err *e)
{
    unsigned char *to = k->public_key;
    int n;

    if (k->algorithm == DKIM_ED25519_SHA256) {
        k->public_bytes = sizeof k->public_key;
        return EVP_PKEY_get_raw_public_key(k->pkey, to, &k->public_bytes) == 1 ||
               key_fails(e, "the public key cannot be told");
    }
    n = i2d_PUBKEY(k->pkey, NULL);
    if (n <= 0 || (size_t)n > sizeof k->public_key || i2d_PUBKEY(k->pkey, &to) != n)
        return key_fails(e, "the public key cannot be told");
    k->public_bytes = (size_t)n;
    return true;
}

static bool prepare(struct dkim_key *k, struct err *e)
{
    bool ok;

    if (k->algorithm == DKIM_ED25519_SHA256) {
        k->ed25519 = EVP_MD_CTX_new();
        ok = k->ed25519 &&
             EVP_DigestSignInit_ex(k->ed25519, NULL, NULL, NULL, NULL, k->pkey, NULL) == 1;
    } else {
        k->rsa = EVP_PKEY_CTX_new_from_pkey(NULL, k->pkey, NULL);
        ok = k->rsa && EVP_PKEY_sign_init(k->rsa) == 1 &&
             EVP_PKEY_CTX_set_rsa_padding(k->rsa, RSA_PKCS1_PADDING) == 1 &&
             EVP_PKEY_CTX_set_signature_md(k->rsa, EVP_sha256()) == 1;
    }
    return ok || key_fails(e, "OpenSSL does not sign with this key");
}

static bool sign_rsa(const struct dkim_key *k, const unsigned char hash[32],
                     unsigned char *signature, size_t *n)
{
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_dup(k->rsa);
    bool ok = c && EVP_PKEY_sign(c, signature, n, hash, 32) == 1;

    EVP_PKEY_CTX_free(c);
    return ok;
}

static bool sign_ed25519(const struct dkim_key *k, const unsigned char hash[32],
                         unsigned char *signature, size_t *n)
{
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    bool ok = c && EVP_MD_CTX_copy_ex(c, k->ed25519) == 1 &&
              EVP_DigestSign(c, signature, n, hash, 32) == 1;

    EVP_MD_CTX_free(c);
    return ok;
}

bool key_sign(const struct dkim_key *k, const unsigned char hash[32],
              unsigned char signature[DKIM_SIGNATURE_MAX], size_t *n, struct err *e)
{
    *n = DKIM_SIGNATURE_MAX;
    if (k->algorithm == DKIM_RSA_SHA256 ? sign_rsa(k, hash, signature, n)
                                        : sign_ed25519(k, hash, signature, n))
        return true;
    return key_fails(e, "OpenSSL does not sign");
}

/* A damaged file may still parse: what it signs must fit the public key that it holds. */
static bool try_out(const struct dkim_key *k, struct err *e)
{
    static const unsigned char hash[32] = "is this key good for anything?";
    unsigned char signature[DKIM_SIGNATURE_MAX];
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    EVP_PKEY_CTX *p = EVP_PKEY_CTX_new_from_pkey(NULL, k->pkey, NULL);
    size_t n;
    bool ok = c && p && key_sign(k, hash, signature, &n, e);

    if (ok && k->algorithm == DKIM_ED25519_SHA256)
        ok = EVP_DigestVerifyInit_ex(c, NULL, NULL, NULL, NULL, k->pkey, NULL) == 1 &&
             EVP_DigestVerify(c, signature, n, hash, sizeof hash) == 1;
    else if (ok)
        ok = EVP_PKEY_verify_init(p) == 1 &&
             EVP_PKEY_CTX_set_rsa_padding(p, RSA_PKCS1_PADDING) == 1 &&
             EVP_PKEY_CTX_set_signature_md(p, EVP_sha256()) == 1 &&
             EVP_PKEY_verify(p, signature, n, hash, sizeof hash) == 1;
    EVP_MD_CTX_free(c);
    EVP_PKEY_CTX_free(p);
    if (!ok) {
        ERR_clear_error();
        err_set(e,
                "the key is damaged: its public half does not verify what its private half signs");
    }
    return ok;
}

/* Both stand in the signature and in the DNS, so nothing but host names comes in. */
static bool is_name(const char *name)
{
    size_t n = strlen(name);

    return n && n <= 253 && name[0] != '.' && name[n - 1] != '.' && !strstr(name, "..") &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == n;
}

static bool check_names(const char *domain, const char *selector, struct err *e)
{
    if (!is_name(domain))
        return err_set(e, "'%s' is no domain", domain);
    if (!is_name(selector))
        return err_set(e, "'%s' is no selector; letters, digits, hyphens and dots are", selector);
    if (strlen(selector) + strlen("._domainkey.") + strlen(domain) > 253)
        return err_set(e, "%s._domainkey.%s is too long for the DNS", selector, domain);
    return true;
}

static char *field_of(const struct dkim_key *k)
{
    const char *a = k->algorithm == DKIM_RSA_SHA256 ? "rsa-sha256" : "ed25519-sha256";
    size_t column =
        strlen(KEY_FIELD_NAME ": v=1; a=; c=relaxed/relaxed; d=;") + strlen(a) + strlen(k->domain);
    const char *before_d = column > KEY_LINE_MAX ? "\r\n" : "";
    const char *before_s;

    if (*before_d)
        column = strlen(" d=;") + strlen(k->domain);
    before_s = column + strlen(" s=;") + strlen(k->selector) > KEY_LINE_MAX ? "\r\n" : "";
    return mem_printf(KEY_FIELD_NAME ": v=1; a=%s; c=relaxed/relaxed;%s d=%s;%s s=%s;", a, before_d,
                      k->domain, before_s, k->selector);
}

bool dkim_key_parse(struct str pem, const char *domain, const char *selector, struct dkim_key **out,
                    struct err *e)
{
    struct dkim_key *k;

    if (!check_names(domain, selector, e))
        return false;
    k = mem_array(1, sizeof *k);
    k->domain = mem_str(domain);
    k->selector = mem_str(selector);
    str_lower(k->domain, strlen(k->domain));
    k->pkey = read_pem(pem, e);
    if (!k->pkey || !choose_algorithm(k, e) || !read_public(k, e) || !prepare(k, e) ||
        !try_out(k, e)) {
        dkim_key_free(k);
        return false;
    }
    k->field = field_of(k);
    *out = k;
    return true;
}

void dkim_key_free(struct dkim_key *k)
{
    if (!k)
        return;
    EVP_PKEY_CTX_free(k->rsa);
    EVP_MD_CTX_free(k->ed25519);
    EVP_PKEY_free(k->pkey);
    free(k->domain);
    free(k->selector);
    free(k->field);
    free(k);
}

const char *dkim_key_domain(const struct dkim_key *k)
{
    return k->domain;
}

const char *dkim_key_selector(const struct dkim_key *k)
{
    return k->selector;
}

enum dkim_algorithm dkim_key_algorithm(const struct dkim_key *k)
{
    return k->algorithm;
}

unsigned dkim_key_bits(const struct dkim_key *k)
{
    return k->bits;
}
