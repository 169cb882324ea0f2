#include <sluice/base/buf.h>
#include <sluice/base/err.h>
#include <sluice/base/must.h>
#include <sluice/base/str.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 512

/* One line whatever came in: file names and values in a message may be hostile. */
static void one_line(char *s)
{
    for (; *s; s++) {
        if ((unsigned char)*s < ' ' || *s == 0x7f)
            *s = ' ';
    }
}

/* Through an array of its own, because callers add to what a lower room said:
 * err_set(e, "job a: %s", e->text). */
static void format_text(char out[TEXT_MAX], const char *format, va_list args)
{
    char text[TEXT_MAX + 4]; /* room behind, so that str_copy sees where to cut */
    int n = vsnprintf(text, sizeof text, format, args);

    if (n < 0)
        text[0] = '\0';
    one_line(text);
    str_copy(out, TEXT_MAX, str_of(text));
}

bool err_set(struct err *e, const char *format, ...)
{
    char text[TEXT_MAX];
    va_list args;

    if (!e)
        return false;
    va_start(args, format);
    format_text(text, format, args);
    va_end(args);
    str_copy(e->text, sizeof e->text, str_of(text));
    e->code = 0;
    return false;
}

bool err_sys(struct err *e, const char *format, ...)
{
    int code = errno;
    char text[TEXT_MAX], both[TEXT_MAX * 2], why[128];
    va_list args;

    if (!e)
        return false;
    va_start(args, format);
    format_text(text, format, args);
    va_end(args);
    str_copy(text, TEXT_MAX - sizeof why,
             str_of(text)); /* a long path must not push out the reason */
    snprintf(both, sizeof both, "%s: %s", text, strerror_r(code, why, sizeof why));
    str_copy(e->text, sizeof e->text, str_of(both));
    e->code = code;
    errno = code;
    return false;
}

void problems_init(struct problems *p)
{
    *p = (struct problems){0};
}

void problems_done(struct problems *p)
{
    for (size_t i = 0; i < p->count; i++) {
        free(p->item[i].file);
        free(p->item[i].text);
    }
    free(p->item);
    problems_init(p);
}

static void add(struct problems *p, const char *file, unsigned line, bool is_warning,
                const char *format, va_list args)
{
    char text[TEXT_MAX];

    if (!is_warning)
        p->errors++;
    if (p->count == PROBLEMS_MAX) {
        p->left_out++;
        return;
    }
    if (!p->item)
        p->item = mem_array(PROBLEMS_MAX, sizeof *p->item);
    format_text(text, format, args);
    p->item[p->count++] = (struct problem){
        .file = mem_str(file), .line = line, .text = mem_str(text), .is_warning = is_warning};
    if (file)
        one_line(p->item[p->count - 1].file);
}

void problems_add(struct problems *p, const char *file, unsigned line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(p, file, line, false, format, args);
    va_end(args);
}

void problems_warn(struct problems *p, const char *file, unsigned line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(p, file, line, true, format, args);
    va_end(args);
}

void problems_format(const struct problems *p, struct buf *out)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct problem *one = &p->item[i];

        if (one->file)
            buf_printf(out, "%s:", one->file);
        if (one->line)
            buf_printf(out, "%u:", one->line);
        if (one->file || one->line)
            buf_putc(out, ' ');
        buf_printf(out, "%s%s\n", one->is_warning ? "warning: " : "", one->text);
    }
    if (p->left_out)
        buf_printf(out, "%zu more problems are not shown\n", p->left_out);
}
