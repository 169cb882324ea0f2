/* zone.c: see zone.h. The one list of zones is guarded by a mutex and only ever grows, by names that
 * tzdata knows. */
#include "zone.h"

#include <pthread.h>
#include <stdlib.h>
#include <sluice/base/err.h>
#include <sluice/base/must.h>
#include <sluice/os/file.h>

#include "tzif.h"

#define ZONE_FOLDER "/usr/share/zoneinfo/"
#define ZONE_NAME_MAX 64
#define ZONE_FILE_BYTES (64u * 1024)
/* No two clocks of one zone were ever further apart. */
#define NEAR_SEC (26 * 3600)

static pthread_mutex_t zones_lock = PTHREAD_MUTEX_INITIALIZER;
static struct zone *zones;

static int by_time(const void *a, const void *b)
{
    const struct zone_change *x = a, *y = b;

    return (x->at_sec > y->at_sec) - (x->at_sec < y->at_sec);
}

struct zone *zone_new(const char *name, struct zone_change *change, size_t count)
{
    struct zone *z = mem_array(1, sizeof *z);

    MUST(count > 0);
    qsort(change, count, sizeof *change, by_time);
    *z = (struct zone){.name = mem_str(name), .change = change, .count = count};
    return z;
}

void zone_free(struct zone *z)
{
    if (!z)
        return;
    free(z->name);
    free(z->change);
    free(z);
}

/* ---- names ---- */

/* The folder holds other things, too; a name begins with a capital ("posix/", "right/", "localtime"
 * do not). */
static bool is_name(const char *name)
{
    size_t n = strlen(name);

    if (n == 0 || n > ZONE_NAME_MAX || name[0] < 'A' || name[0] > 'Z')
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = name[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (!is_letter && !(c >= '0' && c <= '9') && !strchr("_+-/", c))
            return false;
    }
    return strcmp(name, "Factory") != 0;
}

static struct zone *load(const char *name)
{
    char *path = mem_printf(ZONE_FOLDER "%s", name);
    struct zone_change *change;
    struct zone *z = NULL;
    struct buf data;
    size_t count;
    struct err e;

    buf_init(&data, ZONE_FILE_BYTES);
    if (file_read(path, &data, &e) && tzif_parse(data.data, data.len, &change, &count)) {
        z = zone_new(name, change, count);
    } else if (strcmp(name, "UTC") == 0) { /* also where there is no tzdata */
        change = mem_array(1, sizeof *change);
        *change = (struct zone_change){.at_sec = INT64_MIN / 4, .abbr = "UTC"};
        z = zone_new(name, change, 1);
    }
    buf_done(&data);
    free(path);
    return z;
}

const struct zone *zone_get(const char *name)
{
    struct zone *z;

    if (!name || !is_name(name))
        return NULL;
    pthread_mutex_lock(&zones_lock);
    for (z = zones; z && strcmp(z->name, name) != 0; z = z->next)
        ;
    if (!z && (z = load(name))) {
        z->next = zones;
        zones = z;
    }
    pthread_mutex_unlock(&zones_lock);
    return z;
}

/* ---- clocks ---- */

/* The last change at or before t; the first one for anything before. */
static size_t change_at(const struct zone *z, int64_t utc_sec)
{
    size_t low = 0, high = z->count;

    while (low + 1 < high) {
        size_t mid = low + (high - low) / 2;

        if (z->change[mid].at_sec <= utc_sec)
            low = mid;
        else
            high = mid;
    }
    return low;
}

int32_t zone_offset(const struct zone *z, int64_t utc_sec)
{
    return z->change[change_at(z, utc_sec)].offset_sec;
}

const char *zone_abbr(const struct zone *z, int64_t utc_sec)
{
    return z->change[change_at(z, utc_sec)].abbr;
}

struct reading {
    int64_t first, last;
    int64_t gap_end; /* the instant of the change, when the time is left out; else `first` */
};

static struct reading read_local(const struct zone *z, int64_t local_sec)
{
    size_t i = change_at(z, local_sec - NEAR_SEC);
    struct reading r = {0};
    bool is_found = false;

    for (; i < z->count && (i == 0 || z->change[i].at_sec <= local_sec + NEAR_SEC); i++) {
        int64_t utc = local_sec - z->change[i].offset_sec;
        int64_t next = i + 1 < z->count ? z->change[i + 1].at_sec : INT64_MAX;

        if ((i == 0 || utc >= z->change[i].at_sec) && utc < next) {
            if (!is_found)
                r.first = r.gap_end = utc;
            r.last = utc;
            is_found = true;
        } else if (!is_found && utc >= next && local_sec - z->change[i + 1].offset_sec < next) {
            r = (struct reading){utc, utc, next};
            is_found = true;
        }
    }
    MUST(is_found);
    return r;
}

int64_t zone_first(const struct zone *z, int64_t local_sec)
{
    return read_local(z, local_sec).first;
}

int64_t zone_last(const struct zone *z, int64_t local_sec)
{
    return read_local(z, local_sec).last;
}

void zone_stretch(const struct zone *z, int64_t from_local, int64_t until_local, int64_t *from_utc,
                  int64_t *until_utc)
{
    struct reading from = read_local(z, from_local);

    *from_utc = from.first;
    *until_utc = zone_last(z, until_local);
    if (*from_utc >= *until_utc)
        *from_utc = from.gap_end;
    /* All of it is left out, and the next that there is is its end. */
    if (*from_utc >= *until_utc) {
        *from_utc = from.first;
        *until_utc = from.first + (until_local - from_local);
    }
}
