#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <sluice/base/buf.h>
#include <sluice/base/json_view.h>
#include <sluice/base/utf8.h>

static struct json_view view(const char *text)
{
    return json_view_of(text, strlen(text));
}

static void kinds(void **state)
{
    static const struct {
        const char *text;
        enum json_kind kind;
        size_t n;
    } rows[] = {
        {"null", JSON_VIEW_NULL, 4},
        {" true ", JSON_VIEW_TRUE, 4},
        {"false,", JSON_VIEW_FALSE, 5},
        {"0", JSON_VIEW_NUMBER, 1},
        {"-12.5e+3]", JSON_VIEW_NUMBER, 8},
        {"\"a\\\"b\"x", JSON_VIEW_STRING, 6},
        {"{\"a\":[1,{}]}x", JSON_VIEW_OBJECT, 12},
        {"[\"]\"]", JSON_VIEW_ARRAY, 5},
        {"", JSON_VIEW_NONE, 0},
        {"  ", JSON_VIEW_NONE, 0},
        {"nul", JSON_VIEW_NONE, 0},
        {"nullx", JSON_VIEW_NONE, 0},
        {"01", JSON_VIEW_NONE, 0},
        {"-", JSON_VIEW_NONE, 0},
        {"1.", JSON_VIEW_NONE, 0},
        {".5", JSON_VIEW_NONE, 0},
        {"1e", JSON_VIEW_NONE, 0},
        {"1e+", JSON_VIEW_NONE, 0},
        {"+1", JSON_VIEW_NONE, 0},
        {"12abc", JSON_VIEW_NONE, 0},
        {"\"abc", JSON_VIEW_NONE, 0},
        {"\"abc\\", JSON_VIEW_NONE, 0},
        {"\"abc\\\"", JSON_VIEW_NONE, 0},
        {"\"a\nb\"", JSON_VIEW_NONE, 0},
        {"[1", JSON_VIEW_NONE, 0},
        {"[}", JSON_VIEW_NONE, 0},
        {"{\"a\":[}]", JSON_VIEW_NONE, 0},
        {"]", JSON_VIEW_NONE, 0},
        {"}", JSON_VIEW_NONE, 0},
        {",", JSON_VIEW_NONE, 0},
        {"'a'", JSON_VIEW_NONE, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct json_view v = view(rows[i].text);

        if (v.kind != rows[i].kind || v.n != rows[i].n)
            fail_msg("%s: kind %d, %zu bytes", rows[i].text, (int)v.kind, v.n);
    }
    assert_int_equal(json_view_of(NULL, 0).kind, JSON_VIEW_NONE);
}

static void keys(void **state)
{
    static const struct {
        const char *text, *key, *want; /* NULL: missing */
    } rows[] = {
        {"{\"name\":\"홍길동\",\"n\":1}", "name", "홍길동"},
        {"{\"name\":\"홍길동\",\"n\":1}", "n", "1"},
        {"{\"name\":\"x\"}", "nam", NULL},
        {"{\"name\":\"x\"}", "names", NULL},
        {" { \"a\" : 1 , \"b\" : true } ", "b", "true"},
        {"{\"a\":1,\"a\":2}", "a", "1"},
        {"{\"n\\u0061me\":\"x\"}", "name", "x"},
        {"{\"q\\\"\":\"x\"}", "q\"", "x"},
        {"{\"q\\\"\":\"x\"}", "q", NULL},
        {"{\"\":\"empty\"}", "", "empty"},
        {"{\"o\":{\"a\":1},\"a\":2}", "a", "2"},
        {"{}", "a", NULL},
        {"[1]", "a", NULL},
        {"{\"a\"}", "a", NULL},
        {"{\"a\":}", "a", NULL},
        {"{\"a\":1 \"b\":2}", "b", NULL},
        {"{\"a\":1,}", "b", NULL},
        {"{,\"b\":2}", "b", NULL},
        {"{b:2}", "b", NULL},
        {"{\"a\":bad,\"b\":2}", "b", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct json_view out;
        struct buf text;
        bool found = json_view_key(view(rows[i].text), str_of(rows[i].key), &out);

        if (found != (rows[i].want != NULL))
            fail_msg("%s: %s", rows[i].text, rows[i].key);
        if (!found) {
            assert_int_equal(out.kind, JSON_VIEW_NONE);
            continue;
        }
        buf_init(&text, 100);
        json_view_text(out, &text);
        assert_string_equal(text.data, rows[i].want);
        buf_done(&text);
    }
}

static void elements(void **state)
{
    static const struct {
        const char *text;
        size_t count;
        const char *last_key;
    } rows[] = {
        {"[]", 0, ""},
        {"[ ]", 0, ""},
        {"{}", 0, ""},
        {"[1]", 1, ""},
        {"[1,[2,3],{}]", 3, ""},
        {" [ 1 , 2 ] ", 2, ""},
        {"[1,]", 1, ""},
        {"[,1]", 0, ""},
        {"[1 2]", 1, ""},
        {"[1,x,3]", 1, ""},
        {"{\"a\":1,\"b\\n\":2}", 2, "b\\n"},
        {"\"[1]\"", 0, ""},
        {"7", 0, ""},
        {"[1", 0, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct json_view v = view(rows[i].text), out;
        struct str key = str_of("");
        size_t at = 0, count = 0;

        while (json_view_each(v, &at, &key, &out))
            count++;
        if (count != rows[i].count)
            fail_msg("%s: %zu", rows[i].text, count);
        assert_true(str_is(key, rows[i].last_key));
        assert_false(json_view_each(v, &at, NULL, &out));
    }
}

static void texts(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"\"\"", ""},
        {"\"a\\\"\\\\\\/\\b\\f\\n\\r\\tz\"", "a\"\\/\b\f\n\r\tz"},
        {"\"\\ud55c\\uAE00\"", "한글"},
        {"\"\\u0041\\u00e9\\ud83d\\ude00\"", "Aé😀"},
        {"\"\\u0000\"", "\xef\xbf\xbd"},
        {"\"\\ud83d\"", "\xef\xbf\xbd"},
        {"\"\\ud83dx\"", "\xef\xbf\xbdx"},
        {"\"\\ud83d\\u0041\"", "\xef\xbf\xbd"
                               "A"},
        {"\"\\ude00\"", "\xef\xbf\xbd"},
        {"\"\\u12\"", "\xef\xbf\xbd"
                      "12"},
        {"\"\\u12g4\"", "\xef\xbf\xbd"
                        "12g4"},
        {"\"\\q\"", "\xef\xbf\xbd"},
        {"-1.50", "-1.50"},
        {"null", "null"},
        {"[1]", ""},
        {"{}", ""},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;

        buf_init(&out, 100);
        json_view_text(view(rows[i].text), &out);
        assert_string_equal(out.data, rows[i].want);
        buf_done(&out);
    }
}

static void nesting_has_a_limit(void **state)
{
    char text[2 * JSON_VIEW_DEPTH_MAX + 4];

    (void)state;
    for (size_t depth = JSON_VIEW_DEPTH_MAX - 1; depth <= JSON_VIEW_DEPTH_MAX + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        assert_int_equal(json_view_of(text, 2 * depth).kind,
                         depth <= JSON_VIEW_DEPTH_MAX ? JSON_VIEW_ARRAY : JSON_VIEW_NONE);
    }
}

static void quotes(void **state)
{
    static const struct {
        const char *text;
        size_t n;
        const char *want;
    } rows[] = {
        {"", 0, "\"\""},
        {"a\"b\\c", 5, "\"a\\\"b\\\\c\""},
        {"\n\r\t\b\f", 5, "\"\\n\\r\\t\\b\\f\""},
        {"\0\x1f", 2, "\"\\u0000\\u001f\""},
        {"한", 3, "\"한\""},
        {"\xff"
         "a\xed\xa0\x80",
         5,
         "\"\xef\xbf\xbd"
         "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xe2\x82", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {"/\x7f", 2, "\"/\x7f\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;

        buf_init(&out, 100);
        json_put_string(&out, str_n(rows[i].text, rows[i].n));
        assert_string_equal(out.data, rows[i].want);
        buf_done(&out);
    }
}

/* Each cut and each changed byte of a good text: the views never leave it (the address sanitizer
 * looks on: the copy has its exact size). */
static void damaged_text(void **state)
{
    static const char good[] = "{\"name\":\"홍\\u00e9\\ud83d\\ude00\",\"items\":[{\"q\":-1.5e3},["
                               "null,true]],\"x\":\"\\n\"}";
    static const char bytes[] = "\"\\{}[],:u0\xff\x00 ";

    (void)state;
    for (size_t n = 0; n < sizeof good; n++) {
        for (size_t k = 0; k < sizeof bytes; k++) {
            char *copy = malloc(n ? n : 1);
            struct json_view found, v;
            struct buf out;
            size_t at = 0;

            assert_non_null(copy);
            memcpy(copy, good, n);
            if (n)
                copy[(n * 7 + k) % n] = bytes[k];
            v = json_view_of(copy, n);
            buf_init(&out, 100);
            json_view_key(v, str_of("x"), &found);
            json_view_text(found, &out);
            while (json_view_each(v, &at, NULL, &found))
                json_view_text(found, &out);
            buf_done(&out);
            free(copy);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds),
        cmocka_unit_test(keys),
        cmocka_unit_test(elements),
        cmocka_unit_test(texts),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(quotes),
        cmocka_unit_test(damaged_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
