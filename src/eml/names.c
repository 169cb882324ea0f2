#include "eml_private.h"

#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/mime/header.h>

/* In an image's name nothing that HTML or a URL would write otherwise; in both nothing that a tag or
 * Windows reads. Letters beyond ASCII stay. */
static bool is_safe(char c, bool is_image)
{
    bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    (unsigned char)c >= 0x80 || strchr("._-", c);

    return is_plain || (!is_image && !strchr("{}<>:\"|?*", c));
}

static bool is_taken(const char *name, const struct part_files *out, const struct found *others,
                     size_t n)
{
    for (size_t i = 0; i < out->count; i++) {
        if (str_eq_nocase(str_of(out->item[i].name), str_of(name)))
            return true;
    }
    for (size_t i = 0; i < n; i++) {
        if (others[i].image && str_eq_nocase(str_of(others[i].image), str_of(name)))
            return true;
    }
    return false;
}

char *eml_file_name(const char *folder, const struct found *f, const struct part_files *out,
                    const struct found *others, size_t n)
{
    bool is_image = strcmp(folder, "images") == 0;
    struct buf clean;
    const char *dot;
    size_t stem;
    char *name;

    buf_init(&clean, HEADER_FILE_NAME_MAX + 40);
    header_file_name(&clean, str_of(f->name ? f->name : is_image ? "image" : "attachment"));
    for (size_t i = 0; i < clean.len; i++)
        clean.data[i] = is_safe(clean.data[i], is_image) ? clean.data[i] : '_';
    if (!strchr(clean.data, '.'))
        buf_puts(&clean, f->ending);
    dot = strrchr(clean.data, '.');
    stem = dot ? (size_t)(dot - clean.data) : clean.len;
    name = mem_printf("%s/%s", folder, clean.data);
    for (unsigned i = 2; is_taken(name, out, others, n); i++) {
        free(name);
        name = mem_printf("%s/%.*s-%u%s", folder, (int)stem, clean.data, i, clean.data + stem);
    }
    buf_done(&clean);
    return name;
}
