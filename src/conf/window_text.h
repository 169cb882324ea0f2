/* window_text.h: days and hours of a window as people write them. (P)
 *
 *     days_parse(str_of("Mon-Fri"), &days);             // also "토,일", "daily"
 *     hours_parse(str_of("22:00-02:00"), &from, &until);
 */
#ifndef SLUICE_CONF_WINDOW_TEXT_H
#define SLUICE_CONF_WINDOW_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <sluice/base/str.h>

/* Days and stretches of days with commas between: "Mon", "Sat,Sun", "Fri-Mon", "월-금", "daily",
 * "매일"; bit 0 is Monday. False for anything else, and *days untouched. */
bool days_parse(struct str s, uint8_t *days);
/* "08:00-20:00", "22:00-02:00" (over midnight), "00:00-24:00"; minutes of the day. False for
 * anything else, and for a window of no length. */
bool hours_parse(struct str s, int *from_min, int *until_min);

#endif
