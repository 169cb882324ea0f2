/* template.c: the files of a template: of its folder, or out of a saved message. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sluice/base/must.h>
#include <sluice/base/utf8.h>
#include <sluice/os/file.h>

#include "template_parts.h"

#define UNUSED_SHOWN 10
#define ENTRIES_MAX 1000

/* What lies in the folder and is not used: mostly a mistyped name. */
struct unused {
    struct buf names;
    size_t count;
};

static void note_unused(struct unused *u, const char *name)
{
    if (u->count++ < UNUSED_SHOWN)
        buf_printf(&u->names, "%s%s", u->count > 1 ? ", " : "", name);
}

static void say_unused(struct unused *u, const char *name, struct problems *p)
{
    if (u->count > UNUSED_SHOWN)
        buf_printf(&u->names, " and %zu more", u->count - UNUSED_SHOWN);
    if (u->count)
        problems_warn(p, name, 0, "not used: %s (docs/templates.md has the names that are)",
                      u->names.data);
}

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(name, *names) == 0)
            return true;
    return false;
}

static bool is_text_name(const char *name)
{
    static const char *const names[] = {"subject.txt", "preheader.txt", "to.txt",
                                        "text.txt",    "html.html",     NULL};

    return is_one_of(name, names) || str_ends_nocase(str_of(name), ".mustache");
}

static bool is_image_name(const char *name)
{
    static const char *const ending[] = {".png",  ".jpg", ".jpeg", ".gif",
                                         ".webp", ".svg", ".bmp",  NULL};

    for (size_t i = 0; ending[i]; i++)
        if (str_ends_nocase(str_of(name), ending[i]))
            return true;
    return false;
}

/* For people, not for the message. */
static bool is_for_people(const char *name)
{
    return name[0] == '.' || strncmp(name, "README", 6) == 0 || strcmp(name, "screenshots") == 0;
}

/* Of what lies in images/ and attachments/. */
static void take_inner(struct gathering *g, const char *folder, const char *name, struct unused *u)
{
    char *whole = mem_printf("%s/%s", folder, name);
    const char *why = NULL;

    if (strcmp(folder, "images") == 0 && !is_image_name(name)) {
        note_unused(u, whole);
    } else if (!file_name_is_safe(name, &why) || utf8_bad_at(name, strlen(name)) != strlen(name)) {
        problems_add(g->problems, g->name, 0, "a file in %s has a name that cannot be used: %s",
                     folder, why ? why : "it is not UTF-8");
    } else if (strstr(name, "{{")) { /* it would stand in the message as it is */
        problems_add(g->problems, g->name, 0, "%s: tags do not work in the names of files", whole);
    } else {
        gather_bytes(g, whole);
    }
    free(whole);
}

static int is_visible(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

static int scan(const char *path, struct dirent ***entry)
{
    return scandir(path, entry, is_visible, alphasort);
}

static void free_entries(struct dirent **entry, int n)
{
    for (int i = 0; i < n; i++)
        free(entry[i]);
    if (n >= 0)
        free(entry);
}

static bool too_many(struct gathering *g, int n)
{
    if (n > ENTRIES_MAX && !g->is_over) {
        g->is_over = true;
        problems_add(g->problems, g->name, 0, "too many files in the folder (got %d, allowed: %d)",
                     n, ENTRIES_MAX);
    }
    return n > ENTRIES_MAX;
}

static void take_folder(struct gathering *g, const char *name, struct unused *u)
{
    char *path = mem_printf("%s/%s", g->folder, name);
    struct dirent **entry;
    int n = scan(path, &entry);

    if (n < 0)
        note_unused(u, name); /* a file of this name */
    for (int i = 0; i < n && !too_many(g, n); i++)
        if (!is_for_people(entry[i]->d_name))
            take_inner(g, name, entry[i]->d_name, u);
    free_entries(entry, n);
    free(path);
}

/* With a saved message, these come from there. */
static void take_message(struct gathering *g)
{
    static const char *const parts[] = {"subject.txt", "text.txt", "html.html", NULL};
    char *path = mem_printf("%s/message.eml", g->folder);
    size_t errors = g->problems->errors;

    for (size_t i = 0; parts[i]; i++)
        if (part_files_find(g->out, parts[i]))
            problems_add(g->problems, g->name, 0,
                         "message.eml and %s lie side by side: only one can be meant", parts[i]);
    if (g->problems->errors == errors)
        gather_message(g, "message.eml", path);
    free(path);
}

static void take_entries(struct gathering *g, struct dirent **entry, int n)
{
    static const char *const folders[] = {"images", "attachments", NULL};
    struct unused u = {.count = 0};
    bool has_message = false;

    buf_init(&u.names, UNUSED_SHOWN * 520);
    for (int i = 0; i < n && !too_many(g, n); i++) {
        const char *name = entry[i]->d_name;

        if (is_text_name(name) && file_name_is_safe(name, NULL))
            gather_text(g, name);
        else if (is_one_of(name, folders))
            take_folder(g, name, &u);
        else if (strcmp(name, "message.eml") == 0)
            has_message = true;
        else if (strcmp(name, MANIFEST_NAME) != 0 && !is_for_people(name))
            note_unused(&u, name);
    }
    if (has_message)
        take_message(g);
    say_unused(&u, g->name, g->problems);
    buf_done(&u.names);
}

static void say_missing(const struct settings *s, const char *name, const char *job_path,
                        unsigned line, struct problems *p)
{
    struct dirent **entry;
    int n = scan(s->template_dir, &entry);
    unsigned best = (unsigned)strlen(name) / 3 + 1;
    char meant[256] = "";

    for (int i = 0; i < n; i++) {
        unsigned d = str_distance(str_of(name), str_of(entry[i]->d_name));

        if (d <= best) {
            best = d;
            str_copy(meant, sizeof meant, str_of(entry[i]->d_name));
        }
    }
    free_entries(entry, n);
    if (*meant)
        problems_add(p, job_path, line,
                     "template: no such template (got \"%s\"); did you mean \"%s\"?", name, meant);
    else
        problems_add(
            p, job_path, line,
            "template: no such template (got \"%s\", allowed: a folder, or a saved message "
            "NAME.eml, in %s)",
            name, s->template_dir);
}

static bool is_saved_message(const char *name, const char *path)
{
    struct stat st;

    return str_ends_nocase(str_of(name), ".eml") && stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

bool template_read(const struct settings *s, const char *name, struct part_files *out,
                   const char *job_path, unsigned job_line, struct problems *p)
{
    char *path = mem_printf("%s/%s", s->template_dir, name);
    struct gathering g = {.settings = s, .name = name, .folder = path, .out = out, .problems = p};
    size_t errors = p->errors;
    struct dirent **entry;
    int n = -1;

    *out = (struct part_files){0};
    if (is_saved_message(name, path)) {
        g.folder = s->template_dir;
        gather_message(&g, NULL, path);
    } else if ((n = scan(path, &entry)) < 0) {
        say_missing(s, name, job_path, job_line, p);
    } else {
        take_entries(&g, entry, n);
        free_entries(entry, n);
    }
    if (p->errors == errors && !part_files_find(out, "text.txt") &&
        !part_files_find(out, "html.html"))
        problems_add(p, job_path, job_line,
                     "template: no body in it (got \"%s\", allowed: text.txt, html.html, or both)",
                     name);
    free(path);
    return p->errors == errors;
}

bool template_load(const struct settings *s, const char *name, struct part_files *out,
                   const char *job_path, struct problems *p)
{
    return template_read(s, name, out, job_path, 0, p);
}
