#define PCRE2_CODE_UNIT_WIDTH 8

#include <sluice/base/must.h>
#include <sluice/base/str.h>
#include <sluice/shape/automation.h>

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#define PATTERN_MAX 1000
/* A subject has about 530 bytes. The match limit holds for each place where a match may begin, and
 * a match that exceeds it ends at once: the worst that a nasty pattern and a nasty reply can do
 * together is 530 * MATCH_LIMIT small steps, some hundredths of a second. */
#define MATCH_LIMIT 10000
#define DEPTH_LIMIT 1000
#define HEAP_LIMIT_KIB 1024

const char *automation_action_name(enum automation_action a)
{
    static const char *const name[] = {
        [AUTO_SUSPEND] = "suspend",
        [AUTO_SUSPEND_CAMPAIGN] = "suspend_campaign",
        [AUTO_SUSPEND_SOURCE] = "suspend_source",
        [AUTO_SET_LIMITS] = "set_limits",
        [AUTO_BACKOFF] = "backoff",
    };

    MUST((size_t)a < sizeof name / sizeof *name);
    return name[a];
}

void automation_rule_done(struct automation_rule *r)
{
    free(r->name);
    free(r->provider);
    free(r->match);
    pcre2_code_free(r->code);
    *r = (struct automation_rule){0};
}

void automation_done(struct automation *a)
{
    for (size_t i = 0; i < a->count; i++)
        automation_rule_done(&a->item[i]);
    free(a->item);
    *a = (struct automation){0};
}

bool automation_compile(struct automation_rule *r, struct err *e)
{
    size_t n = strlen(r->match), at = 0;
    PCRE2_UCHAR reason[160];
    int code = 0;

    MUST(!r->code);
    if (n == 0)
        return err_set(e, "an empty pattern matches every reply");
    if (n > PATTERN_MAX)
        return err_set(e, "a pattern has at most %d bytes, this one has %zu", PATTERN_MAX, n);
    r->code = pcre2_compile((PCRE2_SPTR)r->match, n,
                            PCRE2_CASELESS | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF |
                                PCRE2_NEVER_BACKSLASH_C,
                            &code, &at, NULL);
    if (r->code)
        return true;
    pcre2_get_error_message(code, reason, sizeof reason);
    return err_set(e, "%s, at character %zu of the pattern (\"%.40s\")", (const char *)reason,
                   at + 1, r->match + (at < n ? at : n));
}

static bool fits(const struct automation_rule *r, const char *provider)
{
    return !r->provider || strcmp(r->provider, provider) == 0;
}

void automation_match(const struct automation *a, const char *provider, const struct reply *r,
                      void (*each)(void *arg, size_t rule), void *arg)
{
    pcre2_match_context *limits;
    pcre2_match_data *data;
    char *subject;
    size_t n;

    if (r->code == 0 || a->count == 0)
        return;
    subject = mem_printf("%d %s%s%s", r->code, r->enhanced, r->enhanced[0] ? " " : "", r->text);
    n = strlen(subject);
    limits = pcre2_match_context_create(NULL);
    data = pcre2_match_data_create(1, NULL);
    MUST(limits && data);
    pcre2_set_match_limit(limits, MATCH_LIMIT);
    pcre2_set_depth_limit(limits, DEPTH_LIMIT);
    pcre2_set_heap_limit(limits, HEAP_LIMIT_KIB);
    for (size_t i = 0; i < a->count; i++) {
        const struct automation_rule *rule = &a->item[i];

        /* >= 0: a match (0 only says that there was no room for its groups); an error, such as a
         * limit, is none. */
        if (fits(rule, provider) &&
            pcre2_match(rule->code, (PCRE2_SPTR)subject, n, 0, 0, data, limits) >= 0)
            each(arg, i);
    }
    pcre2_match_data_free(data);
    pcre2_match_context_free(limits);
    free(subject);
}
