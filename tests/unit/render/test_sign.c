#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper_render.h"

#include "mailing_private.h"

/* The signature says of the body what the body is: the hash is the one thing here that may come
 * from somewhere else than the message. (That it verifies is tested in the dkim room.) */
static void check_body_hash(const struct buf *message)
{
    const char *body = strstr(message->data, "\r\n\r\n") + 4, *digits;
    const char *bh = strstr(helper_field(message, "DKIM-Signature"), "bh=");
    struct dkim_body want;
    char got[64] = "";
    size_t n = 0;
    static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    assert_non_null(bh);
    dkim_body_hash(str_n(body, (size_t)(message->data + message->len - body)), &want);
    for (bh += 3; *bh && *bh != ';' && n < sizeof got - 1; bh++) {
        if (*bh != ' ')
            got[n++] = *bh;
    }
    assert_int_equal(n, 44);
    for (size_t i = 0; i < 32; i++) {
        size_t bit = 8 * i;
        unsigned v = 0;

        for (size_t k = 0; k < 8; k++, bit++) {
            digits = strchr(base64, got[bit / 6]);
            assert_non_null(digits);
            v = v << 1 | ((unsigned)(digits - base64) >> (5 - bit % 6) & 1);
        }
        assert_int_equal(v, want.sha256[i]);
    }
}

static void signed_on_top(void **state)
{
    static const struct {
        const char *files[11];
        bool is_known; /* the body, for everybody */
    } rows[] = {
        {{"subject.txt", "s {{name}}", "text.txt", "t"}, true},
        {{"subject.txt", "s {{name}}", "text.txt", "{{name}}"}, false},
        {{"subject.txt", "s", "text.txt", "한글\n\n\n", "html.html", "<p>x  </p> \n"}, true},
        {{"subject.txt", "s", "html.html", "<img src=images/a.png>", "images/a.png", "x",
          "attachments/b", "y"},
         true},
        {{"subject.txt", "s", "html.html", "<p>", "preheader.txt", "{{name}}"}, false},
        {{"subject.txt", "s", "html.html", "<p>", "preheader.txt", "see"}, true},
        {{"subject.txt", "s", "text.txt", "{{> f}}", "f.mustache", "{{name}}"}, false},
        {{"subject.txt", "s", "text.txt", ""}, true},
    };
    struct keys *keys = helper_keys(true);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct job_spec spec = helper_spec();
        struct mailing *m = helper_make_good(&spec, rows[i].files, "[]");
        struct buf out, unsigned_;
        struct err e;
        size_t before;

        assert_int_equal(m->has_known_body, rows[i].is_known);
        buf_init(&out, 100000);
        buf_init(&unsigned_, 100000);
        buf_puts(&out, "kept");
        before = out.len;
        assert_true(helper_render(m, "{\"name\":\"Kim\"}", keys, &out, &e));
        assert_true(helper_render(m, "{\"name\":\"Kim\"}", NULL, &unsigned_, &e));
        assert_memory_equal(out.data, "kept", 4);
        buf_drop(&out, before);
        assert_true(str_starts(str_of(out.data), "DKIM-Signature: "));
        assert_non_null(strstr(out.data, "d=shop.example"));
        assert_string_equal(out.data + out.len - unsigned_.len, unsigned_.data);
        check_body_hash(&out);
        buf_done(&out);
        buf_done(&unsigned_);
        mailing_release(m);
    }
    keys_release(keys);
}

static void a_foreign_domain_is_not_signed(void **state)
{
    static const char *const files[] = {"subject.txt", "s", "text.txt", "t", NULL};
    struct keys *keys = helper_keys(true);
    struct job_spec spec = helper_spec();
    struct mailing *m;
    struct buf out;
    struct err e;

    (void)state;
    spec.from_address = TEXT("news@other.example");
    m = helper_make_good(&spec, files, "[]");
    buf_init(&out, 100000);
    assert_true(helper_render(m, "{}", keys, &out, &e));
    assert_null(strstr(out.data, "DKIM-Signature"));
    buf_done(&out);
    mailing_release(m);
    keys_release(keys);
}

static void keys_are_counted(void **state)
{
    struct keys *keys = helper_keys(true);

    (void)state;
    assert_non_null(keys_dkim(keys));
    assert_non_null(keys_tokens(keys));
    keys_release(keys_ref(keys));
    assert_non_null(keys_dkim(keys));
    keys_release(keys);
    assert_null(keys_ref(NULL));
    keys_release(NULL);
    assert_null(keys_dkim(NULL));
    assert_null(keys_tokens(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signed_on_top),
        cmocka_unit_test(a_foreign_domain_is_not_signed),
        cmocka_unit_test(keys_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
