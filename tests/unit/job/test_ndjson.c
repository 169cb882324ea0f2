#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "ndjson.h"

static const struct {
    const char *line, *vars, *email_or_why; /* vars NULL: refused */
} row[] = {
    {"{\"email\":\"a@b.kr\"}", "{\"email\":\"a@b.kr\"}", "a@b.kr"},
    {" { \"email\" : \"a@b.kr\" , \"n\" : [ 1 , 2.50 , { } ] } ",
     "{\"email\":\"a@b.kr\",\"n\":[1,2.50,{}]}", "a@b.kr"},
    {"{\"email\":\"a@b.kr\",\"t\":\"x \\\" y\\\\\", \"u\":\" \"}",
     "{\"email\":\"a@b.kr\",\"t\":\"x \\\" y\\\\\",\"u\":\" \"}", "a@b.kr"},
    {"{\"email\":\"\\u0061@b.kr\"}", "{\"email\":\"\\u0061@b.kr\"}", "a@b.kr"},
    {"{\"email\":\"a@b.kr\",\"id\":123456789012345678901234567890,\"p\":19900.00}",
     "{\"email\":\"a@b.kr\",\"id\":123456789012345678901234567890,\"p\":19900.00}", "a@b.kr"},
    {"{\"email\":\"a@b.kr\",\"x\":[[[[1]]]]}", NULL, "nested too deeply"},
    {"{\"email\":\"a@b.kr\",\"x\":\"[[[[[[\"}", "{\"email\":\"a@b.kr\",\"x\":\"[[[[[[\"}",
     "a@b.kr"},
    {"[\"a@b.kr\"]", NULL, "not a JSON object"},
    {"{\"mail\":\"a@b.kr\"}", NULL, "no \"email\""},
    {"{\"email\":1}", NULL, "not a string"},
    {"{\"email\":\"a@b.kr\"", NULL, "not valid JSON"},
    {"{\"email\":\"a@b.kr\"} x", NULL, "not valid JSON"},
    {"{\"email\":\"a@b.kr\",\"email\":\"c@d.kr\"}", NULL, "not valid JSON"},
    {"{\"email\":\"a@b.kr\\u0000\"}", NULL, "not valid JSON"},
    {"{\"email\":\"a@b.kr\",\"x\":1e999}", NULL, "not valid JSON"},
    {"{'email':'a@b.kr'}", NULL, "not valid JSON"},
    {"nonsense", NULL, "not valid JSON"},
};

static void test_rows(void **state)
{
    struct buf vars, email;

    (void)state;
    buf_init(&vars, 1000);
    buf_init(&email, 1000);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char why[160] = "";
        bool ok = ndjson_take(str_of(row[i].line), 4, &vars, &email, why, sizeof why);

        if (ok != (row[i].vars != NULL))
            fail_msg("%s: %s", row[i].line, ok ? "taken" : why);
        if (ok) {
            assert_string_equal(vars.data, row[i].vars);
            assert_string_equal(email.data, row[i].email_or_why);
        } else if (!strstr(why, row[i].email_or_why)) {
            fail_msg("%s: %s", row[i].line, why);
        }
    }
    buf_done(&vars);
    buf_done(&email);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
