#include "template_parts.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/base/utf8.h>
#include <sluice/eml/eml.h>
#include <sluice/os/file.h>

#define FILES_MAX 100

bool template_holds(const char *folder, const char *path)
{
    char *whole = realpath(folder, NULL), *real = realpath(path, NULL);
    size_t n = whole ? strlen(whole) : 0;
    bool is = whole && real && strncmp(real, whole, n) == 0 && real[n] == '/';

    free(whole);
    free(real);
    return is;
}

/* Takes the bytes. */
static void add(struct gathering *g, const char *name, char *text, size_t n)
{
    struct part_files *out = g->out;
    uint64_t most = (uint64_t)g->settings->caps.template_total_bytes;

    g->bytes += n;
    if (out->count == FILES_MAX && !g->is_over)
        problems_add(g->problems, g->name, 0, "too many files (allowed: %d)", FILES_MAX);
    else if (g->bytes > most && !g->is_over)
        problems_add(g->problems, g->name, 0,
                     "its files are larger than %llu bytes together (caps.template_total_bytes)",
                     (unsigned long long)most);
    g->is_over = g->is_over || out->count == FILES_MAX || g->bytes > most;
    if (!g->is_over) {
        out->item = mem_grow(out->item, out->count + 1, sizeof *out->item);
        out->item[out->count++] = (struct part_file){mem_str(name), text, n};
    } else {
        free(text);
    }
}

static bool check_text(const char *shown, struct str text, struct problems *p)
{
    const char *nul = text.n ? memchr(text.p, 0, text.n) : NULL;
    size_t bad = nul ? (size_t)(nul - text.p) : utf8_bad_at(text.p, text.n);
    unsigned line = 1;

    if (bad == text.n)
        return true;
    for (size_t i = 0; i < bad; i++)
        line += text.p[i] == '\n';
    problems_add(p, shown, line, nul ? "a zero byte: this is no text" : "this is not UTF-8 text");
    return false;
}

static bool read_file(struct gathering *g, const char *path, const char *shown, struct buf *out)
{
    bool is_inside = template_holds(g->folder, path);
    struct err e;

    if (is_inside && file_read(path, out, &e))
        return true;
    problems_add(g->problems, shown, 0, "%s",
                 is_inside ? e.text
                           : "a symbolic link that leads nowhere, or out of the template's folder");
    return false;
}

static void gather(struct gathering *g, const char *name, bool is_text)
{
    char *path = mem_printf("%s/%s", g->folder, name), *shown = mem_printf("%s/%s", g->name, name);
    struct buf bytes;

    buf_init(&bytes, (size_t)g->settings->caps.template_bytes);
    if (!g->is_over && read_file(g, path, shown, &bytes) &&
        (!is_text || check_text(shown, str_n(bytes.data, bytes.len), g->problems))) {
        size_t n;

        /* Windows editors put a mark in front that would stand in the mail. */
        if (is_text && str_starts(str_n(bytes.data, bytes.len), "\xef\xbb\xbf"))
            buf_drop(&bytes, 3);
        n = bytes.len;
        add(g, name, buf_take(&bytes), n);
    }
    buf_done(&bytes);
    free(path);
    free(shown);
}

void gather_text(struct gathering *g, const char *name)
{
    gather(g, name, true);
}

void gather_bytes(struct gathering *g, const char *name)
{
    gather(g, name, false);
}

/* An image beside the message may have the name of one in it. */
static void take_parts(struct gathering *g, const char *shown, struct part_files *parts)
{
    for (size_t i = 0; i < parts->count; i++) {
        struct part_file *f = &parts->item[i];

        if (part_files_find(g->out, f->name)) {
            problems_add(g->problems, shown, 0,
                         "%s is in the message, and lies beside it: only one can be meant",
                         f->name);
            continue;
        }
        add(g, f->name, f->text, f->n);
        f->text = NULL;
    }
}

void gather_message(struct gathering *g, const char *name, const char *path)
{
    char *shown = name ? mem_printf("%s/%s", g->name, name) : mem_str(g->name);
    struct part_files parts = {0};
    struct buf bytes;

    buf_init(&bytes, EML_MAX_BYTES);
    if (read_file(g, path, shown, &bytes) &&
        eml_read(str_n(bytes.data, bytes.len), shown, &parts, g->problems))
        take_parts(g, shown, &parts);
    part_files_done(&parts);
    buf_done(&bytes);
    free(shown);
}
