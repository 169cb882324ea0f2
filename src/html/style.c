/* Inline styles, as far as a mailer must understand them. */
#include "style.h"

#include <stdlib.h>

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

#define NUMBER_MAX 24
#define TINY 2.0   /* px */
#define FAR -900.0 /* px: to the left of any screen */

/* "-9999px", "1.5em" -> the number and its unit; false: no such length. */
static bool length_of(struct str value, double *number, struct str *unit)
{
    char text[NUMBER_MAX];
    size_t n = 0;

    while (n < value.n && value.p[n] && strchr("+-.0123456789", value.p[n]))
        n++;
    if (n == 0 || n >= sizeof text)
        return false;
    memcpy(text, value.p, n);
    text[n] = '\0';
    *number = strtod(text, NULL);
    *unit = str_n(value.p + n, value.n - n);
    return true;
}

static bool is_far(struct str style, const char *property)
{
    struct str found, unit;
    double number;

    return html_style(style, property, &found) && length_of(found, &number, &unit) &&
           (number <= FAR ||
            ((str_eq_nocase(unit, str_of("em")) || str_eq_nocase(unit, str_of("rem"))) &&
             number <= FAR / 16));
}

static bool is_placed_away(struct str style)
{
    struct str position;

    return html_style(style, "position", &position) && !str_eq_nocase(position, str_of("static")) &&
           (is_far(style, "left") || is_far(style, "top"));
}

bool html_is_hidden(const struct html_token *t)
{
    const struct html_attr *a = html_attr(t, "style");

    if (html_attr(t, "hidden"))
        return true;
    if (!a)
        return false;
    return is(a->value, "display", "none") || is(a->value, "visibility", "hidden") ||
           is_none(a->value, "opacity") || is_far(a->value, "text-indent") ||
           is_placed_away(a->value) ||
           (is(a->value, "overflow", "hidden") &&
            (is_none(a->value, "max-height") || is_none(a->value, "height")));
}

/* ---- text that cannot be read */

static bool style_of(const struct html_token *t, struct str *style)
{
    const struct html_attr *a = html_attr(t, "style");

    if (a)
        *style = a->value;
    return a != NULL;
}

/* Sizes relative to one around it make nothing readable. */
bool style_is_tiny(const struct html_token *t, bool around)
{
    struct str style, size, unit;
    double number;

    if (html_is(t, "font") && html_attr(t, "size"))
        around = false;
    if (!style_of(t, &style) || !html_style(style, "font-size", &size) || size.n == 0)
        return around;
    if (!length_of(size, &number, &unit))
        return around &&
               (str_eq_nocase(size, str_of("inherit")) || str_eq_nocase(size, str_of("larger")) ||
                str_eq_nocase(size, str_of("smaller")));
    if (number == 0)
        return true;
    if (str_eq_nocase(unit, str_of("px")) || unit.n == 0)
        return number <= TINY;
    if (str_eq_nocase(unit, str_of("pt")))
        return number * 4 / 3 <= TINY;
    if (str_eq_nocase(unit, str_of("em")) || str_eq_nocase(unit, str_of("%")))
        return around || number * (unit.p[0] == '%' ? 0.16 : 16) <= TINY;
    return str_eq_nocase(unit, str_of("rem")) && number * 16 <= TINY;
}

/* "#FFF", "white" and "#ffffff" are one color; *out: as #rrggbb where that is known. */
static void color_of(struct str value, char out[NUMBER_MAX])
{
    char text[NUMBER_MAX];

    str_copy(text, sizeof text, value);
    str_lower(text, strlen(text));
    str_copy(out, NUMBER_MAX, str_of(text));
    if (strcmp(text, "white") == 0) {
        str_copy(out, NUMBER_MAX, str_of("#ffffff"));
    } else if (strcmp(text, "black") == 0) {
        str_copy(out, NUMBER_MAX, str_of("#000000"));
    } else if (text[0] == '#' && strlen(text) == 4) {
        for (size_t i = 1; i < 7; i++)
            out[i] = text[(i + 1) / 2];
        out[7] = '\0';
    }
}

bool style_is_faint(const struct html_token *t, bool around)
{
    struct str style, color, background;
    char one[NUMBER_MAX], other[NUMBER_MAX];

    if (!style_of(t, &style))
        return around;
    if (html_style(style, "color", &color) && str_eq_nocase(color, str_of("transparent")))
        return true;
    if (!html_style(style, "background-color", &background) &&
        !html_style(style, "background", &background))
        return around && !html_style(style, "color", &color);
    if (!html_style(style, "color", &color))
        return false;
    color_of(color, one);
    color_of(background, other);
    return color.n && strcmp(one, other) == 0;
}

static bool is_dot_side(const struct html_token *t, const char *side)
{
    const struct html_attr *a = html_attr(t, side);
    struct str style, value = a ? str_trim(a->value) : (struct str){NULL, 0}, unit;
    double number;

    if (style_of(t, &style))
        html_style(style, side, &value);
    return length_of(value, &number, &unit) && number <= 1 &&
           (unit.n == 0 || str_eq_nocase(unit, str_of("px")));
}

bool style_is_dot(const struct html_token *t)
{
    return is_dot_side(t, "width") && is_dot_side(t, "height");
}
