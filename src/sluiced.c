/* sluiced: the daemon. Wiring only: options, signals, start, stop.
 *
 *   sluiced -c FILE          runs in the foreground
 *   sluiced -c FILE -n       checks the configuration and exits (0: good)
 *   sluiced -c FILE --drain  exits when no job has work left
 */
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <sluice/base/buf.h>
#include <sluice/conf/settings.h>
#include <sluice/engine/engine.h>
#include <sluice/os/clock.h>
#include <sluice/os/log.h>
#include <sluice/os/thread.h>

static atomic_bool at_once; /* second SIGTERM */

struct options {
    const char *conf;
    bool check, drain;
};

static void usage(FILE *to)
{
    fputs("usage: sluiced [-c FILE] [-n] [--drain]\n"
          "  -c, --config FILE  configuration; default conf/sluice.conf\n"
          "  -n, --check        check the configuration, print every problem, exit\n"
          "      --drain        exit when no job has work left\n"
          "      --version      print the version\n"
          "SIGTERM, SIGINT: stop when running transactions have ended; twice: at once. SIGHUP: "
          "reopen the log, read the configuration again.\n",
          to);
}

static bool parse(int argc, char **argv, struct options *o)
{
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'}, {"check", no_argument, NULL, 'n'},
        {"drain", no_argument, NULL, 'd'},        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},      {NULL, 0, NULL, 0}};
    for (int c; (c = getopt_long(argc, argv, "c:nh", longs, NULL)) != -1;)
        switch (c) {
        case 'c':
            o->conf = optarg;
            break;
        case 'n':
            o->check = true;
            break;
        case 'd':
            o->drain = true;
            break;
        case 'v':
            puts("sluiced " SLUICE_VERSION);
            exit(0);
        case 'h':
            usage(stdout);
            exit(0);
        default:
            return false;
        }
    return optind == argc;
}

/* Files below the working directory as they were typed: short. */
static void shorten(struct problems *p)
{
    char here[PATH_MAX];
    size_t n = getcwd(here, sizeof here) ? strlen(here) : 0;
    for (size_t i = 0; n > 0 && i < p->count; i++) {
        char *file = p->item[i].file;
        if (file && strncmp(file, here, n) == 0 && file[n] == '/')
            memmove(file, file + n + 1, strlen(file + n + 1) + 1);
    }
}

static struct settings *load(const struct options *o)
{
    struct problems p;
    struct buf text;
    problems_init(&p);
    buf_init(&text, 256 * 1024);
    struct settings *s = settings_load(o->conf, &p);
    if (s && (o->check || s->log_file)) /* a log on the terminal says it itself */
        engine_check_calendars(s, &p);
    if (s)
        engine_check_keys(s, &p);
    if (p.errors) {
        settings_free(s);
        s = NULL;
    }
    if (o->conf[0] != '/')
        shorten(&p);
    problems_format(&p, &text);
    fputs(text.data, stderr);
    if (!s)
        fprintf(stderr, "%s: not started: %zu error%s\n", o->conf, p.errors,
                p.errors == 1 ? "" : "s");
    buf_done(&text);
    problems_done(&p);
    return s;
}

/* One descriptor per connection and then some: say so before it hurts. */
static bool raise_files(int64_t connections)
{
    struct rlimit l;
    rlim_t want = (rlim_t)connections * 2 + 256;
    if (getrlimit(RLIMIT_NOFILE, &l) != 0)
        return true;
    l.rlim_cur = l.rlim_max; /* every open job takes a few more */
    setrlimit(RLIMIT_NOFILE, &l);
    if (l.rlim_cur >= want)
        return true;
    fprintf(stderr,
            "max_connections = %lld needs %lu open files, the system allows %lu (see ulimit -n)\n",
            (long long)connections, (unsigned long)want, (unsigned long)l.rlim_max);
    return false;
}

static void *second_signal(void *arg)
{
    const sigset_t *set = arg;
    int sig;
    while (sigwait(set, &sig) == 0)
        if (sig != SIGHUP) {
            atomic_store(&at_once, true);
            break;
        }
    return NULL;
}

/* Until a signal, or until drained. */
static void run(struct engine *e, const struct options *o, const sigset_t *set)
{
    struct err err;
    for (;;) {
        struct timespec tick = {.tv_nsec = 100 * 1000 * 1000};
        int sig = o->drain ? sigtimedwait(set, NULL, &tick) : sigwaitinfo(set, NULL);
        if (sig == SIGHUP) {
            if (!log_reopen(&err))
                fprintf(stderr, "%s\n", err.text);
            engine_reload(e);
        }
        if (sig == SIGTERM || sig == SIGINT)
            return;
        if (o->drain && engine_is_drained(e))
            return;
    }
}

static int serve(const struct settings *s, const struct options *o)
{
    struct err err;
    struct engine *e;
    sigset_t set;
    pthread_t listener;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (!log_open(s->log_file, (enum log_level)s->log_level, &err) || !engine_start(s, &e, &err)) {
        fprintf(stderr, "sluiced: %s\n", err.text);
        return 1;
    }
    log_line(LOG_AT_INFO, "start", "version=%s conf=%s", SLUICE_VERSION, o->conf);
    run(e, o, &set);
    log_line(LOG_AT_INFO, "stop", "running transactions end first");
    bool listens = thread_start(&listener, "signals", 0, second_signal, &set, &err);
    bool all = engine_stop(e, &at_once);
    if (listens) {
        pthread_kill(listener, SIGTERM);
        pthread_join(listener, NULL);
    }
    engine_free(e);
    log_line(all ? LOG_AT_INFO : LOG_AT_ERROR, "stopped",
             all ? "everything is recorded"
                 : "the disk refused results: the hand-over file keeps them for the next start");
    return 0;
}

int main(int argc, char **argv)
{
    struct options o = {.conf = "conf/sluice.conf"};
    if (!parse(argc, argv, &o)) {
        usage(stderr);
        return 2;
    }
    struct settings *s = load(&o);
    if (!s)
        return 1;
    int status = 0;
    if (o.check)
        printf("%s: good\n", o.conf);
    else
        status = raise_files(s->max_connections) ? serve(s, &o) : 1;
    settings_free(s);
    return status;
}
