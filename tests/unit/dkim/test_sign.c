#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/base/must.h>
#include <sluice/dkim/dkim.h>

#include "helper_verify.h"

/* RFC 8463 appendix A. */
static const char rfc8463_key[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";
static const char rfc8463_public[] = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
static const char rfc8463_signature[] =
    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
    " d=football.example.com; i=@football.example.com;\r\n"
    " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
    " subject : date : message-id : from : subject : date;\r\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
    " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n";
static const char rfc8463_message[] =
    "From: Joe SixPack <joe@football.example.com>\r\n"
    "To: Suzie Q <suzie@shopping.example.net>\r\n"
    "Subject: Is dinner ready?\r\n"
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
    "\r\n"
    "Hi.\r\n"
    "\r\n"
    "We lost the game.  Are you hungry yet?\r\n"
    "\r\n"
    "Joe.\r\n";

static const struct wall now = {INT64_C(1795337517000)};
static struct dkim_key *ed25519, *rsa;

static const char *p_of(const struct dkim_key *k, struct buf *record)
{
    buf_clear(record);
    dkim_key_record(k, record);
    return strstr(record->data, "p=") + 2;
}

static int make_keys(void **state)
{
    struct buf pem;
    struct err e;

    (void)state;
    buf_init(&pem, 10000);
    if (!dkim_key_parse(str_of(rfc8463_key), "Football.example.com", "brisbane", &ed25519, &e) ||
        !dkim_key_generate(DKIM_RSA_SHA256, 2048, &pem, &e) ||
        !dkim_key_parse(str_n(pem.data, pem.len), "football.example.com", "test", &rsa, &e))
        fail_msg("%s", e.text);
    buf_done(&pem);
    return 0;
}

static int drop_keys(void **state)
{
    (void)state;
    dkim_key_free(ed25519);
    dkim_key_free(rsa);
    return 0;
}

/* The message with its signatures on top, as a buffer. */
static struct buf sign_as(const struct dkim_key *const *key, size_t n, const char *message,
                          const struct dkim_body *known)
{
    struct buf out;
    struct err e;

    buf_init(&out, 1000000);
    if (!dkim_sign(key, n, str_of(message), known, now, &out, &e))
        fail_msg("%s", e.text);
    buf_puts(&out, message);
    return out;
}

static void assert_verifies(struct str message, size_t number, const struct dkim_key *k)
{
    struct buf record;
    const char *why;

    buf_init(&record, 10000);
    if (!verify(message, number, p_of(k, &record), &why))
        fail_msg("signature %zu: %s: %.*s", number, why, (int)message.n, message.p);
    buf_done(&record);
}

static void assert_fails(struct str message, const struct dkim_key *k, const char *want)
{
    struct buf record;
    const char *why;

    buf_init(&record, 10000);
    assert_false(verify(message, 0, p_of(k, &record), &why));
    assert_string_equal(why, want);
    buf_done(&record);
}

/* The verifier below judges us, so it is judged first. */
static void the_verifier_takes_the_rfcs_message(void **state)
{
    struct buf b;
    const char *why;

    (void)state;
    buf_init(&b, 10000);
    buf_printf(&b, "%s%s", rfc8463_signature, rfc8463_message);
    if (!verify(str_n(b.data, b.len), 0, rfc8463_public, &why))
        fail_msg("%s", why);
    b.data[b.len - 4] ^= 1;
    assert_false(verify(str_n(b.data, b.len), 0, rfc8463_public, &why));
    buf_done(&b);
}

static void the_rfcs_body_hash(void **state)
{
    static const char want[] = "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=";
    const struct dkim_key *key[] = {ed25519};
    struct buf out = sign_as(key, 1, rfc8463_message, NULL);
    char *bh = signature_tag(str_n(out.data, out.len), 0, "bh");
    struct buf record;

    (void)state;
    assert_string_equal(bh, want);
    free(bh);
    buf_done(&out);
    buf_init(&record, 1000);
    assert_string_equal(p_of(ed25519, &record), rfc8463_public);
    buf_done(&record);
}

static const char *const message[] = {
    rfc8463_message,
    "",
    "\r\n",
    "From: a@b.example\r\n\r\n",
    "From: a@b.example\r\n\r\n\r\n\r\n",
    "From: a@b.example",
    "\r\n  body \r\n\r\n",
    "FROM : a@b.example\r\nSubject:\r\nTo:   \r\nCc: x\r\nCC: y\r\n\tz\r\ncc: w\r\n\r\nbody\ttext  "
    "here \r\n \r\n",
    "From: a@b.example\r\nFrom: c@b.example\r\nDKIM-Signature: v=1; b=x\r\nX-Y: z\r\n\r\nbody",
    "Subject: =?utf-8?B?7JWI64WV?=\r\n =?utf-8?B?7ZWY7IS47JqU?=\r\n"
    "List-Unsubscribe: <https://t.example/u/x>,\r\n <mailto:u@t.example>\r\n"
    "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nFeedback-ID: "
    "a:b:c:d\r\n\r\n\xec\x95\x88\xeb\x85\x95\r\n",
};
#define MESSAGES (sizeof message / sizeof *message)

static void what_is_signed_verifies(void **state)
{
    const struct dkim_key *key[] = {rsa, ed25519, ed25519, rsa};

    (void)state;
    for (size_t i = 0; i < MESSAGES; i++) {
        for (size_t n = 0; n <= 4; n++) {
            struct buf out = sign_as(key, n, message[i], NULL);

            for (size_t k = 0; k < n; k++)
                assert_verifies(str_n(out.data, out.len), k, key[k]);
            buf_done(&out);
        }
    }
}

static void a_known_body_gives_the_same(void **state)
{
    const struct dkim_key *key[] = {ed25519, rsa};

    (void)state;
    for (size_t i = 0; i < MESSAGES; i++) {
        struct dkim_body body;
        const char *at =
            strncmp(message[i], "\r\n", 2) == 0 ? message[i] - 2 : strstr(message[i], "\r\n\r\n");
        struct buf one, other;

        dkim_body_hash(at ? str_of(at + 4) : (struct str){NULL, 0}, &body);
        one = sign_as(key, 2, message[i], NULL);
        other = sign_as(key, 2, message[i], &body);
        assert_string_equal(one.data, other.data);
        buf_done(&one);
        buf_done(&other);
    }
}

static void changes_are_seen(void **state)
{
    static const struct {
        const char *from, *to, *why; /* to: of the same length */
    } rows[] = {
        {"lost the", "lost\tthe", NULL},
        {"Suzie Q", "Suzie R", "the signature does not fit"},
        {"lost", "Lost", "the body hash differs"},
        {"Subject", "Suxject", "the signature does not fit"},
        {"hungry", "angry ", "the body hash differs"},
        {"t=1795", "t=1796", "the signature does not fit"},
        {"h=From:From", "H=From:From", "the signature does not fit"},
    };
    const struct dkim_key *key[] = {ed25519};
    struct buf out = sign_as(key, 1, rfc8463_message, NULL);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b;
        char *at;

        buf_init(&b, out.len);
        buf_put(&b, out.data, out.len);
        at = strstr(b.data, rows[i].from);
        memcpy(at, rows[i].to, strlen(rows[i].to));
        if (rows[i].why)
            assert_fails(str_n(b.data, b.len), ed25519, rows[i].why);
        else
            assert_verifies(str_n(b.data, b.len), 0, ed25519);
        buf_done(&b);
    }
    buf_done(&out);
}

/* Who adds a second From, on top or below, breaks the signature; who adds a Received does not. */
static void nothing_can_be_added(void **state)
{
    static const char *const harmful[] = {
        "From: evil@example\r\n", "Subject: Won!\r\n", "Reply-To: evil@example\r\n",
        "To: x@example\r\n",      "Date: today\r\n",   "Content-Type: text/html\r\n"};
    const struct dkim_key *key[] = {ed25519};
    struct buf out = sign_as(key, 1, rfc8463_message, NULL), b;

    (void)state;
    buf_init(&b, 10000);
    for (size_t i = 0; i < sizeof harmful / sizeof *harmful; i++) {
        const char *header = strstr(out.data, "\r\nFrom: ") + 2;

        buf_clear(&b);
        buf_printf(&b, "%s%s", harmful[i], out.data);
        assert_fails(str_n(b.data, b.len), ed25519, "the signature does not fit");
        buf_clear(&b);
        buf_printf(&b, "%.*s%s%s", (int)(header - out.data), out.data, harmful[i], header);
        assert_fails(str_n(b.data, b.len), ed25519, "the signature does not fit");
    }
    buf_clear(&b);
    buf_printf(&b, "Received: by mx.example;\r\n\tSun, 22 Nov 2026 10:20:30 +0900\r\n%s", out.data);
    assert_verifies(str_n(b.data, b.len), 0, ed25519);
    buf_done(&b);
    buf_done(&out);
}

static void assert_tag(struct str m, const char *tag, const char *want)
{
    char *got = signature_tag(m, 0, tag);

    assert_string_equal(got, want);
    free(got);
}

static void tags_are_as_they_should_be(void **state)
{
    const struct dkim_key *key[] = {ed25519};
    struct buf out = sign_as(key, 1, rfc8463_message, NULL);
    struct str m = str_n(out.data, out.len);

    (void)state;
    assert_true(str_starts(m, "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;"));
    assert_tag(m, "d", "football.example.com");
    assert_tag(m, "s", "brisbane");
    assert_tag(m, "t", "1795337517");
    assert_tag(m, "h",
               "From:From:Reply-To:Subject:Subject:Date:Date:Message-ID:Message-ID:To:To:Cc:"
               "MIME-Version:Content-Type:Content-Transfer-Encoding");
    assert_tag(m, "i", "");
    assert_tag(m, "l", "");
    assert_tag(m, "x", "");
    buf_done(&out);
}

/* Lines of at most 76 characters, each behind the first begins with a blank, and none is empty. */
static void assert_folded(struct str fields)
{
    struct str line;

    while (str_cut(&fields, '\n', &line)) {
        assert_true(line.n > 2 && line.n <= 77 && line.p[line.n - 1] == '\r');
        assert_true(line.p[0] == ' ' || str_starts(line, "DKIM-Signature:"));
    }
}

static void fields_are_folded(void **state)
{
    static const char *const domain[] = {
        "a.example", "news.hanbit-shop.example", "a-rather-long-name.of-a-sub-domain.example",
        "a-domain-that-does-not-leave-room-for-anything-else-on-a-line.example"};
    static const char *const selector[] = {"s", "a-selector-of-thirty-characters"};

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        struct dkim_key *k;
        struct err e;
        struct buf out;

        assert_true(dkim_key_parse(str_of(rfc8463_key), domain[i % 4], selector[i / 4], &k, &e));
        out = sign_as((const struct dkim_key *const[]){k, rsa}, 2, message[9], NULL);
        assert_folded(str_n(out.data, out.len - strlen(message[9])));
        assert_verifies(str_n(out.data, out.len), 0, k);
        buf_done(&out);
        dkim_key_free(k);
    }
}

/* Wherever the buffer ends: it is told, and nothing is written beyond. */
static void room_that_ends_is_told(void **state)
{
    const struct dkim_key *key[] = {ed25519};
    struct buf out;
    struct err e;
    size_t need;

    (void)state;
    buf_init(&out, 10000);
    assert_true(dkim_sign(key, 1, str_of(rfc8463_message), NULL, now, &out, &e));
    need = out.len;
    buf_done(&out);
    for (size_t max = 0; max <= need; max++) {
        buf_init(&out, max);
        assert_int_equal(dkim_sign(key, 1, str_of(rfc8463_message), NULL, now, &out, &e),
                         max == need);
        if (max < need)
            assert_string_equal(e.text, "no room for the DKIM signature");
        buf_done(&out);
    }
}

static void too_many_fields_are_refused(void **state)
{
    const struct dkim_key *key[] = {ed25519};
    struct buf out, many;
    struct err e;

    (void)state;
    buf_init(&out, 10000);
    buf_init(&many, 10000);
    for (int i = 0; i < 129; i++)
        buf_puts(&many, "To: a\r\n");
    assert_false(dkim_sign(key, 1, str_n(many.data, many.len), NULL, now, &out, &e));
    assert_string_equal(e.text, "more than 128 header fields to sign");
    buf_done(&many);
    buf_done(&out);
}

static void *sign_often(void *arg)
{
    const struct dkim_key *key[] = {ed25519, rsa};
    struct buf *want = arg, out;
    struct err e;

    buf_init(&out, 100000);
    for (int i = 0; i < 100; i++) {
        buf_clear(&out);
        MUST(dkim_sign(key, 2, str_of(rfc8463_message), NULL, now, &out, &e));
        MUST(out.len == want->len && memcmp(out.data, want->data, out.len) == 0);
    }
    buf_done(&out);
    return NULL;
}

/* Both algorithms are deterministic, so that threads must write the same. */
static void threads_share_keys(void **state)
{
    const struct dkim_key *key[] = {ed25519, rsa};
    pthread_t thread[4];
    struct buf want;
    struct err e;

    (void)state;
    buf_init(&want, 100000);
    assert_true(dkim_sign(key, 2, str_of(rfc8463_message), NULL, now, &want, &e));
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, sign_often, &want), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    buf_done(&want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_verifier_takes_the_rfcs_message),
        cmocka_unit_test(the_rfcs_body_hash),
        cmocka_unit_test(what_is_signed_verifies),
        cmocka_unit_test(a_known_body_gives_the_same),
        cmocka_unit_test(changes_are_seen),
        cmocka_unit_test(nothing_can_be_added),
        cmocka_unit_test(tags_are_as_they_should_be),
        cmocka_unit_test(fields_are_folded),
        cmocka_unit_test(room_that_ends_is_told),
        cmocka_unit_test(too_many_fields_are_refused),
        cmocka_unit_test(threads_share_keys),
    };
    return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
