/* verdict.c: see verdict.h. */
#include "verdict.h"

static bool is_picked(const struct rule *u, uint64_t seed, struct str key)
{
    if (u->probability >= 1)
        return true;
    uint64_t h = str_hash(key) ^ (seed * 0x9e3779b97f4a7c15ULL) ^ (u->salt * 0xbf58476d1ce4e5b9ULL);
    h = (h ^ (h >> 31)) * 0x94d049bb133111ebULL;
    h ^= h >> 29;
    return (double)(h >> 11) * 0x1.0p-53 < u->probability;
}

static bool matches_recipient(const struct rule *u, const struct ask *a, size_t i)
{
    if (u->times && a->attempts[i] > u->times)
        return false;
    struct str to = a->to[i];
    const char *at = to.n ? memrchr(to.p, '@', to.n) : NULL;
    struct str local = str_n(to.p, at ? (size_t)(at - to.p) : to.n);
    struct str domain = at ? str_n(at + 1, to.n - local.n - 1) : str_n(NULL, 0);
    return glob_match(u->domain, domain) && glob_match(u->local, local) &&
           is_picked(u, a->seed, to);
}

static bool matches_connection(const struct rule *u, const struct ask *a)
{
    if (u->times && a->attempts && a->attempts[0] > u->times)
        return false;
    return is_picked(u, a->seed, str_n((const char *)&a->serial, sizeof a->serial));
}

static bool matches(const struct rule *u, const struct ask *a)
{
    if (a->is_rehearsal && (u->every || u->from_ms || u->until_ms))
        return false;
    if (a->since_ms < u->from_ms || (u->until_ms && a->since_ms >= u->until_ms))
        return false;
    if (!glob_match(u->from, a->from))
        return false;
    if (a->at < AT_RCPT || a->at > AT_DOT)
        return matches_connection(u, a);
    for (size_t i = 0; i < a->count; i++)
        if (matches_recipient(u, a, i))
            return true;
    return false;
}

struct rule *verdict_find(const struct ask *a)
{
    const struct receiver *r = a->receiver;
    if (r->rules_off)
        return NULL;
    for (size_t i = 0; i < r->rules[a->at]; i++) {
        struct rule *u = &r->rule[a->at][i];
        if (!matches(u, a))
            continue;
        if (!a->is_rehearsal && u->every && ++u->seen % u->every != 0)
            continue;
        if (!a->is_rehearsal)
            u->hits++;
        return u;
    }
    return NULL;
}
