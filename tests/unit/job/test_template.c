/* The files of a template: its folder, a saved message, what is wrong with either. */
#include "world.h"

#include "jobfile_private.h"

static struct world w;
static struct part_files parts;
static struct buf said;

static int setup(void **state)
{
    (void)state;
    world_init(&w);
    buf_init(&said, 100000);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    part_files_done(&parts);
    buf_done(&said);
    world_done(&w);
    return 0;
}

static bool read_template(const char *name)
{
    struct problems p;
    bool ok;

    part_files_done(&parts);
    problems_init(&p);
    ok = template_load(w.settings, name, &parts, "a.job", &p);
    assert_true(ok == (p.errors == 0));
    buf_clear(&said);
    problems_format(&p, &said);
    problems_done(&p);
    return ok;
}

static void says(const char *want)
{
    if (!strstr(said.data, want))
        fail_msg("said is\n%s\nnot\n%s", said.data, want);
}

static void folder(const char *name)
{
    char path[300];

    snprintf(path, sizeof path, "templates/%s", name);
    assert_int_equal(mkdir(world_path(&w, path), 0755), 0);
}

static void put(const char *name, const char *text)
{
    char path[300];

    snprintf(path, sizeof path, "templates/%s", name);
    world_put(&w, path, text);
}

static void test_all_files(void **state)
{
    (void)state;
    folder("all");
    folder("all/images");
    folder("all/attachments");
    folder("all/screenshots");
    put("all/subject.txt", "s");
    put("all/preheader.txt", "p");
    put("all/to.txt", "t");
    put("all/text.txt", "x");
    put("all/html.html", "\xef\xbb\xbf<p>");
    put("all/foot.mustache", "f");
    put("all/template.conf", "missing = \"skip\";");
    put("all/README.md", "r");
    put("all/.text.txt.swp", "x");
    put("all/images/logo.PNG", "l");
    put("all/images/README", "x");
    world_put_n(&w, "templates/all/images/a.webp", "\0\xff\0", 3);
    world_put_n(&w, "templates/all/attachments/이용 안내.pdf", "%PDF\0\xb1", 6);
    put("all/attachments/.hidden", "x");
    assert_true(read_template("all"));
    assert_string_equal(said.data, "");
    assert_int_equal(parts.count, 9);
    assert_string_equal(part_files_find(&parts, "html.html")->text, "<p>");
    assert_int_equal(part_files_find(&parts, "html.html")->n, 3);
    assert_string_equal(part_files_find(&parts, "to.txt")->text, "t");
    assert_string_equal(part_files_find(&parts, "preheader.txt")->text, "p");
    assert_int_equal(part_files_find(&parts, "images/a.webp")->n, 3);
    assert_memory_equal(part_files_find(&parts, "images/a.webp")->text, "\0\xff\0", 3);
    assert_non_null(part_files_find(&parts, "images/logo.PNG"));
    assert_int_equal(part_files_find(&parts, "attachments/이용 안내.pdf")->n, 6);
    assert_null(part_files_find(&parts, "template.conf"));
}

static void test_unused_files(void **state)
{
    (void)state;
    put("hello/Subject.txt", "x");
    put("hello/logo.png", "x");
    put("hello/images", "a file");
    assert_true(read_template("hello"));
    says("hello: warning: not used: Subject.txt, images, logo.png (docs/templates.md");
    for (int i = 0; i < 20; i++) {
        char name[40];

        snprintf(name, sizeof name, "hello/x%02d", i);
        put(name, "x");
    }
    assert_true(read_template("hello"));
    says(", x06 and 13 more (docs");
    folder("pictures");
    folder("pictures/images");
    folder("pictures/images/more.png");
    put("pictures/text.txt", "x");
    put("pictures/images/notes.txt", "x");
    assert_false(read_template("pictures"));
    says("pictures: warning: not used: images/notes.txt (");
    says("pictures/images/more.png: ");
}

static void test_no_text(void **state)
{
    (void)state;
    put("hello/html.html", "a\n\xb1\xe8");
    assert_false(read_template("hello"));
    says("hello/html.html:2: this is not UTF-8 text");
    world_put_n(&w, "templates/hello/html.html", "a\n\n\0", 4);
    assert_false(read_template("hello"));
    says("hello/html.html:3: a zero byte");
}

static void test_names(void **state)
{
    (void)state;
    folder("hello/attachments");
    put("hello/attachments/a\nb.pdf", "x");
    assert_false(read_template("hello"));
    says("hello: a file in attachments has a name that cannot be used: ");
    assert_int_equal(unlink(world_path(&w, "templates/hello/attachments/a\nb.pdf")), 0);
    put("hello/attachments/\xb1\xe8.pdf", "x");
    assert_false(read_template("hello"));
    says("cannot be used: it is not UTF-8");
}

static void test_bare(void **state)
{
    (void)state;
    folder("bare");
    assert_false(read_template("bare"));
    says("a.job: template: no body in it (got \"bare\", allowed: text.txt, html.html, or both)");
    assert_false(read_template("hallo"));
    says("a.job: template: no such template (got \"hallo\"); did you mean \"hello\"?");
    assert_false(read_template("x.eml"));
    says("no such template (got \"x.eml\"");
}

/* Links inside are for the convenience of who writes templates; others would mail /etc/passwd. */
static void test_links(void **state)
{
    (void)state;
    world_put(&w, "secret", "secret");
    assert_int_equal(symlink("text.txt", world_path(&w, "templates/hello/html.html")), 0);
    assert_true(read_template("hello"));
    assert_string_equal(part_files_find(&parts, "html.html")->text, "Dear {{name}}\n");
    assert_int_equal(unlink(world_path(&w, "templates/hello/html.html")), 0);
    assert_int_equal(symlink("../../secret", world_path(&w, "templates/hello/html.html")), 0);
    assert_false(read_template("hello"));
    says("hello/html.html: a symbolic link that leads nowhere, or out of the template's folder");
    assert_int_equal(unlink(world_path(&w, "templates/hello/html.html")), 0);
    assert_int_equal(symlink(w.dir, world_path(&w, "templates/hello/attachments")), 0);
    assert_false(read_template("hello"));
    says("hello/attachments/secret: a symbolic link");
    assert_int_equal(unlink(world_path(&w, "templates/hello/attachments")), 0);
    /* The folder itself may lie anywhere. */
    assert_int_equal(rename(world_path(&w, "templates/hello"), world_path(&w, "elsewhere")), 0);
    assert_int_equal(symlink("../elsewhere", world_path(&w, "templates/hello")), 0);
    assert_true(read_template("hello"));
    assert_int_equal(symlink("../secret", world_path(&w, "templates/secret.eml")), 0);
    assert_false(read_template("secret.eml"));
    says("secret.eml: a symbolic link");
}

static void test_caps(void **state)
{
    static char large[70000];
    char name[60];

    (void)state;
    memset(large, 'x', sizeof large - 1);
    w.settings->caps.template_bytes = 65536;
    w.settings->caps.template_total_bytes = 150000;
    put("hello/html.html", large);
    assert_false(read_template("hello"));
    says("hello/html.html: ");
    says("65536");
    put("hello/html.html", "x");
    folder("hello/images");
    large[50000] = '\0';
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "hello/images/%d.png", i);
        put(name, large);
    }
    assert_false(read_template("hello"));
    says("hello: its files are larger than 150000 bytes together (caps.template_total_bytes)\n");
    assert_null(strstr(strstr(said.data, "larger") + 1, "larger")); /* once */
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "hello/images/%d.png", i);
        put(name, "x");
    }
    assert_false(read_template("hello"));
    says("hello: too many files (allowed: 100)\n");
    for (int i = 0; i < 1001; i++) {
        snprintf(name, sizeof name, "hello/y%d", i);
        put(name, "x");
    }
    assert_false(read_template("hello"));
    says("hello: too many files in the folder (got 10");
}

#define MESSAGE                                                                                    \
    "Subject: Hi {{name}}\r\nFrom: a@b.example\r\nMIME-Version: 1.0\r\n"                           \
    "Content-Type: text/plain; charset=utf-8\r\n\r\nDear {{name}}\r\n"

static void test_saved_message(void **state)
{
    (void)state;
    put("saved.eml", MESSAGE);
    assert_true(read_template("saved.eml"));
    assert_non_null(strstr(part_files_find(&parts, "subject.txt")->text, "Hi {{name}}"));
    assert_non_null(strstr(part_files_find(&parts, "text.txt")->text, "Dear {{name}}"));
    folder("folder");
    put("folder/message.eml", MESSAGE);
    put("folder/to.txt", "{{name}}");
    put("folder/template.conf", "");
    assert_true(read_template("folder"));
    assert_non_null(strstr(part_files_find(&parts, "text.txt")->text, "Dear {{name}}"));
    assert_non_null(part_files_find(&parts, "to.txt"));
    put("folder/html.html", "x");
    put("folder/subject.txt", "x");
    assert_false(read_template("folder"));
    says("folder: message.eml and subject.txt lie side by side: only one can be meant");
    says("folder: message.eml and html.html lie side by side: only one can be meant");
    folder("folder.eml");
    put("folder.eml/text.txt", "x");
    assert_true(read_template("folder.eml"));
    w.settings->caps.template_total_bytes = 20;
    assert_false(read_template("saved.eml"));
    says("saved.eml: its files are larger than 20 bytes together");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unused_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_text, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bare, setup, teardown),
        cmocka_unit_test_setup_teardown(test_links, setup, teardown),
        cmocka_unit_test_setup_teardown(test_caps, setup, teardown),
        cmocka_unit_test_setup_teardown(test_saved_message, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
