/* main.c: sluice-lab's command line. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <sluice/base/must.h>
#include <sluice/os/file.h>
#include "commands.h"
#include "desk.h"
#include "dns.h"
#include "door.h"
#include "lab.h"
#include "maintenance.h"
#include "sess.h"
#include "tls.h"

static const char usage[] =
    "sluice-lab: a rehearsal world, DNS and receiving mail servers in one process\n"
    "\n"
    "  sluice-lab -c SCENARIO [-n] [--listen-dns ADDRESS:PORT] [--smtp-port PORT]\n"
    "             [--ready-file PATH] [--control SOCKET] [--dump PATH] [--log PATH]\n"
    "             [--keep DIR] [--ca-file PATH] [--seed N]\n"
    "  sluice-lab make-list --count N [--seed S] SCENARIO OUT.csv [--expected EXPECTED.csv]\n"
    "  sluice-lab ctl SOCKET COMMAND [ARGUMENT...]\n"
    "      stats [--json] | check EXPECTED.csv | dump [FILE] | dns [FILE] | queries NAME TYPE\n"
    "      set RECEIVER KEY VALUE | set-dns NAME BEHAVIOUR | ports | reset | quit\n"
    "  sluice-lab check DUMP.tsv EXPECTED.csv\n"
    "\n"
    "-n checks the scenario and ends. Port 0 picks a free port; the ready file names it.\n"
    "The scenario syntax is described in tools/lab/README.md.\n";

struct options {
    const char *scenario, *dns, *ready_file, *control, *dump, *log, *keep, *ca_file;
    int smtp_port; /* -1: as in the scenario */
    uint64_t seed;
    bool has_seed, check_only;
};

static bool number_option(const char *text, uint64_t max, uint64_t *out)
{
    if (str_to_u64(str_of(text), out) && *out <= max)
        return true;
    (void)fprintf(stderr, "sluice-lab: '%s' is not a number up to %llu\n", text,
                  (unsigned long long)max);
    return false;
}

static bool read_options(int argc, char **argv, struct options *o)
{
    static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
                                          {"check", no_argument, NULL, 'n'},
                                          {"listen-dns", required_argument, NULL, 'd'},
                                          {"smtp-port", required_argument, NULL, 'p'},
                                          {"ready-file", required_argument, NULL, 'r'},
                                          {"control", required_argument, NULL, 'C'},
                                          {"dump", required_argument, NULL, 'D'},
                                          {"log", required_argument, NULL, 'l'},
                                          {"keep", required_argument, NULL, 'k'},
                                          {"ca-file", required_argument, NULL, 'a'},
                                          {"seed", required_argument, NULL, 's'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    uint64_t n;
    int c;
    *o = (struct options){.smtp_port = -1};
    while ((c = getopt_long(argc, argv, "c:nh", longs, NULL)) != -1) {
        const char **text = c == 'c'   ? &o->scenario
                            : c == 'd' ? &o->dns
                            : c == 'r' ? &o->ready_file
                            : c == 'C' ? &o->control
                            : c == 'D' ? &o->dump
                            : c == 'l' ? &o->log
                            : c == 'k' ? &o->keep
                            : c == 'a' ? &o->ca_file
                                       : NULL;
        if (text) {
            *text = optarg;
        } else if (c == 'n') {
            o->check_only = true;
        } else if (c == 'p' && number_option(optarg, 65535, &n)) {
            o->smtp_port = (int)n;
        } else if (c == 's' && number_option(optarg, UINT64_MAX, &n)) {
            o->seed = n;
            o->has_seed = true;
        } else {
            if (c == 'h')
                (void)fputs(usage, stdout);
            exit(c == 'h' ? 0 : 2);
        }
    }
    return o->scenario != NULL && optind == argc;
}

static void override(char **setting, const char *option, struct scene *s)
{
    if (option)
        *setting = scene_str(s, str_of(option));
}

struct scene *scene_or_complaints(const char *path)
{
    struct problems p;
    struct buf text;
    problems_init(&p);
    struct scene *s = scene_read(path, &p);
    buf_init(&text, 1 << 20);
    problems_format(&p, &text);
    (void)fputs(text.data, stderr);
    buf_done(&text);
    problems_done(&p);
    return s;
}

/* Files are limited per process; 50 receivers at full load need thousands. */
static void raise_file_limit(void)
{
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
        l.rlim_cur = l.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &l);
    }
}

static void each_second(struct timer *t)
{
    struct lab *lab = (struct lab *)((char *)t - offsetof(struct lab, sweep));
    sess_sweep(lab);
    log_flush(lab);
    loop_timer(&lab->loop, t, lab->loop.now_ms + 1000);
}

static void on_signal(struct watcher *w, uint32_t events);

struct signal_watch {
    struct watcher watcher;
    struct lab *lab;
};

static void on_signal(struct watcher *w, uint32_t events)
{
    struct signal_watch *s =
        (struct signal_watch *)((char *)w - offsetof(struct signal_watch, watcher));
    (void)events;
    s->lab->loop.stopping = true;
}

static bool watch_signals(struct lab *lab, struct signal_watch *s)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGCHLD, SIG_IGN);
    *s = (struct signal_watch){.lab = lab};
    s->watcher =
        (struct watcher){.on = on_signal, .fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
    return loop_watch(&lab->loop, &s->watcher, EPOLLIN);
}

static bool write_ready_file(const struct lab *lab, const char *path, struct err *e)
{
    struct buf b;
    buf_init(&b, 4096);
    buf_printf(&b, "dns=%d\nsmtp=%d\npid=%d\n", lab->dns_port, lab->smtp_port, (int)getpid());
    if (lab->scene->control)
        buf_printf(&b, "control=%s\n", lab->scene->control);
    bool ok = file_write_atomic(path, b.data, b.len, e);
    buf_done(&b);
    return ok;
}

static bool start(struct lab *lab, const struct options *o, struct err *e)
{
    struct scene *s = lab->scene;
    if (s->log) {
        lab->log_fd = open(s->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
        if (lab->log_fd < 0)
            return err_sys(e, "%s", s->log);
    }
    if (!tls_prepare(s, e) || !dns_start(lab, s->dns, e) || !door_open_all(lab, s->smtp_port, e))
        return false;
    if (s->control && !desk_open(lab, s->control, e))
        return false;
    return !o->ready_file || write_ready_file(lab, o->ready_file, e);
}

static bool write_dump(const struct lab *lab)
{
    const char *path = lab->scene->dump;
    FILE *f = path ? fopen(path, "w") : NULL;
    if (!path)
        return true;
    bool ok = f && book_dump(&lab->book, f);
    if (f)
        ok = fclose(f) == 0 && ok;
    if (!ok)
        (void)fprintf(stderr, "sluice-lab: %s: %s\n", path, strerror(errno));
    return ok;
}

static void stop(struct lab *lab)
{
    sess_close_all(lab, NULL);
    log_flush(lab);
    desk_close(lab);
    door_close_all(lab);
    maintenance_stop(lab);
    loop_timer_off(&lab->loop, &lab->sweep);
    loop_drain(&lab->loop);
    dns_stop(lab);
    loop_done(&lab->loop);
    sess_free_spares(lab);
    book_done(&lab->book);
    buf_done(&lab->log);
    free(lab->scratch);
    if (lab->log_fd >= 0)
        close(lab->log_fd);
}

static int run(struct scene *s, const struct options *o)
{
    struct lab lab = {.scene = s, .log_fd = -1, .sweep.on = each_second};
    struct signal_watch signals;
    struct err e;
    bool ok = loop_init(&lab.loop, &e);
    if (!ok) {
        (void)fprintf(stderr, "sluice-lab: %s\n", e.text);
        return 1;
    }
    buf_init(&lab.log, 4 << 20);
    book_init(&lab.book, s->max_records);
    lab.scratch = mem_new(CARRY_BYTES + SCRATCH_BYTES);
    ok = watch_signals(&lab, &signals) && start(&lab, o, &e);
    if (ok) {
        (void)fprintf(stderr,
                      "sluice-lab: %zu receivers on %zu addresses, SMTP port %d, DNS port %d\n",
                      s->receivers, s->addresses, lab.smtp_port, lab.dns_port);
        loop_timer(&lab.loop, &lab.sweep, lab.loop.now_ms + 1000);
        maintenance_start(&lab);
        loop_run(&lab.loop);
        ok = write_dump(&lab);
    } else {
        (void)fprintf(stderr, "sluice-lab: %s\n", e.text);
    }
    stop(&lab);
    close(signals.watcher.fd);
    return ok ? 0 : 1;
}

static int serve(int argc, char **argv)
{
    struct options o;
    if (!read_options(argc, argv, &o)) {
        (void)fputs(usage, stderr);
        return 2;
    }
    struct scene *s = scene_or_complaints(o.scenario);
    if (!s)
        return 2;
    override(&s->dns, o.dns, s);
    override(&s->control, o.control, s);
    override(&s->dump, o.dump, s);
    override(&s->log, o.log, s);
    override(&s->keep, o.keep, s);
    override(&s->ca_file, o.ca_file, s);
    if (o.smtp_port >= 0)
        s->smtp_port = o.smtp_port;
    if (o.has_seed)
        s->seed = o.seed;
    int status = 0;
    if (!o.check_only) {
        raise_file_limit();
        status = run(s, &o);
    }
    tls_free(s);
    scene_free(s);
    return status;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "ctl") == 0)
        return command_ctl(argc - 2, argv + 2);
    if (argc > 1 && strcmp(argv[1], "check") == 0)
        return command_check(argc - 2, argv + 2);
    if (argc > 1 && strcmp(argv[1], "make-list") == 0)
        return command_make_list(argc - 1, argv + 1);
    return serve(argc, argv);
}
