/* The inside of a tag, and a value behind the first line end: whatever parses keeps its limits, and
 * a value that was UTF-8 stays UTF-8. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <sluice/base/must.h>
#include <sluice/base/utf8.h>
#include <sluice/template/expr.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool lies_in(struct str part, struct str whole)
{
    return part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static void check_why(const char *why)
{
    MUST(why[0] && memchr(why, 0, EXPR_WHY) && !strchr(why, '\n'));
}

static void check_value(struct str tag, struct str value)
{
    char why[EXPR_WHY] = "";
    struct expr x;
    struct buf out;

    if (!expr_parse_value(tag, &x, why)) {
        check_why(why);
        return;
    }
    MUST(x.filters <= FILTERS_MAX && lies_in(x.name, tag) && x.compare == COMPARE_NONE);
    for (size_t i = 0; i < x.filters; i++)
        MUST(lies_in(x.filter[i].text, tag));
    buf_init(&out, FILTER_VALUE_MAX);
    MUST(filters_apply(x.filter, x.filters, value, value.n > 0, &out) || out.len == 0);
    if (utf8_bad_at(tag.p, tag.n) == tag.n && utf8_bad_at(value.p, value.n) == value.n)
        MUST(utf8_bad_at(out.data, out.len) == out.len);
    buf_done(&out);
}

static void check_section(struct str tag, struct str value)
{
    char why[EXPR_WHY] = "";
    struct expr x;

    if (!expr_parse_section(tag, &x, why)) {
        check_why(why);
        return;
    }
    MUST(lies_in(x.name, tag) && lies_in(x.right, tag) && x.filters == 0);
    if (x.compare == COMPARE_NONE)
        return;
    for (int how = COMPARE_EQ; how <= COMPARE_GE; how++)
        compare_holds((enum compare)how, value, true, x.right);
    MUST(compare_holds(COMPARE_EQ, value, true, x.right) !=
         compare_holds(COMPARE_NE, value, true, x.right));
    MUST(!compare_holds(COMPARE_LT, value, true, x.right) ||
         compare_holds(COMPARE_GT, x.right, true, value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str value = str_n((const char *)data, size), tag = {0};

    str_cut(&value, '\n', &tag);
    check_value(tag, value);
    check_section(tag, value);
    return 0;
}
