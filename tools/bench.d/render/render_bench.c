/* bench-render [TEMPLATE_FOLDER]: rendering and classification, each alone, on one core. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sluice/reply/reply.h>

#include "sample.h"

#define SECONDS 2.0

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void bench_render(const char *folder, const char *name, const char *columns,
                         const char *vars)
{
    struct mailing *m = sample_mailing(folder, columns);
    double start = now();
    double spent = 0;
    uint64_t n = 0;
    struct buf out;

    buf_init(&out, MAILING_MAX_BYTES);
    while ((spent = now() - start) < SECONDS) {
        for (int i = 0; i < 1000; i++, n++) {
            buf_clear(&out);
            sample_render(m, "gildong@naver.com", vars, n, &out);
        }
    }
    printf("render %-8s %10.0f messages/s  %6.0f MB/s  %zu bytes each\n", name, (double)n / spent,
           (double)n * (double)out.len / spent / 1e6, out.len);
    buf_done(&out);
    mailing_release(m);
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
    struct verdict v;
    double start;
    double spent = 0;
    uint64_t n = 0;

    for (int i = 0; i < 5; i++) {
        reply_reader_init(&r[i]);
        reply_reader_line(&r[i], lines[i], strlen(lines[i]));
    }
    start = now();
    while ((spent = now() - start) < SECONDS) {
        for (int i = 0; i < 1000; i++, n++)
            reply_classify("naver", PHASE_RCPT, &r[i % 5].reply, &v);
    }
    printf("classify        %10.0f replies/s\n", (double)n / spent);
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : "templates/spring-sale";

    bench_render(
        folder, "csv",
        "[\"name\",\"grade\",\"points\",\"coupon\",\"until\",\"product\",\"price\",\"store\"]",
        "[\"홍길동\",\"골드\",\"12,500\",\"SPRING-77QX\",\"2026년 4월 30일\",\"린넨 "
        "셔츠\",\"29,900\",\"명동점\"]");
    bench_render(
        folder, "ndjson", "[]",
        "{\"email\":\"gildong@naver.com\",\"name\":\"홍길동\",\"grade\":\"골드\",\"points\":\"12,"
        "500\","
        "\"coupon\":\"SPRING-77QX\",\"until\":\"2026년 4월 30일\",\"product\":\"린넨 셔츠\","
        "\"price\":\"29,900\",\"store\":\"명동점\"}");
    bench_classify();
    return 0;
}
