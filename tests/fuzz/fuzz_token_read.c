#include "base64url.h"
#include "ring.h"

#include <sluice/base/must.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static struct token_ring *the_ring(void)
{
    static const unsigned char secret[TOKEN_SECRET_MIN] = "a secret of thirty-two bytes...";
    static struct token_ring *r;

    if (!r) {
        r = calloc(1, sizeof *r);
        MUST(r && (r->key[7] = calloc(1, sizeof *r->key[7])) != NULL);
        token_key_init(r->key[7], secret, sizeof secret);
        r->writes = 7;
    }
    return r;
}

/* What is good is what we would write, to the letter. */
static void check(const struct token_ring *r, struct str text)
{
    char again[TOKEN_TEXT];
    struct token t;

    if (token_read(r, text, &t) == TOKEN_GOOD)
        MUST(token_write(r, &t, again) == text.n && memcmp(again, text.p, text.n) == 0);
}

/* Any text; and any bytes with a MAC that fits, so that it is their form that decides. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct token_ring *r = the_ring();
    unsigned char bytes[64 + TOKEN_SHA256], back[64 + TOKEN_SHA256];
    char text[4 * sizeof bytes];
    size_t n = size < 64 ? size : 64;

    check(r, str_n((const char *)data, size));
    memcpy(bytes, data, n);
    token_mac(r->key[7], bytes, n, bytes + n);
    size = base64url_encode(bytes, n + 16, text);
    MUST(base64url_decode(str_n(text, size), back, sizeof back) == n + 16 &&
         memcmp(back, bytes, n + 16) == 0);
    check(r, str_n(text, size));
    return 0;
}
