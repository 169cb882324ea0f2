#include <sluice/base/str.h>
#include <sluice/os/thread.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>

static size_t usable_stack(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t least = (size_t)PTHREAD_STACK_MIN;

    if (bytes < least)
        bytes = least;
    return (bytes + page - 1) / page * page;
}

bool thread_start(pthread_t *out, const char *name, size_t stack_bytes, void *(*run)(void *),
                  void *arg, struct err *e)
{
    /* A blocked one would end the program without a word, a sanitizer's included. */
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    char short_name[16];
    pthread_attr_t attr;
    sigset_t all, before;
    int code = pthread_attr_init(&attr);

    if (code == 0 && stack_bytes)
        code = pthread_attr_setstacksize(&attr, usable_stack(stack_bytes));
    if (code == 0) {
        /* A new thread inherits the mask: so there is no moment in which it takes a signal. */
        sigfillset(&all);
        for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
            sigdelset(&all, faults[i]);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        code = pthread_create(out, &attr, run, arg);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    pthread_attr_destroy(&attr);
    if (code != 0) {
        errno = code;
        return err_sys(e, "cannot start the thread %s", name);
    }
    str_copy(short_name, sizeof short_name, str_of(name));
    pthread_setname_np(*out, short_name); /* only for ps and gdb: failure does not matter */
    return true;
}
