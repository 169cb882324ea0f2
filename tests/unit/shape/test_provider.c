#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sluice/base/must.h>
#include <sluice/shape/provider.h>

#include <string.h>

static char *suffixes[][2] = {{".outlook.com", NULL},
                              {".naver.com", NULL},
                              {".google.com", ".googlemail.com"},
                              {".olc.protection.outlook.com", NULL},
                              {"bare.example", NULL}};
static char *domains[][2] = {{"outlook.kr", NULL},
                             {"naver.com", NULL},
                             {NULL, NULL},
                             {NULL, NULL},
                             {"only-by-domain.kr", "NAVER.kr"}};
static struct profile profile[] = {
    {.name = "microsoft",
     .mx_suffix = suffixes[0],
     .mx_suffixes = 1,
     .domain = domains[0],
     .domains = 1},
    {.name = "naver",
     .mx_suffix = suffixes[1],
     .mx_suffixes = 1,
     .domain = domains[1],
     .domains = 1},
    {.name = "gmail", .mx_suffix = suffixes[2], .mx_suffixes = 2},
    {.name = "hotmail", .mx_suffix = suffixes[3], .mx_suffixes = 1},
    {.name = "by-domain",
     .mx_suffix = suffixes[4],
     .mx_suffixes = 1,
     .domain = domains[4],
     .domains = 2},
};
static const struct profiles all = {.item = profile, .count = sizeof profile / sizeof *profile};

static const struct {
    const char *domain, *host[2], *want;
} match[] = {
    {"naver.com", {"mx1.naver.com", "mx2.naver.com"}, "naver"},
    {"shop.kr", {"mx1.naver.com", NULL}, "naver"},
    {"shop.kr", {"MX1.Naver.COM", NULL}, "naver"},
    {"shop.kr", {"naver.com", NULL}, "naver"},
    {"shop.kr", {"evilnaver.com", NULL}, NULL},
    {"shop.kr", {"naver.com.evil.kr", NULL}, NULL},
    {"shop.kr", {"aspmx.l.google.com", NULL}, "gmail"},
    {"shop.kr", {"aspmx2.googlemail.com", NULL}, "gmail"},
    /* the longer suffix, wherever it stands */
    {"hotmail.com", {"hotmail-com.olc.protection.outlook.com", NULL}, "hotmail"},
    {"shop.kr", {"shop-kr.mail.protection.outlook.com", NULL}, "microsoft"},
    /* the first host decides; MX before domain */
    {"shop.kr", {"mx.shop.kr", "mx1.naver.com"}, NULL},
    {"naver.com", {"aspmx.l.google.com", NULL}, "gmail"},
    {"naver.com", {"mx.shop.kr", NULL}, "naver"},
    {"naver.com", {NULL, NULL}, "naver"},
    {"naver.KR", {"mx.shop.kr", NULL}, "by-domain"},
    {"sub.naver.kr", {"mx.shop.kr", NULL}, NULL},
    /* a suffix without its dot is not one */
    {"shop.kr", {"bare.example", NULL}, NULL},
    {"shop.kr", {"", NULL}, NULL},
};

static void test_match(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof match / sizeof *match; i++) {
        size_t n = match[i].host[0] ? match[i].host[1] ? 2 : 1 : 0;
        const struct profile *got = profiles_match(&all, match[i].domain, match[i].host, n);

        if (!got != !match[i].want || (got && strcmp(got->name, match[i].want) != 0))
            fail_msg("%s at %s: %s", match[i].domain, n ? match[i].host[0] : "nowhere",
                     got ? got->name : "none");
    }
    assert_null(profiles_match(&all, "nobody.kr", NULL, 0));
    assert_null(profiles_match(&(struct profiles){0}, "naver.com", NULL, 0));
}

static const struct {
    const char *host[3], *want;
} name[] = {
    {{"mx.hanbit-trade.example"}, "mx.hanbit-trade.example"},
    {{"mx1.a.co.kr", "mx2.a.co.kr"}, "mx1.a.co.kr"},
    {{"mx.in.hanbit.example", "mx.out.hanbit.example"}, "in.hanbit.example"},
    {{"aspmx.l.google.com", "alt1.aspmx.l.google.com", "alt2.aspmx.l.google.com"},
     "aspmx.l.google.com"},
    /* a public suffix is nobody's name */
    {{"mx.a.co.kr", "mx.b.co.kr"}, "a.co.kr"},
    {{"mx.a.com", "mx.b.com"}, "mx.a.com"},
    {{"mx.a.co.kr", "mx.b.or.kr"}, "mx.a.co.kr"},
    {{"mx.a.kr", "mx.b.net"}, "mx.a.kr"},
    /* suffixes end at labels */
    {{"mail.xshop.example", "mail.yshop.example"}, "mail.xshop.example"},
    {{"a.shop.example", "b.myshop.example"}, "a.shop.example"},
    {{"shop.example", "mx.shop.example"}, "shop.example"},
    {{"localhost"}, "localhost"},
};

static void test_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        size_t n = 0;
        char out[64];

        while (n < 3 && name[i].host[n])
            n++;
        provider_name(name[i].host, n, out);
        assert_string_equal(out, name[i].want);
    }
}

static void test_long_names(void **state)
{
    char host[200], other[200], out[64], out2[64];
    const char *one = host, *two = other;

    (void)state;
    memset(host, 'a', sizeof host);
    strcpy(host + 60, ".protection.shop.example");
    strcpy(other, host);
    other[0] = 'b';
    provider_name(&one, 1, out);
    provider_name(&two, 1, out2);
    assert_int_equal(out[0], '~');
    assert_string_equal(out + 9, ".protection.shop.example");
    assert_string_not_equal(out, out2);
    /* no dot anywhere near */
    memset(host, 'c', sizeof host - 1);
    host[sizeof host - 1] = 0;
    provider_name(&one, 1, out);
    assert_int_equal(strlen(out), 63);
}

#define MIN INT64_C(60000)

static const struct {
    int64_t first, max;
    uint32_t attempt;
    bool is_greylisting;
    double unit;
    int64_t want;
} retry[] = {
    {20 * MIN, 240 * MIN, 1, false, 0.5, 20 * MIN},
    {20 * MIN, 240 * MIN, 0, false, 0.5, 20 * MIN},
    {20 * MIN, 240 * MIN, 2, false, 0.5, 40 * MIN},
    {20 * MIN, 240 * MIN, 4, false, 0.5, 160 * MIN},
    {20 * MIN, 240 * MIN, 5, false, 0.5, 240 * MIN},
    {20 * MIN, 240 * MIN, UINT32_MAX, false, 0.5, 240 * MIN},
    {20 * MIN, 240 * MIN, 1, false, 0.0, 18 * MIN},
    {20 * MIN, 240 * MIN, 1, false, 0.75, 21 * MIN},
    {20 * MIN, 240 * MIN, 1, true, 0.5, 5 * MIN},
    {20 * MIN, 240 * MIN, 2, true, 0.5, 10 * MIN},
    {20 * MIN, 240 * MIN, 3, true, 0.5, 15 * MIN},
    {20 * MIN, 240 * MIN, 9, true, 0.5, 15 * MIN},
    {1000, 4000, 1, true, 0.5, 1000},
    {1000, 4000, 9, true, 0.5, 4000},
    {30 * MIN, 10 * MIN, 1, false, 0.5, 10 * MIN},
    {INT64_MAX / 2, INT64_MAX / 2, 64, false, 0.5, INT64_MAX / 2},
    {0, 0, 1, false, 0.5, 1},
};

static void test_retry(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof retry / sizeof *retry; i++) {
        struct limits l = {.retry_interval_ms = retry[i].first,
                           .max_retry_interval_ms = retry[i].max};

        assert_int_equal(
            retry_delay_ms(&l, retry[i].attempt, retry[i].is_greylisting, retry[i].unit),
            retry[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_match),
        cmocka_unit_test(test_name),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_retry),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
