/* Any bytes as a job file: either a job whose snapshot can be read back, or words that say why not. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <sluice/base/must.h>
#include <sluice/os/file.h>

#include "jobfile_private.h"

static void check(const struct job_spec *s, const struct problems *p)
{
    struct job_spec *again;
    struct buf text;
    struct err e;

    if (p->errors) {
        MUST(p->count > 0);
        return;
    }
    MUST(s && job_id_is_valid(str_of(s->id)) && job_id_is_valid(str_of(s->client)));
    MUST(s->from_address && s->template_name && s->variables);
    MUST(!s->recipients || file_name_is_safe(s->recipients, NULL));
    buf_init(&text, 1 << 22);
    job_spec_format(s, &text);
    again = job_spec_parse(str_n(text.data, text.len), &e);
    MUST(again != NULL);
    job_spec_free(again);
    buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct settings settings = {.caps = {.job_file_bytes = 1 << 20}};
    const struct now now = {{0}, {1793613600000}};
    struct problems p;
    struct jobfile f;
    char path[64];
    int fd = memfd_create("job", MFD_CLOEXEC);

    MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    problems_init(&p);
    if (jobfile_read(path, &settings, now, &f, &p))
        check(f.spec, &p);
    else
        MUST(p.errors > 0);
    jobfile_done(&f);
    free(jobfile_guess_recipients(path, 1 << 20));
    problems_done(&p);
    close(fd);
    return 0;
}
