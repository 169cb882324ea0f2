#include "element.h"

#include "style.h"

static const struct about abouts[] = {{"a", ELEMENT_LINK, GROUP_LINK},
                                      {"br", ELEMENT_BREAK, 0},
                                      {"td", ELEMENT_CELL, GROUP_CELL},
                                      {"th", ELEMENT_CELL, GROUP_CELL},
                                      {"tr", ELEMENT_BLOCK, GROUP_ROW},
                                      {"p", ELEMENT_SPACED, GROUP_P},
                                      {"div", ELEMENT_BLOCK, 0},
                                      {"table", ELEMENT_SPACED, GROUP_TABLE},
                                      {"img", ELEMENT_IMAGE, 0},
                                      {"li", ELEMENT_ITEM, GROUP_ITEM},
                                      {"ul", ELEMENT_LIST, GROUP_LIST},
                                      {"ol", ELEMENT_LIST, GROUP_LIST},
                                      {"dl", ELEMENT_SPACED, GROUP_TERMS},
                                      {"dt", ELEMENT_BLOCK, GROUP_TERM},
                                      {"dd", ELEMENT_BLOCK, GROUP_TERM},
                                      {"h1", ELEMENT_SPACED, 0},
                                      {"h2", ELEMENT_SPACED, 0},
                                      {"h3", ELEMENT_SPACED, 0},
                                      {"h4", ELEMENT_SPACED, 0},
                                      {"h5", ELEMENT_SPACED, 0},
                                      {"h6", ELEMENT_SPACED, 0},
                                      {"hr", ELEMENT_RULE, 0},
                                      {"pre", ELEMENT_PRE, 0},
                                      {"blockquote", ELEMENT_SPACED, 0},
                                      {"figure", ELEMENT_SPACED, 0},
                                      {"address", ELEMENT_BLOCK, 0},
                                      {"article", ELEMENT_BLOCK, 0},
                                      {"aside", ELEMENT_BLOCK, 0},
                                      {"body", ELEMENT_BLOCK, GROUP_BODY},
                                      {"caption", ELEMENT_BLOCK, GROUP_CAPTION},
                                      {"center", ELEMENT_BLOCK, 0},
                                      {"details", ELEMENT_BLOCK, 0},
                                      {"fieldset", ELEMENT_BLOCK, 0},
                                      {"figcaption", ELEMENT_BLOCK, 0},
                                      {"footer", ELEMENT_BLOCK, 0},
                                      {"form", ELEMENT_BLOCK, 0},
                                      {"header", ELEMENT_BLOCK, 0},
                                      {"html", ELEMENT_BLOCK, GROUP_IN_HEAD},
                                      {"legend", ELEMENT_BLOCK, 0},
                                      {"main", ELEMENT_BLOCK, 0},
                                      {"menu", ELEMENT_LIST, GROUP_LIST},
                                      {"nav", ELEMENT_BLOCK, 0},
                                      {"section", ELEMENT_BLOCK, 0},
                                      {"summary", ELEMENT_BLOCK, 0},
                                      {"tbody", ELEMENT_BLOCK, GROUP_ROWS},
                                      {"thead", ELEMENT_BLOCK, GROUP_ROWS},
                                      {"tfoot", ELEMENT_BLOCK, GROUP_ROWS},
                                      {"area", ELEMENT_VOID, 0},
                                      {"base", ELEMENT_VOID, GROUP_IN_HEAD},
                                      {"col", ELEMENT_VOID, 0},
                                      {"embed", ELEMENT_VOID, 0},
                                      {"input", ELEMENT_VOID, 0},
                                      {"link", ELEMENT_VOID, GROUP_IN_HEAD},
                                      {"meta", ELEMENT_VOID, GROUP_IN_HEAD},
                                      {"param", ELEMENT_VOID, 0},
                                      {"source", ELEMENT_VOID, 0},
                                      {"track", ELEMENT_VOID, 0},
                                      {"wbr", ELEMENT_VOID, 0},
                                      {"head", ELEMENT_HIDDEN, GROUP_HEAD},
                                      {"script", ELEMENT_HIDDEN, GROUP_IN_HEAD},
                                      {"style", ELEMENT_HIDDEN, GROUP_IN_HEAD},
                                      {"title", ELEMENT_HIDDEN, GROUP_IN_HEAD},
                                      {"textarea", ELEMENT_HIDDEN, 0},
                                      {"select", ELEMENT_HIDDEN, 0},
                                      {"audio", ELEMENT_HIDDEN, 0},
                                      {"video", ELEMENT_HIDDEN, 0},
                                      {"template", ELEMENT_HIDDEN, GROUP_IN_HEAD},
                                      {"svg", ELEMENT_HIDDEN, 0},
                                      {"datalist", ELEMENT_HIDDEN, 0},
                                      {"noframes", ELEMENT_HIDDEN, 0},
                                      {"iframe", ELEMENT_HIDDEN, 0},
                                      {"noembed", ELEMENT_HIDDEN, 0},
                                      {"xmp", ELEMENT_HIDDEN, 0},
                                      {"plaintext", ELEMENT_HIDDEN, 0},
                                      {"noscript", ELEMENT_INLINE, GROUP_IN_HEAD}};

const struct about *element_about(struct str name)
{
    static const struct about unknown = {"", ELEMENT_INLINE, 0};

    for (size_t i = 0; i < sizeof abouts / sizeof *abouts; i++) {
        if (str_eq_nocase(name, str_of(abouts[i].name)))
            return &abouts[i];
    }
    return &unknown;
}

bool element_is_void(enum element_kind kind)
{
    return kind == ELEMENT_VOID || kind == ELEMENT_BREAK || kind == ELEMENT_IMAGE ||
           kind == ELEMENT_RULE;
}

/* Which start tags end which open elements (HTML, sections 13.2.6.4.7 and 13.1.2.4), unless one of
 * others stands between. */
static const struct {
    unsigned starts, ends, unless;
} implied[] = {{GROUP_ITEM, GROUP_ITEM, GROUP_LIST | GROUP_TABLE | GROUP_CELL},
               {GROUP_TERM, GROUP_TERM, GROUP_TERMS | GROUP_TABLE | GROUP_CELL},
               {GROUP_CELL, GROUP_CELL, GROUP_ROW | GROUP_TABLE},
               {GROUP_ROW, GROUP_ROW, GROUP_TABLE},
               {GROUP_ROWS, GROUP_ROWS, GROUP_TABLE},
               {GROUP_LINK, GROUP_LINK, GROUP_CELL | GROUP_TABLE},
               {GROUP_BODY, GROUP_HEAD, 0}};
/* An end tag reaches through none of these, unless it is a table's own. */
#define WALLS (GROUP_TABLE | GROUP_CELL | GROUP_CAPTION)
#define TABLE_PARTS (WALLS | GROUP_ROW | GROUP_ROWS | GROUP_BODY)

void elements_init(struct elements *e)
{
    e->item[0] = (struct element){.name = {NULL, 0}};
    e->count = 1;
    e->deeper = 0;
}

const struct element *elements_top(const struct elements *e)
{
    return &e->item[e->count - 1];
}

static void end_down_to(struct elements *e, size_t index,
                        void (*ended)(void *arg, enum element_kind kind), void *arg)
{
    e->deeper = 0;
    while (e->count > index)
        ended(arg, e->item[--e->count].kind);
}

/* The innermost open element of `groups` that has none of `unless` within it; 0: none. */
static size_t find(const struct elements *e, unsigned groups, unsigned unless)
{
    for (size_t i = e->count; i-- > 1;) {
        if (e->item[i].groups & groups)
            return i;
        if (e->item[i].groups & unless)
            return 0;
    }
    return 0;
}

static size_t implied_end(const struct elements *e, const struct about *about)
{
    enum element_kind kind = about->kind;

    if (elements_top(e)->groups & GROUP_HEAD && !(about->groups & GROUP_IN_HEAD))
        return e->count - 1;
    for (size_t i = 0; i < sizeof implied / sizeof *implied; i++) {
        if (implied[i].starts & about->groups)
            return find(e, implied[i].ends, implied[i].unless);
    }
    if (kind == ELEMENT_BLOCK || kind == ELEMENT_SPACED || kind == ELEMENT_LIST ||
        kind == ELEMENT_PRE || kind == ELEMENT_RULE)
        return find(e, GROUP_P, WALLS | GROUP_BODY);
    return 0;
}

static enum lines_blanks blanks_of(const struct html_token *t, enum element_kind kind,
                                   enum lines_blanks around)
{
    const struct html_attr *style = html_attr(t, "style");
    struct str value;

    if (style && html_style(style->value, "white-space", &value)) {
        if (str_eq_nocase(value, str_of("pre-line")))
            return LINES_KEEP_ENDS;
        return str_starts(value, "pre") ? LINES_KEEP : LINES_COLLAPSE;
    }
    return kind == ELEMENT_PRE ? LINES_KEEP : kind == ELEMENT_CELL ? LINES_COLLAPSE : around;
}

void elements_open(struct elements *e, const struct html_token *t,
                   void (*ended)(void *arg, enum element_kind kind), void *arg)
{
    const struct about *about = element_about(t->name);
    enum element_kind kind = about->kind;
    size_t end = implied_end(e, about);
    const struct element *top;

    if (end)
        end_down_to(e, end, ended, arg);
    if (element_is_void(kind))
        return;
    if (e->count == ELEMENTS_MAX) {
        e->deeper++;
        return;
    }
    top = elements_top(e);
    e->item[e->count++] = (struct element){
        .name = t->name,
        .kind = kind,
        .groups = about->groups,
        .is_hidden = top->is_hidden || kind == ELEMENT_HIDDEN || html_is_hidden(t),
        .is_tiny = style_is_tiny(t, top->is_tiny),
        .is_faint = style_is_faint(t, top->is_faint),
        .blanks = blanks_of(t, kind, top->blanks),
        .items = top->items + (kind == ELEMENT_ITEM),
    };
}

void elements_close(struct elements *e, struct str name,
                    void (*ended)(void *arg, enum element_kind kind), void *arg)
{
    bool is_part = element_about(name)->groups & TABLE_PARTS;
    size_t at = e->count;

    if (e->deeper) {
        e->deeper--;
        return;
    }
    while (--at > 0) {
        if (str_eq_nocase(e->item[at].name, name)) {
            end_down_to(e, at, ended, arg);
            return;
        }
        if (!is_part && e->item[at].groups & WALLS)
            return;
    }
}
