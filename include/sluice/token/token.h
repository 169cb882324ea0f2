/* token.h: what a link in a mail carries instead of an address. (P, but for loading the keys)
 *
 * Who, which job, which link, and a proof that we wrote it: HMAC-SHA256, cut to 128 bits.
 * base64url, so that it may stand in a URL.
 *
 * The server that is asked for a token verifies it and looks the destination up: a token carries
 * none, so nobody can make it redirect anywhere else.
 *
 *     struct token t = {TOKEN_CLICK, job, rid, link, turn};
 *     char text[TOKEN_TEXT];
 *     token_write(ring, &t, text);
 *     if (token_read(ring, str_of(text), &t) == TOKEN_GOOD) ...
 */
#ifndef SLUICE_TOKEN_TOKEN_H
#define SLUICE_TOKEN_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sluice/base/err.h>
#include <sluice/base/str.h>

enum token_kind { TOKEN_CLICK, TOKEN_OPEN, TOKEN_UNSUBSCRIBE, TOKEN_KINDS };
struct token {
    enum token_kind kind;
    uint64_t job; /* job_spec.token as a number */
    uint64_t rid;
    uint32_t link, turn; /* CLICK: see template.h; else 0 */
};
#define TOKEN_TEXT 80 /* bytes, with the NUL */

struct token_ring;
/* A file of lines "ID SECRET": ID is 1 to 255, SECRET 32 to 64 bytes in base64url; '#' begins a
 * comment. The first key writes, all read. Permissions: see os/secret.h. (S) */
struct token_ring *token_ring_load(const char *path, struct problems *p); /* NULL: errors */
#define TOKEN_FILE_MAX (64u * 1024)
/* What is wrong with the lines of such a file's text, which may have no key yet. False: errors. */
bool token_file_check(const char *path, struct str text, struct problems *p);
/* A line for such a file, without its end, with an ID that the text of the file does not use
 * yet; false: all are used. Put in front of the others it is the key that writes. Wipe it after
 * use. */
bool token_key_line(struct str file, const unsigned char secret[32], char out[80]);
struct token_ring *token_ring_ref(struct token_ring *r);
void token_ring_release(struct token_ring *r); /* NULL is fine */

/* Returns the length. OPEN and UNSUBSCRIBE: link and turn MUST be 0. Fast (one HMAC with a
 * prepared key); from any thread. */
size_t token_write(const struct token_ring *r, const struct token *t, char out[TOKEN_TEXT]);
enum token_verdict { TOKEN_GOOD, TOKEN_MALFORMED, TOKEN_UNKNOWN_KEY, TOKEN_FORGED };
/* Compares in constant time. *out is filled only when it is good. One token has exactly one
 * text. */
enum token_verdict token_read(const struct token_ring *r, struct str text, struct token *out);

#endif
