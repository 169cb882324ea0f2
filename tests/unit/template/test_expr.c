/* What may stand in a tag, and what people are told when it may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <sluice/template/expr.h>

/* An expression on one line: name, then filters as kind:text:number, then the comparison. */
static const char *as_text(const struct expr *x)
{
    static char out[1000];
    size_t n = (size_t)snprintf(out, sizeof out, "%.*s", (int)x->name.n, x->name.p);

    for (size_t i = 0; i < x->filters; i++) {
        const struct filter *f = &x->filter[i];

        n += (size_t)snprintf(out + n, sizeof out - n, "|%d:%.*s", (int)f->kind, (int)f->text.n,
                              f->text.p ? f->text.p : "");
        if (f->kind == FILTER_TRUNCATE || f->kind == FILTER_NUMBER)
            n += (size_t)snprintf(out + n, sizeof out - n, "#%u", f->number);
    }
    if (x->compare)
        snprintf(out + n, sizeof out - n, " %d %.*s%s", (int)x->compare, (int)x->right.n,
                 x->right.p, x->right_is_name ? " (name)" : "");
    return out;
}

static void parses(bool (*parse)(struct str, struct expr *, char *), const char *text,
                   const char *want)
{
    struct expr x;
    char why[EXPR_WHY] = "";

    if (!parse(str_of(text), &x, why))
        fail_msg("%s: %s", text, why);
    if (strcmp(as_text(&x), want) != 0)
        fail_msg("%s: %s instead of %s", text, as_text(&x), want);
}

static void refuses(bool (*parse)(struct str, struct expr *, char *), const char *text,
                    const char *want)
{
    struct expr x;
    char why[EXPR_WHY] = "";

    if (parse(str_of(text), &x, why))
        fail_msg("%s is taken: %s", text, as_text(&x));
    if (!strstr(why, want))
        fail_msg("%s: '%s' instead of '%s'", text, why, want);
}

static void values(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"", ""},
        {"name", "name"},
        {" a.b ", "a.b"},
        {"name|고객", "name|0:고객"},
        {"name | 고객 여러분 ", "name|0:고객 여러분"},
        {"name|\" 고객 | 님 \"", "name|0: 고객 | 님 "},
        {"name|\"upper\"", "name|0:upper"},
        {"name|\"\"", "name|0:"},
        {"name|member", "name|0:member"},
        {"name|Dear customer", "name|0:Dear customer"},
        {"name|number one", "name|0:number one"},
        {"name|5\" disk", "name|0:5\" disk"},
        {"name|시간: 열 시", "name|0:시간: 열 시"},
        {"name|(a:b)", "name|0:(a:b)"},
        {"name|1:2", "name|0:1:2"},
        {"name|upper", "name|1:"},
        {"name|\n  upper\n  | lower", "name|1:|2:"},
        {"name|upper|default:\"고객\"", "name|1:|0:고객"},
        {"name|default:고객 여러분 |lower", "name|0:고객 여러분|2:"},
        {"name|default : \"a:b|c\" | lower", "name|0:a:b|c|2:"},
        {"name|default:\"\"", "name|0:"},
        {"name|truncate:20", "name|3:#20"},
        {"name|truncate:\"20\"", "name|3:#20"},
        {"name|truncate : 20", "name|3:#20"},
        {"d|date", "d|4:"},
        {"d|date:\"%Y|%m: %-d\"", "d|4:%Y|%m: %-d"},
        {"d|date:%y%%", "d|4:%y%%"},
        {"n|number", "n|5:#0"},
        {"n|number:0", "n|5:#0"},
        {"n|number:20", "n|5:#20"},
        {"n|won", "n|6:"},
        {"n|url", "n|7:"},
        {"n|a b|url|c d|lower|upper|won|number|url",
         "n|0:a b|7:|0:c d|2:|1:|6:|5:#0|7:"}, /* FILTERS_MAX */
        {"a b", "a b"},                        /* names are not checked here */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        parses(expr_parse_value, rows[i].text, rows[i].want);
}

static void wrong_values(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"name|", "nothing stands behind '|'"},
        {"name||upper", "nothing stands behind '|'"},
        {"name|\n", "nothing stands behind '|'"},
        {"name|\"고객", "the text \"고객 is not closed"},
        {"name|\"고객\"님|upper", "'님|upper' stands behind the closing"},
        {"name|default:\"고객\" 님", "'님' stands behind"},
        {"name|uper", "did you mean 'upper'?"},
        {"name|Upper", "there is no filter 'Upper'; did you mean 'upper'?"},
        {"name|UPPER", "did you mean 'upper'?"},
        {"name|uppercase", "did you mean 'upper'?"},
        {"name|trunc:10", "did you mean 'truncate'?"},
        {"name|trucnate:10", "did you mean 'truncate'?"},
        {"name|defualt:\"고객\"", "did you mean 'default'?"},
        {"name|nubmer", "did you mean 'number'?"},
        {"name|Url", "did you mean 'url'?"},
        {"name|dates:\"%Y\"", "did you mean 'date'?"},
        {"name|link:10", "there is no filter 'link' (there are default, upper, lower, truncate, "
                         "date, number, won, url); a text with a ':' stands in \"\""},
        {"name|https://shop.example/", "there is no filter 'https'"},
        {"name|default", "default is nothing without what stands behind its ':', such as default:"},
        {"name|default:", "default is nothing without"},
        {"name|default: |upper", "default is nothing without"},
        {"name|truncate", "such as truncate:20"},
        {"name|truncate:", "such as truncate:20"},
        {"name|truncate:0", "'truncate:0': truncate takes a number from 1 to 10000"},
        {"name|truncate:20000", "a number from 1 to 10000"},
        {"name|truncate:-1", "a number from 1 to 10000"},
        {"name|truncate:ten", "a number from 1 to 10000"},
        {"name|truncate:\"\"", "a number from 1 to 10000"},
        {"name|truncate:99999999999999999999", "a number from 1 to 10000"},
        {"name|number:21", "'number:21': number takes a number from 0 to 20"},
        {"name|number:", "such as number:2"},
        {"name|upper:1", "'upper:1': upper takes nothing behind it"},
        {"name|won:", "won takes nothing behind it"},
        {"name|url:\"x\"", "url takes nothing behind it"},
        {"d|date:", "date is nothing without"},
        {"d|date:\"%Y-%B\"", "a date has no '%B': there are %Y"},
        {"d|date:\"%-Y\"", "a date has no '%-Y'"},
        {"d|date:\"100%\"", "a date has no '%'"},
        {"d|date:\"%-\"", "a date has no '%-'"},
        {"d|date:\"%년\"", "a date has no '%'"},
        {"name|&quot;고객&quot;", "an HTML editor has written '&quot;'"},
        {"name|default:&quot;고객&quot;", "an HTML editor has written '&quot;'"},
        {"n|a b|url|c d|lower|upper|won|number|url|url", "more than 8 filters"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refuses(expr_parse_value, rows[i].text, rows[i].want);
}

static void sections(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"", ""},
        {"items", "items"},
        {" a.b ", "a.b"},
        {"wow!", "wow!"},
        {"points >= 1000", "points 6 1000"},
        {"points>=1,000", "points 6 1,000"},
        {"points > -5", "points 5 -5"},
        {"a.b<3.5", "a.b 3 3.5"},
        {". <= 3", ". 4 3"},
        {"grade == \"VIP\"", "grade 1 VIP"},
        {"grade==\" a|b == c \"", "grade 1  a|b == c "},
        {"grade != \"\"", "grade 2 "},
        {"grade == \"a &gt; b\"", "grade 1 a &gt; b"},
        {"이름 == \"홍 길동\"", "이름 1 홍 길동"},
        {"city == home.city", "city 1 home.city (name)"},
        {"vip == true", "vip 1 true"},
        {"vip != false", "vip 2 false"},
        {"wow! != x", "wow! 2 x (name)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        parses(expr_parse_section, rows[i].text, rows[i].want);
}

static void wrong_sections(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"a = 1", "'=' compares nothing; did you mean '=='?"},
        {"a === 1", "did you mean '=='?"},
        {"a => 1", "did you mean '>='?"},
        {"a =< 1", "did you mean '<='?"},
        {"a <> 1", "did you mean '!='?"},
        {"a =! 1", "did you mean '!='?"},
        {"a >>= 1", "'>>=' compares nothing: there are == !="},
        {"a &gt;= 1", "an HTML editor has written '&lt;' or '&gt;'"},
        {"a == &quot;x&quot;", "an HTML editor has written '&quot;'"},
        {"== 1", "a comparison needs a variable before it"},
        {"1000 <= points", "in a comparison the variable stands first"},
        {"\"VIP\" == grade", "in a comparison the variable stands first"},
        {"a ==", "a comparison needs something behind it"},
        {"a == \"x", "is not closed"},
        {"a == \"x\" y", "'y' stands behind the closing"},
        {"a == \"x\" | upper", "a comparison takes no filters"},
        {"a == VIP 고객", "'VIP 고객' is neither a number nor a variable"},
        {"a == 1 && b == 2", "a tag holds one comparison"},
        {"1 < a < 3", "the variable stands first"},
        {"a < b < c", "a tag holds one comparison"},
        {"a == b|upper", "is neither a number nor a variable"},
        {"a|upper", "a section takes no filters"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refuses(expr_parse_section, rows[i].text, rows[i].want);
}

/* Whatever stands in a template, a message is one line of text in whole characters. */
static void messages_stay_texts(void **state)
{
    static const char text[] = "n|\"가가가가가가가가가가가가가가가가가가가가\n\x01가가가";
    struct expr x;
    char why[EXPR_WHY];

    (void)state;
    assert_false(expr_parse_value(str_of(text), &x, why));
    assert_null(strchr(why, '\n'));
    assert_string_equal(why,
                        "the text \"가가가가가가가가가가가가가 is not closed: a '\"' is missing");
}

static void comparisons(void **state)
{
    /* left, right; then what of == != < <= > >= holds */
    static const struct {
        const char *left, *right, *holds;
    } rows[] = {
        {"5", "5", "= <= >="},
        {"5", "5.0", "= <= >="},
        {"1,000", "1000", "= <= >="},
        {"007", "7", "= <= >="},
        {"-0.00", "0", "= <= >="},
        {"+3", "3", "= <= >="},
        {" 3 ", "3", "= <= >="},
        {"9", "10", "! < <="},
        {"999", "1,000", "! < <="},
        {"1,234", "1,235", "! < <="},
        {"-9", "-10", "! > >="},
        {"-1", "1", "! < <="},
        {"0.1", "0.09", "! > >="},
        {".5", "0.25", "! > >="},
        {"99999999999999999999999999999999999998", "99999999999999999999999999999999999999",
         "! < <="},
        {"VIP", "VIP", "= <= >="},
        {"VIP", "vip", "! < <="},
        {"가", "나", "! < <="},
        {"a", "ab", "! < <="},
        {"10", "9a", "! < <="}, /* one side is no number: texts */
        {"1,00", "100", "! < <="},
        {"x", "", "!"},
        {NULL, "", "= <= >="},
        {"", "", "= <= >="},
        {NULL, "0", "!"},
        {NULL, "-1", "!"},
        {"", "x", "!"},
    };
    static const char *const sign[] = {NULL, "=", "!", "<", "<=", ">", ">="};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char holds[40] = "";

        for (int how = COMPARE_EQ; how <= COMPARE_GE; how++) {
            if (!compare_holds((enum compare)how, str_of(rows[i].left), rows[i].left != NULL,
                               str_of(rows[i].right)))
                continue;
            if (holds[0])
                strcat(holds, " ");
            strcat(holds, sign[how]);
        }
        if (strcmp(holds, rows[i].holds) != 0)
            fail_msg("%s and %s: %s", rows[i].left ? rows[i].left : "nothing", rows[i].right,
                     holds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(wrong_values),
        cmocka_unit_test(sections),
        cmocka_unit_test(wrong_sections),
        cmocka_unit_test(messages_stay_texts),
        cmocka_unit_test(comparisons),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
