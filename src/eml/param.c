#include "decode.h"

#include <string.h>

#define VALUE_MAX (1u << 20)
#define SECTIONS_MAX 64

struct section {
    bool is_there, is_coded;
    size_t from, to; /* in `bytes` */
};
/* All that a header says about one parameter. */
struct param {
    struct buf bytes;
    struct section plain, section[SECTIONS_MAX];
};

static struct str skip_blanks(struct str s)
{
    while (s.n && s.p[0] && strchr(" \t\r\n", s.p[0]))
        s = str_n(s.p + 1, s.n - 1);
    return s;
}

/* A token up to `;`, or a quoted string; line ends in it are folds. */
static void take_value(struct str *rest, struct buf *out)
{
    bool is_quoted;

    *rest = skip_blanks(*rest);
    is_quoted = rest->n && rest->p[0] == '"';
    if (is_quoted)
        *rest = str_n(rest->p + 1, rest->n - 1);
    for (; rest->n; *rest = str_n(rest->p + 1, rest->n - 1)) {
        char c = rest->p[0];

        if (is_quoted ? c == '"' : c == ';')
            break;
        /* A backslash before anything else is one of Windows' paths. */
        if (is_quoted && c == '\\' && rest->n > 1 && (rest->p[1] == '"' || rest->p[1] == '\\')) {
            *rest = str_n(rest->p + 1, rest->n - 1);
            c = rest->p[0];
        }
        if (c != '\r' && c != '\n')
            buf_putc(out, c);
    }
}

/* Which of the parameter's places an attribute names: `name`, `name*`, `name*2`, `name*2*`. */
static struct section *find_section(struct param *p, struct str attribute, const char *name,
                                    bool *is_coded)
{
    size_t n = strlen(name);
    uint64_t number = 0;
    struct str rest;

    *is_coded = false;
    if (attribute.n < n || !str_eq_nocase(str_n(attribute.p, n), str_of(name)))
        return NULL;
    rest = str_n(attribute.p + n, attribute.n - n);
    if (rest.n == 0)
        return &p->plain;
    if (rest.p[0] != '*')
        return NULL;
    *is_coded = rest.p[rest.n - 1] == '*';
    rest = str_n(rest.p + 1, rest.n - 1);
    if (rest.n && *is_coded)
        rest.n--;
    if (rest.n && (!str_to_u64(rest, &number) || number >= SECTIONS_MAX))
        return NULL;
    return &p->section[number];
}

static void read_params(struct param *p, struct str value, const char *name)
{
    struct str first;

    str_cut(&value, ';', &first);
    while (value.n) {
        struct section *s;
        size_t from = p->bytes.len;
        size_t equals = 0;
        bool is_coded;

        value = skip_blanks(value);
        while (equals < value.n && value.p[equals] != '=' && value.p[equals] != ';')
            equals++;
        s = find_section(p, str_trim(str_n(value.p, equals)), name, &is_coded);
        value = str_n(value.p + equals, value.n - equals);
        if (value.n && value.p[0] == '=') {
            value = str_n(value.p + 1, value.n - 1);
            take_value(&value, &p->bytes);
            if (s && !s->is_there)
                *s = (struct section){true, is_coded, from, p->bytes.len};
        }
        str_cut(&value, ';', &first);
    }
}

static int hex(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c ? strchr(digits, c | 0x20) : NULL;

    return at ? (int)(at - digits) : -1;
}

void decode_percent(struct str s, struct buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        bool is_coded =
            s.p[i] == '%' && i + 2 < s.n && hex(s.p[i + 1]) >= 0 && hex(s.p[i + 2]) >= 0;

        buf_putc(out, is_coded ? (char)(16 * hex(s.p[i + 1]) + hex(s.p[i + 2])) : s.p[i]);
        i += is_coded ? 2 : 0;
    }
}

/* Cuts charset'language' off; a program that left them out wrote text only. */
static void cut_charset(struct str *text, struct str *charset)
{
    struct str rest = *text, language = {0};

    if (!str_cut(&rest, '\'', charset) || !str_cut(&rest, '\'', &language) ||
        language.p + language.n == text->p + text->n)
        *charset = (struct str){0};
    else
        *text = rest;
}

/* RFC 2231, section 4.1: the charset stands once for all sections. */
static void join_sections(const struct param *p, struct buf *out)
{
    struct str charset = {0};
    struct buf bytes;

    buf_init(&bytes, VALUE_MAX);
    for (size_t i = 0; i < SECTIONS_MAX && p->section[i].is_there; i++) {
        const struct section *s = &p->section[i];
        struct str text = {p->bytes.data + s->from, s->to - s->from};

        if (i == 0 && s->is_coded)
            cut_charset(&text, &charset);
        if (s->is_coded)
            decode_percent(text, &bytes);
        else
            buf_put(&bytes, text.p, text.n);
    }
    if (decode_text(charset, str_n(bytes.data, bytes.len), out) != DECODED &&
        decode_text(str_of(""), str_n(bytes.data, bytes.len), out) != DECODED)
        buf_puts(out, "\xef\xbf\xbd");
    buf_done(&bytes);
}

bool decode_param(struct str value, const char *name, struct buf *out)
{
    struct param p = {0};
    bool is_there;

    buf_init(&p.bytes, VALUE_MAX);
    read_params(&p, value, name);
    is_there = p.section[0].is_there || p.plain.is_there;
    if (p.section[0].is_there)
        join_sections(&p, out);
    else if (is_there)
        decode_words(str_n(p.bytes.data + p.plain.from, p.plain.to - p.plain.from), out);
    buf_done(&p.bytes);
    return is_there;
}
