#include <sluice/mime/sink.h>

#include "base64.h"
#include "qp.h"

#define LINE_MAX_BYTES 998 /* RFC 5322, section 2.1.1 */
#define PIECE 256

/* ---- the best encoding */

/* What a body is made of, as far as the choice depends on it. */
struct content {
    bool is_ascii;
    bool is_text; /* line ends are CRLF, no control characters but those of ISO-2022-KR */
    size_t longest_line;
};

static bool is_text_control(unsigned char c)
{
    return c == '\t' || c == '\f' || c == 0x1b || c == 0x0e || c == 0x0f;
}

static struct content look_at(struct str raw)
{
    struct content c = {.is_ascii = true, .is_text = true};
    size_t line = 0;

    for (size_t i = 0; i < raw.n && c.is_text; i++) {
        unsigned char b = (unsigned char)raw.p[i];

        if (b == '\r' && i + 1 < raw.n && raw.p[i + 1] == '\n') {
            line = 0;
            i++;
            continue;
        }
        c.is_ascii = c.is_ascii && b < 0x80;
        c.is_text = b != 0x7f && (b >= ' ' || is_text_control(b));
        if (++line > c.longest_line)
            c.longest_line = line;
    }
    return c;
}

enum body_encoding body_encoding_best(struct str raw)
{
    struct content c = look_at(raw);

    if (!c.is_text)
        return BODY_BASE64;
    if (c.is_ascii && c.longest_line <= LINE_MAX_BYTES)
        return BODY_RAW;
    return qp_size(raw) <= BASE64_SIZE(raw.n) + 2 * (raw.n / (BODY_LINE / 4 * 3) + 1) ? BODY_QP
                                                                                      : BODY_BASE64;
}

/* ---- encoding */

static void put_line_end(struct buf *out)
{
    buf_put(out, "\r\n", 2);
}

static void encode_base64(struct buf *out, struct str raw)
{
    while (raw.n) {
        size_t n = raw.n < BODY_LINE / 4 * 3 ? raw.n : BODY_LINE / 4 * 3;
        char *to = buf_room(out, BODY_LINE + 2);

        if (!to)
            return;
        memcpy(base64_all(to, raw.p, n), "\r\n", 2);
        buf_grew(out, BASE64_SIZE(n) + 2);
        raw = str_n(raw.p + n, raw.n - n);
    }
}

static void encode_qp_line(struct buf *out, struct str line)
{
    char escaped[3 * PIECE];
    unsigned column = 0;

    while (line.n) {
        size_t n = line.n < PIECE ? line.n : PIECE;
        size_t k = qp_escape(escaped, line.p, n, n == line.n);
        char *to = buf_room(out, qp_room(k));

        if (!to)
            return;
        buf_grew(out, (size_t)(qp_copy(to, escaped, k, &column) - to));
        line = str_n(line.p + n, line.n - n);
    }
    put_line_end(out);
}

static void encode_qp(struct buf *out, struct str raw)
{
    while (raw.n) {
        const char *end = memmem(raw.p, raw.n, "\r\n", 2);
        size_t n = end ? (size_t)(end - raw.p) : raw.n;

        encode_qp_line(out, str_n(raw.p, n));
        n += end ? 2 : 0;
        raw = str_n(raw.p + n, raw.n - n);
    }
}

void body_encode(struct buf *out, enum body_encoding e, struct str raw)
{
    switch (e) {
    case BODY_RAW:
        buf_put(out, raw.p, raw.n);
        if (raw.n && raw.p[raw.n - 1] != '\n')
            put_line_end(out);
        break;
    case BODY_QP:
        encode_qp(out, raw);
        break;
    case BODY_BASE64:
        encode_base64(out, raw);
        break;
    }
}
