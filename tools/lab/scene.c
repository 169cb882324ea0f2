/* scene.c: a scenario's memory, its vocabulary and its look-ups. Reading is in scene_read.c. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <sluice/base/buf.h>
#include <sluice/base/must.h>
#include "scene.h"

static const char *const stage_names[STAGES] = {
    "banner", "ehlo", "helo", "starttls", "mail", "rcpt", "data", "body", "dot", "rset", "quit"};
static const char *const quirk_names[QUIRKS] = {
    "ok",       "nxdomain", "nodata",         "servfail", "refused", "formerr", "timeout",
    "truncate", "wrong_id", "wrong_question", "garbage",  "loop",    "spoof"};
static const char *const action_names[ACTIONS] = {
    "reply", "accept", "drop", "reset", "drop_mid_reply", "drop_after_accept", "stall"};

const char *stage_name(enum stage s)
{
    return s < STAGES ? stage_names[s] : "none";
}

const char *quirk_name(enum quirk q)
{
    return quirk_names[q];
}

const char *action_name(enum action a)
{
    return action_names[a];
}

bool stage_from_name(struct str s, enum stage *out)
{
    for (int i = 0; i < STAGES; i++)
        if (str_is(s, stage_names[i])) {
            *out = (enum stage)i;
            return true;
        }
    return false;
}

bool quirk_from_name(struct str s, enum quirk *out)
{
    for (int i = 0; i < QUIRKS; i++)
        if (str_is(s, quirk_names[i])) {
            *out = (enum quirk)i;
            return true;
        }
    return false;
}

static void keep(struct scene *s, void *p)
{
    if (s->keeps == s->keeps_cap) {
        s->keeps_cap = s->keeps_cap ? s->keeps_cap * 2 : 256;
        s->kept = mem_grow(s->kept, s->keeps_cap, sizeof *s->kept);
    }
    s->kept[s->keeps++] = p;
}

void *scene_new(struct scene *s, size_t bytes)
{
    void *p = mem_array(1, bytes ? bytes : 1);
    keep(s, p);
    return p;
}

char *scene_str(struct scene *s, struct str text)
{
    char *p = mem_strn(text.p ? text.p : "", text.n);
    keep(s, p);
    return p;
}

void scene_free(struct scene *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->names; i++)
        pattern_done(&s->name[i]->pattern);
    for (size_t i = 0; i < s->receivers; i++)
        for (int m = 0; m < METERS; m++)
            meter_clear(&s->receiver[i]->tally.meter[m]);
    for (size_t i = 0; i < s->keeps; i++)
        free(s->kept[i]);
    free(s->kept);
    free(s->name);
    free(s->ranged);
    free(s->receiver);
    free(s->address);
    map_done(&s->exact);
    map_done(&s->behaviours);
    map_done(&s->address_owner);
    map_done(&s->receiver_by_name);
    free(s);
}

struct receiver *scene_receiver(const struct scene *s, struct str name)
{
    return map_get(&s->receiver_by_name, name);
}

static struct name *wildcard(const struct scene *s, struct str name)
{
    char key[PATTERN_NAME + 2] = "*.";
    struct str label;
    while (str_cut(&name, '.', &label) && name.n && name.n < PATTERN_NAME) {
        str_copy(key + 2, PATTERN_NAME, name);
        struct name *n = map_get(&s->exact, str_of(key));
        if (n)
            return n;
    }
    return NULL;
}

struct name *scene_name(const struct scene *s, struct str name, uint64_t *index)
{
    char lower[PATTERN_NAME];
    *index = 0;
    if (name.n >= sizeof lower)
        return NULL;
    str_copy(lower, sizeof lower, name);
    str_lower(lower, strlen(lower));
    struct name *n = map_get(&s->exact, str_of(lower));
    for (size_t i = 0; !n && i < s->rangeds; i++)
        if (pattern_match(&s->ranged[i]->pattern, name, index))
            n = s->ranged[i];
    if (n)
        return n;
    *index = 0;
    return wildcard(s, str_of(lower));
}

const char *address_text(const struct sockaddr_storage *sa, char out[64])
{
    const void *ip = sa->ss_family == AF_INET
                         ? (const void *)&((const struct sockaddr_in *)sa)->sin_addr
                         : (const void *)&((const struct sockaddr_in6 *)sa)->sin6_addr;
    if (!inet_ntop(sa->ss_family, ip, out, 64))
        out[0] = '\0';
    return out;
}

struct best_mx {
    char host[PATTERN_NAME];
    uint64_t preference;
    bool found;
};

static void look_at_mx(void *arg, const char *value)
{
    struct best_mx *best = arg;
    struct str rest = str_of(value);
    struct str number;
    uint64_t preference;
    if (!str_cut(&rest, ' ', &number) || !str_to_u64(number, &preference))
        return;
    if (best->found && preference >= best->preference)
        return;
    best->found = true;
    best->preference = preference;
    str_copy(best->host, sizeof best->host, str_trim(rest));
}

static struct receiver *receiver_at(const struct scene *s, const struct name *n, uint64_t index)
{
    if (n->receiver)
        return n->receiver;
    for (size_t i = 0; i < n->as; i++) {
        struct sockaddr_storage sa = scene_address(&n->a[i], index);
        char text[64];
        struct receiver *r = map_get(&s->address_owner, str_of(address_text(&sa, text)));
        if (r)
            return r;
    }
    return NULL;
}

static void look_at_name(void *arg, const char *value)
{
    str_copy(arg, PATTERN_NAME, str_of(value));
}

/* The entry behind a chain of CNAMEs; NULL when it ends nowhere. */
static const struct name *behind_cnames(const struct scene *s, const struct name *n,
                                        uint64_t *index)
{
    for (int i = 0; n && n->cname && i < 8; i++) {
        char target[PATTERN_NAME] = "";
        (void)template_each(str_of(n->cname), &n->pattern, *index, 1, look_at_name, target, NULL);
        n = scene_name(s, str_of(target), index);
    }
    return n && !n->cname ? n : NULL;
}

struct receiver *scene_receiver_of(const struct scene *s, const struct name *n, uint64_t index)
{
    n = behind_cnames(s, n, &index);
    if (!n)
        return NULL;
    if (n->receiver)
        return n->receiver;
    if (n->receiver_name) {
        char name[PATTERN_NAME];
        bool ok = template_fill(str_of(n->receiver_name), &n->pattern, index, name, NULL);
        return ok ? scene_receiver(s, str_of(name)) : NULL;
    }
    struct best_mx best = {.found = false};
    for (size_t i = 0; i < n->mxs; i++)
        (void)template_each(str_of(n->mx[i]), &n->pattern, index, 64, look_at_mx, &best, NULL);
    if (!best.found)
        return receiver_at(s, n, index);
    uint64_t at;
    struct name *host = scene_name(s, str_of(best.host), &at);
    return host ? receiver_at(s, host, at) : NULL;
}

static void add_to(struct in6_addr *a, uint64_t n)
{
    for (int i = 15; i >= 0 && n; i--) {
        n += a->s6_addr[i];
        a->s6_addr[i] = (uint8_t)n;
        n >>= 8;
    }
}

struct sockaddr_storage scene_address(const struct addresses *a, uint64_t index)
{
    struct in6_addr at = a->low;
    struct sockaddr_storage out = {0};
    add_to(&at, index % a->count);
    if (IN6_IS_ADDR_V4MAPPED(&at)) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)&out;
        v4->sin_family = AF_INET;
        memcpy(&v4->sin_addr, at.s6_addr + 12, 4);
    } else {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out;
        v6->sin6_family = AF_INET6;
        v6->sin6_addr = at;
    }
    return out;
}

static int reply_code(const char *p, size_t n)
{
    int code = 0;
    for (int i = 0; i < 3; i++) {
        if (n < 3 || p[i] < '0' || p[i] > '9')
            return 0;
        code = code * 10 + (p[i] - '0');
    }
    return code;
}

static void reply_take(struct scene *s, struct reply *r, struct buf *b)
{
    r->code = reply_code(b->data, b->len);
    r->n = b->len;
    r->bytes = buf_take(b);
    keep(s, r->bytes);
    const char *end = memchr(r->bytes, '\n', r->n);
    struct str first = str_trim(str_n(r->bytes, end ? (size_t)(end - r->bytes) : r->n));
    if (first.n > 512)
        first.n = 512;
    r->text = scene_str(s, first);
    for (char *c = r->text; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
    r->has_vars = memchr(r->bytes, '{', r->n) != NULL;
}

bool reply_set(struct scene *s, struct reply *r, const struct str *line, size_t lines)
{
    struct buf b;
    buf_init(&b, REPLY_BYTES_MAX);
    for (size_t i = 0; i < lines; i++) {
        buf_put(&b, line[i].p, line[i].n);
        buf_puts(&b, "\r\n");
    }
    reply_take(s, r, &b);
    return r->code >= 200 && r->code <= 599;
}

bool reply_set_text(struct scene *s, struct reply *r, const char *line)
{
    struct str one = str_of(line);
    return reply_set(s, r, &one, 1);
}

bool reply_set_raw(struct scene *s, struct reply *r, struct str raw, uint64_t repeat)
{
    struct buf b;
    buf_init(&b, REPLY_BYTES_MAX);
    for (uint64_t i = 0; i < repeat; i++)
        buf_put(&b, raw.p, raw.n);
    bool fits = !buf_is_full(&b);
    reply_take(s, r, &b);
    return fits;
}
