#include "helper_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sluice/base/buf.h>
#include <sluice/base/must.h>

struct client {
    struct server *server;
    pthread_t thread;
    const struct step *script;
    int fd;
    SSL *ssl;
    char in[4096];
    size_t at, end;
};

struct server {
    int listener;
    struct sockaddr_storage address;
    socklen_t address_length;
    const struct step *const *scripts;
    pthread_t thread;
    SSL_CTX *tls;
    sem_t go, arrived, ended;
    pthread_mutex_t lock; /* what follows */
    bool is_stopping;
    struct client client[SERVER_CONNECTIONS];
    unsigned clients;
    char trouble[256];
    char peer[64], sni[256];
    struct buf lines;
    struct buf text[SERVER_TEXTS];
    unsigned accepted;
};

static void complain(struct client *c, const char *what, const char *wanted, const char *got)
{
    struct server *s = c->server;

    pthread_mutex_lock(&s->lock);
    if (!s->trouble[0] && !s->is_stopping)
        snprintf(s->trouble, sizeof s->trouble, "%s: wanted \"%s\", got \"%.100s\"", what, wanted,
                 got);
    pthread_mutex_unlock(&s->lock);
}

/* --- bytes */

static bool put(struct client *c, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t k = c->ssl ? SSL_write(c->ssl, bytes, (int)n) : send(c->fd, bytes, n, MSG_NOSIGNAL);

        if (k <= 0)
            return false;
        bytes += k;
        n -= (size_t)k;
    }
    return true;
}

static bool fill(struct client *c)
{
    ssize_t n =
        c->ssl ? SSL_read(c->ssl, c->in, sizeof c->in) : recv(c->fd, c->in, sizeof c->in, 0);

    c->at = 0;
    c->end = n > 0 ? (size_t)n : 0;
    return n > 0;
}

/* One line with its LF; false at the end of the stream. */
static bool get_line(struct client *c, struct buf *line)
{
    buf_clear(line);
    for (;;) {
        while (c->at < c->end) {
            char b = c->in[c->at++];

            buf_putc(line, b);
            if (b == '\n')
                return true;
        }
        if (!fill(c))
            return false;
    }
}

static bool get_command(struct client *c, struct buf *line)
{
    struct server *s = c->server;

    if (!get_line(c, line))
        return false;
    while (line->len && (line->data[line->len - 1] == '\n' || line->data[line->len - 1] == '\r'))
        buf_cut(line, line->len - 1);
    pthread_mutex_lock(&s->lock);
    buf_put(&s->lines, line->data, line->len);
    buf_putc(&s->lines, '\n');
    pthread_mutex_unlock(&s->lock);
    return true;
}

static bool get_text(struct client *c)
{
    struct server *s = c->server;
    struct buf line, text;
    bool is_whole = false;

    buf_init(&line, 1 << 24);
    buf_init(&text, 1 << 24);
    while (!is_whole && get_line(c, &line)) {
        is_whole = line.len == 3 && memcmp(line.data, ".\r\n", 3) == 0;
        if (!is_whole)
            buf_put(&text, line.data + (line.data[0] == '.'), line.len - (line.data[0] == '.'));
    }
    pthread_mutex_lock(&s->lock);
    if (is_whole && s->accepted < SERVER_TEXTS)
        buf_put(&s->text[s->accepted], text.data, text.len);
    s->accepted += is_whole;
    pthread_mutex_unlock(&s->lock);
    buf_done(&line);
    buf_done(&text);
    return is_whole;
}

/* --- steps */

static bool say(struct client *c, const char *text)
{
    return put(c, text, strlen(text));
}

static void serve(struct client *c)
{
    struct buf line;
    bool is_on = true;

    buf_init(&line, 1 << 16);
    while (is_on && get_command(c, &line)) {
        if (strncmp(line.data, "DATA", 4) == 0)
            is_on = say(c, "354 go\r\n") && get_text(c) && say(c, "250 2.0.0 queued\r\n");
        else
            is_on = say(c, "250 2.0.0 ok\r\n");
    }
    buf_done(&line);
}

static bool expect(struct client *c, const char *wanted)
{
    struct buf line;
    bool is_right;

    buf_init(&line, 1 << 16);
    if (!get_command(c, &line)) {
        complain(c, "expect", wanted, "the end");
        is_right = false;
    } else {
        is_right = strncmp(line.data, wanted, strlen(wanted)) == 0;
        if (!is_right)
            complain(c, "expect", wanted, line.data);
    }
    buf_done(&line);
    return is_right;
}

static bool start_tls(struct client *c)
{
    const char *name;

    c->ssl = SSL_new(c->server->tls);
    SSL_set_fd(c->ssl, c->fd);
    if (SSL_accept(c->ssl) <= 0)
        return false;
    name = SSL_get_servername(c->ssl, TLSEXT_NAMETYPE_host_name);
    pthread_mutex_lock(&c->server->lock);
    snprintf(c->server->sni, sizeof c->server->sni, "%s", name ? name : "");
    pthread_mutex_unlock(&c->server->lock);
    return true;
}

static bool send_filling(struct client *c, size_t n)
{
    char x[1024];

    memset(x, 'x', sizeof x);
    for (; n > 0; n -= n < sizeof x ? n : sizeof x)
        if (!put(c, x, n < sizeof x ? n : sizeof x))
            return false;
    return true;
}

static bool take_some(struct client *c, size_t n)
{
    while (n > 0) {
        size_t have;

        if (c->at == c->end && !fill(c))
            return false;
        have = c->end - c->at < n ? c->end - c->at : n;
        c->at += have;
        n -= have;
    }
    return true;
}

static bool reset(struct client *c)
{
    struct linger at_once = {1, 0};

    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return false;
}

/* False: the connection ends here. */
static bool do_step(struct client *c, const struct step *step)
{
    switch (step->kind) {
    case STEP_SEND:
        return say(c, step->line);
    case STEP_EXPECT:
        return expect(c, step->line);
    case STEP_TEXT:
        return get_text(c);
    case STEP_TLS:
        return start_tls(c);
    case STEP_NO_TLS:
        return fill(c) && say(c, "this is no TLS record\r\n");
    case STEP_SERVE:
        serve(c);
        return false;
    case STEP_AWAIT:
        sem_post(&c->server->arrived);
        sem_wait(&c->server->go);
        return true;
    case STEP_DRIP:
        poll(NULL, 0, (int)step->n);
        return say(c, step->line);
    case STEP_FILL:
        return send_filling(c, step->n);
    case STEP_SOME:
        return take_some(c, step->n);
    case STEP_RESET:
        return reset(c);
    case STEP_HANGUP:
    case STEP_END:
        break;
    }
    return false;
}

static void *talk(void *arg)
{
    struct client *c = arg;
    struct server *s = c->server;
    const struct step *step = c->script;

    while (step->kind != STEP_END && do_step(c, step))
        step++;
    while (step->kind == STEP_END && fill(c))
        ;
    SSL_free(c->ssl);
    pthread_mutex_lock(&s->lock);
    close(c->fd);
    c->fd = -1;
    pthread_mutex_unlock(&s->lock);
    sem_post(&s->ended);
    return NULL;
}

/* --- life */

static void add_client(struct server *s, int fd, const struct sockaddr_storage *from)
{
    static const int on = 1;
    struct client *c = &s->client[s->clients];

    MUST(s->clients < SERVER_CONNECTIONS);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    c->server = s;
    c->fd = fd;
    c->script = *s->scripts;
    if (s->scripts[1])
        s->scripts++;
    if (from->ss_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)from)->sin_addr, s->peer, sizeof s->peer);
    else
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)from)->sin6_addr, s->peer,
                  sizeof s->peer);
    MUST(pthread_create(&c->thread, NULL, talk, c) == 0);
    s->clients++;
}

static void *take_clients(void *server)
{
    struct server *s = server;

    for (;;) {
        struct sockaddr_storage from;
        socklen_t length = sizeof from;
        int fd = accept(s->listener, (struct sockaddr *)&from, &length);

        if (fd < 0)
            return NULL;
        pthread_mutex_lock(&s->lock);
        if (s->is_stopping)
            close(fd);
        else
            add_client(s, fd, &from);
        pthread_mutex_unlock(&s->lock);
    }
}

static void self_sign(SSL_CTX *ctx)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    X509_NAME *name = X509_get_subject_name(cert);

    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -60);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"wrong.example", -1,
                               -1, 0);
    X509_set_issuer_name(cert, name);
    X509_set_pubkey(cert, key);
    MUST(X509_sign(cert, key, EVP_sha256()));
    MUST(SSL_CTX_use_certificate(ctx, cert) == 1 && SSL_CTX_use_PrivateKey(ctx, key) == 1);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static void listen_on(struct server *s, const char *ip)
{
    struct sockaddr_in *in = (void *)&s->address;
    struct sockaddr_in6 *in6 = (void *)&s->address;

    s->address_length = sizeof *in;
    in->sin_family = AF_INET;
    if (inet_pton(AF_INET, ip, &in->sin_addr) != 1) {
        s->address_length = sizeof *in6;
        in6->sin6_family = AF_INET6;
        MUST(inet_pton(AF_INET6, ip, &in6->sin6_addr) == 1);
    }
    s->listener = socket(s->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    MUST(bind(s->listener, (void *)&s->address, s->address_length) == 0);
    MUST(listen(s->listener, 64) == 0);
    MUST(getsockname(s->listener, (void *)&s->address, &s->address_length) == 0);
}

struct server *server_start(const char *ip, const struct step *const *scripts)
{
    struct server *s = mem_array(1, sizeof *s);

    s->scripts = scripts;
    s->tls = SSL_CTX_new(TLS_server_method());
    self_sign(s->tls);
    sem_init(&s->go, 0, 0);
    sem_init(&s->arrived, 0, 0);
    sem_init(&s->ended, 0, 0);
    pthread_mutex_init(&s->lock, NULL);
    buf_init(&s->lines, 1 << 24);
    for (unsigned i = 0; i < SERVER_TEXTS; i++)
        buf_init(&s->text[i], 1 << 24);
    listen_on(s, ip);
    MUST(pthread_create(&s->thread, NULL, take_clients, s) == 0);
    return s;
}

void server_stop(struct server *s)
{
    pthread_mutex_lock(&s->lock);
    s->is_stopping = true;
    for (unsigned i = 0; i < s->clients; i++) {
        if (s->client[i].fd >= 0)
            shutdown(s->client[i].fd, SHUT_RDWR);
        sem_post(&s->go);
    }
    pthread_mutex_unlock(&s->lock);
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->listener);
    for (unsigned i = 0; i < s->clients; i++)
        pthread_join(s->client[i].thread, NULL);
}

void server_free(struct server *s)
{
    SSL_CTX_free(s->tls);
    sem_destroy(&s->go);
    sem_destroy(&s->arrived);
    sem_destroy(&s->ended);
    pthread_mutex_destroy(&s->lock);
    buf_done(&s->lines);
    for (unsigned i = 0; i < SERVER_TEXTS; i++)
        buf_done(&s->text[i]);
    free(s);
}

struct sockaddr_storage server_address(const struct server *s, socklen_t *length)
{
    *length = s->address_length;
    return s->address;
}

void server_wait(struct server *s)
{
    sem_wait(&s->arrived);
}

void server_wait_end(struct server *s)
{
    sem_wait(&s->ended);
}

void server_go(struct server *s)
{
    sem_post(&s->go);
}

const char *server_trouble(const struct server *s)
{
    return s->trouble;
}

const char *server_lines(const struct server *s)
{
    return s->lines.data;
}

unsigned server_connections(const struct server *s)
{
    return s->clients;
}

unsigned server_accepted(const struct server *s)
{
    return s->accepted;
}

const char *server_text(const struct server *s, unsigned i, size_t *n)
{
    *n = s->text[i].len;
    return s->text[i].data;
}

const char *server_peer(const struct server *s)
{
    return s->peer;
}

const char *server_sni(const struct server *s)
{
    return s->sni;
}
