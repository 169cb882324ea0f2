#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>

#include <sluice/dkim/dkim.h>

static const char ed25519_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";

/* PEM of a new key: as what is wrong with it. */
static char *pem_of(EVP_PKEY *k, const char *form)
{
    BIO *b = BIO_new(BIO_s_mem());
    char *text, *copy;
    long n;

    assert_non_null(k);
    if (strcmp(form, "public") == 0)
        assert_int_equal(PEM_write_bio_PUBKEY(b, k), 1);
    else if (strcmp(form, "encrypted") == 0)
        assert_int_equal(
            PEM_write_bio_PKCS8PrivateKey(b, k, EVP_aes_128_cbc(), "pass", 4, NULL, NULL), 1);
    else if (strcmp(form, "old") == 0)
        assert_int_equal(PEM_write_bio_PrivateKey_traditional(b, k, NULL, NULL, 0, NULL, NULL), 1);
    else if (strcmp(form, "old encrypted") == 0)
        assert_int_equal(PEM_write_bio_PrivateKey_traditional(
                             b, k, EVP_aes_128_cbc(), (const unsigned char *)"pass", 4, NULL, NULL),
                         1);
    else
        assert_int_equal(PEM_write_bio_PrivateKey(b, k, NULL, NULL, 0, NULL, NULL), 1);
    n = BIO_get_mem_data(b, &text);
    copy = strndup(text, (size_t)n);
    BIO_free(b);
    EVP_PKEY_free(k);
    return copy;
}

static void assert_refused(const char *pem, const char *want)
{
    struct dkim_key *k;
    struct err e;

    assert_false(dkim_key_parse(str_of(pem), "a.example", "s", &k, &e));
    if (!strstr(e.text, want))
        fail_msg("'%s' says nothing of '%s'", e.text, want);
}

static void wrong_files_are_told_apart(void **state)
{
    static const struct {
        const char *form, *want;
    } rows[] = {
        {"public", "it holds the public key"},
        {"encrypted", "encrypted with a passphrase"},
        {"old encrypted", "encrypted with a passphrase"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *pem = pem_of(EVP_RSA_gen(1024), rows[i].form);

        assert_refused(pem, rows[i].want);
        free(pem);
    }
    assert_refused("", "no private key in PEM form");
    assert_refused("-----BEGIN CERTIFICATE-----\n", "it holds a certificate");
    assert_refused("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                   "cannot be read");
    assert_refused("-----BEGIN PRIVATE KEY-----\n", "cannot be read");
}

static void wrong_kinds_are_refused(void **state)
{
    char *pem = pem_of(EVP_RSA_gen(512), "new");

    (void)state;
    assert_refused(pem, "has 512 bits; receivers take no signature below 1024");
    free(pem);
    pem = pem_of(EVP_EC_gen("P-256"), "new");
    assert_refused(pem, "it is a key for EC");
    free(pem);
    pem = pem_of(EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), "new");
    assert_refused(pem, "it is a key for ED448");
    free(pem);
}

static void both_forms_of_rsa_are_read(void **state)
{
    static const char *const form[] = {"new", "old"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char *pem = pem_of(EVP_RSA_gen(1024), form[i]);
        struct dkim_key *k;
        struct err e;

        assert_true(dkim_key_parse(str_of(pem), "A.Example", "s1.mail", &k, &e));
        assert_string_equal(dkim_key_domain(k), "a.example");
        assert_string_equal(dkim_key_selector(k), "s1.mail");
        assert_int_equal(dkim_key_algorithm(k), DKIM_RSA_SHA256);
        assert_int_equal(dkim_key_bits(k), 1024);
        dkim_key_free(k);
        free(pem);
    }
}

/* It parses, but its modulus is not the product of its primes. */
static void damaged_keys_are_found(void **state)
{
    char *pem = pem_of(EVP_RSA_gen(1024), "old"), *name, *header, *text;
    BIO *in = BIO_new_mem_buf(pem, -1), *out = BIO_new(BIO_s_mem());
    unsigned char *der;
    long n;

    (void)state;
    assert_int_equal(PEM_read_bio(in, &name, &header, &der, &n), 1);
    der[40] ^= 1;
    assert_true(PEM_write_bio(out, name, header, der, n) > 0);
    free(pem);
    n = BIO_get_mem_data(out, &text);
    pem = strndup(text, (size_t)n);
    assert_refused(pem, "the key is damaged");
    free(pem);
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(der);
    BIO_free(in);
    BIO_free(out);
}

static void names_are_checked(void **state)
{
    char long_name[300], too_long[200];
    const struct {
        const char *domain, *selector, *want;
    } rows[] = {
        {"", "s", "is no domain"},
        {"a b", "s", "is no domain"},
        {"a.example\r\nBcc: x", "s", "is no domain"},
        {"a.example;", "s", "is no domain"},
        {".example", "s", "is no domain"},
        {"a..example", "s", "is no domain"},
        {"a.example.", "s", "is no domain"},
        {"\xed\x95\x9c\xeb\xb9\x9b.example", "s", "is no domain"},
        {long_name, "s", "is no domain"},
        {"a.example", "", "is no selector"},
        {"a.example", "s=1", "is no selector"},
        {too_long, too_long, "is too long for the DNS"},
    };

    (void)state;
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    memset(too_long, 'a', sizeof too_long - 1);
    too_long[sizeof too_long - 1] = '\0';
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dkim_key *k;
        struct err e;

        assert_false(dkim_key_parse(str_of(ed25519_pem), rows[i].domain, rows[i].selector, &k, &e));
        assert_non_null(strstr(e.text, rows[i].want));
    }
}

static void new_keys_are_good(void **state)
{
    static const struct {
        enum dkim_algorithm algorithm;
        unsigned bits;
        const char *record;
        size_t p_len;
    } rows[] = {
        {DKIM_RSA_SHA256, 1024, "v=DKIM1; k=rsa; p=MIGf", 216},
        {DKIM_RSA_SHA256, 2048, "v=DKIM1; k=rsa; p=MIIBIj", 392},
        {DKIM_ED25519_SHA256, 256, "v=DKIM1; k=ed25519; p=", 44},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf pem, record;
        struct dkim_key *k;
        struct err e;
        char why[160];

        buf_init(&pem, 10000);
        buf_init(&record, 10000);
        assert_true(dkim_key_generate(rows[i].algorithm, rows[i].bits, &pem, &e));
        assert_true(str_starts(str_of(pem.data), "-----BEGIN PRIVATE KEY-----\n"));
        assert_true(dkim_key_parse(str_n(pem.data, pem.len), "a.example", "s", &k, &e));
        assert_int_equal(dkim_key_algorithm(k), rows[i].algorithm);
        assert_int_equal(dkim_key_bits(k), rows[i].bits);
        dkim_key_record(k, &record);
        assert_true(str_starts(str_of(record.data), rows[i].record));
        assert_int_equal(strlen(strstr(record.data, "p=") + 2), rows[i].p_len);
        assert_int_equal(dkim_record_check(k, str_n(record.data, record.len), why),
                         DKIM_RECORD_GOOD);
        dkim_key_free(k);
        buf_done(&pem);
        buf_done(&record);
    }
}

static void odd_wishes_for_keys_are_refused(void **state)
{
    static const unsigned bits[] = {0, 512, 1023, 4097, 1u << 20};
    struct buf pem;
    struct err e;

    (void)state;
    buf_init(&pem, 50);
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
        assert_false(dkim_key_generate(DKIM_RSA_SHA256, bits[i], &pem, &e));
        assert_string_equal(e.text, "an RSA key for DKIM has 1024 to 4096 bits");
    }
    assert_false(dkim_key_generate(DKIM_ED25519_SHA256, 0, &pem, &e));
    assert_string_equal(e.text, "no room for the key");
    buf_done(&pem);
}

/* Strings of at most 255 bytes, which put together are the record. */
static void zone_lines_are_cut(void **state)
{
    struct buf pem, line, record, joined;
    struct dkim_key *k;
    struct err e;
    struct str rest, part;

    (void)state;
    buf_init(&pem, 10000);
    buf_init(&line, 10000);
    buf_init(&record, 10000);
    buf_init(&joined, 10000);
    assert_true(dkim_key_generate(DKIM_RSA_SHA256, 2048, &pem, &e));
    assert_true(dkim_key_parse(str_n(pem.data, pem.len), "a.example", "s1", &k, &e));
    dkim_key_record(k, &record);
    dkim_key_zone_line(k, &line);
    rest = str_n(line.data, line.len);
    assert_true(str_cut(&rest, '"', &part));
    assert_true(str_is(part, "s1._domainkey.a.example. IN TXT ( "));
    while (str_cut(&rest, '"', &part) && !str_is(part, " )")) {
        if (str_is(part, " "))
            continue;
        assert_in_range(part.n, 1, 255);
        buf_put(&joined, part.p, part.n);
    }
    assert_string_equal(joined.data, record.data);
    dkim_key_free(k);
    buf_done(&pem);
    buf_done(&line);
    buf_done(&record);
    buf_done(&joined);
}

static void no_key_is_fine_to_free(void **state)
{
    (void)state;
    dkim_key_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_files_are_told_apart),
        cmocka_unit_test(wrong_kinds_are_refused),
        cmocka_unit_test(both_forms_of_rsa_are_read),
        cmocka_unit_test(damaged_keys_are_found),
        cmocka_unit_test(names_are_checked),
        cmocka_unit_test(new_keys_are_good),
        cmocka_unit_test(odd_wishes_for_keys_are_refused),
        cmocka_unit_test(zone_lines_are_cut),
        cmocka_unit_test(no_key_is_fine_to_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
