/* reload.h: what of a new configuration cannot count before a restart. Private to the room; pure. */
#ifndef SLUICE_ENGINE_RELOAD_H
#define SLUICE_ENGINE_RELOAD_H

#include <sluice/conf/settings.h>

#define RESTART_MAX 64
/* The names of the settings that differ and are looked at only once, at a start; returns how many. */
unsigned settings_need_restart(const struct settings *running, const struct settings *written,
                               const char *name[RESTART_MAX]);

#endif
