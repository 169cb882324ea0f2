/* importing.h: an import on its way; shared by import.c (rows in) and import_finish.c (sorting).
 * Private.
 */
#ifndef SLUICE_SPOOL_IMPORTING_H
#define SLUICE_SPOOL_IMPORTING_H

#include "domains.h"
#include "inside.h"
#include "sorter.h"

struct spool_import {
    struct spool *spool;
    struct job_row row;
    char *dir;   /* jobs/ID.importing */
    char *final; /* jobs/ID */
    int lock;    /* on the folder, while the import lives */
    struct db db;
    sqlite3_stmt *put_recipient;
    struct domains domains;
    struct sorter *by_hash;   /* hash of the address << 32 | rid: equal addresses meet */
    struct sorter *by_domain; /* domain << 32 | rid: the order of todo */
    uint64_t seed;
    uint64_t rows;
};

/* Lower case into `out` (at least ADDRESS_MAX + 1 bytes); returns its length, or 0 when it is too
 * long. */
size_t address_fold(const char *email, char *out);

/* Removes duplicates (counted in i->row) and fills domain and todo, in the open transaction. */
bool import_sort(struct spool_import *i,
                 void (*dup)(void *arg, const char *email, uint64_t line, uint64_t first_line),
                 void *arg, struct err *e);

#endif
