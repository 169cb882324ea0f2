/* sample.h: a mailing made from a template folder, for programs that need no daemon.
 *
 *     struct sample s;
 *     sample_open(&s, "templates/spring-sale", "[\"name\"]", (char *[]){"charset=euc-kr"}, 1);
 *     sample_render(&s, "kim@mail.example", str_of("[\"Kim\"]"), 1, &out, &e);
 *     sample_close(&s);
 *
 * Options, NAME=VALUE: class, subject, from_name, charset, charset_fallback,
 * missing, text_from_html, list_id, unsubscribe_url, unsubscribe_mailto, feedback_id, cfbl_address,
 * auto_submitted, opens, clicks, tracking_url, tokens (a key file), dkim (DOMAIN:SELECTOR:KEY_FILE, up to
 * DKIM_SIGNATURES_MAX times).
 */
#ifndef SLUICE_BENCH_SAMPLE_H
#define SLUICE_BENCH_SAMPLE_H

#include <sluice/render/keys.h>
#include <sluice/render/mailing.h>

#define SAMPLE_CLIENT "default"
#define SAMPLE_FROM "news@bomnal.example"

struct sample {
    struct mailing *mailing;
    struct keys *keys; /* NULL: none were asked for */
};
/* Prints problems to stderr and exits when there are errors. */
void sample_open(struct sample *s, const char *folder, const char *columns, char *const *option,
                 size_t options);
void sample_close(struct sample *s);
/* One message, behind what *out holds. False: *e says why it cannot be made. */
bool sample_render(const struct sample *s, const char *email, struct str vars, uint64_t rid,
                   struct buf *out, struct err *e);
/* Where a program cannot go on. */
_Noreturn void sample_die(const char *what, const char *why);

#endif
