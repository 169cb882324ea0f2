#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>

#include "charset.h"
#include "source.h"

#define CHUNK ((size_t)256 * 1024)
/* The charset is told from at most this much, beginning with the block that holds the first
 * character that is not ASCII. */
#define SAMPLE ((size_t)1024 * 1024)

struct text {
    struct source *source;
    enum charset charset; /* UNKNOWN: all was ASCII up to now */
    struct cp949 cp949;
    char *window;
    size_t from, to, size;
    char *raw; /* bytes before they are converted; only for CP949 */
    size_t raw_size;
    bool is_first, is_last;
    uint64_t lines; /* before the window, for messages */
};

struct text *text_open(const char *path, const struct recipients_options *o, struct err *e)
{
    struct text *t = mem_new(sizeof *t);

    t->is_first = true;
    if (o->charset && !charset_from_name(o->charset, &t->charset))
        err_set(e, "the charset '%s' is not known", o->charset);
    else if ((t->charset == CHARSET_UTF8 || cp949_ready(e)))
        t->source = source_open(path, o->max_bytes, e);
    if (t->source)
        return t;
    text_close(t);
    return NULL;
}

void text_close(struct text *t)
{
    if (!t)
        return;
    source_close(t->source);
    free(t->window);
    free(t->raw);
    free(t);
}

struct str text_window(const struct text *t)
{
    return str_n(t->window ? t->window + t->from : "", t->to - t->from);
}

bool text_is_last(const struct text *t)
{
    return t->is_last;
}

void text_use(struct text *t, size_t n)
{
    MUST(n <= t->to - t->from);
    t->from += n;
}

const char *text_charset_name(const struct text *t)
{
    return t->charset == CHARSET_CP949 ? "CP949" : "UTF-8";
}

void text_progress(const struct text *t, uint64_t *read_bytes, uint64_t *file_bytes)
{
    source_progress(t->source, read_bytes, file_bytes);
}

/* Room for n bytes behind the window. */
static char *room(struct text *t, size_t n)
{
    if (t->from) {
        memmove(t->window, t->window + t->from, t->to - t->from);
        t->to -= t->from;
        t->from = 0;
    }
    if (t->size - t->to < n) {
        /* Doubling: a row of a megabyte is looked at a few times, not once for each block. */
        t->size = t->size * 2 > t->to + n ? t->size * 2 : t->to + n;
        t->window = mem_grow(t->window, t->size, 1);
    }
    return t->window + t->to;
}

/* Fills as far as the source goes: unpackers give little at a time. */
static bool read_full(struct text *t, char *to, size_t want, size_t *n, struct err *e)
{
    *n = 0;
    while (*n < want && !t->is_last) {
        size_t got;

        if (!source_read(t->source, to + *n, want - *n, &got, e))
            return false;
        *n += got;
        t->is_last = got == 0;
    }
    return true;
}

static bool check_first_bytes(struct text *t, struct str s, size_t *skip, struct err *e)
{
    *skip = 0;
    if (str_starts(s, "\xff\xfe") || str_starts(s, "\xfe\xff"))
        return err_set(e, "UTF-16 is not read; save the list as UTF-8 or as CP949");
    if (str_starts(s, "PK\x03\x04") || str_starts(s, "\xd0\xcf\x11\xe0"))
        return err_set(e, "this is a workbook or an archive, not a text; save it as CSV");
    if (str_starts(s, "\x1f\x8b") || str_starts(s, "\x28\xb5\x2f\xfd"))
        return err_set(e, "this is packed data, but its name does not end in .gz or .zst");
    if (str_starts(s, "\xef\xbb\xbf")) {
        /* The mark says it, whatever the job declared. */
        t->charset = CHARSET_UTF8;
        *skip = 3;
    }
    return true;
}

static bool check_binary(struct text *t, struct str s, struct err *e)
{
    const char *nul = s.n ? memchr(s.p, 0, s.n) : NULL;

    (void)t;
    if (!nul)
        return true;
    return err_set(e, "this is binary data, not a text (it contains a zero byte)");
}

static char *raw_room(struct text *t, size_t n)
{
    if (t->raw_size < n) {
        t->raw_size = n;
        t->raw = mem_grow(t->raw, n, 1);
    }
    return t->raw;
}

static void convert(struct text *t, size_t n)
{
    char *to = room(t, CP949_ROOM(n));

    t->to += cp949_to_utf8(&t->cp949, t->raw, n, t->is_last, to);
}

static bool fill_cp949(struct text *t, struct err *e)
{
    char *to = raw_room(t, CHUNK);
    size_t n;

    if (!read_full(t, to, CHUNK, &n, e) || !check_binary(t, str_n(to, n), e))
        return false;
    convert(t, n);
    return true;
}

/* Straight into the window; as long as the charset is unknown, enough at a time to tell it. */
static bool fill_plain(struct text *t, struct err *e)
{
    size_t want = t->charset == CHARSET_UNKNOWN ? SAMPLE : CHUNK, n, skip = 0;
    char *to = room(t, want);

    if (!read_full(t, to, want, &n, e))
        return false;
    if (t->is_first && !check_first_bytes(t, str_n(to, n), &skip, e))
        return false;
    if (!check_binary(t, str_n(to, n), e))
        return false;
    if (t->charset == CHARSET_UNKNOWN)
        t->charset = charset_guess(to, n);
    if (t->charset == CHARSET_CP949) {
        memcpy(raw_room(t, n), to, n);
        convert(t, n);
        return true;
    }
    t->to += n;
    t->from += t->is_first ? skip : 0;
    return true;
}

bool text_fill(struct text *t, struct err *e)
{
    bool ok;

    /* The first block is read plain: it may begin with a BOM that overrules what was declared. */
    ok = t->charset == CHARSET_CP949 && !t->is_first ? fill_cp949(t, e) : fill_plain(t, e);
    t->is_first = false;
    return ok;
}
