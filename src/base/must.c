#include <sluice/base/must.h>

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void must_fail(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: bug: MUST(%s) is broken\n", file, line, what);
    abort();
}

static _Noreturn void out_of_memory(size_t bytes)
{
    fprintf(stderr, "out of memory for %zu bytes\n", bytes);
    abort();
}

/* malloc(0) may return NULL, and NULL means failure here. */
static size_t at_least_one(size_t bytes)
{
    return bytes ? bytes : 1;
}

void *mem_new(size_t bytes)
{
    void *p = calloc(1, at_least_one(bytes));

    if (!p)
        out_of_memory(bytes);
    return p;
}

void *mem_array(size_t count, size_t bytes)
{
    size_t all;

    if (__builtin_mul_overflow(count, bytes, &all))
        out_of_memory(SIZE_MAX);
    return mem_new(all);
}

void *mem_grow(void *old, size_t count, size_t bytes)
{
    size_t all;
    void *p;

    if (__builtin_mul_overflow(count, bytes, &all))
        out_of_memory(SIZE_MAX);
    p = realloc(old, at_least_one(all));
    if (!p)
        out_of_memory(all);
    return p;
}

char *mem_str(const char *s)
{
    return s ? mem_strn(s, strlen(s)) : NULL;
}

char *mem_strn(const char *s, size_t n)
{
    char *copy;

    MUST(n < SIZE_MAX);
    copy = malloc(n + 1);
    if (!copy)
        out_of_memory(n + 1);
    if (n)
        memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}

char *mem_printf(const char *format, ...)
{
    va_list args;
    char *text = NULL;
    int n;

    va_start(args, format);
    n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0)
        out_of_memory(0);
    return text;
}
