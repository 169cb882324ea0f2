/* providers.h: the providers of a configuration, from sluice.conf and from provider_dir.
 *
 *     defaults_read(conf_find(&tree->root, "defaults"), s, p);
 *     providers_read(s, &s->tree->root, p);
 *     providers_load_dir(s, dir, is_required, p);
 */
#ifndef SLUICE_CONF_PROVIDERS_H
#define SLUICE_CONF_PROVIDERS_H

#include <stdbool.h>
#include <sluice/conf/settings.h>

/* `group` may be NULL: all defaults. Fills the fallback; the named limits must be there. */
void defaults_read(const struct conf_node *group, struct settings *s, struct problems *p);
/* Appends the entries of `providers` below root. The fallback must be there. */
void providers_read(struct settings *s, const struct conf_node *root, struct problems *p);
/* All *.conf in the folder, by name; their trees, looked over, are chained to s->tree in that order.
 * A missing folder is a problem only if it is required. */
void providers_load_dir(struct settings *s, const char *dir, bool is_required, struct problems *p);
/* A send window that maintenance of the same provider never lets open in the 60 days from now: a
 * warning. */
void providers_check_windows(const struct settings *s, struct wall now, struct problems *p);

#endif
