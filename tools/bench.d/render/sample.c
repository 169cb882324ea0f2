#include "sample.h"

#include <sluice/base/must.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 16
#define FILE_MAX (1u << 20)

static void die(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static void load(const char *folder, const char *name, struct part_file *to)
{
    char *path = mem_printf("%s/%s", folder, name);
    FILE *f = fopen(path, "rb");

    if (!f)
        die(path, "cannot be opened");
    to->name = mem_str(name);
    to->text = mem_new(FILE_MAX);
    to->n = fread(to->text, 1, FILE_MAX, f);
    fclose(f);
    free(path);
}

struct mailing *sample_mailing(const char *folder, const char *columns)
{
    static const struct job_spec spec = {
        .id = "sample",
        .client = "default",
        .from_name = "봄날상회",
        .from_address = "news@bomnal.example",
        .template_name = "sample",
        .variables = "{}",
        .expires_ms = 1,
    };
    struct part_files parts = {.item = mem_array(FILES_MAX, sizeof *parts.item)};
    struct problems problems;
    struct mailing *m;
    struct buf text;
    struct dirent *d;
    DIR *dir = opendir(folder);

    if (!dir)
        die(folder, "cannot be opened");
    while ((d = readdir(dir)) && parts.count < FILES_MAX) {
        if (d->d_name[0] != '.')
            load(folder, d->d_name, &parts.item[parts.count++]);
    }
    closedir(dir);
    problems_init(&problems);
    m = mailing_new(&spec, &parts, columns, &problems);
    buf_init(&text, FILE_MAX);
    problems_format(&problems, &text);
    fputs(text.data, stderr);
    buf_done(&text);
    problems_done(&problems);
    part_files_done(&parts);
    if (!m)
        exit(1);
    return m;
}

void sample_render(const struct mailing *m, const char *email, const char *vars, uint64_t rid,
                   struct buf *out)
{
    char id[128];
    struct render_input in = {.email = email,
                              .vars = vars,
                              .vars_len = strlen(vars),
                              .rid = rid,
                              .now = {1795313130000},
                              .utc_offset_min = 540,
                              .message_id = id};
    struct err e;

    mailing_message_id(m, rid, id, sizeof id);
    if (!mailing_render(m, &in, out, &e))
        die(email, e.text);
}
