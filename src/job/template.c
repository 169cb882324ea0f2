/* template.c: the files of a template's folder. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sluice/base/must.h>
#include <sluice/base/utf8.h>
#include <sluice/os/file.h>

#include "jobfile_private.h"

#define FILES_MAX 100

static bool is_part(const char *name)
{
    struct str s = str_of(name);

    return str_is(s, "subject.txt") || str_is(s, "text.txt") || str_is(s, "html.html") ||
           (str_ends_nocase(s, ".mustache") && file_name_is_safe(name, NULL));
}

static int is_part_entry(const struct dirent *d)
{
    return is_part(d->d_name);
}

/* UTF-8 throughout: whatever is wrong in the folder would be wrong in every single mail. */
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

static void read_part(const struct settings *s, const char *dir, const char *template_name,
                      const char *name, struct part_files *out, struct problems *p)
{
    char *path = mem_printf("%s/%s", dir, name), *shown = mem_printf("%s/%s", template_name, name);
    struct buf text;
    struct err e;

    buf_init(&text, (size_t)s->caps.template_bytes);
    if (!file_read(path, &text, &e)) {
        problems_add(p, shown, 0, "%s", e.text);
    } else if (check_text(shown, str_n(text.data, text.len), p)) {
        /* Windows editors put a mark in front that would stand in the mail. */
        if (str_starts(str_n(text.data, text.len), "\xef\xbb\xbf"))
            buf_drop(&text, 3);
        out->item = mem_grow(out->item, out->count + 1, sizeof *out->item);
        out->item[out->count].name = mem_str(name);
        out->item[out->count].n = text.len;
        out->item[out->count++].text = buf_take(&text);
    }
    buf_done(&text);
    free(path);
    free(shown);
}

static void say_missing(const struct settings *s, const char *name, const char *job_path,
                        unsigned line, struct problems *p)
{
    struct dirent **entry;
    int n = scandir(s->template_dir, &entry, NULL, alphasort);
    unsigned best = (unsigned)strlen(name) / 3 + 1;
    char meant[256] = "";

    for (int i = 0; i < n; i++) {
        unsigned d = str_distance(str_of(name), str_of(entry[i]->d_name));

        if (entry[i]->d_name[0] != '.' && d <= best) {
            best = d;
            str_copy(meant, sizeof meant, str_of(entry[i]->d_name));
        }
        free(entry[i]);
    }
    if (n >= 0)
        free(entry);
    if (*meant)
        problems_add(p, job_path, line,
                     "template: no such template (got \"%s\"); did you mean \"%s\"?", name, meant);
    else
        problems_add(p, job_path, line,
                     "template: no such template (got \"%s\", allowed: a folder in %s)", name,
                     s->template_dir);
}

bool template_read(const struct settings *s, const char *name, struct part_files *out,
                   const char *job_path, unsigned job_line, struct problems *p)
{
    char *dir = mem_printf("%s/%s", s->template_dir, name);
    size_t errors = p->errors;
    struct dirent **entry;
    int n = scandir(dir, &entry, is_part_entry, alphasort);

    *out = (struct part_files){0};
    if (n < 0)
        say_missing(s, name, job_path, job_line, p);
    else if (n > FILES_MAX)
        problems_add(p, job_path, job_line,
                     "template: too many files in it (got \"%s\", allowed: %d)", name, FILES_MAX);
    for (int i = 0; i < n; i++) {
        if (n <= FILES_MAX)
            read_part(s, dir, name, entry[i]->d_name, out, p);
        free(entry[i]);
    }
    if (n >= 0)
        free(entry);
    if (p->errors == errors && !part_files_find(out, "text.txt") &&
        !part_files_find(out, "html.html"))
        problems_add(p, job_path, job_line,
                     "template: no body in it (got \"%s\", allowed: text.txt, html.html, or both)",
                     name);
    free(dir);
    return p->errors == errors;
}

bool template_load(const struct settings *s, const char *name, struct part_files *out,
                   const char *job_path, struct problems *p)
{
    return template_read(s, name, out, job_path, 0, p);
}
