/* windows.h: lists of windows, in the configuration and in job files.
 *
 *     send_windows = ( { days = "Mon-Fri"; hours = "08:00-20:00"; }, { days = "토"; hours = ... } );
 *
 *     windows_read(group, "maintenance", "providers[0]", settings, &profile.maintenance, p);
 *     send_windows_read(group, "clients[0]", settings, &client.send_windows, p);
 */
#ifndef SLUICE_CONF_WINDOWS_H
#define SLUICE_CONF_WINDOWS_H

#include <sluice/conf/settings.h>
#include <sluice/conf/tree.h>
#include <sluice/model/window.h>

#define WINDOWS_MAX 200 /* of one list */

/* Appends the windows of the list `name` in the group (absent, or no list: nothing). A window
 * without a time zone gets that of the settings. What is wrong is a problem, and left out. The
 * origins point into the tree. */
void windows_read(const struct conf_node *group, const char *name, const char *path,
                  const struct settings *s, struct windows *out, struct problems *p);
/* The list `send_windows`, with the name that out->holidays has already (conf_read stored it there):
 * its file must be in the settings' holiday_dir. Holidays alone are a window that is open on every
 * other day. */
void send_windows_read(const struct conf_node *group, const char *path, const struct settings *s,
                       struct windows *out, struct problems *p);

#endif
