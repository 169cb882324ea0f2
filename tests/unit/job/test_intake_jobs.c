#include "world.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <zlib.h>

#define JOB(more)                                                                                  \
    "id = \"j1\"; class = \"notice\"; from = \"샵 <shop@example.com>\"; template = "              \
    "\"hello\"; " more

static struct world w;

static int setup(void **state)
{
    (void)state;
    world_init(&w);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_done(&w);
    return 0;
}

static void expect_error(const char *name, const char *says)
{
    char path[300];

    snprintf(path, sizeof path, "failed/%s/%s.error", name, name);
    if (!strstr(world_read(&w, path), says))
        fail_msg("%s says\n%s\nnot\n%s", path, w.text.data, says);
}

static unsigned accepted_count(void)
{
    struct intake_status s;

    intake_status(w.intake, &s);
    return (unsigned)s.jobs_accepted;
}

static void test_good_job(void **state)
{
    struct intake_job *j;

    (void)state;
    world_put(&w, "drop/list.csv", "email,name\nkim@naver.com,김\nlee@daum.net,이\n");
    world_put(&w, "drop/spring.job", JOB("recipients = \"list.csv\";"));
    intake_scan_jobs(w.intake);
    assert_int_equal(world_files(&w, "drop"), 0);
    assert_true(world_has(&w, "accepted/spring/spring.job"));
    assert_true(world_has(&w, "accepted/spring/list.csv"));
    assert_int_equal(world_files(&w, "accepted/spring"), 2);
    assert_int_equal(world_files(&w, "failed"), 0);
    j = (struct intake_job *)(void *)world_letters(&w);
    assert_non_null(j);
    assert_int_equal(j->letter.kind, KIND_JOB);
    assert_string_equal(j->row.id, "j1");
    assert_int_equal(j->row.recipients, 2);
    assert_false(world_has(&w, "out/j1"));
    free(j);
    assert_true(intake_is_idle(w.intake) == false); /* the triggers were not looked at yet */
    intake_scan_triggers(w.intake);
    assert_true(intake_is_idle(w.intake));
}

static void test_bad_rows_and_duplicates(void **state)
{
    (void)state;
    world_put(
        &w, "drop/list.csv",
        "email,name\nkim@naver.com,김\nno address,x\nKIM@naver.com,둘\n\"open,x\nlee@daum.net,이\n"
        "lee@daum.net,이\n");
    world_put(&w, "drop/spring.job", JOB("recipients = \"list.csv\";"));
    intake_scan_jobs(w.intake);
    assert_int_equal(world_forget_letters(&w), 1);
    world_read(&w, "out/j1/rejected.csv");
    assert_string_equal(w.text.data,
                        "line,reason,row,file\n"
                        "3,there is a space in the address,\"no address,x\",list.csv\n"
                        "5,a quote is opened and never closed,\"\"\"open,x\",list.csv\n"
                        "4,duplicate of line 2,KIM@naver.com,list.csv\n"
                        "7,duplicate of line 6,lee@daum.net,list.csv\n");
    assert_int_equal(world_files(&w, "out/j1"), 1);
}

/* Each: job text, list text (NULL: none), and what NAME.error must contain. */
static const struct {
    const char *job, *list, *says;
} refused[] = {
    {"id = \"j1\"", "email\na@b.kr\n", "a.job: class: missing (allowed: \"ad\", "},
    {"id = \"j1", NULL, "a.job:1: the string that begins here is never closed"},
    {"@include \"/etc/passwd\"\n", NULL, "a.job:1: @include is not allowed"},
    {JOB("recipients = \"list.csv\";"), NULL,
     "a.job:1: recipients: not in the drop directory, where it must be before the job file is "
     "(got \"list.csv\")"},
    {JOB("recipients = \"../list.csv\";"), NULL,
     "recipients: not a plain name: it begins with a dot"},
    {JOB("recipients = \"x/list.csv\";"), NULL,
     "recipients: not a plain name: it contains a slash"},
    {JOB("recipients = \"list.xls\";"), NULL,
     "recipients: unknown ending (got \"list.xls\", allowed: .csv"},
    {JOB("recipients = \"list.csv\";"), "", "list.csv:1: it is empty"},
    {JOB("recipients = \"list.csv\";"), "email\n", "list.csv: there is not a single usable row"},
    {JOB("recipients = \"list.csv\";"), "name\nkim\n", "list.csv:1: there is no column 'email'"},
    {JOB("recipients = \"list.csv\";"), "\nemail,a,a\n",
     "list.csv:2: the column 'a' stands there twice"},
    {JOB("recipients = \"list.csv\";"), "email;name\na@b.kr;x\n", "semicolons"},
    {JOB("recipients = \"list.csv\";"), "PK\x03\x04xxxx", "workbook"},
    {JOB("recipients = \"list.csv\"; max_bad_rows = 1;"), "email\na@b.kr\nx\ny\nz\n",
     "list.csv:3: warning: there is no @\nlist.csv:4: warning: there is no @\nlist.csv: more than "
     "1 bad rows"},
    {JOB("recipients = \"list.csv\"; bogus = 1;"), "email\na@b.kr\n",
     "a.job:1: bogus: unknown setting"},
    {JOB(""), NULL, "nobody to mail"},
    {JOB("from_list = \"x\";"), NULL, "from_list: cannot be used here"},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct err e;

        if (refused[i].list)
            world_put(&w, "drop/list.csv", refused[i].list);
        world_put(&w, "drop/a.job", refused[i].job);
        intake_scan_jobs(w.intake);
        if (world_forget_letters(&w))
            fail_msg("taken: %s", refused[i].job);
        expect_error("a", refused[i].says);
        assert_true(world_has(&w, "failed/a/a.job"));
        assert_false(world_has(&w, "drop/a.job"));
        assert_false(world_has(&w, "failed/a/.moving"));
        if (strstr(refused[i].job, "\"list.csv\"") && refused[i].list)
            assert_true(world_has(&w, "failed/a/list.csv"));
        assert_int_equal(world_files(&w, "out"), 0);
        unlink(world_path(&w, "drop/list.csv"));
        assert_true(file_remove_tree(world_path(&w, "failed/a"), &e));
    }
}

static void test_all_problems_at_once(void **state)
{
    static const char *const says[] = {
        "a.job:1: id: not a name (got ",
        "a.job:2: class: no such choice (got ",
        "a.job:3: form: unknown setting (allowed: from, ",
        "did you mean from?",
        "a.job: from: missing (allowed: ",
        "a.job:4: template: no such template (got \"helo\"); did you mean \"hello\"?",
        "list.csv:1: there is no column 'email'",
        "a.job:6: start: not a time (got ",
        "a.job:7: variables.a: given twice",
    };

    (void)state;
    world_put(&w, "drop/list.csv", "mail\nx\n");
    world_put(
        &w, "drop/a.job",
        "id = \"a b\";\nclass = \"spam\";\nform = \"x@y.kr\";\ntemplate = \"helo\";\n"
        "recipients = \"list.csv\";\nstart = \"tomorrow\";\nvariables = { a = 1; a = 2; };\n");
    intake_scan_jobs(w.intake);
    for (size_t i = 0; i < sizeof says / sizeof *says; i++)
        expect_error("a", says[i]);
}

static void test_template_problems_come_along(void **state)
{
    (void)state;
    world_put(&w, "templates/hello/text.txt", "Dear\n{{#open}}\n");
    world_put(&w, "drop/a.job",
              "id = \"x\"; class = \"notice\"; template = \"hello\"; recipients = \"l.csv\";");
    intake_scan_jobs(w.intake);
    expect_error("a", "from: missing");
    expect_error("a", "text.txt:2: ");
    expect_error(
        "a", "recipients: not in the drop directory, where it must be before the job file is (got "
             "\"l.csv\")");
    world_put(&w, "drop/b.job",
              "id = \"x\"; class = \"notice\"; template = \"hello\"; recipients = \"l.csv\";\n"
              "from = \"a@b.kr\";\nsubject = \"{{#open}}\";");
    intake_scan_jobs(w.intake);
    expect_error("b", "b.job:3: subject: ");
}

static void test_too_many_bad_rows_keeps_rejected(void **state)
{
    (void)state;
    world_put(&w, "drop/list.csv", "email\na@b.kr\nx\ny\n");
    world_put(&w, "drop/a.job", JOB("recipients = \"list.csv\"; max_bad_rows = 0;"));
    intake_scan_jobs(w.intake);
    assert_string_equal(world_read(&w, "failed/a/rejected.csv"),
                        "line,reason,row,file\n3,there is no @,x,list.csv\n");
    /* Mended and dropped again under the same id. */
    world_put(&w, "drop/list.csv", "email\na@b.kr\n");
    world_put(&w, "drop/a.job", JOB("recipients = \"list.csv\"; max_bad_rows = 0;"));
    intake_scan_jobs(w.intake);
    assert_int_equal(world_forget_letters(&w), 1);
    assert_false(world_has(&w, "out/j1"));
}

static void test_id_seen_before(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        world_put(&w, "drop/list.csv", "email\na@b.kr\n");
        world_put(&w, "drop/a.job", JOB("recipients = \"list.csv\";"));
        intake_scan_jobs(w.intake);
    }
    assert_int_equal(world_forget_letters(&w), 1);
    expect_error("a", "a.job:1: id: used before, by a job of ");
    assert_true(world_has(&w, "failed/a/list.csv"));
    assert_true(world_has(&w, "accepted/a/list.csv"));
}

/* The clock of ctime ticks only every few milliseconds. */
static void wait_for_another_ctime(const char *name)
{
    struct stat before, now;

    assert_int_equal(lstat(world_path(&w, name), &before), 0);
    do {
        chmod(world_path(&w, name), 0600);
        assert_int_equal(lstat(world_path(&w, name), &now), 0);
    } while (now.st_ctim.tv_sec == before.st_ctim.tv_sec &&
             now.st_ctim.tv_nsec == before.st_ctim.tv_nsec);
}

/* An accepted job that somebody moves back is a repetition, not the rest of a crash. */
static void test_accepted_job_moved_back(void **state)
{
    (void)state;
    world_put(&w, "drop/list.csv", "email\na@b.kr\n");
    world_put(&w, "drop/a.job", JOB("recipients = \"list.csv\";"));
    intake_scan_jobs(w.intake);
    assert_int_equal(world_forget_letters(&w), 1);
    wait_for_another_ctime("accepted/a/a.job");
    assert_int_equal(rename(world_path(&w, "accepted/a/list.csv"), world_path(&w, "drop/list.csv")),
                     0);
    assert_int_equal(rename(world_path(&w, "accepted/a/a.job"), world_path(&w, "drop/a.job")), 0);
    intake_scan_jobs(w.intake);
    expect_error("a", "id: used before");
}

static void test_two_jobs_one_list(void **state)
{
    (void)state;
    world_put(&w, "drop/list.csv", "email\na@b.kr\n");
    world_put(&w, "drop/a.job", JOB("recipients = \"list.csv\";"));
    intake_scan_jobs(w.intake);
    world_put(&w, "drop/b.job",
              "id = \"j2\"; class = \"notice\"; from = \"a@b.kr\"; template = \"hello\"; "
              "recipients = \"list.csv\";");
    intake_scan_jobs(w.intake);
    assert_int_equal(world_forget_letters(&w), 1);
    expect_error("b", "the job 'a' took it (accepted/a/)");
}

static void test_same_name_again(void **state)
{
    char job[300];

    (void)state;
    for (int i = 1; i <= 3; i++) {
        snprintf(job, sizeof job,
                 "id = \"n%d\"; class = \"notice\"; from = \"a@b.kr\"; template = \"hello\"; "
                 "recipients = "
                 "\"l.csv\";",
                 i);
        world_put(&w, "drop/l.csv", "email\na@b.kr\n");
        world_put(&w, "drop/daily.job", job);
        intake_scan_jobs(w.intake);
    }
    assert_int_equal(world_forget_letters(&w), 3);
    assert_true(world_has(&w, "accepted/daily/l.csv"));
    assert_true(world_has(&w, "accepted/daily-2/l.csv"));
    assert_true(world_has(&w, "accepted/daily-3/daily.job"));
}

static void test_ignored_names(void **state)
{
    (void)state;
    world_put(&w, "drop/.a.job", "x");
    world_put(&w, "drop/a.job.tmp", "x");
    world_put(&w, "drop/a.job.part", "x");
    world_put(&w, "drop/list.csv", "x");
    intake_scan_jobs(w.intake);
    intake_scan_triggers(w.intake);
    assert_int_equal(world_files(&w, "drop"), 4);
    assert_int_equal(world_files(&w, "failed"), 0);
    assert_true(intake_is_idle(w.intake));
}

static void test_strange_files(void **state)
{
    (void)state;
    world_put(&w, "secret", "password = \"x\";");
    assert_int_equal(mkfifo(world_path(&w, "drop/fifo.job"), 0600), 0);
    assert_int_equal(mkdir(world_path(&w, "drop/dir.job"), 0700), 0);
    assert_int_equal(symlink(world_path(&w, "secret"), world_path(&w, "drop/link.job")), 0);
    assert_int_equal(symlink("/nonexistent", world_path(&w, "drop/broken.job")), 0);
    world_put_n(&w, "drop/zero.job", "id = \"a\0b\";", 11);
    intake_scan_jobs(w.intake);
    expect_error("fifo", "fifo.job: not a regular file");
    expect_error("dir", "not a regular file");
    expect_error("link", "not a regular file");
    expect_error("broken", "not a regular file");
    expect_error("zero", "zero.job:1: this is a binary file");
    assert_int_equal(world_files(&w, "drop"), 0);
    assert_true(world_has(&w, "secret"));
    assert_true(world_has(&w, "failed/link/link.job"));
}

static void test_strange_lists(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(world_path(&w, "drop/list.csv"), 0600), 0);
    world_put(&w, "drop/a.job", JOB("recipients = \"list.csv\";"));
    intake_scan_jobs(w.intake);
    expect_error("a", "list.csv: not a regular file");
    assert_true(world_has(&w, "failed/a/list.csv"));

    world_put(&w, "secret.csv", "email\na@b.kr\n");
    assert_int_equal(symlink(world_path(&w, "secret.csv"), world_path(&w, "drop/list.csv")), 0);
    world_put(&w, "drop/b.job", JOB("recipients = \"list.csv\";"));
    intake_scan_jobs(w.intake);
    expect_error("b", "list.csv: a symbolic link is not taken");

    assert_int_equal(mkdir(world_path(&w, "drop/list.csv"), 0700), 0);
    world_put(&w, "drop/c.job", JOB("recipients = \"list.csv\";"));
    intake_scan_jobs(w.intake);
    expect_error("c", "list.csv: not a regular file");

    world_put_n(&w, "drop/list.csv", "email\na@b.kr\n\0\0", 15);
    world_put(&w, "drop/d.job", JOB("recipients = \"list.csv\";"));
    intake_scan_jobs(w.intake);
    expect_error("d", "list.csv: this is binary data");
}

static void test_unreadable(void **state)
{
    (void)state;
    if (geteuid() == 0)
        skip(); /* root reads everything */
    world_put(&w, "drop/list.csv", "email\na@b.kr\n");
    chmod(world_path(&w, "drop/list.csv"), 0);
    world_put(&w, "drop/a.job", JOB("recipients = \"list.csv\";"));
    intake_scan_jobs(w.intake);
    expect_error("a", "list.csv: cannot open it: Permission denied");
}

static void test_huge_job_file(void **state)
{
    char *text = malloc(30000);

    (void)state;
    memset(text, '#', 29999);
    text[29999] = '\0';
    world_put(&w, "drop/a.job", text);
    intake_scan_jobs(w.intake);
    expect_error("a", "longer than the limit of 20000 bytes");
    free(text);
}

static void test_huge_row_and_list(void **state)
{
    char *text = malloc(30000);

    (void)state;
    memset(text, 'x', 29999);
    text[29999] = '\0';
    memcpy(text, "email\na@b.kr\n", 13);
    memcpy(text + 29980, "\nc@d.kr\n", 9);
    world_put(&w, "drop/list.csv", text);
    world_put(&w, "drop/a.job", JOB("recipients = \"list.csv\";"));
    intake_scan_jobs(w.intake);
    assert_int_equal(world_forget_letters(&w), 1);
    assert_non_null(
        strstr(world_read(&w, "out/j1/rejected.csv"), "\n3,longer than 4096 bytes,xxx"));
    w.settings->caps.recipients_bytes = 10000;
    world_put(&w, "drop/list.csv", text);
    world_put(&w, "drop/b.job",
              "id = \"j2\"; class = \"notice\"; from = \"a@b.kr\"; template = \"hello\"; "
              "recipients = \"list.csv\";");
    intake_scan_jobs(w.intake);
    expect_error("b", "list.csv: longer than the limit of 10000 bytes");
    free(text);
}

static void test_truncated_gzip(void **state)
{
    gzFile z = gzopen(world_path(&w, "whole.gz"), "wb");

    (void)state;
    gzputs(z, "email\n");
    for (int i = 0; i < 3000; i++)
        gzprintf(z, "user%d.%d@naver.com\n", i, i * 7919 % 10007);
    gzclose(z);
    file_read(world_path(&w, "whole.gz"), &w.text, NULL);
    world_put_n(&w, "drop/list.csv.gz", w.text.data, w.text.len / 2);
    world_put(&w, "drop/a.job", JOB("recipients = \"list.csv.gz\";"));
    intake_scan_jobs(w.intake);
    expect_error("a", "list.csv.gz: the gzip file ends in the middle");
    assert_int_equal(world_forget_letters(&w), 0);
    /* The id is free again for the whole one. */
    file_read(world_path(&w, "whole.gz"), &w.text, NULL);
    world_put_n(&w, "drop/list.csv.gz", w.text.data, w.text.len);
    world_put(&w, "drop/a.job", JOB("recipients = \"list.csv.gz\";"));
    intake_scan_jobs(w.intake);
    assert_int_equal(world_forget_letters(&w), 1);
}

/* Somebody still writes: nothing is judged before it is whole. */
static void test_still_being_written(void **state)
{
    int fd;

    (void)state;
    world_put(&w, "drop/list.csv", "email\na@b.kr\n");
    world_put(&w, "drop/a.job", JOB("recipients = \"list.csv\";"));
    fd = open(world_path(&w, "drop/list.csv"), O_WRONLY | O_APPEND);
    intake_scan_jobs(w.intake);
    intake_scan_triggers(w.intake);
    assert_int_equal(world_forget_letters(&w), 0);
    assert_true(world_has(&w, "drop/a.job"));
    assert_false(intake_is_idle(w.intake));
    assert_int_equal(write(fd, "c@d.kr\n", 7), 7);
    close(fd);
    intake_scan_jobs(w.intake);
    assert_int_equal(world_forget_letters(&w), 1);
}

static void test_disk_full(void **state)
{
    struct intake_status s;

    (void)state;
    world_put(&w, "drop/list.csv", "email\na@b.kr\n");
    world_put(&w, "drop/a.job", JOB("recipients = \"list.csv\";"));
    w.settings->caps.min_free_bytes = INT64_MAX;
    intake_scan_jobs(w.intake);
    intake_status(w.intake, &s);
    assert_non_null(strstr(s.paused_because, "free"));
    assert_int_equal(s.waiting_files, 1);
    assert_true(world_has(&w, "drop/a.job"));
    assert_int_equal(world_files(&w, "failed"), 0);
    w.settings->caps.min_free_bytes = 1;
    intake_scan_jobs(w.intake);
    intake_status(w.intake, &s);
    assert_string_equal(s.paused_because, "");
    assert_int_equal(world_forget_letters(&w), 1);
}

/* A disk that really fills up in the middle of an import: the job waits, and nothing of it is left behind. */
static void test_disk_fills_up(void **state)
{
    char *spool = mem_printf("%s/spool", w.dir);
    struct intake_status s;
    struct buf rows;

    (void)state;
    intake_close(w.intake);
    w.intake = NULL;
    if (mount("tmpfs", spool, "tmpfs", 0, "size=1m") != 0) {
        free(spool);
        world_open_intake(&w);
        skip(); /* only root may */
    }
    world_open_intake(&w);
    buf_init(&rows, 8 << 20);
    buf_puts(&rows, "email\n");
    for (int i = 0; i < 100000; i++)
        buf_printf(&rows, "user%d@example%d.com\n", i, i % 500);
    world_put(&w, "drop/list.csv", rows.data);
    buf_done(&rows);
    world_put(&w, "drop/a.job", JOB("recipients = \"list.csv\";"));
    for (int i = 0; i < 2; i++) {
        intake_scan_jobs(w.intake);
        intake_status(w.intake, &s);
        if (!strstr(s.paused_because, "full") && !strstr(s.paused_because, "free"))
            fail_msg("paused because: %s", s.paused_because);
        assert_true(world_has(&w, "drop/a.job") && world_has(&w, "drop/list.csv"));
        assert_int_equal(world_files(&w, "failed"), 0);
        assert_int_equal(world_forget_letters(&w), 0);
    }
    assert_int_equal(mount("tmpfs", spool, "tmpfs", MS_REMOUNT, "size=100m"), 0);
    intake_scan_jobs(w.intake);
    assert_int_equal(world_forget_letters(&w), 1);
    intake_close(w.intake);
    w.intake = NULL;
    assert_int_equal(umount(spool), 0);
    free(spool);
}

static void test_names(void **state)
{
    char name[300] = "drop/";

    (void)state;
    world_put(&w, "drop/list.csv", "email\na@b.kr\n");
    world_put(&w, "drop/\xba\xbd.job", JOB("recipients = \"list.csv\";")); /* CP949 */
    intake_scan_jobs(w.intake);
    assert_int_equal(world_forget_letters(&w), 1);
    assert_true(world_has(&w, "accepted/__/\xba\xbd.job"));
    world_put(&w, "drop/a\nb.job", "x");
    intake_scan_jobs(w.intake);
    expect_error("a_b", "a b.job:1: the file ends where");
    memset(name + 5, 'n', 250);
    strcpy(name + 5 + 250, ".job");
    world_put(&w, name, "x");
    intake_scan_jobs(w.intake);
    assert_int_equal(world_files(&w, "drop"), 0);
    world_put(&w, "drop/.job", "x");
    world_put(&w, "drop/봄 세일.job", "x");
    intake_scan_jobs(w.intake);
    expect_error("봄 세일", "봄 세일.job:1: ");
}

static void test_unparsable_takes_its_list_along(void **state)
{
    (void)state;
    world_put(&w, "drop/list.csv", "email\na@b.kr\n");
    world_put(&w, "drop/a.job", "id = = 3;\nrecipients = \"list.csv\";");
    intake_scan_jobs(w.intake);
    expect_error("a", "a.job:1: syntax error");
    assert_true(world_has(&w, "failed/a/list.csv"));
}

static void test_cp949_rows(void **state)
{
    (void)state;
    world_put(&w, "drop/list.csv",
              "email,name\na@b.kr,\xb1\xe8\nc@d.kr,\xff\xff\ne@f.kr,\xc0\xcc\n");
    world_put(&w, "drop/a.job", JOB("recipients = \"list.csv\"; charset = \"euc-kr\";"));
    intake_scan_jobs(w.intake);
    assert_int_equal(world_forget_letters(&w), 1);
    assert_non_null(strstr(world_read(&w, "out/j1/rejected.csv"), "\n3,not readable as CP949"));
}

static bool two_contacts(void *arg, const char *list,
                         bool (*each)(void *each_arg, const char *email, const char *vars),
                         void *each_arg, struct err *e)
{
    (void)arg;
    (void)e;
    assert_string_equal(list, "vip");
    return each(each_arg, "a@b.kr", "{\"name\":\"김\"}") && each(each_arg, "c@d.kr", "{}");
}

static void test_from_list(void **state)
{
    struct intake_job *j;

    (void)state;
    w.options.each_contact = two_contacts;
    world_restart(&w);
    world_put(&w, "drop/a.job", JOB("from_list = \"vip\";"));
    intake_scan_jobs(w.intake);
    j = (struct intake_job *)(void *)world_letters(&w);
    assert_non_null(j);
    assert_int_equal(j->row.recipients, 2);
    free(j);
}

static void test_stop_leaves_the_input(void **state)
{
    (void)state;
    world_put(&w, "drop/list.csv", "email\na@b.kr\n");
    world_put(&w, "drop/a.job", JOB("recipients = \"list.csv\";"));
    atomic_store(&w.intake->stop, true);
    intake_scan_jobs(w.intake);
    assert_true(world_has(&w, "drop/a.job"));
    assert_true(world_has(&w, "drop/list.csv"));
    assert_int_equal(accepted_count(), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_good_job),
        T(test_bad_rows_and_duplicates),
        T(test_refused),
        T(test_all_problems_at_once),
        T(test_template_problems_come_along),
        T(test_too_many_bad_rows_keeps_rejected),
        T(test_id_seen_before),
        T(test_accepted_job_moved_back),
        T(test_two_jobs_one_list),
        T(test_same_name_again),
        T(test_ignored_names),
        T(test_strange_files),
        T(test_strange_lists),
        T(test_unreadable),
        T(test_huge_job_file),
        T(test_huge_row_and_list),
        T(test_truncated_gzip),
        T(test_still_being_written),
        T(test_disk_full),
        T(test_disk_fills_up),
        T(test_names),
        T(test_unparsable_takes_its_list_along),
        T(test_cp949_rows),
        T(test_from_list),
        T(test_stop_leaves_the_input),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
