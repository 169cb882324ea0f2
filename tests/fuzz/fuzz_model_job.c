/* A job's snapshot: whatever the bytes, it is refused with a reason, or it is a job whose own
 * snapshot reads back. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <sluice/base/must.h>
#include <sluice/model/job.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = {0};
    struct job_spec *s = job_spec_parse(str_n((const char *)data, size), &e), *again;
    struct buf first, second;

    if (!s) {
        MUST(e.text[0] != '\0');
        return 0;
    }
    buf_init(&first, 16u << 20);
    buf_init(&second, 16u << 20);
    job_spec_format(s, &first);
    again = job_spec_parse(str_n(first.data, first.len), &e);
    MUST(again);
    job_spec_format(again, &second);
    MUST(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
    buf_done(&first);
    buf_done(&second);
    job_spec_free(again);
    job_spec_free(s);
    return 0;
}
