/* lock.h: libical keeps its error number, its scratch buffers and its zones for the whole process:
 * every call into it that may touch them stands between these two. */
#ifndef SLUICE_CALENDAR_LOCK_H
#define SLUICE_CALENDAR_LOCK_H

void ical_lock(void);
void ical_unlock(void);

#endif
