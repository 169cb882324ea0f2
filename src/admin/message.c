/* message.c: a message's parts. */
#include <sluice/admin/message.h>

#include <stdlib.h>
#include <sluice/base/must.h>
#include "message_text.h"

enum { DEPTH_MAX = 8, TEXT_MAX = 32 * 1024 * 1024, HEADER_MAX = 64 * 1024 };

struct entity {
    struct str head, body;
};

/* The empty line ends the header; false: there is none. */
static bool split(struct str bytes, struct entity *e)
{
    for (size_t at = 0; at < bytes.n;) {
        const char *end = memchr(bytes.p + at, '\n', bytes.n - at);
        if (!end)
            return false;
        size_t next = (size_t)(end - bytes.p) + 1;
        size_t line = next - at - 1;
        if (line == 0 || (line == 1 && bytes.p[at] == '\r')) {
            e->head = str_n(bytes.p, at);
            e->body = str_n(bytes.p + next, bytes.n - next);
            return true;
        }
        at = next;
    }
    return false;
}

static char *field_text(struct str head, const char *name)
{
    struct buf b;
    buf_init(&b, HEADER_MAX);
    unmime_text(unmime_field(head, name), &b);
    return buf_take(&b);
}

/* ---- bodies ---- */

static void decode_body(const struct entity *e, struct buf *out)
{
    struct str how = unmime_field(e->head, "Content-Transfer-Encoding");
    if (str_eq_nocase(how, str_of("base64")))
        unmime_base64(e->body, out);
    else if (str_eq_nocase(how, str_of("quoted-printable")))
        unmime_quoted(e->body, false, out);
    else
        buf_put(out, e->body.p, e->body.n);
}

static void take_text(const struct entity *e, struct str type, char **to)
{
    struct buf bytes, text, charset;
    if (*to) /* the first counts */
        return;
    buf_init(&bytes, TEXT_MAX);
    buf_init(&text, TEXT_MAX);
    buf_init(&charset, 100);
    decode_body(e, &bytes);
    if (!unmime_param(type, "charset", &charset))
        buf_puts(&charset, "utf-8");
    unmime_utf8(str_n(bytes.data, bytes.len), str_of(charset.data), &text);
    *to = buf_take(&text);
    buf_done(&bytes);
    buf_done(&charset);
}

static char *part_name(struct str type, struct str disposition)
{
    struct buf b;
    buf_init(&b, HEADER_MAX);
    if (!unmime_param(disposition, "filename", &b) && !unmime_param(type, "name", &b)) {
        buf_done(&b);
        return NULL;
    }
    return buf_take(&b);
}

static char *part_cid(struct str head)
{
    struct str id = unmime_field(head, "Content-ID");
    if (id.n < 3 || id.p[0] != '<' || id.p[id.n - 1] != '>')
        return NULL;
    return mem_strn(id.p + 1, id.n - 2);
}

static void take_part(const struct entity *e, struct str type, struct str bare, struct message *m)
{
    struct buf data;
    struct message_part *p;
    buf_init(&data, TEXT_MAX);
    decode_body(e, &data);
    m->part = mem_grow(m->part, m->parts + 1, sizeof *m->part);
    p = &m->part[m->parts++];
    *p =
        (struct message_part){.type = mem_strn(bare.p, bare.n),
                              .cid = part_cid(e->head),
                              .name = part_name(type, unmime_field(e->head, "Content-Disposition")),
                              .n = data.len};
    str_lower(p->type, bare.n);
    p->data = buf_take(&data);
}

/* ---- parts within parts ---- */

static bool walk(struct str bytes, unsigned depth, unsigned *seen, struct message *m,
                 struct err *e);

/* "--boundary" at the beginning of a line from `at` on; its place, or n. *next: behind its line. */
static size_t find_boundary(struct str body, size_t at, struct str boundary, size_t *next,
                            bool *is_last)
{
    while (at < body.n) {
        const char *end = memchr(body.p + at, '\n', body.n - at);
        size_t line_end = end ? (size_t)(end - body.p) + 1 : body.n;
        struct str line = str_n(body.p + at, line_end - at);
        if (line.n >= boundary.n + 2 && memcmp(line.p, "--", 2) == 0 &&
            memcmp(line.p + 2, boundary.p, boundary.n) == 0) {
            struct str tail = str_trim(str_n(line.p + 2 + boundary.n, line.n - 2 - boundary.n));
            if (tail.n == 0 || str_is(tail, "--")) {
                *next = line_end;
                *is_last = tail.n > 0;
                return at;
            }
        }
        at = line_end;
    }
    *next = body.n;
    *is_last = true;
    return body.n;
}

/* The line end in front of a boundary belongs to it (RFC 2046 5.1.1). */
static size_t without_line_end(struct str body, size_t from, size_t to)
{
    to -= to > from && body.p[to - 1] == '\n';
    to -= to > from && body.p[to - 1] == '\r';
    return to;
}

static bool walk_parts(struct str body, struct str boundary, unsigned depth, unsigned *seen,
                       struct message *m, struct err *e)
{
    size_t next, from;
    bool is_last;
    find_boundary(body, 0, boundary, &next, &is_last);
    while (!is_last) {
        from = next;
        size_t at = find_boundary(body, from, boundary, &next, &is_last);
        size_t to = without_line_end(body, from, at);
        if (!walk(str_n(body.p + from, to - from), depth, seen, m, e))
            return false;
    }
    return true;
}

static bool walk(struct str bytes, unsigned depth, unsigned *seen, struct message *m, struct err *e)
{
    struct entity part = {.body = bytes};
    struct buf boundary;
    if (depth > DEPTH_MAX || ++*seen > MESSAGE_PARTS_MAX)
        return err_set(e, "the message has too many parts");
    split(bytes, &part);
    struct str type = unmime_field(part.head, "Content-Type"), rest = type, bare = {NULL, 0};
    str_cut(&rest, ';', &bare);
    bare = str_trim(bare);
    bool is_attached = str_starts(unmime_field(part.head, "Content-Disposition"), "attachment");
    buf_init(&boundary, 1000);
    bool ok = true;
    if (bare.n > 10 && str_eq_nocase(str_n(bare.p, 10), str_of("multipart/"))) {
        if (unmime_param(type, "boundary", &boundary) && boundary.len > 0)
            ok = walk_parts(part.body, str_n(boundary.data, boundary.len), depth + 1, seen, m, e);
    } else if (!is_attached && str_eq_nocase(bare, str_of("text/html"))) {
        take_text(&part, type, &m->html);
    } else if (!is_attached && (bare.n == 0 || str_eq_nocase(bare, str_of("text/plain")))) {
        take_text(&part, type, &m->text);
    } else {
        take_part(&part, type, bare, m);
    }
    buf_done(&boundary);
    return ok;
}

/* ---- the whole ---- */

/* Of the last "<a@b>", or of a bare address. */
static char *domain_of(struct str from)
{
    size_t at = from.n, end;
    while (at > 0 && from.p[at - 1] != '@')
        at--;
    if (at == 0)
        return mem_str("");
    for (end = at; end < from.n && from.p[end] > ' ' && from.p[end] != '>';)
        end++;
    char *domain = mem_strn(from.p + at, end - at);
    str_lower(domain, strlen(domain));
    return domain;
}

bool message_parse(struct str bytes, struct message *out, struct err *e)
{
    struct entity whole = {0};
    unsigned seen = 0;
    *out = (struct message){0};
    if (!split(bytes, &whole))
        return err_set(e, "the message has no header");
    out->from = field_text(whole.head, "From");
    out->to = field_text(whole.head, "To");
    out->subject = field_text(whole.head, "Subject");
    out->date = field_text(whole.head, "Date");
    out->from_domain = domain_of(unmime_field(whole.head, "From"));
    bool ok = walk(bytes, 0, &seen, out, e);
    out->preheader = message_preheader(out->html);
    if (!ok)
        message_done(out);
    return ok;
}

void message_done(struct message *m)
{
    char *text[] = {m->from,        m->to,        m->subject, m->date,
                    m->from_domain, m->preheader, m->html,    m->text};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        free(text[i]);
    for (size_t i = 0; i < m->parts; i++) {
        free(m->part[i].type);
        free(m->part[i].cid);
        free(m->part[i].name);
        free(m->part[i].data);
    }
    free(m->part);
    *m = (struct message){0};
}
