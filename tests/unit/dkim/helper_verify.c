#include "helper_verify.h"

#include <sluice/base/must.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* A line without its blanks at the end, runs of blanks as one. */
static void squeeze(struct str line, struct buf *out)
{
    for (size_t i = 0; i < line.n; i++) {
        if (!is_blank(line.p[i]))
            buf_putc(out, line.p[i]);
        else if (i + 1 < line.n && !is_blank(line.p[i + 1]))
            buf_putc(out, ' ');
    }
}

static struct str cut_line(struct str *rest)
{
    const char *end = memmem(rest->p, rest->n, "\r\n", 2);
    size_t n = end ? (size_t)(end - rest->p) : rest->n;
    struct str line = str_n(rest->p, n);

    *rest = str_n(rest->p + n + (end ? 2 : 0), rest->n - n - (end ? 2 : 0));
    return line;
}

void relaxed_body(struct str body, struct buf *out)
{
    size_t start = out->len, text = start;

    while (body.n) {
        size_t before = out->len;

        squeeze(cut_line(&body), out);
        text = out->len > before ? out->len + 2 : text;
        buf_puts(out, "\r\n");
    }
    buf_cut(out, text);
}

void relaxed_field(struct str field, struct buf *out)
{
    struct buf one;
    const char *colon = memchr(field.p, ':', field.n);
    struct str name = str_trim(str_n(field.p, (size_t)(colon - field.p)));
    struct str value = str_n(colon + 1, field.n - (size_t)(colon + 1 - field.p));

    for (size_t i = 0; i < name.n; i++)
        buf_putc(out, (char)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] | 0x20 : name.p[i]));
    buf_putc(out, ':');
    buf_init(&one, value.n);
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] != '\r' && value.p[i] != '\n')
            buf_putc(&one, value.p[i]);
    value = str_n(one.data, one.len);
    while (value.n && is_blank(*value.p))
        value = str_n(value.p + 1, value.n - 1);
    squeeze(value, out);
    buf_done(&one);
}

/* ---- fields */

/* Cuts the next field, folds included; false at the empty line. */
static bool cut_field(struct str *rest, struct str *field)
{
    struct str line = cut_line(rest);

    *field = line;
    if (line.n == 0)
        return false;
    while (rest->n && is_blank(*rest->p)) {
        line = cut_line(rest);
        field->n = (size_t)(line.p + line.n - field->p);
    }
    return true;
}

static bool has_name(struct str field, struct str name)
{
    const char *colon = memchr(field.p, ':', field.n);

    return colon && str_eq_nocase(str_trim(str_n(field.p, (size_t)(colon - field.p))), name);
}

/* The number-th field of that name from the top, or from the bottom. p NULL: there is none. */
static struct str find_field(struct str message, struct str name, size_t number, bool from_the_top)
{
    struct str rest = message, field, found[64];
    size_t count = 0;

    while (rest.n && cut_field(&rest, &field))
        if (has_name(field, name) && count < 64)
            found[count++] = field;
    if (number >= count)
        return (struct str){NULL, 0};
    return found[from_the_top ? number : count - 1 - number];
}

static struct str body_of(struct str message)
{
    struct str field;

    while (message.n && cut_field(&message, &field))
        ;
    return message;
}

/* ---- tags */

/* The value as it stands there. */
static struct str raw_tag(struct str field, const char *tag)
{
    struct str rest = field, part, name;

    str_cut(&rest, ':', &part);
    while (str_cut(&rest, ';', &part))
        if (str_cut(&part, '=', &name) && str_is(str_trim(name), tag))
            return part;
    return str_of("");
}

char *signature_tag(struct str message, size_t number, const char *tag)
{
    struct str value = raw_tag(find_field(message, str_of("DKIM-Signature"), number, true), tag);
    struct buf b;

    buf_init(&b, 100000);
    for (size_t i = 0; i < value.n; i++)
        if (!strchr(" \t\r\n", value.p[i]))
            buf_putc(&b, value.p[i]);
    return buf_take(&b);
}

static size_t decode(const char *text, unsigned char *out)
{
    size_t n = strlen(text);
    int len = EVP_DecodeBlock(out, (const unsigned char *)text, (int)n);

    while (n && len > 0 && text[n - 1] == '=') {
        n--;
        len--;
    }
    return len < 0 ? 0 : (size_t)len;
}

static void sha256(struct str s, unsigned char out[32])
{
    MUST(EVP_Digest(s.p, s.n, out, NULL, EVP_sha256(), NULL) == 1);
}

static bool body_is_right(struct str message, size_t number)
{
    unsigned char want[128], got[32];
    char *bh = signature_tag(message, number, "bh");
    size_t n = decode(bh, want);
    struct buf b;

    buf_init(&b, 2 * message.n + 2);
    relaxed_body(body_of(message), &b);
    sha256(str_n(b.data, b.len), got);
    buf_done(&b);
    free(bh);
    return n == 32 && memcmp(want, got, 32) == 0;
}

static void put_listed(struct str message, const char *h, struct buf *out)
{
    struct str rest = str_of(h), name;

    while (str_cut(&rest, ':', &name)) {
        size_t used = 0;
        struct str field;

        for (struct str before = str_of(h), other;
             str_cut(&before, ':', &other) && other.p != name.p;)
            used += str_eq_nocase(other, name);
        field = find_field(message, name, used, false);
        if (!field.p)
            continue;
        relaxed_field(field, out);
        buf_puts(out, "\r\n");
    }
}

static void hash_header(struct str message, size_t number, unsigned char hash[32])
{
    struct str field = find_field(message, str_of("DKIM-Signature"), number, true);
    struct str b = raw_tag(field, "b");
    char *h = signature_tag(message, number, "h");
    struct buf text, empty;

    buf_init(&text, 2 * message.n + 100);
    buf_init(&empty, field.n);
    put_listed(message, h, &text);
    buf_put(&empty, field.p, (size_t)(b.p - field.p));
    buf_put(&empty, b.p + b.n, (size_t)(field.p + field.n - b.p - b.n));
    relaxed_field(str_n(empty.data, empty.len), &text);
    sha256(str_n(text.data, text.len), hash);
    buf_done(&text);
    buf_done(&empty);
    free(h);
}

static bool check_rsa(EVP_PKEY *key, const unsigned char *b, size_t n, const unsigned char hash[32])
{
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);
    bool ok = EVP_PKEY_verify_init(c) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) == 1 &&
              EVP_PKEY_CTX_set_signature_md(c, EVP_sha256()) == 1 &&
              EVP_PKEY_verify(c, b, n, hash, 32) == 1;

    EVP_PKEY_CTX_free(c);
    return ok;
}

static bool check_ed25519(EVP_PKEY *key, const unsigned char *b, size_t n,
                          const unsigned char hash[32])
{
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    bool ok = EVP_DigestVerifyInit(c, NULL, NULL, NULL, key) == 1 &&
              EVP_DigestVerify(c, b, n, hash, 32) == 1;

    EVP_MD_CTX_free(c);
    return ok;
}

bool verify(struct str message, size_t number, const char *p, const char **why)
{
    unsigned char der[2048], signature[2048], hash[32];
    const unsigned char *at = der;
    size_t n = decode(p, der), signed_bytes;
    char *a = signature_tag(message, number, "a"), *b = signature_tag(message, number, "b");
    bool is_rsa = strcmp(a, "rsa-sha256") == 0, ok = false;
    EVP_PKEY *key = is_rsa ? d2i_PUBKEY(NULL, &at, (long)n)
                           : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, der, n);

    signed_bytes = decode(b, signature);
    *why = "no key";
    if (key && !body_is_right(message, number)) {
        *why = "the body hash differs";
    } else if (key) {
        hash_header(message, number, hash);
        *why = "the signature does not fit";
        ok = is_rsa ? check_rsa(key, signature, signed_bytes, hash)
                    : check_ed25519(key, signature, signed_bytes, hash);
    }
    EVP_PKEY_free(key);
    free(a);
    free(b);
    return ok;
}
