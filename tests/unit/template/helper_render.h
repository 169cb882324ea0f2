/* helper_render.h: a template of a test, compiled and rendered.
 *
 *     char *got = render("{{>p}}", (const char *const[]){"p", "x", NULL}, "{}", 1000, &why);
 */
#ifndef SLUICE_TEST_TEMPLATE_RENDER_H
#define SLUICE_TEST_TEMPLATE_RENDER_H

#include <sluice/template/template.h>

/* A source for HTML: line ends stay; partials are name, text, name, text, ..., NULL (may be NULL),
 * and problems call each file by its name, the main one "t". */
struct template_source source_of(const char *text, const char *const *partials);
struct template *compile(const char *text, const char *const *partials, struct names *names,
                         struct problems *p);
/* Renders with `data` as the root; NULL and *why when it is broken off. The test fails when the
 * template does not compile. The caller frees. */
char *render(const char *text, const char *const *partials, const char *data, size_t max,
             const char **why);
/* Compiles the template and wants it to render as `want`. */
void renders_as(const char *text, const char *const *partials, const char *data, const char *want);
/* Compiles the template and wants its first problem on this line, and to begin like this. */
void is_refused(const char *text, const char *const *partials, unsigned line, const char *want);

#endif
