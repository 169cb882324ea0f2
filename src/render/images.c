/* Files that a message carries: images within its HTML, and attachments. */
#include "making.h"

#include <sluice/base/must.h>
#include <sluice/html/html.h>

#include <stdlib.h>

#define IMAGES "images/"
#define ATTACHMENTS "attachments/"

static void add(struct carried **list, size_t *count, const struct part_file *f, size_t folder)
{
    *list = mem_grow(*list, *count + 1, sizeof **list);
    (*list)[(*count)++] = (struct carried){.file = f, .name = f->name + folder};
}

void carried_collect(struct making *k)
{
    for (size_t i = 0; i < k->files->count; i++) {
        const struct part_file *f = &k->files->item[i];

        if (str_starts(str_of(f->name), IMAGES))
            add(&k->image, &k->images, f, strlen(IMAGES));
        else if (str_starts(str_of(f->name), ATTACHMENTS))
            add(&k->attachment, &k->attachments, f, strlen(ATTACHMENTS));
    }
}

void carried_done(struct making *k)
{
    for (size_t i = 0; i < k->images; i++)
        free(k->image[i].content_id);
    free(k->image);
    free(k->attachment);
}

bool image_name(struct str url, struct str *name)
{
    static const char *const prefix[] = {"images/", "./images/", "cid:"};

    url = str_trim(url);
    for (size_t i = 0; i < sizeof prefix / sizeof *prefix; i++) {
        if (!str_starts(url, prefix[i]))
            continue;
        *name = str_n(url.p + strlen(prefix[i]), url.n - strlen(prefix[i]));
        return true;
    }
    return false;
}

struct carried *image_find(const struct making *k, struct str name)
{
    for (size_t i = 0; i < k->images; i++) {
        if (str_is(name, k->image[i].name))
            return &k->image[i];
    }
    return NULL;
}

static unsigned line_of(struct str text, size_t at)
{
    unsigned line = 1;

    for (size_t i = 0; i < at; i++)
        line += text.p[i] == '\n';
    return line;
}

/* The number and the token make it the job's own: mail programs keep images by their id. */
static void use(struct making *k, struct carried *image)
{
    if (image->is_used)
        return;
    image->is_used = true;
    image->content_id = mem_printf("cid:%zu.%s@%s", (size_t)(image - k->image) + 1,
                                   k->m->spec->token ? k->m->spec->token : "0000000000000000",
                                   strrchr(k->m->id_tail, '@') + 1);
}

static void note(struct making *k, const struct part_file *html, struct str value, size_t at)
{
    const char *file = making_file_name(k, html->name);
    struct carried *image;
    struct str name;
    unsigned line;

    if (!image_name(value, &name))
        return;
    image = image_find(k, name);
    if (image) {
        use(k, image);
        return;
    }
    line = line_of(str_n(html->text, html->n), at);
    if (marks_has_tag(name))
        problems_add(k->problems, file, line,
                     "images/%.*s: an image of the template is sent to all alike, so its name "
                     "cannot hold a tag",
                     (int)(name.n < 80 ? name.n : 80), name.p);
    else
        problems_add(k->problems, file, line, "there is no image images/%.*s in the template",
                     (int)(name.n < 80 ? name.n : 80), name.p);
}

void images_note(struct making *k, const struct part_file *html)
{
    size_t count;
    struct html_place *place = html_places(str_n(html->text, html->n), &count);

    for (size_t i = 0; i < count; i++) {
        if (place[i].kind == HTML_URL)
            note(k, html, str_n(html->text + place[i].from, place[i].to - place[i].from),
                 place[i].from);
    }
    free(place);
}

void images_warn_unused(struct making *k)
{
    for (size_t i = 0; i < k->images; i++) {
        if (!k->image[i].is_used)
            problems_warn(k->problems, making_file_name(k, k->image[i].file->name), 0,
                          "no src or background of the HTML refers to it: it is not sent");
    }
}
