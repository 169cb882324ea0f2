/* Two bytes of options, then the main template, two partials and variables, separated by bytes
 * 0x01: what compiles renders, with and without a sink, and marks at places that options choose. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/base/must.h>
#include <sluice/template/template.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    unsigned seed; /* 0: no marks */
    struct str main, partial[2], vars;
    uint32_t links;
};

static const char *const name[] = {"p", "q"};

static bool find_partial(void *context, struct str wanted, struct str *text, const char **file)
{
    struct input *in = context;

    for (size_t i = 0; i < 2; i++) {
        if (str_is(wanted, name[i])) {
            *text = in->partial[i];
            *file = name[i];
            return true;
        }
    }
    return false;
}

static bool name_partial(void *context, size_t i, struct str *to)
{
    (void)context;
    if (i == 2)
        return false;
    *to = str_of(name[i]);
    return true;
}

/* Of every two places one to four tags apart, or between quotes. */
static void make_marks(void *context, struct str text, bool is_main, struct mark **mark,
                       size_t *count)
{
    struct input *in = context;
    unsigned state = in->seed + is_main;
    size_t at = 0;

    *mark = mem_array(text.n / 2 + 2, sizeof **mark);
    while (at < text.n && *count < text.n / 2 + 1) {
        const char *quote = memchr(text.p + at, '"', text.n - at);
        struct mark m = {.from = at, .to = at, .id = state % 7, .text = str_of("utf-8")};

        state = state * 1103515245 + 12345;
        m.kind = state >> 16 & 3;
        if (state >> 18 & 1 && quote)
            m.from = (size_t)(quote + 1 - text.p);
        else
            m.from += (state >> 20 & 15);
        if (m.from > text.n)
            break;
        quote = memchr(text.p + m.from, '"', text.n - m.from);
        m.to = quote ? (size_t)(quote - text.p) : text.n;
        if (state >> 19 & 1 && m.from + (state >> 24 & 31) < text.n)
            m.to = m.from + (state >> 24 & 31);
        if (m.kind == MARK_HOOK)
            m.to = m.from;
        (*mark)[(*count)++] = m;
        at = m.to + 1;
    }
}

static bool see_url(void *arg, uint32_t link, uint32_t turn, struct str url, struct buf *out)
{
    struct input *in = arg;

    MUST(link < in->links);
    buf_puts(out, "https://t.example/");
    return (turn + url.n) & 1;
}

static void write_hook(void *arg, uint32_t id, struct sink *sink)
{
    (void)arg;
    if (sink)
        sink_value(sink, "<i>", id % 4, false);
}

static void render(const struct template *t, struct input *in, struct buf *out,
                   enum body_encoding encoding, bool is_told)
{
    struct json_view root = json_view_of(in->vars.p, in->vars.n);
    struct sink sink;
    struct run run = {.root = root,
                      .sink = out ? &sink : NULL,
                      .url = is_told ? see_url : NULL,
                      .hook = write_hook,
                      .arg = in,
                      .turn = mem_array(in->links + 1, sizeof *run.turn)};

    if (out)
        sink_begin(&sink, out, encoding);
    if (!template_run(t, &run))
        MUST(run.failed);
    if (out)
        sink_end(&sink);
    free(run.turn);
}

static void use(struct template *t, struct input *in, unsigned flags)
{
    enum body_encoding encoding = flags >> 2 & 1   ? BODY_QP
                                  : flags >> 3 & 1 ? BODY_BASE64
                                                   : BODY_RAW;
    size_t qp, base64;
    bool is_plain;
    struct buf out;

    in->links = template_links(t);
    template_measure(t, &qp, &base64, &is_plain);
    template_encode(t, encoding);
    buf_init(&out, 100000);
    render(t, in, &out, encoding, flags >> 4 & 1);
    render(t, in, NULL, encoding, flags >> 4 & 1);
    buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {0};
    unsigned flags = size > 0 ? data[0] : 0;
    struct str rest = size > 2 ? str_n((const char *)data + 2, size - 2) : str_n("", 0);
    struct template_source s = {.file = "t",
                                .escape_html = flags & 1,
                                .keep_line_ends = flags >> 1 & 1 && !(flags & 12),
                                .partial = find_partial,
                                .partial_name = name_partial,
                                .context = &in};
    struct problems p;
    struct names names;
    struct template *t;

    in.seed = size > 1 ? data[1] : 0;
    str_cut(&rest, 1, &in.main);
    str_cut(&rest, 1, &in.partial[0]);
    str_cut(&rest, 1, &in.partial[1]);
    in.vars = rest;
    s.text = in.main;
    if (in.seed)
        s.marks = make_marks;
    problems_init(&p);
    names_init(&names);
    t = template_new(&s, &names, &p);
    MUST(t ? p.errors == 0 : p.errors > 0);
    if (t)
        use(t, &in, flags);
    template_free(t);
    names_done(&names);
    problems_done(&p);
    return 0;
}
