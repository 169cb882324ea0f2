/* Inline styles, as far as a mailer must understand them. */
#include <sluice/html/html.h>

bool html_style(struct str style, const char *property, struct str *value)
{
    struct str declaration, name;
    bool found = false;

    while (str_cut(&style, ';', &declaration)) {
        if (!str_cut(&declaration, ':', &name) || !str_eq_nocase(str_trim(name), str_of(property)))
            continue;
        *value = str_trim(declaration);
        if (str_ends_nocase(*value, "!important"))
            *value = str_trim(str_n(value->p, value->n - strlen("!important")));
        found = true; /* the last one counts */
    }
    return found;
}

/* "0", "0px", "0.0" */
static bool is_zero(struct str value)
{
    size_t i = 0;

    while (i < value.n && (value.p[i] == '0' || value.p[i] == '.'))
        i++;
    return i > 0 && (i == value.n || (value.p[i] | 0x20) >= 'a' || value.p[i] == '%');
}

static bool is(struct str style, const char *property, const char *value)
{
    struct str found;

    return html_style(style, property, &found) && str_eq_nocase(found, str_of(value));
}

static bool is_none(struct str style, const char *property)
{
    struct str found;

    return html_style(style, property, &found) && is_zero(found);
}

/* font-size: 0 is no hiding: layouts use it against gaps between boxes. */
bool html_is_hidden(const struct html_token *t)
{
    const struct html_attr *a = html_attr(t, "style");

    if (html_attr(t, "hidden"))
        return true;
    if (!a)
        return false;
    return is(a->value, "display", "none") || is(a->value, "visibility", "hidden") ||
           is_none(a->value, "opacity") ||
           (is(a->value, "overflow", "hidden") &&
            (is_none(a->value, "max-height") || is_none(a->value, "height")));
}
