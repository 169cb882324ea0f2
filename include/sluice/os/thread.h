/* thread.h: threads with names and chosen stack sizes. */
#ifndef SLUICE_OS_THREAD_H
#define SLUICE_OS_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sluice/base/err.h>

/* Blocks all signals in the new thread. stack_bytes 0: the default. name: at most 15 bytes. */
bool thread_start(pthread_t *out, const char *name, size_t stack_bytes, void *(*run)(void *),
                  void *arg, struct err *e);

#endif
