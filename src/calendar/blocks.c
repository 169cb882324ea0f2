/* blocks.c: see blocks.h. (P) */
#include "blocks.h"

static bool is_line(struct str line, const char *word, struct str *name)
{
    size_t n = strlen(word);

    line = str_trim(line);
    if (line.n <= n || !str_eq_nocase(str_n(line.p, n), str_of(word)))
        return false;
    *name = str_n(line.p + n, line.n - n);
    return true;
}

static bool is_wanted(struct str name)
{
    return str_eq_nocase(name, str_of("VEVENT")) || str_eq_nocase(name, str_of("VTIMEZONE"));
}

/* The rest of the component whose BEGIN line was just read. Leaves a line that cannot belong to it
 * unread: the next component then is not lost. */
static void read_block(struct blocks *b, struct block *out)
{
    struct str line, name;
    unsigned depth = 1;

    while (depth > 0) {
        struct blocks before = *b;

        if (!str_cut(&b->rest, '\n', &line)) {
            out->problem = "no END";
            return;
        }
        b->line++;
        if (is_line(line, "BEGIN:", &name)) {
            if (is_wanted(name)) {
                *b = before;
                out->problem = "another component begins before its END";
                return;
            }
            if (++depth > BLOCK_DEPTH)
                out->problem = "nested too deep";
        } else if (is_line(line, "END:", &name)) {
            depth--;
        }
        out->text.n = (size_t)(line.p + line.n - out->text.p);
    }
    if (!out->problem && out->text.n > BLOCK_BYTES)
        out->problem = "larger than 64 KiB";
}

bool block_next(struct blocks *b, struct block *out)
{
    struct str line, name;

    while (str_cut(&b->rest, '\n', &line)) {
        b->line++;
        if (!is_line(line, "BEGIN:", &name) || !is_wanted(name))
            continue;
        *out = (struct block){.text = line, .name = name, .line = b->line};
        read_block(b, out);
        return true;
    }
    return false;
}

bool block_has(struct str text, const char *property)
{
    size_t n = strlen(property);
    struct str line;

    while (str_cut(&text, '\n', &line))
        if (line.n > n && str_eq_nocase(str_n(line.p, n), str_of(property)) &&
            (line.p[n] == ':' || line.p[n] == ';'))
            return true;
    return false;
}
