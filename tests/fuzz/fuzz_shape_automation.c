#include <sluice/base/must.h>
#include <sluice/shape/automation.h>

#include <stdint.h>
#include <stdlib.h>

static void count(void *arg, size_t rule)
{
    size_t *calls = arg;

    MUST(rule == 0);
    ++*calls;
}

/* A line with the pattern, a line with the enhanced code, and the text of the reply. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = str_n((const char *)data, size), match = {NULL, 0}, enhanced = {NULL, 0};
    struct automation_rule rule = {0};
    struct automation rules = {&rule, 1};
    struct reply r = {.code = 421};
    struct err e = {0};
    size_t calls = 0;

    str_cut(&rest, '\n', &match);
    str_cut(&rest, '\n', &enhanced);
    rule.match = mem_strn(match.n ? match.p : "", match.n);
    /* As the reply reader keeps it: cut, but not always UTF-8. */
    str_copy(r.enhanced, sizeof r.enhanced, enhanced);
    if (rest.n > sizeof r.text - 1)
        rest.n = sizeof r.text - 1;
    if (rest.n > 0)
        memcpy(r.text, rest.p, rest.n);
    if (automation_compile(&rule, &e)) {
        automation_match(&rules, "naver", &r, count, &calls);
        MUST(calls <= 1);
        r.code = 0;
        calls = 0;
        automation_match(&rules, "naver", &r, count, &calls);
        MUST(calls == 0);
    } else {
        MUST(e.text[0] && !rule.code);
    }
    automation_rule_done(&rule);
    return 0;
}
