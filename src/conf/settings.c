#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sluice/base/must.h>
#include <sluice/calendar/calendar.h>
#include <sluice/conf/message.h>
#include <sluice/conf/settings.h>
#include <sluice/os/clock.h>
#include <sluice/os/log.h>

#include "parts.h"
#include "paths.h"
#include "providers.h"

#define SETTINGS_BYTES (4 * 1024 * 1024)
#define HOUR_MS (3600 * 1000)

static const char *const log_levels[] = {"error", "warning", "info", "debug", NULL};

_Static_assert(LOG_AT_ERROR == 0 && LOG_AT_DEBUG == 3, "log_levels follows enum log_level");

#define AT(field) offsetof(struct settings, field)
#define PATH(name, def_path)                                                                       \
    {                                                                                              \
#name, CONF_T_STRING, AT(name), .def = def_path, .min = 1, .max = 4000                     \
    }

static const struct conf_field root_fields[] = {
    PATH(drop_dir, "../var/drop"),
    PATH(accepted_dir, "../var/accepted"),
    PATH(failed_dir, "../var/failed"),
    PATH(out_dir, "../var/out"),
    PATH(spool_dir, "../var/spool"),
    PATH(list_db, "../var/lists.db"),
    PATH(template_dir, "../templates"),
    PATH(control_socket, "../var/control.sock"),
    PATH(provider_dir, "providers"),
    PATH(maintenance_dir, "maintenance"),
    PATH(holiday_dir, "holidays"),
    PATH(dkim_dir, "keys"),
    PATH(log_file, NULL),
    {"log_level", CONF_T_CHOICE, AT(log_level), .def = "info", .choices = log_levels},
    {"ehlo_name", CONF_T_STRING, AT(ehlo_name), .min = 1, .max = 253},
    {"source_addresses", CONF_T_STRINGS, AT(source_addresses), .def = NULL},
    {"max_connections", CONF_T_INT, AT(max_connections), .def = "500", .min = 1, .max = 100000},
    {"timezone", CONF_T_STRING, AT(timezone), .def = "Asia/Seoul", .min = 1, .max = 64},
    {"utc_offset_min", CONF_T_INT, AT(utc_offset_min), .def = "540", .min = -720, .max = 840},
    {"prohibited_hosts", CONF_T_STRINGS, AT(prohibited_hosts),
     .def = "127.0.0.0/8, 0.0.0.0/8, ::1, ::, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, "
            "169.254.0.0/16, fc00::/7, fe80::/10"},
    {"dns", CONF_T_GROUP, .def = NULL},
    {"timeouts", CONF_T_GROUP, .def = NULL},
    {"caps", CONF_T_GROUP, .def = NULL},
    {"defaults", CONF_T_GROUP, .def = NULL},
    {"providers", CONF_T_LIST, .def = NULL},
    {"limits", CONF_T_LIST, .def = NULL},
    {"sources", CONF_T_LIST, .def = NULL},
    {"source_pools", CONF_T_LIST, .def = NULL},
    {"clients", CONF_T_LIST, .def = NULL},
    {"frequency_cap", CONF_T_GROUP, .def = NULL},
    {"automation", CONF_T_LIST, .def = NULL},
    {"dkim", CONF_T_LIST, .def = NULL},
    {"tracking_server", CONF_T_GROUP, .def = NULL},
    CONF_ELSEWHERE("test_group"),
    MESSAGE_NAMES_OF_ROOT,
    {0},
};

#define MS(field, def_ms, most)                                                                    \
    {                                                                                              \
#field, CONF_T_DURATION, AT(timeouts.field), .def = def_ms, .min = 1, .max = most          \
    }

static const struct conf_field timeout_fields[] = {
    MS(connect, "60 s", HOUR_MS),    MS(banner, "5 min", HOUR_MS),
    MS(ehlo, "5 min", HOUR_MS),      MS(starttls, "2 min", HOUR_MS),
    MS(mail_from, "5 min", HOUR_MS), MS(rcpt_to, "5 min", HOUR_MS),
    MS(data, "2 min", HOUR_MS),      MS(data_block, "3 min", HOUR_MS),
    MS(data_dot, "10 min", HOUR_MS), {0},
};

static const struct conf_field dns_fields[] = {
    {"servers", CONF_T_STRING, AT(dns.servers), .min = 1, .max = 1000},
    {"timeout", CONF_T_DURATION, AT(dns.timeout_ms), .def = "3 s", .min = 1, .max = 60 * 1000},
    {"tries", CONF_T_INT, AT(dns.tries), .def = "3", .min = 1, .max = 10},
    {"cache_max", CONF_T_INT, AT(dns.cache_max), .def = "100000", .min = 1, .max = 100000000},
    {"in_flight_max", CONF_T_INT, AT(dns.in_flight_max), .def = "2000", .min = 1, .max = 50000},
    {"ttl_min_sec", CONF_T_INT, AT(dns.ttl_min_sec), .def = "60", .min = 0, .max = 86400},
    {"ttl_max_sec", CONF_T_INT, AT(dns.ttl_max_sec), .def = "86400", .min = 1, .max = 604800},
    {"servfail", CONF_T_DURATION, AT(dns.servfail_ms), .def = "60 s", .min = 1, .max = HOUR_MS},
    {"use_ipv4", CONF_T_BOOL, AT(dns.use_ipv4), .def = "true"},
    {"use_ipv6", CONF_T_BOOL, AT(dns.use_ipv6), .def = "true"},
    {0},
};

#define MB (1LL << 20)
#define GB (1LL << 30)

static const struct conf_field cap_fields[] = {
    {"job_file_bytes", CONF_T_BYTES, AT(caps.job_file_bytes), .def = "1 MB", .min = 1024,
     .max = 64 * MB},
    {"recipients_bytes", CONF_T_BYTES, AT(caps.recipients_bytes), .def = "64 GB", .min = 1,
     .max = 4096 * GB},
    {"row_bytes", CONF_T_BYTES, AT(caps.row_bytes), .def = "1 MB", .min = 1024, .max = 64 * MB},
    {"columns", CONF_T_INT, AT(caps.columns), .def = "256", .min = 1, .max = 10000},
    {"template_bytes", CONF_T_BYTES, AT(caps.template_bytes), .def = "4 MB", .min = 1024,
     .max = 64 * MB},
    {"template_total_bytes", CONF_T_BYTES, AT(caps.template_total_bytes), .def = "8 MB",
     .min = 1024, .max = 64 * MB},
    {"min_free_bytes", CONF_T_BYTES, AT(caps.min_free_bytes), .def = "512 MB", .min = 1,
     .max = INT64_MAX},
    {"trigger_file_bytes", CONF_T_BYTES, AT(caps.trigger_file_bytes), .def = "64 MB", .min = 1024,
     .max = GB},
    {0},
};

/* An absent group is an empty one: its defaults count. */
static void read_group(struct settings *s, const char *name, const struct conf_field *fields,
                       struct problems *p)
{
    static const struct conf_node empty = {.kind = CONF_GROUP};
    const struct conf_node *group = conf_find(&s->tree->root, name);

    conf_read(group && group->kind == CONF_GROUP ? group : &empty, name, fields, s, p);
}

static void resolve(const char *dir, char **path)
{
    char *relative = *path;

    if (!relative)
        return;
    *path = path_from(dir, relative);
    free(relative);
}

static void resolve_paths(struct settings *s, const char *file)
{
    char *dir = path_folder(file);
    char **const paths[] = {
        &s->drop_dir,        &s->accepted_dir, &s->failed_dir,     &s->out_dir,  &s->spool_dir,
        &s->list_db,         &s->template_dir, &s->control_socket, &s->log_file, &s->provider_dir,
        &s->maintenance_dir, &s->holiday_dir,  &s->dkim_dir};

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        resolve(dir, paths[i]);
    free(dir);
}

/* A problem with a setting of the root; its place, if it is written at all. */
__attribute__((format(printf, 4, 5))) static void say(const struct settings *s, const char *name,
                                                      struct problems *p, const char *format, ...)
{
    const struct conf_node *n = conf_find(&s->tree->root, name);
    struct buf text;
    va_list args;

    buf_init(&text, 1000);
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    conf_say(p, n ? n : &s->tree->root, name, "%s", text.data);
    buf_done(&text);
}

/* Two names for one directory would make the intake read its own output. */
static void check_paths(const struct settings *s, struct problems *p)
{
    const struct {
        const char *name, *path;
    } dir[] = {{"drop_dir", s->drop_dir},
               {"accepted_dir", s->accepted_dir},
               {"failed_dir", s->failed_dir},
               {"out_dir", s->out_dir},
               {"spool_dir", s->spool_dir}};

    for (size_t i = 0; i < sizeof dir / sizeof *dir; i++) {
        for (size_t j = 0; j < i; j++) {
            if (dir[i].path && dir[j].path && strcmp(dir[i].path, dir[j].path) == 0)
                say(s, dir[i].name, p, "the same directory as %s (got \"%s\")", dir[j].name,
                    dir[i].path);
        }
    }
}

/* A folder that somebody named must be there; a default one may be missing. */
static void check_folder(const struct settings *s, const char *name, const char *path,
                         struct problems *p)
{
    struct err e;

    if (!path || !conf_find(&s->tree->root, name) || access(path, R_OK | X_OK) == 0)
        return;
    err_sys(&e, "cannot read %s", path);
    say(s, name, p, "%s", e.text);
}

/* Windows lean on it: they shall not all repeat what is said once. */
static void check_timezone(struct settings *s, struct problems *p)
{
    const struct window daily = {
        .kind = WINDOW_WEEKLY, .timezone = s->timezone, .days = 0x7f, .until_min = 1440};
    struct problems said;

    if (!s->timezone)
        return; /* of a wrong type, which has been said */
    problems_init(&said);
    if (!calendar_check(&daily, "", &said)) {
        const char *text = said.item[0].text; /* ".timezone: unknown ..." */

        say(s, "timezone", p, "%s", strchr(text, ':') + 2);
        free(s->timezone);
        s->timezone = mem_str("UTC");
    }
    problems_done(&said);
}

static void check_values(const struct settings *s, struct problems *p)
{
    if (!s->dns.use_ipv4 && !s->dns.use_ipv6)
        say(s, "dns", p, "use_ipv4 and use_ipv6 are both false: no host can be reached");
    if (s->dns.ttl_min_sec > s->dns.ttl_max_sec)
        say(s, "dns", p, "ttl_min_sec is larger than ttl_max_sec (got %lld, allowed: at most %lld)",
            (long long)s->dns.ttl_min_sec, (long long)s->dns.ttl_max_sec);
    check_folder(s, "maintenance_dir", s->maintenance_dir, p);
    check_folder(s, "holiday_dir", s->holiday_dir, p);
    if (s->timeouts.data_dot < 10 * 60 * 1000)
        problems_warn(
            p, s->tree->root.file, 0,
            "timeouts.data_dot: shorter than the 10 min of RFC 5321 4.5.3.2.6: receivers that take "
            "longer get the message and the recipient becomes in doubt");
}

static void default_ehlo_name(struct settings *s)
{
    char name[256] = "";

    if (s->ehlo_name)
        return;
    if (gethostname(name, sizeof name - 1) != 0 || !*name)
        str_copy(name, sizeof name, str_of("localhost"));
    s->ehlo_name = mem_str(name);
}

/* Each part needs those before it. */
static void read_shaping(struct settings *s, struct problems *p)
{
    const struct conf_node *root = &s->tree->root;
    struct shaping *all = &s->shaping;
    struct pools pools = {0};

    named_limits_read(s, root, p);
    sources_read(s, root, &pools, p);
    defaults_read(conf_find(root, "defaults"), s, p);
    if (s->provider_dir)
        providers_load_dir(s, s->provider_dir, conf_find(root, "provider_dir") != NULL, p);
    for (const struct conf_tree *t = s->tree; t; t = t->next)
        providers_read(s, &t->root, p);
    for (const struct conf_tree *t = s->tree; t; t = t->next)
        rules_read(s, &t->root, p);
    clients_read(s, root, &pools, p);
    frequency_read(root, "", &all->frequency_count, &all->frequency_ms, &all->frequency_at, p);
    pools_done(&pools);
}

/* Whoever asks the daemon for an origin sits in another directory: all are absolute. */
static struct conf_tree *load_tree(const char *path, struct problems *p)
{
    char *absolute = path_absolute(path);
    struct conf_tree *tree = conf_load(absolute, SETTINGS_BYTES, CONF_INCLUDES, p);

    free(absolute);
    return tree;
}

struct settings *settings_load(const char *path, struct problems *p)
{
    size_t errors = p->errors;
    struct conf_tree *tree = load_tree(path, p);
    struct settings *s;

    if (!tree)
        return NULL;
    s = mem_new(sizeof *s);
    s->tree = tree;
    conf_read(&tree->root, "", root_fields, s, p);
    read_group(s, "dns", dns_fields, p);
    read_group(s, "timeouts", timeout_fields, p);
    read_group(s, "caps", cap_fields, p);
    resolve_paths(s, path);
    check_paths(s, p);
    part_check_ehlo_name(&tree->root, "", s->ehlo_name, p);
    default_ehlo_name(s);
    check_timezone(s, p);
    check_values(s, p);
    read_shaping(s, p);
    messages_read(s, &tree->root, p);
    dkim_read(s, &tree->root, p);
    providers_check_windows(s, clock_wall(), p);
    if (p->errors == errors)
        return s;
    settings_free(s);
    return NULL;
}

void settings_free(struct settings *s)
{
    if (!s)
        return;
    char *const text[] = {s->drop_dir,    s->accepted_dir,    s->failed_dir,   s->out_dir,
                          s->spool_dir,   s->list_db,         s->template_dir, s->control_socket,
                          s->log_file,    s->ehlo_name,       s->dns.servers,  s->provider_dir,
                          s->holiday_dir, s->maintenance_dir, s->timezone,     s->dkim_dir};

    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        free(text[i]);
    conf_strings_done(&s->source_addresses);
    conf_strings_done(&s->prohibited_hosts);
    messages_done(s);
    dkim_done(s);
    shaping_done(&s->shaping);
    conf_tree_free(s->tree);
    free(s);
}
