#include "canon.h"
#include "fields.h"
#include "key.h"

#include <stdio.h>
#include <string.h>

/* A header field whose lines are folded between its words. */
struct folded {
    struct buf *out;
    size_t column;
};

static void fold(struct folded *f)
{
    buf_put(f->out, "\r\n ", 3);
    f->column = 1;
}

static void put(struct folded *f, const char *p, size_t n)
{
    buf_put(f->out, p, n);
    f->column += n;
}

/* "h=", or "From:" */
static void put_word(struct folded *f, struct str word, const char *mark)
{
    if (f->column + word.n + 1 > KEY_LINE_MAX)
        fold(f);
    put(f, word.p, word.n);
    put(f, mark, 1);
}

static void put_base64(struct folded *f, const unsigned char *p, size_t n)
{
    unsigned char text[(DKIM_SIGNATURE_MAX + 2) / 3 * 4 + 1];
    size_t len = (size_t)EVP_EncodeBlock(text, p, (int)n), at = 0;

    while (at < len) {
        size_t some = KEY_LINE_MAX - f->column;

        some = some < len - at ? some : len - at;
        put(f, (char *)text + at, some);
        at += some;
        if (at < len)
            fold(f);
    }
}

/* Everything up to "b=". */
static void put_field(struct folded *f, const struct dkim_key *k, const struct fields *fields,
                      const struct dkim_body *body, struct wall now)
{
    char t[40];
    size_t n = (size_t)snprintf(t, sizeof t, "t=%lld;", (long long)(now.ms / 1000));

    buf_puts(f->out, k->field);
    fold(f);
    put(f, t, n);
    put(f, " ", 1);
    put_word(f, str_of("h"), "=");
    for (size_t i = 0; i < fields->count; i++)
        put_word(f, fields->item[i].listed, i + 1 < fields->count ? ":" : ";");
    fold(f);
    put(f, "bh=", 3);
    put_base64(f, body->sha256, sizeof body->sha256);
    put(f, ";", 1);
    fold(f);
    put(f, "b=", 2);
}

/* header: the digest of the signed fields, which goes on here. */
static bool put_signature(const struct dkim_key *k, const struct fields *fields,
                          const struct dkim_body *body, struct digest *header, struct wall now,
                          struct buf *out, struct err *e)
{
    const size_t name = strlen(KEY_FIELD_NAME);
    struct folded f = {out, 0};
    size_t start = out->len, n;
    unsigned char hash[DIGEST_BYTES], signature[DKIM_SIGNATURE_MAX];

    put_field(&f, k, fields, body, now);
    if (buf_is_full(out))
        return err_set(e, "no room for the DKIM signature");
    canon_last_field(header, str_n(out->data + start, name),
                     str_n(out->data + start + name + 1, out->len - start - name - 1));
    digest_result(header, hash);
    if (!key_sign(k, hash, signature, &n, e))
        return false;
    put_base64(&f, signature, n);
    buf_put(out, "\r\n", 2);
    return !buf_is_full(out) || err_set(e, "no room for the DKIM signature");
}

static void hash_body(struct digest *d, struct str body, struct dkim_body *out)
{
    canon_body(d, body);
    digest_result(d, out->sha256);
}

void dkim_body_hash(struct str body, struct dkim_body *out)
{
    struct digest d;

    digest_begin(&d);
    hash_body(&d, body, out);
    digest_end(&d);
}

static void hash_fields(struct digest *d, const struct fields *fields)
{
    for (size_t i = 0; i < fields->count; i++)
        if (fields->item[i].value.p)
            canon_field(d, fields->item[i].name, fields->item[i].value);
}

/* The signed fields are the same for all keys: hashed once, and the last signature needs no
 * copy. */
static bool put_signatures(const struct dkim_key *const *key, size_t n, const struct fields *fields,
                           const struct dkim_body *body, struct digest *d, struct wall now,
                           struct buf *out, struct err *e)
{
    hash_fields(d, fields);
    for (size_t i = 0; i + 1 < n; i++) {
        struct digest copy;
        bool ok;

        digest_copy(&copy, d);
        ok = put_signature(key[i], fields, body, &copy, now, out, e);
        digest_end(&copy);
        if (!ok)
            return false;
    }
    return n == 0 || put_signature(key[n - 1], fields, body, d, now, out, e);
}

bool dkim_sign(const struct dkim_key *const *key, size_t n, struct str message,
               const struct dkim_body *known, struct wall now, struct buf *out, struct err *e)
{
    struct fields fields;
    struct dkim_body body;
    struct digest d;
    size_t body_at = fields_find(&fields, message);
    bool ok;

    if (fields.is_over)
        return err_set(e, "more than %d header fields to sign", FIELDS_MAX);
    digest_begin(&d);
    if (!known) {
        hash_body(&d, str_n(message.p + body_at, message.n - body_at), &body);
        digest_again(&d);
    }
    ok = put_signatures(key, n, &fields, known ? known : &body, &d, now, out, e);
    digest_end(&d);
    return ok;
}
