#include "world.h"

#include <fcntl.h>
#include <zlib.h>
#include <zstd.h>
#include <sluice/job/recipients.h>

static struct world w; /* only its folder is used here */

static const struct recipients_options plain = {
    .max_bytes = 1 << 24, .max_row_bytes = 2000, .max_columns = 8, .max_depth = 8};

static int setup(void **state)
{
    (void)state;
    strcpy(w.dir, "/tmp/sluice-rows-XXXXXX");
    buf_init(&w.text, 1 << 20);
    return mkdtemp(w.dir) ? 0 : -1;
}

static int teardown(void **state)
{
    struct err e;

    (void)state;
    buf_done(&w.text);
    return file_remove_tree(w.dir, &e) ? 0 : -1;
}

/* "ok 2 a@b.kr [..]\n", "bad 3 why\n", "error why\n" */
static void read_all(const char *name, const struct recipients_options *o, struct buf *out)
{
    struct recipient_row row;
    enum row_kind kind = ROW_ERROR;
    struct err e = {0};
    unsigned line = 0;
    struct recipients *r = recipients_open(world_path(&w, name), o, &line, &e);

    buf_clear(out);
    if (!r)
        buf_printf(out, "refused %u %s\n", line, e.text);
    else
        buf_printf(out, "%s\n", recipients_columns(r));
    while (r && (kind = recipients_next(r, &row, &e)) != ROW_END) {
        if (kind == ROW_OK)
            buf_printf(out, "ok %u %s %s\n", (unsigned)row.line, row.address.text, row.vars);
        else if (kind == ROW_BAD)
            buf_printf(out, "bad %u %s\n", (unsigned)row.line, row.why);
        else
            buf_printf(out, "error %s\n", e.text);
        if (kind == ROW_ERROR)
            break;
    }
    recipients_close(r);
}

static const struct {
    const char *name, *text, *charset, *gives;
} file[] = {
    {"a.csv", "email,name\na@b.kr,x\n", NULL, "[\"name\"]\nok 2 a@b.kr [\"x\"]\n"},
    {"a.csv", "name, Email \nx,a@b.kr\n", NULL, "[\"name\"]\nok 2 a@b.kr [\"x\"]\n"},
    {"a.csv",
     "\xef\xbb\xbf"
     "email,\xec\x9d\xb4\xeb\xa6\x84\r\na@b.kr,\xea\xb9\x80\r\n",
     NULL, "[\"이름\"]\nok 2 a@b.kr [\"김\"]\n"},
    {"a.csv",
     "\xef\xbb\xbf"
     "email,n\na@b.kr,\xea\xb9\x80\n",
     "cp949", "[\"n\"]\nok 2 a@b.kr [\"김\"]\n"},
    {"a.csv", "email,\xc0\xcc\xb8\xa7\na@b.kr,\xb1\xe8\n", NULL,
     "[\"이름\"]\nok 2 a@b.kr [\"김\"]\n"},
    {"a.csv", "email,n\na@b.kr,\xb1\xe8\n", "cp949", "[\"n\"]\nok 2 a@b.kr [\"김\"]\n"},
    {"a.csv", "email,n\na@b.kr,\xb1\xe8\nc@d.kr,x\n", "utf-8",
     "[\"n\"]\nbad 2 not readable as UTF-8 (at byte 8 of the row)\nok 3 c@d.kr [\"x\"]\n"},
    {"a.csv", "email,n\na@b.kr,\"\xb1\xe8\n\xb1\xe8\"\nc@d.kr,\xff\n", "cp949",
     "[\"n\"]\nok 2 a@b.kr [\"김\\n김\"]\nbad 4 not readable as CP949 (at byte 8 of the row)\n"},
    {"a.csv", "email\n\n\na@b.kr\n", NULL, "[]\nok 4 a@b.kr []\n"},
    {"a.csv", "email\na@b.kr", NULL, "[]\nok 2 a@b.kr []\n"},
    {"a.csv", "", NULL, "refused 1 it is empty: there is no header\n"},
    {"a.csv", "email,a,a\n", NULL, "refused 1 the column 'a' stands there twice\n"},
    {"a.csv", "email,EMAIL\n", NULL, "refused 1 the column 'email' stands there twice\n"},
    {"a.csv", "email,,b\n", NULL, "refused 1 column 2 has no name\n"},
    {"a.csv", "a,b\n", NULL, "refused 1 there is no column 'email' in the header \"a,b\"\n"},
    {"a.csv", "kim@naver.com\n", NULL,
     "refused 1 the first line must name the columns, one of them 'email'; it looks like a "
     "recipient already\n"},
    {"a.csv", "1,2,3,4,5,6,7,8,email\n", NULL,
     "refused 1 the header is broken: more than 8 fields\n"},
    {"a.csv", "email,\"a\n", NULL,
     "refused 1 the header is broken: a quote is opened and never closed\n"},
    {"a.csv",
     "\xff\xfe"
     "e",
     NULL, "refused 0 UTF-16 is not read; save the list as UTF-8 or as CP949\n"},
    {"a.csv", "\x1f\x8b\x08", NULL,
     "refused 0 this is packed data, but its name does not end in .gz or .zst\n"},
    {"a.txt", "email\n", NULL,
     "refused 0 the name must end in .csv, .ndjson or .jsonl (and then .gz or .zst)\n"},
    {"a.csv.gz", "email\n", NULL, "refused 0 not a gzip file\n"},
    {"a.csv.gz", "", NULL, "refused 0 the gzip file ends in the middle: it is not complete\n"},
    {"a.ndjson", "{\"email\":\"a@b.kr\",\"x\":{\"y\":[1]}}\n\n{\"email\":\"a\"}\nx\n", NULL,
     "[]\nok 1 a@b.kr {\"email\":\"a@b.kr\",\"x\":{\"y\":[1]}}\nbad 3 there is no @\nbad 4 not "
     "valid JSON ('[' or "
     "'{' expected near 'x', column 1)\n"},
    {"a.jsonl", "{\"email\":\"a@b.kr\"}\r\n{\"email\":\"c@d.kr\"}", NULL,
     "[]\nok 1 a@b.kr {\"email\":\"a@b.kr\"}\nok 2 c@d.kr {\"email\":\"c@d.kr\"}\n"},
    {"a.ndjson", "", NULL, "[]\n"},
    {"a.ndjson", "{\"email\":\"a@b.kr\",\"n\":\"\xb1\xe8\"}\n", NULL,
     "[]\nok 1 a@b.kr {\"email\":\"a@b.kr\",\"n\":\"김\"}\n"},
};

static void test_files(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 10000);
    for (size_t i = 0; i < sizeof file / sizeof *file; i++) {
        struct recipients_options o = plain;

        o.charset = file[i].charset;
        world_put(&w, file[i].name, file[i].text);
        read_all(file[i].name, &o, &out);
        if (strcmp(out.data, file[i].gives) != 0)
            fail_msg("file %zu gave\n%s\nnot\n%s", i, out.data, file[i].gives);
    }
    buf_done(&out);
}

static void put_gzip(const char *name, const char *text, const char *mode)
{
    gzFile z = gzopen(world_path(&w, name), mode);

    assert_non_null(z);
    gzputs(z, text);
    gzclose(z);
}

static void test_packed(void **state)
{
    char packed[500];
    struct buf out;
    size_t n;

    (void)state;
    buf_init(&out, 10000);
    put_gzip("a.csv.gz", "email\na@b.kr\n", "wb");
    put_gzip("a.csv.gz", "c@d.kr\n", "ab"); /* a second member */
    read_all("a.csv.gz", &plain, &out);
    assert_string_equal(out.data, "[]\nok 2 a@b.kr []\nok 3 c@d.kr []\n");
    n = ZSTD_compress(packed, sizeof packed, "email\na@b.kr\n", 13, 3);
    n += ZSTD_compress(packed + n, sizeof packed - n, "c@d.kr\n", 7, 3);
    world_put_n(&w, "a.csv.zst", packed, n);
    read_all("a.csv.zst", &plain, &out);
    assert_string_equal(out.data, "[]\nok 2 a@b.kr []\nok 3 c@d.kr []\n");
    /* Cut anywhere, it is an error and never a shorter list (but for the border between two frames). */
    for (size_t cut = 1; cut < n; cut++) {
        world_put_n(&w, "cut.csv.zst", packed, cut);
        read_all("cut.csv.zst", &plain, &out);
        if (cut != ZSTD_findFrameCompressedSize(packed, n) && !strstr(out.data, "not complete"))
            fail_msg("cut at %zu of %zu: %s", cut, n, out.data);
    }
    world_put(&w, "bad.csv.zst", "this is no archive at all");
    read_all("bad.csv.zst", &plain, &out);
    assert_non_null(strstr(out.data, "not a zstd file"));
    buf_done(&out);
}

static void test_bomb(void **state)
{
    struct recipients_options o = plain;
    char *text = malloc(1 << 20);
    struct buf out;

    (void)state;
    buf_init(&out, 10000);
    memset(text, '\n', (1 << 20) - 1);
    text[(1 << 20) - 1] = '\0';
    memcpy(text, "email", 5);
    put_gzip("a.csv.gz", text, "wb");
    o.max_bytes = 100000;
    read_all("a.csv.gz", &o, &out);
    assert_non_null(strstr(out.data, "longer than the limit of 100000 bytes when unpacked"));
    o.max_bytes = 1 << 24;
    read_all("a.csv.gz", &o, &out);
    assert_non_null(strstr(out.data, "a million empty lines"));
    free(text);
    buf_done(&out);
}

static void write_rows(const char *name, int rows)
{
    FILE *f = fopen(world_path(&w, name), "w");

    fputs("email\n", f);
    for (int i = 0; i < rows; i++)
        fprintf(f, "user%07d@example.com\n", i);
    fclose(f);
}

/* More than the reader takes at a time, so that there is an end it has not seen yet. */
#define MANY 200000

static struct recipients *open_many(void)
{
    struct err e;
    struct recipients *r;
    struct recipient_row row;

    write_rows("a.csv", MANY);
    r = recipients_open(world_path(&w, "a.csv"), &plain, NULL, &e);
    assert_non_null(r);
    assert_int_equal(recipients_next(r, &row, &e), ROW_OK);
    return r;
}

static void expect_error_at_end(struct recipients *r, const char *says)
{
    struct recipient_row row;
    enum row_kind kind;
    struct err e = {0};

    while ((kind = recipients_next(r, &row, &e)) == ROW_OK)
        ;
    assert_int_equal(kind, ROW_ERROR);
    if (!strstr(e.text, says))
        fail_msg("%s", e.text);
    recipients_close(r);
}

static void test_changes_while_read(void **state)
{
    struct recipients *r = open_many();
    FILE *f = fopen(world_path(&w, "a.csv"), "a");

    (void)state;
    fputs("late@example.com\n", f);
    fclose(f);
    expect_error_at_end(r, "changed while it was being read");
    r = open_many();
    assert_int_equal(truncate(world_path(&w, "a.csv"), 3000000), 0);
    expect_error_at_end(r, "changed while it was being read");
    r = open_many();
    assert_int_equal(unlink(world_path(&w, "a.csv")), 0);
    expect_error_at_end(r, "vanished while it was being read");
    r = open_many();
    write_rows("b.csv", 3);
    assert_int_equal(rename(world_path(&w, "b.csv"), world_path(&w, "a.csv")), 0);
    expect_error_at_end(r, "replaced while it was being read");
}

/* Rows across the borders of blocks and windows, in CP949, with quoted line breaks. */
static void test_many_rows(void **state)
{
    struct recipient_row row;
    struct recipients *r;
    FILE *f = fopen(world_path(&w, "a.csv"), "w");
    enum row_kind kind;
    struct err e = {0};
    unsigned n = 0;

    (void)state;
    fputs("email,name,text\n", f);
    for (unsigned i = 0; i < 50000; i++)
        fprintf(f, "u%u@example.com,\xb1\xe8%u,\"a\n\xc0\xcc\"\"%u\"\"\"\n", i, i, i);
    fclose(f);
    r = recipients_open(world_path(&w, "a.csv"), &plain, NULL, &e);
    assert_non_null(r);
    for (; (kind = recipients_next(r, &row, &e)) == ROW_OK; n++) {
        char vars[100];

        snprintf(vars, sizeof vars, "[\"김%u\",\"a\\n이\\\"%u\\\"\"]", n, n);
        assert_string_equal(row.vars, vars);
        assert_int_equal(row.line, 2 + 2 * n);
    }
    assert_int_equal(kind, ROW_END);
    assert_int_equal(n, 50000);
    recipients_close(r);
}

static void test_long_ndjson_line(void **state)
{
    struct buf out, text;

    (void)state;
    buf_init(&out, 10000);
    buf_init(&text, 1 << 22);
    buf_puts(&text, "{\"email\":\"a@b.kr\"}\n{\"email\":\"");
    for (int i = 0; i < 300000; i++)
        buf_puts(&text, "0123456789");
    buf_puts(&text, "\"}\n{\"email\":\"c@d.kr\"}\n");
    world_put(&w, "a.ndjson", text.data);
    read_all("a.ndjson", &plain, &out);
    assert_string_equal(out.data,
                        "[]\nok 1 a@b.kr {\"email\":\"a@b.kr\"}\nbad 2 longer than 2000 bytes\n"
                        "ok 3 c@d.kr {\"email\":\"c@d.kr\"}\n");
    buf_done(&out);
    buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),     cmocka_unit_test(test_packed),
        cmocka_unit_test(test_bomb),      cmocka_unit_test(test_changes_while_read),
        cmocka_unit_test(test_many_rows), cmocka_unit_test(test_long_ndjson_line),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
