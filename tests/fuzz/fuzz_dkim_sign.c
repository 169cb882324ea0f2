#include "canon.h"
#include "fields.h"

#include <sluice/base/must.h>
#include <sluice/dkim/dkim.h>

#include <stdlib.h>
#include <string.h>

/* Any bytes as a message: the body is hashed as a plain rewriting of RFC 6376 3.4.4 gives it,
 * and what dkim_sign appends is a header field of its own. */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void put_line(struct str line, struct buf *out)
{
    for (size_t i = 0; i < line.n; i++) {
        if (!is_blank(line.p[i]))
            buf_putc(out, line.p[i]);
        else if (i + 1 < line.n && !is_blank(line.p[i + 1]))
            buf_putc(out, ' ');
    }
}

static void relaxed_body(struct str body, struct buf *out)
{
    size_t text = 0;

    while (body.n) {
        const char *crlf = memmem(body.p, body.n, "\r\n", 2);
        size_t n = crlf ? (size_t)(crlf - body.p) : body.n, before = out->len;

        put_line(str_n(body.p, n), out);
        if (out->len > before)
            text = out->len + 2;
        buf_put(out, "\r\n", 2);
        body = crlf ? str_n(crlf + 2, body.n - n - 2) : str_n(NULL, 0);
    }
    buf_cut(out, text);
}

static void check_body(struct str body)
{
    unsigned char want[DIGEST_BYTES];
    struct dkim_body got;
    struct buf b;

    buf_init(&b, body.n + 2);
    relaxed_body(body, &b);
    MUST(EVP_Digest(b.data, b.len, want, NULL, EVP_sha256(), NULL) == 1);
    dkim_body_hash(body, &got);
    MUST(memcmp(got.sha256, want, sizeof want) == 0);
    buf_done(&b);
}

/* One field: lines that end in CRLF, all but the first one folded, within 76 characters. */
static void check_field(struct str field)
{
    struct str line;

    MUST(str_starts(field, "DKIM-Signature: v=1; ") && field.p[field.n - 1] == '\n');
    for (bool is_first = true; str_cut(&field, '\n', &line); is_first = false) {
        MUST(line.n > 1 && line.n <= 77 && line.p[line.n - 1] == '\r');
        MUST(is_first || line.p[0] == ' ');
        for (size_t i = 0; i + 1 < line.n; i++)
            MUST(line.p[i] >= ' ' && line.p[i] <= '~');
    }
}

static struct dkim_key *the_key(void)
{
    static const char pem[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                              "-----END PRIVATE KEY-----\n";
    static struct dkim_key *key;
    struct err e;

    if (!key)
        MUST(dkim_key_parse(str_of(pem), "a.example", "s", &key, &e));
    return key;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct dkim_key *key[] = {the_key()};
    struct str message = str_n((const char *)data, size);
    struct buf out;
    struct err e;
    struct fields f;
    size_t body_at = fields_find(&f, message);

    MUST(body_at <= size && f.count <= FIELDS_MAX);
    check_body(message);
    check_body(str_n(message.p + body_at, size - body_at));
    buf_init(&out, 100000);
    if (dkim_sign(key, 1, message, NULL, (struct wall){INT64_C(1795337517000)}, &out, &e))
        check_field(str_n(out.data, out.len));
    else
        MUST(f.is_over);
    buf_done(&out);
    return 0;
}
