/* helper_render.h: mailings made of a few files, and the messages that come of them taken apart. */
#ifndef TEST_HELPER_RENDER_H
#define TEST_HELPER_RENDER_H

#include <sluice/render/mailing.h>

#define TEXT(literal) ((char *)(uintptr_t)(literal))
#define TRACKING "https://t.shop.example"

/* A transactional job of Bomnal's, taken in. */
struct job_spec helper_spec(void);
/* Files: name, text, name, text, ..., NULL. *p is initialised. */
struct mailing *helper_make(const struct job_spec *spec, const char *const *files,
                            const char *columns, struct problems *p);
/* The same where nothing may be wrong. */
struct mailing *helper_make_good(const struct job_spec *spec, const char *const *files,
                                 const char *columns);
/* Whether any problem's text holds it. */
bool helper_says(const struct problems *p, const char *what);
void helper_print(const struct problems *p);
/* For rid 42. */
bool helper_render(const struct mailing *m, const char *vars, const struct keys *keys,
                   struct buf *out, struct err *e);
/* The value of a header field, unfolded, of the message or of its part `type`; "" when it is not
 * there. Valid until the next call. */
const char *helper_field(const struct buf *message, const char *name);
/* The decoded body of the first part of that type, without a line end at its end; *body is
 * initialised. False: there is none. */
bool helper_body(const struct buf *message, const char *type, struct buf *body);
/* Makes, renders with `vars`, decodes. */
void helper_show(const struct job_spec *spec, const char *const *files, const char *vars,
                 const struct keys *keys, const char *type, struct buf *body);
/* Keys of tokens, and a DKIM key of shop.example if asked. */
struct keys *helper_keys(bool signs);

#endif
