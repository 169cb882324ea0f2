/* The shipped templates give no alarm: what people copy must not be complained of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/base/must.h>
#include <sluice/html/html.h>
#include <sluice/lint/lint.h>

#include "helper_findings.h"

#define FILE_MAX (1u << 20)

/* A file of a template, what stands in tags replaced by "x"; empty when it is not there. */
static void read_part(const char *name, const char *part, struct buf *out)
{
    char *path = mem_printf("%s/templates/%s/%s", SLUICE_SRC, name, part);
    FILE *f = fopen(path, "rb");
    char *text = mem_new(FILE_MAX);
    size_t n = f ? fread(text, 1, FILE_MAX, f) : 0, at = 0;

    if (f)
        fclose(f);
    while (at < n) {
        const char *tag = memmem(text + at, n - at, "{{", 2);
        const char *end = tag ? memmem(tag, (size_t)(text + n - tag), "}}", 2) : NULL;

        buf_put(out, text + at, end ? (size_t)(tag - text) - at : n - at);
        if (!end)
            break;
        if (!strchr("#^/!>", tag[2]))
            buf_putc(out, 'x');
        at = (size_t)(end - text) + 2;
    }
    free(text);
    free(path);
}

static void check(const char *name, bool is_ad)
{
    struct buf message, html, text, preheader, found;
    struct lint l = {0};

    buf_init(&message, FILE_MAX);
    buf_init(&html, FILE_MAX);
    buf_init(&text, FILE_MAX);
    buf_init(&preheader, FILE_MAX);
    buf_init(&found, 4096);
    buf_puts(&message, "List-Unsubscribe: <https://bomnal.example/u>\r\n"
                       "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nSubject: ");
    read_part(name, "subject.txt", &message);
    read_part(name, "preheader.txt", &preheader);
    assert_true(preheader.len > 0);
    buf_printf(&html, "<div style=\"display:none\">%s</div>", preheader.data);
    read_part(name, "html.html", &html);
    read_part(name, "text.txt", &text);
    if (text.len == 0)
        html_to_text(str_n(html.data, html.len), &text);
    lint_check_message(&(struct lint_message){.message = str_n(message.data, message.len),
                                              .html = str_n(html.data, html.len),
                                              .text = str_n(text.data, text.len),
                                              .from_domain = "bomnal.example",
                                              .is_ad = is_ad},
                       &l);
    findings_of(&l, NULL, &found);
    if (found.len) {
        print_error("%s\n", name);
        findings_print(&l);
    }
    assert_string_equal(found.data, "");
    lint_done(&l);
    buf_done(&message);
    buf_done(&html);
    buf_done(&text);
    buf_done(&preheader);
    buf_done(&found);
}

static void no_alarm(void **state)
{
    (void)state;
    check("spring-sale", true);
    check("newsletter", true);
    check("cart-reminder", false);
    check("consent-renewal", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_alarm)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
