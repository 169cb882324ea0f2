/* Any bytes as a saved message: files with safe names of their own, texts that are UTF-8 without zero bytes, or a
 * problem that says why not. */
#include <stdint.h>
#include <sluice/base/must.h>
#include <sluice/base/utf8.h>
#include <sluice/eml/eml.h>

static void check_name(const struct part_files *files, size_t i)
{
    const char *name = files->item[i].name;
    const char *slash = strchr(name, '/');

    MUST(utf8_bad_at(name, strlen(name)) == strlen(name));
    MUST(part_files_find(files, name) == &files->item[i]);
    MUST(!strpbrk(name, "\r\n\\{}<>\""));
    if (!slash) {
        MUST(!strcmp(name, "subject.txt") || !strcmp(name, "text.txt") ||
             !strcmp(name, "html.html"));
        return;
    }
    MUST(!strncmp(name, "images/", 7) || !strncmp(name, "attachments/", 12));
    MUST(slash[1] && slash[1] != '.' && !strchr(slash + 1, '/'));
}

static void check_text(const struct part_file *f)
{
    if (strchr(f->name, '/'))
        return;
    MUST(!memchr(f->text, 0, f->n) && utf8_bad_at(f->text, f->n) == f->n);
    MUST(!memchr(f->text, '\r', f->n));
    MUST(strcmp(f->name, "subject.txt") || !memchr(f->text, '\n', f->n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct part_files files = {0};
    struct problems p;
    bool is_fine;

    problems_init(&p);
    is_fine = eml_read(str_n((const char *)data, size), "m.eml", &files, &p);
    MUST(is_fine == (p.errors == 0));
    MUST(is_fine || files.count == 0);
    for (size_t i = 0; i < files.count; i++) {
        check_name(&files, i);
        check_text(&files.item[i]);
    }
    part_files_done(&files);
    problems_done(&p);
    return 0;
}
