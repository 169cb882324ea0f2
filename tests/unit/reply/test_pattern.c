#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "index.h"
#include "pattern.h"

static void makes_words(void **state)
{
    static const struct {
        const char *text;
        int code;
        const char *want;
    } rows[] = {
        {"No such user!", 550, "no such user"},
        {"<kim@mail.example>: User unknown", 550, "@ user unknown"},
        {"doesn't", 550, "doesnt"},
        {"doesn\xe2\x80\x99t", 550, "doesnt"},
        {"Your E-Mail was", 550, "your email was"},
        {"the mail", 550, "the mail"},
        {"listed at zen.lists.example, see http://lists.example/q?ip=192.0.2.7", 554,
         "listed at zen.lists.example see http lists.example q ip #"},
        {"please 550-5.1.1 double-check the 550 5.1.1 spelling", 550,
         "please double check the spelling"},
        {"554 is not this code", 550, "554 is not this code"},
        {"over-quota (#5.2.2)", 552, "over quota"},
        {"not here...kim@mail.example", 550, "not here @"},
        {"user_unknown", 550, "user unknown"},
        {"  a ,, b  ", 550, "a b"},
        {"", 550, ""},
        {"사용자가 없습니다.", 550, "사용자가 없습니다"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct words w;

        words_of(&w, str_of(rows[i].text), rows[i].code);
        assert_string_equal(w.text, rows[i].want);
        assert_int_equal(w.n, strlen(w.text));
    }
}

static void words_never_outgrow_their_array(void **state)
{
    static char text[4000];
    struct words w;

    (void)state;
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = i % 7 ? 'a' : i % 2 ? ' ' : '@';
    words_of(&w, str_of(text), 550);
    assert_true(w.n < sizeof w.text);
    memset(text, 'x', sizeof text - 1);
    words_of(&w, str_of(text), 550);
    assert_true(w.n < sizeof w.text);
}

static void matches(void **state)
{
    static const struct {
        const char *pattern, *words;
        bool want;
    } rows[] = {
        {"user unknown", "user unknown", true},
        {"user unknown", "the user unknown here", true},
        {"user unknown", "superuser unknown", false},
        {"user unknown", "user unknownst", false},
        {"a|b", "c b", true},
        {"a|b", "ab", false},
        {"(no|not) such user", "no such user", true},
        {"(no|not) such user", "not such user", true},
        {"(is |)full", "is full", true},
        {"(is |)full", "full", true},
        {"box (is |)full", "box full", true},
        {"spam*", "spammers here", true},
        {"spam*", "antispam", false},
        {"*spam*", "antispam", true},
        {"*list*", "blocklisted", true},
        {"mailbox~full", "mailbox full", true},
        {"mailbox~full", "mailbox one two three four full", true},
        {"mailbox~full", "mailbox one two three four five full", false},
        {"mailbox~full", "mailboxfull", false},
        {"a*b", "a something b", true},
        {"(a|b)~(c|d)", "x b y d", true},
        {"((a|b) c|d)", "b c", true},
        {"((a|b) c|d)", "b d", true},
        {"((a|b) c|d) e", "b d", false},
        {"{mailbox} x", "mail box x", true},
        {"{mailbox} x", "inbox x", true},
        {"*없는*", "그런 사용자는없는데요", true},
        {"a", "", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(pattern_matches(rows[i].pattern, rows[i].words), rows[i].want);
}

static bool any_row(const struct rule *r, const void *context)
{
    (void)context;
    return r->text != NULL;
}

/* The index is an optimisation: it must find the row that trying all of them in order finds. */
static void index_finds_what_a_plain_search_finds(void **state)
{
    static const char *const texts[] = {
        "no such user here",
        "@ user unknown",
        "mailbox is full",
        "over quota",
        "greylisted for a while",
        "# is listed at zen.lists.example",
        "rusr # no such user",
        "relaying denied",
        "dmarc policy of example",
        "please try again later",
        "the sky is blue",
        "message too big",
        "too many connections from #",
        "this looks like spam",
        "휴면 계정입니다",
        "reverse dns missing",
        "account disabled",
        "syntax error",
        "host unknown",
        "loop detected",
        "recipient address rejected access denied",
        "blocked",
        "rejected",
    };
    const struct rules *lists[] = {&rules_receivers, &rules_texts, &rules_codes};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const struct rule *want = NULL;

        for (size_t l = 0; l < 3 && !want; l++) {
            for (size_t k = 0; k < lists[l]->count && !want; k++) {
                const struct rule *r = &lists[l]->row[k];

                if (r->text && pattern_matches(r->text, texts[i]))
                    want = r;
            }
        }
        assert_ptr_equal(index_find(texts[i], any_row, NULL), want);
    }
}

static void rows_are_well_formed(void **state)
{
    const struct rules *lists[] = {&rules_receivers, &rules_texts, &rules_codes};

    (void)state;
    for (size_t l = 0; l < 3; l++) {
        for (size_t k = 0; k < lists[l]->count; k++) {
            const struct rule *r = &lists[l]->row[k];
            size_t depth = 0;

            assert_true(r->name && *r->name && strlen(r->name) < 48);
            assert_true(r->category > CAT_OK && r->category < CATEGORIES);
            assert_true(r->text || r->provider || r->code || r->enhanced || r->phases);
            for (const char *p = r->text; p && *p; p++) {
                assert_false(*p >= 'A' && *p <= 'Z');     /* words are lower case */
                assert_false(strchr("<>,;:!?/\"'_", *p)); /* and without punctuation */
                depth += *p == '(';
                depth -= *p == ')';
                assert_true(depth < 4);
            }
            assert_int_equal(depth, 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_words),
        cmocka_unit_test(words_never_outgrow_their_array),
        cmocka_unit_test(matches),
        cmocka_unit_test(index_finds_what_a_plain_search_finds),
        cmocka_unit_test(rows_are_well_formed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
