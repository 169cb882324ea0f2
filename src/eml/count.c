/* A tree of GMime's takes far more memory than its text, and some fields far more time, so what it is
 * made of is counted before GMime sees it. */
#include "eml_private.h"

#include <string.h>

#define LINES_MAX 1000000u
#define BOUNDARIES_MAX 10000u
#define FIELDS_MAX 1000u
#define COSTLY_MAX (256u << 10) /* bytes of costly fields, of all parts together */
#define GROUPS_MAX 100u         /* GMime calls itself for each group of addresses in another */

/* What GMime takes apart, in every part and message within the message. */
static const char *const costly[] = {"from", "sender", "reply-to", "to", "cc",
                                     "bcc",  "date",   "subject",  NULL};
static const char *const costly_beginning[] = {"content-", "resent-", NULL};

struct counting {
    bool in_head; /* of the message itself */
    bool is_costly;
    size_t field, costly; /* bytes */
    unsigned lines, fields, boundaries, colons;
    bool is_long, is_nested;
};

static bool is_one(struct str name, const char *const *list, bool is_beginning)
{
    for (; *list; list++) {
        size_t n = strlen(*list);

        if ((is_beginning ? name.n > n : name.n == n) &&
            str_eq_nocase(str_n(name.p, n), str_of(*list)))
            return true;
    }
    return false;
}

static bool is_costly(struct str line)
{
    const char *colon = memchr(line.p, ':', line.n < 80 ? line.n : 80);
    struct str name = str_trim(str_n(line.p, colon ? (size_t)(colon - line.p) : 0));

    return is_one(name, costly, false) || is_one(name, costly_beginning, true);
}

static unsigned count_colons(struct str line)
{
    unsigned n = 0;

    for (struct str part; str_cut(&line, ':', &part);)
        n += line.n > 0;
    return n;
}

static void count_line(struct counting *c, struct str line)
{
    bool goes_on = line.n && (line.p[0] == ' ' || line.p[0] == '\t');

    c->in_head = c->in_head && str_trim(line).n;
    c->lines++;
    c->fields += c->in_head;
    c->boundaries += str_starts(line, "--");
    if (!goes_on) {
        c->is_costly = line.n && is_costly(line);
        c->field = c->colons = 0;
    }
    if (!c->is_costly && !c->in_head)
        return;
    c->field += line.n;
    c->is_long = c->is_long || c->field > HEADER_VALUE_MAX;
    if (!c->is_costly)
        return;
    c->costly += line.n;
    c->colons += count_colons(line);
    c->is_nested = c->is_nested || c->colons > GROUPS_MAX;
}

bool eml_is_countable(struct reading *r)
{
    struct counting c = {.in_head = true};
    struct str rest = r->bytes, line;

    while (str_cut(&rest, '\n', &line))
        count_line(&c, line);
    if (c.fields > FIELDS_MAX)
        eml_fail(r, 0, "its header has more than %u lines", FIELDS_MAX);
    if (c.is_long)
        eml_fail(r, 0, "it has a header field of more than %u KB", HEADER_VALUE_MAX >> 10);
    if (c.is_nested)
        eml_fail(r, 0, "it has a header field with more than %u colons", GROUPS_MAX);
    if (c.costly > COSTLY_MAX)
        eml_fail(r, 0, "the header fields of its parts are larger than %u KB together",
                 COSTLY_MAX >> 10);
    if (c.lines > LINES_MAX || c.boundaries > BOUNDARIES_MAX)
        eml_fail(r, 0, "it has too many lines, or lines that begin with --");
    return r->is_fine;
}
