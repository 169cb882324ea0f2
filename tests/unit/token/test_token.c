#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <sluice/base/must.h>
#include <sluice/os/file.h>
#include <sluice/os/secret.h>
#include <sluice/token/token.h>

#include "base64url.h"
#include "ring.h"

static char folder[] = "/tmp/sluice-token-XXXXXX";

/* The secret is the bytes 0, 1, ... 31. */
#define KEY_7 "7 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n"

static struct token_ring *ring, *next; /* keys 7; 9 and 7 */

static struct token_ring *load(const char *text, struct problems *p)
{
    struct err e;

    assert_true(secret_write("keys", text, strlen(text), true, &e));
    problems_init(p);
    return token_ring_load("keys", p);
}

static int make_rings(void **state)
{
    struct problems p;

    (void)state;
    if (!mkdtemp(folder) || chdir(folder) != 0)
        return -1;
    ring = load(KEY_7, &p);
    next = load("9 8vLy8vLy8vLy8vLy8vLy8vLy8vLy8vLy8vLy8vLy8vI\n" KEY_7, &p);
    return ring && next ? 0 : -1;
}

static int drop_rings(void **state)
{
    (void)state;
    token_ring_release(ring);
    token_ring_release(next);
    token_ring_release(NULL);
    return chdir("/") == 0 && file_remove_tree(folder, NULL) ? 0 : -1;
}

static const struct token token[] = {
    {TOKEN_CLICK, 0, 0, 0, 0},
    {TOKEN_CLICK, 0x1122334455667788, 1, 2, 3},
    {TOKEN_CLICK, UINT64_MAX, UINT64_MAX, UINT32_MAX, UINT32_MAX},
    {TOKEN_CLICK, 1, 127, 128, 16383},
    {TOKEN_CLICK, 1, 16384, 0x7fffffff, 0},
    {TOKEN_OPEN, 0x1122334455667788, 10000000, 0, 0},
    {TOKEN_OPEN, 0, 0, 0, 0},
    {TOKEN_UNSUBSCRIBE, 0xfedcba9876543210, UINT64_C(1) << 63, 0, 0},
};
#define TOKENS (sizeof token / sizeof *token)

static void tokens_come_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < TOKENS; i++) {
        const struct token *want = &token[i];
        char text[TOKEN_TEXT];
        struct token got;
        size_t n = token_write(ring, want, text);

        assert_int_equal(n, strlen(text));
        assert_int_equal(
            strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            strlen(text));
        assert_int_equal(token_read(ring, str_of(text), &got), TOKEN_GOOD);
        assert_true(got.kind == want->kind && got.job == want->job && got.rid == want->rid &&
                    got.link == want->link && got.turn == want->turn);
        assert_int_equal(token_read(next, str_of(text), &got),
                         TOKEN_GOOD); /* after the key was changed */
        token_write(next, want, text);
        assert_int_equal(token_read(next, str_of(text), &got), TOKEN_GOOD);
        assert_int_equal(token_read(ring, str_of(text), &got), TOKEN_UNKNOWN_KEY);
    }
}

/* The bytes, and HMAC as OpenSSL itself computes it: tokens in mailboxes outlive this program. */
static void the_form_stays(void **state)
{
    static const unsigned char want[] = {0x10, 7,    0x11, 0x22, 0x33, 0x44, 0x55, 0x66,
                                         0x77, 0x88, 0x80, 1,    2,    0x83, 2};
    const struct token t = {TOKEN_CLICK, 0x1122334455667788, 128, 2, 259};
    unsigned char key[32], bytes[64], text_of_mac[100] = "sluice token 1", mac[EVP_MAX_MD_SIZE];
    char text[TOKEN_TEXT];
    unsigned n;

    (void)state;
    for (unsigned char i = 0; i < 32; i++)
        key[i] = i;
    memcpy(text_of_mac + 15, want, sizeof want);
    assert_non_null(HMAC(EVP_sha256(), key, 32, text_of_mac, 15 + sizeof want, mac, &n));
    token_write(ring, &t, text);
    assert_int_equal(base64url_decode(str_of(text), bytes, sizeof bytes), sizeof want + 16);
    assert_memory_equal(bytes, want, sizeof want);
    assert_memory_equal(bytes + sizeof want, mac, 16);
}

/* What else could decode to a good token, if we were lax. */
static void one_token_has_one_text(void **state)
{
    struct token got;

    (void)state;
    for (size_t i = 0; i < TOKENS; i++) {
        char text[TOKEN_TEXT], changed[TOKEN_TEXT + 4];
        size_t n = token_write(ring, &token[i], text);

        memset(&got, 0x55, sizeof got);
        for (size_t at = 0; at < n; at++) {
            for (unsigned c = 0; c < 256; c++) {
                if ((char)c == text[at])
                    continue;
                memcpy(changed, text, n);
                changed[at] = (char)c;
                assert_int_not_equal(token_read(ring, str_n(changed, n), &got), TOKEN_GOOD);
            }
        }
        for (size_t cut = 0; cut < n; cut++)
            assert_int_not_equal(token_read(ring, str_n(text, cut), &got), TOKEN_GOOD);
        for (unsigned c = 0; c < 256; c++) {
            memcpy(changed, text, n);
            changed[n] = (char)c;
            assert_int_not_equal(token_read(ring, str_n(changed, n + 1), &got), TOKEN_GOOD);
        }
        assert_int_equal(got.rid, UINT64_C(0x5555555555555555)); /* untouched */
    }
}

/* With a MAC that fits: only what we would write ourselves is read. */
static void forms_that_we_do_not_write(void **state)
{
#define HEAD "\x10\x07\0\0\0\0\0\0\0\0"
    static const struct {
        const char *payload;
        size_t n;
        enum token_verdict want;
    } rows[] = {
        {HEAD "\1\2\3", 13, TOKEN_GOOD},
        {HEAD "\x81\0\2\3", 14, TOKEN_MALFORMED},                            /* 1 in two bytes */
        {HEAD "\1\x80\0\3", 14, TOKEN_MALFORMED},                            /* 0 in two bytes */
        {HEAD "\1\2\xff\xff\xff\xff\x0f", 17, TOKEN_GOOD},                   /* 2^32 - 1 */
        {HEAD "\1\2\x80\x80\x80\x80\x10", 17, TOKEN_MALFORMED},              /* 2^32 */
        {HEAD "\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\0\0", 22, TOKEN_GOOD}, /* 2^64 - 1 */
        {HEAD "\x80\x80\x80\x80\x80\x80\x80\x80\x80\2\0\0", 22, TOKEN_MALFORMED},
        {HEAD "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\1\0\0", 23, TOKEN_MALFORMED},
        {HEAD "\1\2\3\0", 14, TOKEN_MALFORMED},
        {HEAD "\1\2", 12, TOKEN_MALFORMED},
        {HEAD "\1", 11, TOKEN_MALFORMED},
        {HEAD, 10, TOKEN_MALFORMED},
        {HEAD, 9, TOKEN_MALFORMED},
        {"", 0, TOKEN_MALFORMED},
        {"\x11\x07\0\0\0\0\0\0\0\0\1", 11, TOKEN_GOOD},
        {"\x12\x07\0\0\0\0\0\0\0\0\1", 11, TOKEN_GOOD},
        {"\x13\x07\0\0\0\0\0\0\0\0\1", 11, TOKEN_MALFORMED},     /* a kind of the future */
        {"\x20\x07\0\0\0\0\0\0\0\0\1\2\3", 13, TOKEN_MALFORMED}, /* a version of the future */
        {"\x11\x07\0\0\0\0\0\0\0\0\1\0\0", 13, TOKEN_MALFORMED}, /* an open pixel with a link */
        {"\x11\x06\0\0\0\0\0\0\0\0\1", 11, TOKEN_UNKNOWN_KEY},
        {"\x11\x00\0\0\0\0\0\0\0\0\1", 11, TOKEN_UNKNOWN_KEY},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned char bytes[100];
        char text[140];
        struct token got;
        size_t n;

        memcpy(bytes, rows[i].payload, rows[i].n);
        token_mac(ring->key[7], bytes, rows[i].n, bytes + rows[i].n);
        n = base64url_encode(bytes, rows[i].n + 16, text);
        assert_int_equal(token_read(ring, str_n(text, n), &got), rows[i].want);
        text[n - 6] = text[n - 6] == 'A' ? 'B' : 'A';
        assert_int_equal(token_read(ring, str_n(text, n), &got),
                         rows[i].want == TOKEN_GOOD ? TOKEN_FORGED : rows[i].want);
    }
}

static void base64url(void **state)
{
    static const struct {
        const char *bytes, *text;
    } rows[] = {
        {"", ""},        {"f", "Zg"},        {"fo", "Zm8"},
        {"foo", "Zm9v"}, {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, /* RFC 4648 10 */
    };
    static const char *const bad[] = {"A",    "AB=",    "AB==", "Zh",   "Zm9",  "Zm9v ",
                                      "Zm 9", "Zm9v\n", "+AAA", "/AAA", "AAAAA"};
    unsigned char bytes[8];
    char text[16];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t n =
            base64url_encode((const unsigned char *)rows[i].bytes, strlen(rows[i].bytes), text);

        assert_true(str_is(str_n(text, n), rows[i].text));
        assert_int_equal(base64url_decode(str_n(text, n), bytes, sizeof bytes),
                         strlen(rows[i].bytes));
        assert_memory_equal(bytes, rows[i].bytes, strlen(rows[i].bytes));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_true(base64url_decode(str_of(bad[i]), bytes, sizeof bytes) == BASE64URL_BAD);
    assert_int_equal(base64url_decode(str_of("_-8"), bytes, sizeof bytes), 2);
    assert_memory_equal(bytes, "\xff\xef", 2);
    assert_true(base64url_decode(str_of("Zm9v"), bytes, 2) == BASE64URL_BAD);
}

static void *write_often(void *arg)
{
    const char *want = arg;
    struct token got;

    for (int i = 0; i < 20000; i++) {
        char text[TOKEN_TEXT];

        token_write(ring, &token[1], text);
        MUST(strcmp(text, want) == 0 && token_read(ring, str_of(text), &got) == TOKEN_GOOD);
    }
    return NULL;
}

static void threads_share_a_ring(void **state)
{
    pthread_t thread[4];
    char want[TOKEN_TEXT];

    (void)state;
    token_write(ring, &token[1], want);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, write_often, want), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_come_back),
        cmocka_unit_test(the_form_stays),
        cmocka_unit_test(one_token_has_one_text),
        cmocka_unit_test(forms_that_we_do_not_write),
        cmocka_unit_test(base64url),
        cmocka_unit_test(threads_share_a_ring),
    };
    return cmocka_run_group_tests(tests, make_rings, drop_rings);
}
