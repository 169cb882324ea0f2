/* tls.c: see tls.h. Keys are EC P-256: made in well under a millisecond. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sluice/base/buf.h>
#include "tls.h"

#define DAY_SEC 86400L

struct authority {
    EVP_PKEY *key;
    X509 *cert;
};

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    if (e)
        (void)X509_add_ext(cert, e, -1);
    X509_EXTENSION_free(e);
}

static X509 *make_cert(EVP_PKEY *key, const char *common_name, bool expired, long serial)
{
    X509 *c = X509_new();
    if (!c)
        return NULL;
    (void)X509_set_version(c, 2);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(c), serial);
    (void)X509_gmtime_adj(X509_getm_notBefore(c), -10 * DAY_SEC);
    (void)X509_gmtime_adj(X509_getm_notAfter(c), expired ? -DAY_SEC : 365 * DAY_SEC);
    (void)X509_set_pubkey(c, key);
    X509_NAME *name = X509_get_subject_name(c);
    (void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name,
                                     -1, -1, 0);
    (void)X509_set_issuer_name(c, name);
    return c;
}

static bool make_authority(struct authority *a)
{
    a->key = EVP_EC_gen("P-256");
    a->cert = a->key ? make_cert(a->key, "sluice-lab CA", false, 1) : NULL;
    if (!a->cert)
        return false;
    add_extension(a->cert, a->cert, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(a->cert, a->cert, NID_key_usage, "critical,keyCertSign,cRLSign");
    return X509_sign(a->cert, a->key, EVP_sha256()) > 0;
}

static void add_names(X509 *cert, X509 *issuer, const struct receiver *r)
{
    struct buf names;
    buf_init(&names, 16384);
    for (size_t i = 0; i < r->hosts; i++)
        buf_printf(&names, "%sDNS:%s", i ? "," : "",
                   r->cert == CERT_WRONG_NAME ? "wrong.example" : r->host[i]);
    add_extension(cert, issuer, NID_subject_alt_name, names.data);
    buf_done(&names);
}

static bool make_context(struct receiver *r, const struct authority *ca, long serial)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = EVP_EC_gen("P-256");
    const char *name = r->cert == CERT_WRONG_NAME ? "wrong.example" : r->host[0];
    X509 *cert = key ? make_cert(key, name, r->cert == CERT_EXPIRED, serial) : NULL;
    bool from_ca = r->cert == CERT_LAB_CA || r->cert == CERT_EXPIRED || r->cert == CERT_WRONG_NAME;
    bool ok = ctx && cert;
    if (ok) {
        if (from_ca)
            (void)X509_set_issuer_name(cert, X509_get_subject_name(ca->cert));
        add_names(cert, from_ca ? ca->cert : cert, r);
        ok = X509_sign(cert, from_ca ? ca->key : key, EVP_sha256()) > 0 &&
             SSL_CTX_use_certificate(ctx, cert) == 1 && SSL_CTX_use_PrivateKey(ctx, key) == 1;
        if (from_ca) /* a DANE client may look for the authority in the chain */
            (void)SSL_CTX_add1_chain_cert(ctx, ca->cert);
        (void)SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                        SSL_MODE_RELEASE_BUFFERS);
        r->ssl_ctx = ctx;
    } else {
        SSL_CTX_free(ctx);
    }
    X509_free(cert);
    EVP_PKEY_free(key);
    return ok;
}

static bool write_ca(const char *path, X509 *cert, struct err *e)
{
    FILE *f = fopen(path, "w");
    if (!f)
        return err_sys(e, "%s", path);
    bool ok = PEM_write_X509(f, cert) == 1;
    ok = fclose(f) == 0 && ok;
    return ok || err_set(e, "cannot write %s", path);
}

bool tls_prepare(struct scene *s, struct err *e)
{
    struct authority ca = {NULL, NULL};
    bool ok = true;
    bool wanted = s->ca_file != NULL;
    for (size_t i = 0; i < s->receivers; i++)
        wanted = wanted || s->receiver[i]->tls != TLS_NONE;
    if (!wanted)
        return true;
    if (!make_authority(&ca))
        ok = err_set(e, "cannot make the lab's certificate authority");
    for (size_t i = 0; ok && i < s->receivers; i++)
        if (s->receiver[i]->tls != TLS_NONE && !make_context(s->receiver[i], &ca, (long)i + 2))
            ok = err_set(e, "cannot make a certificate for '%s'", s->receiver[i]->name);
    if (ok && s->ca_file)
        ok = write_ca(s->ca_file, ca.cert, e);
    X509_free(ca.cert);
    EVP_PKEY_free(ca.key);
    return ok;
}

void tls_free(struct scene *s)
{
    for (size_t i = 0; i < s->receivers; i++) {
        SSL_CTX_free(s->receiver[i]->ssl_ctx);
        s->receiver[i]->ssl_ctx = NULL;
    }
}

bool tls_key_digest(const struct receiver *r, uint8_t out[32])
{
    X509 *cert = r->ssl_ctx ? SSL_CTX_get0_certificate(r->ssl_ctx) : NULL;
    unsigned char *der = NULL;
    unsigned n = 0;
    int len = cert ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der) : 0;
    bool ok = len > 0 && EVP_Digest(der, (size_t)len, out, &n, EVP_sha256(), NULL) == 1;
    OPENSSL_free(der);
    return ok;
}
