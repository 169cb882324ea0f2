/* Comparisons in sections. */
#include <sluice/base/must.h>

#include "filter.h"

static int compare_bytes(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;

    if (order == 0 && a.n != b.n)
        order = a.n < b.n ? -1 : 1;
    return order;
}

static int compare(struct str left, struct str right)
{
    struct decimal l, r;

    if (decimal_parse(left, &l) && decimal_parse(right, &r))
        return decimal_compare(&l, &r);
    return compare_bytes(left, right);
}

bool compare_holds(enum compare how, struct str left, bool has_left, struct str right)
{
    bool is_nothing = !has_left || left.n == 0, is_ordered = !is_nothing && right.n > 0;
    int order = is_ordered ? compare(left, right) : 0;
    bool is_equal = is_ordered ? order == 0 : is_nothing && right.n == 0;

    switch (how) {
    case COMPARE_EQ:
        return is_equal;
    case COMPARE_NE:
        return !is_equal;
    case COMPARE_LT:
        return order < 0;
    case COMPARE_LE:
        return order < 0 || is_equal;
    case COMPARE_GT:
        return order > 0;
    case COMPARE_GE:
        return order > 0 || is_equal;
    case COMPARE_NONE:
        break;
    }
    MUST(false);
    return false;
}
