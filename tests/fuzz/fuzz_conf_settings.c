/* Any bytes as a configuration: settings whose parts fit together, or words that say why not. A configuration may
 * include any file by name, so an input that does is passed over. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <sluice/base/must.h>
#include <sluice/conf/settings.h>

static void check(const struct settings *s)
{
    const struct shaping *all = &s->shaping;

    MUST(all->sources >= 1 && all->sources <= SOURCES_MAX);
    for (size_t i = 0; i < all->sources; i++)
        MUST(all->source[i].name && all->source[i].warmup.days <= WARMUP_DAYS_MAX);
    for (size_t i = 0; i < all->clients; i++)
        MUST(all->client[i].name && all->client[i].name[0]);
    for (size_t i = 0; i < all->rules.count; i++)
        MUST(all->rules.item[i].code && all->rules.item[i].name);
    for (size_t i = 0; i < all->profiles.count; i++) {
        const struct profile *f = &all->profiles.item[i];

        MUST(f->name && f->mx_suffixes + f->domains > 0);
        for (unsigned k = 0; k < f->limits.additionals; k++)
            MUST(f->limits.additional[k] < all->limits);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("conf", MFD_CLOEXEC);
    struct settings *s;
    struct problems p;
    char path[64];

    MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    problems_init(&p);
    if (size == 0 || !memmem(data, size, "@include", 8)) {
        s = settings_load(path, &p);
        MUST((s == NULL) == (p.errors > 0));
        if (s)
            check(s);
        settings_free(s);
    }
    problems_done(&p);
    close(fd);
    return 0;
}
