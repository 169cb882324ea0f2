#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sluice/os/file.h>

static char folder[] = "/tmp/sluice-file-XXXXXX";

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

static void write_text(const char *path, const char *text)
{
    struct err e;

    if (!file_write_atomic(path, text, strlen(text), &e))
        fail_msg("%s", e.text);
}

static void assert_text(const char *path, const char *want)
{
    struct buf b;
    struct err e;

    buf_init(&b, 100000);
    if (!file_read(path, &b, &e))
        fail_msg("%s", e.text);
    assert_string_equal(b.data, want);
    buf_done(&b);
}

/* Temporary files begin with a dot; none may stay. */
static size_t hidden_files(const char *path)
{
    DIR *d = opendir(path);
    const struct dirent *entry;
    size_t count = 0;

    assert_non_null(d);
    while ((entry = readdir(d)) != NULL)
        count += entry->d_name[0] == '.' && strcmp(entry->d_name, ".") != 0 &&
                 strcmp(entry->d_name, "..") != 0;
    closedir(d);
    return count;
}

static void directories_are_made(void **state)
{
    struct err e;
    struct stat st;

    (void)state;
    assert_true(file_make_dirs("a/b/c", &e));
    assert_true(file_make_dirs("a//b/c/", &e));
    assert_true(file_make_dirs(folder, &e));
    assert_true(file_make_dirs("/", &e));
    assert_int_equal(stat("a/b/c", &st), 0);
    assert_int_equal(st.st_mode & 0027, 0);
    assert_true(file_exists("a/b"));
    assert_false(file_exists("a/x"));
    write_text("plain", "x");
    assert_false(file_make_dirs("plain/x", &e));
    assert_false(file_make_dirs("", &e));
}

static void whole_files_up_to_the_limit(void **state)
{
    struct buf b;
    struct err e;

    (void)state;
    write_text("ten", "0123456789");
    buf_init(&b, 10);
    assert_true(file_read("ten", &b, &e));
    assert_true(file_read("ten", &b, &e)); /* emptied first, not appended */
    assert_string_equal(b.data, "0123456789");
    write_text("ten", "0123456789a");
    assert_false(file_read("ten", &b, &e));
    assert_string_equal(e.text, "ten is longer than the limit of 10 bytes");
    assert_int_equal(b.len, 0);
    /* fstat says 0 for what the kernel makes up: the limit holds all the same. */
    assert_false(file_read("/proc/self/status", &b, &e));
    assert_non_null(strstr(e.text, "limit of 10 bytes"));
    write_text("none", "");
    assert_true(file_read("none", &b, &e));
    assert_int_equal(b.len, 0);
    assert_false(file_read("missing", &b, &e));
    assert_int_equal(e.code, ENOENT);
    buf_done(&b);
}

static void only_regular_files_are_read(void **state)
{
    static const char *const path[] = {"fifo", "/dev/zero", "/tmp"};
    struct buf b;
    struct err e;

    (void)state;
    assert_int_equal(mkfifo("fifo", 0600), 0);
    buf_init(&b, 100);
    for (size_t i = 0; i < 3; i++) {
        assert_false(file_read(path[i], &b, &e)); /* and does not hang */
        assert_non_null(strstr(e.text, "is not a regular file"));
    }
    buf_done(&b);
}

static void writes_are_all_or_nothing(void **state)
{
    struct err e;
    struct stat st;

    (void)state;
    write_text("out", "one");
    write_text("out", "two");
    assert_text("out", "two");
    assert_int_equal(stat("out", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_false(file_write_atomic("missing/out", "x", 1, &e));
    assert_non_null(strstr(e.text, "missing/out"));
    assert_true(file_make_dirs("target", &e));
    assert_false(file_write_atomic("target", "x", 1, &e)); /* a directory is in the way */
    assert_int_equal(hidden_files("."), 0);
    assert_true(file_sync_dir(".", &e));
    assert_false(file_sync_dir("missing", &e));
}

static void moves_never_overwrite(void **state)
{
    struct err e;

    (void)state;
    write_text("from", "a");
    write_text("to", "b");
    assert_false(file_move("from", "to", &e));
    assert_int_equal(e.code, EEXIST);
    assert_text("from", "a");
    assert_text("to", "b");
    assert_true(file_move("from", "elsewhere", &e));
    assert_text("elsewhere", "a");
    assert_false(file_exists("from"));
    assert_false(file_move("from", "nowhere", &e));
    assert_int_equal(e.code, ENOENT);
    assert_int_equal(symlink("missing", "dangling"), 0);
    assert_false(file_move("elsewhere", "dangling", &e));
}

static bool is_another_file_system(const char *path)
{
    struct stat here, there;

    return stat(".", &here) == 0 && stat(path, &there) == 0 && here.st_dev != there.st_dev &&
           access(path, W_OK) == 0;
}

static void moves_across_file_systems(void **state)
{
    char to[64];
    struct err e;

    (void)state;
    if (!is_another_file_system("/dev/shm"))
        skip();
    snprintf(to, sizeof to, "/dev/shm/sluice-test-%d", (int)getpid());
    write_text("far", "text");
    assert_true(file_move("far", to, &e));
    assert_text(to, "text");
    assert_false(file_exists("far"));
    write_text("far", "other");
    assert_false(file_move("far", to, &e));
    assert_int_equal(e.code, EEXIST);
    assert_text(to, "text");
    assert_text("far", "other");
    assert_int_equal(unlink(to), 0);
}

static void trees_go_but_links_are_not_followed(void **state)
{
    char deep[200] = "deep";
    struct err e;

    (void)state;
    assert_true(file_make_dirs("keep", &e));
    write_text("keep/me", "x");
    assert_true(file_make_dirs("tree/a/b", &e));
    write_text("tree/a/b/file", "x");
    assert_int_equal(symlink("../../keep", "tree/a/link"), 0);
    assert_int_equal(symlink("keep", "link"), 0);
    assert_true(file_remove_tree("tree", &e));
    assert_false(file_exists("tree"));
    assert_true(file_remove_tree("link", &e));
    assert_text("keep/me", "x");
    assert_true(file_remove_tree("keep/me", &e)); /* one file */
    assert_true(file_remove_tree("missing", &e));
    for (int i = 0; i < 34; i++)
        strcat(deep, "/d");
    assert_true(file_make_dirs(deep, &e));
    assert_false(file_remove_tree("deep", &e));
    assert_int_equal(e.code, ELOOP);
    assert_true(file_remove_tree("deep/d/d/d", &e));
}

static void names(void **state)
{
    static char of_200[201], of_201[202];
    const struct {
        const char *name, *why; /* NULL: safe */
    } rows[] = {
        {"spring.job", NULL},
        {"봄 편지.csv", NULL},
        {of_200, NULL},
        {"a..b", NULL},
        {"", "it is empty"},
        {of_201, "it is longer than 200 bytes"},
        {".", "it begins with a dot"},
        {"..", "it begins with a dot"},
        {".hidden", "it begins with a dot"},
        {"a/b", "it contains a slash"},
        {"a\nb", "it contains a control character"},
        {"a\x7f", "it contains a control character"},
        {"a\xc2\x9b", "it contains a control character"},
    };

    (void)state;
    memset(of_200, 'a', 200);
    memset(of_201, 'a', 201);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *why = NULL;

        assert_int_equal(file_name_is_safe(rows[i].name, &why), rows[i].why == NULL);
        assert_int_equal(file_name_is_safe(rows[i].name, NULL), rows[i].why == NULL);
        if (rows[i].why)
            assert_string_equal(why, rows[i].why);
        else
            assert_null(why);
    }
}

static void space_and_boot_id(void **state)
{
    char first[37], second[37];
    uint64_t free_bytes = 0;
    struct err e;

    (void)state;
    assert_true(file_space_is_at_least(".", 1, &free_bytes, &e));
    assert_true(free_bytes > 0);
    assert_false(file_space_is_at_least(".", UINT64_MAX, NULL, &e));
    assert_non_null(strstr(e.text, "are needed"));
    assert_false(file_space_is_at_least("missing", 1, &free_bytes, &e));
    assert_true(file_boot_id(first, &e));
    assert_true(file_boot_id(second, &e));
    assert_int_equal(strlen(first), 36);
    assert_string_equal(first, second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(directories_are_made),
        cmocka_unit_test(whole_files_up_to_the_limit),
        cmocka_unit_test(only_regular_files_are_read),
        cmocka_unit_test(writes_are_all_or_nothing),
        cmocka_unit_test(moves_never_overwrite),
        cmocka_unit_test(moves_across_file_systems),
        cmocka_unit_test(trees_go_but_links_are_not_followed),
        cmocka_unit_test(names),
        cmocka_unit_test(space_and_boot_id),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
