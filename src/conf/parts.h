/* parts.h: the parts of a configuration that become its shaping; each reads one setting of a root.
 *
 *     named_limits_read(s, &tree->root, p);
 *     sources_read(s, &tree->root, &pools, p);
 *     clients_read(s, &tree->root, &pools, p);
 */
#ifndef SLUICE_CONF_PARTS_H
#define SLUICE_CONF_PARTS_H

#include <stdbool.h>
#include <sluice/conf/settings.h>

#define ENTRIES_MAX 5000 /* of one list */

/* source_pools; only clients refer to them. */
struct pools {
    struct pool {
        char *name;
        uint64_t sources; /* bit per index in shaping.source */
    } * item;
    size_t count;
};
void pools_done(struct pools *p);

/* The fields of a struct cap inside `owner`. */
#define CAP_FIELDS(owner)                                                                          \
    {"connection_limit", CONF_T_INT, offsetof(owner, cap.connection_limit), .min = 1,              \
     .max = 100000},                                                                               \
        {"max_message_rate", CONF_T_RATES, offsetof(owner, cap.max_message_rate), .def = NULL},    \
    {                                                                                              \
        "max_connection_rate", CONF_T_RATES, offsetof(owner, cap.max_connection_rate), .def = NULL \
    }

/* 1 to 63 of a-z, 0-9, '-', '_' and '.'. */
bool part_name_is_plain(const char *name);
/* `name` is ehlo_name of the group at `path`: a host name, or an address in brackets; NULL: not given. */
void part_check_ehlo_name(const struct conf_node *group, const char *path, const char *name,
                          struct problems *p);
/* The list `name` of the root, when it is one of a sane length; else NULL. */
const struct conf_node *part_list(const struct conf_node *group, const char *path, const char *name,
                                  struct problems *p);

/* `limits`. */
void named_limits_read(struct settings *s, const struct conf_node *root, struct problems *p);
/* `sources` or source_addresses, and source_pools. There is at least one source then. */
void sources_read(struct settings *s, const struct conf_node *root, struct pools *pools,
                  struct problems *p);
/* `clients`. */
void clients_read(struct settings *s, const struct conf_node *root, const struct pools *pools,
                  struct problems *p);
/* What messages are made with: of the root, and of each of its clients; tracking_server. */
void messages_read(struct settings *s, const struct conf_node *root, struct problems *p);
void messages_done(struct settings *s);
/* `dkim`; dkim_dir is there. */
void dkim_read(struct settings *s, const struct conf_node *root, struct problems *p);
void dkim_done(struct settings *s);
/* frequency_cap of the group (absent: untouched). */
void frequency_read(const struct conf_node *group, const char *path, uint32_t *count, int64_t *ms,
                    struct origin *at, struct problems *p);
/* `automation` of the root and of each of its providers. The providers of all files must be there.
 */
void rules_read(struct settings *s, const struct conf_node *root, struct problems *p);

#endif
