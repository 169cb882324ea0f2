/* Messages as programs save them; they are the corpus of the fuzz target too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gmime/gmime.h>
#include <sluice/base/must.h>
#include <sluice/eml/eml.h>

#define MESSAGES SLUICE_SRC "/tests/fuzz/corpus/eml_read/"
#define FILES_MAX 6

static char *load(const char *name, size_t *n)
{
    char *path = mem_printf("%s%s", MESSAGES, name);
    char *bytes = mem_new(1 << 20);
    FILE *f = fopen(path, "rb");

    assert_non_null(f);
    *n = fread(bytes, 1, 1 << 20, f);
    fclose(f);
    free(path);
    return bytes;
}

struct file {
    const char *name, *holds;
};
struct message {
    const char *name;
    const char *said; /* what problems and warnings come to */
    struct file file[FILES_MAX];
};

static const struct message messages[] = {
    {"outlook",
     "outlook: warning: header fields of the message that are not used: Reply-To; what shall be "
     "sent stands in the job\n",
     {{"subject.txt", "(광고) 똠방각하 {{name}}님, 봄 세일"},
      {"text.txt", "{{name|고객}}님, 뷁 안녕하세요\n"},
      {"html.html",
       "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; "
       "charset=utf-8\"></head>\n"
       "<body><p>{{name|고객}}님, 뷁 안녕하세요</p>\n"
       "<img src=\"images/image001.png\" alt=\"로고\">\n"
       "{{#points >= 1000}}<a href=\"https://shop.example/?id={{id|url}}\">{{& label}}</a>"
       "{{/points >= 1000}}</body></html>"},
      {"images/image001.png", "\x89PNG\r\n\x1a\n"},
      {"attachments/봄 세일 안내.pdf", "%PDF-1.4\n1 0 obj\n"}}},
    {"gmail",
     "gmail:65: warning: an invitation (text/calendar) is left out\n"
     "gmail: warning: header fields of the message that are not used: List-Unsubscribe, "
     "X-Campaign; what shall be sent stands in the job\n",
     {{"subject.txt", "봄 소식 {{month}}월호"},
      {"text.txt", "안녕하세요 {{name|고객}}님, 오늘도 좋은 하루 보내세요. "
                   "{{#is_vip}}특별 회원{{/is_vip}} 이시군요.\n"},
      {"html.html", "<div dir=\"ltr\">안녕하세요 {{name|고객}}님, 오늘도 좋은 하루 보내세요. "
                    "{{#is_vip}}특별 회원{{/is_vip}} 이시군요.</div>\n"}}},
    {"naver",
     "",
     {{"subject.txt", "=봄날 소식 {{name}}="},
      {"html.html", "<p>{{name}}님, 봄날입니다</p>"},
      {"attachments/봄 세일.xlsx", "PK\x03\x04xlsx"},
      {"attachments/x __y__.gif", "GIF89a"}}},
    {"thunderbird",
     "",
     {{"subject.txt", "봄 소식 and more"},
      {"text.txt", "{{name|고객}}님, 이 줄은 길어서 {{#points >= 1000}}나뉘었습니다"
                   "{{/points >= 1000}}.\nFrom here on nothing flows.\n-- \n봄날\n"},
      {"attachments/old message.eml", "Subject: inner\r\nFrom: x@y.example\r\n"
                                      "Content-Type: text/plain\r\n\r\ninner text"},
      {"attachments/notes.txt", "notes\n"},
      {"attachments/notes-2.txt", "more\n"}}},
    {"images",
     "",
     {{"subject.txt", "x"},
      {"html.html", "<img src='images/로고_1.png'><img src=\"images/image.jpg\">"
                    "<div style=\"background:url(&quot;images/로고_1-2.png&quot;)\"> acid:base"},
      {"images/로고_1.png", "A"},
      {"images/image.jpg", "B"},
      {"images/로고_1-2.png", "C"},
      {"attachments/e.png", "D"}}},
    {"iso-2022-kr",
     "",
     {{"subject.txt", "봄날봄날"}, {"text.txt", "{{name}} 한글\nsecond 가 line\n"}}},
    {"no-charset-cp949", "", {{"subject.txt", "plain"}, {"text.txt", "똠 한글 {{name}}\n"}}},
    {"no-charset-utf-8", "", {{"subject.txt", "plain"}, {"text.txt", "한글 {{name}}\n"}}},
    {"signed",
     "signed:9: warning: the signature of a message does not hold for another; it is left out\n",
     {{"subject.txt", "x"}, {"html.html", "<p>{{{x}}}</p>"}}},
    {"truncated",
     "",
     {{"subject.txt", "x"}, {"text.txt", "text"}, {"attachments/attachment.png", "\x89PN"}}},
    {"missing-image",
     "missing-image: warning: the HTML shows cid:a@b, which is no part of it\n"
     "missing-image: warning: the HTML shows cid:none@x, which is no part of it\n"
     "missing-image: warning: the HTML shows cid:a@b, which is no part of it\n",
     {{"subject.txt", "x"},
      {"html.html", "<img src='cid:a%40b'><img src=\"cid:none@x\"> acid:base "
                    "<div style=\"background:url(cid:a@b)\">\n"}}},
    {"broken-text",
     "broken-text:2: the text says that it is utf-8, but it is not, and it is no UTF-8 either\n",
     {{0}}},
    {"encrypted",
     "encrypted:2: it is encrypted or signed as a whole (S/MIME); save it without that\n",
     {{0}}},
};
#define MESSAGE_COUNT (sizeof messages / sizeof *messages)

static void check_files(const struct message *m, const struct part_files *got)
{
    size_t n = 0;

    while (n < FILES_MAX && m->file[n].name) {
        const struct part_file *f = part_files_find(got, m->file[n].name);

        if (!f || f->n < strlen(m->file[n].holds))
            print_message("%s: %s\n", m->name, m->file[n].name);
        assert_non_null(f);
        /* Of binary files only the beginning is in the table. */
        assert_true(f->n >= strlen(m->file[n].holds));
        assert_string_equal(strstr(m->file[n].name, ".txt") || strstr(m->file[n].name, ".html")
                                ? f->text
                                : m->file[n].holds,
                            m->file[n].holds);
        assert_memory_equal(f->text, m->file[n].holds, strlen(m->file[n].holds));
        n++;
    }
    assert_int_equal(got->count, n);
}

static bool read_bytes(const char *name, struct str bytes, struct part_files *out, struct buf *said)
{
    struct problems p;
    bool is_fine;

    problems_init(&p);
    is_fine = eml_read(bytes, name, out, &p);
    MUST(is_fine == (p.errors == 0));
    problems_format(&p, said);
    problems_done(&p);
    return is_fine;
}

static void saved_messages(void **state)
{
    (void)state;
    for (size_t i = 0; i < MESSAGE_COUNT; i++) {
        struct part_files got = {0};
        struct buf said;
        size_t n;
        char *bytes = load(messages[i].name, &n);

        buf_init(&said, 10000);
        assert_int_equal(read_bytes(messages[i].name, str_n(bytes, n), &got, &said),
                         messages[i].file[0].name != NULL);
        assert_string_equal(said.data, messages[i].said);
        check_files(&messages[i], &got);
        part_files_done(&got);
        buf_done(&said);
        free(bytes);
    }
}

static void *read_all(void *unused)
{
    (void)unused;
    for (size_t i = 0; i < MESSAGE_COUNT; i++) {
        struct part_files got = {0};
        struct buf said;
        size_t n;
        char *bytes = load(messages[i].name, &n);

        buf_init(&said, 10000);
        read_bytes(messages[i].name, str_n(bytes, n), &got, &said);
        MUST(strcmp(said.data, messages[i].said) == 0);
        part_files_done(&got);
        buf_done(&said);
        free(bytes);
    }
    return NULL;
}

/* The first of all reads is one of these. */
static void several_threads(void **state)
{
    pthread_t thread[4];

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, read_all, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
}

static void refused(struct str bytes, const char *why)
{
    struct part_files got = {0};
    struct buf said;

    buf_init(&said, 10000);
    assert_false(read_bytes("m", bytes, &got, &said));
    if (!strstr(said.data, why))
        print_message("%s\n", said.data);
    assert_non_null(strstr(said.data, why));
    assert_int_equal(got.count, 0);
    part_files_done(&got);
    buf_done(&said);
}

static void what_is_no_message(void **state)
{
    (void)state;
    refused(str_of(""), "m:1: this is no saved message");
    refused(str_of("\n\n\n"), "no saved message");
    refused(str_of("<html></html>"), "m:1: this is no saved message");
    refused(str_of("From x y z\nnot a field\n"), "m:2: this is no saved message");
    refused(str_n("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8), "save the message as .eml");
    refused(str_of("Subject: x\nContent-Type: application/pdf\n\nx\n"), "neither a text nor HTML");
    refused(str_of("Subject: =?utf-8?B?7Q==?=\n\nx\n"), "m:1: the subject cannot be read");
    refused(str_of("Content-Type: text/plain; charset=utf-7\n\n\xff\n"), "'utf-7' is not known");
    refused(str_n("A: b\n\nx\0y", 9), "zero byte");
}

/* A message of `n` pieces between a beginning and an end. */
static void refused_many(const char *start, const char *piece, size_t n, const char *end,
                         const char *why)
{
    struct buf text;

    buf_init(&text, 2 * EML_MAX_BYTES);
    buf_puts(&text, start);
    for (size_t i = 0; i < n; i++)
        buf_puts(&text, piece);
    buf_puts(&text, end);
    refused(str_n(text.data, text.len), why);
    buf_done(&text);
}

static void what_is_too_much(void **state)
{
    struct buf text;

    (void)state;
    refused_many("", "A: b\n", 1001, "\nx\n", "more than 1000 lines");
    refused_many("A: b\n\n", "x\n", 1000001, "", "too many lines");
    refused_many("Content-Type: multipart/mixed; boundary=b\n\n", "--b\n\nx\n", 100, "--b--\n",
                 "more than 100 parts");
    refused_many("Content-Type: multipart/mixed; boundary=b\n\n", "--b\n\nx\n", 10001, "--b--\n",
                 "begin with --");
    refused_many("A: b\n\n", "0123456789012345678901234567890123456789012345678901234567890123\n",
                 520000, "", "larger than 32 MB");
    refused_many("A: b\n\n", "0123456789012345678901234567890123456789012345678901234567890123\n",
                 70000, "", "text of more than 4 MB");
    refused_many("Content-Type: text/plain", ";a=b", 7000000, "\n\nx\n",
                 "field of more than 64 KB");
    refused_many("A: b\n", "\tc\n", 40000, "\nx\n", "field of more than 64 KB");
    refused_many("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain",
                 ";a=b\n\t", 20000, "\n\nx\n--b--\n", "field of more than 64 KB");
    refused_many("Content-Type: message/rfc822\n\nReply-To : a@b", ", c d", 20000, "\n\nx\n",
                 "field of more than 64 KB");
    refused_many(
        "Content-Type: multipart/mixed; boundary=b\n\n",
        "--b\nContent-Type: text/plain; a=b; c=d; e=f; g=h; i=j; k=l; m=n; o=p; q=r; s=t; u=v; "
        "w=x; y=z; a=b; c=d; e=f; g=h; i=j; k=l; m=n; o=p; q=r; s=t; u=v; w=x; y=z\n\nx\n",
        8000, "--b--\n", "larger than 256 KB together");
    refused_many("To: ", "a:", 30000, "\n\nx\n", "more than 100 colons");
    refused_many("Content-Type: message/rfc822\n\nCc: x", ",\n a:", 200, "\n\nx\n",
                 "more than 100 colons");
    buf_init(&text, 100000);
    for (int i = 0; i < 30; i++)
        buf_printf(&text, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
    refused(str_n(text.data, text.len), "more than 20 deep");
    buf_done(&text);
}

static void subjects_are_one_line(void **state)
{
    static const struct {
        const char *header, *want; /* NULL: no file */
    } rows[] = {
        {"Subject: a\r\n b\r\n", "a b"},
        {"Subject: =?utf-8?B?YQ0KQmNjOiB4AGI=?=\r\n", "a  Bcc: x b"},
        {"subject:x\r\n", "x"},
        {"Subject: \r\n", NULL},
        {"From: a@b.example\r\n", NULL},
        {"Subject: {{a}}\xea\xb0\x80\r\n", "{{a}}가"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *bytes = mem_printf("%s\r\nbody\r\n", rows[i].header);
        struct part_files got = {0};
        const struct part_file *f;
        struct buf said;

        buf_init(&said, 1000);
        assert_true(read_bytes("m", str_of(bytes), &got, &said));
        f = part_files_find(&got, "subject.txt");
        assert_int_equal(f != NULL, rows[i].want != NULL);
        if (f)
            assert_string_equal(f->text, rows[i].want);
        assert_string_equal(part_files_find(&got, "text.txt")->text, "body\n");
        part_files_done(&got);
        buf_done(&said);
        free(bytes);
    }
}

static int end_gmime(void **state)
{
    (void)state;
    g_mime_shutdown();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_threads),       cmocka_unit_test(saved_messages),
        cmocka_unit_test(what_is_no_message),    cmocka_unit_test(what_is_too_much),
        cmocka_unit_test(subjects_are_one_line),
    };

    return cmocka_run_group_tests(tests, NULL, end_gmime);
}
