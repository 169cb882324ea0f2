/* DKIM: signed last, over the bytes that are sent. */
#include "mailing_private.h"

#define SIGNATURES_MAX 16384

/* The fields go on top. The message moves down for them: that costs a hundredth of one signature,
 * less than any guess of how long they will be. */
static void put_on_top(struct buf *out, size_t start, const struct buf *fields)
{
    size_t n = out->len - start;

    if (!buf_room(out, fields->len))
        return;
    memmove(out->data + start + fields->len, out->data + start, n);
    memcpy(out->data + start, fields->data, fields->len);
    buf_grew(out, fields->len);
}

bool sign_message(struct rendering *r, size_t start)
{
    const struct dkim_ring *ring = keys_dkim(r->in->keys);
    const struct mailing *m = r->m;
    const struct dkim_key *key[DKIM_SIGNATURES_MAX];
    struct buf fields;
    size_t n;
    bool ok;

    n = ring ? dkim_ring_pick(ring, m->spec->client, m->from_domain, key) : 0;
    if (n == 0)
        return true;
    buf_init(&fields, SIGNATURES_MAX);
    ok = dkim_sign(key, n, str_n(r->out->data + start, r->out->len - start),
                   m->has_known_body ? &m->known_body : NULL, r->in->now, &fields, r->e);
    if (ok)
        put_on_top(r->out, start, &fields);
    buf_done(&fields);
    return ok;
}
