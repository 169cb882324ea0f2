/* keys.h: what a message is signed with: DKIM keys and the keys of link tokens, as one value that a
 * reload replaces. Counted references, shared by all threads. (P)
 *
 *     struct keys *k = keys_new(dkim_ring, token_ring);   // takes both
 *     keys_release(k);
 */
#ifndef SLUICE_RENDER_KEYS_H
#define SLUICE_RENDER_KEYS_H

#include <sluice/dkim/dkim.h>
#include <sluice/token/token.h>

struct keys;
struct keys *keys_new(struct dkim_ring *dkim, struct token_ring *tokens); /* either may be NULL */
struct keys *keys_ref(struct keys *k);                                    /* NULL is fine */
void keys_release(struct keys *k);                                        /* NULL is fine */
const struct dkim_ring *keys_dkim(const struct keys *k);    /* NULL: none; k may be NULL */
const struct token_ring *keys_tokens(const struct keys *k); /* the same */

#endif
