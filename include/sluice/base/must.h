/* must.h: a bug aborts.
 *
 * MUST(x) is always compiled in. It is for what only a programming error can break; input, files
 * and peers never reach it. Out of memory aborts too (mem_*): every size that comes from input has
 * a cap, so running out means that a cap is wrong.
 *
 *     MUST(slot < ring->size);
 */
#ifndef SLUICE_BASE_MUST_H
#define SLUICE_BASE_MUST_H

#include <stddef.h>

#define MUST(x) ((x) ? (void)0 : must_fail(__FILE__, __LINE__, #x))

/* Prints the place and the broken condition to stderr and aborts. */
_Noreturn void must_fail(const char *file, int line, const char *what);

/* malloc, zeroed malloc, realloc and string copies that never return NULL. mem_array multiplies
 * with an overflow check and zeroes. Free with free(). */
void *mem_new(size_t bytes);
void *mem_array(size_t count, size_t bytes);
void *mem_grow(void *old, size_t count, size_t bytes);
char *mem_str(const char *s);            /* NULL gives NULL */
char *mem_strn(const char *s, size_t n); /* n bytes and a NUL */
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
