/* providers.h: the providers of a configuration, from sluice.conf and from provider_dir.
 *
 *     limits_read(conf_find(&tree->root, "defaults"), NULL, &s->defaults, p);
 *     providers_read(s, &s->tree->root, p);
 *     providers_read_dir(s, dir, is_required, p);
 */
#ifndef SLUICE_CONF_PROVIDERS_H
#define SLUICE_CONF_PROVIDERS_H

#include <stdbool.h>
#include <sluice/conf/settings.h>

/* `group` may be NULL: the defaults. */
void defaults_read(const struct conf_node *group, struct limits *out, struct problems *p);
/* Appends the entries of `providers` below root to s->providers. s->defaults must be there. */
void providers_read(struct settings *s, const struct conf_node *root, struct problems *p);
/* All *.conf in the folder, by name; their trees are chained to s->tree. A missing folder is a
 * problem only if it is required. */
void providers_read_dir(struct settings *s, const char *dir, bool is_required, struct problems *p);
void profiles_done(struct profiles *p);

#endif
