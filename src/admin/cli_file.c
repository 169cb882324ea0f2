/* cli_file.c: what the daemon answers, or what is made of it, into a file. */
#include "cli_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sluice/base/must.h>
#include "pretty.h"

struct sink {
    FILE *f;
    char *part; /* a file's name until it is whole; NULL: written in place */
    const char *output;
    bool makes_safe;
    int failed; /* errno of a write, or 0 */
};

static bool sink_take(void *arg, const char *text, size_t n)
{
    struct sink *s = arg;
    if (s->makes_safe) {
        struct buf safe;
        buf_init(&safe, n * 3);
        pretty_safe(&safe, text, n, true);
        if (fwrite(safe.data, 1, safe.len, s->f) != safe.len)
            s->failed = errno;
        buf_done(&safe);
    } else if (fwrite(text, 1, n, s->f) != n) {
        s->failed = errno;
    }
    return s->failed == 0;
}

bool cli_is_no_file(const char *output)
{
    struct stat st;
    return stat(output, &st) == 0 && !S_ISREG(st.st_mode);
}

/* A device or a pipe is written to as it is: renaming a file over it would take its place. */
static bool sink_open(struct cli *c, struct sink *s, const char *output)
{
    *s = (struct sink){.output = output};
    if (!cli_is_no_file(output))
        s->part = mem_printf("%s.part", output);
    const char *name = s->part ? s->part : output;
    s->f = fopen(name, "we");
    if (s->f)
        return true;
    cli_say(c, CLI_REFUSED, "%s: %s", name, strerror(errno));
    free(s->part);
    return false;
}

static enum cli_exit sink_close(struct cli *c, struct sink *s, enum cli_exit code)
{
    if (s->failed == 0 && fflush(s->f) != 0)
        s->failed = errno;
    if (fclose(s->f) != 0 && s->failed == 0)
        s->failed = errno;
    if (s->failed != 0)
        code = cli_say(c, CLI_REFUSED, "writing %s: %s", s->part ? s->part : s->output,
                       strerror(s->failed));
    else if (code == CLI_OK && s->part && rename(s->part, s->output) != 0)
        code = cli_say(c, CLI_REFUSED, "%s: %s", s->output, strerror(errno));
    if (code != CLI_OK && s->part)
        unlink(s->part);
    free(s->part);
    return code;
}

enum cli_exit cli_write_file(struct cli *c, const char *output, const struct buf *text)
{
    struct sink s;
    if (!sink_open(c, &s, output))
        return CLI_REFUSED;
    sink_take(&s, text->data, text->len);
    return sink_close(c, &s, CLI_OK);
}

static enum cli_exit stream_to_file(struct cli *c, json_t *request, const char *output,
                                    json_t **answer)
{
    struct sink s;
    *answer = NULL;
    if (!sink_open(c, &s, output)) {
        json_decref(request);
        return CLI_REFUSED;
    }
    return sink_close(c, &s, cli_ask(c, request, sink_take, &s, answer));
}

static enum cli_exit stream_out(struct cli *c, json_t *request, json_t **answer)
{
    struct sink s = {.f = c->out, .makes_safe = c->is_terminal};
    enum cli_exit code = cli_ask(c, request, sink_take, &s, answer);
    if (s.failed != 0)
        code = cli_say(c, CLI_REFUSED, "writing the output: %s", strerror(s.failed));
    return code;
}

enum cli_exit cli_stream(struct cli *c, json_t *request, const char *output)
{
    json_t *answer;
    bool to_file = output && strcmp(output, "-") != 0;
    enum cli_exit code =
        to_file ? stream_to_file(c, request, output, &answer) : stream_out(c, request, &answer);
    cli_say_warnings(c, json_object_get(answer, "job_warnings"));
    json_decref(answer);
    return code;
}
