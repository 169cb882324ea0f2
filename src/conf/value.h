/* value.h: texts of settings that only the configuration has. (P)
 *
 *     conf_bytes_parse(str_of("64 MB"), &bytes);
 */
#ifndef SLUICE_CONF_VALUE_H
#define SLUICE_CONF_VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include <sluice/base/str.h>

/* "512", "64 KB", "64 MB", "2 GB", "1 TB": powers of 1024. False for anything else. */
bool conf_bytes_parse(struct str s, int64_t *bytes);

#endif
