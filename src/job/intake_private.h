/* intake_private.h: the parts of the intake. docs/job-files.md says what they do for people. */
#ifndef SLUICE_JOB_INTAKE_PRIVATE_H
#define SLUICE_JOB_INTAKE_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sluice/job/intake.h>

enum { LANE_JOBS, LANE_TRIGGERS, LANES };

struct lane {
    struct intake *intake;
    struct spool *spool;
    pthread_t thread;
    bool is_running;
    int notify, watch; /* inotify */
    int wake;          /* eventfd */
    /* Under intake->lock: */
    bool is_busy;       /* in a scan */
    bool is_wanted;     /* something came that no scan has seen yet; true at the start */
    unsigned left;      /* files that the last scan left for later */
    unsigned unclaimed; /* old files that look like a standing job's, without such a job */
    char paused[160];
    /* Own to the lane's thread: */
    bool had_trouble; /* in this scan */
    uint32_t
        limit_key; /* of which standing job `limit` is, so that not each of its files reads it again */
    uint64_t limit;
};

struct intake {
    struct intake_options o;
    struct lane lane[LANES];
    atomic_bool stop;
    pthread_mutex_t lock;
    struct intake_status
        status; /* under lock; waiting_files and paused_because are made up when asked */
};

/* Everything but the threads: tests scan by hand. */
bool intake_open(const struct intake_options *o, struct intake **out, struct err *e);
void intake_close(struct intake *i); /* NULL is fine */
/* One look at the drop directory, working on all that can be worked on. */
void intake_scan_jobs(struct intake *i);
void intake_scan_triggers(struct intake *i);
void lane_wake(struct lane *l);
/* Why nothing moves; NULL or "": it does again. Logged when it changes. */
void lane_pause(struct lane *l, const char *because);
/* Is there room for one more file's worth? Pauses the lane otherwise. */
bool lane_has_space(struct lane *l);
/* What failed has to do with this machine, not with the file: pause, and try again later. */
void lane_fails(struct lane *l, const char *doing, const struct err *e);

/* What became of a dropped file. */
enum fate { FATE_DONE, FATE_LATER };

/* ---- drop.c: what lies in the drop directory ---- */

struct drop_entry {
    char *name; /* as in the directory: any bytes */
    char *path;
    struct stat st;
    /* The same for the same file until it is changed: device, inode, size, times. With ctime it also
     * tells a file that came back from one that never left. */
    char identity[160], identity_with_ctime[160];
};
struct drop_list {
    struct drop_entry *item; /* oldest first */
    size_t count;
};
enum drop_kind { DROP_JOBS, DROP_TRIGGERS };
/* wants (may be NULL) is asked about each name that fits the kind. */
bool drop_read(const char *dir, enum drop_kind kind, bool (*wants)(void *arg, const char *name),
               void *arg, struct drop_list *out, struct err *e);
void drop_done(struct drop_list *l);
bool drop_look(const char *dir, const char *name, struct drop_entry *out); /* false: not there */
void drop_entry_done(struct drop_entry *d);
/* Somebody has it open for writing (as far as the file system can tell). */
bool drop_is_being_written(const char *path);
/* The part of a trigger file's name before the first dot, if it is a job's id. */
bool drop_trigger_id(const char *name, char id[65]);
/* NAME without `ending`, as the name of a folder of ours: made safe and cut. To be freed. */
char *drop_stem(const char *name, const char *ending);

/* ---- filing.c: moving files out of the drop directory so that a crash at any point can be mended ---- */

struct filing {
    char *dir;    /* ROOT/NAME or ROOT/NAME-2 ... */
    char *leader; /* the file that the crash-safety hangs on: moved last */
    const char *drop_dir;
};
/* A folder under root that was begun for this very file before a crash. */
bool filing_find(struct filing *f, const char *root, const char *stem,
                 const struct drop_entry *leader, const char *drop_dir);
/* Makes a new folder. Whatever goes into it beside dropped files is written between this and
 * filing_move(). */
bool filing_begin(struct filing *f, const char *root, const char *stem,
                  const struct drop_entry *leader, const char *drop_dir, struct err *e);
/* Moves `companion` (NULL: none) and then the leader. */
bool filing_move(struct filing *f, const struct drop_entry *leader,
                 const struct drop_entry *companion, struct err *e);
/* Goes on with what filing_find() found. */
bool filing_resume(struct filing *f, struct err *e);
void filing_done(struct filing *f);
/* Name of the folder under root that holds a file of this name, or NULL: says who took it. To be freed. */
char *filing_search(const char *root, const char *name);

/* ---- refuse.c ---- */

/* FAILED/STEM/ with STEM.error and the files. `rejected`: a file to be moved there as rejected.csv, or
 * NULL. */
enum fate refuse(struct lane *l, const char *stem, const struct drop_entry *leader,
                 const struct drop_entry *companion, const char *rejected,
                 const struct problems *p);
/* The problems as NAME.error has them. To be freed. */
char *refusal_text(const struct problems *p, const char *drop_dir);
/* A refusal or an acceptance that a crash interrupted: goes on with it. *found false: there is none. */
enum fate refuse_resume(struct lane *l, const char *root, const char *stem,
                        const struct drop_entry *leader, bool *found);

/* ---- rejected.c: OUT/ID/rejected.csv ---- */

struct rejected {
    char *dir, *path, *temp; /* rows collect in temp and come into the report at the end */
    int fd;                  /* of temp; -1: not open */
    struct buf buf;
    uint64_t rows;
};
/* Nothing is created before the first row. `lane` keeps the temporary files of the lanes apart. */
void rejected_init(struct rejected *r, const char *out_dir, const char *job_id, const char *lane);
bool rejected_add(struct rejected *r, uint64_t line, const char *why, const char *raw,
                  const char *file, struct err *e);
bool rejected_flush(struct rejected *r, struct err *e); /* into the page cache: survives kill -9 */
/* Puts the rows behind those that the report has already, on disk. Also does it for a temporary file that
 * is left from before a crash. */
bool rejected_publish(struct rejected *r, struct err *e);
/* Forgets what an attempt before a crash left in temp. */
void rejected_reset(struct rejected *r);
void rejected_discard(struct rejected *r); /* removes the temporary file and an empty folder */
void rejected_done(struct rejected *r);

/* ---- submit.c, trigger.c ---- */

enum fate submit(struct lane *l, const struct drop_entry *job);
/* *is_ours false: not the file of a standing job; left alone. */
enum fate trigger(struct lane *l, const struct drop_entry *file, const char *id, bool *is_ours);

void intake_progress(struct intake *i, uint64_t rows, uint64_t read_bytes, uint64_t file_bytes);

#endif
