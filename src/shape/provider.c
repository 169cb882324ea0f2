#include <sluice/base/must.h>
#include <sluice/base/str.h>
#include <sluice/shape/provider.h>

#include <stdlib.h>
#include <string.h>

/* --- profiles */

static void strings_free(char **item, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(item[i]);
    free(item);
}

void profiles_done(struct profiles *p)
{
    for (size_t i = 0; i < p->count; i++) {
        free(p->item[i].name);
        strings_free(p->item[i].mx_suffix, p->item[i].mx_suffixes);
        strings_free(p->item[i].domain, p->item[i].domains);
        windows_done(&p->item[i].maintenance);
        windows_done(&p->item[i].send_windows);
    }
    free(p->item);
    *p = (struct profiles){0};
}

/* ".naver.com" matches mx1.naver.com and naver.com itself. */
static bool has_suffix(struct str host, struct str suffix)
{
    if (suffix.n == 0 || suffix.p[0] != '.')
        return false;
    if (host.n + 1 == suffix.n)
        return str_eq_nocase(host, str_n(suffix.p + 1, suffix.n - 1));
    return host.n >= suffix.n && str_eq_nocase(str_n(host.p + host.n - suffix.n, suffix.n), suffix);
}

/* The longest suffix wins, so that ".olc.protection.outlook.com" and ".outlook.com" may stand in
 * any order; of equal ones the first profile. */
static const struct profile *match_host(const struct profiles *p, struct str host)
{
    const struct profile *best = NULL;
    size_t best_n = 0;

    for (size_t i = 0; i < p->count; i++)
        for (size_t j = 0; j < p->item[i].mx_suffixes; j++) {
            struct str suffix = str_of(p->item[i].mx_suffix[j]);

            if (suffix.n > best_n && has_suffix(host, suffix)) {
                best = &p->item[i];
                best_n = suffix.n;
            }
        }
    return best;
}

static const struct profile *match_domain(const struct profiles *p, struct str domain)
{
    for (size_t i = 0; i < p->count; i++)
        for (size_t j = 0; j < p->item[i].domains; j++)
            if (str_eq_nocase(str_of(p->item[i].domain[j]), domain))
                return &p->item[i];
    return NULL;
}

const struct profile *profiles_match(const struct profiles *p, const char *domain,
                                     const char *const *hosts, size_t count)
{
    const struct profile *found = NULL;

    if (count > 0)
        found = match_host(p, str_of(hosts[0]));
    return found ? found : match_domain(p, str_of(domain));
}

/* --- names */

/* The longest common suffix of a and b that begins at a label. */
static struct str common_suffix(struct str a, struct str b)
{
    size_t n = 0, whole = 0;

    while (n < a.n && n < b.n && a.p[a.n - n - 1] == b.p[b.n - n - 1]) {
        n++;
        if ((n == a.n || a.p[a.n - n - 1] == '.') && (n == b.n || b.p[b.n - n - 1] == '.'))
            whole = n;
    }
    return str_n(a.p + a.n - whole, whole);
}

/* One label more of `name` than `suffix`, which ends it. */
static struct str one_label_more(struct str name, struct str suffix)
{
    size_t start = name.n - suffix.n;

    if (start == 0)
        return name;
    start--; /* the dot */
    while (start > 0 && name.p[start - 1] != '.')
        start--;
    return str_n(name.p + start, name.n - start);
}

/* Names longer than the field keep their end, which says most, and get a hash of the whole in
 * front:
 * "~1a2b3c4d.rest.of.the.name". */
static void put_name(struct str name, char out[64])
{
    static const char digit[] = "0123456789abcdef";
    uint64_t hash = str_hash(name);
    const char *dot;

    if (name.n <= 63) {
        str_copy(out, 64, name);
        return;
    }
    out[0] = '~';
    for (unsigned i = 1; i <= 8; i++, hash >>= 4)
        out[i] = digit[hash & 15];
    name = str_n(name.p + name.n - 54, 54);
    dot = memchr(name.p, '.', name.n);
    if (dot)
        name = str_n(dot, name.n - (size_t)(dot - name.p));
    str_copy(out + 9, 64 - 9, name);
}

void provider_name(const char *const *hosts, size_t count, char out[64])
{
    struct str first, common;

    MUST(count > 0);
    first = common = str_of(hosts[0]);
    for (size_t i = 1; i < count; i++)
        common = common_suffix(common, str_of(hosts[i]));
    /* What hosts share may be a public suffix ("com", or "co.kr"), which is nobody's name. With one
     * label more, "co.kr" becomes a name of somebody; below a single label not even that is safe
     * ("kr" -> "co.kr"), so the first host stands for all. */
    if (memchr(common.p, '.', common.n))
        put_name(one_label_more(first, common), out);
    else
        put_name(first, out);
}

/* --- retries */

/* Most greylisting servers want 5 minutes, few more than 15. */
#define GREY_STEP_MS INT64_C(300000)
#define GREY_MAX_MS INT64_C(900000)

static int64_t doubled(int64_t first, int64_t max, uint32_t attempt)
{
    int64_t delay = first;

    for (uint32_t i = 1; i < attempt && delay < max; i++)
        delay = delay > max / 2 ? max : delay * 2;
    return delay < max ? delay : max;
}

int64_t retry_delay_ms(const struct limits *l, uint32_t attempt, bool is_greylisting, double unit)
{
    int64_t delay = doubled(l->retry_interval_ms, l->max_retry_interval_ms, attempt);

    if (is_greylisting) {
        int64_t grey = attempt < 2 ? GREY_STEP_MS : attempt == 2 ? 2 * GREY_STEP_MS : GREY_MAX_MS;

        if (grey < delay)
            delay = grey;
    }
    /* The jitter keeps what failed together from coming back together. */
    delay += (int64_t)((double)delay * (unit * 0.2 - 0.1));
    return delay > 0 ? delay : 1;
}
