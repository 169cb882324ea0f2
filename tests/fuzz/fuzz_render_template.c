/* Subject, text, HTML and variables, separated by bytes 0x01: what compiles renders to lines that
 * SMTP takes, with the headers that we wrote and no others. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <sluice/base/must.h>
#include <sluice/render/mailing.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *const name[] = {"subject.txt", "text.txt", "html.html", "p.mustache"};

static void check(const struct buf *out)
{
    struct str rest = str_n(out->data, out->len), line;

    while (str_cut(&rest, '\n', &line)) {
        MUST(line.n && line.p[line.n - 1] == '\r' && line.n <= 999);
        MUST(!memchr(line.p, '\r', line.n - 1) && !memchr(line.p, 0, line.n));
    }
    MUST(out->len >= 2 && out->data[out->len - 1] == '\n');
}

static void render(const struct mailing *m, struct str vars)
{
    struct render_input in = {.email = "kim@mail.example",
                              .vars = vars.p ? vars.p : "",
                              .vars_len = vars.n,
                              .rid = 1,
                              .now = {1795313130000},
                              .message_id = "1@shop.example"};
    struct buf out;
    struct err e;

    buf_init(&out, 200000);
    if (mailing_render(m, &in, &out, &e))
        check(&out);
    else
        MUST(e.text[0]);
    buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct job_spec spec = {.id = "fuzz",
                            .client = "default",
                            .from_address = "news@shop.example",
                            .template_name = "t",
                            .expires_ms = 1,
                            .variables = "{\"a\":\"x\",\"l\":[1,{\"a\":2}]}"};
    struct part_file item[4];
    struct part_files parts = {.item = item};
    struct str rest = str_n((const char *)data, size), piece;
    struct problems problems;
    struct mailing *m;

    while (parts.count < 4 && str_cut(&rest, 1, &piece)) {
        item[parts.count] = (struct part_file){
            .name = name[parts.count], .text = (char *)(uintptr_t)piece.p, .n = piece.n};
        parts.count++;
    }
    problems_init(&problems);
    m = mailing_new(&spec, &parts, "[]", &problems);
    MUST(m || problems.errors);
    if (m)
        render(m, rest);
    mailing_release(m);
    problems_done(&problems);
    return 0;
}
