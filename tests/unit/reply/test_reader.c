#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <sluice/base/utf8.h>
#include <sluice/reply/reply.h>

#include "enhanced.h"

/* Lines are separated by '\n'; the reply must be complete at the last one, and not before. */
static void reads_replies(void **state)
{
    static const struct {
        const char *lines;
        int code;
        const char *enhanced, *text;
    } rows[] = {
        {"250 ok", 250, "", "ok"},
        {"250", 250, "", ""},
        {"250 ", 250, "", ""},
        {"250\tok", 250, "", "ok"},
        {"250 ok\r\n", 250, "", "ok"},
        {"250 2.1.5 fine", 250, "2.1.5", "fine"},
        {"250-first\n250 second", 250, "", "first second"},
        {"550-5.1.1 no such\n550 5.1.1 user here", 550, "5.1.1", "no such user here"},
        /* the enhanced code on one line only, whichever */
        {"550-5.1.1 no such\n550 user here", 550, "5.1.1", "no such user here"},
        {"550-no such\n550 5.1.1 user here", 550, "5.1.1", "no such user here"},
        /* different ones: the first stands, unless it says nothing */
        {"550-5.7.1 refused\n550 5.2.1 see below", 550, "5.7.1", "refused see below"},
        {"550-5.0.0 refused\n550 5.2.1 see below", 550, "5.2.1", "refused see below"},
        /* codes that differ: the first stands */
        {"450-wait\n451 a little", 450, "", "wait a little"},
        /* text lines without a code inside an open reply */
        {"554-go\naway now\n554 bye", 554, "", "go away now bye"},
        {"554-go\n\n554 bye", 554, "", "go bye"},
        /* decorated codes */
        {"550 #5.1.0 rejected", 550, "5.1.0", "rejected"},
        {"550 (5.1.0) rejected", 550, "5.1.0", "rejected"},
        {"550 5.1.1: rejected", 550, "5.1.1", "rejected"},
        {"550 5.1.1 - rejected", 550, "5.1.1", "rejected"},
        {"550 5.1.1", 550, "5.1.1", ""},
        {"550 5.123.456 x", 550, "5.123.456", "x"},
        /* what only looks like a code */
        {"550 5.1.1.7 is listed", 550, "", "5.1.1.7 is listed"},
        {"550 3.1.1 what", 550, "", "3.1.1 what"},
        {"550 5.1 what", 550, "", "5.1 what"},
        {"550 5.1.1x what", 550, "", "5.1.1x what"},
        /* what is not printable */
        {"550 a\001\002b\tc   d", 550, "", "a b c d"},
        {"550 a\x1b[31mred", 550, "", "a [31mred"},
        {"550 \xec\x82\xac\xec\x9a\xa9\xec\x9e\x90", 550, "",
         "\xec\x82\xac\xec\x9a\xa9\xec\x9e\x90"},
        {"550 \xbb\xe7\xbf\xeb\xc0\xda no", 550, "", "\xef\xbf\xbd no"}, /* EUC-KR */
        {"550 a\xe2\x80\xae"
         "b",
         550, "", "a b"}, /* turns the direction */
        {"550 a\xc2\x85"
         "b",
         550, "", "a b"}, /* C1 control */
        {"550 a\xe2\x80\xa8"
         "b",
         550, "", "a b"}, /* line separator */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct reply_reader r;
        const char *at = rows[i].lines;
        bool done = false;

        reply_reader_init(&r);
        while (*at) {
            size_t n = strcspn(at, "\n");

            assert_false(done);
            n +=
                at[n] == '\n' && at[n + 1] == '\0'; /* a line end that is handed over is fine too */
            done = reply_reader_line(&r, at, n);
            at += n + (at[n] == '\n');
        }
        assert_true(done);
        assert_int_equal(r.reply.code, rows[i].code);
        assert_string_equal(r.reply.enhanced, rows[i].enhanced);
        assert_string_equal(r.reply.text, rows[i].text);
    }
}

static void drops_what_is_no_reply(void **state)
{
    static const char *const lines[] = {"",        "hello",          "25",     "2500 x", "199 x",
                                        "600 x",   "25x x",          " 250 x", "250x",   "-250 x",
                                        "5.1.1 x", "\xff\xff\xff x", "250.x"};

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct reply_reader r;

        reply_reader_init(&r);
        assert_false(reply_reader_line(&r, lines[i], strlen(lines[i])));
        assert_false(r.is_open);
        assert_true(reply_reader_line(&r, "250 ok", 6));
        assert_string_equal(r.reply.text, "ok");
    }
}

static void starts_again_after_a_reply(void **state)
{
    struct reply_reader r;

    (void)state;
    reply_reader_init(&r);
    assert_false(reply_reader_line(&r, "550-5.1.1 a", 11));
    assert_true(r.is_open);
    assert_true(reply_reader_line(&r, "550 b", 5));
    assert_false(r.is_open);
    assert_int_equal(r.lines, 2);
    assert_true(reply_reader_line(&r, "250 c", 5));
    assert_string_equal(r.reply.enhanced, "");
    assert_string_equal(r.reply.text, "c");
    assert_int_equal(r.lines, 1);
}

/* However long the reply is, the text is cut between two characters and the end is still found. */
static void keeps_within_its_bounds(void **state)
{
    struct reply_reader r;
    char line[4 + 3 * 300];

    (void)state;
    memcpy(line, "550-", 4);
    for (size_t i = 0; i < 300; i++)
        memcpy(line + 4 + 3 * i, "\xea\xb0\x80", 3);
    for (size_t shift = 0; shift < 3; shift++) {
        reply_reader_init(&r);
        assert_false(reply_reader_line(&r, "550-xx", 4 + shift));
        for (size_t i = 0; i < 1000; i++)
            assert_false(reply_reader_line(&r, line, sizeof line));
        assert_true(reply_reader_line(&r, "550 end", 7));
        assert_true(strlen(r.reply.text) < REPLY_TEXT_MAX);
        assert_true(strlen(r.reply.text) > REPLY_TEXT_MAX - 8);
        assert_int_equal(utf8_bad_at(r.reply.text, strlen(r.reply.text)), strlen(r.reply.text));
    }
}

static void finds_codes_in_texts(void **state)
{
    static const struct {
        const char *text;
        int class, subject, detail; /* class 0: none */
    } rows[] = {
        {"sorry, no mailbox here by that name. (#5.1.1)", 5, 1, 1},
        {"host said: 550 5.7.26 go away", 5, 7, 26},
        {"listed: 4.2.1.9", 0, 0, 0},
        {"server 10.5.1.1 refused", 0, 0, 0},
        {"version v5.1.1", 0, 0, 0},
        {"ends with 4.4.7", 4, 4, 7},
        {"ends a sentence with 4.4.7.", 4, 4, 7},
        {"9.9.9", 0, 0, 0},
        {"", 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct enhanced e = {0};

        assert_int_equal(enhanced_find(str_of(rows[i].text), &e), rows[i].class != 0);
        if (!rows[i].class)
            continue;
        assert_int_equal(e.class, rows[i].class);
        assert_int_equal(e.subject, rows[i].subject);
        assert_int_equal(e.detail, rows[i].detail);
    }
    assert_int_equal(enhanced_parse(str_of("5.1.1")).detail, 1);
    assert_int_equal(enhanced_parse(str_of("5.1.1 ")).class, 0);
    assert_int_equal(enhanced_parse(str_of("")).class, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_replies),
        cmocka_unit_test(drops_what_is_no_reply),
        cmocka_unit_test(starts_again_after_a_reply),
        cmocka_unit_test(keeps_within_its_bounds),
        cmocka_unit_test(finds_codes_in_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
