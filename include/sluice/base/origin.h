/* origin.h: where a setting was written: every effective value can be asked for with it.
 *
 *     printf("%s:%u", l->origin[LIMIT_CONNECTION_LIMIT].file, ...);
 */
#ifndef SLUICE_BASE_ORIGIN_H
#define SLUICE_BASE_ORIGIN_H

struct origin {
    const char *file; /* owned by the configuration it came from; NULL: built in */
    unsigned line;    /* from 1; 0: the whole file */
};

#endif
