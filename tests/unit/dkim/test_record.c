#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <sluice/dkim/dkim.h>

/* RFC 8463 appendix A. */
static const char ed25519_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";
#define P "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define OTHER_P "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURk="

static void records(void **state)
{
    static const struct {
        const char *txt;
        enum dkim_record_verdict verdict;
        const char *why;
    } rows[] = {
        {"v=DKIM1; k=ed25519; " P, DKIM_RECORD_GOOD, ""},
        {"v=DKIM1;k=ed25519;" P ";", DKIM_RECORD_GOOD, ""},
        {"k=ed25519; " P, DKIM_RECORD_GOOD, ""},
        {" \t v = DKIM1 ; k = ed25519 ;\r\n p = 11qYAYKxCrfVS/7TyWQH\r\n Og7hcvPapiMlrwIaaPcHURo= "
         "; ",
         DKIM_RECORD_GOOD, ""},
        {"v=DKIM1; k=ed25519; h=sha256; s=email; t=s; n=a note; x1_y=unknown; g=*; " P,
         DKIM_RECORD_GOOD, ""},
        {"v=DKIM1; k=ed25519; h= sha1 : sha256 ; s= other : * ; " P, DKIM_RECORD_GOOD, ""},
        {"v=DKIM1; k=ed25519; t=y; " P, DKIM_RECORD_TESTING,
         "t=y: receivers ignore the signature while you test"},
        {"v=DKIM1; k=ed25519; t= s : y ; " P, DKIM_RECORD_TESTING,
         "t=y: receivers ignore the signature while you test"},
        {"v=DKIM1; k=ed25519; t=x:ny; " P, DKIM_RECORD_GOOD, ""},
        {"v=DKIM1; k=ed25519; p=", DKIM_RECORD_REVOKED, "p= is empty: the key is revoked"},
        {"v=DKIM1; k=ed25519; t=y; p= ;", DKIM_RECORD_REVOKED, "p= is empty: the key is revoked"},
        {"v=DKIM1; k=ed25519; " OTHER_P, DKIM_RECORD_OTHER_KEY, "p= is another public key"},
        {"v=DKIM1; k=ed25519; t=y; p=AAAA", DKIM_RECORD_OTHER_KEY, "p= is another public key"},
        {"v=DKIM1; k=ed25519", DKIM_RECORD_BROKEN, "p=, the public key, is missing"},
        {"v=DKIM1; k=ed25519; p=!!", DKIM_RECORD_BROKEN, "p= is no base64 of a public key"},
        {"v=DKIM1; k=ed25519; p=AAAAA", DKIM_RECORD_BROKEN, "p= is no base64 of a public key"},
        {"v=DKIM1; k=ed25519; p=AA=A", DKIM_RECORD_BROKEN, "p= is no base64 of a public key"},
        {"v=DKIM1; k=ed25519; p=A===", DKIM_RECORD_BROKEN, "p= is no base64 of a public key"},
        {"v=DKIM1; k=ed25519; p=AA", DKIM_RECORD_BROKEN, "p= is no base64 of a public key"},
        {"v=DKIM1; " P, DKIM_RECORD_BROKEN,
         "k=rsa (as there is no k=), and the key is for k=ed25519"},
        {"v=DKIM1; k=rsa; " P, DKIM_RECORD_BROKEN, "k=rsa, and the key is for k=ed25519"},
        {"v=DKIM1; K=ed25519; " P, DKIM_RECORD_BROKEN,
         "k=rsa (as there is no k=), and the key is for k=ed25519"},
        {"v=DKIM1; k=ed25519; h=sha1; " P, DKIM_RECORD_BROKEN, "h= does not allow sha256"},
        {"v=DKIM1; k=ed25519; s=tlsrpt; " P, DKIM_RECORD_BROKEN, "s= does not allow email"},
        {"v=DKIM2; k=ed25519; " P, DKIM_RECORD_BROKEN,
         "it is no DKIM record: v=DKIM1 must stand in front, v=DKIM2 is there"},
        {"v=dkim1; k=ed25519; " P, DKIM_RECORD_BROKEN,
         "it is no DKIM record: v=DKIM1 must stand in front, v=dkim1 is there"},
        {"k=ed25519; v=DKIM1; " P, DKIM_RECORD_BROKEN,
         "it is no DKIM record: v=DKIM1 must stand in front, v=DKIM1 is there"},
        {"v=spf1 -all", DKIM_RECORD_BROKEN,
         "it is no DKIM record: v=DKIM1 must stand in front, v=spf1 -all is there"},
        {"v=DKIM1; k=ed25519; " P "; " P, DKIM_RECORD_BROKEN, "p= stands there twice"},
        {"v=DKIM1;; k=ed25519; " P, DKIM_RECORD_BROKEN, "there is nothing between two semicolons"},
        {"v=DKIM1; hello; " P, DKIM_RECORD_BROKEN, "'hello' is no tag (NAME=VALUE)"},
        {"v=DKIM1; 1k=x; " P, DKIM_RECORD_BROKEN, "'1k' is no name of a tag"},
        {"v=DKIM1; =x; " P, DKIM_RECORD_BROKEN, "'' is no name of a tag"},
        {"v=DKIM1; n=\x01; " P, DKIM_RECORD_BROKEN, "n= has characters that no tag may have"},
        {"v=DKIM1; n=\xec\x95\x88; " P, DKIM_RECORD_BROKEN,
         "n= has characters that no tag may have"},
        {"", DKIM_RECORD_BROKEN, "it is empty"},
        {" \t", DKIM_RECORD_BROKEN, "it is empty"},
        {";", DKIM_RECORD_BROKEN, "there is nothing between two semicolons"},
        {"hello \x1b[31m", DKIM_RECORD_BROKEN, "'hello ?[31m' is no tag (NAME=VALUE)"},
    };
    struct dkim_key *k;
    struct err e;

    (void)state;
    assert_true(dkim_key_parse(str_of(ed25519_pem), "a.example", "s", &k, &e));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char why[160];
        enum dkim_record_verdict verdict = dkim_record_check(k, str_of(rows[i].txt), why);

        if (verdict != rows[i].verdict || strcmp(why, rows[i].why) != 0)
            fail_msg("'%s' gives %d, '%s'", rows[i].txt, (int)verdict, why);
    }
    dkim_key_free(k);
}

/* 24 bytes stand in front of the RSAPublicKey within the SubjectPublicKeyInfo of 2048 bits: 32
 * digits. */
static void rsa_keys_without_their_wrapping_are_known(void **state)
{
    struct buf pem, record, bare;
    struct dkim_key *k;
    struct err e;
    char why[160];
    const char *p;

    (void)state;
    buf_init(&pem, 10000);
    buf_init(&record, 10000);
    buf_init(&bare, 10000);
    assert_true(dkim_key_generate(DKIM_RSA_SHA256, 2048, &pem, &e));
    assert_true(dkim_key_parse(str_n(pem.data, pem.len), "a.example", "s", &k, &e));
    dkim_key_record(k, &record);
    p = strstr(record.data, "p=") + 2;
    buf_printf(&bare, "v=DKIM1; p=%s", p);
    assert_int_equal(dkim_record_check(k, str_n(bare.data, bare.len), why), DKIM_RECORD_GOOD);
    buf_clear(&bare);
    buf_printf(&bare, "v=DKIM1; p=%s", p + 32);
    assert_int_equal(dkim_record_check(k, str_n(bare.data, bare.len), why), DKIM_RECORD_GOOD);
    buf_clear(&bare);
    buf_printf(&bare, "v=DKIM1; p=%s", p + 36);
    assert_int_equal(dkim_record_check(k, str_n(bare.data, bare.len), why), DKIM_RECORD_OTHER_KEY);
    dkim_key_free(k);
    buf_done(&pem);
    buf_done(&record);
    buf_done(&bare);
}

static void long_records_end(void **state)
{
    struct buf txt;
    struct dkim_key *k;
    struct err e;
    char why[160];

    (void)state;
    buf_init(&txt, 20000);
    assert_true(dkim_key_parse(str_of(ed25519_pem), "a.example", "s", &k, &e));
    for (int i = 0; i < 40; i++)
        buf_printf(&txt, "a%d=b;", i);
    assert_int_equal(dkim_record_check(k, str_n(txt.data, txt.len), why), DKIM_RECORD_BROKEN);
    assert_string_equal(why, "more than 32 tags");
    buf_clear(&txt);
    buf_puts(&txt, "k=ed25519; p=");
    for (int i = 0; i < 5000; i++)
        buf_puts(&txt, "A");
    assert_int_equal(dkim_record_check(k, str_n(txt.data, txt.len), why), DKIM_RECORD_BROKEN);
    for (int i = 0; i < 5000; i++)
        buf_puts(&txt, "A");
    assert_int_equal(dkim_record_check(k, str_n(txt.data, txt.len), why), DKIM_RECORD_BROKEN);
    assert_string_equal(why, "it is longer than 8192 bytes");
    buf_clear(&txt);
    buf_puts(&txt, "a234567890123456789012345678901234567890123456789=1;"
                   "a234567890123456789012345678901234567890123456789=2");
    assert_int_equal(dkim_record_check(k, str_n(txt.data, txt.len), why), DKIM_RECORD_BROKEN);
    assert_non_null(strstr(why, "stands there twice"));
    dkim_key_free(k);
    buf_done(&txt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records),
        cmocka_unit_test(rsa_keys_without_their_wrapping_are_known),
        cmocka_unit_test(long_records_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
