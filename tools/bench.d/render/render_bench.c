/* bench-render [FOLDER]: how fast messages are made, signed, and replies classified; on one core, each
 * alone. All times are the program's own CPU time, as those of `openssl speed` are: what else runs on
 * the machine counts for neither. FOLDER holds the templates personal/ (4 KB, ten variables) and
 * same/ (the same body for everybody). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/stat.h>

#include <sluice/base/must.h>
#include <sluice/dkim/dkim.h>
#include <sluice/reply/reply.h>

#include "openssl_speed.h"
#include "sample.h"

#define SECONDS 1.0
#define ROUNDS 3 /* ours and theirs in turn; the middle one counts */
#define COLUMNS                                                                                    \
    "[\"name\",\"grade\",\"points\",\"coupon\",\"until\",\"product\",\"price\",\"store\","         \
    "\"code\"]"
#define ROW                                                                                           \
    "[\"홍길동\",\"골드\",\"12500\",\"SPRING-77QX\",\"2026-04-30\",\"린넨 셔츠\",\"29900\"," \
    "\"명동점\",\"a77\"]"
#define OBJECT                                                                                     \
    "{\"email\":\"gildong@naver.example\",\"name\":\"홍길동\",\"grade\":\"골드\","            \
    "\"points\":\"12500\",\"coupon\":\"SPRING-77QX\",\"until\":\"2026-04-30\","                    \
    "\"product\":\"린넨 셔츠\",\"price\":\"29900\",\"store\":\"명동점\",\"code\":\"a77\"}"

static double cpu_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Calls work(arg, n) with n counting up, for SECONDS; calls per second. */
static double measure(void (*work)(void *arg, uint64_t n), void *arg)
{
    double start = cpu_now(), spent;
    uint64_t n = 0;

    do {
        for (int i = 0; i < 100; i++)
            work(arg, n++);
        spent = cpu_now() - start;
    } while (spent < SECONDS);
    return (double)n / spent;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double middle(double rate[ROUNDS])
{
    qsort(rate, ROUNDS, sizeof *rate, by_size);
    return rate[ROUNDS / 2];
}

/* ---- keys */

/* Written once, into a folder that is gone at the end. */
static struct {
    char folder[32];
    char *rsa, *ed25519, *tokens; /* files */
} keys;

static char *write_key(const char *name, struct str text)
{
    char *path = mem_printf("%s/%s", keys.folder, name);
    FILE *f = fopen(path, "w");

    if (!f || fchmod(fileno(f), 0600) != 0 || fwrite(text.p, 1, text.n, f) != text.n ||
        fclose(f) != 0)
        sample_die(path, "cannot be written");
    return path;
}

static char *write_dkim(const char *name, enum dkim_algorithm a)
{
    struct buf pem;
    struct err e;
    char *path;

    buf_init(&pem, 16384);
    if (!dkim_key_generate(a, 2048, &pem, &e))
        sample_die(name, e.text);
    path = write_key(name, str_n(pem.data, pem.len));
    buf_done(&pem);
    return path;
}

static void keys_make(void)
{
    char line[80];

    strcpy(keys.folder, "/tmp/bench-render-XXXXXX");
    if (!mkdtemp(keys.folder))
        sample_die(keys.folder, "cannot be made");
    keys.rsa = write_dkim("rsa", DKIM_RSA_SHA256);
    keys.ed25519 = write_dkim("ed25519", DKIM_ED25519_SHA256);
    token_key_line(str_of(""), (const unsigned char[32]){1, 2, 3}, line);
    keys.tokens = write_key("tokens", str_of(line));
}

static void keys_remove(void)
{
    char *path[] = {keys.rsa, keys.ed25519, keys.tokens};

    for (size_t i = 0; i < 3; i++) {
        unlink(path[i]);
        free(path[i]);
    }
    rmdir(keys.folder);
}

/* ---- rendering */

struct rendering {
    struct sample sample;
    struct str vars;
    struct buf out;
};

static void render(void *arg, uint64_t n)
{
    struct rendering *r = arg;
    struct err e;

    buf_clear(&r->out);
    if (!sample_render(&r->sample, "gildong@naver.example", r->vars, n, &r->out, &e))
        sample_die("gildong@naver.example", e.text);
}

static void rendering_open(struct rendering *r, const char *folder, const char *columns,
                           const char *vars, char *const *option, size_t options)
{
    sample_open(&r->sample, folder, columns, option, options);
    r->vars = str_of(vars);
    buf_init(&r->out, MAILING_MAX_BYTES);
}

static void rendering_close(struct rendering *r)
{
    buf_done(&r->out);
    sample_close(&r->sample);
}

static void bench_render(const char *what, const char *folder, const char *columns,
                         const char *vars, char *const *option, size_t options)
{
    double rate[ROUNDS];
    struct rendering r;

    rendering_open(&r, folder, columns, vars, option, options);
    for (int i = 0; i < ROUNDS; i++)
        rate[i] = measure(render, &r);
    printf("%-44s %9.0f messages/s  %zu bytes each\n", what, middle(rate), r.out.len);
    rendering_close(&r);
}

/* ---- signing */

struct signing {
    struct dkim_key *key;
    struct str message;
    const struct dkim_body *known;
    struct buf out;
};

static void sign(void *arg, uint64_t n)
{
    struct signing *s = arg;
    const struct dkim_key *key[] = {s->key};
    struct err e;

    (void)n;
    buf_clear(&s->out);
    if (!dkim_sign(key, 1, s->message, s->known, (struct wall){1795313130000}, &s->out, &e))
        sample_die("dkim_sign", e.text);
}

/* One round's rates, and what OpenSSL needs for the same: the signature, with or without a hash of
 * the message. */
struct beside {
    double ours[ROUNDS];
    double signature[ROUNDS], signature_and_hash[ROUNDS]; /* ours as a part of theirs */
};

static void beside_add(struct beside *r, int round, double ours, const char *name, size_t bytes)
{
    double signature = 1 / openssl_speed_sign(name);
    double hash = 1 / openssl_speed_sha256(bytes);

    r->ours[round] = ours;
    r->signature[round] = ours * signature;
    r->signature_and_hash[round] = ours * (signature + hash);
}

static void beside_print(const char *name, const char *what, struct beside *r, bool is_hashed)
{
    printf("%-8s %-35s %9.0f messages/s  %5.1f %% of openssl speed", name, what, middle(r->ours),
           100 * middle(r->signature));
    if (is_hashed)
        printf(", %.1f %% with SHA-256 of it", 100 * middle(r->signature_and_hash));
    printf("\n");
}

/* Whole messages of a template, with one signature. */
static void bench_signed(const char *name, const char *what, const char *folder, const char *file,
                         bool is_hashed)
{
    char *option[] = {mem_printf("dkim=bomnal.example:s1:%s", file)};
    struct rendering r;
    struct beside beside;

    rendering_open(&r, folder, COLUMNS, ROW, option, 1);
    for (int i = 0; i < ROUNDS; i++) {
        double ours = measure(render, &r);

        beside_add(&beside, i, ours, name, r.out.len);
    }
    beside_print(name, what, &beside, is_hashed);
    rendering_close(&r);
    free(option[0]);
}

static struct dkim_key *load_key(const char *file)
{
    char pem[8192];
    FILE *f = fopen(file, "r");
    size_t n = f ? fread(pem, 1, sizeof pem, f) : 0;
    struct dkim_key *key;
    struct err e;

    if (f)
        fclose(f);
    if (!dkim_key_parse(str_n(pem, n), "bomnal.example", "s1", &key, &e))
        sample_die(file, e.text);
    return key;
}

/* dkim_sign() alone, over one message. */
static void bench_sign(const char *name, const char *folder, const char *file, bool is_known)
{
    struct beside beside;
    struct signing s = {.key = load_key(file)};
    struct rendering r;
    struct dkim_body body;
    const char *end;

    rendering_open(&r, folder, COLUMNS, ROW, NULL, 0);
    render(&r, 1);
    s.message = str_n(r.out.data, r.out.len);
    end = memmem(s.message.p, s.message.n, "\r\n\r\n", 4);
    MUST(end != NULL);
    dkim_body_hash(str_n(end + 4, (size_t)(s.message.p + s.message.n - end) - 4), &body);
    s.known = is_known ? &body : NULL;
    buf_init(&s.out, 16384);
    for (int i = 0; i < ROUNDS; i++)
        beside_add(&beside, i, measure(sign, &s), name, s.message.n);
    beside_print(name, is_known ? "signing alone, body hash known" : "signing alone", &beside,
                 !is_known);
    buf_done(&s.out);
    rendering_close(&r);
    dkim_key_free(s.key);
}

static void bench_signing(const char *name, const char *personal, const char *same,
                          const char *file)
{
    double rate = openssl_speed_sign(name);

    if (rate <= 0) {
        printf("%-8s openssl speed does not know it\n", name);
        return;
    }
    printf("%-8s %-35s %9.0f signatures/s\n", name, "openssl speed", rate);
    bench_sign(name, personal, file, false);
    bench_sign(name, personal, file, true);
    bench_signed(name, "rendered and signed", personal, file, true);
    bench_signed(name, "the same body for all", same, file, false);
}

/* ---- replies */

static void classify(void *arg, uint64_t n)
{
    const struct reply_reader *r = arg;
    struct verdict v;

    reply_classify("naver", PHASE_RCPT, &r[n % 5].reply, &v);
}

static void bench_classify(void)
{
    static const char *const lines[] = {
        "550 5.1.1 <gildong@naver.example>: we have no such user, please check the spelling",
        "452 4.2.2 the mailbox of this recipient is over its quota at the moment",
        "421 4.7.0 too many connections from your network, please slow down and come back",
        "554 5.7.1 Client host [192.0.2.9] blocked using zen.lists.example; see lists.example",
        "550 5.7.1 something that no rule of ours has ever heard of, in a sentence of some length",
    };
    struct reply_reader r[5];

    for (int i = 0; i < 5; i++) {
        reply_reader_init(&r[i]);
        reply_reader_line(&r[i], lines[i], strlen(lines[i]));
    }
    printf("%-44s %9.0f replies/s\n", "classify", measure(classify, r));
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : BENCH_FOLDER;
    char *personal = mem_printf("%s/personal", folder), *same = mem_printf("%s/same", folder);
    char *tracking[] = {"opens=true", "clicks=true", "tracking_url=https://t.bomnal.example", NULL};

    keys_make();
    tracking[3] = mem_printf("tokens=%s", keys.tokens);
    bench_render("rendered, rows of a CSV", personal, COLUMNS, ROW, NULL, 0);
    bench_render("rendered, objects", personal, "[]", OBJECT, NULL, 0);
    bench_render("rendered with tracking (5 links, the pixel)", personal, COLUMNS, ROW, tracking,
                 4);
    bench_signing("rsa2048", personal, same, keys.rsa);
    bench_signing("ed25519", personal, same, keys.ed25519);
    bench_classify();
    free(tracking[3]);
    keys_remove();
    free(personal);
    free(same);
    return 0;
}
