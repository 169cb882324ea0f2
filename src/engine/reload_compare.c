/* reload_compare.c: settings that are looked at only once. What is not in this table counts at once:
 * all of shaping with its folders, timezone, log_file and log_level, keys, and what the next job is read by:
 * template_dir with its caps, the messages of clients. */
#include "reload.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum kind { TEXT, NUMBER, FLAG, TEXTS };
#define AT(kind, field)                                                                            \
    {                                                                                              \
#field, kind, offsetof(struct settings, field)                                             \
    }

static const struct {
    const char *name;
    enum kind kind;
    size_t offset;
} FIELDS[] = {
    AT(TEXT, drop_dir),
    AT(TEXT, accepted_dir),
    AT(TEXT, failed_dir),
    AT(TEXT, out_dir),
    AT(TEXT, spool_dir),
    AT(TEXT, list_db),
    AT(TEXT, control_socket),
    AT(TEXT, ehlo_name),
    AT(NUMBER, max_connections),
    AT(NUMBER, utc_offset_min),
    AT(TEXTS, prohibited_hosts),
    AT(TEXT, dns.servers),
    AT(NUMBER, dns.timeout_ms),
    AT(NUMBER, dns.tries),
    AT(NUMBER, dns.cache_max),
    AT(NUMBER, dns.in_flight_max),
    AT(NUMBER, dns.ttl_min_sec),
    AT(NUMBER, dns.ttl_max_sec),
    AT(NUMBER, dns.servfail_ms),
    AT(FLAG, dns.use_ipv4),
    AT(FLAG, dns.use_ipv6),
    AT(NUMBER, timeouts.connect),
    AT(NUMBER, timeouts.banner),
    AT(NUMBER, timeouts.ehlo),
    AT(NUMBER, timeouts.starttls),
    AT(NUMBER, timeouts.mail_from),
    AT(NUMBER, timeouts.rcpt_to),
    AT(NUMBER, timeouts.data),
    AT(NUMBER, timeouts.data_block),
    AT(NUMBER, timeouts.data_dot),
    AT(NUMBER, caps.recipients_bytes),
    AT(NUMBER, caps.row_bytes),
    AT(NUMBER, caps.columns),
    AT(NUMBER, caps.min_free_bytes),
    AT(NUMBER, caps.trigger_file_bytes),
};
enum { FIELD_COUNT = sizeof FIELDS / sizeof *FIELDS };
_Static_assert(FIELD_COUNT <= RESTART_MAX, "every setting may differ");

static bool is_same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_same_list(const struct conf_strings *a, const struct conf_strings *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = is_same_text(a->item[i], b->item[i]);
    return same;
}

static bool is_same(enum kind kind, const void *a, const void *b)
{
    switch (kind) {
    case TEXT:
        return is_same_text(*(char *const *)a, *(char *const *)b);
    case NUMBER:
        return *(const int64_t *)a == *(const int64_t *)b;
    case FLAG:
        return *(const bool *)a == *(const bool *)b;
    case TEXTS:
        return is_same_list(a, b);
    }
    return false;
}

/* As people write it: the unit is in the value there. */
static const char *written_name(const char *field)
{
    return strcmp(field, "dns.timeout_ms") == 0    ? "dns.timeout"
           : strcmp(field, "dns.servfail_ms") == 0 ? "dns.servfail"
                                                   : field;
}

unsigned settings_need_restart(const struct settings *running, const struct settings *written,
                               const char *name[RESTART_MAX])
{
    unsigned n = 0;
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (!is_same(FIELDS[i].kind, (const char *)running + FIELDS[i].offset,
                     (const char *)written + FIELDS[i].offset))
            name[n++] = written_name(FIELDS[i].name);
    return n;
}
