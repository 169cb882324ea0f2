/* Places in HTML where the escaping of values protects nothing: what a value may do there is said at
 * submission. */
#include "making.h"

#include <sluice/html/html.h>

struct look {
    struct making *k;
    const char *file;
    struct html_scan scan;
    const char *counted; /* up to here the line ends are counted */
    unsigned line;
};

/* Whether a tag that prints a value stands in it. */
static bool prints(const struct look *l, struct str text)
{
    struct str open = l->scan.open;
    const char *at;

    while (open.n && text.n && (at = memmem(text.p, text.n, open.p, open.n))) {
        text = str_n(at + open.n, text.n - (size_t)(at - text.p) - open.n);
        while (text.n && strchr(" \t\r\n", text.p[0]) && text.p[0])
            text = str_n(text.p + 1, text.n - 1);
        if (text.n && (!text.p[0] || !strchr("#^/!>=$<", text.p[0])))
            return true;
    }
    return false;
}

/* Places come in the order of the text. */
static unsigned line_of(struct look *l, const char *at)
{
    for (; l->counted < at; l->counted++)
        l->line += *l->counted == '\n';
    return l->line;
}

static bool is_handler(struct str name)
{
    return name.n > 2 && str_eq_nocase(str_n(name.p, 2), str_of("on")) &&
           (name.p[2] | 0x20) >= 'a' && (name.p[2] | 0x20) <= 'z';
}

static bool is_refresh(const struct html_token *t, struct str name)
{
    const struct html_attr *equiv = html_attr(t, "http-equiv");

    return html_is(t, "meta") && equiv && str_eq_nocase(name, str_of("content")) &&
           str_eq_nocase(str_trim(equiv->value), str_of("refresh"));
}

static bool prints_in_url(const struct look *l, struct str style)
{
    for (size_t i = 0; i + 4 <= style.n; i++) {
        struct str rest = str_n(style.p + i, style.n - i);
        const char *end;

        if ((*rest.p | 0x20) != 'u' || !str_eq_nocase(str_n(rest.p, 4), str_of("url(")))
            continue;
        end = memchr(rest.p, ')', rest.n);
        if (prints(l, str_n(rest.p, end ? (size_t)(end - rest.p) : rest.n)))
            return true;
        if (!end)
            return false;
        i += (size_t)(end - rest.p);
    }
    return false;
}

static void look_at_attr(struct look *l, const struct html_token *t, const struct html_attr *a)
{
    const char *name = a->name.p;
    int n = a->name.n < 40 ? (int)a->name.n : 40;

    if (a->value.n == 0 || !prints(l, a->value))
        return;
    if (a->value.p[-1] != '"' && a->value.p[-1] != '\'')
        problems_warn(l->k->problems, l->file, line_of(l, a->value.p),
                      "a value in %.*s= without quotes is not protected there: put quotes around "
                      "the attribute",
                      n, name);
    else if (is_handler(a->name))
        problems_warn(l->k->problems, l->file, line_of(l, a->value.p),
                      "a value in %.*s= is not protected there: it could be a script", n, name);
    else if (is_refresh(t, a->name))
        problems_warn(l->k->problems, l->file, line_of(l, a->value.p),
                      "a value in <meta http-equiv=\"refresh\"> is not protected there: it could "
                      "lead anywhere");
    else if (str_eq_nocase(a->name, str_of("style")) && prints_in_url(l, a->value))
        problems_warn(l->k->problems, l->file, line_of(l, a->value.p),
                      "a value in url(...) of a style is not protected there: an attribute such as "
                      "src or background protects it");
}

void unprotected_warn(struct making *k, const struct part_file *html)
{
    struct look l = {.k = k, .counted = html->text, .line = 1};
    struct html_token t;

    l.file = making_file_name(k, html->name);
    html_begin(&l.scan, str_n(html->text, html->n));
    while (html_next(&l.scan, &t)) {
        if (t.kind == HTML_RAW && html_is(&t, "style") && prints_in_url(&l, t.all))
            problems_warn(k->problems, l.file, line_of(&l, t.all.p),
                          "a value in url(...) of a style is not protected there: an attribute "
                          "such as src or background protects it");
        for (size_t i = 0; t.kind == HTML_OPEN && i < t.attrs; i++)
            look_at_attr(&l, &t, &t.attr[i]);
    }
}
