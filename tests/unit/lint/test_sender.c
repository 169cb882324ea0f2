#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <sluice/base/buf.h>
#include <sluice/base/must.h>
#include <sluice/lint/lint.h>

#include "helper_findings.h"
#include "spf.h"

#define NAMES_MAX 8

/* "NAME: record | record" per line; "NAME: !" the DNS failed; a name that is not there does not
 * exist. */
static size_t read_zone(const struct lint_sender *s, const char *zone, struct lint_txt *txt)
{
    size_t count = 0;
    char *name;

    for (; (name = lint_wanted(s, count)) != NULL; count++) {
        struct lint_txt *t = &txt[count];
        struct str rest = str_of(zone), line, key, one;

        assert_true(count < NAMES_MAX);
        *t = (struct lint_txt){.name = name, .answer = DNS_NOTHING};
        while (str_cut(&rest, '\n', &line)) {
            if (!str_cut(&line, ':', &key) || !str_is(str_trim(key), name))
                continue;
            t->answer = str_is(str_trim(line), "!") ? DNS_FAILED : DNS_FOUND;
            t->txt = mem_array(NAMES_MAX, sizeof *t->txt);
            while (str_cut(&line, '|', &one))
                t->txt[t->count++] = mem_strn(str_trim(one).p, str_trim(one).n);
        }
    }
    return count;
}

static void free_zone(struct lint_txt *txt, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < txt[i].count; k++)
            free(txt[i].txt[k]);
        free(txt[i].txt);
        free(txt[i].name);
    }
}

static void expect(const struct lint_sender *s, const char *zone, const char *check,
                   const char *want)
{
    struct lint_txt txt[NAMES_MAX];
    size_t count = read_zone(s, zone, txt);
    struct lint l = {0};
    struct buf out;

    buf_init(&out, 4096);
    lint_check_sender(s, txt, count, &l);
    findings_of(&l, check, &out);
    if (strcmp(out.data, want) != 0) {
        print_error("%s\n", zone);
        findings_print(&l);
    }
    assert_string_equal(out.data, want);
    buf_done(&out);
    lint_done(&l);
    free_zone(txt, count);
}

#define DMARC "_dmarc.a.example: v=DMARC1; p=reject; rua=mailto:d@a.example\n"
#define KEY "s1._domainkey.a.example: v=DKIM1; k=rsa; p=AAAA\n"
#define SPF "a.example: v=spf1 ip4:192.0.2.0/28 -all\n"

static const struct lint_key key = {"a.example", "s1", "v=DKIM1; k=rsa; p=AA AA"};
static char *source[] = {"192.0.2.9", NULL};

static void whole(void **state)
{
    struct lint_sender s = {.from_domain = "a.example",
                            .envelope_domain = "a.example",
                            .key = &key,
                            .keys = 1,
                            .source = source,
                            .sources = 1};

    (void)state;
    expect(&s, SPF KEY DMARC, NULL, "");
    s.sources = 2; /* the system chooses the other one */
    expect(&s, SPF KEY DMARC, NULL, "note:spf");
    s.sources = 1;
    expect(&s, "", NULL, "error:spf error:dkim-record warning:dmarc");
    expect(&s, "a.example: !\ns1._domainkey.a.example: !\n_dmarc.a.example: !\n", NULL,
           "note:spf note:dkim-record note:dmarc");
    s.keys = 0;
    expect(&s, SPF DMARC, NULL, "warning:dkim-alignment");
    s.envelope_domain = "bounce.b.example";
    expect(&s, "bounce.b.example: v=spf1 ip4:192.0.2.9 -all\n" SPF DMARC, NULL,
           "warning:spf-alignment warning:dkim-alignment error:dmarc");
    expect(&s, "bounce.b.example: v=spf1 ip4:192.0.2.9 -all\n_dmarc.a.example: v=DMARC1;p=none",
           NULL, "note:spf note:dmarc warning:spf-alignment warning:dkim-alignment");
}

static void spf(void **state)
{
    static const struct {
        const char *record, *want;
    } rows[] = {
        {"v=spf1 ip4:192.0.2.0/24 -all", ""},
        {"V=SPF1 IP4:192.0.2.9 ~ALL", ""},
        {"v=spf1 ip4:192.0.2.8/31 -all", ""},
        {"other text | v=spf1 ip4:192.0.2.9 -all | v=spf10 x", ""},
        {"other text", "error"},
        {"v=spf1 -all | v=spf1 ~all", "error"},
        {"v=spf1 ip4:192.0.2.9 +all", "error"},
        {"v=spf1 ip4:192.0.2.9 all", "error"},
        {"v=spf1 ip4:192.0.2.9 ?all", "warning"},
        {"v=spf1 ip4:192.0.2.9", "warning"},
        {"v=spf1 ip4:192.0.2.9 -all ip4:192.0.2.10", "warning"},
        {"v=spf1 ip4:192.0.2.9 ptr -all", "warning"},
        /* our address */
        {"v=spf1 ip4:192.0.3.0/24 -all", "error"},
        {"v=spf1 ip4:192.0.3.0/24 ~all", "error"},
        {"v=spf1 ip6:2001:db8::/32 -all", "error"},
        {"v=spf1 -ip4:192.0.2.9 ip4:192.0.2.0/24 -all", "error"},
        {"v=spf1 ip4:192.0.2.0/29 -all", "error"},
        {"v=spf1 include:_spf.b.example -all", "note"},
        {"v=spf1 a mx -all", "note"},
        {"v=spf1 redirect=_spf.b.example", "note"},
        {"v=spf1 include:_spf.b.example ip4:192.0.2.9 -all", ""},
        {"v=spf1 exp=why.a.example x-unknown=1 ip4:192.0.2.9 -all", ""},
        /* look-ups */
        {"v=spf1 ip4:192.0.2.9 a mx a:b.example a:c.example mx:d.example include:e.example "
         "exists:f.example -all",
         ""},
        {"v=spf1 ip4:192.0.2.9 a mx a:b.example a:c.example mx:d.example include:e.example "
         "exists:f.example a:g.example -all",
         "note"},
        {"v=spf1 ip4:192.0.2.9 a mx a:b.example a:c.example mx:d.example include:e.example "
         "exists:f.example a:g.example a:h.example a:i.example a:j.example -all",
         "error"},
        /* broken */
        {"v=spf1 ipv4:192.0.2.9 -all", "error"},
        {"v=spf1 ip4:192.0.2 -all", "error"},
        {"v=spf1 ip4:192.0.2.9/33 -all", "error"},
        {"v=spf1 ip4:192.0.2.9/ -all", "error"},
        {"v=spf1 ip4 -all", "error"},
        {"v=spf1 ip6:192.0.2.9 -all", "error"},
        {"v=spf1 include: -all", "error"},
        {"v=spf1 include:b.example,ip4:192.0.2.9 -all", "error"},
        {"v=spf1 ip4:192.0.2.9, -all", "error"},
        {"v=spf1 ip4:192.0.2.9 -all.", "error"},
        {"v=spf1 ip4:192.0.2.9 all:x", "error"},
        {"v=spf1 a:b.example/24/64 -all", "error"},
        {"v=spf1 redirect=a.example redirect=b.example", "error"},
        {"v=spf1 exists:%{i.spf.a.example -all", "error"},
        {"v=spf1 ip4:192.0.2.9 exists:%{ir}.%{v}._spf.%{d2} a/24//64 -all", ""},
    };
    struct lint_sender s = {
        .from_domain = "a.example", .envelope_domain = "a.example", .source = source, .sources = 1};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *zone = mem_printf("a.example: %s\n", rows[i].record);

        expect(&s, zone, "spf", rows[i].want);
        free(zone);
    }
}

static void spf_matches(void **state)
{
    static const struct {
        const char *record, *address;
        enum spf_result want;
    } rows[] = {
        {"v=spf1 ip4:10.0.0.0/8 -all", "10.255.1.1", SPF_PASS},
        {"v=spf1 ip4:10.0.0.0/0 -all", "192.0.2.1", SPF_PASS},
        {"v=spf1 ip4:10.0.0.1 ~all", "10.0.0.2", SPF_SOFTFAIL},
        {"v=spf1 ip6:2001:db8::/33 -all", "2001:db8:7fff::1", SPF_PASS},
        {"v=spf1 ip6:2001:db8::/33 -all", "2001:db8:8000::1", SPF_FAIL},
        {"v=spf1 ip4:0.0.0.0/0 -all", "2001:db8::1", SPF_FAIL},
        {"v=spf1", "192.0.2.1", SPF_NEUTRAL},
        {"v=spf1 a -all", "192.0.2.1", SPF_CANNOT_TELL},
        {"v=spf1 a +all", "192.0.2.1", SPF_PASS},
        {"v=spf1 -all", "no address", SPF_CANNOT_TELL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct spf s;

        spf_parse(str_of(rows[i].record), &s);
        assert_int_equal(s.bad.n, 0);
        assert_int_equal(spf_match(&s, rows[i].address), rows[i].want);
    }
}

static void dkim(void **state)
{
    static const struct {
        const char *record, *ours, *want;
    } rows[] = {
        {"v=DKIM1; k=rsa; p=AAAA", "v=DKIM1; k=rsa; p=AAAA", ""},
        {"p=AA AA", "v=DKIM1; k=rsa; p=AAAA", ""},
        {"v=DKIM1;k=ed25519;p=BBBB;", "v=DKIM1; k=ed25519; p=BBBB", ""},
        {"v=DKIM1; h=sha1:sha256; s=email; n=note; p=AAAA", "p=AAAA", ""},
        {"v=DKIM1; p=AAAA", NULL, ""},
        {"v=DKIM1; p=AAAB", "v=DKIM1; p=AAAA", "error"},
        {"v=DKIM1; k=ed25519; p=AAAA", "v=DKIM1; k=rsa; p=AAAA", "error"},
        {"v=DKIM1; p=", "v=DKIM1; p=AAAA", "error"},
        {"v=DKIM2; p=AAAA", "p=AAAA", "error"},
        {"v=DKIM1; h=sha1; p=AAAA", "p=AAAA", "error"},
        {"v=DKIM1; s=tlsrpt; p=AAAA", "p=AAAA", "error"},
        {"v=DKIM1; rsa; p=AAAA", "p=AAAA", "error"},
        {"p=AAAA | p=AAAA", "p=AAAA", "error"},
        {"nothing of that kind", "p=AAAA", "error"},
        {"v=DKIM1; t=y:s; p=AAAA", "p=AAAA", "note"},
        {"v=DKIM1; t=s; p=AAAA", "p=AAAA", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lint_key k = {"a.example", "s1", rows[i].ours};
        struct lint_sender s = {
            .from_domain = "a.example", .envelope_domain = "a.example", .key = &k, .keys = 1};
        char *zone = mem_printf("s1._domainkey.a.example: %s\n", rows[i].record);

        expect(&s, zone, "dkim-record", rows[i].want);
        free(zone);
    }
}

static void dmarc(void **state)
{
    static const struct {
        const char *from, *envelope, *signer; /* signer NULL: unsigned */
        const char *zone, *want;
    } rows[] = {
        {"a.example", "a.example", "a.example", "_dmarc.a.example: v=DMARC1; p=reject", ""},
        {"a.example", "a.example", "a.example", "_dmarc.a.example: v=DMARC1;p=quarantine;", ""},
        {"a.example", "a.example", "a.example", "_dmarc.a.example: v=DMARC1; p=none", "note"},
        {"a.example", "a.example", "a.example", "", "warning"},
        {"a.example", "a.example", "a.example", "_dmarc.a.example: something else", "warning"},
        {"a.example", "a.example", "a.example", "_dmarc.a.example: p=none; v=DMARC1", "warning"},
        {"a.example", "a.example", "a.example", "_dmarc.a.example: v=DMARC1; p=maybe", "error"},
        {"a.example", "a.example", "a.example",
         "_dmarc.a.example: v=DMARC1; rua=mailto:d@a.example", "warning note"},
        {"a.example", "a.example", "a.example", "_dmarc.a.example: v=DMARC1; reject", "error"},
        {"a.example", "a.example", "a.example",
         "_dmarc.a.example: v=DMARC1; p=none | v=DMARC1; p=reject", "error"},
        {"a.example", "a.example", "a.example", "_dmarc.a.example: v=DMARC1; p=reject; aspf=x",
         "warning"},
        {"a.example", "a.example", "a.example", "_dmarc.a.example: v=DMARC1; p=reject; t=y",
         "note"},
        /* the organisation's record, and its policy for subdomains */
        {"n.a.co.kr", "n.a.co.kr", "a.co.kr", "_dmarc.a.co.kr: v=DMARC1; p=reject", ""},
        {"n.a.co.kr", "n.a.co.kr", "a.co.kr", "_dmarc.a.co.kr: v=DMARC1; p=reject; sp=none",
         "note"},
        {"n.a.co.kr", "n.a.co.kr", "a.co.kr",
         "_dmarc.n.a.co.kr: v=DMARC1; p=none\n_dmarc.a.co.kr: v=DMARC1; p=reject", "note"},
        /* nobody is aligned */
        {"a.example", "b.example", "b.example", "_dmarc.a.example: v=DMARC1; p=reject", "error"},
        {"a.example", "b.example", "b.example", "_dmarc.a.example: v=DMARC1; p=none", "note"},
        {"a.example", "b.example", "n.a.example", "_dmarc.a.example: v=DMARC1; p=reject", ""},
        {"a.example", "n.a.example", NULL, "_dmarc.a.example: v=DMARC1; p=reject", ""},
        {"a.example", "b.example", "n.a.example", "_dmarc.a.example: v=DMARC1; p=reject; adkim=s",
         "error"},
        {"a.example", "n.a.example", NULL, "_dmarc.a.example: v=DMARC1; p=reject; aspf=s", "error"},
        {"a.co.kr", "b.co.kr", NULL, "_dmarc.a.co.kr: v=DMARC1; p=quarantine", "error"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lint_key k = {rows[i].signer, "s1", "p=AAAA"};
        struct lint_sender s = {.from_domain = rows[i].from,
                                .envelope_domain = rows[i].envelope,
                                .key = &k,
                                .keys = rows[i].signer != NULL};

        expect(&s, rows[i].zone, "dmarc", rows[i].want);
    }
}

static void wanted(void **state)
{
    static const struct lint_key keys[] = {
        {"a.co.kr", "s1", ""}, {"a.co.kr", "s2", ""}, {"a.co.kr", "s1", ""}};
    struct lint_sender s = {
        .from_domain = "news.a.co.kr", .envelope_domain = "bounce.a.co.kr", .key = keys, .keys = 3};
    static const char *const names[] = {"bounce.a.co.kr",        "news.a.co.kr",
                                        "_dmarc.news.a.co.kr",   "_dmarc.a.co.kr",
                                        "s1._domainkey.a.co.kr", "s2._domainkey.a.co.kr"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *name = lint_wanted(&s, i);

        assert_string_equal(name, names[i]);
        free(name);
    }
    assert_null(lint_wanted(&s, 6));
}

static void organisations(void **state)
{
    static const struct {
        const char *domain, *want;
    } rows[] = {
        {"a.example", "a.example"},
        {"b.a.example", "a.example"},
        {"c.b.a.example", "a.example"},
        {"a.b.co.kr", "b.co.kr"},
        {"b.co.kr", "b.co.kr"},
        {"co.kr", "co.kr"},
        {"x.naver.com", "naver.com"},
        {"a.b.kr", "b.kr"},
        {"a.b.CO.KR", "b.CO.KR"},
        {"x.y.co.uk", "y.co.uk"},
        {"kr", "kr"},
        {"", ""},
        {"co.example.com", "example.com"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(lint_organisation(rows[i].domain), rows[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),         cmocka_unit_test(spf),   cmocka_unit_test(spf_matches),
        cmocka_unit_test(dkim),          cmocka_unit_test(dmarc), cmocka_unit_test(wanted),
        cmocka_unit_test(organisations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
