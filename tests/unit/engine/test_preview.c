/* What `sluice plan` says of a list: who is in it twice, which domains are slips. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "preview.h"

static void test_seen(void **state)
{
    struct seen s = {0};
    char address[64];
    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        snprintf(address, sizeof address, "kim%u@naver.com", i);
        assert_true(seen_add(&s, address));
    }
    assert_int_equal(s.count, 20000);
    for (unsigned i = 0; i < 20000; i += 7) {
        snprintf(address, sizeof address, "KIM%u@naver.com", i);
        assert_false(seen_add(&s, address));
    }
    assert_int_equal(s.count, 20000);
    seen_done(&s);
    seen_done(&s);
}

/* naver.com has 5,000 recipients in this list, gmail.com 40, the others none. */
static uint64_t recipients_of(void *arg, const char *domain)
{
    (void)arg;
    return strcmp(domain, "naver.com") == 0 ? 5000 : strcmp(domain, "gmail.com") == 0 ? 40 : 0;
}

static void test_slips(void **state)
{
    static char *korean[] = {"naver.com", "hanmail.net", "daum.net", "nate.com"};
    static char *google[] = {"gmail.com"};
    static const struct {
        const char *name;
        uint64_t recipients;
        bool is_dead;
        const char *meant;
    } ROW[] = {
        {"naver.con", 9, true, "naver.com"},
        {"naver.con", 9, false, "naver.com"},
        {"naver.con", 51, false, NULL}, /* too many for slips: a domain of its own */
        {"navre.com", 1, true, "naver.com"},
        {"gmial.com", 3, true, "gmail.com"},
        {"gmial.com", 1, false, NULL}, /* who says that gmail.com is meant? */
        {"hanmial.net", 2, true, "hanmail.net"},
        {"hanmeil.ne", 2, true, "hanmail.net"},
        {"kate.com", 1, false, NULL},
        {"nate.co", 1, true, "nate.com"},
        {"nat.co", 1, true, NULL}, /* short, and two off */
        {"naver.com", 5000, false, NULL},
        {"naver.com", 5000, true, NULL},
        {"hanbit-travel.example", 1, true, NULL},
        {"", 1, true, NULL},
    };
    struct profile profile[] = {{.name = (char *)"korea", .domain = korean, .domains = 4},
                                {.name = (char *)"gmail", .domain = google, .domains = 1}};
    struct shaping s = {.profiles = {.item = profile, .count = 2}};
    (void)state;
    for (size_t i = 0; i < sizeof ROW / sizeof *ROW; i++) {
        const char *meant =
            preview_meant(&s, ROW[i].name, ROW[i].recipients, ROW[i].is_dead, recipients_of, NULL);
        if (!meant != !ROW[i].meant || (meant && strcmp(meant, ROW[i].meant) != 0))
            fail_msg("row %zu: '%s' gives '%s'", i, ROW[i].name, meant ? meant : "nothing");
    }
}

static struct mx_answer answer_of(enum mx_status status, const char *host, unsigned hosts)
{
    struct mx_answer a = {.status = status, .hosts = hosts};
    for (unsigned i = 0; i < hosts; i++) {
        snprintf(a.host[i].name, sizeof a.host[i].name, "mx%u.%s", i, host);
        a.host[i].preference = (uint16_t)(10 * i);
        a.host[i].addresses = 1;
    }
    return a;
}

static void test_equal_answers_are_one(void **state)
{
    struct answers kept = {0};
    struct mx_answer a = answer_of(MX_OK, "a.example", 2), b = answer_of(MX_OK, "b.example", 2);
    struct mx_answer dead = answer_of(MX_NO_DOMAIN, "", 0), none = answer_of(MX_NULL, "", 0);
    (void)state;
    const struct mx_answer *first = answers_keep(&kept, &a);
    assert_int_equal(memcmp(first, &a, offsetof(struct mx_answer, host) + 2 * sizeof a.host[0]), 0);
    a.ttl_sec = 77;
    assert_ptr_equal(answers_keep(&kept, &a), first);
    assert_ptr_not_equal(answers_keep(&kept, &b), first);
    a.host[1].preference = 0;
    assert_ptr_not_equal(answers_keep(&kept, &a), first);
    assert_ptr_not_equal(answers_keep(&kept, &dead), answers_keep(&kept, &none));
    assert_ptr_equal(answers_keep(&kept, &dead), answers_keep(&kept, &dead));
    answers_done(&kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seen),
        cmocka_unit_test(test_slips),
        cmocka_unit_test(test_equal_answers_are_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
