#include "fields.h"

#define NAME(text)                                                                                 \
    {                                                                                              \
        text, sizeof text - 1                                                                      \
    }

/* RFC 6376 5.4.1 and what bulk mail has beside it. Oversigned ones are listed once more than they
 * are there, so that nobody can add another that a reader shows instead; those of mailing lists
 * only where there is one, for a list on the way may add its own. */
enum over { ONCE, OVER_IF_THERE, OVER };
static const struct {
    struct str name;
    enum over over;
} signed_field[] = {
    {NAME("From"), OVER},
    {NAME("Sender"), OVER_IF_THERE},
    {NAME("Reply-To"), OVER},
    {NAME("Subject"), OVER},
    {NAME("Date"), OVER},
    {NAME("Message-ID"), OVER},
    {NAME("To"), OVER},
    {NAME("Cc"), OVER},
    {NAME("MIME-Version"), OVER},
    {NAME("Content-Type"), OVER},
    {NAME("Content-Transfer-Encoding"), OVER},
    {NAME("Content-ID"), ONCE},
    {NAME("Content-Description"), ONCE},
    {NAME("In-Reply-To"), ONCE},
    {NAME("References"), ONCE},
    {NAME("List-Id"), OVER_IF_THERE},
    {NAME("List-Help"), ONCE},
    {NAME("List-Unsubscribe"), OVER_IF_THERE},
    {NAME("List-Unsubscribe-Post"), OVER_IF_THERE},
    {NAME("List-Subscribe"), ONCE},
    {NAME("List-Post"), ONCE},
    {NAME("List-Owner"), ONCE},
    {NAME("List-Archive"), ONCE},
    {NAME("Feedback-ID"), OVER_IF_THERE},
    {NAME("CFBL-Address"), OVER_IF_THERE},
    {NAME("CFBL-Feedback-ID"), OVER_IF_THERE},
    {NAME("Auto-Submitted"), OVER_IF_THERE},
};
#define KINDS (sizeof signed_field / sizeof *signed_field)

static bool kind_of(struct str name, unsigned char *kind)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (name.n == signed_field[i].name.n && str_eq_nocase(name, signed_field[i].name)) {
            *kind = (unsigned char)i;
            return true;
        }
    }
    return false;
}

/* The end of the field that begins at `at`, its folded lines included, without its last CRLF. */
static size_t end_of_field(struct str m, size_t at)
{
    for (;;) {
        const char *lf = memchr(m.p + at, '\n', m.n - at);
        size_t end = lf ? (size_t)(lf - m.p) : m.n;

        at = end + 1;
        if (!lf)
            return m.n;
        if (end && m.p[end - 1] == '\r' && (at == m.n || (m.p[at] != ' ' && m.p[at] != '\t')))
            return end - 1;
        if (at == m.n)
            return m.n;
    }
}

struct found {
    struct field field[FIELDS_MAX];
    unsigned char kind[FIELDS_MAX];
    size_t count, of_kind[KINDS];
    bool is_over;
};

static void look_at(struct found *f, struct str line)
{
    const char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;
    struct str name;
    unsigned char kind;

    if (!colon)
        return;
    name = str_n(line.p, (size_t)(colon - line.p));
    while (name.n && (name.p[name.n - 1] == ' ' || name.p[name.n - 1] == '\t'))
        name.n--;
    if (!kind_of(name, &kind))
        return;
    if (f->count == FIELDS_MAX) {
        f->is_over = true;
        return;
    }
    f->kind[f->count] = kind;
    f->field[f->count++] = (struct field){signed_field[kind].name, name,
                                          str_n(colon + 1, line.n - (size_t)(colon + 1 - line.p))};
    f->of_kind[kind]++;
}

static void list(struct fields *out, const struct field *field)
{
    if (out->count == FIELDS_MAX)
        out->is_over = true;
    else
        out->item[out->count++] = *field;
}

static void list_kind(struct fields *out, const struct found *f, size_t kind)
{
    const struct field absent = {signed_field[kind].name, {NULL, 0}, {NULL, 0}};

    for (size_t i = f->of_kind[kind] ? f->count : 0; i-- > 0;)
        if (f->kind[i] == kind)
            list(out, &f->field[i]);
    if (signed_field[kind].over == OVER ||
        (signed_field[kind].over == OVER_IF_THERE && f->of_kind[kind]))
        list(out, &absent);
}

size_t fields_find(struct fields *f, struct str m)
{
    struct found found;
    size_t at = 0;

    found.count = 0;
    found.is_over = false;
    memset(found.of_kind, 0, sizeof found.of_kind);
    while (at < m.n && !(m.n - at >= 2 && m.p[at] == '\r' && m.p[at + 1] == '\n')) {
        size_t end = end_of_field(m, at);

        look_at(&found, str_n(m.p + at, end - at));
        at = m.n - end >= 2 ? end + 2 : m.n;
    }
    f->count = 0;
    f->is_over = found.is_over;
    for (size_t kind = 0; kind < KINDS; kind++)
        list_kind(f, &found, kind);
    return m.n - at >= 2 ? at + 2 : m.n;
}
