/* tls.h: STARTTLS as mailers use it between one another: opportunistic. (S)
 *
 * One SSL_CTX of ours for all sessions: TLS 1.2 and later, no client certificate, no session
 * cache (libESMTP writes into the SSL_SESSION of each connection, which threads must therefore
 * not share). Nobody checks a certificate in this mode: an unverified channel is better than the
 * clear text that is the alternative (RFC 7435). DANE and MTA-STS will bring policies that do. */
#ifndef SLUICE_DELIVER_TLS_H
#define SLUICE_DELIVER_TLS_H

#include <stdarg.h>
#include <stdbool.h>
#include <openssl/ssl.h>
#include <sluice/base/err.h>

SSL_CTX *tls_new(struct err *e); /* NULL on failure */
/* The name that this thread's next handshake sends (SNI): the MX host; it must live as long.
 * NULL: no session. */
void tls_use(const char *mx_host);
/* With `holds` the socket does not poll readable for what follows a handshake, without it it
 * does again.
 *
 * A TLS 1.3 server sends session tickets then. libESMTP polls for reading and writing, and reads
 * first: it would wait inside SSL_read() for an answer to the EHLO that still lies in its
 * buffer, until the time is up. So reading is held from the end of the handshake until EHLO is
 * written. */
void tls_hold_reading(int fd, bool holds);
/* Answers libESMTP's question about the peer's certificate, if the event is one. False: it is
 * another event. */
bool tls_answer(int event, va_list args);
/* Why this thread's handshake failed, in OpenSSL's words; "" if it did not say. */
void tls_reason(char *out, size_t size);
/* Forgets errors that other users of OpenSSL left in this thread (DKIM signing): libESMTP's next
 * read would be taken for a failed one. */
void tls_forget_errors(void);

#endif
