#include "base64url.h"
#include "ring.h"

#include <sluice/base/must.h>

#include <openssl/crypto.h>
#include <string.h>

/* version << 4 | kind, id of the key, job (8 bytes, big-endian), rid; a click: link, turn
 * (varints, 7 bits each, the lowest first); the MAC of all that. */
#define VERSION 1
#define HEAD_BYTES 10
#define MAC_BYTES 16
#define PAYLOAD_MAX (HEAD_BYTES + 10 + 5 + 5)
#define TOKEN_BYTES (PAYLOAD_MAX + MAC_BYTES)
_Static_assert((TOKEN_BYTES * 4 + 2) / 3 < TOKEN_TEXT, "a token fits into its text");

static size_t put_varint(unsigned char *to, uint64_t v)
{
    size_t n = 0;

    while (v >= 0x80) {
        to[n++] = (unsigned char)(v | 0x80);
        v >>= 7;
    }
    to[n++] = (unsigned char)v;
    return n;
}

/* Only as short as it can be, and at most max. */
static bool take_varint(const unsigned char **p, const unsigned char *end, uint64_t max,
                        uint64_t *out)
{
    uint64_t v = 0;

    for (unsigned shift = 0; *p < end && shift < 64; shift += 7) {
        unsigned char byte = *(*p)++;
        uint64_t bits = byte & 0x7f;

        if (shift == 63 && bits > 1)
            return false;
        v |= bits << shift;
        if (byte & 0x80)
            continue;
        if ((byte == 0 && shift) || v > max)
            return false;
        *out = v;
        return true;
    }
    return false;
}

static size_t put_payload(unsigned char *to, unsigned char id, const struct token *t)
{
    size_t n = HEAD_BYTES;

    to[0] = (unsigned char)(VERSION << 4 | t->kind);
    to[1] = id;
    for (size_t i = 0; i < 8; i++)
        to[2 + i] = (unsigned char)(t->job >> (56 - 8 * i));
    n += put_varint(to + n, t->rid);
    if (t->kind == TOKEN_CLICK) {
        n += put_varint(to + n, t->link);
        n += put_varint(to + n, t->turn);
    }
    return n;
}

static bool take_payload(const unsigned char *p, size_t n, struct token *t)
{
    const unsigned char *end = p + n;
    uint64_t link = 0, turn = 0;

    if (n < HEAD_BYTES || p[0] >> 4 != VERSION || (p[0] & 15) >= TOKEN_KINDS)
        return false;
    *t = (struct token){.kind = (enum token_kind)(p[0] & 15)};
    for (size_t i = 0; i < 8; i++)
        t->job = t->job << 8 | p[2 + i];
    p += HEAD_BYTES;
    if (!take_varint(&p, end, UINT64_MAX, &t->rid))
        return false;
    if (t->kind == TOKEN_CLICK &&
        (!take_varint(&p, end, UINT32_MAX, &link) || !take_varint(&p, end, UINT32_MAX, &turn)))
        return false;
    t->link = (uint32_t)link;
    t->turn = (uint32_t)turn;
    return p == end;
}

size_t token_write(const struct token_ring *r, const struct token *t, char out[TOKEN_TEXT])
{
    unsigned char bytes[PAYLOAD_MAX + TOKEN_SHA256];
    size_t n;

    MUST(t->kind < TOKEN_KINDS && (t->kind == TOKEN_CLICK || (t->link == 0 && t->turn == 0)));
    n = put_payload(bytes, r->writes, t);
    token_mac(r->key[r->writes], bytes, n, bytes + n);
    n = base64url_encode(bytes, n + MAC_BYTES, out);
    out[n] = '\0';
    return n;
}

enum token_verdict token_read(const struct token_ring *r, struct str text, struct token *out)
{
    unsigned char bytes[TOKEN_BYTES], mac[TOKEN_SHA256];
    size_t n = base64url_decode(text, bytes, sizeof bytes);
    struct token t;

    if (n == BASE64URL_BAD || n < MAC_BYTES || !take_payload(bytes, n - MAC_BYTES, &t))
        return TOKEN_MALFORMED;
    if (!r->key[bytes[1]])
        return TOKEN_UNKNOWN_KEY;
    token_mac(r->key[bytes[1]], bytes, n - MAC_BYTES, mac);
    if (CRYPTO_memcmp(mac, bytes + n - MAC_BYTES, MAC_BYTES) != 0)
        return TOKEN_FORGED;
    *out = t;
    return TOKEN_GOOD;
}
