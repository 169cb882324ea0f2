#include "list.h"

#include "element.h"

bool list_has_loose_tag(const struct html_scan *scan, size_t *ahead)
{
    struct html_scan s = *scan;
    struct html_token t;
    unsigned lists = 1;
    size_t read;
    bool is_in_item = false, is_loose = false;

    while (lists && !is_loose && s.pos - scan->pos < *ahead && html_next(&s, &t)) {
        enum element_kind kind = element_about(t.name)->kind;

        is_loose = t.kind == HTML_MUSTACHE && lists == 1 && !is_in_item;
        if (t.kind != HTML_OPEN && t.kind != HTML_CLOSE)
            continue;
        if (kind == ELEMENT_LIST)
            lists += t.kind == HTML_OPEN ? 1u : -1u;
        else if (kind == ELEMENT_ITEM && lists == 1)
            is_in_item = t.kind == HTML_OPEN;
    }
    read = s.pos - scan->pos;
    *ahead -= read < *ahead ? read : *ahead;
    return is_loose || *ahead == 0;
}

long item_number(const struct html_token *t, const char *attr, long otherwise)
{
    const struct html_attr *a = html_attr(t, attr);
    int64_t number;

    if (!a || !str_to_i64(str_trim(a->value), &number) || number < -LIST_NUMBER_MAX ||
        number > LIST_NUMBER_MAX)
        return otherwise;
    return (long)number;
}
