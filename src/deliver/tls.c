#include "tls.h"

#include <sluice/base/str.h>

#include <arpa/inet.h>
#include <libesmtp.h>
#include <netinet/in.h>
#include <openssl/err.h>

static _Thread_local const char *host_now;

/* A name without the dot of the root; no address literal (RFC 6066 section 3). */
static bool sni_name(const char *host, char out[256])
{
    unsigned char ip[sizeof(struct in6_addr)];
    size_t n = strlen(host);

    if (n > 0 && host[n - 1] == '.')
        n--;
    if (n == 0 || n > 255)
        return false;
    memcpy(out, host, n);
    out[n] = '\0';
    return inet_pton(AF_INET, out, ip) != 1 && inet_pton(AF_INET6, out, ip) != 1;
}

/* libESMTP makes the SSL object itself; the start of the handshake is the first moment at which
 * we see it, and early enough for the ClientHello. */
static void on_handshake(const SSL *ssl, int where, int ret)
{
    SSL *mutable_ssl = (SSL *)ssl; /* the object is not const, only this callback's view */
    char name[256];

    (void)ret;
    if (!(where & SSL_CB_HANDSHAKE_START) || SSL_get_state(ssl) == TLS_ST_OK || !host_now)
        return;
    /* It loads a certificate from ~/.authenticate if there is one, and later frees it without
     * owning it. */
    SSL_certs_clear(mutable_ssl);
    if (sni_name(host_now, name))
        SSL_set_tlsext_host_name(mutable_ssl, name);
}

SSL_CTX *tls_new(struct err *e)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    if (!ctx || !SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION)) {
        SSL_CTX_free(ctx);
        err_set(e, "OpenSSL gives no TLS context");
        return NULL;
    }
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
    /* Some 34 KB of buffers for each idle connection otherwise. */
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_info_callback(ctx, on_handshake);
    return ctx;
}

void tls_use(const char *mx_host)
{
    host_now = mx_host;
    ERR_clear_error();
}

/* More than tickets take, and less than makes the kernel enlarge the receive buffer. */
#define HOLD_BYTES 16384

void tls_hold_reading(int fd, bool holds)
{
    int least = holds ? HOLD_BYTES : 1;

    setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &least, sizeof least);
}

bool tls_answer(int event, va_list args)
{
    switch (event) {
    case SMTP_EV_INVALID_PEER_CERTIFICATE:
        (void)va_arg(args, long);
        break;
    case SMTP_EV_WEAK_CIPHER:
        (void)va_arg(args, int);
        break;
    case SMTP_EV_NO_PEER_CERTIFICATE:
    case SMTP_EV_WRONG_PEER_CERTIFICATE: /* it compares with the placeholder: always wrong */
    case SMTP_EV_NO_CLIENT_CERTIFICATE:
        break;
    default:
        return false;
    }
    *va_arg(args, int *) = 1; /* opportunistic: go on */
    ERR_clear_error();
    return true;
}

void tls_reason(char *out, size_t size)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;

    str_copy(out, size, str_of(reason ? reason : ""));
    ERR_clear_error();
}

void tls_forget_errors(void)
{
    ERR_clear_error();
}
