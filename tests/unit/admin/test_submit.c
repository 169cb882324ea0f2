/* Another recipients file in a job's text, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "submit.h"

static void test_only_the_name_changes(void **state)
{
    static const struct {
        const char *in, *out; /* NULL: there is no such setting */
    } rows[] = {
        {"recipients = \"a.csv\";", "recipients = \"NEW\";"},
        {"recipients:\"a.csv\"", "recipients:\"NEW\""},
        {"id=\"x\"; recipients=\"a\\\"b\" ; y=1;", "id=\"x\"; recipients=\"NEW\" ; y=1;"},
        {"# recipients = \"no\"\nrecipients = \"a\";",
         "# recipients = \"no\"\nrecipients = \"NEW\";"},
        {"// recipients = \"no\"\nrecipients = \"a\";",
         "// recipients = \"no\"\nrecipients = \"NEW\";"},
        {"/* recipients = \"no\" */ recipients /* c */ = // d\n \"a\";",
         "/* recipients = \"no\" */ recipients /* c */ = // d\n \"NEW\";"},
        /* Strings beside each other are one; lines keep their numbers. */
        {"recipients = \"a\"\n  \"b\";\nid = 1;", "recipients = \"NEW\"\n;\nid = 1;"},
        {"variables = { recipients = \"no\"; };\nrecipients = \"a\";",
         "variables = { recipients = \"no\"; };\nrecipients = \"NEW\";"},
        {"v = ( \"recipients = \\\"x\\\"\" ); recipients = \"a\";",
         "v = ( \"recipients = \\\"x\\\"\" ); recipients = \"NEW\";"},
        {"my-recipients = \"no\"; recipients_x = \"no\"; recipients = \"a\";",
         "my-recipients = \"no\"; recipients_x = \"no\"; recipients = \"NEW\";"},
        {"subject = \"recipients\"; recipients = \"a\";",
         "subject = \"recipients\"; recipients = \"NEW\";"},
        {"id = \"x\";", NULL},
        {"recipients = 5;", NULL},
        {"recipients", NULL},
        {"recipients = ", NULL},
        {"v = { recipients = \"a\"; };", NULL},
        {"/* recipients = \"a\";", NULL},
        {"", NULL},
        {"x = \"\\", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b;
        buf_init(&b, 1000);
        bool found = submission_rename(str_of(rows[i].in), "NEW", &b);
        if (found != (rows[i].out != NULL))
            fail_msg("%s: %s", rows[i].in, b.data);
        if (found)
            assert_string_equal(b.data, rows[i].out);
        buf_done(&b);
    }
}

static void test_the_name_is_escaped(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 1000);
    assert_true(submission_rename(str_of("recipients = \"a\";"), "q\"b\\.csv", &b));
    assert_string_equal(b.data, "recipients = \"q\\\"b\\\\.csv\";");
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_the_name_changes),
        cmocka_unit_test(test_the_name_is_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
