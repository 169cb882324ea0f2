/* render_sample FOLDER COLUMNS [NAME=VALUE...] < rows: one line in, "ADDRESS <tab> VARIABLES" (JSON);
 * one message out, behind its length in bytes: "LENGTH\nMESSAGE". What cannot be rendered is
 * "!LENGTH\nREASON". Options: see sample.h. tests/integration/render-mime.sh reads the messages. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "sample.h"

static void render_row(const struct sample *s, char *row, size_t n, uint64_t rid, struct buf *out)
{
    char *tab = memchr(row, '\t', n);
    struct err e;

    if (!tab)
        sample_die("row", "no tab behind the address");
    *tab = '\0';
    buf_clear(out);
    if (sample_render(s, row, str_n(tab + 1, (size_t)(row + n - tab) - 1), rid, out, &e)) {
        printf("%zu\n", out->len);
        fwrite(out->data, 1, out->len, stdout);
    } else {
        printf("!%zu\n%s", strlen(e.text), e.text);
    }
}

int main(int argc, char **argv)
{
    struct sample s;
    struct buf out;
    char *line = NULL;
    size_t room = 0;
    ssize_t n;

    if (argc < 3) {
        fprintf(stderr,
                "usage: render_sample TEMPLATE_FOLDER COLUMNS_JSON [NAME=VALUE...] < rows\n");
        return 2;
    }
    sample_open(&s, argv[1], argv[2], argv + 3, (size_t)argc - 3);
    buf_init(&out, MAILING_MAX_BYTES);
    for (uint64_t rid = 1; (n = getline(&line, &room, stdin)) > 0; rid++)
        render_row(&s, line, (size_t)n - (line[n - 1] == '\n'), rid, &out);
    free(line);
    buf_done(&out);
    sample_close(&s);
    return ferror(stdout) ? 1 : 0;
}
