#include "page.h"

#define UNREADABLE_MIN 20 /* characters */

static bool is_void(const struct html_token *t)
{
    static const char *const names[] = {"br",   "img",  "hr",  "input",  "meta",  "link", "col",
                                        "area", "base", "wbr", "source", "embed", "param"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (html_is(t, names[i]))
            return true;
    }
    return false;
}

static bool is_any(const struct html_token *t, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (html_is(t, names[i]))
            return true;
    }
    return false;
}

static bool begins_with(struct str s, const char *prefix)
{
    size_t n = strlen(prefix);

    return s.n >= n && str_eq_nocase(str_n(s.p, n), str_of(prefix));
}

/* ---- images */

static bool is_tiny(const struct html_token *t, const char *side)
{
    const struct html_attr *a = html_attr(t, side), *style = html_attr(t, "style");
    struct str value = a ? str_trim(a->value) : (struct str){NULL, 0};

    if (!a && style)
        html_style(style->value, side, &value);
    if (str_ends_nocase(value, "px"))
        value.n -= 2;
    return str_is(value, "0") || str_is(value, "1");
}

static void look_at_image(struct page *p, const struct html_token *t)
{
    const struct html_attr *src = html_attr(t, "src");

    if (html_is_hidden(t) || (is_tiny(t, "width") && is_tiny(t, "height")))
        return;
    spot_hit(&p->images, p->line, src ? src->value : t->all);
    if (src && begins_with(src->value, "http://"))
        spot_hit(&p->plain_link, p->line, src->value);
    if (!html_attr(t, "alt"))
        spot_hit(&p->no_alt, p->line, src && src->value.n ? src->value : t->all);
}

/* ---- links */

/* Text that reads as an address: "https://a.example/x", "www.a.example". */
static bool shown_host(struct str text, char out[HOST_SIZE])
{
    struct buf url;
    bool found;

    if (memchr(text.p, ' ', text.n))
        return false;
    if (!begins_with(text, "www."))
        return lint_host(text, out);
    buf_init(&url, LINK_TEXT_MAX + 16);
    buf_puts(&url, "http://");
    buf_put(&url, text.p, text.n);
    found = lint_host(str_n(url.data, url.len), out);
    buf_done(&url);
    return found;
}

static void end_link(struct page *p)
{
    char shown[HOST_SIZE];
    struct str text = str_trim(str_n(p->link_text.data, p->link_text.len));

    if (!p->is_link)
        return;
    p->is_link = false;
    if (!p->href_host[0] || text.n == 0 || !shown_host(text, shown) ||
        lint_same_organisation(shown, p->href_host))
        return;
    if (!spot_has(&p->mismatch)) {
        memcpy(p->shown_host, shown, sizeof shown);
        memcpy(p->real_host, p->href_host, sizeof p->href_host);
    }
    spot_hit(&p->mismatch, p->line, (struct str){NULL, 0});
}

static void look_at_url(struct page *p, struct str url)
{
    if (begins_with(url, "http://"))
        spot_hit(&p->plain_link, p->line, url);
    p->link(p->arg, url, p->line);
}

static void look_at_link(struct page *p, const struct html_token *t)
{
    const struct html_attr *href = html_attr(t, "href");
    struct str url = href ? str_trim(href->value) : (struct str){NULL, 0};

    end_link(p);
    if (!href)
        return;
    if (url.n == 0 || str_is(url, "#") || str_is(url, "http://") || str_is(url, "https://"))
        spot_hit(&p->empty_link, p->line, t->all);
    else if (begins_with(url, "javascript:"))
        spot_hit(&p->handler, p->line, t->all);
    else
        look_at_url(p, url);
    p->is_link = true;
    buf_clear(&p->link_text);
    if (!lint_host(url, p->href_host))
        p->href_host[0] = '\0';
}

/* ---- what receivers strip */

static void look_at_element(struct page *p, const struct html_token *t)
{
    static const char *const embedded[] = {"embed",    "object", "iframe", "applet",
                                           "frameset", "video",  "audio"};
    static const char *const forms[] = {"form", "input", "select", "textarea"};

    if (html_is(t, "script"))
        spot_hit(&p->script, p->line, t->name);
    else if (is_any(t, embedded, sizeof embedded / sizeof *embedded))
        spot_hit(&p->embedded, p->line, t->name);
    else if (is_any(t, forms, sizeof forms / sizeof *forms))
        spot_hit(&p->form, p->line, t->name);
    else if (html_is(t, "style"))
        spot_hit(p->is_in_body ? &p->style_in_body : &p->style_sheet, p->line, t->name);
    else if (html_is(t, "body"))
        p->is_in_body = true;
    else if (html_is(t, "img"))
        look_at_image(p, t);
    else if (html_is(t, "a"))
        look_at_link(p, t);
}

static bool is_handler(struct str name)
{
    return name.n > 4 && begins_with(name, "on") && (name.p[2] | 0x20) >= 'a' &&
           (name.p[2] | 0x20) <= 'z';
}

static void look_at_attributes(struct page *p, const struct html_token *t)
{
    for (size_t i = 0; i < t->attrs; i++) {
        struct str name = t->attr[i].name;

        p->classes += str_eq_nocase(name, str_of("class"));
        p->styles += str_eq_nocase(name, str_of("style"));
        if (is_handler(name))
            spot_hit(&p->handler, p->line, name);
    }
}

/* ---- hidden and visible text */

static bool is_unreadable(const struct html_token *t)
{
    const struct html_attr *a = html_attr(t, "style");
    struct str size, color, background;

    if (!a)
        return false;
    if (html_style(a->value, "font-size", &size) && size.n > 1 &&
        (str_is(size, "0px") || str_is(size, "1px")))
        return true;
    return html_style(a->value, "color", &color) &&
           (html_style(a->value, "background-color", &background) ||
            html_style(a->value, "background", &background)) &&
           str_eq_nocase(color, background);
}

static void enter(struct page *p, const struct html_token *t)
{
    p->is_unreadable = false;
    if (p->hidden_depth) {
        p->hidden_depth += str_eq_nocase(t->name, p->hidden_name) && !is_void(t);
        return;
    }
    if (is_void(t))
        return;
    if (html_is_hidden(t)) {
        p->hidden_name = t->name;
        p->hidden_depth = 1;
        p->hidden_from = p->text.hidden;
    } else {
        p->is_unreadable = is_unreadable(t);
    }
}

/* The first hidden block, before all that is visible, is the preheader: hidden for a reason. */
static void leave(struct page *p, const struct html_token *t)
{
    p->is_unreadable = false;
    if (!p->hidden_depth || !str_eq_nocase(t->name, p->hidden_name) || --p->hidden_depth)
        return;
    if (p->text.visible == 0 && !p->was_hidden_first && p->text.hidden > p->hidden_from) {
        p->has_preheader = p->was_hidden_first = true;
        p->text.hidden = p->hidden_from;
    }
}

/* Characters that are seen: no blanks, nothing of zero width. */
static size_t count_seen(struct str text)
{
    static const char *const none[] = {"\xc2\xa0",     "\xc2\xad",     "\xcd\x8f",
                                       "\xe2\x80\x8b", "\xe2\x80\x8c", "\xe2\x80\x8d",
                                       "\xef\xbb\xbf", "\xe2\x80\x87", "\xe2\x80\x8e"};
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        size_t skip = 0;

        for (size_t k = 0; c >= 0xc2 && k < sizeof none / sizeof *none; k++) {
            if (str_starts(str_n(text.p + i, text.n - i), none[k]))
                skip = strlen(none[k]);
        }
        if (skip)
            i += skip - 1;
        else
            n += c > ' ' && c != 0x7f && (c & 0xc0) != 0x80;
    }
    return n;
}

static void look_at_text(struct page *p, struct str text)
{
    size_t seen;

    buf_clear(&p->scratch);
    html_unescape(text, &p->scratch);
    seen = count_seen(str_n(p->scratch.data, p->scratch.len));
    if (p->hidden_depth) {
        p->text.hidden += seen;
        return;
    }
    /* layouts set font-size: 0 against gaps; a text in it is odd, unless it is the preheader */
    if (p->is_unreadable && seen >= UNREADABLE_MIN) {
        if (p->text.visible)
            spot_hit(&p->invisible, p->line, text);
        else
            p->has_preheader = true;
        return;
    }
    if (seen && p->text.first.n == 0)
        p->text.first = str_trim(text);
    p->text.visible += seen;
    if (p->is_link && p->link_text.len + p->scratch.len < LINK_TEXT_MAX)
        buf_put(&p->link_text, p->scratch.data, p->scratch.len);
}

static unsigned count_lines(struct str text)
{
    unsigned n = 0;

    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '\n';
    return n;
}

void page_read(struct page *p, struct str html,
               void (*link)(void *arg, struct str url, unsigned line), void *arg)
{
    struct html_scan s;
    struct html_token t;

    p->line = 1;
    p->link = link;
    p->arg = arg;
    buf_init(&p->link_text, LINK_TEXT_MAX);
    buf_init(&p->scratch, html.n + 1);
    html_begin(&s, html);
    s.open = (struct str){NULL, 0}; /* a rendered message holds no tags */
    while (html_next(&s, &t)) {
        if (t.kind == HTML_OPEN) {
            look_at_element(p, &t);
            look_at_attributes(p, &t);
            enter(p, &t);
        } else if (t.kind == HTML_CLOSE) {
            if (html_is(&t, "a"))
                end_link(p);
            leave(p, &t);
        } else if (t.kind == HTML_TEXT) {
            look_at_text(p, t.all);
        }
        p->line += count_lines(t.all);
    }
    end_link(p);
    buf_done(&p->link_text);
    buf_done(&p->scratch);
}
