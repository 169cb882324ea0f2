/* faulty_vfs.h: SQLite's file layer with faults on order.
 *
 *     faulty_install();                    // and db_vfs_name = "faulty"
 *     faulty.writes_left = 3;              // the fourth write finds the disk full
 *     faulty.syncs_fail = true;
 *     faulty.dies_at = 7;                  // SIGKILL in place of the eighth write or sync
 *     faulty_heal();
 */
#ifndef TEST_SPOOL_FAULTY_VFS_H
#define TEST_SPOOL_FAULTY_VFS_H

#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    long writes_left; /* < 0: all succeed */
    bool syncs_fail;
    long dies_at; /* < 0: never */
} faulty = {.writes_left = -1, .dies_at = -1};

struct faulty_file {
    sqlite3_file base;
    sqlite3_file real; /* and behind it what SQLite's own file needs */
};

static inline sqlite3_file *real_of(sqlite3_file *f)
{
    return &((struct faulty_file *)f)->real;
}

static void faulty_may_die(void)
{
    if (faulty.dies_at >= 0 && faulty.dies_at-- == 0)
        kill(getpid(), SIGKILL);
}

static int faulty_close(sqlite3_file *f)
{
    return real_of(f)->pMethods->xClose(real_of(f));
}
static int faulty_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
    return real_of(f)->pMethods->xRead(real_of(f), to, n, at);
}
static int faulty_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
    faulty_may_die();
    if (faulty.writes_left == 0)
        return SQLITE_FULL;
    if (faulty.writes_left > 0)
        faulty.writes_left--;
    return real_of(f)->pMethods->xWrite(real_of(f), from, n, at);
}
static int faulty_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    return real_of(f)->pMethods->xTruncate(real_of(f), size);
}
static int faulty_sync(sqlite3_file *f, int flags)
{
    faulty_may_die();
    return faulty.syncs_fail ? SQLITE_IOERR_FSYNC : real_of(f)->pMethods->xSync(real_of(f), flags);
}
static int faulty_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return real_of(f)->pMethods->xFileSize(real_of(f), size);
}
static int faulty_lock(sqlite3_file *f, int level)
{
    return real_of(f)->pMethods->xLock(real_of(f), level);
}
static int faulty_unlock(sqlite3_file *f, int level)
{
    return real_of(f)->pMethods->xUnlock(real_of(f), level);
}
static int faulty_check(sqlite3_file *f, int *out)
{
    return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
}
static int faulty_control(sqlite3_file *f, int op, void *arg)
{
    return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}
static int faulty_sector(sqlite3_file *f)
{
    return real_of(f)->pMethods->xSectorSize(real_of(f));
}
static int faulty_traits(sqlite3_file *f)
{
    return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}
static int faulty_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, out);
}
static int faulty_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
    return real_of(f)->pMethods->xShmLock(real_of(f), at, n, flags);
}
static void faulty_shm_barrier(sqlite3_file *f)
{
    real_of(f)->pMethods->xShmBarrier(real_of(f));
}
static int faulty_shm_unmap(sqlite3_file *f, int remove)
{
    return real_of(f)->pMethods->xShmUnmap(real_of(f), remove);
}

static const sqlite3_io_methods faulty_methods = {
    .iVersion = 2,
    .xClose = faulty_close,
    .xRead = faulty_read,
    .xWrite = faulty_write,
    .xTruncate = faulty_truncate,
    .xSync = faulty_sync,
    .xFileSize = faulty_size,
    .xLock = faulty_lock,
    .xUnlock = faulty_unlock,
    .xCheckReservedLock = faulty_check,
    .xFileControl = faulty_control,
    .xSectorSize = faulty_sector,
    .xDeviceCharacteristics = faulty_traits,
    .xShmMap = faulty_shm_map,
    .xShmLock = faulty_shm_lock,
    .xShmBarrier = faulty_shm_barrier,
    .xShmUnmap = faulty_shm_unmap,
};

static int faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
    sqlite3_vfs *real = vfs->pAppData;
    int result = real->xOpen(real, name, real_of(f), flags, out);

    f->pMethods = real_of(f)->pMethods ? &faulty_methods : NULL;
    return result;
}

static inline void faulty_install(void)
{
    static sqlite3_vfs vfs;
    sqlite3_vfs *real = sqlite3_vfs_find(NULL);

    vfs = *real;
    vfs.zName = "faulty";
    vfs.szOsFile = (int)(offsetof(struct faulty_file, real)) + real->szOsFile;
    vfs.pAppData = real;
    vfs.xOpen = faulty_open;
    sqlite3_vfs_register(&vfs, 0);
}

static inline void faulty_heal(void)
{
    faulty.writes_left = -1;
    faulty.syncs_fail = false;
}

#endif
