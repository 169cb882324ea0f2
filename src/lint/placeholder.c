/* What was to be replaced and was not. */
#include "checks.h"

#define SUBJECT_BYTES 4096

static const struct {
    const char *text;
    bool is_word; /* only as a word of its own */
    enum lint_level level;
} rows[] = {
    {"{{", false, LINT_ERROR},          {"lorem ipsum", false, LINT_ERROR},
    {"null님", false, LINT_ERROR},      {"none님", false, LINT_ERROR},
    {"undefined님", false, LINT_ERROR}, {"nan원", false, LINT_ERROR},
    {"null원", false, LINT_ERROR},      {"[object object]", false, LINT_ERROR},
    {"undefined", true, LINT_WARNING},
};

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' ||
           c == '-';
}

/* Where `what` stands in the text, or NULL. */
static const char *find(struct str text, struct str what, bool is_word)
{
    for (size_t at = 0; at + what.n <= text.n; at++) {
        if ((text.p[at] | 0x20) != (what.p[0] | 0x20) ||
            !str_eq_nocase(str_n(text.p + at, what.n), what))
            continue;
        if (is_word && ((at > 0 && is_alnum(text.p[at - 1])) ||
                        (at + what.n < text.n && is_alnum(text.p[at + what.n]))))
            continue;
        return text.p + at;
    }
    return NULL;
}

static bool check(struct str text, const char *part, struct lint *l)
{
    bool found_any = false;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str what = str_of(rows[i].text);
        const char *found = find(text, what, rows[i].is_word);
        char shown[SHOWN_SIZE];
        unsigned line = 1;

        if (!found || (found_any && rows[i].is_word))
            continue;
        found_any = true;
        for (const char *p = text.p; p < found; p++)
            line += *p == '\n';
        lint_add(l, rows[i].level, "placeholder",
                 "\"%s\" stands in %s, line %u (\"%s\"): a value is missing or was never filled in",
                 rows[i].text, part, line,
                 lint_show(shown, str_n(found, (size_t)(text.p + text.n - found))));
    }
    return found_any;
}

/* Scripts and styles may say "undefined" and "{{" as they like. */
static void seen_html(struct str html, struct buf *out)
{
    struct html_scan s;
    struct html_token t;

    html_begin(&s, html);
    s.open = (struct str){NULL, 0};
    while (html_next(&s, &t)) {
        if (t.kind != HTML_RAW && t.kind != HTML_COMMENT) {
            buf_put(out, t.all.p, t.all.n);
            continue;
        }
        for (size_t i = 0; i < t.all.n; i++) {
            if (t.all.p[i] == '\n')
                buf_putc(out, '\n'); /* line numbers hold */
        }
    }
}

void check_placeholders(const struct lint_message *m, struct lint *l)
{
    struct buf seen;

    buf_init(&seen, m->html.n > SUBJECT_BYTES ? m->html.n : SUBJECT_BYTES);
    if (subject_of(m, &seen))
        check(str_n(seen.data, seen.len), "the subject", l);
    buf_clear(&seen);
    seen_html(m->html, &seen);
    if (!check(str_n(seen.data, seen.len), "the HTML", l))
        check(m->text, "the text", l);
    buf_done(&seen);
}
