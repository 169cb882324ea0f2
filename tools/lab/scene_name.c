/* scene_name.c: reads domains, DNS-only names and the hosts of receivers. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <sluice/base/must.h>
#include "reader.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static bool address_parse(struct str text, struct in6_addr *out)
{
    char copy[64];
    struct in_addr v4;
    str_copy(copy, sizeof copy, text);
    if (inet_pton(AF_INET6, copy, out) == 1)
        return true;
    if (inet_pton(AF_INET, copy, &v4) != 1)
        return false;
    *out = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
    memcpy(out->s6_addr + 12, &v4, 4);
    return true;
}

static uint64_t low_bits(const struct in6_addr *a)
{
    uint64_t n = 0;
    for (int i = 8; i < 16; i++)
        n = n << 8 | a->s6_addr[i];
    return n;
}

/* "127.1.0.1", "127.1.0.1+" (one for each name of the pattern), "127.1.0.1-127.1.0.9". */
static bool addresses_parse(struct str text, uint64_t names, struct addresses *out)
{
    struct str low;
    struct in6_addr high;
    out->count = 1;
    if (str_ends_nocase(text, "+")) {
        out->count = names;
        return address_parse(str_n(text.p, text.n - 1), &out->low);
    }
    if (!memchr(text.p, '-', text.n))
        return address_parse(text, &out->low);
    (void)str_cut(&text, '-', &low);
    if (!address_parse(low, &out->low) || !address_parse(text, &high) ||
        low_bits(&high) < low_bits(&out->low))
        return false;
    out->count = low_bits(&high) - low_bits(&out->low) + 1;
    return true;
}

static void add_address(struct reader *r, struct name *n, config_setting_t *at, struct str text)
{
    struct addresses a;
    if (!addresses_parse(text, n->pattern.count, &a)) {
        reader_bad(r, at, "bad address '%.*s': write 127.1.0.1, 127.1.0.1+ or 127.1.0.1-127.1.0.9",
                   (int)text.n, text.p);
        return;
    }
    struct addresses *all = scene_new(r->scene, (n->as + 1) * sizeof *all);
    if (n->as)
        memcpy(all, n->a, n->as * sizeof *all);
    all[n->as++] = a;
    n->a = all;
}

static void add_string(struct reader *r, char ***list, size_t *count, const char *text)
{
    char **all = scene_new(r->scene, (*count + 1) * sizeof *all);
    if (*count)
        memcpy(all, *list, *count * sizeof *all);
    all[(*count)++] = scene_str(r->scene, str_of(text));
    *list = all;
}

static void ignore_value(void *arg, const char *value)
{
    (void)arg;
    (void)value;
}

static bool template_ok(struct reader *r, const struct name *n, config_setting_t *at,
                        const char *text)
{
    struct err e;
    if (template_each(str_of(text), &n->pattern, 0, 1, ignore_value, NULL, &e))
        return true;
    reader_bad(r, at, "'%s': %s", text, e.text);
    return false;
}

static void each_mx(struct reader *r, void *object, config_setting_t *at, const char *text)
{
    struct name *n = object;
    struct str rest = str_of(text);
    struct str preference;
    uint64_t number;
    if (!str_cut(&rest, ' ', &preference) || !str_to_u64(preference, &number) || number > 65535 ||
        str_trim(rest).n == 0)
        reader_bad(r, at, "an MX is written \"10 mx.example\" (\"0 .\" is a null MX)");
    else if (template_ok(r, n, at, text))
        add_string(r, &n->mx, &n->mxs, text);
}

static void set_mx(struct reader *r, void *object, config_setting_t *value)
{
    reader_texts(r, value, object, each_mx);
}

static void each_a(struct reader *r, void *object, config_setting_t *at, const char *text)
{
    add_address(r, object, at, str_of(text));
}

static void set_a(struct reader *r, void *object, config_setting_t *value)
{
    reader_texts(r, value, object, each_a);
}

static void each_txt(struct reader *r, void *object, config_setting_t *at, const char *text)
{
    struct name *n = object;
    (void)at;
    add_string(r, &n->txt, &n->txts, text);
}

static void set_txt(struct reader *r, void *object, config_setting_t *value)
{
    reader_texts(r, value, object, each_txt);
}

static void each_tlsa(struct reader *r, void *object, config_setting_t *at, const char *text)
{
    struct name *n = object;
    unsigned a, b, c;
    char hex[8];
    if (sscanf(text, "%u %u %u %7[0-9a-fA-F]", &a, &b, &c, hex) == 4)
        add_string(r, &n->tlsa, &n->tlsas, text);
    else if (strncmp(text, "cert ", 5) == 0)
        add_string(r, &n->tlsa, &n->tlsas, text);
    else
        reader_bad(r, at, "a TLSA record is written \"3 1 1 HEX\" or \"cert RECEIVER\"");
}

static void set_tlsa(struct reader *r, void *object, config_setting_t *value)
{
    reader_texts(r, value, object, each_tlsa);
}

static void set_cname(struct reader *r, void *object, config_setting_t *value)
{
    struct name *n = object;
    const char *text = reader_text(r, value);
    if (text && template_ok(r, n, value, text))
        n->cname = scene_str(r->scene, str_of(text));
}

static void set_quirk(struct reader *r, void *object, config_setting_t *value)
{
    struct name *n = object;
    const char *names[QUIRKS];
    for (int i = 0; i < QUIRKS; i++)
        names[i] = quirk_name((enum quirk)i);
    int at = reader_word(r, value, names, QUIRKS);
    if (at >= 0)
        n->quirk = (enum quirk)at;
}

static void each_type(struct reader *r, void *object, config_setting_t *at, const char *text)
{
    static const char *const types[] = {"MX", "A", "AAAA", "TXT", "CNAME", "TLSA"};
    struct name *n = object;
    (void)text;
    int i = reader_word(r, at, types, COUNT(types));
    if (i >= 0)
        n->quirk_types |= 1U << i;
}

static void set_types(struct reader *r, void *object, config_setting_t *value)
{
    reader_texts(r, value, object, each_type);
}

static void set_u32(struct reader *r, config_setting_t *value, uint32_t *out)
{
    int64_t n = config_setting_get_int64(value);
    if (!config_setting_is_number(value) || n < 0 || n > INT32_MAX)
        reader_bad(r, value, "a whole number is wanted here");
    else
        *out = (uint32_t)n;
}

static void set_ttl(struct reader *r, void *object, config_setting_t *value)
{
    set_u32(r, value, &((struct name *)object)->ttl);
}

static void set_negative_ttl(struct reader *r, void *object, config_setting_t *value)
{
    set_u32(r, value, &((struct name *)object)->negative_ttl);
}

static void set_times(struct reader *r, void *object, config_setting_t *value)
{
    set_u32(r, value, &((struct name *)object)->quirk_times);
}

static void skip(struct reader *r, void *object, config_setting_t *value)
{
    (void)r;
    (void)object;
    (void)value;
}

static const struct key name_keys[] = {
    {"name", KEY_CALL, 0, skip},
    {"mx", KEY_CALL, 0, set_mx},
    {"a", KEY_CALL, 0, set_a},
    {"aaaa", KEY_CALL, 0, set_a},
    {"txt", KEY_CALL, 0, set_txt},
    {"tlsa", KEY_CALL, 0, set_tlsa},
    {"cname", KEY_CALL, 0, set_cname},
    {"ttl", KEY_CALL, 0, set_ttl},
    {"negative_ttl", KEY_CALL, 0, set_negative_ttl},
    {"dns", KEY_CALL, 0, set_quirk},
    {"dns_types", KEY_CALL, 0, set_types},
    {"dns_times", KEY_CALL, 0, set_times},
    {"delay_ms", KEY_MS, offsetof(struct name, delay_ms), NULL},
    {"ad", KEY_BOOL, offsetof(struct name, ad), NULL},
    /* The rest is for domains only. */
    {"receiver", KEY_STR, offsetof(struct name, receiver_name), NULL},
    {"share", KEY_DOUBLE, offsetof(struct name, share), NULL},
    {"expect", KEY_STR, offsetof(struct name, expect), NULL},
    {"category", KEY_STR, offsetof(struct name, category), NULL},
};
#define DOMAIN_ONLY_KEYS 4

/* The entry of that name: a new one, or, where a host got more records in `names`, the old one. */
static struct name *name_entry(struct reader *r, config_setting_t *at, const char *text)
{
    struct scene *s = r->scene;
    struct pattern p;
    struct err e;
    if (!pattern_parse(str_of(text), &p, &e)) {
        reader_bad(r, at, "name '%s': %s", text, e.text);
        return NULL;
    }
    struct name *old = p.ranges ? NULL : map_get(&s->exact, str_of(p.lit[0]));
    if (old || s->names == SCENE_NAMES_MAX) {
        pattern_done(&p);
        if (!old)
            reader_bad(r, at, "more than %d entries: use ranges", SCENE_NAMES_MAX);
        return old;
    }
    struct name *n = scene_new(s, sizeof *n);
    *n = (struct name){.pattern = p, .ttl = 300, .negative_ttl = 60};
    n->line = config_setting_source_line(at);
    n->is_wildcard = str_starts(str_of(p.lit[0]), "*.");
    s->name = mem_grow(s->name, s->names + 1, sizeof *s->name);
    s->name[s->names++] = n;
    if (p.ranges == 0) {
        (void)map_set(&s->exact, str_of(p.lit[0]), n);
    } else {
        s->ranged = mem_grow(s->ranged, s->rangeds + 1, sizeof(void *));
        s->ranged[s->rangeds++] = n;
    }
    return n;
}

static void check_domain(struct reader *r, config_setting_t *at, const struct name *n)
{
    bool answers = n->mxs || n->as || n->cname || n->receiver_name || n->txts || n->tlsas;
    if (n->cname && n->mxs)
        reader_bad(r, at, "a name has either a cname or other records");
    if (!answers && n->quirk == DNS_OK)
        reader_warn(r, at, "'%s' has no record: the answer will be NODATA", n->pattern.lit[0]);
    if (n->share < 0)
        reader_bad(r, at, "a share is not negative");
}

static void read_entry(struct reader *r, config_setting_t *group, bool is_domain)
{
    config_setting_t *name =
        config_setting_is_group(group) ? config_setting_get_member(group, "name") : NULL;
    if (!name) {
        reader_bad(r, group, "an entry is written { name = \"...\"; ... }");
        return;
    }
    const char *text = reader_text(r, name);
    struct name *n = text ? name_entry(r, name, text) : NULL;
    if (!n)
        return;
    if (n->is_domain)
        reader_bad(r, name, "'%s' is declared twice (first in line %u)", text, n->line);
    size_t keys = is_domain ? COUNT(name_keys) : COUNT(name_keys) - DOMAIN_ONLY_KEYS;
    n->share = is_domain ? 1 : n->share;
    reader_group(r, group, n, name_keys, keys, is_domain ? "a domain" : "a name");
    n->is_domain = is_domain || n->is_domain;
    check_domain(r, group, n);
}

static void read_entries(struct reader *r, config_setting_t *section, bool is_domain)
{
    if (!config_setting_is_list(section)) {
        reader_bad(r, section, "this section is a list: ( { name = ...; }, ... )");
        return;
    }
    for (int i = 0; i < config_setting_length(section); i++)
        read_entry(r, config_setting_get_elem(section, (unsigned)i), is_domain);
}

void scene_read_domains(struct reader *r, config_setting_t *section)
{
    read_entries(r, section, true);
}

void scene_read_names(struct reader *r, config_setting_t *section)
{
    read_entries(r, section, false);
}

/* Every address of a receiver becomes a listening socket. */
static void listen_on(struct reader *r, struct receiver *owner, config_setting_t *at,
                      const struct name *n, const struct addresses *a)
{
    struct scene *s = r->scene;
    uint64_t many = a->count < n->pattern.count ? a->count : n->pattern.count;
    for (uint64_t i = 0; i < many; i++) {
        struct sockaddr_storage sa = scene_address(a, i);
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)&sa;
        if (sa.ss_family == AF_INET && ntohl(v4->sin_addr.s_addr) >> 24 != 127) {
            reader_bad(r, at, "receivers listen on 127.0.0.0/8 or ::1 only");
            return;
        }
        if (s->addresses == SCENE_ADDRESSES_MAX) {
            reader_bad(r, at, "more than %d addresses: use a range 127.1.0.1-127.1.0.9",
                       SCENE_ADDRESSES_MAX);
            return;
        }
        char host[PATTERN_NAME];
        char key[64];
        pattern_nth(&n->pattern, i, host);
        (void)address_text(&sa, key);
        struct receiver *other = map_get(&s->address_owner, str_of(key));
        if (other && other != owner)
            reader_bad(r, at, "address %s belongs to receiver '%s' already", key, other->name);
        if (other)
            continue;
        (void)map_set(&s->address_owner, str_of(key), owner);
        s->address = mem_grow(s->address, s->addresses + 1, sizeof *s->address);
        s->address[s->addresses++] =
            (struct address){.sa = sa, .host = scene_str(s, str_of(host)), .receiver = owner};
    }
}

void scene_read_host(struct reader *r, struct receiver *owner, config_setting_t *at,
                     const char *text)
{
    char filled[PATTERN_NAME];
    struct err e;
    if (!template_fill(str_of(text), r->pattern, r->index, filled, &e)) {
        reader_bad(r, at, "'%s': %s", text, e.text);
        return;
    }
    struct str rest = str_of(filled);
    struct str word;
    (void)str_cut(&rest, ' ', &word);
    char host[PATTERN_NAME];
    str_copy(host, sizeof host, word);
    struct name *n = name_entry(r, at, host);
    if (!n)
        return;
    size_t first = n->as;
    while (str_cut(&rest, ' ', &word))
        if (str_trim(word).n)
            add_address(r, n, at, str_trim(word));
    if (n->as == first)
        reader_bad(r, at, "a host is written \"mx1.example 127.1.0.1\"");
    n->receiver = owner;
    for (uint64_t i = 0; i < n->pattern.count && owner->hosts < RECEIVER_HOSTS; i++) {
        pattern_nth(&n->pattern, i, host);
        owner->host[owner->hosts++] = scene_str(r->scene, str_of(host));
    }
    for (size_t i = first; i < n->as; i++)
        listen_on(r, owner, at, n, &n->a[i]);
}
