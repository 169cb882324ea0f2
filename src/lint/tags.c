#include "tags.h"

static bool cut_tag(struct str *rest, struct str *name, struct str *value, struct str *whole)
{
    struct str one;

    while (str_cut(rest, ';', &one)) {
        *whole = str_trim(one);
        if (whole->n == 0)
            continue;
        *value = *whole;
        str_cut(value, '=', name);
        *name = str_trim(*name);
        *value = str_trim(*value);
        return true;
    }
    return false;
}

bool tags_find(struct str record, const char *name, struct str *value)
{
    struct str key, found, whole;

    while (cut_tag(&record, &key, &found, &whole)) {
        if (str_eq_nocase(key, str_of(name)) && memchr(whole.p, '=', whole.n)) {
            *value = found;
            return true;
        }
    }
    return false;
}

static bool is_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];

        if (!((c | 0x20) >= 'a' && (c | 0x20) <= 'z') && !(c >= '0' && c <= '9') && c != '_')
            return false;
    }
    return name.n > 0;
}

struct str tags_broken(struct str record)
{
    struct str key, value, whole;

    while (cut_tag(&record, &key, &value, &whole)) {
        if (!is_name(key) || !memchr(whole.p, '=', whole.n))
            return whole;
    }
    return (struct str){NULL, 0};
}
