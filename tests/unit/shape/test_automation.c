#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <time.h>

#include <sluice/base/must.h>
#include <sluice/shape/automation.h>

static bool compile(struct automation_rule *r, const char *match, struct err *e)
{
    *r = (struct automation_rule){.match = mem_str(match)};
    return automation_compile(r, e);
}

static void note(void *arg, size_t rule)
{
    char *seen = arg;
    size_t n = strlen(seen);

    seen[n] = (char)('0' + rule);
    seen[n + 1] = 0;
}

static struct reply reply(int code, const char *enhanced, const char *text)
{
    struct reply r = {.code = code};

    str_copy(r.enhanced, sizeof r.enhanced, str_of(enhanced));
    memcpy(r.text, text, strlen(text) + 1);
    return r;
}

static void patterns(void **state)
{
    static const struct {
        const char *match;
        int code;
        const char *enhanced, *text;
        bool want;
    } rows[] = {
        {"^421 .*too many connections", 421, "4.7.0", "Sorry, Too Many Connections from you", true},
        {"^421 .*too many connections", 421, "", "too many connections", true},
        {"^421 .*too many connections", 451, "4.7.0", "too many connections", false},
        {"^421 4\\.3\\.2 Your IP", 421, "4.3.2", "Your IP is filtered", true},
        {"^421 Your IP", 421, "", "Your IP is filtered", true},
        {"^421 Your IP", 421, "4.3.2", "Your IP is filtered", false},
        {"\\[TSS?04\\]", 421, "4.7.0", "[TSS04] Messages temporarily deferred", true},
        {"(동시|접속).*초과", 421, "", "동시 접속 수를 초과하였습니다", true},
        {"수신.거부", 550, "", "수신 거부", true},
        {"^550 .{5}$", 550, "", "수신 거부", true}, /* characters, not bytes */
        {"ÉCHEC", 450, "", "échec", true},
        {"later", 450, "", "\xb0\xa1\xb3\xaa later", true}, /* EUC-KR around it */
        {"\\d{3}", 0, "", "connection refused 421", false}, /* our own words */
        {"refused", 0, "", "refused", false},
        {"^(?!250)", 250, "", "ok", false},
        {"x$", 421, "", "", false},
        {"^421 $", 421, "", "", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct automation_rule rule;
        struct automation a = {&rule, 1};
        struct reply r = reply(rows[i].code, rows[i].enhanced, rows[i].text);
        char seen[8] = "";
        struct err e;

        if (!compile(&rule, rows[i].match, &e))
            fail_msg("%s: %s", rows[i].match, e.text);
        automation_match(&a, "naver", &r, note, seen);
        if ((seen[0] != 0) != rows[i].want)
            fail_msg("%s at %s", rows[i].match, rows[i].text);
        automation_rule_done(&rule);
        assert_null(rule.code);
    }
}

static void whose_rules(void **state)
{
    struct automation a = {mem_array(4, sizeof *a.item), 4};
    struct reply r = reply(421, "4.7.0", "Too many messages");
    char seen[8] = "";
    struct err e;

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_true(compile(&a.item[i], i == 1 ? "nothing" : "(too) (many)", &e));
    a.item[0].name = mem_str("first");
    a.item[2].provider = mem_str("daum");
    a.item[3].provider = mem_str("naver");
    automation_match(&a, "naver", &r, note, seen);
    assert_string_equal(seen, "03");
    seen[0] = 0;
    automation_match(&a, "mx.hanbit.example", &r, note, seen);
    assert_string_equal(seen, "0");
    automation_done(&a);
    automation_match(&a, "naver", &r, note, seen);
    assert_string_equal(seen, "0");
    assert_null(a.item);
}

static void bad_patterns(void **state)
{
    char longest[1002], many[1200];
    const struct {
        const char *match, *want;
    } rows[] = {
        {"", "an empty pattern matches every reply"},
        {"(421", "missing closing parenthesis, at character 5 of the pattern (\"\")"},
        {"421 [a-", "missing terminating ] for character class, at character 8 of the pattern "
                    "(\"\")"},
        {"ab **c", "quantifier does not follow a repeatable item, at character 5 of the pattern "
                   "(\"*c\")"},
        {"\xb0\xa1", "UTF-8 error"},
        {"\\C", "using \\C is disabled"},
        {longest, "a pattern has at most 1000 bytes, this one has 1001"},
        {many, "too large"},
    };

    (void)state;
    memset(longest, 'a', 1001);
    longest[1001] = 0;
    strcpy(many, "((((a{1,9999}){1,9999}){1,9999}){1,9999})");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct automation_rule rule;
        struct err e = {0};

        if (compile(&rule, rows[i].match, &e) || !strstr(e.text, rows[i].want))
            fail_msg("%.40s: %s", rows[i].match, e.text);
        assert_null(rule.code);
        automation_rule_done(&rule);
    }
}

/* Whoever wrote the pattern, and whatever they answer: it ends, and does not match. Each of these
 * takes 100 ms and more without limits, and far below one with them. */
static void nasty_patterns(void **state)
{
    static const char *const rows[] = {"(a+)+$", "(a|aa)+$", "(a?){30}a{30}b", "(a*)*c",
                                       "[ab]+[a]+[ab]+[a!]+="};
    static const char tail[] = "!bcyz=x1=q!";
    struct reply r = {.code = 450};

    (void)state;
    memset(r.text, 'a', 500);
    memcpy(r.text + 500, tail, sizeof tail);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct automation_rule rule;
        struct automation a = {&rule, 1};
        char seen[8] = "";
        clock_t begin;
        struct err e;

        assert_true(compile(&rule, rows[i], &e));
        begin = clock();
        automation_match(&a, "naver", &r, note, seen);
        assert_string_equal(seen, "");
        if (clock() - begin > CLOCKS_PER_SEC / 20)
            fail_msg("%s takes %ld us", rows[i], (long)(clock() - begin));
        automation_rule_done(&rule);
    }
}

static void actions(void **state)
{
    (void)state;
    assert_string_equal(automation_action_name(AUTO_SUSPEND), "suspend");
    assert_string_equal(automation_action_name(AUTO_SUSPEND_CAMPAIGN), "suspend_campaign");
    assert_string_equal(automation_action_name(AUTO_SUSPEND_SOURCE), "suspend_source");
    assert_string_equal(automation_action_name(AUTO_SET_LIMITS), "set_limits");
    assert_string_equal(automation_action_name(AUTO_BACKOFF), "backoff");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns),     cmocka_unit_test(whose_rules),
        cmocka_unit_test(bad_patterns), cmocka_unit_test(nasty_patterns),
        cmocka_unit_test(actions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
