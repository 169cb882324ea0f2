/* list.c: make-list: recipients for a scenario, and what must become of each. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sluice/base/must.h>
#include <sluice/base/buf.h>
#include <sluice/base/rng.h>
#include "commands.h"
#include "fate.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define GOLDEN 0.6180339887498949

static const struct {
    const char *hangul, *latin;
} families[] = {{"김", "kim"},  {"이", "lee"},  {"박", "park"}, {"최", "choi"},
                {"정", "jung"}, {"강", "kang"}, {"조", "cho"},  {"윤", "yoon"},
                {"장", "jang"}, {"임", "lim"},  {"한", "han"},  {"오", "oh"},
                {"서", "seo"},  {"신", "shin"}, {"권", "kwon"}, {"황", "hwang"},
                {"안", "ahn"},  {"송", "song"}, {"류", "ryu"},  {"남궁", "namgung"}},
  givens[] = {{"민준", "minjun"},  {"서연", "seoyeon"}, {"도윤", "doyun"},   {"지우", "jiwoo"},
              {"하은", "haeun"},   {"예준", "yejun"},   {"수빈", "subin"},   {"지훈", "jihoon"},
              {"은지", "eunji"},   {"현우", "hyunwoo"}, {"미영", "miyoung"}, {"영호", "youngho"},
              {"성민", "sungmin"}, {"보라", "bora"},    {"태희", "taehee"},  {"동현", "donghyun"},
              {"나래", "narae"},   {"슬기", "seulgi"},  {"준", "jun"},       {"다은", "daeun"}};
static const char *const grades[] = {"일반", "일반", "일반", "실버", "실버", "골드", "VIP"};

struct maker {
    const struct scene *scene;
    struct name **domain; /* those with a share */
    double *until;        /* running sum of the shares */
    size_t domains;
    uint64_t count, seed;
    uint64_t step; /* prime to count: spreads the special slots over the list */
    FILE *out, *expected;
    uint64_t tally[4]; /* delivered, bounced, expired, others */
};

static uint64_t gcd(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t t = a % b;
        a = b;
        b = t;
    }
    return a;
}

static bool maker_begin(struct maker *m)
{
    const struct scene *s = m->scene;
    double sum = 0;
    m->domain = mem_array(s->names + 1, sizeof *m->domain);
    m->until = mem_array(s->names + 1, sizeof *m->until);
    for (size_t i = 0; i < s->names; i++) {
        if (!s->name[i]->is_domain || s->name[i]->share <= 0)
            continue;
        sum += s->name[i]->share;
        m->domain[m->domains] = s->name[i];
        m->until[m->domains++] = sum;
    }
    m->step = (uint64_t)((double)m->count * GOLDEN) | 1;
    while (m->count > 1 && gcd(m->step, m->count) != 1)
        m->step += 2;
    return m->domains > 0;
}

/* Every domain entry gets a recipient where the list is long enough; the rest follow the shares, by a
 * sequence that keeps to them more evenly than chance does. */
static size_t pick_domain(const struct maker *m, uint64_t i)
{
    uint64_t slot = (uint64_t)(((unsigned __int128)i * m->step + m->seed) % m->count);
    if (m->count >= 4 * m->domains && slot < m->domains)
        return (size_t)slot;
    double at = (double)slot * GOLDEN + (double)(m->seed % 1000) / 1000;
    at = (at - (double)(uint64_t)at) * m->until[m->domains - 1];
    size_t low = 0, high = m->domains - 1;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (at < m->until[mid])
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

/* The rule whose share the recipient falls into, or NULL. */
static const struct rule *pick_rule(const struct receiver *r, struct str domain, struct rng *rng)
{
    double at = rng_unit(rng) * 100;
    for (int stage = AT_RCPT; r && stage <= AT_DOT; stage++)
        for (size_t i = 0; i < r->rules[stage]; i++) {
            const struct rule *u = &r->rule[stage][i];
            if (u->share <= 0 || !glob_match(u->domain, domain))
                continue;
            at -= u->share;
            if (at < 0)
                return u;
        }
    return NULL;
}

static void write_local(struct buf *b, const char *glob, uint64_t i)
{
    for (const char *c = glob; *c; c++) {
        if (*c == '*')
            buf_printf(b, "%" PRIu64, i);
        else
            buf_putc(b, *c == '?' ? (char)('0' + i % 10) : *c);
    }
}

static void count_state(struct maker *m, const char *state)
{
    static const char *const names[] = {"delivered", "bounced", "expired"};
    for (int i = 0; i < 3; i++)
        if (strcmp(state, names[i]) == 0) {
            m->tally[i]++;
            return;
        }
    m->tally[3]++;
}

static void write_expected(struct maker *m, const char *email, const struct fate *f)
{
    char range[32];
    count_state(m, f->state);
    if (!m->expected)
        return;
    if (f->low == f->high)
        (void)snprintf(range, sizeof range, "%u", f->low);
    else
        (void)snprintf(range, sizeof range, "%u-%u", f->low, f->high);
    (void)fprintf(m->expected, "%s,%s,%d,%s,%s,%s\n", email, f->state, f->code, range, f->rule,
                  f->category);
}

static void make_one(struct maker *m, uint64_t i)
{
    struct rng rng = rng_seed(m->seed * 1000003 + i);
    const struct name *d = m->domain[pick_domain(m, i)];
    uint64_t index = rng_below(&rng, d->pattern.count);
    const struct receiver *r = scene_receiver_of(m->scene, d, index);
    char domain[PATTERN_NAME];
    pattern_nth(&d->pattern, index, domain);
    size_t family = rng_below(&rng, COUNT(families));
    size_t given = rng_below(&rng, COUNT(givens));
    const struct rule *u = pick_rule(r, str_of(domain), &rng);
    struct buf email;
    buf_init(&email, 500);
    if (u)
        write_local(&email, u->local, i);
    else
        buf_printf(&email, "%s.%s%" PRIu64, givens[given].latin, families[family].latin, i);
    buf_printf(&email, "@%s", domain);
    (void)fprintf(m->out, "%s,%s%s,%s,%" PRIu64 ",%08" PRIX64 "\n", email.data,
                  families[family].hangul, givens[given].hangul,
                  grades[rng_below(&rng, COUNT(grades))], rng_below(&rng, 50000),
                  rng_next(&rng) >> 32);
    struct fate f = fate_of(m->scene, d, r, str_n(email.data, email.len));
    write_expected(m, email.data, &f);
    buf_done(&email);
}

static int make(struct maker *m)
{
    if (!maker_begin(m)) {
        (void)fprintf(stderr, "sluice-lab: %s: no domain with a share\n", m->scene->file);
        return 1;
    }
    (void)fputs("email,name,grade,points,coupon\n", m->out);
    if (m->expected)
        (void)fputs("email,state,code,accepted,rule,category\n", m->expected);
    for (uint64_t i = 0; i < m->count; i++)
        make_one(m, i);
    (void)fprintf(stderr,
                  "%" PRIu64 " recipients at %zu domain entries: delivered %" PRIu64
                  ", bounced %" PRIu64 ", expired %" PRIu64 ", in doubt or other %" PRIu64 "\n",
                  m->count, m->domains, m->tally[0], m->tally[1], m->tally[2], m->tally[3]);
    return 0;
}

static FILE *open_output(const char *path)
{
    FILE *f = fopen(path, "w");
    if (!f)
        (void)fprintf(stderr, "sluice-lab: %s: %s\n", path, strerror(errno));
    return f;
}

static int close_output(FILE *f, const char *path)
{
    bool bad = f && ferror(f);
    if (f && fclose(f) == 0 && !bad)
        return 0;
    if (f)
        (void)fprintf(stderr, "sluice-lab: %s: %s\n", path, strerror(errno));
    return 1;
}

static int make_files(struct maker *m, const char *out, const char *expected)
{
    int status = 1;
    m->out = open_output(out);
    m->expected = m->out && expected ? open_output(expected) : NULL;
    if (m->out && (m->expected || !expected))
        status = make(m);
    if (close_output(m->out, out) || (expected && close_output(m->expected, expected)))
        status = 1;
    free(m->domain);
    free(m->until);
    return status;
}

int command_make_list(int argc, char **argv)
{
    static const struct option longs[] = {{"count", required_argument, NULL, 'n'},
                                          {"seed", required_argument, NULL, 's'},
                                          {"expected", required_argument, NULL, 'e'},
                                          {NULL, 0, NULL, 0}};
    struct maker m = {.seed = 1};
    const char *expected = NULL;
    bool ok = true;
    int c;
    while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (c == 'n')
            ok = ok && str_to_u64(str_of(optarg), &m.count);
        else if (c == 's')
            ok = ok && str_to_u64(str_of(optarg), &m.seed);
        else if (c == 'e')
            expected = optarg;
        else
            ok = false;
    }
    if (!ok || m.count == 0 || m.count > 1000000000 || argc - optind != 2) {
        (void)fputs("sluice-lab make-list --count N [--seed S] SCENARIO OUT.csv [--expected "
                    "EXPECTED.csv]\n",
                    stderr);
        return 2;
    }
    struct scene *s = scene_or_complaints(argv[optind]);
    if (!s)
        return 2;
    m.scene = s;
    int status = make_files(&m, argv[optind + 1], expected);
    scene_free(s);
    return status;
}
