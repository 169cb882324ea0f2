#include "key.h"

#include <sluice/base/map.h>
#include <sluice/base/must.h>
#include <sluice/os/secret.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define KEY_FILE_MAX (64u * 1024)

struct entry {
    struct dkim_key *key;
    char **client; /* none: all */
    size_t clients;
};
/* The entries that sign a domain and what is below it, in the order of the configuration. */
struct signers {
    size_t *index;
    size_t count;
};
struct dkim_ring {
    atomic_uint refs;
    struct entry *entry;
    size_t count;
    struct map domain;      /* -> struct signers */
    struct signers anybody; /* "*" */
};

/* ---- loading */

static bool read_key(const struct dkim_entry *in, struct dkim_key **out, struct err *e)
{
    struct buf pem;
    struct err why;
    bool ok = secret_read(in->key_file, KEY_FILE_MAX, &pem, &why);

    if (!ok) {
        err_set(e, "%s", why.text);
    } else {
        ok = dkim_key_parse(str_n(pem.data, pem.len), in->domain, in->selector, out, &why);
        if (!ok)
            err_set(e, "%s: %s", in->key_file, why.text);
    }
    secret_done(&pem);
    return ok;
}

static void add_signer(struct signers *s, size_t index)
{
    if (s->count && s->index[s->count - 1] == index)
        return;
    s->index = mem_grow(s->index, s->count + 1, sizeof *s->index);
    s->index[s->count++] = index;
}

static void add_domain(struct dkim_ring *r, const char *domain, size_t index)
{
    char *lower;
    struct signers *s;

    if (strcmp(domain, "*") == 0) {
        add_signer(&r->anybody, index);
        return;
    }
    lower = mem_str(domain);
    str_lower(lower, strlen(lower));
    s = map_get(&r->domain, str_of(lower));
    if (!s) {
        s = mem_array(1, sizeof *s);
        map_set(&r->domain, str_of(lower), s);
    }
    add_signer(s, index);
    free(lower);
}

/* Both would sign the same mail under one name in the DNS, which holds one key. */
static bool is_new(const struct dkim_entry *entry, size_t i, struct problems *p)
{
    const struct dkim_entry *e = &entry[i];

    for (size_t j = 0; j < i; j++) {
        if (strcasecmp(entry[j].domain, e->domain) != 0 ||
            strcasecmp(entry[j].selector, e->selector) != 0)
            continue;
        problems_add(p, e->at.file, e->at.line,
                     "dkim: %s with selector %s stands in line %u already; one entry may name "
                     "several `from` and `client`",
                     e->domain, e->selector, entry[j].at.line);
        return false;
    }
    return true;
}

static void take_entry(struct dkim_ring *r, const struct dkim_entry *in, struct problems *p)
{
    struct entry *to = &r->entry[r->count];
    struct err e;

    if (!read_key(in, &to->key, &e)) {
        problems_add(p, in->at.file, in->at.line, "dkim: %s", e.text);
        return;
    }
    if (to->key->algorithm == DKIM_RSA_SHA256 && to->key->bits < 2048)
        problems_warn(p, in->at.file, in->at.line,
                      "dkim: the RSA key in %s has %u bits; receivers think little of less than "
                      "2048 (RFC 8301)",
                      in->key_file, to->key->bits);
    to->client = mem_array(in->clients, sizeof *to->client);
    to->clients = in->clients;
    for (size_t i = 0; i < in->clients; i++)
        to->client[i] = mem_str(in->client[i]);
    for (size_t i = 0; i < in->froms; i++)
        add_domain(r, in->from[i], r->count);
    if (in->froms == 0)
        add_domain(r, in->domain, r->count);
    r->count++;
}

struct dkim_ring *dkim_ring_load(const struct dkim_entry *entry, size_t count, struct problems *p)
{
    struct dkim_ring *r = mem_array(1, sizeof *r);
    size_t errors = p->errors;

    atomic_init(&r->refs, 1);
    map_init(&r->domain);
    r->entry = mem_array(count, sizeof *r->entry);
    for (size_t i = 0; i < count; i++)
        if (is_new(entry, i, p))
            take_entry(r, &entry[i], p);
    if (p->errors > errors) {
        dkim_ring_release(r);
        return NULL;
    }
    return r;
}

struct dkim_ring *dkim_ring_ref(struct dkim_ring *r)
{
    atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
    return r;
}

void dkim_ring_release(struct dkim_ring *r)
{
    const struct map_entry *m;

    if (!r || atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < r->count; i++) {
        dkim_key_free(r->entry[i].key);
        for (size_t j = 0; j < r->entry[i].clients; j++)
            free(r->entry[i].client[j]);
        free(r->entry[i].client);
    }
    for (size_t i = 0; (m = map_next(&r->domain, &i)) != NULL;) {
        struct signers *s = m->value;

        free(s->index);
        free(s);
    }
    map_done(&r->domain);
    free(r->anybody.index);
    free(r->entry);
    free(r);
}

/* ---- picking */

struct pick {
    size_t index[DKIM_SIGNATURES_MAX]; /* rising */
    size_t count;
};

static bool serves(const struct entry *e, const char *client)
{
    for (size_t i = 0; i < e->clients; i++)
        if (strcmp(e->client[i], client) == 0)
            return true;
    return e->clients == 0;
}

static void insert(struct pick *p, size_t index)
{
    size_t at = 0;

    while (at < p->count && p->index[at] < index)
        at++;
    if (at == DKIM_SIGNATURES_MAX || (at < p->count && p->index[at] == index))
        return;
    if (p->count < DKIM_SIGNATURES_MAX)
        p->count++;
    memmove(p->index + at + 1, p->index + at, (p->count - at - 1) * sizeof *p->index);
    p->index[at] = index;
}

static void offer(struct pick *p, const struct dkim_ring *r, const struct signers *s,
                  const char *client)
{
    for (size_t i = 0; s && i < s->count; i++)
        if (serves(&r->entry[s->index[i]], client))
            insert(p, s->index[i]);
}

size_t dkim_ring_pick(const struct dkim_ring *r, const char *client, const char *from_domain,
                      const struct dkim_key *key[DKIM_SIGNATURES_MAX])
{
    struct pick p = {{0}, 0};
    char lower[256];
    struct str rest;

    str_copy(lower, sizeof lower, str_of(from_domain));
    str_lower(lower, strlen(lower));
    rest = str_of(lower);
    offer(&p, r, &r->anybody, client);
    while (rest.n && r->domain.count) {
        struct str label;

        offer(&p, r, map_get(&r->domain, rest), client);
        str_cut(&rest, '.', &label);
    }
    for (size_t i = 0; i < p.count; i++)
        key[i] = r->entry[p.index[i]].key;
    return p.count;
}

size_t dkim_ring_count(const struct dkim_ring *r)
{
    return r->count;
}

const struct dkim_key *dkim_ring_key(const struct dkim_ring *r, size_t i)
{
    MUST(i < r->count);
    return r->entry[i].key;
}
