/* render_sample FOLDER COLUMNS < rows: one line of variables (JSON) in, one message out, ended by a
 * line "\0". The messages are read by tests/integration/render-mime.sh. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sample.h"

int main(int argc, char **argv)
{
    static char line[1 << 20];
    struct mailing *m;
    struct buf out;

    if (argc != 3) {
        fprintf(stderr, "usage: render_sample TEMPLATE_FOLDER COLUMNS_JSON < rows\n");
        return 2;
    }
    m = sample_mailing(argv[1], argv[2]);
    buf_init(&out, MAILING_MAX_BYTES);
    for (uint64_t rid = 1; fgets(line, sizeof line, stdin); rid++) {
        line[strcspn(line, "\n")] = '\0';
        buf_clear(&out);
        sample_render(m, "kim@한글.example", line, rid, &out);
        fwrite(out.data, 1, out.len, stdout);
        fwrite("\0\n", 1, 2, stdout);
    }
    buf_done(&out);
    mailing_release(m);
    return 0;
}
