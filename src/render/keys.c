#include <sluice/render/keys.h>

#include <sluice/base/must.h>

#include <stdatomic.h>
#include <stdlib.h>

struct keys {
    atomic_uint refs;
    struct dkim_ring *dkim;
    struct token_ring *tokens;
};

struct keys *keys_new(struct dkim_ring *dkim, struct token_ring *tokens)
{
    struct keys *k = mem_new(sizeof *k);

    atomic_init(&k->refs, 1);
    k->dkim = dkim;
    k->tokens = tokens;
    return k;
}

struct keys *keys_ref(struct keys *k)
{
    if (k)
        atomic_fetch_add_explicit(&k->refs, 1, memory_order_relaxed);
    return k;
}

void keys_release(struct keys *k)
{
    if (!k || atomic_fetch_sub_explicit(&k->refs, 1, memory_order_acq_rel) != 1)
        return;
    dkim_ring_release(k->dkim);
    token_ring_release(k->tokens);
    free(k);
}

const struct dkim_ring *keys_dkim(const struct keys *k)
{
    return k ? k->dkim : NULL;
}

const struct token_ring *keys_tokens(const struct keys *k)
{
    return k ? k->tokens : NULL;
}
