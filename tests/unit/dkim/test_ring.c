#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sluice/base/buf.h>
#include <sluice/dkim/dkim.h>
#include <sluice/os/file.h>
#include <sluice/os/secret.h>

static char folder[] = "/tmp/sluice-dkim-XXXXXX";

static void write_key(const char *path, enum dkim_algorithm a, unsigned bits)
{
    struct buf pem;
    struct err e;

    buf_init(&pem, 10000);
    if (!dkim_key_generate(a, bits, &pem, &e) || !secret_write(path, pem.data, pem.len, true, &e))
        fail_msg("%s", e.text);
    buf_done(&pem);
}

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder) || chdir(folder) != 0)
        return -1;
    write_key("ed.pem", DKIM_ED25519_SHA256, 0);
    write_key("rsa.pem", DKIM_RSA_SHA256, 2048);
    write_key("short.pem", DKIM_RSA_SHA256, 1024);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return chdir("/") == 0 && file_remove_tree(folder, NULL) ? 0 : -1;
}

/* NULL ends a list. */
struct row {
    char *domain, *selector, *file;
    char *from[4], *client[4];
};

static size_t count_of(char *const *list)
{
    size_t n = 0;

    while (n < 4 && list[n])
        n++;
    return n;
}

static struct dkim_ring *load(struct row *row, size_t n, struct problems *p)
{
    struct dkim_entry entry[10] = {0};

    for (size_t i = 0; i < n; i++)
        entry[i] = (struct dkim_entry){.domain = row[i].domain,
                                       .selector = row[i].selector,
                                       .key_file = row[i].file,
                                       .from = row[i].from,
                                       .froms = count_of(row[i].from),
                                       .client = row[i].client,
                                       .clients = count_of(row[i].client),
                                       .at = {"sluice.conf", (unsigned)i + 10}};
    problems_init(p);
    return dkim_ring_load(entry, n, p);
}

static struct dkim_ring *load_good(struct row *row, size_t n)
{
    struct problems p;
    struct dkim_ring *r = load(row, n, &p);

    assert_non_null(r);
    assert_int_equal(p.errors, 0);
    problems_done(&p);
    return r;
}

/* "s1 s3" */
static void assert_picks(const struct dkim_ring *r, const char *client, const char *from,
                         const char *want)
{
    const struct dkim_key *key[DKIM_SIGNATURES_MAX];
    size_t n = dkim_ring_pick(r, client, from, key);
    struct buf got;

    buf_init(&got, 1000);
    for (size_t i = 0; i < n; i++)
        buf_printf(&got, "%s%s", i ? " " : "", dkim_key_selector(key[i]));
    if (strcmp(got.data, want) != 0)
        fail_msg("%s, %s: '%s' instead of '%s'", client, from, got.data, want);
    buf_done(&got);
}

static void keys_are_picked(void **state)
{
    struct row row[] = {
        {"hanbit.example", "s1", "ed.pem", {NULL}, {NULL}},
        {"News.Hanbit.Example", "s2", "ed.pem", {NULL}, {NULL}},
        {"agency.example", "s3", "ed.pem", {"*"}, {"hanbit", "bomnal"}},
        {"agency.example",
         "s4",
         "ed.pem",
         {"one.example", "sub.one.example", "TWO.example"},
         {"bomnal"}},
        {"hanbit.example", "s5", "ed.pem", {NULL}, {"bomnal"}},
    };
    static const struct {
        const char *client, *from, *want;
    } pick[] = {
        {"x", "hanbit.example", "s1"},
        {"x", "HANBIT.example", "s1"},
        {"x", "a.b.hanbit.example", "s1"},
        {"x", "news.hanbit.example", "s1 s2"},
        {"x", "deep.news.hanbit.example", "s1 s2"},
        {"hanbit", "news.hanbit.example", "s1 s2 s3"},
        {"bomnal", "hanbit.example", "s1 s3 s5"},
        {"bomnal", "news.hanbit.example", "s1 s2 s3 s5"},
        {"bomnal", "one.example", "s3 s4"},
        {"bomnal", "a.sub.one.example", "s3 s4"},
        {"bomnal", "two.example", "s3 s4"},
        {"x", "one.example", ""},
        {"x", "nothanbit.example", ""},
        {"x", "example", ""},
        {"x", "", ""},
        {"x", ".", ""},
        {"hanbit", "", "s3"},
    };
    struct dkim_ring *r = load_good(row, 5);

    (void)state;
    memset(row, 0, sizeof row); /* nothing of it is kept */
    for (size_t i = 0; i < sizeof pick / sizeof *pick; i++)
        assert_picks(r, pick[i].client, pick[i].from, pick[i].want);
    assert_int_equal(dkim_ring_count(r), 5);
    assert_string_equal(dkim_key_selector(dkim_ring_key(r, 3)), "s4");
    assert_string_equal(dkim_key_domain(dkim_ring_key(r, 1)), "news.hanbit.example");
    assert_ptr_equal(dkim_ring_ref(r), r);
    dkim_ring_release(r);
    assert_int_equal(dkim_ring_count(r), 5);
    dkim_ring_release(r);
    dkim_ring_release(NULL);
}

/* The first four of the configuration, whichever label they were found by. */
static void no_more_than_four(void **state)
{
    struct row row[] = {
        {"a.example", "s1", "ed.pem", {"b.a.example"}, {NULL}},
        {"a.example", "s2", "ed.pem", {NULL}, {NULL}},
        {"a.example", "s3", "ed.pem", {"*"}, {NULL}},
        {"a.example", "s4", "ed.pem", {"b.a.example"}, {NULL}},
        {"a.example", "s5", "ed.pem", {"*"}, {NULL}},
        {"a.example", "s6", "ed.pem", {NULL}, {NULL}},
    };
    struct dkim_ring *r = load_good(row, 6);

    (void)state;
    assert_picks(r, "x", "b.a.example", "s1 s2 s3 s4");
    assert_picks(r, "x", "a.example", "s2 s3 s5 s6");
    assert_picks(r, "x", "c.example", "s3 s5");
    dkim_ring_release(r);
}

static void no_keys_are_fine(void **state)
{
    struct dkim_ring *r = load_good(NULL, 0);

    (void)state;
    assert_int_equal(dkim_ring_count(r), 0);
    assert_picks(r, "x", "a.example", "");
    dkim_ring_release(r);
}

static void all_problems_are_told(void **state)
{
    static const char want[] =
        "sluice.conf:11: dkim: cannot open missing.pem: No such file or directory\n"
        "sluice.conf:12: dkim: open.pem is open to all users (mode 0644): chmod 600 open.pem\n"
        "sluice.conf:13: dkim: hanbit.EXAMPLE with selector S1 stands in line 10 already; one "
        "entry may name several "
        "`from` and `client`\n"
        "sluice.conf:14: warning: dkim: the RSA key in short.pem has 1024 bits; receivers think "
        "little of less than "
        "2048 (RFC 8301)\n"
        "sluice.conf:15: dkim: text.pem: it holds no private key in PEM form (-----BEGIN PRIVATE "
        "KEY-----)\n"
        "sluice.conf:16: dkim: ed.pem: 'a b' is no domain\n"
        "sluice.conf:17: dkim: fifo is not a regular file\n"
        "sluice.conf:18: dkim: long.pem is longer than 65536 bytes, so it is no key file\n";
    struct row row[] = {
        {"hanbit.example", "s1", "ed.pem", {NULL}, {NULL}},
        {"hanbit.example", "s2", "missing.pem", {NULL}, {NULL}},
        {"hanbit.example", "s3", "open.pem", {NULL}, {NULL}},
        {"hanbit.EXAMPLE", "S1", "rsa.pem", {NULL}, {NULL}},
        {"hanbit.example", "s4", "short.pem", {NULL}, {NULL}},
        {"hanbit.example", "s5", "text.pem", {NULL}, {NULL}},
        {"a b", "s6", "ed.pem", {NULL}, {NULL}},
        {"hanbit.example", "s7", "fifo", {NULL}, {NULL}},
        {"hanbit.example", "s8", "long.pem", {NULL}, {NULL}},
    };
    struct problems p;
    struct buf got;
    struct err e;
    static char many[70000];

    (void)state;
    write_key("open.pem", DKIM_ED25519_SHA256, 0);
    assert_int_equal(chmod("open.pem", 0644), 0);
    assert_true(secret_write("text.pem", "hello\n", 6, true, &e));
    assert_true(secret_write("long.pem", many, sizeof many, true, &e));
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_null(load(row, 9, &p));
    buf_init(&got, 10000);
    problems_format(&p, &got);
    assert_string_equal(got.data, want);
    buf_done(&got);
    problems_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_picked),
        cmocka_unit_test(no_more_than_four),
        cmocka_unit_test(no_keys_are_fine),
        cmocka_unit_test(all_problems_are_told),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
