/* sign_bench.c: what a DKIM signature costs beside what OpenSSL does with the same key and
 * nothing else, and what a link's token costs.
 *
 *     bench-sign [bytes]        default: a message of 5,000 bytes
 *
 * "alone" signs 32 bytes with a context that is made once, as `openssl speed rsa2048 ed25519`
 * does. All columns take turns in each round and count this program's CPU time, so that a busy
 * machine does not change their ratio; the median of the rounds is shown. / */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sluice/base/must.h>
#include <sluice/dkim/dkim.h>
#include <sluice/os/secret.h>
#include <sluice/token/token.h>

#define ROUNDS 15

static double cpu_sec(void)
{
    struct timespec t;

    MUST(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Headers as our messages have them, and a quoted-printable body in Korean. */
static void make_message(size_t bytes, struct buf *out)
{
    buf_init(out, bytes + 10000);
    buf_puts(
        out,
        "Date: Sun, 22 Nov 2026 10:20:30 +0900\r\nFrom: =?utf-8?B?67SE64Kg7IOB7ZqM?= "
        "<news@bomnal.example>\r\n"
        "To: =?utf-8?B?6rmA7ZWY64KY?= <hana.kim@naver.example>\r\nReply-To: help@bomnal.example\r\n"
        "Subject: =?utf-8?B?KOq0keqzoCkg6rmA7ZWY64KY64uYLCDrtITrp57snbQg7IS47J28?=\r\n"
        "Message-ID: <1234567.spring-2026.0123456789abcdef@bomnal.example>\r\n"
        "List-Id: <news.bomnal.example>\r\nList-Unsubscribe: "
        "<https://t.bomnal.example/u/EgEBI0VniavN74fWSwr2Hh8>,\r\n"
        " <mailto:stop@bomnal.example?subject=stop>\r\nList-Unsubscribe-Post: "
        "List-Unsubscribe=One-Click\r\n"
        "Feedback-ID: spring:bomnal:ad:sluice\r\nMIME-Version: 1.0\r\nContent-Type: text/html; "
        "charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
    while (out->len < bytes)
        buf_puts(
            out,
            "<p style=3D\"color: #333\">=EB=B4=84=EB=A7=9E=EC=9D=B4 =EC=84=B8=EC=9D=BC</p>=\r\n");
}

enum column { ALONE, WHOLE, KNOWN, COLUMNS };

struct bench {
    struct dkim_key *key;
    EVP_MD_CTX *ed25519;
    EVP_PKEY_CTX *rsa;
    struct buf message, out;
    struct dkim_body body;
};

static void sign_once(struct bench *b, enum column c)
{
    unsigned char signature[512];
    size_t n = sizeof signature;
    struct err e;

    if (c == ALONE) {
        if (b->rsa)
            MUST(EVP_PKEY_sign(b->rsa, signature, &n, b->body.sha256, 32) == 1);
        else
            MUST(EVP_DigestSign(b->ed25519, signature, &n, b->body.sha256, 32) == 1);
        return;
    }
    buf_clear(&b->out);
    MUST(dkim_sign((const struct dkim_key *const[]){b->key}, 1,
                   str_n(b->message.data, b->message.len), c == KNOWN ? &b->body : NULL,
                   (struct wall){INT64_C(1795337517000)}, &b->out, &e));
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double median(double *v)
{
    qsort(v, ROUNDS, sizeof *v, by_size);
    return v[ROUNDS / 2];
}

static void measure(struct bench *b, const char *name, int times)
{
    double per_sec[COLUMNS][ROUNDS], ratio[COLUMNS][ROUNDS];

    for (int round = 0; round < ROUNDS; round++) {
        for (enum column c = 0; c < COLUMNS; c++) {
            double start = cpu_sec();

            for (int i = 0; i < times; i++)
                sign_once(b, c);
            per_sec[c][round] = times / (cpu_sec() - start);
            ratio[c][round] = per_sec[c][round] / per_sec[ALONE][round];
        }
    }
    printf("%-10s %12.0f %12.0f %6.2f %12.0f %6.2f\n", name, median(per_sec[ALONE]),
           median(per_sec[WHOLE]), median(ratio[WHOLE]), median(per_sec[KNOWN]),
           median(ratio[KNOWN]));
}

static void bench_key(enum dkim_algorithm a, size_t bytes)
{
    struct bench b = {0};
    struct buf pem;
    struct err e;
    EVP_PKEY *pkey;
    BIO *in;

    buf_init(&pem, 10000);
    buf_init(&b.out, 10000);
    make_message(bytes, &b.message);
    dkim_body_hash(str_of(strstr(b.message.data, "\r\n\r\n") + 4), &b.body);
    MUST(dkim_key_generate(a, 2048, &pem, &e));
    MUST(dkim_key_parse(str_n(pem.data, pem.len), "bomnal.example", "s2026", &b.key, &e));
    in = BIO_new_mem_buf(pem.data, (int)pem.len);
    pkey = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    BIO_free(in);
    if (a == DKIM_RSA_SHA256) {
        b.rsa = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
        MUST(EVP_PKEY_sign_init(b.rsa) == 1 &&
             EVP_PKEY_CTX_set_rsa_padding(b.rsa, RSA_PKCS1_PADDING) == 1 &&
             EVP_PKEY_CTX_set_signature_md(b.rsa, EVP_sha256()) == 1);
    } else {
        b.ed25519 = EVP_MD_CTX_new();
        MUST(EVP_DigestSignInit_ex(b.ed25519, NULL, NULL, NULL, NULL, pkey, NULL) == 1);
    }
    measure(&b, a == DKIM_RSA_SHA256 ? "rsa 2048" : "ed25519", a == DKIM_RSA_SHA256 ? 200 : 2000);
    EVP_PKEY_free(pkey);
    EVP_PKEY_CTX_free(b.rsa);
    EVP_MD_CTX_free(b.ed25519);
    dkim_key_free(b.key);
    buf_done(&pem);
    buf_done(&b.message);
    buf_done(&b.out);
}

static void bench_body(size_t bytes)
{
    double per_sec[ROUNDS];
    struct buf message;
    struct dkim_body body;
    struct str s;

    make_message(bytes, &message);
    s = str_of(strstr(message.data, "\r\n\r\n") + 4);
    for (int round = 0; round < ROUNDS; round++) {
        double start = cpu_sec();

        for (int i = 0; i < 10000; i++)
            dkim_body_hash(s, &body);
        per_sec[round] = 10000 / (cpu_sec() - start);
    }
    printf("body hash  %12.0f /s, %.2f us\n", median(per_sec), 1e6 / median(per_sec));
    buf_done(&message);
}

static void bench_tokens(void)
{
    static const unsigned char secret[32] = "not a secret at all, really not";
    struct token t = {TOKEN_CLICK, UINT64_C(0x0123456789abcdef), 1234567, 12, 0};
    char path[] = "/tmp/sluice-bench-XXXXXX", line[80], text[TOKEN_TEXT];
    double wrote[ROUNDS], got[ROUNDS];
    struct problems p;
    struct err e;
    int fd = mkstemp(path);
    struct token_ring *r;

    MUST(fd >= 0 && token_key_line(str_of(""), secret, line) &&
         secret_write(path, line, strlen(line), true, &e));
    close(fd);
    problems_init(&p);
    r = token_ring_load(path, &p);
    MUST(r);
    unlink(path);
    for (int round = 0; round < ROUNDS; round++) {
        double start = cpu_sec(), between;

        for (int i = 0; i < 100000; i++)
            token_write(r, &t, text);
        between = cpu_sec();
        for (int i = 0; i < 100000; i++)
            MUST(token_read(r, str_of(text), &t) == TOKEN_GOOD);
        wrote[round] = 1e9 / 100000 * (between - start);
        got[round] = 1e9 / 100000 * (cpu_sec() - between);
    }
    printf("token      write %.0f ns, read %.0f ns\n", median(wrote), median(got));
    token_ring_release(r);
    problems_done(&p);
}

int main(int argc, char **argv)
{
    size_t bytes = argc > 1 ? strtoul(argv[1], NULL, 10) : 5000;

    if (bytes < 1 || bytes > 10000000) {
        fprintf(stderr, "usage: bench-sign [bytes]\n");
        return 2;
    }
    printf("%-10s %12s %12s %6s %12s %6s\n", "key", "alone /s", "message /s", "ratio", "known body",
           "ratio");
    bench_key(DKIM_RSA_SHA256, bytes);
    bench_key(DKIM_ED25519_SHA256, bytes);
    bench_body(bytes);
    bench_tokens();
    return 0;
}
