#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sluice/base/buf.h>
#include <sluice/os/file.h>
#include <sluice/os/secret.h>
#include <sluice/token/token.h>

#include "ring.h"

static char folder[] = "/tmp/sluice-token-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return chdir("/") == 0 && file_remove_tree(folder, NULL) ? 0 : -1;
}

#define A "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" /* 32 bytes */
#define A_31 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg"

static void assert_loads(const char *text, const char *want)
{
    struct problems p;
    struct buf got;
    struct err e;
    struct token_ring *r;

    assert_true(secret_write("keys", text, strlen(text), true, &e));
    problems_init(&p);
    r = token_ring_load("keys", &p);
    buf_init(&got, 10000);
    problems_format(&p, &got);
    assert_string_equal(got.data, want);
    assert_int_equal(r == NULL, *want != '\0');
    token_ring_release(r);
    problems_done(&p);
    buf_done(&got);
}

static void files_are_read(void **state)
{
    static const char bad_secret[] =
        "keys:1: the secret is 32 to 64 random bytes in base64url without padding\n";
    const struct {
        const char *text, *want;
    } rows[] = {
        {"1 " A "\n", ""},
        {"255\t" A, ""},
        {"# keys of links\r\n\r\n  12   " A "  # since March\r\n3 " A "\r\n", ""},
        {"1 "
         "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHw\n",
         ""},
        {"", "keys: there is no key for tokens in it; a line is: ID SECRET\n"},
        {"# 1 " A "\n\n", "keys: there is no key for tokens in it; a line is: ID SECRET\n"},
        {"1\n", "keys:1: a line is: ID SECRET\n"},
        {"0 " A "\n", "keys:1: the ID is a number from 1 to 255\n"},
        {"256 " A "\n", "keys:1: the ID is a number from 1 to 255\n"},
        {"01 " A "\n", "keys:1: the ID is a number from 1 to 255\n"},
        {"-1 " A "\n", "keys:1: the ID is a number from 1 to 255\n"},
        {A "\n", "keys:1: a line is: ID SECRET\n"},
        {"1 " A " x\n", "keys:1: there is something behind the secret\n"},
        {"1 " A_31 "\n", bad_secret},
        {"1 " A "=\n", bad_secret},
        {"1 +" A "\n", bad_secret},
        {"1 "
         "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eH3g"
         "\n",
         bad_secret},
        {"1 " A "\n2 short\n\n1 " A "\nx y\n",
         "keys:2: the secret is 32 to 64 random bytes in base64url without padding\n"
         "keys:4: this ID stands in a line above\nkeys:5: the ID is a number from 1 to 255\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_loads(rows[i].text, rows[i].want);
}

/* Before the first key there is nothing wrong with a file. */
static void texts_are_checked(void **state)
{
    const struct {
        const char *text, *want;
    } rows[] = {
        {"", ""},
        {"# keys of links\n", ""},
        {"1 " A "\n", ""},
        {"1 " A "\ngarbage\n", "f:2: a line is: ID SECRET\n"},
        {"\xef\xbb\xbf"
         "1 " A "\n",
         "f:1: the ID is a number from 1 to 255\n"},
        {"1 " A "\n1 " A "\n", "f:2: this ID stands in a line above\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct problems p;
        struct buf got;

        problems_init(&p);
        buf_init(&got, 10000);
        assert_int_equal(token_file_check("f", str_of(rows[i].text), &p), *rows[i].want == 0);
        problems_format(&p, &got);
        assert_string_equal(got.data ? got.data : "", rows[i].want);
        problems_done(&p);
        buf_done(&got);
    }
}

static void files_must_be_private(void **state)
{
    struct problems p;
    struct buf got;
    struct err e;

    (void)state;
    assert_true(secret_write("open", "1 " A "\n", strlen("1 " A "\n"), true, &e));
    assert_int_equal(chmod("open", 0644), 0);
    problems_init(&p);
    buf_init(&got, 1000);
    assert_null(token_ring_load("open", &p));
    assert_null(token_ring_load("missing", &p));
    problems_format(&p, &got);
    assert_string_equal(got.data,
                        "keys of tokens: open is open to all users (mode 0644): chmod 600 open\n"
                        "keys of tokens: cannot open missing: No such file or directory\n");
    problems_done(&p);
    buf_done(&got);
}

static void the_first_key_writes(void **state)
{
    struct problems p;
    struct err e;
    struct token_ring *r;

    (void)state;
    assert_true(secret_write("keys", "9 " A "\n1 " A "\n", strlen("9 " A "\n1 " A "\n"), true, &e));
    problems_init(&p);
    r = token_ring_load("keys", &p);
    assert_non_null(r);
    assert_int_equal(r->writes, 9);
    assert_ptr_equal(token_ring_ref(r), r);
    token_ring_release(r);
    assert_int_equal(r->writes, 9);
    token_ring_release(r);
    problems_done(&p);
}

static void new_lines_fit_the_file(void **state)
{
    static const struct {
        const char *file, *want;
    } rows[] = {
        {"", "1 " A},
        {"# nothing\n", "1 " A},
        {"1 " A "\n", "2 " A},
        {"7 x\n3 y", "8 " A}, /* what comes behind the highest was never used */
        {"255 x\n1 y\n", "2 " A},
        {"255 x\n2 y\nfoo\n", "1 " A},
    };
    unsigned char secret[32];
    char out[80], all[2000];
    size_t n = 0;

    (void)state;
    for (unsigned char i = 0; i < 32; i++)
        secret[i] = i;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(token_key_line(str_of(rows[i].file), secret, out));
        assert_string_equal(out, rows[i].want);
    }
    assert_true(token_key_line((struct str){NULL, 0}, secret, out));
    assert_loads(out, "");
    for (int i = 255; i; i--)
        n += (size_t)snprintf(all + n, sizeof all - n, "%d x\n", i);
    assert_false(token_key_line(str_n(all, n), secret, out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read),         cmocka_unit_test(texts_are_checked),
        cmocka_unit_test(files_must_be_private),  cmocka_unit_test(the_first_key_writes),
        cmocka_unit_test(new_lines_fit_the_file),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
