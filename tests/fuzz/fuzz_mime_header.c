/* Any bytes as a subject, a display name, a file name, a URI, a body: whole fields in short lines of ASCII come out,
 * and nothing that begins another field. The first byte chooses the charset. */
#include <stdint.h>
#include <sluice/base/must.h>
#include <sluice/mime/charset.h>
#include <sluice/mime/header.h>
#include <sluice/mime/sink.h>

/* One field: its name, then lines of which only the first begins with anything but a blank. */
static void check_field(struct buf *out, const char *name, size_t line_max)
{
    struct str rest = {out->data, out->len}, line;
    bool is_first = true;

    MUST(!buf_is_full(out));
    MUST(rest.n >= 2 && rest.p[rest.n - 1] == '\n');
    MUST(str_starts(rest, name));
    /* Padding between encoded words, which some programs stop at. */
    MUST(line_max > 76 || !memmem(rest.p, rest.n, "=?=\r\n =?", 8));
    while (str_cut(&rest, '\n', &line)) {
        MUST(line.n && line.p[line.n - 1] == '\r' && line.n - 1 <= line_max);
        MUST(is_first || (line.p[0] == ' ' && line.n > 2));
        for (size_t i = 0; i + 1 < line.n; i++)
            MUST(line.p[i] >= ' ' && line.p[i] <= 0x7e);
        is_first = false;
    }
    buf_clear(out);
}

static void fields(struct buf *out, struct str text, enum mail_charset c)
{
    header_text(out, "Subject", text, c);
    check_field(out, "Subject: ", 76);
    buf_put(out, text.p, text.n);
    header_text_in_place(out, "Subject", 0, c);
    check_field(out, "Subject: ", 76);
    header_mailbox(out, "To", text, str_of("a@b.example"), c);
    check_field(out, "To: ", 76);
    header_content_type(out, "image/png", NULL, 0, text, c);
    check_field(out, "Content-Type: ", 76);
    header_disposition(out, "inline", text);
    check_field(out, "Content-Disposition: ", 76);
    if (header_list_id(out, text, text, c))
        check_field(out, "List-Id: ", 998);
    if (header_list_id(out, text, str_of("news.shop.example"), c))
        check_field(out, "List-Id: ", 76);
    if (header_uri_list(out, "List-Unsubscribe", &text, 1))
        check_field(out, "List-Unsubscribe: ", 998);
    if (header_raw(out, "Feedback-ID", text))
        check_field(out, "Feedback-ID: ", 998);
    MUST(out->len == 0);
}

static void bodies(struct buf *out, struct str text, enum mail_charset c)
{
    enum body_encoding best = body_encoding_best(text);
    struct buf converted;

    buf_init(&converted, 10 * text.n + 100);
    MUST(charset_convert(c, text, LACKING_REFERENCE, &converted));
    MUST(charset_convert(c, text, LACKING_FAILS, &converted) == charset_has(c, text));
    MUST(!buf_is_full(&converted));
    for (enum body_encoding e = BODY_QP; e <= BODY_BASE64; e++) {
        struct str rest, line;

        body_encode(out, e, text);
        rest = str_n(out->data, out->len);
        while (str_cut(&rest, '\n', &line))
            MUST(line.n && line.n <= 77 && line.p[line.n - 1] == '\r');
        buf_clear(out);
    }
    MUST(best != BODY_RAW || !memchr(text.p ? text.p : "", 0, text.n));
    buf_done(&converted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    enum mail_charset c;
    struct buf out;

    if (size == 0)
        return 0;
    c = (enum mail_charset)(data[0] % MAIL_CHARSETS);
    text = str_n(text.p + 1, text.n - 1);
    buf_init(&out, 1 << 22);
    fields(&out, text, c);
    bodies(&out, text, c);
    buf_done(&out);
    return 0;
}
