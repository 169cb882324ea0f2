/* Any bytes as a template's manifest, over what a client's settings may hold: either words that say why not, or
 * something that a snapshot keeps. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <sluice/base/must.h>

#include "jobfile_private.h"

static void check(const struct message_spec *m)
{
    struct job_spec s = {.id = (char *)"j",
                         .client = (char *)"c",
                         .from_address = (char *)"a@b.kr",
                         .variables = (char *)"{}",
                         .message = *m};
    struct job_spec *again;
    struct buf text, second;
    struct err e;

    buf_init(&text, 1 << 22);
    buf_init(&second, 1 << 22);
    job_spec_format(&s, &text);
    again = job_spec_parse(str_n(text.data, text.len), &e);
    MUST(again != NULL);
    job_spec_format(again, &second);
    MUST(text.len == second.len && memcmp(text.data, second.data, text.len) == 0);
    for (size_t i = 0; i < m->untrackeds; i++)
        MUST(strncmp(m->untracked[i], "http", 4) == 0);
    MUST(!m->list_id || (m->list_id[0] && !strpbrk(m->list_id, "\r\n")));
    job_spec_free(again);
    buf_done(&text);
    buf_done(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char *urls[] = {(char *)"https://a.example/"};
    const struct message_spec before = {.missing = MISSING_SKIP,
                                        .list_id = (char *)"news.example.com",
                                        .untracked = urls,
                                        .untrackeds = 1};
    struct message_spec m;
    struct problems p;
    char path[64];
    int fd = memfd_create("manifest", MFD_CLOEXEC);

    MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    problems_init(&p);
    message_spec_copy(&m, &before);
    manifest_read(path, "spring/template.conf", 1 << 20, &m, &p);
    if (p.errors == 0)
        check(&m);
    for (size_t i = 0; i < p.count; i++)
        MUST(strcmp(p.item[i].file, "spring/template.conf") == 0);
    message_spec_done(&m);
    problems_done(&p);
    close(fd);
    return 0;
}
