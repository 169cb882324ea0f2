/* Any bytes as an .ics file: closed time that is sorted and disjoint, and words for what is wrong. And
 * as a recurrence rule: what is taken ends within its budget. */
#include <stdint.h>
#include <stdlib.h>
#include <sluice/base/must.h>
#include <sluice/calendar/calendar.h>

#include "rule.h"

#define DAY_MS INT64_C(86400000)

static void check(const struct spans *s)
{
    for (size_t i = 0; i < s->count; i++) {
        MUST(s->item[i].from_ms < s->item[i].until_ms);
        MUST(s->item[i].reason < s->reasons);
        MUST(i == 0 || s->item[i - 1].until_ms <= s->item[i].from_ms);
    }
}

static bool note(void *arg, int64_t local_sec)
{
    int64_t *last = arg;

    MUST(*last < local_sec);
    *last = local_sec;
    return true;
}

static void read_rule(const uint8_t *data, size_t size)
{
    struct rule_budget budget = {.days = 100000};
    int64_t last = INT64_MIN;
    char *text = mem_strn((const char *)data, size < 300 ? size : 300), why[300] = "";
    struct rule rule;

    if (rule_parse(text, why, sizeof why, &rule))
        rule_each(&rule, 1767225600, 1767225600, 1893456000, &budget, note, &last);
    else
        MUST(why[0] != 0);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct calendar_range range = {{INT64_C(1767225600000)},
                                         {INT64_C(1767225600000) + 365 * DAY_MS}};
    struct spans out = {0};
    struct problems p;

    problems_init(&p);
    if (!calendar_ics_text((const char *)data, size, "fuzz.ics", "fuzz", "Asia/Seoul", range, &out,
                           &p))
        MUST(p.errors > 0);
    check(&out);
    spans_done(&out);
    problems_done(&p);
    read_rule(data, size);
    return 0;
}
