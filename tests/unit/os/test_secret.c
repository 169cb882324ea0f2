#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sluice/os/file.h>
#include <sluice/os/secret.h>

static char folder[] = "/tmp/sluice-secret-XXXXXX";

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

static void put(const char *path, const char *text)
{
    struct err e;

    if (!secret_write(path, text, strlen(text), true, &e))
        fail_msg("%s", e.text);
}

/* want NULL: it is read, and holds "secret". */
static void assert_read(const char *path, const char *want)
{
    struct buf b;
    struct err e = {0};
    bool ok = secret_read(path, 10, &b, &e);

    if (want) {
        assert_false(ok);
        assert_string_equal(e.text, want);
    } else {
        if (!ok)
            fail_msg("%s", e.text);
        assert_string_equal(b.data, "secret");
    }
    secret_done(&b);
    secret_done(&b);
}

static void only_private_files_are_read(void **state)
{
    static const struct {
        unsigned mode;
        const char *want;
    } rows[] = {
        {0600, NULL},
        {0400, NULL},
        {0640, NULL},
        {0440, NULL},
        {0750, NULL},
        {0660, "f can be changed by its group (mode 0660): chmod 600 f"},
        {0620, "f can be changed by its group (mode 0620): chmod 600 f"},
        {0604, "f is open to all users (mode 0604): chmod 600 f"},
        {0602, "f is open to all users (mode 0602): chmod 600 f"},
        {0601, "f is open to all users (mode 0601): chmod 600 f"},
        {0666, "f is open to all users (mode 0666): chmod 600 f"},
    };

    (void)state;
    put("f", "secret");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(chmod("f", rows[i].mode), 0);
        assert_read("f", rows[i].want);
    }
}

static void links_are_followed_and_their_target_checked(void **state)
{
    (void)state;
    put("target", "secret");
    assert_int_equal(symlink("target", "link"), 0);
    assert_read("link", NULL);
    assert_int_equal(chmod("target", 0644), 0);
    assert_read("link", "link is open to all users (mode 0644): chmod 600 link");
}

static void only_regular_files_are_read(void **state)
{
    (void)state;
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(mkdir("dir", 0700), 0);
    assert_read("fifo", "fifo is not a regular file"); /* and does not hang */
    assert_read("dir", "dir is not a regular file");
    assert_read("/dev/zero", "/dev/zero is not a regular file");
    assert_read("missing", "cannot open missing: No such file or directory");
}

static void long_files_are_refused(void **state)
{
    (void)state;
    put("long", "12345678901");
    assert_read("long", "long is longer than 10 bytes, so it is no key file");
    put("long", "secret");
    assert_read("long", NULL);
}

/* Only root can make a file that belongs to somebody else. */
static void strangers_files_are_refused(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    put("stranger", "secret");
    assert_int_equal(chown("stranger", 12345, 0), 0);
    assert_read("stranger", "stranger belongs to user 12345, who could change it; it must belong "
                            "to root or to the user "
                            "that sluiced runs as: chown root stranger");
    assert_int_equal(chown("stranger", 0, 12345), 0);
    assert_int_equal(chmod("stranger", 0640), 0);
    assert_read("stranger", NULL);
}

static size_t files_here(void)
{
    DIR *d = opendir(".");
    size_t n = 0;

    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

static void writes_are_private_and_whole(void **state)
{
    struct stat st;
    struct err e;
    size_t before;
    mode_t mask = umask(0);

    (void)state;
    assert_true(secret_write("new", "one", 3, false, &e));
    umask(mask);
    assert_int_equal(stat("new", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_size, 3);
    before = files_here();
    assert_false(secret_write("new", "secret", 6, false, &e));
    assert_int_equal(e.code, EEXIST);
    assert_int_equal(stat("new", &st), 0);
    assert_int_equal(st.st_size, 3);
    assert_true(secret_write("./new", "secret", 6, true, &e));
    assert_read("new", NULL);
    assert_false(secret_write("missing/new", "x", 1, false, &e));
    assert_string_equal(e.text, "cannot write missing/new: No such file or directory");
    assert_int_equal(files_here(), before);
}

/* The daemon, as another user, or its group goes on reading what root replaced. */
static void replacing_keeps_the_owner(void **state)
{
    struct stat st;
    struct err e;

    (void)state;
    assert_true(secret_write("kept", "one", 3, false, &e));
    assert_int_equal(chmod("kept", 0640), 0);
    if (geteuid() == 0)
        assert_int_equal(chown("kept", 12345, 12346), 0);
    assert_true(secret_write("kept", "two!", 4, true, &e));
    assert_int_equal(stat("kept", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(st.st_size, 4);
    if (geteuid() == 0)
        assert_true(st.st_uid == 12345 && st.st_gid == 12346);
    assert_int_equal(chmod("kept", 0666), 0); /* but not for all */
    assert_true(secret_write("kept", "3", 1, true, &e));
    assert_int_equal(stat("kept", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
}

static void folders_are_locked(void **state)
{
    struct err e;
    int lock, other;

    (void)state;
    assert_int_equal(mkdir("locked", 0700), 0);
    lock = secret_lock("locked/token.keys", &e);
    assert_true(lock >= 0);
    other = open("locked", O_RDONLY | O_DIRECTORY);
    assert_int_equal(flock(other, LOCK_EX | LOCK_NB), -1);
    close(lock);
    assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
    close(other);
    assert_int_equal(secret_lock("nowhere/token.keys", &e), -1);
    assert_string_equal(e.text, "cannot lock the directory nowhere: No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_private_files_are_read),
        cmocka_unit_test(links_are_followed_and_their_target_checked),
        cmocka_unit_test(only_regular_files_are_read),
        cmocka_unit_test(long_files_are_refused),
        cmocka_unit_test(strangers_files_are_refused),
        cmocka_unit_test(writes_are_private_and_whole),
        cmocka_unit_test(replacing_keeps_the_owner),
        cmocka_unit_test(folders_are_locked),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
